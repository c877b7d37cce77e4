//! The attributes of what lives now, whatever is planned for it.

use std::collections::BTreeMap;

use crate::{
    model::{address::Address, live::Attributes},
    plan::claims::Claims,
    snapshot::Snapshot,
    stack::Stack,
};

/// The attributes of every declared resource that lives and is ours, and of what the stack uses and
/// somebody else owns.
///
/// Unlike [`Plan::known_attributes`](crate::plan::Plan::known_attributes) these are of the present:
/// of a task definition that has changed in the file, the ARN of the live revision. Of several that
/// claim one address none is returned, because nothing says which is meant.
pub fn current_attributes(stack: &Stack, live: &Snapshot) -> BTreeMap<Address, Attributes> {
    let claims = Claims::new(stack, live);
    let mut current = stack.existing.clone();
    for address in stack.resources.keys() {
        let left = claims.left.get(address).map(Vec::as_slice);
        let found = match (claims.matched.get(address), left) {
            (Some(found), _) | (None, Some([found])) => *found,
            (None, Some(_) | None) => continue,
        };
        if found.resource.is_alive() {
            let attributes = found
                .resource
                .attributes(&stack.identity, &found.attributes);
            current.insert(address.clone(), attributes);
        }
    }
    current
}
