//! Principals: whom a statement names.

use serde_json::Value;

use crate::{
    Refusal,
    iam::grammar::{strings, syntax},
};

/// Who is meant (IAM User Guide, "AWS JSON policy elements: Principal").
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Principal {
    /// `AWS`, `Service`, `Federated` or `CanonicalUser`.
    pub(super) kind: String,
    pub(super) name: String,
}

/// Reads the value of `Principal` or `NotPrincipal`.
pub(super) fn parse(value: &Value) -> Result<Vec<Principal>, Refusal> {
    let principal = |kind: &str, name: String| Principal {
        kind: kind.to_owned(),
        name,
    };
    match value {
        Value::String(text) if text == "*" => Ok(vec![principal("AWS", text.clone())]),
        Value::Object(members) if !members.is_empty() => {
            let mut principals = Vec::new();
            for (kind, names) in members {
                if !["AWS", "CanonicalUser", "Federated", "Service"].contains(&kind.as_str()) {
                    return Err(syntax());
                }
                principals.extend(
                    strings(names)?
                        .into_iter()
                        .map(|name| principal(kind, name)),
                );
            }
            if principals.is_empty() {
                return Err(syntax());
            }
            Ok(principals)
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => Err(syntax()),
    }
}
