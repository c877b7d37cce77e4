//! The least permissions with which a stack can be planned, applied, destroyed or verified.
//!
//! Nothing is asked of AWS: everything follows from the stack file, but for what AWS decides. Tests
//! hold it against the calls that runs make in the sandbox, in both directions.

use std::collections::BTreeMap;

use crate::{
    kinds::{
        Resource,
        permitted::{Collector, Occasion},
    },
    model::{
        access::Access,
        address::{Kind, StackName},
        identity::Identity,
        node::Node,
        permission::{Permission, Permissions, Purpose},
        template::{Attribute, Reference},
    },
    series,
    stack::Stack,
};

/// What whoever runs amp-stack for `purpose` with `stack` has to be allowed.
pub fn permissions(stack: &Stack, purpose: Purpose) -> Permissions {
    let mut permissions = Permissions::default();
    let collector = |document: &Node| collector(document, &stack.identity);
    let names: Vec<&StackName> = stack.names().collect();
    let occasion = Occasion {
        purpose,
        names: &names,
        identity: &stack.identity,
        collector: &collector,
    };
    for kind in Kind::ALL {
        Resource::permissions_always(kind, occasion, &mut permissions);
    }
    let known = known(stack);
    for declared in stack.resources.values() {
        let Some(want) = &declared.want else {
            continue;
        };
        let filled = want.resolve(&|reference| known.get(reference).cloned());
        filled.permissions(&declared.lifecycle, occasion, &mut permissions);
    }
    if purpose != Purpose::Destroy {
        for mentioned in stack.mentions() {
            let naming = mentioned.naming;
            naming.add_permissions(&stack.identity, &mut permissions);
        }
    }
    permissions
}

/// What whoever starts a run with `stack` has to be allowed besides: the rest is what its role
/// needs.
pub fn to_assume(stack: &Stack) -> Permissions {
    let mut permissions = Permissions::default();
    if let Some(role) = stack.access.as_ref().and_then(Access::role) {
        let assume = Permission::new(
            "AssumeRoles",
            "the calls of the stack are made as this role, which whoever starts the run assumes",
            &["sts:AssumeRole"],
        );
        permissions.add(assume.on([role.arn.to_string()]));
    }
    permissions
}

/// The collector of a task definition in `here`.
fn collector(document: &Node, here: &Identity) -> Option<Collector> {
    let measures = series::of(document)?;
    let log = measures.log.filter(|log| {
        let region = log.region.as_deref();
        region.is_none_or(|region| region == here.region)
    });
    Some(Collector {
        log_group: log.map(|log| log.group),
        endpoint: measures.endpoint,
    })
}

/// The attributes that follow from names.
fn known(stack: &Stack) -> BTreeMap<Reference, String> {
    let own = stack.resources.iter().filter_map(|(address, declared)| {
        let want = declared.want.as_ref()?;
        Some((address, want.attributes_from_name(&stack.identity)))
    });
    let existing = stack.existing.iter();
    let existing = existing.map(|(address, attributes)| (address, attributes.clone()));
    let each = own.chain(existing).flat_map(|(address, attributes)| {
        attributes
            .into_iter()
            .map(|(attribute, value): (Attribute, String)| {
                let reference = Reference {
                    address: address.clone(),
                    attribute,
                };
                (reference, value)
            })
    });
    each.collect()
}
