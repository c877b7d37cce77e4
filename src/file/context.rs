//! What every section of a stack file is read with.

use std::{collections::BTreeSet, io, path::Path};

use crate::{
    file::{included::Included, interpolate::Names, source::Source, tags::Tag},
    model::{
        address::{Address, StackName},
        identity::Identity,
    },
};

/// The stack around a section.
pub(crate) struct Context<'a> {
    /// The stack file.
    pub(crate) source: &'a Source,
    /// What strings may mention.
    pub(crate) names: &'a Names<'a>,
    /// The stack's name.
    pub(crate) stack: StackName,
    /// Where it is.
    pub(crate) identity: &'a Identity,
    /// Whether the account is no placeholder.
    pub(crate) account_is_known: bool,
    /// Whether the region, and with it the partition, is no placeholder.
    pub(crate) region_is_known: bool,
    /// The tags that every resource gets.
    pub(crate) tags: Vec<Tag>,
    /// The resources that the file declares.
    pub(crate) declared: &'a BTreeSet<Address>,
    /// Reads a file relative to the stack file.
    pub(crate) read: &'a dyn Fn(&Path) -> io::Result<String>,
    /// The files that were read so.
    pub(crate) included: &'a Included,
}
