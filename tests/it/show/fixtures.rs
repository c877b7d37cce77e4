//! Resources and steps to make plans of.

use std::collections::{BTreeMap, BTreeSet};

use amp_stack::{
    kinds::{
        Resource,
        log_group::LogGroup,
        role::Role,
        task_definition::{Document, TaskDefinition},
        workspace::{Configuration, Workspace},
    },
    model::{
        address::{Address, Kind},
        identity::Identity,
        node::Node,
        policy::Policy,
        tags::{ADDRESS_TAG, PREVENT_DESTROY_TAG, STACK_TAG, Tags},
        template::{Attribute, Reference, Segment, Template},
    },
    plan::{ClaimBy, Plan, Step, StepId},
};
use serde_json::{Value, json};

pub(super) fn identity() -> Identity {
    Identity::new("111122223333", "us-east-1")
}

pub(super) fn role_address() -> Address {
    Address::new(Kind::Role, "task")
}

pub(super) fn log_group_address() -> Address {
    Address::new(Kind::LogGroup, "app")
}

pub(super) fn family_address() -> Address {
    Address::new(Kind::TaskDefinition, "checkout")
}

/// The tags of ownership, and `team = payments`.
pub(super) fn tags(address: &Address) -> Tags {
    BTreeMap::from([
        (STACK_TAG.to_owned(), Template::from("checkout")),
        (ADDRESS_TAG.to_owned(), Template::from(address.to_string())),
        ("team".to_owned(), Template::from("payments")),
    ])
}

pub(super) fn remote_write_url() -> Template {
    Template::from(Reference {
        address: Address::workspace(),
        attribute: Attribute::RemoteWriteUrl,
    })
}

pub(super) fn log_group() -> LogGroup {
    LogGroup {
        name: "/ecs/checkout/app".to_owned(),
        class: "STANDARD".to_owned(),
        retention_days: Some(30),
        kms_key_arn: None,
        deletion_protection: false,
        tags: tags(&log_group_address()),
    }
}

pub(super) fn workspace() -> Workspace {
    let mut tags = tags(&Address::workspace());
    tags.insert(PREVENT_DESTROY_TAG.to_owned(), Template::from("true"));
    Workspace {
        alias: Some("checkout-prod".to_owned()),
        kms_key_arn: None,
        configuration: Configuration {
            retention_days: Some(150),
            ..Configuration::default()
        },
        logging: None,
        tags,
        failed: false,
    }
}

pub(super) fn trust() -> Policy {
    Policy::new(Node::from(&json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "EcsTasks",
            "Effect": "Allow",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": "111122223333"},
                "ArnLike": {"aws:SourceArn": "arn:aws:ecs:us-east-1:111122223333:*"},
            },
        }],
    })))
}

/// A policy that allows `actions` on the workspace of the stack.
pub(super) fn write_metrics(actions: &[&str]) -> Policy {
    let workspace = Template::from(Reference {
        address: Address::workspace(),
        attribute: Attribute::Arn,
    });
    Policy::new(Node::map([
        ("Version", Node::from("2012-10-17")),
        (
            "Statement",
            Node::List(vec![Node::map([
                ("Sid", Node::from("WriteMetrics")),
                ("Effect", Node::from("Allow")),
                ("Action", Node::texts(actions.iter().copied())),
                ("Resource", Node::Text(workspace)),
            ])]),
        ),
    ]))
}

pub(super) fn role() -> Role {
    let managed = "arn:aws:iam::aws:policy/AmazonPrometheusRemoteWriteAccess";
    Role {
        name: "CheckoutTask".to_owned(),
        path: "/".to_owned(),
        description: "Lets the collector write metrics".to_owned(),
        trust: trust(),
        max_session_seconds: 3600,
        permissions_boundary: None,
        managed_policies: BTreeSet::from([Template::from(managed)]),
        inline_policies: BTreeMap::from([(
            "metrics".to_owned(),
            write_metrics(&["aps:RemoteWrite"]),
        )]),
        instance_profiles: BTreeSet::new(),
        tags: tags(&role_address()),
    }
}

/// A task definition whose application has `environment`.
pub(super) fn family(environment: &Value) -> TaskDefinition {
    let environment: Vec<Value> = environment
        .as_object()
        .expect("an object")
        .iter()
        .map(|(name, value)| json!({"name": name, "value": value}))
        .collect();
    let mut document = Node::from(&json!({
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": "1024",
        "memory": "3072",
        "taskRoleArn": "arn:aws:iam::111122223333:role/CheckoutTask",
        "containerDefinitions": [
            {
                "name": "app",
                "image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/checkout:1.0",
                "portMappings": [{"containerPort": 8080}],
                "environment": environment,
                "dependsOn": [{"containerName": "aws-otel-collector", "condition": "HEALTHY"}],
            },
            {
                "name": "aws-otel-collector",
                "image": "public.ecr.aws/aws-observability/aws-otel-collector:v0.48.0",
                "command": ["--config=/etc/ecs/ecs-amp.yaml"],
                "healthCheck": {"command": ["CMD", "/healthcheck"]},
            },
        ],
    }));
    let collector = document
        .as_map_mut()
        .and_then(|members| members.get_mut("containerDefinitions"))
        .and_then(|containers| match containers {
            Node::List(containers) => containers.last_mut(),
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) | Node::Map(_) => None,
        })
        .and_then(Node::as_map_mut)
        .expect("the collector is the last container");
    collector.insert(
        "environment".to_owned(),
        Node::List(vec![Node::map([
            ("name", Node::from("AWS_PROMETHEUS_ENDPOINT")),
            ("value", Node::Text(remote_write_url())),
        ])]),
    );
    TaskDefinition {
        family: "checkout".to_owned(),
        document: Some(Document::new(document)),
        tags: tags(&family_address()),
        revision: None,
        older: BTreeSet::new(),
        inactive: BTreeSet::new(),
        services: BTreeMap::new(),
        newer: None,
        served: None,
        express: BTreeSet::new(),
    }
}

/// The text `before` and after it the workspace's id, which is known after apply.
pub(super) fn mentions_workspace(before: &str) -> Template {
    Template::from_segments([
        Segment::Literal(before.to_owned()),
        Segment::Reference(Reference {
            address: Address::workspace(),
            attribute: Attribute::Id,
        }),
    ])
}

pub(super) fn build(address: Address, from: Option<Resource>, to: Resource) -> Step {
    Step {
        id: StepId::build(address),
        target: to.name().to_owned(),
        from,
        to: Some(to),
        after: BTreeSet::new(),
        replaces: Vec::new(),
        adopted_from: None,
        claim: ClaimBy::default(),
    }
}

pub(super) fn remove(address: Address, from: Resource) -> Step {
    Step {
        id: StepId::remove(address),
        target: from.name().to_owned(),
        from: Some(from),
        to: None,
        after: BTreeSet::new(),
        replaces: Vec::new(),
        adopted_from: None,
        claim: ClaimBy::default(),
    }
}

/// The two steps from `from` to another resource.
pub(super) fn replace(address: &Address, from: &Resource, to: Resource) -> [Step; 2] {
    let replaces = Resource::replace_reasons(from, &to);
    let mut steps = [
        remove(address.clone(), from.clone()),
        build(address.clone(), None, to),
    ];
    for step in &mut steps {
        step.replaces.clone_from(&replaces);
    }
    steps
}

pub(super) fn plan(steps: impl IntoIterator<Item = Step>) -> Plan {
    Plan {
        steps: steps.into_iter().collect(),
        ..Plan::default()
    }
}
