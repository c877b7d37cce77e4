//! Matches what is live to what is wanted.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    kinds::{Resource, kind::IdentifiedBy},
    model::{address::Address, tags::Owner},
    snapshot::{LiveResource, Snapshot},
    stack::Stack,
};

/// Who is who.
#[derive(Debug, Default)]
pub(super) struct Claims<'a> {
    /// The live resources of ours that are, or become, what is wanted at an address.
    pub(super) matched: BTreeMap<&'a Address, &'a LiveResource>,
    /// The other ones of ours, by the address that their tags name.
    pub(super) left: BTreeMap<&'a Address, Vec<&'a LiveResource>>,
}

impl<'a> Claims<'a> {
    /// Matches by name where names are unique, and by address otherwise.
    pub(super) fn new(stack: &'a Stack, live: &'a Snapshot) -> Self {
        let mut claims = Self::default();
        let mut taken = BTreeSet::new();
        for (address, declared) in &stack.resources {
            let Some(want) = &declared.want else {
                continue;
            };
            if let Some((index, found)) = find(address, want, live) {
                claims.matched.insert(address, found);
                taken.insert(index);
            }
        }
        for (index, found) in live.found.iter().enumerate() {
            if let Some(address) = ours(found).filter(|_| !taken.contains(&index)) {
                claims.left.entry(address).or_default().push(found);
            }
        }
        for left in claims.left.values_mut() {
            left.sort_by_key(|found| found.arn());
        }
        claims
    }
}

/// The address that the tags of `found` name, if it is ours. Tags that were copied to something of
/// another kind say nothing.
pub(super) fn ours(found: &LiveResource) -> Option<&Address> {
    match &found.owner {
        Owner::Ours(address) => Some(address).filter(|a| a.kind == found.resource.kind()),
        Owner::OtherRegion { .. }
        | Owner::OtherStack(_)
        | Owner::CloudFormation(_)
        | Owner::Terraform(_)
        | Owner::Aws
        | Owner::Unknown => None,
    }
}

/// Of several that carry the same tags, the least in this order is used: the oldest that is of any
/// use.
fn seniority(found: &LiveResource) -> (bool, u64, String) {
    let created_at = found.created_at().unwrap_or(u64::MAX);
    (
        !found.resource.is_alive(),
        created_at,
        found.arn().to_owned(),
    )
}

fn find<'a>(
    address: &Address,
    want: &Resource,
    live: &'a Snapshot,
) -> Option<(usize, &'a LiveResource)> {
    let mut candidates = live
        .found
        .iter()
        .enumerate()
        .filter(|(_, found)| found.resource.kind() == address.kind);
    match Resource::identified_by(address.kind) {
        IdentifiedBy::Tags => {
            let of_ours = candidates.filter(|(_, found)| ours(found) == Some(address));
            of_ours.min_by_key(|(_, found)| seniority(found))
        }
        // One that stands at another address and could not simply be tagged anew is that address's
        // business.
        IdentifiedBy::Name => candidates.find(|(_, found)| {
            found.resource.name() == want.name()
                && ours(found).is_some_and(|at| {
                    at == address || Resource::replace_reasons(&found.resource, want).is_empty()
                })
        }),
    }
}
