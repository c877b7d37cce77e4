//! What is there: AWS as it was read, already in normal form.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    kinds::{Resource, kind::Scope},
    model::{
        address::Kind,
        identity::Identity,
        live::{Live, TakenName},
        mention::{Mention, Presence},
        quota::{Known, Quota},
        running::Running,
        service::{Service, ServiceName},
    },
};

/// A live resource of any kind.
pub type LiveResource = Live<Resource>;

/// What was read of AWS. It is neither atomic nor fresh: a plan made from it may find the world
/// moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// Where it was read.
    pub identity: Identity,
    /// Everything that carries the stack's tags, and everything that has a name that the stack
    /// declares.
    pub found: Vec<LiveResource>,
    /// Every role of the account, because role names are unique across it.
    pub roles: Vec<TakenName>,
    /// What runs; `None` if it was not read, because nothing is removed.
    pub running: Option<Running>,
    /// The services that the stack declares.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub services: BTreeMap<ServiceName, Service>,
    /// What was found out about what the stack names and does not make.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub mentions: BTreeMap<Mention, Presence>,
    /// What was found out about the account's quotas.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub quotas: BTreeMap<Quota, Known>,
}

impl Snapshot {
    /// An account in which nothing lives.
    pub fn empty(identity: Identity) -> Self {
        Self {
            identity,
            found: Vec::new(),
            roles: Vec::new(),
            running: None,
            services: BTreeMap::new(),
            mentions: BTreeMap::new(),
            quotas: BTreeMap::new(),
        }
    }

    /// The names that resources of `kind` have, as far as they were read.
    pub fn taken_names(&self, kind: Kind) -> Vec<TakenName> {
        match Resource::scope(kind) {
            Scope::Account => self.roles.clone(),
            Scope::Region => {
                let found = self.found.iter();
                let of_kind = found.filter(|found| found.resource.kind() == kind);
                let names = of_kind.map(|found| TakenName {
                    name: found.resource.name().to_owned(),
                    arn: found.arn().to_owned(),
                    owner: found.owner.clone(),
                });
                names.collect()
            }
        }
    }
}
