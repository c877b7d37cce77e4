//! Where a pipeline ends: what an exporter makes of metrics and attributes.

use serde_json::Value;

use crate::{
    collector::{components::type_of, version::Version},
    series::{
        attributes::{self, Attribute, Attributes, Label},
        flow::{Destination, Flow, Group, Origin, Series},
        naming::Style,
    },
};

/// An exporter of Prometheus remote write.
pub(super) struct Writer<'a> {
    pub(super) destination: Destination,
    settings: &'a Value,
    style: Style,
    has_scope: bool,
}

/// Exporters that keep nothing that anybody could ask for.
const LOCAL: &[&str] = &["debug", "logging", "file", "nop"];

impl<'a> Writer<'a> {
    /// The exporter `id`, if it writes to a workspace or to another Prometheus; what others make of
    /// names is not known here.
    pub(super) fn of(
        id: &str,
        settings: &'a Value,
        version: Option<Version>,
        unknown: &mut Vec<String>,
    ) -> Option<Self> {
        let kind = type_of(id);
        if !["prometheusremotewrite", "prometheus_remote_write"].contains(&kind) {
            if !LOCAL.contains(&kind) {
                unknown.push(format!("what arrives at the destination of `{id}`"));
            }
            return None;
        }
        let endpoint = settings["endpoint"].as_str().unwrap_or_default().to_owned();
        let mut style = version.map_or_else(|| Style::of((0, 35)), Style::of);
        style.namespace = settings["namespace"].as_str().map(str::to_owned);
        style.are_units_added &= settings["add_metric_suffixes"] != false;
        Some(Self {
            destination: Destination {
                exporter: id.to_owned(),
                is_amp: is_amp(&endpoint),
                endpoint,
            },
            settings,
            style,
            has_scope: settings["disable_scope_info"] != true,
        })
    }

    /// What arrives of what the collector makes itself.
    pub(super) fn groups(&self, flow: &Flow, origin: &Origin) -> Vec<Group> {
        let series = flow.metrics.iter().map(|metric| Series {
            name: self.style.name(&metric.name, metric.unit),
            metric: metric.origin.clone(),
            when: metric.when,
        });
        let group = |origin, series, labels| Group {
            origin,
            destination: self.destination.clone(),
            interval_millis: flow.interval.unwrap_or_default(),
            copies: flow.copies,
            series,
            labels,
        };
        let mut series: Vec<Series> = series.collect();
        series.sort_by(|one, other| one.name.cmp(&other.name));
        let mut groups = Vec::new();
        if !series.is_empty() {
            groups.push(group(origin.clone(), series, self.labels(flow)));
            if let Origin::Scrape(target) = origin
                && self.writes_target_info()
            {
                let info = Series {
                    name: self.style.name("target_info", ""),
                    metric: None,
                    when: None,
                };
                let origin = Origin::TargetInfo(target.clone());
                groups.push(group(origin, vec![info], self.target_labels(flow)));
            }
        }
        groups
    }

    /// Returns whether it writes what is known of a target as a series.
    pub(super) fn writes_target_info(&self) -> bool {
        self.settings["target_info"]["enabled"] != false
    }

    /// The labels of series.
    pub(super) fn labels(&self, flow: &Flow) -> Vec<Label> {
        let mut attributes = flow.points.clone();
        if !self.has_scope {
            attributes.retain(|name, _| !name.starts_with("otel_scope_"));
        }
        let converts = &self.settings["resource_to_telemetry_conversion"]["enabled"];
        if *converts == true {
            for (name, attribute) in &flow.resource {
                // An attribute of the resource wins over one of the same name of a sample.
                attributes.insert(name.clone(), attribute.clone());
            }
        }
        identify(&flow.resource, &mut attributes);
        attributes::labels(&attributes, &self.settings["external_labels"])
    }

    /// The labels of `target_info`: what is known of the target but who it is.
    fn target_labels(&self, flow: &Flow) -> Vec<Label> {
        let mut attributes = flow.resource.clone();
        for name in ["service.name", "service.namespace", "service.instance.id"] {
            attributes.remove(name);
        }
        identify(&flow.resource, &mut attributes);
        attributes::labels(&attributes, &self.settings["external_labels"])
    }
}

/// Adds `job` and `instance`, which come of who sends.
fn identify(resource: &Attributes, attributes: &mut Attributes) {
    for (label, attribute) in [("job", "service.name"), ("instance", "service.instance.id")] {
        if let Some(found) = resource.get(attribute) {
            let namespace = resource
                .get("service.namespace")
                .filter(|_| label == "job")
                .and_then(|namespace| namespace.value.as_ref());
            let value = found.value.as_ref().map(|value| match namespace {
                Some(namespace) => format!("{namespace}/{value}"),
                None => value.clone(),
            });
            let found = Attribute {
                value,
                ..found.clone()
            };
            attributes.insert(label.to_owned(), found);
        }
    }
}

/// Returns whether an endpoint is a workspace's: by its URL, or because it is filled in with one.
fn is_amp(endpoint: &str) -> bool {
    endpoint.contains("aps-workspaces")
        || endpoint.contains("/workspaces/ws-")
        || endpoint.contains("${")
}
