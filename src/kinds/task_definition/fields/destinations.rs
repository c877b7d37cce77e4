//! Where else than to its workspace `metrics` sends.

use crate::{
    file::fields::{Field, Fields, Type},
    kinds::task_definition::fields::{container::LOG_GROUP, foreign, scrape::SECRET},
};

const OTLP_PAGE: &str = "CloudWatch user guide, \"Send metrics using OpenTelemetry\"";

/// What can be sent over OTLP.
pub const SIGNALS: &[&str] = &["metrics", "traces"];

/// `cloudwatch` of `metrics`.
pub static CLOUDWATCH: Fields = Fields {
    name: "cloudwatch",
    path: "task_definitions.NAME.metrics.cloudwatch",
    doc: "Sends everything that is measured to CloudWatch as well, over OTLP: it keeps the names with their dots, is asked in PromQL, and takes its price by the gigabyte. `{}` is enough.",
    source: OTLP_PAGE,
    structure: None,
    foreign: &[],
    fields: &[
        Field::new("region", Type::Known, "The region of CloudWatch.")
            .default_note("it is the region of the task")
            .example("\"eu-west-1\""),
    ],
};

/// `emf` of `metrics`.
pub static EMF: Fields = Fields {
    name: "emf",
    path: "task_definitions.NAME.metrics.emf",
    doc: "Sends what is measured to CloudWatch as metrics of a namespace, too, for alarms that are there: as lines of a log group in the Embedded Metric Format. Every set of values of the `dimensions` is a metric with a price of its own.",
    source: "aws-observability/aws-otel-collector, awsemf exporter",
    structure: None,
    foreign: foreign::EMF,
    fields: &[
        Field::new(
            "log_group",
            LOG_GROUP,
            "The log group that the lines go to: one of this stack by its logical name, another one by its ARN, or a table with its name.",
        )
        .required()
        .example("\"collector\""),
        Field::new(
            "namespace",
            Type::Known,
            "The namespace of the metrics.",
        )
        .default_note("it is the name of the family")
        .example("\"Checkout\""),
        Field::new(
            "dimensions",
            Type::List(&Type::List(&Type::Known)),
            "Sets of attributes, and of labels of samples, that become dimensions: a metric has each set of which it has all.",
        )
        .required()
        .example("[[\"aws.ecs.task.family\"]]"),
        Field::new(
            "metrics",
            Type::List(&Type::Known),
            "Patterns of the names of what becomes a metric; the rest is written to the log only. A pattern is about the whole name as the collector has it, so over OTLP with dots.",
        )
        .default_note("everything becomes a metric")
        .example("[\"http[.]server[.].*\"]"),
    ],
};

/// An element of `destinations`.
pub static DESTINATION: Fields = Fields {
    name: "destination",
    path: "task_definitions.NAME.metrics.destinations",
    doc: "Somewhere else that everything is sent to as well: exactly one of `workspace`, `remote_write` and `otlp`.",
    source: "amp-stack",
    structure: None,
    foreign: foreign::DESTINATION,
    fields: &[
        Field::new(
            "workspace",
            Type::Known,
            "Another workspace of Amazon Managed Service for Prometheus, by its id or ARN. The task role gets the right to write to it.",
        )
        .default_note("it is another place")
        .example("\"arn:aws:aps:eu-west-1:111122223333:workspace/ws-12345678-90ab-cdef-1234-567890abcdef\""),
        Field::new(
            "assume_role",
            Type::Known,
            "The ARN of a role that the collector takes on to write to that workspace.",
        )
        .source("aws-observability/aws-otel-collector, sigv4auth extension")
        .default_note("it writes with the credentials of the task")
        .example("\"arn:aws:iam::444455556666:role/RemoteWrite\""),
        Field::new(
            "remote_write",
            Type::Known,
            "The URL of anybody else who takes Prometheus' remote write.",
        )
        .source("aws-observability/aws-otel-collector, prometheusremotewrite exporter")
        .default_note("it is another place")
        .example("\"https://prometheus.example.com/api/v1/write\""),
        Field::new(
            "otlp",
            Type::Known,
            "The URL of anybody who takes OTLP: without the path of a signal, which follows from it.",
        )
        .source("aws-observability/aws-otel-collector, otlp and otlphttp exporters")
        .default_note("it is another place")
        .example("\"https://otlp.example.com\""),
        Field::new(
            "protocol",
            Type::Choice(&["http", "grpc"]),
            "How `otlp` is spoken.",
        )
        .source("OpenTelemetry Protocol specification")
        .default("\"http\"")
        .example("\"grpc\""),
        Field::new(
            "signals",
            Type::List(&Type::Choice(SIGNALS)),
            "What `otlp` gets. Traces are taken over OTLP then, whether X-Ray gets them too or not.",
        )
        .default("[\"metrics\"]")
        .example("[\"metrics\", \"traces\"]"),
        Field::new(
            "headers",
            Type::Map(&Type::OneOf(&[Type::Known, Type::Table(&SECRET)])),
            "Headers of each request to `remote_write` or `otlp`; what is a secret stands in `secrets`.",
        )
        .default("{}")
        .example("{ Authorization = { secret = \"PUSH_AUTHORIZATION\" }, X-Scope-OrgID = \"payments\" }"),
    ],
};
