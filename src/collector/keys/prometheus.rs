//! The receiver `prometheus`, whose `config` is a configuration of Prometheus (Prometheus
//! documentation, "Configuration").

use crate::collector::relabel::ACTION_NAMES;

use super::{
    Entry,
    Takes::{self, Anything, Boolean, Choice, List, Number, Period, Table, Text},
    shared::LABELS,
};

/// The receiver.
pub(super) const RECEIVER: &[Entry] = &[
    ("api_server", Anything),
    (
        "config",
        Table(&[&[
            ("alerting", Anything),
            ("global", Table(&[LIMITS, GLOBAL])),
            ("otlp", Anything),
            ("remote_read", Anything),
            ("remote_write", Anything),
            ("rule_files", Anything),
            ("runtime", Anything),
            ("scrape_config_files", List(&Text)),
            (
                "scrape_configs",
                List(&Table(&[LIMITS, SCRAPE, DISCOVERY, CLIENT])),
            ),
            ("storage", Anything),
            ("tracing", Anything),
        ]]),
    ),
    ("discovery_reload_on_startup", Boolean),
    ("initial_scrape_offset", Period),
    ("report_extra_scrape_metrics", Boolean),
    ("scrape_on_shutdown", Boolean),
    ("start_time_metric_regex", Text),
    ("target_allocator", Anything),
    ("trim_metric_suffixes", Boolean),
    ("use_start_time_metric", Boolean),
];

const GLOBAL: &[Entry] = &[
    ("evaluation_interval", Period),
    ("external_labels", LABELS),
    ("query_log_file", Text),
    ("rule_query_offset", Period),
];

/// What a scrape says, or all scrapes.
const LIMITS: &[Entry] = &[
    ("always_scrape_classic_histograms", Boolean),
    ("body_size_limit", Text),
    ("convert_classic_histograms_to_nhcb", Boolean),
    ("extra_scrape_metrics", Boolean),
    ("keep_dropped_targets", Number),
    ("label_limit", Number),
    ("label_name_length_limit", Number),
    ("label_value_length_limit", Number),
    ("metric_name_escaping_scheme", Text),
    ("metric_name_validation_scheme", Text),
    ("sample_limit", Number),
    ("scrape_classic_histograms", Boolean),
    ("scrape_failure_log_file", Text),
    ("scrape_interval", Period),
    ("scrape_native_histograms", Boolean),
    ("scrape_protocols", List(&Text)),
    ("scrape_timeout", Period),
    ("target_limit", Number),
];

/// A rule about labels.
const RELABEL: Takes = List(&Table(&[&[
    ("action", Choice(ACTION_NAMES)),
    ("modulus", Number),
    ("regex", Text),
    ("replacement", Text),
    ("separator", Text),
    ("source_labels", List(&Text)),
    ("target_label", Text),
]]));

const SCRAPE: &[Entry] = &[
    ("enable_compression", Boolean),
    ("fallback_scrape_protocol", Text),
    ("honor_labels", Boolean),
    ("honor_timestamps", Boolean),
    ("job_name", Text),
    ("metric_relabel_configs", RELABEL),
    ("metrics_path", Text),
    ("native_histogram_bucket_limit", Number),
    ("native_histogram_min_bucket_factor", Number),
    ("params", Takes::Map(&List(&Text))),
    ("relabel_configs", RELABEL),
    ("scheme", Choice(&["http", "https"])),
    (
        "static_configs",
        List(&Table(&[&[("labels", LABELS), ("targets", List(&Text))]])),
    ),
    ("track_timestamps_staleness", Boolean),
];

/// How targets are asked (prometheus/common, `HTTPClientConfig`).
const CLIENT: &[Entry] = &[
    ("authorization", Anything),
    ("basic_auth", Anything),
    ("bearer_token", Text),
    ("bearer_token_file", Text),
    ("enable_http2", Boolean),
    ("follow_redirects", Boolean),
    ("http_headers", Anything),
    ("no_proxy", Text),
    ("oauth2", Anything),
    ("proxy_connect_header", Anything),
    ("proxy_from_environment", Boolean),
    ("proxy_url", Text),
    ("tls_config", Anything),
];

/// How targets are found.
const DISCOVERY: &[Entry] = &[
    ("aws_sd_configs", Anything),
    ("azure_sd_configs", Anything),
    ("consul_sd_configs", Anything),
    ("digitalocean_sd_configs", Anything),
    ("dns_sd_configs", Anything),
    ("docker_sd_configs", Anything),
    ("dockerswarm_sd_configs", Anything),
    ("ec2_sd_configs", Anything),
    ("ecs_sd_configs", Anything),
    ("eureka_sd_configs", Anything),
    ("file_sd_configs", Anything),
    ("gce_sd_configs", Anything),
    ("hetzner_sd_configs", Anything),
    ("http_sd_configs", Anything),
    ("ionos_sd_configs", Anything),
    ("kubernetes_sd_configs", Anything),
    ("kuma_sd_configs", Anything),
    ("lightsail_sd_configs", Anything),
    ("linode_sd_configs", Anything),
    ("marathon_sd_configs", Anything),
    ("nerve_sd_configs", Anything),
    ("nomad_sd_configs", Anything),
    ("openstack_sd_configs", Anything),
    ("ovhcloud_sd_configs", Anything),
    ("puppetdb_sd_configs", Anything),
    ("scaleway_sd_configs", Anything),
    ("serverset_sd_configs", Anything),
    ("stackit_sd_configs", Anything),
    ("triton_sd_configs", Anything),
    ("uyuni_sd_configs", Anything),
    ("vultr_sd_configs", Anything),
];
