//! Leaves of a plan only what somebody asked for, and what that needs.

use std::collections::BTreeSet;

use crate::{
    model::{address::Address, identity::Identity},
    plan::{ClaimBy, Phase, Plan, Step, order},
    stack::Stack,
};

impl Plan {
    /// The same plan without everything that `targets` does not need: what they refer to, what
    /// stands in their way, and, of what is removed, whatever still mentions it.
    #[must_use]
    pub fn only(mut self, targets: &BTreeSet<Address>, stack: &Stack) -> Self {
        let kept = needed(targets, &self, stack);
        let is_kept = |address: &Address| kept.contains(address);
        let planned = self.steps.iter().map(|step| &step.id.address);
        let refused = self.refusals.iter().map(|refusal| &refusal.address);
        let left_out = planned.chain(refused).filter(|address| !is_kept(address));
        self.left_out = left_out.cloned().collect();
        self.steps.retain(|step| is_kept(&step.id.address));
        for step in &mut self.steps {
            step.after.retain(|id| is_kept(&id.address));
        }
        self.refusals.retain(|refusal| is_kept(&refusal.address));
        self.notes.retain(|note| is_kept(&note.address));
        self.in_use.retain(|id, _| is_kept(&id.address));
        self
    }
}

/// `targets`, and everything that has to be done, or decided, before them.
fn needed(targets: &BTreeSet<Address>, plan: &Plan, stack: &Stack) -> BTreeSet<Address> {
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
                Phase::Remove => lets_go(other, step, &stack.identity),
            });
            ahead.extend(needed.map(|other| other.id.address.clone()));
            if step.id.phase == Phase::Remove {
                // What is refused stays as it is, and may hold on.
                let refused = plan.refusals.iter().map(|refusal| &refusal.address);
                ahead.extend(refused.filter(|other| other.kind > address.kind).cloned());
            }
        }
    }
    kept
}

/// Returns whether what `step` alters or removes mentions, as it is now, what `removal` removes.
fn lets_go(step: &Step, removal: &Step, identity: &Identity) -> bool {
    let (Some(from), Some(removed)) = (&step.from, &removal.from) else {
        return false;
    };
    let mentioned_as = removed.mentioned_as(identity, &removal.target);
    let mut found = false;
    from.each_template(&mut |text| {
        let text = text.to_string();
        found |= mentioned_as.iter().any(|name| text.contains(name));
    });
    found
}
