//! A container of a task definition, and where its output goes.

use crate::{
    file::fields::{Field, Fields, Type},
    kinds::task_definition::fields::foreign,
    model::address::Kind,
};

/// A log group: by logical name or ARN, or as a table.
pub(super) const LOG_GROUP: Type = Type::OneOf(&[Type::Known, Type::Table(&LOGS)]);

/// `logs`.
pub const LOGS_TO: Field = Field::new(
    "logs",
    LOG_GROUP,
    "Where the output goes: a log group of this stack by its logical name, another one by its ARN, or a table with its name. The `awslogs` driver, its region and a stream prefix are filled in.",
)
.source("ECS developer guide, \"Send Amazon ECS logs to CloudWatch\"")
.default_note("the output is not kept")
.names(Kind::LogGroup)
.example("\"app\"");

/// `verbatim` of a container.
pub const VERBATIM: Field = Field::new(
    "verbatim",
    Type::Verbatim,
    "Members under the API's own names, laid over everything else: for what AWS has added since this amp-stack was made.",
)
.source("amp-stack")
.default("{}")
.example("{ pseudoTerminal = true }");

/// `logs` as a table.
pub static LOGS: Fields = Fields {
    name: "logs",
    path: "task_definitions.NAME.containers.NAME.logs",
    doc: "A log group that is not of this stack: `arn`, or `name` and perhaps `region`.",
    source: "ECS developer guide, \"Send Amazon ECS logs to CloudWatch\"",
    structure: None,
    foreign: foreign::LOGS,
    fields: &[
        Field::new(
            "name",
            Type::Known,
            "The name of the log group in CloudWatch.",
        )
        .example("\"/ecs/shared\""),
        Field::new(
            "region",
            Type::Known,
            "The region of the log group of this name.",
        )
        .default_note("it is the region of the stack")
        .example("\"us-east-1\""),
        Field::new("arn", Type::Known, "The ARN of the log group.")
            .example("\"arn:aws:logs:us-east-1:111122223333:log-group:/ecs/shared\""),
    ],
};

/// `[task_definitions.NAME.containers.NAME]`.
pub static CONTAINER: Fields = Fields {
    name: "container",
    path: "task_definitions.NAME.containers.NAME",
    doc: "A container: what `ContainerDefinition` takes, in snake case.",
    source: "ECS API reference, ContainerDefinition",
    structure: Some("ContainerDefinition"),
    foreign: foreign::CONTAINER,
    fields: &[
        Field::member(
            "name",
            "The name: up to 255 letters, digits, `_` and `-`. Where containers are written as tables, the key of the table is the name.",
        )
        .example("\"app\""),
        Field::member(
            "image",
            "The image, with a tag or a digest. ECS resolves a tag once for each deployment of a service, so a tag that moves is only noticed by a new deployment.",
        )
        .example("\"111122223333.dkr.ecr.us-east-1.amazonaws.com/checkout:1.0\""),
        LOGS_TO,
        Field::member(
            "port_mappings",
            "The ports that are reached from outside of the container. Containers with a common network need none to reach each other.",
        )
        .default("[]")
        .example("[{ container_port = 8080 }]"),
        Field::member(
            "environment",
            "Environment variables, by name. They are stored in the clear: passwords belong into `secrets`.",
        )
        .default("{}")
        .example("{ LOG_LEVEL = \"info\" }"),
        Field::member(
            "secrets",
            "Environment variables, by name, that ECS fills in when the container starts: each the ARN of a secret of Secrets Manager or the name or ARN of a parameter of Systems Manager. The execution role has to be allowed to read them.",
        )
        .default("{}")
        .example("{ DB_PASSWORD = \"arn:aws:secretsmanager:us-east-1:111122223333:secret:db-a1b2c3\" }"),
        Field::member(
            "environment_files",
            "Files of environment variables in Amazon S3, up to 10; `environment` wins over them.",
        )
        .default("[]")
        .example("[{ type = \"s3\", value = \"arn:aws:s3:::config/checkout.env\" }]"),
        Field::member(
            "essential",
            "Whether the whole task ends with this container. At least one container of a task is essential.",
        )
        .default("true")
        .example("false"),
        Field::member(
            "depends_on",
            "Which containers have to be how far before this one starts, by name. It is looked at when the task starts and not afterwards.",
        )
        .default("{}")
        .example("{ migrations = \"SUCCESS\" }"),
        Field::member(
            "health_check",
            "How ECS finds out whether the container is healthy. A health check that the image brings is ignored.",
        )
        .default_note("nobody checks")
        .example("{ command = [\"CMD-SHELL\", \"curl -f http://localhost:8080/ || exit 1\"] }"),
        Field::member(
            "restart_policy",
            "Whether this container alone is restarted when it exits, so that the task goes on.",
        )
        .default_note("it is not restarted")
        .example("{ enabled = true }"),
        Field::member("command", "The command, in place of that of the image: one word to an element.")
            .default_note("it is that of the image")
            .example("[\"serve\", \"--port\", \"8080\"]"),
        Field::member("entry_point", "The entry point, in place of that of the image.")
            .default_note("it is that of the image")
            .example("[\"/bin/sh\", \"-c\"]"),
        Field::member("working_directory", "The directory that the command runs in.")
            .default_note("it is that of the image")
            .example("\"/srv\""),
        Field::member(
            "user",
            "The user that the command runs as: a name or an id, with a group after `:`. Not with Windows.",
        )
        .default_note("it is that of the image")
        .example("\"1000:1000\""),
        Field::new(
            "cpu",
            Type::Integer(0, i64::MAX),
            "CPU units kept for the container. When the CPU is short, containers share it in proportion to these.",
        )
        .default("0")
        .example("256"),
        Field::member(
            "memory",
            "The most MiB that the container may use, at least 6; beyond them it is killed. Without a size of the task, every container needs this or `memory_reservation`.",
        )
        .default_note("only the task's own size limits it")
        .example("512"),
        Field::member(
            "memory_reservation",
            "The MiB that are kept for the container, at least 6 and at most `memory`. It may use more where there is more.",
        )
        .default_note("it is `memory`")
        .example("256"),
        Field::member(
            "log_configuration",
            "The log driver and its options, where `logs` is not enough. A container has one of the two.",
        )
        .default_note("it is what `logs` says, or the default of the Docker daemon")
        .example("{ log_driver = \"awsfirelens\" }"),
        Field::member(
            "firelens_configuration",
            "Makes this container the log router, Fluentd or Fluent Bit, of those whose log driver is `awsfirelens`.",
        )
        .default_note("it routes no logs")
        .example("{ type = \"fluentbit\" }"),
        Field::member("mount_points", "Which of the task's volumes stand where in the container.")
            .default("[]")
            .example("[{ source_volume = \"data\", container_path = \"/data\" }]"),
        Field::member("volumes_from", "Containers whose volumes are mounted here as they are there.")
            .default("[]")
            .example("[{ source_container = \"app\", read_only = true }]"),
        Field::member(
            "readonly_root_filesystem",
            "Whether the container can't write to its own file system. Not with Windows.",
        )
        .default("false")
        .example("true"),
        Field::member(
            "start_timeout",
            "How many seconds containers that wait for this one wait for it, before they give up and the task stops. On Fargate 2 to 120.",
        )
        .default_note("as long as the agent is set up to wait")
        .example("60"),
        Field::member(
            "stop_timeout",
            "How many seconds the container gets to end by itself before it is killed. On Fargate 2 to 120.",
        )
        .default_note("30 seconds on Fargate, and on EC2 unless the agent is configured otherwise")
        .example("60"),
        Field::member(
            "ulimits",
            "Limits of the operating system, by name. Fargate itself sets `nofile` only, whose limits are 65,535 there.",
        )
        .default("{}")
        .example("{ nofile = { soft_limit = 65535, hard_limit = 65535 } }"),
        Field::member("linux_parameters", "What only Linux has: capabilities, devices, swap, shared memory.")
            .default_note("nothing of it is changed")
            .example("{ init_process_enabled = true }"),
        Field::member(
            "system_controls",
            "Kernel parameters of the container's namespaces, by name. With a common network, those that begin with `net.` are those of the whole task.",
        )
        .default("{}")
        .example("{ \"net.ipv4.tcp_keepalive_time\" = \"500\" }"),
        Field::member("resource_requirements", "GPUs and accelerators of the container. Not on Fargate.")
            .default("[]")
            .example("[{ type = \"GPU\", value = \"1\" }]"),
        Field::member(
            "repository_credentials",
            "How ECS signs in to the private registry of the image, if that is not Amazon ECR.",
        )
        .default_note("the registry asks for nothing")
        .example("{ credentials_parameter = \"arn:aws:secretsmanager:us-east-1:111122223333:secret:registry-a1b2c3\" }"),
        Field::member(
            "version_consistency",
            "Whether ECS turns the tag of the image into a digest, so that all tasks of a deployment run the same image.",
        )
        .default("\"enabled\"")
        .example("\"disabled\""),
        Field::member(
            "links",
            "Other containers that this one reaches by name, as `container` or `container:name`. Only on a bridge network.",
        )
        .default("[]")
        .example("[\"database:db\"]"),
        Field::member("hostname", "The host name of the container. Not with the network mode `awsvpc`.")
            .default_note("it is the id of the container")
            .example("\"app\""),
        Field::member("dns_servers", "DNS servers of the container. Not with Windows and not on Fargate.")
            .default("[]")
            .example("[\"10.0.0.2\"]"),
        Field::member("dns_search_domains", "DNS search domains of the container. Not with Windows and not on Fargate.")
            .default("[]")
            .example("[\"example.com\"]"),
        Field::member("extra_hosts", "Further lines of `/etc/hosts`. Not with the network mode `awsvpc`.")
            .default("[]")
            .example("[{ hostname = \"db\", ip_address = \"10.0.0.9\" }]"),
        Field::member("disable_networking", "Whether the container has no network. Not with Windows and not on Fargate.")
            .default("false")
            .example("true"),
        Field::member(
            "privileged",
            "Whether the container has the rights of root on its instance. Not with Windows and not on Fargate.",
        )
        .default("false")
        .example("true"),
        Field::member("interactive", "Whether the standard input of the container stays open.")
            .default("false")
            .example("true"),
        Field::member("pseudo_terminal", "Whether the container gets a terminal.")
            .default("false")
            .example("true"),
        Field::member("docker_labels", "Labels of the container for Docker, whose keys are kept as they are written.")
            .default("{}")
            .example("{ \"com.example.team\" = \"payments\" }"),
        Field::member(
            "docker_security_options",
            "Labels for SELinux and AppArmor, or a credential spec for Windows. The agent of the instance has to be set up for it. Not on Fargate.",
        )
        .default("[]")
        .example("[\"no-new-privileges\"]"),
        Field::member(
            "credential_specs",
            "The credential spec for Active Directory, in Amazon S3 or in a parameter: one at most.",
        )
        .default("[]")
        .example("[\"credentialspecdomainless:arn:aws:s3:::config/spec.json\"]"),
        VERBATIM,
    ],
};
