//! Tags of ECS resources, as all operations take and list them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::members::{Members, invalid};
use crate::{Refusal, service::Input};

/// The tags of a resource, or none if it never had any: the tagging API distinguishes the two.
pub(crate) type Tags = Option<BTreeMap<String, String>>;

/// How many tags a resource may have (API reference, `TagResource`).
pub(super) const MAX_TAGS: usize = 50;

/// Reads and checks the tags of a request; `empty` is the error for an empty list, which differs
/// between operations.
///
/// The rules are in the API reference of every operation that takes tags, the characters are those
/// of the API model (botocore model ecs 2014-11-13, `TagKey` and `TagValue`).
pub(super) fn parse(input: &Input, empty: fn(&str) -> Refusal) -> Result<Tags, Refusal> {
    if !input.contains_key("tags") {
        return Ok(None);
    }
    let list = input.list("tags");
    if list.is_empty() {
        return Err(empty("Tags can not be empty."));
    }
    if list.len() > MAX_TAGS {
        let message = format!("Too many tags. The maximum number of tags is {MAX_TAGS}.");
        return Err(invalid(message));
    }
    let mut tags = BTreeMap::new();
    for tag in input.objects("tags") {
        let (key, value) = (tag.text("key"), tag.text("value").unwrap_or_default());
        let key = key.unwrap_or_default();
        check_text(key, 1, 128)?;
        check_text(value, 0, 256)?;
        if tags.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(invalid(format!("Duplicate tag key '{key}'.")));
        }
    }
    Ok(Some(tags))
}

fn check_text(text: &str, min: usize, max: usize) -> Result<(), Refusal> {
    let length = text.chars().count();
    if length < min || length > max {
        let message = format!("Tag keys have 1 to 128 characters, tag values 0 to 256: '{text}'.");
        return Err(invalid(message));
    }
    let allowed = |c: char| c.is_alphanumeric() || c.is_whitespace() || "_.:/=+-@".contains(c);
    if !text.chars().all(allowed) {
        return Err(invalid(format!(
            "Tag '{text}' contains invalid characters."
        )));
    }
    // AWS reserves the prefix for itself, however its letters are written, in keys and in values.
    if text
        .get(..4)
        .is_some_and(|prefix| prefix.eq_ignore_ascii_case("aws:"))
    {
        let message = format!("Tag '{text}' has the reserved prefix aws:.");
        return Err(invalid(message));
    }
    Ok(())
}

/// Tags as the API lists them.
pub(super) fn listed(tags: &Tags) -> Value {
    tags.iter()
        .flatten()
        .map(|(key, value)| json!({"key": key, "value": value}))
        .collect()
}
