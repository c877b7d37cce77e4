//! What `amp-stack metrics --json` says will arrive, and whether it did.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use serde_json::Value;

use crate::guide::pages::root;

/// The labels of a series that arrived.
pub(crate) type Labels = BTreeMap<String, String>;

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
    name.starts_with("harness_")
}

impl Expected {
    /// Returns whether nothing of it is unknown.
    pub(crate) fn is_known(&self) -> bool {
        list(&self.0["unknown"]).is_empty()
    }

    /// The version of the image, if the program is another one. It says its own as it starts.
    pub(crate) fn other_version(&self, collector: &str) -> Option<String> {
        let output = Command::new(collector).arg("--version").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned()
            + &String::from_utf8_lossy(&output.stdout);
        let version = text(&self.0["version"]);
        let is_it = said.contains(&format!("Collector version: {version}"));
        (!is_it).then(|| version.to_owned())
    }

    /// The application that a series is of: the one that is scraped as its job, or else the one
    /// that is not scraped.
    fn application(&self, labels: &Labels) -> Option<&Value> {
        let applications = list(&self.0["applications"]);
        let job = labels.get("job").map(String::as_str);
        let scraped = applications
            .iter()
            .find(|one| !one["job"].is_null() && one["job"].as_str() == job);
        scraped.or_else(|| applications.iter().find(|one| one["job"].is_null()))
    }

    /// Ways in which applications are to send something.
    pub(crate) fn takes(&self, via: &str) -> bool {
        list(&self.0["applications"])
            .iter()
            .any(|one| one["via"] == via)
    }

    /// Returns whether everything is there that is always to be.
    pub(crate) fn is_complete(&self, arrived: &[Labels]) -> bool {
        self.missing(arrived).is_empty()
    }

    fn missing(&self, arrived: &[Labels]) -> Vec<String> {
        let mut missing = Vec::new();
        for group in list(&self.0["groups"]) {
            let always = list(&group["series"]).iter();
            for series in always.filter(|series| series["when"].is_null()) {
                let name = text(&series["name"]);
                let found = arrived.iter().filter(|labels| belongs(labels, name, group));
                let (found, copies) = (found.count() as u64, group["copies"].as_u64().unwrap());
                if found != copies {
                    let job = text(&group["job"]);
                    missing.push(format!("{name} {job}: {found} arrived of {copies}"));
                }
            }
        }
        for application in list(&self.0["applications"]) {
            let mut of_it = arrived.iter().filter(|labels| {
                is_application(&labels["__name__"]) && self.application(labels) == Some(application)
            });
            if of_it.next().is_none() {
                missing.push(format!("nothing of the application arrived: {application}"));
            }
        }
        missing
    }

    /// What is not as it is said.
    pub(crate) fn compare(&self, arrived: &[Labels]) -> Vec<String> {
        let mut wrong = self.missing(arrived);
        for labels in arrived {
            let name = &labels["__name__"];
            let made = list(&self.0["groups"])
                .iter()
                .find(|part| belongs(labels, name, part));
            let part = match made {
                None if is_application(name) => self.application(labels),
                // What an application with an SDK says of itself has labels of its own.
                None if name == "target_info" => {
                    let of = self.application(labels);
                    if of.is_some_and(|one| one["target_info"] == true) {
                        continue;
                    }
                    None
                }
                made => made,
            };
            match part {
                None => wrong.push(format!("{name} arrived and is not said: {labels:?}")),
                Some(part) => wrong.extend(unlike(labels, part)),
            }
        }
        wrong
    }
}

/// Returns whether a series that arrived is this one of the group.
fn belongs(labels: &Labels, name: &str, group: &Value) -> bool {
    let is_named = |series: &Value| series["name"] == name;
    let same = |label: &str| {
        group[label].is_null() || labels.get(label).map(String::as_str) == group[label].as_str()
    };
    labels["__name__"] == name
        && list(&group["series"]).iter().any(is_named)
        && same("job")
        && same("instance")
}

/// How the labels of a series differ from what is said of them.
fn unlike(labels: &Labels, part: &Value) -> Vec<String> {
    let name = &labels["__name__"];
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
        &["job", "service_name", "path"]
    } else {
        &[]
    };
    for key in labels.keys() {
        let is_said = said.contains(key.as_str()) || own.contains(&key.as_str());
        if key != "__name__" && !is_said {
            wrong.push(format!("{name} has {key}, which is not said"));
        }
    }
    wrong
}
