//! IAM policy documents, and when two of them mean the same.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    node::Node,
    text::{Reference, Text},
};

/// A policy document: a trust policy or an identity policy.
///
/// Two policies are equal if their normal forms are, so nothing that IAM reorders or respells shows as a change.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Node", into = "Node")]
pub struct Policy {
    written: Node,
    normal: Node,
}

impl PartialEq for Policy {
    fn eq(&self, other: &Self) -> bool {
        self.normal == other.normal
    }
}

impl Eq for Policy {}

impl From<Node> for Policy {
    fn from(written: Node) -> Self {
        Self::new(written)
    }
}

impl From<Policy> for Node {
    fn from(policy: Policy) -> Self {
        policy.written
    }
}

impl Policy {
    /// Takes a document as it was written or read.
    pub fn new(written: Node) -> Self {
        let normal = normal(&written, Case::Folded);
        Self { written, normal }
    }

    /// The document as it was written, to be sent to AWS.
    pub fn written(&self) -> &Node {
        &self.written
    }

    /// The document in normal form but with actions spelled as they were written, to be shown.
    pub fn shown(&self) -> Node {
        normal(&self.written, Case::Kept)
    }

    /// The JSON that is sent; what is not known yet appears as a stack file spells it.
    pub fn to_json(&self) -> String {
        self.written.to_json().to_string()
    }

    /// The same policy with everything filled in that `lookup` knows.
    #[must_use]
    pub fn resolve(&self, lookup: &dyn Fn(&Reference) -> Option<String>) -> Self {
        Self::new(self.written.resolve(lookup))
    }
}

/// Whether the letters of action names and condition keys, which IAM compares ignoring case, are folded.
#[derive(Clone, Copy, PartialEq)]
enum Case {
    Kept,
    Folded,
}

/// The normal form of a document.
///
/// The rules follow the IAM user guide, "IAM JSON policy elements reference": `Statement` may be one object or an array; `Action`, `Resource`,
/// principals and condition values may be one value or an array and are sets; service prefixes, action names and condition keys ignore case; an account id as
/// an AWS principal stands for the account's root ARN; a lone `*` as principal stands for `{"AWS": "*"}`; condition values are compared as strings.
fn normal(document: &Node, case: Case) -> Node {
    let Node::Map(members) = document else {
        return document.clone();
    };
    let normal = members.iter().map(|(key, member)| {
        let member = if key == "Statement" {
            statements(member, case)
        } else {
            member.clone()
        };
        (key.clone(), member)
    });
    Node::map(normal)
}

fn statements(node: &Node, case: Case) -> Node {
    let one = std::slice::from_ref(node);
    let list = node.as_list().unwrap_or(one);
    let mut list: Vec<Node> = list.iter().map(|s| statement(s, case)).collect();
    // The order of statements has no meaning; Sid first keeps the order that people see stable.
    list.sort_by_cached_key(|s| {
        let sid = s.get("Sid").map(|sid| sid.to_json().to_string());
        (sid, s.to_json().to_string())
    });
    Node::List(list)
}

fn statement(node: &Node, case: Case) -> Node {
    let Node::Map(members) = node else {
        return node.clone();
    };
    let mut normal = BTreeMap::new();
    for (key, member) in members {
        let member = match key.as_str() {
            "Action" | "NotAction" => set(member, &|text| fold(text, case)),
            "Resource" | "NotResource" => set(member, &Text::clone),
            "Principal" | "NotPrincipal" => principal(member),
            "Condition" => condition(member, case),
            // An empty Sid is no Sid.
            "Sid" if member.as_str() == Some("") => continue,
            _ => member.clone(),
        };
        normal.insert(key.clone(), member);
    }
    Node::Map(normal)
}

fn principal(node: &Node) -> Node {
    match node {
        Node::Text(text) if text.known() == Some("*") => Node::map([("AWS", Node::texts(["*"]))]),
        Node::Map(members) => Node::map(members.iter().map(|(key, member)| {
            let spelled: &dyn Fn(&Text) -> Text = if key == "AWS" {
                &root_arn
            } else {
                &Text::clone
            };
            (key.clone(), set(member, spelled))
        })),
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) | Node::List(_) => {
            node.clone()
        }
    }
}

/// Spells an account id as the ARN that IAM stores for it. The partition is not known here, so the ARN of any partition's root becomes the id.
fn root_arn(text: &Text) -> Text {
    let Some(arn) = text.known() else {
        return text.clone();
    };
    let parts: Vec<&str> = arn.split(':').collect();
    match parts.as_slice() {
        ["arn", _, "iam", "", account, "root"] => Text::from(*account),
        _ => text.clone(),
    }
}

fn condition(node: &Node, case: Case) -> Node {
    let Node::Map(operators) = node else {
        return node.clone();
    };
    Node::map(operators.iter().map(|(operator, keys)| {
        let keys = match keys {
            Node::Map(keys) => Node::map(keys.iter().map(|(key, values)| {
                let key = match case {
                    Case::Kept => key.clone(),
                    Case::Folded => key.to_lowercase(),
                };
                (key, set(values, &Text::clone))
            })),
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) | Node::List(_) => {
                keys.clone()
            }
        };
        (operator.clone(), keys)
    }))
}

/// One value or an array of values, as a sorted array without repetitions.
fn set(node: &Node, spelled: &dyn Fn(&Text) -> Text) -> Node {
    let one = std::slice::from_ref(node);
    let mut texts: Vec<Text> = node
        .as_list()
        .unwrap_or(one)
        .iter()
        .map(|element| match element {
            Node::Text(text) => spelled(text),
            // IAM stores numbers and truth values in conditions as strings.
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::List(_) | Node::Map(_) => {
                Text::from(element.to_json().to_string())
            }
        })
        .collect();
    texts.sort();
    texts.dedup();
    Node::texts(texts)
}

fn fold(text: &Text, case: Case) -> Text {
    match (case, text.known()) {
        (Case::Folded, Some(known)) => Text::from(known.to_lowercase()),
        (Case::Folded, None) | (Case::Kept, _) => text.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn policy(value: &Value) -> Policy {
        Policy::new(Node::from(value))
    }

    #[test]
    fn spellings_that_iam_does_not_distinguish_are_equal() {
        let pairs = [
            (
                json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "aps:RemoteWrite", "Resource": "*"}}),
                json!({"Statement": [{"Resource": ["*"], "Action": ["APS:remotewrite"], "Effect": "Allow", "Sid": ""}], "Version": "2012-10-17"}),
            ),
            (
                json!({"Statement": [{"Action": ["b:B", "a:A", "a:A"]}, {"Action": "c:C"}]}),
                json!({"Statement": [{"Action": "c:C"}, {"Action": ["a:A", "b:B"]}]}),
            ),
            (
                json!({"Statement": {"Principal": {"AWS": "111122223333", "Service": ["b", "a"]}}}),
                json!({"Statement": {"Principal": {"AWS": ["arn:aws:iam::111122223333:root"], "Service": ["a", "b"]}}}),
            ),
            (
                json!({"Statement": {"Principal": "*"}}),
                json!({"Statement": {"Principal": {"AWS": "*"}}}),
            ),
            (
                json!({"Statement": {"Condition": {"Bool": {"aws:SecureTransport": true}, "NumericLessThan": {"s3:max-keys": 10}}}}),
                json!({"Statement": {"Condition": {"NumericLessThan": {"S3:max-keys": "10"}, "Bool": {"aws:securetransport": ["true"]}}}}),
            ),
        ];
        for (a, b) in pairs {
            assert_eq!(policy(&a), policy(&b), "{a} and {b}");
        }
    }

    #[test]
    fn what_iam_distinguishes_is_different() {
        let pairs = [
            (
                json!({"Statement": {"Effect": "Allow"}}),
                json!({"Statement": {"Effect": "Deny"}}),
            ),
            (
                json!({"Statement": {"Resource": "arn:aws:s3:::a"}}),
                json!({"Statement": {"Resource": "arn:aws:s3:::A"}}),
            ),
            (
                json!({"Statement": {"Action": "a:A"}}),
                json!({"Statement": {"NotAction": "a:A"}}),
            ),
            (
                json!({"Version": "2012-10-17", "Statement": []}),
                json!({"Statement": []}),
            ),
            (
                json!({"Statement": {"Sid": "A"}}),
                json!({"Statement": {"Sid": "B"}}),
            ),
        ];
        for (a, b) in pairs {
            assert_ne!(policy(&a), policy(&b), "{a} and {b}");
        }
    }

    #[test]
    fn what_is_shown_keeps_the_spelling_of_actions() {
        let shown = policy(&json!({"Statement": {"Action": "aps:RemoteWrite"}})).shown();
        assert_eq!(
            shown.to_json(),
            json!({"Statement": [{"Action": ["aps:RemoteWrite"]}]})
        );
    }
}
