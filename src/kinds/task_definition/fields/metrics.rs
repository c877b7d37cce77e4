//! `metrics` of a task definition: the collector and what it scrapes.

use crate::{
    collector::grants,
    file::fields::{Field, Fields, Type},
    kinds::task_definition::fields::{
        container::{LOGS_TO, VERBATIM},
        destinations::{CLOUDWATCH, DESTINATION, EMF},
        foreign,
        scrape::SCRAPE,
        sending::{ATTRIBUTES, BATCH, QUEUE, RETRY},
    },
};

const PAGE: &str = "ECS developer guide, \"Exporting application metrics to Amazon Managed Service for Prometheus\"";

/// The conditions under which other containers start; `none` is not to wait.
pub const CONDITIONS: &[&str] = &["HEALTHY", "START", "none"];
/// A configuration that is generated.
pub const GENERATED: &str = "generated";
/// A configuration that the image brings.
pub const BUILT_IN: &str = "built-in";
/// What is measured of a task, in a word.
pub const TASK_METRICS: &[&str] = &["task", "container", "off"];
/// The levels of a collector's log.
pub const LOG_LEVELS: &[&str] = &["debug", "info", "warn", "error"];
/// How the task's role gets its rights.
pub const POLICIES: &[&str] = &["least-privilege", grants::REMOTE_WRITE_ACCESS, "none"];

/// `metrics`.
pub static METRICS: Fields = Fields {
    name: "metrics",
    path: "task_definitions.NAME.metrics",
    doc: "Adds the AWS Distro for OpenTelemetry (ADOT) collector to the task, which sends the application's metrics to the workspace. It says at least one of `scrape`, `otlp`, `statsd`, `traces`, `xray_daemon` and `task_metrics`, or brings a configuration of its own.",
    source: PAGE,
    structure: None,
    foreign: foreign::METRICS,
    fields: &[
        Field::new(
            "scrape",
            Type::List(&Type::Table(&SCRAPE)),
            "Endpoints of a Prometheus library that the collector scrapes.",
        )
        .default("[]")
        .example("[{ port = 8080 }]"),
        Field::new(
            "otlp",
            Type::Boolean,
            "Takes metrics from an OpenTelemetry SDK, over OTLP: gRPC on port 4317 and HTTP on port 4318. Where the containers share their network, that is at `localhost`.",
        )
        .default("false")
        .example("true"),
        Field::new(
            "traces",
            Type::Choice(&["xray"]),
            "Takes traces over OTLP too, and sends them to AWS X-Ray.",
        )
        .source("ECS developer guide, \"Identify Amazon ECS optimization opportunities using application trace data\"")
        .default_note("there are no traces")
        .example("\"xray\""),
        Field::new(
            "xray_daemon",
            Type::Boolean,
            "Takes traces as the X-Ray daemon does, by UDP on port 2000, for applications with an X-Ray SDK, and sends them to AWS X-Ray.",
        )
        .source("AWS X-Ray developer guide, \"AWS X-Ray daemon\"")
        .default("false")
        .example("true"),
        Field::new(
            "statsd",
            Type::Boolean,
            "Takes metrics in the format of StatsD, by UDP on port 8125.",
        )
        .source("aws-observability/aws-otel-collector, statsd receiver")
        .default("false")
        .example("true"),
        Field::new(
            "labels",
            Type::Map(&Type::Known),
            "Labels of every series, of the application's and of the task's. One that a series has already stays as it is.",
        )
        .source("aws-observability/aws-otel-collector, prometheusremotewrite exporter")
        .default("{}")
        .example("{ environment = \"production\" }"),
        Field::new(
            "task_metrics",
            Type::OneOf(&[Type::Choice(TASK_METRICS), Type::List(&Type::Known)]),
            "What is measured of the task itself: the task as a whole, each of its containers besides, nothing, or the metrics of these names. Where it is said, that is measured even if nothing else is.",
        )
        .source("aws-observability/aws-otel-collector, awsecscontainermetrics receiver")
        .default_note("it is `\"task\"` where the application is measured")
        .example("[\"ecs.task.memory.utilized\", \"ecs.task.cpu.utilized\"]"),
        Field::new(
            "rename",
            Type::Map(&Type::Known),
            "New names of metrics, by the names that they have before they get their units and types.",
        )
        .source("aws-observability/aws-otel-collector, metricstransform processor")
        .default("{}")
        .example("{ \"ecs.task.memory.utilized\" = \"task.memory\" }"),
        Field::new(
            "attributes",
            Type::Table(&ATTRIBUTES),
            "What happens to the attributes of what is measured before they become labels.",
        )
        .source("aws-observability/aws-otel-collector, resource and attributes processors")
        .default("{}")
        .example("{ delete = [\"host.name\"], add = { \"deployment.environment\" = \"production\" } }"),
        Field::new(
            "batch",
            Type::OneOf(&[Type::Known, Type::Table(&BATCH)]),
            "How long samples are gathered before they are sent, as a length of time, or as a table with how many.",
        )
        .source("aws-observability/aws-otel-collector, batch processor")
        .default("\"60s\"")
        .example("\"10s\""),
        Field::new(
            "queue",
            Type::Table(&QUEUE),
            "What waits to be sent, while the workspace takes nothing.",
        )
        .source("aws-observability/aws-otel-collector, prometheusremotewrite exporter")
        .default("{}")
        .example("{ size = 20000 }"),
        Field::new(
            "retry",
            Type::Table(&RETRY),
            "How often something is sent again that was not taken.",
        )
        .source("OpenTelemetry Collector, exporterhelper, README")
        .default("{}")
        .example("{ max_elapsed_time = \"15m\" }"),
        Field::new(
            "timeout",
            Type::Known,
            "How long the answer to what is sent may take, as a length of time.",
        )
        .source("aws-observability/aws-otel-collector, prometheusremotewrite exporter")
        .default_note("it is 5 seconds")
        .example("\"15s\""),
        Field::new(
            "assume_role",
            Type::Known,
            "The ARN of a role that the collector takes on to write to the workspace, as one of another account takes. The task role is allowed to take it on; the role has to trust the task role.",
        )
        .source("aws-observability/aws-otel-collector, sigv4auth extension")
        .default_note("it writes with the credentials of the task")
        .example("\"arn:aws:iam::111122223333:role/RemoteWrite\""),
        Field::new(
            "debug",
            Type::Boolean,
            "Writes everything that is sent into the collector's log as well. It is for finding a mistake: CloudWatch Logs takes its price for every line.",
        )
        .source("aws-observability/aws-otel-collector, debug exporter")
        .default("false")
        .example("true"),
        Field::new(
            "log_level",
            Type::Choice(LOG_LEVELS),
            "The least level of what the collector writes into its log about itself.",
        )
        .source("OpenTelemetry documentation, \"Internal telemetry\"")
        .default_note("it is `info`")
        .example("\"warn\""),
        Field::new(
            "workspace",
            Type::Known,
            "Another workspace to send metrics to, by its id or ARN, or `none`: then they only go where `cloudwatch`, `emf` and `destinations` say.",
        )
        .default_note("metrics go to the workspace of the stack")
        .example("\"ws-12345678-90ab-cdef-1234-567890abcdef\""),
        Field::new(
            "cloudwatch",
            Type::Table(&CLOUDWATCH),
            "Sends everything that is measured to CloudWatch too, over OTLP.",
        )
        .source("CloudWatch user guide, \"Send metrics using OpenTelemetry\"")
        .default_note("nothing goes there")
        .example("{}"),
        Field::new(
            "emf",
            Type::Table(&EMF),
            "Sends what is measured to CloudWatch too, as metrics with dimensions.",
        )
        .source("aws-observability/aws-otel-collector, awsemf exporter")
        .default_note("nothing goes there")
        .example("{ log_group = \"collector\", dimensions = [[\"aws.ecs.task.family\"]] }"),
        Field::new(
            "destinations",
            Type::List(&Type::Table(&DESTINATION)),
            "Where everything is sent to as well.",
        )
        .default("[]")
        .example("[{ otlp = \"https://otlp.example.com\", headers = { Authorization = { secret = \"OTLP_AUTHORIZATION\" } } }]"),
        LOGS_TO,
        Field::new(
            "policy",
            Type::Choice(POLICIES),
            "How the task role gets the right to send: by an inline policy for this one workspace, by AWS managed policies for all workspaces of the account, or not at all, because the file says it elsewhere. Only a role of this stack is given anything.",
        )
        .default("\"least-privilege\"")
        .example("\"none\""),
        Field::new(
            "depends_on",
            Type::Choice(CONDITIONS),
            "What the other containers wait for: that the collector has started, that it is healthy, or nothing. HEALTHY means that the collector is up, not that what it sends is taken; it loses no first sample, which matters to a task that runs to completion, but a collector that can't start then keeps the application from starting. Either way the application is stopped before the collector, which can still send what came last.",
        )
        .source("ECS API reference, ContainerDependency")
        .default("\"START\"")
        .example("\"HEALTHY\""),
        Field::new(
            "config",
            Type::OneOf(&[Type::Choice(&[GENERATED, BUILT_IN]), Type::Known]),
            "Where the collector's configuration comes from: it is generated, or one of the image is taken, as ECS's console does, or it stands in a file, whose path is relative to the stack file. A file of your own is taken as it is, but for what a stack file can mention, such as `${workspace.remote_write_url}` or `${var.NAME}`, and is checked like the stack file. Those of the image can't scrape several endpoints, other paths or besides OTLP, sign for the region of the task only, take port 8888 as well, and give every application the `job` otel-collector and labels that change when the collector is restarted.",
        )
        .default("\"generated\"")
        .example("\"collector.yaml\""),
        Field::new(
            "config_parameter",
            Type::Known,
            "The ARN of a parameter of Systems Manager that holds the collector's configuration, for one that is too large for a task definition. The execution role is allowed to read it. What is in it is not known here, so nothing of it is checked.",
        )
        .source("ECS developer guide, \"Pass Systems Manager parameters through Amazon ECS environment variables\"")
        .default_note("the configuration stands in the task definition")
        .example("\"arn:aws:ssm:us-east-1:111122223333:parameter/collector\""),
        Field::new(
            "essential",
            Type::Boolean,
            "Whether the whole task ends with the collector. If not, the collector alone is restarted.",
        )
        .source("ECS API reference, ContainerDefinition")
        .default("false")
        .example("true"),
        Field::new(
            "image",
            Type::Text,
            "The collector's image. Name a version or a digest: versions differ in how they name metrics.",
        )
        .default_note("it is the version that this amp-stack was made with, which the plan shows")
        .example("\"public.ecr.aws/aws-observability/aws-otel-collector:v0.49.0\""),
        Field::new("name", Type::Known, "The name of the collector's container.")
            .source("ECS API reference, ContainerDefinition")
            .default("\"aws-otel-collector\"")
            .example("\"collector\""),
        Field::new(
            "command",
            Type::List(&Type::Text),
            "The collector's arguments, in place of the ones that choose its configuration.",
        )
        .default_note("what `config` says is done")
        .example("[\"--config=/etc/ecs/ecs-default-config.yaml\"]"),
        Field::new(
            "environment",
            Type::Map(&Type::Text),
            "Further environment variables of the collector. `AOT_CONFIG_CONTENT` is a whole configuration of your own, which wins over everything else.",
        )
        .default("{}")
        .example("{ GOMEMLIMIT = \"200MiB\" }"),
        Field::new(
            "secrets",
            Type::Map(&Type::Text),
            "Environment variables of the collector that ECS fills in, by the ARNs of secrets or parameters.",
        )
        .source("ECS API reference, Secret")
        .default("{}")
        .example("{ AOT_CONFIG_CONTENT = \"arn:aws:ssm:us-east-1:111122223333:parameter/collector\" }"),
        Field::new(
            "cpu",
            Type::Integer(0, i32::MAX as i64),
            "CPU units reserved for the collector.",
        )
        .source("ECS API reference, ContainerDefinition")
        .default_note("none are reserved")
        .example("128"),
        Field::new(
            "memory",
            Type::Integer(0, i32::MAX as i64),
            "The most MiB that the collector may use; beyond them it is killed.",
        )
        .source("ECS API reference, ContainerDefinition")
        .default_note("only the task's own size limits it")
        .example("256"),
        Field::new(
            "memory_reservation",
            Type::Integer(0, i32::MAX as i64),
            "The MiB that are kept free for the collector.",
        )
        .source("ECS API reference, ContainerDefinition")
        .default_note("none are")
        .example("128"),
        VERBATIM,
    ],
};
