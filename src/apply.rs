//! Carries a plan out, and decides nothing but when.

pub mod retry;
mod run;
mod step_task;
pub mod token;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::sync::watch;

use crate::{
    cloud::Cloud,
    kinds::Change,
    model::{
        address::Address,
        call::CallError,
        rollout::End,
        service::{ServiceName, Wait},
        template::Attribute,
    },
    plan::{Plan, StepId},
    progress::Notice,
};

/// Carries out `plan`, and reports to `report` what happens in the order in which it happens.
///
/// * A step begins when everything it waits for is done, and at most `options.concurrency` steps
///   run at a time. The calls of a step are made one after another.
/// * Before its calls, a step fills in what is known by then and asks again which calls are needed.
/// * A step that fails, or panics, gives up the steps that wait for it and no others.
/// * When `stop` becomes true, nothing new is begun, and every running step finishes the call that
///   it is making.
/// * A plan with refusals is a reason to do nothing: all of its steps are stopped before they
///   begin.
pub async fn apply<C: Cloud>(
    plan: Arc<Plan>,
    cloud: Arc<C>,
    options: Options,
    stop: watch::Receiver<bool>,
    report: impl FnMut(Event),
) -> Outcome {
    run::Run::new(&plan, cloud, options, stop, report)
        .carry_out()
        .await
}

/// How a plan is carried out.
#[derive(Clone, Debug)]
pub struct Options {
    /// The most steps at a time.
    pub concurrency: usize,
    /// The name of this run, from which tokens are made: it differs from run to run.
    pub run_id: String,
    /// How long AWS may take to hear of what this run has made or altered.
    pub settle_timeout: Duration,
    /// How rollouts are waited for.
    pub rollouts: Rollouts,
}

/// How rollouts are waited for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rollouts {
    /// Until when, by service.
    pub waits: BTreeMap<ServiceName, Wait>,
    /// For how long at most, if not for as long as the steps of a deployment take.
    pub timeout: Option<Duration>,
}

/// What happens while a plan is carried out, in the order in which it happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A step begins.
    Started {
        /// The step.
        step: StepId,
        /// How many calls it takes.
        calls: usize,
    },
    /// A call is made.
    Calling {
        /// The step.
        step: StepId,
        /// What it does. Everything in it is known.
        change: Change,
    },
    /// The call that is made takes longer.
    Noticed {
        /// The step.
        step: StepId,
        /// The operation of the call: `iam:CreateRole`.
        operation: &'static str,
        /// Why.
        notice: Notice,
    },
    /// A call has to be made again.
    Waiting {
        /// The step.
        step: StepId,
        /// Why.
        error: CallError,
        /// How long until then.
        pause: Duration,
    },
    /// A call has succeeded.
    Performed {
        /// The step.
        step: StepId,
        /// The call.
        change: Change,
        /// The id of the request, for AWS support.
        request_id: Option<String>,
    },
    /// A step is done.
    Finished {
        /// The step.
        step: StepId,
    },
    /// A step has failed.
    Failed {
        /// The step.
        step: StepId,
        /// Why.
        error: CallError,
    },
    /// A step is left before its last call, because somebody asked to stop.
    Left {
        /// The step.
        step: StepId,
    },
    /// A step is not begun, because one that it waits for has failed.
    GivenUp {
        /// The step.
        step: StepId,
        /// The one that failed.
        because: StepId,
    },
    /// Somebody asked to stop: nothing new is begun.
    Stopping,
}

/// How it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The steps that are done, in the order in which they were.
    pub done: Vec<StepId>,
    /// The steps that failed, and the calls that each had made before.
    pub failed: Vec<Failure>,
    /// The steps that were not begun, each with the failed one that it waited for.
    pub given_up: Vec<(StepId, StepId)>,
    /// The steps that were not begun, or not finished, because somebody asked to stop.
    pub stopped: Vec<StepId>,
    /// The attributes of everything that was built.
    pub attributes: BTreeMap<Address, BTreeMap<Attribute, String>>,
    /// What people should know of how it went, by what it is about, in the order in which it became
    /// known.
    pub remarks: Vec<(Address, String)>,
    /// The steps whose resources another run of the stack had created since AWS was read.
    pub met: Vec<StepId>,
}

/// A step that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The step.
    pub step: StepId,
    /// The operations that it had performed before.
    pub performed: Vec<&'static str>,
    /// Why.
    pub error: CallError,
}

impl Outcome {
    /// Returns whether nothing failed but rollouts that wait at a hook until somebody decides, and
    /// nothing but what waits for these was given up.
    pub fn awaits_decision(&self) -> bool {
        let awaits =
            |failure: &Failure| failure.error.code.as_deref() == End::AwaitsDecision.code();
        !self.failed.is_empty() && self.failed.iter().all(awaits) && self.stopped.is_empty()
    }

    /// Returns whether everything is done.
    pub fn is_complete(&self) -> bool {
        self.failed.is_empty() && self.given_up.is_empty() && self.stopped.is_empty()
    }
}
