//! The rights of the operations of Amazon Managed Service for Prometheus: Service Authorization
//! Reference, "Amazon Managed Service for Prometheus",
//! `list_amazonmanagedserviceforprometheus.html`.

use super::{Right, text};
use crate::{Context, World, service::Input};

/// What the management of vended logs takes of whoever changes where a workspace logs to (user
/// guide, "Monitor AMP with CloudWatch Logs", on permissions):
/// <https://docs.aws.amazon.com/prometheus/latest/userguide/CW-logs.html>.
const DELIVERY: [&str; 7] = [
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
];

/// What a workspace with a key of one's own takes on that key (user guide, "Encryption at rest").
const KEY: [&str; 3] = ["kms:CreateGrant", "kms:DescribeKey", "kms:GenerateDataKey"];

pub(super) fn rights(
    world: &World,
    cx: &Context<'_>,
    operation: &str,
    input: &Input,
) -> Vec<Right> {
    let action = format!("aps:{}", action(operation));
    let resource = resource(cx, operation, input);
    let mut rights = vec![Right::new(action, resource).of(world, cx).tagging(input)];
    if operation.ends_with("LoggingConfiguration") && !operation.starts_with("Describe") {
        rights.extend(DELIVERY.map(|action| Right::new(action, "*")));
    }
    if let Some(key) = text(input, "kmsKeyArn").filter(|_| operation == "CreateWorkspace") {
        rights.extend(KEY.map(|action| Right::new(action, key)));
    }
    rights
}

/// Operations of the data plane share actions (user guide, "IAM permissions and policies").
fn action(operation: &str) -> &str {
    match operation {
        "QueryMetricsRange" => "QueryMetrics",
        "GetLabelValues" => "GetLabels",
        _ => operation,
    }
}

fn resource(cx: &Context<'_>, operation: &str, input: &Input) -> String {
    let arn = |path: String| {
        format!(
            "arn:{}:aps:{}:{}:{path}",
            cx.partition, cx.region, cx.account
        )
    };
    if let Some(arn) = text(input, "resourceArn") {
        return arn.to_owned();
    }
    let Some(workspace) = text(input, "workspaceId") else {
        // What AWS names where there is no workspace yet
        // (https://github.com/kedacore/keda/pull/5373 quotes it).
        return match operation {
            "CreateWorkspace" | "ListWorkspaces" => arn("/workspaces".to_owned()),
            _ => "*".to_owned(),
        };
    };
    if operation.ends_with("RuleGroupsNamespace") {
        let name = text(input, "name").unwrap_or_default();
        return arn(format!("rulegroupsnamespace/{workspace}/{name}"));
    }
    arn(format!("workspace/{workspace}"))
}
