//! What processors do to the metrics and attributes of a pipeline.

use serde_json::Value;

use crate::{
    collector::{components::type_of, pattern, version::Version},
    series::{
        attributes::{self, Attribute, Attributes, Place, Varies},
        document::{elements, scalar},
        flow::Flow,
    },
};

/// The processors that change neither names nor labels.
const NEUTRAL: &[&str] = &["batch", "memory_limiter", "cumulativetodelta"];

/// A processor of a pipeline, and what is known around it.
pub(super) struct Step<'a> {
    pub(super) id: &'a str,
    pub(super) settings: &'a Value,
    pub(super) version: Option<Version>,
    pub(super) place: &'a Place<'a>,
    pub(super) variable: &'a dyn Fn(&str) -> Option<String>,
}

impl Step<'_> {
    /// Applies the processor; what it does that nobody can know here goes to `unknown`.
    pub(super) fn apply(&self, flow: &mut Flow, unknown: &mut Vec<String>) {
        match type_of(self.id) {
            "filter" => self.filter(flow, unknown),
            "metricstransform" | "metrics_transform" => self.transform(flow, unknown),
            "resource" => change(
                elements(&self.settings["attributes"]),
                &mut flow.resource,
                &self.unsaid(),
                unknown,
            ),
            "attributes" => change(
                elements(&self.settings["actions"]),
                &mut flow.points,
                &self.unsaid(),
                unknown,
            ),
            "resourcedetection" | "resource_detection" => self.detect(flow, unknown),
            neutral if NEUTRAL.contains(&neutral) => {}
            _ => unknown.push(self.unsaid()),
        }
    }

    /// That nobody can know what it does.
    fn unsaid(&self) -> String {
        format!("what the processor `{}` does to names and labels", self.id)
    }

    fn filter(&self, flow: &mut Flow, unknown: &mut Vec<String>) {
        let metrics = &self.settings["metrics"];
        let named = |key: &str| -> Option<Vec<&str>> {
            let part = &metrics[key];
            if part.is_null() {
                return None;
            }
            Some(
                elements(&part["metric_names"])
                    .filter_map(Value::as_str)
                    .collect(),
            )
        };
        let is_strict = |key: &str| {
            let part = &metrics[key];
            let knows = |key: &String| ["match_type", "metric_names"].contains(&key.as_str());
            let is_known = part.as_object().is_none_or(|part| part.keys().all(knows));
            is_known && matches!(part["match_type"].as_str(), None | Some("strict"))
        };
        let is_read = ["include", "exclude"].into_iter().all(is_strict)
            && metrics.as_object().is_none_or(|metrics| {
                let knows = |key: &String| ["include", "exclude"].contains(&key.as_str());
                metrics.keys().all(knows)
            });
        if !is_read {
            unknown.push(format!(
                "which metrics the processor `{}` leaves out",
                self.id
            ));
            return;
        }
        if let Some(names) = named("include") {
            flow.metrics
                .retain(|metric| names.contains(&metric.name.as_str()));
        }
        if let Some(names) = named("exclude") {
            flow.metrics
                .retain(|metric| !names.contains(&metric.name.as_str()));
        }
    }

    fn transform(&self, flow: &mut Flow, unknown: &mut Vec<String>) {
        for transform in elements(&self.settings["transforms"]) {
            let is_strict = matches!(transform["match_type"].as_str(), None | Some("strict"));
            let include = transform["include"].as_str();
            let include = include.or(transform["metric_name"].as_str());
            let action = transform["action"].as_str().unwrap_or("update");
            let (Some(include), true, "update" | "insert") = (include, is_strict, action) else {
                unknown.push(self.unsaid());
                continue;
            };
            if elements(&transform["operations"]).next().is_some() {
                unknown.push(format!(
                    "what the operations of the processor `{}` do to {include}",
                    self.id
                ));
            }
            let new_name = transform["new_name"].as_str().unwrap_or(include);
            let found = flow
                .metrics
                .iter()
                .position(|metric| metric.name == include);
            let Some(found) = found else {
                continue;
            };
            if action == "insert" {
                let copy = flow.metrics[found].clone();
                flow.metrics.push(copy);
            }
            new_name.clone_into(&mut flow.metrics[found].name);
        }
    }

    fn detect(&self, flow: &mut Flow, unknown: &mut Vec<String>) {
        let overrides = self.settings["override"] != false;
        let detectors = self.settings["detectors"].as_array();
        let usual = [Value::from("env")];
        let mut found = Attributes::new();
        for detector in detectors.map_or(&usual[..], Vec::as_slice) {
            let Some(detector) = detector.as_str() else {
                continue;
            };
            let detected = attributes::detected(detector, self.version, self.place, self.variable);
            let Some(mut detected) = detected else {
                unknown.push(format!("which labels the detector `{detector}` adds"));
                continue;
            };
            let chosen = &self.settings[detector]["resource_attributes"];
            detected.retain(|name, _| chosen[name]["enabled"] != false);
            // What an earlier detector has found stays.
            for (name, attribute) in detected {
                found.entry(name).or_insert(attribute);
            }
        }
        for (name, attribute) in found {
            if overrides {
                flow.resource.insert(name, attribute);
            } else {
                flow.resource.entry(name).or_insert(attribute);
            }
        }
    }
}

/// Performs the actions of the processors `resource` and `attributes` (contrib,
/// `internal/coreinternal/attraction`).
fn change<'a>(
    actions: impl Iterator<Item = &'a Value>,
    attributes: &mut Attributes,
    unsaid: &str,
    unknown: &mut Vec<String>,
) {
    for action in actions {
        let Some(key) = action["key"].as_str() else {
            unknown.push(unsaid.to_owned());
            continue;
        };
        let from = action["from_attribute"].as_str();
        let value = match (scalar(&action["value"]), from) {
            (Some(value), _) => Some(Attribute::known(value)),
            // Without the attribute that it is taken from, nothing is set.
            (None, Some(from)) => attributes.get(from).cloned(),
            (None, None) => Some(Attribute::found(Varies::Never)),
        };
        match action["action"].as_str().unwrap_or_default() {
            "delete" => _ = attributes.remove(key),
            "extract" => extract(key, &action["pattern"], attributes),
            "insert" => {
                if let Some(value) = value {
                    attributes.entry(key.to_owned()).or_insert(value);
                }
            }
            "upsert" => {
                if let Some(value) = value {
                    attributes.insert(key.to_owned(), value);
                }
            }
            "update" => {
                if let (Some(value), true) = (value, attributes.contains_key(key)) {
                    attributes.insert(key.to_owned(), value);
                }
            }
            _ => unknown.push(unsaid.to_owned()),
        }
    }
}

/// Each named group of a pattern becomes an attribute, where the pattern fits.
fn extract(key: &str, pattern: &Value, attributes: &mut Attributes) {
    let Some(from) = attributes.get(key).cloned() else {
        return;
    };
    let groups = pattern.as_str().map(pattern::read).and_then(Result::ok);
    for name in groups.unwrap_or_default().named {
        let found = Attribute {
            value: None,
            ..from.clone()
        };
        attributes.insert(name, found);
    }
}
