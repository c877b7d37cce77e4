//! The configuration that is generated for a collector.
//!
//! The files of the image can't say it: they sign for the region of the task, whichever region the
//! workspace is in; they take the port of the collector's own telemetry; they give every
//! application the same `job`; and they label series by log streams, which change when the
//! collector is restarted.

mod attributes;
mod scrape;
mod sending;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::collector::{
    Collector, ENDPOINT_VARIABLE, OTLP_GRPC_PORT, OTLP_HTTP_PORT, STATSD_PORT, TaskMetrics,
    XRAY_PORT, first::TASK_METRICS, version::Names,
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
        metrics(collector, &names, limiter, &mut parts);
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

/// The parts of a configuration, by section and name.
#[derive(Default)]
struct Parts {
    sections: Map<String, Value>,
    pipelines: Map<String, Value>,
    extensions: Vec<&'static str>,
    /// The exporter that writes everything into the log, if there is one.
    log: Option<&'static str>,
    /// The least level of what the collector writes into its log about itself.
    log_level: Option<&'static str>,
}

impl Parts {
    fn add(&mut self, section: &str, name: &str, part: Value) {
        let section = self.sections.entry(section).or_insert_with(|| json!({}));
        section[name] = part;
    }

    /// Extensions do nothing unless the service names them.
    fn extension(&mut self, name: &'static str, part: Value) {
        self.add("extensions", name, part);
        self.extensions.push(name);
    }

    fn pipeline(&mut self, name: &str, receivers: &[&str], processors: &[&str], exporter: &str) {
        let exporters: Vec<&str> = [exporter].into_iter().chain(self.log).collect();
        let pipeline =
            json!({"receivers": receivers, "processors": processors, "exporters": exporters});
        self.pipelines.insert(name.to_owned(), pipeline);
    }

    /// The document. The collector serves metrics about itself on port 8888 unless it is asked not
    /// to, and an application may need that port (OpenTelemetry documentation, "Internal
    /// telemetry").
    fn into_document(mut self) -> Value {
        let mut service = json!({
            "extensions": self.extensions,
            "pipelines": self.pipelines,
            "telemetry": {"metrics": {"level": "none"}},
        });
        if let Some(level) = self.log_level {
            service["telemetry"]["logs"] = json!({"level": level});
        }
        self.sections.insert("service".to_owned(), service);
        Value::Object(self.sections)
    }
}

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

fn metrics(collector: &Collector, names: &Names, limiter: Option<&'static str>, parts: &mut Parts) {
    let more = &collector.more;
    let mut signer = json!({"region": collector.workspace_region});
    if let Some(role) = &more.assume_role {
        signer["assume_role"] = json!({"arn": escaped(role)});
    }
    parts.extension("sigv4auth", signer);
    detection(collector, names, parts);
    parts.add("processors", "batch/metrics", sending::batch(more));
    // What happens to names and attributes, whatever it is that is measured.
    let rename = rename(collector, names, parts);
    let altered = attributes::add(&more.attributes, parts);
    let altered: Vec<&str> = rename.into_iter().chain(altered).collect();
    let mut remote_write = json!({
        "endpoint": variable(ENDPOINT_VARIABLE),
        "auth": {"authenticator": "sigv4auth"},
        "resource_to_telemetry_conversion": {"enabled": true},
    });
    if !more.labels.is_empty() {
        remote_write["external_labels"] = labels(&more.labels);
    }
    sending::tune(
        &more.sending,
        sending::REMOTE_WRITE_QUEUE,
        &mut remote_write,
    );
    parts.add("exporters", names.remote_write, remote_write);
    if let Some(measured) = measured(&more.task_metrics) {
        parts.add("receivers", "awsecscontainermetrics", Value::Null);
        let task =
            json!({"metrics": {"include": {"match_type": "strict", "metric_names": measured}}});
        parts.add("processors", "filter", task);
        let of_task: Vec<&str> = limiter
            .into_iter()
            .chain(["filter"])
            .chain(altered.iter().copied())
            .collect();
        let receivers = ["awsecscontainermetrics"];
        parts.pipeline("metrics", &receivers, &of_task, names.remote_write);
    }
    let mut sources = Vec::new();
    if more.statsd {
        sources.push("statsd");
        let endpoint = format!("0.0.0.0:{STATSD_PORT}");
        let statsd = json!({"endpoint": endpoint, "aggregation_interval": "60s"});
        parts.add("receivers", "statsd", statsd);
    }
    if collector.otlp {
        sources.push("otlp");
    }
    if !collector.scrape.is_empty() {
        sources.push("prometheus");
        let config = json!({"config": scrape::prometheus(&collector.scrape)});
        parts.add("receivers", "prometheus", config);
    }
    let of_application: Vec<&str> = limiter
        .into_iter()
        .chain([names.resource_detection])
        .chain(altered)
        .chain(["batch/metrics"])
        .collect();
    let pipeline = "metrics/application";
    parts.pipeline(pipeline, &sources, &of_application, names.remote_write);
}

/// The names of the metrics of the task that are let through.
fn measured(metrics: &TaskMetrics) -> Option<Vec<String>> {
    let of_task = || TASK_METRICS.iter().map(|name| (*name).to_owned());
    match metrics {
        TaskMetrics::Off => None,
        TaskMetrics::Task => Some(of_task().collect()),
        TaskMetrics::Containers => {
            // What is measured of the task is measured of each of its containers too.
            let of_container = of_task().filter_map(|name| {
                let rest = name.strip_prefix("ecs.task.")?;
                Some(format!("container.{rest}"))
            });
            Some(of_task().chain(of_container).collect())
        }
        TaskMetrics::Named(names) => Some(names.iter().map(|name| escaped(name)).collect()),
    }
}

/// The processor that renames metrics, if any are to be.
fn rename(collector: &Collector, names: &Names, parts: &mut Parts) -> Option<&'static str> {
    let rename = &collector.more.rename;
    if rename.is_empty() {
        return None;
    }
    let transforms: Vec<Value> = rename
        .iter()
        .map(|(from, to)| {
            json!({"include": escaped(from), "action": "update", "new_name": escaped(to)})
        })
        .collect();
    let transform = json!({"transforms": transforms});
    parts.add("processors", names.metrics_transform, transform);
    Some(names.metrics_transform)
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
    parts.add("exporters", "awsxray", Value::Null);
    let processors = [names.resource_detection, "batch/traces"];
    let processors: Vec<&str> = limiter.into_iter().chain(processors).collect();
    let mut sources = Vec::new();
    if collector.traces {
        sources.push("otlp");
    }
    if collector.more.xray_daemon {
        sources.push("awsxray");
        let endpoint = format!("0.0.0.0:{XRAY_PORT}");
        let daemon = json!({"endpoint": endpoint, "transport": "udp"});
        parts.add("receivers", "awsxray", daemon);
    }
    parts.pipeline("traces", &sources, &processors, "awsxray");
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
