//! A real Prometheus beside the sandbox, with the same samples in both: what `verify` and the
//! dashboard ask is answered alike, and so is everything else that the sandbox knows of PromQL.
//!
//! It needs the program `prometheus` (Debian and Ubuntu: `apt-get install prometheus`), and says on
//! standard error that it is left out where there is none.

mod behind;
mod join;
pub(crate) mod server;
mod tap;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use amp_stack_sandbox::{
    Sandbox, Settings,
    connector::Clock,
    server::Server,
    wire::{Call, Service},
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{
    dashboard,
    prometheus::{
        server::{Labels, Prometheus, Written},
        tap::Tap,
    },
    run::Bench,
};

/// One port answers, the other does not.
const STACK: &str = r#"
[stack]
name = "shop"

[workspace]
alias           = "shop"
prevent_destroy = false

[log_groups.shop]
name           = "/ecs/shop"
retention_days = 7

[roles.task]
name = "ShopTask"

[roles.execution]
name             = "ShopExecution"
managed_policies = ["service-role/AmazonECSTaskExecutionRolePolicy"]

[task_definitions.shop]
requires_compatibilities = ["FARGATE"]
network_mode             = "awsvpc"
cpu                      = 256
memory                   = 512
task_role                = "task"
execution_role           = "execution"

[task_definitions.shop.containers.app]
image         = "example/shop:1"
port_mappings = [{ container_port = 9100 }]
logs          = "shop"

[task_definitions.shop.metrics]
scrape = [{ port = 9100 }, { port = 9999, job = "dead" }]
logs   = "shop"
"#;

/// How long the tasks have run when they are looked at.
const LIFE: Duration = Duration::from_mins(15);
/// What Prometheus writes where a series has ended.
const STALE: u64 = 0x7ff0_0000_0000_0002;

/// A stack that runs in a sandbox, and what it measured in a Prometheus as well.
struct Pair {
    sandbox: Sandbox,
    workspace: String,
    prometheus: Prometheus,
    bench: Bench,
    tap: Tap,
    /// A moment at which no range, and no step of one, begins or ends at a sample: which ends
    /// belong to a range is not the same in all versions of Prometheus.
    now: u64,
    _runtime: Runtime,
}

impl Pair {
    fn start(test: &str) -> Option<Self> {
        let prometheus = Prometheus::start(test)?;
        let runtime = Runtime::new().unwrap();
        let life = u64::try_from(LIFE.as_millis()).unwrap();
        let system = Clock::system();
        let stopped = Arc::new(AtomicU64::new(0));
        let stops = Arc::clone(&stopped);
        let begin = move || match stops.load(Ordering::Relaxed) {
            0 => system.millis() - life,
            at => at,
        };
        let (clock, advance) = Clock::new(begin).adjustable();
        let sandbox = Sandbox::open(Settings {
            clock,
            ..Settings::default()
        })
        .unwrap();
        let server = runtime.block_on(Server::bind(0)).unwrap();
        let tap = Tap::before(server.address().unwrap());
        runtime.spawn(server.run(sandbox.clone(), std::future::pending()));
        let bench = Bench::with_endpoint("prometheus", &tap.endpoint);
        bench.write("stack.toml", STACK);
        bench.run(&["apply", "--yes"]).expect(0);
        let workspaces = call(&sandbox, Service::Amp, "ListWorkspaces", json!({}));
        let workspace = workspaces["workspaces"][0]["workspaceId"]
            .as_str()
            .unwrap()
            .to_owned();
        call(
            &sandbox,
            Service::Ecs,
            "CreateCluster",
            json!({"clusterName": "c"}),
        );
        let network = json!({"awsvpcConfiguration": {"subnets": ["subnet-0a1b2c3d"]}});
        let service = json!({
            "cluster": "c", "serviceName": "s", "taskDefinition": "shop", "desiredCount": 2,
            "launchType": "FARGATE", "networkConfiguration": network,
        });
        call(&sandbox, Service::Ecs, "CreateService", service);
        advance.by(LIFE);
        // What a batch brings later would be in the sandbox alone.
        stopped.store(sandbox.clock().millis() - life, Ordering::Relaxed);
        let mut pair = Self {
            now: sandbox.clock().millis(),
            sandbox,
            workspace,
            prometheus,
            bench,
            tap,
            _runtime: runtime,
        };
        pair.copy();
        Some(pair)
    }

    /// Writes to Prometheus what the collectors have sent, and to both what an application might
    /// count.
    fn copy(&mut self) {
        let found = self.ask("query", &[("query", r#"{__name__=~".+"}[15m]"#.to_owned())]);
        let series = found.1["data"]["result"].as_array().unwrap().iter();
        let sent: Written = series
            .map(|series| (labels(&series["metric"]), samples(series)))
            .collect();
        assert!(sent.len() > 20, "{} series", sent.len());
        let own = application(&sent, self.now);
        let written = own.iter().map(|(labels, samples)| {
            let bits = samples
                .iter()
                .map(|(time, value)| json!([time, value.to_bits()]));
            json!({"labels": labels, "samples": bits.collect::<Vec<_>>()})
        });
        let timeseries = json!(written.collect::<Vec<_>>());
        let input = json!({"workspaceId": self.workspace, "timeseries": timeseries});
        call(&self.sandbox, Service::Amp, "RemoteWrite", input);
        let all: Written = sent.into_iter().chain(own).collect();
        self.prometheus.write(&all);
        let phases: Vec<u64> = all
            .iter()
            .flat_map(|(_, samples)| samples.iter().map(|(time, _)| time % 5_000))
            .collect();
        let is_clear = |now: &u64| {
            let phase = now % 5_000;
            phases
                .iter()
                .all(|other| (200..=4_800).contains(&(phase.abs_diff(*other))))
        };
        self.now = (self.now - 5_000..self.now).find(is_clear).unwrap();
    }

    /// What the sandbox answers.
    fn ask(&self, path: &str, parameters: &[(&str, String)]) -> (u16, Value) {
        let operation = match path {
            "query" => "QueryMetrics",
            "query_range" => "QueryMetricsRange",
            "labels" => "GetLabels",
            "series" => "GetSeries",
            _ => "GetLabelValues",
        };
        let mut input = json!({"workspaceId": self.workspace});
        if let Some(name) = path.strip_prefix("label/") {
            input["name"] = json!(name.trim_end_matches("/values"));
        }
        for (name, value) in parameters {
            input[name] = if *name == "match[]" {
                json!([value])
            } else {
                json!(value)
            };
        }
        let call = Call {
            service: Service::Amp,
            region: "us-east-1".to_owned(),
            operation: operation.to_owned(),
            input: input.as_object().unwrap().clone(),
            key: None,
        };
        let answer = self.sandbox.perform_call(&call).unwrap();
        (answer.status, answer.body)
    }

    /// What differs between the answers of both to a query, at a moment and over a time.
    fn differences(&self, query: &str) -> Vec<String> {
        let query = ("query", query.to_owned());
        let instant = [query.clone(), ("time", time(self.now))];
        let range = [
            query.clone(),
            ("start", time(self.now - 600_000)),
            ("end", time(self.now)),
            ("step", "30s".to_owned()),
        ];
        let asked: [(&str, &[(&str, String)]); 2] = [("query", &instant), ("query_range", &range)];
        let both = asked.into_iter().filter_map(|(path, parameters)| {
            let ours = comparable(&self.ask(path, parameters));
            let theirs = comparable(&self.prometheus.ask(path, parameters));
            let are_alike = alike(&ours, &theirs);
            (!are_alike).then(|| {
                format!(
                    "{path} of {}\nsandbox:    {ours:?}\nPrometheus: {theirs:?}",
                    query.1
                )
            })
        });
        both.collect()
    }
}

#[expect(clippy::needless_pass_by_value, reason = "callers write literals")]
fn call(sandbox: &Sandbox, service: Service, operation: &str, input: Value) -> Value {
    let call = Call {
        service,
        region: "us-east-1".to_owned(),
        operation: operation.to_owned(),
        input: input.as_object().unwrap().clone(),
        key: None,
    };
    sandbox.perform_call(&call).unwrap().body
}

fn time(millis: u64) -> String {
    format!("{}.{:03}", millis / 1_000, millis % 1_000)
}

fn labels(metric: &Value) -> Labels {
    serde_json::from_value(metric.clone()).unwrap()
}

/// The samples of a series in an answer.
fn samples(series: &Value) -> Vec<(u64, f64)> {
    let one = series["value"].as_array().map(|_| &series["value"]);
    let points = one
        .into_iter()
        .chain(series["values"].as_array().into_iter().flatten());
    let points = points.map(|point| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a time of ours"
        )]
        let time = (point[0].as_f64().unwrap() * 1_000.0).round() as u64;
        (time, point[1].as_str().unwrap().parse().unwrap())
    });
    points.collect()
}

/// What an application of the first task counts: requests by code, which begin anew once, durations
/// as a histogram, and a queue that is gone in the end.
fn application(sent: &Written, now: u64) -> Written {
    let is_up = |labels: &Labels| labels["__name__"] == "up" && labels["job"] != "dead";
    let (task, up) = sent.iter().find(|(labels, _)| is_up(labels)).unwrap();
    let phase = up[0].0 + 2_000;
    let times: Vec<u64> = (0..60)
        .map(|count| phase + count * 15_000)
        .filter(|time| *time < now)
        .collect();
    let counted = |name: &str, more: &[(&str, &str)], each: f64, resets: bool| {
        let mut labels = task.clone();
        labels.insert("__name__".to_owned(), name.to_owned());
        labels.extend(
            more.iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        let samples = times.iter().zip(0_u32..).map(|(time, count)| {
            let count = if resets && count >= 25 {
                count - 25
            } else {
                count
            };
            (*time, 3.0 + f64::from(count) * each)
        });
        (labels, samples.collect::<Vec<_>>())
    };
    let bucket = |bound: &str, each: f64| {
        counted(
            "http_request_duration_seconds_bucket",
            &[("le", bound)],
            each,
            false,
        )
    };
    let mut queue = counted("queue_length", &[("queue", "mail")], 0.5, false);
    let (end, _) = queue.1[30];
    queue.1.truncate(30);
    queue.1.push((end, f64::from_bits(STALE)));
    vec![
        counted("http_requests_total", &[("code", "200")], 30.0, false),
        counted("http_requests_total", &[("code", "500")], 1.5, true),
        bucket("0.1", 10.0),
        bucket("0.5", 24.0),
        bucket("+Inf", 30.0),
        queue,
    ]
}

/// What of an answer has to be the same: the status and the type, and the values of each series.
#[derive(Debug)]
struct Comparable {
    kind: String,
    series: BTreeMap<Labels, Vec<(u64, f64)>>,
}

fn comparable((status, body): &(u16, Value)) -> Comparable {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let data = &body["data"];
    let series = match text(&data["resultType"]).as_str() {
        "scalar" => BTreeMap::from([(Labels::new(), samples(&json!({"value": data["result"]})))]),
        "" => BTreeMap::new(),
        _ => {
            let series = data["result"].as_array().unwrap().iter();
            series
                .map(|series| (labels(&series["metric"]), samples(series)))
                .collect()
        }
    };
    Comparable {
        kind: format!(
            "{status} {}{}",
            text(&body["errorType"]),
            text(&data["resultType"])
        ),
        series,
    }
}

fn alike(ours: &Comparable, theirs: &Comparable) -> bool {
    let close = |(a, b): (&f64, &f64)| {
        a.to_bits() == b.to_bits()
            || (a.is_nan() && b.is_nan())
            || (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
    };
    let same = |((a, ours), (b, theirs)): ((&Labels, &Vec<_>), (&Labels, &Vec<_>))| {
        a == b
            && ours.len() == theirs.len()
            && ours
                .iter()
                .zip(theirs)
                .all(|((at, a), (when, b)): (&(u64, f64), &(u64, f64))| at == when && close((a, b)))
    };
    ours.kind == theirs.kind
        && ours.series.len() == theirs.series.len()
        && ours.series.iter().zip(&theirs.series).all(same)
}

/// What the sandbox knows of PromQL, and what nobody may ask.
const QUERIES: &[&str] = &[
    "1",
    "1 + 2 * 3 ^ 2 % 5",
    "1 > bool 2",
    "time()",
    "vector(1) / 0",
    "up",
    "up{job=\"nobody\"}",
    "up{aws_ecs_task_arn=\"\"}",
    "up{job!=\"dead\", instance=~\"localhost:9[0-9]+\"}",
    "{__name__=~\"ecs_task_(cpu|memory)_.+\", job=\"\"}",
    "{__name__!~\"ecs_task_.*|up|scrape_.*\", job=~\".+\"}",
    "up[2m]",
    "up offset 2m",
    "rate(http_requests_total[3m] offset 1m)",
    "queue_length",
    "last_over_time(queue_length[10m])",
    "timestamp(up)",
    "timestamp((up))",
    "timestamp(last_over_time(up[10m]))",
    "timestamp(up + 0)",
    "max_over_time(queue_length[5m])",
    "min_over_time(queue_length[5m])",
    "avg_over_time(queue_length[5m])",
    "sum_over_time(queue_length[5m])",
    "count_over_time({__name__=~\"queue_length\"}[5m])",
    "present_over_time(queue_length[5m])",
    "changes(http_requests_total{code=\"500\"}[10m])",
    "resets(http_requests_total{code=\"500\"}[10m])",
    "rate(http_requests_total[1m])",
    "rate(http_requests_total[5m])",
    "rate(http_requests_total[20s])",
    "increase(http_requests_total[10m])",
    "delta(queue_length[5m])",
    "sum by (job) (rate(http_requests_total[5m]))",
    "count without (code, aws_ecs_task_arn) (http_requests_total)",
    "avg(ecs_task_cpu_reserved_None)",
    "group by (job) (up)",
    "min by (job) (up) == 0",
    "up == bool 1",
    "1 < up + 1",
    "-up",
    "up and on (job) up{job=\"dead\"}",
    "up unless ignoring (instance) up{job=\"dead\"}",
    "up{job=\"dead\"} or up",
    "up / up",
    "up > on (aws_ecs_task_arn, job) (up - 1)",
    "rate(http_requests_total{code=\"500\"}[5m]) / ignoring (code) rate(http_requests_total{code=\"200\"}[5m])",
    "histogram_quantile(0.2, rate(http_request_duration_seconds_bucket[5m]))",
    "histogram_quantile(0.7, http_request_duration_seconds_bucket)",
    "histogram_quantile(0.99, http_request_duration_seconds_bucket)",
    "histogram_quantile(2, http_request_duration_seconds_bucket)",
    "histogram_quantile(0.5, http_request_duration_seconds_bucket{le!=\"+Inf\"})",
    // What neither takes.
    "",
    "{}",
    "{job=~\".*\"}",
    "up{",
    "up + ",
    "sum(1)",
    "rate(up)",
    "rate(up[5m], 2)",
    "no_such_function(up)",
    "1 == 2",
    "up and 1",
    "-up[5m]",
    "timestamp({__name__=~\"up|scrape_.*\"})",
    "-{job=\"dead\"}",
    "up + on (job) up",
    "up * on (job) up{instance=\"x\"}",
];

#[test]
fn the_sandbox_answers_as_a_prometheus_does() {
    let Some(pair) = Pair::start("the_sandbox_answers_as_a_prometheus_does") else {
        return;
    };
    let verify = pair.bench.run(&["verify", "--json"]);
    assert!(
        verify.stdout.contains("samples-are-fresh"),
        "{}",
        verify.stderr
    );
    let verify = pair.tap.queries();
    assert!(verify.len() >= 6, "{verify:#?}");
    let given = dashboard::printed(&pair.bench, &dashboard::APPLICATION);
    let found = dashboard::printed(&pair.bench, &["--discover"]);
    let asked: Vec<String> = pair.tap.queries();
    assert!(asked.len() > verify.len(), "{asked:#?}");
    let mut dashboard = dashboard::queries(&given);
    let count = dashboard.len();
    assert!(count > 15, "{dashboard:#?}");
    dashboard.extend(dashboard::queries(&found));
    // The application counts what is given, so the same is found.
    assert_eq!(dashboard.len(), 2 * count, "{dashboard:#?}");

    let own = QUERIES.iter().map(|query| (*query).to_owned());
    let all: Vec<String> = own.chain(asked).chain(dashboard.clone()).collect();
    let wrong: Vec<String> = all
        .iter()
        .flat_map(|query| pair.differences(query))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));

    // A dashboard whose panels stay empty shows nothing.
    for query in &dashboard {
        let asked = [("query", query.clone()), ("time", time(pair.now))];
        let found = comparable(&pair.prometheus.ask("query", &asked));
        assert!(!found.series.is_empty(), "{query}: {found:?}");
    }
    let times = [("start", time(pair.now - 600_000)), ("end", time(pair.now))];
    for (path, selector) in [
        ("labels", "{__name__=~\".+\"}"),
        ("labels", "up"),
        ("label/job/values", "up"),
        ("label/__name__/values", "{job=\"dead\"}"),
        ("series", "{__name__=~\"up|http_.*\"}"),
        ("series", "up{"),
        ("series", "sum(up)"),
    ] {
        let mut asked = times.to_vec();
        asked.push(("match[]", selector.to_owned()));
        let sorted = |(status, mut body): (u16, Value)| {
            if let Some(data) = body["data"].as_array_mut() {
                data.sort_by_key(ToString::to_string);
            }
            (status, body["errorType"].clone(), body["data"].clone())
        };
        let ours = sorted(pair.ask(path, &asked));
        let theirs = sorted(pair.prometheus.ask(path, &asked));
        assert_eq!(ours, theirs, "{path} {selector}");
    }
}
