//! Decides, resource by resource, which steps it takes.

mod adoption;
mod twins;

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    kinds::{Resource, kind::ReplaceReason},
    model::{address::Address, live::Attributes, tags::Owner, template::Reference},
    plan::{
        ClaimBy, InUse, Note, Phase, Plan, Reason, Refusal, Step, StepId,
        claims::Claims,
        creation, facts, loss, names,
        order::{self, Dependencies},
        preflight, rollouts,
    },
    snapshot::{LiveResource, Snapshot},
    stack::{Declared, Stack},
};
use twins::is_known_by_tags;

/// What is known and decided so far.
pub(super) struct Planner<'a> {
    stack: &'a Stack,
    live: &'a Snapshot,
    claims: Claims<'a>,
    dependencies: Dependencies,
    steps: BTreeMap<StepId, Step>,
    /// The ARNs of what the steps remove, with their addresses.
    removed: BTreeMap<String, Address>,
    /// Attributes that references can be filled in with: those in the plan's `known_attributes`,
    /// and those that follow from names.
    settled: BTreeMap<Address, Attributes>,
    plan: Plan,
}

impl<'a> Planner<'a> {
    pub(super) fn new(stack: &'a Stack, live: &'a Snapshot) -> Self {
        let mut planner = Self {
            stack,
            live,
            claims: Claims::new(stack, live),
            dependencies: order::dependencies(stack),
            steps: BTreeMap::new(),
            removed: BTreeMap::new(),
            settled: BTreeMap::new(),
            plan: Plan {
                account: stack.identity.account.clone(),
                ..Plan::default()
            },
        };
        for (address, declared) in &stack.resources {
            if let Some(want) = &declared.want {
                let computed = want.attributes_from_name(&stack.identity);
                planner.settled.insert(address.clone(), computed);
            }
        }
        planner
    }

    pub(super) fn plan(mut self, notes: Vec<Note>) -> Plan {
        let stack = self.stack;
        self.plan.notes = notes;
        for address in order::dependencies_first(&self.dependencies) {
            let declared = stack.resources.get(&address);
            let want = declared.and_then(|declared| declared.want.as_ref());
            if let (Some(declared), Some(want)) = (declared, want) {
                self.build(&address, declared, want);
            }
        }
        for (address, text) in stack.wanted_notes() {
            self.note(address, text.clone());
        }
        let unwanted: Vec<&Address> = self
            .claims
            .left
            .keys()
            .copied()
            .filter(|address| !self.dependencies.contains_key(*address))
            .collect();
        for address in unwanted {
            self.remove_unwanted(address);
        }
        self.drop_refused();
        // What is refused keeps its name, which somebody else may be about to take.
        while self.check_names() {
            self.drop_refused();
        }
        let found = (&mut self.plan.refusals, &mut self.plan.notes);
        preflight::check(stack, self.live, &self.removed, found);
        self.drop_refused();
        let in_use = &mut self.plan.in_use;
        in_use.retain(|id, known| self.steps.contains_key(id) && *known != InUse::default());
        self.plan.refusals.sort_by(|a, b| a.address.cmp(&b.address));
        self.plan.notes.sort_by(|a, b| a.address.cmp(&b.address));
        loss::keep_unfinished(&mut self.plan.oldest, &self.steps, &self.dependencies);
        creation::claim(&mut self.steps, stack, self.live, &self.dependencies);
        self.plan.steps = order::order(self.steps, &self.dependencies, &stack.identity);
        self.plan
    }

    /// Decides what leads to `want`.
    fn build(&mut self, address: &Address, declared: &Declared, want: &Resource) {
        let matched = self.claims.matched.get(address).copied();
        let left = self.claims.left.remove(address).unwrap_or_default();
        if let Some(found) = matched {
            self.note_other_than_meant(address, declared, found);
        }
        match matched {
            Some(found) if is_known_by_tags(address) && !left.is_empty() => {
                self.alter_oldest(address, declared, want, found, &left);
            }
            Some(found) => {
                self.alter(address, declared, want, found);
                for extra in left {
                    self.remove(address, extra, Some(declared), Vec::new());
                }
            }
            None => match self.find_adoptable(address, declared, want) {
                Err(reason) => self.refuse(address, reason),
                Ok(adopted) => self.create(address, declared, want, adopted, &left),
            },
        }
    }

    /// Decides about something of ours that is, or becomes, what is wanted.
    fn alter(
        &mut self,
        address: &Address,
        declared: &Declared,
        want: &Resource,
        found: &'a LiveResource,
    ) {
        let mut to = self.complete(declared, want, Some(found));
        let mut replaces = Resource::replace_reasons(&found.resource, &to);
        if replaces.is_empty() && declared.lifecycle.replace {
            replaces.extend(to.force_replace(&found.resource));
        }
        if replaces.is_empty() {
            self.apply_overrides(address, found, declared, &mut to);
            self.keep(address, found, &to);
            let adopted_from = Some(&found.owner)
                .filter(|owner| **owner != Owner::Ours(address.clone()))
                .cloned();
            self.add_build(address, Some(found), to, Vec::new(), adopted_from);
            return;
        }
        let another = self.adopts_once_removed(address, declared, want, (found, &replaces));
        let is_removed = self.remove(address, found, Some(declared), replaces.clone());
        if let Some(reason) = another {
            self.refuse(address, reason);
            self.keep(address, found, &found.resource);
        } else if is_removed {
            // What is built anew takes over nothing from what is removed.
            let to = self.complete(declared, want, None);
            self.add_build(address, None, to, replaces, None);
        } else {
            self.keep(address, found, &found.resource);
        }
    }

    /// Decides about something that has to be created or adopted; what stands at the address under
    /// other names is replaced.
    fn create(
        &mut self,
        address: &Address,
        declared: &Declared,
        want: &Resource,
        adopted: Option<&'a LiveResource>,
        others: &[&'a LiveResource],
    ) {
        let mut to = self.complete(declared, want, adopted);
        let mut replaces = Vec::new();
        for old in others {
            replaces = Resource::replace_reasons(&old.resource, &to);
            self.remove(address, old, Some(declared), replaces.clone());
        }
        if let Some(adopted) = adopted {
            self.apply_overrides(address, adopted, declared, &mut to);
            self.keep(address, adopted, &to);
        }
        let adopted_from = adopted.map(|adopted| adopted.owner.clone());
        self.add_build(address, adopted, to, replaces, adopted_from);
    }

    fn remove_unwanted(&mut self, address: &Address) {
        let declared = self.stack.resources.get(address);
        let left = self.claims.left.get(address).cloned().unwrap_or_default();
        if is_known_by_tags(address) && left.len() > 1 {
            return self.refuse_ambiguous(address, left);
        }
        for found in left {
            self.remove(address, found, declared, Vec::new());
        }
    }

    /// Plans a removal, or refuses it and says so by `false`.
    fn remove(
        &mut self,
        address: &Address,
        found: &LiveResource,
        declared: Option<&Declared>,
        replaces: Vec<ReplaceReason>,
    ) -> bool {
        let in_use = facts::in_use(found, self.live.running.as_ref());
        let is_forced = self.stack.force_in_use.contains(address);
        let refusals = facts::held_back(found, declared, &replaces, &in_use, is_forced);
        if !refusals.is_empty() {
            for reason in refusals {
                self.refuse(address, reason);
            }
            return false;
        }
        let mut id = StepId::remove(address.clone());
        while self.steps.contains_key(&id) {
            id.nth += 1;
        }
        self.plan.in_use.insert(id.clone(), in_use);
        self.removed.insert(found.arn().to_owned(), address.clone());
        let step = Step {
            id: id.clone(),
            from: Some(found.resource.clone()),
            to: None,
            after: BTreeSet::new(),
            target: found.resource.target(Some(&found.attributes)),
            replaces,
            adopted_from: None,
            claim: ClaimBy::default(),
        };
        self.steps.insert(id, step);
        true
    }

    fn add_build(
        &mut self,
        address: &Address,
        from: Option<&LiveResource>,
        to: Resource,
        replaces: Vec<ReplaceReason>,
        adopted_from: Option<Owner>,
    ) {
        let step = Step {
            id: StepId::build(address.clone()),
            from: from.map(|found| found.resource.clone()),
            target: to.target(from.map(|found| &found.attributes)),
            to: Some(to),
            after: BTreeSet::new(),
            replaces,
            adopted_from,
            claim: ClaimBy::default(),
        };
        let found = rollouts::check(&step, self.stack, self.live);
        self.plan.refusals.extend(found.refusals);
        self.plan.notes.extend(found.notes);
        if step.changes().is_empty() {
            return;
        }
        facts::note_oldest(&mut self.plan.oldest, &step.id, from);
        let in_use = facts::use_of_parts(&step, from, self.live.running.as_ref());
        self.plan.in_use.insert(step.id.clone(), in_use);
        self.steps.insert(step.id.clone(), step);
    }

    /// What is desired, with everything filled in that is known by now.
    fn complete(
        &self,
        declared: &Declared,
        want: &Resource,
        live: Option<&LiveResource>,
    ) -> Resource {
        let lookup = |reference: &Reference| {
            let attributes = self.settled.get(&reference.address)?;
            attributes.get(&reference.attribute).cloned()
        };
        // Documents are completed by comparing them, so references have to be filled in before.
        let mut to = want.resolve(&lookup);
        let live = live.map(|found| &found.resource);
        to.note_express(&self.live.services);
        to.complete(live, &declared.lifecycle.ignore);
        to
    }

    /// Refuses to create what has a name that somebody will still have, and returns whether there
    /// was anything like that.
    fn check_names(&mut self) -> bool {
        let creations = self
            .steps
            .values()
            .filter(|step| step.id.phase == Phase::Build && step.from.is_none());
        let names = names::TakenNames::of(self.live);
        let taken: Vec<(Address, Reason)> = creations
            .filter_map(|step| {
                let reason = names::taken(step, &names, &self.removed)?;
                Some((step.id.address.clone(), reason))
            })
            .collect();
        let found = !taken.is_empty();
        for (address, reason) in taken {
            self.refuse(&address, reason);
        }
        found
    }

    /// Takes back the steps of every resource that a refusal is about.
    fn drop_refused(&mut self) {
        let refusals = self.plan.refusals.iter();
        let refused: BTreeSet<Address> = refusals.map(|refusal| refusal.address.clone()).collect();
        self.steps.retain(|id, _| !refused.contains(&id.address));
        self.removed.retain(|_, address| !refused.contains(address));
    }

    /// Notes the attributes of something that lives and stays, so that references to it can be
    /// filled in.
    fn keep(&mut self, address: &Address, found: &LiveResource, to: &Resource) {
        let known = to.attributes(&self.stack.identity, &found.attributes);
        self.settled.insert(address.clone(), known.clone());
        self.plan.known_attributes.insert(address.clone(), known);
    }

    fn apply_overrides(
        &mut self,
        address: &Address,
        found: &LiveResource,
        declared: &Declared,
        to: &mut Resource,
    ) {
        let running = self.live.running.as_ref();
        for note in facts::apply_overrides(found, running, &declared.lifecycle, to) {
            self.note(address, note);
        }
    }

    fn refuse(&mut self, address: &Address, reason: Reason) {
        self.plan.refusals.push(Refusal {
            address: address.clone(),
            reason,
        });
    }

    fn note(&mut self, address: &Address, text: String) {
        self.plan.notes.push(Note::new(address, text));
    }
}
