//! What may be regretted about a collector in a document.

use crate::{
    collector::{
        self, CONFIG_VARIABLE,
        version::{self, NEWEST_KNOWN, Version, spelled},
    },
    kinds::task_definition::{Document, write::configuration},
    model::node::Node,
};

/// The end of the path of the file of the image that sends traces only (aws-otel-collector,
/// `config/ecs/ecs-xray.yaml`).
const FILE_OF_TRACES: &str = "/ecs-xray.yaml";

/// Versions of the AWS Distro for OpenTelemetry Collector (major, minor) since which metrics bear
/// other names, and which ones.
///
/// Sources: release notes of aws-otel-collector v0.35.0 (Prometheus name normalisation); unit of
/// the memory metrics of the `awsecscontainermetrics` receiver in opentelemetry-collector-contrib
/// 0.151, which aws-otel-collector v0.48.0 contains.
const RENAMINGS: &[(Version, &str)] = &[
    (
        (0, 35),
        "names end in unit and type: `ecs_task_memory_utilized` and `ecs_task_memory_utilized_Megabytes`, counters without and with `_total`",
    ),
    (
        (0, 48),
        "the unit of memory metrics is spelled otherwise: `ecs_task_memory_utilized_Megabytes` and `ecs_task_memory_utilized_MiB`",
    ),
];

/// What is renamed between the images of the collector in two documents: one sentence for each
/// version in between.
pub(super) fn renamed_metrics(from: &Document, to: &Document) -> Vec<String> {
    let versions = [from, to].map(version_that_measures);
    let [Some(from), Some(to)] = versions else {
        return Vec::new();
    };
    let between = from.min(to)..from.max(to);
    RENAMINGS
        .iter()
        .filter(|(since, _)| *since > between.start && *since <= between.end)
        .map(|(since, what)| {
            format!(
                "the collector goes from {} to {}, and metrics are named differently before and since {} ({what}): queries, dashboards and alerts must follow",
                spelled(from),
                spelled(to),
                spelled(*since)
            )
        })
        .collect()
}

/// The version in the tag of the collector's image; `None` if there is no collector or its tag is
/// no version.
fn version(document: &Document) -> Option<Version> {
    let mut containers = containers(document).iter();
    containers.find_map(version_of)
}

fn version_of(container: &Node) -> Option<Version> {
    version::of_image(container.get("image")?.as_str()?)
}

/// The version of a collector that sends metrics, or may.
fn version_that_measures(document: &Document) -> Option<Version> {
    let containers = containers(document).iter();
    let mut measuring = containers.filter(|container| !only_traces(container));
    measuring.find_map(version_of)
}

/// Returns whether a collector sends traces and nothing else, as far as its configuration can be
/// seen.
fn only_traces(container: &Node) -> bool {
    let list = |key: &str| {
        container
            .get(key)
            .and_then(Node::as_list)
            .unwrap_or_default()
    };
    let named = |list: &[Node]| {
        let mut list = list.iter();
        let named =
            list.find(|one| one.get("name").and_then(Node::as_str) == Some(CONFIG_VARIABLE));
        named.cloned()
    };
    if let Some(variable) = named(list("environment")) {
        let text = variable.get("value").and_then(Node::as_str);
        let configuration = text.and_then(configuration);
        let pipelines = configuration.as_ref().map(|c| &c["service"]["pipelines"]);
        let pipelines = pipelines.and_then(|pipelines| pipelines.as_object());
        let is_of_metrics = |name: &String| name.split('/').next() == Some("metrics");
        return pipelines.is_some_and(|all| !all.is_empty() && !all.keys().any(is_of_metrics));
    }
    let mut command = list("command").iter().filter_map(Node::as_str);
    named(list("secrets")).is_none() && command.any(|word| word.ends_with(FILE_OF_TRACES))
}

/// The name of the first container that runs the collector.
pub(super) fn name_of_collector(document: &Document) -> Option<String> {
    let text = |node: &Node, key: &str| node.get(key).and_then(Node::as_str).map(str::to_owned);
    let mut containers = containers(document).iter();
    let collector = containers
        .find(|container| text(container, "image").is_some_and(|i| collector::is_collector(&i)));
    text(collector?, "name")
}

fn containers(document: &Document) -> &[Node] {
    let containers = document.written().get("containerDefinitions");
    containers.and_then(Node::as_list).unwrap_or_default()
}

/// A collector of a version that came out after this program, of which less is certain.
pub(super) fn unknown_version(document: &Document) -> Option<String> {
    let version = version(document).filter(|version| *version > NEWEST_KNOWN)?;
    Some(format!(
        "the collector is {}, and the newest that this amp-stack knows is {}: it may lack components that the configuration names, or call metrics otherwise",
        spelled(version),
        spelled(NEWEST_KNOWN)
    ))
}

/// A collector that the task ends with, though nothing waits until it is healthy.
pub(super) fn essential(document: &Document) -> Option<String> {
    let containers = containers(document);
    let text = |node: &Node, key: &str| node.get(key).and_then(Node::as_str).map(str::to_owned);
    let collector = containers.iter().find(|container| {
        let is_collector = text(container, "image").is_some_and(|i| collector::is_collector(&i));
        // Containers are essential unless they say otherwise (ECS API reference,
        // `ContainerDefinition`).
        is_collector && container.get("essential").and_then(Node::as_bool) != Some(false)
    })?;
    let name = text(collector, "name")?;
    let waits = |container: &Node| {
        let on = container.get("dependsOn").and_then(Node::as_list);
        on.unwrap_or_default().iter().any(|on| {
            text(on, "containerName").as_ref() == Some(&name)
                && text(on, "condition").as_deref() == Some("HEALTHY")
        })
    };
    let others = || containers.iter().filter(|other| *other != collector);
    (others().next().is_some() && !others().any(waits)).then(|| {
        format!(
            "the task ends with the collector `{name}`, and no container waits until it is HEALTHY: a collector that can't start stops applications that work, again and again"
        )
    })
}
