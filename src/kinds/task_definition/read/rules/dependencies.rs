//! The order in which containers start.

use std::collections::BTreeSet;

use crate::{
    file::{problem::Problems, tree::Tree},
    kinds::task_definition::read::{
        metrics::waits_for,
        rules::{Container, Task, suggest},
        view::View,
    },
};

pub(crate) fn check(task: &Task<'_>, problems: &mut Problems) {
    for container in &task.containers {
        for (name, span) in waits_for(container.tree) {
            if container.name == Some(name) {
                problems.add(
                    "depends-on-itself",
                    span,
                    "itself",
                    format!("{} waits for itself", container.label()),
                );
            } else if task.container(name).is_none() {
                let problem = problems.add(
                    "undefined-container",
                    span,
                    "not in this task",
                    format!("there is no container `{name}`"),
                );
                suggest(problem, name, &task.names(), "containers");
            }
        }
        for dependency in container.tree.list("dependsOn") {
            condition(task, container, dependency, problems);
        }
    }
    cycles(task, problems);
}

/// ECS API reference, `ContainerDependency`, `condition`.
fn condition(
    task: &Task<'_>,
    container: &Container<'_>,
    dependency: &Tree,
    problems: &mut Problems,
) {
    let on = dependency
        .known_at("containerName")
        .and_then(|name| task.container(name));
    let (Some(on), Some(at)) = (on, dependency.at("condition")) else {
        return;
    };
    match at.known() {
        Some("HEALTHY") if on.tree.at("healthCheck").is_none() => {
            problems
                .add("depends-on-unchecked", &at.span, "nobody checks", format!("{} waits for {} to be healthy, which has no health check", container.label(), on.label()))
                .and(&on.tree.span, "has no `health_check`")
                .help("ECS ignores the health check of an image: give the container a `health_check`, or wait for START");
        }
        Some(end @ ("COMPLETE" | "SUCCESS")) if on.is_essential() => {
            problems
                .add(
                    "depends-on-essential",
                    &at.span,
                    "ends the task",
                    format!(
                        "{} waits for {} to end, with which the task ends",
                        container.label(),
                        on.label()
                    ),
                )
                .and(&on.tree.span, "is essential")
                .help(format!("{end} takes a container with `essential = false`"));
        }
        Some(_) | None => {}
    }
}

/// Reports each cycle once, at the first of its containers in the file.
fn cycles(task: &Task<'_>, problems: &mut Problems) {
    let mut reported: BTreeSet<&str> = BTreeSet::new();
    for container in &task.containers {
        let Some(name) = container.name.filter(|name| !reported.contains(name)) else {
            continue;
        };
        let Some(cycle) = cycle_from(task, name, &mut vec![name], &mut BTreeSet::new()) else {
            continue;
        };
        reported.extend(cycle.iter().copied());
        let span = waits_for(container.tree)
            .into_iter()
            .find(|(on, _)| cycle.get(1) == Some(on))
            .map_or(&container.tree.span, |(_, span)| span);
        problems.add(
            "dependency-cycle",
            span,
            "waits in a circle",
            format!(
                "containers wait for each other: {} → {name}",
                cycle.join(" → ")
            ),
        );
    }
}

/// A way from `last`, the last of `path`, back to the first, of at least two containers. From those
/// in `dead` there is none.
fn cycle_from<'a>(
    task: &Task<'a>,
    last: &'a str,
    path: &mut Vec<&'a str>,
    dead: &mut BTreeSet<&'a str>,
) -> Option<Vec<&'a str>> {
    let container = task.container(last)?;
    for (next, _) in waits_for(container.tree) {
        if Some(&next) == path.first() && path.len() > 1 {
            return Some(path.clone());
        }
        if path.contains(&next) || dead.contains(next) {
            continue;
        }
        path.push(next);
        if let Some(cycle) = cycle_from(task, next, path, dead) {
            return Some(cycle);
        }
        path.pop();
        dead.insert(next);
    }
    None
}
