//! How a service deployment goes on: by stages, to success, to a rollback or to a failure.

use super::{
    Service,
    deployment::{Deployment, State, Tasks, alive},
    rollout::{Breaker, HookStatus, Rollback, Rollout, Stage, Status},
    strategy::{Strategy, threshold},
};
use crate::ecs::members::Members;

/// What the scheduler does at the moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Phase {
    /// The newest deployment takes the place of the others, task by task.
    Rolling,
    /// The newest deployment failed and nothing is rolled back: no task of it is started.
    Stuck,
    /// The newest deployment has no tasks yet; the others serve.
    Waiting,
    /// The newest deployment runs beside the others, until those are cleaned up.
    Side { cleans_up: bool },
}

impl Service {
    /// How the service is deployed at present.
    pub(super) fn strategy(&self) -> Strategy {
        match self.rollouts.first() {
            Some(rollout) => rollout.strategy(),
            None => Strategy::of(
                self.choices
                    .object("deploymentConfiguration")
                    .unwrap_or(&serde_json::Map::new()),
            ),
        }
    }

    pub(super) fn phase(&self) -> Phase {
        if self.primary().state == State::Failed {
            return Phase::Stuck;
        }
        let rollout = self.rollouts.first();
        let running = rollout.filter(|rollout| {
            matches!(
                rollout.status,
                Status::InProgress | Status::RollbackRequested
            )
        });
        match running.and_then(|rollout| rollout.stage) {
            None => Phase::Rolling,
            Some(stage) if stage < Stage::ScaleUp => Phase::Waiting,
            Some(stage) => Phase::Side {
                cleans_up: stage == Stage::CleanUp,
            },
        }
    }

    /// Takes the next step of the present deployment, if it is due.
    pub(super) fn follow(&mut self, tasks: &Tasks, now_millis: u64) -> bool {
        if self.status != super::Status::Active {
            return false;
        }
        let changed = match self.rollouts.first().map(|rollout| rollout.status) {
            Some(Status::InProgress) => self.follow_progress(tasks, now_millis),
            Some(Status::RollbackRequested) => {
                let due = self.rollouts[0].moments();
                let is_due = due.iter().any(|at| *at <= now_millis);
                if is_due {
                    self.roll_back("Service deployment was stopped by a user.", now_millis);
                }
                is_due
            }
            Some(Status::RollbackInProgress) => self.follow_rollback(tasks, now_millis),
            Some(
                Status::Successful
                | Status::Stopped
                | Status::RollbackSuccessful
                | Status::RollbackFailed,
            )
            | None => false,
        };
        if !changed && !self.is_steady && self.has_settled(tasks, now_millis) {
            self.is_steady = true;
            if self.rollouts.is_empty() {
                self.deployments[0].state = State::Completed;
            }
            self.say(now_millis, "has reached a steady state.");
            return true;
        }
        changed
    }

    fn follow_progress(&mut self, tasks: &Tasks, now_millis: u64) -> bool {
        let failures = self.primary().failed_tasks;
        let strategy = self.strategy();
        self.rollouts[0].failures = failures;
        if let Some(rolls_back) = strategy.breaker
            && failures >= threshold(self.desired_count)
        {
            self.trip(rolls_back, now_millis);
            return true;
        }
        let Some(stage) = self.rollouts[0].stage else {
            let is_done = self.has_settled(tasks, now_millis);
            if is_done {
                self.succeed(now_millis);
            }
            return is_done;
        };
        if let Some(hook) = self.rollouts[0].awaited() {
            if now_millis < hook.expires_at {
                return false;
            }
            hook.status = HookStatus::TimedOut;
            if !hook.continues_on_timeout() {
                self.roll_back("A lifecycle hook timed out.", now_millis);
            }
            return true;
        }
        let is_over = if stage == Stage::ScaleUp {
            let newest = alive(tasks, &self.primary().id);
            newest.filter(|task| task.serves(now_millis)).count() >= self.desired_count
        } else if stage == Stage::CleanUp {
            self.has_settled(tasks, now_millis)
        } else {
            let ends_at = self.rollouts[0].stage_ends_at();
            ends_at.is_some_and(|at| at <= now_millis)
        };
        if is_over {
            match stage.next() {
                Some(next) => self.enter(next, now_millis),
                None => self.succeed(now_millis),
            }
        }
        is_over
    }

    /// Enters a stage of the present deployment.
    pub(super) fn enter(&mut self, stage: Stage, now_millis: u64) {
        let mut rollout = self.rollouts.remove(0);
        rollout.enter(stage, now_millis, || format!("{:016x}", self.derived()));
        self.rollouts.insert(0, rollout);
    }

    fn succeed(&mut self, now_millis: u64) {
        self.rollouts[0].end(Status::Successful, None, now_millis);
        self.completed = Some(self.rollouts[0].target.clone());
        self.complete_primary(now_millis);
    }

    fn complete_primary(&mut self, now_millis: u64) {
        let deployment = &mut self.deployments[0];
        deployment.state = State::Completed;
        deployment.reason = None;
        deployment.failed_tasks = 0;
        deployment.updated_at = now_millis;
        let message = format!("(deployment {}) deployment completed.", deployment.id);
        self.say(now_millis, &message);
    }

    /// The circuit breaker ends the deployment (developer guide, "How the Amazon ECS deployment
    /// circuit breaker detects failures").
    fn trip(&mut self, rolls_back: bool, now_millis: u64) {
        const REASON: &str = "ECS deployment circuit breaker: tasks failed to start.";
        self.rollouts[0].breaker = Breaker::Triggered;
        let message = format!(
            "(deployment {}) deployment failed: tasks failed to start.",
            self.primary().id
        );
        self.say(now_millis, &message);
        self.fail_primary(REASON, now_millis);
        if rolls_back {
            self.roll_back(REASON, now_millis);
        } else {
            let reason = Some(REASON.to_owned());
            self.rollouts[0].end(Status::Stopped, reason, now_millis);
        }
    }

    fn fail_primary(&mut self, reason: &str, now_millis: u64) {
        let deployment = &mut self.deployments[0];
        deployment.state = State::Failed;
        deployment.reason = Some(reason.to_owned());
        deployment.updated_at = now_millis;
    }

    /// Goes back to the service revision that was last deployed with success, if there is one.
    pub(super) fn roll_back(&mut self, reason: &str, now_millis: u64) {
        self.fail_primary(reason, now_millis);
        let Some(revision) = self.rollback_candidate().cloned() else {
            let reason = format!("{reason} No rollback candidate was found to run the rollback.");
            self.rollouts[0].end(Status::RollbackFailed, Some(reason), now_millis);
            return;
        };
        let known = self.deployments.iter();
        let mut back = match known.skip(1).position(|d| d.revision == revision.arn) {
            Some(index) => self.deployments.remove(index + 1),
            None => Deployment {
                id: format!("ecs-svc/{}", self.deployment_number()),
                task_definition: revision.task_definition.clone(),
                revision: revision.arn.clone(),
                created_at: now_millis,
                updated_at: now_millis,
                state: State::InProgress,
                reason: None,
                failed_tasks: 0,
                failed_in_a_row: 0,
                retry_at: 0,
            },
        };
        back.state = State::InProgress;
        back.reason = Some(format!(
            "ECS deployment circuit breaker: rolling back to deploymentId {}.",
            back.id
        ));
        back.updated_at = now_millis;
        let message = format!("rolling back to deployment {}.", back.id);
        self.deployments.insert(0, back);
        self.is_steady = false;
        self.say(now_millis, &message);
        let rollout = &mut self.rollouts[0];
        rollout.rollback = Some(Rollback {
            reason: reason.to_owned(),
            started_at: now_millis,
            revision: revision.arn,
        });
        rollout.end(
            Status::RollbackInProgress,
            Some(reason.to_owned()),
            now_millis,
        );
    }

    fn follow_rollback(&mut self, tasks: &Tasks, now_millis: u64) -> bool {
        let reason = self.rollouts[0].reason.clone();
        if self.has_settled(tasks, now_millis) {
            self.rollouts[0].end(Status::RollbackSuccessful, reason, now_millis);
            self.complete_primary(now_millis);
            return true;
        }
        let failures = self.primary().failed_tasks;
        let has_failed = failures >= threshold(self.desired_count);
        if has_failed {
            let reason = "Rollback failed: tasks failed to start.";
            self.fail_primary(reason, now_millis);
            self.rollouts[0].end(Status::RollbackFailed, Some(reason.to_owned()), now_millis);
        }
        has_failed
    }

    /// A number for a deployment: 19 digits, as AWS's ids have.
    fn deployment_number(&mut self) -> u64 {
        self.derived() % 9_000_000_000_000_000_000 + 1_000_000_000_000_000_000
    }

    /// Begins to deploy `task_definition`, in place of a deployment that is under way.
    pub(super) fn deploy(&mut self, task_definition: String, now_millis: u64) {
        let path = self.arn.clone();
        let number = self.deployment_number();
        let revision = format!(
            "{}/{number}",
            path.replacen(":service/", ":service-revision/", 1)
        );
        let (a, b) = (self.derived(), self.derived());
        let arn = format!(
            "{}/{a:016x}{:05x}",
            path.replacen(":service/", ":service-deployment/", 1),
            b >> 44
        );
        if let Some(earlier) = self.rollouts.first_mut().filter(|r| !r.status.is_final()) {
            let reason = format!("Superseded by the service deployment {arn}.");
            earlier.end(Status::Stopped, Some(reason), now_millis);
        }
        let sources = self.deployments.iter().map(|d| d.revision.clone());
        let sources: Vec<String> = sources.filter(|arn| !arn.is_empty()).collect();
        self.keep_revision(revision.clone(), task_definition.clone(), now_millis);
        let deployment = Deployment {
            id: format!("ecs-svc/{}", self.deployment_number()),
            task_definition,
            revision: revision.clone(),
            created_at: now_millis,
            updated_at: now_millis,
            state: State::InProgress,
            reason: None,
            failed_tasks: 0,
            failed_in_a_row: 0,
            retry_at: 0,
        };
        self.deployments.insert(0, deployment);
        self.is_steady = false;
        let configuration = self.deployment_configuration();
        let strategy = Strategy::of(&configuration);
        self.rollouts.insert(
            0,
            Rollout {
                arn,
                target: revision,
                configuration,
                status: Status::InProgress,
                reason: None,
                created_at: now_millis,
                updated_at: now_millis,
                finished_at: None,
                stage: None,
                stage_since: now_millis,
                hooks: Vec::new(),
                breaker: match strategy.breaker {
                    Some(_) => Breaker::Monitoring,
                    None => Breaker::Disabled,
                },
                failures: 0,
                rollback: None,
                sources,
            },
        );
        if !strategy.is_rolling {
            // API reference, ServiceDeployment, lifecycleStage: services are reconciled only where
            // more than one revision is active.
            let first = if self.deployments.len() > 2 {
                Stage::ReconcileService
            } else {
                Stage::PreScaleUp
            };
            self.enter(first, now_millis);
        }
    }
}
