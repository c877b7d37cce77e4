//! A task and how it lives.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    Context, World,
    ecs::{
        arn,
        launch::Launch,
        members::Members,
        needs::Place,
        revision::Revision,
        tag::{self, Tags},
        task::{
            course::{self, Course},
            interface,
        },
    },
    service::seconds,
};

/// How long the containers of a stopped task take to end, and how long its network then takes to
/// go. The times are the sandbox's: on AWS they depend on the containers.
const STOPPING_MILLIS: u64 = 1_000;
const DEPROVISIONING_MILLIS: u64 = 1_000;

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
    pub(in crate::ecs) group: String,
    pub(in crate::ecs) launch_type: String,
    /// Where it runs, if that is a container instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    place: Option<Place>,
    /// The id of the deployment that started it, or what the caller gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::ecs) started_by: Option<String>,
    /// Members that follow from the request and the task definition, as the API shows them.
    details: Map<String, Value>,
    /// Milliseconds since 1970.
    created_at: u64,
    /// What becomes of it if nobody stops it.
    #[serde(default)]
    course: Course,
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

/// A task as what runs in it sees it.
#[derive(Clone, Debug)]
pub(crate) struct TaskView<'a> {
    pub(crate) arn: &'a str,
    pub(crate) cluster: &'a str,
    pub(crate) cluster_arn: &'a str,
    pub(crate) service: Option<&'a str>,
    pub(crate) family: &'a str,
    pub(crate) revision: String,
    pub(crate) launch_type: &'a str,
    pub(crate) definition: &'a Map<String, Value>,
    /// When its containers ran: milliseconds since 1970, as all times here.
    pub(crate) started: u64,
    /// When they ended, if they have.
    pub(crate) ended: Option<u64>,
}

impl TaskView<'_> {
    /// The id: the end of the ARN.
    pub(crate) fn id(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or_default()
    }
}

/// What a new task is made from.
pub(in crate::ecs) struct Start<'a> {
    pub(in crate::ecs) cluster: &'a str,
    pub(in crate::ecs) revision: &'a Revision,
    pub(in crate::ecs) launch: &'a Launch,
    pub(in crate::ecs) group: Option<String>,
    pub(in crate::ecs) started_by: Option<String>,
    pub(in crate::ecs) tags: Tags,
    pub(in crate::ecs) place: Option<Place>,
    /// What keeps it from running.
    pub(in crate::ecs) obstacle: Option<String>,
}

impl Task {
    /// Starts a task with the given id.
    pub(in crate::ecs) fn start(cx: &Context<'_>, id: &str, start: Start<'_>) -> Self {
        let definition = &start.revision.definition;
        let family = definition.text("family").unwrap_or_default().to_owned();
        let task_arn = arn::arn(cx, &format!("task/{}/{id}", start.cluster));
        let interface = interface::of(definition, start.launch, id);
        let interfaces: Vec<&Value> = interface.iter().map(|[_, shown]| shown).collect();
        let containers: Vec<Value> = definition
            .objects("containerDefinitions")
            .enumerate()
            .map(|(index, container)| {
                let arn = format!("container/{}/{id}/{index:08x}", start.cluster);
                json!({
                    "containerArn": arn::arn(cx, &arn), "taskArn": task_arn,
                    "name": container["name"], "image": container["image"],
                    "networkInterfaces": interfaces, "cpu": container["cpu"].to_string(),
                })
            })
            .collect();
        let mut details = Map::new();
        details.insert("containers".to_owned(), Value::from(containers));
        if let Some([attachment, _]) = interface {
            details.insert("attachments".to_owned(), json!([attachment]));
        }
        for member in ["cpu", "memory", "ephemeralStorage"] {
            if let Some(value) = definition.get(member) {
                details.insert(member.to_owned(), value.clone());
            }
        }
        if start.launch.is_fargate() {
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
            place: start.place,
            started_by: start.started_by,
            created_at: cx.now_millis,
            course: Course::of(definition, start.obstacle),
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

    /// Stops the task as its course has it, if that has happened by `now_millis`.
    pub(in crate::ecs) fn follow_course(&mut self, now_millis: u64) -> bool {
        let Some(stop) = self.course.stop().filter(|_| !self.is_stopped()) else {
            return false;
        };
        let (at, code, reason) = (self.created_at + stop.at, stop.code, stop.reason.to_owned());
        if at <= now_millis {
            self.stop(at, code, &reason);
        }
        at <= now_millis
    }

    /// Returns whether the task has been stopped, although its containers may not have ended yet.
    pub(in crate::ecs) fn is_stopped(&self) -> bool {
        self.stopped.is_some()
    }

    /// What it takes of the instance with this ARN, if it is on it and anything of it is left.
    pub(in crate::ecs) fn place_on(&self, instance: &str, now_millis: u64) -> Option<&Place> {
        let place = self.place.as_ref();
        place.filter(|place| place.instance == instance && !self.is_gone(now_millis))
    }

    /// Returns whether nothing of the task is left.
    pub(in crate::ecs) fn is_gone(&self, now_millis: u64) -> bool {
        self.stopped
            .as_ref()
            .is_some_and(|stopped| now_millis >= stopped.gone_millis())
    }

    /// Whether the task stopped so long ago that it is no longer shown.
    pub(in crate::ecs) fn is_forgotten(&self, now_millis: u64) -> bool {
        let stopped = self.stopped.as_ref();
        stopped.is_some_and(|stopped| now_millis >= stopped.at_millis + FORGOTTEN_MILLIS)
    }

    /// Returns whether the task never ran before it stopped.
    pub(in crate::ecs) fn has_failed_to_start(&self) -> bool {
        self.stopped
            .as_ref()
            .is_some_and(|stopped| stopped.code == "TaskFailedToStart")
    }

    /// Returns whether the task runs and no health check is open or has failed.
    pub(in crate::ecs) fn serves(&self, now_millis: u64) -> bool {
        let at = self.course.serves_at().map(|at| self.created_at + at);
        !self.is_stopped() && at.is_some_and(|at| at <= now_millis)
    }

    /// Returns whether the health check of an essential container has failed.
    pub(in crate::ecs) fn is_unhealthy(&self, now_millis: u64) -> bool {
        let at = self.course.unhealthy_at().map(|at| self.created_at + at);
        !self.is_stopped() && at.is_some_and(|at| at <= now_millis)
    }

    /// The moments at which something about the task changes by itself.
    pub(in crate::ecs) fn moments(&self) -> impl Iterator<Item = u64> {
        let course = self.course.moments().filter(|_| !self.is_stopped());
        let gone = self.stopped.as_ref().map(Stopped::gone_millis);
        course.map(|at| self.created_at + at).chain(gone)
    }

    /// When its containers ran, if they have by `now_millis`, and when they ended.
    pub(in crate::ecs) fn ran(&self, now_millis: u64) -> Option<(u64, Option<u64>)> {
        let age = self.age(now_millis);
        let at = self.course.runs_at().filter(|at| *at <= age)?;
        let ended = self.stopped.as_ref();
        let ended = ended.map(|stopped| stopped.at_millis + STOPPING_MILLIS);
        Some((self.created_at + at, ended))
    }

    /// How it looks to what runs in it, if that has begun by `now_millis`.
    pub(in crate::ecs) fn view<'a>(
        &'a self,
        cluster: &'a str,
        definition: &'a Map<String, Value>,
        now_millis: u64,
    ) -> Option<TaskView<'a>> {
        let (started, ended) = self.ran(now_millis)?;
        Some(TaskView {
            arn: &self.arn,
            cluster,
            cluster_arn: &self.cluster_arn,
            service: self.group.strip_prefix("service:"),
            family: &self.family,
            revision: definition
                .integer("revision")
                .unwrap_or_default()
                .to_string(),
            launch_type: &self.launch_type,
            definition,
            started,
            ended,
        })
    }

    /// The id: the end of the ARN.
    pub(in crate::ecs) fn id(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or_default()
    }

    /// The last known status (developer guide, Amazon ECS task lifecycle).
    pub(in crate::ecs) fn status(&self, now_millis: u64) -> &'static str {
        let age = now_millis.saturating_sub(self.created_at);
        match &self.stopped {
            Some(stopped) if now_millis >= stopped.gone_millis() => "STOPPED",
            Some(stopped) if now_millis >= stopped.at_millis + STOPPING_MILLIS => "DEPROVISIONING",
            Some(_) => "STOPPING",
            None if age < course::PROVISIONED_MILLIS => "PROVISIONING",
            None if self.course.runs_at().is_some_and(|at| at <= age) => "RUNNING",
            None => "PENDING",
        }
    }

    /// The task as the API shows it.
    pub(super) fn shown(&self, now_millis: u64, with_tags: bool) -> Value {
        let mut shown = json!({
            "taskArn": self.arn,
            "clusterArn": self.cluster_arn,
            "taskDefinitionArn": self.definition_arn,
            "group": self.group,
            "launchType": self.launch_type,
            "lastStatus": self.status(now_millis),
            "desiredStatus": if self.is_stopped() { "STOPPED" } else { "RUNNING" },
            "healthStatus": self.course.health(self.age(now_millis)),
            "createdAt": seconds(self.created_at),
            "attachments": [],
            "attributes": [],
            "enableExecuteCommand": false,
            "inferenceAccelerators": [],
            "overrides": {"containerOverrides": [], "inferenceAcceleratorOverrides": []},
            "version": 1,
            "tags": if with_tags { tag::listed(&self.tags) } else { json!([]) },
        });
        if let Some(place) = &self.place {
            shown["containerInstanceArn"] = json!(place.instance);
        } else {
            shown["platformVersion"] = json!("1.4.0");
            shown["platformFamily"] = json!("Linux");
        }
        for (member, value) in &self.details {
            shown[member] = value.clone();
        }
        for attachment in shown["attachments"].as_array_mut().into_iter().flatten() {
            attachment["status"] = json!(interface::status(self.status(now_millis)));
        }
        let containers = shown["containers"].as_array_mut().into_iter().flatten();
        for (shown, container) in containers.zip(&self.course.containers) {
            self.show_container(shown, container, now_millis);
        }
        if let Some(started_by) = &self.started_by {
            shown["startedBy"] = json!(started_by);
        }
        if let Some(stopped) = &self.stopped {
            shown["stoppingAt"] = seconds(stopped.at_millis);
            shown["stopCode"] = json!(stopped.code);
            shown["stoppedReason"] = json!(stopped.reason);
            if now_millis >= stopped.at_millis + STOPPING_MILLIS {
                shown["executionStoppedAt"] = seconds(stopped.at_millis + STOPPING_MILLIS);
            }
            if self.is_gone(now_millis) {
                shown["stoppedAt"] = seconds(stopped.gone_millis());
            }
        }
        if let Some(at) = self
            .course
            .runs_at()
            .filter(|at| *at <= self.age(now_millis))
        {
            shown["startedAt"] = seconds(self.created_at + at);
        }
        shown
    }

    /// How long the task has been there, or had been when it was stopped.
    fn age(&self, now_millis: u64) -> u64 {
        let stopped = self.stopped.as_ref();
        let end = stopped.map_or(now_millis, |stopped| stopped.at_millis.min(now_millis));
        end.saturating_sub(self.created_at)
    }

    /// Adds how far a container is.
    fn show_container(&self, shown: &mut Value, container: &course::Container, now_millis: u64) {
        let age = self.age(now_millis);
        let end = container.end.filter(|end| end.at <= age);
        let stopped = self.stopped.as_ref();
        let is_down = stopped.is_some_and(|s| now_millis >= s.at_millis + STOPPING_MILLIS);
        let has_started = container.starts.is_some_and(|at| at <= age);
        shown["lastStatus"] = json!(if end.is_some() || is_down {
            "STOPPED"
        } else if has_started {
            "RUNNING"
        } else {
            "PENDING"
        });
        if let Some(end) = end {
            shown["exitCode"] = json!(end.exit_code);
        } else if is_down && has_started {
            // A program that ends on SIGTERM.
            shown["exitCode"] = json!(0);
        }
        if let Some(failure) = &self.course.failure
            && is_down
        {
            // Its containers give what stops a task in this way, too: "CannotPullContainerError: …"
            // (developer guide, "Stopped tasks error messages").
            shown["reason"] = json!(failure.reason);
        }
        let health = container.health.filter(|health| health.at <= age);
        shown["healthStatus"] = json!(match health {
            Some(health) if health.is_good => "HEALTHY",
            Some(_) => "UNHEALTHY",
            None => "UNKNOWN",
        });
    }
}

impl Stopped {
    fn gone_millis(&self) -> u64 {
        self.at_millis + STOPPING_MILLIS + DEPROVISIONING_MILLIS
    }
}

/// The id of a new task: 32 hexadecimal digits.
pub(in crate::ecs) fn fresh_id(world: &mut World) -> String {
    format!("{:016x}{:016x}", world.fresh(), world.fresh())
}
