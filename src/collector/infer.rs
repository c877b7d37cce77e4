//! What `metrics` of a stack file says of a configuration that exists already.
//!
//! It comes as near as the keys of `metrics` can, and says nothing of the rest: whether the same
//! configuration is generated from it, whoever asks has to find out.

mod destinations;
mod scrape;

use serde_json::{Map, Value, json};

use crate::{
    collector::{TaskMetrics, config::measured, instead},
    model::node::Node,
};

/// What is around a configuration.
pub struct Around<'a> {
    /// How a stack file names the workspace that takes samples at a URL, and is in this region if
    /// the URL does not say it.
    pub workspace: &'a dyn Fn(&str) -> Option<String>,
    /// The names of the other containers.
    pub containers: &'a [String],
}

/// The keys of `metrics`, in the words of a stack file, that come nearest to a configuration.
pub fn of_configuration(document: &Value, around: &Around<'_>) -> Node {
    let config = Config(document);
    let mut said = Said::default();
    let receives = |signal: &str, kind: &str| config.uses(signal, "receivers", kind);
    said.list("scrape", scrape::targets(&config, around));
    said.flag("otlp", receives("metrics", "otlp"));
    let to_xray = config.uses("traces", "exporters", "awsxray");
    if to_xray && receives("traces", "otlp") {
        said.put("traces", json!("xray"));
    }
    said.flag("xray_daemon", receives("traces", "awsxray"));
    said.flag("statsd", receives("metrics", "statsd"));
    let labels = destinations::labels(&config);
    said.map("labels", labels);
    said.task_metrics(&config);
    let transforms = config.part("processors", "metricstransform");
    let renamed = elements(&transforms["transforms"])
        .iter()
        .filter_map(|one| Some((text(&one["include"])?, json!(text(&one["new_name"])?))));
    said.map("rename", renamed.collect());
    said.map("attributes", attributes(&config));
    destinations::sending(&config, &mut said);
    destinations::all(&config, around, &mut said);
    said.flag(
        "debug",
        config
            .kinds("exporters")
            .any(|kind| kind == "debug" || kind == "logging"),
    );
    let level = &document["service"]["telemetry"]["logs"]["level"];
    said.maybe(
        "log_level",
        text(level).map(|level| json!(level.to_lowercase())),
    );
    said.into_node()
}

/// The keys of `metrics` that come nearest to a file of the image; `None` if they come to none.
pub fn of_file(file: &str, target: Option<&str>, around: &Around<'_>) -> Option<Node> {
    let instead::File {
        scrapes,
        otlp,
        traces,
    } = instead::file(file)?;
    let mut said = Said::default();
    if scrapes {
        let target = target.unwrap_or("0.0.0.0:9090");
        let target = scrape::target(target, around)?;
        said.list("scrape", vec![Value::Object(target)]);
    }
    said.flag("otlp", otlp);
    if traces {
        said.put("traces", json!("xray"));
    }
    Some(said.into_node())
}

/// A configuration.
struct Config<'a>(&'a Value);

impl Config<'_> {
    /// The parts of a section: the kind, without the letters that only later versions have in it,
    /// the rest of the name, and what is set.
    fn parts(&self, section: &str) -> impl Iterator<Item = (String, &str, &Value)> {
        let section = self.0[section].as_object();
        section.into_iter().flatten().map(|(name, part)| {
            let (kind, rest) = name.split_once('/').unwrap_or((name, ""));
            (kind.replace('_', ""), rest, part)
        })
    }

    fn kinds(&self, section: &str) -> impl Iterator<Item = String> {
        self.parts(section).map(|(kind, ..)| kind)
    }

    /// The part of this kind that has no further name.
    fn part(&self, section: &str, kind: &str) -> &Value {
        let mut parts = self.parts(section);
        let found = parts.find(|(other, rest, _)| other == kind && rest.is_empty());
        found.map_or(&Value::Null, |(_, _, part)| part)
    }

    /// Returns whether a pipeline of `signal` has a part of this kind or, with its whole name, this
    /// part.
    fn uses(&self, signal: &str, role: &str, name: &str) -> bool {
        let pipelines = self.0["service"]["pipelines"].as_object();
        pipelines.into_iter().flatten().any(|(pipeline, parts)| {
            let of_signal = pipeline.split('/').next() == Some(signal);
            let mut named = elements(&parts[role]).iter().filter_map(Value::as_str);
            of_signal
                && named.any(|part| {
                    let kind = part.split('/').next().unwrap_or(part);
                    part == name || kind.replace('_', "") == name
                })
        })
    }
}

/// The keys of a table, without those that say nothing.
#[derive(Default)]
struct Said(Map<String, Value>);

impl Said {
    fn put(&mut self, key: &str, value: Value) {
        self.0.insert(key.to_owned(), value);
    }

    fn maybe(&mut self, key: &str, value: Option<Value>) {
        self.0.extend(value.map(|value| (key.to_owned(), value)));
    }

    fn flag(&mut self, key: &str, is_set: bool) {
        self.maybe(key, is_set.then_some(json!(true)));
    }

    fn list(&mut self, key: &str, elements: Vec<Value>) {
        self.maybe(
            key,
            (!elements.is_empty()).then_some(Value::Array(elements)),
        );
    }

    fn map(&mut self, key: &str, members: Map<String, Value>) {
        self.maybe(key, (!members.is_empty()).then_some(Value::Object(members)));
    }

    /// What is measured of the task, of collectors that send metrics at all.
    fn task_metrics(&mut self, config: &Config<'_>) {
        let pipelines = config.0["service"]["pipelines"].as_object();
        let mut pipelines = pipelines.into_iter().flatten().map(|(name, _)| name);
        if !pipelines.any(|name| name.split('/').next() == Some("metrics")) {
            return;
        }
        if !config.uses("metrics", "receivers", "awsecscontainermetrics") {
            self.put("task_metrics", json!("off"));
            return;
        }
        let filter = config.part("processors", "filter");
        let listed = &filter["metrics"]["include"]["metric_names"];
        let listed: Vec<String> = elements(listed).iter().filter_map(text).collect();
        let is = |metrics: &TaskMetrics| measured(metrics).as_ref() == Some(&listed);
        self.put(
            "task_metrics",
            match &listed {
                _ if listed.is_empty() || is(&TaskMetrics::Task) => json!("task"),
                _ if is(&TaskMetrics::Containers) => json!("container"),
                _ => json!(listed),
            },
        );
    }

    fn into_node(self) -> Node {
        Node::from(&Value::Object(self.0))
    }
}

/// What happens to attributes.
fn attributes(config: &Config<'_>) -> Map<String, Value> {
    let actions = &config.part("processors", "resource")["attributes"];
    let mut all = elements(actions).iter().peekable();
    let (mut extract, mut rename, mut delete, mut add) =
        (Map::new(), Map::new(), Vec::new(), Map::new());
    while let Some(action) = all.next() {
        let member = |key: &str| text(&action[key]);
        let Some(key) = member("key") else { continue };
        let is_delete_of = |next: &&Value, name: &str| {
            next["action"] == "delete" && text(&next["key"]).as_deref() == Some(name)
        };
        match (
            member("action").as_deref(),
            member("pattern"),
            member("from_attribute"),
        ) {
            (Some("extract"), Some(pattern), _) => _ = extract.insert(key, json!(pattern)),
            (Some("upsert"), _, Some(from)) => {
                rename.insert(from.clone(), json!(key));
                all.next_if(|next| is_delete_of(next, &from));
            }
            (Some("delete"), ..) => delete.push(json!(key)),
            (Some("upsert" | "insert"), None, None) => {
                add.extend(member("value").map(|value| (key, json!(value))));
            }
            _ => {}
        }
    }
    let mut said = Said::default();
    said.map("extract", extract);
    said.map("rename", rename);
    said.list("delete", delete);
    said.map("add", add);
    said.0
}

fn elements(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A string as it means something once the collector has read it.
fn text(value: &Value) -> Option<String> {
    Some(value.as_str()?.replace("$$", "$"))
}

/// The variable that a string is filled in from, if it is nothing else.
fn variable(value: &Value) -> Option<&str> {
    let inner = value.as_str()?.strip_prefix("${")?.strip_suffix('}')?;
    let name = inner.strip_prefix("env:").unwrap_or(inner);
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then_some(name)
}
