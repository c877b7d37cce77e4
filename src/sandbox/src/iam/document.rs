//! Reads policy documents as strictly as IAM does (IAM User Guide, "Grammar of the IAM JSON policy
//! language").

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    Refusal,
    iam::{
        grammar::{Kind, malformed, syntax},
        statement::{self, Statement},
    },
};

/// A policy document.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Document {
    /// Whether `${…}` is a variable: not before the version 2012-10-17 (IAM User Guide, "IAM JSON
    /// policy elements: Version").
    pub(super) has_variables: bool,
    pub(super) statements: Vec<Statement>,
}

/// Reads a document of `kind`.
pub(super) fn parse(text: &str, kind: Kind) -> Result<Document, Refusal> {
    if text.starts_with(char::is_whitespace) {
        return Err(malformed("JSON strings must not have leading spaces"));
    }
    let value: Value =
        serde_json::from_str(text).map_err(|_| malformed("This policy contains invalid Json"))?;
    let Value::Object(members) = &value else {
        return Err(syntax());
    };
    let known = ["Version", "Id", "Statement"];
    if members.keys().any(|name| !known.contains(&name.as_str())) {
        return Err(syntax());
    }
    if members.get("Id").is_some_and(|id| !id.is_string()) {
        return Err(syntax());
    }
    let has_variables = match members.get("Version") {
        None => false,
        Some(version) => match version.as_str() {
            Some("2008-10-17") => false,
            Some("2012-10-17") => true,
            _ => return Err(syntax()),
        },
    };
    let statements = match members.get("Statement") {
        None => return Err(malformed("Missing required field Statement")),
        Some(Value::Array(list)) if list.is_empty() => {
            return Err(malformed("Missing required field Statement"));
        }
        Some(Value::Array(list)) => list
            .iter()
            .map(|item| statement::parse(item, kind))
            .collect::<Result<Vec<_>, _>>()?,
        Some(item) => vec![statement::parse(item, kind)?],
    };
    let mut ids = BTreeSet::new();
    let mut named = statements
        .iter()
        .filter_map(|statement| statement.sid.as_ref());
    // An empty id counts as none: the trust policies that the console writes have several.
    if named.any(|sid| !sid.is_empty() && !ids.insert(sid)) {
        return Err(malformed(
            "Statement IDs (SID) in a single policy must be unique.",
        ));
    }
    Ok(Document {
        has_variables,
        statements,
    })
}

/// The size that counts against quotas: characters without white space (IAM User Guide, "IAM and
/// AWS STS quotas").
pub(super) fn size(text: &str) -> usize {
    text.chars().filter(|c| !c.is_whitespace()).count()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{parse, size};
    use crate::iam::grammar::Kind;

    fn identity(change: impl FnOnce(&mut Value)) -> String {
        let mut document = json!({
            "Version": "2012-10-17",
            "Statement": [{ "Effect": "Allow", "Action": "s3:Get*", "Resource": "*" }],
        });
        change(&mut document);
        document.to_string()
    }

    #[test]
    fn identity_policies_that_iam_takes() {
        let table = [
            identity(|_| ()),
            identity(|d| d["Version"] = json!("2008-10-17")),
            identity(|d| d["Id"] = json!("x")),
            identity(|d| d["Statement"] = d["Statement"][0].clone()),
            identity(|d| d["Statement"][0]["Sid"] = json!("Abc1")),
            identity(|d| d["Statement"][0]["Action"] = json!(["*", "aps:RemoteWrite"])),
            identity(|d| d["Statement"][0]["Resource"] = json!("arn:aws:s3:::bucket/*")),
            identity(|d| d["Statement"][0]["Resource"] = json!("arn:aws:dynamodb:*")),
            identity(|d| {
                d["Statement"][0]["Condition"] = json!({ "StringEquals": { "aws:x": ["a"] } });
            }),
            identity(|d| {
                d["Statement"][0]["Condition"] =
                    json!({ "ForAnyValue:StringLikeIfExists": { "aws:x": "a" } });
            }),
            identity(|d| {
                d["Statement"][0]["Condition"] = json!({ "Bool": { "aws:SecureTransport": true } });
            }),
        ];
        for text in table {
            parse(&text, Kind::Identity).expect(&text);
        }
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table of cases")]
    fn identity_policies_that_iam_refuses() {
        let without = |name: &str| {
            identity(|d| {
                d["Statement"][0]
                    .as_object_mut()
                    .expect("an object")
                    .remove(name);
            })
        };
        let table = [
            (" {}".to_owned(), "leading spaces"),
            ("{not json".to_owned(), "invalid Json"),
            ("[]".to_owned(), "Syntax errors"),
            (
                json!({ "Version": "2012-10-17" }).to_string(),
                "Missing required field Statement",
            ),
            (
                identity(|d| d["Statement"] = json!([])),
                "Missing required field Statement",
            ),
            (
                identity(|d| d["Version"] = json!("2020-01-01")),
                "Syntax errors",
            ),
            (identity(|d| d["Extra"] = json!(1)), "Syntax errors"),
            (without("Effect"), "Missing required field Effect"),
            (without("Action"), "must contain actions"),
            (without("Resource"), "must contain resources"),
            (
                identity(|d| d["Statement"][0]["Effect"] = json!("allow")),
                "Syntax errors",
            ),
            (
                identity(|d| d["Statement"][0]["Extra"] = json!("x")),
                "Syntax errors",
            ),
            (
                identity(|d| d["Statement"][0]["Principal"] = json!("*")),
                "should not specify a principal",
            ),
            (
                identity(|d| d["Statement"][0]["NotAction"] = json!("s3:*")),
                "Syntax errors",
            ),
            (
                identity(|d| d["Statement"][0]["NotResource"] = json!("*")),
                "Syntax errors",
            ),
            (
                identity(|d| d["Statement"][0]["Action"] = json!("GetObject")),
                "prefaced by a vendor",
            ),
            (
                identity(|d| d["Statement"][0]["Action"] = json!("s 3:Get")),
                "Vendor s 3 is not valid",
            ),
            (
                identity(|d| d["Statement"][0]["Action"] = json!([])),
                "must contain actions",
            ),
            (
                identity(|d| d["Statement"][0]["Action"] = json!(7)),
                "Syntax errors",
            ),
            (
                identity(|d| d["Statement"][0]["Resource"] = json!("bucket")),
                "must be in ARN format",
            ),
            (
                identity(|d| d["Statement"][0]["Resource"] = json!("arn:a*:s3:::b")),
                "Partition \"a*\" is not valid",
            ),
            (
                identity(|d| d["Statement"][0]["Resource"] = json!("arn:aws:s*:::b")),
                "Resource vendor must be fully qualified",
            ),
            (
                identity(|d| d["Statement"][0]["Resource"] = json!([])),
                "must contain resources",
            ),
            (
                identity(|d| d["Statement"][0]["Sid"] = json!("a b")),
                "alpha-numeric",
            ),
            (
                identity(|d| {
                    let mut statement = d["Statement"][0].clone();
                    statement["Sid"] = json!("One");
                    d["Statement"] = json!([statement, statement]);
                }),
                "must be unique",
            ),
            (
                identity(|d| {
                    d["Statement"][0]["Condition"] = json!({ "StringEqual": { "aws:x": "a" } });
                }),
                "Invalid Condition type : StringEqual",
            ),
            (
                identity(|d| {
                    d["Statement"][0]["Condition"] = json!({ "StringEquals": { "x": "a" } });
                }),
                "prefaced by a vendor",
            ),
            (
                identity(|d| d["Statement"][0]["Condition"] = json!({ "StringEquals": "a" })),
                "Syntax errors",
            ),
            (
                identity(|d| {
                    d["Statement"][0]["Condition"] = json!({ "StringEquals": { "aws:x": {} } });
                }),
                "Syntax errors",
            ),
        ];
        for (text, expected) in table {
            let refusal = parse(&text, Kind::Identity).expect_err(&text);
            assert_eq!(
                (refusal.status, refusal.code),
                (400, "MalformedPolicyDocument")
            );
            assert!(
                refusal.message.contains(expected),
                "{text}: {}",
                refusal.message
            );
        }
    }

    #[test]
    fn white_space_does_not_count() {
        assert_eq!(size("{ \"a\" :\n 1 }"), 7);
    }
}
