//! The deployments of a service: one for each revision that it runs or is about to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Service, Status, rollout::Counts};
use crate::{
    ecs::{launch::Launch, members::Members, revision::Revision, tag::Tags, task::life::Task},
    service::seconds,
};

/// One version of a service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::ecs) struct Deployment {
    /// `ecs-svc/` and a number.
    pub(super) id: String,
    /// The ARN of the revision that it runs.
    pub(super) task_definition: String,
    /// The ARN of its service revision.
    #[serde(default)]
    pub(super) revision: String,
    /// Milliseconds since 1970, as all times here.
    pub(super) created_at: u64,
    #[serde(default)]
    pub(super) updated_at: u64,
    #[serde(default)]
    pub(super) state: State,
    /// Why it is in this state, if there is more to say than which it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    /// How many tasks failed since it began.
    #[serde(default)]
    pub(super) failed_tasks: usize,
    /// How many tasks failed since the last one that served, which makes the next wait longer.
    #[serde(default)]
    pub(super) failed_in_a_row: u32,
    /// Before that no further task is started.
    #[serde(default)]
    pub(super) retry_at: u64,
}

/// `DeploymentRolloutState` of the API model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum State {
    #[default]
    InProgress,
    Completed,
    Failed,
}

/// A service revision: what a service was when a deployment of it began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct ServiceRevision {
    pub(super) arn: String,
    pub(super) task_definition: String,
    pub(super) created_at: u64,
    /// Members as the API shows them.
    pub(super) details: Map<String, Value>,
}

/// The tasks of a cluster by id.
pub(super) type Tasks = BTreeMap<String, Task>;

/// What a deployment repeats of its service.
const SHARED: &[&str] = &["networkConfiguration", "capacityProviderStrategy"];

const PENDING: &[&str] = &["PROVISIONING", "PENDING"];

impl Service {
    /// The deployment that the service wants: the newest.
    pub(super) fn primary(&self) -> &Deployment {
        self.deployments
            .first()
            .expect("a service is created with a deployment and keeps the newest")
    }

    /// The revisions that a service which isn't gone refers to: those that it runs, and the one
    /// that it goes back to if a deployment fails.
    pub(in crate::ecs) fn revisions_in_use(&self) -> Vec<String> {
        match self.status {
            Status::Active | Status::Draining => {
                let revisions = self.deployments.iter();
                let candidate = self.rollback_candidate();
                revisions
                    .map(|deployment| deployment.task_definition.clone())
                    .chain(candidate.map(|revision| revision.task_definition.clone()))
                    .collect()
            }
            Status::Inactive => Vec::new(),
        }
    }

    /// The service revision that was last deployed with success.
    pub(super) fn rollback_candidate(&self) -> Option<&ServiceRevision> {
        let completed = self.completed.as_ref()?;
        self.revisions
            .iter()
            .find(|revision| revision.arn == *completed)
    }

    pub(in crate::ecs) fn launch(&self) -> Launch {
        Launch::new(&self.choices).expect("the choices were checked when the service was created")
    }

    pub(super) fn propagated_tags(&self, revision: &Revision) -> Tags {
        match self.choices.text("propagateTags") {
            Some("TASK_DEFINITION") => revision.tags.clone(),
            Some("SERVICE") => self.tags.clone(),
            Some(_) | None => None,
        }
    }

    /// The deployments as the API shows them, newest first.
    pub(super) fn shown_deployments(&self, tasks: &Tasks, now_millis: u64) -> Vec<Value> {
        // API reference, Deployment, rolloutState: only for rolling deployments.
        let is_rolling = self.strategy().is_rolling;
        let deployments = self.deployments.iter().enumerate();
        let shown = deployments.map(|(index, deployment)| {
            let running = count(tasks, &deployment.id, now_millis, &["RUNNING"]);
            let desired = if index == 0 {
                self.desired_count
            } else {
                running
            };
            let mut shown = json!({
                "id": deployment.id,
                "status": if index == 0 { "PRIMARY" } else { "ACTIVE" },
                "taskDefinition": deployment.task_definition,
                "desiredCount": desired,
                "pendingCount": count(tasks, &deployment.id, now_millis, PENDING),
                "runningCount": running,
                "failedTasks": deployment.failed_tasks,
                "createdAt": seconds(deployment.created_at),
                "updatedAt": seconds(deployment.updated_at.max(deployment.created_at)),
            });
            if is_rolling {
                shown["rolloutState"] = json!(deployment.state);
                shown["rolloutStateReason"] = json!(deployment.state_reason());
            }
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
        if launch.is_fargate() {
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

    /// How many tasks a service revision has.
    pub(super) fn revision_counts(&self, arn: &str, tasks: &Tasks, now_millis: u64) -> Counts {
        let Some(index) = self.deployments.iter().position(|d| d.revision == arn) else {
            return Counts::default();
        };
        let id = &self.deployments[index].id;
        Counts {
            requested: if index == 0 {
                self.desired_count
            } else {
                alive(tasks, id).count()
            },
            running: count(tasks, id, now_millis, &["RUNNING"]),
            pending: count(tasks, id, now_millis, PENDING),
        }
    }

    /// `currentServiceRevisions`: those that have tasks, and the wanted one.
    pub(super) fn shown_revisions(&self, tasks: &Tasks, now_millis: u64) -> Vec<Value> {
        let known = self.deployments.iter().filter(|d| !d.revision.is_empty());
        known
            .map(|deployment| {
                let counts = self.revision_counts(&deployment.revision, tasks, now_millis);
                json!({
                    "arn": deployment.revision,
                    "requestedTaskCount": counts.requested,
                    "runningTaskCount": counts.running,
                    "pendingTaskCount": counts.pending,
                })
            })
            .collect()
    }
}

impl Deployment {
    fn state_reason(&self) -> String {
        let id = &self.id;
        self.reason.clone().unwrap_or_else(|| match self.state {
            State::InProgress => format!("ECS deployment {id} in progress."),
            State::Completed => format!("ECS deployment {id} completed."),
            State::Failed => format!("ECS deployment {id} failed."),
        })
    }
}

/// The tasks of a deployment that nobody has stopped.
pub(super) fn alive<'a>(tasks: &'a Tasks, deployment: &str) -> impl Iterator<Item = &'a Task> {
    tasks
        .values()
        .filter(move |task| task.started_by.as_deref() == Some(deployment) && !task.is_stopped())
}

fn count(tasks: &Tasks, deployment: &str, now_millis: u64, states: &[&str]) -> usize {
    alive(tasks, deployment)
        .filter(|task| states.contains(&task.status(now_millis)))
        .count()
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
            sandbox.world.ecs.regions["us-east-1"].revisions_in_use(sandbox.now_millis),
            BTreeSet::from([first.clone(), second.clone()])
        );
        sandbox.now_millis += 3_000;
        let done = sandbox.service("s");
        assert_eq!(deployments(&done), [("PRIMARY".to_owned(), second.clone())]);
        assert_eq!(done["runningCount"], 2);
        // Tasks that are stopping still use their revision.
        sandbox.now_millis += 2_000;
        assert_eq!(
            sandbox.world.ecs.regions["us-east-1"].revisions_in_use(sandbox.now_millis),
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
