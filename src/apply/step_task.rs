//! The calls of one step, one after another.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc::UnboundedSender, watch},
    time::Instant,
};

use crate::{
    apply::{Options, retry, token::token},
    cloud::{Call, Cloud},
    kinds::Change,
    model::{
        call::{CallError, Claim, Class, Reply},
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
    Performed(StepId, &'static str, Reply),
}

/// How a step that did not panic ended.
pub(super) enum End {
    Done,
    /// Somebody asked to stop before its last call.
    Stopped,
    Failed(CallError),
}

impl<C: Cloud> StepTask<C> {
    /// Makes the calls.
    pub(super) async fn run(mut self) -> End {
        for (index, change) in std::mem::take(&mut self.changes).into_iter().enumerate() {
            if *self.stop.borrow() {
                return End::Stopped;
            }
            let operation = change.operation();
            let call = Call {
                address: self.step.address.clone(),
                target: self.target.clone(),
                change,
                token: token(&self.options.run_id, &self.step, index),
                claim: self.claim,
            };
            match self.retry(call, operation, index > 0).await {
                Err(end) => return end,
                Ok(reply) => {
                    if let Some(id) = reply.attributes.get(&Attribute::Id) {
                        self.target.clone_from(id);
                    }
                    self.emit(Progress::Performed(self.step.clone(), operation, reply));
                }
            }
        }
        End::Done
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
        let (progress, step) = (self.progress.clone(), self.step.clone());
        let listener = move |notice| {
            // As in `emit`.
            _ = progress.send(Progress::Noticed(step.clone(), operation, notice));
        };
        progress::listen(listener, self.cloud.perform(call)).await
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
