//! What resources name that their stack need not make, kind by kind.

use crate::{
    kinds::kind::State,
    model::{
        identity::Identity,
        live::Attributes,
        mention::{Mention, Naming, Presence},
    },
};

/// A kind that names other things, or is one that can be named.
pub(crate) trait Mentions: State {
    /// What it names that the stack need not make, each with the place in a stack file.
    fn mentions(&self, _here: &Identity) -> Vec<Naming> {
        Vec::new()
    }

    /// What of the things that can be mentioned it is, and how it fits, once it is as it is wanted.
    fn as_mentioned(&self, _here: &Identity) -> Option<(Mention, Presence)> {
        None
    }

    /// What of the things that can be mentioned somebody else's resource with the attributes
    /// `known` is, which a stack file uses.
    fn existing_as_mentioned(_known: &Attributes, _here: &Identity) -> Option<Mention> {
        None
    }
}
