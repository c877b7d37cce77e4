//! The query of the guide that brings the service of a task to what its application sends, and
//! those of the dashboard, asked of a real Prometheus while a label of a task changes.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::{
    dashboard::{bench, printed, queries},
    guide::pages::pages,
    prometheus::server::{Labels, Prometheus, Written},
};

/// How long between two samples, in milliseconds.
const STEP: u64 = 20_000;
/// How many there are of each series: ten minutes.
const SAMPLES: u64 = 30;

fn query() -> String {
    let page = pages()
        .into_iter()
        .find(|page| page.path.ends_with("metrics.md"));
    let blocks = page.expect("the page is there").blocks().into_iter();
    let mut joins = blocks.filter(|block| block.text.contains("group_left"));
    let join = joins.next().expect("the page joins").text;
    assert!(joins.next().is_none(), "one of several is asked");
    join
}

/// A series whose samples are these, as far as there are any.
#[expect(
    clippy::disallowed_methods,
    reason = "Prometheus takes samples of about now"
)]
fn series(name: &str, labels: &[(&str, &str)], value: impl Fn(u64) -> Option<f64>) -> Written {
    let named = labels.iter().copied().chain([("__name__", name)]);
    let labels: Labels = named
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let end = u64::try_from(now.as_millis()).unwrap();
    let at = |index: u64| end - (SAMPLES - 1 - index) * STEP;
    let samples = (0..SAMPLES).filter_map(|index| Some((at(index), value(index)?)));
    vec![(labels, samples.collect())]
}

/// What is measured as `name` of a task that has begun to run not long ago, or has run all the
/// time: of the former there are two series for as long as Prometheus looks back.
fn measured(name: &str, task: &str, is_new: bool) -> Written {
    let begins = if is_new { SAMPLES - 5 } else { 0 };
    let mut written = Written::new();
    for (status, is_running) in [("PENDING", false), ("RUNNING", true)] {
        let labels = [
            ("aws_ecs_task_arn", task),
            ("aws_ecs_task_family", "shop"),
            ("aws_ecs_task_revision", "1"),
            ("aws_ecs_service_name", "web"),
            ("aws_ecs_task_known_status", status),
        ];
        let value = |index: u64| ((index >= begins) == is_running).then_some(512.0);
        written.extend(series(name, &labels, value));
    }
    written.retain(|(_, samples)| !samples.is_empty());
    written
}

/// The one value that the answer has, which is one of the service.
fn value(prometheus: &Prometheus, query: String) -> f64 {
    let (status, answer) = prometheus.ask("query", &[("query", query)]);
    assert_eq!(status, 200, "{answer}");
    let result = answer["data"]["result"].as_array().unwrap();
    let [service] = result.as_slice() else {
        panic!("{answer}");
    };
    assert_eq!(service["metric"]["aws_ecs_service_name"], "web");
    service["value"][1].as_str().unwrap().parse().unwrap()
}

/// Two tasks of a service that get a request a second of either code, one of which is new.
#[test]
fn the_guides_join_knows_the_service_of_every_request() {
    let Some(prometheus) = Prometheus::start("the join of the guide") else {
        return;
    };
    let mut written = Written::new();
    for (task, is_new) in [("first", false), ("second", true)] {
        for code in ["200", "500"] {
            let labels = [("aws_ecs_task_arn", task), ("job", "shop"), ("code", code)];
            #[expect(clippy::cast_precision_loss, reason = "they are few")]
            let count = |index: u64| Some((index * STEP / 1000) as f64);
            written.extend(series("http_requests_total", &labels, count));
        }
        written.extend(measured("ecs_task_memory_reserved_MiB", task, is_new));
    }
    prometheus.write(&written);
    let requests = value(&prometheus, query());
    assert!((requests - 4.0).abs() < 0.1, "{requests}");
}

#[test]
fn the_dashboard_counts_a_new_task_once() {
    let Some(prometheus) = Prometheus::start("the dashboard of a new task") else {
        return;
    };
    let queries = queries(&printed(&bench(""), &[]));
    for (name, of, expected) in [
        ("ecs_task_memory_reserved_MiB", "sum by", 1024.0),
        ("ecs_task_cpu_reserved_None", "count by", 2.0),
    ] {
        for (task, is_new) in [("first", false), ("second", true)] {
            prometheus.write(&measured(name, task, is_new));
        }
        let mut asked = queries.iter();
        let query = asked.find(|query| query.contains(name) && query.starts_with(of));
        let found = value(&prometheus, query.unwrap().clone());
        assert!((found - expected).abs() < 0.1, "{name}: {found}");
    }
}
