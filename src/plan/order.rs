//! The order of the steps: what depends on what, and the four rules.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use crate::{
    kinds::Resource,
    model::{
        address::{Address, Kind},
        identity::Identity,
    },
    plan::{ClaimBy, Phase, Step, StepId, mentions::Mentions},
    stack::Stack,
};

/// What each wanted resource depends on.
pub(super) type Dependencies = BTreeMap<Address, BTreeSet<Address>>;

/// Reads the dependencies of everything wanted, before any reference is filled in.
///
/// A role of the stack that is mentioned by ARN counts as well, unless that closes a circle: two
/// roles may trust each other by ARN.
pub(super) fn dependencies(stack: &Stack) -> Dependencies {
    let mut dependencies = Dependencies::new();
    for (address, declared) in &stack.resources {
        if let Some(want) = &declared.want {
            let mut on = mentioned(want);
            // A role may mention its own ARN, which follows from its name.
            on.remove(address);
            dependencies.insert(address.clone(), on);
        }
    }
    for (address, declared) in &stack.resources {
        let want = declared.want.as_ref();
        let Some(arn) = want.and_then(|want| want.account_wide_arn(&stack.identity)) else {
            continue;
        };
        for place in stack.role_arns.get(&arn).into_iter().flatten() {
            if !reaches(&dependencies, address, place)
                && let Some(on) = dependencies.get_mut(place)
            {
                on.insert(address.clone());
            }
        }
    }
    dependencies
}

fn mentioned(want: &Resource) -> BTreeSet<Address> {
    let mut addresses = BTreeSet::new();
    want.each_template(&mut |text| {
        addresses.extend(text.references().into_iter().map(|r| r.address.clone()));
    });
    addresses
}

pub(super) fn reaches(dependencies: &Dependencies, from: &Address, to: &Address) -> bool {
    let mut seen = BTreeSet::new();
    let mut ahead = vec![from];
    while let Some(address) = ahead.pop() {
        if address == to {
            return true;
        }
        if seen.insert(address) {
            ahead.extend(dependencies.get(address).into_iter().flatten());
        }
    }
    false
}

/// The wanted addresses, each after those it depends on.
pub(super) fn dependencies_first(dependencies: &Dependencies) -> Vec<Address> {
    let waiting = dependencies
        .iter()
        .map(|(address, on)| {
            let on = on.iter().filter(|on| dependencies.contains_key(on));
            (address.clone(), on.cloned().collect())
        })
        .collect();
    topological(&waiting)
}

/// Gives every step the steps that it waits for, by the four rules of [`plan`](super::plan), and
/// sorts them: builds as soon as they can come, then removals, those of later kinds first.
pub(super) fn order(
    mut steps: BTreeMap<StepId, Step>,
    dependencies: &Dependencies,
    identity: &Identity,
) -> Vec<Step> {
    let removals = Removals::new(&steps);
    let builds = steps.values().filter(|step| step.id.phase == Phase::Build);
    // The removals that some build waits for by rule 2.
    let replaced: BTreeSet<StepId> = builds
        .flat_map(|build| removals.in_the_way(build).cloned())
        .collect();
    let mentions = Mentions::of_removals(steps.values(), identity);
    let mut edges: BTreeMap<StepId, BTreeSet<StepId>> = BTreeMap::new();
    for step in steps.values() {
        if step.id.phase == Phase::Build {
            let before = before_build(step, &steps, dependencies, &removals);
            edges.entry(step.id.clone()).or_default().extend(before);
        } else {
            edges.entry(step.id.clone()).or_default();
        }
        for removal in mentions.in_state(step.from.as_ref()) {
            if waits_for(removal, &step.id, &replaced) {
                let before = edges.entry(removal.clone()).or_default();
                before.insert(step.id.clone());
            }
        }
    }
    for (id, after) in &edges {
        if let Some(step) = steps.get_mut(id) {
            step.after.clone_from(after);
        }
    }
    let place = |id: StepId| {
        let comes_last = id.phase == Phase::Remove && !replaced.contains(&id);
        (comes_last.then_some(Reverse(id.address.kind)), id)
    };
    let waiting = edges
        .into_iter()
        .map(|(id, after)| (place(id), after.into_iter().map(place).collect()))
        .collect();
    let sorted = topological(&waiting).into_iter();
    sorted.filter_map(|(_, id)| steps.remove(&id)).collect()
}

/// The removals of a plan, by what they make room for.
struct Removals<'a> {
    at: BTreeMap<&'a Address, Vec<&'a StepId>>,
    /// What bears a name that no other of its kind may have, by kind and name without case, with
    /// what is removed.
    called: BTreeMap<(Kind, String), Vec<(&'a StepId, &'a Resource)>>,
}

impl<'a> Removals<'a> {
    fn new(steps: &'a BTreeMap<StepId, Step>) -> Self {
        let mut removals = Self {
            at: BTreeMap::new(),
            called: BTreeMap::new(),
        };
        for step in steps.values() {
            if step.id.phase == Phase::Build {
                continue;
            }
            let at = removals.at.entry(&step.id.address).or_default();
            at.push(&step.id);
            if let Some(from) = &step.from {
                let name = from.name().to_ascii_lowercase();
                let called = removals.called.entry((step.id.address.kind, name));
                called.or_default().push((&step.id, from));
            }
        }
        removals
    }

    /// Rule 2: what `build` replaces, and what else has its name.
    fn in_the_way(&self, build: &Step) -> impl Iterator<Item = &'a StepId> {
        let is_replacement = !build.replaces.is_empty();
        let replaced = self.at.get(&build.id.address).filter(|_| is_replacement);
        let name = build.to.as_ref().map_or("", Resource::name).to_owned();
        let key = (build.id.address.kind, name.to_ascii_lowercase());
        let called = self.called.get(&key).filter(|_| build.from.is_none());
        // The key ignores case; whether AWS does is for the kind to say.
        let colliding = called
            .into_iter()
            .flatten()
            .filter(move |(_, from)| from.collides_with(&name))
            .map(|(id, _)| *id);
        replaced.into_iter().flatten().copied().chain(colliding)
    }
}

/// Rules 1, 2 and 4.
fn before_build(
    step: &Step,
    steps: &BTreeMap<StepId, Step>,
    dependencies: &Dependencies,
    removals: &Removals<'_>,
) -> BTreeSet<StepId> {
    let on = dependencies.get(&step.id.address).into_iter().flatten();
    on.map(|address| StepId::build(address.clone()))
        .filter(|id| steps.contains_key(id))
        .chain(decider(step).cloned())
        .chain(removals.in_the_way(step).cloned())
        .collect()
}

/// Rule 4: what decides who takes the step.
fn decider(build: &Step) -> Option<&StepId> {
    match &build.claim {
        ClaimBy::Step(id) => Some(id),
        ClaimBy::Alone | ClaimBy::Nothing(_) => None,
    }
}

/// Rule 3, given that what `other` alters or removes mentions what `removal` removes. A removal
/// that a build waits for can't wait for one that may wait for builds: that would be a circle.
fn waits_for(removal: &StepId, other: &StepId, replaced: &BTreeSet<StepId>) -> bool {
    let makes_way = replaced.contains(removal);
    match other.phase {
        Phase::Build => !makes_way,
        Phase::Remove => {
            other.address.kind > removal.address.kind && (!makes_way || replaced.contains(other))
        }
    }
}

/// Sorts so that everything comes after what it waits for, and otherwise in the order of its names.
///
/// What waits in a circle comes last; a checked stack has no circles.
fn topological<T: Ord + Clone>(waiting: &BTreeMap<T, BTreeSet<T>>) -> Vec<T> {
    let mut left: BTreeMap<&T, usize> = BTreeMap::new();
    let mut waited_for: BTreeMap<&T, Vec<&T>> = BTreeMap::new();
    for (item, on) in waiting {
        left.insert(item, on.len());
        for on in on {
            waited_for.entry(on).or_default().push(item);
        }
    }
    let mut ready: BTreeSet<&T> = left
        .iter()
        .filter(|(_, on)| **on == 0)
        .map(|(i, _)| *i)
        .collect();
    let mut sorted = Vec::new();
    while let Some(next) = ready.pop_first() {
        left.remove(next);
        for item in waited_for.remove(next).into_iter().flatten() {
            if let Some(on) = left.get_mut(item) {
                *on -= 1;
                if *on == 0 {
                    ready.insert(item);
                }
            }
        }
        sorted.push(next.clone());
    }
    sorted.extend(left.into_keys().cloned());
    sorted
}
