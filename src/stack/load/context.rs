//! What every section of a stack file is read with.

use std::{collections::BTreeSet, io, path::Path};

use crate::{
    address::{Address, StackName},
    identity::Identity,
    stack::load::tags::Tag,
};

/// The stack around a section.
pub(super) struct Context<'a> {
    /// The stack's name.
    pub(super) stack: StackName,
    /// Where it is.
    pub(super) identity: &'a Identity,
    /// Whether the account is no placeholder.
    pub(super) account_is_known: bool,
    /// Whether the region, and with it the partition, is no placeholder.
    pub(super) region_is_known: bool,
    /// The tags that every resource gets.
    pub(super) tags: Vec<Tag>,
    /// The resources that the file declares.
    pub(super) declared: &'a BTreeSet<Address>,
    /// Reads a file relative to the stack file.
    pub(super) read: &'a dyn Fn(&Path) -> io::Result<String>,
}
