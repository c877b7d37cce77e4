//! Leaves of a plan only what somebody asked for, and what that needs.

use std::collections::BTreeSet;

use crate::{
    kinds::Resource,
    model::address::Address,
    plan::{ClaimBy, Phase, Plan, Step, claims, mentions::contains_name, order},
    snapshot::Snapshot,
    stack::Stack,
};

impl Plan {
    /// The same plan, which was made of `stack` and `live`, without everything that `targets` do
    /// not need.
    ///
    /// What is built needs what it refers to and what stands in its way. What is removed needs that
    /// whatever lives and mentions it lets go of it, or is removed before; it does not need what it
    /// mentions itself, so of a stack that is removed whole only what needs the targets goes with
    /// them.
    #[must_use]
    pub fn only(mut self, targets: &BTreeSet<Address>, stack: &Stack, live: &Snapshot) -> Self {
        let kept = needed(targets, &self, stack, live);
        let is_kept = |address: &Address| kept.contains(address);
        let planned = self.steps.iter().map(|step| &step.id.address);
        let refused = self.refusals.iter().map(|refusal| &refusal.address);
        let left_out = planned.chain(refused).filter(|address| !is_kept(address));
        self.left_out = left_out.cloned().collect();
        self.narrow(is_kept);
        self
    }

    /// The same plan without what it does, or wants decided, at the addresses in `leave`, which
    /// nothing else of it needs.
    #[must_use]
    pub fn without(mut self, leave: &BTreeSet<Address>) -> Self {
        let planned = self.steps.iter().map(|step| &step.id.address);
        let refused = self.refusals.iter().map(|refusal| &refusal.address);
        let came_up = planned.chain(refused).filter(|at| leave.contains(*at));
        self.came_up = came_up.cloned().collect();
        let came_up = self.came_up.clone();
        self.narrow(|address| !came_up.contains(address));
        self
    }

    /// The addresses at which this plan for `stack` does something, or wants something decided,
    /// that no step at the addresses in `touched` needs.
    ///
    /// A build needs that whatever it mentions is there, and that nothing is in its way. It does
    /// not need what is only altered in place: nothing that it mentions follows from that.
    pub fn unneeded(&self, touched: &BTreeSet<Address>, stack: &Stack) -> BTreeSet<Address> {
        let dependencies = order::dependencies(stack);
        let mut needed = touched.clone();
        for step in self
            .steps
            .iter()
            .filter(|step| step.id.phase == Phase::Build && touched.contains(&step.id.address))
        {
            let on = dependencies.get(&step.id.address).into_iter().flatten();
            let refused = |address: &&Address| {
                let mut refusals = self.refusals.iter();
                refusals.any(|refusal| refusal.address == **address)
            };
            needed.extend(on.filter(refused).cloned());
            let before = self
                .steps
                .iter()
                .filter(|other| step.after.contains(&other.id));
            let before = before.filter(|other| step.claim != ClaimBy::Step(other.id.clone()));
            let comes_or_goes = before.filter(|other| other.from.is_none() || other.to.is_none());
            needed.extend(comes_or_goes.map(|other| other.id.address.clone()));
        }
        let planned = self.steps.iter().map(|step| &step.id.address);
        let refused = self.refusals.iter().map(|refusal| &refusal.address);
        let unneeded = planned
            .chain(refused)
            .filter(|address| !needed.contains(*address));
        unneeded.cloned().collect()
    }

    /// Forgets everything about resources that are not kept.
    fn narrow(&mut self, is_kept: impl Fn(&Address) -> bool) {
        self.steps.retain(|step| is_kept(&step.id.address));
        for step in &mut self.steps {
            step.after.retain(|id| is_kept(&id.address));
        }
        self.refusals.retain(|refusal| is_kept(&refusal.address));
        self.notes.retain(|note| is_kept(&note.address));
        self.keep_facts(is_kept);
    }
}

/// `targets`, and everything that has to be done, or decided, before them.
fn needed(
    targets: &BTreeSet<Address>,
    plan: &Plan,
    stack: &Stack,
    live: &Snapshot,
) -> BTreeSet<Address> {
    let steps = &plan.steps;
    let dependencies = order::dependencies(stack);
    let mut kept = BTreeSet::new();
    let mut ahead: Vec<Address> = targets.iter().cloned().collect();
    while let Some(address) = ahead.pop() {
        if !kept.insert(address.clone()) {
            continue;
        }
        ahead.extend(dependencies.get(&address).into_iter().flatten().cloned());
        for step in steps.iter().filter(|step| step.id.address == address) {
            // What only decides which of several runs takes a step is nothing that it needs.
            let decides = |other: &Step| step.claim == ClaimBy::Step(other.id.clone());
            let before = steps.iter().filter(|other| step.after.contains(&other.id));
            let before = before.filter(|other| !decides(other));
            let needed = before.filter(|other| match step.id.phase {
                Phase::Build => true,
                // A removal comes after every build, but needs only those that let go of it.
                Phase::Remove => lets_go(other, step, stack),
            });
            ahead.extend(needed.map(|other| other.id.address.clone()));
            if step.id.phase == Phase::Remove {
                let refused = plan.refusals.iter().map(|refusal| &refusal.address);
                let hold_on = refused.filter(|other| holds_on(other, step, stack, live));
                ahead.extend(hold_on.cloned());
            }
        }
    }
    kept
}

/// Returns whether what `step` alters or removes mentions, as it is now, what `removal` removes.
pub(super) fn lets_go(step: &Step, removal: &Step, stack: &Stack) -> bool {
    step.from
        .as_ref()
        .is_some_and(|from| mentions(from, removal, stack))
}

/// Returns whether what stands at `refused`, and stays because of a refusal, mentions what
/// `removal` removes.
fn holds_on(refused: &Address, removal: &Step, stack: &Stack, live: &Snapshot) -> bool {
    let mut holders = holders(live, removal, stack);
    holders.any(|address| address == refused)
}

/// The addresses of what is ours in `live` and mentions what `removal`, a step of a plan for
/// `stack`, removes; none if it alters or builds something. Something of the same kind mentions it
/// only as somebody to trust, which it does not need.
pub fn holders<'a>(
    live: &'a Snapshot,
    removal: &'a Step,
    stack: &'a Stack,
) -> impl Iterator<Item = &'a Address> {
    let removes = removal.to.is_none();
    live.found.iter().filter_map(move |found| {
        let address = claims::ours(found)?;
        let may_hold = removes && address.kind > removal.id.address.kind;
        (may_hold && mentions(&found.resource, removal, stack)).then_some(address)
    })
}

/// Returns whether `holder` mentions what `removal` removes.
fn mentions(holder: &Resource, removal: &Step, stack: &Stack) -> bool {
    let Some(removed) = &removal.from else {
        return false;
    };
    let names = removed.mentioned_as(&stack.identity, &removal.target);
    let goes_on_with = Resource::name_goes_on_with(removed.kind());
    let mut found = false;
    holder.each_template(&mut |text| {
        let text = text.to_string();
        found |= names
            .iter()
            .any(|name| contains_name(&text, name, goes_on_with));
    });
    found
}
