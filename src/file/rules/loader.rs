//! The rules of everything but the inside of task definitions.

use crate::model::rule::{Rule, rule};

/// The rules, by code.
pub const LOADER: &[Rule] = &[
    rule(
        "access",
        "a stack is reached with one profile or as one role, of which STS takes what is said",
        "STS API reference, AssumeRole",
    ),
    rule(
        "access-not-allowed",
        "which roles a run may assume and which profiles it may use is said outside of stack files",
        "amp-stack",
    ),
    rule(
        "account",
        "an account id is twelve digits",
        "AWS account management guide, \"View AWS account identifiers\"",
    ),
    rule(
        "account-mismatch",
        "a stack that names its account is applied to no other",
        "amp-stack",
    ),
    rule(
        "cannot-ignore",
        "only what AWS keeps apart from what amp-stack sets can be left to somebody else",
        "amp-stack",
    ),
    rule(
        "date",
        "nothing in a stack file is a date: versions such as 2012-10-17 are strings",
        "amp-stack",
    ),
    rule(
        "duplicate-limit",
        "a workspace has one limit per label set",
        "Amazon Managed Service for Prometheus API reference, LimitsPerLabelSet",
    ),
    rule(
        "duplicate-name",
        "two log groups or two families of one account and region cannot share a name",
        "CloudWatch Logs API reference, CreateLogGroup; ECS API reference, RegisterTaskDefinition",
    ),
    rule(
        "duplicate-value",
        "a list that is a set names nothing twice",
        "amp-stack",
    ),
    rule(
        "execution-role-cannot",
        "the execution role is allowed what ECS does with it",
        "ECS developer guide, \"Amazon ECS task execution IAM role\"",
    ),
    rule(
        "existing-workspace",
        "a workspace that the stack does not manage is named by `id` or `arn`, and nothing else is said about it",
        "amp-stack",
    ),
    rule(
        "fixed-retention",
        "the retention of log groups of the class DELIVERY cannot be chosen",
        "CloudWatch Logs user guide, \"Log classes\"",
    ),
    rule(
        "foreign-policy",
        "a role takes only managed policies of AWS and of its own account",
        "IAM user guide, \"Managed policies and inline policies\"",
    ),
    rule(
        "invalid-arn",
        "an ARN is of the service and the type that are wanted",
        "AWS general reference, \"Amazon Resource Names\"",
    ),
    rule(
        "invalid-json",
        "JSON in a string or a file is JSON, and no member of a policy stands twice",
        "RFC 8259; IAM user guide, \"Grammar of the IAM JSON policy language\"",
    ),
    rule(
        "invalid-key",
        "names of tables and variables are 1 to 64 of letters, digits, `_` and `-`",
        "amp-stack",
    ),
    rule(
        "invalid-tag",
        "tag keys are 1 to 128 and values up to 256 of letters, digits, blanks and `_.:/=+-@`",
        "API models of IAM, CloudWatch Logs, ECS and Amazon Managed Service for Prometheus",
    ),
    rule(
        "known-after-apply",
        "names and other immutable properties mention nothing that only AWS decides",
        "amp-stack",
    ),
    rule(
        "label",
        "labels of time series follow Prometheus: names of letters, digits and `_`, values that are not blank",
        "Amazon Managed Service for Prometheus API reference, LimitsPerLabelSet",
    ),
    rule(
        "log-group-name",
        "names of log groups are 1 to 512 of letters, digits and `._-/#` and do not begin with `aws/`",
        "CloudWatch Logs API reference, CreateLogGroup",
    ),
    rule(
        "missing-key",
        "what has no default has to be given",
        "amp-stack",
    ),
    rule(
        "missing-variable",
        "a variable without a default has to be given",
        "amp-stack",
    ),
    rule(
        "multi-region-key",
        "workspaces take no multi-Region KMS keys",
        "API model of Amazon Managed Service for Prometheus 2020-08-01, KmsKeyArn",
    ),
    rule(
        "number",
        "numbers are finite and fit into 64 bits",
        "TOML 1.0, \"Integer\" and \"Float\"",
    ),
    rule(
        "out-of-range",
        "numbers lie in the range that AWS takes",
        "API references of the services",
    ),
    rule(
        "policy-action",
        "actions are `*` or a service and an action",
        "IAM user guide, \"IAM JSON policy elements: Action\"",
    ),
    rule(
        "policy-characters",
        "policies hold only characters of Latin-1",
        "IAM API model 2010-05-08, policyDocumentType",
    ),
    rule(
        "policy-condition",
        "conditions use the operators that IAM knows",
        "IAM user guide, \"IAM JSON policy elements: Condition operators\"",
    ),
    rule(
        "policy-name",
        "names of inline policies are 1 to 128 of letters, digits and `_+=,.@-`",
        "IAM API model 2010-05-08, policyNameType",
    ),
    rule(
        "policy-principal",
        "trust policies have principals and the policies of a role have none",
        "IAM user guide, \"IAM JSON policy elements: Principal\"",
    ),
    rule(
        "policy-resource",
        "resources are `*` or ARNs, and trust policies have none",
        "IAM user guide, \"IAM JSON policy elements: Resource\"",
    ),
    rule(
        "policy-sid",
        "a Sid takes letters and digits and stands once in a policy",
        "IAM user guide, \"IAM JSON policy elements: Sid\"",
    ),
    rule(
        "policy-size",
        "policies are no longer than IAM allows at most",
        "IAM user guide, \"IAM and AWS STS quotas\"",
    ),
    rule(
        "policy-statement",
        "a statement has an effect, actions and what they are about",
        "IAM user guide, \"IAM JSON policy elements reference\"",
    ),
    rule(
        "policy-version",
        "a policy says which version of the policy language it is in",
        "IAM user guide, \"IAM JSON policy elements: Version\"",
    ),
    rule(
        "reference-cycle",
        "resources do not mention each other in a circle",
        "amp-stack",
    ),
    rule(
        "reference-too-early",
        "[variables] and [stack] mention nothing that is decided after them",
        "amp-stack",
    ),
    rule(
        "region",
        "regions are spelled like us-east-1",
        "AWS general reference, \"AWS service endpoints\"",
    ),
    rule(
        "region-mismatch",
        "a stack that names its region is applied to no other",
        "amp-stack",
    ),
    rule(
        "reserved-tag",
        "tags that begin with `aws:` belong to AWS, those that begin with `amp-stack:` to amp-stack",
        "AWS tagging user guide, \"Best practices and strategies\"",
    ),
    rule(
        "retention",
        "a retention is one of the periods that CloudWatch Logs offers",
        "CloudWatch Logs API reference, PutRetentionPolicy",
    ),
    rule(
        "role-arn-case",
        "ARNs of roles are spelled in the case of their names",
        "IAM user guide, \"IAM identifiers\"",
    ),
    rule(
        "role-description",
        "descriptions of roles are up to 1,000 printable characters of Latin-1",
        "IAM API model 2010-05-08, roleDescriptionType",
    ),
    rule(
        "role-does-not-trust-tasks",
        "the roles of a task let ecs-tasks.amazonaws.com assume them",
        "ECS developer guide, \"Amazon ECS task IAM role\"",
    ),
    rule(
        "role-name",
        "names of roles are 1 to 64 of letters, digits and `_+=,.@-`",
        "IAM API model 2010-05-08, roleNameType",
    ),
    rule(
        "role-name-collision",
        "the names of roles differ by more than case, whatever their paths",
        "IAM API reference, CreateRole",
    ),
    rule(
        "role-path",
        "paths begin and end with `/`",
        "IAM API model 2010-05-08, pathType",
    ),
    rule(
        "stack-name",
        "stack names are 1 to 32 of a to z, 0 to 9 and `-`, and a stack that was renamed had another one",
        "amp-stack",
    ),
    rule("syntax", "a stack file is TOML", "TOML 1.0"),
    rule(
        "tag-case",
        "two tags of a role differ by more than case",
        "IAM user guide, \"Tags for AWS Identity and Access Management resources\"",
    ),
    rule(
        "too-many-policies",
        "a role has no more managed policies than AWS allows at most",
        "IAM user guide, \"IAM and AWS STS quotas\"",
    ),
    rule(
        "too-many-tags",
        "a resource has at most 50 tags, those of ownership included",
        "IAM user guide, \"IAM and AWS STS quotas\"",
    ),
    rule("unclosed-reference", "`${` is closed by `}`", "amp-stack"),
    rule(
        "undeclared-variable",
        "only variables that the stack file declares can be given",
        "amp-stack",
    ),
    rule(
        "undefined-environment-variable",
        "environment variables that are mentioned are set",
        "amp-stack",
    ),
    rule(
        "undefined-reference",
        "resources that are mentioned are declared in the stack file",
        "amp-stack",
    ),
    rule(
        "undefined-variable",
        "variables that are mentioned are declared under [variables]",
        "amp-stack",
    ),
    rule(
        "unknown-attribute",
        "resources are mentioned by attributes that they have",
        "amp-stack",
    ),
    rule(
        "unknown-key",
        "tables have no keys but those that amp-stack knows",
        "amp-stack",
    ),
    rule(
        "unknown-managed-policy",
        "AWS managed policies are spelled as AWS spells them, with their paths",
        "AWS managed policy reference guide",
    ),
    rule(
        "unknown-reference",
        "`${…}` holds something that can be mentioned",
        "amp-stack",
    ),
    rule(
        "unknown-value",
        "values of which there are a few are one of those",
        "API references of the services",
    ),
    rule(
        "unreadable-file",
        "files that are named can be read",
        "amp-stack",
    ),
    rule(
        "variable-not-allowed",
        "variables have values that they allow, of the type that they have",
        "amp-stack",
    ),
    rule(
        "workspace-alias",
        "aliases are 1 to 100 characters without blanks at the ends",
        "Amazon Managed Service for Prometheus API reference, CreateWorkspace",
    ),
    rule(
        "workspace-id",
        "ids of workspaces begin with `ws-`",
        "API model of Amazon Managed Service for Prometheus 2020-08-01, WorkspaceId",
    ),
    rule(
        "workspace-region",
        "workspaces are in regions that have Amazon Managed Service for Prometheus",
        "AWS general reference, \"Amazon Managed Service for Prometheus endpoints and quotas\"",
    ),
    rule(
        "wrong-partition",
        "ARNs are of the partition that the stack is in",
        "AWS general reference, \"Amazon Resource Names\"",
    ),
    rule(
        "wrong-type",
        "values have the type that their keys take",
        "amp-stack",
    ),
];
