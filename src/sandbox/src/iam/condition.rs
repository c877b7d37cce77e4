//! Conditions of statements: how they are written and when they hold (IAM User Guide, "IAM JSON
//! policy elements: Condition operators").

use std::net::IpAddr;

use aws_smithy_types::{DateTime, date_time::Format};
use serde_json::Value;

use crate::{
    Refusal,
    iam::{
        grammar::{malformed, syntax},
        pattern::{Pattern, RequestContext},
    },
};

/// One key of one operator.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Condition {
    operator: Operator,
    pub(super) key: String,
    values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Operator {
    quantifier: Option<Quantifier>,
    comparison: Comparison,
    negated: bool,
    if_exists: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Quantifier {
    ForAllValues,
    ForAnyValue,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Comparison {
    Equals,
    EqualsIgnoreCase,
    Like,
    Numeric(Relation),
    Date(Relation),
    Bool,
    Ip,
    Arn,
    Null,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Relation {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Operator {
    fn parse(text: &str) -> Option<Self> {
        let (quantifier, rest) = if let Some(rest) = text.strip_prefix("ForAllValues:") {
            (Some(Quantifier::ForAllValues), rest)
        } else if let Some(rest) = text.strip_prefix("ForAnyValue:") {
            (Some(Quantifier::ForAnyValue), rest)
        } else {
            (None, text)
        };
        let (name, if_exists) = rest
            .strip_suffix("IfExists")
            .map_or((rest, false), |name| (name, true));
        let (comparison, negated) = comparison(name)?;
        // The same page: Null has no other form.
        if comparison == Comparison::Null && (if_exists || quantifier.is_some()) {
            return None;
        }
        Some(Self {
            quantifier,
            comparison,
            negated,
            if_exists,
        })
    }
}

fn comparison(name: &str) -> Option<(Comparison, bool)> {
    use Comparison::{Arn, Bool, Date, Equals, EqualsIgnoreCase, Ip, Like, Null, Numeric};
    use Relation::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual};
    Some(match name {
        "StringEquals" | "BinaryEquals" => (Equals, false),
        "StringNotEquals" => (Equals, true),
        "StringEqualsIgnoreCase" => (EqualsIgnoreCase, false),
        "StringNotEqualsIgnoreCase" => (EqualsIgnoreCase, true),
        "StringLike" => (Like, false),
        "StringNotLike" => (Like, true),
        "NumericEquals" => (Numeric(Equal), false),
        "NumericNotEquals" => (Numeric(Equal), true),
        "NumericLessThan" => (Numeric(Less), false),
        "NumericLessThanEquals" => (Numeric(LessOrEqual), false),
        "NumericGreaterThan" => (Numeric(Greater), false),
        "NumericGreaterThanEquals" => (Numeric(GreaterOrEqual), false),
        "DateEquals" => (Date(Equal), false),
        "DateNotEquals" => (Date(Equal), true),
        "DateLessThan" => (Date(Less), false),
        "DateLessThanEquals" => (Date(LessOrEqual), false),
        "DateGreaterThan" => (Date(Greater), false),
        "DateGreaterThanEquals" => (Date(GreaterOrEqual), false),
        "Bool" => (Bool, false),
        "IpAddress" => (Ip, false),
        "NotIpAddress" => (Ip, true),
        "ArnEquals" | "ArnLike" => (Arn, false),
        "ArnNotEquals" | "ArnNotLike" => (Arn, true),
        "Null" => (Null, false),
        _ => return None,
    })
}

/// Reads the element `Condition`.
pub(super) fn parse(value: &Value) -> Result<Vec<Condition>, Refusal> {
    let operators = value.as_object().ok_or_else(syntax)?;
    let mut conditions = Vec::new();
    for (name, keys) in operators {
        let operator = Operator::parse(name)
            .ok_or_else(|| malformed(format!("Invalid Condition type : {name}.")))?;
        for (key, values) in keys.as_object().ok_or_else(syntax)? {
            if !key.contains(':') {
                return Err(malformed(
                    "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
                ));
            }
            let values = match values.as_array() {
                Some(list) => list.iter().map(scalar).collect::<Result<_, _>>()?,
                None => vec![scalar(values)?],
            };
            conditions.push(Condition {
                operator,
                key: key.clone(),
                values,
            });
        }
    }
    Ok(conditions)
}

/// IAM User Guide, "Grammar of the IAM JSON policy language": strings, numbers and booleans, all
/// compared as strings.
fn scalar(value: &Value) -> Result<String, Refusal> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(flag) => Ok(flag.to_string()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => Err(syntax()),
    }
}

impl Condition {
    /// Returns whether the condition holds for a request.
    pub(super) fn holds(&self, request: &RequestContext, has_variables: bool) -> bool {
        let found = request.get(&self.key.to_lowercase());
        if self.operator.comparison == Comparison::Null {
            // Null is true if the key is absent and "true" was written, or present and "false".
            return self
                .values
                .iter()
                .any(|value| value.eq_ignore_ascii_case("true") == found.is_none());
        }
        let Some(found) = found.filter(|values| !values.is_empty()) else {
            return self.holds_without_key();
        };
        let holds_for = |value: &String| {
            let mut wanted = self.values.iter();
            let matches = wanted.any(|wanted| self.matches(wanted, value, request, has_variables));
            matches != self.operator.negated
        };
        match self.operator.quantifier {
            Some(Quantifier::ForAllValues) => found.iter().all(holds_for),
            // A negated comparison of several values holds only if it holds for each.
            None if self.operator.negated => found.iter().all(holds_for),
            Some(Quantifier::ForAnyValue) | None => found.iter().any(holds_for),
        }
    }

    /// The same page, "...`IfExists`", and "Set operators for multivalued context keys".
    fn holds_without_key(&self) -> bool {
        self.operator.if_exists
            || match self.operator.quantifier {
                Some(Quantifier::ForAllValues) => true,
                Some(Quantifier::ForAnyValue) => false,
                None => self.operator.negated,
            }
    }

    fn matches(
        &self,
        wanted: &str,
        found: &str,
        request: &RequestContext,
        has_variables: bool,
    ) -> bool {
        let expand = |wildcards| {
            let variables = has_variables.then_some(request);
            Pattern::parse(wanted, wildcards, variables)
        };
        match self.operator.comparison {
            Comparison::Equals => expand(false).is_some_and(|pattern| pattern.matches(found)),
            Comparison::EqualsIgnoreCase => expand(false)
                .is_some_and(|pattern| pattern.lowercase().matches(&found.to_lowercase())),
            Comparison::Like => expand(true).is_some_and(|pattern| pattern.matches(found)),
            Comparison::Arn => expand(true).is_some_and(|pattern| pattern.matches_arn(found)),
            Comparison::Numeric(relation) => {
                compare(relation, wanted.parse::<f64>().ok(), found.parse().ok())
            }
            Comparison::Date(relation) => compare(relation, date(wanted), date(found)),
            Comparison::Bool => wanted.eq_ignore_ascii_case(found),
            Comparison::Ip => is_within(wanted, found),
            Comparison::Null => unreachable!("Null looks at the key only"),
        }
    }
}

fn compare(relation: Relation, wanted: Option<f64>, found: Option<f64>) -> bool {
    let Some((wanted, found)) = wanted.zip(found) else {
        return false;
    };
    match relation {
        Relation::Equal => found.total_cmp(&wanted).is_eq(),
        Relation::Less => found < wanted,
        Relation::LessOrEqual => found <= wanted,
        Relation::Greater => found > wanted,
        Relation::GreaterOrEqual => found >= wanted,
    }
}

/// Dates are written in ISO 8601 or as seconds since 1970 (the same page, "Date condition
/// operators").
fn date(text: &str) -> Option<f64> {
    let from_seconds = || text.parse::<f64>().ok();
    DateTime::from_str(text, Format::DateTimeWithOffset)
        .ok()
        .map(|date| date.as_secs_f64())
        .or_else(from_seconds)
}

/// An address, or a range in CIDR notation.
fn is_within(range: &str, address: &str) -> bool {
    let (network, length) = range
        .split_once('/')
        .map_or((range, None), |(network, length)| (network, Some(length)));
    let (Ok(network), Ok(address)) = (network.parse::<IpAddr>(), address.parse::<IpAddr>()) else {
        return false;
    };
    let (network, address, width) = match (network, address) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(a.to_bits()), u128::from(b.to_bits()), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits(), b.to_bits(), 128),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return false,
    };
    let Some(length) = length.map_or(Some(width), |length| length.parse::<u32>().ok()) else {
        return false;
    };
    match width.checked_sub(length) {
        None => false,
        Some(128) => true,
        Some(free) => network >> free == address >> free,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{RequestContext, parse};

    fn request() -> RequestContext {
        let entry = |key: &str, values: &[&str]| {
            let values = values.iter().map(|value| (*value).to_owned()).collect();
            (key.to_owned(), values)
        };
        RequestContext::from([
            entry("aws:username", &["alice"]),
            entry("aws:sourceip", &["10.1.2.3"]),
            entry("aws:currenttime", &["2026-06-01T00:00:00Z"]),
            entry("aws:securetransport", &["true"]),
            entry("aws:tagkeys", &["a", "b"]),
            entry(
                "aws:sourcearn",
                &["arn:aws:ecs:us-east-1:111122223333:task/x"],
            ),
            entry("s3:max-keys", &["10"]),
        ])
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table of cases")]
    fn when_conditions_hold() {
        let table: [(Value, bool); 43] = [
            (json!({ "StringEquals": { "aws:username": "alice" } }), true),
            (
                json!({ "StringEquals": { "AWS:UserName": ["bob", "alice"] } }),
                true,
            ),
            (
                json!({ "StringEquals": { "aws:username": "Alice" } }),
                false,
            ),
            (json!({ "StringEquals": { "aws:username": "ali*" } }), false),
            (json!({ "StringEquals": { "aws:none": "x" } }), false),
            (json!({ "StringEqualsIfExists": { "aws:none": "x" } }), true),
            (
                json!({ "StringEqualsIfExists": { "aws:username": "x" } }),
                false,
            ),
            (
                json!({ "StringNotEquals": { "aws:username": ["alice", "bob"] } }),
                false,
            ),
            (json!({ "StringNotEquals": { "aws:none": "x" } }), true),
            (
                json!({ "StringEqualsIgnoreCase": { "aws:username": "ALICE" } }),
                true,
            ),
            (
                json!({ "StringNotEqualsIgnoreCase": { "aws:username": "ALICE" } }),
                false,
            ),
            (json!({ "StringLike": { "aws:username": "a?i*" } }), true),
            (json!({ "StringNotLike": { "aws:username": "b*" } }), true),
            (
                json!({ "StringLike": { "aws:username": "${aws:username}" } }),
                true,
            ),
            (
                json!({ "StringLike": { "aws:username": "${aws:none}" } }),
                false,
            ),
            (json!({ "NumericEquals": { "s3:max-keys": 10 } }), true),
            (
                json!({ "NumericNotEquals": { "s3:max-keys": "10.0" } }),
                false,
            ),
            (json!({ "NumericLessThan": { "s3:max-keys": 11 } }), true),
            (
                json!({ "NumericLessThanEquals": { "s3:max-keys": 10 } }),
                true,
            ),
            (
                json!({ "NumericGreaterThan": { "s3:max-keys": 10 } }),
                false,
            ),
            (
                json!({ "NumericGreaterThanEquals": { "s3:max-keys": 10 } }),
                true,
            ),
            (json!({ "NumericEquals": { "aws:username": 10 } }), false),
            (
                json!({ "DateGreaterThan": { "aws:CurrentTime": "2026-05-31T23:59:59Z" } }),
                true,
            ),
            (
                json!({ "DateLessThan": { "aws:CurrentTime": "2026-06-01T02:00:00+02:00" } }),
                false,
            ),
            (
                json!({ "DateEquals": { "aws:CurrentTime": "1780272000" } }),
                true,
            ),
            (json!({ "Bool": { "aws:SecureTransport": true } }), true),
            (json!({ "Bool": { "aws:SecureTransport": "false" } }), false),
            (
                json!({ "IpAddress": { "aws:SourceIp": "10.0.0.0/8" } }),
                true,
            ),
            (json!({ "IpAddress": { "aws:SourceIp": "10.1.2.3" } }), true),
            (
                json!({ "IpAddress": { "aws:SourceIp": "0.0.0.0/0" } }),
                true,
            ),
            (
                json!({ "IpAddress": { "aws:SourceIp": "2001:db8::/32" } }),
                false,
            ),
            (
                json!({ "NotIpAddress": { "aws:SourceIp": "10.1.2.0/24" } }),
                false,
            ),
            (
                json!({ "ArnLike": { "aws:SourceArn": "arn:aws:ecs:*:111122223333:*" } }),
                true,
            ),
            (
                json!({ "ArnEquals": { "aws:SourceArn": "arn:aws:ecs:us-east-1:111122223333:task/?" } }),
                true,
            ),
            (
                json!({ "ArnNotLike": { "aws:SourceArn": "arn:aws:ecs:*:444455556666:*" } }),
                true,
            ),
            (
                json!({ "ArnLike": { "aws:SourceArn": "arn:aws:*:task/x" } }),
                false,
            ),
            (json!({ "Null": { "aws:none": "true" } }), true),
            (json!({ "Null": { "aws:username": "true" } }), false),
            (json!({ "Null": { "aws:username": false } }), true),
            (
                json!({ "ForAllValues:StringEquals": { "aws:TagKeys": ["a", "b", "c"] } }),
                true,
            ),
            (
                json!({ "ForAllValues:StringEquals": { "aws:TagKeys": ["a"] } }),
                false,
            ),
            (
                json!({ "ForAnyValue:StringEquals": { "aws:TagKeys": ["b"] } }),
                true,
            ),
            (
                json!({ "ForAnyValue:StringEquals": { "aws:none": ["b"] } }),
                false,
            ),
        ];
        for (condition, expected) in table {
            let parsed = parse(&condition).expect("well-formed");
            let holds = parsed
                .iter()
                .all(|condition| condition.holds(&request(), true));
            assert_eq!(holds, expected, "{condition}");
        }
    }

    #[test]
    fn null_has_no_other_form() {
        for name in ["NullIfExists", "ForAnyValue:Null"] {
            parse(&json!({ name: { "aws:x": "true" } })).expect_err(name);
        }
    }
}
