//! What belongs to a container on Linux: capabilities, devices, limits, kernel parameters.

use crate::{
    file::fields::{Field, Fields, Type},
    kinds::task_definition::fields::ecs::part,
};

/// All structures of this file.
pub(crate) static ALL: &[&Fields] = &[
    &LINUX_PARAMETERS,
    &CAPABILITIES,
    &DEVICE,
    &TMPFS,
    &ULIMIT,
    &SYSTEM_CONTROL,
];

/// `linux_parameters`.
pub static LINUX_PARAMETERS: Fields = part(
    "LinuxParameters",
    "ECS API reference, LinuxParameters",
    "task_definitions.NAME.containers.NAME.linux_parameters",
    "What only containers on Linux have.",
    &[
        Field::member(
            "init_process_enabled",
            "Whether an init process in the container passes signals on and collects processes that have ended.",
        )
        // Silence is no `false`: the Docker daemon of an instance can be set up to start one
        // (dockerd reference, `--init`).
        .default_note("there is none unless the instance is set up to start one")
        .example("true"),
        Field::member(
            "capabilities",
            "Capabilities of the kernel beyond those that Docker gives, or fewer.",
        )
        .default_note("they are those that Docker gives")
        .example("{ drop = [\"NET_RAW\"] }"),
        Field::member("devices", "Devices of the host in the container. Not on Fargate.")
            .default("[]")
            .example("[{ host_path = \"/dev/fuse\" }]"),
        Field::new(
            "shared_memory_size",
            Type::Integer(1, i64::MAX),
            "The size of `/dev/shm`, in MiB. Not on Fargate.",
        )
        .default_note("it is that of Docker")
        .example("128"),
        Field::member("tmpfs", "File systems in memory.")
            .default("[]")
            .example("[{ container_path = \"/tmp\", size = 64 }]"),
        Field::new(
            "max_swap",
            Type::Integer(0, i64::MAX),
            "The most swap that the container may use, in MiB; 0 is none. Not on Fargate.",
        )
        .default_note("it is as the instance is set up")
        .example("512"),
        Field::new(
            "swappiness",
            Type::Integer(0, 100),
            "How readily memory is swapped: 0 only where it can't be avoided, 100 at any time. It means nothing without `max_swap`. Not on Fargate and not with Amazon Linux 2023.",
        )
        .default("60")
        .example("10"),
    ],
);

/// `capabilities` of `linux_parameters`.
static CAPABILITIES: Fields = part(
    "KernelCapabilities",
    "ECS API reference, KernelCapabilities",
    "task_definitions.NAME.containers.NAME.linux_parameters.capabilities",
    "Capabilities of the kernel beyond those that Docker gives, or fewer.",
    &[
        Field::member("add", "Capabilities to add. On Fargate only `SYS_PTRACE`.")
            .default("[]")
            .example("[\"SYS_PTRACE\"]"),
        Field::member("drop", "Capabilities to take away.")
            .default("[]")
            .example("[\"NET_RAW\"]"),
    ],
);

/// An element of `devices`.
static DEVICE: Fields = part(
    "Device",
    "ECS API reference, Device",
    "task_definitions.NAME.containers.NAME.linux_parameters.devices",
    "A device of the host in a container.",
    &[
        Field::member("host_path", "Where it is on the host.").example("\"/dev/fuse\""),
        Field::member("container_path", "Where it stands in the container.")
            .default_note("it stands where it is on the host")
            .example("\"/dev/fuse\""),
        Field::member("permissions", "What the container may do with it.")
            .default("[\"read\", \"write\", \"mknod\"]")
            .example("[\"read\"]"),
    ],
);

/// An element of `tmpfs`.
pub static TMPFS: Fields = part(
    "Tmpfs",
    "ECS API reference, Tmpfs",
    "task_definitions.NAME.containers.NAME.linux_parameters.tmpfs",
    "A file system in memory.",
    &[
        Field::member("container_path", "Where it stands in the container.").example("\"/tmp\""),
        Field::new(
            "size",
            Type::Integer(1, i64::MAX),
            "The most MiB that it may hold.",
        )
        .example("64"),
        Field::member("mount_options", "Options of the mount, such as `noexec`.")
            .default("[]")
            .example("[\"noexec\"]"),
    ],
);

/// An element of `ulimits`.
static ULIMIT: Fields = part(
    "Ulimit",
    "ECS API reference, Ulimit",
    "task_definitions.NAME.containers.NAME.ulimits",
    "A limit of the operating system, in the unit that it is counted in there. The soft limit is not above the hard one.",
    &[
        Field::member("name", "What is limited.").example("\"nofile\""),
        Field::member(
            "soft_limit",
            "The limit, which the process may raise up to the hard one.",
        )
        .example("65535"),
        Field::member("hard_limit", "The limit that the process can't go beyond.").example("65535"),
    ],
);

/// An element of `system_controls`.
static SYSTEM_CONTROL: Fields = part(
    "SystemControl",
    "ECS API reference, SystemControl",
    "task_definitions.NAME.containers.NAME.system_controls",
    "A kernel parameter of a namespace.",
    &[
        Field::member(
            "namespace",
            "The parameter: one of IPC, or one that begins with `net.`.",
        )
        .example("\"net.ipv4.tcp_keepalive_time\""),
        Field::member("value", "Its value, as a string.").example("\"500\""),
    ],
);
