//! What amp-stack manages, wanted and live alike, and the calls that lead from one state to
//! another.

use std::fmt;

use crate::model::{
    lifecycle::IgnorePath,
    node::Node,
    normal::Suppressed,
    tags::Tags,
    template::{Reference, Template},
};

/// A kind of resource.
///
/// A value is the whole state of one resource, in normal form: wanted and live states are values of
/// the same type, and `==` is the only comparison.
///
/// # Laws
///
/// For all states `a` and `b` (absent or not) that do not differ in an immutable property:
///
/// * stepping through `changes(a, b)` from `a` arrives at `b`;
/// * `changes(a, a)` is empty.
pub trait State: Clone + PartialEq + fmt::Debug {
    /// One AWS call that alters something.
    type Change: Clone + PartialEq + fmt::Debug;

    /// The name or alias that people know it by.
    fn name(&self) -> &str;

    /// The calls that turn `from` into `to`, in order. `None` is absence.
    fn changes(from: Option<&Self>, to: Option<&Self>) -> Vec<Self::Change>;

    /// The effect of one call.
    fn step(from: Option<Self>, change: &Self::Change) -> Option<Self>;

    /// The properties that differ and that AWS can't change in place.
    fn replace_reasons(from: &Self, to: &Self) -> Vec<ReplaceReason>;

    /// Completes a wanted state from the live one: what the stack file leaves to AWS, and what
    /// `ignore` leaves to somebody else.
    ///
    /// The paths in `ignore` were accepted by [`State::can_ignore`].
    fn complete(&mut self, live: Option<&Self>, ignore: &[IgnorePath]);

    /// Returns whether `path` names something of this kind that can be left to somebody else.
    fn can_ignore(path: &IgnorePath) -> bool;

    /// Where this state, which is wanted, and the live one are spelled differently and mean the
    /// same.
    fn suppressed(&self, _live: &Self) -> Vec<Suppressed> {
        Vec::new()
    }

    /// Its tags.
    fn tags(&self) -> &Tags;

    /// Its tags, to be altered.
    fn tags_mut(&mut self) -> &mut Tags;

    /// The same state with everything filled in that `lookup` knows.
    #[must_use]
    fn resolve(&self, lookup: &dyn Fn(&Reference) -> Option<String>) -> Self;

    /// Calls `visit` with every text that may hold a reference.
    fn each_template<'a>(&'a self, visit: &mut dyn FnMut(&'a Template));

    /// The state as people see it in a plan: properties under the names of the stack file, lists
    /// that are sets or maps as objects.
    fn to_display_tree(&self) -> Node;
}

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

/// Takes the tags that `ignore` names from the live resource, whether it has them or not.
pub(crate) fn ignore_tag(want: &mut Tags, live: Option<&Tags>, key: &str) {
    want.remove(key);
    if let Some(value) = live.and_then(|tags| tags.get(key)) {
        want.insert(key.to_owned(), value.clone());
    }
}

/// Tags as people see them.
pub(crate) fn display_tags(tags: &Tags) -> Node {
    Node::map(tags.iter().map(|(k, v)| (k.clone(), Node::Text(v.clone()))))
}
