//! `amp-stack dashboard --discover`: what the workspace says that the application counts.

use std::{collections::BTreeMap, fs};

use amp_stack::series::convention::CONVENTIONS;
use amp_stack_sandbox::{
    Sandbox, Settings,
    server::Server,
    wire::{Call, Service},
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::{Grafana, bench, queries};
use crate::run::{Bench, Run};

/// A sandbox with the stack in it.
struct World {
    sandbox: Sandbox,
    bench: Bench,
    workspace: String,
    _runtime: Runtime,
}

impl World {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let sandbox = Sandbox::open(Settings::default()).unwrap();
        let server = runtime.block_on(Server::bind(0)).unwrap();
        let endpoint = format!("http://{}", server.address().unwrap());
        runtime.spawn(server.run(sandbox.clone(), std::future::pending()));
        let mut bench = bench("");
        bench.work_on(&endpoint);
        let early = bench.run(&["dashboard", "--discover"]).expect(0);
        assert!(
            early.says("shop: no revision of it is there yet"),
            "{}",
            early.stderr
        );
        bench.run(&["apply", "--yes"]).expect(0);
        let mut world = Self {
            sandbox,
            bench,
            workspace: String::new(),
            _runtime: runtime,
        };
        let all = world.call("ListWorkspaces", json!({}));
        let id = all["workspaces"][0]["workspaceId"].as_str().unwrap();
        id.clone_into(&mut world.workspace);
        world
    }

    #[expect(clippy::needless_pass_by_value, reason = "callers write literals")]
    fn call(&self, operation: &str, input: Value) -> Value {
        let call = Call {
            service: Service::Amp,
            region: "us-east-1".to_owned(),
            operation: operation.to_owned(),
            input: input.as_object().unwrap().clone(),
            key: None,
        };
        self.sandbox.perform_call(&call).unwrap().body
    }

    /// Writes a sample of each of these series of a task, as long ago as that.
    fn write(&self, family: &str, minutes_ago: u64, series: &[(&str, &[(&str, &str)])]) {
        let at = self.sandbox.clock().millis() - minutes_ago * 60_000 - 1_000;
        let timeseries = series.iter().map(|(name, more)| {
            let mut labels = BTreeMap::from([
                ("__name__", *name),
                ("aws_ecs_task_family", family),
                ("aws_ecs_task_revision", "1"),
                (
                    "aws_ecs_task_arn",
                    "arn:aws:ecs:us-east-1:111122223333:task/c/1",
                ),
            ]);
            labels.extend(more.iter().copied());
            json!({"labels": labels, "samples": [[at, 1.0_f64.to_bits()]]})
        });
        let timeseries: Vec<Value> = timeseries.collect();
        let input = json!({"workspaceId": self.workspace, "timeseries": timeseries});
        self.call("RemoteWrite", input);
    }

    fn discover(&self, more: &[&str]) -> Run {
        self.bench
            .run(&[&["dashboard", "--discover"], more].concat())
    }
}

/// What is measured of requests by this run: the rows of the application, and their queries.
fn drawn(run: &Run) -> (Vec<String>, Vec<String>) {
    let dashboard: Value = serde_json::from_str(&run.stdout).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let rows = panels.filter(|panel| panel["type"] == "row");
    let rows = rows.map(|row| row["title"].as_str().unwrap().to_owned());
    let rows: Vec<String> = rows.filter(|row| row.ends_with(" requests")).collect();
    let is_of_application =
        |query: &String| !query.contains("ecs_task_cpu") && query.contains("rate(");
    let queries = queries(&dashboard).into_iter().filter(is_of_application);
    let queries = queries.filter(|query| !query.contains("ecs_task_storage"));
    (rows, queries.collect())
}

const STATUS: &[(&str, &str)] = &[("http_response_status_code", "200")];

#[test]
fn what_the_workspace_has_is_drawn() {
    let world = World::new();
    let silent = world.discover(&[]).expect(0);
    assert!(
        silent.says("shop: the workspace has had no series of its application within a day"),
        "{}",
        silent.stderr
    );
    assert!(drawn(&silent).0.is_empty());

    world.write(
        "shop",
        0,
        &[
            ("orders_total", &[]),
            ("pay_seconds_bucket", &[("le", "1")]),
        ],
    );
    world.write("other", 0, &[("http_requests_total", &[])]);
    let unknown = world.discover(&[]).expect(0);
    for text in [
        "shop: none of the 2 names in the workspace is known to count requests",
        "other counters, for --requests: orders_total",
        "other histograms, for --duration: pay_seconds",
    ] {
        assert!(unknown.says(text), "{text}: {}", unknown.stderr);
    }
    assert!(
        drawn(&unknown).0.is_empty(),
        "nor what is of another family"
    );

    // It has been silent for half an hour; that is no reason to forget it.
    let base = "http_server_request_duration_seconds";
    let names = ["_bucket", "_sum", "_count"].map(|ending| format!("{base}{ending}"));
    let series: Vec<(&str, &[(&str, &str)])> =
        names.iter().map(|name| (name.as_str(), STATUS)).collect();
    world.write("shop", 30, &series);
    world.write("shop", 0, &[("grpc_server_handled_total", &[])]);
    let found = world.discover(&[]).expect(0);
    for text in [
        "shop: requests in http_server_request_duration_seconds_count (OpenTelemetry), errors by \
         http_response_status_code, durations in http_server_request_duration_seconds",
        "requests in grpc_server_handled_total (go-grpc-middleware), no errors, because grpc_code is \
         no label of it, no durations, because there is no grpc_server_handling_seconds",
    ] {
        assert!(found.says(text), "{text}: {}", found.stderr);
    }
    let (rows, drawn_queries) = drawn(&found);
    assert_eq!(rows, ["shop: HTTP requests", "shop: RPC requests"]);
    let by = "sum by (aws_ecs_task_revision) (rate(";
    let of = "aws_ecs_task_family=\"shop\"}[5m]))";
    let requests = format!("{by}{base}_count{{{of}");
    let errors = format!("{by}{base}_count{{http_response_status_code=~\"5..\",{of}");
    let calls = format!("{by}grpc_server_handled_total{{{of}");
    assert_eq!(
        drawn_queries,
        [
            requests.clone(),
            format!("({errors} or {requests} * 0) / {requests}"),
            quantile("0.5"),
            quantile("0.95"),
            quantile("0.99"),
            calls,
        ]
    );
    assert_eq!(world.discover(&[]).expect(0).stdout, found.stdout);
    // What is given goes before what is found.
    let given = world.discover(&["--requests", "orders_total"]).expect(0);
    let (rows, drawn_queries) = drawn(&given);
    assert_eq!(rows.len(), 2);
    assert_eq!(drawn_queries[0], format!("{by}orders_total{{{of}"));
    assert_eq!(drawn_queries.len(), 5, "and no errors of other requests");
}

fn quantile(share: &str) -> String {
    format!(
        "histogram_quantile({share}, sum by (le) (rate(http_server_request_duration_seconds_bucket\
         {{aws_ecs_task_family=\"shop\"}}[5m])))"
    )
}

/// The table of the guide.
#[test]
fn the_guide_names_every_convention() {
    let page = include_str!("../../../src/guide/metrics.md");
    for convention in CONVENTIONS {
        let is_row = |line: &&str| {
            let has = |name: &str| line.contains(&format!("`{name}`"));
            line.starts_with("| ") && has(convention.requests) && has(convention.duration)
        };
        assert!(page.lines().any(|line| is_row(&line)), "{convention:?}");
        for status in convention.status {
            assert!(page.contains(&format!("`{}`", status.label)), "{status:?}");
        }
    }
}

#[test]
fn panels_do_not_vanish_with_the_series() {
    let mut world = World::new();
    let grafana = Grafana::default();
    let url = grafana.serve();
    world.bench.set("GRAFANA_TOKEN", "secret-token");
    world.write("shop", 0, &[("http_requests_total", &[("code", "200")])]);
    world.discover(&["--out", "grafana"]).expect(0);
    world.discover(&["--push", &url]).expect(0);
    let file = world.bench.path("grafana").join("shop-dashboard.json");
    let before = fs::read_to_string(&file).unwrap();
    world
        .discover(&["--out", "grafana", "--push", &url])
        .expect(0);
    assert_eq!(fs::read_to_string(&file).unwrap(), before);

    // A stack of the same name whose application is silent.
    let silent = World::new();
    fs::create_dir_all(silent.bench.path("grafana")).unwrap();
    let other = silent.bench.path("grafana").join("shop-dashboard.json");
    fs::write(&other, &before).unwrap();
    let lost = silent.discover(&["--out", "grafana"]).expect(1);
    for text in [
        "shop-dashboard.json has panels for which nothing was found in the workspace now: \
         shop: Requests, shop: Share of errors",
        "nothing was written",
    ] {
        assert!(lost.says(text), "{text}: {}", lost.stderr);
    }
    assert_eq!(fs::read_to_string(&other).unwrap(), before);
    assert!(
        !silent
            .bench
            .path("grafana")
            .join("shop-datasource.yaml")
            .exists()
    );
    let mut silent = silent;
    silent.bench.set("GRAFANA_TOKEN", "secret-token");
    let sent = grafana.requests.lock().unwrap().len();
    let lost = silent.discover(&["--push", &url]).expect(1);
    assert!(
        lost.says("the dashboard in Grafana has panels"),
        "{}",
        lost.stderr
    );
    assert_eq!(
        grafana.requests.lock().unwrap()[sent..],
        ["GET /api/dashboards/uid/amp-stack-shop"]
    );
    // What is given is drawn whatever arrives, and without --discover nobody is asked.
    let given = [
        "--requests",
        "http_requests_total",
        "--errors",
        "http_requests_total{code=~\"5..\"}",
    ];
    silent
        .discover(&[&["--out", "grafana"], &given[..]].concat())
        .expect(0);
    fs::write(&other, &before).unwrap();
    let plain = silent
        .bench
        .run(&["dashboard", "--out", "grafana"])
        .expect(0);
    assert!(
        plain.says("note: nothing of the application is drawn: --discover"),
        "{}",
        plain.stderr
    );
}
