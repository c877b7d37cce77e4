//! The page about Copilot as a whole: from what Copilot makes to a stack of one's own, with the
//! commands and the lines of the page.

use super::sandboxed::{SANDBOX, account};
use crate::guide::pages::pages;

/// The roles, the log group and the task definition of the service `api` of `shop` in `prod`, with
/// `observability: tracing: awsxray` (aws/copilot-cli, `internal/pkg/template/templates/workloads`:
/// `services/lb-web/cf.yml`, `partials/cf/taskrole.yml`, `partials/cf/executionrole.yml`,
/// `partials/cf/sidecars.yml` and `partials/cf/loggroup.yml`).
const COPILOT: &str = r#"
[stack]
name = "copilots"

[log_groups.api]
name = "/copilot/shop-prod-api"
retention_days = 30

[roles.task]
name = "shop-prod-api-TaskRole-1A2B3C4D5E6F7"
managed_policies = ["AWSXRayDaemonWriteAccess"]
trust = { Version = "2012-10-17", Statement = { Effect = "Allow", Principal = { Service = "ecs-tasks.amazonaws.com" }, Action = "sts:AssumeRole" } }

[roles.task.inline_policies.DenyIAM]
Version = "2012-10-17"
Statement = [
  { Effect = "Deny", Action = "iam:*", Resource = "*" },
  { Effect = "Allow", Action = "sts:AssumeRole", Resource = "*", Condition = { StringEquals = { "iam:ResourceTag/copilot-application" = "shop", "iam:ResourceTag/copilot-environment" = "prod" } } },
]

[roles.execution]
name = "shop-prod-api-ExecutionRole-7F6E5D4C3B2A1"
managed_policies = ["service-role/AmazonECSTaskExecutionRolePolicy"]
trust = { Version = "2012-10-17", Statement = { Effect = "Allow", Principal = { Service = "ecs-tasks.amazonaws.com" }, Action = "sts:AssumeRole" } }

[task_definitions.api]
family = "shop-prod-api"
requires_compatibilities = ["FARGATE"]
network_mode = "awsvpc"
cpu = 256
memory = 512
task_role = "task"
execution_role = "execution"

[task_definitions.api.containers.api]
image = "111122223333.dkr.ecr.us-east-1.amazonaws.com/shop/api:cli"
port_mappings = [{ container_port = 8080, name = "target" }]
environment = { COPILOT_APPLICATION_NAME = "shop", COPILOT_ENVIRONMENT_NAME = "prod", COPILOT_SERVICE_NAME = "api", COPILOT_SERVICE_DISCOVERY_ENDPOINT = "prod.shop.local" }

[task_definitions.api.containers.api.log_configuration]
log_driver = "awslogs"
options = { awslogs-region = "us-east-1", awslogs-group = "${log_groups.api.name}", awslogs-stream-prefix = "copilot" }

[task_definitions.api.containers.aws-otel-collector]
image = "public.ecr.aws/aws-observability/aws-otel-collector:v0.17.0"
command = ["--config=/etc/ecs/ecs-xray.yaml"]

[task_definitions.api.containers.aws-otel-collector.log_configuration]
log_driver = "awslogs"
options = { awslogs-region = "us-east-1", awslogs-group = "${log_groups.api.name}", awslogs-stream-prefix = "copilot" }
"#;

const TAGS: &[(&str, &str)] = &[
    ("copilot-application", "shop"),
    ("copilot-environment", "prod"),
    ("copilot-service", "api"),
    ("aws:cloudformation:stack-name", "shop-prod-api"),
    ("aws:cloudformation:logical-id", "X"),
];

#[test]
fn the_page_about_copilot_leads_from_a_service_of_copilot_to_a_stack() {
    let bench = account("import-copilot", &[COPILOT], &[], TAGS);
    let page = pages()
        .into_iter()
        .find(|page| page.path.ends_with("from-copilot.md"));
    let blocks = page.unwrap().blocks();
    let of = |language: &str| {
        let mut blocks = blocks.iter().filter(|block| block.language == language);
        blocks.next().unwrap().text.clone()
    };
    let (script, metrics) = (of("sh"), of("toml"));
    std::fs::create_dir(bench.path("stacks")).unwrap();
    let command: Vec<&str> = script.split_whitespace().skip(1).chain([SANDBOX]).collect();
    let imported = bench.run(&command).expect(0);
    assert!(
        imported.says("owned by the CloudFormation stack `shop-prod-api`"),
        "{imported:?}"
    );
    assert!(
        imported.says("`metrics = { traces = \"xray\""),
        "{imported:?}"
    );
    assert!(!imported.says("Not the same"), "{imported:?}");

    // What the page says to delete, and what it says to write instead.
    let text = std::fs::read_to_string(bench.path("stacks/api.toml")).unwrap();
    let mut file: toml_edit::DocumentMut = text.parse().unwrap();
    let containers = file["task_definitions"]["shop-prod-api"]["containers"]
        .as_table_mut()
        .unwrap();
    containers
        .remove("aws-otel-collector")
        .expect("the container of the page");
    bench.write("stacks/api.toml", &format!("{file}\n{metrics}"));

    let plan = bench.run(&["plan", "stacks/api.toml", SANDBOX]).expect(0);
    for words in [
        "+ create workspace",
        "take over roles.task",
        "take over task_definitions.shop-prod-api",
    ] {
        assert!(plan.says(words), "{words}: {plan:?}");
    }
    assert!(
        !plan.says("metric-names-changed"),
        "a collector of traces: {plan:?}"
    );
    bench
        .run(&["apply", "stacks/api.toml", "--yes", SANDBOX])
        .expect(0);
    bench
        .run(&["plan", "stacks/api.toml", "--detailed-exitcode", SANDBOX])
        .expect(0);
}
