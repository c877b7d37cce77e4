//! Services in the sandbox as boto3 sees them: a rollout that succeeds, and one that the circuit
//! breaker takes back.

use std::{thread, time::Duration};

use serde_json::{Value, json};

use crate::emulators::server::{Emulator, Kind};

fn register(aws: &mut Emulator, image: &str) -> Value {
    let container = json!({"name": "app", "image": image, "essential": true});
    let mut answer = aws.boto(
        "ecs",
        "RegisterTaskDefinition",
        json!({
            "family": "app", "requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc",
            "cpu": "256", "memory": "512", "containerDefinitions": [container],
        }),
    );
    answer["taskDefinition"]["taskDefinitionArn"].take()
}

fn service(aws: &mut Emulator) -> Value {
    let asked = json!({"cluster": "c", "services": ["s"]});
    aws.boto("ecs", "DescribeServices", asked)["services"][0].take()
}

/// Waits until the service deployment has ended, and returns it.
fn ended(aws: &mut Emulator, arn: &Value) -> Value {
    let asked = json!({"serviceDeploymentArns": [arn]});
    for _ in 0..300 {
        let mut answer = aws.boto("ecs", "DescribeServiceDeployments", asked.clone());
        let deployment = answer["serviceDeployments"][0].take();
        if !["IN_PROGRESS", "ROLLBACK_IN_PROGRESS"]
            .contains(&deployment["status"].as_str().expect("a status"))
        {
            return deployment;
        }
        thread::sleep(Duration::from_millis(300));
    }
    panic!("the deployment has not ended in ninety seconds");
}

#[test]
fn boto3_sees_a_rollout_and_a_rollback() {
    let Some(mut aws) = Emulator::start(Kind::Sandbox, "boto3_sees_a_rollout_and_a_rollback")
    else {
        return;
    };
    let first = register(&mut aws, "app:1");
    aws.boto("ecs", "CreateCluster", json!({"clusterName": "c"}));
    let breaker = json!({"deploymentCircuitBreaker": {"enable": true, "rollback": true}});
    let network = json!({"awsvpcConfiguration": {"subnets": ["subnet-0a1b2c3d"]}});
    let created = aws.boto(
        "ecs",
        "CreateService",
        json!({
            "cluster": "c", "serviceName": "s", "taskDefinition": first, "desiredCount": 1,
            "launchType": "FARGATE", "networkConfiguration": network,
            "deploymentConfiguration": breaker,
        }),
    );
    let deployment = created["service"]["currentServiceDeployment"].clone();
    assert_eq!(ended(&mut aws, &deployment)["status"], "SUCCESSFUL");

    for (image, status) in [
        ("app:2", "SUCCESSFUL"),
        ("app:does-not-exist", "ROLLBACK_SUCCESSFUL"),
    ] {
        let before = service(&mut aws)["taskDefinition"].clone();
        let next = register(&mut aws, image);
        let update = json!({"cluster": "c", "service": "s", "taskDefinition": next});
        let updated = aws.boto("ecs", "UpdateService", update);
        let arn = &updated["service"]["currentServiceDeployment"];
        let ended = ended(&mut aws, arn);
        assert_eq!(ended["status"], status, "{ended}");
        let service = service(&mut aws);
        let is_back = status == "ROLLBACK_SUCCESSFUL";
        let expected = if is_back { before } else { next };
        assert_eq!(service["taskDefinition"], expected);
        assert_eq!(service["deploymentController"]["type"], "ECS");
        let events = service["events"].as_array().expect("a list");
        assert_eq!(
            events[0]["message"],
            "(service s) has reached a steady state."
        );
        if is_back {
            let reason = "ECS deployment circuit breaker: tasks failed to start.";
            assert_eq!(ended["statusReason"], reason);
        }
    }
    let stopped = json!({"cluster": "c", "desiredStatus": "STOPPED"});
    let stopped = aws.boto("ecs", "ListTasks", stopped);
    let asked = json!({"cluster": "c", "tasks": stopped["taskArns"]});
    let tasks = aws.boto("ecs", "DescribeTasks", asked);
    let codes: Vec<&Value> = tasks["tasks"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|task| &task["stopCode"])
        .collect();
    let failed = codes.iter().filter(|code| **code == "TaskFailedToStart");
    assert_eq!(failed.count(), 3, "{codes:?}");
}
