//! What policies allow: IAM's decision about a request, as far as it can be made offline.
//!
//! The evaluation has three answers for everything: yes, no, and maybe, where a document, the
//! value of a key or a part of a resource is not known. A maybe never becomes a mistake.

use std::collections::BTreeMap;

use crate::model::{node::Node, policy::Policy};

/// How IAM decides about a request (IAM user guide, "Policy evaluation logic").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A policy allows it, and none that is known denies it.
    Allowed,
    /// A statement denies it, whatever else allows it.
    Denied,
    /// No policy allows it.
    NotAllowed,
    /// The permissions boundary does not allow it, whatever the policies do.
    OutOfBounds,
    /// It depends on what is not known.
    Unknown,
}

/// A text of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// This one.
    Text(String),
    /// One that begins like this, of which the rest is not known.
    StartsWith(String),
}

/// What is known of a request besides: the values of its keys, which are in lower case.
pub type RequestContext = BTreeMap<String, Given>;

/// What may be done to what.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The action: `aps:RemoteWrite`.
    pub action: &'a str,
    /// The ARN of the resource.
    pub resource: Given,
    /// The keys that are known.
    pub context: &'a RequestContext,
}

/// What a role has. Every template in the documents that can be filled in is.
#[derive(Clone, Debug, Default)]
pub struct Rights {
    /// The policies whose documents are known.
    pub policies: Vec<Policy>,
    /// Whether there are others. They may allow what these do not; that they deny something is not
    /// reckoned with.
    pub has_unseen: bool,
    /// What the role can have at most.
    pub boundary: Boundary,
}

/// A permissions boundary.
#[derive(Clone, Debug, Default)]
pub enum Boundary {
    /// There is none.
    #[default]
    None,
    /// Its document is known.
    Known(Policy),
    /// There is one, whose document is not known.
    Unseen,
}

impl Rights {
    /// Decides about `request`.
    pub fn decide(&self, request: &Request<'_>) -> Decision {
        let mut outcome = Outcome::default();
        for policy in &self.policies {
            outcome.add(policy, |statement, language| {
                applies(statement, request, language)
            });
        }
        let mut bounds = Outcome::default();
        if let Boundary::Known(policy) = &self.boundary {
            bounds.add(policy, |statement, language| {
                applies(statement, request, language)
            });
        }
        // A denial in a boundary denies too (IAM user guide, "Permissions boundaries for IAM
        // entities").
        match outcome.denies.or(bounds.denies) {
            Holds::Yes => return Decision::Denied,
            Holds::Maybe => return Decision::Unknown,
            Holds::No => {}
        }
        let allows = if self.has_unseen {
            outcome.allows.or(Holds::Maybe)
        } else {
            outcome.allows
        };
        let within = match &self.boundary {
            Boundary::None => Holds::Yes,
            Boundary::Known(_) => bounds.allows,
            Boundary::Unseen => Holds::Maybe,
        };
        match (allows, within) {
            (Holds::No, _) => Decision::NotAllowed,
            (_, Holds::No) => Decision::OutOfBounds,
            (Holds::Yes, Holds::Yes) => Decision::Allowed,
            (_, _) => Decision::Unknown,
        }
    }
}

/// Decides whether `trust`, the trust policy of a role, lets `service`, such as
/// `ecs-tasks.amazonaws.com`, assume the role.
pub fn trusts(trust: &Policy, service: &str, context: &RequestContext) -> Decision {
    let mut outcome = Outcome::default();
    outcome.add(trust, |statement, language| {
        let action = chosen(statement, "Action", "NotAction", |pattern| {
            Holds::from(matches(pattern, "sts:assumerole"))
        });
        principal(statement, service)
            .and(action)
            .and(conditions(statement, context, language))
    });
    match (outcome.denies, outcome.allows) {
        (Holds::Yes, _) => Decision::Denied,
        (_, Holds::No) => Decision::NotAllowed,
        (Holds::No, Holds::Yes) => Decision::Allowed,
        (_, _) => Decision::Unknown,
    }
}

/// An answer that may depend on what is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Holds {
    #[default]
    No,
    Maybe,
    Yes,
}

impl Holds {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            (_, _) => Self::Maybe,
        }
    }

    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, _) | (_, Self::Yes) => Self::Yes,
            (Self::No, Self::No) => Self::No,
            (_, _) => Self::Maybe,
        }
    }

    fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Maybe => Self::Maybe,
            Self::Yes => Self::No,
        }
    }
}

impl From<bool> for Holds {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

/// What the statements of some policies come to.
#[derive(Debug, Default)]
struct Outcome {
    denies: Holds,
    allows: Holds,
}

/// Whether the language of a policy has variables: IAM user guide, "IAM JSON policy elements:
/// Version".
#[derive(Clone, Copy, Debug)]
struct Language {
    has_variables: bool,
}

impl Outcome {
    fn add(&mut self, policy: &Policy, applies: impl Fn(&Node, Language) -> Holds) {
        let version = policy.0.normal.get("Version").and_then(Node::as_str);
        let language = Language {
            has_variables: version == Some("2012-10-17"),
        };
        let statements = policy.0.normal.get("Statement").and_then(Node::as_list);
        for statement in statements.unwrap_or_default() {
            let holds = applies(statement, language);
            match statement.get("Effect").and_then(Node::as_str) {
                Some("Allow") => self.allows = self.allows.or(holds),
                Some("Deny") => self.denies = self.denies.or(holds),
                Some(_) | None => {}
            }
        }
    }
}

fn applies(statement: &Node, request: &Request<'_>, language: Language) -> Holds {
    // Actions are compared ignoring case, and are in lower case in the normal form (IAM user guide,
    // "IAM JSON policy elements: Action").
    let action = request.action.to_lowercase();
    let is_action = chosen(statement, "Action", "NotAction", |pattern| {
        Holds::from(matches(pattern, &action))
    });
    let is_resource = chosen(statement, "Resource", "NotResource", |pattern| {
        fits(pattern, &request.resource, language)
    });
    is_action
        .and(is_resource)
        .and(conditions(statement, request.context, language))
}

/// Returns whether one of the elements under `key` fits, or none of those under `all_but`. What
/// is known only after apply may fit.
fn chosen(statement: &Node, key: &str, all_but: &str, fits: impl Fn(&str) -> Holds) -> Holds {
    let any = |elements: &[Node]| {
        let each = elements
            .iter()
            .map(|element| element.as_str().map_or(Holds::Maybe, &fits));
        each.fold(Holds::No, Holds::or)
    };
    let list = |key: &str| statement.get(key).and_then(Node::as_list);
    match (list(key), list(all_but)) {
        (Some(elements), _) => any(elements),
        (None, Some(elements)) => any(elements).not(),
        (None, None) => Holds::No,
    }
}

/// Whether `service` is among the principals.
fn principal(statement: &Node, service: &str) -> Holds {
    // Who is meant by not being named is nothing to guess at.
    let Some(principals) = statement.get("Principal").and_then(Node::as_map) else {
        return Holds::Maybe;
    };
    let named = |kind: &str, name: &str| {
        let names = principals.get(kind).and_then(Node::as_list);
        let mut names = names.unwrap_or_default().iter();
        names.any(|element| element.as_str() == Some(name))
    };
    if named("Service", service) {
        Holds::Yes
    } else if named("AWS", "*") {
        Holds::Maybe
    } else {
        Holds::No
    }
}

/// Whether all conditions of a statement are met.
fn conditions(statement: &Node, context: &RequestContext, language: Language) -> Holds {
    let operators = statement.get("Condition").and_then(Node::as_map);
    let mut holds = Holds::Yes;
    for (operator, keys) in operators.into_iter().flatten() {
        for (key, values) in keys.as_map().into_iter().flatten() {
            let values = values.as_list().unwrap_or_default();
            let given = context.get(key.as_str());
            holds = holds.and(condition(operator, given, values, language));
        }
    }
    holds
}

/// Whether what is `given` is as `operator` says of `values` (IAM user guide, "IAM JSON policy
/// elements: Condition operators"). A key that is not known may have any value, or none.
fn condition(operator: &str, given: Option<&Given>, values: &[Node], language: Language) -> Holds {
    let operator = operator.rsplit(':').next().unwrap_or(operator);
    let operator = operator.strip_suffix("IfExists").unwrap_or(operator);
    let Some(given) = given else {
        return Holds::Maybe;
    };
    let any = |compare: &dyn Fn(&str) -> Holds| {
        let each = values
            .iter()
            .map(|value| value.as_str().map_or(Holds::Maybe, compare));
        each.fold(Holds::No, Holds::or)
    };
    let equals = |value: &str| equal(value, given, language);
    let folded = |value: &str| equal(&value.to_lowercase(), &given.to_lowercase(), language);
    let like = |value: &str| fits(value, given, language);
    match operator {
        "StringEquals" => any(&equals),
        "StringNotEquals" => any(&equals).not(),
        "StringEqualsIgnoreCase" => any(&folded),
        "Bool" => any(&|value| {
            let is_truth = ["true", "false"].contains(&value.to_lowercase().as_str());
            Holds::from(is_truth).and(folded(value))
        }),
        "StringNotEqualsIgnoreCase" => any(&folded).not(),
        // ARNs are compared part by part, which for the ARNs of requests comes to the same unless a
        // wildcard reaches over a colon: then it is not known here.
        "ArnEquals" | "ArnLike" => any(&|value| arn_like(value, given, language)),
        "ArnNotEquals" | "ArnNotLike" => any(&|value| arn_like(value, given, language)).not(),
        "StringLike" => any(&like),
        "StringNotLike" => any(&like).not(),
        "Null" => any(&|value| Holds::from(value.eq_ignore_ascii_case("false"))),
        _ => Holds::Maybe,
    }
}

impl Given {
    fn to_lowercase(&self) -> Self {
        match self {
            Self::Text(text) => Self::Text(text.to_lowercase()),
            Self::StartsWith(text) => Self::StartsWith(text.to_lowercase()),
        }
    }
}

/// Returns whether the value has a policy variable in it, whose value is not known here (IAM user
/// guide, "IAM policy elements: Variables and tags").
fn is_variable(value: &str, language: Language) -> bool {
    language.has_variables && value.contains("${")
}

fn equal(value: &str, given: &Given, language: Language) -> Holds {
    if is_variable(value, language) {
        return Holds::Maybe;
    }
    match given {
        Given::Text(text) => Holds::from(value == text),
        Given::StartsWith(start) if value.starts_with(start.as_str()) => Holds::Maybe,
        Given::StartsWith(_) => Holds::No,
    }
}

fn arn_like(pattern: &str, given: &Given, language: Language) -> Holds {
    let parts = |text: &str| text.splitn(6, ':').count();
    let (Given::Text(text) | Given::StartsWith(text)) = given;
    let holds = fits(pattern, given, language);
    if parts(pattern) == parts(text) {
        holds
    } else {
        holds.and(Holds::Maybe)
    }
}

/// Whether a pattern with wildcards fits a text of a request.
fn fits(pattern: &str, given: &Given, language: Language) -> Holds {
    if is_variable(pattern, language) {
        return Holds::Maybe;
    }
    match given {
        Given::Text(text) => Holds::from(matches(pattern, text)),
        // What a last `*` takes it takes with any end.
        Given::StartsWith(start) if pattern.ends_with('*') && matches(pattern, start) => Holds::Yes,
        Given::StartsWith(start) => {
            let literal = pattern.split(['*', '?']).next().unwrap_or_default();
            let may = literal.starts_with(start.as_str()) || start.starts_with(literal);
            if may { Holds::Maybe } else { Holds::No }
        }
    }
}

/// Compares a text with a pattern, in which `*` stands for any characters and `?` for one (IAM
/// user guide, "IAM JSON policy elements: Resource"). It takes at most the product of both lengths.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut here) = (0, 0);
    // Where the last `*` stands, and how far it reaches.
    let mut star = None;
    while here < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, here));
                at += 1;
            }
            Some(wanted) if *wanted == '?' || *wanted == text[here] => {
                at += 1;
                here += 1;
            }
            Some(_) | None => {
                let Some((starred, reach)) = star else {
                    return false;
                };
                star = Some((starred, reach + 1));
                at = starred + 1;
                here = reach + 1;
            }
        }
    }
    pattern[at..].iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const WORKSPACE: &str = "arn:aws:aps:us-east-1:111122223333:workspace/ws-1";

    fn policy(statements: &Value) -> Policy {
        let document = json!({"Version": "2012-10-17", "Statement": statements});
        Policy::new(Node::from(&document))
    }

    fn rights(statements: &Value) -> Rights {
        Rights {
            policies: vec![policy(statements)],
            ..Rights::default()
        }
    }

    fn decide(rights: &Rights) -> Decision {
        let text = |text: &str| Given::Text(text.to_owned());
        let context = RequestContext::from([
            ("aws:principalaccount".to_owned(), text("111122223333")),
            ("aws:securetransport".to_owned(), text("true")),
        ]);
        rights.decide(&Request {
            action: "aps:RemoteWrite",
            resource: text(WORKSPACE),
            context: &context,
        })
    }

    #[test]
    fn statements_are_understood_as_iam_does() {
        use Decision::{Allowed, Denied, NotAllowed, Unknown};

        let allow = |key: &str, value: Value| {
            let mut statement =
                json!({"Effect": "Allow", "Action": "aps:RemoteWrite", "Resource": WORKSPACE});
            statement[key] = value;
            statement
        };
        let under = |condition: Value| allow("Condition", condition);
        let all_but = |key: &str, value: &str| {
            let mut statement = allow("Effect", json!("Allow"));
            let members = statement.as_object_mut().unwrap();
            members.remove(key);
            members.insert(format!("Not{key}"), json!(value));
            statement
        };
        let deny = |statement: Value| {
            let mut statement = statement;
            statement["Effect"] = json!("Deny");
            json!([allow("Action", json!("*")), statement])
        };
        for (statements, expected) in [
            (allow("Action", json!("APS:remote*")), Allowed),
            (allow("Action", json!(["a:B", "aps:RemoteWrit?"])), Allowed),
            (allow("Action", json!("aps:Query*")), NotAllowed),
            (allow("Resource", json!("*")), Allowed),
            (
                allow("Resource", json!("arn:aws:aps:*:*:workspace/ws-*")),
                Allowed,
            ),
            (
                allow("Resource", json!(format!("{WORKSPACE}2"))),
                NotAllowed,
            ),
            (
                allow(
                    "Resource",
                    json!("arn:aws:aps:eu-west-1:111122223333:workspace/*"),
                ),
                NotAllowed,
            ),
            (
                allow(
                    "Resource",
                    json!("arn:aws:aps:*:*:workspace/${aws:PrincipalTag/ws}"),
                ),
                Unknown,
            ),
            (all_but("Action", "aps:*"), NotAllowed),
            (all_but("Action", "iam:*"), Allowed),
            (all_but("Resource", "arn:aws:aps:*"), NotAllowed),
            (all_but("Resource", "arn:aws:s3:*"), Allowed),
            (deny(allow("Action", json!("aps:*"))), Denied),
            (deny(all_but("Resource", "arn:aws:s3:*")), Denied),
            (deny(allow("Resource", json!("arn:aws:s3:*"))), Allowed),
            (
                deny(under(json!({"Bool": {"aws:SecureTransport": false}}))),
                Allowed,
            ),
            (
                deny(under(
                    json!({"StringNotEquals": {"aws:PrincipalAccount": "1"}}),
                )),
                Denied,
            ),
            (
                deny(under(json!({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}))),
                Unknown,
            ),
            (
                under(json!({"StringEquals": {"aws:PrincipalAccount": ["1", "111122223333"]}})),
                Allowed,
            ),
            (
                under(json!({"StringEquals": {"aws:PrincipalAccount": "1"}})),
                NotAllowed,
            ),
            (
                under(json!({"StringLike": {"AWS:principalaccount": "1111*"}})),
                Allowed,
            ),
            (
                under(json!({"StringEquals": {"aws:SourceVpc": "vpc-1"}})),
                Unknown,
            ),
            (
                under(json!({"Null": {"aws:PrincipalAccount": "true"}})),
                NotAllowed,
            ),
            (
                under(
                    json!({"Bool": {"aws:SecureTransport": "true"}, "StringEqualsIfExists": {"aws:PrincipalAccount": "2"}}),
                ),
                NotAllowed,
            ),
            (json!([]), NotAllowed),
        ] {
            assert_eq!(decide(&rights(&statements)), expected, "{statements}");
        }
    }

    #[test]
    fn what_is_not_seen_may_allow_and_a_boundary_may_not() {
        let all = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
        let aps = json!({"Effect": "Allow", "Action": "aps:*", "Resource": "*"});
        let none = json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"});
        let deny = json!([all, {"Effect": "Deny", "Action": "aps:*", "Resource": "*"}]);
        let bounded = |boundary: Boundary, statements: &Value| Rights {
            boundary,
            ..rights(statements)
        };
        let known = |statements: &Value| Boundary::Known(policy(statements));
        let unseen = Rights {
            has_unseen: true,
            ..rights(&none)
        };
        for (rights, expected) in [
            (unseen, Decision::Unknown),
            (bounded(Boundary::Unseen, &all), Decision::Unknown),
            (bounded(Boundary::Unseen, &none), Decision::NotAllowed),
            (bounded(known(&aps), &all), Decision::Allowed),
            (bounded(known(&none), &all), Decision::OutOfBounds),
            (bounded(known(&all), &none), Decision::NotAllowed),
            (bounded(known(&deny), &all), Decision::Denied),
        ] {
            assert_eq!(decide(&rights), expected, "{rights:?}");
        }
    }

    #[test]
    fn a_trust_policy_names_the_service_and_where_it_comes_from() {
        let context = RequestContext::from([
            (
                "aws:sourceaccount".to_owned(),
                Given::Text("111122223333".to_owned()),
            ),
            (
                "aws:sourcearn".to_owned(),
                Given::StartsWith("arn:aws:ecs:us-east-1:111122223333:".to_owned()),
            ),
        ]);
        let tasks = json!({"Service": "ecs-tasks.amazonaws.com"});
        let statement = |principal: &Value, condition: Value| json!({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", "Condition": condition});
        let arn = |arn: &str| json!({"ArnLike": {"aws:SourceArn": arn}});
        for (statement, expected) in [
            (statement(&tasks, json!({})), Decision::Allowed),
            (
                statement(&json!({"Service": ["ec2.amazonaws.com"]}), json!({})),
                Decision::NotAllowed,
            ),
            (
                statement(&json!({"AWS": "111122223333"}), json!({})),
                Decision::NotAllowed,
            ),
            (statement(&json!("*"), json!({})), Decision::Unknown),
            (
                statement(&tasks, arn("arn:aws:ecs:us-east-1:111122223333:*")),
                Decision::Allowed,
            ),
            (
                statement(&tasks, arn("arn:aws:ecs:us-east-1:111122223333:cluster/a")),
                Decision::Unknown,
            ),
            (
                statement(&tasks, arn("arn:aws:ecs:eu-west-1:111122223333:*")),
                Decision::NotAllowed,
            ),
            (
                statement(
                    &tasks,
                    json!({"StringEquals": {"aws:SourceAccount": "444455556666"}}),
                ),
                Decision::NotAllowed,
            ),
        ] {
            let decided = trusts(&policy(&statement), "ecs-tasks.amazonaws.com", &context);
            assert_eq!(decided, expected, "{statement}");
        }
    }

    #[test]
    fn wildcards_take_time_in_proportion() {
        assert!(matches("a*b?d*", "axxbcdxx"));
        assert!(!matches("a*b?d", "axxbcdxx"));
        assert!(matches("*", "") && !matches("?", ""));
        let text = "a".repeat(2_000);
        assert!(!matches(&format!("{}b", "a*".repeat(200)), &text));
    }
}
