//! What runs, one by one: services, tasks and containers as ECS describes them, and the lines and
//! samples that come of them.

use std::collections::BTreeMap;

/// A service that runs a revision of a family, or is about to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// The name of its cluster.
    pub cluster: String,
    /// Its name.
    pub name: String,
    /// The family of the revision that it is to run.
    pub family: String,
    /// The number of that revision.
    pub revision: u32,
    /// How many tasks it is to have.
    pub desired: i32,
    /// How many it has.
    pub running: i32,
    /// How many it has that do not run yet.
    pub pending: i32,
    /// How far its deployment is, where ECS says so: `IN_PROGRESS`, `COMPLETED`, `FAILED`.
    pub rollout: Option<String>,
    /// What ECS says of that.
    pub rollout_reason: Option<String>,
    /// What happened to it, the last first.
    pub events: Vec<String>,
}

/// A task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Task {
    /// Its ARN, which its samples carry.
    pub arn: String,
    /// The name of its cluster.
    pub cluster: String,
    /// The name of its service, if it belongs to one.
    pub service: Option<String>,
    /// Its family.
    pub family: String,
    /// The number of its revision.
    pub revision: u32,
    /// What it is: `RUNNING`, `PENDING`, `STOPPED`.
    pub status: String,
    /// What it is to be: `RUNNING`, `STOPPED`.
    pub desired: String,
    /// How its containers are: `HEALTHY`, `UNHEALTHY`, `UNKNOWN`.
    pub health: Option<String>,
    /// Why it has stopped, in a word: `TaskFailedToStart`.
    pub stop_code: Option<String>,
    /// The same in a sentence.
    pub stopped_reason: Option<String>,
    /// When it began to run, in milliseconds since 1970.
    pub started_at: Option<u64>,
    /// When it stopped.
    pub stopped_at: Option<u64>,
    /// Its containers.
    pub containers: Vec<Container>,
}

/// A container of a task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// What it is: `RUNNING`, `PENDING`, `STOPPED`.
    pub status: String,
    /// How it is: `HEALTHY`, `UNHEALTHY`, `UNKNOWN`; `None` if nothing checks.
    pub health: Option<String>,
    /// The code that it ended with.
    pub exit_code: Option<i32>,
    /// Why it ended, or could not begin.
    pub reason: Option<String>,
}

/// What runs of some families.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workloads {
    /// The services.
    pub services: Vec<Service>,
    /// The tasks, with those that have stopped lately.
    pub tasks: Vec<Task>,
    /// What could not be seen, and why, for people.
    pub unseen: Vec<String>,
}

/// When and by whom a revision was registered, as far as ECS says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registered {
    /// When, in milliseconds since 1970.
    pub at: Option<u64>,
    /// The ARN of whoever did it.
    pub by: Option<String>,
}

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When it was written, in milliseconds since 1970.
    pub at: u64,
    /// What it says.
    pub text: String,
}

/// A sample of a series: its labels and its value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// The labels, with the name under `__name__`.
    pub labels: BTreeMap<String, String>,
    /// The value.
    pub value: f64,
}

impl Sample {
    /// The value of a label; a label that is not there is empty, as in PromQL.
    pub fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }
}

/// Samples that a workspace has discarded for one reason.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Discarded {
    /// What AWS calls the reason.
    pub reason: String,
    /// How many, by the second since 1970 at which the minute begins in which it was.
    pub counts: Vec<(u64, f64)>,
}

/// How many series of a workspace are active.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActiveSeries {
    /// How many are.
    pub count: u64,
    /// How many may be, if AWS says so.
    pub limit: Option<u64>,
}

/// What IAM says of an action of a role on a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// Whether it is allowed.
    pub is_allowed: bool,
    /// Whether a statement denies it, rather than none allowing it.
    pub is_explicit: bool,
    /// Whether the permissions boundary allows it; `None` if there is none.
    pub by_boundary: Option<bool>,
    /// Whether the policies of the organization allow it; `None` if IAM does not say.
    pub by_organization: Option<bool>,
    /// The condition keys that policies ask for and nobody knows.
    pub missing_keys: Vec<String>,
}

impl Task {
    /// The id, which ends the ARN.
    pub fn id(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or(&self.arn)
    }

    /// Whether it runs, and is to go on.
    pub fn runs(&self) -> bool {
        self.status == "RUNNING" && self.desired != "STOPPED"
    }

    /// The container `name`.
    pub fn container(&self, name: &str) -> Option<&Container> {
        self.containers.iter().find(|c| c.name == name)
    }
}

impl Service {
    /// How people name it: `prod/checkout`.
    pub fn path(&self) -> String {
        format!("{}/{}", self.cluster, self.name)
    }
}
