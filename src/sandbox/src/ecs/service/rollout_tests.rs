//! How services are deployed, from the outside.

use serde_json::{Value, json};

use crate::ecs::fixture::{Sandbox, fargate, service};

/// A sandbox whose service `s` runs two tasks of `f:1` with this deployment configuration.
fn running(configuration: &Value) -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.call("CreateCluster", &json!({}));
    sandbox.register("f");
    let mut input = service("s", "f", 2);
    input["deploymentConfiguration"] = configuration.clone();
    sandbox.call("CreateService", &input);
    sandbox.now_millis += 60_000 * 60;
    assert_eq!(deployment(&mut sandbox)["status"], "SUCCESSFUL");
    sandbox
}

/// Registers a revision with these members of the container and rolls it out.
fn roll_out(sandbox: &mut Sandbox, container: &Value) {
    let mut input = fargate("f");
    for (member, value) in container.as_object().expect("an object") {
        input["containerDefinitions"][0][member] = value.clone();
    }
    sandbox.call("RegisterTaskDefinition", &input);
    let update = json!({"service": "s", "taskDefinition": "f"});
    sandbox.call("UpdateService", &update);
}

/// The newest service deployment, which the service must name as its current one.
fn deployment(sandbox: &mut Sandbox) -> Value {
    let listed = sandbox.call("ListServiceDeployments", &json!({"service": "s"}));
    let arn = listed["serviceDeployments"][0]["serviceDeploymentArn"].clone();
    assert_eq!(sandbox.service("s")["currentServiceDeployment"], arn);
    let asked = json!({"serviceDeploymentArns": [arn]});
    let described = sandbox.call("DescribeServiceDeployments", &asked);
    assert_eq!(described["failures"], json!([]));
    described["serviceDeployments"][0].clone()
}

fn events(sandbox: &mut Sandbox) -> Vec<String> {
    let service = sandbox.service("s");
    let events = service["events"].as_array().expect("a list").iter();
    let text = |event: &Value| event["message"].as_str().unwrap_or_default().to_owned();
    events.map(text).collect()
}

fn runs(sandbox: &mut Sandbox) -> Value {
    sandbox.service("s")["taskDefinition"]
        .as_str()
        .and_then(|arn| arn.rsplit('/').next())
        .into()
}

fn breaker(rollback: bool) -> Value {
    json!({"deploymentCircuitBreaker": {"enable": true, "rollback": rollback}})
}

#[test]
fn a_rolling_deployment_ends_in_a_steady_state() {
    let mut sandbox = running(&json!({}));
    roll_out(&mut sandbox, &json!({}));
    let under_way = deployment(&mut sandbox);
    assert_eq!(under_way["status"], "IN_PROGRESS");
    assert_eq!(
        under_way["sourceServiceRevisions"][0]["runningTaskCount"],
        2
    );
    assert_eq!(under_way["targetServiceRevision"]["pendingTaskCount"], 2);
    assert_eq!(under_way.get("lifecycleStage"), None);
    sandbox.now_millis += 3_000;
    let done = deployment(&mut sandbox);
    assert_eq!(done["status"], "SUCCESSFUL");
    assert_eq!(done["targetServiceRevision"]["runningTaskCount"], 2);
    let service = sandbox.service("s");
    assert_eq!(service["deploymentController"], json!({"type": "ECS"}));
    assert_eq!(
        service["currentServiceRevisions"][0]["arn"],
        done["targetServiceRevision"]["arn"]
    );
    let events = events(&mut sandbox);
    assert_eq!(events[0], "(service s) has reached a steady state.");
    assert!(events[1].ends_with("deployment completed."), "{events:?}");
    assert!(events[2].starts_with("(service s) has stopped 2 running tasks: (task "));
    let asked = json!({"serviceRevisionArns": [done["targetServiceRevision"]["arn"], done["sourceServiceRevisions"][0]["arn"]]});
    let revisions = sandbox.call("DescribeServiceRevisions", &asked);
    let definitions: Vec<&Value> = revisions["serviceRevisions"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|revision| &revision["taskDefinition"])
        .collect();
    assert_eq!(definitions.len(), 2);
    assert_eq!(*definitions[0], service["taskDefinition"]);
}

#[test]
fn what_happens_does_not_depend_on_who_looks() {
    for container in [
        json!({}),
        json!({"image": "app:does-not-exist"}),
        json!({"command": ["false"]}),
    ] {
        let mut watched = running(&breaker(true));
        roll_out(&mut watched, &container);
        let mut unwatched = Sandbox {
            world: watched.world.clone(),
            now_millis: watched.now_millis,
        };
        for _ in 0..300 {
            watched.now_millis += 700;
            watched.service("s");
        }
        unwatched.now_millis = watched.now_millis;
        assert_eq!(watched.service("s"), unwatched.service("s"), "{container}");
        assert_eq!(watched.world.ecs, unwatched.world.ecs, "{container}");
    }
}

#[test]
fn a_failing_deployment_is_rolled_back_if_it_is_wished() {
    let missing = json!({"image": "app:does-not-exist"});
    let mut sandbox = running(&breaker(true));
    roll_out(&mut sandbox, &missing);
    sandbox.now_millis += 3_000;
    let under_way = deployment(&mut sandbox);
    assert_eq!(under_way["status"], "IN_PROGRESS");
    assert_eq!(under_way["deploymentCircuitBreaker"]["failureCount"], 2);
    assert_eq!(sandbox.service("s")["deployments"][0]["failedTasks"], 2);
    sandbox.now_millis += 120_000;
    let back = deployment(&mut sandbox);
    let reason = "ECS deployment circuit breaker: tasks failed to start.";
    assert_eq!(back["status"], "ROLLBACK_SUCCESSFUL");
    assert_eq!(back["statusReason"], reason);
    assert_eq!(back["deploymentCircuitBreaker"]["status"], "TRIGGERED");
    assert_eq!(
        back["rollback"]["serviceRevisionArn"],
        back["sourceServiceRevisions"][0]["arn"]
    );
    assert_eq!(runs(&mut sandbox), "f:1");
    assert_eq!(sandbox.service("s")["runningCount"], 2);
    let stopped = sandbox.call("ListTasks", &json!({"desiredStatus": "STOPPED"}));
    let stopped = sandbox.call("DescribeTasks", &json!({"tasks": stopped["taskArns"]}));
    let task = stopped["tasks"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|task| task["stopCode"] == "TaskFailedToStart")
        .expect("a failed task");
    let text = task["stoppedReason"].as_str().expect("a reason");
    assert!(text.starts_with("CannotPullContainerError: "), "{text}");
    assert_eq!(task.get("startedAt"), None);

    let mut sandbox = running(&breaker(false));
    roll_out(&mut sandbox, &missing);
    sandbox.now_millis += 120_000;
    let failed = deployment(&mut sandbox);
    assert_eq!(failed["status"], "STOPPED");
    assert_eq!(failed["statusReason"], reason);
    let service = sandbox.service("s");
    assert_eq!(service["deployments"][0]["rolloutState"], "FAILED");
    assert_eq!(
        service["deployments"][1]["runningCount"], 2,
        "the old tasks serve on"
    );

    // Without a circuit breaker it tries for ever, less and less often.
    let mut sandbox = running(&json!({}));
    roll_out(&mut sandbox, &missing);
    sandbox.now_millis += 3_600_000;
    assert_eq!(deployment(&mut sandbox)["status"], "IN_PROGRESS");
    let events = events(&mut sandbox);
    let complaint = "(service s) is unable to consistently start tasks successfully.";
    assert!(events.iter().any(|event| event == complaint), "{events:?}");
}

#[test]
fn the_first_deployment_has_nothing_to_go_back_to() {
    let mut sandbox = Sandbox::new();
    sandbox.call("CreateCluster", &json!({}));
    let mut input = fargate("f");
    input["containerDefinitions"][0]["image"] = json!("app:does-not-exist");
    sandbox.call("RegisterTaskDefinition", &input);
    let mut input = service("s", "f", 1);
    input["deploymentConfiguration"] = breaker(true);
    sandbox.call("CreateService", &input);
    sandbox.now_millis += 120_000;
    let failed = deployment(&mut sandbox);
    assert_eq!(failed["status"], "ROLLBACK_FAILED");
    assert_eq!(sandbox.service("s")["runningCount"], 0);
}

#[test]
fn a_role_that_ecs_cant_assume_starts_no_task() {
    let mut sandbox = running(&breaker(true));
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
    let cx = crate::Context {
        account: "111122223333",
        region: "us-east-1",
        partition: "aws",
        now_millis: 0,
    };
    let input = json!({"RoleName": "Wrong", "AssumeRolePolicyDocument": trust.to_string()});
    let input = input.as_object().expect("an object");
    crate::iam::call(&mut sandbox.world, &cx, "CreateRole", input).expect("a new role");
    let mut definition = fargate("f");
    definition["taskRoleArn"] = json!("arn:aws:iam::111122223333:role/Wrong");
    sandbox.call("RegisterTaskDefinition", &definition);
    sandbox.call(
        "UpdateService",
        &json!({"service": "s", "taskDefinition": "f"}),
    );
    let events = events(&mut sandbox);
    assert!(
        events[0].starts_with("(service s) failed to launch a task with (error ECS was unable to assume the role 'arn:aws:iam::111122223333:role/Wrong'"),
        "{events:?}"
    );
    sandbox.now_millis += 120_000;
    assert_eq!(deployment(&mut sandbox)["status"], "ROLLBACK_SUCCESSFUL");
    let run = json!({"taskDefinition": "f", "launchType": "FARGATE", "networkConfiguration": crate::ecs::fixture::network()});
    sandbox.refuses("RunTask", &run, "ClientException");
}

#[test]
fn programs_that_end_and_health_checks_that_fail() {
    let mut sandbox = running(&breaker(true));
    roll_out(&mut sandbox, &json!({"command": ["sh", "-c", "exit 3"]}));
    sandbox.now_millis += 8_000;
    let stopped = sandbox.call(
        "ListTasks",
        &json!({"desiredStatus": "STOPPED", "family": "f"}),
    );
    let stopped = sandbox.call("DescribeTasks", &json!({"tasks": stopped["taskArns"]}));
    let ended = stopped["tasks"]
        .as_array()
        .expect("a list")
        .iter()
        .find(|task| task["stopCode"] == "EssentialContainerExited")
        .expect("an ended task");
    assert_eq!(ended["stoppedReason"], "Essential container in task exited");
    assert_eq!(ended["containers"][0]["exitCode"], 3);

    let mut sandbox = running(&breaker(true));
    let check = json!({"command": ["CMD-SHELL", "exit 1"], "interval": 5, "retries": 1});
    roll_out(&mut sandbox, &json!({"healthCheck": check}));
    sandbox.now_millis += 8_000;
    let events = events(&mut sandbox);
    let failed = events
        .iter()
        .filter(|e| e.ends_with("failed container health checks."));
    assert_eq!(failed.count(), 2, "{events:?}");
    sandbox.now_millis += 180_000;
    assert_eq!(deployment(&mut sandbox)["status"], "ROLLBACK_SUCCESSFUL");
}

/// The stages that a deployment goes through, asked every second until it ends.
fn stages(sandbox: &mut Sandbox) -> Vec<String> {
    let mut stages: Vec<String> = Vec::new();
    for _ in 0..7_200 {
        let deployment = deployment(sandbox);
        let stage = deployment["lifecycleStage"].as_str().unwrap_or_default();
        if stages.last().is_none_or(|last| last != stage) {
            stages.push(stage.to_owned());
        }
        if deployment["status"] != "IN_PROGRESS" {
            break;
        }
        sandbox.now_millis += 1_000;
    }
    stages
}

#[test]
fn strategies_that_shift_traffic_go_through_their_stages() {
    for (configuration, seconds) in [
        (
            json!({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5}),
            300,
        ),
        (
            json!({"strategy": "CANARY", "canaryConfiguration": {"canaryBakeTimeInMinutes": 2}}),
            120,
        ),
        (
            json!({"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 50.0, "stepBakeTimeInMinutes": 3}}),
            180,
        ),
    ] {
        let mut sandbox = running(&configuration);
        let began = sandbox.now_millis;
        roll_out(&mut sandbox, &json!({}));
        let stages = stages(&mut sandbox);
        assert_eq!(
            stages,
            [
                "PRE_SCALE_UP",
                "SCALE_UP",
                "POST_SCALE_UP",
                "TEST_TRAFFIC_SHIFT",
                "POST_TEST_TRAFFIC_SHIFT",
                "PRODUCTION_TRAFFIC_SHIFT",
                "POST_PRODUCTION_TRAFFIC_SHIFT",
                "BAKE_TIME",
                "CLEAN_UP",
            ]
            .into_iter()
            .filter(|stage| *stage != "BAKE_TIME" || configuration["bakeTimeInMinutes"] == 5)
            .collect::<Vec<_>>(),
            "{configuration}"
        );
        let took = (sandbox.now_millis - began) / 1_000;
        assert!(
            (seconds..seconds + 20).contains(&took),
            "{configuration}: {took} s"
        );
        assert_eq!(deployment(&mut sandbox)["status"], "SUCCESSFUL");
        assert_eq!(runs(&mut sandbox), "f:2");
        assert_eq!(sandbox.service("s")["runningCount"], 2);
        assert_eq!(
            sandbox.service("s")["deployments"][0].get("rolloutState"),
            None
        );
    }
}

#[test]
fn the_old_tasks_serve_until_the_bake_time_is_over() {
    let mut sandbox = running(&json!({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5}));
    roll_out(&mut sandbox, &json!({}));
    sandbox.now_millis += 120_000;
    let baking = deployment(&mut sandbox);
    assert_eq!(baking["lifecycleStage"], "BAKE_TIME");
    assert_eq!(
        baking["targetServiceRevision"]["requestedProductionTrafficWeight"],
        100.0
    );
    assert_eq!(baking["sourceServiceRevisions"][0]["runningTaskCount"], 2);
    assert_eq!(sandbox.service("s")["runningCount"], 4);
    let arn = &baking["serviceDeploymentArn"];
    sandbox.refuses(
        "StopServiceDeployment",
        &json!({"serviceDeploymentArn": arn, "stopType": "ABORT"}),
        "InvalidParameterException",
    );
    sandbox.call(
        "StopServiceDeployment",
        &json!({"serviceDeploymentArn": arn}),
    );
    assert_eq!(deployment(&mut sandbox)["status"], "ROLLBACK_REQUESTED");
    sandbox.now_millis += 5_000;
    let back = deployment(&mut sandbox);
    assert_eq!(back["status"], "ROLLBACK_SUCCESSFUL");
    assert_eq!(
        back["sourceServiceRevisions"][0]["requestedProductionTrafficWeight"],
        100.0
    );
    assert_eq!(runs(&mut sandbox), "f:1");
    sandbox.refuses(
        "StopServiceDeployment",
        &json!({"serviceDeploymentArn": arn}),
        "ConflictException",
    );
}

#[test]
fn a_pause_waits_for_a_person() {
    let hook = json!({"targetType": "PAUSE", "lifecycleStages": ["PRE_PRODUCTION_TRAFFIC_SHIFT"]});
    let configuration = json!({"strategy": "BLUE_GREEN", "lifecycleHooks": [hook]});
    let paused = |sandbox: &mut Sandbox| {
        let update = json!({"service": "s", "deploymentConfiguration": configuration});
        sandbox.call("UpdateService", &update);
        roll_out(sandbox, &json!({}));
        sandbox.now_millis += 600_000;
        let paused = deployment(sandbox);
        assert_eq!(paused["status"], "IN_PROGRESS");
        assert_eq!(
            paused["lifecycleHookDetails"][0]["status"],
            "AWAITING_ACTION"
        );
        let hook = paused["lifecycleHookDetails"][0]["hookId"].clone();
        json!({"serviceDeploymentArn": paused["serviceDeploymentArn"], "hookId": hook})
    };
    for (action, status, revision) in [
        (Some("CONTINUE"), "SUCCESSFUL", "f:2"),
        (None, "SUCCESSFUL", "f:2"),
        (Some("ROLLBACK"), "ROLLBACK_SUCCESSFUL", "f:1"),
    ] {
        let mut sandbox = running(&json!({}));
        let mut input = paused(&mut sandbox);
        if let Some(action) = action {
            input["action"] = json!(action);
        }
        sandbox.call("ContinueServiceDeployment", &input);
        sandbox.refuses(
            "ContinueServiceDeployment",
            &input,
            "InvalidParameterException",
        );
        sandbox.now_millis += 60_000;
        assert_eq!(deployment(&mut sandbox)["status"], status);
        assert_eq!(runs(&mut sandbox), revision);
    }
    // A day later nobody has decided.
    let mut sandbox = running(&json!({}));
    paused(&mut sandbox);
    sandbox.now_millis += 86_400_000;
    let back = deployment(&mut sandbox);
    assert_eq!(back["status"], "ROLLBACK_SUCCESSFUL");
    assert_eq!(back["lifecycleHookDetails"][0]["status"], "TIMED_OUT");
}

#[test]
fn a_deployment_supersedes_the_one_before() {
    let mut sandbox = running(&json!({}));
    roll_out(&mut sandbox, &json!({}));
    let first = deployment(&mut sandbox);
    sandbox.now_millis += 1_000;
    roll_out(&mut sandbox, &json!({}));
    let asked = json!({"serviceDeploymentArns": [first["serviceDeploymentArn"], "arn:aws:ecs:us-east-1:111122223333:service-deployment/default/s/none"]});
    let described = sandbox.call("DescribeServiceDeployments", &asked);
    assert_eq!(described["serviceDeployments"][0]["status"], "STOPPED");
    assert_eq!(described["failures"][0]["reason"], "MISSING");
    sandbox.now_millis += 10_000;
    assert_eq!(deployment(&mut sandbox)["status"], "SUCCESSFUL");
    assert_eq!(runs(&mut sandbox), "f:3");
    let page = sandbox.call(
        "ListServiceDeployments",
        &json!({"service": "s", "maxResults": 2}),
    );
    let token = page["nextToken"].clone();
    let rest = sandbox.call(
        "ListServiceDeployments",
        &json!({"service": "s", "nextToken": token}),
    );
    let count = |page: &Value| page["serviceDeployments"].as_array().map(Vec::len);
    assert_eq!((count(&page), count(&rest)), (Some(2), Some(1)));
    let stopped = json!({"service": "s", "status": ["STOPPED"]});
    assert_eq!(
        count(&sandbox.call("ListServiceDeployments", &stopped)),
        Some(1)
    );
}
