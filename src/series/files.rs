//! The configurations of AWS's image that send to a workspace, as they stand under `/etc/ecs`
//! (aws-observability/aws-otel-collector, `config/ecs`), as far as series follow from them.

use serde_json::{Value, json};

use crate::collector::{ENDPOINT_VARIABLE, SCRAPE_VARIABLE, config::JOB};

/// The metrics that they let through.
pub(super) const METRICS: [&str; 9] = [
    "ecs.task.memory.reserved",
    "ecs.task.memory.utilized",
    "ecs.task.cpu.reserved",
    "ecs.task.cpu.utilized",
    "ecs.task.network.rate.rx",
    "ecs.task.network.rate.tx",
    "ecs.task.storage.read_bytes",
    "ecs.task.storage.write_bytes",
    "container.duration",
];

/// What an application sends by, and whether traces go to X-Ray.
const FILES: [(&str, Option<&str>, bool); 5] = [
    ("ecs-amp-prometheus.yaml", Some("prometheus"), false),
    ("ecs-amp-xray-prometheus.yaml", Some("prometheus"), true),
    ("ecs-amp-xray.yaml", Some("otlp"), true),
    ("ecs-amp.yaml", Some("otlp"), false),
    ("ecs-xray.yaml", None, true),
];

/// The configuration in the file `name` under `/etc/ecs`; `None` if it is none of these.
pub(super) fn document(name: &str) -> Option<Value> {
    let (_, source, traces) = FILES.iter().find(|(file, _, _)| *file == name)?;
    let mut document = json!({
        "receivers": {"otlp": null},
        "processors": {"resourcedetection": {"detectors": ["env", "system", "ecs", "ec2"]}},
        "exporters": {},
        "service": {"pipelines": {}},
    });
    if let Some(source) = source {
        document["extensions"] = json!({"sigv4auth": {"region": "${env:AWS_REGION}"}});
        document["receivers"]["awsecscontainermetrics"] = Value::Null;
        document["processors"]["filter"] =
            json!({"metrics": {"include": {"match_type": "strict", "metric_names": METRICS}}});
        document["processors"]["batch/metrics"] = json!({"timeout": "60s"});
        document["exporters"]["prometheusremotewrite"] = json!({
            "endpoint": format!("${{env:{ENDPOINT_VARIABLE}}}"),
            "resource_to_telemetry_conversion": {"enabled": true},
        });
        let pipelines = &mut document["service"]["pipelines"];
        pipelines["metrics"] = json!({
            "receivers": ["awsecscontainermetrics"],
            "processors": ["filter"],
            "exporters": ["prometheusremotewrite"],
        });
        pipelines["metrics/application"] = json!({
            "receivers": [source],
            "processors": ["resourcedetection", "batch/metrics"],
            "exporters": ["prometheusremotewrite"],
        });
        if *source == "prometheus" {
            document["receivers"]["prometheus"] = json!({"config": {
                "global": {"scrape_interval": "20s", "scrape_timeout": "10s"},
                "scrape_configs": [{
                    "job_name": JOB,
                    "static_configs": [{"targets": [format!("${{env:{SCRAPE_VARIABLE}}}")]}],
                }],
            }});
        }
    }
    if *traces {
        document["exporters"]["awsxray"] = Value::Null;
        document["service"]["pipelines"]["traces"] = json!({
            "receivers": ["otlp"], "processors": ["resourcedetection"], "exporters": ["awsxray"],
        });
    }
    Some(document)
}
