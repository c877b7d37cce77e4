//! What other tools have at the top of their files, and what a stack file has instead.

use crate::file::foreign::{Foreign, Reshape};

const NO_SERVICES: &str = "amp-stack creates, scales and deletes no services and clusters; what a service runs is declared in `[task_definitions.NAME]`, where services = [\"CLUSTER/SERVICE\"] names those that get each new revision";
const NO_STATE: &str = "leave it out: there is no state file, and credentials are found as every AWS tool finds them; the region and the account stand in `[stack]`";
const OF_A_TASK: &str = "it belongs into `[task_definitions.NAME]`";
const OF_A_CONTAINER: &str = "it belongs into `[task_definitions.NAME.containers.NAME]`";

pub(super) const STACK_FILE: &[Foreign] = &[
    Foreign::key("stack", &["project", "metadata"]),
    Foreign::key("variables", &["parameters", "params", "vars", "inputs"]),
    Foreign::key("roles", &["iam_roles", "aws_iam_role"]),
    Foreign::key(
        "log_groups",
        &[
            "cloudwatch_log_groups",
            "aws_cloudwatch_log_group",
            "loggroups",
        ],
    ),
    Foreign::key(
        "task_definitions",
        &[
            "tasks",
            "taskdefs",
            "ecs_task_definitions",
            "aws_ecs_task_definition",
        ],
    ),
    Foreign::key(
        "workspace",
        &["amp", "aps", "amp_workspace", "aws_prometheus_workspace"],
    ),
    Foreign::key("tags", &["labels", "default_tags"]),
    Foreign::reshaped(
        "workspace",
        Reshape::Only,
        "a stack has one workspace, without a name of its own: `[workspace]`",
        &["workspaces"],
    ),
    Foreign::advice(
        NO_SERVICES,
        &[
            "service",
            "services",
            "cluster",
            "clusters",
            "ecs_service",
            "aws_ecs_service",
            "desired_count",
        ],
    ),
    Foreign::advice(
        NO_STATE,
        &[
            "provider",
            "providers",
            "terraform",
            "backend",
            "state",
            "profile",
            "credentials",
        ],
    ),
    Foreign::advice(
        "each kind has a table of its own: `[log_groups.NAME]`, `[roles.NAME]`, `[task_definitions.NAME]`, `[workspace]`",
        &["resource", "resources"],
    ),
    Foreign::advice(
        "leave it out: a stack file has no version; what reads it is `amp-stack --version`",
        &[
            "version",
            "aws_template_format_version",
            "schema_version",
            "api_version",
        ],
    ),
    Foreign::advice(
        "it belongs into `[stack]`",
        &["name", "region", "account", "account_id"],
    ),
    Foreign::advice(
        "the collector is declared in `[task_definitions.NAME.metrics]`, and the workspace that it sends to in `[workspace]`",
        &["metrics", "prometheus", "collector", "adot", "scrape"],
    ),
    Foreign::advice(
        OF_A_TASK,
        &[
            "containers",
            "container",
            "container_definitions",
            "family",
            "cpu",
            "memory",
            "network_mode",
            "volumes",
            "task_role",
            "execution_role",
        ],
    ),
    Foreign::advice(
        OF_A_CONTAINER,
        &[
            "image",
            "environment",
            "env",
            "secrets",
            "ports",
            "port_mappings",
        ],
    ),
    Foreign::advice(
        "policies belong to roles: `managed_policies` and `inline_policies` of `[roles.NAME]`",
        &["policies", "policy", "iam_policies", "aws_iam_policy"],
    ),
    Foreign::advice(
        "amp-stack makes no alarms and no rules of Prometheus; those of the workspace are left as they are",
        &[
            "alarms",
            "alerts",
            "rules",
            "rule_groups",
            "alertmanager",
            "dashboards",
        ],
    ),
];

pub(super) const STACK: &[Foreign] = &[
    Foreign::key("name", &["stack_name", "project", "app", "id"]),
    Foreign::key("region", &["aws_region", "location"]),
    Foreign::key("account", &["account_id", "aws_account", "aws_account_id"]),
    Foreign::key("profile", &["aws_profile", "profile_name"]),
    Foreign::key(
        "assume_role",
        &["role_arn", "role", "iam_role", "role_to_assume"],
    ),
    Foreign::advice(
        "tags of every resource stand in a table of their own: `[tags]`",
        &["tags", "labels"],
    ),
    Foreign::advice(
        "what differs between environments is a variable: environment = { default = \"prod\" } under [variables], and `${var.environment}` in names",
        &["environment", "env", "stage"],
    ),
];

pub(super) const ASSUME_ROLE: &[Foreign] = &[
    Foreign::key("role_arn", &["arn", "role"]),
    Foreign::key("session_name", &["role_session_name"]),
    Foreign::key(
        "duration",
        &[
            "duration_seconds",
            "session_duration",
            "max_session_duration",
        ],
    ),
    Foreign::advice(
        "leave it out: credentials that need a code are those of whoever starts the run",
        &["mfa_serial", "serial_number", "token_code"],
    ),
];

pub(super) const VARIABLE: &[Foreign] = &[
    Foreign::key("default", &["value", "default_value"]),
    Foreign::key("allowed", &["allowed_values", "choices", "enum", "options"]),
    Foreign::key("description", &["doc", "help", "comment"]),
    Foreign::advice(
        "leave it out: values are hidden wherever the field or the name says that they are secret",
        &["sensitive", "secret", "no_echo"],
    ),
];

pub(super) const OUTPUT: &[Foreign] = &[
    Foreign::key("description", &["doc", "help", "comment"]),
    Foreign::advice(
        "leave it out: values are hidden wherever they come from a secret",
        &["sensitive"],
    ),
    Foreign::advice(
        "leave it out: an output has the name that its table has",
        &["export", "name"],
    ),
];
