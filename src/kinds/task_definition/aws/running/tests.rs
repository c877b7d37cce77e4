//! What runs, against a scripted ECS.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    aws::script::{ACCOUNT, Answer, Asked, REGION, Script},
    kinds::task_definition::aws::running,
    model::{address::Kind, call::CallError, identity::Identity, running::Running},
};

fn arn(resource: &str) -> String {
    format!("arn:aws:ecs:us-east-1:111122223333:{resource}")
}

fn revision(name: &str) -> String {
    arn(&format!("task-definition/{name}"))
}

/// 101 clusters on two pages, of which three are of interest: `prod`, whose services count all
/// tasks that run, `batch`, in which a task of no service runs, and `leaving`, whose only service
/// is deleted and has a task that stops. One is inactive, the rest are empty.
fn region(asked: &Asked) -> Answer {
    let request = asked.json();
    let second = request["nextToken"] == "t";
    let cluster = |name: &str| arn(&format!("cluster/{name}"));
    let of = |name: &str| request["cluster"] == cluster(name);
    Answer::json(&match asked.operation.as_str() {
        "ListClusters" if second => json!({"clusterArns": [cluster("batch")]}),
        "ListClusters" => {
            let names = (0..97).map(|n| cluster(&format!("empty-{n}")));
            let arns: Vec<String> = [cluster("prod"), cluster("gone"), cluster("leaving")]
                .into_iter()
                .chain(names)
                .collect();
            json!({"clusterArns": arns, "nextToken": "t"})
        }
        "DescribeClusters" => {
            let asked: Vec<Value> = request["clusters"].as_array().unwrap().clone();
            assert!(asked.len() <= 100);
            assert_eq!(request["include"], json!(["STATISTICS"]));
            let described: Vec<Value> = asked
                .iter()
                .map(|arn| {
                    let is = |name: &str| *arn == cluster(name);
                    json!({
                        "clusterArn": arn,
                        "status": if is("gone") { "INACTIVE" } else { "ACTIVE" },
                        "activeServicesCount": if is("prod") { 11 } else { 0 },
                        "runningTasksCount": if is("prod") { 4 } else { i32::from(is("batch")) },
                        "pendingTasksCount": i32::from(is("prod")),
                        "statistics": [
                            {"name": "activeFargateServiceCount", "value": "9"},
                            {"name": "drainingEC2ServiceCount", "value": "0"},
                            {"name": "drainingFargateServiceCount", "value": if is("leaving") { "1" } else { "0" }},
                        ],
                    })
                })
                .collect();
            json!({"clusters": described})
        }
        "ListServices" if of("leaving") => json!({"serviceArns": []}),
        "ListServices" => {
            assert!(of("prod"), "{request}");
            let services: Vec<String> = (0..11).map(|n| format!("s{n}")).collect();
            json!({"serviceArns": services})
        }
        "DescribeServices" if request["services"][0] == "s10" => json!({"services": [{
            "serviceName": "web", "taskDefinition": revision("api:5"), "runningCount": 3, "pendingCount": 1,
            "deployments": [{"taskDefinition": revision("api:5")}, {"taskDefinition": revision("api:4")}],
            "currentServiceDeployment": "deployment-1",
        }]}),
        "DescribeServices" => {
            assert_eq!(request["services"].as_array().unwrap().len(), 10);
            json!({"services": [{
                "serviceName": "other", "taskDefinition": revision("other:1"), "runningCount": 1,
                "taskSets": [{"taskDefinition": revision("other:2")}],
            }]})
        }
        "DescribeServiceDeployments" => {
            assert_eq!(request["serviceDeploymentArns"], json!(["deployment-1"]));
            json!({"serviceDeployments": [{
                "serviceDeploymentArn": "deployment-1", "sourceServiceRevisions": [{"arn": "source-1"}],
            }]})
        }
        "DescribeServiceRevisions" => {
            assert_eq!(request["serviceRevisionArns"], json!(["source-1"]));
            json!({"serviceRevisions": [{"serviceRevisionArn": "source-1", "taskDefinition": revision("api:2")}]})
        }
        "ListTasks" if request["desiredStatus"] == "STOPPED" => {
            let leaving = if of("leaving") {
                json!(["last"])
            } else {
                json!([])
            };
            json!({"taskArns": if of("prod") { json!(["old", "stopping"]) } else { leaving }})
        }
        "ListTasks" => {
            assert!(of("batch"), "{request}");
            json!({"taskArns": ["alone"]})
        }
        "DescribeTasks" if of("batch") => json!({"tasks": [
            {"taskDefinitionArn": revision("job:1"), "lastStatus": "RUNNING", "group": "family:job"},
        ]}),
        "DescribeTasks" if of("leaving") => json!({"tasks": [
            {"taskDefinitionArn": revision("left:1"), "lastStatus": "DEACTIVATING", "group": "service:left"},
        ]}),
        "DescribeTasks" => {
            assert_eq!(request["tasks"], json!(["old", "stopping"]));
            json!({"tasks": [
                {"taskDefinitionArn": revision("api:1"), "lastStatus": "STOPPED", "group": "service:web"},
                {"taskDefinitionArn": revision("api:3"), "lastStatus": "DEPROVISIONING", "group": "service:web"},
            ]})
        }
        "DescribeTaskDefinition" => {
            let name = request["taskDefinition"].as_str().unwrap();
            json!({"taskDefinition": {
                "taskDefinitionArn": revision(name), "status": "INACTIVE",
                "taskRoleArn": format!("arn:aws:iam::111122223333:role/{name}").replace(':', "-").replace("arn-aws-iam--111122223333-", "arn:aws:iam::111122223333:"),
            }})
        }
        other => panic!("{other} is not needed"),
    })
}

/// The same region, where `prod` has an instance on which the daemon `agent` runs.
fn with_daemon(asked: &Asked) -> Answer {
    let request = asked.json();
    let daemon = arn("daemon/prod/agent");
    let definition = arn("daemon-task-definition/api:7");
    Answer::json(&match asked.operation.as_str() {
        "ListClusters" => json!({"clusterArns": [arn("cluster/prod"), arn("cluster/batch")]}),
        "DescribeClusters" => json!({"clusters": [
            {
                "clusterArn": arn("cluster/prod"), "status": "ACTIVE",
                "registeredContainerInstancesCount": 1, "capacityProviders": ["managed"],
            },
            {"clusterArn": arn("cluster/batch"), "status": "ACTIVE", "capacityProviders": ["FARGATE"]},
        ]}),
        "ListDaemons" => {
            assert_eq!(request["clusterArn"], arn("cluster/prod"));
            json!({"daemonSummariesList": [{"daemonArn": daemon, "status": "ACTIVE"}]})
        }
        "DescribeDaemon" => {
            assert_eq!(request["daemonArn"], daemon);
            json!({"daemon": {
                "daemonArn": daemon,
                "currentRevisions": [{"arn": "revision-1", "totalRunningCount": 1}],
            }})
        }
        "DescribeDaemonRevisions" => {
            assert_eq!(request["daemonRevisionArns"], json!(["revision-1"]));
            json!({"daemonRevisions": [{"daemonTaskDefinitionArn": definition}]})
        }
        "DescribeDaemonTaskDefinition" => {
            assert_eq!(request["daemonTaskDefinition"], definition);
            let url = "https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write";
            json!({"daemonTaskDefinition": {
                "family": "api", "revision": 7, "status": "ACTIVE",
                "taskRoleArn": "arn:aws:iam::111122223333:role/Agent",
                "executionRoleArn": "arn:aws:iam::111122223333:role/Execution",
                "containerDefinitions": [{
                    "image": "agent:1", "command": ["--config=/agent.yaml"],
                    "environment": [{"name": "ENDPOINT", "value": url}],
                    "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/agent"}},
                }],
            }})
        }
        _ => return region(asked),
    })
}

#[tokio::test(start_paused = true)]
async fn what_daemons_need_is_in_use() {
    let script = Script::new(with_daemon);
    let running = observe(&script, true).await.unwrap();
    assert_eq!(running.unseen, BTreeSet::new());
    for (kind, target) in [
        (Kind::Role, "Agent"),
        (Kind::Role, "Execution"),
        (Kind::LogGroup, "/agent"),
        (Kind::Workspace, "ws-1"),
    ] {
        let users = running.users(kind, target);
        assert_eq!(users, ["daemon agent in cluster prod (api:7)"], "{target}");
    }
    // Its family is none of the task definitions' families, though it has the name of one.
    assert_eq!(running.users(Kind::TaskDefinition, "api"), [""; 0]);
    assert!(running.revisions_of("api").is_empty());
    assert_eq!(script.count("ListDaemons"), 1, "Fargate runs no daemons");

    let script = Script::new(with_daemon);
    observe(&script, false).await.unwrap();
    assert_eq!(
        script.count("ListDaemons"),
        0,
        "what they need is not asked for"
    );
}

#[tokio::test(start_paused = true)]
async fn daemons_that_cannot_be_seen_are_said() {
    let answering = |code: &'static str| {
        Script::new(move |asked| match asked.operation.as_str() {
            "ListDaemons" => Answer::error(400, code, "no"),
            _ => with_daemon(asked),
        })
    };
    let denied = observe(&answering("AccessDeniedException"), true).await;
    let said = "the daemons in cluster prod: ecs:ListDaemons is denied";
    assert!(denied.unwrap().unseen.contains(said));
    // Where there are none, nothing is left unseen.
    for code in ["UnsupportedFeatureException", "UnknownOperationException"] {
        let none = observe(&answering(code), true).await.unwrap();
        assert_eq!(none.unseen, BTreeSet::new(), "{code}");
    }
}

async fn observe(script: &Script, needs: bool) -> Result<Running, CallError> {
    let identity = Identity::new(ACCOUNT, REGION);
    running::observe(&script.aws(), &identity, needs).await
}

/// Without what is in the region the calls that are made to read it.
fn denied(operation: &'static str) -> Script {
    Script::new(move |asked| {
        if asked.operation == operation {
            return Answer::error(400, "AccessDeniedException", "you may not");
        }
        if asked.operation == "ListTasks" && asked.json()["desiredStatus"] == "RUNNING" {
            return Answer::ok("{}");
        }
        region(asked)
    })
}

#[tokio::test(start_paused = true)]
async fn everything_that_runs_is_seen_in_few_calls() {
    let script = Script::new(region);
    let running = observe(&script, true).await.unwrap();
    assert_eq!(running.unseen, BTreeSet::new());
    let users = |name: &str| running.users(Kind::Role, name);
    assert_eq!(users("api-1"), [""; 0], "it has stopped");
    for (role, user) in [
        (
            "api-2",
            "service web in cluster prod, which goes back to it if its deployment fails (api:2)",
        ),
        ("api-3", "service web in cluster prod (api:3)"),
        ("api-4", "service web in cluster prod (api:4)"),
        ("api-5", "service web in cluster prod (api:5)"),
        ("other-1", "service other in cluster prod (other:1)"),
        ("other-2", "service other in cluster prod (other:2)"),
        ("job-1", "1 task in cluster batch (job:1)"),
        ("left-1", "service left in cluster leaving (left:1)"),
    ] {
        assert_eq!(users(role), [user]);
    }
    assert_eq!(running.users(Kind::TaskDefinition, "api").len(), 4);
    for (operation, calls) in [
        ("ListClusters", 2),
        ("DescribeClusters", 2),
        ("ListServices", 2),
        ("DescribeServices", 2),
        ("DescribeServiceDeployments", 1),
        ("DescribeServiceRevisions", 1),
        // Of every cluster that counts anything, and once more where services don't count all
        // tasks.
        ("ListTasks", 4),
        ("DescribeTasks", 3),
        ("DescribeTaskDefinition", 8),
    ] {
        assert_eq!(script.count(operation), calls, "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_revisions_need_is_read_only_when_it_matters() {
    let script = Script::new(region);
    let running = observe(&script, false).await.unwrap();
    let revisions: Vec<u32> = running.revisions_of("api").into_keys().collect();
    assert_eq!(revisions, [2, 3, 4, 5]);
    assert_eq!(script.count("DescribeTaskDefinition"), 0);
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_seen_is_said_and_the_rest_is_seen() {
    for (operation, unseen, revisions) in [
        (
            "ListClusters",
            "the clusters: ecs:ListClusters is denied",
            vec![],
        ),
        (
            "ListServices",
            "the services in cluster prod: ecs:ListServices is denied",
            vec![3],
        ),
        (
            "DescribeServices",
            "the services in cluster prod: ecs:DescribeServices is denied",
            vec![3],
        ),
        (
            "ListTasks",
            "the tasks in cluster prod: ecs:ListTasks is denied",
            vec![2, 4, 5],
        ),
        (
            "DescribeTasks",
            "the tasks in cluster prod: ecs:DescribeTasks is denied",
            vec![2, 4, 5],
        ),
        (
            "DescribeServiceDeployments",
            "what services in cluster prod go back to: ecs:DescribeServiceDeployments is denied",
            vec![3, 4, 5],
        ),
        (
            "DescribeTaskDefinition",
            "what api:5 needs, which something runs: ecs:DescribeTaskDefinition is denied",
            vec![2, 3, 4, 5],
        ),
    ] {
        let running = observe(&denied(operation), true).await.unwrap();
        assert!(
            running.unseen.contains(unseen),
            "{operation}: {:?}",
            running.unseen
        );
        let seen: Vec<u32> = running.revisions_of("api").into_keys().collect();
        assert_eq!(seen, revisions, "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn another_failure_is_no_reason_to_look_away() {
    let script = Script::new(|asked| match asked.operation.as_str() {
        "ListServices" => Answer::error(400, "ClusterNotFoundException", "it is gone"),
        _ => region(asked),
    });
    let failure = observe(&script, true).await.unwrap_err();
    assert_eq!(failure.operation, "ecs:ListServices");
}
