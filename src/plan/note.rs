//! What people should know of a plan although it needs no step.

use crate::model::address::Address;

/// Something to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The resource it is about.
    pub address: Address,
    /// What.
    pub text: String,
    /// What in the resource's table it is about, the most exact first.
    pub at: Vec<String>,
}

impl Note {
    /// Something that nothing in the resource's table says.
    pub(super) fn new(address: &Address, text: String) -> Self {
        Self {
            address: address.clone(),
            text,
            at: Vec::new(),
        }
    }
}
