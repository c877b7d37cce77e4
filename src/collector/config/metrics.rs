//! What is measured, and what happens to it on its way.

use serde_json::{Value, json};

use crate::collector::{
    Collector, STATSD_PORT, TaskMetrics,
    config::{attributes, destinations, detection, escaped, parts::Parts, scrape},
    first::TASK_METRICS,
    version::Names,
};

/// Adds the pipelines of what is measured: for every destination, one of what is measured of the
/// task and one of what the application says.
pub(super) fn add(
    collector: &Collector,
    names: &Names,
    limiter: Option<&'static str>,
    parts: &mut Parts,
) {
    let more = &collector.more;
    let sinks = destinations::add(collector, names, parts);
    // What happens to names and attributes, whatever it is that is measured.
    let rename = rename(collector, names, parts);
    let altered = attributes::add(&more.attributes, parts);
    let altered: Vec<&str> = rename.into_iter().chain(altered).collect();
    let measured = measured(&more.task_metrics.clone().unwrap_or_default());
    if let Some(measured) = &measured {
        parts.add("receivers", "awsecscontainermetrics", Value::Null);
        let task =
            json!({"metrics": {"include": {"match_type": "strict", "metric_names": measured}}});
        parts.add("processors", "filter", task);
    }
    let sources = sources(collector, parts);
    // A collector does not start with a pipeline that nothing comes into (opentelemetry-collector,
    // service/pipelines/config.go).
    let has_application = !sources.is_empty();
    if has_application {
        detection(collector, names, parts);
    }
    for sink in sinks {
        let labels = sink.labels(&more.labels, parts);
        let gathers = has_application || sink.gathers_task();
        let batch = gathers.then(|| sink.batch(more, parts));
        let before = |first: &'static str| limiter.into_iter().chain([first]);
        let after = || altered.iter().copied().chain(labels);
        if measured.is_some() {
            let batch = batch.filter(|_| sink.gathers_task());
            let of_task: Vec<&str> = before("filter").chain(after()).chain(batch).collect();
            let receivers = ["awsecscontainermetrics"];
            parts.pipeline(sink.task_pipeline, &receivers, &of_task, &sink.exporters);
        }
        if !has_application {
            continue;
        }
        let of_application = before(names.resource_detection).chain(after()).chain(batch);
        let of_application: Vec<&str> = of_application.collect();
        parts.pipeline(sink.pipeline, &sources, &of_application, &sink.exporters);
    }
}

/// Adds the receivers of what the application says, and returns their names.
fn sources(collector: &Collector, parts: &mut Parts) -> Vec<&'static str> {
    let mut sources = Vec::new();
    if collector.more.statsd {
        sources.push("statsd");
        let endpoint = format!("0.0.0.0:{STATSD_PORT}");
        let statsd = json!({"endpoint": endpoint, "aggregation_interval": "60s"});
        parts.add("receivers", "statsd", statsd);
    }
    if collector.otlp {
        sources.push("otlp");
    }
    if !collector.scrape.is_empty() {
        sources.push("prometheus");
        let config = json!({"config": scrape::prometheus(&collector.scrape)});
        parts.add("receivers", "prometheus", config);
    }
    sources
}

/// The names of the metrics of the task that are let through.
pub(crate) fn measured(metrics: &TaskMetrics) -> Option<Vec<String>> {
    let of_task = || TASK_METRICS.iter().map(|name| (*name).to_owned());
    match metrics {
        TaskMetrics::Off => None,
        TaskMetrics::Task => Some(of_task().collect()),
        TaskMetrics::Containers => {
            // What is measured of the task is measured of each of its containers too.
            let of_container = of_task().filter_map(|name| {
                let rest = name.strip_prefix("ecs.task.")?;
                Some(format!("container.{rest}"))
            });
            Some(of_task().chain(of_container).collect())
        }
        TaskMetrics::Named(names) => Some(names.iter().map(|name| escaped(name)).collect()),
    }
}

/// The processor that renames metrics, if any are to be.
fn rename(collector: &Collector, names: &Names, parts: &mut Parts) -> Option<&'static str> {
    let rename = &collector.more.rename;
    if rename.is_empty() {
        return None;
    }
    let transforms: Vec<Value> = rename
        .iter()
        .map(|(from, to)| {
            json!({"include": escaped(from), "action": "update", "new_name": escaped(to)})
        })
        .collect();
    let transform = json!({"transforms": transforms});
    parts.add("processors", names.metrics_transform, transform);
    Some(names.metrics_transform)
}
