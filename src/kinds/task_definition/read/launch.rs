//! Where a task can run, and how its containers are networked.

use std::collections::BTreeSet;

use crate::{
    file::tree::{Key, Table, Tree, Value},
    kinds::task_definition::read::view::View,
    model::template::Template,
};

/// A launch type (ECS API reference, `Compatibility`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LaunchType {
    /// Instances of the account.
    Ec2,
    /// Capacity of AWS.
    Fargate,
    /// Machines elsewhere.
    External,
    /// Instances that AWS manages.
    ManagedInstances,
}

/// The launch types that ECS validates a request against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Launch {
    known: BTreeSet<LaunchType>,
    /// Whether there are others, of which nothing is known: misspelt ones, or those of a later day.
    others: bool,
}

impl Launch {
    /// Reads `requiresCompatibilities`.
    pub(crate) fn of(body: &Table) -> Self {
        let Some(tree) = body.get("requiresCompatibilities") else {
            return Self {
                known: BTreeSet::new(),
                others: false,
            };
        };
        let launch_type = |tree: &Tree| match tree.known() {
            Some("EC2") => Some(LaunchType::Ec2),
            Some("FARGATE") => Some(LaunchType::Fargate),
            Some("EXTERNAL") => Some(LaunchType::External),
            Some("MANAGED_INSTANCES") => Some(LaunchType::ManagedInstances),
            Some(_) | None => None,
        };
        let named = tree.elements().iter();
        Self {
            known: named.clone().filter_map(launch_type).collect(),
            others: !matches!(tree.value, Value::List(_))
                || named.clone().any(|tree| launch_type(tree).is_none()),
        }
    }

    /// Returns whether ECS may validate the request against `launch_type`, for all that is known.
    pub(crate) fn may_have(&self, launch_type: LaunchType) -> bool {
        self.others || self.has(launch_type)
    }

    /// Returns whether ECS validates the request against `launch_type`.
    pub(crate) fn has(&self, launch_type: LaunchType) -> bool {
        self.known.contains(&launch_type)
    }

    /// Returns whether ECS gives the task a network interface unless the file says otherwise: on
    /// Fargate, which has nothing else, and on managed instances (ECS developer guide, "Amazon ECS
    /// task definition parameters for Amazon ECS Managed Instances").
    fn defaults_to_awsvpc(&self) -> bool {
        let only_managed = !self.others && self.known.iter().eq([&LaunchType::ManagedInstances]);
        only_managed || self.has(LaunchType::Fargate)
    }

    /// Returns whether the task can run where ECS may not give containers the region: anywhere but
    /// on Fargate alone.
    ///
    /// Agents on EC2 instances have begun to set `AWS_REGION` only lately (amazon-ecs-agent pull
    /// request 4946), and without any launch type named the task can run there.
    pub(crate) fn may_lack_region(&self) -> bool {
        self.known.iter().ne([&LaunchType::Fargate])
    }
}

/// Says `awsvpc` for a task on Fargate whose file names no network mode.
///
/// ECS does not choose it there but refuses any other (ECS API reference, `RegisterTaskDefinition`,
/// `networkMode`), so there is nothing to decide; the plan shows it.
pub(crate) fn fill_in_network(body: &mut Table) {
    if body.get("networkMode").is_some() || !Launch::of(body).has(LaunchType::Fargate) {
        return;
    }
    let span = body
        .get("requiresCompatibilities")
        .map_or_else(|| body.span.clone(), |at| at.span.clone());
    let key = Key {
        span: span.clone(),
        text: "networkMode".to_owned(),
    };
    let value = Value::Text(Template::from("awsvpc"));
    body.entries.push((key, Tree { span, value }));
}

/// A network mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Network {
    /// An interface for the task.
    Awsvpc,
    /// Docker's bridge, the default on other instances (ECS API reference,
    /// `RegisterTaskDefinition`, `networkMode`).
    Bridge,
    /// The network of the host.
    Host,
    /// No network.
    None,
    /// Not known yet, or not known at all.
    Unknown,
}

impl Network {
    /// Reads `networkMode`.
    pub(crate) fn of(body: &Table) -> Self {
        match body.get("networkMode").map(|mode: &Tree| mode.known()) {
            None => Self::by_default(&Launch::of(body)),
            Some(Some("bridge")) => Self::Bridge,
            Some(Some("awsvpc")) => Self::Awsvpc,
            Some(Some("host")) => Self::Host,
            Some(Some("none")) => Self::None,
            Some(_) => Self::Unknown,
        }
    }

    /// The network of a task that names none.
    fn by_default(launch: &Launch) -> Self {
        if launch.defaults_to_awsvpc() {
            Self::Awsvpc
        } else if launch.others {
            Self::Unknown
        } else {
            Self::Bridge
        }
    }

    /// Returns whether all containers have one loopback and one set of ports.
    pub(crate) fn is_shared(self) -> bool {
        matches!(self, Self::Awsvpc | Self::Host)
    }
}
