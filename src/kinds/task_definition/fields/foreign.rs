//! What the API and other tools call the fields of task definitions, and what stack files have
//! instead.
//!
//! The names are those of ECS's API, of Terraform's `aws_ecs_task_definition`, of Copilot's
//! manifests and of Compose files.

use crate::file::foreign::{Foreign, Reshape};

const LAUNCH_TYPES: &str =
    "write the launch types as a list: `requires_compatibilities = [\"FARGATE\"]`";

const NO_SERVICE: &str = "it belongs to a service, and amp-stack creates and scales none";
const OF_A_CONTAINER: &str = "it belongs to a container: `[task_definitions.NAME.containers.NAME]`";

pub(super) const TASK_DEFINITION: &[Foreign] = &[
    Foreign::key("task_role", &["task_role_arn", "task_role_name", "role"]),
    Foreign::key(
        "execution_role",
        &[
            "execution_role_arn",
            "task_execution_role",
            "task_execution_role_arn",
        ],
    ),
    Foreign::key("containers", &["container"]),
    Foreign::reshaped(
        "containers",
        Reshape::Same,
        "each container has a table of its own: `[task_definitions.NAME.containers.NAME]`; a whole JSON file of ECS is taken by `definition = \"FILE.json\"`",
        &["container_definitions", "container_definition"],
    ),
    Foreign::key("volumes", &["volume", "storage"]),
    Foreign::key("family", &["name", "family_name"]),
    Foreign::key(
        "metrics",
        &[
            "collector",
            "sidecar",
            "prometheus",
            "adot",
            "observability",
        ],
    ),
    Foreign::key("definition", &["file", "task_definition", "cli_input_json"]),
    Foreign::reshaped(
        "requires_compatibilities",
        Reshape::List,
        LAUNCH_TYPES,
        &["launch_type", "compatibilities", "requires"],
    ),
    Foreign::advice(LAUNCH_TYPES, &["capacity_provider"]),
    Foreign::advice(
        "write it as a table: `runtime_platform = { cpu_architecture = \"ARM64\", operating_system_family = \"LINUX\" }`",
        &[
            "cpu_architecture",
            "operating_system_family",
            "architecture",
            "platform",
            "os",
        ],
    ),
    Foreign::advice(
        NO_SERVICE,
        &[
            "desired_count",
            "count",
            "cluster",
            "network_configuration",
            "subnets",
            "security_groups",
            "load_balancer",
            "load_balancers",
            "deployment_configuration",
            "platform_version",
            "autoscaling",
            "assign_public_ip",
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
            "command",
            "entrypoint",
            "entry_point",
            "health_check",
            "healthcheck",
            "essential",
        ],
    ),
    Foreign::advice(
        "a container says where its output goes: `logs = \"NAME\"` in `[task_definitions.NAME.containers.NAME]`",
        &["logs", "log_group", "logging", "log_configuration"],
    ),
    Foreign::advice(
        "how many revisions stay active is `keep_revisions`",
        &["skip_destroy", "track_latest"],
    ),
];

pub(super) const CONTAINER: &[Foreign] = &[
    Foreign::key(
        "environment",
        &["env", "env_vars", "environment_variables", "variables"],
    ),
    Foreign::key(
        "environment_files",
        &["env_file", "env_files", "environment_file"],
    ),
    Foreign::key("entry_point", &["entrypoint"]),
    Foreign::key("health_check", &["healthcheck"]),
    Foreign::key("working_directory", &["workdir", "working_dir"]),
    Foreign::key("docker_labels", &["labels"]),
    Foreign::key("log_configuration", &["logconfiguration"]),
    Foreign::advice(
        "name a log group of the stack: `logs = \"NAME\"`; for another driver, `log_configuration = { log_driver = \"fluentd\" }`",
        &["logging"],
    ),
    Foreign::reshaped(
        "image",
        Reshape::Same,
        "amp-stack builds no images: push one to a registry, and write its name as `image`",
        &["build", "dockerfile"],
    ),
    Foreign::key("command", &["cmd", "args"]),
    Foreign::key("memory_reservation", &["memory_reserved", "soft_memory"]),
    Foreign::key(
        "readonly_root_filesystem",
        &["readonly", "read_only", "readonlyfs"],
    ),
    Foreign::key("pseudo_terminal", &["tty"]),
    Foreign::key("interactive", &["stdin_open"]),
    Foreign::key("stop_timeout", &["stop_grace_period"]),
    Foreign::advice(
        "write the ports as tables: `port_mappings = [{ container_port = 8080 }]`",
        &[
            "port",
            "ports",
            "expose",
            "container_port",
            "host_port",
            "port_mapping",
        ],
    ),
    Foreign::advice(
        "name a log group of the stack: `logs = \"NAME\"`",
        &["log_group", "log_group_name", "awslogs_group", "log"],
    ),
    Foreign::advice(
        "a restart is declared as a table: `restart_policy = { enabled = true }`",
        &["restart", "restart_attempts"],
    ),
    Foreign::advice(
        "mount volumes of the task: `mount_points = [{ source_volume = \"NAME\", container_path = \"/data\" }]`",
        &["volumes", "volume", "mounts"],
    ),
    Foreign::advice(
        "roles belong to the task: `task_role` and `execution_role` of `[task_definitions.NAME]`",
        &[
            "role",
            "task_role",
            "execution_role",
            "task_role_arn",
            "execution_role_arn",
        ],
    ),
    Foreign::advice(
        "GPUs are resources: `resource_requirements = [{ type = \"GPU\", value = \"1\" }]`",
        &["gpu", "gpus"],
    ),
    Foreign::advice(
        "secrets of Secrets Manager and SSM are given by ARN: `secrets = { NAME = \"arn:…\" }`",
        &["secret", "secret_options", "parameters"],
    ),
    Foreign::advice(
        "what is scraped stands beside the containers: `scrape` of `[task_definitions.NAME.metrics]`",
        &["metrics", "scrape"],
    ),
];

pub(super) const LOGS: &[Foreign] = &[
    Foreign::key(
        "name",
        &["group", "log_group", "awslogs_group", "log_group_name"],
    ),
    Foreign::key("region", &["awslogs_region"]),
    Foreign::advice(
        "other options of the `awslogs` driver are given in `log_configuration`",
        &[
            "stream_prefix",
            "awslogs_stream_prefix",
            "prefix",
            "create_group",
            "options",
            "driver",
            "mode",
        ],
    ),
    Foreign::advice(
        "the retention belongs to the log group: `retention_days` of `[log_groups.NAME]`",
        &["retention", "retention_days", "retention_in_days"],
    ),
];

pub(super) const METRICS: &[Foreign] = &[
    Foreign::key("scrape", &["scrape_configs", "targets", "static_configs"]),
    Foreign::key("workspace", &["workspace_id", "amp"]),
    Foreign::key("environment", &["env"]),
    Foreign::key("traces", &["xray", "tracing"]),
    Foreign::key("config", &["configuration", "config_file"]),
    Foreign::key("labels", &["external_labels", "static_labels"]),
    Foreign::key("queue", &["remote_write_queue", "sending_queue"]),
    Foreign::key("retry", &["retry_on_failure"]),
    Foreign::advice(
        "rules about labels stand with what is scraped: `scrape = [{ port = 8080, metric_relabel = [{ action = \"labeldrop\", regex = \"user_id\" }] }]`",
        &[
            "relabel",
            "metric_relabel",
            "relabel_configs",
            "metric_relabel_configs",
        ],
    ),
    Foreign::advice(
        "targets are listed: `scrape = [{ port = 8080 }]`",
        &["port", "path", "target", "job", "prometheus"],
    ),
    Foreign::key("emf", &["awsemf"]),
    Foreign::key("destinations", &["destination", "exporters", "sinks"]),
    Foreign::key("config_parameter", &["ssm_parameter", "parameter"]),
    Foreign::advice(
        "where metrics go follows from `[workspace]`; the endpoint is filled in, and others stand in `destinations = [{ remote_write = \"https://…\" }]`",
        &["endpoint", "remote_write", "remote_write_url", "region"],
    ),
    Foreign::advice(
        "how often a target is scraped stands with it: `scrape = [{ port = 8080, interval = \"30s\" }]`",
        &["interval", "scrape_interval"],
    ),
    Foreign::advice("leave out the table for no metrics", &["enabled"]),
];

pub(super) const PORT_MAPPING: &[Foreign] = &[
    Foreign::key("container_port", &["port", "target_port", "target"]),
    Foreign::key("host_port", &["published"]),
];

pub(super) const HEALTH_CHECK: &[Foreign] = &[
    Foreign::key("command", &["test", "cmd"]),
    Foreign::key("start_period", &["grace_period", "initial_delay_seconds"]),
    Foreign::key("retries", &["failure_threshold"]),
];

pub(super) const SCRAPE: &[Foreign] = &[
    Foreign::key("path", &["metrics_path", "url_path", "endpoint"]),
    Foreign::key("interval", &["scrape_interval"]),
    Foreign::key("timeout", &["scrape_timeout"]),
    Foreign::key("job", &["job_name", "name"]),
    Foreign::key("params", &["parameters", "query"]),
    Foreign::key("port", &["container_port"]),
    Foreign::key("host", &["hostname", "address"]),
    Foreign::key("relabel", &["relabel_configs", "relabelings"]),
    Foreign::key(
        "metric_relabel",
        &["metric_relabel_configs", "metric_relabelings"],
    ),
    Foreign::key("bearer_token", &["bearer", "token"]),
    Foreign::advice(
        "a token is a variable of `secrets`: `bearer_token = { secret = \"SCRAPE_TOKEN\" }`",
        &["authorization", "auth", "credentials"],
    ),
    Foreign::advice(
        "a password is a variable of `secrets`: `basic_auth = { username = \"prometheus\", password = { secret = \"SCRAPE_PASSWORD\" } }`",
        &["username", "password"],
    ),
    Foreign::advice(
        "a target of the task is its port: `scrape = [{ port = 8080 }]`",
        &["target", "targets", "url"],
    ),
];

pub(super) const BASIC_AUTH: &[Foreign] = &[Foreign::key("username", &["user", "name"])];

pub(super) const ATTRIBUTES: &[Foreign] = &[
    Foreign::key("add", &["insert", "update", "upsert", "set"]),
    Foreign::key("delete", &["remove", "drop"]),
];

pub(super) const BATCH: &[Foreign] = &[
    Foreign::key("size", &["send_batch_size"]),
    Foreign::key("max_size", &["send_batch_max_size"]),
];

pub(super) const QUEUE: &[Foreign] = &[
    Foreign::key("size", &["queue_size", "capacity"]),
    Foreign::key("consumers", &["num_consumers", "max_shards"]),
];

pub(super) const EMF: &[Foreign] = &[
    Foreign::key("log_group", &["log_group_name", "logs", "group"]),
    Foreign::key("metrics", &["metric_name_selectors", "keep"]),
];

pub(super) const DESTINATION: &[Foreign] = &[
    Foreign::key("remote_write", &["url", "endpoint", "prometheus"]),
    Foreign::advice(
        "what signs requests follows from `workspace`; `headers` say to another place who asks",
        &[
            "auth",
            "sigv4",
            "sigv4auth",
            "region",
            "basic_auth",
            "bearer_token",
        ],
    ),
];
