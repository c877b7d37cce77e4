//! Gives roles what task definitions need of them.

use std::collections::BTreeMap;

use crate::{
    file::problem::Problems,
    kinds::{
        role::read::{self as role, ReadRole},
        task_definition::read::Checked,
    },
    model::{node::Node, policy::Policy, template::Template},
};

/// Adds the policies that task definitions ask for to the roles, and checks the size of what comes
/// of it.
pub(crate) fn give(
    task_definitions: &BTreeMap<String, Checked>,
    roles: &mut BTreeMap<String, ReadRole>,
    problems: &mut Problems,
) {
    let mut granted: BTreeMap<(&str, &str), Policy> = BTreeMap::new();
    for checked in task_definitions.values() {
        for (key, policies) in &checked.grants {
            for (name, policy) in policies {
                let joined = match granted.get(&(key.as_str(), name.as_str())) {
                    Some(before) => join(before, policy),
                    None => policy.clone(),
                };
                granted.insert((key, name), joined);
            }
        }
        for (key, arns) in &checked.attachments {
            if let Some(found) = roles.get_mut(key) {
                let arns = arns.iter().map(|arn| Template::from(arn.as_str()));
                found.role.managed_policies.extend(arns);
            }
        }
    }
    for ((key, name), policy) in granted {
        let Some(found) = roles.get_mut(key) else {
            continue;
        };
        if let Some(span) = found.inline_spans.get(name) {
            let message =
                format!("the inline policy `{name}` is one that amp-stack adds to this role");
            problems
                .add("policy-name", span, "the name is taken", message)
                .help("give the policy another name, or let the collector use a managed policy");
        }
        found.role.inline_policies.insert(name.to_owned(), policy);
    }
    for found in roles.values() {
        role::check_inline_size(found, problems);
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
