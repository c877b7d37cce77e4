//! What a collector in a registered task definition does, as far as its container says: where it
//! sends, what it scrapes, and what its series are called.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    collector::{
        CONFIG_VARIABLE, ENDPOINT_VARIABLE, REGION_VARIABLE, SCRAPE_VARIABLE,
        config::JOB,
        is_collector,
        version::{self, Version},
    },
    model::node::Node,
};

/// What the files of the image scrape unless the variable says otherwise (aws-otel-collector,
/// `config/ecs/ecs-amp-prometheus.yaml`).
const SCRAPED: &str = "0.0.0.0:9090";

/// Where a container writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogTarget {
    /// The log group.
    pub group: String,
    /// What its streams begin with.
    pub prefix: String,
    /// Its region, if it is not the task's.
    pub region: Option<String>,
}

/// A scrape job.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Job {
    /// The label `job`.
    pub name: String,
    /// The label `instance`: host and port.
    pub target: String,
}

/// What a collector does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measures {
    /// The name of its container.
    pub container: String,
    /// The version of its image, if the tag says one.
    pub version: Option<Version>,
    /// Whether ECS checks its health.
    pub is_checked: bool,
    /// The URL that it sends samples to.
    pub endpoint: Option<String>,
    /// The region that it signs for, if it is not the task's.
    pub region: Option<String>,
    /// What it scrapes; `None` if its configuration is not one that amp-stack reads.
    pub jobs: Option<Vec<Job>>,
    /// Whether applications send it metrics, over OTLP or as to `StatsD`; `None` as above.
    pub otlp: Option<bool>,
    /// Whether it sends traces to X-Ray; `None` as above.
    pub traces: Option<bool>,
    /// The metrics of the task that it sends under their own names; `None` if it sends them all, or
    /// its configuration can't be read.
    pub measured: Option<BTreeSet<String>>,
    /// Where its log goes, if that is a log group.
    pub log: Option<LogTarget>,
}

/// The collector of a task definition, as it was registered, if it has one.
pub fn of(document: &Node) -> Option<Measures> {
    let containers = document.get("containerDefinitions")?.as_list()?;
    let text = |container: &Node, key: &str| {
        let text = container.get(key).and_then(Node::as_str);
        text.unwrap_or_default().to_owned()
    };
    let is_it = |container: &&Node| {
        let known = variable(container, ENDPOINT_VARIABLE).or(variable(container, CONFIG_VARIABLE));
        is_collector(&text(container, "image")) || known.is_some()
    };
    let container = containers.iter().find(is_it)?;
    let content = variable(container, CONFIG_VARIABLE);
    let document = content.map(|content| serde_json::from_str::<Value>(&content).ok());
    let does = match document {
        Some(Some(document)) => Does::of_document(container, &document),
        Some(None) => Does::default(),
        None => Does::of_file(container),
    };
    Some(Measures {
        container: text(container, "name"),
        version: version::of_image(&text(container, "image")),
        is_checked: container.get("healthCheck").is_some(),
        endpoint: does
            .endpoint
            .or_else(|| variable(container, ENDPOINT_VARIABLE)),
        region: does.region.or_else(|| variable(container, REGION_VARIABLE)),
        jobs: does.jobs,
        otlp: does.otlp,
        traces: does.traces,
        measured: does.measured,
        log: log_target(container),
    })
}

/// What a configuration says.
#[derive(Default)]
struct Does {
    endpoint: Option<String>,
    region: Option<String>,
    jobs: Option<Vec<Job>>,
    otlp: Option<bool>,
    traces: Option<bool>,
    measured: Option<BTreeSet<String>>,
}

impl Does {
    /// What a file of the image does, which `--config` names. Nothing is known of others.
    fn of_file(container: &Node) -> Self {
        let words = container.get("command").and_then(Node::as_list);
        let mut words = words.unwrap_or_default().iter().filter_map(Node::as_str);
        let file = words.find_map(|word| word.strip_prefix("--config=/etc/ecs/"));
        let (scrapes, otlp, traces) = match file {
            Some("ecs-amp-prometheus.yaml") => (true, false, false),
            Some("ecs-amp-xray-prometheus.yaml") => (true, false, true),
            Some("ecs-amp.yaml") => (false, true, false),
            Some("ecs-amp-xray.yaml") => (false, true, true),
            Some("ecs-xray.yaml") => (false, false, true),
            Some(_) | None => return Self::default(),
        };
        let target = variable(container, SCRAPE_VARIABLE);
        let job = Job {
            name: JOB.to_owned(),
            target: target.unwrap_or_else(|| SCRAPED.to_owned()),
        };
        Self {
            jobs: Some(if scrapes { vec![job] } else { Vec::new() }),
            otlp: Some(otlp),
            traces: Some(traces),
            ..Self::default()
        }
    }

    fn of_document(container: &Node, document: &Value) -> Self {
        let text = |value: &Value| value.as_str().map(|text| filled_in(container, text));
        let of_kind = |section: &str, kinds: &[&str]| -> Vec<Value> {
            let parts = document[section].as_object().into_iter().flatten();
            let kind = |name: &str| name.split('/').next().unwrap_or(name).to_owned();
            parts
                .filter(|(name, _)| kinds.contains(&kind(name).as_str()))
                .map(|(_, part)| part.clone())
                .collect()
        };
        let writers = of_kind(
            "exporters",
            &["prometheusremotewrite", "prometheus_remote_write"],
        );
        let signers = of_kind("extensions", &["sigv4auth"]);
        let mut jobs = Vec::new();
        for receiver in of_kind("receivers", &["prometheus"]) {
            let scrapes = receiver["config"]["scrape_configs"].as_array();
            for scrape in scrapes.into_iter().flatten() {
                let statics = scrape["static_configs"].as_array().into_iter().flatten();
                let targets = statics.flat_map(|s| s["targets"].as_array().into_iter().flatten());
                jobs.extend(targets.filter_map(|target| {
                    let (name, target) = (text(&scrape["job_name"])?, text(target)?);
                    Some(Job { name, target })
                }));
            }
        }
        let takes = |pipeline: &str| {
            let pipelines = document["service"]["pipelines"].as_object();
            let mut pipelines = pipelines.into_iter().flatten();
            pipelines.any(|(name, parts)| {
                let receivers = parts["receivers"].as_array().into_iter().flatten();
                let mut receivers = receivers.filter_map(Value::as_str);
                name.split('/').next() == Some(pipeline)
                    && receivers.any(|receiver| {
                        matches!(receiver.split('/').next(), Some("otlp" | "statsd"))
                    })
            })
        };
        Self {
            endpoint: writers.first().and_then(|writer| text(&writer["endpoint"])),
            region: signers.first().and_then(|signer| text(&signer["region"])),
            jobs: Some(jobs),
            otlp: Some(takes("metrics")),
            traces: Some(!of_kind("exporters", &["awsxray"]).is_empty()),
            measured: measured(document),
        }
    }
}

/// The metrics of the task that a generated configuration lets through under their own names.
fn measured(document: &Value) -> Option<BTreeSet<String>> {
    if document["receivers"]
        .get("awsecscontainermetrics")
        .is_none()
    {
        return Some(BTreeSet::new());
    }
    let processors = &document["processors"];
    let names = processors["filter"]["metrics"]["include"]["metric_names"].as_array()?;
    let names = names.iter().filter_map(Value::as_str).map(str::to_owned);
    let mut names: BTreeSet<String> = names.collect();
    for processor in ["metricstransform", "metrics_transform"] {
        let transforms = processors[processor]["transforms"].as_array();
        for transform in transforms.into_iter().flatten() {
            names.remove(transform["include"].as_str().unwrap_or_default());
        }
    }
    Some(names)
}

impl Measures {
    /// The series of a task that are to be there; `None` if the version of the image is not known.
    pub fn task_series(&self) -> Option<Vec<String>> {
        let all = task_series(self.version)?;
        let Some(measured) = &self.measured else {
            return Some(all);
        };
        // A series is called as its metric, with `_` for each dot and the unit at its end.
        let starts: Vec<String> = measured.iter().map(|name| name.replace('.', "_")).collect();
        let is_measured = |series: &String| starts.iter().any(|start| series.starts_with(start));
        Some(all.into_iter().filter(is_measured).collect())
    }
}

/// The value of a variable of a container.
fn variable(container: &Node, name: &str) -> Option<String> {
    let variables = container.get("environment")?.as_list()?;
    let is_it = |v: &&Node| v.get("name").and_then(Node::as_str) == Some(name);
    let value = variables.iter().find(is_it)?.get("value")?;
    value.as_str().map(str::to_owned)
}

/// The text with the variables that the collector fills in, and `$$` as the `$` that it means.
fn filled_in(container: &Node, text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, from) = rest.split_at(at);
        result.push_str(before);
        let named = from
            .strip_prefix("${env:")
            .and_then(|name| name.split_once('}'));
        if let Some((name, after)) = named {
            result.push_str(&variable(container, name).unwrap_or_default());
            rest = after;
        } else {
            result.push('$');
            rest = from.strip_prefix("$$").unwrap_or(&from[1..]);
        }
    }
    result + rest
}

fn log_target(container: &Node) -> Option<LogTarget> {
    let options = container.get("logConfiguration")?.get("options")?;
    let option = |name: &str| options.get(name).and_then(Node::as_str).map(str::to_owned);
    Some(LogTarget {
        group: option("awslogs-group")?,
        prefix: option("awslogs-stream-prefix")?,
        region: option("awslogs-region"),
    })
}

/// The series of a task that this version sends, with what their names end in.
///
/// v0.35 put units at the ends of names, and v0.48 renamed the unit of memory (see the guide,
/// `sidecar`, "Metric names changed"). An image whose tag says no version may be any.
pub fn task_series(version: Option<Version>) -> Option<Vec<String>> {
    let version = version?;
    let (none, memory, rate, bytes) = match version {
        (0, ..35) => ("", "", "", ""),
        (0, 35..48) => ("_None", "_Megabytes", "_Bytes_per_Second", "_Bytes"),
        _ => ("_None", "_MiB", "_Bytes_per_Second", "_Bytes"),
    };
    let names = [
        ("cpu_reserved", none),
        ("cpu_utilized", none),
        ("memory_reserved", memory),
        ("memory_utilized", memory),
        ("network_rate_rx", rate),
        ("network_rate_tx", rate),
        ("storage_read_bytes", bytes),
        ("storage_write_bytes", bytes),
    ];
    let names = names.iter();
    Some(
        names
            .map(|(name, unit)| format!("ecs_task_{name}{unit}"))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn measures(container: &Value) -> Measures {
        let document =
            json!({"containerDefinitions": [{"name": "app", "image": "x:1"}, container]});
        of(&Node::from(&document)).expect("there is a collector")
    }

    const IMAGE: &str = "public.ecr.aws/aws-observability/aws-otel-collector:v0.49.0";

    #[test]
    fn a_file_of_the_image_is_known() {
        let found = measures(&json!({
            "name": "c", "image": IMAGE, "command": ["--config=/etc/ecs/ecs-amp-prometheus.yaml"],
            "environment": [
                {"name": "AWS_PROMETHEUS_ENDPOINT", "value": "https://a.test/w"},
                {"name": "AWS_PROMETHEUS_SCRAPING_ENDPOINT", "value": "localhost:9100"},
            ],
            "logConfiguration": {"logDriver": "awslogs", "options": {
                "awslogs-group": "/c", "awslogs-stream-prefix": "ecs", "awslogs-region": "us-east-1",
            }},
        }));
        let job = Job {
            name: "otel-collector".to_owned(),
            target: "localhost:9100".to_owned(),
        };
        assert_eq!(found.jobs, Some(vec![job]));
        assert_eq!((found.otlp, found.traces), (Some(false), Some(false)));
        assert_eq!(found.endpoint.as_deref(), Some("https://a.test/w"));
        assert_eq!(found.log.map(|log| log.group).as_deref(), Some("/c"));
        assert_eq!(found.version, Some((0, 49)));
    }

    #[test]
    fn a_generated_configuration_is_read_and_another_is_not() {
        let config = json!({
            "extensions": {"sigv4auth": {"region": "eu-west-1"}},
            "receivers": {"prometheus": {"config": {"scrape_configs": [
                {"job_name": "pay$$1", "static_configs": [{"targets": ["localhost:1"]}]},
            ]}}},
            "exporters": {"prometheus_remote_write": {"endpoint": "${env:AWS_PROMETHEUS_ENDPOINT}"}},
            "service": {"pipelines": {"metrics/application": {"receivers": ["otlp", "prometheus"]}}},
        });
        let with = |content: &str| {
            measures(
                &json!({"name": "c", "image": "mirror/otel:1", "environment": [
                    {"name": "AOT_CONFIG_CONTENT", "value": content},
                    {"name": "AWS_PROMETHEUS_ENDPOINT", "value": "https://a.test/w"},
                ]}),
            )
        };
        let found = with(&config.to_string());
        assert_eq!(found.region.as_deref(), Some("eu-west-1"));
        assert_eq!(found.endpoint.as_deref(), Some("https://a.test/w"));
        assert_eq!(found.jobs.expect("known")[0].name, "pay$1");
        assert_eq!(
            (found.otlp, found.traces, found.version),
            (Some(true), Some(false), None)
        );
        let found = with("receivers:\n  prometheus:\n");
        assert_eq!((found.jobs, found.otlp, found.traces), (None, None, None));
    }

    #[test]
    fn what_is_not_measured_or_renamed_is_not_expected() {
        let with = |receivers: Value, processors: Value| {
            let config = json!({"receivers": receivers, "processors": processors});
            measures(&json!({"name": "c", "image": IMAGE, "environment": [
                {"name": "AOT_CONFIG_CONTENT", "value": config.to_string()},
            ]}))
            .task_series()
            .expect("the version is known")
        };
        let task = || json!({"awsecscontainermetrics": null});
        let filter = json!({"metrics": {"include": {"metric_names": [
            "ecs.task.memory.utilized", "ecs.task.cpu.utilized",
        ]}}});
        assert_eq!(
            with(task(), json!({"filter": filter})),
            ["ecs_task_cpu_utilized_None", "ecs_task_memory_utilized_MiB"]
        );
        let rename = json!({"transforms": [{"include": "ecs.task.cpu.utilized"}]});
        assert_eq!(
            with(
                task(),
                json!({"filter": filter, "metrics_transform": rename})
            ),
            ["ecs_task_memory_utilized_MiB"]
        );
        assert!(with(json!({"statsd": null}), json!({})).is_empty());
        assert_eq!(with(task(), json!({})).len(), 8);
    }

    #[test]
    fn the_version_decides_the_names() {
        for (version, memory) in [
            (Some((0, 30)), "ecs_task_memory_utilized"),
            (Some((0, 47)), "ecs_task_memory_utilized_Megabytes"),
            (Some((0, 49)), "ecs_task_memory_utilized_MiB"),
        ] {
            let names = task_series(version).expect("known");
            assert!(names.contains(&memory.to_owned()), "{names:?}");
            assert_eq!(names.len(), 8);
        }
        assert_eq!(task_series(None), None);
    }
}
