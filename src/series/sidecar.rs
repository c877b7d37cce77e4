//! The collector of a task definition: which container it is, how that is configured, and what it
//! does, as far as its container says.

use serde_json::Value;

use crate::{
    collector::{
        CONFIG_VARIABLE, ENDPOINT_VARIABLE, REGION_VARIABLE, SCRAPE_VARIABLE,
        components::type_of,
        is_collector,
        version::{self, Version},
    },
    model::{identity::Identity, node::Node},
    series::{
        Collected,
        attributes::Place,
        document::{self, elements},
        files,
        flow::{self, Around, Destination, Format, Via},
        task_metrics::{self, Scope},
    },
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
    /// Where it sends metrics.
    pub destinations: Vec<Destination>,
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
    /// The series of the task that it sends under their own names; `None` if the version of the
    /// image is not known.
    pub task_series: Option<Vec<String>>,
    /// Whether what it sends is labelled with the ARN of its task; `None` as for `jobs`.
    pub names_task: Option<bool>,
    /// Whether the configuration says things that are not understood here, so that less may arrive.
    pub is_uncertain: bool,
    /// Where its log goes, if that is a log group.
    pub log: Option<LogTarget>,
}

/// A task definition.
pub(super) struct Task<'a> {
    document: Value,
    place: Place<'a>,
}

impl<'a> Task<'a> {
    /// The task definition of a family.
    pub(super) fn new(document: &Node, family: &'a str, identity: &'a Identity) -> Self {
        Self {
            document: document.to_json(),
            place: Place {
                family: Some(family),
                identity: Some(identity),
            },
        }
    }

    fn containers(&self) -> impl Iterator<Item = &Value> {
        elements(&self.document["containerDefinitions"])
    }
}

/// The collector of a task definition.
pub(super) struct Found<'t> {
    container: &'t Value,
    /// Its configuration with variables filled in, or why that is not known.
    configuration: Result<Value, String>,
}

/// The collector of a task definition, if it has one.
pub(super) fn find<'t>(task: &'t Task<'_>) -> Option<Found<'t>> {
    let is_it = |container: &&Value| {
        let known = variable(container, ENDPOINT_VARIABLE).or(variable(container, CONFIG_VARIABLE));
        is_collector(text(container, "image")) || known.is_some()
    };
    let container = task.containers().find(is_it)?;
    let configuration = configuration(container)
        .map(|document| document::filled_in(&document, &|name| variable_or_usual(container, name)));
    Some(Found {
        container,
        configuration,
    })
}

fn text<'t>(container: &'t Value, key: &str) -> &'t str {
    container[key].as_str().unwrap_or_default()
}

/// The value of a variable of a container.
fn variable(container: &Value, name: &str) -> Option<String> {
    let mut variables = elements(&container["environment"]);
    let found = variables.find(|variable| variable["name"] == name)?;
    found["value"].as_str().map(str::to_owned)
}

/// The same, or what the image has.
fn variable_or_usual(container: &Value, name: &str) -> Option<String> {
    variable(container, name).or_else(|| (name == SCRAPE_VARIABLE).then(|| SCRAPED.to_owned()))
}

/// The configuration of a collector's container: of the variable that the image asks first, of one
/// that `--config` names, or of a file of the image that it names.
fn configuration(container: &Value) -> Result<Value, String> {
    let read = |name: &str| {
        let text = variable(container, name)?;
        Some(document::parse(&text).ok_or_else(|| format!("{name} holds no mapping in YAML")))
    };
    let is_secret =
        |name: &str| elements(&container["secrets"]).any(|secret| secret["name"] == name);
    if let Some(found) = read(CONFIG_VARIABLE) {
        return found;
    }
    if is_secret(CONFIG_VARIABLE) {
        return Err(format!(
            "what the configuration says that {CONFIG_VARIABLE} takes from a secret or parameter"
        ));
    }
    let words = elements(&container["command"]).filter_map(Value::as_str);
    let file = words
        .filter_map(|word| word.strip_prefix("--config="))
        .last();
    let Some(file) = file else {
        return Err("what the configuration says that the image has by itself".to_owned());
    };
    if let Some(found) = file.strip_prefix("env:").and_then(read) {
        return found;
    }
    let known = file.strip_prefix("/etc/ecs/").and_then(files::document);
    known.ok_or_else(|| format!("what the configuration {file} says"))
}

/// What the collector sends.
pub(super) fn collected(found: &Found<'_>, task: &Task<'_>) -> Collected {
    let container = found.container;
    let image = text(container, "image");
    let mut collected = Collected {
        container: text(container, "name").to_owned(),
        image: image.to_owned(),
        version: version::of_image(image),
        ..Collected::default()
    };
    if collected.version.is_none() {
        collected.unknown.push(
            "what the metrics of the task are called: the tag of the image says no version"
                .to_owned(),
        );
    }
    match &found.configuration {
        Ok(document) => {
            let around = Around {
                version: collected.version,
                containers: u64::try_from(task.containers().count()).unwrap_or(u64::MAX),
                place: task.place,
                variable: &|name| variable(container, name),
            };
            flow::follow(document, &around, &mut collected);
        }
        Err(why) => collected.unknown.push(why.clone()),
    }
    collected
}

/// What the collector of a task definition does, as it was registered, if it has one.
pub fn of(document: &Node) -> Option<Measures> {
    let task = Task {
        document: document.to_json(),
        place: Place::default(),
    };
    let found = find(&task)?;
    let collected = collected(&found, &task);
    let container = found.container;
    let configuration = found.configuration.as_ref().ok();
    let is_filled_in = |text: &String| !text.is_empty() && !text.contains("${");
    let of_kind = |section: &str, kinds: &[&str], key: &str| {
        let parts = configuration?[section].as_object()?;
        let found = parts.iter().find(|(id, _)| kinds.contains(&type_of(id)))?;
        found.1[key].as_str().map(str::to_owned)
    };
    let writers = ["prometheusremotewrite", "prometheus_remote_write"];
    let is_configured = configuration.is_some();
    let mut jobs: Vec<Job> = Vec::new();
    let mut is_sent = false;
    // What goes elsewhere does not arrive in a workspace.
    let written = collected.applications.iter();
    let written = written.filter(|one| one.destination.format == Format::RemoteWrite);
    for application in written {
        match &application.via {
            Via::Scrape(target) => jobs.push(Job {
                name: target.job.clone(),
                target: target.instance.clone(),
            }),
            Via::Otlp | Via::Statsd => is_sent = true,
            Via::Other(_) => {}
        }
    }
    jobs.dedup();
    Some(Measures {
        is_checked: !container["healthCheck"].is_null(),
        endpoint: of_kind("exporters", &writers, "endpoint")
            .or_else(|| variable(container, ENDPOINT_VARIABLE)),
        region: of_kind("extensions", &["sigv4auth"], "region")
            .filter(is_filled_in)
            .or_else(|| variable(container, REGION_VARIABLE)),
        jobs: is_configured.then_some(jobs),
        otlp: is_configured.then_some(is_sent),
        traces: configuration.map(|document| {
            let exporters = document["exporters"].as_object().into_iter().flatten();
            exporters
                .map(|(id, _)| type_of(id))
                .any(|kind| kind == "awsxray")
        }),
        task_series: collected.version.map(|version| {
            if is_configured {
                collected.of_task()
            } else {
                usual(version)
            }
        }),
        names_task: configuration.map(names_task),
        is_uncertain: !collected.unknown.is_empty(),
        destinations: collected.destinations,
        log: log_target(container),
        container: collected.container,
        version: collected.version,
    })
}

/// Returns whether a configuration labels anything with the ARN of the task: what it measures of
/// it, what it detects, or what it says itself.
fn names_task(document: &Value) -> bool {
    let parts = |section: &str, kinds: &'static [&'static str]| {
        let parts = document[section].as_object().into_iter().flatten();
        parts
            .filter(|(id, _)| kinds.contains(&type_of(id)))
            .map(|(_, part)| part)
    };
    let mut detectors = parts("processors", &["resourcedetection", "resource_detection"])
        .flat_map(|processor| elements(&processor["detectors"]));
    let text = document.to_string();
    detectors.any(|detector| detector == "ecs")
        || parts("receivers", &["awsecscontainermetrics"])
            .next()
            .is_some()
        || ["aws.ecs.task.arn", "aws_ecs_task_arn"]
            .iter()
            .any(|name| text.contains(name))
}

/// The series of the task that the files of the image send.
fn usual(version: Version) -> Vec<String> {
    let all = task_metrics::all(version).into_iter();
    let let_through = all.filter(|metric| {
        metric.scope == Scope::Task && files::METRICS.contains(&metric.name.as_str())
    });
    let_through
        .map(|metric| task_metrics::spelled(&metric, version))
        .collect()
}

fn log_target(container: &Value) -> Option<LogTarget> {
    let options = &container["logConfiguration"]["options"];
    let option = |name: &str| options[name].as_str().map(str::to_owned);
    Some(LogTarget {
        group: option("awslogs-group")?,
        prefix: option("awslogs-stream-prefix")?,
        region: option("awslogs-region"),
    })
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
            "service": {"pipelines": {"metrics/application": {
                "receivers": ["otlp", "prometheus"], "exporters": ["prometheus_remote_write"],
            }}},
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
        assert_eq!(found.jobs, Some(Vec::new()), "YAML is read too");
        assert_eq!(found.names_task, Some(false));
        for names in [
            "receivers:\n  awsecscontainermetrics:\n",
            "processors:\n  resourcedetection/all:\n    detectors: [env, ecs]\n",
            "processors:\n  resource:\n    attributes: [{key: aws.ecs.task.arn, value: x, action: insert}]\n",
        ] {
            assert_eq!(with(names).names_task, Some(true), "{names}");
        }
        let found = with("[");
        assert_eq!((found.jobs, found.otlp, found.traces), (None, None, None));
        assert!(found.is_uncertain && found.names_task.is_none());
    }

    #[test]
    fn what_is_not_measured_or_renamed_is_not_expected() {
        let with = |receivers: Value, processors: Value| {
            let chosen = |section: &Value| -> Vec<String> {
                let chosen = section.as_object().into_iter().flatten();
                chosen.map(|(id, _)| id.clone()).collect()
            };
            let pipeline = json!({
                "receivers": chosen(&receivers), "processors": chosen(&processors),
                "exporters": ["prometheusremotewrite"],
            });
            let config = json!({
                "receivers": receivers, "processors": processors,
                "exporters": {"prometheusremotewrite": {"endpoint": "https://aps-workspaces.test/"}},
                "service": {"pipelines": {"metrics": pipeline}},
            });
            measures(&json!({"name": "c", "image": IMAGE, "environment": [
                {"name": "AOT_CONFIG_CONTENT", "value": config.to_string()},
            ]}))
            .task_series
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
        let rename = json!({"transforms": [
            {"include": "ecs.task.cpu.utilized", "action": "update", "new_name": "cpu"},
        ]});
        assert_eq!(
            with(
                task(),
                json!({"filter": filter, "metrics_transform": rename})
            ),
            ["ecs_task_memory_utilized_MiB"]
        );
        assert!(with(json!({"statsd": null}), json!({})).is_empty());
        assert_eq!(with(task(), json!({})).len(), 28);
    }

    #[test]
    fn what_can_not_be_read_may_send_what_the_files_of_the_image_send() {
        let command = ["--config=/etc/own.yaml"];
        let found = measures(&json!({"name": "c", "image": IMAGE, "command": command}));
        assert_eq!((found.jobs, found.is_uncertain), (None, true));
        assert_eq!(found.task_series.map(|series| series.len()), Some(8));
        let found = measures(&json!({"name": "c", "image": "aws-otel-collector"}));
        assert_eq!(found.task_series, None);
    }

    #[test]
    fn a_configuration_is_found_where_the_container_says() {
        let content = "service: {pipelines: {}}";
        let variables = json!([{"name": "OTEL", "value": content}]);
        let found = measures(&json!({
            "name": "c", "image": "otel/opentelemetry-collector-contrib:0.156.0",
            "command": ["--config=env:OTEL"], "environment": variables,
        }));
        assert_eq!(found.jobs, Some(Vec::new()));
    }
}
