//! Which series will arrive of a stack's tasks, and what they cost, for programs.

use serde_json::{Value, json};

use crate::{
    collector::version,
    series::{Application, Destination, Forecast, Group, Label, Origin, Via, price},
    show::metrics::{Assumed, FORMAT, estimate},
};

/// The families, and what all of them cost.
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
            "notes": collected.notes,
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
    let series = group.series.iter().map(|series| {
        json!({
            "name": series.name,
            "metric": series.metric,
            "unit": series.unit,
            "when": series.when,
        })
    });
    json!({
        "origin": origin,
        "job": target.map(|target| &target.job),
        "instance": target.map(|target| &target.instance),
        "destination": destination_json(&group.destination),
        "interval_millis": group.interval_millis,
        "copies": group.copies,
        "series": series.collect::<Vec<_>>(),
        "dimensions": group.dimensions,
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
        "name_patterns": application.name_patterns,
        "dimensions": application.dimensions,
        "labels": labels_json(&application.labels),
    })
}

fn destination_json(destination: &Destination) -> Value {
    json!({
        "exporter": destination.exporter,
        "format": destination.format.as_str(),
        "namespace": destination.namespace,
        "endpoint": destination.endpoint,
        "is_amp": destination.is_amp,
    })
}

fn labels_json(labels: &[Label]) -> Vec<Value> {
    let labels = labels.iter().map(|label| {
        json!({
            "name": label.name,
            "of": label.of.as_str(),
            "value": label.value,
            "varies": label.varies.as_str(),
            "when": label.when,
        })
    });
    labels.collect()
}
