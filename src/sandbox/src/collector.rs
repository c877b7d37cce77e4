//! The collector in a task, as far as it can be known without running it: what it is configured to
//! do, what comes of that, the lines that it writes and the samples that it sends.
//!
//! Nothing is kept: what a collector has done until a moment follows from the task, the time and
//! what the world allows at that moment. A right that is given late makes its samples appear from
//! the start of the task on, which AWS would not do.
//!
//! Sources: aws-observability/aws-otel-collector v0.49.0 (`config/ecs`, `pkg/config`) and what that
//! version prints.

pub(crate) mod arrivals;
mod beyond;
pub(crate) mod lines;
pub(crate) mod outcome;
pub(crate) mod series;
mod yaml;

use serde_json::{Map, Value};

use crate::ecs::members::Members;
use beyond::Beyond;

/// The address that the image's files scrape, unless the variable says otherwise.
const SCRAPED: &str = "0.0.0.0:9090";
/// The job of the image's files.
const JOB: &str = "otel-collector";
/// How often the image's files scrape.
const INTERVAL_MILLIS: u64 = 20_000;

/// The files under `/etc/ecs` of the image: which take OTLP and which scrape, if they send to a
/// workspace at all.
const FILES: [(&str, Option<Sources>); 9] = [
    ("container-insights/otel-task-metrics-config.yaml", None),
    ("ecs-amp-prometheus.yaml", Some(Sources::Scrape)),
    ("ecs-amp-xray-prometheus.yaml", Some(Sources::Scrape)),
    ("ecs-amp-xray.yaml", Some(Sources::Otlp)),
    ("ecs-amp.yaml", Some(Sources::Otlp)),
    ("ecs-cloudwatch-xray.yaml", None),
    ("ecs-cloudwatch.yaml", None),
    ("ecs-default-config.yaml", None),
    ("ecs-xray.yaml", None),
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Sources {
    Otlp,
    Scrape,
}

/// What a collector is configured to do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Collector {
    /// The name of its container.
    pub(crate) name: String,
    /// Where samples go; absent if they go nowhere.
    pub(crate) endpoint: Option<String>,
    /// The region that requests are signed for, if it is not the task's.
    pub(crate) region: Option<String>,
    /// The service that they are signed for, if the host does not say it.
    pub(crate) service: Option<String>,
    pub(crate) jobs: Vec<Job>,
    pub(crate) takes_otlp: bool,
    /// Whether it measures the task.
    pub(crate) measures_task: bool,
    /// Where it sends metrics in CloudWatch.
    beyond: Vec<Beyond>,
}

/// A target that is scraped.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Job {
    pub(crate) name: String,
    pub(crate) target: String,
    pub(crate) interval_millis: u64,
}

/// Returns whether a container runs the collector.
fn is_collector(container: &Map<String, Value>) -> bool {
    let image = container.text("image").unwrap_or_default();
    image.contains("aws-otel-collector")
}

impl Collector {
    /// The collector of a task definition, if it has one that can start and is understood.
    pub(crate) fn of(definition: &Map<String, Value>) -> Option<Self> {
        let mut containers = definition.objects("containerDefinitions");
        let container = containers.find(|container| is_collector(container))?;
        Self::read(container).ok().flatten()
    }

    /// Reads a container's configuration. An error is what the collector prints before it exits;
    /// `None` is a configuration that sends no metrics to a workspace, or that is not read here.
    fn read(container: &Map<String, Value>) -> Result<Option<Self>, String> {
        let variable = |name: &str| variable(container, name);
        let name = container.text("name").unwrap_or_default().to_owned();
        let region = variable("AWS_REGION").map(str::to_owned);
        if let Some(content) = variable("AOT_CONFIG_CONTENT") {
            return if content.trim().is_empty() {
                Err("Error: failed to get config: empty configuration file".to_owned())
            } else {
                let document = serde_json::from_str(content).ok();
                match document.or_else(|| yaml::read(content)) {
                    Some(Value::Object(document)) => {
                        Self::generated(container, name, &document).map(Some)
                    }
                    Some(_) | None => Ok(None),
                }
            };
        }
        let file = container
            .texts("command")
            .find_map(|word| word.strip_prefix("--config="))
            .unwrap_or("/etc/ecs/ecs-default-config.yaml");
        let known = FILES
            .iter()
            .find(|(known, _)| file.strip_prefix("/etc/ecs/") == Some(known));
        let Some((_, sources)) = known else {
            return Err(format!(
                "Error: failed to get config: cannot resolve the configuration: cannot retrieve the configuration: unable to read the file file:{file}: open {file}: no such file or directory"
            ));
        };
        let Some(sources) = sources else {
            return Ok(None);
        };
        let target = variable("AWS_PROMETHEUS_SCRAPING_ENDPOINT").unwrap_or(SCRAPED);
        let job = Job {
            name: JOB.to_owned(),
            target: target.to_owned(),
            interval_millis: INTERVAL_MILLIS,
        };
        Ok(Some(Self {
            name,
            endpoint: Some(checked(
                variable("AWS_PROMETHEUS_ENDPOINT").unwrap_or_default(),
            )?),
            region,
            service: None,
            jobs: if *sources == Sources::Scrape {
                vec![job]
            } else {
                Vec::new()
            },
            takes_otlp: *sources == Sources::Otlp,
            measures_task: true,
            beyond: Vec::new(),
        }))
    }

    fn generated(
        container: &Map<String, Value>,
        name: String,
        document: &Map<String, Value>,
    ) -> Result<Self, String> {
        check_references(document)?;
        let text = |value: &Value| value.as_str().map(|text| expanded(container, text));
        let exporters = document.get("exporters").and_then(Value::as_object);
        let writer = exporters.into_iter().flatten().find(|(name, _)| {
            let kind = name.split('/').next().unwrap_or_default();
            ["prometheusremotewrite", "prometheus_remote_write"].contains(&kind)
        });
        let endpoint = writer
            .map(|(_, exporter)| checked(&text(&exporter["endpoint"]).unwrap_or_default()))
            .transpose()?;
        let receivers = document.get("receivers").and_then(Value::as_object);
        let receivers = || receivers.into_iter().flatten();
        let has = |kind: &str| receivers().any(|(name, _)| name.split('/').next() == Some(kind));
        let jobs = receivers()
            .filter(|(name, _)| name.split('/').next() == Some("prometheus"))
            .flat_map(|(_, receiver)| jobs(container, &receiver["config"]))
            .collect();
        Ok(Self {
            name,
            endpoint,
            region: text(&document_at(
                document,
                &["extensions", "sigv4auth", "region"],
            )),
            service: text(&document_at(
                document,
                &["extensions", "sigv4auth", "service"],
            )),
            jobs,
            takes_otlp: has("otlp"),
            measures_task: has("awsecscontainermetrics"),
            beyond: beyond::of(container, document),
        })
    }
}

/// What a container's collector prints before it exits at once, if it does.
pub(crate) fn start_fault(container: &Map<String, Value>) -> Option<String> {
    if !is_collector(container) {
        return None;
    }
    Collector::read(container).err()
}

fn variable<'a>(container: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    let mut environment = container.objects("environment");
    let found = environment.find(|variable| variable.text("name") == Some(name));
    found.and_then(|variable| variable.text("value"))
}

fn document_at(document: &Map<String, Value>, path: &[&str]) -> Value {
    let (first, rest) = path.split_first().expect("a path has a member");
    let found = document.get(*first).unwrap_or(&Value::Null);
    rest.iter()
        .fold(found, |value, member| &value[*member])
        .clone()
}

/// The configuration's `${env:NAME}` in place.
fn expanded(container: &Map<String, Value>, text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${env:") {
        let (before, from) = rest.split_at(start);
        result.push_str(before);
        let Some(end) = from.find('}') else {
            result.push_str(from);
            return result;
        };
        result.push_str(variable(container, &from[6..end]).unwrap_or_default());
        rest = &from[end + 1..];
    }
    // `$$` is how a `$` is written.
    result.push_str(&rest.replace("$$", "$"));
    result
}

fn checked(endpoint: &str) -> Result<String, String> {
    if endpoint.starts_with("https://") || endpoint.starts_with("http://") {
        return Ok(endpoint.to_owned());
    }
    Err(format!(
        "Error: invalid configuration: exporters::prometheusremotewrite: invalid endpoint: \"{endpoint}\""
    ))
}

/// A pipeline may only name what is configured.
fn check_references(document: &Map<String, Value>) -> Result<(), String> {
    let pipelines = document_at(document, &["service", "pipelines"]);
    for (pipeline, parts) in pipelines.as_object().into_iter().flatten() {
        for (kinds, kind) in [
            ("receivers", "receiver"),
            ("processors", "processor"),
            ("exporters", "exporter"),
        ] {
            let configured = document.get(kinds).and_then(Value::as_object);
            let named = parts[kinds].as_array().into_iter().flatten();
            let missing = named
                .filter_map(Value::as_str)
                .find(|name| configured.is_none_or(|known| !known.contains_key(*name)));
            if let Some(name) = missing {
                return Err(format!(
                    "Error: invalid configuration: service::pipelines::{pipeline}: references {kind} \"{name}\" which is not configured"
                ));
            }
        }
    }
    Ok(())
}

fn jobs(container: &Map<String, Value>, config: &Value) -> Vec<Job> {
    let interval = |value: &Value| {
        let millis = value.as_str().and_then(duration_millis);
        millis.filter(|millis| *millis > 0)
    };
    let usual = interval(&config["global"]["scrape_interval"]).unwrap_or(60_000);
    let scrapes = config["scrape_configs"].as_array().into_iter().flatten();
    scrapes
        .flat_map(|scrape| {
            let interval_millis = interval(&scrape["scrape_interval"]).unwrap_or(usual);
            let statics = scrape["static_configs"].as_array().into_iter().flatten();
            let targets = statics.flat_map(|s| s["targets"].as_array().into_iter().flatten());
            targets
                .filter_map(Value::as_str)
                .map(|target| Job {
                    name: expanded(container, scrape["job_name"].as_str().unwrap_or_default()),
                    target: expanded(container, target),
                    interval_millis,
                })
                .collect::<Vec<_>>()
        })
        .collect()
}

/// A duration as Prometheus writes it: `1m30s`, `500ms`.
pub(crate) fn duration_millis(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total = 0_u64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let units = [
            ("ms", 1),
            ("s", 1_000),
            ("m", 60_000),
            ("h", 3_600_000),
            ("d", 86_400_000),
        ];
        let (unit, millis) = units.into_iter().find(|(unit, _)| rest.starts_with(unit))?;
        rest = &rest[unit.len()..];
        total = total.checked_add(number.checked_mul(millis)?)?;
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::{Collector, duration_millis, start_fault};

    const ENDPOINT: &str =
        "https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write";

    fn container(command: &str, environment: &[(&str, &str)]) -> Map<String, Value> {
        let environment: Vec<Value> = environment
            .iter()
            .map(|(name, value)| json!({"name": name, "value": value}))
            .collect();
        let container = json!({
            "name": "c", "image": "public.ecr.aws/aws-observability/aws-otel-collector:v0.49.0",
            "command": [command], "environment": environment,
        });
        container.as_object().expect("an object").clone()
    }

    #[test]
    fn what_the_files_of_the_image_do() {
        let set = [
            ("AWS_PROMETHEUS_ENDPOINT", ENDPOINT),
            ("AWS_PROMETHEUS_SCRAPING_ENDPOINT", "localhost:8080"),
        ];
        let scraping = container("--config=/etc/ecs/ecs-amp-prometheus.yaml", &set);
        let read = Collector::read(&scraping).expect("valid").expect("metrics");
        assert_eq!(read.endpoint.as_deref(), Some(ENDPOINT));
        assert_eq!(read.jobs[0].target, "localhost:8080");
        let otlp = container("--config=/etc/ecs/ecs-amp.yaml", &set);
        let read = Collector::read(&otlp).expect("valid").expect("metrics");
        assert!(read.takes_otlp && read.jobs.is_empty());
        let xray = container("--config=/etc/ecs/ecs-xray.yaml", &set);
        assert_eq!(Collector::read(&xray), Ok(None));
    }

    #[test]
    fn a_configuration_of_ones_own_is_read_in_yaml_as_in_json() {
        let text = format!(
            "receivers:\n  otlp:\n  prometheus:\n    config:\n      scrape_configs:\n        - job_name: a\n          \
             static_configs: [{{targets: [\"localhost:9100\"]}}]\nexporters:\n  prometheusremotewrite:\n    \
             endpoint: {ENDPOINT}\n"
        );
        let own = container("", &[("AOT_CONFIG_CONTENT", &text)]);
        let read = Collector::read(&own).expect("valid").expect("metrics");
        assert_eq!(read.endpoint.as_deref(), Some(ENDPOINT));
        assert_eq!(read.jobs[0].target, "localhost:9100");
        assert!(read.takes_otlp && !read.measures_task);
        for text in ["just words", "a: [", "- 1"] {
            let own = container("", &[("AOT_CONFIG_CONTENT", text)]);
            assert_eq!(Collector::read(&own), Ok(None), "{text}");
        }
    }

    #[test]
    fn configurations_that_end_the_collector_at_once() {
        let undefined = json!({
            "exporters": {"debug": null},
            "service": {"pipelines": {"metrics": {"exporters": ["prometheusremotewrite"]}}},
        });
        for (container, expected) in [
            (
                container("--config=/etc/ecs/nope.yaml", &[]),
                "unable to read the file",
            ),
            (
                container("--config=/etc/ecs/ecs-amp.yaml", &[]),
                "invalid endpoint",
            ),
            (
                container("", &[("AOT_CONFIG_CONTENT", " ")]),
                "empty configuration file",
            ),
            (
                container("", &[("AOT_CONFIG_CONTENT", &undefined.to_string())]),
                "references exporter \"prometheusremotewrite\" which is not configured",
            ),
        ] {
            let fault = start_fault(&container).expect(expected);
            assert!(fault.contains(expected), "{fault}");
        }
    }

    #[test]
    fn durations() {
        assert_eq!(duration_millis("1m30s"), Some(90_000));
        assert_eq!(duration_millis("500ms"), Some(500));
        assert_eq!(duration_millis("5"), None);
        assert_eq!(duration_millis(""), None);
    }
}
