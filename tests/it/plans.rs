//! What is decided in situations that people get into.

use std::{collections::BTreeSet, sync::Arc};

use amp_stack::{
    address::Address,
    cloud::paper::Paper,
    node::Node,
    plan::{Phase, Plan, Reason, StepId, risk},
    resource::{
        Change, IgnorePath, Resource, role::Role, task_definition::Document,
        workspace::Configuration,
    },
    snapshot::Fact,
    stack::Stack,
    tags::{Owner, PREVENT_DESTROY_TAG, REGION_TAG, STACK_TAG},
    text::{Attribute, Text},
};
use serde_json::json;

use crate::{
    samples::{
        carry_out, family, family_at, family_of, group, group_at, logging_to, owned, plan, policy,
        role, role_at, stack, with_lifecycle, workspace, writer,
    },
    worlds::{block_on, identity},
};

fn paper() -> Paper {
    Paper::new(identity())
}

/// A world in which `stack` was applied.
fn applied(stack: &Stack) -> Paper {
    let paper = Arc::new(paper());
    let (outcome, _) = block_on(carry_out(plan(stack, &paper), &paper));
    assert!(outcome.is_complete(), "{outcome:?}");
    Arc::into_inner(paper).unwrap()
}

fn one_role(role: Role) -> Stack {
    stack([(role_at("task"), Resource::Role(role))])
}

fn one_group(group: amp_stack::resource::log_group::LogGroup) -> Stack {
    stack([(group_at("app"), Resource::LogGroup(group))])
}

fn one_workspace(workspace: amp_stack::resource::workspace::Workspace) -> Stack {
    stack([(Address::workspace(), Resource::Workspace(workspace))])
}

fn one_family(family: amp_stack::resource::task_definition::TaskDefinition) -> Stack {
    stack([(family_at("api"), Resource::TaskDefinition(family))])
}

/// A plan in a few words: `remove roles.task: iam:DeleteRole`.
fn in_words(plan: &Plan) -> Vec<String> {
    let step = |step: &amp_stack::plan::Step| {
        let operations = step
            .changes()
            .iter()
            .map(Change::operation)
            .collect::<Vec<_>>();
        format!("{}: {}", step.id, operations.join(", "))
    };
    plan.steps.iter().map(step).collect()
}

fn reasons(plan: &Plan) -> Vec<&Reason> {
    assert!(
        plan.steps
            .iter()
            .all(|step| plan.refusals.iter().all(|r| r.address != step.id.address))
    );
    plan.refusals
        .iter()
        .map(|refusal| &refusal.reason)
        .collect()
}

fn replaced(plan: &Plan) -> Vec<&'static str> {
    plan.steps
        .iter()
        .flat_map(|step| step.replaces.iter().map(|r| r.property))
        .collect()
}

fn tagged(mut resource: Resource, tags: &[(&str, &str)]) -> Resource {
    let tags = tags
        .iter()
        .map(|(key, value)| ((*key).to_owned(), Text::from(*value)));
    resource.tags_mut().extend(tags);
    resource
}

fn risk_codes(plan: &Plan) -> Vec<&'static str> {
    risk::risks(plan).iter().map(|risk| risk.code).collect()
}

#[test]
fn a_role_renamed_by_case_goes_before_it_comes() {
    let paper = applied(&one_role(role("Task")));
    let plan = plan(&one_role(role("task")), &paper);
    assert_eq!(
        in_words(&plan),
        [
            "remove roles.task: iam:DeleteRole",
            "build roles.task: iam:CreateRole"
        ]
    );
    assert_eq!(plan.refusals, []);
    assert_eq!(replaced(&plan), ["name", "name"]);
    assert!(plan.steps[1].after.contains(&plan.steps[0].id));
    assert_eq!(risk_codes(&plan), ["role-replaced"]);
}

#[test]
fn a_role_under_another_path_is_replaced_and_its_policies_go_first() {
    let mut before = writer("Task");
    before
        .inline_policies
        .insert("more".to_owned(), policy(&json!({"Statement": []})));
    let workspace = (
        Address::workspace(),
        Resource::Workspace(workspace("metrics")),
    );
    let paper = applied(&stack([
        workspace.clone(),
        (role_at("task"), Resource::Role(before)),
    ]));
    let after = Role {
        path: "/team/".to_owned(),
        ..writer("Task")
    };
    let plan = plan(
        &stack([workspace, (role_at("task"), Resource::Role(after))]),
        &paper,
    );
    assert_eq!(
        in_words(&plan),
        [
            "remove roles.task: iam:DeleteRolePolicy, iam:DeleteRolePolicy, iam:DeleteRole",
            "build roles.task: iam:CreateRole, iam:PutRolePolicy",
        ]
    );
    assert_eq!(replaced(&plan), ["path", "path"]);
    // The workspace stays, so everything is known.
    assert_eq!(plan.known[&Address::workspace()][&Attribute::Id], "ws-1");
    let mut unknown = 0;
    plan.steps[1]
        .to
        .as_ref()
        .unwrap()
        .each_text(&mut |text| unknown += text.references().len());
    assert_eq!(unknown, 0);
}

#[test]
fn role_names_are_compared_with_the_whole_account_ignoring_case_and_path() {
    let cases = [
        ("TASK", "/", vec![], Owner::Unknown),
        (
            "task",
            "/service/",
            vec![("managed-by", "terraform")],
            Owner::Terraform("managed-by = terraform".to_owned()),
        ),
        (
            "Task",
            "/service/",
            vec![("aws:cloudformation:stack-name", "net")],
            Owner::CloudFormation("net".to_owned()),
        ),
        (
            "tAsk",
            "/",
            vec![(STACK_TAG, "another")],
            Owner::OtherStack("another".to_owned()),
        ),
    ];
    for (name, path, tags, owner) in cases {
        let paper = paper();
        let other = Role {
            path: path.to_owned(),
            ..role(name)
        };
        paper.put(tagged(Resource::Role(other), &tags));
        let plan = plan(&one_role(role("Task")), &paper);
        let expected = Reason::NameTaken {
            wanted: "Task".to_owned(),
            arn: identity().role_arn(path, name),
            owner,
        };
        assert_eq!(reasons(&plan), [&expected]);
        assert_eq!(in_words(&plan), [""; 0]);
    }
}

#[test]
fn a_role_of_the_same_stack_in_another_region_is_not_ours() {
    let paper = paper();
    let theirs = owned(&role_at("task"), Resource::Role(role("Task")));
    paper.put(tagged(theirs, &[(REGION_TAG, "eu-west-1")]));
    let plan = plan(
        &with_lifecycle(one_role(role("Task")), &role_at("task"), |l| l.adopt = true),
        &paper,
    );
    let expected = Reason::NotOurs {
        arn: identity().role_arn("/", "Task"),
        owner: Owner::OtherRegion {
            region: "eu-west-1".to_owned(),
        },
    };
    assert_eq!(reasons(&plan), [&expected]);
    let nothing = plan_of_destroying(&one_role(role("Task")), &paper);
    assert!(nothing.is_empty(), "{nothing:?}");
}

fn plan_of_destroying(stack: &Stack, paper: &Paper) -> Plan {
    let stack = stack.clone().emptied();
    amp_stack::plan::plan(&stack, &paper.snapshot(&stack.query(true)))
}

#[test]
fn a_name_that_this_plan_frees_is_free() {
    let swapped = |a: &str, b: &str| {
        stack([
            (role_at("a"), Resource::Role(role(a))),
            (
                role_at("b"),
                Resource::Role(Role {
                    path: "/b/".to_owned(),
                    ..role(b)
                }),
            ),
        ])
    };
    let paper = applied(&swapped("Agent", "Task"));
    let plan = plan(&swapped("task", "agent"), &paper);
    assert_eq!(plan.refusals, []);
    assert_eq!(
        in_words(&plan),
        [
            "remove roles.a: iam:DeleteRole",
            "remove roles.b: iam:DeleteRole",
            "build roles.a: iam:CreateRole",
            "build roles.b: iam:CreateRole",
        ]
    );
    let both: BTreeSet<StepId> = plan.steps[..2].iter().map(|step| step.id.clone()).collect();
    assert!(plan.steps[2..].iter().all(|step| step.after == both));
}

#[test]
fn a_table_renamed_in_the_file_is_a_changed_tag() {
    let at = |key: &str| {
        stack([
            (group_at(key), Resource::LogGroup(group("/app"))),
            (
                family_at(key),
                Resource::TaskDefinition(family("api", "256")),
            ),
        ])
    };
    let paper = applied(&at("old"));
    let plan = plan(&at("new"), &paper);
    assert_eq!(
        in_words(&plan),
        [
            "build log_groups.new: logs:TagResource",
            "build task_definitions.new: ecs:TagResource"
        ]
    );
    assert_eq!(
        plan.steps[0].adopted_from,
        Some(Owner::Ours(group_at("old")))
    );
    assert_eq!(risk_codes(&plan), [""; 0]);
}

#[test]
fn what_is_no_longer_declared_goes_last_and_takes_its_data_with_it() {
    let mut metrics = workspace("metrics");
    metrics.logging = Some(logging_to("rules"));
    let before = stack([
        (group_at("rules"), Resource::LogGroup(group("/rules"))),
        (Address::workspace(), Resource::Workspace(metrics)),
        (role_at("task"), Resource::Role(writer("Task"))),
        (
            family_at("api"),
            Resource::TaskDefinition(family_of("api", "task")),
        ),
    ]);
    let paper = applied(&before);
    let after = stack([(
        family_at("api"),
        Resource::TaskDefinition(family("api", "512")),
    )]);
    let plan = plan(&after, &paper);
    assert_eq!(
        in_words(&plan),
        [
            "build task_definitions.api: ecs:RegisterTaskDefinition",
            "remove roles.task: iam:DeleteRolePolicy, iam:DeleteRole",
            "remove workspace: aps:DeleteWorkspace",
            "remove log_groups.rules: logs:DeleteLogGroup",
        ]
    );
    let risks = risk::risks(&plan);
    let lost: Vec<&Address> = risks
        .iter()
        .filter(|r| r.data_loss)
        .map(|r| &r.address)
        .collect();
    assert_eq!(lost, [&Address::workspace(), &group_at("rules")]);
    assert!(
        risks[0].text.contains("`metrics` (ws-1)"),
        "{}",
        risks[0].text
    );
}

#[test]
fn nothing_is_taken_over_unasked() {
    for (address, resource) in [
        (group_at("app"), Resource::LogGroup(group("/app"))),
        (role_at("task"), Resource::Role(role("Task"))),
        (
            family_at("api"),
            Resource::TaskDefinition(family("api", "256")),
        ),
    ] {
        let paper = paper();
        paper.put(resource.clone());
        let wanted = stack([(address.clone(), resource)]);
        let arn = paper.snapshot(&wanted.query(false)).found[0]
            .arn()
            .to_owned();
        let expected = Reason::NotOurs {
            arn,
            owner: Owner::Unknown,
        };
        assert_eq!(reasons(&plan(&wanted, &paper)), [&expected]);

        let adopting = with_lifecycle(wanted, &address, |l| l.adopt = true);
        let plan = plan(&adopting, &paper);
        assert_eq!(plan.refusals, []);
        assert_eq!(plan.steps.len(), 1);
        assert_eq!(plan.steps[0].adopted_from, Some(Owner::Unknown));
        assert!(in_words(&plan)[0].contains("Tag"), "{:?}", in_words(&plan));
    }
}

#[test]
fn what_another_stack_owns_is_not_adopted() {
    let paper = paper();
    paper.put(tagged(
        Resource::LogGroup(group("/app")),
        &[(STACK_TAG, "another")],
    ));
    let adopting = with_lifecycle(one_group(group("/app")), &group_at("app"), |l| {
        l.adopt = true;
    });
    let expected = Reason::NotOurs {
        arn: identity().log_group_arn("/app"),
        owner: Owner::OtherStack("another".to_owned()),
    };
    assert_eq!(reasons(&plan(&adopting, &paper)), [&expected]);
}

#[test]
fn what_would_have_to_be_replaced_is_not_adopted() {
    let paper = paper();
    let mut theirs = group("/app");
    theirs.class = "INFREQUENT_ACCESS".to_owned();
    paper.put(Resource::LogGroup(theirs));
    let adopting = with_lifecycle(one_group(group("/app")), &group_at("app"), |l| {
        l.adopt = true;
    });
    let plan = plan(&adopting, &paper);
    let [Reason::CannotAdopt { arn, differs, .. }] = reasons(&plan)[..] else {
        panic!("{:?}", plan.refusals);
    };
    assert_eq!(*arn, identity().log_group_arn("/app"));
    assert_eq!(
        differs.iter().map(|d| d.property).collect::<Vec<_>>(),
        ["class"]
    );
}

#[test]
fn a_namesake_of_a_workspace_is_noted_or_adopted() {
    let wanted = one_workspace(workspace("metrics"));
    let adopting = with_lifecycle(wanted.clone(), &Address::workspace(), |l| l.adopt = true);
    let paper = paper();
    paper.put(Resource::Workspace(workspace("metrics")));

    let beside = plan(&wanted, &paper);
    assert_eq!(in_words(&beside), ["build workspace: aps:CreateWorkspace"]);
    assert!(
        beside.notes[0].text.contains("workspace/ws-1"),
        "{:?}",
        beside.notes
    );

    let adopted = plan(&adopting, &paper);
    assert_eq!(in_words(&adopted), ["build workspace: aps:TagResource"]);
    assert_eq!(adopted.steps[0].target, "ws-1");
    assert_eq!(adopted.known[&Address::workspace()][&Attribute::Id], "ws-1");

    paper.put(Resource::Workspace(workspace("metrics")));
    let ambiguous = plan(&adopting, &paper);
    let arns = ["ws-1", "ws-2"]
        .map(|id| identity().workspace_arn(id))
        .to_vec();
    assert_eq!(reasons(&ambiguous), [&Reason::Ambiguous { arns }]);
}

#[test]
fn two_workspaces_that_claim_one_address_are_ambiguous() {
    let paper = paper();
    for _ in 0..2 {
        paper.put(owned(
            &Address::workspace(),
            Resource::Workspace(workspace("metrics")),
        ));
    }
    let arns = ["ws-1", "ws-2"]
        .map(|id| identity().workspace_arn(id))
        .to_vec();
    let expected = Reason::Ambiguous { arns };
    let wanted = one_workspace(workspace("metrics"));
    assert_eq!(reasons(&plan(&wanted, &paper)), [&expected]);
    assert_eq!(reasons(&plan_of_destroying(&wanted, &paper)), [&expected]);
}

#[test]
fn of_several_log_groups_at_one_address_the_wanted_one_stays() {
    let paper = paper();
    for name in ["/a", "/b", "/app"] {
        paper.put(owned(&group_at("app"), Resource::LogGroup(group(name))));
    }
    let wanted = one_group(group("/app"));
    let expected = [
        "remove log_groups.app: logs:DeleteLogGroup",
        "remove log_groups.app (1): logs:DeleteLogGroup",
    ];
    let made = plan(&wanted, &paper);
    assert_eq!(in_words(&made), expected);
    assert_eq!(
        made.steps
            .iter()
            .map(|s| s.target.as_str())
            .collect::<Vec<_>>(),
        ["/a", "/b"]
    );
    assert_eq!(plan_of_destroying(&wanted, &paper).steps.len(), 3);
}

#[test]
fn a_protected_workspace_is_neither_replaced_nor_removed() {
    let protect =
        |stack| with_lifecycle(stack, &Address::workspace(), |l| l.prevent_destroy = true);
    let before = protect(one_workspace(workspace("metrics")));
    let paper = applied(&before);
    let mut other_key = workspace("metrics");
    other_key.kms_key_arn = Some(Text::from("arn:aws:kms:us-east-1:111122223333:key/1"));

    let made = plan(&protect(one_workspace(other_key.clone())), &paper);
    let [
        Reason::Protected {
            arn,
            replaces,
            by_tag: false,
        },
    ] = reasons(&made)[..]
    else {
        panic!("{:?}", made.refusals);
    };
    assert_eq!(*arn, identity().workspace_arn("ws-1"));
    assert_eq!(replaces[0].property, "kms_key_arn");
    assert_eq!(made.known[&Address::workspace()][&Attribute::Id], "ws-1");

    let destroyed = plan_of_destroying(&before, &paper);
    assert!(matches!(
        reasons(&destroyed)[..],
        [Reason::Protected { by_tag: false, .. }]
    ));

    let lifted = plan(&one_workspace(other_key), &paper);
    assert_eq!(
        in_words(&lifted),
        [
            "remove workspace: aps:DeleteWorkspace",
            "build workspace: aps:CreateWorkspace"
        ]
    );
    assert_eq!(risk_codes(&lifted), ["workspace-replaced"]);
}

#[test]
fn a_workspace_that_aws_could_not_create_is_replaced_even_if_protected() {
    let paper = paper();
    let mut failed = workspace("metrics");
    failed.failed = true;
    paper.put(owned(&Address::workspace(), Resource::Workspace(failed)));
    let protected = with_lifecycle(
        one_workspace(workspace("metrics")),
        &Address::workspace(),
        |l| l.prevent_destroy = true,
    );
    let plan = plan(&protected, &paper);
    assert_eq!(plan.refusals, []);
    assert_eq!(replaced(&plan), ["status", "status"]);
    assert_eq!(risk_codes(&plan), [""; 0]);
}

#[test]
fn a_replaced_workspace_is_known_again_after_apply() {
    let with = |workspace| {
        stack([
            (Address::workspace(), Resource::Workspace(workspace)),
            (role_at("task"), Resource::Role(writer("Task"))),
        ])
    };
    let mut before = workspace("metrics");
    before.configuration = Configuration {
        retention_days: Some(30),
        ..Configuration::default()
    };
    let paper = applied(&with(before));
    let mut other_key = workspace("metrics");
    other_key.kms_key_arn = Some(Text::from("arn:aws:kms:us-east-1:111122223333:key/1"));
    let plan = plan(&with(other_key), &paper);
    // What the file leaves to AWS is not taken from the workspace that goes.
    assert_eq!(
        in_words(&plan),
        [
            "remove workspace: aps:DeleteWorkspace",
            "build workspace: aps:CreateWorkspace",
            "build roles.task: iam:PutRolePolicy",
        ]
    );
    let policy = format!("{:?}", plan.steps[2].changes());
    assert!(policy.contains("Reference"), "{policy}");
    assert_eq!(plan.steps[1].target, "");
}

#[test]
fn the_tag_protects_what_the_file_no_longer_declares() {
    let paper = paper();
    let protected = owned(&group_at("app"), Resource::LogGroup(group("/app")));
    paper.put(tagged(protected, &[(PREVENT_DESTROY_TAG, "true")]));
    let undeclared = plan(&stack([]), &paper);
    assert!(matches!(
        reasons(&undeclared)[..],
        [Reason::Protected { by_tag: true, .. }]
    ));

    // A declaration decides, whatever the tag says.
    let declared = with_lifecycle(one_group(group("/app")), &group_at("app"), |l| {
        l.prevent_destroy = false;
    });
    let destroyed = plan_of_destroying(&declared, &paper);
    assert_eq!(
        in_words(&destroyed),
        ["remove log_groups.app: logs:DeleteLogGroup"]
    );
}

#[test]
fn deletion_protection_holds_a_log_group_back() {
    let mut guarded = group("/app");
    guarded.deletion_protection = true;
    let paper = applied(&one_group(guarded.clone()));
    let expected = Reason::DeletionProtection {
        arn: identity().log_group_arn("/app"),
    };
    assert_eq!(reasons(&plan(&stack([]), &paper)), [&expected]);
    guarded.class = "INFREQUENT_ACCESS".to_owned();
    assert_eq!(reasons(&plan(&one_group(guarded), &paper)), [&expected]);
}

#[test]
fn retention_that_the_accounts_policy_decides_is_noted_and_left() {
    let paper = paper();
    let mut live = group("/app");
    live.retention_days = Some(365);
    let live = owned(&group_at("app"), Resource::LogGroup(live));
    paper.put_with(
        live,
        vec![Fact::RetentionByAccountPolicy("keep-a-year".to_owned())],
    );
    let plan = plan(&one_group(group("/app")), &paper);
    assert!(plan.is_empty(), "{plan:?}");
    assert_eq!(plan.notes.len(), 1);
    let text = &plan.notes[0].text;
    assert!(
        text.contains("`keep-a-year`") && text.contains("365 days"),
        "{text}"
    );
}

/// A family of ours whose newest revision is 5, with three older active ones.
fn five_revisions(facts: Vec<Fact>) -> Paper {
    let paper = paper();
    let mut live = family("api", "256");
    live.revision = Some(5);
    live.older = BTreeSet::from([2, 3, 4]);
    paper.put_with(
        owned(&family_at("api"), Resource::TaskDefinition(live)),
        facts,
    );
    paper
}

fn kept(plan: &Plan) -> BTreeSet<u32> {
    let to = plan.steps[0]
        .to
        .as_ref()
        .and_then(Resource::task_definition);
    to.unwrap().active()
}

#[test]
fn revisions_beyond_keep_revisions_go_unless_they_are_in_use() {
    let keep = |cpu, keep| {
        with_lifecycle(one_family(family("api", cpu)), &family_at("api"), |l| {
            l.keep_revisions = Some(keep);
        })
    };
    let unused = five_revisions(Vec::new());
    let made = plan(&keep("256", 2), &unused);
    assert_eq!(kept(&made), BTreeSet::from([4, 5]));
    // A new revision counts: it and the newest one before stay.
    let made = plan(&keep("512", 2), &unused);
    assert_eq!(kept(&made), BTreeSet::from([5]));
    assert_eq!(
        in_words(&made),
        [
            "build task_definitions.api: ecs:RegisterTaskDefinition, ecs:DeregisterTaskDefinition, ecs:DeregisterTaskDefinition, ecs:DeregisterTaskDefinition"
        ]
    );

    let in_use = Fact::InUse {
        revisions: BTreeSet::from([2]),
        by: vec!["service api".to_owned()],
    };
    let used = five_revisions(vec![in_use]);
    let made = plan(&keep("256", 1), &used);
    assert_eq!(kept(&made), BTreeSet::from([2, 5]));
    assert!(
        made.notes[0].text.contains("revision 2 stays"),
        "{:?}",
        made.notes
    );

    let removed = plan(&stack([]), &used);
    assert_eq!(risk_codes(&removed), ["revision-in-use-removed"]);
    assert!(risk::risks(&removed)[0].text.contains("service api"));
}

#[test]
fn a_newer_revision_of_somebody_else_is_noted() {
    let paper = five_revisions(vec![Fact::NewerRevision(6)]);
    let plan = plan(&one_family(family("api", "256")), &paper);
    assert!(plan.is_empty());
    assert!(
        plan.notes[0].text.starts_with("revision 6 of api"),
        "{:?}",
        plan.notes
    );
}

#[test]
fn a_renamed_family_leaves_nothing_that_destroying_would_miss() {
    let paper = applied(&one_family(family("old", "256")));
    let paper = Arc::new(paper);
    for wanted in [
        one_family(family("old", "512")),
        one_family(family("new", "512")),
    ] {
        let keep = with_lifecycle(wanted, &family_at("api"), |l| l.keep_revisions = None);
        let (outcome, _) = block_on(carry_out(plan(&keep, &paper), &paper));
        assert!(outcome.is_complete());
    }
    // Somebody deregisters by hand what a crash would leave.
    let mut leftover = family("older", "256");
    leftover.document = None;
    leftover.inactive = BTreeSet::from([1]);
    paper.put(owned(&family_at("api"), Resource::TaskDefinition(leftover)));
    let destroyed = plan_of_destroying(&one_family(family("new", "512")), &paper);
    assert_eq!(
        in_words(&destroyed),
        [
            "remove task_definitions.api: ecs:DeregisterTaskDefinition, ecs:DeleteTaskDefinitions",
            "remove task_definitions.api (1): ecs:DeleteTaskDefinitions",
        ]
    );
    let (outcome, _) = block_on(carry_out(destroyed, &paper));
    assert!(outcome.is_complete());
    assert_eq!(paper.things(), []);
}

#[test]
fn a_role_mentioned_by_arn_must_be_there_in_this_spelling() {
    let mention = |arn: &str| {
        let mut stack = one_family(family("api", "256"));
        stack
            .role_arns
            .insert(arn.to_owned(), BTreeSet::from([family_at("api")]));
        stack
    };
    let paper = paper();
    let role_there = Role {
        path: "/team/".to_owned(),
        ..role("Task")
    };
    paper.put(Resource::Role(role_there));
    let [exact, other_case, other_path, nowhere] = [
        ("/team/", "Task"),
        ("/team/", "task"),
        ("/", "Task"),
        ("/", "Nobody"),
    ]
    .map(|(path, name)| identity().role_arn(path, name));
    assert_eq!(plan(&mention(&exact), &paper).refusals, []);
    for (wanted, similar) in [
        (other_case, Some(exact.clone())),
        (other_path, Some(exact)),
        (nowhere, None),
    ] {
        let expected = Reason::NoSuchRole {
            wanted: wanted.clone(),
            similar,
        };
        let stack = mention(&wanted);
        assert_eq!(reasons(&plan(&stack, &paper)), [&expected]);
        // What is going does not need its role any more.
        assert!(plan_of_destroying(&stack, &paper).is_empty());
    }
}

#[test]
fn a_role_of_this_stack_that_is_mentioned_by_arn_is_built_first() {
    let arn = identity().role_arn("/", "Task");
    let mut with_both = stack([
        (role_at("task"), Resource::Role(role("Task"))),
        (
            family_at("api"),
            Resource::TaskDefinition(family("api", "256")),
        ),
    ]);
    // The role's own trust policy may name it too.
    let places = BTreeSet::from([family_at("api"), role_at("task")]);
    with_both.role_arns.insert(arn.clone(), places);
    let made = plan(&with_both, &paper());
    assert_eq!(made.refusals, []);
    assert_eq!(
        made.steps[1].after,
        BTreeSet::from([StepId::build(role_at("task"))])
    );

    // A role that goes in the same run is no longer there for others.
    let live = applied(&with_both);
    with_both.resources.remove(&role_at("task"));
    let made = plan(&with_both, &live);
    assert_eq!(
        reasons(&made),
        [&Reason::NoSuchRole {
            wanted: arn,
            similar: None
        }]
    );
}

#[test]
fn what_ignore_names_is_left_as_it_is() {
    let paper = applied(&one_role(role("Task")));
    paper.meddle(|thing| {
        thing
            .resource
            .tags_mut()
            .insert("CostCenter".to_owned(), Text::from("7"));
        true
    });
    let strict = one_role(role("Task"));
    assert_eq!(
        in_words(&plan(&strict, &paper)),
        ["build roles.task: iam:UntagRole"]
    );
    let lenient = with_lifecycle(strict, &role_at("task"), |l| {
        l.ignore = vec![IgnorePath::new("tags.CostCenter")];
    });
    assert!(plan(&lenient, &paper).is_empty());
}

#[test]
fn risks_are_named() {
    let trust = |principal: &serde_json::Value| {
        let trust = json!({"Statement": {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}});
        Role {
            trust: policy(&trust),
            ..role("Task")
        }
    };
    let allow = |action: &str| {
        let document = json!({"Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}});
        let mut role = role("Task");
        role.inline_policies
            .insert("it".to_owned(), policy(&document));
        role
    };
    let bounded = |arn: Option<&str>| Role {
        permissions_boundary: arn.map(Text::from),
        ..role("Task")
    };
    let own = json!({"AWS": "arn:aws:iam::111122223333:role/Deploy"});
    let cases = [
        (role("Task"), trust(&json!("*")), vec!["trust-widened"]),
        (
            role("Task"),
            trust(&json!({"AWS": "999988887777"})),
            vec!["trust-widened"],
        ),
        (
            trust(&json!({"AWS": "999988887777"})),
            trust(&json!({"AWS": "arn:aws:iam::999988887777:root"})),
            vec![],
        ),
        (role("Task"), trust(&own), vec![]),
        (trust(&json!("*")), role("Task"), vec![]),
        (role("Task"), allow("aps:*"), vec!["wildcard-granted"]),
        (role("Task"), allow("aps:RemoteWrite"), vec![]),
        (allow("*"), allow("*"), vec![]),
        (
            bounded(Some("arn:b1")),
            bounded(None),
            vec!["boundary-removed"],
        ),
        (
            bounded(Some("arn:b1")),
            bounded(Some("arn:b2")),
            vec!["boundary-changed"],
        ),
        (bounded(None), bounded(Some("arn:b1")), vec![]),
    ];
    for (from, to, codes) in cases {
        let paper = applied(&one_role(from.clone()));
        assert_eq!(
            risk_codes(&plan(&one_role(to.clone()), &paper)),
            codes,
            "{from:?} to {to:?}"
        );
    }
}

#[test]
fn shorter_retention_and_lost_keys_are_risks() {
    let kept = |retention_days: Option<u32>, key: Option<&str>| {
        let mut group = group("/app");
        group.retention_days = retention_days;
        group.kms_key_arn = key.map(Text::from);
        one_group(group)
    };
    for (from, to, codes) in [
        (
            kept(None, None),
            kept(Some(30), None),
            vec!["retention-shortened"],
        ),
        (
            kept(Some(30), None),
            kept(Some(7), None),
            vec!["retention-shortened"],
        ),
        (kept(Some(7), None), kept(Some(30), None), vec![]),
        (kept(Some(7), None), kept(None, None), vec![]),
        (
            kept(None, Some("arn:k")),
            kept(None, None),
            vec!["kms-key-removed"],
        ),
    ] {
        let made = plan(&to, &applied(&from));
        assert_eq!(risk_codes(&made), codes);
        assert!(risk::risks(&made).iter().all(|risk| !risk.data_loss));
    }
    let stored = |days| {
        let mut workspace = workspace("metrics");
        workspace.configuration.retention_days = Some(days);
        one_workspace(workspace)
    };
    assert_eq!(
        risk_codes(&plan(&stored(30), &applied(&stored(150)))),
        ["retention-shortened"]
    );
    assert_eq!(
        risk_codes(&plan(&stored(150), &applied(&stored(30)))),
        [""; 0]
    );
}

#[test]
fn a_collector_that_names_metrics_differently_is_a_risk() {
    let with_collector = |tag: &str| {
        let image = format!("public.ecr.aws/aws-observability/aws-otel-collector:{tag}");
        let document = json!({"containerDefinitions": [{"name": "app", "image": "app:1"}, {"name": "collector", "image": image}]});
        let mut family = family("api", "256");
        family.document = Some(Document::new(Node::from(&document)));
        one_family(family)
    };
    for (from, to, renamings) in [
        ("v0.34.0", "v0.35.0", 1),
        ("v0.30.0", "v0.48.0", 2),
        ("v0.48.0", "v0.47.0", 1),
        ("v0.35.0", "v0.47.0", 0),
        ("v0.48.0", "v0.49.0", 0),
        ("latest", "v0.48.0", 0),
    ] {
        let made = plan(&with_collector(to), &applied(&with_collector(from)));
        assert_eq!(made.steps.len(), 1);
        assert_eq!(
            risk_codes(&made),
            vec!["metric-names-changed"; renamings],
            "{from} to {to}"
        );
    }
}

#[test]
fn a_family_renamed_is_removed_and_built() {
    let paper = applied(&one_family(family("old", "256")));
    let plan = plan(&one_family(family("new", "256")), &paper);
    let phases: Vec<Phase> = plan.steps.iter().map(|step| step.id.phase).collect();
    assert_eq!(phases, [Phase::Remove, Phase::Build]);
    assert_eq!(replaced(&plan), ["family", "family"]);
    assert_eq!(plan.account, identity().account);
}
