//! What ECS adds to a task definition that leaves things out, so that `DescribeTaskDefinition`
//! shows more than was sent.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{
    members::Members,
    rules::{Draft, is_private_ecr},
};

/// The task definition as ECS keeps it: sizes as integers, defaults spelled out, and what follows
/// from it.
///
/// The defaults are those of the API reference, except for the empty lists, which answers of the
/// service show (API reference, `RegisterTaskDefinition` and `DescribeTaskDefinition`, examples).
pub(super) fn filled(draft: &Draft<'_>) -> Map<String, Value> {
    let mut body = draft.body.clone();
    for (name, size) in [("cpu", draft.cpu), ("memory", draft.memory)] {
        if let Some(size) = size {
            body.insert(name.to_owned(), Value::from(size.to_string()));
        }
    }
    let network_mode = body.text("networkMode").map(str::to_owned);
    for container in structures(&mut body, "containerDefinitions") {
        fill_container(container, network_mode.as_deref());
    }
    default(&mut body, "volumes", json!([]));
    for volume in structures(&mut body, "volumes") {
        fill_volume(volume);
    }
    default(&mut body, "placementConstraints", json!([]));
    default(&mut body, "enableFaultInjection", json!(false));
    // API reference, RegisterTaskDefinition, requiresCompatibilities: what was not given is not
    // answered.
    if body.list("requiresCompatibilities").is_empty() {
        body.remove("requiresCompatibilities");
    }
    body.insert("compatibilities".to_owned(), json!(draft.compatibilities()));
    let attributes: Vec<Value> = attributes(draft)
        .into_iter()
        .map(|name| json!({ "name": name }))
        .collect();
    if !attributes.is_empty() {
        body.insert("requiresAttributes".to_owned(), Value::from(attributes));
    }
    body
}

fn default(structure: &mut Map<String, Value>, name: &str, value: Value) {
    structure.entry(name).or_insert(value);
}

fn structures<'a>(
    body: &'a mut Map<String, Value>,
    name: &str,
) -> impl Iterator<Item = &'a mut Map<String, Value>> {
    body.get_mut(name)
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
}

fn fill_container(container: &mut Map<String, Value>, network_mode: Option<&str>) {
    default(container, "cpu", json!(0));
    default(container, "essential", json!(true));
    for list in [
        "portMappings",
        "environment",
        "mountPoints",
        "volumesFrom",
        "systemControls",
    ] {
        default(container, list, json!([]));
    }
    for mapping in structures(container, "portMappings") {
        default(mapping, "protocol", json!("tcp"));
        fill_host_port(mapping, network_mode);
    }
    if let Some(health) = container
        .get_mut("healthCheck")
        .and_then(Value::as_object_mut)
    {
        default(health, "interval", json!(30));
        default(health, "timeout", json!(5));
        default(health, "retries", json!(3));
    }
}

/// API reference, `PortMapping`, hostPort: under `awsvpc` and `host` it is the container's port;
/// under `bridge` zero stands for a port that is chosen when the task starts.
fn fill_host_port(mapping: &mut Map<String, Value>, network_mode: Option<&str>) {
    let Some(port) = mapping.integer("containerPort") else {
        return;
    };
    let fixed = matches!(network_mode, Some("awsvpc" | "host"));
    if fixed {
        mapping.insert("hostPort".to_owned(), json!(port));
    } else {
        default(mapping, "hostPort", json!(0));
    }
}

fn fill_volume(volume: &mut Map<String, Value>) {
    let kinds = [
        "dockerVolumeConfiguration",
        "efsVolumeConfiguration",
        "s3filesVolumeConfiguration",
        "fsxWindowsFileServerVolumeConfiguration",
    ];
    if kinds.iter().all(|kind| !volume.contains_key(*kind)) {
        default(volume, "configuredAtLaunch", json!(false));
        if volume.flag("configuredAtLaunch") == Some(false) {
            // API reference, RegisterTaskDefinition, volumes: without a configuration, a volume is
            // a host volume.
            default(volume, "host", json!({}));
        }
    }
    for kind in ["efsVolumeConfiguration", "s3filesVolumeConfiguration"] {
        if let Some(files) = volume.get_mut(kind).and_then(Value::as_object_mut) {
            default(files, "rootDirectory", json!("/"));
        }
    }
}

/// The capabilities of a container instance that the task needs, by the names under which the ECS
/// agent registers them (`agent/app/agent_capability.go` of amazon-ecs-agent).
fn attributes(draft: &Draft<'_>) -> Vec<String> {
    let agent = agent_capabilities(draft).into_iter();
    let agent = agent.map(|name| format!("ecs.capability.{name}"));
    let docker = docker_capabilities(draft).into_iter();
    let docker = docker.map(|name| format!("com.amazonaws.ecs.capability.{name}"));
    docker.chain(agent).collect()
}

fn containers<'a>(draft: &Draft<'a>) -> impl Iterator<Item = &'a Map<String, Value>> + use<'a> {
    draft.body.objects("containerDefinitions")
}

fn log_drivers<'a>(draft: &Draft<'a>) -> impl Iterator<Item = &'a str> + use<'a> {
    containers(draft)
        .filter_map(|container| container.object("logConfiguration"))
        .filter_map(|log| log.text("logDriver"))
}

fn pulls_from_ecr(draft: &Draft<'_>) -> bool {
    containers(draft)
        .filter_map(|container| container.text("image"))
        .any(is_private_ecr)
}

fn agent_capabilities(draft: &Draft<'_>) -> Vec<&'static str> {
    let body = draft.body;
    let execution_role = body.contains_key("executionRoleArn");
    let any = |name: &str| containers(draft).any(|container| !container.list(name).is_empty());
    let health = containers(draft).any(|container| container.contains_key("healthCheck"));
    let secrets = || {
        containers(draft)
            .flat_map(|container| container.objects("secrets"))
            .filter_map(|secret| secret.text("valueFrom"))
    };
    let manager = |from: &str| from.contains(":secretsmanager:");
    let efs = body
        .objects("volumes")
        .any(|volume| volume.contains_key("efsVolumeConfiguration"));
    let shared = body.contains_key("pidMode") || body.contains_key("ipcMode");
    let logged = log_drivers(draft).any(|driver| driver == "awslogs");
    [
        ("container-health-check", health),
        ("container-ordering", any("dependsOn")),
        ("efs", efs),
        ("env-files.s3", any("environmentFiles")),
        ("execution-role-awslogs", execution_role && logged),
        (
            "execution-role-ecr-pull",
            execution_role && pulls_from_ecr(draft),
        ),
        ("pid-ipc-namespace-sharing", shared),
        ("secrets.asm.environment-variables", secrets().any(manager)),
        (
            "secrets.ssm.environment-variables",
            secrets().any(|from| !manager(from)),
        ),
        ("task-eni", body.text("networkMode") == Some("awsvpc")),
    ]
    .into_iter()
    .filter_map(|(name, wanted)| wanted.then_some(name))
    .collect()
}

fn docker_capabilities(draft: &Draft<'_>) -> BTreeSet<String> {
    let network_mode = draft.body.text("networkMode");
    let role = draft.body.contains_key("taskRoleArn");
    let privileged = |c: &Map<String, Value>| c.flag("privileged") == Some(true);
    let on_host = network_mode == Some("host");
    let mut names: BTreeSet<String> = [
        ("docker-remote-api.1.18", network_mode == Some("awsvpc")),
        (
            "docker-remote-api.1.19",
            log_drivers(draft).next().is_some(),
        ),
        ("ecr-auth", pulls_from_ecr(draft)),
        ("privileged-container", containers(draft).any(privileged)),
        ("task-iam-role", role && !on_host),
        ("task-iam-role-network-host", role && on_host),
    ]
    .into_iter()
    .filter(|(_, wanted)| *wanted)
    .map(|(name, _)| name.to_owned())
    .collect();
    names.extend(log_drivers(draft).map(|driver| format!("logging-driver.{driver}")));
    names
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::ecs::fixture::{ARN, Sandbox};

    #[test]
    fn registering_fills_in_what_describe_shows() {
        let mut sandbox = Sandbox::new();
        let input = json!({
            "family": "web", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
            "cpu": ".5 vCPU", "memory": "1 GB", "taskRoleArn": "Short",
            "executionRoleArn": "arn:aws:iam::111122223333:role/path/Long",
            "containerDefinitions": [{
                "name": "app", "image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/app:1",
                "portMappings": [{"containerPort": 8080}, {"containerPort": 9, "hostPort": 0, "protocol": "udp"}],
                "healthCheck": {"command": ["CMD", "/healthcheck"]},
                "logConfiguration": {"logDriver": "awslogs", "options": {
                    "awslogs-group": "/ecs/app", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "ecs"}},
                "dockerLabels": {"a": "b"}, "unheard": true,
            }],
            "volumes": [{"name": "scratch"}, {"name": "files", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}],
            "tags": [{"key": "team", "value": "payments"}],
        });
        let answer = sandbox.call("RegisterTaskDefinition", &input);
        let expected = json!({
            "taskDefinitionArn": format!("{ARN}:task-definition/web:1"),
            "family": "web", "revision": 1, "status": "ACTIVE", "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"], "compatibilities": ["EC2", "MANAGED_INSTANCES", "FARGATE"],
            "cpu": "512", "memory": "1024", "enableFaultInjection": false, "placementConstraints": [],
            "taskRoleArn": "arn:aws:iam::111122223333:role/Short",
            "executionRoleArn": "arn:aws:iam::111122223333:role/path/Long",
            "registeredAt": 1_700_000_000.0, "registeredBy": "arn:aws:iam::111122223333:root",
            "volumes": [
                {"name": "scratch", "host": {}, "configuredAtLaunch": false},
                {"name": "files", "efsVolumeConfiguration": {"fileSystemId": "fs-1", "rootDirectory": "/"}},
            ],
            "requiresAttributes": [
                {"name": "com.amazonaws.ecs.capability.docker-remote-api.1.18"},
                {"name": "com.amazonaws.ecs.capability.docker-remote-api.1.19"},
                {"name": "com.amazonaws.ecs.capability.ecr-auth"},
                {"name": "com.amazonaws.ecs.capability.logging-driver.awslogs"},
                {"name": "com.amazonaws.ecs.capability.task-iam-role"},
                {"name": "ecs.capability.container-health-check"},
                {"name": "ecs.capability.efs"},
                {"name": "ecs.capability.execution-role-awslogs"},
                {"name": "ecs.capability.execution-role-ecr-pull"},
                {"name": "ecs.capability.task-eni"},
            ],
            "containerDefinitions": [{
                "name": "app", "image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/app:1",
                "cpu": 0, "essential": true, "environment": [], "mountPoints": [], "volumesFrom": [], "systemControls": [],
                "portMappings": [
                    {"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"},
                    {"containerPort": 9, "hostPort": 9, "protocol": "udp"},
                ],
                "healthCheck": {"command": ["CMD", "/healthcheck"], "interval": 30, "timeout": 5, "retries": 3},
                "logConfiguration": {"logDriver": "awslogs", "options": {
                    "awslogs-group": "/ecs/app", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "ecs"}},
                "dockerLabels": {"a": "b"},
            }],
        });
        assert_eq!(answer["taskDefinition"], expected);
        let tags = json!([{"key": "team", "value": "payments"}]);
        assert_eq!(answer["tags"], tags);

        let bare = sandbox.call("DescribeTaskDefinition", &json!({"taskDefinition": "web"}));
        assert_eq!(bare, json!({ "taskDefinition": expected, "tags": [] }));
        let tagged = json!({"taskDefinition": "web:1", "include": ["TAGS"]});
        let tagged = sandbox.call("DescribeTaskDefinition", &tagged);
        assert_eq!(tagged["tags"], tags);
    }

    #[test]
    fn compatibilities_are_the_launch_types_that_would_accept_the_definition() {
        let container = json!([{"name": "app", "image": "nginx", "memory": 128}]);
        let cases = [
            (json!({}), json!(["EXTERNAL", "EC2"])),
            (
                json!({"networkMode": "host"}),
                json!(["EXTERNAL", "EC2", "MANAGED_INSTANCES"]),
            ),
            (
                json!({"networkMode": "awsvpc"}),
                json!(["EC2", "MANAGED_INSTANCES"]),
            ),
            (
                json!({"networkMode": "awsvpc", "cpu": "256", "memory": "512"}),
                json!(["EC2", "MANAGED_INSTANCES", "FARGATE"]),
            ),
            (
                json!({"networkMode": "awsvpc", "cpu": "1024", "memory": "2048", "runtimePlatform": {
                    "operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}}),
                json!(["EC2", "FARGATE"]),
            ),
        ];
        for (mut input, compatibilities) in cases {
            input["family"] = json!("f");
            input["containerDefinitions"] = container.clone();
            let answer = Sandbox::new().call("RegisterTaskDefinition", &input);
            assert_eq!(
                answer["taskDefinition"]["compatibilities"], compatibilities,
                "{input}"
            );
            assert_eq!(
                answer["taskDefinition"].get("requiresCompatibilities"),
                None
            );
        }
    }
}
