//! The task definitions of Express Mode: those that it makes, and those that it is given.

use serde_json::{Map, Value, json};

use crate::{
    Context, Refusal, World,
    ecs::{
        members::{Members, invalid},
        register, revision,
    },
};

/// The name of the container that traffic goes to.
pub(super) const MAIN: &str = "Main";
/// What a task gets if nothing is said (developer guide, "Resources created by Amazon ECS Express
/// Mode services").
const CPU: &str = "1024";
const MEMORY: &str = "2048";
const PORT: u64 = 80;
/// What a task definition says, so that it can't be said beside one.
pub(super) const PARTS: [&str; 6] = [
    "primaryContainer",
    "executionRoleArn",
    "taskRoleArn",
    "cpu",
    "memory",
    "cpuArchitecture",
];

/// The task definition that is given, beside which its parts can't be.
pub(super) fn given(input: &Map<String, Value>) -> Result<Option<&str>, Refusal> {
    let given = input.text("taskDefinitionArn");
    let besides = PARTS.iter().find(|member| input.contains_key(**member));
    match (given, besides) {
        (Some(_), Some(member)) => Err(invalid(format!(
            "{member} can't be specified together with taskDefinitionArn."
        ))),
        (given, _) => Ok(given),
    }
}

/// The ARN of a revision that Express Mode takes: for Fargate, with a container of that name that
/// has one port mapping of TCP with a port and a name.
pub(super) fn fitting(
    world: &mut World,
    cx: &Context<'_>,
    wanted: &str,
) -> Result<String, Refusal> {
    if !wanted.starts_with("arn:") {
        return Err(invalid("taskDefinitionArn should be an ARN."));
    }
    let revision = revision::usable(world.ecs.region(cx), cx, wanted)?;
    let definition = &revision.definition;
    if !definition
        .texts("requiresCompatibilities")
        .any(|one| one == "FARGATE")
    {
        return Err(invalid(
            "The task definition must have FARGATE compatibility.",
        ));
    }
    let mut containers = definition.objects("containerDefinitions");
    let main = containers.find(|container| container.text("name") == Some(MAIN));
    let main = main.ok_or_else(|| {
        invalid(format!(
            "The task definition must have a container named {MAIN}."
        ))
    })?;
    let mappings: Vec<_> = main.objects("portMappings").collect();
    let fits = match mappings.as_slice() {
        [mapping] => {
            matches!(mapping.text("protocol"), None | Some("tcp"))
                && mapping.contains_key("containerPort")
                && mapping.text("name").is_some_and(|name| !name.is_empty())
        }
        _ => false,
    };
    if !fits {
        return Err(invalid(format!(
            "The container {MAIN} must have a single TCP port mapping with a container port and a port name."
        )));
    }
    Ok(revision.arn())
}

/// Registers the definition that Express Mode makes of an image, and returns its ARN.
pub(super) fn made(
    world: &mut World,
    cx: &Context<'_>,
    input: &Map<String, Value>,
    family: &str,
) -> Result<String, Refusal> {
    for needed in ["primaryContainer", "executionRoleArn"] {
        if !input.contains_key(needed) {
            return Err(invalid(format!("{needed} should not be null.")));
        }
    }
    let base = json!({
        "family": family, "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"], "cpu": CPU, "memory": MEMORY,
        "containerDefinitions": [{
            "name": MAIN, "essential": true,
            "portMappings": [
                {"containerPort": PORT, "name": "main-port", "protocol": "tcp"},
            ],
        }],
    });
    registered(world, cx, base, input)
}

/// Registers a revision of `base` with what the input says of it, and returns its ARN.
pub(super) fn registered(
    world: &mut World,
    cx: &Context<'_>,
    mut base: Value,
    input: &Map<String, Value>,
) -> Result<String, Refusal> {
    for member in ["executionRoleArn", "taskRoleArn", "cpu", "memory"] {
        if let Some(value) = input.get(member) {
            base[member] = value.clone();
        }
    }
    if let Some(architecture) = input.text("cpuArchitecture") {
        base["runtimePlatform"] =
            json!({"cpuArchitecture": architecture, "operatingSystemFamily": "LINUX"});
    }
    let containers = base["containerDefinitions"].as_array_mut();
    let main = containers
        .into_iter()
        .flatten()
        .find(|container| container["name"] == MAIN);
    let given = input.get("primaryContainer").and_then(Value::as_object);
    if let (Some(main), Some(given)) = (main, given) {
        if given.text("image").is_none() {
            return Err(invalid("image should not be null."));
        }
        for member in [
            "image",
            "command",
            "environment",
            "secrets",
            "repositoryCredentials",
        ] {
            if let Some(value) = given.get(member) {
                main[member] = value.clone();
            }
        }
        if let Some(port) = given.get("containerPort") {
            main["portMappings"][0]["containerPort"] = port.clone();
            main["portMappings"][0]["hostPort"] = port.clone();
        }
        if let Some(logs) = given.get("awsLogsConfiguration") {
            main["logConfiguration"] = json!({"logDriver": "awslogs", "options": {
                "awslogs-group": logs["logGroup"], "awslogs-stream-prefix": logs["logStreamPrefix"],
                "awslogs-region": cx.region,
            }});
        }
    }
    let request = base.as_object().expect("an object");
    let answer = register::register(world, cx, request)?;
    let arn = answer.body["taskDefinition"]["taskDefinitionArn"].as_str();
    Ok(arn.unwrap_or_default().to_owned())
}

/// Where the tasks are: in a default VPC if nothing is said.
pub(super) fn network(input: &Map<String, Value>) -> Value {
    let given = input.get("networkConfiguration").cloned();
    json!({"awsvpcConfiguration": given.unwrap_or_else(|| json!({"subnets": ["subnet-0default1"]}))})
}
