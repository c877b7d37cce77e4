//! What each launch type demands of a task definition.

use serde_json::{Map, Value};

use super::{Draft, asks_for, client, log, size};
use crate::{ecs::members::Members, service::Refusal};

/// A launch type that a task definition can be validated against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::ecs) enum LaunchType {
    /// On-premises servers: Amazon ECS Anywhere.
    External,
    /// EC2 instances of the account.
    Ec2,
    /// EC2 instances that Amazon ECS manages.
    ManagedInstances,
    /// AWS Fargate.
    Fargate,
}

/// Container members that Fargate knows but doesn't take (developer guide, Amazon ECS task
/// definition differences for Fargate).
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

/// Container members that Windows containers can't have (API reference, `ContainerDefinition`).
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

/// Windows releases without a Fargate platform (developer guide, Fargate platform versions for
/// Windows).
const WINDOWS_WITHOUT_FARGATE: &[&str] = &[
    "WINDOWS_SERVER_2004_CORE",
    "WINDOWS_SERVER_2016_FULL",
    "WINDOWS_SERVER_20H2_CORE",
];

impl LaunchType {
    /// All of them, in the order in which ECS lists `compatibilities`.
    pub(in crate::ecs) const ALL: [Self; 4] = [
        Self::External,
        Self::Ec2,
        Self::ManagedInstances,
        Self::Fargate,
    ];

    /// The name in the API.
    pub(in crate::ecs) const fn name(self) -> &'static str {
        match self {
            Self::External => "EXTERNAL",
            Self::Ec2 => "EC2",
            Self::ManagedInstances => "MANAGED_INSTANCES",
            Self::Fargate => "FARGATE",
        }
    }

    /// Applies the rules of this launch type.
    pub(in crate::ecs) fn check(self, draft: &Draft<'_>) -> Result<(), Refusal> {
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
    pub(in crate::ecs) fn requires(&self, launch_type: LaunchType) -> bool {
        self.body
            .texts("requiresCompatibilities")
            .any(|name| name == launch_type.name())
    }

    /// The launch types that the task definition can run on.
    pub(in crate::ecs) fn compatibilities(&self) -> Vec<&'static str> {
        LaunchType::ALL
            .into_iter()
            .filter(|launch_type| launch_type.check(self).is_ok())
            .map(LaunchType::name)
            .collect()
    }
}

/// API reference, `RegisterTaskDefinition`, networkMode (left out, or `awsvpc`), pidMode and
/// ipcMode.
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

/// Developer guide, Amazon ECS clusters for external instances: no `awsvpc`, no EFS volumes, no App
/// Mesh.
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

/// Developer guide, Amazon ECS task definition parameters for Amazon ECS Managed Instances: the
/// network modes are `awsvpc`, the default there, `host` and `none`. A definition that names
/// neither the mode nor this launch type has the default of the others.
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
    // API reference, RegisterTaskDefinition, pidMode: Fargate takes task and nothing else.
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
    // API reference, ContainerDefinition, startTimeout and stopTimeout: from 2 to 120 seconds on
    // Fargate.
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
    // Developer guide, Amazon ECS task execution IAM role: Fargate pulls images of private ECR
    // repositories with it.
    let image = container.text("image").unwrap_or_default();
    if is_private_ecr(image) && !draft.has_execution_role() {
        return Err(client(
            "Fargate requires task definition to have execution role ARN to support ECR images.",
        ));
    }
    Ok(())
}

/// Whether an image is in a private repository of Amazon ECR:
/// `ACCOUNT.dkr.ecr.REGION.amazonaws.com/…`.
pub(in crate::ecs) fn is_private_ecr(image: &str) -> bool {
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
    // API reference, KernelCapabilities, add: on Fargate nothing but SYS_PTRACE.
    let added = linux
        .object("capabilities")
        .and_then(|capabilities| capabilities.texts("add").find(|name| *name != "SYS_PTRACE"));
    match added {
        Some(name) => Err(client(format!("{name} is not allowed on Fargate."))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::ecs::rules::fixture::{accepted, app, fargate, log, refused, task, with};

    #[test]
    fn fargate_tasks() {
        let only = |members: Value| fargate(&members, &json!({}));
        let platform = |family: &str, architecture: &str| {
            only(json!({
                "cpu": "1024", "memory": "2048",
                "runtimePlatform": {"operatingSystemFamily": family, "cpuArchitecture": architecture},
            }))
        };
        let mount = json!({"mountPoints": [{"sourceVolume": "v"}]});
        refused(&[
            (
                "only supports network mode ‘awsvpc’",
                only(json!({"networkMode": null})),
            ),
            (
                "only supports network mode ‘awsvpc’",
                only(json!({"networkMode": "bridge"})),
            ),
            (
                "'cpu' be defined at the task level",
                only(json!({"cpu": null})),
            ),
            (
                "'memory' be defined at the task level",
                fargate(&json!({"memory": null}), &json!({"memory": null})),
            ),
            (
                "No Fargate configuration exists",
                only(json!({"memory": "4 GB"})),
            ),
            (
                "No Fargate configuration exists",
                only(
                    json!({"runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_FULL"}}),
                ),
            ),
            (
                "task placement constraints",
                only(json!({"placementConstraints": [{"type": "memberOf", "expression": "x"}]})),
            ),
            ("do not support ipcMode", only(json!({"ipcMode": "task"}))),
            (
                "do not support pidMode 'host'",
                only(json!({"pidMode": "host"})),
            ),
            (
                "runtime platform WINDOWS_SERVER_2016_FULL",
                platform("WINDOWS_SERVER_2016_FULL", "X86_64"),
            ),
            (
                "runtime platform WINDOWS_SERVER_2022_CORE",
                platform("WINDOWS_SERVER_2022_CORE", "ARM64"),
            ),
            (
                "do not support sourcePath",
                fargate(
                    &json!({"volumes": [{"name": "v", "host": {"sourcePath": "/x"}}]}),
                    &mount,
                ),
            ),
            (
                "do not support dockerVolumeConfiguration",
                fargate(
                    &json!({"volumes": [{"name": "v", "dockerVolumeConfiguration": {}}]}),
                    &mount,
                ),
            ),
        ]);
        accepted(&[
            only(json!({"pidMode": "task", "cpu": ".25 vCPU", "memory": "0.5 GB"})),
            only(json!({"requiresCompatibilities": ["EC2", "FARGATE", "MANAGED_INSTANCES"]})),
            platform("LINUX", "ARM64"),
            platform("WINDOWS_SERVER_2022_CORE", "X86_64"),
            fargate(&json!({"volumes": [{"name": "v", "host": {}}]}), &mount),
            task(
                &json!({"requiresCompatibilities": ["EC2"]}),
                &json!({"privileged": true}),
            ),
        ]);
    }

    #[test]
    fn fargate_containers() {
        let only = |members: Value| fargate(&json!({}), &members);
        let linux = |members: Value| only(json!({ "linuxParameters": members }));
        let no_role = |members: Value| fargate(&json!({"executionRoleArn": null}), &members);
        let logs = log(
            "awslogs",
            &json!({"awslogs-group": "g", "awslogs-region": "r", "awslogs-stream-prefix": "p"}),
        );
        let private = json!({"image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/app:1"});
        let s3 = json!({"firelensConfiguration": {"type": "fluentbit", "options": {"config-file-type": "s3"}},
            "logConfiguration": {"logDriver": "awsfirelens"}});
        refused(&[
            (
                "'privileged' setting be 'false'",
                only(json!({"privileged": true})),
            ),
            (
                "do not support dnsServers",
                only(json!({"dnsServers": ["10.0.0.2"]})),
            ),
            (
                "do not support dnsSearchDomains",
                only(json!({"dnsSearchDomains": ["a"]})),
            ),
            (
                "do not support dockerSecurityOptions",
                only(json!({"dockerSecurityOptions": ["no-new-privileges"]})),
            ),
            (
                "GPU resource requirements",
                only(json!({"resourceRequirements": [{"type": "GPU", "value": "1"}]})),
            ),
            (
                "start timeout on container 'app' must be at least 2",
                only(json!({"startTimeout": 1})),
            ),
            (
                "stop timeout on container 'app' must be at least 2",
                only(json!({"stopTimeout": 1})),
            ),
            (
                "stop timeout of less than 120",
                only(json!({"stopTimeout": 121})),
            ),
            (
                "start timeout of less than 120",
                only(json!({"startTimeout": 121})),
            ),
            (
                "do not support devices",
                linux(json!({"devices": [{"hostPath": "/dev/x"}]})),
            ),
            (
                "do not support sharedMemorySize",
                linux(json!({"sharedMemorySize": 64})),
            ),
            (
                "do not support tmpfs",
                linux(json!({"tmpfs": [{"containerPath": "/t", "size": 1}]})),
            ),
            ("do not support maxSwap", linux(json!({"maxSwap": 0}))),
            ("do not support swappiness", linux(json!({"swappiness": 0}))),
            (
                "NET_ADMIN is not allowed on Fargate",
                linux(json!({"capabilities": {"add": ["SYS_PTRACE", "NET_ADMIN"]}})),
            ),
            (
                "json-file is not a valid log driver",
                only(log("json-file", &json!({}))),
            ),
            ("support log driver awslogs", no_role(logs.clone())),
            ("support ECR images", no_role(private.clone())),
            (
                "include awslogs-stream-prefix",
                only(log(
                    "awslogs",
                    &json!({"awslogs-group": "g", "awslogs-region": "r"}),
                )),
            ),
            ("config file from 's3'", only(s3.clone())),
        ]);
        accepted(&[
            only(logs),
            only(private),
            no_role(json!({"privileged": false, "stopTimeout": 120, "startTimeout": 2})),
            linux(
                json!({"capabilities": {"add": ["SYS_PTRACE"], "drop": ["NET_RAW"]}, "initProcessEnabled": true}),
            ),
            app(&s3),
        ]);
    }

    #[test]
    fn other_launch_types_and_windows() {
        let external = |members: Value, container: Value| {
            task(
                &with(json!({"requiresCompatibilities": ["EXTERNAL"]}), &members),
                &container,
            )
        };
        let managed = |members: Value| {
            task(
                &with(
                    json!({"requiresCompatibilities": ["MANAGED_INSTANCES"]}),
                    &members,
                ),
                &json!({}),
            )
        };
        let windows = |members: Value, container: Value| {
            let platform =
                json!({"runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}});
            task(&with(platform, &members), &container)
        };
        let mount = json!({"mountPoints": [{"sourceVolume": "v"}]});
        let volume = |kind: &str, value: Value| json!({"volumes": [{"name": "v", kind: value}]});
        refused(&[
            (
                "External launch type do not support networkMode=awsvpc",
                external(json!({"networkMode": "awsvpc"}), json!({})),
            ),
            (
                "do not support proxyConfiguration",
                external(
                    json!({"proxyConfiguration": {"containerName": "app"}}),
                    json!({}),
                ),
            ),
            (
                "do not support efsVolumeConfiguration",
                external(
                    volume("efsVolumeConfiguration", json!({"fileSystemId": "fs-1"})),
                    mount.clone(),
                ),
            ),
            (
                "do not support configuredAtLaunch",
                external(volume("configuredAtLaunch", json!(true)), mount),
            ),
            (
                "Managed Instances do not support networkMode=bridge",
                managed(json!({"networkMode": "bridge"})),
            ),
            (
                "Managed Instances do not support Windows",
                managed(
                    json!({"runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}}),
                ),
            ),
            (
                "Windows containers do not support networkMode=host",
                windows(json!({"networkMode": "host"}), json!({})),
            ),
            (
                "Windows containers do not support pidMode",
                windows(json!({"pidMode": "task"}), json!({})),
            ),
            (
                "Windows containers do not support privileged",
                windows(json!({}), json!({"privileged": true})),
            ),
            (
                "Windows containers do not support linuxParameters",
                windows(
                    json!({}),
                    json!({"linuxParameters": {"initProcessEnabled": true}}),
                ),
            ),
        ]);
        accepted(&[
            external(json!({"networkMode": "none"}), json!({})),
            managed(json!({})),
            managed(json!({"networkMode": "host"})),
            windows(
                json!({}),
                json!({"privileged": false, "linuxParameters": {}}),
            ),
            windows(json!({"networkMode": "awsvpc"}), json!({})),
        ]);
    }
}
