//! `scrape` of `metrics`: the endpoints that a collector asks for metrics.

use crate::{
    collector::relabel,
    file::fields::{Field, Fields, Type},
    kinds::task_definition::fields::foreign,
};

const PROMETHEUS: &str = "Prometheus documentation, \"Configuration\"";

/// An element of `scrape`.
pub static SCRAPE: Fields = Fields {
    name: "scrape",
    path: "task_definitions.NAME.metrics.scrape",
    doc: "An endpoint that serves metrics in the format of Prometheus.",
    source: PROMETHEUS,
    structure: None,
    foreign: foreign::SCRAPE,
    fields: &[
        Field::new(
            "port",
            Type::Integer(1, 65_535),
            "The port that the application serves its metrics at.",
        )
        .required()
        .example("8080"),
        Field::new("path", Type::Known, "The path, from its `/`.")
            .default("\"/metrics\"")
            .example("\"/actuator/prometheus\""),
        Field::new(
            "interval",
            Type::Known,
            "How often it is scraped, as a length of time: \"20s\", \"1m30s\" or \"500ms\".",
        )
        .default("\"20s\"")
        .example("\"30s\""),
        Field::new(
            "timeout",
            Type::Known,
            "How long an answer may take. It can't be longer than the interval.",
        )
        .default_note("it is 10 seconds, or the interval if that is shorter")
        .example("\"5s\""),
        Field::new(
            "container",
            Type::Known,
            "The container that serves the metrics. A task on a bridge network needs it, because there every container has a `localhost` of its own.",
        )
        .source("ECS developer guide, \"Amazon ECS task networking options for EC2\"")
        .default_note("any container of the task, at `localhost`")
        .example("\"app\""),
        Field::new("host", Type::Known, "The host to scrape, if it is another one.")
            .default_note("it is `localhost`, or on a bridge network the container")
            .example("\"localhost\""),
        Field::new("job", Type::Known, "The value of the label `job` of what is scraped.")
            .default_note("it is the name of the `container`, else of the family; where that is not unique, the port is added")
            .example("\"checkout\""),
        Field::new("scheme", Type::Choice(&["http", "https"]), "How it is asked.")
            .default("\"http\"")
            .example("\"https\""),
        Field::new(
            "params",
            Type::Map(&Type::Known),
            "Parameters of the query, as after the `?` of an address.",
        )
        .default("{}")
        .example("{ format = \"prometheus\" }"),
        Field::new(
            "basic_auth",
            Type::Table(&BASIC_AUTH),
            "The name and the password that the endpoint asks for.",
        )
        .default_note("it asks for none")
        .example("{ username = \"prometheus\", password = { secret = \"SCRAPE_PASSWORD\" } }"),
        Field::new(
            "bearer_token",
            Type::Table(&SECRET),
            "The token that the endpoint asks for.",
        )
        .default_note("it asks for none")
        .example("{ secret = \"SCRAPE_TOKEN\" }"),
        Field::new(
            "labels",
            Type::Map(&Type::Known),
            "Labels of what is scraped here.",
        )
        .default("{}")
        .example("{ component = \"api\" }"),
        Field::new(
            "keep",
            Type::List(&Type::Known),
            "Patterns of the names of metrics, of which only these are kept. A pattern is about the whole name.",
        )
        .default_note("all are kept")
        .example("[\"http_.*\", \"up\"]"),
        Field::new(
            "drop",
            Type::List(&Type::Known),
            "Patterns of the names of metrics that are dropped.",
        )
        .default_note("none are dropped")
        .example("[\"go_.*\"]"),
        Field::new(
            "relabel",
            Type::List(&Type::Table(&RELABEL)),
            "Rules about the labels of the target, which apply before it is scraped: `relabel_configs`.",
        )
        .default("[]")
        .example("[{ source_labels = [\"__address__\"], target_label = \"address\" }]"),
        Field::new(
            "metric_relabel",
            Type::List(&Type::Table(&RELABEL)),
            "Rules about the labels of what is scraped, which apply after `keep` and `drop`: `metric_relabel_configs`.",
        )
        .default("[]")
        .example("[{ action = \"labeldrop\", regex = \"user_id\" }]"),
    ],
};

/// `basic_auth` of a target.
pub static BASIC_AUTH: Fields = Fields {
    name: "basic_auth",
    path: "task_definitions.NAME.metrics.scrape.basic_auth",
    doc: "A name and a password, as of HTTP.",
    source: PROMETHEUS,
    structure: None,
    foreign: foreign::BASIC_AUTH,
    fields: &[
        Field::new("username", Type::Known, "The name.")
            .required()
            .example("\"prometheus\""),
        Field::new("password", Type::Table(&SECRET), "The password.")
            .required()
            .example("{ secret = \"SCRAPE_PASSWORD\" }"),
    ],
};

/// A value that is a secret.
pub static SECRET: Fields = Fields {
    name: "secret",
    path: "task_definitions.NAME.metrics.scrape.bearer_token",
    doc: "A value that stands in no file: that of a variable in `secrets` of `metrics`, which ECS fills in when the task starts.",
    source: "ECS API reference, Secret",
    structure: None,
    foreign: &[],
    fields: &[Field::new(
        "secret",
        Type::Known,
        "The name of the variable, one of `secrets`.",
    )
    .required()
    .example("\"SCRAPE_TOKEN\"")],
};

/// A rule of `relabel` and `metric_relabel`.
pub static RELABEL: Fields = Fields {
    name: "relabel",
    path: "task_definitions.NAME.metrics.scrape.relabel",
    doc: "A rule about labels, with the keys and actions of Prometheus. A group is `$1`; with braces a stack file writes it `$${1}`.",
    source: "Prometheus documentation, \"Configuration\", `<relabel_config>`",
    structure: None,
    foreign: &[],
    fields: &[
        Field::new(
            "action",
            Type::Choice(relabel::ACTION_NAMES),
            "What the rule does.",
        )
        .default("\"replace\"")
        .example("\"labeldrop\""),
        Field::new(
            "source_labels",
            Type::List(&Type::Known),
            "The labels whose values it looks at, joined by `separator`.",
        )
        .default("[]")
        .example("[\"__name__\"]"),
        Field::new(
            "separator",
            Type::Known,
            "What stands between the values of `source_labels`.",
        )
        .default_note("it is `;`")
        .example("\"-\""),
        Field::new(
            "regex",
            Type::Known,
            "The pattern that is compared with the whole of the joined values or, by the actions about labels, with their names.",
        )
        .default_note("it is `(.*)`")
        .example("\"http_(.*)\""),
        Field::new("target_label", Type::Known, "The label that it writes.")
            .default_note("it writes none")
            .example("\"team\""),
        Field::new(
            "replacement",
            Type::Known,
            "What it writes, with `$1` for what is in the first parentheses of `regex`.",
        )
        .default_note("it is `$1`")
        .example("\"$1\""),
        Field::new(
            "modulus",
            Type::Integer(1, i64::MAX),
            "What a hash of the joined values is divided by; `hashmod` writes the rest.",
        )
        .default_note("only `hashmod` has one, and needs it")
        .example("4"),
    ],
};
