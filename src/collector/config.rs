//! Which configuration a collector runs with: one that its image brings, or one that is generated.

use serde_json::{Value, json};

use crate::collector::{
    Collector, ENDPOINT_VARIABLE, OTLP_GRPC_PORT, OTLP_HTTP_PORT, Period, REGION_VARIABLE, Scrape,
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

/// The metrics of the task that the configurations that the image brings let through.
const TASK_METRICS: [&str; 9] = [
    "container.duration",
    "ecs.task.cpu.reserved",
    "ecs.task.cpu.utilized",
    "ecs.task.memory.reserved",
    "ecs.task.memory.utilized",
    "ecs.task.network.rate.rx",
    "ecs.task.network.rate.tx",
    "ecs.task.storage.read_bytes",
    "ecs.task.storage.write_bytes",
];

/// How a collector is configured.
#[derive(Clone, Debug, PartialEq)]
pub enum Configuration {
    /// By this file under `/etc/ecs` of its image.
    BuiltIn(&'static str),
    /// By this document; JSON is YAML.
    Generated(Value),
    /// By the user.
    Own,
}

/// Chooses the file that does what is asked for, or else generates a configuration.
///
/// `ecs-amp-prometheus.yaml` has no OTLP receiver, and the one of `ecs-amp-xray-prometheus.yaml`
/// takes traces only, so no file takes metrics both ways.
pub(super) fn choose(collector: &Collector) -> Configuration {
    let built_in = |file| Configuration::BuiltIn(file);
    match (
        collector.scrape.as_slice(),
        collector.otlp,
        collector.traces,
    ) {
        ([], true, false) => built_in("ecs-amp.yaml"),
        ([], true, true) => built_in("ecs-amp-xray.yaml"),
        ([], false, true) => built_in("ecs-xray.yaml"),
        ([only], false, false) if is_default(only) => built_in("ecs-amp-prometheus.yaml"),
        ([only], false, true) if is_default(only) => built_in("ecs-amp-xray-prometheus.yaml"),
        (_, _, _) => Configuration::Generated(generate(collector)),
    }
}

/// Returns whether the files that the image brings scrape a target just like this.
fn is_default(scrape: &Scrape) -> bool {
    scrape.path == PATH
        && scrape.interval.millis() == Period::seconds(INTERVAL_SECONDS).millis()
        && scrape.timeout.millis() == Period::seconds(TIMEOUT_SECONDS).millis()
        && scrape.job.as_deref().is_none_or(|job| job == JOB)
}

/// A configuration that does, for every part that is asked for, what the files that the image
/// brings do.
fn generate(collector: &Collector) -> Value {
    let mut document = json!({
        "extensions": {
            "health_check": null,
            "sigv4auth": {"region": variable(REGION_VARIABLE)},
        },
        "receivers": {"awsecscontainermetrics": null},
        "processors": {
            "batch/metrics": {"timeout": "60s"},
            "resourcedetection": {"detectors": ["env", "system", "ecs", "ec2"]},
            "filter": {"metrics": {"include": {"match_type": "strict", "metric_names": TASK_METRICS}}},
        },
        "exporters": {
            "prometheusremotewrite": {
                "endpoint": variable(ENDPOINT_VARIABLE),
                "auth": {"authenticator": "sigv4auth"},
                "resource_to_telemetry_conversion": {"enabled": true},
            },
        },
        "service": {
            "pipelines": {
                "metrics": pipeline(&["awsecscontainermetrics"], &["filter"], "prometheusremotewrite"),
            },
            "extensions": ["health_check", "sigv4auth"],
        },
    });
    let mut sources = Vec::new();
    if collector.otlp {
        sources.push("otlp");
    }
    if !collector.scrape.is_empty() {
        sources.push("prometheus");
        document["receivers"]["prometheus"] = json!({"config": prometheus(&collector.scrape)});
    }
    document["service"]["pipelines"]["metrics/application"] = pipeline(
        &sources,
        &["resourcedetection", "batch/metrics"],
        "prometheusremotewrite",
    );
    if collector.listens() {
        document["receivers"]["otlp"] = otlp();
    }
    if collector.traces {
        document["processors"]["batch/traces"] = json!({"timeout": "1s", "send_batch_size": 50});
        document["exporters"]["awsxray"] = Value::Null;
        document["service"]["pipelines"]["traces"] =
            pipeline(&["otlp"], &["resourcedetection", "batch/traces"], "awsxray");
    }
    document
}

fn pipeline(receivers: &[&str], processors: &[&str], exporter: &str) -> Value {
    json!({"receivers": receivers, "processors": processors, "exporters": [exporter]})
}

/// Receivers listen on every address, as in the files that the image brings: since v0.41.0 they
/// would by default listen on the loopback only, which other containers of a bridge network can't
/// reach.
fn otlp() -> Value {
    json!({
        "protocols": {
            "grpc": {"endpoint": format!("0.0.0.0:{OTLP_GRPC_PORT}")},
            "http": {"endpoint": format!("0.0.0.0:{OTLP_HTTP_PORT}")},
        },
    })
}

/// Prometheus' part of the configuration, with a job for each target.
fn prometheus(targets: &[Scrape]) -> Value {
    let jobs: Vec<Value> = targets
        .iter()
        .map(|target| {
            let default_job = if targets.len() == 1 {
                JOB.to_owned()
            } else {
                target.target()
            };
            json!({
                "job_name": escaped(target.job.as_deref().unwrap_or(&default_job)),
                "metrics_path": escaped(&target.path),
                "scrape_interval": target.interval.to_string(),
                "scrape_timeout": target.timeout.to_string(),
                "static_configs": [{"targets": [escaped(&target.target())]}],
            })
        })
        .collect();
    json!({
        "global": {
            "scrape_interval": Period::seconds(INTERVAL_SECONDS).to_string(),
            "scrape_timeout": Period::seconds(TIMEOUT_SECONDS).to_string(),
        },
        "scrape_configs": jobs,
    })
}

/// A variable that the collector fills in when it starts.
fn variable(name: &str) -> String {
    format!("${{env:{name}}}")
}

/// Text in which the collector finds nothing to fill in (OpenTelemetry collector documentation,
/// "Configuration", "Environment variables").
fn escaped(text: &str) -> String {
    text.replace('$', "$$")
}
