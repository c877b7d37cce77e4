//! What is decided in situations that people get into.

mod families;
mod in_use;
mod log_groups;
mod preflight;
mod quotas;
mod risks;
mod roles;
mod rollouts;
mod workspaces;

use std::{collections::BTreeSet, sync::Arc};

use amp_stack::{
    kinds::{Change, Resource, role::Role},
    model::{
        address::{Address, Kind},
        running::{Need, Running, RunningRevision, User},
        tags::{Owner, STACK_TAG},
        template::Template,
    },
    plan::{Plan, Reason, risk},
    stack::Stack,
    testing::FakeCloud,
};

use crate::{
    samples::{
        carry_out, family, family_at, family_of, group, group_at, logging_to, plan, role, role_at,
        stack, with_lifecycle, workspace, writer,
    },
    worlds::{block_on, identity},
};

fn fake() -> FakeCloud {
    FakeCloud::new(identity())
}

/// A world in which `stack` was applied.
fn applied(stack: &Stack) -> FakeCloud {
    let fake = Arc::new(fake());
    let (outcome, _) = block_on(carry_out(plan(stack, &fake), &fake));
    assert!(outcome.is_complete(), "{outcome:?}");
    Arc::into_inner(fake).unwrap()
}

fn one_role(role: Role) -> Stack {
    stack([(role_at("task"), Resource::Role(role))])
}

fn one_group(group: amp_stack::kinds::log_group::LogGroup) -> Stack {
    stack([(group_at("app"), Resource::LogGroup(group))])
}

fn one_workspace(workspace: amp_stack::kinds::workspace::Workspace) -> Stack {
    stack([(Address::workspace(), Resource::Workspace(workspace))])
}

fn one_family(family: amp_stack::kinds::task_definition::TaskDefinition) -> Stack {
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
        .map(|(key, value)| ((*key).to_owned(), Template::from(*value)));
    resource.tags_mut().extend(tags);
    resource
}

fn plan_of_destroying(stack: &Stack, fake: &FakeCloud) -> Plan {
    let stack = stack.clone().emptied();
    amp_stack::plan::plan(&stack, &fake.snapshot(&stack.query(true)))
}

/// The plan for `stack` by whoever has read everything that a removal needs.
fn plan_of_removal(stack: &Stack, fake: &FakeCloud) -> Plan {
    amp_stack::plan::plan(stack, &fake.snapshot(&stack.query(true)))
}

/// A service `api` in the cluster `prod` that runs a revision which needs `needs`.
fn runs(family: &str, revision: u32, needs: impl IntoIterator<Item = (Kind, String)>) -> Running {
    let user = User::Service {
        cluster: "prod".to_owned(),
        service: "api".to_owned(),
    };
    let needs = needs
        .into_iter()
        .chain([(Kind::TaskDefinition, family.to_owned())]);
    Running {
        revisions: vec![RunningRevision {
            family: family.to_owned(),
            revision,
            needs: needs.map(|(kind, target)| Need { kind, target }).collect(),
            users: [user].into(),
        }],
        unseen: BTreeSet::new(),
    }
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
    let fake = applied(&at("old"));
    let plan = plan(&at("new"), &fake);
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
    let fake = applied(&before);
    let after = stack([(
        family_at("api"),
        Resource::TaskDefinition(family("api", "512")),
    )]);
    let plan = plan(&after, &fake);
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
        .filter(|r| r.loss.is_some())
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
        let fake = fake();
        fake.put(resource.clone());
        let wanted = stack([(address.clone(), resource)]);
        let arn = fake.snapshot(&wanted.query(false)).found[0]
            .arn()
            .to_owned();
        let expected = Reason::NotOurs {
            arn,
            owner: Owner::Unknown,
        };
        assert_eq!(reasons(&plan(&wanted, &fake)), [&expected]);

        let adopting = with_lifecycle(wanted, &address, |l| l.adopt = true);
        let plan = plan(&adopting, &fake);
        assert_eq!(plan.refusals, []);
        assert_eq!(plan.steps.len(), 1);
        assert_eq!(plan.steps[0].adopted_from, Some(Owner::Unknown));
        assert!(in_words(&plan)[0].contains("Tag"), "{:?}", in_words(&plan));
    }
}

#[test]
fn what_another_stack_owns_is_not_adopted() {
    let fake = fake();
    fake.put(tagged(
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
    assert_eq!(reasons(&plan(&adopting, &fake)), [&expected]);
}

#[test]
fn what_would_have_to_be_replaced_is_not_adopted() {
    let fake = fake();
    let mut theirs = group("/app");
    theirs.class = "INFREQUENT_ACCESS".to_owned();
    fake.put(Resource::LogGroup(theirs));
    let adopting = with_lifecycle(one_group(group("/app")), &group_at("app"), |l| {
        l.adopt = true;
    });
    let plan = plan(&adopting, &fake);
    let [Reason::CannotAdopt { arn, differs, .. }] = reasons(&plan)[..] else {
        panic!("{:?}", plan.refusals);
    };
    assert_eq!(*arn, identity().log_group_arn("/app"));
    assert_eq!(
        differs.iter().map(|d| d.property).collect::<Vec<_>>(),
        ["class"]
    );
}

fn risk_codes(plan: &Plan) -> Vec<&'static str> {
    risk::risks(plan).iter().map(|risk| risk.code).collect()
}
