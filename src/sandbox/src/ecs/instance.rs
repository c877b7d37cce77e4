//! A container instance.

pub(super) mod calls;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{needs::Needs, tag::Tags};

/// The container instances of a cluster by id.
pub(super) type Instances = BTreeMap<String, Instance>;

/// One container instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Instance {
    pub(super) arn: String,
    /// The id of the EC2 instance, or of the external instance that Systems Manager manages.
    ec2_id: String,
    /// What it has, with the ports that no task gets.
    pub(super) registered: Needs,
    /// What its agent said of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    attributes: Vec<Value>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    version_info: Map<String, Value>,
    /// Milliseconds since 1970.
    registered_at: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tags: Tags,
}

impl Instance {
    /// Which tasks run on it (developer guide, "Amazon ECS clusters for external instances": their
    /// ids are those of Systems Manager, `mi-…`).
    pub(super) fn launch_type(&self) -> &'static str {
        if self.ec2_id.starts_with("mi-") {
            "EXTERNAL"
        } else {
            "EC2"
        }
    }
}
