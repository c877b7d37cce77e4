//! The configuration that is generated for a collector.
//!
//! The files of the image can't say it: they sign for the region of the task, whichever region the
//! workspace is in; they take the port of the collector's own telemetry; they give every
//! application the same `job`; and they label series by log streams, which change when the
//! collector is restarted.

mod attributes;
mod destinations;
mod metrics;
mod parts;
mod scrape;
mod sending;

pub(super) use metrics::measured;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{
    collector::{
        Collector, OTLP_GRPC_PORT, OTLP_HTTP_PORT, XRAY_PORT, config::parts::Parts, version::Names,
    },
    model::template::{Segment, Template},
};

/// The job name in the configurations that the image brings.
pub const JOB: &str = "otel-collector";
/// The path that Prometheus scrapes unless it is given another (Prometheus documentation,
/// "Configuration", `metrics_path`).
pub const PATH: &str = "/metrics";
/// How often the configurations that the image brings scrape, in seconds.
pub const INTERVAL_SECONDS: u32 = 20;
/// How long they wait for an answer, in seconds.
pub const TIMEOUT_SECONDS: u32 = 10;
/// How long samples are gathered before they are sent, in seconds, as in the configurations that
/// the image brings.
pub const BATCH_SECONDS: u32 = 60;

/// The labels by which `resourcedetection` says where the containers' logs go. They list what runs
/// at the moment of detection, so that they differ with the order in which containers start, and
/// after every restart of the collector (opentelemetry-collector-contrib,
/// processor/resourcedetectionprocessor/internal/aws/ecs).
const UNSTABLE: [&str; 4] = [
    "aws.log.group.arns",
    "aws.log.group.names",
    "aws.log.stream.arns",
    "aws.log.stream.names",
];

/// What a collector gathers before it frees memory, as a share of its limit: the rest is for what
/// is no heap of Go (opentelemetry-collector, processor/memorylimiterprocessor, README).
const MEMORY_PERCENT: u32 = 80;
/// What may come in between two looks at the memory, as a share of its limit.
const MEMORY_SPIKE_PERCENT: u32 = 20;

/// A configuration that does what is asked for.
pub(super) fn generate(collector: &Collector) -> Value {
    let names = Names::of(collector.image.known());
    let mut parts = Parts::default();
    if collector.more.debug {
        parts.log = Some(names.log);
        parts.add("exporters", names.log, json!({"verbosity": "normal"}));
    }
    let limiter = memory_limiter(collector, &mut parts);
    parts.extension("health_check", Value::Null);
    if collector.writes_metrics() {
        metrics::add(collector, &names, limiter, &mut parts);
    }
    if collector.sends_traces() {
        traces(collector, &names, limiter, &mut parts);
    }
    if collector.takes_otlp() {
        parts.add("receivers", "otlp", otlp());
    }
    parts.log_level = collector.more.log_level;
    parts.into_document()
}

/// The text of a configuration. References in it are those to the log group: in what people write,
/// the collector's `$` are doubled.
pub(super) fn text(document: &Value, collector: &Collector) -> Template {
    let text = document.to_string();
    let groups = collector
        .more
        .emf
        .as_ref()
        .map(|emf| emf.log_group.segments());
    let Some([Segment::Reference(reference)]) = groups else {
        return Template::from(text);
    };
    let named = format!("{LOG_GROUP}\":\"{reference}\"");
    let Some((before, after)) = text.split_once(&named) else {
        return Template::from(text);
    };
    Template::from_segments([
        Segment::Literal(format!("{before}{LOG_GROUP}\":\"")),
        Segment::Reference(reference.clone()),
        Segment::Literal(format!("\"{after}")),
    ])
}

/// The key of the log group that metrics are written to.
const LOG_GROUP: &str = "log_group_name";

/// The processor that keeps the collector below its memory limit, if it has one.
fn memory_limiter(collector: &Collector, parts: &mut Parts) -> Option<&'static str> {
    let limit = collector.memory?;
    let share = |percent: u32| u64::from(limit) * u64::from(percent) / 100;
    let name = "memory_limiter";
    let limiter = json!({
        "check_interval": "1s",
        "limit_mib": share(MEMORY_PERCENT),
        "spike_limit_mib": share(MEMORY_SPIKE_PERCENT),
    });
    parts.add("processors", name, limiter);
    Some(name)
}

fn labels(labels: &BTreeMap<String, String>) -> Value {
    let labels = labels.iter();
    Value::Object(
        labels
            .map(|(name, value)| (name.clone(), json!(escaped(value))))
            .collect(),
    )
}

fn traces(collector: &Collector, names: &Names, limiter: Option<&'static str>, parts: &mut Parts) {
    detection(collector, names, parts);
    let batch = json!({"timeout": "1s", "send_batch_size": 50});
    parts.add("processors", "batch/traces", batch);
    let mut exporters = Vec::new();
    if collector.sends_to_xray() {
        parts.add("exporters", "awsxray", Value::Null);
        exporters.push("awsxray".to_owned());
    }
    exporters.extend(destinations::of_traces(collector, names, parts));
    let processors = [names.resource_detection, "batch/traces"];
    let processors: Vec<&str> = limiter.into_iter().chain(processors).collect();
    let mut sources = Vec::new();
    if collector.takes_traces() {
        sources.push("otlp");
    }
    if collector.more.xray_daemon {
        sources.push("awsxray");
        let endpoint = format!("0.0.0.0:{XRAY_PORT}");
        let daemon = json!({"endpoint": endpoint, "transport": "udp"});
        parts.add("receivers", "awsxray", daemon);
    }
    parts.pipeline("traces", &sources, &processors, &exporters);
}

/// The processor that labels series by what runs them. Where there is no EC2 instance, asking for
/// one only costs time at the start.
fn detection(collector: &Collector, names: &Names, parts: &mut Parts) {
    let mut detectors = vec!["env", "system", "ecs"];
    if collector.may_be_on_instance {
        detectors.push("ec2");
    }
    let off = UNSTABLE.map(|label| (label.to_owned(), json!({"enabled": false})));
    let ecs = json!({"resource_attributes": Map::from_iter(off)});
    let detection = json!({"detectors": detectors, "ecs": ecs});
    parts.add("processors", names.resource_detection, detection);
}

/// Receivers listen on every address, as in the files that the image brings: since v0.41.0 they
/// would by default listen on the loopback only, which other containers of a bridge network can't
/// reach.
pub(super) fn otlp() -> Value {
    json!({
        "protocols": {
            "grpc": {"endpoint": format!("0.0.0.0:{OTLP_GRPC_PORT}")},
            "http": {"endpoint": format!("0.0.0.0:{OTLP_HTTP_PORT}")},
        },
    })
}

/// A variable that the collector fills in when it starts.
pub(super) fn variable(name: &str) -> String {
    format!("${{env:{name}}}")
}

/// Text in which the collector finds nothing to fill in (OpenTelemetry collector documentation,
/// "Configuration", "Environment variables").
pub(super) fn escaped(text: &str) -> String {
    text.replace('$', "$$")
}
