//! Matches what is live to what is wanted.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    kinds::{Resource, kind::IdentifiedBy},
    model::{
        address::{Address, Kind},
        tags::Owner,
    },
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
        let known = Known::of(live);
        for (address, declared) in &stack.resources {
            let Some(want) = &declared.want else {
                continue;
            };
            let meant = declared.lifecycle.adopt_id.as_deref();
            if let Some((index, found)) = known.find(address, want, meant) {
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

/// What lives, with its place in the snapshot, by what it can be recognised by.
struct Known<'a> {
    by_name: BTreeMap<(Kind, &'a str), Vec<(usize, &'a LiveResource)>>,
    by_address: BTreeMap<&'a Address, Vec<(usize, &'a LiveResource)>>,
}

impl<'a> Known<'a> {
    fn of(live: &'a Snapshot) -> Self {
        let mut known = Self {
            by_name: BTreeMap::new(),
            by_address: BTreeMap::new(),
        };
        for (index, found) in live.found.iter().enumerate() {
            let name = (found.resource.kind(), found.resource.name());
            known.by_name.entry(name).or_default().push((index, found));
            if let Some(address) = ours(found) {
                let at = known.by_address.entry(address).or_default();
                at.push((index, found));
            }
        }
        known
    }

    /// Finds what is, or becomes, what is wanted: of several that nothing but tags distinguishes,
    /// the one with the id that is `meant`.
    fn find(
        &self,
        address: &Address,
        want: &Resource,
        meant: Option<&str>,
    ) -> Option<(usize, &'a LiveResource)> {
        match Resource::identified_by(address.kind) {
            IdentifiedBy::Tags => {
                let of_ours = self.by_address.get(address)?.iter();
                let is_other = |found: &LiveResource| !meant.is_some_and(|id| found.has_id(id));
                of_ours
                    .min_by_key(|(_, found)| (is_other(found), seniority(found)))
                    .copied()
            }
            // One that stands at another address and could not simply be tagged anew is that
            // address's business.
            IdentifiedBy::Name => {
                let mut called = self.by_name.get(&(address.kind, want.name()))?.iter();
                let is_it = |(_, found): &&(usize, &'a LiveResource)| {
                    ours(found).is_some_and(|at| {
                        at == address || Resource::replace_reasons(&found.resource, want).is_empty()
                    })
                };
                called.find(is_it).copied()
            }
        }
    }
}
