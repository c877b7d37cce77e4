//! What the first defaults choose: a configuration that the image brings where one does, else one
//! in its manner.
//!
//! It must not change: it is how a live revision is recognized as one that the first defaults made.

use serde_json::{Value, json};

use crate::collector::{
    Collector, Configuration, ENDPOINT_VARIABLE, Period, REGION_VARIABLE, Scrape,
    config::{INTERVAL_SECONDS, JOB, PATH, TIMEOUT_SECONDS, escaped, otlp, variable},
};

/// The metrics of the task that the configurations that the image brings let through.
pub(super) const TASK_METRICS: [&str; 9] = [
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

/// Chooses the file that does what is asked for, or else generates a configuration.
pub(super) fn choose(collector: &Collector) -> Configuration {
    file(collector).map_or_else(
        || Configuration::Generated(generate(collector)),
        Configuration::BuiltIn,
    )
}

/// The file of the image that does what is asked for.
///
/// `ecs-amp-prometheus.yaml` has no OTLP receiver, and the one of `ecs-amp-xray-prometheus.yaml`
/// takes traces only, so no file takes metrics both ways.
pub(super) fn file(collector: &Collector) -> Option<&'static str> {
    let scrape = collector.scrape.as_slice();
    match (scrape, collector.otlp, collector.traces) {
        ([], true, false) => Some("ecs-amp.yaml"),
        ([], true, true) => Some("ecs-amp-xray.yaml"),
        ([], false, true) => Some("ecs-xray.yaml"),
        ([only], false, false) if is_default(only) => Some("ecs-amp-prometheus.yaml"),
        ([only], false, true) if is_default(only) => Some("ecs-amp-xray-prometheus.yaml"),
        (_, _, _) => None,
    }
}

/// Returns whether the files that the image brings scrape a target just like this.
fn is_default(scrape: &Scrape) -> bool {
    scrape.path == PATH
        && scrape.interval.millis() == Period::seconds(INTERVAL_SECONDS).millis()
        && scrape.timeout.millis() == Period::seconds(TIMEOUT_SECONDS).millis()
        && scrape.job.as_deref().is_none_or(|job| job == JOB)
        && !scrape.is_secure
        && scrape.params.is_empty()
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
