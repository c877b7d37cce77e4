//! A task with a collector, and what arrives of it in the workspace and in its log.

use serde_json::{Map, Value, json};

use crate::{Context, World, ecs, iam, logs, service::Outcome};

const WRITE: &str = "arn:aws:iam::aws:policy/AmazonPrometheusRemoteWriteAccess";
const START: u64 = 1_700_000_000_000;

/// What differs from a collector that works.
#[derive(Clone, Default)]
struct Wrong {
    has_no_right: bool,
    endpoint: Option<&'static str>,
    target: Option<&'static str>,
    command: Option<&'static str>,
    region: Option<&'static str>,
    has_no_workspace: bool,
}

struct Bench {
    world: World,
    now: u64,
    workspace: String,
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            panic!("an object")
        }
    }
}

type Service = fn(&mut World, &Context<'_>, &str, &Map<String, Value>) -> Outcome;

impl Bench {
    fn call(&mut self, service: Service, operation: &str, input: Value) -> Value {
        let cx = Context {
            account: "111122223333",
            region: "us-east-1",
            partition: "aws",
            now_millis: self.now,
        };
        match service(&mut self.world, &cx, operation, &object(input)) {
            Ok(answer) => answer.body,
            Err(refusal) => panic!("{operation}: {} {}", refusal.code, refusal.message),
        }
    }

    /// A service with two tasks of one application and a collector, just created.
    fn new(wrong: &Wrong) -> Self {
        let mut bench = Self {
            world: World::default(),
            now: START,
            workspace: String::new(),
        };
        let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}).to_string();
        for (name, policy) in [
            ("Task", WRITE),
            (
                "Execution",
                "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
            ),
        ] {
            let role = json!({"RoleName": name, "AssumeRolePolicyDocument": trust});
            bench.call(iam::call, "CreateRole", role);
            if name != "Task" || !wrong.has_no_right {
                let attach = json!({"RoleName": name, "PolicyArn": policy});
                bench.call(iam::call, "AttachRolePolicy", attach);
            }
        }
        bench.call(
            logs::call,
            "CreateLogGroup",
            json!({"logGroupName": "/app"}),
        );
        let created = bench.call(crate::amp::call, "CreateWorkspace", json!({}));
        let id = created["workspaceId"].as_str().expect("an id").to_owned();
        let written = if wrong.has_no_workspace {
            "ws-none"
        } else {
            id.as_str()
        };
        let endpoint = format!(
            "https://aps-workspaces.us-east-1.amazonaws.com/workspaces/{written}/api/v1/remote_write"
        );
        let variables = [
            (
                "AWS_PROMETHEUS_ENDPOINT",
                wrong.endpoint.unwrap_or(&endpoint),
            ),
            (
                "AWS_PROMETHEUS_SCRAPING_ENDPOINT",
                wrong.target.unwrap_or("localhost:8080"),
            ),
            ("AWS_REGION", wrong.region.unwrap_or("us-east-1")),
        ];
        let environment: Vec<Value> = variables
            .into_iter()
            .map(|(name, value)| json!({"name": name, "value": value}))
            .collect();
        let log = json!({"logDriver": "awslogs", "options": {"awslogs-group": "/app", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "ecs"}});
        let collector = json!({
            "name": "collector", "image": "public.ecr.aws/aws-observability/aws-otel-collector:v0.49.0",
            "essential": false, "environment": environment, "logConfiguration": log,
            "command": [wrong.command.unwrap_or("--config=/etc/ecs/ecs-amp-prometheus.yaml")],
            "healthCheck": {"command": ["CMD", "/healthcheck"], "interval": 5, "retries": 2},
            "restartPolicy": {"enabled": true},
        });
        let app =
            json!({"name": "app", "image": "app:1", "portMappings": [{"containerPort": 8080}]});
        let role = |name: &str| format!("arn:aws:iam::111122223333:role/{name}");
        bench.call(ecs::call, "RegisterTaskDefinition", json!({
            "family": "app", "requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc",
            "cpu": "256", "memory": "512", "taskRoleArn": role("Task"), "executionRoleArn": role("Execution"),
            "containerDefinitions": [app, collector],
        }));
        bench.call(ecs::call, "CreateCluster", json!({}));
        bench.call(ecs::call, "CreateService", json!({
            "serviceName": "s", "taskDefinition": "app", "desiredCount": 2, "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
        }));
        bench.workspace = id;
        bench
    }

    fn ask(&mut self, operation: &str, parameters: Value) -> Value {
        let mut input = object(parameters);
        input.insert("workspaceId".to_owned(), json!(self.workspace));
        self.call(super::call, operation, Value::Object(input))
    }

    /// The labels and values of an instant query.
    fn query(&mut self, query: &str) -> Vec<(Value, f64)> {
        let answer = self.ask("QueryMetrics", json!({"query": query}));
        assert_eq!(answer["status"], "success", "{query}: {answer}");
        let samples = answer["data"]["result"].as_array().expect("a list").iter();
        let value = |sample: &Value| sample["value"][1].as_str().and_then(|v| v.parse().ok());
        samples
            .map(|sample| (sample["metric"].clone(), value(sample).expect("a number")))
            .collect()
    }

    fn values(&mut self, query: &str) -> Vec<f64> {
        self.query(query)
            .into_iter()
            .map(|(_, value)| value)
            .collect()
    }

    fn log(&mut self) -> String {
        let found = self.call(
            logs::call,
            "FilterLogEvents",
            json!({"logGroupName": "/app"}),
        );
        let events = found["events"].as_array().expect("a list").iter();
        let lines: Vec<&str> = events
            .filter_map(|event| event["message"].as_str())
            .collect();
        lines.join("\n")
    }
}

#[test]
fn what_a_working_collector_sends_arrives() {
    let mut bench = Bench::new(&Wrong::default());
    bench.now += 22_000;
    assert_eq!(
        bench.values("count(ecs_task_memory_utilized_MiB)"),
        [] as [f64; 0]
    );
    bench.now += 5_000;
    assert_eq!(bench.values("count(ecs_task_memory_utilized_MiB)"), [2.0]);
    assert_eq!(bench.values("up"), [] as [f64; 0], "batches take a minute");
    bench.now += 60_000;
    assert_eq!(bench.values("up"), [1.0, 1.0]);
    let family = r#"count by (__name__) ({__name__=~"ecs_task_.*", aws_ecs_task_family="app"})"#;
    assert_eq!(bench.query(family).len(), 8);
    assert_eq!(
        bench.values("count(count by (aws_ecs_task_arn) (up))"),
        [2.0]
    );
    // Two requests a second of each of two tasks, which have not run for a minute yet.
    let rate = bench.values("sum(rate(http_requests_total[1m])) by (job)");
    assert!(
        matches!(rate[..], [rate] if (3.0..=4.0).contains(&rate)),
        "{rate:?}"
    );
    let labels = bench.query("up")[0].0.clone();
    assert_eq!(labels["aws_ecs_task_revision"], "1");
    assert_eq!(labels["job"], "otel-collector");
    assert_eq!(labels["instance"], "localhost:8080");

    // What has ended is found for five minutes, and by those who look further back.
    let before = bench.now;
    bench.call(
        ecs::call,
        "UpdateService",
        json!({"service": "s", "desiredCount": 0}),
    );
    bench.now += 600_000;
    assert_eq!(bench.values("up"), [] as [f64; 0]);
    let last = bench.ask("QueryMetrics", json!({"query": "up[1h]"}));
    assert_eq!(last["data"]["resultType"], "matrix");
    for series in last["data"]["result"].as_array().expect("a list") {
        let sample = series["values"].as_array().and_then(|all| all.last());
        let at = sample
            .and_then(|sample| sample[0].as_f64())
            .expect("a time");
        let ended = super::evaluate::seconds(before);
        assert!((ended - 20.0..=ended + 1.0).contains(&at), "{at} {ended}");
    }
    let now = super::evaluate::seconds(bench.now);
    assert_eq!(
        bench.values("timestamp(last_over_time(up[1h]))"),
        [now, now],
        "what is calculated has no time of its own"
    );
}

#[test]
fn other_ways_to_look() {
    let mut bench = Bench::new(&Wrong::default());
    bench.now += 125_000;
    let end = bench.now / 1_000;
    let range = json!({"query": "up", "start": (end - 60).to_string(), "end": end.to_string(), "step": "15s"});
    let answer = bench.ask("QueryMetricsRange", range);
    assert_eq!(answer["data"]["resultType"], "matrix");
    assert_eq!(
        answer["data"]["result"][0]["values"]
            .as_array()
            .map(Vec::len),
        Some(5)
    );
    let names = bench.ask("GetLabels", json!({"match[]": ["up"]}));
    assert!(
        names["data"]
            .as_array()
            .expect("a list")
            .contains(&json!("instance"))
    );
    let values = bench.ask("GetLabelValues", json!({"name": "job"}));
    assert_eq!(values["data"], json!(["otel-collector"]));
    let series = bench.ask(
        "GetSeries",
        json!({"match[]": [r#"{job="otel-collector",__name__!="up"}"#]}),
    );
    assert_eq!(series["data"].as_array().map(Vec::len), Some(8));
    let range = |query: &str, start: &str, end: &str, step: &str| json!({"query": query, "start": start, "end": end, "step": step});
    for (operation, wrong) in [
        ("QueryMetrics", json!({"query": "up{"})),
        ("QueryMetrics", json!({"query": "{}"})),
        ("QueryMetrics", json!({"query": "count({job=~\".*\"})"})),
        ("QueryMetrics", json!({"query": "sum(1)"})),
        ("QueryMetrics", json!({"query": "no_function(up)"})),
        ("QueryMetrics", json!({"query": "up", "time": "yesterday"})),
        ("QueryMetrics", json!({})),
        ("QueryMetricsRange", range("up", "1", "2", "0")),
        ("QueryMetricsRange", range("up", "2", "1", "1")),
        ("QueryMetricsRange", range("up", "1", "99999", "1")),
        ("QueryMetricsRange", range("up[5m]", "1", "2", "1")),
        ("GetSeries", json!({})),
        ("GetSeries", json!({"match[]": ["up + 1"]})),
    ] {
        let answer = bench.ask(operation, wrong.clone());
        assert_eq!(answer["errorType"], "bad_data", "{operation} {wrong}");
    }
    // What it does not know, it says; what Prometheus can't do, it can't either.
    for (query, why) in [
        (
            "quantile_over_time(0.9, up[5m])",
            "the function 'quantile_over_time'",
        ),
        ("topk(1, up)", "the aggregation 'topk'"),
        ("up[5m:1m]", "subqueries"),
        ("up @ 1", "the modifier '@'"),
        ("up * on (job) group_left up", "group_left"),
        ("-{job=\"otel-collector\"}", "the same labelset"),
        ("up + on (job) up", "many-to-many"),
        ("-up[5m]", "vector"),
    ] {
        let answer = bench.ask("QueryMetrics", json!({"query": query}));
        let error = answer["error"].as_str().unwrap_or_default();
        assert!(error.contains(why), "{query}: {answer}");
    }
}

#[test]
fn each_fault_shows_as_it_does_on_aws() {
    let ours = "https://aps-workspaces.us-east-1.amazonaws.com";
    let slash: &'static str =
        Box::leak(format!("{ours}/workspaces/ws-1/api/v1/remote_write/").into_boxed_str());
    for (wrong, line) in [
        (
            Wrong {
                has_no_right: true,
                ..Wrong::default()
            },
            "not authorized to perform: aps:RemoteWrite",
        ),
        (
            Wrong {
                endpoint: Some(slash),
                ..Wrong::default()
            },
            "404 Not Found",
        ),
        (
            Wrong {
                endpoint: Some("https://prometheus.example.com/api/v1/remote_write"),
                ..Wrong::default()
            },
            "no such host",
        ),
        (
            Wrong {
                has_no_workspace: true,
                ..Wrong::default()
            },
            "Workspace not found",
        ),
        (
            Wrong {
                region: Some("eu-west-1"),
                ..Wrong::default()
            },
            "Credential should be scoped to a valid region",
        ),
    ] {
        let mut bench = Bench::new(&wrong);
        bench.now += 150_000;
        assert_eq!(
            bench.values("count({__name__=~\".+\"})"),
            [] as [f64; 0],
            "{line}"
        );
        let log = bench.log();
        assert!(log.contains(line), "{line}: {log}");
        assert!(
            log.contains("Everything is ready"),
            "it is healthy all the same: {log}"
        );
    }
    let mut bench = Bench::new(&Wrong {
        target: Some("localhost:9999"),
        ..Wrong::default()
    });
    bench.now += 150_000;
    assert_eq!(bench.values("up"), [0.0, 0.0]);
    assert_eq!(bench.values("count(http_requests_total)"), [] as [f64; 0]);
    assert!(bench.log().contains("Failed to scrape Prometheus endpoint"));

    let broken = Wrong {
        command: Some("--config=/etc/ecs/nope.yaml"),
        ..Wrong::default()
    };
    let mut bench = Bench::new(&broken);
    bench.now += 150_000;
    assert_eq!(bench.values("count({__name__=~\".+\"})"), [] as [f64; 0]);
    let log = bench.log();
    assert!(log.contains("unable to read the file"), "{log}");
    let tasks = bench.call(ecs::call, "ListTasks", json!({}));
    let tasks = bench.call(
        ecs::call,
        "DescribeTasks",
        json!({"tasks": tasks["taskArns"]}),
    );
    let containers = &tasks["tasks"][0]["containers"];
    assert_eq!(containers[1]["healthStatus"], "UNHEALTHY");
    assert_eq!(tasks["tasks"][0]["lastStatus"], "RUNNING");
}

#[test]
fn a_log_is_written_once() {
    let mut bench = Bench::new(&Wrong {
        has_no_right: true,
        ..Wrong::default()
    });
    bench.now += 125_000;
    let log = bench.log();
    assert_eq!(bench.log(), log);
    assert_eq!(
        log.matches("403 Forbidden").count(),
        4,
        "twice for each of two tasks"
    );
    let attach = json!({"RoleName": "Task", "PolicyArn": WRITE});
    bench.call(iam::call, "AttachRolePolicy", attach);
    bench.now += 60_000;
    assert_eq!(bench.log(), log);
    assert_eq!(bench.values("up"), [1.0, 1.0]);
}

#[test]
fn what_somebody_writes_can_be_asked_for_until_it_has_ended() {
    let mut bench = Bench::new(&Wrong::default());
    bench.now += 600_000;
    let now = bench.now;
    let write = |bench: &mut Bench, time: u64, value: u64| {
        let labels = json!({"__name__": "written", "job": "own"});
        let series = json!([{"labels": labels, "samples": [[time, value]]}]);
        bench.ask("RemoteWrite", json!({"timeseries": series}))
    };
    write(&mut bench, now - 40_000, 2.0_f64.to_bits());
    write(&mut bench, now - 20_000, 6.0_f64.to_bits());
    let found = bench.query("written");
    assert_eq!(found, [(json!({"__name__": "written", "job": "own"}), 6.0)]);
    // As if it had counted from zero on, and until now.
    assert_eq!(bench.values("increase(written[5m])"), [10.0]);
    assert_eq!(
        bench.values("count_over_time(written{job=\"own\"}[5m])"),
        [2.0]
    );
    // What collectors send stands beside it.
    assert_eq!(bench.values("count(up)"), [2.0]);
    // The value by which Prometheus marks the end of a series.
    write(&mut bench, now - 10_000, 0x7ff0_0000_0000_0002);
    assert!(bench.query("written").is_empty());
    assert_eq!(bench.values("last_over_time(written[5m])"), [6.0]);
    let stored = serde_json::to_value(&bench.world).expect("a world is JSON");
    assert!(
        stored.get("samples").is_none(),
        "samples are kept in memory only"
    );
}
