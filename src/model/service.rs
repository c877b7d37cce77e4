//! Services of ECS that a stack rolls new revisions out to: they are somebody else's, and only the
//! revision that they run is the stack's to decide.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::model::tags::Owner;

/// The name of a service: `prod/checkout`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServiceName {
    /// The name of the cluster.
    pub cluster: String,
    /// The name of the service in it.
    pub service: String,
}

/// A text is not the name of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not the name of a cluster and that of a service: `cluster/service`")]
pub struct NotAService;

impl fmt::Display for ServiceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.cluster, self.service)
    }
}

impl From<ServiceName> for String {
    fn from(name: ServiceName) -> Self {
        name.to_string()
    }
}

impl TryFrom<String> for ServiceName {
    type Error = NotAService;

    fn try_from(text: String) -> Result<Self, NotAService> {
        text.parse()
    }
}

/// Names of clusters and services are up to 255 letters, digits, `_` and `-` (ECS API reference,
/// `CreateCluster` and `CreateService`).
impl FromStr for ServiceName {
    type Err = NotAService;

    fn from_str(text: &str) -> Result<Self, NotAService> {
        let is_name = |name: &str| {
            let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
            (1..=255).contains(&name.len()) && name.chars().all(known)
        };
        match text.split_once('/') {
            Some((cluster, service)) if is_name(cluster) && is_name(service) => Ok(Self {
                cluster: cluster.to_owned(),
                service: service.to_owned(),
            }),
            Some(_) | None => Err(NotAService),
        }
    }
}

/// What a service runs, as seen by the family that it takes its tasks from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Runs {
    /// The newest revision.
    Newest,
    /// The newest revision by name only: its rollout was stopped, or going back failed, and ECS
    /// starts no more tasks of it.
    Stranded,
    /// Another one; `None` if its number is not known.
    Other(Option<u32>),
}

/// A service that is to run a family's newest revision: how that is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rollout {
    /// Until when to wait.
    pub wait: Wait,
    /// Whether it may be done although CloudFormation owns the service.
    pub take_over: bool,
}

/// Until when a rollout is waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wait {
    /// Until the deployment is done: no old task is left.
    #[default]
    Done,
    /// Until production traffic has shifted: old tasks stay for the time of baking.
    Shifted,
    /// Not at all.
    No,
}

/// What was read of a declared service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Service {
    /// There is no such cluster.
    NoCluster,
    /// The cluster has no such service, or it is being deleted.
    NoService,
    /// It is there.
    There(LiveService),
}

/// A service that is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiveService {
    /// The family of the revision that it runs; `None` if it says none.
    pub runs: Option<(String, u32)>,
    /// Who carries its deployments out.
    pub controller: Controller,
    /// Whose it is.
    pub owner: Owner,
    /// Whether a deployment is under way.
    pub is_deploying: bool,
    /// The revisions whose last rollout to it ended badly, with how.
    pub failed: BTreeMap<u32, String>,
    /// Whether its last deployment ended badly and has left it at the revision that it names.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_stranded: bool,
    /// Why its earlier deployments could not be seen.
    pub unseen: Option<String>,
}

/// Who carries the deployments of a service out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Controller {
    /// ECS, by a call of `UpdateService`.
    Ecs,
    /// ECS Express Mode, by a call of `UpdateExpressGatewayService`.
    Express,
    /// Somebody else, as `deploymentController` calls it: `CODE_DEPLOY`, `EXTERNAL`.
    Other(String),
}

impl LiveService {
    /// Returns whether a new deployment of what it names would bring it there. Express Mode has no
    /// call that asks for one (ECS API reference, `UpdateExpressGatewayService`).
    fn can_be_forced(&self) -> bool {
        self.is_stranded && self.controller == Controller::Ecs
    }
}

impl Service {
    /// Returns whether ECS Express Mode manages it.
    pub fn is_express(&self) -> bool {
        matches!(self, Self::There(live) if live.controller == Controller::Express)
    }

    /// What it runs, as seen by `family`, whose newest revision is `newest`; `None` if it runs none
    /// of its revisions.
    pub fn runs(&self, family: &str, newest: Option<u32>) -> Option<Runs> {
        match self {
            Self::NoCluster | Self::NoService => None,
            Self::There(live) => {
                let (_, revision) = live.runs.as_ref().filter(|(runs, _)| runs == family)?;
                let is_newest = Some(*revision) == newest;
                Some(match (is_newest, live.can_be_forced()) {
                    (true, true) => Runs::Stranded,
                    (true, false) => Runs::Newest,
                    (false, _) => Runs::Other(Some(*revision)),
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_two_names_and_nothing_else() {
        let name: ServiceName = "prod/check-out_2".parse().unwrap();
        assert_eq!(
            (name.cluster.as_str(), name.service.as_str()),
            ("prod", "check-out_2")
        );
        assert_eq!(name.to_string(), "prod/check-out_2");
        for wrong in ["prod", "prod/", "/checkout", "a/b/c", "a b/c", "", "é/c"] {
            assert_eq!(wrong.parse::<ServiceName>(), Err(NotAService), "{wrong}");
        }
    }
}
