//! Why the tasks of a revision did not stay.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{DesiredStatus, Task};

use crate::{aws::Aws, kinds::live::Follow, model::call::CallError};

/// The most stopped tasks that are looked at: ECS keeps them for an hour (ECS API reference,
/// `DescribeTasks`), and `DescribeTasks` takes a hundred.
const TASKS: i32 = 100;
/// The most different reasons that are named.
const REASONS: usize = 3;

/// Why tasks of the revision stopped, the most frequent reason first. What can't be read is said
/// instead: the bad end itself matters more.
pub(super) async fn of_stopped_tasks(aws: &Aws, rollout: &Follow<'_>) -> Vec<String> {
    match stopped(aws, rollout).await {
        Ok(tasks) => reasons(&tasks, rollout),
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

fn reasons(tasks: &[Task], rollout: &Follow<'_>) -> Vec<String> {
    let of_revision = tasks.iter().filter(|task| {
        task.task_definition_arn()
            .is_some_and(|arn| rollout.is_of(arn))
    });
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
        let reason = container.reason().map(|reason| format!("{name}: {reason}"));
        code.into_iter().chain(reason)
    });
    let more: Vec<String> = of_containers.collect();
    if more.is_empty() {
        said.to_owned()
    } else {
        format!("{said} ({})", more.join("; "))
    }
}
