//! The order of the steps: what depends on what, and the four rules.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    kinds::Resource,
    model::address::Address,
    plan::{ClaimBy, Phase, Step, StepId},
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
    topological(waiting)
}

/// Gives every step the steps that it waits for, by the four rules of [`plan`](super::plan), and
/// sorts them.
pub(super) fn order(mut steps: BTreeMap<StepId, Step>, dependencies: &Dependencies) -> Vec<Step> {
    let mut edges: BTreeMap<StepId, BTreeSet<StepId>> = BTreeMap::new();
    let replaced = replaced(&steps);
    for step in steps.values() {
        let after = match step.id.phase {
            Phase::Build => before_build(step, &steps, dependencies),
            Phase::Remove => before_removal(step, &steps, &replaced),
        };
        edges.insert(step.id.clone(), after);
    }
    for (id, after) in &edges {
        if let Some(step) = steps.get_mut(id) {
            step.after.clone_from(after);
        }
    }
    let sorted = topological(edges);
    sorted.iter().filter_map(|id| steps.remove(id)).collect()
}

/// The removals that some build waits for by rule 2.
fn replaced(steps: &BTreeMap<StepId, Step>) -> BTreeSet<StepId> {
    let builds = steps.values().filter(|s| s.id.phase == Phase::Build);
    builds.flat_map(|build| in_the_way(build, steps)).collect()
}

/// Rules 1, 2 and 4.
fn before_build(
    step: &Step,
    steps: &BTreeMap<StepId, Step>,
    dependencies: &Dependencies,
) -> BTreeSet<StepId> {
    let on = dependencies.get(&step.id.address).into_iter().flatten();
    on.map(|address| StepId::build(address.clone()))
        .filter(|id| steps.contains_key(id))
        .chain(decider(step).cloned())
        .chain(in_the_way(step, steps))
        .collect()
}

/// Rule 4: what decides who takes the step.
fn decider(build: &Step) -> Option<&StepId> {
    match &build.claim {
        ClaimBy::Step(id) => Some(id),
        ClaimBy::Alone | ClaimBy::Nothing(_) => None,
    }
}

/// Rule 2: what the build replaces, and what else has its name.
fn in_the_way<'a>(
    build: &'a Step,
    steps: &'a BTreeMap<StepId, Step>,
) -> impl Iterator<Item = StepId> + 'a {
    let kind = build.id.address.kind;
    let name = build.to.as_ref().map_or("", Resource::name);
    steps
        .values()
        .filter(move |other| {
            let replaced = other.id.address == build.id.address && !build.replaces.is_empty();
            let collides = build.from.is_none()
                && other.id.address.kind == kind
                && other
                    .from
                    .as_ref()
                    .is_some_and(|from| from.collides_with(name));
            other.id.phase == Phase::Remove && (replaced || collides)
        })
        .map(|other| other.id.clone())
}

/// Rule 3. A removal of a replacement can't wait for one that waits for builds: that would be a
/// circle.
fn before_removal(
    step: &Step,
    steps: &BTreeMap<StepId, Step>,
    replaced: &BTreeSet<StepId>,
) -> BTreeSet<StepId> {
    let makes_way = replaced.contains(&step.id);
    let waits_for = |other: &&StepId| match other.phase {
        Phase::Build => !makes_way,
        Phase::Remove => {
            other.address.kind > step.id.address.kind && (!makes_way || replaced.contains(*other))
        }
    };
    steps.keys().filter(waits_for).cloned().collect()
}

/// Sorts so that everything comes after what it waits for, and otherwise in the order of its names.
///
/// What waits in a circle comes last; a checked stack has no circles.
fn topological<T: Ord + Clone>(mut waiting: BTreeMap<T, BTreeSet<T>>) -> Vec<T> {
    let mut sorted = Vec::new();
    while let Some(next) = waiting
        .iter()
        .find(|(_, on)| on.is_empty())
        .map(|(item, _)| item.clone())
    {
        waiting.remove(&next);
        for on in waiting.values_mut() {
            on.remove(&next);
        }
        sorted.push(next);
    }
    sorted.extend(waiting.into_keys());
    sorted
}
