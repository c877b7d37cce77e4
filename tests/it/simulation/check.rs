//! What has to be true: after every run, and when a stack has come to rest.

use std::collections::{BTreeMap, BTreeSet};

use amp_stack::{
    apply::Outcome,
    kinds::Resource,
    plan::{Phase, Plan, Step},
};
use amp_stack_sandbox::chaos::Tally;
use serde_json::Value;

use super::{
    draft::{Draft, Family, Inline, Role, SECRET, Workspace},
    invocation::{End, Invocation, Written as _},
    wire::{Sent, Strike},
    world::{View, is_ours, tags},
};

/// Codes that faults have, and `None` for no answer at all.
const FAULTS: &[Option<&str>] = &[
    None,
    Some("Throttling"),
    Some("ThrottlingException"),
    Some("ThrottledException"),
    Some("ServiceFailure"),
    Some("InternalFailure"),
    Some("ServerException"),
    Some("ServiceUnavailableException"),
    Some("InternalServerException"),
    Some("InternalServiceException"),
];

/// What holds after any run, however it ended. `settled` says that everything done before it could
/// be seen when it began.
pub(super) fn run(run: &Invocation, strike: Option<Strike>, settled: bool) {
    looking_alters_nothing(run);
    needs_come_first(run);
    nothing_of_others_is_altered(run);
    nothing_is_lost_unnamed(run);
    assert!(
        !run.text.contains(SECRET),
        "a secret was shown:\n{}",
        run.text
    );
    if let End::Applied(outcome) = &run.end {
        every_step_is_told_of(&run.plan, outcome);
    }
    if strike == Some(Strike::Interrupt) {
        // Where one read fails, nobody needs the others any more; whatever alters something is
        // waited for all the same.
        let may_drop_reads = matches!(run.end, End::Unread(_));
        let mut awaited = run
            .sent
            .iter()
            .filter(|sent| !(may_drop_reads && sent.is_read));
        let cut = awaited.find(|sent| sent.ended.is_none());
        assert!(cut.is_none(), "{cut:?} was not waited for");
    }
    if settled {
        failures_are_of_faults(run);
        if run.tally.stale == 0 {
            nothing_goes_while_it_is_mentioned(run);
        }
    }
}

fn every_step_is_told_of(plan: &Plan, outcome: &Outcome) {
    let failed = outcome.failed.iter().map(|failure| &failure.step);
    let given_up = outcome.given_up.iter().map(|(step, _)| step);
    let told = outcome.done.iter().chain(&outcome.stopped);
    let mut told: Vec<_> = told.chain(failed).chain(given_up).collect();
    let mut steps: Vec<_> = plan.steps.iter().map(|step| &step.id).collect();
    told.sort();
    steps.sort();
    assert_eq!(told, steps);
}

fn looking_alters_nothing(run: &Invocation) {
    let looks = match &run.end {
        End::Unread(_) | End::Planned => run.sent.len(),
        End::Applied(_) | End::Killed => run.looked,
    };
    for sent in &run.sent[..looks] {
        assert!(sent.is_read, "to look, {} was sent", sent.operation);
    }
}

/// What a request alters carries our tags, or is taken over by the plan, or somebody has named it.
fn nothing_of_others_is_altered(run: &Invocation) {
    let taken_over: BTreeSet<String> = run.plan.steps.iter().filter_map(taken_over).collect();
    let is_named = |name: &str| {
        let profile = name.strip_prefix("profile ");
        profile.is_some_and(|name| run.accepted.contains(&format!("instance_profiles.{name}")))
    };
    for sent in &run.sent {
        for object in sent.objects.iter().filter(|object| !object.is_ours) {
            assert!(
                taken_over.contains(&object.name) || is_named(&object.name),
                "{} of {}, which is none of our business:\n{}",
                sent.operation,
                object.name,
                run.text
            );
        }
    }
}

/// The name, as a view has it, of what a step takes over from somebody else: a thing, or the newest
/// revision of a family.
fn taken_over(step: &Step) -> Option<String> {
    let from = step.from.as_ref()?;
    let kind = from.kind().noun();
    let (name, is_others) = match from {
        Resource::TaskDefinition(family) => {
            let newest = family.newest()?;
            let name = format!("revision {}:{newest}", family.family);
            (name, family.newer.is_some())
        }
        Resource::Role(role) => (format!("{kind} {}", role.name.to_lowercase()), false),
        Resource::LogGroup(_) | Resource::Workspace(_) => {
            (format!("{kind} {}", from.name()), false)
        }
    };
    (is_others || step.adopted_from.is_some()).then_some(name)
}

/// Data goes only where somebody has named the address at which it is. What this run has made
/// itself holds nothing.
fn nothing_is_lost_unnamed(run: &Invocation) {
    let creates = |sent: &&Sent| sent.operation == "CreateWorkspace";
    let made = run.sent.iter().find(creates).map(|sent| sent.at);
    for sent in &run.sent {
        let is_new = made.is_some_and(|at| at < sent.at);
        let configures_new = sent.operation == "UpdateWorkspaceConfiguration" && is_new;
        for object in &sent.objects {
            if !object.loses_data || configures_new {
                continue;
            }
            let address = object.address.as_deref().unwrap_or_default();
            assert!(
                run.accepted.contains(address),
                "{} of {} at `{address}`, and only {:?} were named:\n{}",
                sent.operation,
                object.name,
                run.accepted,
                run.text
            );
        }
    }
}

/// Nothing fails by itself.
fn failures_are_of_faults(run: &Invocation) {
    match &run.end {
        End::Unread(error) => {
            assert!(run.tally != Tally::default(), "{error:?} on a good day");
        }
        End::Applied(outcome) => {
            for failure in &outcome.failed {
                assert!(
                    run.tally != Tally::default(),
                    "{failure:?} on a good day:\n{}",
                    run.text
                );
                let code = failure.error.code.as_deref();
                assert!(
                    run.tally.stale > 0 || FAULTS.contains(&code),
                    "{failure:?} is of no fault:\n{}",
                    run.text
                );
            }
        }
        End::Killed | End::Planned => {}
    }
}

/// A revision is registered when nothing is done any more to the roles and log groups that it
/// mentions.
fn needs_come_first(run: &Invocation) {
    let registers = run
        .sent
        .iter()
        .filter(|sent| sent.operation == "RegisterTaskDefinition");
    for register in registers {
        let document = Value::Object(register.input.clone()).to_string();
        let late = |sent: &&Sent| !sent.is_read && sent.ended.is_none_or(|end| end > register.at);
        for sent in run.sent.iter().filter(late) {
            let named = ["RoleName", "logGroupName"]
                .into_iter()
                .filter_map(|member| sent.input.get(member)?.as_str());
            for name in named {
                let mentioned = document.contains(&format!("/{name}\""))
                    || document.contains(&format!("\"{name}\""));
                assert!(
                    !mentioned,
                    "{} of {name} was not over when {} was registered",
                    sent.operation, register.input["family"]
                );
            }
        }
    }
}

/// What goes for good is mentioned by nothing that stays. What is replaced, or gives its name to
/// another resource of the stack, goes before that comes, and before whoever mentions it is
/// altered.
fn nothing_goes_while_it_is_mentioned(run: &Invocation) {
    let mut successors = BTreeSet::new();
    for step in &run.plan.steps {
        let named = match step.id.phase {
            Phase::Build => step.to.as_ref(),
            Phase::Remove => step.from.as_ref().filter(|_| !step.replaces.is_empty()),
        };
        successors.extend(named.map(|resource| resource.name().to_lowercase()));
    }
    for sent in &run.sent {
        let name = ["RoleName", "logGroupName", "workspaceId"]
            .into_iter()
            .find_map(|member| sent.input.get(member)?.as_str())
            .unwrap_or_default();
        assert!(
            sent.mentioned_by.is_empty() || successors.contains(&name.to_lowercase()),
            "{} of {name}, which {:?} mention",
            sent.operation,
            sent.mentioned_by
        );
    }
}

/// Everything is as it was, or ours; what others left under our names is as it was, or ours, or
/// gone with the stack. And there is one workspace at most.
pub(super) fn others(
    view: &View,
    bystanders: &BTreeMap<String, Value>,
    strays: &BTreeMap<String, Value>,
) {
    for (name, before) in bystanders {
        assert_eq!(
            view.things.get(name),
            Some(before),
            "{name} is none of our business"
        );
    }
    for (name, thing) in &view.things {
        if bystanders.contains_key(name) || is_ours(name, thing) {
            continue;
        }
        assert_eq!(strays.get(name), Some(thing), "whose is {name}?");
    }
    let workspaces = view.ours_of("workspace");
    assert!(workspaces.len() <= 1, "more than one: {workspaces:#?}");
}

/// The account holds what the stack file says, judged without the planner.
pub(super) fn agree(view: &View, draft: &Draft) {
    let names = |kind| view.ours_of(kind).into_keys().collect::<BTreeSet<_>>();
    let groups: BTreeSet<&str> = draft.groups.iter().flatten().map(|g| g.name).collect();
    assert_eq!(names("log group"), groups);
    for group in draft.groups.iter().flatten() {
        let live = view.ours_of("log group")[group.name];
        let retention = live.get("retention_days").and_then(Value::as_u64);
        assert_eq!(retention, group.retention.map(u64::from), "{live}");
        agree_on_tags(live, draft);
    }
    let roles = draft.roles.iter().flatten();
    let roles: BTreeSet<String> = roles.map(|role| role.name.to_lowercase()).collect();
    assert_eq!(names("role"), roles.iter().map(String::as_str).collect());
    let workspace = view.ours_of("workspace").into_iter().next();
    agree_on_workspace(workspace, draft);
    let id = workspace.map_or("no workspace", |(id, _)| id);
    for (index, role) in draft.roles.iter().enumerate() {
        if let Some(role) = role {
            agree_on_role(view, draft, index, role, id);
        }
    }
    let families = draft.families.iter().flatten().map(|family| family.name);
    let active = view.active();
    let live: BTreeSet<&str> = active.keys().copied().collect();
    assert_eq!(live, families.collect());
    for family in draft.families.iter().flatten() {
        agree_on_family(&active[family.name], draft, family, id);
    }
}

fn agree_on_tags(live: &Value, draft: &Draft) {
    let team = tags(live).remove("team");
    assert_eq!(team.as_deref(), draft.team, "{live}");
}

fn agree_on_workspace(live: Option<(&str, &Value)>, draft: &Draft) {
    match (&draft.workspace, live) {
        (None | Some(Workspace::Existing), None) => {}
        (
            Some(Workspace::State {
                alias,
                retention,
                logging,
                protected,
            }),
            Some((_, live)),
        ) => {
            assert_eq!(live["alias"], *alias);
            if let Some(days) = retention {
                assert!(
                    live["configuration"]
                        .to_string()
                        .contains(&days.to_string())
                );
            }
            let group = logging.and_then(|at| Some(draft.groups[at].as_ref()?.name));
            let logs = live.get("logging").map(Value::to_string);
            match (group, logs) {
                (None, None) => {}
                (Some(group), Some(logs)) => assert!(logs.contains(group), "{logs}"),
                (group, logs) => panic!("{logs:?} instead of {group:?}"),
            }
            let protection = tags(live).remove("amp-stack:prevent-destroy");
            assert_eq!(protection.is_some(), *protected);
            agree_on_tags(live, draft);
        }
        (wanted, live) => panic!("{live:?} instead of {wanted:?}"),
    }
}

fn agree_on_role(view: &View, draft: &Draft, index: usize, role: &Role, workspace: &str) {
    let live = view.ours_of("role")[role.name.to_lowercase().as_str()];
    assert_eq!(live["name"], role.name);
    assert_eq!(live["path"], role.path);
    assert_eq!(live["max_session_seconds"], role.session);
    assert_eq!(
        live["description"].as_str().unwrap_or_default(),
        role.description
    );
    let attached = live["attached"].as_array().map_or(0, Vec::len);
    assert_eq!(attached, usize::from(role.managed), "{live}");
    let families = draft.families.iter().flatten();
    let writes = families
        .filter(|family| family.metrics && family.task_role == Some(index))
        .count()
        > 0;
    let inline = live["inline"].as_object().expect("a map");
    let wanted = usize::from(writes) + usize::from(role.inline != Inline::None);
    assert_eq!(inline.len(), wanted, "{live}");
    let managed = matches!(draft.workspace, Some(Workspace::State { .. }));
    if managed && (writes || role.inline == Inline::Workspace) {
        assert!(live["inline"].to_string().contains(workspace), "{live}");
    }
    agree_on_tags(live, draft);
}

fn agree_on_family(
    revisions: &BTreeMap<u64, &Value>,
    draft: &Draft,
    family: &Family,
    workspace: &str,
) {
    if let Some(keep) = family.keep {
        assert!(revisions.len() <= usize::try_from(keep).unwrap());
    }
    let newest = revisions.values().next_back().expect("at least one");
    let text = newest["definition"].to_string();
    assert!(text.contains(&format!("app:v{}", family.image)), "{text}");
    let password = draft.variable("DB_PASSWORD").unwrap_or_default();
    assert_eq!(text.contains(&password), family.secret, "{text}");
    let role = family.task_role.and_then(|at| draft.roles[at].as_ref());
    let role = role.map(|role| format!(":role{}{}", role.path, role.name));
    let live = newest["definition"]["taskRoleArn"].as_str();
    assert_eq!(
        live.and_then(|arn| arn.find(":role").map(|at| &arn[at..])),
        role.as_deref()
    );
    if family.metrics && matches!(draft.workspace, Some(Workspace::State { .. })) {
        assert!(text.contains(workspace), "{text}");
    }
    agree_on_tags(newest, draft);
}
