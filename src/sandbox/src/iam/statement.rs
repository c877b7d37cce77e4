//! One statement of a policy document.

use serde_json::{Map, Value};

use crate::{
    Refusal,
    iam::{
        condition::{self, Condition},
        grammar::{Kind, malformed, strings, syntax},
        principal::{self, Principal},
    },
};

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Statement {
    pub(super) sid: Option<String>,
    pub(super) allows: bool,
    /// Whom it is about: only in trust and resource policies.
    pub(super) principals: Option<Selection<Principal>>,
    pub(super) actions: Selection<String>,
    /// What it is about: not in trust policies.
    pub(super) resources: Option<Selection<String>>,
    pub(super) conditions: Vec<Condition>,
}

/// These, or all but these.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Selection<T> {
    pub(super) all_but: bool,
    pub(super) items: Vec<T>,
}

/// The elements that a statement can have.
const ELEMENTS: [&str; 9] = [
    "Action",
    "Condition",
    "Effect",
    "NotAction",
    "NotPrincipal",
    "NotResource",
    "Principal",
    "Resource",
    "Sid",
];

/// Reads a statement of a document of `kind`.
pub(super) fn parse(value: &Value, kind: Kind) -> Result<Statement, Refusal> {
    let Value::Object(members) = value else {
        return Err(syntax());
    };
    if members
        .keys()
        .any(|name| !ELEMENTS.contains(&name.as_str()))
    {
        return Err(syntax());
    }
    let allows = match members.get("Effect") {
        None => return Err(malformed("Missing required field Effect")),
        Some(effect) => match effect.as_str() {
            Some("Allow") => true,
            Some("Deny") => false,
            _ => return Err(syntax()),
        },
    };
    Ok(Statement {
        sid: sid(members, kind)?,
        allows,
        principals: principals(members, kind)?,
        actions: actions(members, kind)?,
        resources: resources(members, kind)?,
        conditions: members
            .get("Condition")
            .map_or_else(|| Ok(Vec::new()), condition::parse)?,
    })
}

fn sid(members: &Map<String, Value>, kind: Kind) -> Result<Option<String>, Refusal> {
    let Some(value) = members.get("Sid") else {
        return Ok(None);
    };
    let sid = value.as_str().ok_or_else(syntax)?;
    // IAM User Guide, "IAM JSON policy elements: Sid". Some other services allow more.
    if kind != Kind::Resource && !sid.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Err(malformed(
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*",
        ));
    }
    Ok(Some(sid.to_owned()))
}

fn principals(
    members: &Map<String, Value>,
    kind: Kind,
) -> Result<Option<Selection<Principal>>, Refusal> {
    let found = one_of(members, "Principal", "NotPrincipal")?;
    match (kind, found) {
        (Kind::Identity, None) => Ok(None),
        (Kind::Identity, Some(_)) => {
            Err(malformed("Policy document should not specify a principal."))
        }
        (Kind::Trust | Kind::Resource, None) => Err(malformed("Missing required field Principal")),
        (Kind::Trust | Kind::Resource, Some((all_but, value))) => Ok(Some(Selection {
            all_but,
            items: principal::parse(value)?,
        })),
    }
}

fn actions(members: &Map<String, Value>, kind: Kind) -> Result<Selection<String>, Refusal> {
    let Some((all_but, value)) = one_of(members, "Action", "NotAction")? else {
        return Err(malformed(match kind {
            Kind::Trust => "Missing required field Action",
            Kind::Identity | Kind::Resource => "Policy statement must contain actions.",
        }));
    };
    let items = strings(value)?;
    if items.is_empty() {
        return Err(malformed("Policy statement must contain actions."));
    }
    for action in &items {
        check_action(action, kind)?;
    }
    Ok(Selection { all_but, items })
}

fn check_action(action: &str, kind: Kind) -> Result<(), Refusal> {
    // IAM API reference, CreateRole: a trust policy grants the right to assume the role, and
    // nothing else.
    let is_sts = action
        .get(..4)
        .is_some_and(|vendor| vendor.eq_ignore_ascii_case("sts:"));
    if kind == Kind::Trust && !is_sts {
        return Err(malformed(
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ));
    }
    if action == "*" {
        return Ok(());
    }
    let Some((vendor, name)) = action.split_once(':') else {
        return Err(malformed(
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ));
    };
    if vendor.is_empty()
        || !vendor
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-')
    {
        return Err(malformed(format!("Vendor {vendor} is not valid")));
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || "*?_-".contains(c);
    if name.is_empty() || !name.chars().all(is_name) {
        return Err(syntax());
    }
    Ok(())
}

fn resources(
    members: &Map<String, Value>,
    kind: Kind,
) -> Result<Option<Selection<String>>, Refusal> {
    let found = one_of(members, "Resource", "NotResource")?;
    let (all_but, value) = match (kind, found) {
        (Kind::Trust, None) => return Ok(None),
        (Kind::Trust, Some(_)) => return Err(malformed("Has prohibited field Resource")),
        (Kind::Identity | Kind::Resource, None) => {
            return Err(malformed("Policy statement must contain resources."));
        }
        (Kind::Identity | Kind::Resource, Some(found)) => found,
    };
    let items = strings(value)?;
    if items.is_empty() {
        return Err(malformed("Policy statement must contain resources."));
    }
    for resource in &items {
        check_resource(resource)?;
    }
    Ok(Some(Selection { all_but, items }))
}

/// IAM User Guide, "IAM JSON policy elements: Resource": an ARN or `*`. The service of an ARN can't
/// have a wildcard; behind it one may stand for all the rest. The partition is one of AWS's or `*`
/// alone, as in AWS's own managed policies (AWS Managed Policy Reference Guide,
/// `AmazonBedrockFullAccess`: `arn:*:kms:*:*:key/*`).
fn check_resource(resource: &str) -> Result<(), Refusal> {
    if resource == "*" {
        return Ok(());
    }
    let mut parts = resource.split(':');
    if parts.next() != Some("arn") {
        return Err(malformed(format!(
            "Resource {resource} must be in ARN format or \"*\"."
        )));
    }
    let partition = parts.next().unwrap_or_default();
    if partition != "*" && (!partition.starts_with("aws") || partition.contains(['*', '?'])) {
        return Err(malformed(format!(
            "Partition \"{partition}\" is not valid for resource \"{resource}\"."
        )));
    }
    let service = parts.next().unwrap_or_default();
    if service.is_empty() || service.contains(['*', '?']) {
        return Err(malformed(
            "Resource vendor must be fully qualified and cannot contain regexes.",
        ));
    }
    Ok(())
}

/// The element `name` or its opposite; both is a mistake.
fn one_of<'a>(
    members: &'a Map<String, Value>,
    name: &str,
    opposite: &str,
) -> Result<Option<(bool, &'a Value)>, Refusal> {
    match (members.get(name), members.get(opposite)) {
        (None, None) => Ok(None),
        (Some(value), None) => Ok(Some((false, value))),
        (None, Some(value)) => Ok(Some((true, value))),
        (Some(_), Some(_)) => Err(syntax()),
    }
}
