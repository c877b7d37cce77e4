//! What containers with Windows can't have.

use crate::{
    file::{problem::Problems, tree::Tree},
    kinds::task_definition::{
        document::stack_key,
        read::{
            rules::{Task, launch_types::is_set},
            view::View,
        },
    },
};

/// Members of a container that "are not supported for Windows containers" (ECS API reference,
/// `ContainerDefinition`, each of them).
const NOT_IN_CONTAINERS: &[&str] = &[
    "disableNetworking",
    "dnsSearchDomains",
    "dnsServers",
    "extraHosts",
    "links",
    "linuxParameters",
    "privileged",
    "readonlyRootFilesystem",
    "ulimits",
    "user",
];

/// Members of the task of which the same is said (ECS API reference, `RegisterTaskDefinition`).
const NOT_IN_TASKS: &[&str] = &["ipcMode", "pidMode"];

pub(crate) fn check(task: &Task<'_>, problems: &mut Problems) {
    if !task.is_windows() {
        return;
    }
    let mut refuse = |key: &str, of: &str, at: Option<&Tree>| {
        if let Some(at) = at.filter(|at| is_set(at)) {
            let name = stack_key(key);
            problems
                .add(
                    "not-on-windows",
                    &at.span,
                    "not with Windows",
                    format!("`{name}` of {of} is not supported for Windows containers"),
                )
                .help(format!("leave `{name}` out"));
        }
    };
    for key in NOT_IN_TASKS {
        refuse(key, "the task", task.request.at(key));
    }
    for container in &task.containers {
        for key in NOT_IN_CONTAINERS {
            refuse(key, &container.label(), container.tree.at(key));
        }
    }
    // ECS developer guide, "Use Amazon EFS volumes with Amazon ECS": Linux only.
    for volume in task.request.list("volumes") {
        let key = "efsVolumeConfiguration";
        refuse(key, "a volume", volume.at(key));
    }
    // ECS developer guide, "Amazon ECS task definitions for 64-bit ARM workloads": Linux only.
    let platform = task.request.at("runtimePlatform");
    let arm = platform.and_then(|platform| platform.at("cpuArchitecture"));
    if let Some(arm) = arm.filter(|arm| arm.known() == Some("ARM64")) {
        problems
            .add(
                "not-on-windows",
                &arm.span,
                "not with Windows",
                "there is no Windows for ARM64 on Amazon ECS",
            )
            .help("write cpu_architecture = \"X86_64\", or leave it out");
    }
    docker_volumes(task, problems);
}

/// ECS API reference, `DockerVolumeConfiguration`: "Windows containers only support the use of the
/// `local` driver".
fn docker_volumes(task: &Task<'_>, problems: &mut Problems) {
    for volume in task.request.list("volumes") {
        let docker = volume.at("dockerVolumeConfiguration");
        let driver = docker.and_then(|docker| docker.at("driver"));
        let other = |driver: &&Tree| driver.known().is_some_and(|name| name != "local");
        if let Some(driver) = driver.filter(other) {
            problems
                .add(
                    "not-on-windows",
                    &driver.span,
                    "not with Windows",
                    "Docker volumes of Windows containers have the driver local",
                )
                .help("write driver = \"local\"");
        }
    }
}
