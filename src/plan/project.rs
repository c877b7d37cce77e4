//! What a reading of AWS will say once another stack's plan has been carried out.

use std::collections::BTreeMap;

use crate::{
    kinds::Resource,
    model::{
        address::{Kind, StackName},
        live::TakenName,
        tags::Owner,
        template::Attribute,
    },
    plan::{Phase, Plan, Step},
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
        if !same_region && step.id.address.kind != Kind::Role {
            continue;
        }
        match (step.id.phase, &step.to) {
            (Phase::Remove, _) | (Phase::Build, None) => remove(live, step),
            (Phase::Build, Some(to)) => build(live, step, to, of),
        }
    }
}

fn remove(live: &mut Snapshot, step: &Step) {
    live.found.retain(|found| !is_target(found, step));
    if step.id.address.kind == Kind::Role {
        live.roles.retain(|fact| fact.name != step.target);
    }
}

fn build(live: &mut Snapshot, step: &Step, to: &Resource, of: &StackName) {
    let owner = Owner::OtherStack(of.as_str().to_owned());
    if let Some(found) = live.found.iter_mut().find(|found| is_target(found, step)) {
        found.resource = to.clone();
        found.owner = owner.clone();
    } else if let Some(arn) = arn(live, to) {
        live.found.push(LiveResource {
            resource: to.clone(),
            owner: owner.clone(),
            attributes: BTreeMap::from([(Attribute::Arn, arn)]),
            facts: Vec::new(),
        });
    }
    if let Resource::Role(role) = to {
        live.roles.retain(|fact| fact.name != role.name);
        live.roles.push(TakenName {
            name: role.name.clone(),
            arn: live.identity.role_arn(&role.path, &role.name),
            owner,
        });
        live.roles.sort_by(|a, b| a.arn.cmp(&b.arn));
    }
}

/// Returns whether `found` is what the step is about: workspaces are known by their ids, everything
/// else by its name.
fn is_target(found: &LiveResource, step: &Step) -> bool {
    let kind = step.id.address.kind;
    let known_as = match kind {
        Kind::Workspace => found.attributes.get(&Attribute::Id).map(String::as_str),
        Kind::LogGroup | Kind::Role | Kind::TaskDefinition => Some(found.resource.name()),
    };
    found.resource.kind() == kind && known_as == Some(step.target.as_str())
}

/// The ARN that follows from the name; `None` where AWS chooses it, and then names can't collide.
fn arn(live: &Snapshot, resource: &Resource) -> Option<String> {
    let identity = &live.identity;
    match resource {
        Resource::LogGroup(group) => Some(identity.log_group_arn(&group.name)),
        Resource::Role(role) => Some(identity.role_arn(&role.path, &role.name)),
        Resource::TaskDefinition(family) => {
            Some(identity.task_definition_arn(&family.family, family.revision.unwrap_or_default()))
        }
        Resource::Workspace(_) => None,
    }
}
