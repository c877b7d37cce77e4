//! One row for each mistake that a real collector was seen to make or to die of, wherever its
//! configuration stands.

use std::{collections::BTreeMap, io, path::Path};

use proptest::{
    prelude::*,
    sample::{select, subsequence},
};
use serde_json::json;

use crate::{
    collector::IMAGE,
    file::problem::Problem,
    kinds::{
        Resource,
        task_definition::read::tests::{AROUND, load_stack},
    },
    model::address::{Address, Kind},
    stack::Stack,
};

/// A configuration in which nothing is wrong.
const GOOD: &str = "\
extensions:
  health_check:
  sigv4auth: {region: us-east-1}
receivers:
  awsecscontainermetrics:
  otlp: {protocols: {grpc: {endpoint: \"0.0.0.0:4317\"}}}
  prometheus:
    config:
      scrape_configs:
        - job_name: own
          scrape_interval: 10s
          static_configs: [{targets: [\"localhost:9100\"]}]
          metric_relabel_configs:
            - {source_labels: [a], regex: (.*):(.*), target_label: b, replacement: $2}
processors:
  resourcedetection: {detectors: [env, ecs]}
  batch: {timeout: 10s}
exporters:
  prometheusremotewrite:
    endpoint: ${env:AWS_PROMETHEUS_ENDPOINT}
    auth: {authenticator: sigv4auth}
    resource_to_telemetry_conversion: {enabled: true}
service:
  extensions: [health_check, sigv4auth]
  pipelines:
    metrics:
      receivers: [awsecscontainermetrics, prometheus, otlp]
      processors: [resourcedetection, batch]
      exporters: [prometheusremotewrite]
";

const URL: &str =
    "https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-12345678/api/v1/remote_write";

/// Where a configuration can stand.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    /// In a file that `metrics` names.
    File,
    /// In `metrics.environment`.
    Metrics,
    /// In the environment of a container.
    Container,
    /// In an exported definition.
    Definition,
}

const PLACES: [Place; 4] = [
    Place::File,
    Place::Metrics,
    Place::Container,
    Place::Definition,
];

/// A stack with this configuration, and the file beside it. `keys` are further ones of the task.
fn stack(place: Place, keys: &str, yaml: &str) -> (String, String) {
    let task =
        |rest: &str| format!("{AROUND}[task_definitions.t]\ntask_role = \"task\"\n{keys}\n{rest}");
    let app = "[task_definitions.t.containers.app]\nimage = \"app:1\"\nport_mappings = [{ container_port = 8080 }]\n";
    let escaped = yaml.replace("${", "$${");
    match place {
        Place::File => (
            task(&format!(
                "{app}[task_definitions.t.metrics]\nconfig = \"c.yaml\"\n"
            )),
            yaml.to_owned(),
        ),
        Place::Metrics => (
            task(&format!(
                "{app}[task_definitions.t.metrics.environment]\nAOT_CONFIG_CONTENT = '''\n{escaped}'''\n"
            )),
            String::new(),
        ),
        Place::Container => (
            task(&format!(
                "{app}[task_definitions.t.containers.c]\nimage = \"{IMAGE}\"\nhealth_check = {{ command = [\"CMD\", \"/healthcheck\"] }}\n[task_definitions.t.containers.c.environment]\nAWS_PROMETHEUS_ENDPOINT = \"{URL}\"\nAOT_CONFIG_CONTENT = '''\n{escaped}'''\n"
            )),
            String::new(),
        ),
        Place::Definition => {
            let definition = json!({"containerDefinitions": [
                {"name": "app", "image": "app:1", "portMappings": [{"containerPort": 8080}]},
                {
                    "name": "c",
                    "image": IMAGE,
                    "healthCheck": {"command": ["CMD", "/healthcheck"]},
                    "environment": [
                        {"name": "AWS_PROMETHEUS_ENDPOINT", "value": URL},
                        {"name": "AOT_CONFIG_CONTENT", "value": yaml},
                    ],
                },
            ]});
            (task("definition = \"t.json\"\n"), definition.to_string())
        }
    }
}

/// On Fargate, with a role that may do everything.
const FARGATE: &str = "requires_compatibilities = [\"FARGATE\"]\ncpu = 256\nmemory = 512";
const BRIDGE: &str = "requires_compatibilities = [\"EC2\"]\nmemory = 512";
const ALLOWED: &str = "[roles.task.inline_policies.all]\nVersion = \"2012-10-17\"\nStatement = { Effect = \"Allow\", Action = \"*\", Resource = \"*\" }\n";

fn load(place: Place, keys: &str, more: &str, yaml: &str) -> (String, Result<Stack, Vec<Problem>>) {
    let (text, beside) = stack(place, keys, yaml);
    let text = format!("{text}{more}");
    let read = move |_: &Path| -> io::Result<String> { Ok(beside.clone()) };
    (text.clone(), load_stack(text, &read))
}

/// What is reported, with what is underlined.
fn reported(place: Place, keys: &str, more: &str, yaml: &str) -> Vec<(&'static str, String)> {
    let (text, loaded) = load(place, keys, more, yaml);
    let problems = loaded.err().unwrap_or_default();
    let mut found: Vec<(&str, String)> = problems
        .iter()
        .map(|problem| {
            let file = problem.file.as_ref().map_or(&text, |file| &file.text);
            let (span, _) = &problem.labels[0];
            (problem.code, file[span.clone()].replace("$${", "${"))
        })
        .collect();
    found.sort();
    found
}

fn edited(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    GOOD.replacen(from, to, 1)
}

/// `(what is replaced, by what, what is reported and underlined)`.
type Row = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

const MISTAKES: &[Row] = &[
    // A pipeline names what is not defined.
    (
        "exporters: [prometheusremotewrite]",
        "exporters: [prometheusremotewrite/amp]",
        &[("collector-pipeline", "prometheusremotewrite/amp")],
    ),
    (
        "[awsecscontainermetrics, prometheus, otlp]",
        "[awsecscontainermetrics, prometheus, otlp, statsd]",
        &[("collector-pipeline", "statsd")],
    ),
    (
        "extensions: [health_check, sigv4auth]",
        "extensions: [health_check, sigv4auth, zpages]",
        &[("collector-pipeline", "zpages")],
    ),
    (
        "      receivers: [awsecscontainermetrics, prometheus, otlp]\n",
        "",
        &[
            ("collector-pipeline", "metrics"),
            ("collector-unused", "awsecscontainermetrics"),
            ("collector-unused", "otlp"),
            ("collector-unused", "prometheus"),
        ],
    ),
    (
        "    metrics:\n",
        "    metric:\n",
        &[("collector-pipeline", "metric")],
    ),
    // `${2}` is taken for a variable.
    (
        "replacement: $2",
        "replacement: \"${2}\"",
        &[("collector-variable", "${2}")],
    ),
    (
        "${env:AWS_PROMETHEUS_ENDPOINT}",
        "$AWS_PROMETHEUS_ENDPOINT",
        &[
            ("collector-endpoint", "$AWS_PROMETHEUS_ENDPOINT"),
            ("collector-variable", "$AWS_PROMETHEUS_ENDPOINT"),
        ],
    ),
    (
        "${env:AWS_PROMETHEUS_ENDPOINT}",
        "${env:AMP_URL}",
        &[("collector-variable", "${env:AMP_URL}")],
    ),
    // The health check.
    (
        "  health_check:\n",
        "",
        &[
            ("collector-health-extension", "extensions"),
            ("collector-pipeline", "health_check"),
        ],
    ),
    (
        "[health_check, sigv4auth]",
        "[sigv4auth]",
        &[("collector-health-extension", "health_check")],
    ),
    (
        "  health_check:\n",
        "  health_check: {endpoint: \"0.0.0.0:13134\"}\n",
        &[("collector-health-extension", "\"0.0.0.0:13134\"")],
    ),
    (
        "  health_check:\n",
        "  health_check: {path: /health}\n",
        &[("collector-health-extension", "/health")],
    ),
    // Signing.
    (
        "region: us-east-1",
        "region: eu-west-1",
        &[("collector-unsigned", "eu-west-1")],
    ),
    (
        "    auth: {authenticator: sigv4auth}\n",
        "",
        &[("collector-unsigned", "${env:AWS_PROMETHEUS_ENDPOINT}")],
    ),
    (
        "[health_check, sigv4auth]",
        "[health_check]",
        &[("collector-unsigned", "sigv4auth")],
    ),
    (
        "authenticator: sigv4auth",
        "authenticator: basicauth",
        &[("collector-unsigned", "basicauth")],
    ),
    (
        "{region: us-east-1}",
        "{service: es}",
        &[("collector-unsigned", "es")],
    ),
    // Tasks that look alike.
    (
        "    resource_to_telemetry_conversion: {enabled: true}\n",
        "",
        &[("collector-tasks-alike", "prometheusremotewrite")],
    ),
    (
        "processors: [resourcedetection, batch]",
        "processors: [batch]",
        &[
            ("collector-tasks-alike", "metrics"),
            ("collector-unused", "resourcedetection"),
        ],
    ),
    // YAML, components, keys and values.
    (
        "exporters: [prometheusremotewrite]",
        "exporters: [prometheusremotewrite",
        &[("collector-yaml", "e")],
    ),
    (
        "  batch: {timeout: 10s}\n",
        "  batch: {timeout: 10s}\n  batch: {timeout: 20s}\n",
        &[("collector-yaml", "batch")],
    ),
    (
        "processors: [resourcedetection, batch]",
        "processors: [resourcedetection, batch, transform]",
        &[("collector-pipeline", "transform")],
    ),
    (
        "  batch: {timeout: 10s}\n",
        "  batch: {timeout: 10s}\n  transform:\n",
        &[
            ("collector-component", "transform"),
            ("collector-unused", "transform"),
        ],
    ),
    (
        "exporters:\n",
        "exporters:\n  logging: {loglevel: debug}\n",
        &[
            ("collector-component", "logging"),
            ("collector-unused", "logging"),
        ],
    ),
    (
        "exporters:\n",
        "exporters:\n  awsprometheusremotewrite: {aws_auth: {service: aps}}\n",
        &[
            ("collector-component", "awsprometheusremotewrite"),
            ("collector-unused", "awsprometheusremotewrite"),
        ],
    ),
    (
        "auth: {authenticator: sigv4auth}",
        "authentication: {authenticator: sigv4auth}",
        &[
            ("collector-key", "authentication"),
            ("collector-unsigned", "${env:AWS_PROMETHEUS_ENDPOINT}"),
        ],
    ),
    ("job_name: own", "job: own", &[("collector-key", "job")]),
    (
        "service:\n",
        "services:\n",
        &[("collector-key", "services")],
    ),
    (
        "receivers:\n",
        "reciever:\n",
        &[("collector-key", "reciever")],
    ),
    (
        "processors: [resourcedetection, batch]",
        "processors: [resourcedetecton, batch]",
        &[("collector-pipeline", "resourcedetecton")],
    ),
    (
        "auth: {authenticator: sigv4auth}",
        "authh: {authenticator: sigv4auth}",
        &[("collector-key", "authh")],
    ),
    (
        "timeout: 10s",
        "timeout: soon",
        &[("collector-value", "soon")],
    ),
    (
        "detectors: [env, ecs]",
        "detectors: ecs",
        &[("collector-value", "ecs")],
    ),
    (
        "scrape_configs:\n",
        "scrape_configs:\n        - {job_name: x, scheme: HTTP, static_configs: [{targets: [\"a:1\"]}]}\n",
        &[("collector-value", "HTTP")],
    ),
    // Where it sends.
    (
        "${env:AWS_PROMETHEUS_ENDPOINT}",
        "https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-12345678//api/v1/remote_write",
        &[(
            "collector-endpoint",
            "https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-12345678//api/v1/remote_write",
        )],
    ),
    (
        "${env:AWS_PROMETHEUS_ENDPOINT}",
        "https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-12345678",
        &[(
            "collector-endpoint",
            "https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-12345678",
        )],
    ),
    (
        "    endpoint: ${env:AWS_PROMETHEUS_ENDPOINT}\n",
        "",
        &[("collector-endpoint", "prometheusremotewrite")],
    ),
    // What is collected goes into the log only.
    (
        "      exporters: [prometheusremotewrite]",
        "      exporters: [debug]",
        &[
            ("collector-pipeline", "debug"),
            ("collector-unused", "prometheusremotewrite"),
        ],
    ),
    // Ports.
    (
        "0.0.0.0:4317",
        "0.0.0.0:8080",
        &[("port-clash", "\"0.0.0.0:8080\"")],
    ),
    (
        "0.0.0.0:4317",
        "0.0.0.0:9100",
        &[("scrape-own-port", "\"localhost:9100\"")],
    ),
    (
        "0.0.0.0:4317",
        "0.0.0.0:13133",
        &[("port-clash", "health_check")],
    ),
];

/// Mistakes on a network where every container has a loopback of its own.
const ON_A_BRIDGE: &[Row] = &[
    (
        "0.0.0.0:4317",
        "localhost:4317",
        &[("unreachable-collector", "\"localhost:4317\"")],
    ),
    (
        "grpc: {endpoint: \"0.0.0.0:4317\"}",
        "grpc: {}",
        &[("unreachable-collector", "grpc")],
    ),
    (
        "app:9100",
        "localhost:9100",
        &[("unreachable-target", "\"localhost:9100\"")],
    ),
];

#[test]
fn every_mistake_is_recognized_wherever_it_stands() {
    for place in PLACES {
        assert_eq!(reported(place, FARGATE, ALLOWED, GOOD), [], "{place:?}");
        for (from, to, expected) in MISTAKES {
            let found = reported(place, FARGATE, ALLOWED, &edited(from, to));
            let expected: Vec<(&str, String)> = expected
                .iter()
                .map(|(c, t)| (*c, (*t).to_owned()))
                .collect();
            assert_eq!(found, expected, "{place:?}: {to}");
        }
    }
}

#[test]
fn on_a_bridge_nobody_is_reached_at_localhost() {
    let good = edited("localhost:9100", "app:9100");
    for place in PLACES {
        assert_eq!(reported(place, BRIDGE, ALLOWED, &good), [], "{place:?}");
        for (from, to, expected) in ON_A_BRIDGE {
            let found = reported(place, BRIDGE, ALLOWED, &good.replacen(from, to, 1));
            let expected: Vec<(&str, String)> = expected
                .iter()
                .map(|(c, t)| (*c, (*t).to_owned()))
                .collect();
            assert_eq!(found, expected, "{place:?}: {to}");
        }
    }
}

#[test]
fn an_empty_configuration_is_underlined_where_it_stands() {
    for place in [Place::File, Place::Metrics, Place::Container] {
        let codes: Vec<&str> = reported(place, FARGATE, ALLOWED, "# nothing\n")
            .into_iter()
            .map(|(code, _)| code)
            .collect();
        assert_eq!(codes, ["collector-yaml"], "{place:?}");
    }
    let found = reported(Place::File, FARGATE, ALLOWED, "- a\n");
    assert_eq!(found, [("collector-yaml", "-".to_owned())]);
}

#[test]
fn a_file_may_mention_what_a_stack_file_may() {
    for (endpoint, expected) in [
        (
            "${workspace.remote_write_url}",
            "${workspace.remote_write_url}",
        ),
        (
            "${workspace.endpoint}api/v1/remote_write",
            "${workspace.endpoint}api/v1/remote_write",
        ),
    ] {
        let yaml = edited("${env:AWS_PROMETHEUS_ENDPOINT}", endpoint);
        let (_, loaded) = load(Place::File, FARGATE, "", &yaml);
        let stack = loaded.unwrap_or_else(|problems| panic!("{endpoint}: {problems:#?}"));
        let written = configuration(&stack);
        // All else is as it was.
        assert_eq!(written, edited("${env:AWS_PROMETHEUS_ENDPOINT}", expected));
    }
    for (endpoint, code) in [
        ("${workspace.remote_write_urI}", "unknown-attribute"),
        ("${workspace.query_url}", "collector-endpoint"),
        (
            "${workspace.endpoint}/api/v1/remote_write",
            "collector-endpoint",
        ),
        ("${var.url}", "undefined-variable"),
    ] {
        let yaml = edited("${env:AWS_PROMETHEUS_ENDPOINT}", endpoint);
        let found = reported(Place::File, FARGATE, "", &yaml);
        assert_eq!(found, [(code, endpoint.to_owned())]);
    }
    // In the stack file two dollar signs make it the collector's, which can't fill it in.
    let yaml = edited(
        "${env:AWS_PROMETHEUS_ENDPOINT}",
        "${workspace.remote_write_url}",
    );
    let found = reported(Place::Metrics, FARGATE, "", &yaml);
    assert_eq!(
        found,
        [(
            "collector-variable",
            "${workspace.remote_write_url}".to_owned()
        )]
    );
}

/// The configuration that the collector of the task definition `t` gets.
fn configuration(stack: &Stack) -> String {
    let declared = &stack.resources[&Address::new(Kind::TaskDefinition, "t")];
    let Some(Resource::TaskDefinition(family)) = &declared.want else {
        panic!("{declared:?}");
    };
    let document = family.document.as_ref().expect("a document").written();
    let json = document.to_json();
    let variables = json["containerDefinitions"][1]["environment"].as_array();
    let mut variables = variables.expect("variables").iter();
    let found = variables.find(|variable| variable["name"] == "AOT_CONFIG_CONTENT");
    found.expect("a configuration")["value"]
        .as_str()
        .expect("a string")
        .to_owned()
}

/// The statements that `metrics` adds to the task role.
fn granted(yaml: &str) -> Vec<(String, serde_json::Value)> {
    let (_, loaded) = load(Place::File, FARGATE, "", yaml);
    let stack = loaded.unwrap_or_else(|problems| panic!("{problems:#?}"));
    let declared = &stack.resources[&Address::new(Kind::Role, "task")];
    let Some(Resource::Role(role)) = &declared.want else {
        panic!("{declared:?}");
    };
    let policies = role.inline_policies.iter();
    policies
        .flat_map(|(name, policy)| {
            let statements = policy.written().to_json()["Statement"].clone();
            let statements = statements.as_array().expect("statements").clone();
            statements
                .into_iter()
                .map(|s| (name.clone(), s["Sid"].clone()))
        })
        .collect()
}

#[test]
fn rights_follow_from_the_configuration() {
    let sids = |yaml: &str| -> Vec<String> {
        let granted = granted(yaml).into_iter();
        granted
            .map(|(name, sid)| format!("{name}: {}", sid.as_str().unwrap_or_default()))
            .collect()
    };
    assert_eq!(sids(GOOD), ["amp-stack-remote-write: RemoteWrite"]);
    let emf = edited("[prometheusremotewrite]", "[prometheusremotewrite, awsemf]").replacen(
        "exporters:\n",
        "exporters:\n  awsemf: {log_group_name: \"/emf/{TaskId}\"}\n",
        1,
    );
    assert_eq!(
        sids(&emf),
        [
            "amp-stack-remote-write: RemoteWrite",
            "amp-stack-remote-write: Logs"
        ]
    );
    let traces = "\
extensions: {health_check: }
receivers: {otlp: {protocols: {grpc: {endpoint: \"0.0.0.0:4317\"}}}}
exporters: {awsxray: }
service:
  extensions: [health_check]
  pipelines: {traces: {receivers: [otlp], exporters: [awsxray]}}
";
    assert_eq!(sids(traces), ["amp-stack-traces: Traces"]);
    let assumed = edited(
        "{region: us-east-1}",
        "{region: us-east-1, assume_role: {arn: \"arn:aws:iam::444455556666:role/Write\"}}",
    );
    assert_eq!(sids(&assumed), ["amp-stack-collector: AssumeRole"]);
}

#[test]
fn a_role_that_may_write_elsewhere_may_not_write_here() {
    let policy = |resource: &str| {
        format!(
            "[roles.task.inline_policies.p]\nVersion = \"2012-10-17\"\nStatement = {{ Effect = \"Allow\", Action = \"aps:RemoteWrite\", Resource = \"{resource}\" }}\n"
        )
    };
    let arn = "arn:aws:aps:us-east-1:111122223333:workspace/ws-12345678";
    let header = "[task_definitions.t.containers.c]".to_owned();
    let denied = [("task-role-cannot-write", header)];
    for (resource, expected) in [
        (arn, &[][..]),
        ("*", &[]),
        ("${workspace.arn}", &denied),
        (
            "arn:aws:aps:us-east-1:111122223333:workspace/ws-87654321",
            &denied,
        ),
    ] {
        let found = reported(Place::Container, FARGATE, &policy(resource), GOOD);
        assert_eq!(found, expected, "{resource}");
    }
}

#[test]
fn the_version_of_the_image_decides() {
    let codes = |image: &str, yaml: &str| -> Vec<&'static str> {
        let (text, _) = stack(Place::Container, FARGATE, yaml);
        let text = format!("{}{ALLOWED}", text.replacen(IMAGE, image, 1));
        let loaded = load_stack(text, &|_: &Path| Err(io::ErrorKind::NotFound.into()));
        let problems = loaded.err().unwrap_or_default();
        problems.iter().map(|problem| problem.code).collect()
    };
    let adot = |version: &str| format!("example.test/aws-otel-collector:{version}");
    let logging = edited("exporters:\n", "exporters:\n  logging:\n").replacen(
        "[prometheusremotewrite]",
        "[prometheusremotewrite, logging]",
        1,
    );
    let renamed = GOOD.replace("prometheusremotewrite", "prometheus_remote_write");
    let bare = edited("${env:AWS_PROMETHEUS_ENDPOINT}", URL).replacen(
        "job_name: own",
        "job_name: $NAME",
        1,
    );
    for (version, of_logging, of_renamed, of_bare) in [
        ("v0.40.0", &[][..], &["collector-component"][..], &[][..]),
        (
            "v0.41.0",
            &[],
            &["collector-component"],
            &["collector-variable"],
        ),
        (
            "v0.42.0",
            &["collector-component"],
            &["collector-component"],
            &["collector-variable"],
        ),
        (
            "v0.49.0",
            &["collector-component"],
            &[],
            &["collector-variable"],
        ),
        // Of a version of tomorrow less is certain.
        ("v0.50.0", &[], &[], &["collector-variable"]),
    ] {
        assert_eq!(codes(&adot(version), &logging), of_logging, "{version}");
        assert_eq!(codes(&adot(version), &renamed), of_renamed, "{version}");
        assert_eq!(codes(&adot(version), &bare), of_bare, "{version}");
    }
    // An old version fills it in, and takes a group in braces.
    let old = edited("${env:AWS_PROMETHEUS_ENDPOINT}", "$AWS_PROMETHEUS_ENDPOINT").replacen(
        "replacement: $2",
        "replacement: \"${2}\"",
        1,
    );
    assert!(codes(&adot("v0.40.0"), &old).is_empty());
    let misspelt = edited("timeout: 10s", "timeuot: 10s");
    assert_eq!(codes(&adot("v0.49.0"), &misspelt), ["collector-key"]);
    assert!(codes(&adot("v0.50.0"), &misspelt).is_empty());
    // OpenTelemetry's own image takes no variable for its configuration by itself, and its health
    // check has no program to run.
    let upstream = "otel/opentelemetry-collector-contrib:0.156.0";
    assert_eq!(codes(upstream, GOOD), ["collector-health-check"]);
    assert!(codes(&adot("latest"), GOOD).is_empty());
}

#[test]
fn a_collector_of_opentelemetrys_own_is_read_where_its_command_says() {
    let codes = |command: &str, variable: &str| -> Vec<&'static str> {
        let yaml = edited("timeout: 10s", "timeout: soon").replace("${", "$${");
        let text = format!(
            "{AROUND}{ALLOWED}[task_definitions.t]\ntask_role = \"task\"\n{FARGATE}\n[task_definitions.t.containers.c]\nimage = \"otel/opentelemetry-collector-contrib:0.156.0\"\ncommand = {command}\n[task_definitions.t.containers.c.environment]\nAWS_PROMETHEUS_ENDPOINT = \"{URL}\"\n{variable} = '''\n{yaml}'''\n"
        );
        let loaded = load_stack(text, &|_: &Path| Err(io::ErrorKind::NotFound.into()));
        let problems = loaded.err().unwrap_or_default();
        problems.iter().map(|problem| problem.code).collect()
    };
    for command in [
        "[\"--config=env:CONFIG\"]",
        "[\"--config\", \"env:CONFIG\"]",
    ] {
        assert_eq!(codes(command, "CONFIG"), ["collector-value"], "{command}");
    }
    assert!(codes("[\"--config=/etc/own.yaml\"]", "CONFIG").is_empty());
    assert!(codes("[\"--config=env:A\", \"--config=env:B\"]", "A").is_empty());
}

#[test]
fn rules_of_collectors_hold_for_containers() {
    let codes = |keys: &str, container: &str| -> Vec<&'static str> {
        let text = format!(
            "{AROUND}[task_definitions.t]\n{keys}\n[task_definitions.t.containers.c]\nimage = \"{IMAGE}\"\n{container}\n"
        );
        let loaded = load_stack(text, &|_: &Path| Err(io::ErrorKind::NotFound.into()));
        let problems = loaded.err().unwrap_or_default();
        problems.iter().map(|problem| problem.code).collect()
    };
    let fargate = format!("{FARGATE}\ntask_role = \"task\"");
    for (keys, container, expected) in [
        (fargate.as_str(), "", &[][..]),
        (FARGATE, "", &["collector-without-task-role"]),
        ("memory = 512", "", &[]),
        (
            "memory = 512\nrequires_compatibilities = [\"EXTERNAL\"]",
            "",
            &["collector-on-external"],
        ),
        (
            "memory = 512\nnetwork_mode = \"none\"",
            "",
            &["collector-without-network"],
        ),
        (
            fargate.as_str(),
            "command = [\"--config=/etc/ecs/ecs-amp.yaml\"]",
            &[],
        ),
        (
            fargate.as_str(),
            "command = [\"--config=/etc/ecs/ecs-apm.yaml\"]",
            &["collector-file"],
        ),
        (
            fargate.as_str(),
            "command = [\"--config=s3://bucket/collector.yaml\"]",
            &[],
        ),
        (
            fargate.as_str(),
            "command = [\"--config=/etc/ecs/ecs-amp.yaml\"]\nenvironment = { AOT_CONFIG_CONTENT = \"[\" }",
            &["configured-twice", "collector-yaml"],
        ),
        (
            fargate.as_str(),
            "health_check = { command = [\"/healthcheck\"] }",
            &[],
        ),
        (
            fargate.as_str(),
            "health_check = { command = [\"/bin/check\"] }",
            &["health-check-command"],
        ),
    ] {
        let mut found = codes(keys, container);
        let mut expected = expected.to_vec();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{keys} {container}");
    }
}

/// What can be asked of `metrics`, each with keys that go together.
const OPTIONS: &[&str] = &[
    "otlp = true",
    "traces = \"xray\"",
    "statsd = true",
    "xray_daemon = true",
    "scrape = [{ port = 8080 }]",
    "scrape = [{ port = 8080, labels = { a = \"1$2\" }, keep = [\"a.*\", \"b$\"], drop = [\"c|d\"] }, { port = 9090, path = \"/$x\", interval = \"5s\", scheme = \"https\", params = { p = \"$\" } }]",
    "labels = { team = \"a$b $${c} $$\", env = \"x\" }",
    "task_metrics = \"container\"",
    "task_metrics = \"off\"",
    "task_metrics = [\"ecs.task.memory.utilized\"]",
    "rename = { \"ecs.task.memory.utilized\" = \"memory\" }",
    "scrape = [{ port = 8080, relabel = [{ source_labels = [\"__address__\"], regex = \"(.*):(.*)\", target_label = \"a$1\", replacement = \"$${2}-$1\" }], metric_relabel = [{ action = \"labeldrop\", regex = \"^u$|v\" }, { action = \"hashmod\", source_labels = [\"a\", \"b\"], separator = \"$\", target_label = \"c\", modulus = 4 }] }]",
    "scrape = [{ port = 8080, basic_auth = { username = \"a$b\", password = { secret = \"PASSWORD\" } } }, { port = 8081, bearer_token = { secret = \"TOKEN\" } }]",
    "attributes = { extract = { \"aws.ecs.cluster.arn\" = \"cluster/(?P<cluster>.*)$\" }, rename = { \"host.name\" = \"host$\" }, delete = [\"os.type\"], add = { \"a.b\" = \"$${x}\" } }",
    "batch = \"10s\"",
    "batch = { timeout = \"1d\", size = 10, max_size = 20 }",
    "queue = { size = 5, consumers = 2 }",
    "retry = { initial_interval = \"1s\", max_interval = \"2s\", max_elapsed_time = \"1d\" }",
    "timeout = \"7s\"",
    "log_level = \"debug\"",
    "cloudwatch = {}",
    "cloudwatch = { region = \"eu-west-1\" }",
    "emf = { log_group = { name = \"/emf\" }, namespace = \"N$\", dimensions = [[\"a\", \"b$\"], [\"c\"]], metrics = [\"x.*\"] }",
    "destinations = [{ workspace = \"arn:aws:aps:eu-west-1:111122223333:workspace/ws-11111111\" }, { workspace = \"ws-22222222\", assume_role = \"arn:aws:iam::444455556666:role/Other\" }, { remote_write = \"https://p.example/$w\", headers = { X-Scope-OrgID = \"a$b\", Authorization = { secret = \"TOKEN\" } } }]",
    "destinations = [{ otlp = \"https://o.example\", signals = [\"metrics\", \"traces\"] }, { otlp = \"http://o.example:4317\", protocol = \"grpc\", signals = [\"traces\"] }, { otlp = \"https://q.example\" }]",
    "assume_role = \"arn:aws:iam::444455556666:role/Write\"",
    "debug = true",
    "memory = 256",
    "workspace = \"arn:aws:aps:eu-central-1:111122223333:workspace/ws-87654321\"",
];

/// Versions of the image, on either side of what changes what is generated.
const VERSIONS: &[&str] = &["v0.40.0", "v0.41.0", "v0.48.0", "v0.49.0"];

/// What options mention as secrets.
const SECRETS: &str = "secrets = { PASSWORD = \"arn:aws:ssm:us-east-1:111122223333:parameter/p\", TOKEN = \"arn:aws:ssm:us-east-1:111122223333:parameter/t\" }\n";

/// A stack whose `metrics` hold these keys, and the secrets that options mention.
fn with_metrics(keys: &str) -> String {
    format!(
        "{AROUND}[task_definitions.t]\ntask_role = \"task\"\nexecution_role = \"arn:aws:iam::111122223333:role/Execution\"\n{FARGATE}\n[task_definitions.t.containers.app]\nimage = \"app:1\"\n[task_definitions.t.metrics]\n{SECRETS}{keys}\n"
    )
}

/// Every option in every combination with others that a stack file can hold.
fn options() -> impl Strategy<Value = String> {
    (subsequence(OPTIONS, 1..=OPTIONS.len()), select(VERSIONS)).prop_map(|(options, version)| {
        let mut keys = BTreeMap::new();
        for option in options {
            let key = option.split(' ').next().expect("a key");
            keys.insert(key, option);
        }
        // Something has to be collected.
        let collects = ["otlp", "traces", "statsd", "xray_daemon", "scrape"];
        if !collects.iter().any(|key| keys.contains_key(key)) {
            keys.insert("otlp", "otlp = true");
        }
        let lines: Vec<&str> = keys.into_values().collect();
        format!(
            "image = \"example.test/aws-otel-collector:{version}\"\n{}",
            lines.join("\n")
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What is generated is what is taken: YAML, of components and keys that the image's version
    /// has, signed, and distinguishable.
    #[test]
    fn what_is_generated_is_sound(keys in options()) {
        let loaded = load_stack(with_metrics(&keys), &|_: &Path| unreachable!());
        let stack = loaded.unwrap_or_else(|problems| panic!("{keys}: {problems:#?}"));
        let generated = configuration(&stack);
        let parsed = crate::file::yaml::parse(&generated).expect("YAML").expect("a document");
        let json: serde_json::Value = serde_json::from_str(&generated).expect("JSON");
        prop_assert_eq!(parsed.entries().len(), json.as_object().expect("an object").len());
        // The same as a configuration of one's own.
        let own: Vec<&str> = keys
            .lines()
            .filter(|line| line.starts_with("image") || line.starts_with("workspace"))
            .collect();
        let own = with_metrics(&format!("config = \"c.yaml\"\n{}", own.join("\n")));
        let read = |_: &Path| -> io::Result<String> { Ok(generated.clone()) };
        let problems = load_stack(own, &read).err();
        prop_assert!(problems.is_none(), "{keys}\n{generated}\n{problems:#?}");
        // What the collector makes of `$$` is what the stack file says.
        if keys.contains("labels = { team") && json["exporters"].to_string().contains("external_labels") {
            let written = json.to_string();
            prop_assert!(written.contains("a$$b $${c} $$$$"), "{written}");
        }
    }
}

#[test]
fn options_that_a_configuration_of_ones_own_would_ignore_are_reported() {
    for option in OPTIONS {
        let own = ["memory", "workspace", "traces"]
            .iter()
            .any(|key| option.starts_with(key));
        let text = with_metrics(&format!("config = \"c.yaml\"\n{option}"));
        let yaml = edited("${env:AWS_PROMETHEUS_ENDPOINT}", URL);
        let read = |_: &Path| -> io::Result<String> { Ok(yaml.clone()) };
        let problems = load_stack(text, &read).err().unwrap_or_default();
        let codes: Vec<&str> = problems.iter().map(|problem| problem.code).collect();
        let expected: &[&str] = if own { &[] } else { &["configured-twice"] };
        assert_eq!(codes, expected, "{option}");
    }
}

#[test]
fn each_option_is_where_it_belongs() {
    let generated = |keys: &str| -> serde_json::Value {
        let loaded = load_stack(with_metrics(keys), &|_: &Path| unreachable!());
        let stack = loaded.unwrap_or_else(|problems| panic!("{keys}: {problems:#?}"));
        serde_json::from_str(&configuration(&stack)).expect("JSON")
    };
    let scrape = "scrape = [{ port = 8080 }]\n";
    let before = generated(scrape);
    for (keys, pointer, expected) in [
        (
            "labels = { team = \"a$b\" }",
            "/exporters/prometheus_remote_write/external_labels",
            json!({"team": "a$$b"}),
        ),
        (
            "statsd = true",
            "/service/pipelines/metrics~1application/receivers",
            json!(["statsd", "prometheus"]),
        ),
        (
            "statsd = true",
            "/receivers/statsd/endpoint",
            json!("0.0.0.0:8125"),
        ),
        (
            "xray_daemon = true",
            "/service/pipelines/traces/receivers",
            json!(["awsxray"]),
        ),
        (
            "traces = \"xray\"\nxray_daemon = true",
            "/service/pipelines/traces/receivers",
            json!(["otlp", "awsxray"]),
        ),
        (
            "task_metrics = \"off\"",
            "/service/pipelines/metrics",
            json!(null),
        ),
        (
            "task_metrics = [\"a\"]",
            "/processors/filter/metrics/include/metric_names",
            json!(["a"]),
        ),
        (
            "rename = { a = \"b\" }",
            "/processors/metrics_transform/transforms",
            json!([{"include": "a", "action": "update", "new_name": "b"}]),
        ),
        (
            "rename = { a = \"b\" }",
            "/service/pipelines/metrics~1application/processors",
            json!(["resource_detection", "metrics_transform", "batch/metrics"]),
        ),
        (
            "batch = \"5s\"",
            "/processors/batch~1metrics/timeout",
            json!("5s"),
        ),
        (
            "assume_role = \"arn:aws:iam::444455556666:role/Write\"",
            "/extensions/sigv4auth/assume_role/arn",
            json!("arn:aws:iam::444455556666:role/Write"),
        ),
        (
            "queue = { size = 5, consumers = 2 }",
            "/exporters/prometheus_remote_write/remote_write_queue",
            json!({"queue_size": 5, "num_consumers": 2}),
        ),
        (
            "retry = { max_elapsed_time = \"15m\" }",
            "/exporters/prometheus_remote_write/retry_on_failure",
            json!({"max_elapsed_time": "15m"}),
        ),
        (
            "timeout = \"15s\"",
            "/exporters/prometheus_remote_write/timeout",
            json!("15s"),
        ),
        (
            "batch = { size = 10, max_size = 20 }",
            "/processors/batch~1metrics",
            json!({"timeout": "60s", "send_batch_size": 10, "send_batch_max_size": 20}),
        ),
        (
            "log_level = \"warn\"",
            "/service/telemetry/logs/level",
            json!("warn"),
        ),
        (
            "attributes = { rename = { a = \"b\" }, delete = [\"c\"] }",
            "/processors/attributes/actions",
            json!([
                {"key": "b", "from_attribute": "a", "action": "upsert"},
                {"key": "a", "action": "delete"},
                {"key": "c", "action": "delete"},
            ]),
        ),
        (
            "attributes = { extract = { a = \"(?P<b>.)$\" }, add = { c = \"d$\" } }",
            "/processors/resource/attributes",
            json!([
                {"key": "a", "pattern": "(?P<b>.)$$", "action": "extract"},
                {"key": "c", "value": "d$$", "action": "upsert"},
            ]),
        ),
        (
            "attributes = { add = { c = \"d\" } }",
            "/service/pipelines/metrics/processors",
            json!(["filter", "resource"]),
        ),
        (
            "cloudwatch = {}",
            "/exporters/otlp_http~1cloudwatch",
            json!({
                "metrics_endpoint": "https://monitoring.us-east-1.amazonaws.com/v1/metrics",
                "auth": {"authenticator": "sigv4auth/cloudwatch"},
            }),
        ),
        (
            "cloudwatch = { region = \"eu-west-1\" }",
            "/extensions/sigv4auth~1cloudwatch",
            json!({"region": "eu-west-1", "service": "monitoring"}),
        ),
        (
            "cloudwatch = {}\nlabels = { team = \"a\" }",
            "/service/pipelines/metrics~1cloudwatch",
            json!({
                "receivers": ["prometheus"],
                "processors": ["resource_detection", "resource/labels", "batch/cloudwatch"],
                "exporters": ["otlp_http/cloudwatch"],
            }),
        ),
        (
            "cloudwatch = {}",
            "/service/pipelines/metrics~1cloudwatch_task/processors",
            json!(["filter", "batch/cloudwatch"]),
        ),
        (
            "emf = { log_group = { name = \"/emf\" }, dimensions = [[\"a\"]], metrics = [\"x\"] }",
            "/exporters/awsemf",
            json!({
                "region": "us-east-1",
                "namespace": "t",
                "log_group_name": "/emf",
                "log_stream_name": "{TaskId}",
                "dimension_rollup_option": "NoDimensionRollup",
                "resource_to_telemetry_conversion": {"enabled": true},
                "metric_declarations": [
                    {"dimensions": [["a"]], "metric_name_selectors": ["^(?:x)$$"]},
                ],
            }),
        ),
        (
            "destinations = [{ remote_write = \"https://p.example/w\", headers = { A = \"b\", Authorization = { secret = \"TOKEN\" } } }]\ntimeout = \"7s\"",
            "/exporters/prometheus_remote_write~11",
            json!({
                "endpoint": "https://p.example/w",
                "resource_to_telemetry_conversion": {"enabled": true},
                "headers": {"A": "b", "Authorization": "${env:TOKEN}"},
                "timeout": "7s",
            }),
        ),
        (
            "destinations = [{ workspace = \"ws-22222222\", assume_role = \"arn:aws:iam::444455556666:role/Other\" }]",
            "/extensions/sigv4auth~11",
            json!({"region": "us-east-1", "service": "aps", "assume_role": {"arn": "arn:aws:iam::444455556666:role/Other"}}),
        ),
        (
            "destinations = [{ workspace = \"ws-22222222\" }]",
            "/service/pipelines/metrics/exporters",
            json!(["prometheus_remote_write", "prometheus_remote_write/1"]),
        ),
        (
            "destinations = [{ otlp = \"http://o.example:4317\", protocol = \"grpc\", signals = [\"traces\"] }]",
            "/exporters/otlp_grpc~11",
            json!({"endpoint": "o.example:4317", "tls": {"insecure": true}}),
        ),
        (
            "destinations = [{ otlp = \"https://o.example\", signals = [\"traces\"] }]",
            "/service/pipelines/traces",
            json!({
                "receivers": ["otlp"],
                "processors": ["resource_detection", "batch/traces"],
                "exporters": ["otlp_http/1"],
            }),
        ),
        (
            "workspace = \"none\"\ncloudwatch = {}",
            "/exporters/prometheus_remote_write",
            json!(null),
        ),
        (
            "debug = true",
            "/service/pipelines/metrics/exporters",
            json!(["prometheus_remote_write", "debug"]),
        ),
    ] {
        let after = generated(&format!("{scrape}{keys}"));
        let found = after.pointer(pointer).cloned().unwrap_or_default();
        assert_eq!(found, expected, "{keys}");
        assert_ne!(after, before, "{keys}");
    }
    let filtered = generated(
        "scrape = [{ port = 8080, keep = [\"a\", \"b\"], drop = [\"b\"], labels = { x = \"y\" } }]",
    );
    let job = &filtered["receivers"]["prometheus"]["config"]["scrape_configs"][0];
    assert_eq!(job["static_configs"][0]["labels"], json!({"x": "y"}));
    assert_eq!(
        job["metric_relabel_configs"],
        json!([
            {"source_labels": ["__name__"], "regex": "a|b", "action": "keep"},
            {"source_labels": ["__name__"], "regex": "b", "action": "drop"},
        ])
    );
    let ruled = generated(
        "scrape = [{ port = 8080, keep = [\"a\"], relabel = [{ source_labels = [\"x\"], regex = \"(.*)$\", target_label = \"y\", replacement = \"$${1}z\" }], metric_relabel = [{ action = \"labeldrop\", regex = \"u\" }], bearer_token = { secret = \"TOKEN\" } }]",
    );
    let job = &ruled["receivers"]["prometheus"]["config"]["scrape_configs"][0];
    assert_eq!(
        job["relabel_configs"],
        json!([{"action": "replace", "source_labels": ["x"], "target_label": "y", "regex": "(.*)$$", "replacement": "$${1}z"}])
    );
    assert_eq!(
        job["metric_relabel_configs"],
        json!([
            {"source_labels": ["__name__"], "regex": "a", "action": "keep"},
            {"action": "labeldrop", "regex": "u"},
        ])
    );
    assert_eq!(job["authorization"], json!({"credentials": "${env:TOKEN}"}));
    let containers = generated(&format!("{scrape}task_metrics = \"container\""));
    let names =
        containers["processors"]["filter"]["metrics"]["include"]["metric_names"].to_string();
    assert!(
        names.contains("\"container.memory.utilized\"")
            && names.contains("\"ecs.task.cpu.utilized\"")
    );
}

/// CloudWatch's endpoint of OTLP takes what is signed for it, by whoever writes the configuration.
#[test]
fn what_is_sent_to_cloudwatch_is_signed_for_it() {
    let own = |signer: &str, auth: &str| {
        edited(
            "  sigv4auth: {region: us-east-1}\n",
            &format!("  sigv4auth: {{region: us-east-1}}\n  sigv4auth/c: {signer}\n"),
        )
        .replace(
            "exporters:\n  prometheus",
            &format!("exporters:\n  otlphttp: {{metrics_endpoint: \"https://monitoring.us-east-1.amazonaws.com/v1/metrics\"{auth}}}\n  prometheus"),
        )
        .replace(
            "exporters: [prometheusremotewrite]",
            "exporters: [prometheusremotewrite, otlphttp]",
        )
    };
    let named = ", auth: {authenticator: sigv4auth/c}";
    let enabled = |yaml: String| {
        yaml.replace(
            "extensions: [health_check, sigv4auth]",
            "extensions: [health_check, sigv4auth, sigv4auth/c]",
        )
    };
    let right = "{region: us-east-1, service: monitoring}";
    for (yaml, underlined) in [
        (enabled(own(right, named)), None),
        (own(right, named), Some("sigv4auth/c")),
        (
            enabled(own("{region: us-east-1}", named)),
            Some("sigv4auth/c"),
        ),
        (enabled(own("{service: aps}", named)), Some("aps")),
        (
            enabled(own(right, "")),
            Some("\"https://monitoring.us-east-1.amazonaws.com/v1/metrics\""),
        ),
    ] {
        let found = reported(Place::File, FARGATE, "", &yaml);
        let expected: Vec<(&str, String)> = underlined
            .map(|text| ("collector-unsigned", text.to_owned()))
            .into_iter()
            .collect();
        assert_eq!(found, expected, "{yaml}");
    }
    let (_, loaded) = load(Place::File, FARGATE, "", &enabled(own(right, named)));
    let policies = format!("{:?}", loaded.expect("sound").resources);
    assert!(policies.contains("cloudwatch:PutMetricData"), "{policies}");
}
