//! Carrying plans out on the command line: asks, shows what happens, and says how it ended.

use std::{collections::BTreeMap, path::PathBuf, pin::pin};

use tokio::sync::watch;

use uuid::Uuid;

use crate::{
    apply::Outcome,
    cli::{
        args::{ApplyArgs, RolloutArgs},
        consent,
        console::Console,
        exit::Exit,
        failure::Failure,
        interrupt::{self, Interrupts},
        place::Place,
        planning::{self, View},
        report::Report,
    },
    cloud::Cloud,
    file::places::Places,
    model::rate::Overrides,
    plan::{Plan, acceptance::Acceptance},
    run::{
        self, Losses, PlanRequest, Planned, Reporter, RunError, RunOptions, RunOutcome, Session,
        StackTarget,
    },
    show::{
        events,
        outputs::{self, Known},
        summary::{self, Frame},
        words,
    },
};

/// Plans to carry out for somebody.
pub(super) struct ApplyRequest<'a, C> {
    pub(super) plan: PlanRequest<'a, C>,
    /// The name of the sandbox that stands in for AWS, if one does.
    pub(super) sandbox: Option<&'a str>,
    /// Where what the stack files say stands, by path, if they were read.
    pub(super) places: Option<&'a BTreeMap<PathBuf, Places>>,
    pub(super) applying: &'a ApplyArgs,
    pub(super) rollouts: &'a RolloutArgs,
    /// The command that shows what is left.
    pub(super) plan_command: String,
    /// The command that goes on.
    pub(super) apply_command: String,
    /// What is known of the account's quotas.
    pub(super) rates: Overrides,
    /// Whether the plan was shown a moment ago, so that it need not be shown once more.
    pub(super) is_shown: bool,
}

/// Plans, shows, asks, and does it, one stack after another. A stack that does not get to its end
/// keeps those after it from beginning.
pub(super) async fn execute<C: Cloud>(
    request: &ApplyRequest<'_, C>,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    planning::announce(console)?;
    let (stop, stopped) = watch::channel(false);
    let options = request.options();
    let mut session = CommandLine { request, console };
    let running = run::execute(&request.plan, &options, &mut session, stopped);
    request.exit(running, &stop, interrupts).await
}

/// Does the same for plans that are made and shown already.
pub(super) async fn execute_planned<C: Cloud>(
    request: &ApplyRequest<'_, C>,
    planned: Vec<Planned>,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    let (stop, stopped) = watch::channel(false);
    let options = request.options();
    let mut session = CommandLine { request, console };
    let running = run::execute_planned(&request.plan, planned, &options, &mut session, stopped);
    request.exit(running, &stop, interrupts).await
}

impl<C> ApplyRequest<'_, C> {
    fn options(&self) -> RunOptions {
        RunOptions {
            concurrency: self.applying.concurrency,
            run_id: run_id(),
            no_wait: self.rollouts.no_wait,
            rollout_timeout: self.rollouts.rollout_timeout,
        }
    }

    /// Waits for the end of the run, and says how the program ends. The first interruption stops
    /// the run, the second leaves it.
    async fn exit(
        &self,
        running: impl Future<Output = Result<RunOutcome, RunError<Failure>>>,
        stop: &watch::Sender<bool>,
        interrupts: &mut Interrupts,
    ) -> Result<Exit, Failure> {
        let mut running = pin!(running);
        let ended = loop {
            tokio::select! {
                biased;
                ended = &mut running => break ended,
                () = interrupts.next() => {
                    let was_stopping = stop.send_replace(true);
                    if was_stopping {
                        return Err(Failure::half_way(
                            "left at once: calls that were in flight may have been carried out or not",
                        )
                        .hint(format!("to see what is left, run: {}", self.plan_command)));
                    }
                }
            }
        };
        match ended {
            Ok(RunOutcome {
                is_complete: true, ..
            }) => Ok(Exit::Done),
            Ok(RunOutcome {
                awaits_decision: true,
                ..
            }) => Ok(Exit::AwaitsDecision),
            Ok(RunOutcome { changed: true, .. }) => Ok(Exit::HalfWay),
            Ok(RunOutcome { .. }) => Ok(Exit::Error),
            Err(error) => Err(self.failure(error)),
        }
    }

    /// Why a run ended before anything was changed.
    fn failure(&self, error: RunError<Failure>) -> Failure {
        match error {
            RunError::Call(error) => Failure::from(error),
            RunError::Refused { decisions } => {
                let decisions = words::count(decisions, "decision");
                Failure::before(format!("nothing was changed: {decisions} needed first"))
            }
            RunError::NotAccepted(losses) => {
                let places = places(&self.plan, &losses);
                Failure::before(
                    "more would be lost than was accepted, because AWS has changed since the plan was made; nothing was changed by this run",
                )
                .hint(format!("to accept it, add {}", consent::options(places.keys())))
                .hint(format!("to see the new plan, run: {}", self.apply_command))
            }
            RunError::Moved(moved) => {
                let targets = self.plan.targets;
                let moved = moved.iter().map(|(index, address)| {
                    let stack = &targets[*index].stack.name;
                    Place::of(stack, address, targets.len()).to_string()
                });
                let moved: Vec<String> = moved.collect();
                let moved = words::list(&moved);
                Failure::before(format!(
                    "AWS has changed since the plan was made, at {moved}; nothing was changed by this run"
                ))
                .hint(format!("to see the new plan, run: {}", self.apply_command))
            }
            RunError::Interrupted => interrupt::interrupted(),
            RunError::Session(failure) => failure,
        }
    }
}

/// Whoever typed the command.
struct CommandLine<'a, C> {
    request: &'a ApplyRequest<'a, C>,
    console: &'a mut Console,
}

/// What was done stays done, whether or not somebody reads of it.
impl<C> Session<C> for CommandLine<'_, C> {
    type Error = Failure;

    fn show(&mut self, request: &PlanRequest<'_, C>, planned: &[Planned]) -> Result<(), Failure> {
        planning::ensure_targets(request, planned)?;
        if self.request.is_shown {
            return Ok(self.console.print("(the plan is the one above)\n")?);
        }
        let view = View {
            sandbox: self.request.sandbox,
            rates: Some(&self.request.rates),
            places: self.request.places,
            ..View::default()
        };
        planning::print(request, view, planned, self.console)
    }

    async fn confirm(
        &mut self,
        request: &PlanRequest<'_, C>,
        _planned: &[Planned],
        losses: &Losses,
    ) -> Result<Losses, Failure> {
        let places = places(request, losses);
        let lost = places.keys().cloned().collect();
        let named = consent::ask(&lost, self.request.applying, self.console).await?;
        let named = places
            .into_iter()
            .filter(|(place, _)| named.contains(place));
        Ok(named.flat_map(|(_, losses)| losses).collect())
    }

    fn nothing_to_do(
        &mut self,
        request: &PlanRequest<'_, C>,
        target: &StackTarget<C>,
        plan: &Plan,
    ) {
        self.console.events_are_about(Some(&target.path));
        _ = self
            .console
            .emit(&events::outcome(&Outcome::default(), false));
        self.print_outputs(request, target, &plan.known_attributes);
    }

    fn begin<'s>(
        &'s mut self,
        request: &'s PlanRequest<'s, C>,
        target: &'s StackTarget<C>,
        plan: &'s Plan,
    ) -> impl Reporter {
        self.console.events_are_about(Some(&target.path));
        if request.targets.len() > 1 && !self.console.prints_json() {
            let heading = format!("\nStack {}\n", target.stack.name);
            _ = self.console.eprint(&heading);
        }
        Report::on(self.console, plan)
    }

    fn end(
        &mut self,
        request: &PlanRequest<'_, C>,
        target: &StackTarget<C>,
        plan: &Plan,
        outcome: &Outcome,
        changed: bool,
    ) {
        let frame = Frame {
            changed,
            order: &target.stack.order,
            look: &self.request.plan_command,
            again: &self.request.apply_command,
        };
        let console = &mut *self.console;
        _ = console.emit(&events::outcome(outcome, changed));
        if !console.prints_json() || !outcome.is_complete() {
            let summary = summary::render(outcome, plan, &frame, console.err_style);
            _ = console.eprint(&format!("\n{summary}"));
        }
        // Of a run that stopped half way, the last words to people are what to do next.
        if outcome.is_complete() || console.prints_json() {
            let mut known = plan.known_attributes.clone();
            for (address, attributes) in &outcome.attributes {
                let known = known.entry(address.clone()).or_default();
                known.extend(attributes.clone());
            }
            self.print_outputs(request, target, &known);
        }
    }

    fn not_begun(&mut self, targets: &[&StackTarget<C>]) {
        let mut names = Vec::new();
        for target in targets {
            self.console.events_are_about(Some(&target.path));
            _ = self.console.emit(&events::Event::NotBegun {});
            names.push(format!("`{}`", target.stack.name));
        }
        let names = words::list(&names);
        _ = self
            .console
            .eprint(&format!("\nNot begun: the stacks {names}\n"));
    }
}

impl<C> CommandLine<'_, C> {
    /// Prints what the stack file exports for scripts, unless it is destroyed.
    fn print_outputs(
        &mut self,
        request: &PlanRequest<'_, C>,
        target: &StackTarget<C>,
        known: &Known,
    ) {
        if request.destroy {
            return;
        }
        for event in events::outputs(&outputs::declared(&target.stack, known)) {
            _ = self.console.emit(&event);
        }
        if !self.console.prints_json() {
            let text = outputs::after_apply(&target.stack, known, self.console.err_style);
            _ = self.console.eprint(&text);
        }
    }
}

/// The names under which `losses` are accepted on the command line. Stacks of one name, in several
/// accounts or regions, have one name for what they lose.
pub(super) fn places<C>(
    request: &PlanRequest<'_, C>,
    losses: &Losses,
) -> BTreeMap<Place<Acceptance>, Losses> {
    let mut places: BTreeMap<_, Losses> = BTreeMap::new();
    for loss in losses {
        let (index, acceptance) = loss;
        let stack = &request.targets[*index].stack.name;
        let place = Place::of(stack, acceptance, request.targets.len());
        places.entry(place).or_default().insert(loss.clone());
    }
    places
}

/// A name that no other run has.
fn run_id() -> String {
    Uuid::new_v4().simple().to_string()
}

#[cfg(test)]
mod tests;
