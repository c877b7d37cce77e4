//! What was read of a stack file so far: what the tables that are read later have to know of the
//! others.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    file::{
        reader::Located,
        tree::{Span, Tree},
    },
    kinds::Resource,
    model::{
        address::{Address, Kind},
        lifecycle::Lifecycle,
        policy::Policy,
        template::Attribute,
    },
};

/// Everything that was read. The kinds are read in their order, in which a resource mentions only
/// resources of kinds before its own.
#[derive(Debug, Default)]
pub(crate) struct Outlines {
    /// What the stack declares.
    pub(crate) resources: BTreeMap<Address, ReadResource>,
    /// The attributes of what it uses and somebody else manages.
    pub(crate) existing: BTreeMap<Address, BTreeMap<Attribute, String>>,
    /// The kinds of which the file has a table, whether it could be read or not.
    pub(crate) present: BTreeSet<Kind>,
}

/// A resource that was read from its table.
#[derive(Debug)]
pub(crate) struct ReadResource {
    /// What is desired. What could not be read is filled with something, so that the rest of the
    /// file can be checked.
    pub(crate) want: Resource,
    /// What earlier defaults made of the same table, where that is something else, from the oldest.
    pub(crate) earlier: Vec<Resource>,
    /// How it is treated.
    pub(crate) lifecycle: Lifecycle,
    /// Its name, with the place to report if another resource has the same one; `None` if nothing
    /// is compared.
    pub(crate) name: Option<Located<String>>,
    /// Where its table stands.
    pub(crate) span: Span,
    /// Where its parts stand that other tables may add to, by name: the inline policies of a role.
    pub(crate) parts: BTreeMap<String, Span>,
    /// What it needs of other resources of the stack.
    pub(crate) needs: Needs,
    /// The ARNs of roles that it mentions and the stack does not declare.
    pub(crate) role_arns: BTreeSet<String>,
    /// What people should know of it.
    pub(crate) notes: Vec<String>,
    /// What its table says together with a file that it names, under the names of the API; `None`
    /// if it names none.
    pub(crate) request: Option<Tree>,
}

impl ReadResource {
    /// A resource without a name to compare, which needs nothing of others.
    pub(crate) fn new(want: Resource, lifecycle: Lifecycle, span: Span) -> Self {
        Self {
            want,
            earlier: Vec::new(),
            lifecycle,
            name: None,
            span,
            parts: BTreeMap::new(),
            needs: Needs::default(),
            role_arns: BTreeSet::new(),
            notes: Vec::new(),
            request: None,
        }
    }
}

/// What a resource needs of the stack's roles.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Needs {
    /// Inline policies by name, by the keys of the roles.
    pub(crate) grants: BTreeMap<String, BTreeMap<String, Policy>>,
    /// ARNs of managed policies, by the keys of the roles.
    pub(crate) attachments: BTreeMap<String, BTreeSet<String>>,
}
