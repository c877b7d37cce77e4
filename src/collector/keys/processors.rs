//! What happens between receivers and exporters.

use super::{
    Entry, TEXTS,
    Takes::{self, Anything, Boolean, Choice, List, Map, Number, Period, Table, Text},
    shared::HTTP_CLIENT,
};

/// What `attributes` and `resource` do to one attribute.
const ATTRIBUTE_ACTION: Takes = Table(&[&[
    (
        "action",
        Choice(&[
            "insert", "update", "upsert", "delete", "hash", "extract", "convert",
        ]),
    ),
    ("converted_type", Text),
    ("default_value", Anything),
    ("from_attribute", Text),
    ("from_context", Text),
    ("key", Text),
    ("pattern", Text),
    ("value", Anything),
]]);

/// Which metrics a `filter` is about, in its older form.
const METRIC_MATCH: Takes = Table(&[&[
    ("expressions", TEXTS),
    ("match_type", Choice(&["strict", "regexp", "expr"])),
    ("metric_names", TEXTS),
    ("regexp", Anything),
    ("resource_attributes", Anything),
]]);

pub(super) const PROCESSORS: &[Entry] = &[
    (
        "attributes",
        Table(&[&[
            ("actions", List(&ATTRIBUTE_ACTION)),
            ("exclude", Anything),
            ("include", Anything),
        ]]),
    ),
    (
        "batch",
        Table(&[&[
            ("metadata_cardinality_limit", Number),
            ("metadata_keys", TEXTS),
            ("send_batch_max_size", Number),
            ("send_batch_size", Number),
            ("timeout", Period),
        ]]),
    ),
    (
        "cumulativetodelta",
        Table(&[&[
            ("exclude", Anything),
            ("include", Anything),
            ("initial_value", Text),
            ("max_staleness", Period),
            ("metrics", TEXTS),
        ]]),
    ),
    ("deltatorate", Table(&[&[("metrics", TEXTS)]])),
    (
        "filter",
        Table(&[&[
            ("error_mode", Choice(&["ignore", "silent", "propagate"])),
            ("log_conditions", Anything),
            ("logs", Anything),
            ("metric_conditions", Anything),
            (
                "metrics",
                Table(&[&[
                    ("datapoint", TEXTS),
                    ("exclude", METRIC_MATCH),
                    ("include", METRIC_MATCH),
                    ("metric", TEXTS),
                    ("regexp", Anything),
                    ("resource", TEXTS),
                ]]),
            ),
            ("profile_conditions", Anything),
            ("profiles", Anything),
            ("spans", Anything),
            ("trace_conditions", Anything),
            ("traces", Anything),
        ]]),
    ),
    (
        "memory_limiter",
        Table(&[&[
            ("check_interval", Period),
            ("limit_mib", Number),
            ("limit_percentage", Number),
            ("max_gc_interval_when_hard_limited", Period),
            ("max_gc_interval_when_soft_limited", Period),
            ("min_gc_interval_when_hard_limited", Period),
            ("min_gc_interval_when_soft_limited", Period),
            ("spike_limit_mib", Number),
            ("spike_limit_percentage", Number),
        ]]),
    ),
    (
        "metricstransform",
        Table(&[&[(
            "transforms",
            List(&Table(&[&[
                ("action", Choice(&["update", "insert", "combine", "group"])),
                ("aggregation_type", Text),
                ("experimental_match_labels", Map(&Text)),
                ("group_resource_labels", Map(&Text)),
                ("include", Text),
                ("match_type", Choice(&["strict", "regexp"])),
                ("new_name", Text),
                (
                    "operations",
                    List(&Table(&[&[
                        (
                            "action",
                            Choice(&[
                                "add_label",
                                "update_label",
                                "delete_label_value",
                                "toggle_scalar_data_type",
                                "experimental_scale_value",
                                "scale_value",
                                "aggregate_labels",
                                "aggregate_label_values",
                            ]),
                        ),
                        ("aggregated_values", TEXTS),
                        ("aggregation_type", Text),
                        ("experimental_scale", Number),
                        ("label", Text),
                        ("label_set", TEXTS),
                        ("label_value", Text),
                        ("new_label", Text),
                        ("new_value", Text),
                        (
                            "value_actions",
                            List(&Table(&[&[("new_value", Text), ("value", Text)]])),
                        ),
                    ]])),
                ),
                ("submatch_case", Text),
            ]])),
        )]]),
    ),
    (
        "resource",
        Table(&[&[("attributes", List(&ATTRIBUTE_ACTION))]]),
    ),
    (
        "resourcedetection",
        Table(&[
            HTTP_CLIENT,
            &[
                ("aks", Anything),
                ("attributes", TEXTS),
                ("azure", Anything),
                ("consul", Anything),
                ("detectors", TEXTS),
                ("docker", Anything),
                ("ec2", Anything),
                ("ecs", Anything),
                ("eks", Anything),
                ("elasticbeanstalk", Anything),
                ("gcp", Anything),
                ("heroku", Anything),
                ("k8s_api", Anything),
                ("k8snode", Anything),
                ("lambda", Anything),
                ("openshift", Anything),
                ("override", Boolean),
                ("refresh_interval", Period),
                ("system", Anything),
            ],
        ]),
    ),
];
