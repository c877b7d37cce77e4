//! Doing: asking, carrying a plan out, and saying how it ended.

use std::{
    cell::{Cell, RefCell},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use tokio::{sync::watch, time::Instant};
use uuid::Uuid;

use crate::{
    apply::{Event, Options, Outcome, apply},
    cli::{
        args::Doing,
        consent,
        console::Console,
        exit::Exit,
        failure::Failure,
        interrupt::Interrupts,
        look::{self, Planned, Site, Wish},
        place::Place,
        report::Report,
    },
    cloud::Cloud,
    model::call::Effect,
    plan::Plan,
    show::{
        events,
        outputs::{self, Known},
        summary::{self, Frame},
        words,
    },
};

/// How long an answer may take before AWS is read once more.
const MOMENT: Duration = Duration::from_secs(10);
/// How long AWS may take to hear everywhere of what was just made. IAM is eventually consistent
/// (IAM user guide, "Troubleshoot IAM", "Changes that I make are not always immediately visible");
/// it names no bound.
const SETTLE_TIMEOUT: Duration = Duration::from_mins(2);

/// Plans to be carried out for somebody.
pub(super) struct Order<'a, C> {
    pub(super) wish: Wish<'a, C>,
    pub(super) doing: &'a Doing,
    /// The command that shows what is left.
    pub(super) look: String,
    /// The command that goes on.
    pub(super) again: String,
}

/// Plans, shows, asks, and does it, one stack after another. A stack that does not get to its end
/// keeps those after it from beginning.
pub(super) async fn carry_out<C: Cloud>(
    order: Order<'_, C>,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    let agreed = agree(&order, console);
    let plans = unless_interrupted(agreed, interrupts).await?;
    perform(&order, plans, console, interrupts).await
}

/// Carries out plans that somebody has agreed to, one of each stack.
pub(super) async fn perform<C: Cloud>(
    order: &Order<'_, C>,
    plans: Vec<Plan>,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    let mut sites = order.wish.sites.iter().zip(plans);
    let mut changed = false;
    while let Some((site, plan)) = sites.next() {
        if plan.steps.is_empty() {
            console.events_are_about(Some(&site.path));
            // As with everything that is told from here on, nobody has to read it.
            _ = console.emit(&events::outcome(&Outcome::default(), false));
            tell_outputs(order, site, &plan.known_attributes, console);
            continue;
        }
        let end = carry_out_one(order, site, plan, changed, console, interrupts).await?;
        changed |= end.changed;
        if !end.is_complete {
            tell_not_begun(sites.filter(|(_, plan)| !plan.steps.is_empty()), console);
            return Ok(if changed { Exit::HalfWay } else { Exit::Error });
        }
    }
    Ok(Exit::Done)
}

/// Says which stacks are left as they are. What was done stays done, whether or not somebody reads
/// of it.
fn tell_not_begun<'a, C: 'a>(
    left: impl Iterator<Item = (&'a Site<C>, Plan)>,
    console: &mut Console,
) {
    let mut names = Vec::new();
    for (site, _) in left {
        console.events_are_about(Some(&site.path));
        _ = console.emit(&events::Event::NotBegun {});
        names.push(format!("`{}`", site.stack.name));
    }
    if !names.is_empty() {
        let names = words::list(&names);
        _ = console.tell(&format!("\nNot begun: the stacks {names}\n"));
    }
}

/// How the plan of one stack ended.
struct End {
    is_complete: bool,
    changed: bool,
}

/// Carries out the plan of one stack, and says how it ended. `before` returns whether this run has
/// changed something already.
async fn carry_out_one<C: Cloud>(
    order: &Order<'_, C>,
    site: &Site<C>,
    plan: Plan,
    before: bool,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Result<End, Failure> {
    console.events_are_about(Some(&site.path));
    if order.wish.sites.len() > 1 && !console.tells_programs() {
        _ = console.tell(&format!("\nStack {}\n", site.stack.name));
    }
    let plan = Arc::new(plan);
    let changed = Cell::new(before);
    let outcome = run(order, site, &plan, &changed, console, interrupts).await?;
    let changed = changed.get()
        || outcome
            .failed
            .iter()
            .any(|f| f.error.effect == Effect::Unknown);
    let frame = Frame {
        changed,
        look: &order.look,
        again: &order.again,
    };
    _ = console.emit(&events::outcome(&outcome, changed));
    if !console.tells_programs() || !outcome.is_complete() {
        let summary = summary::render(&outcome, &plan, &frame, console.err_style);
        _ = console.tell(&format!("\n{summary}"));
    }
    // Of a run that stopped half way, the last words to people are what to do next.
    if outcome.is_complete() || console.tells_programs() {
        let mut known = plan.known_attributes.clone();
        for (address, attributes) in &outcome.attributes {
            let known = known.entry(address.clone()).or_default();
            known.extend(attributes.clone());
        }
        tell_outputs(order, site, &known, console);
    }
    Ok(End {
        is_complete: outcome.is_complete(),
        changed,
    })
}

/// Tells what the stack file has for scripts, if it is not to go.
fn tell_outputs<C>(order: &Order<'_, C>, site: &Site<C>, known: &Known, console: &mut Console) {
    if order.wish.destroy {
        return;
    }
    for event in events::outputs(&outputs::declared(&site.stack, known)) {
        _ = console.emit(&event);
    }
    if !console.tells_programs() {
        let text = outputs::after_apply(&site.stack, known, console.err_style);
        _ = console.tell(&text);
    }
}

/// The plans that somebody has agreed to. They are empty if there is nothing to do.
async fn agree<C: Cloud>(
    order: &Order<'_, C>,
    console: &mut Console,
) -> Result<Vec<Plan>, Failure> {
    let planned = look::show(&order.wish, None, console).await?;
    confirm(order, &planned, console).await?;
    Ok(planned.into_iter().map(|planned| planned.plan).collect())
}

/// Asks whether to carry out `planned`, which somebody has seen. Fails if that is declined, can't
/// be, or no longer makes sense.
pub(super) async fn confirm<C: Cloud>(
    order: &Order<'_, C>,
    planned: &[Planned],
    console: &mut Console,
) -> Result<(), Failure> {
    let refusals = planned.iter().map(|planned| planned.plan.refusals.len());
    let refusals: usize = refusals.sum();
    if refusals > 0 {
        let decisions = words::count(refusals, "decision");
        return Err(Failure::before(format!(
            "nothing was changed, because of {decisions} to make first"
        )));
    }
    if planned.iter().any(|planned| !planned.plan.is_empty()) {
        let asked = Instant::now();
        consent::ask(&losses(&order.wish, planned), order.doing, console).await?;
        if asked.elapsed() > MOMENT {
            ensure_still(order, planned).await?;
        }
    }
    Ok(())
}

/// Plans once more, and fails unless the plans are the same.
async fn ensure_still<C: Cloud>(order: &Order<'_, C>, before: &[Planned]) -> Result<(), Failure> {
    let after = look::plan(&order.wish).await?;
    match look::all_moved(order.wish.sites, before, &after) {
        None => Ok(()),
        Some(moved) => Err(Failure::before(format!(
            "AWS has changed since the plan was made, at {moved}; nothing was changed by this run"
        ))
        .hint(format!("to see the new plan, run: {}", order.again))),
    }
}

/// The places whose data the plans lose.
pub(super) fn losses<C>(wish: &Wish<'_, C>, planned: &[Planned]) -> Vec<Place> {
    let mut losses = Vec::new();
    for (site, planned) in wish.sites.iter().zip(planned) {
        let lost = planned.risks.iter().filter(|risk| risk.data_loss);
        losses
            .extend(lost.map(|risk| Place::of(&site.stack.name, &risk.address, wish.sites.len())));
    }
    losses
}

/// Carries the plan out. The first interruption stops it, the second leaves it. `changed` becomes
/// true with the first call that succeeds.
async fn run<C: Cloud>(
    order: &Order<'_, C>,
    site: &Site<C>,
    plan: &Arc<Plan>,
    changed: &Cell<bool>,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Result<Outcome, Failure> {
    let options = Options {
        concurrency: order.doing.concurrency,
        run_id: run_id(),
        settle_timeout: SETTLE_TIMEOUT,
    };
    let report = Report::on(console, plan);
    let mut ticks = tokio::time::interval(report.pace());
    let report = RefCell::new(report);
    let tell = |event: Event| {
        if matches!(event, Event::Performed { .. }) {
            changed.set(true);
        }
        report.borrow_mut().tell(&event);
    };
    let began = Instant::now();
    let (stop, stopped) = watch::channel(false);
    let cloud = Arc::clone(&site.cloud);
    let mut deed = pin!(apply(Arc::clone(plan), cloud, options, stopped, tell));
    loop {
        tokio::select! {
            outcome = &mut deed => return Ok(outcome),
            _ = ticks.tick() => report.borrow_mut().tick(began.elapsed()),
            () = interrupts.next() => {
                let was_stopping = stop.send_replace(true);
                if was_stopping {
                    return Err(Failure::half_way(
                        "left at once: calls that were in flight may have been carried out or not",
                    )
                    .hint(format!("to see what is left, run: {}", order.look)));
                }
            }
        }
    }
}

/// Does `work`, unless somebody interrupts it; nothing in it may change anything.
pub(super) async fn unless_interrupted<T>(
    work: impl Future<Output = Result<T, Failure>>,
    interrupts: &mut Interrupts,
) -> Result<T, Failure> {
    tokio::select! {
        result = work => result,
        () = interrupts.next() => Err(Failure::before("interrupted; nothing was changed")),
    }
}

/// A name that no other run has.
fn run_id() -> String {
    Uuid::new_v4().simple().to_string()
}

#[cfg(test)]
mod tests;
