//! The rules of task definitions and of the collector.

mod collector;

use crate::{
    kinds::task_definition::rules::collector::COLLECTOR,
    model::rule::{Rule, rule},
};

/// The rules. Task definitions keep those of the loader too.
pub const TASK_DEFINITION: &[Rule] = &ALL;

/// Those of the request, then those of the collector.
const ALL: [Rule; REQUEST.len() + COLLECTOR.len()] = {
    let mut all = [REQUEST[0]; REQUEST.len() + COLLECTOR.len()];
    let mut next = 0;
    while next < REQUEST.len() {
        all[next] = REQUEST[next];
        next += 1;
    }
    while next < all.len() {
        all[next] = COLLECTOR[next - REQUEST.len()];
        next += 1;
    }
    all
};

/// The rules of the request, by code.
const REQUEST: &[Rule] = &[
    rule(
        "ambiguous-log-group",
        "a log group is named by `name` and `region`, or by `arn`",
        "amp-stack",
    ),
    rule(
        "awslogs-option",
        "the awslogs driver has the options it needs, and none that exclude each other",
        "ECS API reference, LogConfiguration",
    ),
    rule(
        "container-name",
        "names of containers are 1 to 255 of letters, digits, `_` and `-`",
        "ECS API reference, ContainerDefinition",
    ),
    rule(
        "create-group-denied",
        "who creates a log group is allowed to",
        "ECS API reference, LogConfiguration",
    ),
    rule(
        "create-own-group",
        "a log group that the stack manages is not created by ECS",
        "amp-stack",
    ),
    rule(
        "dependency-cycle",
        "containers do not wait for each other in a circle",
        "ECS API reference, ContainerDependency",
    ),
    rule(
        "depends-on-essential",
        "nothing waits for the end of an essential container",
        "ECS API reference, ContainerDependency",
    ),
    rule(
        "depends-on-itself",
        "a container does not wait for itself",
        "ECS API reference, ContainerDependency",
    ),
    rule(
        "depends-on-unchecked",
        "who is waited for to be healthy has a health check",
        "ECS API reference, ContainerDependency",
    ),
    rule(
        "duplicate-container",
        "containers of a task have different names",
        "ECS API reference, ContainerDefinition",
    ),
    rule(
        "duplicate-mount",
        "two volumes are not mounted at one path",
        "ECS API reference, MountPoint",
    ),
    rule(
        "duplicate-port",
        "a port of a container is mapped once for each protocol",
        "ECS API reference, PortMapping",
    ),
    rule(
        "duplicate-variable",
        "a variable is set once per container",
        "ECS API reference, ContainerDefinition",
    ),
    rule(
        "duplicate-volume",
        "volumes of a task have different names",
        "ECS API reference, Volume",
    ),
    rule(
        "empty-name",
        "variables have names",
        "ECS API reference, KeyValuePair",
    ),
    rule(
        "environment-file",
        "environment files end in `.env`",
        "ECS API reference, EnvironmentFile",
    ),
    rule(
        "family-name",
        "names of families are 1 to 255 of letters, digits, `_` and `-`",
        "ECS API reference, RegisterTaskDefinition",
    ),
    rule(
        "fargate-network",
        "tasks on Fargate use the network mode awsvpc",
        "ECS API reference, RegisterTaskDefinition",
    ),
    rule(
        "fargate-size",
        "Fargate offers only some combinations of CPU and memory",
        "ECS developer guide, \"Amazon ECS task definition differences for Fargate\"",
    ),
    rule(
        "firelens",
        "a task has one FireLens router if containers log to it, and none otherwise",
        "ECS developer guide, \"Send Amazon ECS logs to an AWS service or AWS Partner\"",
    ),
    rule(
        "health-check-command",
        "a health check begins with CMD or CMD-SHELL",
        "ECS API reference, HealthCheck",
    ),
    rule(
        "host-port",
        "on networks that are not bridges host port and container port are equal",
        "ECS API reference, PortMapping",
    ),
    rule(
        "image-digest",
        "digests are of SHA-256",
        "ECS API reference, ContainerDefinition",
    ),
    rule(
        "image-name",
        "names of images are up to 255 characters of those that Docker takes",
        "ECS API reference, ContainerDefinition",
    ),
    rule(
        "log-driver",
        "log drivers are of those that the launch type has",
        "ECS API reference, LogConfiguration",
    ),
    rule(
        "log-option",
        "log drivers get the options that they know and need",
        "ECS API reference, LogConfiguration; Docker documentation, \"Configure logging drivers\"",
    ),
    rule(
        "logs-twice",
        "a container has `logs` or `log_configuration`",
        "amp-stack",
    ),
    rule(
        "memory-missing",
        "a container has a share of memory where the task has none",
        "ECS API reference, ContainerDefinition",
    ),
    rule(
        "memory-reservation",
        "the memory of a container is not less than its reservation",
        "ECS API reference, ContainerDefinition, corrected by https://github.com/awsdocs/amazon-ecs-developer-guide/pull/242 to \"greater than or equal\"",
    ),
    rule(
        "network-mode",
        "containers have nothing that their network mode excludes",
        "ECS API reference, RegisterTaskDefinition",
    ),
    rule(
        "no-essential-container",
        "a task has an essential container",
        "ECS API reference, ContainerDefinition",
    ),
    rule(
        "no-execution-role",
        "what ECS does for a container before it runs takes an execution role",
        "ECS developer guide, \"Amazon ECS task execution IAM role\"",
    ),
    rule(
        "no-task-role",
        "volumes that are mounted with IAM take a task role",
        "ECS API reference, EFSAuthorizationConfig",
    ),
    rule(
        "not-on-fargate",
        "tasks on Fargate have nothing that is not supported there",
        "ECS developer guide, \"Amazon ECS task definition differences for Fargate\"",
    ),
    rule(
        "not-on-managed-instances",
        "managed instances have no network mode bridge",
        "ECS API reference, ManagedInstancesNetworkConfiguration",
    ),
    rule(
        "not-on-windows",
        "containers with Windows have nothing that is not supported there",
        "ECS API reference, ContainerDefinition",
    ),
    rule(
        "port-clash",
        "two containers of one network do not listen on one port",
        "ECS API reference, PortMapping",
    ),
    rule(
        "port-name",
        "names of ports are up to 64 of a to z, 0 to 9, `_` and `-`",
        "ECS API reference, PortMapping",
    ),
    rule(
        "port-range",
        "port ranges are two ports with a `-` between, and stand alone",
        "ECS API reference, PortMapping",
    ),
    rule(
        "resource-requirement",
        "GPUs are counted, and accelerators are those of the task",
        "ECS API reference, ResourceRequirement",
    ),
    rule(
        "root-directory",
        "a volume with an access point leaves its directory to that",
        "ECS API reference, EFSVolumeConfiguration",
    ),
    rule(
        "service-name",
        "a service to roll out to is named by its cluster and its name, in the stack's own account and region",
        "ECS API reference, UpdateService",
    ),
    rule(
        "task-size",
        "sizes of tasks are spelled as ECS reads them",
        "ECS API reference, RegisterTaskDefinition",
    ),
    rule(
        "task-too-small",
        "the shares of the containers fit into the task",
        "ECS API reference, RegisterTaskDefinition",
    ),
    rule(
        "too-large",
        "a task definition has at most 64 KiB",
        "ECS developer guide, \"Amazon ECS service quotas\"",
    ),
    rule(
        "too-many-constraints",
        "a task has at most 10 placement constraints",
        "ECS API reference, RegisterTaskDefinition",
    ),
    rule(
        "too-many-containers",
        "a task has at most 10 containers",
        "ECS developer guide, \"Amazon ECS service quotas\"",
    ),
    rule(
        "too-many-credential-specs",
        "a container has one credential specification",
        "ECS API reference, ContainerDefinition",
    ),
    rule(
        "too-many-exit-codes",
        "a restart policy ignores at most 50 exit codes",
        "ECS API reference, ContainerRestartPolicy",
    ),
    rule(
        "too-many-files",
        "a container has at most 10 environment files",
        "ECS API reference, ContainerDefinition",
    ),
    rule(
        "too-many-launch-volumes",
        "one volume of a task is configured at launch",
        "ECS API reference, Volume",
    ),
    rule(
        "too-many-ports",
        "a container has at most 100 port ranges",
        "ECS API reference, PortMapping",
    ),
    rule(
        "transit-encryption",
        "EFS volumes with an access point or IAM are encrypted in transit",
        "ECS API reference, EFSVolumeConfiguration",
    ),
    rule(
        "ulimit",
        "a soft limit is not above its hard limit",
        "Linux manual, setrlimit(2)",
    ),
    rule(
        "undefined-container",
        "containers that are mentioned are in the task",
        "ECS API reference, ContainerDefinition",
    ),
    rule(
        "undefined-volume",
        "volumes that are mentioned are in the task",
        "ECS API reference, MountPoint",
    ),
    rule(
        "volume-kind",
        "a volume is of one kind",
        "ECS API reference, Volume",
    ),
    rule(
        "volume-name",
        "names of volumes are 1 to 255 of letters, digits, `_` and `-`",
        "ECS API reference, Volume",
    ),
];
