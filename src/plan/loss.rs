//! What a plan takes for good: the one place that decides what has to be accepted by name.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    kinds::{
        Resource,
        regret::{LossContext, StepRisk},
    },
    model::address::Address,
    plan::{Plan, Step, StepId, acceptance::Acceptance, order::Dependencies},
};

/// What the calls of `step`, one of `plan`, take for good.
///
/// Each call is looked at with what lives when it is made. What the step makes itself holds nothing
/// yet, so nothing is lost by the calls that follow its creation.
pub fn losses(plan: &Plan, step: &Step) -> Vec<StepRisk> {
    if step.from.is_none() {
        return Vec::new();
    }
    let context = LossContext {
        target: &step.target,
        is_replaced: !step.replaces.is_empty(),
        oldest: plan.oldest.get(&step.id).copied(),
    };
    let mut state = step.from.clone();
    let mut losses = Vec::new();
    for change in step.changes() {
        losses.extend(
            state
                .as_ref()
                .and_then(|state| state.loss(&change, context)),
        );
        state = Resource::apply_change(state.as_ref(), &change);
    }
    losses
}

/// Forgets how old what a resource holds can be, unless it seems to have been made by a run that
/// was ended before it was done with it: whoever makes a retention shorter is asked even about
/// something that is new, because what holds for it today will not hold tomorrow.
pub(super) fn keep_unfinished(
    oldest: &mut BTreeMap<StepId, u32>,
    steps: &BTreeMap<StepId, Step>,
    dependencies: &Dependencies,
) {
    let creations = steps.values().filter(|step| step.from.is_none());
    let on = creations.filter_map(|step| dependencies.get(&step.id.address));
    let awaited: BTreeSet<&Address> = on.flatten().collect();
    oldest.retain(|id, _| {
        let step = steps.get(id).filter(|step| step.adopted_from.is_none());
        let from = step.and_then(|step| step.from.as_ref());
        from.is_some_and(|from| from.is_unfinished(awaited.contains(&id.address)))
    });
}

/// What has to be accepted before any call of `plan` is made.
pub fn needed(plan: &Plan) -> BTreeSet<Acceptance> {
    let steps = plan.steps.iter();
    let needed = steps.flat_map(|step| {
        let losses = losses(plan, step).into_iter();
        losses.filter_map(|risk| Some(Acceptance::of(&step.id.address, &risk.loss?)))
    });
    needed.collect()
}
