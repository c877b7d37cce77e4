//! What `amp-stack metrics --json` says will arrive, and whether it did.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use serde_json::Value;

use crate::guide::pages::root;

/// The labels of a series that arrived.
pub(crate) type Labels = BTreeMap<String, String>;

/// A series that arrived somewhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sample {
    /// The exporter that sent it.
    pub(crate) exporter: String,
    pub(crate) name: String,
    pub(crate) labels: Labels,
    /// What came along with it, if its form has that.
    pub(crate) unit: Option<String>,
    pub(crate) namespace: Option<String>,
    pub(crate) dimensions: BTreeSet<Vec<String>>,
}

/// What is said of the tasks of one family.
pub(crate) struct Expected(Value);

/// What is said of each family of a stack that has a collector.
pub(crate) fn of(stack: &str) -> Vec<(String, Expected)> {
    let output = Command::new(env!("CARGO_BIN_EXE_amp-stack"))
        .args(["metrics", "--json", &format!("stacks/{stack}")])
        .current_dir(root())
        .env_clear()
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let families = document["families"].as_array().unwrap().iter();
    let with_collector = families.filter(|family| !family["collector"].is_null());
    with_collector
        .map(|family| {
            let name = family["family"].as_str().unwrap().to_owned();
            (name, Expected(family["collector"].clone()))
        })
        .collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A series of an application says by its name what it is.
fn is_application(name: &str) -> bool {
    name.contains("harness")
}

/// What a form calls who sends, and the part of it that is an instance.
fn identity(destination: &Value) -> (&'static str, &'static str) {
    match text(&destination["format"]) {
        "remote_write" => ("job", "instance"),
        "cloudwatch_otlp" => ("@resource.service.name", "@resource.service.instance.id"),
        _ => ("service.name", "service.instance.id"),
    }
}

impl Expected {
    /// The version of the image.
    pub(crate) fn version(&self) -> &str {
        text(&self.0["version"])
    }

    /// How far what arrived was compared.
    pub(crate) fn summary(&self) -> &'static str {
        if list(&self.0["unknown"]).is_empty() {
            "as said"
        } else {
            "of which it is said that they are not known"
        }
    }

    /// The exporter that writes to the stack's workspace.
    pub(crate) fn writer(&self) -> &str {
        let parts = [&self.0["groups"], &self.0["applications"]];
        let mut destinations = parts
            .into_iter()
            .flat_map(list)
            .map(|one| &one["destination"]);
        let writer = destinations.find(|one| one["is_amp"] == true);
        writer.map_or("", |one| text(&one["exporter"]))
    }

    /// Returns whether it is said of the job of a sample that something of it is not known.
    fn is_unknown(&self, sample: &Sample) -> bool {
        let job = sample.labels.get("job").map_or("", String::as_str);
        let unknown = list(&self.0["unknown"]).iter();
        let mut words = unknown.flat_map(|sentence| text(sentence).split([' ', ':', ',']));
        !job.is_empty() && words.any(|word| word == job)
    }

    /// An exporter of remote write sends these labels.
    pub(crate) fn written(exporter: &str, mut labels: Labels) -> Sample {
        Sample {
            exporter: exporter.to_owned(),
            name: labels.remove("__name__").unwrap(),
            labels,
            unit: None,
            namespace: None,
            dimensions: BTreeSet::new(),
        }
    }

    /// The application that a series is of: the one that is scraped as its job, or else the one
    /// that is not scraped.
    fn application(&self, sample: &Sample) -> Option<&Value> {
        let of_exporter = |one: &&Value| text(&one["destination"]["exporter"]) == sample.exporter;
        let applications = || list(&self.0["applications"]).iter().filter(of_exporter);
        let scraped = applications().find(|one| {
            let (job, _) = identity(&one["destination"]);
            let job = sample.labels.get(job).map(String::as_str);
            !one["job"].is_null() && one["job"].as_str() == job
        });
        scraped.or_else(|| applications().find(|one| one["job"].is_null()))
    }

    /// Ways in which applications are to send something.
    pub(crate) fn takes(&self, via: &str) -> bool {
        list(&self.0["applications"])
            .iter()
            .any(|one| one["via"] == via)
    }

    /// Returns whether everything is there that is always to be.
    pub(crate) fn is_complete(&self, arrived: &[Sample]) -> bool {
        self.missing(arrived).is_empty()
    }

    fn missing(&self, arrived: &[Sample]) -> Vec<String> {
        let mut missing = Vec::new();
        for group in list(&self.0["groups"]) {
            let always = list(&group["series"]).iter();
            for series in always.filter(|series| series["when"].is_null()) {
                let name = text(&series["name"]);
                let found = arrived.iter().filter(|one| belongs(one, name, group));
                let (found, copies) = (found.count() as u64, group["copies"].as_u64().unwrap());
                if found != copies {
                    let (job, to) = (&group["job"], &group["destination"]["exporter"]);
                    missing.push(format!("{name} {job} at {to}: {found} arrived of {copies}"));
                }
            }
        }
        for application in list(&self.0["applications"]) {
            let mut of_it = arrived.iter().filter(|one| {
                is_application(&one.name) && self.application(one) == Some(application)
            });
            if of_it.next().is_none() {
                missing.push(format!("nothing of the application arrived: {application}"));
            }
        }
        if !list(&self.0["unknown"]).is_empty() {
            let mut of_it = arrived.iter().filter(|one| is_application(&one.name));
            if !of_it.any(|one| self.is_unknown(one)) {
                missing.push("nothing arrived of what is not known".to_owned());
            }
        }
        missing
    }

    /// What is not as it is said.
    pub(crate) fn compare(&self, arrived: &[Sample]) -> Vec<String> {
        let mut wrong = self.missing(arrived);
        for sample in arrived.iter().filter(|sample| !self.is_unknown(sample)) {
            let made = list(&self.0["groups"])
                .iter()
                .find(|part| belongs(sample, &sample.name, part));
            let part = match made {
                None if is_application(&sample.name) => self.application(sample),
                // What an application with an SDK says of itself has labels of its own.
                None if sample.name == "target_info" => {
                    let of = self.application(sample);
                    if of.is_some_and(|one| one["target_info"] == true) {
                        continue;
                    }
                    None
                }
                made => made,
            };
            match part {
                None => wrong.push(format!("this arrived and is not said: {sample:?}")),
                Some(part) => wrong.extend(unlike(sample, part)),
            }
        }
        wrong
    }
}

/// Returns whether a series that arrived is this one of the group.
fn belongs(sample: &Sample, name: &str, group: &Value) -> bool {
    let is_named = |series: &Value| series["name"] == name;
    let same = |member: &str, label: &str| {
        let arrived = sample.labels.get(label).map(String::as_str);
        group[member].is_null() || arrived == group[member].as_str()
    };
    let (job, instance) = identity(&group["destination"]);
    sample.name == name
        && sample.exporter == text(&group["destination"]["exporter"])
        && list(&group["series"]).iter().any(is_named)
        && same("job", job)
        && same("instance", instance)
}

/// How a series differs from what is said of it.
fn unlike(sample: &Sample, part: &Value) -> Vec<String> {
    let Sample {
        exporter,
        name,
        labels,
        ..
    } = sample;
    let name = format!("{name} at {exporter}");
    let mut wrong = Vec::new();
    let said = list(&part["labels"]);
    for label in said {
        let key = text(&label["name"]);
        match labels.get(key) {
            None if label["when"].is_null() => wrong.push(format!("{name} lacks {key}")),
            Some(value) if label["value"].as_str().is_some_and(|said| said != value) => {
                wrong.push(format!("{name} has {key}={value}, not {}", label["value"]));
            }
            Some(_) | None => {}
        }
    }
    let said: BTreeSet<&str> = said.iter().map(|label| text(&label["name"])).collect();
    // What an application with an SDK says of itself is its own.
    let own: &[&str] = if part["via"] == "otlp" {
        &[
            "job",
            "service_name",
            "service.name",
            "@resource.service.name",
            "path",
        ]
    } else {
        &[]
    };
    for key in labels.keys() {
        if !said.contains(key.as_str()) && !own.contains(&key.as_str()) {
            wrong.push(format!("{name} has {key}, which is not said"));
        }
    }
    let namespace = part["destination"]["namespace"].as_str();
    if sample.namespace.as_deref() != namespace {
        wrong.push(format!("{name} is in {:?}", sample.namespace));
    }
    let dimensions = list(&part["dimensions"]).iter().map(|set| {
        let set = list(set).iter();
        set.map(|one| text(one).to_owned()).collect()
    });
    let dimensions: BTreeSet<Vec<String>> = dimensions.collect();
    // Of an application's, those sets are left out of which it has not every label.
    let is_application = part.get("via").is_some();
    let are_said = sample.dimensions.is_subset(&dimensions);
    if !(sample.dimensions == dimensions || is_application && are_said) {
        wrong.push(format!("{name} has the dimensions {:?}", sample.dimensions));
    }
    if let Some(series) = part["series"].as_array() {
        let unit = series
            .iter()
            .find(|one| one["name"] == sample.name.as_str());
        let unit = unit.and_then(|one| one["unit"].as_str());
        if sample.unit.as_deref() != unit {
            wrong.push(format!(
                "{name} has the unit {:?}, not {unit:?}",
                sample.unit
            ));
        }
    }
    let patterns = list(
        part.get("name_patterns")
            .unwrap_or(&Value::Array(Vec::new())),
    )
    .to_vec();
    let fits = |pattern: &Value| {
        regex::Regex::new(text(pattern))
            .unwrap()
            .is_match(&sample.name)
    };
    if !patterns.is_empty() && !patterns.iter().any(fits) {
        wrong.push(format!("{name} fits none of {patterns:?}"));
    }
    wrong
}
