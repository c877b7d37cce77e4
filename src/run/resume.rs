//! Taking up a plan that was saved: what was planned then, what there is to do now, and whether
//! that is the same or what is left of it.

use crate::{
    cloud::Cloud,
    model::call::CallError,
    run::{
        PlanRequest, StackTarget,
        planning::{
            Planned, decide, observe, observe_quotas, what_goes, what_it_takes, with_quotas,
        },
    },
    saved::{self, Moved, Saved, Side},
    snapshot::Snapshot,
};

/// What a saved plan comes to now.
#[derive(Debug)]
pub struct Resumed {
    /// What was planned.
    pub before: Vec<Planned>,
    /// What there is to do now.
    pub planned: Vec<Planned>,
    /// What is not as it was, so that the plan no longer holds; each with the index of its stack.
    pub moved: Vec<(usize, Moved)>,
}

/// What there is to do to `targets` to carry `saved` out.
pub fn request<'a, C>(saved: &Saved, targets: &'a [StackTarget<C>]) -> PlanRequest<'a, C> {
    PlanRequest {
        targets,
        destroy: saved.destroy,
        explain: false,
    }
}

/// Reads what the saved plan was made from, as it is now.
///
/// # Errors
///
/// If AWS can't be read.
pub async fn observe_again<C: Cloud>(
    saved: &Saved,
    targets: &[StackTarget<C>],
) -> Result<Vec<Snapshot>, CallError> {
    let request = request(saved, targets);
    let planned = decide(&request, then(saved));
    let goes = what_goes(&planned);
    let taken = what_it_takes(&request, &planned);
    let ask = |target: &StackTarget<C>| {
        if saved.destroy {
            target.stack.query_to_destroy()
        } else {
            goes.query(&target.stack)
        }
    };
    let (live, quotas) = tokio::join!(observe(&request, ask), observe_quotas(&request, &taken));
    Ok(with_quotas(live?, quotas))
}

/// Compares what was planned with what there is to do now that AWS is as in `live`. `saved` is
/// complete: its secrets are filled in. The stacks of `targets` become what is carried out, and
/// what has come up since and matters to no call of the plan is left as it is.
pub fn resume<C>(saved: &Saved, targets: &mut [StackTarget<C>], live: Vec<Snapshot>) -> Resumed {
    for (target, saved) in targets.iter_mut().zip(&saved.stacks) {
        target.stack.clone_from(&saved.stack);
    }
    let before = decide(&request(saved, targets), then(saved));
    for ((target, saved), live) in targets.iter_mut().zip(&saved.stacks).zip(&live) {
        target.stack = saved::renewed(saved.stack.clone(), &saved.live, live);
    }
    let mut planned = decide(&request(saved, targets), live);
    let stacks = targets.iter().zip(before.iter().zip(&planned));
    let stacks: Vec<_> = stacks
        .map(|(target, (before, now))| (&target.stack, side(before), side(now)))
        .collect();
    let left = saved::left_alone(&stacks);
    if left.iter().any(|left| !left.is_empty()) {
        for (target, left) in targets.iter_mut().zip(left) {
            target.leave = left;
        }
        let live = planned.into_iter().map(|planned| planned.live);
        planned = decide(&request(saved, targets), live.collect());
    }
    let both = targets.iter().zip(before.iter().zip(&planned)).enumerate();
    let moved = both.flat_map(|(index, (target, (before, now)))| {
        let moved = saved::moved(&target.stack, side(before), side(now));
        moved.into_iter().map(move |moved| (index, moved))
    });
    Resumed {
        moved: moved.collect(),
        before,
        planned,
    }
}

/// What was read when the plan was saved.
fn then(saved: &Saved) -> Vec<Snapshot> {
    let stacks = saved.stacks.iter();
    stacks.map(|saved| saved.live.clone()).collect()
}

fn side(planned: &Planned) -> Side<'_> {
    Side {
        live: &planned.live,
        plan: &planned.plan,
    }
}
