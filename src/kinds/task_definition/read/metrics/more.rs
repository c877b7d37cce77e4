//! Reads the keys of `metrics` that came with the second defaults.

use crate::{
    collector::{More, TaskMetrics},
    file::{
        reader::{TableReader, choice_of, string_of},
        tree::Value,
    },
    kinds::task_definition::{
        fields::metrics::TASK_METRICS,
        read::{
            Scope,
            metrics::{
                destinations,
                sending::{attributes, sending},
                words::{assume_role, labels, words},
            },
            view::View,
        },
    },
};

/// Reads them, for the family of this name.
pub(crate) fn read(reader: &mut TableReader<'_, '_>, family: &str, scope: &Scope<'_>) -> More {
    let is_set =
        |found: Option<crate::file::reader::Located<bool>>| found.is_some_and(|found| found.value);
    let (batch, sending) = sending(reader);
    More {
        labels: labels(reader),
        task_metrics: task_metrics(reader),
        rename: words(reader, "rename"),
        statsd: is_set(reader.boolean("statsd")),
        xray_daemon: is_set(reader.boolean("xray_daemon")),
        attributes: attributes(reader),
        batch,
        sending,
        assume_role: assume_role(reader),
        cloudwatch: destinations::cloudwatch(reader, scope),
        emf: destinations::emf(reader, family, scope),
        destinations: destinations::destinations(reader, scope),
        debug: is_set(reader.boolean("debug")),
        log_level: reader.choice("log_level").map(|found| found.value),
    }
}

fn task_metrics(reader: &mut TableReader<'_, '_>) -> Option<TaskMetrics> {
    let value = reader.value("task_metrics")?;
    let problems = reader.problems();
    if !matches!(value.value, Value::List(_)) {
        return match choice_of(value, "task_metrics", TASK_METRICS, problems)? {
            "container" => Some(TaskMetrics::Containers),
            "off" => Some(TaskMetrics::Off),
            _ => Some(TaskMetrics::Task),
        };
    }
    let names = value.elements().iter();
    let names: Vec<String> = names
        .filter_map(|name| string_of(name, "task_metrics", problems))
        .collect();
    if names.is_empty() {
        return Some(TaskMetrics::Off);
    }
    Some(TaskMetrics::Named(names))
}
