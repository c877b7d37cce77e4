//! The keys of the components that are used most, and what they take.
//!
//! The collector doesn't start with a key that it does not know. The table holds every key that a
//! version from v0.40.0 to v0.49.0 has, and those of older ones that were found in use; it does
//! not distinguish versions.
//!
//! Sources: the `mapstructure` tags of the configurations in opentelemetry-collector and
//! opentelemetry-collector-contrib, and the `yaml` tags of Prometheus' configuration, as vendored
//! by aws-observability/aws-otel-collector at these versions.

mod exporters;
mod processors;
mod prometheus;
mod shared;

use crate::collector::components::Section;

/// What stands under a key.
#[derive(Clone, Copy, Debug)]
pub enum Takes {
    /// Anything: it is not looked into.
    Anything,
    /// A truth value.
    Boolean,
    /// A number.
    Number,
    /// A word, or anything that is written as one.
    Text,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A length of time.
    Period,
    /// A sequence.
    List(&'static Takes),
    /// A mapping with keys of the user's own.
    Map(&'static Takes),
    /// A mapping with keys of these tables.
    Table(&'static [&'static [Entry]]),
}

/// A key and what it takes.
pub type Entry = (&'static str, Takes);

use Takes::{Anything, Boolean, List, Number, Period, Table, Text};
use exporters::EXPORTERS;
use processors::PROCESSORS;
use shared::{HTTP_SERVER, LISTEN};

const TEXTS: Takes = List(&Text);

/// What a component of this type takes; `None` if its keys are not known here.
pub fn of(section: Section, name: &str) -> Option<&'static Takes> {
    let same = |known: &str| crate::collector::components::is_same(known, name);
    let table = match section {
        Section::Extensions => EXTENSIONS,
        Section::Receivers => RECEIVERS,
        Section::Processors => PROCESSORS,
        Section::Exporters => EXPORTERS,
        Section::Connectors => &[],
    };
    table
        .iter()
        .find(|(known, _)| same(known))
        .map(|(_, takes)| takes)
}

/// The keys of a configuration.
pub const ROOT: &[&str] = &[
    "connectors",
    "exporters",
    "extensions",
    "processors",
    "receivers",
    "service",
];

/// `service`.
pub const SERVICE: &[&str] = &["extensions", "pipelines", "telemetry"];

/// A pipeline.
pub const PIPELINE: &[&str] = &["exporters", "processors", "receivers"];

const EXTENSIONS: &[Entry] = &[
    (
        "ecs_observer",
        Table(&[&[
            ("cluster_name", Text),
            ("cluster_region", Text),
            ("docker_labels", Anything),
            ("job_label_name", Text),
            ("refresh_interval", Period),
            ("result_file", Text),
            ("services", Anything),
            ("task_definitions", Anything),
        ]]),
    ),
    (
        "health_check",
        Table(&[
            HTTP_SERVER,
            &[
                ("check_collector_pipeline", Anything),
                ("component_health", Anything),
                ("grpc", Anything),
                ("http", Anything),
                ("path", Text),
                ("response_body", Anything),
                ("use_v2", Boolean),
            ],
        ]),
    ),
    (
        "memory_ballast",
        Table(&[&[("size_in_percentage", Number), ("size_mib", Number)]]),
    ),
    (
        "pprof",
        Table(&[
            LISTEN,
            &[
                ("block_profile_fraction", Number),
                ("mutex_profile_fraction", Number),
                ("save_to_file", Text),
            ],
        ]),
    ),
    (
        "sigv4auth",
        Table(&[&[
            (
                "assume_role",
                Table(&[&[
                    ("arn", Text),
                    ("external_id", Text),
                    ("session_name", Text),
                    ("sts_region", Text),
                    ("web_identity_token_file", Text),
                ]]),
            ),
            ("region", Text),
            ("service", Text),
        ]]),
    ),
    ("zpages", Table(&[HTTP_SERVER, &[("expvar", Anything)]])),
];

const RECEIVERS: &[Entry] = &[
    (
        "awsecscontainermetrics",
        Table(&[&[("collection_interval", Period)]]),
    ),
    (
        "awsxray",
        Table(&[
            LISTEN,
            &[(
                "proxy_server",
                Table(&[&[
                    ("aws_endpoint", Text),
                    ("endpoint", Text),
                    ("local_mode", Boolean),
                    ("proxy_address", Text),
                    ("region", Text),
                    ("role_arn", Text),
                    ("service_name", Text),
                    ("tls", Anything),
                    ("dialer", Anything),
                ]]),
            )],
        ]),
    ),
    (
        "otlp",
        Table(&[&[(
            "protocols",
            Table(&[&[
                ("grpc", Table(&[shared::GRPC_SERVER])),
                (
                    "http",
                    Table(&[
                        HTTP_SERVER,
                        &[
                            ("logs_url_path", Text),
                            ("metrics_url_path", Text),
                            ("traces_url_path", Text),
                        ],
                    ]),
                ),
            ]]),
        )]]),
    ),
    ("prometheus", Table(&[prometheus::RECEIVER])),
    (
        "statsd",
        Table(&[
            LISTEN,
            &[
                ("aggregation_interval", Period),
                ("counter_type", Text),
                ("enable_ip_only_aggregation", Boolean),
                ("enable_metric_type", Boolean),
                ("enable_simple_tags", Boolean),
                ("ignore_host", Boolean),
                ("is_monotonic_counter", Boolean),
                ("socket_buffer_size", Number),
                ("socket_permissions", Anything),
                (
                    "timer_histogram_mapping",
                    List(&Table(&[&[
                        ("histogram", Anything),
                        ("observer_type", Text),
                        ("statsd_type", Text),
                        ("summary", Anything),
                    ]])),
                ),
            ],
        ]),
    ),
];
