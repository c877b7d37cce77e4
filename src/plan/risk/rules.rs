//! Every risk that a plan can hold, by code.

use crate::model::rule::Rule;

/// The risks, by code: what each says of a plan, and where the loss comes from.
pub const RISKS: &[Rule] = &[
    Rule {
        code: "boundary-changed",
        sentence: "the permissions boundary of a role is exchanged for another one, which may give it other rights",
        source: "IAM API reference, PutRolePermissionsBoundary",
    },
    Rule {
        code: "boundary-removed",
        sentence: "a role loses its permissions boundary, which may give it more rights",
        source: "IAM API reference, DeleteRolePermissionsBoundary",
    },
    Rule {
        code: "essential-collector",
        sentence: "a task ends with its collector, and nothing waits until that is healthy: one that can't start stops applications that work",
        source: "ECS API reference, ContainerDefinition, essential",
    },
    Rule {
        code: "in-use-removed",
        sentence: "something is removed with --force-in-use although a service or a task that runs needs it",
        source: "ECS API reference, DeleteTaskDefinitions; ECS developer guide, \"Amazon ECS task execution IAM role\"",
    },
    Rule {
        code: "instance-profile-edited",
        sentence: "a role is taken out of an instance profile that is not the stack's: EC2 instances that use it lose their credentials",
        source: "IAM API reference, RemoveRoleFromInstanceProfile",
    },
    Rule {
        code: "kms-key-removed",
        sentence: "new log events are no longer encrypted with the key that old ones still need to be read",
        source: "CloudWatch Logs API reference, DisassociateKmsKey",
    },
    Rule {
        code: "log-group-removed",
        sentence: "a log group goes, and all log events in it with it",
        source: "CloudWatch Logs API reference, DeleteLogGroup",
    },
    Rule {
        code: "log-group-replaced",
        sentence: "a log group is replaced, and all log events in it are lost",
        source: "CloudWatch Logs API reference, DeleteLogGroup",
    },
    Rule {
        code: "metric-names-changed",
        sentence: "the collector goes to a version that names metrics differently: queries, dashboards and alerts must follow",
        source: "aws-observability/aws-otel-collector, release notes",
    },
    Rule {
        code: "retention-shortened",
        sentence: "metrics or log events that are older than the new retention are deleted",
        source: "CloudWatch Logs API reference, PutRetentionPolicy; Amazon Managed Service for Prometheus API reference, UpdateWorkspaceConfiguration",
    },
    Rule {
        code: "recently-used",
        sentence: "a role goes that IAM knows a last use of: schedules, pipelines and other regions may use it without a trace in what runs",
        source: "IAM API reference, RoleLastUsed",
    },
    Rule {
        code: "role-replaced",
        sentence: "a role is replaced by one of another unique id: trust and resource policies elsewhere that name it stop matching",
        source: "IAM user guide, \"IAM identifiers\"",
    },
    Rule {
        code: "trust-widened",
        sentence: "a role may be assumed by an account that could not, or by anybody",
        source: "IAM user guide, \"AWS JSON policy elements: Principal\"",
    },
    Rule {
        code: "unknown-collector-version",
        sentence: "the collector is of a version that came out after this amp-stack: it may lack components, or call metrics otherwise",
        source: "aws-observability/aws-otel-collector, release notes",
    },
    Rule {
        code: "use-unseen",
        sentence: "something is removed, and the permission to see whether something that runs needs it is missing",
        source: "ECS API reference, ListClusters, ListServices, ListTasks",
    },
    Rule {
        code: "wildcard-granted",
        sentence: "a role is newly allowed all actions of a service, or of every service",
        source: "IAM user guide, \"Security best practices in IAM\"",
    },
    Rule {
        code: "workspace-removed",
        sentence: "a workspace goes, and all its metrics, rules and alerts with it",
        source: "Amazon Managed Service for Prometheus API reference, DeleteWorkspace",
    },
    Rule {
        code: "workspace-replaced",
        sentence: "a workspace is replaced, and all its metrics, rules and alerts are lost",
        source: "Amazon Managed Service for Prometheus API reference, DeleteWorkspace",
    },
];
