//! The service scheduler: which tasks start and stop, as time passes.

use super::{
    Service, Status,
    deployment::{Deployment, State, Tasks, alive},
    follow::Phase,
};
use crate::{
    Context, World,
    ecs::{
        instance::Instances,
        revision,
        task::{
            life::{Start, Task},
            obstacle::{obstacle, refused_role, refused_role_message},
        },
    },
};

/// How long the scheduler waits after a failed task, and at most: it starts tasks that fail over
/// and over less and less often (developer guide, "Amazon ECS service throttle logic", which gives
/// the 27 minutes; how it begins is the sandbox's).
const RETRY_MILLIS: u64 = 10_000;
const MAX_RETRY_MILLIS: u64 = 27 * 60_000;
/// How many failures in a row the service complains of.
const INCONSISTENT: u32 = 5;
/// How long the tasks of a deleted service take to stop. The time is the sandbox's: on AWS it
/// depends on the containers.
const DRAINED_MILLIS: u64 = 3_000;

/// What the scheduler sees besides the service and the tasks of its cluster.
pub(super) struct ClusterView<'a> {
    pub(super) world: &'a World,
    /// The container instances of the cluster.
    pub(super) instances: &'a Instances,
    pub(super) account: &'a str,
    pub(super) region: &'a str,
    pub(super) partition: &'a str,
}

impl ClusterView<'_> {
    fn at(&self, now_millis: u64) -> Context<'_> {
        Context {
            account: self.account,
            region: self.region,
            partition: self.partition,
            now_millis,
        }
    }
}

impl Service {
    /// Lets time pass until `now_millis`: what happens does not depend on when it is looked at.
    pub(super) fn pass(&mut self, around: &ClusterView<'_>, tasks: &mut Tasks, now_millis: u64) {
        let next = |service: &Self, tasks: &Tasks| {
            let moments = service.moments(tasks);
            let due = moments.filter(|at| *at > service.settled_at && *at <= now_millis);
            due.min()
        };
        while let Some(at) = next(self, tasks) {
            self.act(around, tasks, at);
        }
    }

    /// Does everything that is due at `now_millis`.
    pub(super) fn act(&mut self, around: &ClusterView<'_>, tasks: &mut Tasks, now_millis: u64) {
        self.settled_at = now_millis;
        self.count_instances(around.instances);
        loop {
            let ended = self.end_tasks(tasks, now_millis);
            let followed = self.follow(tasks, now_millis);
            let scheduled = self.schedule(around, tasks, now_millis);
            if !(ended || followed || scheduled) {
                break;
            }
        }
        tasks.retain(|_, task| !task.is_forgotten(now_millis));
    }

    fn moments(&self, tasks: &Tasks) -> impl Iterator<Item = u64> {
        // A task that ends makes room on its instance for those of others.
        let on_instances = !self.launch().is_fargate();
        let ours = tasks
            .values()
            .filter(move |task| on_instances || self.has_started(task));
        let tasks = ours.flat_map(Task::moments);
        let retries = self.deployments.iter().map(|d| d.retry_at);
        let drained = self.draining_since.map(|since| since + DRAINED_MILLIS);
        let rollout = self.rollouts.first().map(super::rollout::Rollout::moments);
        tasks
            .chain(retries)
            .chain(drained)
            .chain(rollout.into_iter().flatten())
    }

    fn has_started(&self, task: &Task) -> bool {
        let by = task.started_by.as_deref();
        self.deployments.iter().any(|d| by == Some(d.id.as_str()))
    }

    /// Notes the tasks that ended by themselves, and stops those that are unhealthy.
    fn end_tasks(&mut self, tasks: &mut Tasks, now_millis: u64) -> bool {
        let mut any = false;
        for index in 0..self.deployments.len() {
            let id = self.deployments[index].id.clone();
            let ours = tasks
                .values_mut()
                .filter(|task| task.started_by.as_deref() == Some(&id) && !task.is_stopped());
            for task in ours {
                if task.follow_course(now_millis) {
                    any = true;
                    self.is_steady = false;
                    if task.has_failed_to_start() {
                        self.note_failure(index, now_millis);
                    }
                } else if task.is_unhealthy(now_millis) {
                    any = true;
                    self.is_steady = false;
                    let reason = "Task failed container health checks";
                    task.stop(now_millis, "ServiceSchedulerInitiated", reason);
                    self.say(
                        now_millis,
                        &format!("(task {}) failed container health checks.", task.id()),
                    );
                    self.note_failure(index, now_millis);
                } else if task.serves(now_millis) {
                    self.deployments[index].failed_in_a_row = 0;
                }
            }
        }
        any
    }

    /// A task that can't be launched, does not run or fails its health checks counts as failed (API
    /// reference, `Deployment`, failedTasks); one whose program ends later does not.
    fn note_failure(&mut self, index: usize, now_millis: u64) {
        let deployment = &mut self.deployments[index];
        deployment.failed_tasks += 1;
        deployment.failed_in_a_row += 1;
        let doublings = (deployment.failed_in_a_row - 1).min(16);
        let wait = (RETRY_MILLIS << doublings).min(MAX_RETRY_MILLIS);
        deployment.retry_at = now_millis + wait;
        deployment.updated_at = now_millis;
        if deployment.failed_in_a_row == INCONSISTENT {
            self.say(
                now_millis,
                "is unable to consistently start tasks successfully.",
            );
        }
    }

    /// Starts and stops tasks until each deployment has as many as it should have now.
    fn schedule(&mut self, around: &ClusterView<'_>, tasks: &mut Tasks, now_millis: u64) -> bool {
        match self.status {
            Status::Active => {}
            Status::Draining => {
                let since = self.draining_since.unwrap_or_default();
                let is_over = now_millis >= since + DRAINED_MILLIS;
                if is_over {
                    self.status = Status::Inactive;
                }
                return is_over;
            }
            Status::Inactive => return false,
        }
        let phase = self.phase();
        let mut any = self.schedule_primary(phase, around, tasks, now_millis);
        any |= match phase {
            Phase::Side { cleans_up: false } | Phase::Waiting => {
                let others = 1..self.deployments.len();
                let desired = self.desired_count;
                others.fold(false, |any, index| {
                    any | self.start(around, tasks, index, desired, now_millis)
                })
            }
            Phase::Side { cleans_up: true } => self.stop_others(tasks, usize::MAX, now_millis),
            Phase::Rolling | Phase::Stuck => {
                let count = self.replaceable(phase, tasks, now_millis);
                self.stop_others(tasks, count, now_millis)
            }
        };
        let keeps_all = matches!(phase, Phase::Side { cleans_up: false } | Phase::Waiting);
        if !keeps_all {
            let newest = self.primary().id.clone();
            self.deployments
                .retain(|d| d.id == newest || alive(tasks, &d.id).next().is_some());
        }
        any
    }

    fn schedule_primary(
        &mut self,
        phase: Phase,
        around: &ClusterView<'_>,
        tasks: &mut Tasks,
        now_millis: u64,
    ) -> bool {
        let present = alive(tasks, &self.primary().id).count();
        let wanted = match phase {
            Phase::Waiting => 0,
            Phase::Stuck => present.min(self.desired_count),
            Phase::Rolling if self.deployments.len() > 1 => {
                let most = self.desired_count * self.strategy().maximum_percent / 100;
                let room = most.saturating_sub(self.alive_in_all(tasks));
                self.desired_count.min(present + room)
            }
            Phase::Rolling | Phase::Side { .. } => self.desired_count,
        };
        let id = self.primary().id.clone();
        if present > self.desired_count {
            self.stop(tasks, &id, present - self.desired_count, now_millis);
            return true;
        }
        self.start(around, tasks, 0, wanted, now_millis)
    }

    /// How many tasks of earlier deployments can go: as many as the newest has in service, and more
    /// if there is no room for new ones, but never so many that fewer serve than must.
    fn replaceable(&self, phase: Phase, tasks: &Tasks, now_millis: u64) -> usize {
        let strategy = self.strategy();
        let ids = || self.deployments.iter().map(|d| d.id.as_str());
        let serving = |id: &str| alive(tasks, id).filter(|t| t.serves(now_millis)).count();
        let least = (self.desired_count * strategy.minimum_percent).div_ceil(100);
        let spare = ids().map(serving).sum::<usize>().saturating_sub(least);
        let old: usize = ids().skip(1).map(|id| alive(tasks, id).count()).sum();
        let newest = &self.primary().id;
        let most = self.desired_count * strategy.maximum_percent / 100;
        let lacks = alive(tasks, newest).count() < self.desired_count;
        let needed = if phase == Phase::Rolling && lacks && self.alive_in_all(tasks) >= most {
            0
        } else {
            self.desired_count.saturating_sub(serving(newest))
        };
        let idle: usize = ids()
            .skip(1)
            .map(|id| alive(tasks, id).filter(|t| !t.serves(now_millis)).count())
            .sum();
        old.saturating_sub(needed).min(spare + idle)
    }

    fn alive_in_all(&self, tasks: &Tasks) -> usize {
        let deployments = self.deployments.iter();
        deployments.map(|d| alive(tasks, &d.id).count()).sum()
    }

    /// Starts tasks of a deployment until it has `wanted`, if there is a place for them and the
    /// last failure is long enough ago.
    fn start(
        &mut self,
        around: &ClusterView<'_>,
        tasks: &mut Tasks,
        index: usize,
        wanted: usize,
        now_millis: u64,
    ) -> bool {
        let deployment = self.deployments[index].clone();
        let lacking = wanted.saturating_sub(alive(tasks, &deployment.id).count());
        if lacking == 0 || now_millis < deployment.retry_at {
            return false;
        }
        let cx = around.at(now_millis);
        let Some(region) = around.world.ecs.regions.get(around.region) else {
            return false;
        };
        let Some(revision) = revision::find(region, &cx, &deployment.task_definition) else {
            return false;
        };
        if let Some(role) = refused_role(around.world, &cx, &revision.definition) {
            let message = refused_role_message(role);
            self.say(
                now_millis,
                &format!("failed to launch a task with (error {message})."),
            );
            self.note_failure(index, now_millis);
            return true;
        }
        let cluster = self.cluster_name().to_owned();
        let launch = self.launch();
        let (mut started, mut unplaced) = (Vec::new(), None);
        for _ in 0..lacking {
            let place = match self.find_place(around, tasks, revision, now_millis) {
                Ok(place) => place,
                Err(why) => {
                    unplaced = Some(why);
                    break;
                }
            };
            let id = format!("{:016x}{:016x}", self.derived(), self.derived());
            let start = Start {
                cluster: &cluster,
                revision,
                launch: &launch,
                group: Some(format!("service:{}", self.name)),
                started_by: Some(deployment.id.clone()),
                tags: self.propagated_tags(revision),
                place,
                obstacle: obstacle(around.world, &cx, &revision.definition, &launch),
            };
            started.push(format!("(task {id})"));
            tasks.insert(id.clone(), Task::start(&cx, &id, start));
        }
        if !started.is_empty() {
            self.is_steady = false;
            let (count, names) = (started.len(), started.join(" "));
            self.say(now_millis, &format!("has started {count} tasks: {names}."));
        }
        self.note_place(unplaced.as_ref(), now_millis);
        !started.is_empty()
    }

    fn stop_others(&mut self, tasks: &mut Tasks, count: usize, now_millis: u64) -> bool {
        let mut left = count;
        let ids: Vec<String> = self.deployments[1..].iter().map(|d| d.id.clone()).collect();
        // The oldest deployment goes first.
        for id in ids.iter().rev() {
            left -= self.stop(tasks, id, left, now_millis);
        }
        left < count
    }

    /// Stops at most `count` tasks of a deployment, those first that serve nobody, and returns how
    /// many.
    fn stop(&mut self, tasks: &mut Tasks, id: &str, count: usize, now_millis: u64) -> usize {
        let mut ids: Vec<(bool, String)> = alive(tasks, id)
            .map(|task| (task.serves(now_millis), task.id().to_owned()))
            .collect();
        ids.sort();
        ids.truncate(count);
        for (_, task) in &ids {
            let reason = format!("Scaling activity initiated by (deployment {id})");
            if let Some(task) = tasks.get_mut(task) {
                task.stop(now_millis, "ServiceSchedulerInitiated", &reason);
            }
        }
        if !ids.is_empty() {
            self.is_steady = false;
            let names: Vec<String> = ids.iter().map(|(_, id)| format!("(task {id})")).collect();
            let message = format!(
                "has stopped {} running tasks: {}.",
                ids.len(),
                names.join(" ")
            );
            self.say(now_millis, &message);
        }
        ids.len()
    }

    /// Stops all tasks, because the service is deleted.
    pub(super) fn drain(&mut self, tasks: &mut Tasks, now_millis: u64) {
        let deployments: Vec<String> = self.deployments.iter().map(|d| d.id.clone()).collect();
        for id in deployments {
            self.stop(tasks, &id, usize::MAX, now_millis);
        }
        self.status = Status::Draining;
        self.draining_since = Some(now_millis);
    }

    /// Whether the newest deployment serves with all tasks and no other has any.
    pub(super) fn has_settled(&self, tasks: &Tasks, now_millis: u64) -> bool {
        let newest: &Deployment = self.primary();
        let (mut present, mut serving) = (0, 0);
        for task in alive(tasks, &newest.id) {
            present += 1;
            serving += usize::from(task.serves(now_millis));
        }
        self.status == Status::Active
            && newest.state != State::Failed
            && (present, serving) == (self.desired_count, self.desired_count)
            && self.deployments[1..]
                .iter()
                .all(|d| alive(tasks, &d.id).next().is_none())
    }
}
