//! The configuration that is generated for a collector.
//!
//! The files of the image can't say it: they sign for the region of the task, whichever region the
//! workspace is in; they take the port of the collector's own telemetry; they give every
//! application the same `job`; and they label series by log streams, which change when the
//! collector is restarted.

use serde_json::{Map, Value, json};

use crate::collector::{
    Collector, ENDPOINT_VARIABLE, OTLP_GRPC_PORT, OTLP_HTTP_PORT, Period, Scrape,
    first::TASK_METRICS, version::Names,
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
    let limiter = memory_limiter(collector, &mut parts);
    parts.extension("health_check", Value::Null);
    if collector.writes_metrics() {
        metrics(collector, &names, limiter, &mut parts);
    }
    if collector.traces {
        traces(collector, &names, limiter, &mut parts);
    }
    if collector.listens() {
        parts.add("receivers", "otlp", otlp());
    }
    parts.into_document()
}

/// The parts of a configuration, by section and name.
#[derive(Default)]
struct Parts {
    sections: Map<String, Value>,
    pipelines: Map<String, Value>,
    extensions: Vec<&'static str>,
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
        let pipeline =
            json!({"receivers": receivers, "processors": processors, "exporters": [exporter]});
        self.pipelines.insert(name.to_owned(), pipeline);
    }

    /// The document. The collector serves metrics about itself on port 8888 unless it is asked not
    /// to, and an application may need that port (OpenTelemetry documentation, "Internal
    /// telemetry").
    fn into_document(mut self) -> Value {
        let service = json!({
            "extensions": self.extensions,
            "pipelines": self.pipelines,
            "telemetry": {"metrics": {"level": "none"}},
        });
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
    parts.extension("sigv4auth", json!({"region": collector.workspace_region}));
    parts.add("receivers", "awsecscontainermetrics", Value::Null);
    let task =
        json!({"metrics": {"include": {"match_type": "strict", "metric_names": TASK_METRICS}}});
    parts.add("processors", "filter", task);
    detection(collector, names, parts);
    let batch = json!({"timeout": Period::seconds(BATCH_SECONDS).to_string()});
    parts.add("processors", "batch/metrics", batch);
    let remote_write = json!({
        "endpoint": variable(ENDPOINT_VARIABLE),
        "auth": {"authenticator": "sigv4auth"},
        "resource_to_telemetry_conversion": {"enabled": true},
    });
    parts.add("exporters", names.remote_write, remote_write);
    let of_task: Vec<&str> = limiter.into_iter().chain(["filter"]).collect();
    let receivers = ["awsecscontainermetrics"];
    parts.pipeline("metrics", &receivers, &of_task, names.remote_write);
    let mut sources = Vec::new();
    if collector.otlp {
        sources.push("otlp");
    }
    if !collector.scrape.is_empty() {
        sources.push("prometheus");
        let config = json!({"config": prometheus(&collector.scrape)});
        parts.add("receivers", "prometheus", config);
    }
    let of_application = [names.resource_detection, "batch/metrics"];
    let of_application: Vec<&str> = limiter.into_iter().chain(of_application).collect();
    let pipeline = "metrics/application";
    parts.pipeline(pipeline, &sources, &of_application, names.remote_write);
}

fn traces(collector: &Collector, names: &Names, limiter: Option<&'static str>, parts: &mut Parts) {
    detection(collector, names, parts);
    let batch = json!({"timeout": "1s", "send_batch_size": 50});
    parts.add("processors", "batch/traces", batch);
    parts.add("exporters", "awsxray", Value::Null);
    let processors = [names.resource_detection, "batch/traces"];
    let processors: Vec<&str> = limiter.into_iter().chain(processors).collect();
    parts.pipeline("traces", &["otlp"], &processors, "awsxray");
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

/// Prometheus' part of the configuration, with a job for each target.
fn prometheus(targets: &[Scrape]) -> Value {
    let jobs: Vec<Value> = targets.iter().map(job).collect();
    json!({"scrape_configs": jobs})
}

fn job(target: &Scrape) -> Value {
    let mut job = json!({
        "job_name": escaped(target.job()),
        "metrics_path": escaped(&target.path),
        "scrape_interval": target.interval.to_string(),
        "scrape_timeout": target.timeout.to_string(),
        "static_configs": [{"targets": [escaped(&target.target())]}],
    });
    if target.is_secure {
        job["scheme"] = json!("https");
    }
    if !target.params.is_empty() {
        let params = target.params.iter();
        let params = params.map(|(name, value)| (escaped(name), json!([escaped(value)])));
        job["params"] = Value::Object(params.collect());
    }
    job
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
