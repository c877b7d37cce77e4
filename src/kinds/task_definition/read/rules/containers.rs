//! What single members of a container take.

use crate::{
    file::problem::Problems,
    kinds::task_definition::{
        fields::{MOST_EXIT_CODES, ecs},
        read::{
            rules::{Container, Task, range, suggest},
            view::View,
        },
    },
};

pub(crate) fn check(task: &Task<'_>, problems: &mut Problems) {
    for container in &task.containers {
        restart_policy(container, problems);
        linux(container, problems);
        ulimits(container, problems);
        resources(task, container, problems);
        // ECS API reference, `ContainerDefinition`, `credentialSpecs`.
        if let Some(second) = container.tree.list("credentialSpecs").get(1) {
            problems.add(
                "too-many-credential-specs",
                &second.span,
                "one too many",
                format!("{} has more than one credential spec", container.label()),
            );
        }
    }
    proxy(task, problems);
}

/// ECS API reference, `ContainerRestartPolicy`.
fn restart_policy(container: &Container<'_>, problems: &mut Problems) {
    let Some(policy) = container.tree.at("restartPolicy") else {
        return;
    };
    range(
        policy,
        &ecs::RESTART_POLICY,
        "restartAttemptPeriod",
        &container.label(),
        problems,
    );
    let codes = policy.list("ignoredExitCodes");
    if let Some(one_too_many) = codes.get(MOST_EXIT_CODES) {
        problems.add(
            "too-many-exit-codes",
            &one_too_many.span,
            "one too many",
            format!(
                "the restart policy of {} has more than {MOST_EXIT_CODES} exit codes",
                container.label()
            ),
        );
    }
}

/// ECS API reference, `LinuxParameters`.
fn linux(container: &Container<'_>, problems: &mut Problems) {
    let Some(linux) = container.tree.at("linuxParameters") else {
        return;
    };
    let label = container.label();
    for key in ["swappiness", "maxSwap", "sharedMemorySize"] {
        range(linux, &ecs::LINUX_PARAMETERS, key, &label, problems);
    }
    for tmpfs in linux.list("tmpfs") {
        range(tmpfs, &ecs::TMPFS, "size", &label, problems);
    }
}

fn ulimits(container: &Container<'_>, problems: &mut Problems) {
    let label = container.label();
    for ulimit in container.tree.list("ulimits") {
        if let (Some(soft), Some(hard), Some(at)) = (
            ulimit.integer_at("softLimit"),
            ulimit.integer_at("hardLimit"),
            ulimit.at("softLimit"),
        ) && soft > hard
            && hard >= 0
        {
            // Linux manual, setrlimit(2): the hard limit is the ceiling of the soft one.
            problems.add(
                "ulimit",
                &at.span,
                "more than the hard limit",
                format!("the soft limit of {label} is above its hard limit"),
            );
        }
    }
}

/// ECS API reference, `ResourceRequirement`.
fn resources(task: &Task<'_>, container: &Container<'_>, problems: &mut Problems) {
    let devices: Vec<&str> = task
        .request
        .list("inferenceAccelerators")
        .iter()
        .filter_map(|accelerator| accelerator.known_at("deviceName"))
        .collect();
    for requirement in container.tree.list("resourceRequirements") {
        let (Some(value), Some(at)) = (requirement.known_at("value"), requirement.at("value"))
        else {
            continue;
        };
        match requirement.known_at("type") {
            Some("GPU") if value.parse::<u32>().is_err() => {
                problems.add(
                    "resource-requirement",
                    &at.span,
                    "not a number",
                    format!("{} asks for `{value}` GPUs", container.label()),
                );
            }
            Some("InferenceAccelerator") if !devices.contains(&value) => {
                let problem = problems.add(
                    "resource-requirement",
                    &at.span,
                    "no such accelerator",
                    format!("there is no inference accelerator `{value}`"),
                );
                suggest(problem, value, &devices, "inference accelerators");
            }
            Some(_) | None => {}
        }
    }
}

/// ECS API reference, `ProxyConfiguration`.
fn proxy(task: &Task<'_>, problems: &mut Problems) {
    let name = task
        .request
        .at("proxyConfiguration")
        .and_then(|proxy| proxy.at("containerName"));
    let Some((at, known)) = name.and_then(|at| Some((at, at.known()?))) else {
        return;
    };
    if task.container(known).is_none() {
        let problem = problems.add(
            "undefined-container",
            &at.span,
            "not in this task",
            format!("there is no container `{known}`"),
        );
        suggest(problem, known, &task.names(), "containers");
    }
}
