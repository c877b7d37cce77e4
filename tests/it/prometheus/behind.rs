//! `amp-stack sandbox --prometheus`: a real Prometheus keeps what is written to the workspaces of a
//! sandbox, and `verify` proves from it that samples arrive.

use std::{collections::BTreeMap, fmt::Write as _, fs, thread, time::Duration};

use amp_stack_sandbox::connector::Clock;
use serde_json::{Value, json};

use crate::{
    emulators::server::Emulator,
    prometheus::server::{Labels, Prometheus, Written, remote_write},
    run::Bench,
};

/// Where clients would find the sandbox.
const PUBLIC: &str = "http://amp.internal:4566";

/// A sandbox in front of a Prometheus.
struct Front {
    aws: Emulator,
    workspace: String,
}

impl Front {
    /// Writes samples, signed, or returns the status of the refusal.
    fn write(&mut self, secret: &str, series: &Written) -> Result<Value, String> {
        let body = remote_write(series)
            .iter()
            .fold(String::new(), |mut text, byte| {
                write!(text, "{byte:02x}").unwrap();
                text
            });
        let asked = json!({"workspace": self.workspace, "secret": secret, "body": body});
        self.aws.try_boto("prometheus", "remote_write", asked)
    }

    fn query(&mut self, query: &str) -> Result<Value, String> {
        let asked = json!({"workspace": self.workspace, "secret": "sandbox", "parameters": {"query": query}});
        let answer = self.aws.try_boto("prometheus", "query", asked)?;
        Ok(answer["data"]["result"].clone())
    }

    /// The ARNs of the tasks, once there are two.
    fn tasks(&mut self) -> Vec<String> {
        for _ in 0..60 {
            let listed = self.aws.boto("ecs", "ListTasks", json!({"cluster": "c"}));
            let tasks: Vec<String> = serde_json::from_value(listed["taskArns"].clone()).unwrap();
            if tasks.len() == 2 {
                return tasks;
            }
            thread::sleep(Duration::from_millis(500));
        }
        panic!("half a minute is longer than any service takes to start two tasks");
    }
}

/// What the collectors of these tasks send, under the names that `metrics` says.
fn sent(bench: &Bench, tasks: &[String], now: u64) -> Written {
    let run = bench.run(&["metrics", "--json"]).expect(0);
    let arrives: Value = serde_json::from_str(&run.stdout).unwrap();
    let groups = arrives["families"][0]["collector"]["groups"]
        .as_array()
        .unwrap()
        .iter();
    let series = groups.flat_map(|group| group["series"].as_array().unwrap());
    let names = series.map(|series| series["name"].as_str().unwrap());
    let names: Vec<&str> = names
        .filter(|name| !name.starts_with("scrape_"))
        .chain(["node_load1"])
        .collect();
    let mut written = Written::new();
    for task in tasks {
        for name in &names {
            let mut labels: Labels = BTreeMap::new();
            for (label, value) in [
                ("__name__", *name),
                ("aws_ecs_task_arn", task),
                ("aws_ecs_task_family", "quickstart"),
                ("aws_ecs_task_revision", "1"),
            ] {
                labels.insert(label.to_owned(), value.to_owned());
            }
            if !name.starts_with("ecs_task_") {
                labels.insert("job".to_owned(), "quickstart".to_owned());
                labels.insert("instance".to_owned(), "localhost:9100".to_owned());
            }
            written.push((labels, vec![(now, 1.0)]));
        }
    }
    written
}

#[test]
fn verify_is_green_from_a_real_prometheus() {
    let test = "verify_is_green_from_a_real_prometheus";
    let Some(prometheus) = Prometheus::start(test) else {
        return;
    };
    let url = format!("http://{}", prometheus.address);
    let options = ["--prometheus", &url, "--public-url", PUBLIC];
    let Some(mut aws) = Emulator::of_sandbox(test, &options) else {
        return;
    };
    let bench = Bench::with_endpoint("behind", &aws.endpoint);
    bench.write(
        "stack.toml",
        &fs::read_to_string("stacks/quickstart.toml").unwrap(),
    );
    bench.run(&["apply", "--yes"]).expect(0);

    // The collector is sent to where clients find the sandbox.
    let workspaces = aws.boto("amp", "ListWorkspaces", json!({}));
    let id = workspaces["workspaces"][0]["workspaceId"]
        .as_str()
        .unwrap()
        .to_owned();
    let described = aws.boto("amp", "DescribeWorkspace", json!({"workspaceId": id}));
    let endpoint = format!("{PUBLIC}/workspaces/{id}/");
    assert_eq!(
        described["workspace"]["prometheusEndpoint"],
        endpoint.as_str()
    );
    let family = json!({"taskDefinition": "quickstart"});
    let definition = aws
        .boto("ecs", "DescribeTaskDefinition", family)
        .to_string();
    assert!(
        definition.contains(&format!("{endpoint}api/v1/remote_write")),
        "{definition}"
    );

    aws.boto("ecs", "CreateCluster", json!({"clusterName": "c"}));
    let network = json!({"awsvpcConfiguration": {"subnets": ["subnet-0a1b2c3d"]}});
    let service = json!({
        "cluster": "c", "serviceName": "s", "taskDefinition": "quickstart", "desiredCount": 2,
        "launchType": "FARGATE", "networkConfiguration": network,
    });
    aws.boto("ecs", "CreateService", service);
    let mut front = Front { aws, workspace: id };
    let tasks = front.tasks();
    let now = Clock::system().millis();
    let series = sent(&bench, &tasks, now);
    assert_eq!(front.write("guessed", &series), Err("403".to_owned()));
    assert_eq!(
        front.query("up"),
        Ok(json!([])),
        "what is not signed is not kept"
    );
    assert_eq!(front.write("sandbox", &series), Ok(Value::Null));
    let (_, found) = prometheus.ask("query", &[("query", "count(up)".to_owned())]);
    assert_eq!(
        found["data"]["result"][0]["value"][1], "2",
        "it is in the Prometheus: {found}"
    );
    // All of PromQL is known there.
    assert_eq!(
        front.query("topk(1, count(up))").unwrap()[0]["value"][1],
        "2"
    );
    assert_eq!(front.query("up{"), Err("400".to_owned()));
    let older: Written = vec![(series[0].0.clone(), vec![(now - 60_000, 1.0)])];
    assert_eq!(
        front.write("sandbox", &older),
        Err("400".to_owned()),
        "out of order"
    );

    let verify = bench.run(&["verify", "--wait", "2m"]).expect(0);
    assert!(verify.says("localhost:9100"), "{}", verify.stdout);

    let real = std::mem::replace(&mut front.workspace, "ws-none".to_owned());
    assert_eq!(front.query("up"), Err("404".to_owned()));
    front.workspace = real;
    drop(prometheus);
    assert_eq!(front.query("up"), Err("502".to_owned()));
    assert_eq!(front.write("sandbox", &series), Err("502".to_owned()));
    let verify = bench.run(&["verify"]).expect(4);
    assert!(
        verify.says(&format!("the Prometheus at {url} does not answer")),
        "{}",
        verify.stdout
    );
}
