//! The attributes of what lives now, whatever is planned for it.

use std::collections::BTreeMap;

use crate::{
    kinds::Resource,
    model::address::Address,
    plan::{
        attributes::{self, Attributes},
        claims::Claims,
    },
    snapshot::{LiveResource, Snapshot},
    stack::Stack,
};

/// The attributes of every declared resource that lives and is ours, and of what the stack uses and
/// somebody else owns.
///
/// Unlike [`Plan::known`](crate::plan::Plan::known) these are of the present: of a task definition
/// that has changed in the file, the ARN of the live revision. Of several that claim one address
/// none is told, because nothing says which is meant.
pub fn current_attributes(stack: &Stack, live: &Snapshot) -> BTreeMap<Address, Attributes> {
    let claims = Claims::new(stack, live);
    let mut living = stack.existing.clone();
    for address in stack.resources.keys() {
        let left = claims.left.get(address).map(Vec::as_slice);
        let found = match (claims.matched.get(address), left) {
            (Some(found), _) | (None, Some([found])) => *found,
            (None, Some(_) | None) => continue,
        };
        if is_alive(found) {
            let attributes = attributes::of(&stack.identity, found, &found.resource);
            living.insert(address.clone(), attributes);
        }
    }
    living
}

/// What AWS could not create, or what has only inactive revisions left, is of no use to anybody.
fn is_alive(found: &LiveResource) -> bool {
    match &found.resource {
        Resource::Workspace(workspace) => !workspace.failed,
        Resource::TaskDefinition(family) => family.document.is_some(),
        Resource::LogGroup(_) | Resource::Role(_) => true,
    }
}
