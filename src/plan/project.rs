//! What a reading of AWS will say once another stack's plan has been carried out.

use std::collections::BTreeMap;

use crate::{
    kinds::{Resource, kind::Scope},
    model::{
        address::StackName, live::TakenName, mention::Presence, tags::Owner, template::Attribute,
    },
    plan::{Phase, Plan, Step, names, quotas},
    snapshot::{LiveResource, Snapshot},
};

/// Alters `live` to what it will be after `earlier`, the plan of the stack `of`, which is carried
/// out first. So two stacks that want the same name collide in the plan as they would in AWS, and a
/// stack may mention a role that an earlier one makes.
///
/// `same_region` says whether both stacks live in one region: roles are global, everything else is
/// not.
pub fn project(live: &mut Snapshot, earlier: &Plan, of: &StackName, same_region: bool) {
    for step in &earlier.steps {
        if !same_region && Resource::scope(step.id.address.kind) == Scope::Region {
            continue;
        }
        match (step.id.phase, &step.to) {
            (Phase::Remove, _) | (Phase::Build, None) => remove(live, step),
            (Phase::Build, Some(to)) => build(live, step, to, of),
        }
    }
}

fn remove(live: &mut Snapshot, step: &Step) {
    quotas::give_back(live, step);
    // What no stack owns stays: of a family, revisions of somebody else are left.
    let goes = |found: &LiveResource| is_target(found, step) && !names::adoptable(&found.owner);
    live.found.retain(|found| !goes(found));
    let gone = step.from.as_ref();
    let gone = gone.and_then(|gone| gone.as_mentioned(&live.identity));
    if let Some(presence) = gone.and_then(|(mention, _)| live.mentions.get_mut(&mention)) {
        *presence = Presence::Missing;
    }
    if Resource::scope(step.id.address.kind) == Scope::Account {
        live.roles.retain(|fact| fact.name != step.target);
    }
}

fn build(live: &mut Snapshot, step: &Step, to: &Resource, of: &StackName) {
    quotas::take(live, step);
    let owner = Owner::OtherStack(of.as_str().to_owned());
    if let Some(found) = live.found.iter_mut().find(|found| is_target(found, step)) {
        found.resource = to.clone();
        found.owner = owner.clone();
    } else {
        // Where AWS chooses the ARN names can't collide, but nobody adopts what has an owner.
        let arn = to.arn(&live.identity).map(|arn| (Attribute::Arn, arn));
        live.found.push(LiveResource {
            resource: to.clone(),
            owner: owner.clone(),
            attributes: BTreeMap::from_iter(arn),
            facts: Vec::new(),
        });
    }
    // What nobody looked up stays so.
    if let Some((mention, fits)) = to.as_mentioned(&live.identity)
        && let Some(presence) = live.mentions.get_mut(&mention)
    {
        *presence = fits;
    }
    if let Some(arn) = to.account_wide_arn(&live.identity) {
        live.roles.retain(|fact| fact.name != to.name());
        live.roles.push(TakenName {
            name: to.name().to_owned(),
            arn,
            owner,
        });
        live.roles.sort_by(|a, b| a.arn.cmp(&b.arn));
    }
}

/// Returns whether `found` is what the step is about.
fn is_target(found: &LiveResource, step: &Step) -> bool {
    found.resource.kind() == step.id.address.kind
        && found.resource.target(Some(&found.attributes)) == step.target
}
