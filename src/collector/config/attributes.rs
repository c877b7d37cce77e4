//! What happens to attributes on their way to the exporters.
//!
//! An attribute is one of where a sample comes from, such as `aws.ecs.task.arn`, or one of the
//! sample itself. Each has a processor of its own, with the same actions; people see both as
//! labels, so both get what people ask for (opentelemetry-collector-contrib,
//! processor/resourceprocessor and processor/attributesprocessor).

use serde_json::{Value, json};

use crate::collector::{
    Attributes,
    config::{escaped, parts::Parts},
};

/// Adds the processors that do what is asked for, and returns their names.
pub(super) fn add(attributes: &Attributes, parts: &mut Parts) -> Vec<&'static str> {
    let shared = shared(attributes);
    let added = attributes.add.iter().map(
        |(name, value)| json!({"key": escaped(name), "value": escaped(value), "action": "upsert"}),
    );
    let of_resource: Vec<Value> = shared.iter().cloned().chain(added).collect();
    let mut names = Vec::new();
    if !of_resource.is_empty() {
        parts.add("processors", "resource", json!({"attributes": of_resource}));
        names.push("resource");
    }
    if !shared.is_empty() {
        parts.add("processors", "attributes", json!({"actions": shared}));
        names.push("attributes");
    }
    names
}

/// What happens to attributes wherever they are. What is not there is left alone.
fn shared(attributes: &Attributes) -> Vec<Value> {
    let delete = |name: &str| json!({"key": escaped(name), "action": "delete"});
    let extracted = attributes.extract.iter().map(|(name, pattern)| {
        json!({"key": escaped(name), "pattern": escaped(pattern), "action": "extract"})
    });
    let renamed = attributes.rename.iter().flat_map(|(old, new)| {
        let copied = json!({
            "key": escaped(new), "from_attribute": escaped(old), "action": "upsert",
        });
        [copied, delete(old)]
    });
    let deleted = attributes.delete.iter().map(|name| delete(name));
    extracted.chain(renamed).chain(deleted).collect()
}
