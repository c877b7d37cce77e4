//! Small stacks and things for tests that name what they are about.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use amp_stack::{
    apply::{self, Event, Options, Outcome},
    kinds::{
        Resource,
        log_group::LogGroup,
        role::Role,
        task_definition::{Document, TaskDefinition},
        workspace::{Configuration, Workspace},
    },
    model::{
        address::{Address, Kind},
        lifecycle::Lifecycle,
        node::Node,
        policy::Policy,
        tags::Tags,
        template::{Attribute, Reference, Segment, Template},
    },
    plan::Plan,
    stack::{Declared, Stack},
    testing::FakeCloud,
};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::worlds::{identity, ownership, stack_name};

pub(crate) fn group_at(key: &str) -> Address {
    Address::new(Kind::LogGroup, key)
}

pub(crate) fn role_at(key: &str) -> Address {
    Address::new(Kind::Role, key)
}

pub(crate) fn family_at(key: &str) -> Address {
    Address::new(Kind::TaskDefinition, key)
}

pub(crate) fn group(name: &str) -> LogGroup {
    LogGroup {
        name: name.to_owned(),
        class: "STANDARD".to_owned(),
        retention_days: Some(30),
        kms_key_arn: None,
        deletion_protection: false,
        tags: Tags::new(),
    }
}

pub(crate) fn workspace(alias: &str) -> Workspace {
    Workspace {
        alias: Some(alias.to_owned()),
        kms_key_arn: None,
        configuration: Configuration::default(),
        logging: None,
        tags: Tags::new(),
        failed: false,
    }
}

pub(crate) fn role(name: &str) -> Role {
    let trust = json!({"Statement": {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}});
    Role {
        name: name.to_owned(),
        path: "/".to_owned(),
        description: String::new(),
        trust: policy(&trust),
        max_session_seconds: 3600,
        permissions_boundary: None,
        managed_policies: BTreeSet::new(),
        inline_policies: BTreeMap::new(),
        instance_profiles: BTreeSet::new(),
        tags: Tags::new(),
    }
}

/// A role that may write to the workspace of its stack.
pub(crate) fn writer(name: &str) -> Role {
    let arn = Template::from(mention(Address::workspace(), Attribute::Arn));
    let statement = Node::map([
        ("Effect", Node::from("Allow")),
        ("Action", Node::from("aps:RemoteWrite")),
        ("Resource", Node::Text(arn)),
    ]);
    let policy = Policy::new(Node::map([("Statement", statement)]));
    Role {
        inline_policies: BTreeMap::from([("write".to_owned(), policy)]),
        ..role(name)
    }
}

pub(crate) fn policy(document: &Value) -> Policy {
    Policy::new(Node::from(document))
}

pub(crate) fn family(name: &str, cpu: &str) -> TaskDefinition {
    TaskDefinition {
        family: name.to_owned(),
        document: Some(Document::new(Node::map([("cpu", Node::from(cpu))]))),
        tags: Tags::new(),
        revision: None,
        older: BTreeSet::new(),
        inactive: BTreeSet::new(),
        services: BTreeMap::new(),
        newer: None,
        served: None,
        express: BTreeSet::new(),
    }
}

/// A family whose tasks run as the role at `key`.
pub(crate) fn family_of(name: &str, key: &str) -> TaskDefinition {
    let arn = Template::from(mention(role_at(key), Attribute::Arn));
    let document = Node::map([("taskRoleArn", Node::Text(arn))]);
    TaskDefinition {
        document: Some(Document::new(document)),
        ..family(name, "256")
    }
}

pub(crate) fn mention(address: Address, attribute: Attribute) -> Reference {
    Reference { address, attribute }
}

/// The ARN of the log group at `key` as logging takes it.
pub(crate) fn logging_to(key: &str) -> Template {
    Template::from_segments([
        Segment::Reference(mention(group_at(key), Attribute::Arn)),
        Segment::Literal(":*".to_owned()),
    ])
}

/// `resource` with the tags of our ownership at `address`.
pub(crate) fn owned(address: &Address, mut resource: Resource) -> Resource {
    resource.tags_mut().extend(ownership(address));
    resource
}

/// A stack of resources that get the tags of ownership.
pub(crate) fn stack(resources: impl IntoIterator<Item = (Address, Resource)>) -> Stack {
    let declare = |(address, resource)| {
        let declared = Declared {
            want: Some(owned(&address, resource)),
            earlier: Vec::new(),
            lifecycle: Lifecycle::default(),
        };
        (address, declared)
    };
    Stack {
        name: stack_name(),
        former: None,
        access: None,
        identity: identity(),
        resources: resources.into_iter().map(declare).collect(),
        order: Vec::new(),
        outputs: BTreeMap::new(),
        existing: BTreeMap::new(),
        role_arns: BTreeMap::new(),
        notes: Vec::new(),
        force_in_use: BTreeSet::new(),
        retry: BTreeSet::new(),
        skips_preflight: false,
    }
}

/// The same stack with the lifecycle of `address` edited.
pub(crate) fn with_lifecycle(
    mut stack: Stack,
    address: &Address,
    edit: impl FnOnce(&mut Lifecycle),
) -> Stack {
    edit(&mut stack.resources.get_mut(address).unwrap().lifecycle);
    stack
}

/// The plan for `stack` in the world of `fake`.
pub(crate) fn plan(stack: &Stack, fake: &FakeCloud) -> Plan {
    amp_stack::plan::plan(stack, &fake.snapshot(&stack.query(false)))
}

pub(crate) fn options() -> Options {
    Options {
        concurrency: 4,
        run_id: "run".to_owned(),
        settle_timeout: Duration::from_secs(10),
        rollouts: apply::Rollouts::default(),
    }
}

/// Carries out `plan` without anybody asking to stop, and returns what happened.
pub(crate) async fn carry_out(plan: Plan, fake: &Arc<FakeCloud>) -> (Outcome, Vec<Event>) {
    let (_stop, stopped) = watch::channel(false);
    let mut events = Vec::new();
    let report = |event| events.push(event);
    let options = Options {
        run_id: format!("run-{}", fake.log().len()),
        ..options()
    };
    let outcome = apply::apply(Arc::new(plan), Arc::clone(fake), options, stopped, report).await;
    (outcome, events)
}
