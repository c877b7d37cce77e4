//! The samples that a collector sends: where each series begins, how often it has a sample, and
//! what the sample is at a moment.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::{
    collector::{Collector, Job},
    ecs::{TaskView, members::Members},
};

/// A series is active for so long after a sample (AMP user guide, "Amazon Managed Service for
/// Prometheus service quotas", "Active series per workspace").
const ACTIVE_MILLIS: u64 = 2 * 3_600_000;

/// The labels of a series, its name under `__name__`.
pub(crate) type Labels = BTreeMap<String, String>;

/// How long the task's own metrics take until they are sent for the first time, and how often they
/// are: they go through no batch.
const TASK_MILLIS: u64 = 20_000;
/// How often the application's metrics are sent: in batches.
const BATCH_MILLIS: u64 = 60_000;

/// A series with samples at regular times.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Series {
    pub(crate) labels: Labels,
    /// When the first sample is taken: milliseconds since 1970, as all times here.
    first: u64,
    every: u64,
    /// When sampling ends.
    end: Option<u64>,
    /// From when on batches are sent; absent if each sample is sent at once.
    batches_from: Option<u64>,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Constant(f64),
    /// Counts so much each second.
    Counter(f64),
    /// Has these samples, which somebody has written: times and values, by time.
    Written(Vec<(u64, f64)>),
}

impl Series {
    /// What somebody has written.
    pub(crate) fn written(labels: Labels, samples: Vec<(u64, f64)>) -> Self {
        Self {
            labels,
            first: 0,
            every: 1,
            end: None,
            batches_from: None,
            kind: Kind::Written(samples),
        }
    }

    /// When the first sample is taken.
    pub(crate) fn first(&self) -> u64 {
        match &self.kind {
            Kind::Written(samples) => samples.first().map_or(self.first, |(at, _)| *at),
            Kind::Constant(_) | Kind::Counter(_) => self.first,
        }
    }

    /// Returns whether it is active at a moment, as far as is known by `now`.
    pub(crate) fn is_active(&self, at: u64, now: u64) -> bool {
        let from = at.saturating_sub(ACTIVE_MILLIS);
        if let Kind::Written(samples) = &self.kind {
            return samples
                .iter()
                .any(|(time, _)| (from + 1..=at).contains(time));
        }
        let last = self.last_sent(at, now);
        last.is_some_and(|last| last >= self.first && last > from)
    }

    /// Until when what is sampled until `to` has been sent by `now`.
    fn last_sent(&self, to: u64, now: u64) -> Option<u64> {
        let sent = match self.batches_from {
            None => now,
            Some(start) => start + now.checked_sub(start)? / BATCH_MILLIS * BATCH_MILLIS,
        };
        // What is in memory is sent when the collector ends.
        Some(match self.end {
            Some(end) if end <= now => to.min(end),
            Some(_) | None => to.min(sent),
        })
    }

    /// The samples after `from` until `to` that have arrived by `now`: times and values.
    pub(crate) fn samples(&self, from: u64, to: u64, now: u64) -> Vec<(u64, f64)> {
        if let Kind::Written(samples) = &self.kind {
            let within = |(time, _): &&(u64, f64)| (from + 1..=to).contains(time);
            return samples.iter().filter(within).copied().collect();
        }
        let Some(last) = self.last_sent(to, now) else {
            return Vec::new();
        };
        let skipped = (from + 1).saturating_sub(self.first).div_ceil(self.every);
        let Some(until) = last.checked_sub(self.first) else {
            return Vec::new();
        };
        (skipped..=until / self.every)
            .map(|count| self.first + count * self.every)
            .map(|at| (at, self.value(at)))
            .collect()
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a task does not live for so many seconds"
    )]
    fn value(&self, at: u64) -> f64 {
        match &self.kind {
            Kind::Constant(value) => *value,
            Kind::Counter(rate) => ((at - self.first) / 1_000) as f64 * rate,
            Kind::Written(_) => f64::NAN,
        }
    }
}

/// The series of a task whose remote writes arrive.
pub(crate) fn of(task: &TaskView<'_>, collector: &Collector) -> Vec<Series> {
    let mut series = if collector.measures_task {
        task_series(task)
    } else {
        Vec::new()
    };
    for job in &collector.jobs {
        series.extend(job_series(task, job));
    }
    if collector.takes_otlp {
        series.extend(otlp_series(task));
    }
    series
}

/// What an SDK of OpenTelemetry measures of requests (semantic conventions, "HTTP metrics",
/// `http.server.request.duration`): two of them each second, and all of them succeed.
fn otlp_series(task: &TaskView<'_>) -> Vec<Series> {
    let add = |ending: &str, le: Option<&str>, each: f64| {
        let name = format!("http_server_request_duration_seconds_{ending}");
        let mut labels = vec![
            ("otel_scope_name", "app"),
            ("job", task.family),
            ("http_response_status_code", "200"),
        ];
        labels.extend(le.map(|le| ("le", le)));
        application(task, &name, &labels, BATCH_MILLIS, Kind::Counter(each))
    };
    vec![
        add("bucket", Some("0.05"), 1.0),
        add("bucket", Some("0.1"), 1.8),
        add("bucket", Some("+Inf"), 2.0),
        add("sum", None, 0.1),
        add("count", None, 2.0),
    ]
}

fn labels(name: &str, task: &TaskView<'_>, more: &[(&str, &str)]) -> Labels {
    let text = str::to_owned;
    let mut labels = Labels::from_iter([
        (text("__name__"), text(name)),
        (text("aws_ecs_task_arn"), text(task.arn)),
        (text("aws_ecs_task_id"), text(task.id())),
        (text("aws_ecs_task_family"), text(task.family)),
        (text("aws_ecs_task_revision"), task.revision.clone()),
        (text("aws_ecs_launchtype"), task.launch_type.to_lowercase()),
    ]);
    labels.extend(more.iter().map(|(name, value)| (text(name), text(value))));
    labels
}

/// The metrics of the task that the image's files let through, as v0.49 names them.
fn task_series(task: &TaskView<'_>) -> Vec<Series> {
    let number = |member: &str, usual: f64| {
        let given = task.definition.text(member);
        given.and_then(|text| text.parse().ok()).unwrap_or(usual)
    };
    let (cpu, memory) = (number("cpu", 256.0), number("memory", 512.0));
    let mut more = vec![("aws_ecs_cluster_name", task.cluster)];
    if let Some(service) = task.service {
        more.push(("aws_ecs_service_name", service));
    }
    [
        ("ecs_task_cpu_reserved_None", Kind::Constant(cpu)),
        ("ecs_task_cpu_utilized_None", Kind::Constant(cpu / 8.0)),
        ("ecs_task_memory_reserved_MiB", Kind::Constant(memory)),
        ("ecs_task_memory_utilized_MiB", Kind::Constant(memory / 4.0)),
        (
            "ecs_task_network_rate_rx_Bytes_per_Second",
            Kind::Constant(1_024.0),
        ),
        (
            "ecs_task_network_rate_tx_Bytes_per_Second",
            Kind::Constant(512.0),
        ),
        ("ecs_task_storage_read_bytes_Bytes", Kind::Counter(64.0)),
        ("ecs_task_storage_write_bytes_Bytes", Kind::Counter(32.0)),
    ]
    .into_iter()
    .map(|(name, kind)| Series {
        labels: labels(name, task, &more),
        first: task.started + TASK_MILLIS,
        every: TASK_MILLIS,
        end: task.ended,
        batches_from: None,
        kind,
    })
    .collect()
}

fn application(
    task: &TaskView<'_>,
    name: &str,
    more: &[(&str, &str)],
    every: u64,
    kind: Kind,
) -> Series {
    let mut labels = labels(name, task, more);
    labels.insert(
        "aws_ecs_cluster_arn".to_owned(),
        task.cluster_arn.to_owned(),
    );
    Series {
        labels,
        first: task.started + every,
        every,
        end: task.ended,
        batches_from: Some(task.started + BATCH_MILLIS),
        kind,
    }
}

/// What scraping a target gives: Prometheus' own series, and the application's if it answers.
fn job_series(task: &TaskView<'_>, job: &Job) -> Vec<Series> {
    let more = [
        ("job", job.name.as_str()),
        ("instance", job.target.as_str()),
    ];
    let is_up = answers(task.definition, &job.target);
    let add = |name: &str, kind| application(task, name, &more, job.interval_millis, kind);
    let mut series = vec![
        add("up", Kind::Constant(f64::from(u8::from(is_up)))),
        add("scrape_duration_seconds", Kind::Constant(0.01)),
        add(
            "scrape_samples_scraped",
            Kind::Constant(f64::from(u8::from(is_up)) * 2.0),
        ),
    ];
    if is_up {
        series.push(add("http_requests_total", Kind::Counter(2.0)));
        series.push(add(
            "process_resident_memory_bytes",
            Kind::Constant(33_554_432.0),
        ));
    }
    series
}

/// Returns whether a program answers at `target`. Where every container but the collector declares
/// its ports, those are what answers; where one declares none, nothing is known against it: tasks
/// whose containers share a network need no port mappings among themselves.
pub(crate) fn answers(definition: &Map<String, Value>, target: &str) -> bool {
    let port = target
        .rsplit(':')
        .next()
        .and_then(|port| port.parse::<i64>().ok());
    let mut containers = definition
        .objects("containerDefinitions")
        .filter(|container| !super::is_collector(container));
    let mut ports = Vec::new();
    let all_declare = containers.all(|container| {
        let mapped = container.objects("portMappings");
        let before = ports.len();
        ports.extend(mapped.filter_map(|mapping| mapping.integer("containerPort")));
        ports.len() > before
    });
    !all_declare || ports.is_empty() || port.is_some_and(|port| ports.contains(&port))
}
