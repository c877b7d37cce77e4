//! References between containers: dependsOn, volumesFrom and links.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Draft, client};
use crate::{ecs::members::Members, service::Refusal};

/// Applies the rules to all containers.
pub(super) fn check(draft: &Draft<'_>) -> Result<(), Refusal> {
    for container in draft.containers() {
        check_conditions(draft, container)?;
        let sources = container
            .objects("volumesFrom")
            .map(|source| source.text("sourceContainer").unwrap_or("null"));
        check_known(draft, "volumesFrom", sources)?;
        // API reference, ContainerDefinition, links: a link is the name of a container and, behind
        // a colon, what it is called here.
        let linked = container
            .texts("links")
            .map(|link| link.split_once(':').map_or(link, |(name, _)| name));
        check_known(draft, "links", linked)?;
    }
    check_cycles(draft)
}

fn check_known<'a>(
    draft: &Draft<'_>,
    member: &str,
    mut names: impl Iterator<Item = &'a str>,
) -> Result<(), Refusal> {
    match names.find(|name| draft.container(name).is_none()) {
        Some(name) => Err(client(format!(
            "Invalid '{member}' setting. Unknown container: '{name}'"
        ))),
        None => Ok(()),
    }
}

/// API reference, `ContainerDependency`.
fn check_conditions(draft: &Draft<'_>, container: &Map<String, Value>) -> Result<(), Refusal> {
    for dependency in container.objects("dependsOn") {
        let name = dependency.text("containerName").unwrap_or_default();
        let Some(target) = draft.container(name) else {
            let message = format!("Cannot depend on container '{name}' because it does not exist");
            return Err(client(message));
        };
        if container.text("name") == Some(name) {
            let message = format!("Container '{name}' cannot depend on itself");
            return Err(client(message));
        }
        match dependency.text("condition") {
            Some("COMPLETE" | "SUCCESS") if target.flag("essential") != Some(false) => {
                return Err(client(
                    "A dependency container with SUCCESS or COMPLETE condition cannot be an essential container",
                ));
            }
            Some("HEALTHY") if !target.contains_key("healthCheck") => {
                return Err(client(
                    "A dependency container with HEALTHY condition must have health check configured",
                ));
            }
            Some(_) | None => {}
        }
    }
    Ok(())
}

/// Containers start in the order of their dependencies and stop in reverse, which must exist (API
/// reference, `ContainerDefinition`, dependsOn).
fn check_cycles(draft: &Draft<'_>) -> Result<(), Refusal> {
    let mut waiting: Vec<&Map<String, Value>> = draft.containers().collect();
    let mut started = BTreeSet::new();
    while !waiting.is_empty() {
        let before = waiting.len();
        waiting.retain(|container| {
            let ready = container
                .objects("dependsOn")
                .filter_map(|dependency| dependency.text("containerName"))
                .all(|name| started.contains(name));
            if ready {
                started.extend(container.text("name"));
            }
            !ready
        });
        if waiting.len() == before {
            let names: Vec<&str> = waiting.iter().filter_map(|c| c.text("name")).collect();
            let message = format!(
                "Container dependencies have a cycle among: {}",
                names.join(", ")
            );
            return Err(client(message));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::ecs::rules::fixture::{accepted, app, depends, refused, task, two, with};

    #[test]
    fn references_between_containers() {
        let healthy = json!({"healthCheck": {"command": ["CMD", "true"]}});
        refused(&[
            (
                "Cannot depend on container 'ghost'",
                app(&depends("ghost", "START")),
            ),
            ("cannot depend on itself", app(&depends("app", "START"))),
            (
                "cannot be an essential container",
                two(&depends("other", "SUCCESS"), &json!({})),
            ),
            (
                "cannot be an essential container",
                two(&depends("other", "COMPLETE"), &json!({"essential": true})),
            ),
            (
                "must have health check configured",
                two(&depends("other", "HEALTHY"), &json!({})),
            ),
            (
                "have a cycle among: app, other",
                two(&depends("other", "START"), &depends("app", "START")),
            ),
            (
                "'volumesFrom' setting. Unknown container: 'ghost'",
                app(&json!({"volumesFrom": [{"sourceContainer": "ghost"}]})),
            ),
            (
                "'links' setting. Unknown container: 'ghost'",
                app(&json!({"links": ["ghost:alias"]})),
            ),
            (
                "Links are not supported when networkMode=host",
                with(
                    two(&json!({"links": ["other"]}), &json!({})),
                    &json!({"networkMode": "host"}),
                ),
            ),
            (
                "'proxyConfiguration' setting. Unknown container: 'envoy'",
                task(
                    &json!({"proxyConfiguration": {"containerName": "envoy"}}),
                    &json!({}),
                ),
            ),
        ]);
        accepted(&[
            two(&depends("other", "HEALTHY"), &healthy),
            two(&depends("other", "SUCCESS"), &json!({"essential": false})),
            two(
                &json!({"links": ["other:o"], "volumesFrom": [{"sourceContainer": "other"}]}),
                &json!({}),
            ),
            task(
                &json!({"proxyConfiguration": {"containerName": "app", "type": "APPMESH"}}),
                &json!({}),
            ),
        ]);
    }
}
