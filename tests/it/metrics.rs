//! `amp-stack metrics`: what it says of stacks, that the guide says the same, and what follows from
//! each key of `metrics`.

use std::{collections::BTreeSet, path::Path, process::Command};

use amp_stack::{
    collector::version::spelled as release,
    series::task_metrics::{self, RENAMED_IN, Scope, TaskMetric},
};
use serde_json::Value;

use crate::guide::pages::pages;

/// What the command prints, as somebody without AWS sees it.
fn run(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_amp-stack"))
        .arg("metrics")
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The stack with this table `metrics`, as JSON.
fn with(metrics: &str, besides: &[(&str, &str)]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let stack = format!(
        r#"
[stack]
name = "shop"

[workspace]
alias = "shop"
retention_days = 30

[roles.task]
name = "ShopTask"

[roles.execution]
name = "ShopExecution"
managed_policies = ["service-role/AmazonECSTaskExecutionRolePolicy"]
inline_policies.read = {{ Version = "2012-10-17", Statement = [{{ Effect = "Allow", Action = "ssm:GetParameters", Resource = "*" }}] }}

[task_definitions.shop]
execution_role = "execution"
requires_compatibilities = ["FARGATE"]
cpu = 256
memory = 512
task_role = "task"

[task_definitions.shop.containers.app]
image = "example/shop:1"

[task_definitions.shop.metrics]
{metrics}
"#
    );
    std::fs::write(folder.path().join("stack.toml"), stack).unwrap();
    for (name, text) in besides {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let text = run(folder.path(), &["--json"]);
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["estimate"]["retention_days"], 30);
    document["families"][0]["collector"].clone()
}

/// The groups of this origin.
fn groups<'a>(collector: &'a Value, origin: &str) -> Vec<&'a Value> {
    let groups = collector["groups"].as_array().unwrap().iter();
    groups.filter(|group| group["origin"] == origin).collect()
}

/// The names of what a group or a source has.
fn names<'a>(part: &'a Value, what: &str) -> BTreeSet<&'a str> {
    let named = part[what].as_array().unwrap().iter();
    named.map(|one| one["name"].as_str().unwrap()).collect()
}

fn label<'a>(part: &'a Value, name: &str) -> &'a Value {
    let labels = part["labels"].as_array().unwrap();
    let found = labels.iter().find(|label| label["name"] == name);
    found.map_or(&Value::Null, |label| &label["value"])
}

#[test]
fn the_quick_start() {
    let text = run(top(), &["stacks/quickstart.toml"]);
    insta::assert_snapshot!("quick_start", text);
    let text = run(top(), &["stacks/quickstart.toml", "--json"]);
    insta::assert_snapshot!("quick_start_json", text);
}

#[test]
fn every_stack_has_series_and_none_that_is_not_known() {
    let mut count = 0;
    for entry in std::fs::read_dir(top().join("stacks")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let path = format!("stacks/{name}");
        if Path::new(&name)
            .extension()
            .is_none_or(|ending| ending != "toml")
        {
            continue;
        }
        let document: Value = serde_json::from_str(&run(top(), &[&path, "--json"])).unwrap();
        for family in document["families"].as_array().unwrap() {
            let collector = &family["collector"];
            // Of a configuration of one's own, what can't be known is said.
            let is_known = !groups(collector, "task").is_empty();
            let says_why = !collector["unknown"].as_array().unwrap().is_empty();
            assert!(is_known || says_why, "{path}: {collector:#}");
            count += 1;
        }
    }
    assert!(count >= 6, "the stacks were found");
}

#[test]
fn the_task_is_measured_as_the_file_says() {
    let plain = with("scrape = [{ port = 8080 }]", &[]);
    let [task] = groups(&plain, "task")[..] else {
        panic!("{plain:#}");
    };
    assert_eq!(task["series"].as_array().unwrap().len(), 8);
    assert_eq!(task["interval_millis"], 20_000);
    assert_eq!(label(task, "aws_ecs_task_family"), "shop");
    assert!(names(task, "labels").contains("aws_ecs_service_name"));
    // Of a container nothing is sent but how long it ran, after its end.
    let [container] = groups(&plain, "container")[..] else {
        panic!("{plain:#}");
    };
    assert_eq!(container["series"][0]["name"], "container_duration_Seconds");
    assert!(container["series"][0]["when"].is_string());
    // Eight of the task, six of its target.
    assert_eq!(plain["each_task"]["series"], 14);

    let containers = with(
        "scrape = [{ port = 8080 }]\ntask_metrics = \"container\"",
        &[],
    );
    let [container] = groups(&containers, "container")[..] else {
        panic!("{containers:#}");
    };
    assert_eq!(container["copies"], 2, "the collector is a container too");
    assert!(names(container, "series").contains("container_memory_utilized_MiB"));
    assert_eq!(containers["each_task"]["series"], 14 + 2 * 8);

    let alone = with("task_metrics = \"task\"", &[]);
    let [task] = groups(&alone, "task")[..] else {
        panic!("{alone:#}");
    };
    assert_eq!(label(task, "aws_ecs_task_family"), "shop");
    assert_eq!(alone["each_task"]["series"], 8);

    let off = with("scrape = [{ port = 8080 }]\ntask_metrics = \"off\"", &[]);
    assert!(groups(&off, "task").is_empty() && groups(&off, "container").is_empty());

    let chosen = "otlp = true\ntask_metrics = [\"ecs.task.ephemeral_storage.utilized\"]";
    let chosen = with(chosen, &[]);
    let expected = BTreeSet::from(["ecs_task_ephemeral_storage_utilized_MiB"]);
    assert_eq!(names(groups(&chosen, "task")[0], "series"), expected);

    let renamed = "otlp = true\nrename = { \"ecs.task.memory.utilized\" = \"task.memory\" }";
    let renamed = with(renamed, &[]);
    let series = names(groups(&renamed, "task")[0], "series");
    assert!(series.contains("task_memory_MiB"), "{series:?}");
    assert!(!series.contains("ecs_task_memory_utilized_MiB"));
}

#[test]
fn targets_have_series_of_their_own() {
    let two = with(
        "scrape = [{ port = 1, job = \"a\" }, { port = 2, job = \"b\", interval = \"1m\", labels = { tier = \"web\" }, drop = [\"go_.*\"] }]",
        &[],
    );
    let scraped = groups(&two, "scrape");
    assert_eq!(scraped.len(), 2);
    let expected = [
        "scrape_duration_seconds",
        "scrape_samples_post_metric_relabeling",
        "scrape_samples_scraped",
        "scrape_series_added",
        "up",
    ];
    assert_eq!(names(scraped[1], "series"), BTreeSet::from(expected));
    assert_eq!(scraped[1]["interval_millis"], 60_000);
    assert_eq!(label(scraped[1], "job"), "b");
    assert_eq!(label(scraped[1], "instance"), "localhost:2");
    assert_eq!(label(scraped[1], "tier"), "web");
    assert_eq!(label(scraped[0], "tier"), &Value::Null);
    assert!(names(scraped[0], "labels").contains("aws_ecs_task_arn"));
    // The name of the service is on what is measured of the task only.
    assert!(!names(scraped[0], "labels").contains("aws_ecs_service_name"));
    assert_eq!(groups(&two, "target_info").len(), 2);
    assert_eq!(two["applications"].as_array().unwrap().len(), 2);
    assert_eq!(two["unknown"], serde_json::json!([]));
}

#[test]
fn labels_are_those_that_the_file_says() {
    let labelled = with(
        "otlp = true\nlabels = { team = \"payments\", job = \"x\" }\nenvironment = { OTEL_RESOURCE_ATTRIBUTES = \"deployment.environment=prod\" }",
        &[],
    );
    let task = groups(&labelled, "task")[0];
    assert_eq!(label(task, "team"), "payments");
    assert_eq!(label(task, "deployment_environment"), &Value::Null);
    let application = &labelled["applications"][0];
    assert_eq!(application["via"], "otlp");
    assert_eq!(application["interval_millis"], Value::Null);
    assert_eq!(label(application, "team"), "payments");
    assert_eq!(label(application, "deployment_environment"), "prod");

    let changed = with(
        "otlp = true\nattributes = { add = { tier = \"web\" }, delete = [\"aws.ecs.task.known_status\"], rename = { \"cloud.region\" = \"region\" } }",
        &[],
    );
    let task = groups(&changed, "task")[0];
    let labels = names(task, "labels");
    assert_eq!(label(task, "tier"), "web");
    assert!(labels.contains("region"), "{labels:?}");
    for gone in ["aws_ecs_task_known_status", "cloud_region"] {
        assert!(!labels.contains(gone), "{labels:?}");
    }
}

#[test]
fn a_configuration_of_the_image_and_one_of_ones_own_are_read() {
    let built_in = with("config = \"built-in\"\nscrape = [{ port = 8080 }]", &[]);
    let scraped = groups(&built_in, "scrape")[0];
    assert_eq!(label(scraped, "job"), "otel-collector");
    assert_eq!(label(scraped, "instance"), "localhost:8080");
    // Labels of log streams are there or not, as containers happen to start.
    assert!(names(scraped, "labels").contains("aws_log_stream_names"));
    assert_eq!(built_in["unknown"], serde_json::json!([]));

    let own = "extensions: {health_check: , sigv4auth: {region: us-east-1}}
receivers:
  prometheus:
    config:
      scrape_configs:
        - job_name: own
          static_configs: [{targets: ['localhost:1']}]
          relabel_configs: [{target_label: a, replacement: b}]
processors:
  resourcedetection: {detectors: [env, ecs, gcp]}
  attributes: {actions: [{key: tier, value: web, action: insert}]}
  batch:
exporters:
  prometheusremotewrite:
    endpoint: ${workspace.remote_write_url}
    auth: {authenticator: sigv4auth}
    namespace: shop
    target_info: {enabled: false}
    resource_to_telemetry_conversion: {enabled: true}
service:
  extensions: [health_check, sigv4auth]
  pipelines:
    metrics: {receivers: [prometheus], processors: [resourcedetection, attributes, batch], exporters: [prometheusremotewrite]}
";
    let own = with("config = \"own.yaml\"", &[("own.yaml", own)]);
    let scraped = groups(&own, "scrape")[0];
    assert!(names(scraped, "series").contains("shop_up"));
    assert_eq!(label(scraped, "tier"), "web");
    assert_eq!(
        scraped["interval_millis"], 60_000,
        "Prometheus' own default"
    );
    assert_eq!(scraped["destination"]["is_amp"], true);
    assert!(groups(&own, "target_info").is_empty() && groups(&own, "task").is_empty());
    let unknown = own["unknown"].to_string();
    for part in ["detector `gcp`", "`relabel_configs`"] {
        assert!(unknown.contains(part), "{unknown}");
    }
}

/// The groups of this origin that go to this exporter.
fn sent<'a>(collector: &'a Value, origin: &str, exporter: &str) -> Vec<&'a Value> {
    let mut groups = groups(collector, origin);
    groups.retain(|group| group["destination"]["exporter"] == exporter);
    groups
}

#[test]
fn every_destination_is_said_as_it_spells_what_it_gets() {
    let collector = with(
        r#"
otlp = true
labels = { team = "a" }
cloudwatch = {}
destinations = [
  { remote_write = "https://prometheus.example.com/api/v1/write" },
  { otlp = "https://otlp.example.com/otlp" },
]
emf = { log_group = "arn:aws:logs:us-east-1:111122223333:log-group:/emf", namespace = "Shop", dimensions = [["aws.ecs.task.family"], ["none.such"]], metrics = ["ecs[.]task[.](cpu|memory)[.]utilized", "http[.].*"] }
"#,
        &[],
    );
    assert_eq!(collector["unknown"], serde_json::json!([]));
    for (exporter, format, name, family, unit) in [
        (
            "prometheus_remote_write/1",
            "remote_write",
            "ecs_task_cpu_utilized_None",
            "aws_ecs_task_family",
            None,
        ),
        (
            "otlp_http/2",
            "otlp",
            "ecs.task.cpu.utilized",
            "aws.ecs.task.family",
            Some("None"),
        ),
        (
            "otlp_http/cloudwatch",
            "cloudwatch_otlp",
            "ecs.task.cpu.utilized",
            "@resource.aws.ecs.task.family",
            Some("None"),
        ),
        (
            "awsemf",
            "emf",
            "ecs.task.cpu.utilized",
            "aws.ecs.task.family",
            Some("None"),
        ),
    ] {
        let [group] = sent(&collector, "task", exporter)[..] else {
            panic!("{exporter}: {collector:#}");
        };
        assert_eq!(group["destination"]["format"], format);
        assert_eq!(group["destination"]["is_amp"], false);
        assert_eq!(label(group, family), "shop", "{exporter}");
        let team = family.replace("aws.ecs.task.family", "team");
        let team = team.replace("aws_ecs_task_family", "team");
        assert_eq!(label(group, &team), "a", "{exporter}");
        let series = group["series"].as_array().unwrap();
        let found = series.iter().find(|series| series["name"] == name);
        assert_eq!(found.unwrap()["unit"].as_str(), unit, "{exporter}");
    }
    let [metrics] = sent(&collector, "task", "awsemf")[..] else {
        panic!("{collector:#}");
    };
    assert_eq!(metrics["destination"]["namespace"], "Shop");
    assert_eq!(
        metrics["dimensions"],
        serde_json::json!([["aws.ecs.task.family"]]),
        "a set of which a label is missing is left out"
    );
    let expected = BTreeSet::from(["ecs.task.cpu.utilized", "ecs.task.memory.utilized"]);
    assert_eq!(names(metrics, "series"), expected);
    let notes = collector["notes"].to_string();
    for part in ["no unit MiB", "ecs.task.cpu.reserved", "container.duration"] {
        assert!(notes.contains(part), "{part}: {notes}");
    }
    let applications = collector["applications"].as_array().unwrap();
    assert_eq!(applications.len(), 5);
    let of_log = applications
        .iter()
        .find(|one| one["destination"]["exporter"] == "awsemf");
    let patterns = of_log.unwrap()["name_patterns"].as_array().unwrap();
    assert_eq!(patterns.len(), 2);
    // Only what arrives in the workspace has a price there.
    assert_eq!(collector["each_task"]["series"], 8);
}

#[test]
fn rules_change_the_labels_that_are_known() {
    let collector = with(
        r#"
scrape = [{ port = 80, labels = { user_id = "x", tier = "web" }, metric_relabel = [
  { action = "labeldrop", regex = "(user|session)_id" },
  { source_labels = ["uri"], regex = "/api/.*", target_label = "kind", replacement = "api" },
] }]
"#,
        &[],
    );
    assert_eq!(collector["unknown"], serde_json::json!([]));
    let application = &collector["applications"][0];
    let labels = names(application, "labels");
    assert!(labels.contains("tier") && !labels.contains("user_id"));
    assert!(labels.contains("kind"));
    let scraped = names(groups(&collector, "scrape")[0], "labels");
    assert!(scraped.contains("user_id"), "`up` goes past the rules");
}

#[test]
fn what_nobody_can_know_is_said() {
    let parameter = "arn:aws:ssm:us-east-1:111122223333:parameter/collector";
    for (metrics, expected) in [
        (
            format!("secrets = {{ AOT_CONFIG_CONTENT = \"{parameter}\" }}"),
            "from a secret or parameter",
        ),
        (
            "command = [\"--config=/etc/ecs/ecs-default-config.yaml\"]".to_owned(),
            "what the configuration /etc/ecs/ecs-default-config.yaml says",
        ),
        (
            "image = \"example/aws-otel-collector@sha256:0000000000000000000000000000000000000000000000000000000000000000\"\notlp = true".to_owned(),
            "the tag of the image says no version",
        ),
    ] {
        let collector = with(&metrics, &[]);
        let unknown = collector["unknown"].to_string();
        assert!(unknown.contains(expected), "{metrics}: {unknown}");
    }
}

#[test]
fn the_price_grows_with_what_is_assumed() {
    let estimate = |arguments: &[&str]| -> Value {
        let arguments = [&["stacks/quickstart.toml", "--json"], arguments].concat();
        let document: Value = serde_json::from_str(&run(top(), &arguments)).unwrap();
        document["estimate"].clone()
    };
    let one = estimate(&[]);
    assert_eq!(one["tasks"], 1);
    let number = |value: &Value, key: &str| value[key].as_u64().unwrap();
    let many = estimate(&["--tasks", "100", "--application-series", "500"]);
    assert_eq!(
        number(&many, "series"),
        100 * (number(&one, "series") + 500)
    );
    // The application is scraped every twenty seconds.
    let application = 500 * 3 * 60 * 730;
    assert_eq!(
        number(&many, "samples_per_month"),
        100 * (number(&one, "samples_per_month") + application)
    );
    assert!(many["ingestion_usd"].as_f64().unwrap() > 300.0, "{many}");
}

/// The table of the guide: what every version calls what is measured of a task.
fn table() -> String {
    let [newest, middle, oldest] = RENAMED_IN;
    let before = |(major, minor): (u32, u32)| release((major, minor - 1));
    let mut table = format!(
        "| in the collector | since {} | {} to {} |\n|---|---|---|\n",
        release(newest),
        release(middle),
        before(newest),
    );
    let of_task = |version| -> Vec<TaskMetric> {
        let all = task_metrics::all(version).into_iter();
        all.filter(|metric| metric.scope == Scope::Task).collect()
    };
    let earlier = of_task(middle);
    for metric in of_task(newest) {
        let name = task_metrics::spelled(&metric, newest);
        let of_middle = earlier.iter().find(|other| other.name == metric.name);
        let of_middle = of_middle.map_or_else(
            || "not there".to_owned(),
            |metric| match task_metrics::spelled(metric, middle) {
                same if same == name => "the same".to_owned(),
                other => format!("`{other}`"),
            },
        );
        let line = format!("| `{}` | `{name}` | {of_middle} |\n", metric.name);
        table.push_str(&line);
        // What the sentence above the table says of the oldest ones.
        let plain = task_metrics::spelled(&metric, oldest);
        assert_eq!(plain, metric.name.replace('.', "_"));
    }
    table
}

#[test]
fn the_guide_has_the_same_names() {
    let pages = pages();
    let page = pages.iter().find(|page| page.path.ends_with("metrics.md"));
    let page = page.expect("the page is there");
    let table = table();
    assert!(
        page.text.contains(&table),
        "write this into metrics.md:\n\n{table}"
    );
}

#[test]
fn the_guide_names_every_label() {
    let pages = pages();
    let page = pages.iter().find(|page| page.path.ends_with("metrics.md"));
    let text = &page.expect("the page is there").text;
    let collector = with("scrape = [{ port = 8080 }]", &[]);
    for part in [
        groups(&collector, "task")[0],
        groups(&collector, "scrape")[0],
    ] {
        for label in names(part, "labels") {
            assert!(text.contains(&format!("`{label}`")), "{label} is missing");
        }
    }
}
