//! Where what is collected goes.

use super::{
    Entry, TEXTS,
    Takes::{self, Anything, Boolean, Choice, List, Map, Number, Period, Table, Text},
    shared::{AWS_SESSION, GRPC_CLIENT, HTTP_CLIENT, HTTP_SERVER, QUEUE, RETRY},
};

/// Whether attributes of what sends a metric become labels of it.
const CONVERSION: Takes = Table(&[&[
    ("clear_after_copy", Boolean),
    ("enabled", Boolean),
    ("exclude_service_attributes", Boolean),
]]);

pub(super) const EXPORTERS: &[Entry] = &[
    (
        "awsemf",
        Table(&[
            AWS_SESSION,
            &[
                ("detailed_metrics", Boolean),
                (
                    "dimension_rollup_option",
                    Choice(&[
                        "NoDimensionRollup",
                        "SingleDimensionRollupOnly",
                        "ZeroAndSingleDimensionRollup",
                    ]),
                ),
                ("eks_fargate_container_insights_enabled", Boolean),
                ("log_group_name", Text),
                ("log_retention", Number),
                ("log_stream_name", Text),
                ("metric_declarations", List(&Anything)),
                ("metric_descriptors", List(&Anything)),
                ("namespace", Text),
                ("output_destination", Text),
                ("parse_json_encoded_attr_values", TEXTS),
                ("resource_to_telemetry_conversion", CONVERSION),
                ("retain_initial_value_of_delta_metric", Boolean),
                ("tags", Map(&Text)),
                ("version", Text),
            ],
        ]),
    ),
    (
        "awsxray",
        Table(&[
            AWS_SESSION,
            &[
                ("aws_log_groups", TEXTS),
                ("index_all_attributes", Boolean),
                ("indexed_attributes", TEXTS),
                ("telemetry", Anything),
            ],
        ]),
    ),
    (
        "debug",
        Table(&[&[
            ("output_paths", TEXTS),
            ("sampling_initial", Number),
            ("sampling_thereafter", Number),
            ("sending_queue", QUEUE),
            ("use_internal_logger", Boolean),
            (
                "verbosity",
                Choice(&["basic", "normal", "detailed", "none"]),
            ),
        ]]),
    ),
    (
        "logging",
        Table(&[&[
            ("loglevel", Text),
            ("sampling_initial", Number),
            ("sampling_thereafter", Number),
            ("verbosity", Text),
        ]]),
    ),
    ("otlp", Table(&[GRPC_CLIENT, &[("batcher", Anything)]])),
    ("otlp_grpc", Table(&[GRPC_CLIENT])),
    (
        "otlphttp",
        Table(&[
            HTTP_CLIENT,
            &[
                ("batcher", Anything),
                ("encoding", Text),
                ("logs_endpoint", Text),
                ("metrics_endpoint", Text),
                ("profiles_endpoint", Text),
                ("retry_on_failure", RETRY),
                ("sending_queue", QUEUE),
                ("traces_endpoint", Text),
            ],
        ]),
    ),
    (
        "prometheus",
        Table(&[
            HTTP_SERVER,
            &[
                ("add_metric_suffixes", Boolean),
                ("const_labels", Map(&Text)),
                ("enable_open_metrics", Boolean),
                ("metric_expiration", Period),
                ("namespace", Text),
                ("resource_to_telemetry_conversion", CONVERSION),
                ("send_timestamps", Boolean),
                ("sending_queue", QUEUE),
                ("translation_strategy", Text),
                ("without_scope_info", Boolean),
            ],
        ]),
    ),
    (
        "prometheusremotewrite",
        Table(&[
            HTTP_CLIENT,
            &[
                ("add_metric_suffixes", Boolean),
                ("disable_scope_info", Boolean),
                ("export_created_metric", Anything),
                ("external_labels", Map(&Text)),
                ("max_batch_request_parallelism", Number),
                ("max_batch_size_bytes", Number),
                ("namespace", Text),
                ("protobuf_message", Text),
                (
                    "remote_write_queue",
                    Table(&[&[
                        ("enabled", Boolean),
                        ("num_consumers", Number),
                        ("queue_size", Number),
                    ]]),
                ),
                ("resource_to_telemetry_conversion", CONVERSION),
                ("retry_on_failure", RETRY),
                ("send_metadata", Boolean),
                ("target_info", Table(&[&[("enabled", Boolean)]])),
                ("translation_strategy", Text),
                ("wal", Anything),
            ],
        ]),
    ),
];
