use serde_json::{Value, json};

use super::*;

/// The middle of a minute.
const NOW: u64 = 1_800_000_030_000;

struct Bench {
    world: World,
    workspace: String,
}

type Service = fn(&mut World, &Context<'_>, &str, &Input) -> Outcome;

impl Bench {
    /// A workspace of an account that may have so many series in one.
    fn new(limit: &str) -> Self {
        let mut bench = Self {
            world: World::default(),
            workspace: String::new(),
        };
        let limit = format!("aps:L-5A151448={limit}");
        bench
            .world
            .quotas
            .set(vec![limit.parse().expect("a limit")]);
        let call: Service = crate::amp::call;
        let earlier = NOW - 60_000;
        let created = bench.at(earlier, call, "CreateWorkspace", &json!({}));
        let id = created.expect("a workspace").body["workspaceId"].clone();
        id.as_str().expect("an id").clone_into(&mut bench.workspace);
        bench
    }

    fn at(&mut self, now: u64, call: Service, operation: &str, input: &Value) -> Outcome {
        let cx = Context {
            account: "111122223333",
            region: "us-east-1",
            partition: "aws",
            now_millis: now,
        };
        let input = input.as_object().expect("an object");
        call(&mut self.world, &cx, operation, input)
    }

    fn ask(&mut self, operation: &str, input: &Value) -> Outcome {
        self.at(NOW, call, operation, input)
    }

    /// Somebody writes a sample.
    fn write(&mut self, name: &str, value: f64) -> Outcome {
        let series = json!([{
            "labels": {"__name__": name}, "samples": [[NOW - 10_000, value.to_bits()]],
        }]);
        let input = json!({"workspaceId": self.workspace, "timeseries": series});
        self.at(NOW, crate::prometheus::call, "RemoteWrite", &input)
    }

    /// What a metric of the workspace is, in the last minutes.
    fn data(&mut self, namespace: &str, name: &str, dimensions: &[(&str, &str)]) -> Value {
        let dimensions = dimensions.iter();
        let dimensions: Vec<Value> = dimensions
            .map(|(name, value)| json!({"Name": name, "Value": value}))
            .collect();
        let metric = json!({"Namespace": namespace, "MetricName": name, "Dimensions": dimensions});
        let queries = json!([
            {"Id": "m1", "MetricStat": {"Metric": metric, "Period": 300, "Stat": "Sum"}},
            {"Id": "q1", "Expression": "SERVICE_QUOTA(m1)"},
        ]);
        let (start, end) = (NOW / 1_000 - 330, NOW / 1_000);
        let input = json!({"StartTime": start, "EndTime": end, "MetricDataQueries": queries});
        let answer = self.ask("GetMetricData", &input).expect("data");
        answer.body["MetricDataResults"].clone()
    }
}

#[test]
fn what_is_refused_is_counted_by_reason() {
    let mut bench = Bench::new("9");
    let listed = bench.ask("ListMetrics", &json!({})).expect("a list");
    assert_eq!(listed.body, json!({"Metrics": []}), "nothing was sent");
    bench.write("a", 1.0).expect("the first");
    bench.write("a", 2.0).expect_err("another value");
    let asked = json!({"Namespace": "AWS/Prometheus", "MetricName": "DiscardedSamples"});
    let listed = bench.ask("ListMetrics", &asked).expect("a list").body;
    let dimensions = json!([
        {"Name": "Reason", "Value": "new-value-for-timestamp"},
        {"Name": "Workspace", "Value": bench.workspace},
    ]);
    assert_eq!(listed["Metrics"][0]["Dimensions"], dimensions);
    assert_eq!(listed["Metrics"].as_array().map(Vec::len), Some(1));
    let workspace = bench.workspace.clone();
    let dimensions = [
        ("Workspace", workspace.as_str()),
        ("Reason", "new-value-for-timestamp"),
    ];
    let data = bench.data("AWS/Prometheus", "DiscardedSamples", &dimensions);
    assert_eq!(data[0]["Values"], json!([1.0]));
    assert_eq!(data[1]["Values"], json!([]), "there is no quota of it");
}

#[test]
fn active_series_are_counted_and_have_a_quota() {
    let mut bench = Bench::new("2");
    for name in ["a", "b", "c"] {
        bench.write(name, 1.0).expect("it is in order");
    }
    let workspace = bench.workspace.clone();
    let usage = [
        ("Type", "Resource"),
        ("ResourceId", workspace.as_str()),
        ("Resource", "ActiveSeries"),
        ("Service", "Prometheus"),
        ("Class", "None"),
    ];
    let data = bench.data("AWS/Usage", "ResourceCount", &usage);
    assert_eq!(data[0]["Values"], json!([2.0]));
    assert_eq!(data[1]["Values"], json!([2.0]));
    let full = [
        ("Workspace", workspace.as_str()),
        ("Reason", "per_user_series_limit"),
    ];
    let data = bench.data("AWS/Prometheus", "DiscardedSamples", &full);
    assert_eq!(data[0]["Values"], json!([1.0]));
    let other = bench.data("AWS/Prometheus", "DiscardedSamples", &full[..1]);
    assert_eq!(other[0]["Values"], json!([]), "all dimensions are named");
}

#[test]
fn what_it_does_not_know_is_refused() {
    let mut bench = Bench::new("9");
    let of = |query: Value| json!({"StartTime": 1, "EndTime": 2, "MetricDataQueries": [query]});
    let metric = json!({"Namespace": "N", "MetricName": "M"});
    for (operation, input) in [
        ("PutMetricData", json!({})),
        ("GetMetricData", json!({})),
        ("GetMetricData", json!({"StartTime": 2, "EndTime": 1})),
        (
            "GetMetricData",
            of(json!({"Id": "a", "Expression": "RATE(m1)"})),
        ),
        (
            "GetMetricData",
            of(json!({"Id": "a", "Expression": "SERVICE_QUOTA(b)"})),
        ),
        (
            "GetMetricData",
            of(json!({"Id": "A", "Expression": "SERVICE_QUOTA(b)"})),
        ),
        ("GetMetricData", of(json!({"Id": "a"}))),
        (
            "GetMetricData",
            of(json!({"Id": "a", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "p90"}})),
        ),
        (
            "GetMetricData",
            of(json!({"Id": "a", "MetricStat": {"Metric": metric, "Period": 7, "Stat": "Sum"}})),
        ),
        ("ListMetrics", json!({"NextToken": "x"})),
    ] {
        let refused = bench.ask(operation, &input).expect_err(operation);
        assert_eq!(refused.status, 400, "{operation} {input}");
    }
}
