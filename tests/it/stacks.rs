//! The stack files that come with amp-stack.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its files has failed"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use amp_stack::{
    file::{
        render::{Style, render},
        source::Source,
    },
    kinds::{Resource, task_definition::TaskDefinition},
    load::{self, LoadContext},
    model::{
        address::{Address, Kind},
        identity::Identity,
    },
    stack::Stack,
};
use serde_json::{Value, json};

fn stacks() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("stacks")
}

/// Loads a stack file as a run in 111122223333 and eu-central-1 would.
pub(crate) fn stack(name: &str) -> Stack {
    let source = Source {
        path: name.into(),
        text: fs::read_to_string(stacks().join(name)).unwrap(),
    };
    let around = LoadContext {
        identity: Identity::new("111122223333", "eu-central-1"),
        account_is_known: true,
        region_is_known: true,
        variables: BTreeMap::new(),
        var_files: Vec::new(),
        environment: &|_| None,
        elsewhere: &|_| false,
        read: &|path| fs::read_to_string(stacks().join(path)),
    };
    load::load(&source, &around).unwrap_or_else(|problems| {
        panic!(
            "{}",
            render(&source, &problems, Style::Plain { width: 120 })
        )
    })
}

fn family(stack: &Stack, key: &str) -> TaskDefinition {
    let declared = &stack.resources[&Address::new(Kind::TaskDefinition, key)];
    match declared.want.clone() {
        Some(Resource::TaskDefinition(family)) => family,
        other => panic!("{key} is {other:?}"),
    }
}

/// What `RegisterTaskDefinition` gets, but for tags.
fn request(stack: &Stack, key: &str) -> Value {
    let family = family(stack, key);
    let mut request = family.document.unwrap().written().to_json();
    request["family"] = Value::from(family.family);
    request
}

fn container(request: &Value, name: &str) -> Value {
    let containers = request["containerDefinitions"].as_array().unwrap();
    containers
        .iter()
        .find(|container| container["name"] == name)
        .unwrap()
        .clone()
}

fn variables(container: &Value) -> BTreeMap<String, String> {
    let list = container["environment"].as_array().unwrap();
    list.iter()
        .map(|pair| {
            let text = |key: &str| pair[key].as_str().unwrap().to_owned();
            (text("name"), text("value"))
        })
        .collect()
}

#[test]
fn every_stack_file_is_sound_and_tested_here() {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(stacks()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        assert!(
            !stack(&name).resources.is_empty(),
            "{name} declares nothing"
        );
        names.insert(name);
    }
    assert_eq!(
        names.iter().map(String::as_str).collect::<Vec<_>>(),
        [
            "cloudwatch-and-others.toml",
            "ec2.toml",
            "ecs-docs-example.toml",
            "existing-workspace-and-roles.toml",
            "labels-and-rules.toml",
            "otlp-and-two-scrapes.toml",
            "otlp-xray.toml",
            "own-configuration.toml",
            "quickstart.toml",
        ]
    );
}

/// The page is the ECS developer guide's "Exporting application metrics to Amazon Managed Service
/// for Prometheus".
#[test]
fn the_example_of_the_ecs_documentation_is_reproduced_member_by_member() {
    let example: Value =
        serde_json::from_str(include_str!("../data/ecs-docs-example.json")).unwrap();
    assert_eq!(request(&stack("ecs-docs-example.toml"), "example"), example);
}

#[test]
fn the_quickstart_scrapes_one_application() {
    let stack = stack("quickstart.toml");
    let request = request(&stack, "quickstart");
    assert_eq!(request["family"], "quickstart");
    let collector = container(&request, "aws-otel-collector");
    assert_eq!(collector.get("command"), None);
    let mut variables = variables(&collector);
    let configuration: Value =
        serde_json::from_str(&variables.remove("AOT_CONFIG_CONTENT").unwrap()).unwrap();
    let job = &configuration["receivers"]["prometheus"]["config"]["scrape_configs"][0];
    assert_eq!(job["job_name"], "quickstart");
    assert_eq!(
        job["static_configs"],
        json!([{"targets": ["localhost:9100"]}])
    );
    assert_eq!(
        variables,
        BTreeMap::from([(
            "AWS_PROMETHEUS_ENDPOINT".to_owned(),
            "${workspace.remote_write_url}".to_owned()
        )])
    );
    let Some(Resource::Role(role)) = &stack.resources[&Address::new(Kind::Role, "task")].want
    else {
        panic!("the task role is wanted");
    };
    assert!(role.inline_policies.contains_key("amp-stack-remote-write"));
}

#[test]
fn an_sdk_with_traces_sends_both_over_otlp() {
    let request = request(&stack("otlp-xray.toml"), "orders");
    let collector = container(&request, "aws-otel-collector");
    let written = &variables(&collector)["AOT_CONFIG_CONTENT"];
    let configuration: Value = serde_json::from_str(written).unwrap();
    let pipelines = &configuration["service"]["pipelines"];
    for pipeline in ["metrics/application", "traces"] {
        assert_eq!(pipelines[pipeline]["receivers"], json!(["otlp"]));
    }
    assert_eq!(
        container(&request, "app")["dependsOn"],
        json!([{"containerName": "aws-otel-collector", "condition": "START"}])
    );
}

#[test]
fn everything_at_once_has_a_generated_configuration() {
    let request = request(&stack("otlp-and-two-scrapes.toml"), "shop");
    let collector = container(&request, "aws-otel-collector");
    assert_eq!(collector.get("command"), None);
    let written = &variables(&collector)["AOT_CONFIG_CONTENT"];
    let configuration: Value = serde_json::from_str(written).unwrap();
    let jobs = configuration["receivers"]["prometheus"]["config"]["scrape_configs"]
        .as_array()
        .unwrap();
    let names: Vec<&str> = jobs
        .iter()
        .map(|job| job["job_name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["nginx", "inventory"]);
    assert_eq!(
        configuration["service"]["pipelines"]["metrics/application"]["receivers"],
        json!(["otlp", "prometheus"])
    );
}

#[test]
fn on_ec2_the_collector_is_told_the_region_and_linked() {
    let request = request(&stack("ec2.toml"), "batch");
    let collector = container(&request, "aws-otel-collector");
    assert_eq!(collector["links"], json!(["worker"]));
    let variables = variables(&collector);
    assert_eq!(variables["AWS_REGION"], "eu-central-1");
    assert!(variables["AOT_CONFIG_CONTENT"].contains("\"worker:9100\""));
    assert_eq!(container(&request, "worker").get("dependsOn"), None);
}

#[test]
fn what_belongs_to_others_is_named_and_not_declared() {
    let stack = stack("existing-workspace-and-roles.toml");
    let kinds: BTreeSet<Kind> = stack.resources.keys().map(|address| address.kind).collect();
    assert_eq!(kinds, BTreeSet::from([Kind::TaskDefinition]));
    assert_eq!(
        stack
            .role_arns
            .keys()
            .map(String::as_str)
            .collect::<Vec<_>>(),
        [
            "arn:aws:iam::111122223333:role/ecsTaskExecutionRole",
            "arn:aws:iam::111122223333:role/platform/GuestTask",
        ]
    );
    let request = request(&stack, "guest");
    assert_eq!(
        variables(&container(&request, "aws-otel-collector"))["AWS_PROMETHEUS_ENDPOINT"],
        "https://aps-workspaces.eu-central-1.amazonaws.com/workspaces/ws-a1b2c3d4-5678-90ab-cdef-1234567890ab/api/v1/remote_write"
    );
}

/// The Sids of the statements that a role has in the policies that `metrics` adds.
fn granted(stack: &Stack) -> Vec<String> {
    let Some(Resource::Role(role)) = &stack.resources[&Address::new(Kind::Role, "task")].want
    else {
        panic!("the task role is wanted");
    };
    let policies = role.inline_policies.values();
    let statements = policies.flat_map(|policy| {
        let statements = policy.written().to_json()["Statement"].clone();
        statements.as_array().unwrap().clone()
    });
    statements
        .map(|statement| statement["Sid"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn rules_and_labels_are_in_the_configuration_and_secrets_are_not() {
    let stack = stack("labels-and-rules.toml");
    let collector = container(&request(&stack, "clinic"), "aws-otel-collector");
    let written = &variables(&collector)["AOT_CONFIG_CONTENT"];
    let configuration: Value = serde_json::from_str(written).unwrap();
    let job = &configuration["receivers"]["prometheus"]["config"]["scrape_configs"][0];
    assert_eq!(
        job["authorization"]["credentials"],
        json!("${env:SCRAPE_TOKEN}")
    );
    assert_eq!(
        job["metric_relabel_configs"][2]["replacement"],
        json!("$${1}/…")
    );
    let secret = &collector["secrets"][0];
    assert_eq!(secret["name"], "SCRAPE_TOKEN");
    assert_eq!(granted(&stack), ["RemoteWrite", "Traces"]);
}

#[test]
fn several_destinations_have_pipelines_and_rights_of_their_own() {
    let stack = stack("cloudwatch-and-others.toml");
    let collector = container(&request(&stack, "ticket"), "aws-otel-collector");
    let written = &variables(&collector)["AOT_CONFIG_CONTENT"];
    let configuration: Value = serde_json::from_str(written).unwrap();
    let pipelines = configuration["service"]["pipelines"].as_object().unwrap();
    let names: Vec<&str> = pipelines.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "metrics",
            "metrics/application",
            "metrics/cloudwatch",
            "metrics/cloudwatch_task",
            "metrics/emf",
            "metrics/emf_task",
            "metrics/otlp",
            "metrics/otlp_task",
            "traces",
        ]
    );
    assert_eq!(
        pipelines["traces"]["exporters"],
        json!(["awsxray", "otlp_http/1"])
    );
    assert_eq!(
        granted(&stack),
        ["RemoteWrite", "Traces", "Metrics", "LogStreams"]
    );
}

#[test]
fn a_file_of_ones_own_is_filled_in_and_its_rights_follow() {
    let stack = stack("own-configuration.toml");
    let collector = container(&request(&stack, "gateway"), "aws-otel-collector");
    let written = &variables(&collector)["AOT_CONFIG_CONTENT"];
    assert!(written.contains("endpoint: ${workspace.remote_write_url}"));
    assert!(written.contains("cluster_name: ${env:CLUSTER}"));
    assert_eq!(granted(&stack), ["RemoteWrite", "Discovery"]);
}

/// Whoever names account and region need not have the file read again once AWS has said them.
#[test]
fn a_file_that_says_where_it_is_for_is_read_once() {
    let unknown = || LoadContext {
        account_is_known: false,
        region_is_known: false,
        read: &|path| fs::read_to_string(stacks().join(path)),
        ..LoadContext::new(Identity::new("123456789012", "us-west-2"))
    };
    let mut names: Vec<_> = fs::read_dir(stacks())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    names.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "toml")
    });
    assert!(names.len() > 8, "{names:?}");
    for path in names {
        let text = fs::read_to_string(&path).unwrap();
        let header = "\n[stack]\n";
        assert!(text.contains(header), "{}", path.display());
        let without = text
            .replace("\naccount = ", "\n# account = ")
            .replace("\nregion = ", "\n# region = ");
        let located = format!("{header}account = \"111122223333\"\nregion = \"eu-central-1\"\n");
        let located = without.replacen(header, &located, 1);
        let whole = |text: &str, around: &LoadContext<'_>| {
            let source = Source {
                path: path.clone(),
                text: text.to_owned(),
            };
            load::parse(&source).unwrap().load_whole(around).unwrap()
        };
        let first = whole(&located, &unknown());
        let known = LoadContext {
            read: &|path| fs::read_to_string(stacks().join(path)),
            ..LoadContext::new(Identity::new("111122223333", "eu-central-1"))
        };
        assert!(first.is_located, "{}", path.display());
        assert_eq!(
            first.stack,
            whole(&located, &known).stack,
            "{}",
            path.display()
        );
        assert!(
            !whole(&without, &unknown()).is_located,
            "{}",
            path.display()
        );
    }
}
