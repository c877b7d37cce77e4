//! What flows through the pipelines of a collector, from what makes it to where it goes.

use serde_json::Value;

use crate::{
    collector::{components::type_of, version::Version},
    series::{
        Amount, Collected,
        attributes::{Attributes, Label, Place},
        destination::Writer,
        document::elements,
        origin,
        processors::Step,
        task_metrics::TaskMetric,
    },
};

/// A target that is scraped.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// The label `job`.
    pub job: String,
    /// The label `instance`: host and port.
    pub instance: String,
}

/// What makes series that the collector makes by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Measuring the task.
    Task,
    /// Measuring each of its containers.
    Container,
    /// Scraping a target.
    Scrape(Target),
    /// What is known of a target that is scraped.
    TargetInfo(Target),
}

/// How a destination spells what it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Prometheus' remote write.
    RemoteWrite,
    /// OTLP, to anybody.
    Otlp,
    /// OTLP, to CloudWatch.
    CloudWatch,
    /// Lines of a log that CloudWatch makes metrics of: its embedded metric format.
    Emf,
}

impl Format {
    /// Its word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RemoteWrite => "remote_write",
            Self::Otlp => "otlp",
            Self::CloudWatch => "cloudwatch_otlp",
            Self::Emf => "emf",
        }
    }
}

/// Where an exporter sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The exporter.
    pub exporter: String,
    /// How what it sends is spelled.
    pub format: Format,
    /// The URL, or the log group; it may mention what is known only after apply.
    pub endpoint: String,
    /// The namespace of CloudWatch that metrics are in, if the format has one and it is known.
    pub namespace: Option<String>,
    /// Whether that is a workspace of Amazon Managed Service for Prometheus.
    pub is_amp: bool,
    /// The region of AWS that it is signed for, if it is not the task's.
    pub region: Option<String>,
    /// Whether another role than the task's is taken on to send.
    pub takes_role: bool,
}

/// A series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// Its name.
    pub name: String,
    /// The metric of the collector that it comes of, if that has another name.
    pub metric: Option<String>,
    /// Its unit, where that goes along with it: remote write puts it into the name.
    pub unit: Option<&'static str>,
    /// When it is there, if not always: for people, after "only".
    pub when: Option<&'static str>,
}

/// Series that have their labels in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// What makes them.
    pub origin: Origin,
    /// Where they go.
    pub destination: Destination,
    /// How often each gets a sample.
    pub interval_millis: u64,
    /// How many times each is there in one task.
    pub copies: u64,
    /// The series, by name.
    pub series: Vec<Series>,
    /// Their labels, by name.
    pub labels: Vec<Label>,
    /// The sets of labels that CloudWatch keeps as dimensions, where it makes metrics of a log.
    pub dimensions: Vec<Vec<String>>,
}

impl Group {
    /// How much it makes in one task, but for what is not always there.
    pub fn amount(&self) -> Amount {
        let always = self.series.iter().filter(|series| series.when.is_none());
        let count = u64::try_from(always.count()).unwrap_or(u64::MAX);
        Amount::of(count.saturating_mul(self.copies), self.interval_millis)
    }
}

/// How an application's series come to the collector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// An OpenTelemetry SDK sends them.
    Otlp,
    /// A `StatsD` client sends them.
    Statsd,
    /// They are scraped.
    Scrape(Target),
    /// By another receiver.
    Other(String),
}

/// Series whose names only the application knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Application {
    /// How they come.
    pub via: Via,
    /// Where they go.
    pub destination: Destination,
    /// How often each gets a sample, if the collector decides that.
    pub interval_millis: Option<u64>,
    /// The labels that the collector adds.
    pub labels: Vec<Label>,
    /// As of a group; a set of which the application does not send every label is left out.
    pub dimensions: Vec<Vec<String>>,
    /// Patterns of the names that CloudWatch makes metrics of, if it does not of all: what fits
    /// none stands in the log only.
    pub name_patterns: Vec<String>,
    /// Whether `target_info` comes with them, with what the application says of itself: of scraped
    /// ones it is a group of its own, because the collector makes up all of it.
    pub has_target_info: bool,
}

/// A metric on its way.
#[derive(Clone, Debug)]
pub(super) struct Metric {
    pub(super) name: String,
    pub(super) origin: Option<String>,
    pub(super) unit: &'static str,
    pub(super) when: Option<&'static str>,
}

impl From<TaskMetric> for Metric {
    fn from(metric: TaskMetric) -> Self {
        Self {
            origin: Some(metric.name.clone()),
            name: metric.name,
            unit: metric.unit,
            when: metric.when,
        }
    }
}

impl Metric {
    /// One of those that scraping makes.
    pub(super) fn of_scraping((name, unit): (&str, &'static str)) -> Self {
        Self {
            name: name.to_owned(),
            origin: None,
            unit,
            when: None,
        }
    }
}

/// What is on its way through a pipeline.
#[derive(Clone, Debug, Default)]
pub(super) struct Flow {
    /// What makes it, if the collector does.
    pub(super) made_by: Option<Origin>,
    /// How it comes, if the application makes it.
    pub(super) via: Option<Via>,
    pub(super) copies: u64,
    pub(super) interval: Option<u64>,
    pub(super) metrics: Vec<Metric>,
    /// Attributes of what it is about.
    pub(super) resource: Attributes,
    /// Attributes of each sample.
    pub(super) points: Attributes,
}

impl Flow {
    /// What the application makes.
    pub(super) fn passed_on(via: Via, interval: Option<u64>, resource: Attributes) -> Self {
        Self {
            via: Some(via),
            interval,
            resource,
            ..Self::default()
        }
    }
}

/// What is known around a configuration.
pub(super) struct Around<'a> {
    pub(super) version: Option<Version>,
    /// How many containers the task has.
    pub(super) containers: u64,
    pub(super) place: Place<'a>,
    pub(super) variable: &'a dyn Fn(&str) -> Option<String>,
}

/// Follows what the pipelines of a configuration do with metrics.
pub(super) fn follow(document: &Value, around: &Around<'_>, collected: &mut Collected) {
    let pipelines = document["service"]["pipelines"].as_object();
    for (id, pipeline) in pipelines.into_iter().flatten() {
        if type_of(id) != "metrics" {
            continue;
        }
        for exporter in names(&pipeline["exporters"]) {
            let unknown = &mut collected.unknown;
            if !document["connectors"][exporter].is_null() {
                unknown.push(format!("what comes of the connector `{exporter}`"));
                continue;
            }
            if let Some(writer) = Writer::of(exporter, document, around.version, unknown) {
                let known = collected.destinations.contains(writer.destination());
                if !known {
                    collected.destinations.push(writer.destination().clone());
                }
                through(document, pipeline, &writer, around, collected);
            }
        }
    }
    let mut said = std::collections::BTreeSet::new();
    collected.unknown.retain(|what| said.insert(what.clone()));
    collected.notes.retain(|what| said.insert(what.clone()));
}

/// Follows what one pipeline brings to an exporter.
fn through(
    document: &Value,
    pipeline: &Value,
    writer: &Writer<'_>,
    around: &Around<'_>,
    collected: &mut Collected,
) {
    for receiver in names(&pipeline["receivers"]) {
        let entering = (receiver, &document["receivers"][receiver]);
        let flows = origin::flows(
            entering,
            around.version,
            around.containers,
            &around.place,
            &mut collected.unknown,
        );
        for mut flow in flows {
            for processor in names(&pipeline["processors"]) {
                let step = Step {
                    id: processor,
                    settings: &document["processors"][processor],
                    version: around.version,
                    place: &around.place,
                    variable: around.variable,
                };
                step.apply(&mut flow, &mut collected.unknown);
            }
            if let Some(origin) = &flow.made_by {
                let groups = writer.groups(&flow, origin, &mut collected.notes);
                collected.groups.extend(groups);
            }
            if let Some(via) = &flow.via {
                collected.applications.push(writer.application(&flow, via));
            }
        }
    }
}

fn names(list: &Value) -> impl Iterator<Item = &str> {
    elements(list).filter_map(Value::as_str)
}
