//! Reads the members of an input, and collects what is wrong with them into one error, as IAM does.

use std::{fmt::Display, ops::RangeInclusive};

use serde_json::Value;

use crate::{Refusal, iam::Tag, service::Input};

/// IAM User Guide, "IAM and AWS STS quotas": tags on a role or a policy, and in one request.
pub(super) const MAX_TAGS: usize = 50;

/// The constraints of a string shape of the API model.
pub(super) struct Text {
    min: usize,
    max: usize,
    /// The pattern, as the model writes it.
    pattern: &'static str,
    matches: fn(&str) -> bool,
}

/// Any string of the model without a pattern.
const fn sized(min: usize, max: usize) -> Text {
    Text {
        min,
        max,
        pattern: "",
        matches: |_| true,
    }
}

/// A string of names: `[\w+=,.@-]+`.
const fn name(max: usize) -> Text {
    Text {
        min: 1,
        max,
        pattern: r"[\w+=,.@-]+",
        matches: |text| !text.is_empty() && text.chars().all(is_name_char),
    }
}

// The shapes of botocore's model iam 2010-05-08, in the order and with the names of the model.
pub(super) const ACTION_NAME: Text = sized(3, 128);
pub(super) const ARN: Text = sized(20, 2048);
pub(super) const CONTEXT_KEY: Text = sized(5, 256);
pub(super) const POLICY_DESCRIPTION: Text = sized(0, 1000);
pub(super) const RESOURCE_NAME: Text = sized(1, 2048);
pub(super) const POLICY_NAME: Text = name(128);
pub(super) const PROFILE_NAME: Text = name(128);
pub(super) const ROLE_NAME: Text = name(64);
pub(super) const MARKER: Text = Text {
    min: 1,
    max: 320,
    pattern: r"[\u0020-\u00FF]+",
    matches: |text| text.chars().all(|c| (' '..='\u{ff}').contains(&c)),
};
pub(super) const PATH: Text = Text {
    min: 1,
    max: 512,
    pattern: r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)",
    matches: |text| {
        let inner = text
            .strip_prefix('/')
            .and_then(|rest| rest.strip_suffix('/'));
        text == "/"
            || inner.is_some_and(|inner| {
                !inner.is_empty() && inner.chars().all(|c| c.is_ascii_graphic())
            })
    },
};
pub(super) const PATH_PREFIX: Text = Text {
    min: 1,
    max: 512,
    pattern: r"\u002F[\u0021-\u007F]*",
    matches: |text| text.starts_with('/') && text.chars().all(|c| ('!'..='\u{7f}').contains(&c)),
};
pub(super) const POLICY_DOCUMENT: Text = Text {
    min: 1,
    max: 131_072,
    pattern: r"[\u0009\u000A\u000D\u0020-\u00FF]+",
    matches: |text| {
        text.chars()
            .all(|c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{ff}'))
    },
};
pub(super) const POLICY_PATH: Text = Text {
    min: 1,
    max: 512,
    pattern: r"((/[A-Za-z0-9\.,\+@=_-]+)*)/",
    matches: |text| {
        text == "/"
            || text
                .strip_prefix('/')
                .and_then(|rest| rest.strip_suffix('/'))
                .is_some_and(|inner| {
                    inner
                        .split('/')
                        .all(|part| !part.is_empty() && part.chars().all(is_name_char))
                })
    },
};
pub(super) const POLICY_VERSION: Text = Text {
    min: 0,
    max: usize::MAX,
    pattern: r"v[1-9][0-9]*(\.[A-Za-z0-9-]*)?",
    matches: |text| {
        let rest = text.strip_prefix('v').unwrap_or_default();
        let (number, suffix) = rest.split_once('.').unwrap_or((rest, ""));
        number.starts_with(|c: char| matches!(c, '1'..='9'))
            && number.chars().all(|c| c.is_ascii_digit())
            && suffix
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-')
    },
};
pub(super) const ROLE_DESCRIPTION: Text = Text {
    min: 0,
    max: 1000,
    pattern: r"[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*",
    matches: |text| {
        text.chars()
            .all(|c| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}'))
    },
};
const TAG_KEY: Text = Text {
    min: 1,
    max: 128,
    pattern: r"[\p{L}\p{Z}\p{N}_.:/=+\-@]+",
    matches: |text| text.chars().all(is_tag_char),
};
const TAG_VALUE: Text = Text {
    min: 0,
    max: 256,
    pattern: r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*",
    matches: |text| text.chars().all(is_tag_char),
};

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_+=,.@-".contains(c)
}

/// `\p{L}`, `\p{Z}` and `\p{N}` by Rust's tables, in which white space has five control characters
/// more than `\p{Z}`.
fn is_tag_char(c: char) -> bool {
    let separator = c.is_whitespace() && !c.is_control();
    c.is_alphabetic() || c.is_numeric() || separator || "_.:/=+-@".contains(c)
}

/// An input that is being read.
pub(super) struct Reader<'a> {
    input: &'a Input,
    violations: Vec<String>,
    /// The first member that is not of its type at all.
    ill_typed: Option<Refusal>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(input: &'a Input) -> Self {
        Self {
            input,
            violations: Vec::new(),
            ill_typed: None,
        }
    }

    /// A string that must be there. Reads as empty if it is not: [`Self::done`] reports it.
    pub(super) fn required(&mut self, member: &str, shape: &Text) -> &'a str {
        self.optional(member, shape).unwrap_or_else(|| {
            self.missing(member);
            ""
        })
    }

    /// A string that may be there.
    pub(super) fn optional(&mut self, member: &str, shape: &Text) -> Option<&'a str> {
        let text = self.string(member)?;
        self.check(text, &camel(member), shape);
        Some(text)
    }

    /// A whole number within `range`.
    pub(super) fn number(&mut self, member: &str, range: &RangeInclusive<u32>) -> Option<u32> {
        let text = self.string(member)?;
        let Ok(number) = text.parse::<i64>() else {
            self.ill_typed(member, "an integer");
            return None;
        };
        if number < i64::from(*range.start()) {
            let rule = format!("value greater than or equal to {}", range.start());
            self.violation(&camel(member), number, &rule);
        } else if number > i64::from(*range.end()) {
            let rule = format!("value less than or equal to {}", range.end());
            self.violation(&camel(member), number, &rule);
        }
        u32::try_from(number).ok()
    }

    /// A boolean.
    pub(super) fn boolean(&mut self, member: &str) -> Option<bool> {
        match self.string(member)? {
            "true" => Some(true),
            "false" => Some(false),
            _ => {
                self.ill_typed(member, "a boolean");
                None
            }
        }
    }

    /// One of `values`.
    pub(super) fn one_of(&mut self, member: &str, values: &[&str]) -> Option<&'a str> {
        let text = self.string(member)?;
        self.check_enum(text, &camel(member), values);
        Some(text)
    }

    /// A list of strings; absent is empty.
    pub(super) fn texts(&mut self, member: &str, shape: &Text) -> Vec<&'a str> {
        let mut texts = Vec::new();
        for (index, item) in self.list(member).iter().enumerate() {
            let place = format!("{}.{}.member", camel(member), index + 1);
            match item.as_str() {
                Some(text) => {
                    self.check(text, &place, shape);
                    texts.push(text);
                }
                None => self.ill_typed(member, "a list of strings"),
            }
        }
        texts
    }

    /// A list of `values`; absent is empty.
    pub(super) fn list_of(&mut self, member: &str, values: &[&str]) -> Vec<&'a str> {
        let texts = self.texts(member, &sized(0, usize::MAX));
        for (index, text) in texts.iter().enumerate() {
            let place = format!("{}.{}.member", camel(member), index + 1);
            self.check_enum(text, &place, values);
        }
        texts
    }

    /// Keys of tags: at most fifty (`tagKeyListType`).
    pub(super) fn tag_keys(&mut self, member: &str) -> Vec<&'a str> {
        let keys = self.texts(member, &TAG_KEY);
        self.check_count(member, keys.len());
        keys
    }

    /// Tags: at most fifty (`tagListType`).
    pub(super) fn tags(&mut self, member: &str) -> Vec<Tag> {
        let list = self.list(member);
        self.check_count(member, list.len());
        let mut tags = Vec::new();
        for (index, item) in list.iter().enumerate() {
            let place = format!("{}.{}.member", camel(member), index + 1);
            let key = self.part(item, "Key", &place, &TAG_KEY);
            let value = self.part(item, "Value", &place, &TAG_VALUE);
            tags.extend(key.zip(value).map(|(key, value)| Tag {
                key: key.to_owned(),
                value: value.to_owned(),
            }));
        }
        tags
    }

    /// The items of a list; absent is empty, and so is "", by which awsQuery says "empty list".
    pub(super) fn list(&mut self, member: &str) -> &'a [Value] {
        match self.input.get(member) {
            None | Some(Value::Null) => &[],
            Some(Value::String(text)) if text.is_empty() => &[],
            Some(Value::Array(items)) => items,
            Some(Value::String(_) | Value::Bool(_) | Value::Number(_) | Value::Object(_)) => {
                self.ill_typed(member, "a list");
                &[]
            }
        }
    }

    /// A required string within a structure.
    pub(super) fn part(
        &mut self,
        item: &'a Value,
        name: &str,
        place: &str,
        shape: &Text,
    ) -> Option<&'a str> {
        let place = format!("{place}.{}", camel(name));
        let Some(text) = item.get(name).and_then(Value::as_str) else {
            self.violation(&place, "null", "not be null");
            return None;
        };
        self.check(text, &place, shape);
        Some(text)
    }

    /// Reports that a required member is not there.
    pub(super) fn missing(&mut self, member: &str) {
        self.violations.push(format!(
            "Value null at '{}' failed to satisfy constraint: Member must not be null",
            camel(member)
        ));
    }

    /// Reports a member that is not one of `values`.
    pub(super) fn check_enum(&mut self, text: &str, place: &str, values: &[&str]) {
        if !values.contains(&text) {
            self.violation(
                place,
                format!("'{text}'"),
                &format!("satisfy enum value set: [{}]", values.join(", ")),
            );
        }
    }

    /// Refuses the input if anything was wrong with it.
    pub(super) fn done(self) -> Result<(), Refusal> {
        if let Some(refusal) = self.ill_typed {
            return Err(refusal);
        }
        let (count, list) = (self.violations.len(), self.violations.join("; "));
        match count {
            0 => Ok(()),
            1 => Err(validation_error(format!(
                "1 validation error detected: {list}"
            ))),
            _ => Err(validation_error(format!(
                "{count} validation errors detected: {list}"
            ))),
        }
    }

    fn string(&mut self, member: &str) -> Option<&'a str> {
        match self.input.get(member) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text),
            Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                self.ill_typed(member, "a string");
                None
            }
        }
    }

    fn check(&mut self, text: &str, place: &str, shape: &Text) {
        let length = text.chars().count();
        let shown = format!("'{text}'");
        if length < shape.min {
            let rule = format!("have length greater than or equal to {}", shape.min);
            self.violation(place, &shown, &rule);
        }
        if length > shape.max {
            let rule = format!("have length less than or equal to {}", shape.max);
            self.violation(place, &shown, &rule);
        }
        if !(shape.matches)(text) {
            let rule = format!("satisfy regular expression pattern: {}", shape.pattern);
            self.violation(place, &shown, &rule);
        }
    }

    fn check_count(&mut self, member: &str, count: usize) {
        if count > MAX_TAGS {
            let rule = format!("have length less than or equal to {MAX_TAGS}");
            self.violation(&camel(member), "'[...]'", &rule);
        }
    }

    fn violation(&mut self, place: &str, value: impl Display, rule: &str) {
        let rule = if rule.starts_with("value ") {
            format!("have {rule}")
        } else {
            rule.to_owned()
        };
        self.violations.push(format!(
            "Value {value} at '{place}' failed to satisfy constraint: Member must {rule}"
        ));
    }

    /// IAM API reference, Common Errors: what cannot be read at all.
    fn ill_typed(&mut self, member: &str, kind: &str) {
        self.ill_typed.get_or_insert_with(|| {
            Refusal::new(400, "MalformedInput", format!("{member} is not {kind}"))
        });
    }
}

/// IAM API reference, Common Errors: the input fails to satisfy the constraints of the service.
pub(super) fn validation_error(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "ValidationError", message)
}

/// Members are named with a small letter in IAM's messages.
fn camel(member: &str) -> String {
    let mut chars = member.chars();
    chars
        .next()
        .map(|first| first.to_ascii_lowercase().to_string() + chars.as_str())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{
        PATH, PATH_PREFIX, POLICY_DOCUMENT, POLICY_PATH, POLICY_VERSION, ROLE_DESCRIPTION,
        ROLE_NAME, Reader, TAG_KEY, Text,
    };

    #[test]
    fn patterns_accept_what_the_model_accepts() {
        let table: [(&str, &Text, &[&str], &[&str]); 8] = [
            (
                "name",
                &ROLE_NAME,
                &["a", "A_z0+=,.@-"],
                &["", "a b", "a/b", "é", "a:b"],
            ),
            (
                "path",
                &PATH,
                &["/", "/a/", "/a/b/", "///"],
                &["", "a", "/a", "a/", "//", "/a b/", "/é/"],
            ),
            (
                "prefix",
                &PATH_PREFIX,
                &["/", "/a", "/a/b"],
                &["", "a", "/ "],
            ),
            (
                "document",
                &POLICY_DOCUMENT,
                &["{\n\t\r}", "é"],
                &["\u{1}", "한"],
            ),
            (
                "policy path",
                &POLICY_PATH,
                &["/", "/a/b/"],
                &["//", "/a", "/a!/"],
            ),
            (
                "version",
                &POLICY_VERSION,
                &["v1", "v10", "v2.a-b"],
                &["", "1", "v0", "v", "v1x", "v1._"],
            ),
            (
                "description",
                &ROLE_DESCRIPTION,
                &["", "a\nb", "é¡"],
                &["한", "\u{a0}", "\u{7f}"],
            ),
            (
                "tag key",
                &TAG_KEY,
                &["a b", "한", "_.:/=+-@", "½", "\u{2028}"],
                &["a!", "a\tb", "a#"],
            ),
        ];
        for (name, shape, good, bad) in table {
            for text in good {
                assert!((shape.matches)(text), "{name} accepts {text:?}");
            }
            for text in bad {
                assert!(!(shape.matches)(text), "{name} refuses {text:?}");
            }
        }
    }

    #[test]
    fn all_violations_are_in_one_error() {
        let Value::Object(input) = json!({ "RoleName": "a b", "MaxItems": "0" }) else {
            panic!("an object");
        };
        let mut reader = Reader::new(&input);
        reader.required("RoleName", &ROLE_NAME);
        reader.required("Path", &PATH);
        reader.number("MaxItems", &(1..=1000));
        let refusal = reader.done().expect_err("three violations");
        assert_eq!((refusal.status, refusal.code), (400, "ValidationError"));
        assert_eq!(
            refusal.message,
            "3 validation errors detected: Value 'a b' at 'roleName' failed to satisfy constraint: Member must satisfy \
             regular expression pattern: [\\w+=,.@-]+; Value null at 'path' failed to satisfy constraint: Member must not \
             be null; Value 0 at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1"
        );
    }

    #[test]
    fn what_is_of_another_type_cannot_be_read() {
        for (member, value) in [
            ("MaxItems", json!("ten")),
            ("OnlyAttached", json!("yes")),
            ("Tags", json!("x")),
            ("RoleName", json!({ "a": "b" })),
        ] {
            let input = serde_json::Map::from_iter([(member.to_owned(), value)]);
            let mut reader = Reader::new(&input);
            reader.number("MaxItems", &(1..=1000));
            reader.boolean("OnlyAttached");
            reader.tags("Tags");
            reader.optional("RoleName", &ROLE_NAME);
            let refusal = reader.done().expect_err(member);
            assert_eq!((refusal.status, refusal.code), (400, "MalformedInput"));
        }
    }
}
