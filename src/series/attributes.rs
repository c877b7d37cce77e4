//! What distinguishes series: the attributes that a collector finds or is given, and the labels
//! that they become.

use std::collections::BTreeMap;

use crate::{
    collector::version::Version,
    model::identity::Identity,
    series::{document, naming},
};

/// When a label's value becomes another one, which begins new series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Varies {
    /// Never, as far as the task definition goes.
    Never,
    /// With each revision.
    Revision,
    /// With each task.
    Task,
    /// While a task lives.
    Life,
}

impl Varies {
    /// Its word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Revision => "revision",
            Self::Task => "task",
            Self::Life => "life",
        }
    }
}

/// What a label is said of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Of {
    /// The series: Prometheus and CloudWatch's logs keep no other.
    Series,
    /// What is measured: an attribute of the resource in OTLP.
    Resource,
    /// Each sample: an attribute of the data point in OTLP.
    Sample,
}

impl Of {
    /// Its word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Series => "series",
            Self::Resource => "resource",
            Self::Sample => "sample",
        }
    }
}

/// A label.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label {
    /// Its name.
    pub name: String,
    /// What it is said of.
    pub of: Of,
    /// Its value, if that is known from the task definition.
    pub value: Option<String>,
    /// When that becomes another one.
    pub varies: Varies,
    /// When the label is there, if not always: for people, after "only".
    pub when: Option<&'static str>,
}

/// An attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attribute {
    pub(super) value: Option<String>,
    pub(super) varies: Varies,
    pub(super) when: Option<&'static str>,
}

impl Attribute {
    /// One whose value is known.
    pub(super) fn known(value: impl Into<String>) -> Self {
        Self {
            value: Some(value.into()),
            varies: Varies::Never,
            when: None,
        }
    }

    /// One whose value is found out where it runs.
    pub(super) fn found(varies: Varies) -> Self {
        Self {
            value: None,
            varies,
            when: None,
        }
    }

    pub(super) fn only(self, when: &'static str) -> Self {
        Self {
            when: Some(when),
            ..self
        }
    }
}

/// Attributes by name.
pub(super) type Attributes = BTreeMap<String, Attribute>;

/// What is known of the task besides its collector's configuration.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place<'a> {
    pub(super) family: Option<&'a str>,
    pub(super) identity: Option<&'a Identity>,
}

impl Place<'_> {
    fn family(&self) -> Attribute {
        self.family
            .map_or_else(|| Attribute::found(Varies::Never), Attribute::known)
    }
}

const IN_SERVICE: &str = "in a service";
const ON_INSTANCE: &str = "on an EC2 instance";

/// What the receiver `awsecscontainermetrics` says of a task: its file `resource.go`, the same from
/// v0.30 to v0.49.
pub(super) fn of_task(place: &Place<'_>) -> Attributes {
    use Varies::{Life, Never, Revision, Task};
    let found = Attribute::found;
    let mut attributes = vec![
        ("aws.ecs.cluster.name", found(Never)),
        ("aws.ecs.launchtype", found(Never)),
        ("aws.ecs.service.name", found(Never).only(IN_SERVICE)),
        ("aws.ecs.task.arn", found(Task)),
        ("aws.ecs.task.family", place.family()),
        ("aws.ecs.task.known_status", found(Life)),
        ("aws.ecs.task.launch_type", found(Never)),
        ("aws.ecs.task.pull_started_at", found(Task)),
        ("aws.ecs.task.pull_stopped_at", found(Task)),
        ("aws.ecs.task.revision", found(Revision)),
        ("aws.ecs.task.version", found(Revision)),
        ("cloud.availability_zone", found(Task)),
    ];
    // It finds these in ARNs that begin with `arn:aws:ecs`, so in no other partition.
    let is_read = |identity: &Identity| identity.partition == "aws";
    if place.identity.is_none_or(is_read) {
        attributes.extend([
            ("aws.ecs.task.id", found(Task)),
            ("cloud.account.id", found(Never)),
            ("cloud.region", found(Never)),
        ]);
    }
    collect(attributes)
}

/// What it says of a container besides.
pub(super) fn of_container() -> Attributes {
    use Varies::{Life, Never, Revision, Task};
    let found = Attribute::found;
    let ended = "after the container has ended";
    collect([
        ("aws.ecs.container.created_at", found(Task)),
        ("aws.ecs.container.exit_code", found(Life).only(ended)),
        ("aws.ecs.container.finished_at", found(Life).only(ended)),
        ("aws.ecs.container.image.id", found(Revision)),
        ("aws.ecs.container.know_status", found(Life)),
        ("aws.ecs.container.started_at", found(Task)),
        ("aws.ecs.docker.name", found(Task)),
        ("container.id", found(Task)),
        ("container.image.name", found(Never)),
        ("container.image.tag", found(Revision)),
        ("container.name", found(Never)),
    ])
}

fn collect<'a>(attributes: impl IntoIterator<Item = (&'a str, Attribute)>) -> Attributes {
    let attributes = attributes.into_iter();
    attributes
        .map(|(name, attribute)| (name.to_owned(), attribute))
        .collect()
}

/// The first version whose detector `ecs` says the id of the task (opentelemetry-collector-contrib
/// v0.92.0, `internal/aws/ecs/ecs.go`; v0.91.0 does not).
const DETECTS_TASK_ID: Version = (0, 37);

/// What a detector of the processor `resourcedetection` finds, if it is one of those that the
/// configurations for ECS use (`internal/aws/ecs`, `internal/aws/ec2`, `internal/system`,
/// `internal/env`, but for the id the same from v0.30 to v0.49).
pub(super) fn detected(
    detector: &str,
    version: Option<Version>,
    place: &Place<'_>,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Option<Attributes> {
    use Varies::{Never, Revision, Task};
    let found = Attribute::found;
    let on_instance = |varies| found(varies).only(ON_INSTANCE);
    let logs = "of containers that log to CloudWatch and run before the collector";
    Some(match detector {
        "env" => of_environment(&variable("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default()),
        "system" => collect([("host.name", found(Task)), ("os.type", found(Never))]),
        "ecs" => collect(
            [
                ("aws.ecs.cluster.arn", found(Never)),
                ("aws.ecs.launchtype", found(Never)),
                ("aws.ecs.task.arn", found(Task)),
                ("aws.ecs.task.family", place.family()),
                ("aws.ecs.task.revision", found(Revision)),
                ("aws.log.group.arns", found(Varies::Life).only(logs)),
                ("aws.log.group.names", found(Varies::Life).only(logs)),
                ("aws.log.stream.arns", found(Varies::Life).only(logs)),
                ("aws.log.stream.names", found(Varies::Life).only(logs)),
                ("cloud.account.id", found(Never)),
                ("cloud.availability_zone", found(Task)),
                ("cloud.platform", Attribute::known("aws_ecs")),
                ("cloud.provider", Attribute::known("aws")),
                ("cloud.region", found(Never)),
            ]
            .into_iter()
            .chain(id_of_task(version)),
        ),
        "ec2" => collect([
            ("host.id", on_instance(Task)),
            ("host.image.id", on_instance(Task)),
            ("host.type", on_instance(Task)),
        ]),
        _ => return None,
    })
}

/// The id of the task, where the detector of the version says it.
fn id_of_task(version: Option<Version>) -> Option<(&'static str, Attribute)> {
    let is_said = version.is_none_or(|version| version >= DETECTS_TASK_ID);
    is_said.then(|| ("aws.ecs.task.id", Attribute::found(Varies::Task)))
}

/// `OTEL_RESOURCE_ATTRIBUTES`: `name=value` with commas between (OpenTelemetry specification,
/// "Resource SDK").
fn of_environment(text: &str) -> Attributes {
    let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
    let known = pairs.map(|(name, value)| {
        let value = percent_encoding::percent_decode_str(value.trim()).decode_utf8_lossy();
        (name.trim(), Attribute::known(value))
    });
    collect(known)
}

/// The labels that attributes become, with those in `external` that they are not already.
pub(super) fn labels(attributes: &Attributes, external: &serde_json::Value) -> Vec<Label> {
    let mut labels: BTreeMap<String, Label> = BTreeMap::new();
    for (name, attribute) in attributes {
        // A label without a value is none.
        if attribute.value.as_deref() == Some("") {
            continue;
        }
        let name = naming::label(name);
        let label = Label {
            name: name.clone(),
            of: Of::Series,
            value: attribute.value.clone(),
            varies: attribute.varies,
            when: attribute.when,
        };
        labels.entry(name).or_insert(label);
    }
    for (name, value) in external.as_object().into_iter().flatten() {
        let label = Label {
            name: name.clone(),
            of: Of::Series,
            value: document::scalar(value),
            varies: Varies::Never,
            when: None,
        };
        labels.entry(name.clone()).or_insert(label);
    }
    labels.into_values().collect()
}

/// Attributes as they are, for destinations that spell them as the collector does.
pub(super) fn unspelled(attributes: &Attributes, of: Of) -> Vec<Label> {
    let attributes = attributes.iter();
    let labels = attributes.map(|(name, attribute)| Label {
        name: name.clone(),
        of,
        value: attribute.value.clone(),
        varies: attribute.varies,
        when: attribute.when,
    });
    labels.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_id_of_the_task_is_detected_since_v0_37() {
        let ids = |version| {
            let found = detected("ecs", version, &Place::default(), &|_| None);
            found.is_some_and(|found| found.contains_key("aws.ecs.task.id"))
        };
        assert!(!ids(Some((0, 36))));
        assert!(ids(Some((0, 37))) && ids(None));
    }

    #[test]
    fn other_partitions_lack_what_the_receiver_does_not_find() {
        let china = Identity::new("111122223333", "cn-north-1");
        let place = Place {
            family: Some("app"),
            identity: Some(&china),
        };
        let attributes = of_task(&place);
        assert!(attributes.contains_key("aws.ecs.task.arn"));
        assert!(!attributes.contains_key("cloud.region"));
    }

    #[test]
    fn labels_of_ones_own_do_not_replace_others() {
        let attributes = of_environment("team=a%20b, deployment.environment=prod,empty=");
        let found = labels(&attributes, &json!({"team": "x", "tier": 1}));
        let found: Vec<(&str, Option<&str>)> = found
            .iter()
            .map(|label| (label.name.as_str(), label.value.as_deref()))
            .collect();
        assert_eq!(
            found,
            [
                ("deployment_environment", Some("prod")),
                ("team", Some("a b")),
                ("tier", Some("1")),
            ]
        );
    }
}
