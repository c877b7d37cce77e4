//! What all parts of a policy document share: what the document is for, how lists are written, and
//! what IAM says of mistakes.

use serde_json::Value;

use crate::Refusal;

/// What a document is for, which decides what its statements must and must not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// What an identity may do: a managed or an inline policy, or a permissions boundary.
    Identity,
    /// Who may take a role.
    Trust,
    /// Who may do what with a resource: only in simulations.
    Resource,
}

pub(super) fn malformed(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "MalformedPolicyDocument", message)
}

/// What IAM says of most mistakes.
pub(super) fn syntax() -> Refusal {
    malformed("Syntax errors in policy.")
}

/// A string, or a list of strings.
pub(super) fn strings(value: &Value) -> Result<Vec<String>, Refusal> {
    match value {
        Value::String(text) => Ok(vec![text.clone()]),
        Value::Array(items) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned).ok_or_else(syntax))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Err(syntax()),
    }
}
