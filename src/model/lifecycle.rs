//! How a declared resource is treated.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::model::service::{Rollout, ServiceName};

/// How a resource is treated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lifecycle {
    /// Refuse to delete or replace it.
    pub prevent_destroy: bool,
    /// Take it over if it exists and nobody of amp-stack owns it.
    pub adopt: bool,
    /// With `adopt`, the id of the one that is meant, where names need not be unique.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopt_id: Option<String>,
    /// Build it anew although nothing forces that: a replacement, or of a task definition a new
    /// revision.
    pub replace: bool,
    /// What is left to somebody else.
    pub ignore: Vec<IgnorePath>,
    /// How many revisions of a task definition stay active; `None` is all of them.
    pub keep_revisions: Option<u32>,
    /// How a task definition is rolled out to each of its services.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub services: BTreeMap<ServiceName, Rollout>,
}

/// A path to something within a resource that is left to somebody else: `tags.CostCenter`,
/// `containers.app.image`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct IgnorePath(Vec<String>);

impl IgnorePath {
    /// Splits at dots; for tags everything after the first dot is the key, because tag keys may
    /// hold dots.
    pub fn new(path: &str) -> Self {
        let parts = match path.split_once('.') {
            Some(("tags", key)) => vec!["tags".to_owned(), key.to_owned()],
            Some(_) | None => path.split('.').map(str::to_owned).collect(),
        };
        Self(parts)
    }

    /// The parts.
    pub fn parts(&self) -> Vec<&str> {
        self.0.iter().map(String::as_str).collect()
    }
}

impl fmt::Display for IgnorePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

impl From<String> for IgnorePath {
    fn from(path: String) -> Self {
        Self::new(&path)
    }
}

impl From<IgnorePath> for String {
    fn from(path: IgnorePath) -> Self {
        path.to_string()
    }
}
