//! The rules of `RegisterTaskDefinition`: what a task definition must satisfy, one file per
//! subject.

mod compatibility;
mod container;
mod dependency;
#[cfg(test)]
mod fixture;
mod log;
mod port;
mod size;
mod volume;

use serde_json::{Map, Value};

use super::members::{Members, client, duplicate, is_name};
use crate::service::Refusal;

pub(super) use compatibility::{LaunchType, is_private_ecr};

/// How large a task definition may be: 64 KiB (developer guide, Amazon ECS service quotas).
const MAX_BYTES: usize = 65_536;

/// How many containers it may have (developer guide, Amazon ECS service quotas).
const MAX_CONTAINERS: usize = 10;

/// How many placement constraints it may have (API reference, `RegisterTaskDefinition`,
/// placementConstraints).
const MAX_PLACEMENT_CONSTRAINTS: usize = 10;

/// A task definition that is about to be registered.
pub(super) struct Draft<'a> {
    /// The request, whose types have been checked.
    pub(super) body: &'a Map<String, Value>,
    /// The task's CPU units, if given.
    pub(super) cpu: Option<i64>,
    /// The task's memory in MiB, if given.
    pub(super) memory: Option<i64>,
}

impl<'a> Draft<'a> {
    /// Reads the task's size, which can be written in two ways each.
    pub(super) fn new(body: &'a Map<String, Value>) -> Result<Self, Refusal> {
        Ok(Self {
            body,
            cpu: body.text("cpu").map(size::cpu_units).transpose()?,
            memory: body.text("memory").map(size::memory_mib).transpose()?,
        })
    }

    fn containers(&self) -> impl Iterator<Item = &'a Map<String, Value>> + use<'a> {
        self.body.objects("containerDefinitions")
    }

    fn container(&self, name: &str) -> Option<&'a Map<String, Value>> {
        self.containers()
            .find(|container| container.text("name") == Some(name))
    }

    fn network_mode(&self) -> Option<&'a str> {
        self.body.text("networkMode")
    }

    fn has_execution_role(&self) -> bool {
        self.body
            .text("executionRoleArn")
            .is_some_and(|role| !role.is_empty())
    }

    fn is_windows(&self) -> bool {
        self.body
            .object("runtimePlatform")
            .and_then(|platform| platform.text("operatingSystemFamily"))
            .is_some_and(|family| family.starts_with("WINDOWS"))
    }
}

/// Whether a container asks for the thing that `name` stands for: `false`, `""` and an empty list
/// ask for nothing.
fn asks_for(structure: &Map<String, Value>, name: &str) -> bool {
    match structure.get(name) {
        None | Some(Value::Null) => false,
        Some(Value::Bool(on)) => *on,
        Some(Value::Number(_)) => true,
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(members)) => !members.is_empty(),
    }
}

/// Applies every rule that holds whatever the launch type, and those of the launch types that the
/// draft requires.
pub(super) fn check(draft: &Draft<'_>) -> Result<(), Refusal> {
    check_family(draft)?;
    check_containers(draft)?;
    for container in draft.containers() {
        container::check(draft, container)?;
        port::check(draft, container)?;
        log::check(container)?;
    }
    port::check_names(draft)?;
    log::check_routers(draft)?;
    volume::check(draft)?;
    dependency::check(draft)?;
    size::check(draft)?;
    check_task(draft)?;
    compatibility::check_windows(draft)?;
    for launch_type in LaunchType::ALL {
        if draft.requires(launch_type) {
            launch_type.check(draft)?;
        }
    }
    check_length(draft)
}

/// API reference, `RegisterTaskDefinition`, family: up to 255 letters, numbers, underscores and
/// hyphens.
fn check_family(draft: &Draft<'_>) -> Result<(), Refusal> {
    match draft.body.text("family") {
        None | Some("") => Err(client("Family should not be null or empty.")),
        Some(family) if is_name(family) => Ok(()),
        Some(family) if family.len() > 255 => {
            Err(client("Family cannot be more than 255 characters long."))
        }
        Some(_) => Err(client("Family contains invalid characters.")),
    }
}

/// API reference, `ContainerDefinition`, name and essential; the limit is a service quota.
fn check_containers(draft: &Draft<'_>) -> Result<(), Refusal> {
    match draft.containers().count() {
        0 => return Err(client("Container list cannot be empty.")),
        count if count > MAX_CONTAINERS => return Err(client("Too many containers.")),
        _ => {}
    }
    for container in draft.containers() {
        match container.text("name") {
            None | Some("") => {
                return Err(client("Container.name should not be null or empty."));
            }
            Some(name) if name.len() > 255 => {
                return Err(client(
                    "Container.name cannot be more than 255 characters long.",
                ));
            }
            Some(name) if !is_name(name) => {
                return Err(client("Container.name contains invalid characters."));
            }
            Some(_) => {}
        }
    }
    if duplicate(draft.containers().filter_map(|c| c.text("name"))).is_some() {
        let message = "Container names must be unique within a task definition.";
        return Err(client(message));
    }
    // API reference, ContainerDefinition, essential: it is true unless it is said to be false.
    if draft
        .containers()
        .all(|container| container.flag("essential") == Some(false))
    {
        let message = "Task definition doesn't have any essential container.";
        return Err(client(message));
    }
    Ok(())
}

fn check_task(draft: &Draft<'_>) -> Result<(), Refusal> {
    check_placement(draft)?;
    check_accelerators(draft)?;
    // API reference, ProxyConfiguration, containerName: it names the container that is the proxy.
    if let Some(proxy) = draft.body.object("proxyConfiguration") {
        let name = proxy.text("containerName").unwrap_or_default();
        if draft.container(name).is_none() {
            let message =
                format!("Invalid 'proxyConfiguration' setting. Unknown container: '{name}'");
            return Err(client(message));
        }
    }
    // API reference, EphemeralStorage, sizeInGiB: from 21 to 200.
    let storage = draft.body.object("ephemeralStorage");
    match storage.and_then(|storage| storage.integer("sizeInGiB")) {
        Some(size) if size < 21 => Err(client("EphemeralStorage size should be at least 21")),
        Some(size) if size > 200 => Err(client("EphemeralStorage size should be at most 200")),
        Some(_) | None => Ok(()),
    }
}

fn check_placement(draft: &Draft<'_>) -> Result<(), Refusal> {
    let constraints = draft.body.list("placementConstraints");
    if constraints.len() > MAX_PLACEMENT_CONSTRAINTS {
        let message = format!(
            "A task definition can have at most {MAX_PLACEMENT_CONSTRAINTS} placement constraints."
        );
        return Err(client(message));
    }
    // API reference, TaskDefinitionPlacementConstraint: `memberOf` selects by an expression of the
    // cluster query language.
    for constraint in draft.body.objects("placementConstraints") {
        if constraint.text("type").is_none() {
            let message = "PlacementConstraint.type should not be null or empty.";
            return Err(client(message));
        }
        if constraint.text("expression").is_none_or(str::is_empty) {
            let message = "PlacementConstraint.expression should not be null or empty.";
            return Err(client(message));
        }
    }
    Ok(())
}

/// API reference, `InferenceAccelerator`, deviceName, and `ResourceRequirement`, value:
/// accelerators and the containers that use them name each other.
fn check_accelerators(draft: &Draft<'_>) -> Result<(), Refusal> {
    let wanted: Vec<&str> = draft
        .containers()
        .flat_map(|container| container.objects("resourceRequirements"))
        .filter(|requirement| requirement.text("type") == Some("InferenceAccelerator"))
        .filter_map(|requirement| requirement.text("value"))
        .collect();
    let offered: Vec<&str> = draft
        .body
        .objects("inferenceAccelerators")
        .filter_map(|accelerator| accelerator.text("deviceName"))
        .collect();
    if let Some(unused) = offered.iter().find(|name| !wanted.contains(name)) {
        let message = format!("Inference accelerator '{unused}' is not used by any container.");
        return Err(client(message));
    }
    if let Some(unknown) = wanted.iter().find(|name| !offered.contains(name)) {
        let message = format!("Unknown inference accelerator '{unknown}'.");
        return Err(client(message));
    }
    Ok(())
}

/// The quota counts the definition itself; tags are kept beside it.
fn check_length(draft: &Draft<'_>) -> Result<(), Refusal> {
    let length = Value::from(draft.body.clone()).to_string().len();
    if length > MAX_BYTES {
        let message =
            format!("Actual length: '{length}'. Max allowed length is '{MAX_BYTES}' bytes.");
        return Err(client(message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::fixture::{accepted, app, depends, fargate, log, ports, refused, task, two};

    #[test]
    fn the_least_that_is_accepted() {
        accepted(&[
            app(&json!({})),
            fargate(&json!({}), &json!({"memory": null})),
            task(&json!({"memory": "512"}), &json!({"memory": null})),
        ]);
    }

    #[test]
    fn families_and_containers() {
        let many: Vec<Value> = (0..11)
            .map(|n| json!({"name": format!("c{n}"), "image": "nginx", "memory": 6}))
            .collect();
        let long = "n".repeat(256);
        refused(&[
            (
                "family should not be null",
                task(&json!({"family": null}), &json!({})),
            ),
            (
                "Family should not be null",
                task(&json!({"family": ""}), &json!({})),
            ),
            (
                "Family contains invalid",
                task(&json!({"family": "a b"}), &json!({})),
            ),
            (
                "Family cannot be more",
                task(&json!({ "family": long }), &json!({})),
            ),
            (
                "Container list cannot be empty",
                task(&json!({"containerDefinitions": []}), &json!({})),
            ),
            (
                "Container list cannot be empty",
                task(&json!({"containerDefinitions": null}), &json!({})),
            ),
            (
                "Too many containers",
                task(&json!({ "containerDefinitions": many }), &json!({})),
            ),
            (
                "Container.name should not be null",
                app(&json!({"name": null})),
            ),
            (
                "Container.name contains invalid",
                app(&json!({"name": "a.b"})),
            ),
            (
                "Container.name cannot be more",
                app(&json!({ "name": long })),
            ),
            ("must be unique", two(&json!({}), &json!({"name": "app"}))),
            (
                "any essential container",
                two(&json!({"essential": false}), &json!({"essential": false})),
            ),
            (
                "Actual length: '",
                app(&json!({"environment": [{"name": "A", "value": "v".repeat(65_536)}]})),
            ),
        ]);
        accepted(&[
            app(&json!({ "name": "n".repeat(255) })),
            task(&json!({ "containerDefinitions": many[..10] }), &json!({})),
            task(&json!({ "family": "n".repeat(255) }), &json!({})),
            two(&json!({"essential": false}), &json!({})),
            app(&json!({"environment": [{"name": "A", "value": "v".repeat(65_000)}]})),
        ]);
    }

    #[test]
    fn the_length_counts_every_byte() {
        let of_length = |value: usize| {
            app(&json!({"environment": [{"name": "A", "value": "v".repeat(value)}]}))
        };
        // What is around the value in the definition.
        let around = of_length(0).to_string().len();
        accepted(&[of_length(65_536 - around)]);
        refused(&[("Actual length: '65537'", of_length(65_537 - around))]);
    }

    #[test]
    fn choices() {
        refused(&[
            (
                "networkMode should be one of",
                task(&json!({"networkMode": "default"}), &json!({})),
            ),
            (
                "requiresCompatibilities should be one of",
                task(&json!({"requiresCompatibilities": ["LAMBDA"]}), &json!({})),
            ),
            (
                "pidMode should be one of",
                task(&json!({"pidMode": "container"}), &json!({})),
            ),
            (
                "ipcMode should be one of",
                task(&json!({"ipcMode": "container"}), &json!({})),
            ),
            (
                "cpuArchitecture should be one of",
                task(
                    &json!({"runtimePlatform": {"cpuArchitecture": "RISCV"}}),
                    &json!({}),
                ),
            ),
            (
                "operatingSystemFamily should be one of",
                task(
                    &json!({"runtimePlatform": {"operatingSystemFamily": "BEOS"}}),
                    &json!({}),
                ),
            ),
            (
                "protocol should be one of",
                ports("", &json!([{"containerPort": 1, "protocol": "sctp"}])),
            ),
            (
                "logDriver should be one of",
                app(&log("logentries", &json!({}))),
            ),
            (
                "condition should be one of",
                two(&depends("other", "READY"), &json!({})),
            ),
            (
                "versionConsistency should be one of",
                app(&json!({"versionConsistency": "on"})),
            ),
            (
                "name should be one of",
                app(&json!({"ulimits": [{"name": "x", "softLimit": 1, "hardLimit": 1}]})),
            ),
            (
                "hardLimit should not be null",
                app(&json!({"ulimits": [{"name": "nofile", "softLimit": 1}]})),
            ),
        ]);
    }

    #[test]
    fn task_members() {
        let constraint =
            json!({"type": "memberOf", "expression": "attribute:ecs.os-type == linux"});
        let constraints =
            |count: usize| json!({"placementConstraints": vec![constraint.clone(); count]});
        let storage =
            |gib: i64| fargate(&json!({"ephemeralStorage": {"sizeInGiB": gib}}), &json!({}));
        refused(&[
            (
                "at most 10 placement constraints",
                task(&constraints(11), &json!({})),
            ),
            (
                "PlacementConstraint.type",
                task(
                    &json!({"placementConstraints": [{"expression": "x"}]}),
                    &json!({}),
                ),
            ),
            (
                "PlacementConstraint.expression",
                task(
                    &json!({"placementConstraints": [{"type": "memberOf"}]}),
                    &json!({}),
                ),
            ),
            ("should be at least 21", storage(20)),
            ("should be at most 200", storage(201)),
            (
                "sizeInGiB should not be null",
                task(&json!({"ephemeralStorage": {}}), &json!({})),
            ),
        ]);
        accepted(&[
            task(&constraints(10), &json!({})),
            storage(21),
            storage(200),
        ]);
    }
}
