//! Why the tasks of a revision did not stay.

use std::collections::BTreeMap;

use aws_sdk_ecs::{
    primitives::DateTime,
    types::{DesiredStatus, Task},
};

use crate::{
    aws::{Aws, workload},
    collector,
    kinds::{
        live::Follow,
        task_definition::aws::{revision, rollout::ends::clip},
    },
    model::{call::CallError, node::Node},
};

/// The most stopped tasks that are looked at: ECS keeps them for an hour (ECS API reference,
/// `DescribeTasks`), and `DescribeTasks` takes a hundred.
const TASKS: i32 = 100;
/// The most different reasons that are named.
const REASONS: usize = 3;

/// How many of the last lines of the collector's log are named.
const LINES: usize = 3;

/// Why tasks of the revision stopped, the most frequent reason first, and what the collector of the
/// last one wrote last. What can't be read is said instead: the bad end itself matters more.
pub(super) async fn of_stopped_tasks(aws: &Aws, rollout: &Follow<'_>) -> Vec<String> {
    match stopped(aws, rollout).await {
        Ok(tasks) => {
            let mut reasons = reasons(&tasks, rollout);
            reasons.extend(last_words(aws, &tasks, rollout).await);
            reasons
        }
        Err(error) => vec![format!(
            "why its tasks stopped could not be read ({} failed: {})",
            error.operation, error.message
        )],
    }
}

async fn stopped(aws: &Aws, rollout: &Follow<'_>) -> Result<Vec<Task>, CallError> {
    let name = rollout.service;
    let request = aws.ecs.client.list_tasks().cluster(&name.cluster);
    let request = request.service_name(&name.service).max_results(TASKS);
    let request = request.desired_status(DesiredStatus::Stopped).send();
    let arns = aws.ecs.call("ecs:ListTasks", request).await?;
    let arns = arns.task_arns.unwrap_or_default();
    if arns.is_empty() {
        return Ok(Vec::new());
    }
    let request = aws.ecs.client.describe_tasks().cluster(&name.cluster);
    let request = request.set_tasks(Some(arns)).send();
    let answer = aws.ecs.call("ecs:DescribeTasks", request).await?;
    Ok(answer.tasks.unwrap_or_default())
}

/// The last lines that the collector of the newest task that has stopped wrote, if it has one that
/// writes to a log group of this region.
async fn last_words(aws: &Aws, tasks: &[Task], rollout: &Follow<'_>) -> Option<String> {
    let tasks = tasks.iter().filter(|task| is_of_revision(task, rollout));
    let task = tasks.max_by_key(|task| task.stopped_at().map(DateTime::as_nanos))?;
    let id = task.task_arn()?.rsplit('/').next()?;
    let name = rollout.revision_name();
    let read = async {
        let revision = revision::describe(aws, &name).await?;
        let log = revision.and_then(|revision| log_of_collector(revision.document.written()));
        let Some((group, prefix)) = log else {
            return Ok(Vec::new());
        };
        workload::log_lines(aws, &group, &format!("{prefix}/{id}"), 0).await
    };
    let read: Result<Vec<_>, CallError> = read.await;
    match read {
        Ok(lines) if lines.is_empty() => None,
        Ok(lines) => {
            let last = lines.iter().rev().take(LINES).rev();
            let last: Vec<String> = last.map(|line| clip(line.text.trim())).collect();
            Some(format!("the collector's last words: {}", last.join(" | ")))
        }
        Err(error) => Some(format!(
            "what its collector wrote could not be read ({} failed: {})",
            error.operation, error.message
        )),
    }
}

/// The log group of the collector, and what the stream of a task begins with there (ECS developer
/// guide, "Send Amazon ECS logs to CloudWatch", `awslogs-stream-prefix`); `None` if there is no
/// collector, or its log goes somewhere else.
fn log_of_collector(document: &Node) -> Option<(String, String)> {
    let text = |node: &Node, key: &str| node.get(key).and_then(Node::as_str).map(str::to_owned);
    let containers = document.get("containerDefinitions")?.as_list()?;
    let mut containers = containers.iter();
    let is_it = |container: &&Node| {
        text(container, "image").is_some_and(|image| collector::is_collector(&image))
    };
    let container = containers.find(is_it)?;
    let options = container.get("logConfiguration")?.get("options")?;
    let prefix = text(options, "awslogs-stream-prefix")?;
    let name = text(container, "name")?;
    Some((text(options, "awslogs-group")?, format!("{prefix}/{name}")))
}

fn is_of_revision(task: &Task, rollout: &Follow<'_>) -> bool {
    let arn = task.task_definition_arn();
    arn.is_some_and(|arn| rollout.is_of(arn))
}

fn reasons(tasks: &[Task], rollout: &Follow<'_>) -> Vec<String> {
    let of_revision = tasks.iter().filter(|task| is_of_revision(task, rollout));
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for task in of_revision {
        *counts.entry(reason(task)).or_default() += 1;
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
        .into_iter()
        .take(REASONS)
        .map(|(reason, count)| match count {
            1 => format!("1 task stopped: {reason}"),
            _ => format!("{count} tasks stopped: {reason}"),
        })
        .collect()
}

/// What ECS says of a task that has stopped, and of each of its containers that says more.
fn reason(task: &Task) -> String {
    let said = task.stopped_reason().unwrap_or("no reason given");
    let of_containers = task.containers().iter().flat_map(|container| {
        let name = container.name().unwrap_or_default();
        let code = container.exit_code().filter(|code| *code != 0);
        let code = code.map(|code| format!("{name} exited with {code}"));
        // Containers that are not begun repeat what is said of the task.
        let reason = container.reason().filter(|reason| *reason != said);
        let reason = reason.map(|reason| format!("{name}: {reason}"));
        code.into_iter().chain(reason)
    });
    let more: Vec<String> = of_containers.collect();
    if more.is_empty() {
        said.to_owned()
    } else {
        format!("{said} ({})", more.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        aws::script::{Answer, Script},
        model::service::Wait,
    };

    const ARN: &str = "arn:aws:ecs:us-east-1:111122223333:task-definition/shop:4";

    fn script(logs: fn() -> Answer) -> Script {
        Script::new(move |asked| match asked.operation.as_str() {
            "ListTasks" => Answer::json(
                &json!({"taskArns": ["arn:aws:ecs:::task/prod/old", "arn:aws:ecs:::task/prod/new"]}),
            ),
            "DescribeTasks" => Answer::json(&json!({"tasks": [
                {"taskArn": "arn:aws:ecs:::task/prod/new", "taskDefinitionArn": ARN, "stoppedAt": 20.0,
                 "stoppedReason": "Essential container in task exited",
                 "containers": [{"name": "app", "exitCode": 1}]},
                {"taskArn": "arn:aws:ecs:::task/prod/old", "taskDefinitionArn": ARN, "stoppedAt": 10.0,
                 "stoppedReason": "Essential container in task exited",
                 "containers": [{"name": "app", "exitCode": 1},
                    {"name": "helper", "reason": "Essential container in task exited"}]},
                {"taskArn": "arn:aws:ecs:::task/prod/other", "taskDefinitionArn": ARN.replace(":4", ":3"), "stoppedAt": 30.0},
            ]})),
            "DescribeTaskDefinition" => Answer::json(&json!({"taskDefinition": {
                "taskDefinitionArn": ARN,
                "containerDefinitions": [
                    {"name": "app", "image": "app:4"},
                    {"name": "collector", "image": "public.ecr.aws/aws-observability/aws-otel-collector:v0.49.0",
                     "logConfiguration": {"logDriver": "awslogs", "options": {
                        "awslogs-group": "/ecs/shop", "awslogs-stream-prefix": "ecs"}}},
                ],
            }})),
            "GetLogEvents" => {
                let asked = asked.json();
                assert_eq!(asked["logStreamName"], "ecs/collector/new");
                assert_eq!(asked["logGroupName"], "/ecs/shop");
                logs()
            }
            other => panic!("{other} is not needed"),
        })
    }

    async fn said(script: &Script) -> Vec<String> {
        let rollout = Follow {
            address: &"task_definitions.shop".parse().unwrap(),
            service: &"prod/shop".parse().unwrap(),
            family: "shop",
            revision: 4,
            from: None,
            deployment: None,
            operation: "ecs:UpdateService",
            wait: Wait::Done,
            timeout: None,
        };
        of_stopped_tasks(&script.aws(), &rollout).await
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_words_of_the_collector_are_those_of_the_newest_task() {
        let stopped =
            "2 tasks stopped: Essential container in task exited (app exited with 1)".to_owned();
        let lines = || {
            let line = |text: &str| json!({"timestamp": 1, "message": text});
            let lines = [
                line("one"),
                line("two"),
                line("three"),
                line(&"x".repeat(300)),
            ];
            Answer::json(&json!({ "events": lines }))
        };
        let words = format!(
            "the collector's last words: two | three | {}…",
            "x".repeat(200)
        );
        assert_eq!(said(&script(lines)).await, [stopped.clone(), words]);

        let silent = || Answer::json(&json!({"events": []}));
        assert_eq!(said(&script(silent)).await, std::slice::from_ref(&stopped));

        let denied = || Answer::error(400, "AccessDeniedException", "not allowed");
        let said = said(&script(denied)).await;
        assert_eq!(said[0], stopped);
        assert!(said[1].contains("logs:GetLogEvents failed"), "{said:?}");
    }
}
