//! Volumes and the mount points that name them (API reference, Volume, `EFSVolumeConfiguration` and
//! `MountPoint`).

use serde_json::{Map, Value};

use super::{Draft, client};
use crate::{
    ecs::members::{Members, duplicate, is_name},
    service::Refusal,
};

/// What a volume can be, of which it is one besides its name (API reference,
/// `RegisterTaskDefinition`, volumes).
const KINDS: &[&str] = &[
    "host",
    "dockerVolumeConfiguration",
    "efsVolumeConfiguration",
    "s3filesVolumeConfiguration",
    "fsxWindowsFileServerVolumeConfiguration",
    "configuredAtLaunch",
];

/// Applies the rules to all volumes and mount points.
pub(super) fn check(draft: &Draft<'_>) -> Result<(), Refusal> {
    let volumes = || draft.body.objects("volumes");
    for volume in volumes() {
        check_volume(volume)?;
    }
    if let Some(name) = duplicate(volumes().filter_map(|volume| volume.text("name"))) {
        return Err(client(format!("Duplicate volume name '{name}'.")));
    }
    let mounted: Vec<&str> = draft
        .containers()
        .flat_map(|container| container.objects("mountPoints"))
        .map(|mount| mount.text("sourceVolume").unwrap_or("null"))
        .collect();
    let known = |name: &&str| volumes().any(|volume| volume.text("name") == Some(*name));
    if let Some(name) = mounted.iter().find(|name| !known(name)) {
        return Err(client(format!("Unknown volume '{name}'.")));
    }
    // API reference, Volume, configuredAtLaunch: one such volume in a revision.
    let at_launch: Vec<&str> = volumes()
        .filter(|volume| volume.flag("configuredAtLaunch") == Some(true))
        .filter_map(|volume| volume.text("name"))
        .collect();
    if at_launch.len() > 1 {
        let message = "A task definition can have only one volume with configuredAtLaunch.";
        return Err(client(message));
    }
    match at_launch.iter().find(|name| !mounted.contains(name)) {
        Some(name) => Err(client(format!(
            "Volumes [{name}] are not referenced by any of the containers."
        ))),
        None => Ok(()),
    }
}

fn check_volume(volume: &Map<String, Value>) -> Result<(), Refusal> {
    let name = volume.text("name");
    if name.is_some_and(|name| !is_name(name)) {
        return Err(client("Volume.name contains invalid characters."));
    }
    let kinds: Vec<&str> = KINDS
        .iter()
        .filter(|kind| volume.contains_key(**kind) && volume.flag(kind) != Some(false))
        .copied()
        .collect();
    if kinds.len() > 1 {
        let message = format!(
            "Volume '{}' can only have one of: {}",
            name.unwrap_or("null"),
            kinds.join(", ")
        );
        return Err(client(message));
    }
    // The API reference demands the name for three kinds of volumes, and the others are named by
    // their mount points.
    if name.is_none_or(str::is_empty) {
        return Err(client("Volume.name should not be null or empty."));
    }
    if let Some(docker) = volume.object("dockerVolumeConfiguration")
        && docker.flag("autoprovision") == Some(true)
        && docker.text("scope") != Some("shared")
    {
        // API reference, DockerVolumeConfiguration, autoprovision: it belongs to shared volumes.
        let message = "autoprovision is only supported for Docker volumes with scope 'shared'.";
        return Err(client(message));
    }
    if let Some(efs) = volume.object("efsVolumeConfiguration") {
        check_efs(efs)?;
    }
    match volume.object("s3filesVolumeConfiguration") {
        Some(s3) if s3.contains_key("accessPointArn") && !is_root(s3) => Err(client(
            "When using an S3 Files access point, the root directory must either be set to \"/\" or be omitted.",
        )),
        Some(_) | None => Ok(()),
    }
}

fn is_root(configuration: &Map<String, Value>) -> bool {
    matches!(configuration.text("rootDirectory"), None | Some("" | "/"))
}

fn check_efs(efs: &Map<String, Value>) -> Result<(), Refusal> {
    let encrypted = efs.text("transitEncryption") == Some("ENABLED");
    if efs.contains_key("transitEncryptionPort") && !encrypted {
        return Err(client(
            "TransitEncryptionPort requires that TransitEncryption is enabled.",
        ));
    }
    let Some(authorization) = efs.object("authorizationConfig") else {
        return Ok(());
    };
    if authorization.text("iam") == Some("ENABLED") && !encrypted {
        return Err(client(
            "EFS IAM authorization requires TransitEncryption to be enabled.",
        ));
    }
    if !authorization.contains_key("accessPointId") {
        return Ok(());
    }
    if !encrypted {
        return Err(client(
            "EFS access points require TransitEncryption to be enabled.",
        ));
    }
    if !is_root(efs) {
        return Err(client(
            "When using an EFS access point, the root directory must either be set to \"/\" or be omitted.",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::ecs::rules::fixture::{accepted, refused, task, with};

    fn volumes(volumes: &Value, mounts: &Value) -> Value {
        task(
            &json!({ "volumes": volumes }),
            &json!({ "mountPoints": mounts }),
        )
    }

    #[test]
    fn volumes_and_mount_points() {
        let mount = json!([{"sourceVolume": "v", "containerPath": "/v"}]);
        let efs = |members: Value| {
            let efs = with(json!({"fileSystemId": "fs-1"}), &members);
            volumes(
                &json!([{"name": "v", "efsVolumeConfiguration": efs}]),
                &mount,
            )
        };
        let docker = |scope: &str| json!([{"name": "v", "dockerVolumeConfiguration": {"scope": scope, "autoprovision": true}}]);
        refused(&[
            ("Unknown volume 'v'", volumes(&json!([]), &mount)),
            (
                "Unknown volume 'null'",
                volumes(&json!([{"name": "v"}]), &json!([{"containerPath": "/v"}])),
            ),
            (
                "Volume.name contains invalid",
                volumes(&json!([{"name": "a b"}]), &json!([])),
            ),
            (
                "Volume.name should not be null",
                volumes(&json!([{"host": {}}]), &json!([])),
            ),
            (
                "Duplicate volume name 'v'",
                volumes(&json!([{"name": "v"}, {"name": "v"}]), &mount),
            ),
            (
                "can only have one of: host, efsVolumeConfiguration",
                volumes(
                    &json!([{"name": "v", "host": {}, "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}]),
                    &mount,
                ),
            ),
            (
                "fileSystemId should not be null",
                efs(json!({"fileSystemId": null})),
            ),
            (
                "TransitEncryptionPort requires",
                efs(json!({"transitEncryptionPort": 20_490})),
            ),
            (
                "EFS IAM authorization requires",
                efs(json!({"authorizationConfig": {"iam": "ENABLED"}})),
            ),
            (
                "EFS access points require",
                efs(json!({"authorizationConfig": {"accessPointId": "fsap-1"}})),
            ),
            (
                "When using an EFS access point",
                efs(
                    json!({"transitEncryption": "ENABLED", "rootDirectory": "/data", "authorizationConfig": {"accessPointId": "fsap-1"}}),
                ),
            ),
            (
                "When using an S3 Files access point",
                volumes(
                    &json!([{"name": "v", "s3filesVolumeConfiguration": {"fileSystemArn": "a", "accessPointArn": "b", "rootDirectory": "/x"}}]),
                    &mount,
                ),
            ),
            ("scope 'shared'", volumes(&docker("task"), &mount)),
            (
                "Volumes [v] are not referenced",
                volumes(
                    &json!([{"name": "v", "configuredAtLaunch": true}]),
                    &json!([]),
                ),
            ),
            (
                "only one volume with configuredAtLaunch",
                volumes(
                    &json!([{"name": "v", "configuredAtLaunch": true}, {"name": "w", "configuredAtLaunch": true}]),
                    &mount,
                ),
            ),
        ]);
        accepted(&[
            volumes(
                &json!([{"name": "v", "host": {"sourcePath": "/x"}, "configuredAtLaunch": false}, {"name": "w"}]),
                &mount,
            ),
            efs(json!({"rootDirectory": "/data", "authorizationConfig": {"iam": "DISABLED"}})),
            volumes(&docker("shared"), &mount),
            volumes(&json!([{"name": "v", "configuredAtLaunch": true}]), &mount),
            efs(json!({
                "transitEncryption": "ENABLED", "transitEncryptionPort": 20_490, "rootDirectory": "/",
                "authorizationConfig": {"accessPointId": "fsap-1", "iam": "ENABLED"},
            })),
        ]);
    }
}
