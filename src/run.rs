//! A run: reads AWS, plans, asks whether to carry the plans out, and carries them out, without
//! printing anything. Whoever wants a run talks to it through a [`Session`].

mod planning;
pub mod resume;
#[cfg(test)]
mod tests;

use std::{
    cell::RefCell, collections::BTreeSet, path::PathBuf, pin::pin, sync::Arc, time::Duration,
};

use tokio::{sync::watch, time::Instant};

pub use planning::{Goes, Planned, decide, observe, plan, plan_without_quotas, what_goes};

use crate::{
    apply::{self, Event, Outcome, Rollouts},
    cloud::Cloud,
    model::{
        address::Address,
        call::{CallError, Effect},
        service::Wait,
    },
    plan::{Plan, acceptance::Acceptance, loss},
    stack::Stack,
};

/// How long an answer may take before AWS is read once more.
const MOMENT: Duration = Duration::from_secs(10);
/// How long AWS may take to hear everywhere of what was just made. IAM is eventually consistent
/// (IAM user guide, "Troubleshoot IAM", "Changes that I make are not always immediately visible");
/// it names no bound.
const SETTLE_TIMEOUT: Duration = Duration::from_mins(2);

/// A stack, and the connection to where it lives.
#[derive(Debug)]
pub struct StackTarget<C> {
    /// Its file.
    pub path: PathBuf,
    /// The stack.
    pub stack: Stack,
    /// The connection; stacks of the same region share it.
    pub cloud: Arc<C>,
    /// The resources that alone are planned, with what they need; `None` is all of them.
    pub only: Option<BTreeSet<Address>>,
    /// The resources that are left as they are, whatever there would be to do to them: what came
    /// up after a saved plan was made, and matters to none of its calls.
    pub leave: BTreeSet<Address>,
}

/// What to plan.
#[derive(Clone, Copy, Debug)]
pub struct PlanRequest<'a, C> {
    /// The stacks, at least one, in the order in which they are planned and carried out.
    pub targets: &'a [StackTarget<C>],
    /// Whether to remove the stacks; then nothing that they declare is wanted.
    pub destroy: bool,
    /// Whether to find out what is no change, and why.
    pub explain: bool,
}

/// How to carry plans out.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Maximum number of resources to work on at once.
    pub concurrency: usize,
    /// A name that no other run has: tokens of calls are made from it.
    pub run_id: String,
    /// Whether to wait for no rollout.
    pub no_wait: bool,
    /// For how long to wait for a rollout at most, if not for as long as its own steps take.
    pub rollout_timeout: Option<Duration>,
}

/// What is lost by the plans of a run and has to be accepted by name, each with the index of its
/// stack.
pub type Losses = BTreeSet<(usize, Acceptance)>;

/// Whoever wants a run: it shows the plans, answers for the user, and hears what happens.
pub trait Session<C> {
    /// What ends a run that its session gives up.
    type Error;

    /// Shows the plans, before anybody is asked about them.
    ///
    /// # Errors
    ///
    /// If the plans can't be shown, or are not what was asked for.
    fn show(
        &mut self,
        request: &PlanRequest<'_, C>,
        planned: &[Planned],
    ) -> Result<(), Self::Error>;

    /// Asks whether to carry the plans out, of which at least one has something to do, and returns
    /// which of the `losses` somebody has named. Unless all are, nothing is changed.
    ///
    /// # Errors
    ///
    /// If the answer is no, or there is none.
    fn confirm(
        &mut self,
        request: &PlanRequest<'_, C>,
        planned: &[Planned],
        losses: &Losses,
    ) -> impl Future<Output = Result<Losses, Self::Error>>;

    /// Takes note that nothing has to be done to the stack of `target`.
    fn nothing_to_do(&mut self, request: &PlanRequest<'_, C>, target: &StackTarget<C>, plan: &Plan);

    /// Takes note that `plan` is carried out from now on; what happens goes to the reporter.
    fn begin<'s>(
        &'s mut self,
        request: &'s PlanRequest<'s, C>,
        target: &'s StackTarget<C>,
        plan: &'s Plan,
    ) -> impl Reporter;

    /// Takes note of how carrying `plan` out has ended. `changed` says whether this run has changed
    /// something by now, or may have.
    fn end(
        &mut self,
        request: &PlanRequest<'_, C>,
        target: &StackTarget<C>,
        plan: &Plan,
        outcome: &Outcome,
        changed: bool,
    );

    /// Takes note that there is something to do to the stack of `target`, and that it is not begun.
    fn not_begun(&mut self, targets: &[&StackTarget<C>]);
}

/// Hears what happens while one plan is carried out.
pub trait Reporter {
    /// How often to call [`Self::tick`].
    fn pace(&self) -> Duration;
    /// Takes note that `elapsed` has passed since the plan was begun.
    fn tick(&mut self, elapsed: Duration);
    /// Takes note of one event.
    fn event(&mut self, event: &Event);
}

/// How a run ended that carried plans out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunOutcome {
    /// Whether all plans were carried out to their ends.
    pub is_complete: bool,
    /// Whether something was changed, or may have been.
    pub changed: bool,
    /// Whether nothing keeps it from being complete but rollouts that wait for a person.
    pub awaits_decision: bool,
}

/// Why a run ended before anything was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunError<E> {
    /// AWS could not be read.
    Call(CallError),
    /// The plans wait for that many decisions.
    Refused {
        /// How many.
        decisions: usize,
    },
    /// Something would be lost that nobody has accepted by name.
    NotAccepted(Losses),
    /// While the question was being answered, AWS has changed: now other things would be done to
    /// these resources, each with the index of its stack.
    Moved(Vec<(usize, Address)>),
    /// Somebody asked to stop.
    Interrupted,
    /// The session gave it up.
    Session(E),
}

/// Plans, shows the plans, asks, and carries them out, one stack after another.
///
/// * A stack that does not get to its end keeps those after it from beginning.
/// * If the answer takes longer than ten seconds, AWS is read again, and the run ends unless the
///   plans are still the same.
/// * When `stop` becomes true before anything is begun, the run ends at once. After that nothing
///   new is begun, and the calls in flight are waited for.
///
/// # Errors
///
/// If the run ends before anything was changed.
pub async fn execute<C: Cloud, S: Session<C>>(
    request: &PlanRequest<'_, C>,
    options: &RunOptions,
    session: &mut S,
    mut stop: watch::Receiver<bool>,
) -> Result<RunOutcome, RunError<S::Error>> {
    let agree = async {
        let planned = plan(request).await.map_err(RunError::Call)?;
        session.show(request, &planned).map_err(RunError::Session)?;
        confirm(request, &planned, session).await?;
        Ok::<_, RunError<S::Error>>(planned)
    };
    let planned = unless_stopped(agree, &mut stop).await?;
    Ok(perform(request, planned, options, session, &stop).await)
}

/// The same as [`execute`] for plans that are made and shown already.
///
/// # Errors
///
/// If the run ends before anything was changed.
pub async fn execute_planned<C: Cloud, S: Session<C>>(
    request: &PlanRequest<'_, C>,
    planned: Vec<Planned>,
    options: &RunOptions,
    session: &mut S,
    mut stop: watch::Receiver<bool>,
) -> Result<RunOutcome, RunError<S::Error>> {
    unless_stopped(confirm(request, &planned, session), &mut stop).await?;
    Ok(perform(request, planned, options, session, &stop).await)
}

/// Does `work`, in which nothing may be changed, unless somebody asks to stop.
async fn unless_stopped<T, E>(
    work: impl Future<Output = Result<T, RunError<E>>>,
    stop: &mut watch::Receiver<bool>,
) -> Result<T, RunError<E>> {
    let stopped = async {
        if stop.wait_for(|stop| *stop).await.is_err() {
            // Nobody is left who could ask.
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        biased;
        result = work => result,
        () = stopped => Err(RunError::Interrupted),
    }
}

/// Asks whether to carry the plans out. Fails if that is declined, can't be, or no longer makes
/// sense.
async fn confirm<C: Cloud, S: Session<C>>(
    request: &PlanRequest<'_, C>,
    planned: &[Planned],
    session: &mut S,
) -> Result<(), RunError<S::Error>> {
    let refusals = planned.iter().map(|planned| planned.plan.refusals.len());
    let decisions: usize = refusals.sum();
    if decisions > 0 {
        return Err(RunError::Refused { decisions });
    }
    if planned.iter().all(|planned| planned.plan.is_empty()) {
        return Ok(());
    }
    let asked = Instant::now();
    let losses = losses(planned);
    let answer = session.confirm(request, planned, &losses).await;
    let accepted = answer.map_err(RunError::Session)?;
    let not_accepted =
        |losses: Losses| -> Losses { losses.difference(&accepted).cloned().collect() };
    let missing = not_accepted(losses);
    if !missing.is_empty() {
        return Err(RunError::NotAccepted(missing));
    }
    if asked.elapsed() <= MOMENT {
        return Ok(());
    }
    let again = plan(request).await.map_err(RunError::Call)?;
    let moved = planning::moved(planned, &again);
    if !moved.is_empty() {
        return Err(RunError::Moved(moved));
    }
    // The same calls may lose more than before: what is in a log group may have come since.
    let missing = not_accepted(self::losses(&again));
    if missing.is_empty() {
        Ok(())
    } else {
        Err(RunError::NotAccepted(missing))
    }
}

/// What the plans lose that has to be accepted by name.
pub fn losses(planned: &[Planned]) -> Losses {
    let plans = planned.iter().enumerate();
    let losses = plans.flat_map(|(index, planned)| {
        let needed = loss::needed(&planned.plan).into_iter();
        needed.map(move |acceptance| (index, acceptance))
    });
    losses.collect()
}

/// Carries out plans that somebody has agreed to, one of each stack.
async fn perform<C: Cloud, S: Session<C>>(
    request: &PlanRequest<'_, C>,
    planned: Vec<Planned>,
    options: &RunOptions,
    session: &mut S,
    stop: &watch::Receiver<bool>,
) -> RunOutcome {
    let mut run = RunOutcome {
        is_complete: true,
        changed: false,
        awaits_decision: false,
    };
    let plans = planned.into_iter().map(|planned| Arc::new(planned.plan));
    let mut not_begun = Vec::new();
    for (index, (target, plan)) in request.targets.iter().zip(plans).enumerate() {
        if plan.steps.is_empty() {
            if run.is_complete {
                session.nothing_to_do(request, target, &plan);
            }
            continue;
        }
        run.is_complete &= !*stop.borrow();
        if !run.is_complete {
            not_begun.push(target);
            continue;
        }
        let reporter = session.begin(request, target, &plan);
        let options = apply::Options {
            concurrency: options.concurrency,
            // Resources of two stacks may have the same address, but no token may be the same.
            run_id: format!("{}.{index}", options.run_id),
            settle_timeout: SETTLE_TIMEOUT,
            rollouts: rollouts(&target.stack, options),
        };
        let (outcome, changed) = perform_one(target, &plan, options, reporter, stop.clone()).await;
        run.changed |= changed;
        session.end(request, target, &plan, &outcome, run.changed);
        run.is_complete &= outcome.is_complete();
        run.awaits_decision = outcome.awaits_decision();
    }
    run.awaits_decision &= not_begun.is_empty();
    if !not_begun.is_empty() {
        session.not_begun(&not_begun);
    }
    run
}

/// How the rollouts of a stack are waited for.
fn rollouts(stack: &Stack, options: &RunOptions) -> Rollouts {
    let services = stack.resources.values().flat_map(|d| &d.lifecycle.services);
    let waits = services.map(|(name, rollout)| {
        let wait = if options.no_wait {
            Wait::No
        } else {
            rollout.wait
        };
        (name.clone(), wait)
    });
    Rollouts {
        waits: waits.collect(),
        timeout: options.rollout_timeout,
    }
}

/// Carries the plan of one stack out. Returns how it ended, and whether it changed something, or
/// may have.
async fn perform_one<C: Cloud>(
    target: &StackTarget<C>,
    plan: &Arc<Plan>,
    options: apply::Options,
    reporter: impl Reporter,
    stop: watch::Receiver<bool>,
) -> (Outcome, bool) {
    let mut ticks = tokio::time::interval(reporter.pace());
    let heard = RefCell::new((reporter, false));
    let report = |event: Event| {
        let (reporter, changed) = &mut *heard.borrow_mut();
        *changed |= matches!(event, Event::Performed { .. });
        reporter.event(&event);
    };
    let began = Instant::now();
    let (plan, cloud) = (Arc::clone(plan), Arc::clone(&target.cloud));
    let mut applying = pin!(apply::apply(plan, cloud, options, stop, report));
    let outcome = loop {
        tokio::select! {
            biased;
            outcome = &mut applying => break outcome,
            _ = ticks.tick() => heard.borrow_mut().0.tick(began.elapsed()),
        }
    };
    let changed = heard.borrow().1;
    let mut failed = outcome.failed.iter();
    let changed = changed || failed.any(|failure| failure.error.effect == Effect::Unknown);
    (outcome, changed)
}
