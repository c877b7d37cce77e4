//! What receivers make: the metrics and attributes that enter a pipeline.

use serde_json::Value;

use crate::{
    collector::{Period, components::type_of, version::Version},
    series::{
        attributes::{self, Attribute, Attributes, Place, Varies},
        document::{elements, scalar},
        flow::{Flow, Metric, Origin, Target, Via},
        relabel,
        task_metrics::{self, Scope},
    },
};

/// How often `awsecscontainermetrics` measures unless it is asked otherwise (its `config.go`).
const TASK_MILLIS: u64 = 20_000;
/// How often Prometheus scrapes unless it is asked otherwise (Prometheus documentation,
/// "Configuration", `scrape_interval`).
const SCRAPE_MILLIS: u64 = 60_000;

/// What scraping a target makes by itself (Prometheus documentation, "Jobs and instances").
const OF_SCRAPING: [(&str, &str); 5] = [
    ("scrape_duration_seconds", "s"),
    ("scrape_samples_post_metric_relabeling", ""),
    ("scrape_samples_scraped", ""),
    ("scrape_series_added", ""),
    ("up", ""),
];
/// What it makes besides with `report_extra_scrape_metrics`.
const OF_SCRAPING_BESIDES: [(&str, &str); 3] = [
    ("scrape_body_size_bytes", "By"),
    ("scrape_sample_limit", ""),
    ("scrape_timeout_seconds", "s"),
];

/// What says that series were scraped, and by which version.
const SCRAPED: &str =
    "github.com/open-telemetry/opentelemetry-collector-contrib/receiver/prometheusreceiver";
/// The same of what came as to `StatsD` (`receiver/statsdreceiver/internal/parser`).
const COUNTED: &str =
    "github.com/open-telemetry/opentelemetry-collector-contrib/receiver/statsdreceiver";

/// What the receiver `id` brings into a pipeline.
pub(super) fn flows(
    (id, receiver): (&str, &Value),
    version: Option<Version>,
    containers: u64,
    place: &Place<'_>,
    unknown: &mut Vec<String>,
) -> Vec<Flow> {
    match type_of(id) {
        "awsecscontainermetrics" => of_tasks(receiver, version, containers, place),
        "prometheus" => of_scraping(receiver, unknown),
        "otlp" => vec![Flow::passed_on(Via::Otlp, None, Attributes::new())],
        "statsd" => {
            let interval = period(&receiver["aggregation_interval"]).unwrap_or(60_000);
            let passed = Flow::passed_on(Via::Statsd, Some(interval), Attributes::new());
            vec![Flow {
                points: scope(COUNTED),
                ..passed
            }]
        }
        _ => vec![Flow::passed_on(
            Via::Other(id.to_owned()),
            None,
            Attributes::new(),
        )],
    }
}

fn of_tasks(
    receiver: &Value,
    version: Option<Version>,
    containers: u64,
    place: &Place<'_>,
) -> Vec<Flow> {
    // Of an image whose tag says no version, nobody knows the names.
    let Some(version) = version else {
        return Vec::new();
    };
    let interval = period(&receiver["collection_interval"]).unwrap_or(TASK_MILLIS);
    let of_task = attributes::of_task(place);
    let mut of_container = attributes::of_container();
    of_container.extend(of_task.clone());
    [
        (Scope::Task, Origin::Task, of_task, 1),
        (
            Scope::Container,
            Origin::Container,
            of_container,
            containers,
        ),
    ]
    .into_iter()
    .map(|(scope, origin, resource, copies)| {
        let metrics = task_metrics::all(version).into_iter();
        let metrics = metrics.filter(|metric| metric.scope == scope);
        Flow {
            made_by: Some(origin),
            copies,
            interval: Some(interval),
            metrics: metrics.map(Metric::from).collect(),
            resource,
            ..Flow::default()
        }
    })
    .collect()
}

fn of_scraping(receiver: &Value, unknown: &mut Vec<String>) -> Vec<Flow> {
    let config = &receiver["config"];
    let usual = period(&config["global"]["scrape_interval"]).unwrap_or(SCRAPE_MILLIS);
    let mut names: Vec<(&str, &str)> = OF_SCRAPING.to_vec();
    if receiver["report_extra_scrape_metrics"] == true {
        names.extend(OF_SCRAPING_BESIDES);
    }
    let mut flows = Vec::new();
    for scrape in elements(&config["scrape_configs"]) {
        let job = scrape["job_name"].as_str().unwrap_or_default();
        say_unknown(scrape, job, unknown);
        let interval = period(&scrape["scrape_interval"]).unwrap_or(usual);
        for group in elements(&scrape["static_configs"]) {
            for target in elements(&group["targets"]).filter_map(Value::as_str) {
                let target = Target {
                    job: job.to_owned(),
                    instance: target.to_owned(),
                };
                let scheme = scrape["scheme"].as_str().unwrap_or("http");
                let resource = of_target(&target, scheme);
                let own = own_labels(&group["labels"]);
                flows.push(Flow {
                    made_by: Some(Origin::Scrape(target.clone())),
                    copies: 1,
                    interval: Some(interval),
                    metrics: names.iter().copied().map(Metric::of_scraping).collect(),
                    resource: resource.clone(),
                    points: own.clone(),
                    ..Flow::default()
                });
                let passed = Flow::passed_on(Via::Scrape(target), Some(interval), resource);
                let mut points = own;
                relabel::apply(scrape, job, &mut points, unknown);
                flows.push(Flow { points, ..passed });
            }
        }
    }
    flows
}

/// What says which receiver made a sample.
fn scope(name: &str) -> Attributes {
    [
        ("otel_scope_name", Attribute::known(name)),
        // The patch of the version is part of it.
        ("otel_scope_version", Attribute::found(Varies::Never)),
    ]
    .map(|(name, attribute)| (name.to_owned(), attribute))
    .into()
}

/// The labels of a target that are no attributes of its resource.
fn own_labels(labels: &Value) -> Attributes {
    let mut own = scope(SCRAPED);
    for (name, value) in labels.as_object().into_iter().flatten() {
        if let Some(value) = scalar(value) {
            own.insert(name.clone(), Attribute::known(value));
        }
    }
    own
}

/// The resource of a target (`receiver/prometheusreceiver/internal/prom_to_otlp.go`).
fn of_target(target: &Target, scheme: &str) -> Attributes {
    let (host, port) = target
        .instance
        .rsplit_once(':')
        .unwrap_or((&target.instance, ""));
    let mut resource = Attributes::from(
        [
            ("server.port", port),
            ("service.instance.id", &target.instance),
            ("service.name", &target.job),
            ("url.scheme", scheme),
        ]
        .map(|(name, value)| (name.to_owned(), Attribute::known(value))),
    );
    // Of the machine itself it does not say the address.
    let is_here = host == "localhost" || host.starts_with("127.") || host == "0.0.0.0";
    if !is_here {
        resource.insert("server.address".to_owned(), Attribute::known(host));
    }
    resource
}

/// Says what of a scrape job nobody can know without running it.
fn say_unknown(scrape: &Value, job: &str, unknown: &mut Vec<String>) {
    let discovers = scrape.as_object().into_iter().flatten();
    let discovers = discovers.map(|(key, _)| key);
    for key in discovers.filter(|key| key.ends_with("_sd_configs")) {
        unknown.push(format!(
            "which targets job {job} finds by `{key}`: none of them is counted"
        ));
    }
    if elements(&scrape["relabel_configs"]).next().is_some() {
        unknown.push(format!(
            "what the rules under `relabel_configs` make of the labels and targets of job {job}"
        ));
    }
}

fn period(value: &Value) -> Option<u64> {
    Period::parse(value.as_str()?).map(|period| period.millis())
}
