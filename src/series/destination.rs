//! Where a pipeline ends: what an exporter makes of metrics and attributes.

use serde_json::Value;

use crate::{
    collector::{components::type_of, version::Version},
    series::{
        attributes::{self, Attribute, Attributes, Label, Of},
        emf::Emf,
        endpoint,
        flow::{Application, Destination, Flow, Format, Group, Metric, Origin, Series, Via},
        naming::Style,
    },
};

/// An exporter that is known to keep names and labels in a certain way.
pub(super) struct Writer<'a> {
    destination: Destination,
    settings: &'a Value,
    form: Form,
}

/// What is to be known of a format.
enum Form {
    RemoteWrite {
        style: Style,
        has_scope: bool,
    },
    /// Nothing is spelled anew: names, units and attributes arrive as the collector has them, and
    /// what made them stands beside, in the scope.
    Otlp,
    Emf(Emf),
}

/// Exporters that keep nothing that anybody could ask for.
const LOCAL: &[&str] = &["debug", "logging", "file", "nop"];
/// The exporters of OTLP, by the names that versions have for them, and whether that is HTTP.
const OTLP: &[(&str, bool)] = &[
    ("otlp", false),
    ("otlp_grpc", false),
    ("otlphttp", true),
    ("otlp_http", true),
];
/// How many labels CloudWatch takes of a series over OTLP (CloudWatch user guide, "OpenTelemetry
/// metrics", `metrics-otel-overview.html`).
const CLOUDWATCH_LABELS: usize = 150;
/// How CloudWatch's PromQL names attributes of the resource (CloudWatch user guide, "PromQL
/// querying", `CloudWatch-PromQL-Querying.html`).
const CLOUDWATCH_RESOURCE: &str = "@resource.";

impl<'a> Writer<'a> {
    /// The exporter `id`, if it is one of those; what others make of names is not known here.
    pub(super) fn of(
        id: &str,
        document: &'a Value,
        version: Option<Version>,
        unknown: &mut Vec<String>,
    ) -> Option<Self> {
        let kind = type_of(id);
        let settings = &document["exporters"][id];
        let (form, format, endpoint) = match kind {
            "prometheusremotewrite" | "prometheus_remote_write" => {
                let mut style = version.map_or_else(|| Style::of((0, 35)), Style::of);
                style.namespace = settings["namespace"].as_str().map(str::to_owned);
                style.are_units_added &= settings["add_metric_suffixes"] != false;
                let has_scope = settings["disable_scope_info"] != true;
                let endpoint = settings["endpoint"].as_str().unwrap_or_default().to_owned();
                (
                    Form::RemoteWrite { style, has_scope },
                    Format::RemoteWrite,
                    endpoint,
                )
            }
            "awsemf" => {
                let emf = Emf::of(id, settings, unknown);
                let endpoint = emf.log_group();
                (Form::Emf(emf), Format::Emf, endpoint)
            }
            _ => {
                let Some((_, is_http)) = OTLP.iter().find(|(name, _)| *name == kind) else {
                    if !LOCAL.contains(&kind) {
                        unknown.push(format!("what arrives at the destination of `{id}`"));
                    }
                    return None;
                };
                let endpoint = endpoint::otlp(settings, *is_http);
                let format = if endpoint::is_cloudwatch(&endpoint) {
                    Format::CloudWatch
                } else {
                    Format::Otlp
                };
                (Form::Otlp, format, endpoint)
            }
        };
        let signer = settings["auth"]["authenticator"].as_str();
        let signer = signer.map_or(&Value::Null, |signer| &document["extensions"][signer]);
        let region = settings["region"].as_str().or(signer["region"].as_str());
        Some(Self {
            destination: Destination {
                region: region
                    .filter(|text| !text.contains("${"))
                    .map(str::to_owned),
                takes_role: !settings["role_arn"].is_null() || !signer["assume_role"].is_null(),
                exporter: id.to_owned(),
                is_amp: format == Format::RemoteWrite && endpoint::is_amp(&endpoint),
                format,
                namespace: match &form {
                    Form::Emf(emf) => emf.namespace.clone(),
                    Form::RemoteWrite { .. } | Form::Otlp => None,
                },
                endpoint,
            },
            settings,
            form,
        })
    }

    pub(super) fn destination(&self) -> &Destination {
        &self.destination
    }

    /// What arrives of what the collector makes itself.
    pub(super) fn groups(
        &self,
        flow: &Flow,
        origin: &Origin,
        notes: &mut Vec<String>,
    ) -> Vec<Group> {
        if flow.metrics.is_empty() {
            return Vec::new();
        }
        let mut metrics: Vec<&Metric> = flow.metrics.iter().collect();
        metrics.sort_by(|one, other| one.name.cmp(&other.name));
        let labels = self.labels(flow);
        match &self.form {
            Form::RemoteWrite { style, .. } => self.written(flow, origin, style, &metrics, labels),
            Form::Otlp => {
                if self.destination.format == Format::CloudWatch && labels.len() > CLOUDWATCH_LABELS
                {
                    notes.push(format!(
                        "CloudWatch takes {CLOUDWATCH_LABELS} labels of a series over OTLP, and {} are sent by `{}`",
                        labels.len(),
                        self.destination.exporter
                    ));
                }
                let series = metrics.iter().map(|metric| with_unit(metric, metric.unit));
                vec![self.group(flow, origin.clone(), series.collect(), labels)]
            }
            Form::Emf(emf) => self.metrics_of_log(emf, flow, origin, &metrics, &labels, notes),
        }
    }

    fn group(&self, flow: &Flow, origin: Origin, series: Vec<Series>, labels: Vec<Label>) -> Group {
        Group {
            origin,
            destination: self.destination.clone(),
            interval_millis: flow.interval.unwrap_or_default(),
            copies: flow.copies,
            series,
            labels,
            dimensions: Vec::new(),
        }
    }

    /// What is written to Prometheus.
    fn written(
        &self,
        flow: &Flow,
        origin: &Origin,
        style: &Style,
        metrics: &[&Metric],
        labels: Vec<Label>,
    ) -> Vec<Group> {
        let series = metrics.iter().map(|metric| Series {
            name: style.name(&metric.name, metric.unit),
            metric: metric.origin.clone(),
            unit: None,
            when: metric.when,
        });
        let mut series: Vec<Series> = series.collect();
        series.sort_by(|one, other| one.name.cmp(&other.name));
        let mut groups = vec![self.group(flow, origin.clone(), series, labels)];
        if let Origin::Scrape(target) = origin
            && self.writes_target_info()
        {
            let info = Series {
                name: style.name("target_info", ""),
                metric: None,
                unit: None,
                when: None,
            };
            let origin = Origin::TargetInfo(target.clone());
            groups.push(self.group(flow, origin, vec![info], self.target_labels(flow)));
        }
        groups
    }

    /// The metrics that CloudWatch makes of a log: those of the same dimensions together.
    fn metrics_of_log(
        &self,
        emf: &Emf,
        flow: &Flow,
        origin: &Origin,
        metrics: &[&Metric],
        labels: &[Label],
        notes: &mut Vec<String>,
    ) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        let mut in_log_only: Vec<&str> = Vec::new();
        for metric in metrics {
            let dimensions = emf.dimensions(&metric.name, labels);
            if dimensions.is_empty() {
                in_log_only.push(&metric.name);
                continue;
            }
            let unit = emf.unit(&metric.name, metric.unit);
            if !Emf::knows(unit) {
                notes.push(format!(
                    "CloudWatch knows no unit {unit}, which `{}` says of {}",
                    self.destination.exporter, metric.name
                ));
            }
            let series = with_unit(metric, unit);
            let same = groups
                .iter_mut()
                .find(|group| group.dimensions == dimensions);
            if let Some(group) = same {
                group.series.push(series);
            } else {
                let group = self.group(flow, origin.clone(), vec![series], labels.to_vec());
                groups.push(Group {
                    dimensions,
                    ..group
                });
            }
        }
        if !in_log_only.is_empty() {
            notes.push(format!(
                "`{}` writes {} to the log and makes no metric of it: no declaration has a pattern of the name with dimensions that are there",
                self.destination.exporter,
                in_log_only.join(", ")
            ));
        }
        groups
    }

    /// What arrives of what an application makes.
    pub(super) fn application(&self, flow: &Flow, via: &Via) -> Application {
        let (dimensions, name_patterns) = match &self.form {
            Form::Emf(emf) => (emf.declared_dimensions(), emf.patterns()),
            Form::RemoteWrite { .. } | Form::Otlp => (Vec::new(), Vec::new()),
        };
        Application {
            via: via.clone(),
            destination: self.destination.clone(),
            interval_millis: flow.interval,
            labels: self.labels(flow),
            dimensions,
            name_patterns,
            has_target_info: *via == Via::Otlp && self.writes_target_info(),
        }
    }

    /// Returns whether it writes what is known of a target as a series.
    fn writes_target_info(&self) -> bool {
        self.destination.format == Format::RemoteWrite
            && self.settings["target_info"]["enabled"] != false
    }

    /// The labels of series.
    fn labels(&self, flow: &Flow) -> Vec<Label> {
        match &self.form {
            Form::RemoteWrite { has_scope, .. } => self.prometheus_labels(flow, *has_scope),
            Form::Otlp => {
                let mut points = flow.points.clone();
                points.retain(|name, _| !name.starts_with(SCOPE));
                let mut labels = attributes::unspelled(&flow.resource, Of::Resource);
                if self.destination.format == Format::CloudWatch {
                    for label in &mut labels {
                        label.name.insert_str(0, CLOUDWATCH_RESOURCE);
                    }
                }
                labels.extend(attributes::unspelled(&points, Of::Sample));
                labels
            }
            Form::Emf(_) => {
                let mut points = flow.points.clone();
                let scope = points.remove(SCOPE_NAME);
                points.retain(|name, _| !name.starts_with(SCOPE));
                if let Some(scope) = scope {
                    points.insert("OTelLib".to_owned(), scope);
                }
                self.convert(flow, &mut points);
                attributes::unspelled(&points, Of::Series)
            }
        }
    }

    fn prometheus_labels(&self, flow: &Flow, has_scope: bool) -> Vec<Label> {
        let mut attributes = flow.points.clone();
        if !has_scope {
            attributes.retain(|name, _| !name.starts_with(SCOPE));
        }
        self.convert(flow, &mut attributes);
        identify(&flow.resource, &mut attributes);
        attributes::labels(&attributes, &self.settings["external_labels"])
    }

    /// Makes the attributes of the resource attributes of each sample, if that is asked for
    /// (contrib, `pkg/resourcetotelemetry`).
    fn convert(&self, flow: &Flow, points: &mut Attributes) {
        let settings = &self.settings["resource_to_telemetry_conversion"];
        if settings["enabled"] != true {
            return;
        }
        for (name, attribute) in &flow.resource {
            let is_left_out =
                settings["exclude_service_attributes"] == true && IDENTITY.contains(&name.as_str());
            // An attribute of the resource wins over one of the same name of a sample.
            if !is_left_out {
                points.insert(name.clone(), attribute.clone());
            }
        }
    }

    /// The labels of `target_info`: what is known of the target but who it is.
    fn target_labels(&self, flow: &Flow) -> Vec<Label> {
        let mut attributes = flow.resource.clone();
        for name in IDENTITY {
            attributes.remove(name);
        }
        identify(&flow.resource, &mut attributes);
        attributes::labels(&attributes, &self.settings["external_labels"])
    }
}

/// What says who sends.
const IDENTITY: [&str; 3] = ["service.name", "service.namespace", "service.instance.id"];
/// What the labels of what made a sample begin with.
const SCOPE: &str = "otel_scope_";
/// The label of its name.
const SCOPE_NAME: &str = "otel_scope_name";

fn with_unit(metric: &Metric, unit: &'static str) -> Series {
    Series {
        name: metric.name.clone(),
        metric: metric
            .origin
            .clone()
            .filter(|origin| *origin != metric.name),
        unit: (!unit.is_empty()).then_some(unit),
        when: metric.when,
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
