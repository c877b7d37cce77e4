//! What a stack that the real binary applied measures in the sandbox: queried with signatures by
//! botocore, as nobody here signs.

use std::{fs, thread, time::Duration};

use serde_json::{Value, json};

use crate::{
    emulators::server::{Emulator, Kind},
    run::Bench,
};

fn ask(aws: &mut Emulator, secret: &str, workspace: &Value, query: &str) -> Result<Value, String> {
    let asked = json!({"workspace": workspace, "parameters": {"query": query}, "secret": secret});
    aws.try_boto("prometheus", "query", asked)
}

#[test]
fn the_quick_start_measures_its_task() {
    let Some(mut aws) = Emulator::start(Kind::Sandbox, "the_quick_start_measures_its_task") else {
        return;
    };
    let bench = Bench::with_endpoint("samples", &aws.endpoint);
    bench.write(
        "stack.toml",
        &fs::read_to_string("stacks/quickstart.toml").expect("the quick start"),
    );
    bench.run(&["apply", "stack.toml", "--yes"]).expect(0);
    let workspaces = aws.boto("amp", "ListWorkspaces", json!({}));
    let workspace = workspaces["workspaces"][0]["workspaceId"].clone();
    aws.boto("ecs", "CreateCluster", json!({"clusterName": "c"}));
    aws.boto(
        "ecs",
        "CreateService",
        json!({
            "cluster": "c", "serviceName": "s", "taskDefinition": "quickstart", "desiredCount": 1,
            "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-0a1b2c3d"]}},
        }),
    );
    let query = "count by (aws_ecs_service_name) ({__name__=~\"ecs_task_.*\"})";
    let refused = ask(&mut aws, "guessed", &workspace, query);
    assert_eq!(refused, Err("403".to_owned()));
    assert_eq!(
        ask(&mut aws, "sandbox", &workspace, "up{"),
        Err("400".to_owned())
    );
    let mut found = Value::Null;
    for _ in 0..120 {
        let answer = ask(&mut aws, "sandbox", &workspace, query).expect("it is signed");
        found = answer["data"]["result"].clone();
        if found != json!([]) {
            break;
        }
        thread::sleep(Duration::from_millis(500));
    }
    assert_eq!(found[0]["metric"], json!({"aws_ecs_service_name": "s"}));
    assert_eq!(found[0]["value"][1], "8");
    let log = aws.boto(
        "logs",
        "FilterLogEvents",
        json!({"logGroupName": "/ecs/quickstart", "filterPattern": "ready"}),
    );
    let line = log["events"][0]["message"].as_str().unwrap_or_default();
    assert!(line.contains("Everything is ready"), "{log}");
}
