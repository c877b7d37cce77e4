//! Metrics that bear other names when the collector's image changes.

use crate::{kinds::task_definition::Document, model::node::Node};

/// Versions of the AWS Distro for OpenTelemetry Collector (major, minor) since which metrics bear
/// other names, and which ones.
///
/// Sources: release notes of aws-otel-collector v0.35.0 (Prometheus name normalisation); unit of
/// the memory metrics of the `awsecscontainermetrics` receiver in opentelemetry-collector-contrib
/// 0.151, which aws-otel-collector v0.48.0 contains.
const RENAMINGS: &[((u32, u32), &str)] = &[
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
    let (Some(from), Some(to)) = (version(from), version(to)) else {
        return Vec::new();
    };
    let between = from.min(to)..from.max(to);
    let spelled = |(major, minor)| format!("v{major}.{minor}");
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
fn version(document: &Document) -> Option<(u32, u32)> {
    let containers = document.written().get("containerDefinitions")?.as_list()?;
    let images = containers.iter().filter_map(|c| c.get("image"));
    let mut tags = images
        .filter_map(Node::as_str)
        .filter_map(|image| image.split_once("aws-otel-collector:"))
        .map(|(_, tag)| tag.split('@').next().unwrap_or(tag));
    let mut numbers = tags.next()?.strip_prefix('v')?.split('.');
    let major = numbers.next()?.parse().ok()?;
    let minor = numbers.next()?.parse().ok()?;
    Some((major, minor))
}
