//! What a workspace can have, as it is kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::input::Tags;

/// The alert manager definition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Definition {
    /// The file in base64, as it was sent.
    pub(super) data: String,
}

/// The configuration of a workspace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Configuration {
    pub(super) retention_days: i64,
    pub(super) out_of_order_seconds: i64,
    pub(super) rule_offset_seconds: i64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) limits: Vec<Limit>,
}

/// How many active series may carry these labels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Limit {
    /// Without labels it stands for all series that no other set matches.
    pub(super) labels: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) max_series: Option<i64>,
}

impl Default for Configuration {
    /// What a new workspace has: 150 days (Service Quotas, "Retention time for ingested data in
    /// days"), a window of 60 seconds and an offset of 60 seconds (AMP user guide, "Configure your
    /// workspace").
    fn default() -> Self {
        Self {
            retention_days: 150,
            out_of_order_seconds: 60,
            rule_offset_seconds: 60,
            limits: Vec::new(),
        }
    }
}

/// Where rules and the alert manager log to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Logging {
    pub(super) log_group_arn: String,
}

/// The one destination of query logs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct QueryLogging {
    pub(super) log_group_arn: String,
    /// Queries that process more samples than this are logged.
    pub(super) qsp_threshold: i64,
}

/// One namespace of rule groups.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct RuleGroups {
    /// The rules file in base64, as it was sent.
    pub(super) data: String,
    pub(super) tags: Tags,
}
