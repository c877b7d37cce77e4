//! What runs: which revisions of task definitions services and tasks use, and what those revisions
//! need.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize};

use crate::model::address::Kind;

/// What runs in one region of an account, as far as it could be seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Running {
    /// The revisions that something runs.
    pub revisions: Vec<RunningRevision>,
    /// What could not be seen, and why, for people.
    pub unseen: BTreeSet<String>,
}

/// A revision that something runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunningRevision {
    /// Its family.
    pub family: String,
    /// Its number.
    pub revision: u32,
    /// What it needs, by what calls name it by: the names of roles and log groups, the ids of
    /// workspaces. Empty if that was not asked for.
    pub needs: BTreeSet<Need>,
    /// Who runs it.
    pub users: BTreeSet<User>,
}

/// A resource that a revision needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// Its kind.
    pub kind: Kind,
    /// What calls name it by.
    pub target: String,
}

/// Who runs a revision.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum User {
    /// A service: it starts tasks from it, or has some that are left of it.
    Service {
        /// The name of the cluster.
        cluster: String,
        /// The name of the service.
        service: String,
    },
    /// A service that is being deployed, and that goes back to the revision if that fails.
    GoesBack {
        /// The name of the cluster.
        cluster: String,
        /// The name of the service.
        service: String,
    },
    /// A daemon, which has a task of it on each of its instances.
    Daemon {
        /// The name of the cluster.
        cluster: String,
        /// The name of the daemon.
        daemon: String,
    },
    /// Tasks of no service, or of one that could not be found out.
    Tasks {
        /// The name of the cluster.
        cluster: String,
        /// How many.
        count: usize,
    },
}

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service { cluster, service } => {
                write!(f, "service {service} in cluster {cluster}")
            }
            Self::GoesBack { cluster, service } => write!(
                f,
                "service {service} in cluster {cluster}, which goes back to it if its deployment fails"
            ),
            Self::Daemon { cluster, daemon } => write!(f, "daemon {daemon} in cluster {cluster}"),
            Self::Tasks { cluster, count: 1 } => write!(f, "1 task in cluster {cluster}"),
            Self::Tasks { cluster, count } => write!(f, "{count} tasks in cluster {cluster}"),
        }
    }
}

impl Running {
    /// Who uses what calls name `target`, each with the revision that does: `service api in cluster
    /// prod (api:3)`. A family is used by whoever runs one of its revisions.
    pub fn users(&self, kind: Kind, target: &str) -> Vec<String> {
        let mut named = BTreeSet::new();
        for revision in self.revisions.iter().filter(|r| r.uses(kind, target)) {
            let (family, number) = (&revision.family, revision.revision);
            let users = revision.users.iter();
            named.extend(users.map(|user| format!("{user} ({family}:{number})")));
        }
        named.into_iter().collect()
    }

    /// The revisions of `family` that something runs or may go back to, with their users. What a
    /// daemon runs is of no such family, whatever it is called.
    pub fn revisions_of(&self, family: &str) -> BTreeMap<u32, &BTreeSet<User>> {
        let revisions = self.revisions.iter();
        revisions
            .filter(|revision| revision.family == family && !revision.is_of_daemons())
            .map(|revision| (revision.revision, &revision.users))
            .collect()
    }
}

impl RunningRevision {
    /// Returns whether it is of a daemon's task definition, which has families of its own.
    fn is_of_daemons(&self) -> bool {
        let is_daemon = |user: &User| matches!(user, User::Daemon { .. });
        !self.users.is_empty() && self.users.iter().all(is_daemon)
    }

    fn uses(&self, kind: Kind, target: &str) -> bool {
        let needs = |need: &Need| need.kind == kind && need.target == target;
        self.needs.iter().any(needs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_named_with_the_revision_that_they_run() {
        let need = |kind, target: &str| Need {
            kind,
            target: target.to_owned(),
        };
        let running = Running {
            revisions: vec![RunningRevision {
                family: "api".to_owned(),
                revision: 3,
                needs: [need(Kind::TaskDefinition, "api"), need(Kind::Role, "Task")].into(),
                users: [
                    User::Service {
                        cluster: "prod".to_owned(),
                        service: "api".to_owned(),
                    },
                    User::Tasks {
                        cluster: "prod".to_owned(),
                        count: 2,
                    },
                ]
                .into(),
            }],
            unseen: BTreeSet::new(),
        };
        let named = [
            "2 tasks in cluster prod (api:3)",
            "service api in cluster prod (api:3)",
        ];
        assert_eq!(running.users(Kind::Role, "Task"), named);
        assert_eq!(running.users(Kind::TaskDefinition, "api"), named);
        assert_eq!(running.users(Kind::LogGroup, "Task"), [""; 0]);
        assert_eq!(running.users(Kind::Role, "Tas"), [""; 0]);
        assert_eq!(running.revisions_of("api").len(), 1);
        assert_eq!(running.revisions_of("ap").len(), 0);
    }
}
