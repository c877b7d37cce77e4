//! Whether the plan of now is the plan of then or what is left of it, and if not, what moved in
//! between.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    kinds::{Resource, kind::IdentifiedBy},
    model::{
        address::Address,
        lifecycle::IgnorePath,
        tags::Owner,
        template::{Attribute, Reference},
    },
    plan::{Phase, Plan, Reason, Step, holders},
    snapshot::{LiveResource, Snapshot},
    stack::Stack,
};

/// What was there at one time, and the plan for it.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// What was there.
    pub live: &'a Snapshot,
    /// The plan.
    pub plan: &'a Plan,
}

/// A resource that is not as it was, so that the plan for it no longer holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Where it stands in the stack.
    pub address: Address,
    /// What it is called, or will be; empty if it has no name.
    pub name: String,
    /// What was there then; `None` is nothing.
    pub then: Option<Resource>,
    /// What is there now; `None` is nothing.
    pub now: Option<Resource>,
    /// Its ARNs then and now, if it is another one under the same name.
    pub arns: Option<[String; 2]>,
    /// Why nothing can be done about it now, if that was not so then.
    pub refused: Option<Reason>,
}

/// For each stack, given what was there and planned then and now, the resources at which there is
/// something to do or to decide now, and that matter to no call of the plan of then: it has no step
/// there, and none of its steps needs what stands there. They have moved, but the plan holds.
pub fn left_alone(stacks: &[(&Stack, Side<'_>, Side<'_>)]) -> Vec<BTreeSet<Address>> {
    let touched: Vec<BTreeSet<Address>> = stacks
        .iter()
        .map(|(_, then, _)| {
            let steps = then.plan.steps.iter();
            steps.map(|step| step.id.address.clone()).collect()
        })
        .collect();
    let mut left: Vec<BTreeSet<Address>> = stacks
        .iter()
        .zip(&touched)
        .map(|((stack, _, now), touched)| now.plan.unneeded(touched, stack))
        .collect();
    // What mentions something that is removed has to let go of it first, whichever stack it is of.
    for ((stack, _, removing), touched) in stacks.iter().zip(&touched) {
        let steps = removing.plan.steps.iter();
        for step in steps.filter(|step| touched.contains(&step.id.address)) {
            let beside = stacks.iter().zip(&mut left);
            // Nothing mentions what is in another account.
            let beside =
                beside.filter(|((other, ..), _)| other.identity.account == stack.identity.account);
            for ((_, _, holding), left) in beside {
                for address in holders(holding.live, step, stack) {
                    left.remove(address);
                }
            }
        }
    }
    left
}

/// The resources that moved between `then` and `now` and that either plan for `stack` is about. If
/// there are none, every step of `now` is a step of `then` or the rest of one, and the missing ones
/// are done.
pub fn moved(stack: &Stack, then: Side<'_>, now: Side<'_>) -> Vec<Moved> {
    let mut moved: BTreeMap<Address, Moved> = BTreeMap::new();
    for refusal in &now.plan.refusals {
        if !then.plan.refusals.contains(refusal) {
            let declared = stack.resources.get(&refusal.address);
            let want = declared.and_then(|declared| declared.want.as_ref());
            let name = want.map_or("", Resource::name);
            let found = |side: Side<'_>| at(side.live, &refusal.address, name).map(resource);
            let mut found = Moved {
                refused: Some(refusal.reason.clone()),
                ..state(&refusal.address, found(then), found(now))
            };
            if found.name.is_empty() {
                name.clone_into(&mut found.name);
            }
            moved.insert(refusal.address.clone(), found);
        }
    }
    let mut led_astray = Vec::new();
    for step in &now.plan.steps {
        let address = &step.id.address;
        let planned = then.plan.steps.iter().find(|then| is_same(then, step));
        if planned.is_some_and(|planned| goes_on(planned, step, stack, now.plan)) {
            continue;
        }
        let before = planned.map_or_else(
            || at(then.live, address, &step.target).map(resource),
            |planned| planned.from.clone(),
        );
        if before == step.from {
            led_astray.push(step);
        } else {
            let state = state(address, before, step.from.clone());
            moved.entry(address.clone()).or_insert(state);
        }
    }
    if moved.is_empty() {
        moved = astray(&led_astray, stack, then, now);
    }
    moved.into_values().collect()
}

/// `stack` without asking to build anew what has been built anew since `then`: what was there then
/// is not there `now`.
#[must_use]
pub fn renewed(mut stack: Stack, then: &Snapshot, now: &Snapshot) -> Stack {
    for (address, declared) in &mut stack.resources {
        let name = declared.want.as_ref().map(Resource::name);
        let is_meant = |found: &&LiveResource| {
            let is_of_kind = found.resource.kind() == address.kind;
            is_of_kind
                && match Resource::identified_by(address.kind) {
                    IdentifiedBy::Tags => found.owner == Owner::Ours(address.clone()),
                    IdentifiedBy::Name => Some(found.resource.name()) == name,
                }
        };
        let was = then.found.iter().find(is_meant);
        let is_there = was.is_some_and(|was| {
            let is_same =
                |is: &LiveResource| is.arn() == was.arn() && is.unique_id() == was.unique_id();
            now.found.iter().any(is_same)
        });
        declared.lifecycle.replace &= is_there;
    }
    stack
}

fn resource(found: &LiveResource) -> Resource {
    found.resource.clone()
}

fn state(address: &Address, then: Option<Resource>, now: Option<Resource>) -> Moved {
    let name = now.as_ref().or(then.as_ref()).map_or("", Resource::name);
    Moved {
        name: name.to_owned(),
        address: address.clone(),
        then,
        now,
        arns: None,
        refused: None,
    }
}

/// What lives under the name, or workspace id, `target`, else what our tags say stands at
/// `address`.
fn at<'a>(live: &'a Snapshot, address: &Address, target: &str) -> Option<&'a LiveResource> {
    let of_kind = || {
        let found = live.found.iter();
        found.filter(|found| found.resource.kind() == address.kind)
    };
    of_kind()
        .find(|found| {
            let id = found.attributes.get(&Attribute::Id).map(String::as_str);
            id.unwrap_or_else(|| found.resource.name()) == target
        })
        .or_else(|| of_kind().find(|found| found.owner == Owner::Ours(address.clone())))
}

/// Returns whether two steps of different plans are about the same thing. Removals at one address
/// are distinguished by what they remove.
fn is_same(then: &Step, now: &Step) -> bool {
    then.id.address == now.id.address
        && then.id.phase == now.id.phase
        && (now.id.phase == Phase::Build || then.target == now.target)
}

/// Returns whether `now` makes the last calls, or all, of `then`, and from where these begin.
fn goes_on(then: &Step, now: &Step, stack: &Stack, plan: &Plan) -> bool {
    // What was taken over is ours from the first call on.
    if now.adopted_from.is_some() && now.adopted_from != then.adopted_from {
        return false;
    }
    let lookup = |reference: &Reference| {
        let attributes = plan.known_attributes.get(&reference.address)?;
        attributes.get(&reference.attribute).cloned()
    };
    let declared = stack.resources.get(&now.id.address);
    let ignore = declared.map_or(&[][..], |declared| &declared.lifecycle.ignore);
    let to = then.to.as_ref().map(|to| to.resolve(&lookup));
    let calls = Resource::changes(then.from.as_ref(), to.as_ref());
    let left = now.changes();
    let mut state = then.from.clone();
    for (index, call) in calls.iter().enumerate() {
        if calls[index..] == left && is_at(state.as_ref(), now.from.as_ref(), ignore) {
            return true;
        }
        state = Resource::apply_change(state.as_ref(), call);
    }
    false
}

/// Returns whether `live` is the state `expected`, apart from what AWS decides and what is left to
/// somebody else.
fn is_at(expected: Option<&Resource>, live: Option<&Resource>, ignore: &[IgnorePath]) -> bool {
    match (expected, live) {
        (None, None) => true,
        (Some(expected), Some(live)) => {
            let mut completed = expected.clone();
            completed.complete(Some(live), ignore);
            completed.take_unpredictable(live);
            completed == *live
        }
        (None, Some(_)) | (Some(_), None) => false,
    }
}

/// What is behind steps that differ although what they begin with is the same: another workspace,
/// or another revision, than the one that was mentioned. If it is nothing like that, the steps
/// speak for themselves.
fn astray(
    steps: &[&Step],
    stack: &Stack,
    then: Side<'_>,
    now: Side<'_>,
) -> BTreeMap<Address, Moved> {
    let mut moved = BTreeMap::new();
    for step in steps {
        let address = &step.id.address;
        let own = state(address, step.from.clone(), step.from.clone());
        let declared = stack.resources.get(address);
        let mut causes = Vec::new();
        if let Some(want) = declared.and_then(|declared| declared.want.as_ref()) {
            want.each_template(&mut |text| {
                let mentioned = text.references().into_iter().map(|r| &r.address);
                causes.extend(mentioned.filter_map(|at| Some((at, another(at, then, now)?))));
            });
        }
        if causes.is_empty() {
            moved.insert(address.clone(), own);
        }
        moved.extend(causes.into_iter().map(|(at, cause)| (at.clone(), cause)));
    }
    moved
}

/// What stands at `address`, if that is another one than it was.
fn another(address: &Address, then: Side<'_>, now: Side<'_>) -> Option<Moved> {
    let (was, is) = (at(then.live, address, "")?, at(now.live, address, "")?);
    (was.arn() != is.arn()).then(|| Moved {
        arns: Some([was.arn().to_owned(), is.arn().to_owned()]),
        ..state(address, Some(resource(was)), Some(resource(is)))
    })
}
