//! The lines that a collector writes to its log.

use serde_json::{Map, Value, json};

use crate::{
    Context, World,
    collector::{
        Collector, arrivals,
        outcome::{Outcome, lacks_service, outcome},
        series, start_fault,
    },
    ecs::{TaskView, members::Members},
};

/// How long after its start the collector first sends, and how often it says that it can't.
const REPEATED_MILLIS: u64 = 60_000;
/// The most lines of each kind: what is older says nothing new.
const MAX_REPEATS: u64 = 60;

/// What a collector has written by now.
pub(crate) struct Log {
    pub(crate) group: String,
    pub(crate) stream: String,
    /// Each with its time, oldest first.
    pub(crate) lines: Vec<(u64, String)>,
}

/// The log of a task's collector, if it has one that goes to a log group.
pub(crate) fn of(world: &World, cx: &Context<'_>, task: &TaskView<'_>) -> Option<Log> {
    let mut containers = task.definition.objects("containerDefinitions");
    let container = containers.find(|container| super::is_collector(container))?;
    let logging = container.object("logConfiguration")?.object("options")?;
    let group = logging.text("awslogs-group")?;
    let prefix = logging.text("awslogs-stream-prefix").unwrap_or("ecs");
    let name = container.text("name").unwrap_or_default();
    let stream = format!("{prefix}/{name}/{}", task.id());
    Some(Log {
        group: group.to_owned(),
        stream,
        lines: lines(world, cx, task, container),
    })
}

fn lines(
    world: &World,
    cx: &Context<'_>,
    task: &TaskView<'_>,
    container: &Map<String, Value>,
) -> Vec<(u64, String)> {
    let until = task.ended.unwrap_or(cx.now_millis).min(cx.now_millis);
    if until < task.started {
        return Vec::new();
    }
    let repeated = |line: &str| -> Vec<(u64, String)> {
        let count = (until - task.started) / REPEATED_MILLIS;
        (1..=count.min(MAX_REPEATS))
            .map(|n| (task.started + n * REPEATED_MILLIS, line.to_owned()))
            .collect()
    };
    let mut lines = vec![(
        task.started,
        "AWS OTel Collector version: v0.49.0".to_owned(),
    )];
    if let Some(fault) = start_fault(container) {
        lines.push((task.started, fault.clone()));
        lines.extend(repeated(&fault));
        return lines;
    }
    let ready =
        r#"{"level":"info","msg":"Everything is ready. Begin running and processing data."}"#;
    lines.push((task.started, ready.to_owned()));
    let Some(collector) = Collector::of(task.definition) else {
        return lines;
    };
    if lacks_service(world, &collector) {
        let line = json!({
            "level": "warn",
            "msg": "Unable to infer region and/or service from the URL. Please provide values for region and/or service in the collector configuration.",
        });
        lines.extend(repeated(&line.to_string()));
    }
    if let Some(line) = unsent(world, cx, task, &collector) {
        lines.extend(repeated(&line.to_string()));
    }
    for beyond in &collector.beyond {
        if let Some(line) = beyond.refusal(world, cx, task.definition) {
            lines.extend(repeated(&line.to_string()));
        }
    }
    for job in &collector.jobs {
        if !series::answers(task.definition, &job.target) {
            let line = json!({
                "level": "warn", "msg": "Failed to scrape Prometheus endpoint",
                "target_labels": format!("{{__name__=\"up\", instance=\"{}\", job=\"{}\"}}", job.target, job.name),
            });
            lines.extend(repeated(&line.to_string()));
        }
    }
    lines.sort_by_key(|(at, _)| *at);
    lines
}

/// What the collector says of requests that do not arrive, or not with everything.
fn unsent(
    world: &World,
    cx: &Context<'_>,
    task: &TaskView<'_>,
    collector: &Collector,
) -> Option<Value> {
    let refused = |status: &str, body: String| {
        json!({
            "level": "error", "msg": "failed to send WriteRequest to remote endpoint",
            "endpoint": collector.endpoint, "status": status, "body": body,
        })
    };
    match outcome(world, cx, task.definition, collector)? {
        Outcome::Refused { status, body } => Some(refused(status, body)),
        Outcome::Unreachable(error) => Some(json!({
            "level": "error", "msg": "Exporting failed. Dropping data.",
            "error": format!("Permanent error: {error}"),
        })),
        Outcome::Delivered { region, workspace } if region == cx.region => {
            let reason = full(world, cx, task, &workspace)?;
            let body = json!({"message": reason.message()}).to_string();
            Some(refused("429 Too Many Requests", body))
        }
        Outcome::Delivered { .. } => None,
    }
}

/// Why the workspace discards something of the task, if it does.
fn full(
    world: &World,
    cx: &Context<'_>,
    task: &TaskView<'_>,
    workspace: &str,
) -> Option<arrivals::Reason> {
    if !arrivals::may_be_full(world, cx, workspace) {
        return None;
    }
    let discarded = arrivals::of(world, cx, workspace).discarded;
    let of_task = discarded.into_iter().find(|(_, series)| {
        series.labels.get("aws_ecs_task_arn").map(String::as_str) == Some(task.arn)
    });
    of_task.map(|(reason, _)| reason)
}
