//! Reads the members of requests and documents whose types have been checked by `shape`.

use serde_json::{Map, Value};

use crate::service::Refusal;

/// Typed reading of a structure. A member of another type reads as absent.
pub(crate) trait Members {
    /// The string `name`, if present.
    fn text(&self, name: &str) -> Option<&str>;
    /// The integer `name`, if present.
    fn integer(&self, name: &str) -> Option<i64>;
    /// The boolean `name`, if present.
    fn flag(&self, name: &str) -> Option<bool>;
    /// The elements of the list `name`; none if it is absent.
    fn list(&self, name: &str) -> &[Value];
    /// The structure or map `name`, if present.
    fn object(&self, name: &str) -> Option<&Map<String, Value>>;

    /// The structures in the list `name`.
    fn objects(&self, name: &str) -> impl Iterator<Item = &Map<String, Value>> {
        self.list(name).iter().filter_map(Value::as_object)
    }

    /// The strings in the list `name`.
    fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        self.list(name).iter().filter_map(Value::as_str)
    }
}

impl Members for Map<String, Value> {
    fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }

    fn integer(&self, name: &str) -> Option<i64> {
        self.get(name).and_then(Value::as_i64)
    }

    fn flag(&self, name: &str) -> Option<bool> {
        self.get(name).and_then(Value::as_bool)
    }

    fn list(&self, name: &str) -> &[Value] {
        self.get(name)
            .and_then(Value::as_array)
            .map_or(&[], Vec::as_slice)
    }

    fn object(&self, name: &str) -> Option<&Map<String, Value>> {
        self.get(name).and_then(Value::as_object)
    }
}

/// A `ClientException`, HTTP 400: how ECS refuses task definitions.
pub(super) fn client(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "ClientException", message)
}

/// An `InvalidParameterException`, HTTP 400: how ECS refuses most other parameters.
pub(super) fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "InvalidParameterException", message)
}

/// Whether `name` is 1 to 255 letters, digits, underscores and hyphens: the form of families,
/// containers, volumes, clusters and services (API reference, `RegisterTaskDefinition`,
/// `CreateCluster`, `CreateService`).
pub(super) fn is_name(name: &str) -> bool {
    (1..=255).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// The first of `names` that appears twice.
pub(super) fn duplicate<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut seen = std::collections::BTreeSet::new();
    names.into_iter().find(|name| !seen.insert(*name))
}
