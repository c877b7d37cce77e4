//! Collectors become `metrics` where that declares the same, and stay containers where it does not.

use std::{collections::BTreeMap, fs, io, path::Path};

use amp_stack::{
    file::{
        render::{Style, render},
        source::Source,
    },
    kinds::{Resource, task_definition::fields::metrics::METRICS},
    load::{self, LoadContext},
    model::template::{Attribute, Reference},
    stack::Stack,
    write::Written,
};
use serde_json::{Value, json};

use super::{
    holds,
    samples::{draft, family, found},
    sandboxed::{SANDBOX, account, import},
};
use crate::worlds::identity;

/// A stack without `metrics`.
const BASE: &str = r#"
[stack]
name = "checkout"

[workspace]
alias = "checkout"

[log_groups.checkout]
name = "/ecs/checkout"
retention_days = 30

[log_groups.metrics]
name = "/ecs/checkout/metrics"
retention_days = 1

[roles.task]
name = "CheckoutTask"

[roles.execution]
name = "CheckoutExecution"
managed_policies = ["service-role/AmazonECSTaskExecutionRolePolicy"]
inline_policies.secrets = { Version = "2012-10-17", Statement = { Effect = "Allow", Action = "ssm:GetParameters", Resource = "*" } }

[task_definitions.checkout]
requires_compatibilities = ["FARGATE"]
network_mode = "awsvpc"
cpu = 512
memory = 1024
task_role = "task"
execution_role = "execution"

[task_definitions.checkout.containers.app]
image = "public.ecr.aws/docker/library/nginx:1.29"
port_mappings = [{ container_port = 8080 }]
logs = "checkout"

[task_definitions.checkout.metrics]
"#;

const OWN: &str = "extensions: {health_check: {}}\nreceivers: {statsd: {}}\nexporters: {debug: {}}\n\
                   service: {extensions: [health_check], pipelines: {metrics: {receivers: [statsd], exporters: [debug]}}}\n";

/// What `metrics` says, and has to say again.
const SAID: &[&str] = &[
    "scrape = [{ port = 8080 }]",
    "otlp = true",
    "otlp = true\ntraces = \"xray\"",
    "traces = \"xray\"",
    "xray_daemon = true",
    "statsd = true",
    "otlp = true\nlabels = { environment = \"production\", team = \"a$$b\" }",
    "task_metrics = \"task\"",
    "task_metrics = \"container\"",
    "task_metrics = \"task\"\ntraces = \"xray\"",
    "otlp = true\ntask_metrics = \"container\"",
    "otlp = true\ntask_metrics = \"off\"",
    "otlp = true\ntask_metrics = [\"ecs.task.memory.utilized\"]",
    "otlp = true\nrename = { \"ecs.task.memory.utilized\" = \"task.memory\" }",
    "otlp = true\nattributes = { rename = { \"aws.ecs.task.family\" = \"family\" }, delete = [\"host.name\"], add = { a = \"b\" } }",
    "otlp = true\nattributes = { extract = { \"aws.ecs.cluster.arn\" = \"cluster/(?P<cluster>.*)\" } }",
    "otlp = true\nbatch = \"10s\"",
    "otlp = true\nbatch = { timeout = \"10s\", size = 4096, max_size = 5000 }",
    "otlp = true\nqueue = { size = 20000, consumers = 3 }",
    "otlp = true\nretry = { initial_interval = \"1s\", max_interval = \"20s\", max_elapsed_time = \"15m\" }",
    "otlp = true\ntimeout = \"15s\"",
    "otlp = true\nassume_role = \"arn:aws:iam::444455556666:role/RemoteWrite\"",
    "otlp = true\ndebug = true\nlog_level = \"warn\"",
    "otlp = true\nworkspace = \"ws-12345678-90ab-cdef-1234-567890abcdef\"",
    "otlp = true\nworkspace = \"arn:aws:aps:eu-west-1:111122223333:workspace/ws-12345678-90ab-cdef-1234-567890abcdef\"",
    "otlp = true\nworkspace = \"none\"\ncloudwatch = {}",
    "otlp = true\ncloudwatch = { region = \"eu-west-1\" }",
    "otlp = true\nemf = { log_group = \"metrics\", dimensions = [[\"aws.ecs.task.family\"]], metrics = [\"http_.*\"] }",
    "otlp = true\ndestinations = [{ otlp = \"https://otlp.example.com\", signals = [\"metrics\", \"traces\"], headers = { X-Scope = \"a\" } }]",
    "otlp = true\ndestinations = [{ otlp = \"http://tempo:4317\", protocol = \"grpc\", signals = [\"traces\"] }]",
    "otlp = true\ndestinations = [{ remote_write = \"https://prometheus.example.com/api/v1/write\" }]",
    "otlp = true\ndestinations = [{ workspace = \"ws-12345678-90ab-cdef-1234-567890abcdef\" }]",
    "otlp = true\nsecrets = { TOKEN = \"arn:aws:ssm:us-east-1:111122223333:parameter/token\" }\ndestinations = [{ otlp = \"https://x.example.com\", headers = { Authorization = { secret = \"TOKEN\" } } }]",
    "otlp = true\nlogs = \"checkout\"",
    "otlp = true\nlogs = { name = \"/elsewhere\" }",
    "otlp = true\ndepends_on = \"HEALTHY\"",
    "otlp = true\ndepends_on = \"none\"",
    "otlp = true\nconfig = \"built-in\"",
    "scrape = [{ port = 8080 }]\ntraces = \"xray\"\nconfig = \"built-in\"",
    "config_parameter = \"arn:aws:ssm:us-east-1:111122223333:parameter/collector\"",
    "otlp = true\nessential = true",
    "otlp = true\nimage = \"public.ecr.aws/aws-observability/aws-otel-collector:v0.48.0\"",
    "otlp = true\nname = \"collector\"",
    "otlp = true\ncpu = 128\nmemory = 256\nmemory_reservation = 128",
    "command = [\"--config=/etc/ecs/ecs-default-config.yaml\"]",
    "otlp = true\nenvironment = { GOMEMLIMIT = \"200MiB\" }",
    "otlp = true\nverbatim = { user = \"1000\", ulimits = [{ name = \"nofile\", softLimit = 1024, hardLimit = 1024 }] }",
    "scrape = [{ port = 8080, path = \"/a\", interval = \"30s\", timeout = \"5s\", job = \"a\" }, { port = 8080, path = \"/b\", container = \"app\" }]",
    "scrape = [{ port = 8080, host = \"example.com\", scheme = \"https\", params = { format = \"prometheus\" } }]",
    "scrape = [{ port = 8080, labels = { a = \"b\" }, keep = [\"http_.*\", \"(a|b)_c\"], drop = [\"go_.*\"] }]",
    "scrape = [{ port = 8080, relabel = [{ source_labels = [\"__address__\"], target_label = \"address\" }] }]",
    "scrape = [{ port = 8080, metric_relabel = [{ action = \"labeldrop\", regex = \"user_id\" }] }]",
    "secrets = { TOKEN = \"arn:aws:ssm:us-east-1:111122223333:parameter/token\" }\nscrape = [{ port = 8080, bearer_token = { secret = \"TOKEN\" } }]",
    "secrets = { WORD = \"arn:aws:ssm:us-east-1:111122223333:parameter/word\" }\nscrape = [{ port = 8080, basic_auth = { username = \"a\", password = { secret = \"WORD\" } } }]",
];

fn load(text: &str) -> Stack {
    let source = Source {
        path: "stack.toml".into(),
        text: text.to_owned(),
    };
    let around = LoadContext {
        identity: identity(),
        account_is_known: true,
        region_is_known: true,
        variables: BTreeMap::new(),
        var_files: Vec::new(),
        environment: &|_| None,
        elsewhere: &|_| false,
        read: &|path| match path.to_str() {
            Some("collector.yaml") => Ok(OWN.to_owned()),
            _ => Err(io::ErrorKind::NotFound.into()),
        },
    };
    load::load(&source, &around).unwrap_or_else(|problems| {
        let style = Style::Plain { width: 120 };
        panic!("{text}\n{}", render(&source, &problems, style))
    })
}

/// Everything that a stack declares as it lives once it is applied, and belongs to nobody.
fn lives(stack: &Stack) -> Vec<amp_stack::snapshot::LiveResource> {
    let wanted = stack.resources.iter();
    let wanted: Vec<_> = wanted
        .map(|(address, declared)| (address, declared.want.clone().unwrap()))
        .collect();
    let attributes: BTreeMap<_, _> = wanted
        .iter()
        .map(|(address, want)| ((*address).clone(), found(want.clone()).attributes))
        .collect();
    let lookup = |reference: &Reference| {
        let attribute: Attribute = reference.attribute;
        attributes.get(&reference.address)?.get(&attribute).cloned()
    };
    let live = wanted.into_iter().map(|(_, want)| {
        let mut live = want.resolve(&lookup);
        live.tags_mut().clear();
        if let Resource::TaskDefinition(family) = &mut live {
            family.revision = Some(1);
        }
        found(live)
    });
    live.collect()
}

fn imported(metrics: &str) -> Written {
    let mut draft = draft(lives(&load(&format!("{BASE}{metrics}\n"))));
    draft
        .roles
        .insert("arn:aws:iam::444455556666:role/RemoteWrite".to_owned());
    holds(&draft)
}

/// `metrics` of a file.
fn metrics_of(text: &str) -> toml::Value {
    let file: toml::Value = toml::from_str(text).unwrap();
    let mut families = file["task_definitions"].as_table().unwrap().values();
    families
        .next()
        .unwrap()
        .get("metrics")
        .cloned()
        .unwrap_or(toml::Value::Boolean(false))
}

#[test]
fn what_metrics_says_is_said_again() {
    let mut wrong = Vec::new();
    for said in SAID {
        let written = imported(said);
        let again = metrics_of(&written.text);
        let expected: toml::Value = toml::from_str(said).unwrap();
        if again != expected || !written.longer.is_empty() {
            wrong.push(format!("{said}\n---\n{again:#?}\n{:#?}", written.longer));
        }
        if written.text.contains("amp-stack-remote-write") {
            wrong.push(format!(
                "{said}: what `metrics` grants is said: {}",
                written.text
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n======\n"));
}

#[test]
fn every_key_of_metrics_is_tried() {
    let said = SAID.join("\n");
    let untried: Vec<&str> = METRICS
        .keys()
        .into_iter()
        // The rights of an imported role stand in its own table, or `metrics` grants the same.
        .filter(|key| *key != "policy" && !said.contains(&format!("{key} = ")))
        .collect();
    assert_eq!(untried, [] as [&str; 0]);
}

#[test]
fn a_configuration_of_ones_own_is_handed_through() {
    let written = imported("config = \"collector.yaml\"\nworkspace = \"none\"");
    let metrics = metrics_of(&written.text);
    assert_eq!(
        metrics["environment"]["AOT_CONFIG_CONTENT"].as_str(),
        Some(OWN),
        "{}",
        written.text
    );
    assert!(written.longer.is_empty(), "{:?}", written.longer);
}

/// A collector as the console of ECS, Copilot or somebody with Terraform adds one.
fn by_hand(collector: &Value) -> Value {
    let mut one = json!({
        "name": "aws-otel-collector",
        "image": "public.ecr.aws/aws-observability/aws-otel-collector:v0.49.0",
    });
    for (key, value) in collector.as_object().unwrap() {
        one[key] = value.clone();
    }
    json!({
        "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "512", "memory": "1024",
        "executionRoleArn": "arn:aws:iam::444455556666:role/x", "taskRoleArn": "arn:aws:iam::444455556666:role/x",
        "containerDefinitions": [{"name": "app", "image": "nginx:1.29"}, one],
    })
}

const ENDPOINT: &str = "https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-12345678-90ab-cdef-1234-567890abcdef/api/v1/remote_write";

#[test]
fn what_would_change_is_said_and_the_container_stays() {
    let endpoint = json!({"name": "AWS_PROMETHEUS_ENDPOINT", "value": ENDPOINT});
    let canned = json!({
        "command": ["--config=/etc/ecs/ecs-amp-xray.yaml"], "environment": [endpoint],
    });
    let scraping = json!({
        "command": ["--config=/etc/ecs/ecs-amp-prometheus.yaml"], "essential": false,
        "environment": [endpoint, {"name": "AWS_PROMETHEUS_SCRAPING_ENDPOINT", "value": "localhost:8080"}],
    });
    let own = json!({"environment": [{"name": "AOT_CONFIG_CONTENT", "value": OWN}]});
    for (collector, words) in [
        (
            canned,
            &[
                "`metrics = { otlp = true, traces = \"xray\", workspace = \"ws-12345678-90ab-cdef-1234-567890abcdef\", depends_on = \"none\", config = \"built-in\", essential = true }`",
                "containers.aws-otel-collector.health_check is added",
                "containers.aws-otel-collector.stop_timeout is added",
            ][..],
        ),
        (
            scraping,
            &[
                "scrape = [{ port = 8080 }]",
                "containers.aws-otel-collector.restart_policy is added",
            ],
        ),
        (own, &["AOT_CONFIG_CONTENT", "health_check is added"]),
    ] {
        let taken = found(Resource::TaskDefinition(family(
            "checkout",
            &by_hand(&collector),
        )));
        let written = holds(&draft([taken]));
        assert!(
            written.text.contains("containers.aws-otel-collector]"),
            "{}",
            written.text
        );
        assert!(!written.text.contains(".metrics]"), "{}", written.text);
        let [longer] = written.longer.as_slice() else {
            panic!("{:?}", written.longer);
        };
        for words in words {
            assert!(longer.why.contains(words), "{words}: {}", longer.why);
        }
        let one_line: Vec<&str> = written
            .text
            .split(['\n', '#', ' '])
            .filter(|w| !w.is_empty())
            .collect();
        assert!(
            one_line
                .join(" ")
                .contains("containers.aws-otel-collector is a collector. "),
            "{}",
            written.text
        );
    }
}

#[test]
fn two_collectors_stay_two_containers() {
    let mut document = by_hand(&json!({"command": ["--config=/etc/ecs/ecs-xray.yaml"]}));
    let mut second = document["containerDefinitions"][1].clone();
    second["name"] = json!("second");
    document["containerDefinitions"]
        .as_array_mut()
        .unwrap()
        .push(second);
    let taken = found(Resource::TaskDefinition(family("checkout", &document)));
    let written = holds(&draft([taken]));
    assert!(written.longer.is_empty(), "{:?}", written.longer);
    assert!(!written.text.contains("metrics"), "{}", written.text);
}

/// What the stacks that name what others manage have around them.
const AROUND: &str = r#"
[stack]
name = "platform"

[log_groups.guests]
name = "/platform/guests"
retention_days = 7

[roles.task]
name = "GuestTask"
path = "/platform/"
inline_policies.write = { Version = "2012-10-17", Statement = { Effect = "Allow", Action = "aps:RemoteWrite", Resource = "*" } }

[roles.execution]
name = "ecsTaskExecutionRole"
managed_policies = ["service-role/AmazonECSTaskExecutionRolePolicy"]
"#;

/// The law for whole accounts: what was applied and then belongs to nobody is imported with
/// `metrics` where `metrics` made it, and then there is nothing to do but to tag it.
#[test]
fn every_stack_with_metrics_comes_back_with_metrics() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("stacks");
    let mut tried = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let is_stack = path.extension().is_some_and(|end| end == "toml");
        if !is_stack || !text.contains(".metrics]") {
            continue;
        }
        tried += 1;
        let stem = path.file_stem().unwrap().to_str().unwrap();
        // A workspace of the account itself, whose id nobody chooses.
        let text = text.replace(
            "id = \"ws-a1b2c3d4-5678-90ab-cdef-1234567890ab\"",
            "alias = \"guest\"",
        );
        let beside = path.with_extension("yaml");
        let files: Vec<(String, String)> = fs::read_to_string(&beside)
            .map(|text| {
                (
                    beside.file_name().unwrap().to_str().unwrap().to_owned(),
                    text,
                )
            })
            .into_iter()
            .collect();
        let bench = account(&format!("import-{stem}"), &[AROUND, &text], &files, &[]);
        let family = text
            .split("[task_definitions.")
            .nth(1)
            .unwrap()
            .split(']')
            .next()
            .unwrap();
        let (imported, plan, written) = import(&bench, &["--family", family]);
        assert!(!imported.says("Not the same"), "{stem}: {imported:?}");
        assert!(!imported.says("Left as it is"), "{stem}: {imported:?}");
        assert!(!plan.says("RegisterTaskDefinition"), "{stem}: {plan:?}");
        let header = format!("[task_definitions.{family}.metrics");
        assert!(written.contains(&header), "{stem}: {written}");
        assert!(
            !written.contains(".containers.aws-otel-collector"),
            "{stem}: {written}"
        );
        // A whole stack whose file is lost comes back with it, too.
        let lost = bench.run(&["import", "--stack", "mine", SANDBOX]).expect(0);
        assert!(lost.stdout.contains(&header), "{stem}: {}", lost.stdout);
    }
    assert!(tried > 7, "{tried}");
}
