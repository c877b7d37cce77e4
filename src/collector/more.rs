//! What can be asked of a collector since the second defaults.

use std::collections::BTreeMap;

use crate::collector::{CloudWatch, Destination, Emf, Period};

/// What no configuration of the image does, and the first defaults did not know. All of it is
/// nothing by default, and then changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct More {
    /// Labels of every series, by name.
    pub labels: BTreeMap<String, String>,
    /// What is measured of the task, if the stack file says so: it is then asked for whether or not
    /// the application is measured.
    pub task_metrics: Option<TaskMetrics>,
    /// New names of metrics, by the names that these have.
    pub rename: BTreeMap<String, String>,
    /// What happens to attributes, which become labels.
    pub attributes: Attributes,
    /// Whether it takes metrics in the format of `StatsD`.
    pub statsd: bool,
    /// Whether it takes traces as the X-Ray daemon does, and sends them to X-Ray.
    pub xray_daemon: bool,
    /// How long samples are gathered before they are sent.
    pub batch: Option<Period>,
    /// How much is gathered before it is sent, and waits to be sent.
    pub sending: Sending,
    /// The ARN of the role that it takes on to write to the workspace.
    pub assume_role: Option<String>,
    /// CloudWatch's own endpoint, if it sends there too.
    pub cloudwatch: Option<CloudWatch>,
    /// The log group of CloudWatch's metrics, if it sends there too.
    pub emf: Option<Emf>,
    /// Where else it sends.
    pub destinations: Vec<Destination>,
    /// Whether everything that it sends goes into its log as well.
    pub debug: bool,
    /// The least level of what it writes into its log about itself.
    pub log_level: Option<&'static str>,
}

/// What happens to the attributes of what is measured, before they become labels. First values are
/// extracted, then attributes are renamed, then deleted, then added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// Patterns whose named groups become attributes, by the attributes whose values are compared.
    pub extract: BTreeMap<String, String>,
    /// New names, by the names that they have.
    pub rename: BTreeMap<String, String>,
    /// What is left out.
    pub delete: Vec<String>,
    /// Values, by names.
    pub add: BTreeMap<String, String>,
}

impl Attributes {
    /// Returns whether nothing happens.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// How samples are sent; what is not said is as the collector has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sending {
    /// After how many samples a batch is sent, whenever that is.
    pub batch_size: Option<u32>,
    /// How many samples a batch has at most.
    pub batch_max_size: Option<u32>,
    /// How many batches wait to be sent.
    pub queue_size: Option<u32>,
    /// How many are sent at once.
    pub consumers: Option<u32>,
    /// How long an answer may take.
    pub timeout: Option<Period>,
    /// How long it waits before it sends something for the second time.
    pub initial_interval: Option<Period>,
    /// How long it waits at most.
    pub max_interval: Option<Period>,
    /// After how long it gives up.
    pub max_elapsed_time: Option<Period>,
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
