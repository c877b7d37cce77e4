//! Volumes and where they are mounted.

use std::collections::BTreeMap;

use crate::{
    file::{
        problem::Problems,
        tree::{Span, Tree},
    },
    kinds::task_definition::{
        fields::ecs,
        read::{
            rules::{Container, Task, range, suggest},
            view::View,
        },
    },
};

/// The members of a volume of which it takes one (ECS API reference, `Volume`).
const KINDS: &[&str] = &[
    "dockerVolumeConfiguration",
    "efsVolumeConfiguration",
    "fsxWindowsFileServerVolumeConfiguration",
    "host",
    "s3filesVolumeConfiguration",
];

pub(crate) fn check(task: &Task<'_>, problems: &mut Problems) {
    let volumes = task.request.list("volumes");
    for volume in volumes {
        kind(volume, problems);
        if let Some(efs) = volume.at("efsVolumeConfiguration") {
            range(
                efs,
                &ecs::EFS_VOLUME,
                "transitEncryptionPort",
                "an EFS volume",
                problems,
            );
            efs_access(efs, problems);
        }
        if let Some(s3) = volume.at("s3filesVolumeConfiguration") {
            range(
                s3,
                &ecs::S3_FILES_VOLUME,
                "transitEncryptionPort",
                "an S3 Files volume",
                problems,
            );
            // ECS API reference, `S3FilesVolumeConfiguration`, `rootDirectory`.
            root_directory(s3, s3.at("accessPointArn"), problems);
        }
    }
    let launched: Vec<&Tree> = volumes
        .iter()
        .filter(|volume| volume.is_true("configuredAtLaunch"))
        .collect();
    if let [first, second, ..] = launched.as_slice() {
        // ECS API reference, `Volume`, `configuredAtLaunch`.
        problems
            .add(
                "too-many-launch-volumes",
                &second.span,
                "one too many",
                "one volume of a task can be configured at launch",
            )
            .and(&first.span, "the first one");
    }
    let names: Vec<&str> = volumes
        .iter()
        .filter_map(|volume| volume.known_at("name"))
        .collect();
    for container in &task.containers {
        mounts(container, &names, problems);
    }
}

fn kind(volume: &Tree, problems: &mut Problems) {
    if volume.at("name").is_none() {
        // Only a name can be mounted; ECS API reference, `Volume`, `name`.
        problems.add(
            "missing-key",
            &volume.span,
            "`name` is missing",
            "a volume needs a `name`",
        );
    }
    let launched = volume
        .at("configuredAtLaunch")
        .filter(|_| volume.is_true("configuredAtLaunch"));
    let mut given: Vec<&Tree> = KINDS
        .iter()
        .filter_map(|kind| volume.at(kind))
        .chain(launched)
        .collect();
    given.sort_by_key(|kind| kind.span.start);
    if let [first, second, ..] = given.as_slice() {
        problems
            .add(
                "volume-kind",
                &second.span,
                "another kind",
                "a volume is of one kind",
            )
            .and(&first.span, "one kind");
    }
}

/// ECS API reference, `EFSVolumeConfiguration` and `EFSAuthorizationConfig`.
fn efs_access(efs: &Tree, problems: &mut Problems) {
    let authorization = efs.at("authorizationConfig");
    let access_point = authorization.and_then(|config| config.at("accessPointId"));
    let iam = authorization.and_then(|config| config.at("iam"));
    root_directory(efs, access_point, problems);
    let encrypted = efs.at("transitEncryption");
    let off = encrypted.is_none_or(|encryption| encryption.known() == Some("DISABLED"));
    let needs = access_point.or(iam.filter(|iam| iam.known() == Some("ENABLED")));
    if let Some(needs) = needs.filter(|_| off) {
        problems
            .add(
                "transit-encryption",
                &needs.span,
                "needs it",
                "an EFS volume with an access point or IAM needs encryption in transit",
            )
            .help("write transit_encryption = \"ENABLED\"");
    }
}

fn root_directory(volume: &Tree, access_point: Option<&Tree>, problems: &mut Problems) {
    let root = volume
        .at("rootDirectory")
        .filter(|root| root.known().is_some_and(|root| root != "/"));
    if let (Some(root), Some(access_point)) = (root, access_point) {
        problems
            .add(
                "root-directory",
                &root.span,
                "decided by the access point",
                "a volume with an access point has no `root_directory`",
            )
            .and(&access_point.span, "the access point");
    }
}

/// ECS API reference, `MountPoint`.
fn mounts(container: &Container<'_>, volumes: &[&str], problems: &mut Problems) {
    let mut paths: BTreeMap<&str, &Span> = BTreeMap::new();
    for mount in container.tree.list("mountPoints") {
        for (key, name) in [
            ("sourceVolume", "source_volume"),
            ("containerPath", "container_path"),
        ] {
            if mount.at(key).is_none() {
                problems.add(
                    "missing-key",
                    &mount.span,
                    format!("`{name}` is missing"),
                    format!("a mount point of {} needs `{name}`", container.label()),
                );
            }
        }
        if let (Some(at), Some(known)) = (mount.at("sourceVolume"), mount.known_at("sourceVolume"))
            && !volumes.contains(&known)
        {
            let problem = problems.add(
                "undefined-volume",
                &at.span,
                "not in this task",
                format!("there is no volume `{known}` for {}", container.label()),
            );
            suggest(problem, known, volumes, "volumes");
        }
        if let (Some(at), Some(known)) =
            (mount.at("containerPath"), mount.known_at("containerPath"))
        {
            if let Some(first) = paths.get(known) {
                problems
                    .add(
                        "duplicate-mount",
                        &at.span,
                        "again here",
                        format!("{} mounts two volumes at `{known}`", container.label()),
                    )
                    .and(first, "first here");
            }
            paths.insert(known, &at.span);
        }
    }
}
