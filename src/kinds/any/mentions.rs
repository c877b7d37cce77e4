//! What a resource of any kind names that its stack need not make.

use crate::{
    kinds::{any::Resource, mentions::Mentions},
    model::{
        address::Kind,
        identity::Identity,
        live::Attributes,
        mention::{Mention, Naming, Presence},
    },
};

impl Resource {
    /// What it names that the stack need not make, each with the place in a stack file.
    pub fn mentions(&self, here: &Identity) -> Vec<Naming> {
        with_state!(self, state => state.mentions(here))
    }

    /// What of the things that can be mentioned it is, and how it fits, once it is as it is wanted.
    pub fn as_mentioned(&self, here: &Identity) -> Option<(Mention, Presence)> {
        with_state!(self, state => state.as_mentioned(here))
    }

    /// What of the things that can be mentioned somebody else's resource of `kind` with the
    /// attributes `known` is, which a stack file uses.
    pub fn existing_as_mentioned(
        kind: Kind,
        known: &Attributes,
        here: &Identity,
    ) -> Option<Mention> {
        with_kind!(kind, K => K::existing_as_mentioned(known, here))
    }
}
