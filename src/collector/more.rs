//! What can be asked of a collector since the second defaults.

use std::collections::BTreeMap;

use crate::collector::Period;

/// What no configuration of the image does, and the first defaults did not know. All of it is
/// nothing by default, and then changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct More {
    /// Labels of every series, by name.
    pub labels: BTreeMap<String, String>,
    /// What is measured of the task.
    pub task_metrics: TaskMetrics,
    /// New names of metrics, by the names that these have.
    pub rename: BTreeMap<String, String>,
    /// Whether it takes metrics in the format of `StatsD`.
    pub statsd: bool,
    /// Whether it takes traces as the X-Ray daemon does, and sends them to X-Ray.
    pub xray_daemon: bool,
    /// How long samples are gathered before they are sent.
    pub batch: Option<Period>,
    /// The ARN of the role that it takes on to write to the workspace.
    pub assume_role: Option<String>,
    /// Whether everything that it sends goes into its log as well.
    pub debug: bool,
}

/// What is measured of a task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TaskMetrics {
    /// The task as a whole.
    #[default]
    Task,
    /// Its containers besides.
    Containers,
    /// Nothing.
    Off,
    /// The metrics of these names.
    Named(Vec<String>),
}
