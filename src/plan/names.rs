//! Checks that every name is free and that every role mentioned by ARN will be there.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    kinds::{Resource, role::Role},
    model::{address::Address, tags::Owner},
    plan::{Reason, Refusal, Step},
    snapshot::Snapshot,
    stack::Stack,
};

/// Returns whether `adopt = true` may take something from `owner`: only what no stack of amp-stack
/// and not AWS itself owns.
pub(super) fn adoptable(owner: &Owner) -> bool {
    match owner {
        Owner::CloudFormation(_) | Owner::Terraform(_) | Owner::Unknown => true,
        Owner::Ours(_) | Owner::OtherRegion { .. } | Owner::OtherStack(_) | Owner::Aws => false,
    }
}

/// Who has the name that `build`, which creates something, is about to take, when everything whose
/// ARN is in `removed` is gone.
pub(super) fn taken(
    build: &Step,
    live: &Snapshot,
    removed: &BTreeMap<String, Address>,
) -> Option<Reason> {
    match build.to.as_ref()? {
        Resource::Role(role) => role_taken(role, live, removed),
        Resource::LogGroup(_) | Resource::TaskDefinition(_) => {
            let found = live.found.iter().find(|found| {
                found.resource.kind() == build.id.address.kind
                    && found.resource.name() == build.target
                    && !removed.contains_key(found.arn())
            })?;
            Some(Reason::NotOurs {
                arn: found.arn().to_owned(),
                owner: found.owner.clone(),
            })
        }
        // Aliases need not be unique (Amazon Managed Service for Prometheus API reference,
        // `CreateWorkspace`).
        Resource::Workspace(_) => None,
    }
}

/// Role names are unique in the account ignoring case, whatever the path (IAM API reference,
/// `CreateRole`).
fn role_taken(role: &Role, live: &Snapshot, removed: &BTreeMap<String, Address>) -> Option<Reason> {
    let wanted = live.identity.role_arn(&role.path, &role.name);
    let other = live.roles.iter().find(|fact| {
        fact.name.eq_ignore_ascii_case(&role.name) && !removed.contains_key(&fact.arn)
    })?;
    let (arn, owner) = (other.arn.clone(), other.owner.clone());
    Some(if arn == wanted {
        Reason::NotOurs { arn, owner }
    } else {
        Reason::NameTaken {
            wanted: role.name.clone(),
            arn,
            owner,
        }
    })
}

/// The roles that `stack` mentions by ARN and that will not be there: ARNs are compared with case
/// (IAM user guide, "IAM identifiers").
pub(super) fn missing_roles(
    stack: &Stack,
    live: &Snapshot,
    removed: &BTreeMap<String, Address>,
) -> Vec<Refusal> {
    let mut there: BTreeSet<String> = live.roles.iter().map(|fact| fact.arn.clone()).collect();
    there.retain(|arn| !removed.contains_key(arn));
    for declared in stack.resources.values() {
        if let Some(Resource::Role(role)) = &declared.want {
            there.insert(stack.identity.role_arn(&role.path, &role.name));
        }
    }
    let missing = stack
        .role_arns
        .iter()
        .filter(|(arn, _)| !there.contains(*arn));
    missing
        .flat_map(|(arn, places)| {
            let similar = there.iter().find(|other| similar(other, arn));
            let wanted = places.iter().filter(|place| is_wanted(stack, place));
            wanted.map(move |place| Refusal {
                address: place.clone(),
                reason: Reason::NoSuchRole {
                    wanted: arn.clone(),
                    similar: similar.cloned(),
                },
            })
        })
        .collect()
}

fn is_wanted(stack: &Stack, address: &Address) -> bool {
    stack
        .resources
        .get(address)
        .is_some_and(|declared| declared.want.is_some())
}

/// Returns whether the ARNs of two roles differ only by case or path.
fn similar(a: &str, b: &str) -> bool {
    let name = |arn: &str| arn.rsplit('/').next().unwrap_or(arn).to_ascii_lowercase();
    name(a) == name(b)
}
