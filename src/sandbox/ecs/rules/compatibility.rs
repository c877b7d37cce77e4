//! What each launch type demands of a task definition.

use serde_json::{Map, Value};

use super::{Draft, asks_for, client, log, size};
use crate::sandbox::{ecs::members::Members, service::Refusal};

/// A launch type that a task definition can be validated against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::sandbox::ecs) enum LaunchType {
    /// On-premises servers: Amazon ECS Anywhere.
    External,
    /// EC2 instances of the account.
    Ec2,
    /// EC2 instances that Amazon ECS manages.
    ManagedInstances,
    /// AWS Fargate.
    Fargate,
}

/// Container members that Fargate knows but doesn't take (developer guide, Amazon ECS task definition differences for Fargate).
const NOT_ON_FARGATE: &[&str] = &[
    "disableNetworking",
    "dnsSearchDomains",
    "dnsServers",
    "dockerSecurityOptions",
    "extraHosts",
    "links",
];

/// Members of `linuxParameters` that Fargate doesn't take (same page).
const NOT_ON_FARGATE_LINUX: &[&str] = &[
    "devices",
    "sharedMemorySize",
    "tmpfs",
    "maxSwap",
    "swappiness",
];

/// Container members "not supported for Windows containers" (API reference, `ContainerDefinition`).
const NOT_ON_WINDOWS: &[&str] = &[
    "disableNetworking",
    "dnsSearchDomains",
    "dnsServers",
    "extraHosts",
    "linuxParameters",
    "links",
    "privileged",
    "readonlyRootFilesystem",
    "user",
];

/// Windows releases without a Fargate platform (developer guide, Fargate platform versions for Windows).
const WINDOWS_WITHOUT_FARGATE: &[&str] = &[
    "WINDOWS_SERVER_2004_CORE",
    "WINDOWS_SERVER_2016_FULL",
    "WINDOWS_SERVER_20H2_CORE",
];

impl LaunchType {
    /// All of them, in the order in which ECS lists `compatibilities`.
    pub(in crate::sandbox::ecs) const ALL: [Self; 4] = [
        Self::External,
        Self::Ec2,
        Self::ManagedInstances,
        Self::Fargate,
    ];

    /// The name in the API.
    pub(in crate::sandbox::ecs) const fn name(self) -> &'static str {
        match self {
            Self::External => "EXTERNAL",
            Self::Ec2 => "EC2",
            Self::ManagedInstances => "MANAGED_INSTANCES",
            Self::Fargate => "FARGATE",
        }
    }

    /// Applies the rules of this launch type.
    pub(in crate::sandbox::ecs) fn check(self, draft: &Draft<'_>) -> Result<(), Refusal> {
        match self {
            Self::External => check_external(draft),
            Self::Ec2 => Ok(()),
            Self::ManagedInstances => check_managed_instances(draft),
            Self::Fargate => check_fargate(draft),
        }
    }
}

impl Draft<'_> {
    /// Whether the task definition asks to be validated against `launch_type`.
    pub(in crate::sandbox::ecs) fn requires(&self, launch_type: LaunchType) -> bool {
        self.body
            .texts("requiresCompatibilities")
            .any(|name| name == launch_type.name())
    }

    /// The launch types that the task definition can run on.
    pub(in crate::sandbox::ecs) fn compatibilities(&self) -> Vec<&'static str> {
        LaunchType::ALL
            .into_iter()
            .filter(|launch_type| launch_type.check(self).is_ok())
            .map(LaunchType::name)
            .collect()
    }
}

/// API reference, `RegisterTaskDefinition`, networkMode ("<default> or awsvpc can be used"), pidMode and ipcMode.
pub(super) fn check_windows(draft: &Draft<'_>) -> Result<(), Refusal> {
    if !draft.is_windows() {
        return Ok(());
    }
    if let Some(mode @ ("bridge" | "host" | "none")) = draft.network_mode() {
        let message = format!("Windows containers do not support networkMode={mode}.");
        return Err(client(message));
    }
    let task = ["pidMode", "ipcMode"]
        .into_iter()
        .find(|member| asks_for(draft.body, member));
    let unsupported = task.or_else(|| {
        draft.containers().find_map(|container| {
            let mut members = NOT_ON_WINDOWS.iter().copied();
            members.find(|member| asks_for(container, member))
        })
    });
    match unsupported {
        Some(member) => Err(client(format!(
            "Windows containers do not support {member}."
        ))),
        None => Ok(()),
    }
}

/// Developer guide, Amazon ECS clusters for external instances: no `awsvpc`, no EFS volumes, no App Mesh.
fn check_external(draft: &Draft<'_>) -> Result<(), Refusal> {
    if draft.network_mode() == Some("awsvpc") {
        return Err(client(
            "Tasks using the External launch type do not support networkMode=awsvpc.",
        ));
    }
    if draft.body.contains_key("proxyConfiguration") {
        return Err(client(
            "Tasks using the External launch type do not support proxyConfiguration.",
        ));
    }
    let remote = ["efsVolumeConfiguration", "configuredAtLaunch"];
    let volume = draft
        .body
        .objects("volumes")
        .find_map(|volume| remote.into_iter().find(|kind| asks_for(volume, kind)));
    match volume {
        Some(kind) => Err(client(format!(
            "Tasks using the External launch type do not support {kind}."
        ))),
        None => Ok(()),
    }
}

/// Developer guide, Amazon ECS task definition parameters for Amazon ECS Managed Instances: the network modes are `awsvpc`, the
/// default there, `host` and `none`. A definition that names neither the mode nor this launch type has the default of the others.
fn check_managed_instances(draft: &Draft<'_>) -> Result<(), Refusal> {
    let bridged = match draft.network_mode() {
        None => !draft.requires(LaunchType::ManagedInstances),
        Some(mode) => mode == "bridge",
    };
    if bridged {
        return Err(client(
            "Amazon ECS Managed Instances do not support networkMode=bridge.",
        ));
    }
    if draft.is_windows() {
        return Err(client(
            "Amazon ECS Managed Instances do not support Windows containers.",
        ));
    }
    Ok(())
}

/// Developer guide, Amazon ECS task definition differences for Fargate.
fn check_fargate(draft: &Draft<'_>) -> Result<(), Refusal> {
    check_fargate_task(draft)?;
    for container in draft.containers() {
        check_fargate_container(draft, container)?;
        check_fargate_linux(container)?;
        log::check_fargate(draft, container)?;
    }
    for volume in draft.body.objects("volumes") {
        let host = volume.object("host");
        let unsupported = if host.is_some_and(|host| asks_for(host, "sourcePath")) {
            "sourcePath"
        } else if volume.contains_key("dockerVolumeConfiguration") {
            "dockerVolumeConfiguration"
        } else {
            continue;
        };
        return Err(not_on_fargate(unsupported));
    }
    Ok(())
}

fn not_on_fargate(member: &str) -> Refusal {
    client(format!(
        "Fargate compatible task definitions do not support {member}"
    ))
}

fn check_fargate_task(draft: &Draft<'_>) -> Result<(), Refusal> {
    if draft.network_mode() != Some("awsvpc") {
        return Err(client("Fargate only supports network mode ‘awsvpc’."));
    }
    let required = |value: Option<i64>, name: &str| {
        let message = format!("Fargate requires that '{name}' be defined at the task level.");
        value.ok_or_else(|| client(message))
    };
    let (cpu, memory) = (
        required(draft.cpu, "cpu")?,
        required(draft.memory, "memory")?,
    );
    if !size::fargate_offers(cpu, memory, draft.is_windows()) {
        let message = "No Fargate configuration exists for given values.";
        return Err(client(message));
    }
    if asks_for(draft.body, "placementConstraints") {
        let message = "Fargate does not support task placement constraints.";
        return Err(client(message));
    }
    if asks_for(draft.body, "ipcMode") {
        let message = "Tasks using the Fargate launch type do not support ipcMode.";
        return Err(client(message));
    }
    // API reference, RegisterTaskDefinition, pidMode: "On Fargate for Linux containers, the only valid value is `task`."
    if draft.body.text("pidMode") == Some("host") {
        return Err(client(
            "Tasks using the Fargate launch type do not support pidMode 'host'. The supported value for pidMode is 'task'.",
        ));
    }
    let platform = draft.body.object("runtimePlatform");
    let member = |name| platform.and_then(|platform| platform.text(name));
    let family = member("operatingSystemFamily").unwrap_or("LINUX");
    let windows_on_arm = draft.is_windows() && member("cpuArchitecture") == Some("ARM64");
    if WINDOWS_WITHOUT_FARGATE.contains(&family) || windows_on_arm {
        let message = format!("Fargate does not support the runtime platform {family}.");
        return Err(client(message));
    }
    Ok(())
}

fn check_fargate_container(
    draft: &Draft<'_>,
    container: &Map<String, Value>,
) -> Result<(), Refusal> {
    if container.flag("privileged") == Some(true) {
        let message = "Fargate requires that the 'privileged' setting be 'false'.";
        return Err(client(message));
    }
    if let Some(member) = NOT_ON_FARGATE.iter().find(|m| asks_for(container, m)) {
        return Err(not_on_fargate(member));
    }
    let mut requirements = container.objects("resourceRequirements");
    if requirements.any(|requirement| requirement.text("type") == Some("GPU")) {
        return Err(client(
            "Tasks using the Fargate launch type do not support GPU resource requirements.",
        ));
    }
    // API reference, ContainerDefinition, startTimeout and stopTimeout: "The valid values for Fargate are 2-120 seconds."
    for (member, word) in [("startTimeout", "start"), ("stopTimeout", "stop")] {
        let name = container.text("name").unwrap_or_default();
        match container.integer(member) {
            Some(seconds) if seconds < 2 => {
                let message = format!(
                    "Granular {word} timeout on container '{name}' must be at least 2 seconds."
                );
                return Err(client(message));
            }
            Some(seconds) if seconds > 120 => {
                let message = format!(
                    "Tasks using the Fargate launch type must have a container {word} timeout of less than 120 seconds."
                );
                return Err(client(message));
            }
            Some(_) | None => {}
        }
    }
    // Developer guide, Amazon ECS task execution IAM role: Fargate pulls images of private ECR repositories with it.
    let image = container.text("image").unwrap_or_default();
    if is_private_ecr(image) && !draft.has_execution_role() {
        return Err(client(
            "Fargate requires task definition to have execution role ARN to support ECR images.",
        ));
    }
    Ok(())
}

/// Whether an image is in a private repository of Amazon ECR: `ACCOUNT.dkr.ecr.REGION.amazonaws.com/…`.
pub(in crate::sandbox::ecs) fn is_private_ecr(image: &str) -> bool {
    let registry = image
        .split_once('/')
        .map_or(image, |(registry, _)| registry);
    registry.contains(".dkr.ecr.") || registry.contains(".dkr-ecr.")
}

fn check_fargate_linux(container: &Map<String, Value>) -> Result<(), Refusal> {
    let Some(linux) = container.object("linuxParameters") else {
        return Ok(());
    };
    if let Some(member) = NOT_ON_FARGATE_LINUX.iter().find(|m| asks_for(linux, m)) {
        return Err(not_on_fargate(member));
    }
    // API reference, KernelCapabilities, add: "Tasks launched on Fargate only support adding the SYS_PTRACE kernel capability."
    let added = linux
        .object("capabilities")
        .and_then(|capabilities| capabilities.texts("add").find(|name| *name != "SYS_PTRACE"));
    match added {
        Some(name) => Err(client(format!("{name} is not allowed on Fargate."))),
        None => Ok(()),
    }
}
