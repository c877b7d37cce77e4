//! What a container definition must satisfy by itself.

use serde_json::{Map, Value};

use super::{Draft, asks_for, client};
use crate::{
    ecs::members::{Members, duplicate},
    service::Refusal,
};

/// The capabilities that can be added and dropped (API reference, `KernelCapabilities`).
const CAPABILITIES: &[&str] = &[
    "ALL",
    "AUDIT_CONTROL",
    "AUDIT_WRITE",
    "BLOCK_SUSPEND",
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "IPC_LOCK",
    "IPC_OWNER",
    "KILL",
    "LEASE",
    "LINUX_IMMUTABLE",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "MKNOD",
    "NET_ADMIN",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_CHROOT",
    "SYS_MODULE",
    "SYS_NICE",
    "SYS_PACCT",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "SYSLOG",
    "WAKE_ALARM",
];

/// The kernel parameters of the IPC namespace that can be set (API reference, `SystemControl`).
const IPC_CONTROLS: &[&str] = &[
    "kernel.msgmax",
    "kernel.msgmnb",
    "kernel.msgmni",
    "kernel.sem",
    "kernel.shmall",
    "kernel.shmmax",
    "kernel.shmmni",
    "kernel.shm_rmid_forced",
];

/// Applies the rules to one container.
pub(super) fn check(draft: &Draft<'_>, container: &Map<String, Value>) -> Result<(), Refusal> {
    check_image(container)?;
    check_health(container)?;
    check_restarts(container)?;
    check_environment(container)?;
    check_secrets(draft, container)?;
    check_linux(container)?;
    check_system_controls(draft, container)?;
    check_network(draft, container)?;
    // API reference, ContainerDefinition, credentialSpecs: one at most.
    if container.list("credentialSpecs").len() > 1 {
        return Err(client("Too many credentialSpecs. The maximum is 1."));
    }
    // API reference, ResourceRequirement, value: for a GPU, the number of GPUs.
    for requirement in container.objects("resourceRequirements") {
        let count = requirement
            .text("value")
            .and_then(|v| v.parse::<u32>().ok());
        if requirement.text("type") == Some("GPU") && count.is_none_or(|count| count == 0) {
            return Err(refused(
                container,
                "the number of GPUs must be a positive integer.",
            ));
        }
    }
    Ok(())
}

fn refused(container: &Map<String, Value>, problem: &str) -> Refusal {
    let name = container.text("name").unwrap_or_default();
    client(format!("Invalid setting for container '{name}': {problem}"))
}

fn in_range(
    container: &Map<String, Value>,
    structure: &Map<String, Value>,
    name: &str,
    (from, to): (i64, i64),
) -> Result<(), Refusal> {
    match structure.integer(name) {
        Some(number) if !(from..=to).contains(&number) => Err(refused(
            container,
            &format!("the '{name}' setting must be between {from} and {to}."),
        )),
        Some(_) | None => Ok(()),
    }
}

/// API reference, `ContainerDefinition`, image: which characters, how long, and which digest.
fn check_image(container: &Map<String, Value>) -> Result<(), Refusal> {
    let image = container.text("image").unwrap_or_default();
    if image.is_empty() {
        return Err(client("Container.image should not be null or empty."));
    }
    let (repository, digest) = match image.split_once('@') {
        Some((repository, digest)) => (repository, Some(digest)),
        None => (image, None),
    };
    if repository.len() > 255 {
        let message = "Container.image cannot be more than 255 characters long.";
        return Err(client(message));
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_:./#".contains(&byte);
    let digest_is_sha256 = digest.is_none_or(|digest| {
        digest.strip_prefix("sha256:").is_some_and(|hash| {
            hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    });
    if repository.is_empty() || !repository.bytes().all(allowed) || !digest_is_sha256 {
        return Err(client("Container.image contains invalid characters."));
    }
    Ok(())
}

/// API reference, `HealthCheck`.
fn check_health(container: &Map<String, Value>) -> Result<(), Refusal> {
    let Some(health) = container.object("healthCheck") else {
        return Ok(());
    };
    let command: Vec<&str> = health.texts("command").collect();
    // A program alone is taken, as the collector's own examples have it
    // (https://github.com/aws/aws-cdk/issues/34389).
    let is_program = matches!(command.as_slice(), [only] if only.starts_with('/'));
    if !is_program && !matches!(command.as_slice(), ["CMD" | "CMD-SHELL", _, ..]) {
        return Err(refused(
            container,
            "the health check command must start with CMD or CMD-SHELL and have an argument.",
        ));
    }
    in_range(container, health, "interval", (5, 300))?;
    in_range(container, health, "timeout", (2, 60))?;
    in_range(container, health, "retries", (1, 10))?;
    in_range(container, health, "startPeriod", (0, 300))
}

/// API reference, `ContainerRestartPolicy`.
fn check_restarts(container: &Map<String, Value>) -> Result<(), Refusal> {
    let Some(policy) = container.object("restartPolicy") else {
        return Ok(());
    };
    if policy.list("ignoredExitCodes").len() > 50 {
        let problem = "the 'ignoredExitCodes' setting can have at most 50 exit codes.";
        return Err(refused(container, problem));
    }
    in_range(container, policy, "restartAttemptPeriod", (60, 1800))
}

/// API reference, `ContainerDefinition`, environmentFiles, and `EnvironmentFile`.
fn check_environment(container: &Map<String, Value>) -> Result<(), Refusal> {
    if container.list("environmentFiles").len() > 10 {
        return Err(client(
            "The maximum number of environment files was exceeded. Specify ten or less and try again.",
        ));
    }
    for file in container.objects("environmentFiles") {
        let value = file.text("value").unwrap_or_default();
        let parts: Vec<&str> = value.splitn(6, ':').collect();
        if !matches!(parts.as_slice(), ["arn", _, "s3", "", "", object] if object.contains('/')) {
            return Err(client("Invalid arn syntax."));
        }
        if !matches!(value.rsplit_once('.'), Some((_, "env"))) {
            let problem = "an environment file must have the extension .env.";
            return Err(refused(container, problem));
        }
    }
    Ok(())
}

/// What is injected is fetched with the execution role (developer guide, Amazon ECS task execution
/// IAM role).
fn check_secrets(draft: &Draft<'_>, container: &Map<String, Value>) -> Result<(), Refusal> {
    let names = || container.objects("secrets").filter_map(|s| s.text("name"));
    if let Some(name) = duplicate(names()) {
        let message =
            format!("Duplicate secret names found: {name}. Each secret name must be unique.");
        return Err(client(message));
    }
    let mut variables = container
        .objects("environment")
        .filter_map(|v| v.text("name"));
    if let Some(name) = variables.find(|variable| names().any(|name| name == *variable)) {
        let message = format!(
            "The secret name must be unique and not shared with any new or existing environment variables set on the container, such as '{name}'."
        );
        return Err(client(message));
    }
    if draft.has_execution_role() {
        return Ok(());
    }
    if asks_for(container, "secrets") {
        return Err(client(
            "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.",
        ));
    }
    if container
        .object("logConfiguration")
        .is_some_and(|log| asks_for(log, "secretOptions"))
    {
        return Err(client(
            "When you are specifying log driver secrets, you must also specify a value for 'executionRoleArn'.",
        ));
    }
    // Developer guide, Using non-AWS container images in Amazon ECS.
    if container.contains_key("repositoryCredentials") {
        return Err(client(
            "When you are specifying repository credentials, you must also specify a value for 'executionRoleArn'.",
        ));
    }
    Ok(())
}

/// API reference, `LinuxParameters` and `KernelCapabilities`.
fn check_linux(container: &Map<String, Value>) -> Result<(), Refusal> {
    let Some(linux) = container.object("linuxParameters") else {
        return Ok(());
    };
    if let Some(capabilities) = linux.object("capabilities") {
        let mut all = capabilities.texts("add").chain(capabilities.texts("drop"));
        if let Some(unknown) = all.find(|name| !CAPABILITIES.contains(name)) {
            return Err(refused(
                container,
                &format!("unknown capability '{unknown}'."),
            ));
        }
    }
    in_range(container, linux, "swappiness", (0, 100))?;
    in_range(container, linux, "maxSwap", (0, i64::MAX))?;
    in_range(container, linux, "sharedMemorySize", (0, i64::MAX))?;
    for tmpfs in linux.objects("tmpfs") {
        in_range(container, tmpfs, "size", (1, i64::MAX))?;
    }
    Ok(())
}

/// API reference, `SystemControl`: which parameters there are, and that a namespace of the host
/// can't be tuned.
fn check_system_controls(draft: &Draft<'_>, container: &Map<String, Value>) -> Result<(), Refusal> {
    for control in container.objects("systemControls") {
        let name = control.text("namespace").unwrap_or_default();
        let ipc = IPC_CONTROLS.contains(&name) || name.starts_with("fs.mqueue.");
        let network = name.starts_with("net.");
        if !ipc && !network {
            let problem = format!("unsupported system control '{name}'.");
            return Err(refused(container, &problem));
        }
        if ipc && draft.body.text("ipcMode") == Some("host") {
            let problem = format!("system control '{name}' is not supported when ipcMode=host.");
            return Err(refused(container, &problem));
        }
        if network && draft.network_mode() == Some("host") {
            let problem =
                format!("system control '{name}' is not supported when networkMode=host.");
            return Err(refused(container, &problem));
        }
    }
    Ok(())
}

/// API reference, `ContainerDefinition`, hostname, links and extraHosts; developer guide, task
/// definition parameters, disableNetworking.
fn check_network(draft: &Draft<'_>, container: &Map<String, Value>) -> Result<(), Refusal> {
    if draft.network_mode() == Some("awsvpc") {
        let unsupported = [
            ("hostname", "hostname"),
            ("disableNetworking", "Disable Networking"),
            ("extraHosts", "extraHosts"),
        ];
        for (member, words) in unsupported {
            if asks_for(container, member) {
                let message =
                    format!("{words} is not supported on container when networkMode=awsvpc.");
                return Err(client(message));
            }
        }
    }
    match draft.network_mode() {
        None | Some("bridge") => Ok(()),
        Some(mode) if asks_for(container, "links") => Err(client(format!(
            "Links are not supported when networkMode={mode}."
        ))),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::ecs::rules::fixture::{accepted, app, refused, task, with};

    #[test]
    fn images() {
        let digest = |hash: String| app(&json!({"image": format!("repo/app@sha256:{hash}")}));
        refused(&[
            (
                "Container.image should not be null",
                app(&json!({"image": ""})),
            ),
            (
                "Container.image contains invalid",
                app(&json!({"image": "nginx latest"})),
            ),
            (
                "Container.image contains invalid",
                app(&json!({"image": "nginx@sha256"})),
            ),
            ("Container.image contains invalid", digest("a".repeat(63))),
            ("Container.image contains invalid", digest("g".repeat(64))),
            (
                "Container.image cannot be more",
                app(&json!({"image": "n".repeat(256)})),
            ),
        ]);
        accepted(&[
            digest("aF0".repeat(21) + "9"),
            app(&json!({"image": format!("{}@sha256:{}", "n".repeat(255), "0".repeat(64))})),
            app(&json!({"image": "public.ecr.aws/aws-observability/aws-otel-collector:v0.49.0"})),
        ]);
    }

    #[test]
    fn health_checks_and_restarts() {
        let check = |members: Value| {
            let health = with(json!({"command": ["CMD", "/healthcheck"]}), &members);
            app(&json!({ "healthCheck": health }))
        };
        let policy = |members: Value| {
            app(&json!({"restartPolicy": with(json!({"enabled": true}), &members)}))
        };
        let codes: Vec<u32> = (0..51).collect();
        refused(&[
            (
                "must start with CMD",
                check(json!({"command": ["/healthcheck", "-v"]})),
            ),
            ("must start with CMD", check(json!({"command": ["CMD"]}))),
            ("must start with CMD", check(json!({"command": []}))),
            (
                "command should not be null",
                check(json!({"command": null})),
            ),
            (
                "'interval' setting must be between 5 and 300",
                check(json!({"interval": 4})),
            ),
            (
                "'interval' setting must be between 5 and 300",
                check(json!({"interval": 301})),
            ),
            (
                "'timeout' setting must be between 2 and 60",
                check(json!({"timeout": 1})),
            ),
            (
                "'timeout' setting must be between 2 and 60",
                check(json!({"timeout": 61})),
            ),
            (
                "'retries' setting must be between 1 and 10",
                check(json!({"retries": 0})),
            ),
            (
                "'retries' setting must be between 1 and 10",
                check(json!({"retries": 11})),
            ),
            (
                "'startPeriod' setting must be between 0 and 300",
                check(json!({"startPeriod": -1})),
            ),
            (
                "'startPeriod' setting must be between 0 and 300",
                check(json!({"startPeriod": 301})),
            ),
            (
                "enabled should not be null",
                policy(json!({"enabled": null})),
            ),
            (
                "at most 50 exit codes",
                policy(json!({ "ignoredExitCodes": codes })),
            ),
            (
                "'restartAttemptPeriod' setting must be between 60 and 1800",
                policy(json!({"restartAttemptPeriod": 59})),
            ),
            (
                "'restartAttemptPeriod' setting must be between 60 and 1800",
                policy(json!({"restartAttemptPeriod": 1801})),
            ),
        ]);
        accepted(&[
            check(json!({"interval": 5, "timeout": 60, "retries": 10, "startPeriod": 0})),
            check(
                json!({"command": ["CMD-SHELL", "exit 0"], "interval": 300, "timeout": 2, "retries": 1, "startPeriod": 300}),
            ),
            policy(json!({"ignoredExitCodes": codes[..50], "restartAttemptPeriod": 60})),
        ]);
    }

    #[test]
    fn environment_and_secrets() {
        let files = |count: usize, value: &str| {
            let files: Vec<Value> = (0..count)
                .map(|_| json!({"value": value, "type": "s3"}))
                .collect();
            app(&json!({ "environmentFiles": files }))
        };
        let secret = json!({"name": "PASSWORD", "valueFrom": "parameter"});
        let with_role = json!({"executionRoleArn": "Execution"});
        let log_secret = json!({"logConfiguration": {"logDriver": "splunk", "options": {"splunk-url": "u"}, "secretOptions": [
            {"name": "splunk-token", "valueFrom": "parameter"}]}});
        let credentials = json!({"repositoryCredentials": {"credentialsParameter": "secret"}});
        refused(&[
            ("Specify ten or less", files(11, "arn:aws:s3:::b/a.env")),
            ("Invalid arn syntax", files(1, "s3://b/a.env")),
            ("Invalid arn syntax", files(1, "arn:aws:s3:::bucket.env")),
            ("extension .env", files(1, "arn:aws:s3:::b/a.txt")),
            (
                "Duplicate secret names found: PASSWORD",
                task(&with_role, &json!({"secrets": [secret, secret]})),
            ),
            (
                "such as 'PASSWORD'",
                task(
                    &with_role,
                    &json!({"secrets": [secret], "environment": [{"name": "PASSWORD", "value": "x"}]}),
                ),
            ),
            ("container secrets", app(&json!({ "secrets": [secret] }))),
            ("log driver secrets", app(&log_secret)),
            ("repository credentials", app(&credentials)),
        ]);
        accepted(&[
            files(10, "arn:aws:s3:::b/dir/a.env"),
            task(
                &with_role,
                &json!({"secrets": [secret], "environment": [{"name": "password", "value": "x"}]}),
            ),
            task(&with_role, &log_secret),
            task(&with_role, &credentials),
        ]);
    }

    #[test]
    fn linux_parameters_and_devices() {
        let linux = |members: Value| app(&json!({ "linuxParameters": members }));
        let control = |name: &str| json!({"systemControls": [{"namespace": name, "value": "1"}]});
        let gpu =
            |count: &str| app(&json!({"resourceRequirements": [{"type": "GPU", "value": count}]}));
        let accelerator =
            json!({"inferenceAccelerators": [{"deviceName": "d", "deviceType": "eia2.medium"}]});
        let uses = |name: &str| json!({"resourceRequirements": [{"type": "InferenceAccelerator", "value": name}]});
        refused(&[
            (
                "unknown capability 'FLY'",
                linux(json!({"capabilities": {"add": ["FLY"]}})),
            ),
            (
                "unknown capability 'CAP_CHOWN'",
                linux(json!({"capabilities": {"drop": ["CAP_CHOWN"]}})),
            ),
            (
                "'swappiness' setting must be between 0 and 100",
                linux(json!({"swappiness": 101})),
            ),
            ("'maxSwap' setting", linux(json!({"maxSwap": -1}))),
            (
                "'sharedMemorySize' setting",
                linux(json!({"sharedMemorySize": -1})),
            ),
            (
                "'size' setting",
                linux(json!({"tmpfs": [{"containerPath": "/t", "size": 0}]})),
            ),
            (
                "unsupported system control 'vm.swappiness'",
                app(&control("vm.swappiness")),
            ),
            (
                "when ipcMode=host",
                task(&json!({"ipcMode": "host"}), &control("kernel.sem")),
            ),
            (
                "when networkMode=host",
                task(
                    &json!({"networkMode": "host"}),
                    &control("net.core.somaxconn"),
                ),
            ),
            ("number of GPUs", gpu("0")),
            ("number of GPUs", gpu("two")),
            (
                "'d' is not used by any container",
                task(&accelerator, &json!({})),
            ),
            ("Unknown inference accelerator 'e'", app(&uses("e"))),
            (
                "credentialSpecs",
                app(&json!({"credentialSpecs": ["credentialspec:a", "credentialspec:b"]})),
            ),
        ]);
        accepted(&[
            linux(
                json!({"capabilities": {"add": ["ALL", "NET_ADMIN"], "drop": ["MKNOD"]}, "swappiness": 0, "maxSwap": 0}),
            ),
            app(&control("fs.mqueue.msg_max")),
            task(&json!({"networkMode": "host"}), &control("kernel.shmmax")),
            task(&accelerator, &uses("d")),
            gpu("2"),
            app(&json!({"credentialSpecs": ["credentialspec:a"]})),
        ]);
    }

    #[test]
    fn hosts_and_names_under_awsvpc() {
        let awsvpc = |member: Value| task(&json!({"networkMode": "awsvpc"}), &member);
        refused(&[
            (
                "hostname is not supported",
                awsvpc(json!({"hostname": "h"})),
            ),
            (
                "Disable Networking is not supported",
                awsvpc(json!({"disableNetworking": true})),
            ),
            (
                "extraHosts is not supported",
                awsvpc(json!({"extraHosts": [{"hostname": "h", "ipAddress": "10.0.0.1"}]})),
            ),
            (
                "Links are not supported when networkMode=awsvpc",
                awsvpc(json!({"links": ["app"]})),
            ),
        ]);
        accepted(&[
            awsvpc(json!({"disableNetworking": false, "extraHosts": [], "links": []})),
            app(&json!({"hostname": "h", "disableNetworking": true})),
        ]);
    }
}
