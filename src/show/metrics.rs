//! Which series will arrive of a stack's tasks, and what they cost, for people and for programs.

mod json;

use std::fmt::Write as _;

pub use json::json;

use crate::{
    collector::version,
    series::{
        Amount, Application, Collected, Destination, Forecast, Format, Group, Label, Origin,
        Series, Target, Varies, Via, price,
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
        write_series(&group.series, out);
        write_dimensions(&group.dimensions, style, out);
        write_labels(group.destination.format, &group.labels, style, out);
    }
    for application in &collected.applications {
        let to = to(&application.destination, &destinations);
        let head = format!("{}{to}", passed_on(application));
        writeln!(out, "\n  {}", style.paint(Paint::Title, &head)).expect(STRING);
        if !application.name_patterns.is_empty() {
            let patterns = application.name_patterns.join(" or ");
            let text = words::wrap("    metrics: those named ", &patterns, style.width);
            out.push_str(&text);
        }
        write_dimensions(&application.dimensions, style, out);
        let format = application.destination.format;
        write_labels(format, &application.labels, style, out);
    }
    if !collected.notes.is_empty() {
        out.push_str("\n  Mind:\n");
        for what in &collected.notes {
            out.push_str(&words::wrap("  - ", what, style.width));
        }
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
    let Destination {
        exporter, endpoint, ..
    } = destination;
    match destination.format {
        Format::RemoteWrite => format!(", to {exporter} ({endpoint})"),
        Format::Otlp => format!(", to {exporter} (OTLP, {endpoint})"),
        Format::CloudWatch => format!(", to {exporter} (CloudWatch over OTLP, {endpoint})"),
        Format::Emf => {
            let namespace = destination.namespace.as_deref();
            let namespace = namespace.unwrap_or("of the service's name");
            format!(
                ", to {exporter} (CloudWatch, namespace {namespace}, by the log group {endpoint})"
            )
        }
    }
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

fn write_series(series: &[Series], out: &mut String) {
    let width = series.iter().map(|series| series.name.len()).max();
    for series in series {
        let mut line = format!("    {:1$}", series.name, width.unwrap_or_default());
        for besides in [series.metric.as_deref(), series.unit]
            .into_iter()
            .flatten()
        {
            write!(line, "  {besides}").expect(STRING);
        }
        if let Some(when) = series.when {
            write!(line, ", only {when}").expect(STRING);
        }
        writeln!(out, "{}", line.trim_end()).expect(STRING);
    }
}

/// The sets of labels that CloudWatch keeps as dimensions.
fn write_dimensions(dimensions: &[Vec<String>], style: Style, out: &mut String) {
    if dimensions.is_empty() {
        return;
    }
    let sets = dimensions.iter();
    let sets: Vec<String> = sets.map(|set| format!("[{}]", set.join(", "))).collect();
    out.push_str(&words::wrap(
        "    dimensions: ",
        &sets.join(" "),
        style.width,
    ));
}

fn write_labels(format: Format, labels: &[Label], style: Style, out: &mut String) {
    let noun = match format {
        Format::RemoteWrite | Format::CloudWatch => "labels",
        Format::Otlp => "attributes",
        Format::Emf => "fields of the lines",
    };
    let labels: Vec<String> = labels
        .iter()
        .map(|label| match (label.when, label.varies) {
            (Some(_), _) => format!("({})", label.name),
            (None, Varies::Task | Varies::Life) => format!("{}*", label.name),
            (None, Varies::Never | Varies::Revision) => label.name.clone(),
        })
        .collect();
    if !labels.is_empty() {
        let text = words::wrap(&format!("    {noun}: "), &labels.join(" "), style.width);
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
