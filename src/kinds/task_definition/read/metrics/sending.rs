//! Reads what `metrics` says of what happens between measuring and sending.

use std::collections::BTreeMap;

use crate::{
    collector::{Attributes, Period, Sending},
    file::{
        problem::Problems,
        reader::{Located, TableReader, string_of},
        tree::{Span, Tree, Value},
    },
    kinds::task_definition::{
        fields::sending::{ATTRIBUTES, BATCH, QUEUE, RETRY},
        read::metrics::{
            relabel,
            scrape::{period, period_of},
            words::{strings, words},
        },
    },
};

/// The attribute by which series of two tasks differ, and `verify` finds them.
const TASK: &str = "aws.ecs.task.arn";
/// What the names of attributes begin with that the collector finds out (opentelemetry-collector-
/// contrib, processor/resourcedetectionprocessor; OpenTelemetry, "Semantic conventions").
const DETECTED: [&str; 7] = [
    "aws_",
    "cloud_",
    "container_",
    "ecs_",
    "host_",
    "os_",
    "service_",
];

/// `attributes`.
pub(crate) fn attributes(reader: &mut TableReader<'_, '_>) -> Attributes {
    let Some(table) = reader.table("attributes") else {
        return Attributes::default();
    };
    let path = format!("{}.attributes", reader.name());
    let mut inner = TableReader::new(path, table, &ATTRIBUTES, reader.problems());
    let mut extract = BTreeMap::new();
    let patterns = inner.table("extract").map(|table| table.entries.as_slice());
    for (name, pattern) in patterns.unwrap_or_default() {
        attribute(&name.text, &name.span, inner.problems());
        let pattern = relabel::named(pattern, "extract", inner.problems());
        extract.extend(pattern.map(|pattern| (name.text.clone(), pattern)));
    }
    let attributes = Attributes {
        extract,
        rename: words(&mut inner, "rename"),
        delete: strings(&mut inner, "delete"),
        add: words(&mut inner, "add"),
    };
    let renamed = inner.peek("rename").and_then(Tree::as_table);
    let renamed = renamed.map(|table| table.entries.as_slice());
    let deleted = match inner.peek("delete").map(|tree| &tree.value) {
        Some(Value::List(elements)) => elements.as_slice(),
        Some(_) | None => &[],
    };
    let renamed = renamed.unwrap_or_default().iter();
    let renamed = renamed.map(|(key, _)| (key.text.as_str(), &key.span));
    let deleted = deleted.iter().filter_map(|tree| {
        let text = tree.as_text().and_then(|text| text.known())?;
        Some((text, &tree.span))
    });
    let gone: Vec<(&str, &Span)> = renamed.chain(deleted).collect();
    let problems = inner.problems();
    for (index, (name, span)) in gone.iter().enumerate() {
        attribute(name, span, problems);
        if *name == TASK {
            problems
                .add(
                    "collector-tasks-alike",
                    span,
                    "distinguishes tasks",
                    format!("without `{TASK}` nothing distinguishes the series of two tasks"),
                )
                .help("leave it; `amp-stack verify` finds the series of a task by it too");
        }
        if let Some((_, first)) = gone[..index].iter().find(|(other, _)| other == name) {
            problems
                .add(
                    "duplicate-value",
                    span,
                    "again here",
                    format!("`attributes` takes `{name}` away twice"),
                )
                .and(first, "first here");
        }
    }
    inner.finish();
    attributes
}

/// Reports the name of a label where that of an attribute is meant: nothing would be called so.
fn attribute(name: &str, span: &Span, problems: &mut Problems) {
    if !name.contains('.') && DETECTED.iter().any(|start| name.starts_with(start)) {
        problems
            .add(
                "attribute-name",
                span,
                "is the name of a label",
                format!("no attribute is called `{name}`"),
            )
            .help("attributes have dots where labels have `_`, such as `aws.ecs.task.family`");
    }
}

/// `batch`, `queue`, `retry` and `timeout`. How long samples are gathered comes first.
pub(crate) fn sending(reader: &mut TableReader<'_, '_>) -> (Option<Period>, Sending) {
    let mut sending = Sending::default();
    let batch = batch(reader, &mut sending);
    if let Some(table) = reader.table("queue") {
        let path = format!("{}.queue", reader.name());
        let mut inner = TableReader::new(path, table, &QUEUE, reader.problems());
        sending.queue_size = inner.integer("size").map(|found| found.value);
        sending.consumers = inner.integer("consumers").map(|found| found.value);
        inner.finish();
    }
    if let Some(table) = reader.table("retry") {
        let path = format!("{}.retry", reader.name());
        let mut inner = TableReader::new(path, table, &RETRY, reader.problems());
        let first = period(&mut inner, "initial_interval");
        let most = period(&mut inner, "max_interval");
        let end = period(&mut inner, "max_elapsed_time");
        // opentelemetry-collector, config/configretry, `BackOffConfig.Validate`.
        for (long, short) in [(&most, &first), (&end, &first), (&end, &most)] {
            too_short(long.as_ref(), short.as_ref(), inner.problems());
        }
        inner.finish();
        let value = |found: Option<Located<Period>>| found.map(|found| found.value);
        sending.initial_interval = value(first);
        sending.max_interval = value(most);
        sending.max_elapsed_time = value(end);
    }
    sending.timeout = period(reader, "timeout").map(|found| found.value);
    (batch, sending)
}

fn too_short(
    long: Option<&Located<Period>>,
    short: Option<&Located<Period>>,
    problems: &mut Problems,
) {
    if let (Some(long), Some(short)) = (long, short)
        && long.value.millis() < short.value.millis()
        && !problems.has("sending-limits", &long.span)
    {
        let message = format!("{} is shorter than {}", long.value, short.value);
        problems
            .add("sending-limits", &long.span, "is shorter", message)
            .and(&short.span, "than this")
            .help("a wait is not longer than what limits it");
    }
}

fn batch(reader: &mut TableReader<'_, '_>, sending: &mut Sending) -> Option<Period> {
    let value = reader.value("batch")?;
    let Value::Table(table) = &value.value else {
        let text = string_of(value, "batch", reader.problems())?;
        return period_of(&text, &value.span, "batch", reader.problems()).map(|found| found.value);
    };
    let path = format!("{}.batch", reader.name());
    let mut inner = TableReader::new(path, table, &BATCH, reader.problems());
    let timeout = period(&mut inner, "timeout");
    let size = inner.integer::<u32>("size");
    let most = inner.integer::<u32>("max_size");
    // opentelemetry-collector, processor/batchprocessor, `Config.Validate`; without a size it is
    // 8192.
    let least = size.as_ref().map_or(8192, |found| found.value);
    if let Some(most) = most.as_ref().filter(|most| most.value < least) {
        let problem = inner.problems().add(
            "sending-limits",
            &most.span,
            format!("less than {least}"),
            format!(
                "a batch is sent with {least} samples, and can't have more than {}",
                most.value
            ),
        );
        problem.help(match &size {
            Some(_) => "`max_size` is at least `size`".to_owned(),
            None => format!("write `size` too, at most {}", most.value),
        });
        if let Some(size) = &size {
            problem.and(&size.span, "the batch is sent then");
        }
    }
    inner.finish();
    sending.batch_size = size.map(|found| found.value);
    sending.batch_max_size = most.map(|found| found.value);
    timeout.map(|found| found.value)
}
