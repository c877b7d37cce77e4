//! Where a task can run, and how its containers are networked.

use crate::stack::{
    task_definition::view::View,
    tree::{Table, Tree},
};

/// The launch types that ECS validates a request against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Launch {
    pub(super) ec2: bool,
    pub(super) fargate: bool,
    pub(super) external: bool,
    pub(super) managed_instances: bool,
}

impl Launch {
    /// Reads `requiresCompatibilities`.
    pub(super) fn of(body: &Table) -> Self {
        let named = body
            .get("requiresCompatibilities")
            .map(View::elements)
            .unwrap_or_default();
        let has = |name: &str| named.iter().any(|n| n.known() == Some(name));
        Self {
            ec2: has("EC2"),
            fargate: has("FARGATE"),
            external: has("EXTERNAL"),
            managed_instances: has("MANAGED_INSTANCES"),
        }
    }

    /// Tells whether the task can run where ECS may not tell containers the region: anywhere but on Fargate alone.
    ///
    /// Agents on EC2 instances have begun to set `AWS_REGION` only lately (amazon-ecs-agent pull request 4946), and without any launch type named the task can run there.
    pub(super) fn may_lack_region(self) -> bool {
        self.ec2 || self.managed_instances || self.external || !self.fargate
    }
}

/// A network mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Network {
    /// An interface for the task.
    Awsvpc,
    /// Docker's bridge, the default except on Fargate, which has only awsvpc (ECS API reference, `RegisterTaskDefinition`, `networkMode`).
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
    pub(super) fn of(body: &Table) -> Self {
        match body.get("networkMode").map(|mode: &Tree| mode.known()) {
            None if Launch::of(body).fargate => Self::Awsvpc,
            None | Some(Some("bridge")) => Self::Bridge,
            Some(Some("awsvpc")) => Self::Awsvpc,
            Some(Some("host")) => Self::Host,
            Some(Some("none")) => Self::None,
            Some(_) => Self::Unknown,
        }
    }

    /// Tells whether all containers have one loopback and one set of ports.
    pub(super) fn is_shared(self) -> bool {
        matches!(self, Self::Awsvpc | Self::Host)
    }
}
