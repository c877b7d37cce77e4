//! What a collector's role has to be allowed, and whether a role is.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{node::Node, policy::Policy, template::Template};

/// The name of the inline policy that lets a task write to its workspace.
pub const POLICY_NAME: &str = "amp-stack-remote-write";
/// The name of the inline policy of a task that only sends traces.
pub const TRACES_POLICY_NAME: &str = "amp-stack-traces";
/// The name of the inline policy of a task that sends neither metrics to a workspace nor only
/// traces.
pub const OTHER_POLICY_NAME: &str = "amp-stack-collector";
/// The names of the inline policies that are added to roles.
pub const POLICY_NAMES: [&str; 3] = [POLICY_NAME, TRACES_POLICY_NAME, OTHER_POLICY_NAME];
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

/// The action of writing to a log group.
const PUT_LOGS: &str = "logs:PutLogEvents";
/// What an exporter to CloudWatch Logs does (opentelemetry-collector-contrib,
/// `internal/aws/cwlogs`).
const LOGS_WRITE: [&str; 5] = [
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    PUT_LOGS,
    "logs:PutRetentionPolicy",
    "logs:TagResource",
];
/// The action of looking for tasks.
const LIST_TASKS: &str = "ecs:ListTasks";
/// What the extension `ecs_observer` does (opentelemetry-collector-contrib,
/// extension/observer/ecsobserver, README, "IAM permissions").
const DISCOVER: [&str; 7] = [
    "ec2:DescribeInstances",
    "ecs:DescribeContainerInstances",
    "ecs:DescribeServices",
    "ecs:DescribeTaskDefinition",
    "ecs:DescribeTasks",
    "ecs:ListServices",
    LIST_TASKS,
];
/// The action of taking on a role.
const ASSUME_ROLE: &str = "sts:AssumeRole";

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

/// What a collector does in AWS besides running.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// The ARNs of the workspaces that it writes to with the credentials of its task.
    pub remote_write: BTreeSet<Template>,
    /// Whether it sends traces to X-Ray.
    pub traces: bool,
    /// The ARNs of the log groups that it writes to, which may be patterns.
    pub log_groups: BTreeSet<String>,
    /// Whether it looks for tasks of the cluster.
    pub discovery: bool,
    /// The ARNs of the roles that it takes on.
    pub assume: BTreeSet<String>,
}

impl Rights {
    /// To write to one workspace, if any, and to send traces if it does.
    pub fn of(workspace_arn: Option<Template>, traces: bool) -> Self {
        Self {
            remote_write: workspace_arn.into_iter().collect(),
            traces,
            ..Self::default()
        }
    }

    /// The name of the policy that allows it; `None` if there is nothing to allow.
    fn policy_name(&self) -> Option<&'static str> {
        let others = !self.log_groups.is_empty() || self.discovery || !self.assume.is_empty();
        match (self.remote_write.is_empty(), self.traces, others) {
            (false, _, _) => Some(POLICY_NAME),
            (true, true, false) => Some(TRACES_POLICY_NAME),
            (true, _, true) => Some(OTHER_POLICY_NAME),
            (true, false, false) => None,
        }
    }

    /// The actions that show whether it is allowed, each with what it is about.
    pub fn tested(&self) -> Vec<(&'static str, Option<Template>)> {
        let workspaces = self.remote_write.iter().cloned();
        let mut tested: Vec<_> = workspaces.map(|arn| (REMOTE_WRITE, Some(arn))).collect();
        tested.extend(self.traces.then_some((PUT_TRACES, None)));
        if !self.log_groups.is_empty() {
            tested.push((PUT_LOGS, None));
        }
        tested.extend(self.discovery.then_some((LIST_TASKS, None)));
        let roles = self.assume.iter();
        tested.extend(roles.map(|arn| (ASSUME_ROLE, Some(Template::from(arn.as_str())))));
        tested
    }

    /// The least that allows it.
    pub fn least_privilege(&self) -> Option<(&'static str, Policy)> {
        let name = self.policy_name()?;
        let mut statements = Vec::new();
        let mut allow = |sid: &str, action: Node, resource: Node| {
            statements.push(Node::map([
                ("Sid", Node::from(sid)),
                ("Effect", Node::from("Allow")),
                ("Action", action),
                ("Resource", resource),
            ]));
        };
        let all = || Node::from("*");
        let texts = |words: &[&str]| Node::texts(words.iter().copied());
        if !self.remote_write.is_empty() {
            let arns = one_or_all(self.remote_write.iter().cloned());
            allow("RemoteWrite", Node::from(REMOTE_WRITE), arns);
        }
        if self.traces {
            allow("Traces", texts(&XRAY_WRITE), all());
        }
        if !self.log_groups.is_empty() {
            // A log group itself, and its streams.
            let groups = self
                .log_groups
                .iter()
                .flat_map(|arn| [arn.clone(), format!("{arn}:*")]);
            let arns = one_or_all(groups.map(Template::from));
            allow("Logs", texts(&LOGS_WRITE), arns);
        }
        if self.discovery {
            allow("Discovery", texts(&DISCOVER), all());
        }
        if !self.assume.is_empty() {
            let arns = one_or_all(self.assume.iter().map(|arn| Template::from(arn.as_str())));
            allow("AssumeRole", Node::from(ASSUME_ROLE), arns);
        }
        let document = Node::map([
            ("Version", Node::from("2012-10-17")),
            ("Statement", Node::List(statements)),
        ]);
        Some((name, Policy::new(document)))
    }
}

/// One text by itself, several as a list.
fn one_or_all(texts: impl Iterator<Item = Template>) -> Node {
    let mut all: Vec<Template> = texts.collect();
    match (all.pop(), all.is_empty()) {
        (Some(only), true) => Node::from(only),
        (last, _) => Node::texts(all.into_iter().chain(last)),
    }
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

/// Returns whether these policies allow `action` on some resource. Denials and conditions are left
/// to IAM.
pub fn allowed(managed: &[Template], inline: &BTreeMap<String, Policy>, action: &str) -> Allowed {
    allowed_on(managed, inline, action, None)
}

/// Returns whether these policies allow `action` on `resource`, if one is meant.
pub fn allowed_on(
    managed: &[Template],
    inline: &BTreeMap<String, Policy>,
    action: &str,
    resource: Option<&Template>,
) -> Allowed {
    let mut inline = inline.values();
    if inline.any(|policy| allows(policy, action, resource)) {
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

/// Returns whether a statement of `policy` allows `action` on `resource`.
fn allows(policy: &Policy, action: &str, resource: Option<&Template>) -> bool {
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
        let resources = statement.get("Resource");
        let covers = match (resource, resources) {
            (Some(resource), Some(resources)) => names(resources, resource),
            (Some(_) | None, _) => true,
        };
        allow && covers && (named || (excluding && !excluded))
    })
}

/// Returns whether a `Resource` can mean this one. Where either is known only after apply, a
/// pattern may, and an ARN does only if it is spelled the same.
fn names(resources: &Node, resource: &Template) -> bool {
    let is_meant = |text: &Template| {
        if text == resource {
            return true;
        }
        match (text.known(), resource.known()) {
            (Some(pattern), Some(arn)) => matches(pattern, arn),
            (Some(pattern), None) => pattern.contains(['*', '?']),
            (None, Some(_)) => false,
            (None, None) => text.segments().len() > 1,
        }
    };
    match resources {
        Node::Text(text) => is_meant(text),
        Node::List(elements) => elements
            .iter()
            .any(|element| matches!(element, Node::Text(text) if is_meant(text))),
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::Map(_) => true,
    }
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
    use serde_json::{Value, json};

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
    fn a_right_is_for_the_workspace_that_is_meant() {
        use crate::model::{
            address::Address,
            template::{Attribute, Reference},
        };
        let own = Template::from(Reference {
            address: Address::workspace(),
            attribute: Attribute::Arn,
        });
        let other = Template::from("arn:aws:aps:us-east-1:111122223333:workspace/ws-1");
        let on = |resource: Node, wanted: &Template| {
            let statement = Node::map([
                ("Effect", Node::from("Allow")),
                ("Action", Node::from(REMOTE_WRITE)),
                ("Resource", resource),
            ]);
            let policy = Policy::new(Node::map([("Statement", statement)]));
            let inline = BTreeMap::from([("p".to_owned(), policy)]);
            allowed_on(&[], &inline, REMOTE_WRITE, Some(wanted))
        };
        for (resource, of_own, of_other) in [
            (Node::from("*"), Allowed::Yes, Allowed::Yes),
            (Node::from(own.clone()), Allowed::Yes, Allowed::No),
            (Node::from(other.clone()), Allowed::No, Allowed::Yes),
            (
                Node::texts([other.clone(), own.clone()]),
                Allowed::Yes,
                Allowed::Yes,
            ),
            (
                Node::from("arn:aws:aps:*:111122223333:workspace/*"),
                Allowed::Yes,
                Allowed::Yes,
            ),
            (
                Node::from("arn:aws:aps:us-east-1:111122223333:workspace/ws-2"),
                Allowed::No,
                Allowed::No,
            ),
        ] {
            assert_eq!(on(resource.clone(), &own), of_own, "{resource:?}");
            assert_eq!(on(resource.clone(), &other), of_other, "{resource:?}");
        }
    }

    #[test]
    fn the_least_is_what_is_done_and_nothing_if_nothing_is() {
        let none = Rights::default();
        assert_eq!(none.least_privilege(), None);
        assert!(none.tested().is_empty());
        let rights = Rights::of(Some(Template::from("arn:w")), true);
        let (name, policy) = rights.least_privilege().unwrap();
        assert_eq!(name, POLICY_NAME);
        assert_eq!(
            policy.written().to_json(),
            json!({"Version": "2012-10-17", "Statement": [
                {"Sid": "RemoteWrite", "Effect": "Allow", "Action": "aps:RemoteWrite", "Resource": "arn:w"},
                {"Sid": "Traces", "Effect": "Allow", "Action": XRAY_WRITE, "Resource": "*"},
            ]})
        );
        let traces = Rights::of(None, true);
        assert_eq!(traces.least_privilege().unwrap().0, TRACES_POLICY_NAME);
        let rights = Rights {
            log_groups: BTreeSet::from(["arn:g".to_owned()]),
            discovery: true,
            assume: BTreeSet::from(["arn:r".to_owned(), "arn:s".to_owned()]),
            ..Rights::default()
        };
        let (name, policy) = rights.least_privilege().unwrap();
        assert_eq!(name, OTHER_POLICY_NAME);
        assert_eq!(
            policy.written().to_json()["Statement"],
            json!([
                {"Sid": "Logs", "Effect": "Allow", "Action": LOGS_WRITE, "Resource": ["arn:g", "arn:g:*"]},
                {"Sid": "Discovery", "Effect": "Allow", "Action": DISCOVER, "Resource": "*"},
                {"Sid": "AssumeRole", "Effect": "Allow", "Action": ASSUME_ROLE, "Resource": ["arn:r", "arn:s"]},
            ])
        );
        assert_eq!(rights.tested().len(), 4);
    }
}
