//! Gives live resources short names within a file.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    kinds::declare,
    model::{
        address::{Address, StackName},
        tags::Owner,
    },
    snapshot::LiveResource,
};

/// The addresses of `found`, in the same order: what the stack owns keeps the address that its tags
/// name.
pub(crate) fn addresses(found: &[&LiveResource], stack: &StackName) -> Vec<Address> {
    let mut taken: BTreeSet<Address> = found.iter().filter_map(|found| owned(found)).collect();
    let names = names_for_others(found);
    found
        .iter()
        .map(|found| {
            owned(found).unwrap_or_else(|| {
                let by_others = names.get(found.arn()).map(|name| (*name).to_owned());
                let mut candidates: Vec<String> = by_others.into_iter().collect();
                candidates.extend(declare::keys(&found.resource, stack));
                let address = free(&candidates, found, &taken);
                taken.insert(address.clone());
                address
            })
        })
        .collect()
}

fn owned(found: &LiveResource) -> Option<Address> {
    match &found.owner {
        Owner::Ours(address) => Some(address.clone()),
        Owner::OtherRegion { .. }
        | Owner::OtherStack(_)
        | Owner::CloudFormation(_)
        | Owner::Terraform(_)
        | Owner::Aws
        | Owner::Unknown => None,
    }
}

/// The names that the only resource that has names for others gives them, by ARN.
fn names_for_others(found: &[&LiveResource]) -> BTreeMap<String, &'static str> {
    let mut names = found
        .iter()
        .filter_map(|found| declare::names_for_others(&found.resource));
    match (names.next(), names.next()) {
        (Some(only), None) => only,
        (Some(_) | None, _) => BTreeMap::new(),
    }
}

fn free(candidates: &[String], found: &LiveResource, taken: &BTreeSet<Address>) -> Address {
    let kind = found.resource.kind();
    if kind.is_single() {
        return Address::new(kind, "");
    }
    let address = |key: &str| Address::new(kind, key);
    let mut candidates = candidates
        .iter()
        .map(|name| cut(name))
        .filter(|n| !n.is_empty());
    let first = candidates
        .clone()
        .next()
        .unwrap_or_else(|| "main".to_owned());
    if let Some(free) = candidates.find(|key| !taken.contains(&address(key))) {
        return address(&free);
    }
    let mut number = 2;
    loop {
        let key = format!("{first}-{number}");
        if !taken.contains(&address(&key)) {
            return address(&key);
        }
        number += 1;
    }
}

/// Keys have up to 64 letters, of which a number may need some.
fn cut(name: &str) -> String {
    let name: String = name.chars().take(56).collect();
    name.trim_matches('-').to_owned()
}
