//! Reads the members of a request and refuses what the API model does not allow.

use std::{collections::BTreeMap, ops::RangeInclusive};

use serde_json::Value;

use crate::{
    Context, Refusal,
    service::{Input, elements, member},
};

use super::{
    arn::Arn,
    is_in_log_group_name, is_tag_text,
    refusal::{constraint, invalid, no_log_group, serialization},
};

/// The tags of a resource.
pub(super) type Tags = BTreeMap<String, String>;

/// The most tags that a resource may have (API reference, `TagResource`).
pub(super) const TAGS_MAX: usize = 50;

/// A string, if there is one.
pub(super) fn text<'a>(input: &'a Input, name: &str) -> Result<Option<&'a str>, Refusal> {
    member(input, name, Value::as_str, || {
        serialization(name, "a string")
    })
}

/// A string that must be there.
pub(super) fn required_text<'a>(input: &'a Input, name: &str) -> Result<&'a str, Refusal> {
    required(name, text(input, name)?)
}

/// A member that must be there.
pub(super) fn required<T>(name: &str, value: Option<T>) -> Result<T, Refusal> {
    value.ok_or_else(|| constraint(name, "not be null"))
}

/// A truth value, if there is one.
pub(super) fn boolean(input: &Input, name: &str) -> Result<Option<bool>, Refusal> {
    member(input, name, Value::as_bool, || {
        serialization(name, "a boolean")
    })
}

/// A whole number, if there is one.
pub(super) fn integer(input: &Input, name: &str) -> Result<Option<i64>, Refusal> {
    member(input, name, Value::as_i64, || {
        serialization(name, "an integer")
    })
}

/// A point in time in milliseconds since 1970, if there is one (API model, `Timestamp`: not
/// negative).
pub(super) fn millis(input: &Input, name: &str) -> Result<Option<u64>, Refusal> {
    let number = integer(input, name)?;
    let millis = number.map(u64::try_from).transpose();
    millis.map_err(|_| constraint(name, "be greater than or equal to 0"))
}

/// A list, if there is one.
pub(super) fn list<'a>(input: &'a Input, name: &str) -> Result<Option<&'a [Value]>, Refusal> {
    member(input, name, elements, || serialization(name, "a list"))
}

/// A list of strings, if there is one.
pub(super) fn texts<'a>(
    input: &'a Input,
    name: &str,
    count: RangeInclusive<usize>,
) -> Result<Option<Vec<&'a str>>, Refusal> {
    let Some(items) = list(input, name)? else {
        return Ok(None);
    };
    require_count(name, items.len(), &count)?;
    let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
    match texts {
        Some(texts) => Ok(Some(texts)),
        None => Err(serialization(name, "a list of strings")),
    }
}

/// One of the choices, if there is one.
pub(super) fn choice<'a>(
    input: &'a Input,
    name: &str,
    choices: &[&str],
) -> Result<Option<&'a str>, Refusal> {
    let Some(text) = text(input, name)? else {
        return Ok(None);
    };
    if choices.contains(&text) {
        Ok(Some(text))
    } else {
        let rule = format!("be one of {}", choices.join(", "));
        Err(constraint(name, &rule))
    }
}

/// A map of tags (API model, `Tags`, `TagKey`, `TagValue`). Unlike most services this one refuses
/// an empty map.
pub(super) fn tags(input: &Input) -> Result<Option<Tags>, Refusal> {
    const NAME: &str = "tags";
    let members = match input.get(NAME) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(members)) => members,
        Some(_) => return Err(serialization(NAME, "a map")),
    };
    require_count(NAME, members.len(), &(1..=TAGS_MAX))?;
    let mut tags = Tags::new();
    for (key, value) in members {
        let value = value
            .as_str()
            .ok_or_else(|| serialization(NAME, "a map of strings"))?;
        require_tag_key(NAME, key)?;
        require_length(NAME, value, &(0..=256))?;
        if !is_tag_text(value) {
            return Err(constraint(
                NAME,
                "have values of characters that tags can have",
            ));
        }
        tags.insert(key.clone(), value.to_owned());
    }
    Ok(Some(tags))
}

/// Refuses a tag key that no resource can have. The prefix `aws:` is reserved in whatever case
/// (Tagging AWS resources user guide, "Tag naming limits").
pub(super) fn require_tag_key(name: &str, key: &str) -> Result<(), Refusal> {
    require_length(name, key, &(1..=128))?;
    if !is_tag_text(key) {
        return Err(constraint(
            name,
            "have keys of characters that tags can have",
        ));
    }
    if key.to_lowercase().starts_with("aws:") {
        return Err(invalid(
            "Tag keys that begin with aws: are reserved for AWS.",
        ));
    }
    Ok(())
}

/// Refuses a text whose number of characters is out of range.
pub(super) fn require_length(
    name: &str,
    text: &str,
    range: &RangeInclusive<usize>,
) -> Result<(), Refusal> {
    if range.contains(&text.chars().count()) {
        Ok(())
    } else {
        let rule = format!(
            "have a length between {} and {}",
            range.start(),
            range.end()
        );
        Err(constraint(name, &rule))
    }
}

/// Refuses a list or map whose size is out of range.
pub(super) fn require_count(
    name: &str,
    count: usize,
    range: &RangeInclusive<usize>,
) -> Result<(), Refusal> {
    if range.contains(&count) {
        Ok(())
    } else {
        let rule = format!("have between {} and {} entries", range.start(), range.end());
        Err(constraint(name, &rule))
    }
}

/// The name of a log group, or the beginning of one (API model, `LogGroupName`).
pub(super) fn log_group_name<'a>(input: &'a Input, name: &str) -> Result<Option<&'a str>, Refusal> {
    let Some(value) = text(input, name)? else {
        return Ok(None);
    };
    require_length(name, value, &(1..=512))?;
    if value.bytes().all(is_in_log_group_name) {
        Ok(Some(value))
    } else {
        Err(constraint(name, r"match [\.\-_/#A-Za-z0-9]+"))
    }
}

/// `logGroupIdentifier`: a name, or an ARN without `:*` (API model, `LogGroupIdentifier`). Returns
/// the name.
pub(super) fn log_group_identifier<'a>(
    cx: &Context<'_>,
    input: &'a Input,
) -> Result<Option<&'a str>, Refusal> {
    const NAME: &str = "logGroupIdentifier";
    let Some(value) = text(input, NAME)? else {
        return Ok(None);
    };
    require_length(NAME, value, &(1..=2048))?;
    let is_allowed = |c: char| c.is_alphanumeric() || "_#+=/:,.@-".contains(c);
    if !value.chars().all(is_allowed) {
        return Err(constraint(NAME, r"match [\w#+=/:,.@-]*"));
    }
    match Arn::parse(value) {
        Some(arn) => own_log_group(cx, &arn).ok_or_else(no_log_group).map(Some),
        None => Ok(Some(value)),
    }
}

/// The name of the log group that an ARN stands for, if it is one of the account and region.
pub(super) fn own_log_group<'a>(cx: &Context<'_>, arn: &Arn<'a>) -> Option<&'a str> {
    let is_own = arn.service == "logs" && arn.region == cx.region && arn.account == cx.account;
    let name = arn.resource.strip_prefix("log-group:")?;
    is_own.then_some(name)
}
