//! References as other tools write them, and what a stack file has instead.

/// Pseudo parameters of CloudFormation (AWS CloudFormation user guide, "Pseudo parameters
/// reference") and data sources of Terraform (its AWS provider's documentation).
const KNOWN: &[(&str, &str)] = &[
    ("AWS::AccountId", "account"),
    ("AWS::Region", "region"),
    ("AWS::Partition", "partition"),
    ("data.aws_caller_identity.current.account_id", "account"),
    ("data.aws_region.current.name", "region"),
    ("data.aws_region.current.region", "region"),
    ("data.aws_partition.current.partition", "partition"),
];

/// Types of Terraform's resources, and the tables of a stack file that hold them.
const RESOURCES: &[(&str, &str)] = &[
    ("aws_iam_role", "roles"),
    ("aws_cloudwatch_log_group", "log_groups"),
    ("aws_ecs_task_definition", "task_definitions"),
];

/// What to write instead of `${name}`.
pub(super) fn instead_of(name: &str) -> Option<String> {
    if let Some((_, ours)) = KNOWN.iter().find(|(theirs, _)| *theirs == name) {
        return Some(format!("write `${{{ours}}}`"));
    }
    // `${{ github.sha }}`, of which the reference ends at the first brace.
    if let Some(expression) = name.strip_prefix('{') {
        let expression = expression.trim();
        let variable = expression.rsplit(['.', ' ']).next()?.to_ascii_lowercase();
        return Some(format!(
            "nobody fills in what a workflow would: write `${{var.{variable}}}`, declare it under [variables], and give it with `--var {variable}=${{{{ {expression} }}}}` in the workflow"
        ));
    }
    let (kind, rest) = name.split_once('.')?;
    if kind == "aws_prometheus_workspace" {
        let (_, attribute) = rest.rsplit_once('.')?;
        let attribute = if attribute == "prometheus_endpoint" {
            "endpoint"
        } else {
            attribute
        };
        return Some(format!("did you mean `${{workspace.{attribute}}}`?"));
    }
    let (_, table) = RESOURCES.iter().find(|(theirs, _)| *theirs == kind)?;
    Some(format!("did you mean `${{{table}.{rest}}}`?"))
}

#[cfg(test)]
mod tests {
    use super::instead_of;

    #[test]
    fn references_of_other_tools_are_answered_with_ours() {
        for (theirs, ours) in [
            ("AWS::Region", "`${region}`"),
            (
                "data.aws_caller_identity.current.account_id",
                "`${account}`",
            ),
            ("aws_iam_role.task.arn", "`${roles.task.arn}`"),
            ("aws_prometheus_workspace.main.arn", "`${workspace.arn}`"),
            (
                "aws_prometheus_workspace.main.prometheus_endpoint",
                "`${workspace.endpoint}`",
            ),
            ("{ github.sha ", "`--var sha=${{ github.sha }}`"),
        ] {
            let said = instead_of(theirs).unwrap_or_default();
            assert!(said.contains(ours), "{theirs}: {said}");
        }
        for other in ["aws:username", "var.x", "x", "aws_s3_bucket.a.arn"] {
            assert_eq!(instead_of(other), None, "{other}");
        }
    }
}
