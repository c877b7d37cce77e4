//! A task and how it lives.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    Context, World,
    ecs::{
        arn,
        launch::Launch,
        members::Members,
        revision::Revision,
        tag::{self, Tags},
    },
    service::seconds,
};

/// How long a task is PROVISIONING, counted from its creation.
const PROVISIONED_MILLIS: u64 = 1_000;

/// When a task is RUNNING, counted from its creation. The times are the sandbox's: on AWS they
/// depend on the image.
const RUNNING_MILLIS: u64 = 3_000;

/// How long a stopped task is shown, at the least (API reference, `DescribeTasks`).
const FORGOTTEN_MILLIS: u64 = 3_600_000;

/// One task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::ecs) struct Task {
    pub(in crate::ecs) arn: String,
    cluster_arn: String,
    pub(in crate::ecs) definition_arn: String,
    pub(super) family: String,
    /// `family:NAME` or `service:NAME`.
    pub(super) group: String,
    pub(super) launch_type: String,
    /// The id of the deployment that started it, or what the caller gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::ecs) started_by: Option<String>,
    /// Members that follow from the request and the task definition, as the API shows them.
    details: Map<String, Value>,
    /// Milliseconds since 1970.
    created_at: u64,
    /// When and why it was stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stopped: Option<Stopped>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::ecs) tags: Tags,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Stopped {
    at_millis: u64,
    code: String,
    reason: String,
}

/// What a new task is made from.
pub(in crate::ecs) struct Start<'a> {
    pub(in crate::ecs) cluster: &'a str,
    pub(in crate::ecs) revision: &'a Revision,
    pub(in crate::ecs) launch: &'a Launch,
    pub(in crate::ecs) group: Option<String>,
    pub(in crate::ecs) started_by: Option<String>,
    pub(in crate::ecs) tags: Tags,
}

impl Task {
    /// Starts a task with the given id.
    pub(in crate::ecs) fn start(cx: &Context<'_>, id: &str, start: Start<'_>) -> Self {
        let definition = &start.revision.definition;
        let family = definition.text("family").unwrap_or_default().to_owned();
        let task_arn = arn::arn(cx, &format!("task/{}/{id}", start.cluster));
        let containers: Vec<Value> = definition
            .objects("containerDefinitions")
            .map(|container| {
                json!({
                    "taskArn": task_arn, "name": container["name"], "image": container["image"],
                    "networkInterfaces": [], "cpu": container["cpu"].to_string(),
                })
            })
            .collect();
        let mut details = Map::new();
        details.insert("containers".to_owned(), Value::from(containers));
        for member in ["cpu", "memory", "ephemeralStorage"] {
            if let Some(value) = definition.get(member) {
                details.insert(member.to_owned(), value.clone());
            }
        }
        if start.launch.finds_capacity() {
            // API reference, `EphemeralStorage`: what Fargate gives without being asked.
            let storage = details.entry("ephemeralStorage");
            storage.or_insert_with(|| json!({"sizeInGiB": 20}));
        }
        if let Some(provider) = &start.launch.capacity_provider {
            details.insert("capacityProviderName".to_owned(), json!(provider));
        }
        Self {
            cluster_arn: arn::arn(cx, &format!("cluster/{}", start.cluster)),
            definition_arn: start.revision.arn(),
            group: start.group.unwrap_or_else(|| format!("family:{family}")),
            launch_type: start.launch.launch_type.clone(),
            started_by: start.started_by,
            created_at: cx.now_millis,
            stopped: None,
            tags: start.tags,
            arn: task_arn,
            family,
            details,
        }
    }

    /// Stops the task, if it isn't stopped already.
    pub(in crate::ecs) fn stop(&mut self, now_millis: u64, code: &str, reason: &str) {
        self.stopped.get_or_insert_with(|| Stopped {
            at_millis: now_millis,
            code: code.to_owned(),
            reason: reason.to_owned(),
        });
    }

    /// Whether the task has been stopped.
    pub(in crate::ecs) fn is_stopped(&self) -> bool {
        self.stopped.is_some()
    }

    /// Whether the task stopped so long ago that it is no longer shown.
    pub(in crate::ecs) fn is_forgotten(&self, now_millis: u64) -> bool {
        let stopped = self.stopped.as_ref();
        stopped.is_some_and(|stopped| now_millis >= stopped.at_millis + FORGOTTEN_MILLIS)
    }

    /// The last known status (developer guide, Amazon ECS task lifecycle).
    pub(in crate::ecs) fn status(&self, now_millis: u64) -> &'static str {
        let age = now_millis.saturating_sub(self.created_at);
        match self.stopped {
            Some(_) => "STOPPED",
            None if age < PROVISIONED_MILLIS => "PROVISIONING",
            None if age < RUNNING_MILLIS => "PENDING",
            None => "RUNNING",
        }
    }

    /// The task as the API shows it.
    pub(super) fn shown(&self, now_millis: u64, with_tags: bool) -> Value {
        let status = self.status(now_millis);
        let mut shown = json!({
            "taskArn": self.arn,
            "clusterArn": self.cluster_arn,
            "taskDefinitionArn": self.definition_arn,
            "group": self.group,
            "launchType": self.launch_type,
            "platformVersion": "1.4.0",
            "platformFamily": "Linux",
            "lastStatus": status,
            "desiredStatus": if self.is_stopped() { "STOPPED" } else { "RUNNING" },
            "healthStatus": "UNKNOWN",
            "createdAt": seconds(self.created_at),
            "attachments": [],
            "attributes": [],
            "enableExecuteCommand": false,
            "inferenceAccelerators": [],
            "overrides": {"containerOverrides": [], "inferenceAcceleratorOverrides": []},
            "version": 1,
            "tags": if with_tags { tag::listed(&self.tags) } else { json!([]) },
        });
        for (member, value) in &self.details {
            shown[member] = value.clone();
        }
        for container in shown["containers"].as_array_mut().into_iter().flatten() {
            container["lastStatus"] = json!(status);
        }
        if let Some(started_by) = &self.started_by {
            shown["startedBy"] = json!(started_by);
        }
        if let Some(stopped) = &self.stopped {
            shown["stoppedAt"] = seconds(stopped.at_millis);
            shown["stoppingAt"] = seconds(stopped.at_millis);
            shown["stopCode"] = json!(stopped.code);
            shown["stoppedReason"] = json!(stopped.reason);
        }
        let started_at = self.created_at + RUNNING_MILLIS;
        let ended_at = self
            .stopped
            .as_ref()
            .map_or(now_millis, |stopped| stopped.at_millis);
        if started_at <= ended_at {
            shown["startedAt"] = seconds(started_at);
        }
        shown
    }
}

/// The id of a new task: 32 hexadecimal digits.
pub(in crate::ecs) fn fresh_id(world: &mut World) -> String {
    format!("{:016x}{:016x}", world.fresh(), world.fresh())
}
