//! Reads the keys of `metrics` that came with the second defaults.

use std::collections::BTreeMap;

use crate::{
    collector::{More, TaskMetrics},
    file::{
        arn::{self, Arn},
        reader::{TableReader, choice_of, string_of},
        tree::Value,
    },
    kinds::task_definition::{
        fields::metrics::TASK_METRICS,
        read::{
            metrics::sending::{attributes, sending},
            view::View,
        },
    },
};

/// Reads them.
pub(crate) fn read(reader: &mut TableReader<'_, '_>) -> More {
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
        debug: is_set(reader.boolean("debug")),
        log_level: reader.choice("log_level").map(|found| found.value),
    }
}

fn task_metrics(reader: &mut TableReader<'_, '_>) -> TaskMetrics {
    let Some(value) = reader.value("task_metrics") else {
        return TaskMetrics::default();
    };
    let problems = reader.problems();
    if !matches!(value.value, Value::List(_)) {
        return match choice_of(value, "task_metrics", TASK_METRICS, problems) {
            Some("container") => TaskMetrics::Containers,
            Some("off") => TaskMetrics::Off,
            Some(_) | None => TaskMetrics::Task,
        };
    }
    let names = value.elements().iter();
    let names: Vec<String> = names
        .filter_map(|name| string_of(name, "task_metrics", problems))
        .collect();
    if names.is_empty() {
        return TaskMetrics::Off;
    }
    TaskMetrics::Named(names)
}

fn assume_role(reader: &mut TableReader<'_, '_>) -> Option<String> {
    let found = reader.string("assume_role")?;
    let is_role = Arn::parse(&found.value)
        .is_some_and(|arn| arn.service == "iam" && arn.resource.starts_with("role/"));
    if !is_role {
        let example = "arn:aws:iam::ACCOUNT:role/PATH/NAME";
        arn::invalid(
            &found.span,
            &found.value,
            "a role",
            example,
            reader.problems(),
        );
    }
    Some(found.value)
}

/// Strings by name.
pub(crate) fn words(
    reader: &mut TableReader<'_, '_>,
    key: &'static str,
) -> BTreeMap<String, String> {
    let mut words = BTreeMap::new();
    let Some(table) = reader.table(key) else {
        return words;
    };
    for (name, value) in &table.entries {
        if let Some(value) = string_of(value, &name.text, reader.problems()) {
            words.insert(name.text.clone(), value);
        }
    }
    words
}

/// A list of strings.
pub(crate) fn strings(reader: &mut TableReader<'_, '_>, key: &'static str) -> Vec<String> {
    let elements = reader.list(key).unwrap_or_default();
    let read = |element| string_of(element, key, reader.problems());
    elements.iter().filter_map(read).collect()
}

/// `labels`. Names of labels are those that Prometheus takes, and none that it keeps for itself
/// (Prometheus documentation, "Data model").
pub(crate) fn labels(reader: &mut TableReader<'_, '_>) -> BTreeMap<String, String> {
    let labels = words(reader, "labels");
    let is_name = |name: &str| {
        let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let is_reserved = name.starts_with("__");
        begins && !is_reserved && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let table = reader.peek("labels").and_then(|tree| tree.as_table());
    for (key, _) in table.iter().flat_map(|table| &table.entries) {
        if !is_name(&key.text) {
            reader
                .problems()
                .add(
                    "label-name",
                    &key.span,
                    "not a name of a label",
                    format!("no label can be called `{}`", key.text),
                )
                .help("names of labels are letters, digits and `_`, and begin with no digit and not with `__`");
        }
    }
    labels
}
