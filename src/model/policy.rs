//! IAM policy documents, and when two of them mean the same.

pub mod effective;
pub mod rules;
mod tasks;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use tasks::shuts_out_tasks;

use crate::model::{
    node::Node,
    normal::{self, Suppressed},
    policy::rules::{CASE, LAYOUT, REWRITES},
    template::Reference,
};

/// A policy document: a trust policy or an identity policy.
///
/// Two policies are equal if their normal forms are, so nothing that IAM reorders or respells shows
/// as a change. The rules are in [`rules`].
///
/// Clones share what it says: a plan has most policies several times.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Node", into = "Node")]
pub struct Policy(Arc<Said>);

#[derive(Clone, Debug)]
struct Said {
    written: Node,
    normal: Node,
}

impl PartialEq for Policy {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.normal == other.0.normal
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
        Arc::unwrap_or_clone(policy.0).written
    }
}

impl Policy {
    /// Takes a document as it was written or read.
    pub fn new(written: Node) -> Self {
        Self(Arc::new(Said {
            normal: normal::normal(&written, REWRITES),
            written,
        }))
    }

    /// The document as it was written, to be sent to AWS.
    pub fn written(&self) -> &Node {
        &self.0.written
    }

    /// The document in normal form but with actions spelled as they were written, to be shown.
    pub fn shown(&self) -> Node {
        let spelling_kept = REWRITES.iter().filter(|rewrite| rewrite.rule != CASE);
        normal::normal(&self.0.written, spelling_kept)
    }

    /// Where this policy, which is wanted, and `live` differ without meaning anything different.
    pub fn suppressed(&self, live: &Self) -> Vec<Suppressed> {
        normal::suppressed(&self.0.written, &live.0.written, REWRITES, &LAYOUT)
    }

    /// The JSON that is sent; what is not known yet appears as a stack file spells it.
    pub fn to_json(&self) -> String {
        self.0.written.to_json().to_string()
    }

    /// The same policy with everything filled in that `lookup` knows.
    #[must_use]
    pub fn resolve(&self, lookup: &dyn Fn(&Reference) -> Option<String>) -> Self {
        let written = self.0.written.resolve(lookup);
        if written == self.0.written {
            return self.clone();
        }
        Self::new(written)
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
