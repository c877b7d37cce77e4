//! What was read, to be judged.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    model::workload::{ActiveSeries, Decision, Discarded, LogLine, Sample, Workloads},
    verify::Subject,
};

/// What was read, or why it could not be.
pub type Seen<T> = Result<T, String>;

/// Everything that was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// What is left to do.
    pub plan: PlanFacts,
    /// What was found of each family.
    pub families: Vec<(Subject, Evidence)>,
}

/// What is left to do to the stack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanFacts {
    /// The resources with something to do.
    pub changes: usize,
    /// What has to be decided first.
    pub decisions: usize,
    /// The command that shows it.
    pub plan_command: String,
    /// Whether it is about some of the resources only.
    pub is_narrowed: bool,
}

/// Whose role it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RoleUse {
    /// The containers'.
    Task,
    /// ECS's, before the containers start.
    Execution,
}

impl RoleUse {
    /// What people call it.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Task => "task role",
            Self::Execution => "execution role",
        }
    }
}

/// Something that a role has to be allowed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// Whose.
    pub of: RoleUse,
    /// The action.
    pub action: String,
    /// The ARN, or `*`.
    pub resource: String,
}

/// What was found of one family.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// When it was read, in milliseconds since 1970.
    pub now: u64,
    /// The trust policies of the roles; `None` where there is no such role.
    pub trust: BTreeMap<RoleUse, Seen<Option<Value>>>,
    /// What IAM says of each right.
    pub rights: Vec<(Right, Seen<Decision>)>,
    /// What runs of the family.
    pub workloads: Workloads,
    /// What the collectors have written.
    pub logs: Vec<LogEvidence>,
    /// What the workspace has; `None` if the collector's endpoint names none.
    pub samples: Option<Seen<Samples>>,
    /// What CloudWatch counts of the workspace; `None` if the collector's endpoint names none, or
    /// one of another account.
    pub counted: Option<WorkspaceCounts>,
}

/// What CloudWatch counts of a workspace.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkspaceCounts {
    /// What it has discarded within the hour, by reason.
    pub discarded: Seen<Vec<Discarded>>,
    /// How many of its series are active; `None` if there is no count yet.
    pub active: Seen<Option<ActiveSeries>>,
}

/// The last lines of the log of one task's collector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEvidence {
    /// The ARN of the task.
    pub task: String,
    /// The group and the stream.
    pub place: (String, String),
    /// The lines, oldest first.
    pub lines: Seen<Vec<LogLine>>,
}

/// What the workspace answers, always of this family and revision.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples {
    /// How many tasks have each series of the task, by name: `__name__`.
    pub task_series: Vec<Sample>,
    /// `up` by task, job and instance.
    pub up: Vec<Sample>,
    /// How many series of the application there are, by name.
    pub application: Vec<Sample>,
    /// How many series each task has, by its ARN.
    pub by_task: Vec<Sample>,
    /// When each task's last sample was taken, in seconds since 1970, by its ARN.
    pub last: Vec<Sample>,
    /// The series of the scrape jobs that carry no task, by job.
    pub unlabelled: Vec<Sample>,
    /// Whether there is no such workspace at all.
    pub has_no_workspace: bool,
}
