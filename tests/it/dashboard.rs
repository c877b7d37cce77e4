//! `amp-stack dashboard`: what it draws, that Prometheus understands every query, and what it
//! sends. No Grafana server takes part; a small server stands for its HTTP API.

mod discover;
mod types;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{Read, Write},
    net::TcpListener,
    sync::{Arc, Mutex},
    thread,
};

use serde_json::{Value, json};

use crate::{emulators::server::sandbox, run::Bench};

const STACK: &str = r#"
[stack]
name = "shop"

[workspace]
alias = "shop"
prevent_destroy = false

[roles.task]
name = "ShopTask"

[task_definitions.shop]
requires_compatibilities = ["FARGATE"]
cpu = 256
memory = 512
task_role = "task"

[task_definitions.shop.containers.app]
image = "example/shop:1"

[task_definitions.shop.metrics]
scrape = [{ port = 8080 }]
METRICS
"#;

pub(crate) const APPLICATION: [&str; 6] = [
    "--requests",
    "http_requests_total",
    "--errors",
    "http_requests_total{code=~\"5..\"}",
    "--duration",
    "http_request_duration_seconds",
];

pub(crate) fn bench(metrics: &str) -> Bench {
    bench_of(&STACK.replace("METRICS", metrics))
}

fn bench_of(stack: &str) -> Bench {
    let bench = Bench::new("dashboard");
    bench.write("stack.toml", stack);
    bench
}

pub(crate) fn printed(bench: &Bench, arguments: &[&str]) -> Value {
    let run = bench.run(&[&["dashboard"], arguments].concat());
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    serde_json::from_str(&run.stdout).unwrap()
}

/// The queries of a dashboard.
pub(crate) fn queries(dashboard: &Value) -> Vec<String> {
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    targets
        .map(|target| target["expr"].as_str().unwrap().to_owned())
        .collect()
}

/// The names of the metrics that an expression asks for.
fn selected(expression: &promql_parser::parser::Expr, names: &mut BTreeSet<String>) {
    use promql_parser::parser::Expr;
    match expression {
        Expr::VectorSelector(selector) => names.extend(selector.name.clone()),
        Expr::MatrixSelector(selector) => names.extend(selector.vs.name.clone()),
        Expr::Aggregate(inner) => selected(&inner.expr, names),
        Expr::Unary(inner) => selected(&inner.expr, names),
        Expr::Paren(inner) => selected(&inner.expr, names),
        Expr::Subquery(inner) => selected(&inner.expr, names),
        Expr::Binary(inner) => {
            selected(&inner.lhs, names);
            selected(&inner.rhs, names);
        }
        Expr::Call(inner) => {
            for argument in &inner.args.args {
                selected(argument, names);
            }
        }
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => {}
    }
}

#[test]
fn a_task_that_is_measured_alone_has_its_panels_and_none_of_scraping() {
    let alone = STACK.replace(
        "scrape = [{ port = 8080 }]\nMETRICS",
        "task_metrics = \"task\"",
    );
    let dashboard = printed(&bench_of(&alone), &[]);
    let mut asked = BTreeSet::new();
    for query in queries(&dashboard) {
        selected(&promql_parser::parser::parse(&query).unwrap(), &mut asked);
    }
    assert!(asked.contains("ecs_task_memory_utilized_MiB"), "{asked:?}");
    assert!(!asked.contains("up"), "{asked:?}");
}

#[test]
fn every_query_is_one_and_asks_for_what_will_arrive() {
    for metrics in [
        "",
        "task_metrics = \"container\"",
        "task_metrics = \"off\"",
        "rename = { \"ecs.task.memory.utilized\" = \"task.memory\" }",
        "image = \"public.ecr.aws/aws-observability/aws-otel-collector:v0.40.0\"",
        "config = \"built-in\"",
    ] {
        let bench = bench(metrics);
        let dashboard = printed(&bench, &APPLICATION);
        let run = bench.run(&["metrics", "--json"]);
        let arrives: Value = serde_json::from_str(&run.stdout).unwrap();
        let groups = arrives["families"][0]["collector"]["groups"]
            .as_array()
            .unwrap();
        let series = groups
            .iter()
            .flat_map(|group| group["series"].as_array().unwrap());
        let mut known: BTreeSet<String> = series
            .map(|series| series["name"].as_str().unwrap().to_owned())
            .collect();
        known.extend(
            [
                "http_requests_total",
                "http_request_duration_seconds_bucket",
            ]
            .map(str::to_owned),
        );
        let mut asked = BTreeSet::new();
        for query in queries(&dashboard) {
            let parsed = promql_parser::parser::parse(&query);
            selected(
                &parsed.unwrap_or_else(|error| panic!("{query}: {error}")),
                &mut asked,
            );
        }
        assert!(asked.len() >= 5, "{metrics}: {asked:?}");
        let strange: Vec<&String> = asked.difference(&known).collect();
        assert!(strange.is_empty(), "{metrics}: {strange:?}");
    }
}

#[test]
fn panels_do_not_cover_each_other_and_ids_are_their_own() {
    let dashboard = printed(&bench(""), &APPLICATION);
    let panels = dashboard["panels"].as_array().unwrap();
    let mut places = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for panel in panels {
        let at = |key: &str| panel["gridPos"][key].as_u64().unwrap();
        assert!(ids.insert(panel["id"].as_u64()), "{panel}");
        assert!(at("x") + at("w") <= 24);
        for x in at("x")..at("x") + at("w") {
            for y in at("y")..at("y") + at("h") {
                assert!(places.insert((x, y)), "{panel} covers another one");
            }
        }
    }
    // Every panel asks the data source that the variable names.
    let sources: BTreeSet<&str> = panels
        .iter()
        .filter_map(|panel| panel["datasource"]["uid"].as_str())
        .collect();
    assert_eq!(sources, BTreeSet::from(["${datasource}"]));
    insta::assert_snapshot!("dashboard", format!("{dashboard:#}"));
}

#[test]
fn what_is_no_metric_is_refused() {
    let bench = bench("");
    for (option, value) in [
        ("--requests", "sum(a)"),
        ("--errors", "a{b}"),
        ("--push", "grafana"),
    ] {
        let run = bench.run(&["dashboard", option, value]);
        assert_eq!(run.code, Some(1), "{option} {value}");
        assert!(run.stderr.contains(option), "{}", run.stderr);
    }
    let run = bench.run(&["dashboard", "--push", "https://grafana.test"]);
    assert!(run.stderr.contains("GRAFANA_TOKEN"), "{}", run.stderr);
}

/// What stands for Grafana's HTTP API: it keeps what it is sent.
#[derive(Clone, Default)]
struct Grafana {
    sources: Arc<Mutex<BTreeMap<String, Value>>>,
    dashboards: Arc<Mutex<BTreeMap<String, Value>>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Grafana {
    /// Serves it; returns the URL.
    fn serve(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let grafana = self.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut text = Vec::new();
                let mut buffer = [0; 4096];
                let (head, body) = loop {
                    let count = stream.read(&mut buffer).unwrap();
                    text.extend_from_slice(&buffer[..count]);
                    let all = String::from_utf8_lossy(&text).into_owned();
                    if let Some((head, body)) = all.split_once("\r\n\r\n") {
                        let length = head.lines().find_map(|line| {
                            line.to_lowercase()
                                .strip_prefix("content-length: ")?
                                .parse()
                                .ok()
                        });
                        if body.len() >= length.unwrap_or(0) {
                            break (head.to_owned(), body.to_owned());
                        }
                    }
                };
                let (status, answer) = grafana.answer(&head, &body);
                let answer = answer.to_string();
                write!(
                    stream,
                    "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{answer}",
                    answer.len()
                )
                .unwrap();
            }
        });
        format!("http://{address}/base")
    }

    fn answer(&self, head: &str, body: &str) -> (u16, Value) {
        let first: Vec<&str> = head.split(' ').take(2).collect();
        let (method, path) = (first[0], first[1].strip_prefix("/base").unwrap());
        self.requests
            .lock()
            .unwrap()
            .push(format!("{method} {path}"));
        if !head
            .to_lowercase()
            .contains("authorization: bearer secret-token")
        {
            return (401, json!({"message": "Invalid API key"}));
        }
        let body: Value = serde_json::from_str(body).unwrap_or(Value::Null);
        let mut sources = self.sources.lock().unwrap();
        match (method, path) {
            ("GET", path) if path.starts_with("/api/datasources/uid/") => {
                let uid = path.strip_prefix("/api/datasources/uid/").unwrap();
                match sources.get(uid) {
                    Some(source) => (200, source.clone()),
                    None => (404, json!({"message": "Data source not found"})),
                }
            }
            ("POST", "/api/datasources") | ("PUT", _) => {
                let uid = body["uid"].as_str().unwrap().to_owned();
                assert_eq!(sources.contains_key(&uid), method == "PUT");
                sources.insert(uid, body);
                (200, json!({"message": "done"}))
            }
            ("GET", path) if path.starts_with("/api/dashboards/uid/") => {
                let uid = path.strip_prefix("/api/dashboards/uid/").unwrap();
                match self.dashboards.lock().unwrap().get(uid) {
                    Some(dashboard) => (200, json!({"dashboard": dashboard})),
                    None => (404, json!({"message": "Dashboard not found"})),
                }
            }
            ("POST", "/api/dashboards/db") => {
                assert_eq!(body["overwrite"], true);
                let dashboard = body["dashboard"].clone();
                let uid = dashboard["uid"].as_str().unwrap().to_owned();
                let url = format!("/d/{uid}/shop");
                self.dashboards.lock().unwrap().insert(uid, dashboard);
                (200, json!({"url": url}))
            }
            _ => (404, json!({"message": "no such route"})),
        }
    }
}

#[test]
fn both_are_written_and_sent_and_again_changes_nothing() {
    let (mut server, endpoint) = sandbox(&[]);
    let mut bench = bench("");
    bench.work_on(&endpoint);
    let run = bench.run(&["dashboard", "--out", "grafana"]);
    assert_eq!(run.code, Some(1), "there is no workspace yet");
    assert!(run.stderr.contains("amp-stack apply"), "{}", run.stderr);
    let run = bench.run(&["apply", "--yes"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);

    let read = |bench: &Bench| {
        ["shop-dashboard.json", "shop-datasource.yaml"]
            .map(|name| fs::read_to_string(bench.path("grafana").join(name)).unwrap())
    };
    let run = bench.run(&["dashboard", "--out", "grafana"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let first = read(&bench);
    assert!(first[1].contains("grafana-amazonprometheus-datasource"));
    assert!(first[1].contains("/workspaces/ws-"), "{}", first[1]);
    let run = bench.run(&["dashboard", "--out", "grafana"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(read(&bench), first);

    let grafana = Grafana::default();
    let url = grafana.serve();
    bench.set("GRAFANA_TOKEN", "wrong");
    let run = bench.run(&["dashboard", "--push", &url]);
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("Grafana answers 401"), "{}", run.stderr);
    assert!(!run.stderr.contains("wrong"), "the token is not printed");
    bench.set("GRAFANA_TOKEN", "secret-token");
    for _ in 0..2 {
        let run = bench.run(&["dashboard", "--push", &url]);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert_eq!(run.stdout, format!("{url}/d/amp-stack-shop/shop\n"));
    }
    let dashboards = grafana.dashboards.lock().unwrap();
    assert_eq!(dashboards.len(), 1);
    let sent: Value = serde_json::from_str(&first[0]).unwrap();
    assert_eq!(dashboards["amp-stack-shop"], sent);
    let sources = grafana.sources.lock().unwrap();
    let source = &sources["amp-shop"];
    assert_eq!(source["type"], "grafana-amazonprometheus-datasource");
    assert_eq!(source["jsonData"]["sigV4Region"], "us-east-1");
    types::assert_documented(source);
    // The file is YAML of which JSON is a part, behind a comment.
    let (_, file) = first[1].split_once('\n').unwrap();
    let file: Value = serde_json::from_str(file).unwrap();
    assert_eq!(file["apiVersion"], 1);
    assert_eq!(file["datasources"], json!([source]));
    let variable = &sent["templating"]["list"][0]["current"];
    assert_eq!(variable["value"], source["uid"]);
    assert_eq!(variable["text"], source["name"]);
    let requests = grafana.requests.lock().unwrap();
    let uid = "/api/datasources/uid/amp-shop";
    assert_eq!(
        requests[1..],
        [
            format!("GET {uid}"),
            "POST /api/datasources".to_owned(),
            "POST /api/dashboards/db".to_owned(),
            format!("GET {uid}"),
            format!("PUT {uid}"),
            "POST /api/dashboards/db".to_owned(),
        ]
    );
    server.kill().unwrap();
    server.wait().unwrap();
}
