//! What a collector's role has to be allowed, and whether a role is.

use std::collections::BTreeMap;

use serde_json::json;

use crate::model::{node::Node, policy::Policy, template::Template};

/// The name of the inline policy that lets a task write to its workspace.
pub const POLICY_NAME: &str = "amp-stack-remote-write";
/// The name of the inline policy of a task that only sends traces.
pub const TRACES_POLICY_NAME: &str = "amp-stack-traces";
/// The AWS managed policy that allows remote write to every workspace.
pub const REMOTE_WRITE_ACCESS: &str = "AmazonPrometheusRemoteWriteAccess";
/// The AWS managed policy that allows to send traces.
pub const XRAY_WRITE_ACCESS: &str = "AWSXRayDaemonWriteAccess";

/// The action of remote write (service authorization reference, "Amazon Managed Service for
/// Prometheus").
pub const REMOTE_WRITE: &str = "aps:RemoteWrite";
/// The action of sending a trace.
pub const PUT_TRACES: &str = "xray:PutTraceSegments";
/// What an X-Ray exporter does (AWS managed policy `AWSXRayDaemonWriteAccess`). None of it can be
/// limited to a resource (service authorization reference, "AWS X-Ray").
pub const XRAY_WRITE: [&str; 5] = [
    "xray:GetSamplingRules",
    "xray:GetSamplingStatisticSummaries",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    PUT_TRACES,
];

/// What AWS managed policies allow that tasks are often given, as patterns of actions (the
/// policies' documents as of 2026-03, in the AWS managed policy reference). Of every other managed
/// policy nothing is known offline.
const KNOWN: &[(&str, &[&str])] = &[
    (
        "AmazonECSTaskExecutionRolePolicy",
        &["ecr:*", "logs:CreateLogStream", "logs:PutLogEvents"],
    ),
    ("AmazonPrometheusFullAccess", &["aps:*"]),
    (
        "AmazonPrometheusQueryAccess",
        &["aps:Get*", "aps:QueryMetrics"],
    ),
    (REMOTE_WRITE_ACCESS, &[REMOTE_WRITE]),
    ("AmazonSSMReadOnlyAccess", &["ssm:*"]),
    ("CloudWatchLogsFullAccess", &["logs:*"]),
    (XRAY_WRITE_ACCESS, &XRAY_WRITE),
    ("AWSXrayWriteOnlyAccess", &XRAY_WRITE),
];

/// The least that a collector needs: to write to one workspace, and to send traces if it does.
pub fn least_privilege(
    workspace_arn: Option<Template>,
    traces: bool,
) -> Option<(&'static str, Policy)> {
    let name = match (&workspace_arn, traces) {
        (Some(_), _) => POLICY_NAME,
        (None, true) => TRACES_POLICY_NAME,
        (None, false) => return None,
    };
    let remote_write = workspace_arn.map(|arn| {
        Node::map([
            ("Sid", Node::from("RemoteWrite")),
            ("Effect", Node::from("Allow")),
            ("Action", Node::from(REMOTE_WRITE)),
            ("Resource", Node::from(arn)),
        ])
    });
    let xray = traces.then(|| {
        Node::from(
            &json!({"Sid": "Traces", "Effect": "Allow", "Action": XRAY_WRITE, "Resource": "*"}),
        )
    });
    let statements = remote_write.into_iter().chain(xray).collect();
    let document = Node::map([
        ("Version", Node::from("2012-10-17")),
        ("Statement", Node::List(statements)),
    ]);
    Some((name, Policy::new(document)))
}

/// What is known offline about a role and an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// A policy allows it, on some resource.
    Yes,
    /// No policy does.
    No,
    /// A policy whose document is not in the stack file may.
    Unknown,
}

/// Returns whether these policies allow `action`. Denials and conditions are left to IAM.
pub fn allowed(managed: &[Template], inline: &BTreeMap<String, Policy>, action: &str) -> Allowed {
    if inline.values().any(|policy| allows(policy, action)) {
        return Allowed::Yes;
    }
    let mut answer = Allowed::No;
    for arn in managed {
        let name = arn.known().and_then(aws_managed);
        match KNOWN.iter().find(|(known, _)| Some(*known) == name) {
            Some((_, patterns)) if patterns.iter().any(|pattern| matches(pattern, action)) => {
                return Allowed::Yes;
            }
            Some(_) => {}
            None => answer = Allowed::Unknown,
        }
    }
    answer
}

/// The name of an AWS managed policy, without its path.
fn aws_managed(arn: &str) -> Option<&str> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, "iam", "", "aws", policy] => policy.strip_prefix("policy/")?.rsplit('/').next(),
        _ => None,
    }
}

/// Returns whether a statement of `policy` allows `action`.
fn allows(policy: &Policy, action: &str) -> bool {
    let normal = policy.shown();
    let statements = normal
        .get("Statement")
        .and_then(Node::as_list)
        .unwrap_or_default();
    statements.iter().any(|statement| {
        let patterns = |key: &str| {
            let list = statement
                .get(key)
                .and_then(Node::as_list)
                .unwrap_or_default();
            let hit = list
                .iter()
                .filter_map(Node::as_str)
                .any(|pattern| matches(pattern, action));
            (!list.is_empty(), hit)
        };
        let allow = statement.get("Effect").and_then(Node::as_str) == Some("Allow");
        let (_, named) = patterns("Action");
        let (excluding, excluded) = patterns("NotAction");
        allow && (named || (excluding && !excluded))
    })
}

/// Compares an action with a pattern, in which `*` stands for any characters and `?` for one,
/// ignoring case (IAM user guide, "IAM JSON policy elements: Action").
fn matches(pattern: &str, action: &str) -> bool {
    fn rest(pattern: &[u8], action: &[u8]) -> bool {
        match (pattern.split_first(), action.split_first()) {
            (None, None) => true,
            (Some((b'*', after)), _) => {
                rest(after, action)
                    || action
                        .split_first()
                        .is_some_and(|(_, next)| rest(pattern, next))
            }
            (Some((wanted, after)), Some((found, next))) => {
                (*wanted == b'?' || wanted.eq_ignore_ascii_case(found)) && rest(after, next)
            }
            (None, Some(_)) | (Some(_), None) => false,
        }
    }
    rest(pattern.as_bytes(), action.as_bytes())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn inline(document: &Value) -> BTreeMap<String, Policy> {
        BTreeMap::from([("p".to_owned(), Policy::new(Node::from(document)))])
    }

    #[test]
    fn inline_policies_are_understood_as_iam_does() {
        for (document, answer) in [
            (
                json!({"Statement": {"Effect": "Allow", "Action": "aps:RemoteWrite"}}),
                Allowed::Yes,
            ),
            (
                json!({"Statement": {"Effect": "Allow", "Action": ["x:Y", "APS:remote*"]}}),
                Allowed::Yes,
            ),
            (
                json!({"Statement": {"Effect": "Allow", "Action": "*"}}),
                Allowed::Yes,
            ),
            (
                json!({"Statement": {"Effect": "Allow", "NotAction": "iam:*"}}),
                Allowed::Yes,
            ),
            (
                json!({"Statement": {"Effect": "Allow", "NotAction": "aps:*"}}),
                Allowed::No,
            ),
            (
                json!({"Statement": {"Effect": "Deny", "Action": "*"}}),
                Allowed::No,
            ),
            (
                json!({"Statement": {"Effect": "Allow", "Action": "aps:Query*"}}),
                Allowed::No,
            ),
            (
                json!({"Statement": {"Effect": "Allow", "Action": "aps:RemoteWrit?"}}),
                Allowed::Yes,
            ),
            (json!({"Statement": []}), Allowed::No),
        ] {
            assert_eq!(
                allowed(&[], &inline(&document), REMOTE_WRITE),
                answer,
                "{document}"
            );
        }
    }

    #[test]
    fn of_managed_policies_only_the_well_known_are_known() {
        let managed = |arn: &str| allowed(&[Template::from(arn)], &BTreeMap::new(), REMOTE_WRITE);
        assert_eq!(
            managed("arn:aws:iam::aws:policy/AmazonPrometheusRemoteWriteAccess"),
            Allowed::Yes
        );
        assert_eq!(
            managed("arn:aws-us-gov:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"),
            Allowed::No
        );
        assert_eq!(
            managed("arn:aws:iam::aws:policy/AdministratorAccess"),
            Allowed::Unknown
        );
        assert_eq!(
            managed("arn:aws:iam::111122223333:policy/AmazonPrometheusRemoteWriteAccess"),
            Allowed::Unknown
        );
    }

    #[test]
    fn the_least_is_one_workspace_and_nothing_if_nothing_is_done() {
        assert_eq!(least_privilege(None, false), None);
        let (name, policy) = least_privilege(Some(Template::from("arn:w")), true).unwrap();
        assert_eq!(name, POLICY_NAME);
        assert_eq!(
            policy.written().to_json(),
            json!({"Version": "2012-10-17", "Statement": [
                {"Sid": "RemoteWrite", "Effect": "Allow", "Action": "aps:RemoteWrite", "Resource": "arn:w"},
                {"Sid": "Traces", "Effect": "Allow", "Action": XRAY_WRITE, "Resource": "*"},
            ]})
        );
        assert_eq!(least_privilege(None, true).unwrap().0, TRACES_POLICY_NAME);
    }
}
