//! Every mistake that only a task definition can hold, by code.

use crate::stack::rules::{Rule, rule};

/// ECS API reference, `ContainerDefinition`.
const CONTAINER: &str = "ECS API reference, ContainerDefinition";
/// ECS API reference, `RegisterTaskDefinition`.
const REGISTER: &str = "ECS API reference, RegisterTaskDefinition";
/// The quotas of ECS.
const QUOTAS: &str = "ECS developer guide, \"Amazon ECS service quotas\"";
/// What Fargate has not.
const FARGATE: &str = "ECS developer guide, \"Amazon ECS task definition differences for Fargate\"";
/// The page about metrics.
const METRICS: &str = "ECS developer guide, \"Exporting application metrics to Amazon Managed Service for Prometheus\"";
/// The collector's image.
const IMAGE: &str = "aws-observability/aws-otel-collector, cmd/awscollector/Dockerfile";
/// How the collector is configured.
const CONFIG: &str = "aws-observability/aws-otel-collector, pkg/config";
/// How Prometheus is configured.
const PROMETHEUS: &str = "Prometheus documentation, \"Configuration\"";
/// Who uses which role.
const ROLES: &str = "ECS developer guide, \"Amazon ECS task execution IAM role\"";

/// The rules of the inside of task definitions, by code.
pub const RULES: &[Rule] = &[
    rule(
        "ambiguous-log-group",
        "a log group of somebody else is named by its name or by its ARN",
        "amp-stack",
    ),
    rule(
        "awslogs-option",
        "the awslogs driver takes a group, a region and on Fargate a prefix, and not both ways of telling events apart",
        "ECS API reference, LogConfiguration",
    ),
    rule(
        "collector-health-check",
        "the collector's image has no shell, curl or wget to check its health with",
        IMAGE,
    ),
    rule(
        "collector-on-external",
        "the collector is not supported on external instances",
        METRICS,
    ),
    rule(
        "collector-without-network",
        "a collector needs a network to send metrics",
        REGISTER,
    ),
    rule(
        "collector-without-task-role",
        "a collector writes with the rights of the task role",
        METRICS,
    ),
    rule(
        "configured-twice",
        "a collector has one configuration",
        CONFIG,
    ),
    rule(
        "container-name",
        "the name of a container is 1 to 255 letters, digits, `_` and `-`",
        CONTAINER,
    ),
    rule(
        "create-group-denied",
        "to create a log group takes logs:CreateLogGroup, which AmazonECSTaskExecutionRolePolicy doesn't allow",
        "ECS API reference, LogConfiguration",
    ),
    rule(
        "create-own-group",
        "a log group that the stack makes is not left to the log driver to make",
        "amp-stack",
    ),
    rule(
        "dependency-cycle",
        "containers don't wait for each other in a circle",
        "ECS API reference, ContainerDependency",
    ),
    rule(
        "depends-on-essential",
        "an essential container is not waited for to end",
        "ECS API reference, ContainerDependency",
    ),
    rule(
        "depends-on-itself",
        "a container doesn't wait for itself",
        "ECS API reference, ContainerDependency",
    ),
    rule(
        "depends-on-unchecked",
        "only a container with a health check becomes healthy",
        "ECS API reference, ContainerDependency",
    ),
    rule(
        "derived-variable",
        "the variables of the collector follow from the keys of `metrics`",
        "amp-stack",
    ),
    rule(
        "duplicate-container",
        "the containers of a task have different names",
        CONTAINER,
    ),
    rule(
        "duplicate-job",
        "the scrape targets of a collector have different jobs",
        PROMETHEUS,
    ),
    rule(
        "duplicate-mount",
        "a container mounts one volume at a path",
        "ECS API reference, MountPoint",
    ),
    rule(
        "duplicate-port",
        "a port of a container is in one mapping",
        "ECS API reference, PortMapping",
    ),
    rule(
        "duplicate-variable",
        "the variables and secrets of a container have different names",
        "errors of RegisterTaskDefinition, as in dagster-io/dagster issue 11622",
    ),
    rule(
        "duplicate-volume",
        "the volumes of a task have different names",
        "ECS API reference, Volume",
    ),
    rule(
        "empty-name",
        "a variable has a name",
        "ECS API reference, KeyValuePair",
    ),
    rule(
        "environment-file",
        "the name of an environment file ends in .env",
        "ECS API reference, EnvironmentFile",
    ),
    rule(
        "family-name",
        "a family is 1 to 255 letters, digits, `_` and `-`",
        REGISTER,
    ),
    rule(
        "fargate-network",
        "a task on Fargate has the network mode awsvpc",
        REGISTER,
    ),
    rule(
        "fargate-size",
        "Fargate offers certain pairs of CPU and memory",
        FARGATE,
    ),
    rule(
        "firelens",
        "one container routes the logs of those that log to FireLens",
        "ECS developer guide, \"Send Amazon ECS logs to an AWS service or AWS Partner\"",
    ),
    rule(
        "health-check-command",
        "the command of a health check begins with CMD or CMD-SHELL",
        "ECS API reference, HealthCheck",
    ),
    rule(
        "host-port",
        "where a task has a network of its own, a port of the host is that of the container",
        "ECS API reference, PortMapping",
    ),
    rule(
        "image-digest",
        "the digest of an image is one of SHA-256",
        CONTAINER,
    ),
    rule(
        "image-name",
        "an image is up to 255 letters, digits, `-`, `_`, `:`, `.`, `/` and `#`",
        CONTAINER,
    ),
    rule(
        "log-driver",
        "Fargate and managed instances have some of the log drivers",
        "ECS API reference, LogConfiguration",
    ),
    rule(
        "logs-twice",
        "`logs` and `log_configuration` are two ways to say the same",
        "amp-stack",
    ),
    rule(
        "malformed-json",
        "an exported task definition is JSON",
        "RFC 8259",
    ),
    rule(
        "malformed-path",
        "the path of a scrape target begins with `/`",
        PROMETHEUS,
    ),
    rule(
        "malformed-period",
        "a length of time is whole numbers with units",
        PROMETHEUS,
    ),
    rule(
        "memory-missing",
        "without a memory of the task every container has one",
        CONTAINER,
    ),
    rule(
        "memory-reservation",
        "the memory of a container is more than its reservation",
        CONTAINER,
    ),
    rule(
        "network-mode",
        "some network modes have no ports, links, host names or hosts of one's own",
        CONTAINER,
    ),
    rule(
        "no-essential-container",
        "a task has an essential container",
        CONTAINER,
    ),
    rule(
        "no-execution-role",
        "secrets, private images and logs on Fargate take an execution role",
        ROLES,
    ),
    rule(
        "no-task-role",
        "an EFS volume with IAM takes a task role",
        "ECS API reference, EFSAuthorizationConfig",
    ),
    rule(
        "no-workspace",
        "metrics are written to a workspace",
        METRICS,
    ),
    rule(
        "not-on-external",
        "external instances have neither awsvpc nor App Mesh nor EFS",
        "ECS developer guide, \"Amazon ECS clusters for external instances\"",
    ),
    rule(
        "not-on-fargate",
        "Fargate doesn't have all that instances have",
        FARGATE,
    ),
    rule(
        "not-on-managed-instances",
        "managed instances have no network mode bridge",
        "ECS API reference, ManagedInstancesNetworkConfiguration",
    ),
    rule(
        "nothing-to-collect",
        "a collector collects something",
        "amp-stack",
    ),
    rule(
        "port-clash",
        "two containers of one network don't have the same port",
        "ECS API reference, PortMapping",
    ),
    rule(
        "port-name",
        "the name of a port is up to 64 of a to z, 0 to 9, `_` and `-`",
        "ECS API reference, PortMapping",
    ),
    rule(
        "port-range",
        "a port range is its first and its last port, and stands alone",
        "ECS API reference, PortMapping",
    ),
    rule(
        "remote-write-on-execution-role",
        "the collector never uses the execution role",
        ROLES,
    ),
    rule(
        "resource-requirement",
        "GPUs are counted, and accelerators declared",
        "ECS API reference, ResourceRequirement",
    ),
    rule(
        "root-directory",
        "an access point decides the root directory",
        "ECS API reference, EFSVolumeConfiguration",
    ),
    rule(
        "scrape-timeout",
        "a scrape ends before the next one begins",
        PROMETHEUS,
    ),
    rule(
        "task-role-cannot-write",
        "some policy of the task role allows to write",
        "service authorization reference, \"Amazon Managed Service for Prometheus\"",
    ),
    rule(
        "task-size",
        "cpu is CPU units or vCPU, memory is MiB or GB",
        REGISTER,
    ),
    rule(
        "task-too-small",
        "the shares of the containers fit into the task",
        CONTAINER,
    ),
    rule(
        "too-large",
        "a task definition is up to 64 KiB of JSON",
        QUOTAS,
    ),
    rule(
        "too-many-constraints",
        "a task has up to 10 placement constraints",
        REGISTER,
    ),
    rule(
        "too-many-containers",
        "a task has up to 10 containers",
        QUOTAS,
    ),
    rule(
        "too-many-credential-specs",
        "a container has one credential spec",
        CONTAINER,
    ),
    rule(
        "too-many-exit-codes",
        "a restart policy ignores up to 50 exit codes",
        "ECS API reference, ContainerRestartPolicy",
    ),
    rule(
        "too-many-files",
        "a container has up to 10 environment files",
        CONTAINER,
    ),
    rule(
        "too-many-launch-volumes",
        "one volume of a task is configured at launch",
        "ECS API reference, Volume",
    ),
    rule(
        "too-many-ports",
        "a container has up to 100 port ranges",
        "ECS API reference, PortMapping",
    ),
    rule(
        "transit-encryption",
        "an EFS volume with an access point or IAM is encrypted in transit",
        "ECS API reference, EFSVolumeConfiguration",
    ),
    rule(
        "ulimit",
        "a soft limit is not above its hard limit",
        "Linux manual, setrlimit(2)",
    ),
    rule(
        "undefined-container",
        "a container that is mentioned is there",
        CONTAINER,
    ),
    rule(
        "undefined-volume",
        "a volume that is mounted is there",
        "ECS API reference, MountPoint",
    ),
    rule(
        "unpinned-collector",
        "the version of the collector is fixed, because versions rename metrics",
        "release notes of aws-observability/aws-otel-collector",
    ),
    rule(
        "unreachable-target",
        "on a bridge network a scrape target is named by its container",
        REGISTER,
    ),
    rule(
        "volume-kind",
        "a volume is of one kind",
        "ECS API reference, Volume",
    ),
    rule(
        "volume-name",
        "the name of a volume is 1 to 255 letters, digits, `_` and `-`",
        "ECS API reference, Volume",
    ),
];
