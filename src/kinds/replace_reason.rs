//! Why something is built anew.

/// A property that AWS can't change in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplaceReason {
    /// The property, under its name in the stack file.
    pub property: &'static str,
    /// Why it makes a replacement, as a sentence without a full stop.
    pub why: &'static str,
}

impl ReplaceReason {
    /// Not a difference at all: somebody asked for another resource.
    pub const ASKED: Self = Self {
        property: "--replace",
        why: "it was asked to be built anew",
    };
}
