//! Doing: asking, carrying a plan out, and saying how it ended.

use std::{
    cell::{Cell, RefCell},
    hash::{BuildHasher, Hasher, RandomState},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use tokio::{sync::watch, time::Instant};

use crate::{
    apply::{Event, Options, Outcome, apply},
    cli::{
        args::Doing,
        consent,
        console::Console,
        exit::Exit,
        failure::Failure,
        interrupt::Interrupts,
        look::{self, Planned, Wish},
    },
    cloud::{CallError, Cloud},
    plan::Plan,
    show::{
        progress::Progress,
        summary::{self, Frame},
        words,
    },
};

/// How long an answer may take before AWS is read once more.
const MOMENT: Duration = Duration::from_secs(10);
/// How long AWS may take to hear everywhere of what was just made. IAM is eventually consistent (IAM user guide, "Troubleshoot IAM", "Changes that I make
/// are not always immediately visible"); it names no bound.
const SETTLE_TIMEOUT: Duration = Duration::from_mins(2);

/// A plan to be carried out for somebody.
pub(super) struct Order<'a, C> {
    pub(super) wish: Wish<'a>,
    pub(super) cloud: Arc<C>,
    pub(super) doing: &'a Doing,
    /// The command that shows what is left.
    pub(super) look: String,
    /// The command that goes on.
    pub(super) again: String,
}

/// Plans, shows, asks, and does it.
pub(super) async fn carry_out<C: Cloud>(
    order: Order<'_, C>,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    let agreed = agree(&order, console);
    let Some(plan) = unless_interrupted(agreed, interrupts).await? else {
        return Ok(Exit::Done);
    };
    let plan = Arc::new(plan);
    let changed = Cell::new(false);
    let outcome = run(&order, &plan, &changed, console, interrupts).await?;
    let changed = changed.get() || outcome.failed.iter().any(|f| is_ambiguous(&f.error));
    let frame = Frame {
        changed,
        look: &order.look,
        again: &order.again,
    };
    let summary = summary::render(&outcome, &plan, &frame, console.err_style);
    let told = console.tell(&format!("\n{summary}"));
    let exit = match (outcome.is_complete(), changed) {
        (true, _) => Exit::Done,
        (false, true) => Exit::HalfWay,
        (false, false) => Exit::Error,
    };
    // What was done stays done, whether or not somebody reads of it.
    told.map_or_else(|_| Ok(exit), |()| Ok(exit))
}

/// The plan that somebody has agreed to, or `None` if there is nothing to do.
async fn agree<C: Cloud>(
    order: &Order<'_, C>,
    console: &mut Console,
) -> Result<Option<Plan>, Failure> {
    let Planned { plan, risks } = look::show(&order.wish, &*order.cloud, None, console).await?;
    if plan.is_empty() {
        return Ok(None);
    }
    if !plan.refusals.is_empty() {
        let decisions = words::count(plan.refusals.len(), "decision");
        return Err(Failure::before(format!(
            "nothing was changed, because of {decisions} to make first"
        )));
    }
    let asked = Instant::now();
    consent::ask(&risks, order.doing, console).await?;
    if asked.elapsed() > MOMENT {
        let again = look::plan(&order.wish, &*order.cloud).await?;
        let moved = look::moved(&plan, &again.plan);
        if !moved.is_empty() {
            let moved: Vec<String> = moved.iter().map(ToString::to_string).collect();
            return Err(Failure::before(format!(
                "AWS has changed since the plan was made, at {}; nothing was changed by this run",
                words::list(&moved)
            ))
            .hint(format!("to see the new plan, run: {}", order.again)));
        }
    }
    Ok(Some(plan))
}

/// Carries the plan out. The first interruption stops it, the second leaves it. `changed` becomes true with the first call that succeeds.
async fn run<C: Cloud>(
    order: &Order<'_, C>,
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
    let style = console.err_style;
    let progress = if console.can_move {
        Progress::bars(plan, style, console.rows)
    } else {
        Progress::lines(plan, style, &mut *console.err)
    };
    let mut ticks = tokio::time::interval(progress.pace());
    let progress = RefCell::new(progress);
    let report = |event: Event| {
        if matches!(event, Event::Performed { .. }) {
            changed.set(true);
        }
        progress.borrow_mut().report(&event);
    };
    let began = Instant::now();
    let (stop, stopped) = watch::channel(false);
    let cloud = Arc::clone(&order.cloud);
    let mut deed = pin!(apply(Arc::clone(plan), cloud, options, stopped, report));
    loop {
        tokio::select! {
            outcome = &mut deed => return Ok(outcome),
            _ = ticks.tick() => progress.borrow_mut().tick(began.elapsed()),
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

/// Tells whether a failed call may have had its effect all the same: no answer came, or one that speaks of trouble on AWS's side.
fn is_ambiguous(error: &CallError) -> bool {
    error.code.as_ref().is_none_or(|code| {
        ["Internal", "Server", "ServiceFailure", "Unavailable"]
            .iter()
            .any(|word| code.contains(word))
    })
}

/// A name that no other run has: the standard library seeds its hashers at random.
fn run_id() -> String {
    let random = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", random(), random())
}

#[cfg(test)]
mod tests;
