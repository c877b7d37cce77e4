//! Writes `[roles.NAME]`.

use crate::{
    file::write::{
        layout::{Table, Value},
        spell::Speller,
    },
    kinds::role::{DEFAULT_MAX_SESSION_SECONDS, Role, read::DEFAULT_PATH, read::default_trust},
    model::{identity::Identity, node::Node, policy::Policy},
};

/// The elements of a policy and of a statement in the order in which people write them (IAM user
/// guide, "IAM JSON policy elements reference").
const ELEMENTS: &[&str] = &[
    "Version",
    "Id",
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
    "Statement",
];

/// What the file says of a role.
pub(crate) fn table(role: &Role, identity: &Identity, speller: &mut Speller<'_>) -> Table {
    let mut table = Table::section();
    table.put_literal("name", &role.name);
    // The path that IAM gives a role by itself (IAM API reference, `CreateRole`).
    if role.path != DEFAULT_PATH {
        table.put_literal("path", &role.path);
    }
    if !role.description.is_empty() {
        let description = speller.text(&["description"], &role.description);
        table.put("description", Value::Text(description));
    }
    if role.max_session_seconds != DEFAULT_MAX_SESSION_SECONDS {
        let seconds = role.max_session_seconds.into();
        table.put("max_session_seconds", Value::Number(seconds));
    }
    if let Some(boundary) = &role.permissions_boundary {
        table.put_literal("permissions_boundary", &boundary.to_string());
    }
    if !role.managed_policies.is_empty() {
        let policies = role.managed_policies.iter();
        let policies = policies.map(|arn| policy_name(&arn.to_string(), identity));
        table.put("managed_policies", Value::List(policies.collect()));
    }
    if role.trust != default_trust(identity) {
        let trust = policy(&["trust"], &role.trust, speller);
        table.put("trust", trust);
    }
    let mut inline = Table::section();
    for (name, document) in &role.inline_policies {
        let document = policy(&["inline_policies", name], document, speller);
        inline.put(name, document);
    }
    if !inline.entries.is_empty() {
        table.put("inline_policies", Value::Table(inline));
    }
    table
}

/// Policies of AWS go by their names.
fn policy_name(arn: &str, identity: &Identity) -> Value {
    let name = arn.strip_prefix(&identity.aws_policy_arn(""));
    Value::Text(crate::file::write::layout::escaped(name.unwrap_or(arn)))
}

fn policy(path: &[&str], policy: &Policy, speller: &mut Speller<'_>) -> Value {
    let Node::Map(members) = policy.written() else {
        return speller
            .node(path, policy.written())
            .unwrap_or(Value::Table(Table::section()));
    };
    let mut table = Table::section();
    for (key, member) in in_order(members.iter()) {
        if key == "Statement" {
            table.put(key, statements(path, member, speller));
        } else if let Some(value) = speller.node(&at(path, key), member) {
            table.put(key, value);
        }
    }
    Value::Table(table)
}

fn statements(path: &[&str], node: &Node, speller: &mut Speller<'_>) -> Value {
    match node {
        Node::List(elements) => Value::List(
            elements
                .iter()
                .map(|element| statements(path, element, speller))
                .collect(),
        ),
        Node::Map(members) => {
            let mut table = Table::section();
            for (key, member) in in_order(members.iter()) {
                if let Some(value) = speller.node(&at(path, key), member) {
                    table.put(key, value);
                }
            }
            Value::Table(table)
        }
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) => {
            speller.node(path, node).unwrap_or(Value::List(Vec::new()))
        }
    }
}

fn at<'p>(path: &[&'p str], key: &'p str) -> Vec<&'p str> {
    path.iter().copied().chain([key]).collect()
}

fn in_order<'n>(
    members: impl Iterator<Item = (&'n String, &'n Node)>,
) -> Vec<(&'n String, &'n Node)> {
    let mut members: Vec<_> = members.collect();
    members.sort_by_key(|(key, _)| {
        let place = ELEMENTS.iter().position(|element| element == key);
        place.unwrap_or(ELEMENTS.len())
    });
    members
}
