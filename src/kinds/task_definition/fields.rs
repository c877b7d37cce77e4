//! `[task_definitions.NAME]`.

pub mod container;
pub mod destinations;
pub mod ecs;
mod foreign;
pub mod metrics;
pub mod scrape;
pub mod sending;
pub mod service;

use crate::{
    file::fields::{
        Field, Fields, Requirement, Type,
        lifecycle::{ADOPT, IGNORE, PREVENT_DESTROY, TAGS},
    },
    kinds::task_definition::fields::{container::CONTAINER, metrics::METRICS, service::SERVICES},
    model::address::Kind,
};

/// The most characters of the name of a family, a container or a volume (ECS API reference,
/// `RegisterTaskDefinition`, `ContainerDefinition`, `Volume`).
pub const LONGEST_NAME: usize = 255;
/// The most containers of a task (ECS developer guide, "Amazon ECS service quotas").
pub const MOST_CONTAINERS: usize = 10;
/// The most environment files of a container (ECS API reference, `ContainerDefinition`,
/// `environmentFiles`).
pub const MOST_ENVIRONMENT_FILES: usize = 10;
/// The most placement constraints of a task (ECS API reference, `RegisterTaskDefinition`,
/// `placementConstraints`).
pub const MOST_CONSTRAINTS: usize = 10;
/// The most characters of the name of a port mapping (ECS API reference, `PortMapping`, `name`).
pub const LONGEST_PORT_NAME: usize = 64;
/// The most port ranges of a container (ECS API reference, `PortMapping`, `containerPortRange`).
pub const MOST_RANGES: usize = 100;
/// The most exit codes that a restart policy ignores (ECS API reference,
/// `ContainerRestartPolicy`, `ignoredExitCodes`).
pub const MOST_EXIT_CODES: usize = 50;
/// The most seconds that a container may take to start or to stop on Fargate (ECS API reference,
/// `ContainerDefinition`, `startTimeout` and `stopTimeout`).
pub const LONGEST_FARGATE_TIMEOUT: i64 = 120;
/// The most revisions that a family can have (ECS developer guide, "Amazon ECS service quotas").
const MOST_REVISIONS: i64 = 1_000_000;

/// A size that may also be written as a number.
const SIZE: Type = Type::MemberOr(&Type::Integer(0, i64::MAX));

/// Where the tables stand in a stack file.
pub(crate) static SECTION: Field = Field::new(
    "task_definitions",
    Type::Named(&Type::Table(&TASK_DEFINITION)),
    "Task definitions of Amazon ECS, by logical name.",
)
.source("ECS API reference, RegisterTaskDefinition")
.default("{}")
.example("{ checkout = { definition = \"taskdef.json\" } }");

/// `[task_definitions.NAME]`.
pub static TASK_DEFINITION: Fields = Fields {
    name: "task_definition",
    path: "task_definitions.NAME",
    doc: "A task definition of Amazon ECS: what `RegisterTaskDefinition` takes, in snake case. Another document is another revision of the family; AWS never changes an old one.",
    source: "ECS API reference, RegisterTaskDefinition",
    structure: Some("RegisterTaskDefinitionInput"),
    foreign: foreign::TASK_DEFINITION,
    fields: &[
        Field::new(
            "family",
            Type::Known,
            "The family, whose revisions are counted: up to 255 letters, digits, `_` and `-`.",
        )
        .default_note("it is that of `definition`, or else the logical name of this table")
        .example("\"checkout\""),
        Field::member(
            "requires_compatibilities",
            "The launch types that ECS checks the task definition against. Name `FARGATE` for tasks on Fargate, so that mistakes are found before anything runs.",
        )
        .default_note("ECS checks against none")
        .example("[\"FARGATE\"]"),
        Field::new(
            "cpu",
            SIZE,
            "The CPU of the whole task, as units or as \"1 vCPU\". Fargate requires it, and offers only some sizes, each with some sizes of memory.",
        )
        .source("ECS developer guide, \"Amazon ECS task definition differences for Fargate\"")
        .example("\"0.5 vCPU\""),
        Field::new(
            "memory",
            SIZE,
            "The memory of the whole task, as MiB or as \"1 GB\". Fargate requires it.",
        )
        .source("ECS developer guide, \"Amazon ECS task definition differences for Fargate\"")
        .example("\"1 GB\""),
        Field::new(
            "containers",
            Type::ByName(&CONTAINER, "name"),
            "The containers, by name: 1 to 10, of which at least one is essential. Beside a `definition`, those of the same name are laid over its own, member by member.",
        )
        .is(Requirement::RequiredUnless {
            key: "definition",
            is: None,
        })
        .example("{ app = { image = \"111122223333.dkr.ecr.us-east-1.amazonaws.com/checkout:1.0\" } }"),
        Field::new(
            "metrics",
            Type::Table(&METRICS),
            "Adds the collector that sends the application's metrics to the workspace.",
        )
        .source("ECS developer guide, \"Exporting application metrics to Amazon Managed Service for Prometheus\"")
        .default_note("there is no collector")
        .example("{ scrape = [{ port = 8080 }] }"),
        Field::new(
            "task_role",
            Type::Text,
            "Who the containers are to AWS: a role of this stack by its logical name, or one by its ARN. The collector sends metrics as this role.",
        )
        .default_note("the task has no role of its own")
        .names(Kind::Role)
        .example("\"task\""),
        Field::new(
            "execution_role",
            Type::Text,
            "Who pulls images, writes logs and reads secrets before the containers run: a role of this stack by its logical name, or one by its ARN. On Fargate, images of a private registry and `logs` need it.",
        )
        .source("ECS developer guide, \"Amazon ECS task execution IAM role\"")
        .default_note("the task has none")
        .names(Kind::Role)
        .example("\"execution\""),
        Field::member(
            "network_mode",
            "How containers are networked. Fargate takes only `awsvpc`, which gives the task an interface of its own and lets its containers meet at `localhost`.",
        )
        .default_note("it is `awsvpc` on Fargate and on managed instances, and `bridge` elsewhere")
        .example("\"awsvpc\""),
        Field::member(
            "runtime_platform",
            "The operating system and the processor that the images are made for.",
        )
        .default_note("Linux on X86_64")
        .example("{ cpu_architecture = \"ARM64\" }"),
        Field::member("volumes", "What containers can mount with `mount_points`, by name.")
            .default("{}")
            .example("{ data = { efs_volume_configuration = { file_system_id = \"fs-1234567890abcdef0\" } } }"),
        Field::member(
            "ephemeral_storage",
            "More disk than the 20 GiB that every task on Fargate has.",
        )
        .default_note("20 GiB on Fargate")
        .example("{ size_in_gib = 40 }"),
        Field::member(
            "placement_constraints",
            "Which instances the task may be placed on; up to 10. Fargate takes none.",
        )
        .default("[]")
        .example("[{ type = \"memberOf\", expression = \"attribute:ecs.instance-type == c7g.large\" }]"),
        Field::member(
            "pid_mode",
            "Whose processes the containers see: those of the task, or of the host. On Fargate only `task`, and only with Linux.",
        )
        .default_note("each container sees its own")
        .example("\"task\""),
        Field::member(
            "ipc_mode",
            "Whose shared memory and semaphores the containers use: those of the task, of the host, or each its own. Not on Fargate and not with Windows.",
        )
        .default_note("it is as the Docker daemon of the instance is set up")
        .example("\"task\""),
        Field::member(
            "proxy_configuration",
            "The proxy of AWS App Mesh that the task's traffic goes through.",
        )
        .default_note("there is none")
        .example("{ type = \"APPMESH\", container_name = \"envoy\" }"),
        Field::member(
            "inference_accelerators",
            "Accelerators of Amazon Elastic Inference, which AWS offers to no new customers since April 2023.",
        )
        .default("[]")
        .example("[{ device_name = \"device_1\", device_type = \"eia2.medium\" }]"),
        Field::member(
            "enable_fault_injection",
            "Lets containers ask ECS to disturb their network, for experiments with AWS Fault Injection Service.",
        )
        .default("false")
        .example("true"),
        Field::new(
            "definition",
            Type::Known,
            "A JSON file with a task definition as the AWS CLI and the console export it, relative to the stack file. What stands beside it wins.",
        )
        .source("amp-stack")
        .example("\"taskdef.json\""),
        Field::new(
            "keep_revisions",
            Type::Integer(1, MOST_REVISIONS),
            "How many of the newest revisions stay active; older ones are deregistered. Services that run an old revision keep running it.",
        )
        .source("ECS API reference, DeregisterTaskDefinition")
        .default_note("all of them stay")
        .example("5"),
        Field::new(
            "services",
            SERVICES,
            "Services that `apply` brings to the newest revision, and waits for. They are somebody else's: they are never created, deleted or scaled. Each runs a revision of this family already.",
        )
        .source("ECS API reference, UpdateService")
        .default("[]")
        .example("[\"prod/checkout\"]"),
        Field::new(
            "verbatim",
            Type::Verbatim,
            "Members under the API's own names, laid over everything else: for what AWS has added since this amp-stack was made.",
        )
        .source("amp-stack")
        .default("{}")
        .example("{ enableFaultInjection = true }"),
        PREVENT_DESTROY,
        ADOPT,
        IGNORE,
        TAGS,
    ],
};
