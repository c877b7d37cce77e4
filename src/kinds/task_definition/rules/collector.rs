//! The rules of the collector.

use crate::model::rule::{Rule, rule};

/// The rules, by code.
pub(super) const COLLECTOR: &[Rule] = &[
    rule(
        "attribute-name",
        "attributes are called by their own names, which have dots, and not by those of labels",
        "OpenTelemetry, \"Semantic conventions\"",
    ),
    rule(
        "collector-component",
        "the image of a collector has the components that its configuration names",
        "aws-observability/aws-otel-collector, pkg/defaultcomponents",
    ),
    rule(
        "collector-endpoint",
        "the endpoint of remote write is the remote-write URL of one workspace",
        "Amazon Managed Service for Prometheus user guide, \"Remote write URL\"",
    ),
    rule(
        "collector-file",
        "a file that a collector is started with is in its image",
        "aws-observability/aws-otel-collector, config",
    ),
    rule(
        "collector-health-check",
        "the health check of a collector runs its own `/healthcheck`, for its image holds no shell",
        "aws-observability/aws-otel-collector, cmd/awscollector/Dockerfile",
    ),
    rule(
        "collector-health-extension",
        "a collector whose health check is run has the extension that answers it",
        "aws-observability/aws-otel-collector, cmd/healthcheck",
    ),
    rule(
        "collector-key",
        "the components of a collector get keys that they know",
        "OpenTelemetry documentation, \"Configuration\"",
    ),
    rule(
        "collector-on-external",
        "the collector does not run on external instances",
        "ECS developer guide, \"Exporting application metrics to Amazon Managed Service for Prometheus\"",
    ),
    rule(
        "collector-pipeline",
        "the pipelines of a collector name components that are defined",
        "OpenTelemetry documentation, \"Configuration\"",
    ),
    rule(
        "collector-region",
        "the collector takes itself to be in its own region, or in that of its workspace",
        "aws-observability/aws-otel-collector, sigv4auth extension",
    ),
    rule(
        "collector-tasks-alike",
        "metrics of two tasks differ in a label",
        "aws-observability/aws-otel-collector, issue 1984",
    ),
    rule(
        "collector-unsigned",
        "what a collector sends to a workspace is signed, for the workspace's region",
        "aws-observability/aws-otel-collector, sigv4auth extension",
    ),
    rule(
        "collector-unused",
        "what a collector's configuration defines is used",
        "amp-stack",
    ),
    rule(
        "collector-value",
        "the components of a collector get values of the kind that they take",
        "OpenTelemetry documentation, \"Configuration\"",
    ),
    rule(
        "collector-variable",
        "what a collector fills in when it starts has a name, and a value",
        "OpenTelemetry documentation, \"Configuration\", environment variables",
    ),
    rule(
        "collector-without-network",
        "a task with a collector has a network",
        "ECS API reference, RegisterTaskDefinition",
    ),
    rule(
        "collector-without-task-role",
        "a task with a collector has a task role: the collector signs what it sends",
        "aws-observability/aws-otel-collector, sigv4auth extension",
    ),
    rule(
        "collector-yaml",
        "the configuration of a collector is YAML, and a mapping",
        "OpenTelemetry documentation, \"Configuration\"",
    ),
    rule(
        "configured-twice",
        "a collector takes its configuration from one place",
        "aws-observability/aws-otel-collector, pkg/config",
    ),
    rule(
        "derived-variable",
        "variables of the collector that follow from `metrics` are set there",
        "amp-stack",
    ),
    rule(
        "destination",
        "a destination is one place, which takes what it is sent",
        "amp-stack",
    ),
    rule(
        "duplicate-job",
        "scrape targets have different job names",
        "Prometheus documentation, \"Configuration\"",
    ),
    rule(
        "invalid-path",
        "paths to scrape begin with `/`",
        "Prometheus documentation, \"Configuration\"",
    ),
    rule(
        "invalid-pattern",
        "patterns are those of RE2",
        "Go standard library, regexp/syntax",
    ),
    rule(
        "invalid-period",
        "lengths of time are spelled like 20s or 1m30s",
        "Go standard library, time.ParseDuration",
    ),
    rule(
        "label-name",
        "names of labels are letters, digits and `_`, and none that Prometheus keeps for itself",
        "Prometheus documentation, \"Data model\"",
    ),
    rule(
        "no-built-in-configuration",
        "a configuration of the collector's image is asked for only what one of them does",
        "aws-observability/aws-otel-collector, config/ecs",
    ),
    rule("no-workspace", "metrics go to a workspace", "amp-stack"),
    rule(
        "not-on-external",
        "tasks on external instances have nothing that is not supported there",
        "ECS developer guide, \"Amazon ECS clusters for external instances\"",
    ),
    rule(
        "nothing-to-collect",
        "a collector has something to collect",
        "amp-stack",
    ),
    rule(
        "plain-secret",
        "what is a secret stands in no stack file",
        "amp-stack",
    ),
    rule(
        "relabel-rule",
        "rules about labels have the keys that they need, and write what can be a label",
        "Prometheus documentation, \"Configuration\", relabel_config",
    ),
    rule(
        "remote-write-on-execution-role",
        "rights of the collector belong to the task role",
        "ECS developer guide, \"Amazon ECS task execution IAM role\"",
    ),
    rule(
        "scrape-own-port",
        "a collector scrapes applications, and not the ports on which it listens itself",
        "amp-stack",
    ),
    rule(
        "scrape-timeout",
        "a scrape ends before the next one begins",
        "Prometheus documentation, \"Configuration\"",
    ),
    rule(
        "sending-limits",
        "the limits of how samples are sent fit each other",
        "OpenTelemetry Collector, configretry and batchprocessor",
    ),
    rule(
        "task-role-cannot-write",
        "the task role is allowed what the collector does",
        "Amazon Managed Service for Prometheus user guide, \"IAM permissions and policies\"",
    ),
    rule(
        "two-collectors",
        "`metrics` adds the one collector of a task",
        "ECS developer guide, \"Exporting application metrics to Amazon Managed Service for Prometheus\"",
    ),
    rule(
        "two-logins",
        "a target is asked as somebody in one way",
        "Prometheus documentation, \"Configuration\"",
    ),
    rule(
        "undefined-secret",
        "a secret that is mentioned is one of `secrets`",
        "amp-stack",
    ),
    rule(
        "unpinned-collector",
        "the image of the collector names a version",
        "amp-stack",
    ),
    rule(
        "unreachable-collector",
        "on a bridge network the containers that send to a collector are linked to it",
        "ECS API reference, ContainerDefinition, links",
    ),
    rule(
        "unreachable-target",
        "a target on a bridge network names its container",
        "ECS developer guide, \"Amazon ECS task networking options for EC2\"",
    ),
];
