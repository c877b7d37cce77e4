//! What `metrics` says of what happens between measuring and sending.

use crate::file::fields::{Field, Fields, Type};

const EXPORTERS: &str = "OpenTelemetry Collector, exporterhelper, README";

/// `attributes` of `metrics`.
pub static ATTRIBUTES: Fields = Fields {
    name: "attributes",
    path: "task_definitions.NAME.metrics.attributes",
    doc: "What happens to attributes, of the task and of each sample, before they become labels: first `extract`, then `rename`, `delete` and `add`. Names of attributes have dots: `aws.ecs.task.family` becomes the label `aws_ecs_task_family`.",
    source: "aws-observability/aws-otel-collector, resource and attributes processors",
    structure: None,
    foreign: super::foreign::ATTRIBUTES,
    fields: &[
        Field::new(
            "extract",
            Type::Map(&Type::Known),
            "Patterns by the attributes that they are compared with: each named group becomes an attribute.",
        )
        .default("{}")
        .example("{ \"aws.ecs.cluster.arn\" = \"cluster/(?P<cluster>.*)\" }"),
        Field::new(
            "rename",
            Type::Map(&Type::Known),
            "New names of attributes, by the names that they have.",
        )
        .default("{}")
        .example("{ \"aws.ecs.task.family\" = \"family\" }"),
        Field::new(
            "delete",
            Type::List(&Type::Known),
            "The attributes that are left out.",
        )
        .default("[]")
        .example("[\"host.name\", \"os.type\"]"),
        Field::new(
            "add",
            Type::Map(&Type::Known),
            "Values of attributes, by their names; one that is there already is replaced.",
        )
        .default("{}")
        .example("{ \"deployment.environment\" = \"production\" }"),
    ],
};

/// `batch` of `metrics`, as a table.
pub static BATCH: Fields = Fields {
    name: "batch",
    path: "task_definitions.NAME.metrics.batch",
    doc: "How much is gathered before it is sent.",
    source: "aws-observability/aws-otel-collector, batch processor",
    structure: None,
    foreign: super::foreign::BATCH,
    fields: &[
        Field::new(
            "timeout",
            Type::Known,
            "How long samples are gathered at most, as a length of time.",
        )
        .default("\"60s\"")
        .example("\"10s\""),
        Field::new(
            "size",
            Type::Integer(1, u32::MAX as i64),
            "After how many samples they are sent, whenever that is.",
        )
        .default_note("it is 8192")
        .example("4096"),
        Field::new(
            "max_size",
            Type::Integer(1, u32::MAX as i64),
            "How many samples are sent at once at most.",
        )
        .default_note("there is no limit")
        .example("10000"),
    ],
};

/// `queue` of `metrics`.
pub static QUEUE: Fields = Fields {
    name: "queue",
    path: "task_definitions.NAME.metrics.queue",
    doc: "What waits in memory to be sent; what does not fit is lost.",
    source: EXPORTERS,
    structure: None,
    foreign: super::foreign::QUEUE,
    fields: &[
        Field::new(
            "size",
            Type::Integer(1, u32::MAX as i64),
            "How many requests wait at most.",
        )
        .default_note("it is as the exporter has it")
        .example("20000"),
        Field::new(
            "consumers",
            Type::Integer(1, u32::MAX as i64),
            "How many are sent at the same time.",
        )
        .default_note("it is as the exporter has it")
        .example("10"),
    ],
};

/// `retry` of `metrics`.
pub static RETRY: Fields = Fields {
    name: "retry",
    path: "task_definitions.NAME.metrics.retry",
    doc: "How often something is sent again, each time after a longer wait.",
    source: EXPORTERS,
    structure: None,
    foreign: &[],
    fields: &[
        Field::new(
            "initial_interval",
            Type::Known,
            "How long the first wait is, as a length of time.",
        )
        .default_note("it is as the exporter has it")
        .example("\"1s\""),
        Field::new(
            "max_interval",
            Type::Known,
            "How long a wait is at most, as a length of time.",
        )
        .default_note("it is as the exporter has it")
        .example("\"30s\""),
        Field::new(
            "max_elapsed_time",
            Type::Known,
            "After how long it is given up, and what was to be sent is lost, as a length of time.",
        )
        .default_note("it is 5 minutes")
        .example("\"15m\""),
    ],
};
