//! What belongs to a container: ports, variables, checks, logs.

use crate::{
    file::fields::{Field, Fields, Requirement, Type},
    kinds::task_definition::fields::{ecs::part, foreign},
};

/// All structures of this file.
pub(crate) static ALL: &[&Fields] = &[
    &PORT_MAPPING,
    &KEY_VALUE_PAIR,
    &SECRET,
    &ENVIRONMENT_FILE,
    &CONTAINER_DEPENDENCY,
    &HEALTH_CHECK,
    &RESTART_POLICY,
    &LOG_CONFIGURATION,
    &FIRELENS,
    &REPOSITORY_CREDENTIALS,
    &MOUNT_POINT,
    &VOLUME_FROM,
    &HOST_ENTRY,
    &RESOURCE_REQUIREMENT,
    &SHARING_STRATEGY,
    &NVIDIA_MPS,
];

/// An element of `port_mappings`.
pub static PORT_MAPPING: Fields = Fields {
    foreign: foreign::PORT_MAPPING,
    ..part(
    "PortMapping",
    "ECS API reference, PortMapping",
    "task_definitions.NAME.containers.NAME.port_mappings",
    "A port of a container that is reached from outside.",
    &[
        Field::new(
            "container_port",
            Type::Integer(1, 65_535),
            "The port that the container listens at. A mapping has this or `container_port_range`.",
        )
        .is(Requirement::RequiredUnless {
            key: "container_port_range",
            is: None,
        })
        .example("8080"),
        Field::new(
            "host_port",
            Type::Integer(0, 65_535),
            "The port of the host. In the network modes `awsvpc` and `host` it can only be the same as `container_port`; on a bridge, 0 lets Docker choose one.",
        )
        .default_note("it is `container_port`, and on a bridge one that Docker chooses")
        .example("80"),
        Field::member("protocol", "The protocol of the transport.")
            .default("\"tcp\"")
            .example("\"udp\""),
        Field::member(
            "name",
            "A name for the mapping, which Service Connect and VPC Lattice refer to: up to 64 lower-case letters, digits, `_` and `-`.",
        )
        .example("\"http\""),
        Field::member(
            "app_protocol",
            "The protocol of the application, for the proxy of Service Connect. In a service that uses it, it can't be changed.",
        )
        .default_note("Service Connect takes it for TCP")
        .example("\"http\""),
        Field::member(
            "container_port_range",
            "Several ports at once, as `FIRST-LAST`. In the network modes `awsvpc` and `bridge` only, and up to 100 of them in a container.",
        )
        .example("\"8000-8010\""),
    ],
)
};

/// An environment variable, or a property of a proxy.
static KEY_VALUE_PAIR: Fields = part(
    "KeyValuePair",
    "ECS API reference, KeyValuePair",
    "task_definitions.NAME.containers.NAME.environment",
    "A name and a value: an environment variable, or a property of a proxy.",
    &[
        Field::member("name", "The name.").example("\"LOG_LEVEL\""),
        Field::member("value", "The value.").example("\"info\""),
    ],
);

/// A variable or an option that ECS fills in.
static SECRET: Fields = part(
    "Secret",
    "ECS API reference, Secret",
    "task_definitions.NAME.containers.NAME.secrets",
    "A variable, or an option of a log driver, that ECS fills in when the container starts.",
    &[
        Field::member("name", "The name of the variable or option.").example("\"DB_PASSWORD\""),
        Field::member(
            "value_from",
            "Where the value is: the ARN of a secret of Secrets Manager, or of a parameter of Systems Manager, whose name is enough in the task's own region.",
        )
        .example("\"arn:aws:secretsmanager:us-east-1:111122223333:secret:db-a1b2c3\""),
    ],
);

/// An element of `environment_files`.
static ENVIRONMENT_FILE: Fields = part(
    "EnvironmentFile",
    "ECS API reference, EnvironmentFile",
    "task_definitions.NAME.containers.NAME.environment_files",
    "A file of environment variables.",
    &[
        Field::member(
            "value",
            "The ARN of an object in Amazon S3 whose name ends in `.env`.",
        )
        .example("\"arn:aws:s3:::config/checkout.env\""),
        Field::member("type", "Where the file is, which is Amazon S3.").example("\"s3\""),
    ],
);

/// An element of `depends_on`.
static CONTAINER_DEPENDENCY: Fields = part(
    "ContainerDependency",
    "ECS API reference, ContainerDependency",
    "task_definitions.NAME.containers.NAME.depends_on",
    "A container that another one waits for.",
    &[
        Field::member("container_name", "The container that is waited for.")
            .example("\"migrations\""),
        Field::member(
            "condition",
            "How far it has to be: started, ended, ended with 0, or healthy. An essential container can't be waited for to end, because the task ends with it; `HEALTHY` takes one with a `health_check`.",
        )
        .example("\"SUCCESS\""),
    ],
);

/// `health_check`.
pub static HEALTH_CHECK: Fields = Fields {
    foreign: foreign::HEALTH_CHECK,
    ..part(
    "HealthCheck",
    "ECS API reference, HealthCheck",
    "task_definitions.NAME.containers.NAME.health_check",
    "How ECS finds out whether a container is healthy.",
    &[
        Field::member(
            "command",
            "The command, which runs in the container: `CMD` and its words, or `CMD-SHELL` and one line for the container's shell. An image without a shell takes `CMD` only.",
        )
        .example("[\"CMD-SHELL\", \"curl -f http://localhost:8080/ || exit 1\"]"),
        Field::new(
            "interval",
            Type::Integer(5, 300),
            "How many seconds lie between two checks.",
        )
        .default("30")
        .example("10"),
        Field::new(
            "timeout",
            Type::Integer(2, 60),
            "How many seconds a check may take.",
        )
        .default("5")
        .example("5"),
        Field::new(
            "retries",
            Type::Integer(1, 10),
            "How many checks have to fail in a row before the container is unhealthy.",
        )
        .default("3")
        .example("3"),
        Field::new(
            "start_period",
            Type::Integer(0, 300),
            "How many seconds at the start failed checks are not counted.",
        )
        .default_note("they are counted from the start")
        .example("60"),
    ],
)
};

/// `restart_policy`.
pub static RESTART_POLICY: Fields = part(
    "ContainerRestartPolicy",
    "ECS API reference, ContainerRestartPolicy",
    "task_definitions.NAME.containers.NAME.restart_policy",
    "Whether and when a container alone is restarted.",
    &[
        Field::member("enabled", "Whether it is restarted.").example("true"),
        Field::member(
            "ignored_exit_codes",
            "Exit codes after which it is not restarted; up to 50.",
        )
        .default("[]")
        .example("[0, 255]"),
        Field::new(
            "restart_attempt_period",
            Type::Integer(60, 1800),
            "How many seconds it has to have run to be restarted. One that exits earlier is not restarted.",
        )
        .default("300")
        .example("60"),
    ],
);

/// `log_configuration`.
static LOG_CONFIGURATION: Fields = part(
    "LogConfiguration",
    "ECS API reference, LogConfiguration",
    "task_definitions.NAME.containers.NAME.log_configuration",
    "Where a container's output goes, and how.",
    &[
        Field::member(
            "log_driver",
            "The log driver. Fargate has `awslogs`, `splunk` and `awsfirelens`.",
        )
        .example("\"awslogs\""),
        Field::member(
            "options",
            "The options of the driver, under its own names. `awslogs` needs `awslogs-group` and `awslogs-region`, and on Fargate `awslogs-stream-prefix`; with `awslogs-create-group` the execution role needs `logs:CreateLogGroup`, which AWS's managed policy doesn't give. With `mode = \"non-blocking\"`, ECS's default since June 2025, lines are dropped when the buffer of `max-buffer-size` is full.",
        )
        .default("{}")
        .example("{ awslogs-group = \"${log_groups.app.name}\", awslogs-region = \"${region}\", awslogs-stream-prefix = \"ecs\" }"),
        Field::member(
            "secret_options",
            "Options of the driver that ECS fills in, by name, like `secrets` of a container.",
        )
        .default("{}")
        .example("{ splunk-token = \"arn:aws:secretsmanager:us-east-1:111122223333:secret:splunk-a1b2c3\" }"),
    ],
);

/// `firelens_configuration`.
static FIRELENS: Fields = part(
    "FirelensConfiguration",
    "ECS API reference, FirelensConfiguration",
    "task_definitions.NAME.containers.NAME.firelens_configuration",
    "Makes a container the log router of the others.",
    &[
        Field::member("type", "The log router.").example("\"fluentbit\""),
        Field::member(
            "options",
            "`enable-ecs-log-metadata`, and `config-file-type` with `config-file-value` for a configuration of your own, which on Fargate can't be in Amazon S3.",
        )
        .default("{}")
        .example("{ enable-ecs-log-metadata = \"true\" }"),
    ],
);

/// `repository_credentials`.
static REPOSITORY_CREDENTIALS: Fields = part(
    "RepositoryCredentials",
    "ECS API reference, RepositoryCredentials",
    "task_definitions.NAME.containers.NAME.repository_credentials",
    "How ECS signs in to a private registry.",
    &[Field::member(
        "credentials_parameter",
        "The ARN of the secret of Secrets Manager with the user name and the password, which the execution role has to be allowed to read.",
    )
    .example("\"arn:aws:secretsmanager:us-east-1:111122223333:secret:registry-a1b2c3\"")],
);

/// An element of `mount_points`.
static MOUNT_POINT: Fields = part(
    "MountPoint",
    "ECS API reference, MountPoint",
    "task_definitions.NAME.containers.NAME.mount_points",
    "A volume of the task in a container.",
    &[
        Field::member("source_volume", "The volume, one of `volumes` of the task.")
            .example("\"data\""),
        Field::member("container_path", "Where it stands in the container.").example("\"/data\""),
        Field::member("read_only", "Whether the container can't write to it.")
            .default("false")
            .example("true"),
    ],
);

/// An element of `volumes_from`.
static VOLUME_FROM: Fields = part(
    "VolumeFrom",
    "ECS API reference, VolumeFrom",
    "task_definitions.NAME.containers.NAME.volumes_from",
    "A container whose volumes another one mounts.",
    &[
        Field::member(
            "source_container",
            "The container whose volumes are mounted.",
        )
        .example("\"app\""),
        Field::member("read_only", "Whether the container can't write to them.")
            .default("false")
            .example("true"),
    ],
);

/// An element of `extra_hosts`.
static HOST_ENTRY: Fields = part(
    "HostEntry",
    "ECS API reference, HostEntry",
    "task_definitions.NAME.containers.NAME.extra_hosts",
    "A line of `/etc/hosts`.",
    &[
        Field::member("hostname", "The name.").example("\"db\""),
        Field::member("ip_address", "The address.").example("\"10.0.0.9\""),
    ],
);

/// An element of `resource_requirements`.
static RESOURCE_REQUIREMENT: Fields = part(
    "ResourceRequirement",
    "ECS API reference, ResourceRequirement",
    "task_definitions.NAME.containers.NAME.resource_requirements",
    "A GPU or an accelerator that a container needs.",
    &[
        Field::member(
            "value",
            "How many GPUs, or the `device_name` of an accelerator of the task.",
        )
        .example("\"1\""),
        Field::member("type", "What is needed.").example("\"GPU\""),
        Field::member(
            "sharing_strategy",
            "How the container shares its GPU with others, in place of having it alone.",
        )
        .source("ECS API reference, SharingStrategy")
        .default_note("it has the GPU alone")
        .example("{ nvidia_mps = { memory = 4096 } }"),
    ],
);

/// `sharing_strategy` of an element of `resource_requirements`.
static SHARING_STRATEGY: Fields = part(
    "SharingStrategy",
    "ECS API reference, SharingStrategy",
    "task_definitions.NAME.containers.NAME.resource_requirements.sharing_strategy",
    "How containers share a GPU.",
    &[Field::member(
        "nvidia_mps",
        "By NVIDIA's Multi-Process Service. All containers of a task that say so get the same GPU.",
    )
    .example("{ memory = 4096 }")],
);

/// `nvidia_mps` of a sharing strategy.
static NVIDIA_MPS: Fields = part(
    "NvidiaMpsAllocation",
    "ECS API reference, NvidiaMpsAllocation",
    "task_definitions.NAME.containers.NAME.resource_requirements.sharing_strategy.nvidia_mps",
    "How much of a GPU a container gets through NVIDIA's Multi-Process Service.",
    &[
        Field::member(
            "memory",
            "The GPU memory in MiB, which has to be free on a single GPU and is kept for the container.",
        )
        .example("4096"),
        Field::member(
            "max_compute_percent",
            "The most of the GPU's computing that the container can use, in percent. It limits and keeps nothing.",
        )
        .default_note("it is as the instance is set up, which is usually 100")
        .example("50"),
    ],
);
