//! The calls of one step, one after another.

use std::{panic::resume_unwind, sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc::UnboundedSender, watch},
    task::JoinSet,
    time::Instant,
};

use crate::{
    apply::{Options, retry, token::token},
    cloud::{Call, Cloud, Rollout},
    kinds::Change,
    model::{
        call::{CallError, Claim, Class, Reply},
        service::Wait,
        template::Attribute,
    },
    plan::StepId,
    progress::{self, Notice},
};

/// A step that has begun.
pub(super) struct StepTask<C> {
    pub(super) step: StepId,
    /// What the calls name the resource by; empty until it has an id.
    pub(super) target: String,
    pub(super) changes: Vec<Change>,
    /// The number of the newest revision, if the resource has revisions and that is known.
    pub(super) revision: Option<u32>,
    /// Whether this run has altered something that this step waited for.
    pub(super) follows_changes: bool,
    /// What this run knows of who is to create the resource, at the moment `began`.
    pub(super) claim: Claim,
    pub(super) began: Instant,
    pub(super) options: Options,
    pub(super) cloud: Arc<C>,
    pub(super) stop: watch::Receiver<bool>,
    pub(super) progress: UnboundedSender<Progress>,
}

/// What a running step reports.
pub(super) enum Progress {
    Calling(StepId, Change),
    Noticed(StepId, &'static str, Notice),
    Waiting(StepId, CallError, Duration),
    Performed(StepId, Change, Reply),
    RolledOut(StepId, Vec<String>),
}

/// How a step that did not panic ended.
pub(super) enum End {
    Done,
    /// Somebody asked to stop before its last call.
    Stopped,
    Failed(CallError),
}

/// Not derived: a cloud need not be cloned for that.
impl<C> Clone for StepTask<C> {
    fn clone(&self) -> Self {
        Self {
            step: self.step.clone(),
            target: self.target.clone(),
            changes: self.changes.clone(),
            revision: self.revision,
            follows_changes: self.follows_changes,
            claim: self.claim,
            began: self.began,
            options: self.options.clone(),
            cloud: Arc::clone(&self.cloud),
            stop: self.stop.clone(),
            progress: self.progress.clone(),
        }
    }
}

impl<C: Cloud> StepTask<C> {
    /// Makes the calls one after another; those that roll a revision out together, because each
    /// takes minutes and none needs another.
    pub(super) async fn run(mut self) -> End {
        let changes = std::mem::take(&mut self.changes);
        let mut changes = changes.into_iter().enumerate().peekable();
        while let Some((index, change)) = changes.next() {
            if *self.stop.borrow() {
                return End::Stopped;
            }
            if change.rolls_out().is_some() {
                let mut together = vec![(index, change)];
                while let Some(next) = changes.next_if(|(_, next)| next.rolls_out().is_some()) {
                    together.push(next);
                }
                if let Err(end) = self.roll_out(together).await {
                    return end;
                }
            } else if let Err(end) = self.make(index, change).await {
                return end;
            }
        }
        End::Done
    }

    /// Rolls out to several services. Those that fail keep no other from its end.
    async fn roll_out(&self, changes: Vec<(usize, Change)>) -> Result<(), End> {
        let mut running = JoinSet::new();
        for (index, change) in changes {
            let mut task = self.clone();
            running.spawn(async move { task.make(index, change).await });
        }
        let mut failed: Option<CallError> = None;
        let mut was_stopped = false;
        while let Some(joined) = running.join_next().await {
            // Nothing cancels these tasks, so the only other outcome is a panic, which goes on.
            let ended = match joined {
                Ok(ended) => ended,
                Err(stop) => resume_unwind(stop.into_panic()),
            };
            match ended {
                Ok(()) | Err(End::Done) => {}
                Err(End::Stopped) => was_stopped = true,
                Err(End::Failed(error)) => {
                    failed = Some(match failed.take() {
                        None => error,
                        Some(first) => CallError {
                            message: format!("{}; and {}", first.message, error.message),
                            ..first
                        },
                    });
                }
            }
        }
        match (failed, was_stopped) {
            (Some(error), _) => Err(End::Failed(error)),
            (None, true) => Err(End::Stopped),
            (None, false) => Ok(()),
        }
    }

    /// Makes the change number `index`, and waits for its rollout if it starts one.
    async fn make(&mut self, index: usize, change: Change) -> Result<(), End> {
        let operation = change.operation();
        let call = Call {
            address: self.step.address.clone(),
            target: self.target.clone(),
            change,
            token: token(&self.options.run_id, &self.step, index),
            claim: self.claim,
            revision: self.revision,
        };
        let reply = self.retry(call.clone(), operation, index > 0).await?;
        if let Some(id) = reply.attributes.get(&Attribute::Id) {
            self.target.clone_from(id);
        }
        self.revision = reply.revision.or(self.revision);
        let performed = Progress::Performed(self.step.clone(), call.change.clone(), reply.clone());
        self.emit(performed);
        self.follow(call, reply, operation).await
    }

    /// Waits for the rollout that a call has started, if it has and somebody wants to wait. It goes
    /// on in AWS whoever waits for it, so whoever asks to stop need not wait for it.
    async fn follow(
        &mut self,
        call: Call,
        reply: Reply,
        operation: &'static str,
    ) -> Result<(), End> {
        let Some((service, _)) = call.change.rolls_out() else {
            return Ok(());
        };
        let waits = &self.options.rollouts.waits;
        let wait = waits.get(service).copied().unwrap_or_default();
        if wait == Wait::No {
            let remark = format!("the rollout to {service} has begun, and is not waited for");
            self.emit(Progress::RolledOut(self.step.clone(), vec![remark]));
            return Ok(());
        }
        let timeout = self.options.rollouts.timeout;
        let rollout = Rollout {
            call,
            reply,
            wait,
            timeout,
        };
        let cloud = Arc::clone(&self.cloud);
        let followed = progress::listen(self.listener(operation), cloud.follow(rollout));
        let followed = tokio::select! {
            biased;
            () = asked_to_stop(&mut self.stop) => return Err(End::Stopped),
            followed = followed => followed,
        };
        let reply = followed.map_err(End::Failed)?;
        self.emit(Progress::RolledOut(self.step.clone(), reply.remarks));
        Ok(())
    }

    /// Makes one call until it succeeds, fails for good, or may not be made again.
    async fn retry(
        &mut self,
        mut call: Call,
        operation: &'static str,
        has_performed: bool,
    ) -> Result<Reply, End> {
        let mut failures = 0;
        let mut first_failure = None;
        loop {
            if let Claim::Ours(age) = self.claim {
                call.claim = Claim::Ours(age + self.began.elapsed());
            }
            self.emit(Progress::Calling(self.step.clone(), call.change.clone()));
            let error = match self.perform(call.clone(), operation).await {
                Ok(reply) => return Ok(reply),
                Err(error) => error,
            };
            let elapsed = first_failure.get_or_insert_with(Instant::now).elapsed();
            failures += 1;
            let pause = self
                .retry_budget(error.class, has_performed)
                .and_then(|limit| retry::pause(failures, elapsed, limit));
            let Some(pause) = pause else {
                return Err(End::Failed(error));
            };
            tracing::debug!(
                operation,
                pause_ms = pause.as_millis(),
                code = error.code,
                "waiting before the call is made again"
            );
            self.emit(Progress::Waiting(self.step.clone(), error, pause));
            tokio::select! {
                biased;
                () = asked_to_stop(&mut self.stop) => return Err(End::Stopped),
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Makes one attempt of a call, and passes on what becomes known meanwhile.
    async fn perform(&self, call: Call, operation: &'static str) -> Result<Reply, CallError> {
        progress::listen(self.listener(operation), self.cloud.perform(call)).await
    }

    /// Passes on what becomes known while a call is under way.
    fn listener(&self, operation: &'static str) -> impl Fn(Notice) + Send + Sync + 'static {
        let (progress, step) = (self.progress.clone(), self.step.clone());
        move |notice| {
            // As in `emit`.
            _ = progress.send(Progress::Noticed(step.clone(), operation, notice));
        }
    }

    /// How long a call that fails like this is made again; `None` is not at all.
    fn retry_budget(&self, class: Class, has_performed: bool) -> Option<Duration> {
        // What AWS has not heard of can only be what this run has just made or altered: anything
        // else is an error that stays.
        let is_ours = self.follows_changes || has_performed;
        match class {
            Class::Final => None,
            Class::Busy => Some(retry::BUSY_TIMEOUT),
            Class::Unsettled => is_ours.then_some(self.options.settle_timeout),
            Class::Denied => is_ours.then_some(retry::DENIED_TIMEOUT),
        }
    }

    fn emit(&self, progress: Progress) {
        // The other end outlives every task but those that an abandoned run leaves behind, and
        // then nobody listens.
        _ = self.progress.send(progress);
    }
}

/// Returns when somebody asks to stop; never, if nobody can any more.
pub(super) async fn asked_to_stop(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}
