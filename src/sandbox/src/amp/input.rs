//! Reads the members of a request and refuses what the API model does not allow.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    Refusal,
    logs::{arn::Arn, is_tag_text},
    service::{Input, elements, member},
};

use super::refusal::{cannot_parse, invalid};

/// The tags of a resource.
pub(super) type Tags = BTreeMap<String, String>;

/// The most tags that a resource may have (API model, `TagMap`).
pub(super) const TAGS_MAX: usize = 50;

/// A string, if there is one.
pub(super) fn text<'a>(input: &'a Input, name: &str) -> Result<Option<&'a str>, Refusal> {
    member(input, name, Value::as_str, || {
        cannot_parse(name, "must be a string")
    })
}

/// A string that must be there.
pub(super) fn required_text<'a>(input: &'a Input, name: &str) -> Result<&'a str, Refusal> {
    text(input, name)?.ok_or_else(|| invalid(name, "must not be null"))
}

/// A whole number within the range, if there is one. Query parameters arrive as text.
pub(super) fn integer(
    input: &Input,
    name: &str,
    range: std::ops::RangeInclusive<i64>,
) -> Result<Option<i64>, Refusal> {
    let whole = |value: &Value| match value.as_str() {
        Some(text) => text.parse().ok(),
        None => value.as_i64(),
    };
    let number = member(input, name, whole, || {
        cannot_parse(name, "must be an integer")
    })?;
    let Some(number) = number else {
        return Ok(None);
    };
    if range.contains(&number) {
        Ok(Some(number))
    } else {
        let rule = format!("must be between {} and {}", range.start(), range.end());
        Err(invalid(name, &rule))
    }
}

/// A list, if there is one.
pub(super) fn list<'a>(input: &'a Input, name: &str) -> Result<Option<&'a [Value]>, Refusal> {
    member(input, name, elements, || {
        cannot_parse(name, "must be a list")
    })
}

/// A structure, if there is one.
pub(super) fn structure<'a>(input: &'a Input, name: &str) -> Result<Option<&'a Input>, Refusal> {
    member(input, name, Value::as_object, || {
        cannot_parse(name, "must be a structure")
    })
}

/// `workspaceId`: 1 to 64 characters with a letter or digit among them (API model, `WorkspaceId`).
pub(super) fn workspace_id(input: &Input) -> Result<&str, Refusal> {
    let id = required_text(input, "workspaceId")?;
    require_length("workspaceId", id, 1, 64)?;
    require_alphanumeric("workspaceId", id)?;
    Ok(id)
}

/// `clientToken`: 1 to 64 visible ASCII characters (API model, `IdempotencyToken`).
pub(super) fn client_token(input: &Input) -> Result<Option<&str>, Refusal> {
    let Some(token) = text(input, "clientToken")? else {
        return Ok(None);
    };
    require_length("clientToken", token, 1, 64)?;
    if token.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(Some(token))
    } else {
        Err(invalid("clientToken", "must match [!-~]+"))
    }
}

/// `kmsKeyArn` (API model, `KmsKeyArn`). The pattern leaves out alias ARNs and the ids of
/// multi-Region keys, which begin `mrk-`.
pub(super) fn kms_key_arn(input: &Input) -> Result<Option<&str>, Refusal> {
    let Some(arn) = text(input, "kmsKeyArn")? else {
        return Ok(None);
    };
    require_length("kmsKeyArn", arn, 20, 2048)?;
    let is_key = Arn::parse(arn).is_some_and(|arn| {
        arn.service == "kms"
            && arn.is_located()
            && arn.resource.strip_prefix("key/").is_some_and(|id| {
                !id.is_empty()
                    && id
                        .bytes()
                        .all(|byte| matches!(byte, b'a'..=b'f' | b'0'..=b'9' | b'-'))
            })
    });
    if is_key {
        Ok(Some(arn))
    } else {
        Err(invalid("kmsKeyArn", "must be the ARN of a KMS key"))
    }
}

/// A map of tags (API model, `TagMap`, `TagKey`, `TagValue`).
pub(super) fn tags(input: &Input, name: &str) -> Result<Option<Tags>, Refusal> {
    let Some(members) = structure(input, name)? else {
        return Ok(None);
    };
    if members.len() > TAGS_MAX {
        return Err(invalid(name, "must have at most 50 entries"));
    }
    let mut tags = Tags::new();
    for (key, value) in members {
        let value = value
            .as_str()
            .ok_or_else(|| cannot_parse(name, "must map strings to strings"))?;
        require_tag_key(name, key)?;
        require_length(name, value, 0, 256)?;
        if !is_tag_text(value) {
            return Err(invalid(
                name,
                "has a value with a character that tags can't have",
            ));
        }
        tags.insert(key.clone(), value.to_owned());
    }
    Ok(Some(tags))
}

/// Refuses a tag key that no resource can have. Keys must not begin with `aws:` (API reference,
/// `TagResource`), in whatever case (Tagging AWS resources user guide, "Tag naming limits").
pub(super) fn require_tag_key(name: &str, key: &str) -> Result<(), Refusal> {
    require_length(name, key, 1, 128)?;
    if !is_tag_text(key) {
        return Err(invalid(
            name,
            "has a key with a character that tags can't have",
        ));
    }
    if key.to_lowercase().starts_with("aws:") {
        return Err(invalid(
            name,
            "has a key that begins with the reserved prefix aws:",
        ));
    }
    Ok(())
}

/// Refuses a text whose number of characters is out of range.
pub(super) fn require_length(
    name: &str,
    text: &str,
    min: usize,
    max: usize,
) -> Result<(), Refusal> {
    let length = text.chars().count();
    if (min..=max).contains(&length) {
        Ok(())
    } else {
        let rule = format!("must have a length between {min} and {max}");
        Err(invalid(name, &rule))
    }
}

/// Refuses a text without any ASCII letter or digit, which is all that the pattern
/// `.*[0-9A-Za-z][-.0-9A-Z_a-z]*.*` asks for.
pub(super) fn require_alphanumeric(name: &str, text: &str) -> Result<(), Refusal> {
    if text.contains(|c: char| c.is_ascii_alphanumeric()) {
        Ok(())
    } else {
        Err(invalid(name, "must match .*[0-9A-Za-z][-.0-9A-Z_a-z]*.*"))
    }
}
