//! Which series will arrive of a stack's tasks, and what they cost, for people and for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::{
    collector::version,
    series::{
        Amount, Application, Collected, Destination, Forecast, Group, Label, Origin, Target,
        Varies, Via, price,
    },
    show::{Paint, Style, words},
};

/// The version of the JSON document.
pub const FORMAT: u32 = 1;

/// What an application's series are assumed to be sampled at where the collector does not decide
/// it (OpenTelemetry specification, "Metrics SDK", the default interval).
const SDK_MILLIS: u64 = 60_000;

/// What is assumed for an estimate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assumed {
    /// How many tasks run of each task definition.
    pub tasks: u64,
    /// How many series the application in each of them sends.
    pub application_series: u64,
    /// How long the workspace keeps samples, in days.
    pub retention_days: u32,
}

/// The families, and what all of them cost.
pub fn render(stack: &str, families: &[Forecast], assumed: &Assumed, style: Style) -> String {
    let mut out = format!("{}\n", style.paint(Paint::Title, &format!("Stack {stack}")));
    for family in families {
        let head = format!("{}: {}", family.address, family.family);
        write!(out, "\n{}", style.paint(Paint::Title, &head)).expect(STRING);
        match &family.collector {
            None => out.push_str("\n  no collector, so nothing arrives\n"),
            Some(collected) => write_family(collected, style, &mut out),
        }
    }
    if families.is_empty() {
        out.push_str("\nNo task definition is declared.\n");
    }
    out.push('\n');
    write_price(families, assumed, style, &mut out);
    out
}

const STRING: &str = "writing to a string cannot fail";

fn write_family(collected: &Collected, style: Style, out: &mut String) {
    let version = collected
        .version
        .map_or_else(|| collected.image.clone(), version::spelled);
    let destinations = destinations(collected);
    writeln!(out, ", collector {} {version}", collected.container).expect(STRING);
    for group in &collected.groups {
        let every = words::millis(group.interval_millis);
        let to = to(&group.destination, &destinations);
        let head = format!("{}, every {every}{to}", of(group));
        writeln!(out, "\n  {}", style.paint(Paint::Title, &head)).expect(STRING);
        let width = group.series.iter().map(|series| series.name.len()).max();
        for series in &group.series {
            let mut line = format!("    {:1$}", series.name, width.unwrap_or_default());
            if let Some(metric) = &series.metric {
                write!(line, "  {metric}").expect(STRING);
            }
            if let Some(when) = series.when {
                write!(line, ", only {when}").expect(STRING);
            }
            writeln!(out, "{}", line.trim_end()).expect(STRING);
        }
        write_labels(&group.labels, style, out);
    }
    for application in &collected.applications {
        let to = to(&application.destination, &destinations);
        let head = format!("{}{to}", passed_on(application));
        writeln!(out, "\n  {}", style.paint(Paint::Title, &head)).expect(STRING);
        write_labels(&application.labels, style, out);
    }
    if !collected.unknown.is_empty() {
        out.push_str("\n  Not known from the stack file:\n");
        for what in &collected.unknown {
            out.push_str(&words::wrap("  - ", what, style.width));
        }
    }
    let amount = collected.amount();
    let text = format!(
        "{} series and {} samples a month, and what the application sends; every deployment replaces the tasks, and a new task begins all of its series anew, because `aws_ecs_task_arn` is another",
        words::thousands(amount.series),
        words::thousands(amount.samples_per_month),
    );
    out.push('\n');
    out.push_str(&words::wrap("  Each task: ", &text, style.width));
}

/// The exporters that series go to.
fn destinations(collected: &Collected) -> std::collections::BTreeSet<&str> {
    let groups = collected.groups.iter().map(|group| &group.destination);
    let applications = collected.applications.iter().map(|one| &one.destination);
    groups
        .chain(applications)
        .map(|to| to.exporter.as_str())
        .collect()
}

/// Where something goes, if not all goes to the same workspace.
fn to(destination: &Destination, all: &std::collections::BTreeSet<&str>) -> String {
    if all.len() == 1 && destination.is_amp {
        return String::new();
    }
    format!(", to {} ({})", destination.exporter, destination.endpoint)
}

fn of(group: &Group) -> String {
    let at = |Target { job, instance }: &Target| format!("job {job} at {instance}");
    match &group.origin {
        Origin::Task => "Of the task".to_owned(),
        Origin::Container => format!("Of each of its {} containers", group.copies),
        Origin::Scrape(target) => format!("Of scraping {}", at(target)),
        Origin::TargetInfo(target) => format!("Of the target of {}", at(target)),
    }
}

fn passed_on(application: &Application) -> String {
    let every = application
        .interval_millis
        .map_or_else(String::new, |millis| {
            format!(", every {}", words::millis(millis))
        });
    match &application.via {
        Via::Otlp if application.has_target_info => {
            format!("What the application sends over OTLP, and target_info{every}")
        }
        Via::Otlp => format!("What the application sends over OTLP{every}"),
        Via::Statsd => format!("What the application sends as to StatsD{every}"),
        Via::Scrape(Target { job, instance }) => {
            format!("What the application serves to job {job} at {instance}{every}")
        }
        Via::Other(receiver) => format!("What comes by the receiver {receiver}{every}"),
    }
}

fn write_labels(labels: &[Label], style: Style, out: &mut String) {
    let labels: Vec<String> = labels
        .iter()
        .map(|label| match (label.when, label.varies) {
            (Some(_), _) => format!("({})", label.name),
            (None, Varies::Task | Varies::Life) => format!("{}*", label.name),
            (None, Varies::Never | Varies::Revision) => label.name.clone(),
        })
        .collect();
    if !labels.is_empty() {
        let text = words::wrap("    labels: ", &labels.join(" "), style.width);
        out.push_str(&style.paint(Paint::Faint, text.trim_end()));
        out.push('\n');
    }
}

/// How much arrives of all families together, and what that costs.
fn estimate(families: &[Forecast], assumed: &Assumed) -> (Amount, price::Price) {
    let of_family = |family: &Forecast| {
        let Some(collected) = &family.collector else {
            return Amount::default();
        };
        let passed_on = collected.applications.iter();
        let intervals = passed_on
            .filter(|application| application.destination.is_amp)
            .map(|application| application.interval_millis.unwrap_or(SDK_MILLIS));
        let application = intervals.min().map_or_else(Amount::default, |interval| {
            Amount::of(assumed.application_series, interval)
        });
        let task: Amount = [collected.amount(), application].into_iter().sum();
        task.times(assumed.tasks)
    };
    let amount: Amount = families.iter().map(of_family).sum();
    let price = price::of(amount.samples_per_month, assumed.retention_days);
    (amount, price)
}

fn write_price(families: &[Forecast], assumed: &Assumed, style: Style, out: &mut String) {
    let (amount, cost) = estimate(families, assumed);
    let Assumed {
        tasks,
        application_series,
        retention_days,
    } = *assumed;
    let text = format!(
        "{} of each task definition with {} series of the application's: {} series, {} samples a month: ${:.2} a month to take them in, ${:.2} to keep them for {retention_days} days",
        words::count(usize::try_from(tasks).unwrap_or(usize::MAX), "task"),
        words::thousands(application_series),
        words::thousands(amount.series),
        words::thousands(amount.samples_per_month),
        cost.ingestion_usd,
        cost.storage_usd,
    );
    out.push_str(&words::wrap("Price: ", &text, style.width));
    let table = format!(
        "by the prices of {} in {} ({}), without queries and the free tier, at {} bytes a sample; --tasks and --application-series change what is assumed",
        price::DATE,
        price::REGION,
        price::SOURCE,
        price::BYTES_PER_SAMPLE,
    );
    out.push_str(&words::wrap("       ", &table, style.width));
    let legend = "* differs from task to task, ( ) is not always there";
    out.push_str(&words::wrap("Labels: ", legend, style.width));
}

/// The same for programs.
pub fn json(stack: &str, families: &[Forecast], assumed: &Assumed) -> Value {
    let (amount, cost) = estimate(families, assumed);
    let tiers = price::INGESTION
        .iter()
        .map(|tier| json!({"up_to": tier.up_to, "usd_per_10_million": tier.usd_per_10_million}));
    json!({
        "format": FORMAT,
        "stack": stack,
        "families": families.iter().map(family_json).collect::<Vec<_>>(),
        "estimate": {
            "tasks": assumed.tasks,
            "application_series": assumed.application_series,
            "retention_days": assumed.retention_days,
            "series": amount.series,
            "samples_per_month": amount.samples_per_month,
            "ingestion_usd": cents(cost.ingestion_usd),
            "storage_usd": cents(cost.storage_usd),
            "total_usd": cents(cost.total_usd()),
        },
        "prices": {
            "date": price::DATE,
            "source": price::SOURCE,
            "region": price::REGION,
            "ingestion": tiers.collect::<Vec<_>>(),
            "usd_per_gb_month": price::USD_PER_GB_MONTH,
            "bytes_per_sample": price::BYTES_PER_SAMPLE,
        },
    })
}

fn cents(usd: f64) -> f64 {
    (usd * 100.0).round() / 100.0
}

fn family_json(family: &Forecast) -> Value {
    let mut value = json!({
        "address": family.address.to_string(),
        "family": family.family,
        "services": family.services,
        "collector": null,
    });
    if let Some(collected) = &family.collector {
        let amount = collected.amount();
        value["collector"] = json!({
            "container": collected.container,
            "image": collected.image,
            "version": collected.version.map(version::spelled),
            "groups": collected.groups.iter().map(group_json).collect::<Vec<_>>(),
            "applications":
                collected.applications.iter().map(application_json).collect::<Vec<_>>(),
            "unknown": collected.unknown,
            "each_task": {
                "series": amount.series,
                "samples_per_month": amount.samples_per_month,
            },
            "deployment": {"new_series_of_each_task": amount.series},
        });
    }
    value
}

fn group_json(group: &Group) -> Value {
    let (origin, target) = match &group.origin {
        Origin::Task => ("task", None),
        Origin::Container => ("container", None),
        Origin::Scrape(target) => ("scrape", Some(target)),
        Origin::TargetInfo(target) => ("target_info", Some(target)),
    };
    let series = group
        .series
        .iter()
        .map(|series| json!({"name": series.name, "metric": series.metric, "when": series.when}));
    json!({
        "origin": origin,
        "job": target.map(|target| &target.job),
        "instance": target.map(|target| &target.instance),
        "destination": destination_json(&group.destination),
        "interval_millis": group.interval_millis,
        "copies": group.copies,
        "series": series.collect::<Vec<_>>(),
        "labels": labels_json(&group.labels),
    })
}

fn application_json(application: &Application) -> Value {
    let (via, receiver, target) = match &application.via {
        Via::Otlp => ("otlp", None, None),
        Via::Statsd => ("statsd", None, None),
        Via::Scrape(target) => ("scrape", None, Some(target)),
        Via::Other(receiver) => ("other", Some(receiver), None),
    };
    json!({
        "via": via,
        "receiver": receiver,
        "job": target.map(|target| &target.job),
        "instance": target.map(|target| &target.instance),
        "destination": destination_json(&application.destination),
        "interval_millis": application.interval_millis,
        "target_info": application.has_target_info,
        "labels": labels_json(&application.labels),
    })
}

fn destination_json(destination: &Destination) -> Value {
    json!({
        "exporter": destination.exporter,
        "endpoint": destination.endpoint,
        "is_amp": destination.is_amp,
    })
}

fn labels_json(labels: &[Label]) -> Vec<Value> {
    let labels = labels.iter().map(|label| {
        json!({
            "name": label.name,
            "value": label.value,
            "varies": label.varies.as_str(),
            "when": label.when,
        })
    });
    labels.collect()
}
