//! What a collector's role has to be allowed, and what managed policies allow.

use std::collections::BTreeSet;

use serde_json::json;

use crate::model::{
    node::Node,
    policy::Policy,
    template::{Segment, Template},
};

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

/// The action of sending metrics to CloudWatch, over OTLP too. It can't be limited to a resource
/// (CloudWatch user guide, "OTLP Endpoints"; service authorization reference, "Amazon CloudWatch").
pub const PUT_METRICS: &str = "cloudwatch:PutMetricData";
/// The action of reading a parameter (ECS developer guide, "Pass Systems Manager parameters through
/// Amazon ECS environment variables").
const GET_PARAMETERS: &str = "ssm:GetParameters";
/// The name of the inline policy that lets an execution role read the configuration of a collector.
pub const PARAMETER_POLICY_NAME: &str = "amp-stack-collector-configuration";

/// The policy by which an execution role may read the parameter with this ARN.
pub fn read_parameter(arn: &str) -> Policy {
    Policy::new(Node::from(&json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "Configuration", "Effect": "Allow", "Action": GET_PARAMETERS, "Resource": arn,
        }],
    })))
}

/// The action of writing to a log group.
pub const PUT_LOGS: &str = "logs:PutLogEvents";
/// What an exporter to CloudWatch Logs does (opentelemetry-collector-contrib,
/// `internal/aws/cwlogs`).
const LOGS_WRITE: [&str; 5] = [
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    PUT_LOGS,
    "logs:PutRetentionPolicy",
    "logs:TagResource",
];
/// What of it is done to a log group that is there.
const LOG_STREAM_WRITE: [&str; 2] = ["logs:CreateLogStream", PUT_LOGS];
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

/// What AWS managed policies allow that tasks are often given, as patterns of actions, each on
/// every resource (the policies' documents as of 2026-03, in the AWS managed policy reference). Of
/// every other managed policy nothing is known offline.
const KNOWN: &[(&str, &[&str])] = &[
    ("AdministratorAccess", &["*"]),
    (
        "AmazonEC2ContainerRegistryReadOnly",
        &[
            "ecr:GetAuthorizationToken",
            "ecr:BatchCheckLayerAvailability",
            "ecr:GetDownloadUrlForLayer",
            "ecr:GetRepositoryPolicy",
            "ecr:DescribeRepositories",
            "ecr:ListImages",
            "ecr:DescribeImages",
            "ecr:BatchGetImage",
            "ecr:GetLifecyclePolicy",
            "ecr:GetLifecyclePolicyPreview",
            "ecr:ListTagsForResource",
            "ecr:DescribeImageScanFindings",
        ],
    ),
    (
        "AmazonECSTaskExecutionRolePolicy",
        &[
            "ecr:GetAuthorizationToken",
            "ecr:BatchCheckLayerAvailability",
            "ecr:GetDownloadUrlForLayer",
            "ecr:BatchGetImage",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
        ],
    ),
    ("AmazonPrometheusFullAccess", &["aps:*"]),
    (
        "AmazonPrometheusQueryAccess",
        &[
            "aps:GetLabels",
            "aps:GetMetricMetadata",
            "aps:GetSeries",
            "aps:QueryMetrics",
        ],
    ),
    (REMOTE_WRITE_ACCESS, &[REMOTE_WRITE]),
    (
        "AmazonSSMReadOnlyAccess",
        &["ssm:Describe*", "ssm:Get*", "ssm:List*"],
    ),
    (
        "CloudWatchLogsFullAccess",
        &["logs:*", "cloudwatch:GenerateQuery"],
    ),
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
    /// The ARNs of the log groups that it writes to and that are there.
    pub log_streams: BTreeSet<Template>,
    /// Whether it sends metrics to CloudWatch.
    pub put_metrics: bool,
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
        let logs = !self.log_groups.is_empty() || !self.log_streams.is_empty();
        let others = logs || self.put_metrics || self.discovery || !self.assume.is_empty();
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
        tested.extend(self.put_metrics.then_some((PUT_METRICS, None)));
        if !self.log_groups.is_empty() || !self.log_streams.is_empty() {
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
        if self.put_metrics {
            allow("Metrics", Node::from(PUT_METRICS), all());
        }
        if !self.log_streams.is_empty() {
            // As above.
            let groups = self.log_streams.iter().flat_map(|arn| {
                let any = Segment::Literal(":*".to_owned());
                let streams = arn.segments().iter().cloned().chain([any]);
                [arn.clone(), Template::from_segments(streams)]
            });
            allow("LogStreams", texts(&LOG_STREAM_WRITE), one_or_all(groups));
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

/// The documents of these managed policies, as far as they are known, and whether there are others.
pub fn documents(managed: &[Template]) -> (Vec<Policy>, bool) {
    let known = |arn: &Template| {
        let name = arn.known().and_then(aws_managed)?;
        let (_, actions) = KNOWN.iter().find(|(known, _)| *known == name)?;
        Some(Policy::new(Node::from(&json!({
            "Version": "2012-10-17",
            "Statement": {"Effect": "Allow", "Action": actions, "Resource": "*"},
        }))))
    };
    let documents: Vec<Policy> = managed.iter().filter_map(known).collect();
    let has_unseen = documents.len() < managed.len();
    (documents, has_unseen)
}

/// The name of an AWS managed policy, without its path.
fn aws_managed(arn: &str) -> Option<&str> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, "iam", "", "aws", policy] => policy.strip_prefix("policy/")?.rsplit('/').next(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_managed_policies_only_the_well_known_are_known() {
        for (arn, actions) in [
            (
                "arn:aws:iam::aws:policy/AmazonPrometheusRemoteWriteAccess",
                Some(REMOTE_WRITE),
            ),
            (
                "arn:aws-us-gov:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
                Some("logs:PutLogEvents"),
            ),
            ("arn:aws:iam::aws:policy/PowerUserAccess", None),
            (
                "arn:aws:iam::111122223333:policy/AmazonPrometheusRemoteWriteAccess",
                None,
            ),
        ] {
            let (documents, has_unseen) = documents(&[Template::from(arn)]);
            assert_eq!(has_unseen, actions.is_none(), "{arn}");
            let text = documents.iter().map(Policy::to_json).collect::<String>();
            assert_eq!(
                actions.is_some_and(|action| text.contains(action)),
                actions.is_some(),
                "{arn}: {text}"
            );
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
            log_streams: BTreeSet::from([Template::from("arn:l")]),
            put_metrics: true,
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
                {"Sid": "Metrics", "Effect": "Allow", "Action": PUT_METRICS, "Resource": "*"},
                {"Sid": "LogStreams", "Effect": "Allow", "Action": LOG_STREAM_WRITE, "Resource": ["arn:l", "arn:l:*"]},
                {"Sid": "Discovery", "Effect": "Allow", "Action": DISCOVER, "Resource": "*"},
                {"Sid": "AssumeRole", "Effect": "Allow", "Action": ASSUME_ROLE, "Resource": ["arn:r", "arn:s"]},
            ])
        );
        assert_eq!(rights.tested().len(), 5);
    }
}
