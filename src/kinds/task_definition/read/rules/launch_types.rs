//! What some launch types can't do.

use crate::{
    ecs_shape::{self, Shape},
    file::{
        problem::Problems,
        reader::listed,
        tree::{Tree, Value},
    },
    kinds::task_definition::{
        document::stack_key,
        fields::LONGEST_FARGATE_TIMEOUT,
        read::{
            launch::{LaunchType, Network},
            rules::{Container, Task, within},
            view::View,
        },
    },
};

/// Members of a container, as paths, that are not valid on Fargate (ECS developer guide, "Amazon
/// ECS task definition differences for Fargate"; ECS API reference, `LinuxParameters`). The guide
/// still names `tmpfs`, which Fargate has had since 2026-01 (AWS What's New, "Amazon ECS now
/// supports tmpfs mounts on AWS Fargate and ECS Managed Instances").
const NOT_ON_FARGATE: &[&[&str]] = &[
    &["disableNetworking"],
    &["dnsSearchDomains"],
    &["dnsServers"],
    &["dockerSecurityOptions"],
    &["extraHosts"],
    &["links"],
    &["privileged"],
    &["linuxParameters", "devices"],
    &["linuxParameters", "maxSwap"],
    &["linuxParameters", "sharedMemorySize"],
    &["linuxParameters", "swappiness"],
];

/// The log drivers by launch type (ECS API reference, `LogConfiguration`; for managed instances ECS
/// developer guide, "Amazon ECS task definition parameters for Amazon ECS Managed Instances").
const FARGATE_DRIVERS: &[&str] = &["awslogs", "splunk", "awsfirelens"];
const MANAGED_DRIVERS: &[&str] = &["awslogs", "splunk", "awsfirelens", "json-file"];

pub(crate) fn check(task: &Task<'_>, problems: &mut Problems) {
    if task.is_on_fargate() {
        fargate(task, problems);
    }
    if task.launch.has(LaunchType::External) {
        external(task, problems);
    }
    // ECS API reference, `ManagedInstancesNetworkConfiguration`: awsvpc, host and none.
    if task.launch.has(LaunchType::ManagedInstances)
        && let Some(mode) = task
            .request
            .at("networkMode")
            .filter(|mode| mode.known() == Some("bridge"))
    {
        problems.add(
            "not-on-managed-instances",
            &mode.span,
            "not on managed instances",
            "managed instances have no network mode bridge",
        );
    }
    for container in &task.containers {
        log_driver(task, container, problems);
    }
}

fn fargate(task: &Task<'_>, problems: &mut Problems) {
    let mode = task.request.at("networkMode");
    // ECS API reference, `RegisterTaskDefinition`, `networkMode`.
    if task.network != Network::Awsvpc && task.network != Network::Unknown {
        let span = mode.map_or(&task.request.span, |mode| &mode.span);
        problems
            .add(
                "fargate-network",
                span,
                "not on Fargate",
                "a task on Fargate needs the network mode awsvpc",
            )
            .help("write network_mode = \"awsvpc\"");
    }
    for key in ["ipcMode", "placementConstraints", "inferenceAccelerators"] {
        if let Some(at) = task.request.at(key).filter(|at| is_set(at)) {
            not_on_fargate(key, "the task", at, problems);
        }
    }
    if let Some(pid) = task
        .request
        .at("pidMode")
        .filter(|pid| pid.known() == Some("host"))
    {
        // ECS API reference, `RegisterTaskDefinition`, `pidMode`.
        problems.add(
            "not-on-fargate",
            &pid.span,
            "not on Fargate",
            "on Fargate the only `pid_mode` is task",
        );
    }
    for container in &task.containers {
        fargate_container(container, problems);
    }
    for volume in task.request.list("volumes") {
        let source = volume.at("host").and_then(|host| host.at("sourcePath"));
        for (key, at) in [
            (
                "dockerVolumeConfiguration",
                volume.at("dockerVolumeConfiguration"),
            ),
            ("sourcePath", source),
        ] {
            if let Some(at) = at {
                not_on_fargate(key, "a volume", at, problems);
            }
        }
    }
}

fn fargate_container(container: &Container<'_>, problems: &mut Problems) {
    let label = container.label();
    for path in NOT_ON_FARGATE {
        let at = path
            .iter()
            .try_fold(container.tree, |tree, key| tree.at(key));
        if let (Some(at), Some(key)) = (at.filter(|at| is_set(at)), path.last()) {
            not_on_fargate(key, &label, at, problems);
        }
    }
    let capabilities = container
        .tree
        .at("linuxParameters")
        .and_then(|linux| linux.at("capabilities"));
    let added = capabilities
        .map(|capabilities| capabilities.list("add"))
        .unwrap_or_default();
    for capability in added {
        // ECS API reference, `KernelCapabilities`, `add`.
        if capability.known().is_some_and(|name| name != "SYS_PTRACE") {
            problems.add(
                "not-on-fargate",
                &capability.span,
                "not on Fargate",
                format!(
                    "{label} adds a capability, of which Fargate lets only SYS_PTRACE be added"
                ),
            );
        }
    }
    for requirement in container.tree.list("resourceRequirements") {
        not_on_fargate("resourceRequirements", &label, requirement, problems);
    }
    // ECS API reference, `ContainerDefinition`, `startTimeout` and `stopTimeout`.
    for key in ["startTimeout", "stopTimeout"] {
        within(
            container.tree,
            key,
            2..=LONGEST_FARGATE_TIMEOUT,
            &format!("{label} on Fargate"),
            problems,
        );
    }
    let firelens = container
        .tree
        .at("firelensConfiguration")
        .and_then(|firelens| firelens.at("options"));
    let source = firelens.and_then(|options| options.at("config-file-type"));
    if let Some(source) = source.filter(|source| source.known() == Some("s3")) {
        // ECS API reference, `FirelensConfiguration`, `options`.
        problems.add(
            "not-on-fargate",
            &source.span,
            "not on Fargate",
            "on Fargate the configuration of FireLens has to be a file",
        );
    }
}

/// Returns whether a value says more than leaving it out: `false`, empty lists, and tables of
/// nothing else don't.
pub(super) fn is_set(tree: &Tree) -> bool {
    match &tree.value {
        Value::Bool(value) => *value,
        Value::List(elements) => !elements.is_empty(),
        Value::Table(table) => table.entries.iter().any(|(_, value)| is_set(value)),
        Value::Integer(_) | Value::Float(_) | Value::Text(_) => true,
    }
}

fn not_on_fargate(key: &str, of: &str, at: &Tree, problems: &mut Problems) {
    let name = stack_key(key);
    problems.add(
        "not-on-fargate",
        &at.span,
        "not on Fargate",
        format!("`{name}` of {of} is not to be had on Fargate"),
    );
}

/// ECS developer guide, "Amazon ECS clusters for external instances", "Considerations".
fn external(task: &Task<'_>, problems: &mut Problems) {
    if task.network == Network::Awsvpc
        && let Some(mode) = task.request.at("networkMode")
    {
        problems.add(
            "not-on-external",
            &mode.span,
            "not on external instances",
            "external instances have no network mode awsvpc",
        );
    }
    if let Some(proxy) = task.request.at("proxyConfiguration") {
        problems.add(
            "not-on-external",
            &proxy.span,
            "not on external instances",
            "external instances have no App Mesh",
        );
    }
    for volume in task.request.list("volumes") {
        if let Some(efs) = volume.at("efsVolumeConfiguration") {
            problems.add(
                "not-on-external",
                &efs.span,
                "not on external instances",
                "external instances have no EFS volumes",
            );
        }
    }
}

/// Returns whether there is such a driver anywhere.
fn is_driver(name: &str) -> bool {
    let configuration = ecs_shape::structure("LogConfiguration");
    let driver = configuration.and_then(|configuration| configuration.member("logDriver"));
    driver.is_some_and(|member| matches!(&member.shape, Shape::Text(all) if all.contains(&name)))
}

fn log_driver(task: &Task<'_>, container: &Container<'_>, problems: &mut Problems) {
    let driver = container
        .tree
        .at("logConfiguration")
        .and_then(|logs| logs.at("logDriver"));
    // A driver that there is nowhere is reported as such, or newer than this list.
    let Some(driver) = driver.filter(|at| at.known().is_none_or(is_driver)) else {
        return;
    };
    for (on, place, drivers) in [
        (task.is_on_fargate(), "Fargate", FARGATE_DRIVERS),
        (
            task.launch.has(LaunchType::ManagedInstances),
            "managed instances",
            MANAGED_DRIVERS,
        ),
    ] {
        let Some(name) = driver.known().filter(|name| on && !drivers.contains(name)) else {
            continue;
        };
        problems
            .add(
                "log-driver",
                &driver.span,
                format!("not on {place}"),
                format!(
                    "{} logs by {name}, which is not to be had on {place}",
                    container.label()
                ),
            )
            .help(format!("there are {}", listed(drivers)));
    }
}
