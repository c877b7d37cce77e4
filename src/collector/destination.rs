//! Where else than to its workspace a collector sends.

use std::collections::BTreeMap;

use crate::model::template::Template;

/// CloudWatch's own endpoint of OTLP (CloudWatch user guide, "Send metrics using OpenTelemetry").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudWatch {
    /// The region.
    pub region: String,
    /// The URL that metrics are sent to.
    pub url: String,
}

/// Metrics of CloudWatch as lines of a log, in the Embedded Metric Format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emf {
    /// The name of the log group.
    pub log_group: Template,
    /// Its ARN.
    pub log_group_arn: Template,
    /// Its region.
    pub region: String,
    /// The namespace of the metrics.
    pub namespace: String,
    /// The sets of attributes that become dimensions.
    pub dimensions: Vec<Vec<String>>,
    /// Patterns of the names of metrics that are sent; all are if there are none.
    pub metrics: Vec<String>,
}

/// Another place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// Which.
    pub to: SendTo,
    /// The headers of each request.
    pub headers: BTreeMap<String, Header>,
}

/// What a place is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendTo {
    /// A workspace.
    Workspace {
        /// Its ARN.
        arn: String,
        /// Where samples are sent to.
        url: String,
        /// Its region.
        region: String,
        /// The ARN of the role that is taken on to write to it.
        assume_role: Option<String>,
    },
    /// Whoever takes Prometheus' remote write at this URL.
    RemoteWrite(String),
    /// Whoever takes OTLP.
    Otlp {
        /// Where: a URL.
        url: String,
        /// Whether over gRPC.
        is_grpc: bool,
        /// Whether it gets metrics.
        metrics: bool,
        /// Whether it gets traces.
        traces: bool,
    },
}

/// The value of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Header {
    /// This.
    Plain(String),
    /// What this variable of the collector holds.
    Secret(String),
}
