//! How a service comes to run what it wants: its deployments and their tasks as time passes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    launch::Launch,
    members::Members,
    revision::Revision,
    service::{Service, Status},
    tag::Tags,
    task::life::{Start, Task},
};
use crate::Context;

/// How long the tasks of a deleted service take to stop. The time is the sandbox's: on AWS it
/// depends on the containers.
const DRAINED_MILLIS: u64 = 3_000;

/// One version of a service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Deployment {
    /// `ecs-svc/` and a number.
    pub(super) id: String,
    /// The ARN of the revision that it runs.
    pub(super) task_definition: String,
    /// Milliseconds since 1970.
    pub(super) created_at: u64,
}

/// The tasks of a cluster by id.
type Tasks = BTreeMap<String, Task>;

impl Service {
    /// The deployment that the service wants: the newest.
    pub(super) fn primary(&self) -> &Deployment {
        self.deployments
            .first()
            .expect("a service is created with a deployment and keeps the newest")
    }

    /// The revisions that a service which isn't gone refers to.
    pub(super) fn revisions_in_use(&self) -> Vec<String> {
        match self.status {
            Status::Active | Status::Draining => {
                let revisions = self.deployments.iter();
                revisions
                    .map(|deployment| deployment.task_definition.clone())
                    .collect()
            }
            Status::Inactive => Vec::new(),
        }
    }

    /// Lets time pass: earlier deployments end when the newest runs as many tasks as the service
    /// wants, and a draining service is inactive when its tasks have stopped (API reference,
    /// `DeleteService`).
    pub(super) fn settle(&mut self, tasks: &mut Tasks, now_millis: u64) {
        match self.status {
            Status::Active if self.deployments.len() > 1 => {
                let running = count(tasks, &self.primary().id, now_millis, &["RUNNING"]);
                if running >= self.desired_count {
                    for old in self.deployments.split_off(1) {
                        stop_tasks(tasks, &old.id, 0, now_millis);
                    }
                }
            }
            Status::Draining => {
                let since = self.draining_since.unwrap_or_default();
                if now_millis >= since + DRAINED_MILLIS {
                    self.status = Status::Inactive;
                }
            }
            Status::Active | Status::Inactive => {}
        }
    }

    /// Stops all tasks, because the service is deleted.
    pub(super) fn drain(&mut self, tasks: &mut Tasks, now_millis: u64) {
        for deployment in &self.deployments {
            stop_tasks(tasks, &deployment.id, 0, now_millis);
        }
        self.status = Status::Draining;
        self.draining_since = Some(now_millis);
    }

    /// Starts or stops tasks of the newest deployment until there are as many as the service wants.
    /// `ids` are fresh.
    pub(super) fn scale(
        &self,
        cx: &Context<'_>,
        tasks: &mut Tasks,
        revision: &Revision,
        ids: Vec<String>,
    ) {
        let primary = self.primary();
        let launch = self.launch();
        stop_tasks(tasks, &primary.id, self.desired_count, cx.now_millis);
        let present = alive(tasks, &primary.id).count();
        let wanted = if launch.finds_capacity() {
            self.desired_count
        } else {
            0
        };
        for id in ids.into_iter().take(wanted.saturating_sub(present)) {
            let start = Start {
                cluster: self.cluster_name(),
                revision,
                launch: &launch,
                group: Some(format!("service:{}", self.name)),
                started_by: Some(primary.id.clone()),
                tags: self.propagated_tags(revision),
            };
            let task = Task::start(cx, &id, start);
            tasks.insert(id, task);
        }
    }

    /// Whether fewer tasks of the newest deployment are there than the service wants, although
    /// there is place for them.
    pub(super) fn lacks_tasks(&self, tasks: &Tasks) -> bool {
        self.status == Status::Active
            && self.launch().finds_capacity()
            && alive(tasks, &self.primary().id).count() < self.desired_count
    }

    fn launch(&self) -> Launch {
        Launch::new(&self.choices).expect("the choices were checked when the service was created")
    }

    fn propagated_tags(&self, revision: &Revision) -> Tags {
        match self.choices.text("propagateTags") {
            Some("TASK_DEFINITION") => revision.tags.clone(),
            Some("SERVICE") => self.tags.clone(),
            Some(_) | None => None,
        }
    }

    /// The deployments as the API shows them, newest first.
    pub(super) fn shown_deployments(&self, tasks: &Tasks, now_millis: u64) -> Vec<Value> {
        let deployments = self.deployments.iter().enumerate();
        let shown = deployments.map(|(index, deployment)| {
            let running = count(tasks, &deployment.id, now_millis, &["RUNNING"]);
            let pending = count(tasks, &deployment.id, now_millis, PENDING);
            let desired = if index == 0 {
                self.desired_count
            } else {
                running
            };
            let done = index > 0 || running >= desired && self.deployments.len() == 1;
            let (state, words) = if done {
                ("COMPLETED", "completed")
            } else {
                ("IN_PROGRESS", "in progress")
            };
            let mut shown = json!({
                "id": deployment.id,
                "status": if index == 0 { "PRIMARY" } else { "ACTIVE" },
                "taskDefinition": deployment.task_definition,
                "desiredCount": desired,
                "pendingCount": pending,
                "runningCount": running,
                "failedTasks": 0,
                "createdAt": super::seconds(deployment.created_at),
                "updatedAt": super::seconds(deployment.created_at),
                "rolloutState": state,
                "rolloutStateReason": format!("ECS deployment {} {words}.", deployment.id),
            });
            for member in SHARED {
                if let Some(value) = self.choices.get(*member) {
                    shown[member] = value.clone();
                }
            }
            self.show_platform(&mut shown);
            shown
        });
        shown.collect()
    }

    /// Adds where the service runs. A platform version belongs to Fargate only (API reference,
    /// `CreateService`, platformVersion).
    pub(super) fn show_platform(&self, shown: &mut Value) {
        let launch = self.launch();
        if launch.capacity_provider.is_none() {
            shown["launchType"] = json!(launch.launch_type);
        }
        if launch.finds_capacity() {
            let version = self.choices.text("platformVersion").unwrap_or("LATEST");
            shown["platformVersion"] = json!(version);
            shown["platformFamily"] = json!("Linux");
        }
    }

    /// How many tasks of all deployments run, and how many are about to.
    pub(super) fn counts(&self, tasks: &Tasks, now_millis: u64) -> (usize, usize) {
        let sum = |states: &[&str]| -> usize {
            let deployments = self.deployments.iter();
            deployments
                .map(|d| count(tasks, &d.id, now_millis, states))
                .sum()
        };
        (sum(&["RUNNING"]), sum(PENDING))
    }
}

/// What a deployment repeats of its service.
const SHARED: &[&str] = &["networkConfiguration", "capacityProviderStrategy"];

const PENDING: &[&str] = &["PROVISIONING", "PENDING"];

fn alive<'a>(tasks: &'a Tasks, deployment: &str) -> impl Iterator<Item = &'a Task> {
    tasks
        .values()
        .filter(move |task| task.started_by.as_deref() == Some(deployment) && !task.is_stopped())
}

fn count(tasks: &Tasks, deployment: &str, now_millis: u64, states: &[&str]) -> usize {
    alive(tasks, deployment)
        .filter(|task| states.contains(&task.status(now_millis)))
        .count()
}

/// Stops tasks of a deployment until `keep` are left.
fn stop_tasks(tasks: &mut Tasks, deployment: &str, keep: usize, now_millis: u64) {
    let of_deployment = tasks
        .values_mut()
        .filter(|task| task.started_by.as_deref() == Some(deployment) && !task.is_stopped());
    for task in of_deployment.skip(keep) {
        let reason = format!("Scaling activity initiated by (deployment {deployment})");
        task.stop(now_millis, "ServiceSchedulerInitiated", &reason);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use crate::ecs::fixture::{ARN, Sandbox};

    #[test]
    fn a_service_converges_and_rolls_over_to_a_new_revision() {
        let mut sandbox = Sandbox::new();
        sandbox.call("CreateCluster", &json!({}));
        let (first, second) = (sandbox.register("f"), sandbox.register("f"));
        let created = sandbox.create_service("s", &first, 2);
        assert_eq!(
            created["serviceArn"],
            json!(format!("{ARN}:service/default/s"))
        );
        assert_eq!(
            (&created["runningCount"], &created["pendingCount"]),
            (&json!(0), &json!(2))
        );
        assert_eq!(created["deployments"][0]["rolloutState"], "IN_PROGRESS");
        sandbox.now_millis += 3_000;
        let running = sandbox.service("s");
        assert_eq!(
            (&running["runningCount"], &running["pendingCount"]),
            (&json!(2), &json!(0))
        );
        assert_eq!(running["deployments"][0]["rolloutState"], "COMPLETED");
        assert_eq!(running["taskDefinition"], json!(first));

        let update = json!({"service": "s", "taskDefinition": "f"});
        let updated = sandbox.call("UpdateService", &update)["service"].clone();
        let deployments = |service: &Value| -> Vec<(String, String)> {
            let deployments = service["deployments"].as_array().expect("a list").iter();
            let text = |value: &Value| value.as_str().expect("a string").to_owned();
            deployments
                .map(|d| (text(&d["status"]), text(&d["taskDefinition"])))
                .collect()
        };
        assert_eq!(
            deployments(&updated),
            [
                ("PRIMARY".to_owned(), second.clone()),
                ("ACTIVE".to_owned(), first.clone())
            ]
        );
        assert_eq!(
            sandbox.world.ecs.regions["us-east-1"].revisions_in_use(),
            BTreeSet::from([first.clone(), second.clone()])
        );
        sandbox.now_millis += 3_000;
        let done = sandbox.service("s");
        assert_eq!(deployments(&done), [("PRIMARY".to_owned(), second.clone())]);
        assert_eq!(done["runningCount"], 2);
        assert_eq!(
            sandbox.world.ecs.regions["us-east-1"].revisions_in_use(),
            BTreeSet::from([second])
        );
        // The same revision once more is no deployment, unless it is forced.
        sandbox.call("UpdateService", &update);
        assert_eq!(
            sandbox.service("s")["deployments"].as_array().map(Vec::len),
            Some(1)
        );
        let forced = json!({"service": "s", "forceNewDeployment": true});
        let forced = sandbox.call("UpdateService", &forced);
        assert_eq!(
            forced["service"]["deployments"].as_array().map(Vec::len),
            Some(2)
        );
    }

    #[test]
    fn a_service_without_instances_waits() {
        let mut sandbox = Sandbox::new();
        sandbox.call("CreateCluster", &json!({}));
        let container = json!([{"name": "app", "image": "nginx", "memory": 128}]);
        sandbox.call(
            "RegisterTaskDefinition",
            &json!({"family": "e", "containerDefinitions": container}),
        );
        let input = json!({"serviceName": "s", "taskDefinition": "e", "desiredCount": 1});
        let service = sandbox.call("CreateService", &input)["service"].clone();
        assert_eq!(service["launchType"], "EC2");
        assert_eq!(service.get("platformVersion"), None);
        sandbox.now_millis += 60_000;
        let later = sandbox.service("s");
        assert_eq!(
            (&later["runningCount"], &later["pendingCount"]),
            (&json!(0), &json!(0))
        );
        assert_eq!(later["deployments"][0]["rolloutState"], "IN_PROGRESS");
    }

    #[test]
    fn a_service_replaces_a_task_that_was_stopped() {
        let mut sandbox = Sandbox::new();
        sandbox.call("CreateCluster", &json!({}));
        sandbox.register("f");
        sandbox.create_service("s", "f", 1);
        let before = sandbox.call("ListTasks", &json!({"serviceName": "s"}));
        sandbox.call("StopTask", &json!({"task": before["taskArns"][0]}));
        let after = sandbox.call("ListTasks", &json!({"serviceName": "s"}));
        assert_eq!(after["taskArns"].as_array().map(Vec::len), Some(1));
        assert_ne!(after, before);
    }
}
