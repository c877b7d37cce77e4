//! Checks that every name is free and that every role mentioned by ARN will be there.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    model::{
        address::{Address, Kind},
        live::TakenName,
        tags::Owner,
    },
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

/// The names that are taken, by kind and name without case; whether AWS ignores it is for the kind
/// to say.
pub(super) struct TakenNames<'a> {
    live: &'a Snapshot,
    by_name: BTreeMap<(Kind, String), Vec<TakenName>>,
}

impl<'a> TakenNames<'a> {
    pub(super) fn of(live: &'a Snapshot) -> Self {
        let mut by_name: BTreeMap<_, Vec<TakenName>> = BTreeMap::new();
        for kind in Kind::ALL {
            for taken in live.taken_names(kind) {
                let key = (kind, taken.name.to_ascii_lowercase());
                by_name.entry(key).or_default().push(taken);
            }
        }
        Self { live, by_name }
    }
}

/// Who has the name that `build`, which creates something, is about to take, when everything whose
/// ARN is in `removed` is gone.
pub(super) fn taken(
    build: &Step,
    names: &TakenNames<'_>,
    removed: &BTreeMap<String, Address>,
) -> Option<Reason> {
    let to = build.to.as_ref()?;
    let key = (to.kind(), to.name().to_ascii_lowercase());
    let other = names
        .by_name
        .get(&key)?
        .iter()
        .find(|other| to.collides_with(&other.name) && !removed.contains_key(&other.arn))?;
    let wanted = to.account_wide_arn(&names.live.identity);
    let TakenName { arn, owner, .. } = other.clone();
    Some(match wanted {
        Some(wanted) if wanted != arn => Reason::NameTaken {
            wanted: to.name().to_owned(),
            arn,
            owner,
        },
        Some(_) | None => Reason::NotOurs { arn, owner },
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
        let want = declared.want.as_ref();
        there.extend(want.and_then(|want| want.account_wide_arn(&stack.identity)));
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
