//! Gives roles what task definitions need of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    file::problem::Problems,
    kinds::{Resource, outline::Outlines, role::read as role},
    model::{node::Node, policy::Policy, template::Template},
};

/// Adds the policies that task definitions ask for to the roles, and checks the size of what comes
/// of it.
pub(crate) fn give(outlines: &mut Outlines, problems: &mut Problems) {
    let mut granted: BTreeMap<(String, String), Policy> = BTreeMap::new();
    let mut attached: BTreeMap<String, BTreeSet<Template>> = BTreeMap::new();
    for found in outlines.resources.values() {
        for (key, policies) in &found.needs.grants {
            for (name, policy) in policies {
                let place = (key.clone(), name.clone());
                let joined = match granted.get(&place) {
                    Some(before) => join(before, policy),
                    None => policy.clone(),
                };
                granted.insert(place, joined);
            }
        }
        for (key, arns) in &found.needs.attachments {
            let arns = arns.iter().map(|arn| Template::from(arn.as_str()));
            attached.entry(key.clone()).or_default().extend(arns);
        }
    }
    for (address, found) in &mut outlines.resources {
        let Resource::Role(role) = &mut found.want else {
            continue;
        };
        let key = &address.key;
        role.managed_policies
            .extend(attached.remove(key).unwrap_or_default());
        for ((_, name), policy) in granted.iter().filter(|((role, _), _)| role == key) {
            if let Some(span) = found.parts.get(name) {
                let message =
                    format!("the inline policy `{name}` is one that amp-stack adds to this role");
                problems
                    .add("policy-name", span, "the name is taken", message)
                    .help(
                        "give the policy another name, or let the collector use a managed policy",
                    );
            }
            role.inline_policies.insert(name.clone(), policy.clone());
        }
        role::check_inline_size(role, &found.span, problems);
    }
}

/// One policy that allows what either allows. A `Sid` stands once in a policy (IAM user guide, "IAM
/// JSON policy elements: Sid"), so a statement that would repeat one loses it.
fn join(first: &Policy, second: &Policy) -> Policy {
    let mut statements = statements(first);
    for statement in self::statements(second) {
        if statements.contains(&statement) {
            continue;
        }
        let is_taken = |sid: &Node| statements.iter().any(|other| other.get("Sid") == Some(sid));
        let taken = statement.get("Sid").is_some_and(is_taken);
        let mut statement = statement;
        if let Some(members) = statement.as_map_mut().filter(|_| taken) {
            members.remove("Sid");
        }
        statements.push(statement);
    }
    let mut document = first.written().clone();
    if let Some(members) = document.as_map_mut() {
        members.insert("Statement".to_owned(), Node::List(statements));
    }
    Policy::new(document)
}

fn statements(policy: &Policy) -> Vec<Node> {
    let written = policy.written().get("Statement");
    match written {
        Some(Node::List(elements)) => elements.clone(),
        Some(statement) => vec![statement.clone()],
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn joined_policies_allow_both_and_repeat_nothing() {
        let allow = |sid: &str, action: &str| json!({"Sid": sid, "Effect": "Allow", "Action": action, "Resource": "*"});
        let policy = |statements: &[serde_json::Value]| {
            Policy::new(Node::from(
                &json!({"Version": "2012-10-17", "Statement": statements}),
            ))
        };
        let first = policy(&[allow("A", "a:A")]);
        assert_eq!(join(&first, &first), first);
        let joined = join(
            &first,
            &policy(&[allow("A", "a:A"), allow("A", "b:B"), allow("C", "c:C")]),
        );
        let expected = policy(&[
            allow("A", "a:A"),
            json!({"Effect": "Allow", "Action": "b:B", "Resource": "*"}),
            allow("C", "c:C"),
        ]);
        assert_eq!(joined, expected);
    }
}
