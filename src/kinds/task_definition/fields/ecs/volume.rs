//! The volumes of a task.

use crate::{
    file::fields::{Field, Fields, Type},
    kinds::task_definition::fields::ecs::part,
};

/// All structures of this file.
pub(crate) static ALL: &[&Fields] = &[
    &VOLUME,
    &HOST_VOLUME,
    &DOCKER_VOLUME,
    &EFS_VOLUME,
    &EFS_AUTHORIZATION,
    &S3_FILES_VOLUME,
    &FSX_VOLUME,
    &FSX_AUTHORIZATION,
];

const ROOT_DIRECTORY: &str = "The directory of the file system that is mounted. With an access point it is left out or `/`, because the access point decides.";
const ENCRYPTION_PORT: &str = "The port between the host and the file system's server.";

/// An element of `volumes`.
static VOLUME: Fields = part(
    "Volume",
    "ECS API reference, Volume",
    "task_definitions.NAME.volumes",
    "A volume of a task. It is of one kind; without any it is a directory that lives as long as the task.",
    &[
        Field::member(
            "name",
            "The name, which `mount_points` refer to: up to 255 letters, digits, `_` and `-`. Where volumes are written as tables, the key of the table is the name.",
        )
        .example("\"data\""),
        Field::member("host", "A directory of the host.")
            .example("{ source_path = \"/var/data\" }"),
        Field::member(
            "docker_volume_configuration",
            "A volume of Docker. Not on Fargate; Windows has the driver `local` only.",
        )
        .example("{ scope = \"task\" }"),
        Field::member("efs_volume_configuration", "A file system of Amazon EFS.")
            .example("{ file_system_id = \"fs-1234567890abcdef0\" }"),
        Field::member("s3files_volume_configuration", "A file system of Amazon S3 Files.")
            .example("{ file_system_arn = \"arn:aws:s3files:us-east-1:111122223333:file-system/fs-1234567890abcdef0\" }"),
        Field::member(
            "fsx_windows_file_server_volume_configuration",
            "A file system of Amazon FSx for Windows File Server.",
        )
        .example("{ file_system_id = \"fs-1234567890abcdef0\", root_directory = \"share\", authorization_config = { credentials_parameter = \"arn:aws:secretsmanager:us-east-1:111122223333:secret:ad-a1b2c3\", domain = \"corp.example.com\" } }"),
        Field::member(
            "configured_at_launch",
            "Whether whoever starts the task or the service says what it is, which is how volumes of Amazon EBS are made. One volume of a task at most.",
        )
        .default("false")
        .example("true"),
    ],
);

/// `host` of a volume.
static HOST_VOLUME: Fields = part(
    "HostVolumeProperties",
    "ECS API reference, HostVolumeProperties",
    "task_definitions.NAME.volumes.NAME.host",
    "A directory of the host.",
    &[Field::member(
        "source_path",
        "Where it is on the host; it is made if it isn't there, and it stays when the task is gone. Not on Fargate.",
    )
    .default_note("Docker chooses a place, which does not outlive the task for certain")
    .example("\"/var/data\"")],
);

/// `docker_volume_configuration` of a volume.
static DOCKER_VOLUME: Fields = part(
    "DockerVolumeConfiguration",
    "ECS API reference, DockerVolumeConfiguration",
    "task_definitions.NAME.volumes.NAME.docker_volume_configuration",
    "A volume of Docker on an instance.",
    &[
        Field::member(
            "scope",
            "Whether it lives as long as the task, or stays and is shared by tasks of the instance.",
        )
        // AWS documents no default, and what is sent is what is kept.
        .default_note("the agent on the instance decides")
        .example("\"shared\""),
        Field::member(
            "autoprovision",
            "Whether a shared volume is made if it isn't there.",
        )
        .default("false")
        .example("true"),
        Field::member("driver", "The volume driver of Docker, by the name that Docker lists.")
            // Docker's default (Docker Engine API reference, VolumeCreate), and none of ECS.
            .default_note("it is Docker's own, `local`")
            .example("\"rexray/ebs\""),
        Field::member("driver_opts", "Options of the driver, under its own names.")
            .default("{}")
            .example("{ size = \"5\" }"),
        Field::member("labels", "Labels of the volume for Docker.")
            .default("{}")
            .example("{ team = \"payments\" }"),
    ],
);

/// `efs_volume_configuration` of a volume.
pub static EFS_VOLUME: Fields = part(
    "EFSVolumeConfiguration",
    "ECS API reference, EFSVolumeConfiguration",
    "task_definitions.NAME.volumes.NAME.efs_volume_configuration",
    "A file system of Amazon EFS.",
    &[
        Field::member("file_system_id", "The id of the file system.")
            .example("\"fs-1234567890abcdef0\""),
        Field::member("root_directory", ROOT_DIRECTORY)
            .default("\"/\"")
            .example("\"/checkout\""),
        Field::member(
            "transit_encryption",
            "Whether what is read and written is encrypted on its way. An access point or IAM needs `ENABLED`.",
        )
        .default("\"DISABLED\"")
        .example("\"ENABLED\""),
        Field::new("transit_encryption_port", Type::Integer(1, 65_535), ENCRYPTION_PORT)
            .default_note("the mount helper of Amazon EFS chooses one")
            .example("20049"),
        Field::member("authorization_config", "An access point, and whether IAM decides.")
            .default_note("neither")
            .example("{ access_point_id = \"fsap-1234567890abcdef0\", iam = \"ENABLED\" }"),
    ],
);

/// `authorization_config` of a volume of Amazon EFS.
static EFS_AUTHORIZATION: Fields = part(
    "EFSAuthorizationConfig",
    "ECS API reference, EFSAuthorizationConfig",
    "task_definitions.NAME.volumes.NAME.efs_volume_configuration.authorization_config",
    "An access point of Amazon EFS, and whether IAM decides.",
    &[
        Field::member("access_point_id", "The access point to mount through.")
            .default_note("the file system is mounted as it is")
            .example("\"fsap-1234567890abcdef0\""),
        Field::member(
            "iam",
            "Whether the file system is mounted as the task role.",
        )
        .default("\"DISABLED\"")
        .example("\"ENABLED\""),
    ],
);

/// `s3files_volume_configuration` of a volume.
pub static S3_FILES_VOLUME: Fields = part(
    "S3FilesVolumeConfiguration",
    "ECS API reference, S3FilesVolumeConfiguration",
    "task_definitions.NAME.volumes.NAME.s3files_volume_configuration",
    "A file system of Amazon S3 Files.",
    &[
        Field::member("file_system_arn", "The ARN of the file system.")
            .example("\"arn:aws:s3files:us-east-1:111122223333:file-system/fs-1234567890abcdef0\""),
        Field::member("root_directory", ROOT_DIRECTORY)
            .default("\"/\"")
            .example("\"/checkout\""),
        Field::new("transit_encryption_port", Type::Integer(1, 65_535), ENCRYPTION_PORT)
            .default_note("the mount helper of Amazon S3 Files chooses one")
            .example("20049"),
        Field::member("access_point_arn", "The ARN of the access point to mount through.")
            .default_note("the file system is mounted as it is")
            .example("\"arn:aws:s3files:us-east-1:111122223333:file-system/fs-1234567890abcdef0/access-point/fsap-1234567890abcdef0\""),
    ],
);

/// `fsx_windows_file_server_volume_configuration` of a volume.
static FSX_VOLUME: Fields = part(
    "FSxWindowsFileServerVolumeConfiguration",
    "ECS API reference, FSxWindowsFileServerVolumeConfiguration",
    "task_definitions.NAME.volumes.NAME.fsx_windows_file_server_volume_configuration",
    "A file system of Amazon FSx for Windows File Server, for containers with Windows.",
    &[
        Field::member("file_system_id", "The id of the file system.")
            .example("\"fs-1234567890abcdef0\""),
        Field::member("root_directory", "The directory of the file system that is mounted.")
            .example("\"share\""),
        Field::member("authorization_config", "Who mounts it.")
            .example("{ credentials_parameter = \"arn:aws:secretsmanager:us-east-1:111122223333:secret:ad-a1b2c3\", domain = \"corp.example.com\" }"),
    ],
);

/// `authorization_config` of `fsx_windows_file_server_volume_configuration`.
static FSX_AUTHORIZATION: Fields = part(
    "FSxWindowsFileServerAuthorizationConfig",
    "ECS API reference, FSxWindowsFileServerAuthorizationConfig",
    "task_definitions.NAME.volumes.NAME.fsx_windows_file_server_volume_configuration.authorization_config",
    "Who mounts a file system of Amazon FSx.",
    &[
        Field::member(
            "credentials_parameter",
            "The ARN of the secret of Secrets Manager, or of the parameter of Systems Manager, with the user's name and password.",
        )
        .example("\"arn:aws:secretsmanager:us-east-1:111122223333:secret:ad-a1b2c3\""),
        Field::member("domain", "The Active Directory domain, by its full name.")
            .example("\"corp.example.com\""),
    ],
);
