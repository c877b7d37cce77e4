//! Tasks: `RunTask`, `StopTask`, `ListTasks`, `DescribeTasks`.

mod course;
mod interface;
pub(super) mod life;
pub(super) mod obstacle;

use serde_json::json;

use super::{
    Region, arn,
    cluster::{self, Cluster},
    definition::{LAUNCH_TYPES, TAGS},
    launch::Launch,
    members::{self, Members, invalid},
    needs::Needs,
    page::{Element, Order, page},
    placement::{Unplaced, place},
    revision, service,
    shape::{
        Member,
        Shape::{Choice, Flag, Integer, List, Opaque, Text},
        check, optional, required,
    },
    tag::{self, Tags},
};
use crate::{
    Answer, Context, Refusal, World,
    service::{Input, Outcome},
};
use life::{Start, Task, fresh_id};
use obstacle::{obstacle, refused_role, refused_role_message};

const RUN: &[Member] = &[
    required("taskDefinition", Text),
    optional("cluster", Text),
    optional("count", Integer),
    optional("launchType", Choice(LAUNCH_TYPES)),
    optional("capacityProviderStrategy", Opaque),
    optional("networkConfiguration", Opaque),
    optional("group", Text),
    optional("startedBy", Text),
    optional("propagateTags", Choice(&["TASK_DEFINITION", "NONE"])),
    optional("enableECSManagedTags", Flag),
    optional("enableExecuteCommand", Flag),
    optional("tags", TAGS),
];
const STOP: &[Member] = &[
    optional("cluster", Text),
    required("task", Text),
    optional("reason", Text),
];
const LIST: &[Member] = &[
    optional("cluster", Text),
    optional("family", Text),
    optional("serviceName", Text),
    optional("startedBy", Text),
    optional("desiredStatus", Choice(&["RUNNING", "PENDING", "STOPPED"])),
    optional("launchType", Choice(LAUNCH_TYPES)),
    optional("nextToken", Text),
    optional("maxResults", Integer),
];
const DESCRIBE: &[Member] = &[
    optional("cluster", Text),
    required("tasks", List(&Text)),
    optional("include", List(&Choice(&["TAGS"]))),
];

/// `RunTask`.
pub(super) fn run(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let input = check(input, RUN, "InvalidParameterException")?;
    let tags = tag::parse(&input, |message| invalid(message))?;
    // API reference, RunTask, count.
    let count = input.integer("count").unwrap_or(1);
    if !(1..=10).contains(&count) {
        return Err(invalid("count should be between 1 and 10."));
    }
    let launch = Launch::new(&input)?;
    let ids: Vec<String> = (0..count).map(|_| fresh_id(world)).collect();
    let region = world.ecs.region(cx);
    let cluster = arn::cluster_name(cx, input.text("cluster"))?;
    cluster::named(region, cx, &input)?;
    let name = input.text("taskDefinition").unwrap_or_default();
    let revision = revision::usable(region, cx, name)?.clone();
    launch.check(&input, &revision)?;
    if let Some(role) = refused_role(world, cx, &revision.definition) {
        return Err(members::client(refused_role_message(role)));
    }
    let obstacle = obstacle(world, cx, &revision.definition, &launch);
    let region = world.ecs.region(cx);
    let propagated = match input.text("propagateTags") {
        Some("TASK_DEFINITION") => revision.tags.clone(),
        Some(_) | None => None,
    };
    let tags = merged(propagated, tags);
    let in_cluster = cluster::named(region, cx, &input)?;
    let needs = Needs::of(&revision.definition);
    let (mut tasks, mut failures) = (Vec::new(), Vec::new());
    for id in ids {
        let place = if launch.is_fargate() {
            None
        } else {
            let Cluster {
                instances, tasks, ..
            } = &*in_cluster;
            match place(
                instances,
                tasks,
                &launch.launch_type,
                &needs,
                None,
                cx.now_millis,
            ) {
                Ok(place) => Some(place),
                Err(Unplaced::Lacks(arn, lack)) => {
                    failures.push(json!({"arn": arn, "reason": lack.failure()}));
                    continue;
                }
                Err(Unplaced::NoInstance | Unplaced::Taken) => {
                    let message = "No Container Instances were found in your cluster.";
                    return Err(invalid(message));
                }
            }
        };
        let start = Start {
            cluster: &cluster,
            revision: &revision,
            launch: &launch,
            group: input.text("group").map(str::to_owned),
            started_by: input.text("startedBy").map(str::to_owned),
            tags: tags.clone(),
            place,
            obstacle: obstacle.clone(),
        };
        let task = Task::start(cx, &id, start);
        tasks.push(task.shown(cx.now_millis, true));
        in_cluster.tasks.insert(id, task);
    }
    Ok(Answer::ok(json!({ "tasks": tasks, "failures": failures })))
}

/// Tags of two origins; the second wins.
fn merged(first: Tags, second: Tags) -> Tags {
    match (first, second) {
        (Some(mut first), Some(second)) => {
            first.extend(second);
            Some(first)
        }
        (first, second) => first.or(second),
    }
}

/// `StopTask`.
pub(super) fn stop(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let input = check(input, STOP, "InvalidParameterException")?;
    let cluster = cluster::named(region, cx, &input)?;
    let id = arn::last_segment(cx, input.text("task").unwrap_or_default(), "task")?;
    let task = cluster.tasks.get_mut(id);
    let task = task.ok_or_else(|| invalid("The referenced task was not found."))?;
    let reason = input.text("reason").unwrap_or("Task stopped by user");
    task.stop(cx.now_millis, "UserInitiated", reason);
    Ok(Answer::ok(
        json!({ "task": task.shown(cx.now_millis, true) }),
    ))
}

/// `ListTasks`: running tasks unless others are asked for; PENDING is never a desired status (API
/// reference, `ListTasks`).
pub(super) fn list(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let input = check(input, LIST, "InvalidParameterException")?;
    let cluster = cluster::named(region, cx, &input)?;
    if let Some(name) = input.text("serviceName")
        && !cluster
            .services
            .contains_key(arn::last_segment(cx, name, "service")?)
    {
        return Err(service::not_found());
    }
    let elements = listed(cluster, cx, &input)?;
    page(&input, "taskArns", elements, Order::Ascending).map(Answer::ok)
}

fn listed(cluster: &Cluster, cx: &Context<'_>, input: &Input) -> Result<Vec<Element>, Refusal> {
    let service = input.text("serviceName");
    let group = match service {
        Some(name) => Some(format!(
            "service:{}",
            arn::last_segment(cx, name, "service")?
        )),
        None => None,
    };
    let wanted = input.text("desiredStatus").unwrap_or("RUNNING");
    let same = |name: &str, value: &str| input.text(name).is_none_or(|wanted| wanted == value);
    let tasks = cluster.tasks.values().filter(|task| {
        let desired = if task.is_stopped() {
            "STOPPED"
        } else {
            "RUNNING"
        };
        desired == wanted
            && same("family", &task.family)
            && same("launchType", &task.launch_type)
            && same("startedBy", task.started_by.as_deref().unwrap_or_default())
            && group.as_ref().is_none_or(|group| *group == task.group)
    });
    Ok(tasks
        .map(|task| Element::plain(task.arn.as_str()))
        .collect())
}

/// `DescribeTasks`.
pub(super) fn describe(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let input = check(input, DESCRIBE, "InvalidParameterException")?;
    let with_tags = input.texts("include").any(|field| field == "TAGS");
    let cluster = cluster::named(region, cx, &input)?;
    match input.list("tasks").len() {
        0 => return Err(invalid("Tasks cannot be empty.")),
        // API reference, DescribeTasks, tasks.
        count if count > 100 => return Err(invalid("Specify up to 100 tasks.")),
        _ => {}
    }
    let (mut tasks, mut failures) = (Vec::new(), Vec::new());
    for text in input.texts("tasks") {
        let id = arn::last_segment(cx, text, "task")?;
        match cluster.tasks.get(id) {
            Some(task) => tasks.push(task.shown(cx.now_millis, with_tags)),
            None => failures.push(json!({
                "arn": cluster.arn.replacen(":cluster/", ":task/", 1) + "/" + id,
                "reason": "MISSING",
            })),
        }
    }
    Ok(Answer::ok(json!({ "tasks": tasks, "failures": failures })))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::ecs::fixture::{ARN, Sandbox, fargate, network};

    #[test]
    fn tasks_run_and_stop() {
        let mut sandbox = Sandbox::new();
        sandbox.call("CreateCluster", &json!({}));
        let mut input = fargate("f");
        input["tags"] = json!([{"key": "a", "value": "1"}]);
        sandbox.call("RegisterTaskDefinition", &input);
        let run = json!({
            "taskDefinition": "f", "launchType": "FARGATE", "count": 2, "startedBy": "me", "networkConfiguration": network(),
            "propagateTags": "TASK_DEFINITION", "tags": [{"key": "b", "value": "2"}],
        });
        let started = sandbox.call("RunTask", &run);
        assert_eq!(started["failures"], json!([]));
        let task = started["tasks"][0].clone();
        assert_eq!(task["group"], "family:f");
        assert_eq!(task["ephemeralStorage"], json!({"sizeInGiB": 20}));
        assert_eq!(task["lastStatus"], "PROVISIONING");
        assert_eq!(task["containers"][0]["image"], "nginx");
        assert_eq!(
            task["tags"],
            json!([{"key": "a", "value": "1"}, {"key": "b", "value": "2"}])
        );
        let named = json!({"tasks": [task["taskArn"], "nothing"]});
        sandbox.now_millis += 1_000;
        assert_eq!(
            sandbox.call("DescribeTasks", &named)["tasks"][0]["lastStatus"],
            "PENDING"
        );
        sandbox.now_millis += 2_000;
        let running = sandbox.call("DescribeTasks", &named);
        assert_eq!(running["tasks"][0]["lastStatus"], "RUNNING");
        assert_eq!(running["tasks"][0]["startedAt"], json!(1_700_000_003.0));
        assert_eq!(
            running["failures"],
            json!([{"arn": format!("{ARN}:task/default/nothing"), "reason": "MISSING"}])
        );
        for filter in [
            json!({"family": "f"}),
            json!({"startedBy": "me"}),
            json!({"launchType": "FARGATE"}),
        ] {
            let found = sandbox.call("ListTasks", &filter);
            assert_eq!(
                found["taskArns"].as_array().map(Vec::len),
                Some(2),
                "{filter}"
            );
        }
        assert_eq!(
            sandbox.call("ListTasks", &json!({"family": "g"})),
            json!({"taskArns": []})
        );
        sandbox.refuses(
            "ListTasks",
            &json!({"serviceName": "s"}),
            "ServiceNotFoundException",
        );
        sandbox.refuses(
            "DeleteCluster",
            &json!({"cluster": "default"}),
            "ClusterContainsTasksException",
        );
        let stopped = sandbox.call(
            "StopTask",
            &json!({"task": task["taskArn"], "reason": "enough"}),
        );
        assert_eq!(stopped["task"]["lastStatus"], "STOPPING");
        assert_eq!(stopped["task"]["desiredStatus"], "STOPPED");
        assert_eq!(stopped["task"]["stoppedReason"], "enough");
        for expected in ["DEPROVISIONING", "STOPPED"] {
            sandbox.now_millis += 1_000;
            let stopped = sandbox.call("DescribeTasks", &named)["tasks"][0].clone();
            assert_eq!(stopped["lastStatus"], expected);
            assert_eq!(stopped.get("stoppedAt").is_some(), expected == "STOPPED");
        }
        sandbox.refuses(
            "StopTask",
            &json!({"task": "nothing"}),
            "InvalidParameterException",
        );
        let none = json!({"taskArns": []});
        for filter in [json!({"startedBy": "you"}), json!({"launchType": "EC2"})] {
            assert_eq!(sandbox.call("ListTasks", &filter), none, "{filter}");
        }
        let many: Vec<String> = (0..101).map(|n| n.to_string()).collect();
        sandbox.call("DescribeTasks", &json!({"tasks": many[..100]}));
        let many = json!({ "tasks": many });
        sandbox.refuses("DescribeTasks", &many, "InvalidParameterException");
        let wrong = [
            (
                json!({"taskDefinition": "f", "count": 11}),
                "InvalidParameterException",
            ),
            (
                json!({"taskDefinition": "f", "networkConfiguration": network()}),
                "InvalidParameterException",
            ),
            (json!({"taskDefinition": "g"}), "ClientException"),
            (json!({}), "InvalidParameterException"),
        ];
        for (input, code) in wrong {
            sandbox.refuses("RunTask", &input, code);
        }
    }

    #[test]
    fn what_running_tasks_demands() {
        let mut sandbox = Sandbox::new();
        sandbox.call("CreateCluster", &json!({}));
        sandbox.register("f");
        let mut small = fargate("e");
        small["requiresCompatibilities"] = json!(["EC2"]);
        small["cpu"] = json!(null);
        sandbox.call("RegisterTaskDefinition", &small);
        let run = |family: &str, count: u32, subnets: usize, groups: usize| {
            json!({
                "taskDefinition": family, "launchType": "FARGATE", "count": count,
                "networkConfiguration": {"awsvpcConfiguration": {
                    "subnets": vec!["subnet-1"; subnets], "securityGroups": vec!["sg-1"; groups]}},
            })
        };
        sandbox.call("RunTask", &run("f", 10, 16, 5));
        let cases = [
            (run("f", 11, 1, 0), "count should be between 1 and 10."),
            (run("f", 0, 1, 0), "count should be between 1 and 10."),
            (run("f", 1, 0, 0), "subnets can not be empty."),
            (run("f", 1, 17, 0), "subnets can have at most 16 items."),
            (
                run("f", 1, 1, 6),
                "securityGroups can have at most 5 items.",
            ),
            (
                run("e", 1, 1, 0),
                "Task definition does not support launch_type FARGATE.",
            ),
        ];
        for (input, message) in cases {
            let refusal = sandbox.refusal("RunTask", &input);
            let expected = (400, "InvalidParameterException", message.to_owned());
            assert_eq!(refusal, expected, "{input}");
        }
    }
}
