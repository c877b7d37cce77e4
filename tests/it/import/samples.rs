//! Things that live somewhere, for the tests of what is written about them.

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
        identity::{query_url, remote_write_url},
        node::Node,
        tags::{Owner, Tags},
        template::{Attribute, Template},
    },
    snapshot::LiveResource,
    write::Draft,
};
use serde_json::{Value, json};

use crate::{
    samples,
    worlds::{identity, stack_name},
};

/// The workspace of the tests.
pub(super) const WORKSPACE: &str = "ws-11111111-2222-3333-4444-555555555555";

/// `resource` as somebody else's, with the attributes that AWS gives it.
pub(super) fn found(resource: Resource) -> LiveResource {
    let identity = identity();
    let mut attributes = BTreeMap::new();
    match &resource {
        Resource::LogGroup(group) => {
            attributes.insert(Attribute::Arn, identity.log_group_arn(&group.name));
            attributes.insert(Attribute::Name, group.name.clone());
        }
        Resource::Workspace(_) => {
            let endpoint = identity.workspace_endpoint(&identity.region, WORKSPACE);
            attributes.insert(Attribute::Arn, identity.workspace_arn(WORKSPACE));
            attributes.insert(Attribute::Id, WORKSPACE.to_owned());
            attributes.insert(Attribute::RemoteWriteUrl, remote_write_url(&endpoint));
            attributes.insert(Attribute::QueryUrl, query_url(&endpoint));
            attributes.insert(Attribute::Endpoint, endpoint);
        }
        Resource::Role(role) => {
            attributes.insert(Attribute::Arn, identity.role_arn(&role.path, &role.name));
            attributes.insert(Attribute::Name, role.name.clone());
        }
        Resource::TaskDefinition(family) => {
            let revision = family.revision.unwrap_or_default();
            let arn = identity.task_definition_arn(&family.family, revision);
            attributes.insert(Attribute::Arn, arn);
            attributes.insert(Attribute::Family, family.family.clone());
        }
    }
    LiveResource {
        resource,
        owner: Owner::Unknown,
        attributes,
        facts: Vec::new(),
    }
}

/// A draft of these, in an account that has no other roles.
pub(super) fn draft(found: impl IntoIterator<Item = LiveResource>) -> Draft {
    let found: Vec<LiveResource> = found.into_iter().collect();
    let roles: BTreeSet<String> = found
        .iter()
        .filter(|found| matches!(found.resource, Resource::Role(_)))
        .map(|found| found.arn().to_owned())
        .collect();
    Draft {
        stack: stack_name(),
        access: None,
        identity: identity(),
        found,
        existing_workspace: None,
        roles,
        preface: Vec::new(),
        notes: BTreeMap::new(),
    }
}

/// The newest revision of a family that says `document`.
pub(super) fn family(name: &str, document: &Value) -> TaskDefinition {
    TaskDefinition {
        family: name.to_owned(),
        document: Some(Document::new(Node::from(document))),
        tags: Tags::new(),
        revision: Some(7),
        older: BTreeSet::new(),
        inactive: BTreeSet::new(),
        services: BTreeMap::new(),
        newer: None,
        served: None,
        express: BTreeSet::new(),
    }
}

pub(super) fn tags(pairs: &[(&str, &str)]) -> Tags {
    pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), Template::from(*value)))
        .collect()
}

fn logs(group: &str, prefix: &str) -> Value {
    json!({"logDriver": "awslogs", "options": {"awslogs-group": group, "awslogs-region": "us-east-1", "awslogs-stream-prefix": prefix}, "secretOptions": []})
}

/// What `DescribeTaskDefinition` says of a service that somebody made in the console, with a
/// collector beside it.
pub(super) fn document() -> Value {
    json!({
        "family": "checkout", "revision": 7, "status": "ACTIVE", "compatibilities": ["EC2", "FARGATE"],
        "requiresAttributes": [{"name": "com.amazonaws.ecs.capability.logging-driver.awslogs"}],
        "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "512", "memory": "1024", "volumes": [], "placementConstraints": [],
        "taskRoleArn": "arn:aws:iam::111122223333:role/CheckoutTask",
        "executionRoleArn": "arn:aws:iam::111122223333:role/CheckoutExecution",
        "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
        "containerDefinitions": [
            {
                "name": "app", "image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/checkout:1.4.2", "cpu": 0, "essential": true,
                "portMappings": [{"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"}],
                "environment": [{"name": "LOG_LEVEL", "value": "info"}, {"name": "TEMPLATE", "value": "Dear ${name}"}, {"name": "DB_PASSWORD", "value": "hunter2"}],
                "secrets": [{"name": "API_TOKEN", "valueFrom": "arn:aws:ssm:us-east-1:111122223333:parameter/checkout/token"}],
                "mountPoints": [], "volumesFrom": [], "systemControls": [],
                "dependsOn": [{"containerName": "collector", "condition": "START"}],
                "healthCheck": {"command": ["CMD-SHELL", "curl -f http://localhost:8080/ || exit 1"], "interval": 30, "timeout": 5, "retries": 3},
                "logConfiguration": logs("/ecs/checkout/app", "ecs"),
            },
            {
                "name": "collector", "image": "public.ecr.aws/aws-observability/aws-otel-collector:v0.43.3", "cpu": 0, "essential": true, "portMappings": [],
                "command": ["--config=/etc/ecs/ecs-amp.yaml"],
                "environment": [{"name": "AWS_PROMETHEUS_ENDPOINT", "value": format!("https://aps-workspaces.us-east-1.amazonaws.com/workspaces/{WORKSPACE}/api/v1/remote_write")}],
                "mountPoints": [], "volumesFrom": [], "systemControls": [],
                "logConfiguration": logs("/ecs/checkout/collector", "otel"),
            },
        ],
    })
}

/// A Fargate service with all that it needs.
pub(super) fn by_hand() -> Draft {
    let group = |name: &str, days| LogGroup {
        retention_days: days,
        tags: tags(&[("team", "payments")]),
        ..samples::group(name)
    };
    let workspace = Workspace {
        configuration: Configuration {
            retention_days: Some(150),
            limits: Some(BTreeMap::new()),
            out_of_order_time_window_seconds: Some(60),
            rule_query_offset_seconds: None,
        },
        tags: tags(&[("team", "payments"), ("cost", "metrics")]),
        ..samples::workspace("checkout")
    };
    let writes = json!({"Version": "2012-10-17", "Statement": [{
        "Sid": "Write", "Effect": "Allow", "Action": "aps:RemoteWrite",
        "Resource": format!("arn:aws:aps:us-east-1:111122223333:workspace/{WORKSPACE}"),
    }]});
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
    let role = |name: &str| Role {
        trust: samples::policy(&trust),
        tags: tags(&[("team", "payments")]),
        ..samples::role(name)
    };
    let task = Role {
        description: "What the checkout may do".to_owned(),
        inline_policies: BTreeMap::from([("remote-write".to_owned(), samples::policy(&writes))]),
        ..role("CheckoutTask")
    };
    let execution = Role {
        managed_policies: BTreeSet::from([
            Template::from("arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"),
            Template::from("arn:aws:iam::111122223333:policy/ReadParameters"),
        ]),
        ..role("CheckoutExecution")
    };
    let checkout = TaskDefinition {
        tags: tags(&[("team", "payments")]),
        ..family("checkout", &document())
    };
    draft([
        found(Resource::TaskDefinition(checkout)),
        found(Resource::Role(task)),
        found(Resource::Role(execution)),
        found(Resource::LogGroup(group("/ecs/checkout/app", Some(30)))),
        found(Resource::LogGroup(group("/ecs/checkout/collector", None))),
        found(Resource::Workspace(workspace)),
    ])
}

/// For every member of a task definition and of a container, a definition that ECS takes and in
/// which it says something.
pub(super) fn one_member_each() -> Vec<(String, Value)> {
    let base = json!({"containerDefinitions": [{"name": "app", "image": "nginx", "memory": 128}, {"name": "other", "image": "nginx", "memory": 64}]});
    let mut all = Vec::new();
    let task = json!({
        "taskRoleArn": "arn:aws:iam::444455556666:role/x",
        "executionRoleArn": "arn:aws:iam::444455556666:role/x",
        "networkMode": "host",
        "volumes": [{"name": "v", "host": {"sourcePath": "/x"}}],
        "placementConstraints": [{"type": "memberOf", "expression": "attribute:ecs.os-type == linux"}],
        "requiresCompatibilities": ["EC2"],
        "cpu": "300",
        "memory": "4096",
        "pidMode": "task",
        "ipcMode": "none",
        "proxyConfiguration": {"type": "APPMESH", "containerName": "app", "properties": [{"name": "ProxyIngressPort", "value": "15000"}]},
        "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
        "ephemeralStorage": {"sizeInGiB": 30},
        "enableFaultInjection": true,
    });
    for (name, value) in task.as_object().unwrap() {
        let mut document = base.clone();
        document[name] = value.clone();
        all.push((name.clone(), document));
    }
    let container = json!({
        "repositoryCredentials": {"credentialsParameter": "arn:aws:secretsmanager:us-east-1:111122223333:secret:x"},
        "cpu": 10, "memory": 256, "memoryReservation": 64, "links": ["other"],
        "portMappings": [{"containerPort": 80, "hostPort": 8080, "protocol": "udp", "name": "web", "appProtocol": "http"}],
        "essential": false,
        "restartPolicy": {"enabled": true, "ignoredExitCodes": [0], "restartAttemptPeriod": 100},
        "entryPoint": ["/x", "a b"], "command": ["x"],
        "environment": [{"name": "A", "value": "1"}],
        "environmentFiles": [{"value": "arn:aws:s3:::b/x.env", "type": "s3"}],
        "mountPoints": [{"sourceVolume": "v", "containerPath": "/x", "readOnly": true}],
        "volumesFrom": [{"sourceContainer": "other", "readOnly": true}],
        "linuxParameters": {"capabilities": {"add": ["SYS_PTRACE"]}, "initProcessEnabled": true, "tmpfs": [{"containerPath": "/t", "size": 10, "mountOptions": ["rw"]}]},
        "secrets": [{"name": "S", "valueFrom": "arn:aws:ssm:us-east-1:111122223333:parameter/x"}],
        "dependsOn": [{"containerName": "other", "condition": "START"}],
        "startTimeout": 30, "stopTimeout": 30, "versionConsistency": "disabled", "hostname": "h", "user": "1000:1000", "workingDirectory": "/w",
        "disableNetworking": true, "privileged": true, "readonlyRootFilesystem": true, "dnsServers": ["10.0.0.2"], "dnsSearchDomains": ["x.y"],
        "extraHosts": [{"hostname": "h", "ipAddress": "10.0.0.1"}], "dockerSecurityOptions": ["no-new-privileges"], "interactive": true, "pseudoTerminal": true,
        "dockerLabels": {"a.b": "c"},
        "ulimits": [{"name": "nofile", "softLimit": 1, "hardLimit": 2}],
        "logConfiguration": {"logDriver": "syslog", "options": {"tag": "x"}},
        "healthCheck": {"command": ["CMD", "x"], "interval": 10, "startPeriod": 5},
        "systemControls": [{"namespace": "net.core.somaxconn", "value": "1024"}],
        "resourceRequirements": [{"type": "GPU", "value": "1"}],
        "credentialSpecs": ["credentialspec:arn:aws:s3:::b/k"],
    });
    for (name, value) in container.as_object().unwrap() {
        let mut document = base.clone();
        document["containerDefinitions"][0][name] = value.clone();
        match name.as_str() {
            "mountPoints" => {
                document["volumes"] = json!([{"name": "v", "host": {"sourcePath": "/x"}}]);
            }
            "repositoryCredentials" | "secrets" | "environmentFiles" => {
                document["executionRoleArn"] = json!("arn:aws:iam::444455556666:role/x");
            }
            _ => {}
        }
        all.push((format!("containers.{name}"), document));
    }
    all
}
