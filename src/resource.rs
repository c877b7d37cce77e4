//! What amp-stack manages, wanted and live alike, and the calls that lead from one state to another.

pub mod any;
pub mod log_group;
pub mod role;
pub mod task_definition;
pub mod workspace;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use any::{Change, Resource};

use crate::{
    node::Node,
    normal::Suppressed,
    tags::Tags,
    text::{Reference, Text},
};

/// A kind of resource.
///
/// A value is the whole state of one resource, in normal form: wanted and live states are values of the same type, and `==` is the only comparison.
///
/// # Laws
///
/// For all states `a` and `b` (absent or not) that do not differ in an immutable property:
///
/// * stepping through `changes(a, b)` from `a` arrives at `b`;
/// * `changes(a, a)` is empty.
pub trait Managed: Clone + PartialEq + fmt::Debug {
    /// One AWS call that alters something.
    type Change: Clone + PartialEq + fmt::Debug;

    /// The name or alias that people know it by.
    fn name(&self) -> &str;

    /// The calls that turn `from` into `to`, in order. `None` is absence.
    fn changes(from: Option<&Self>, to: Option<&Self>) -> Vec<Self::Change>;

    /// The effect of one call, on paper.
    fn step(from: Option<Self>, change: &Self::Change) -> Option<Self>;

    /// The properties that differ and that AWS can't change in place.
    fn immutable_differences(from: &Self, to: &Self) -> Vec<Immutable>;

    /// Completes a wanted state from the live one: what the stack file leaves to AWS, and what `ignore` leaves to somebody else.
    ///
    /// The paths in `ignore` were accepted by [`Managed::can_ignore`].
    fn complete(&mut self, live: Option<&Self>, ignore: &[IgnorePath]);

    /// Tells whether `path` names something of this kind that can be left to somebody else.
    fn can_ignore(path: &IgnorePath) -> bool;

    /// Where this state, which is wanted, and the live one are spelled differently and mean the same.
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
    fn each_text<'a>(&'a self, visit: &mut dyn FnMut(&'a Text));

    /// The state as people see it in a plan: properties under the names of the stack file, lists that are sets or maps as objects.
    fn outline(&self) -> Node;
}

/// A property that AWS can't change in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Immutable {
    /// The property, under its name in the stack file.
    pub property: &'static str,
    /// Why it makes a replacement, as a sentence without a full stop.
    pub why: &'static str,
}

impl Immutable {
    /// Not a difference at all: somebody asked for another resource.
    pub const ASKED: Self = Self {
        property: "--replace",
        why: "it was asked to be built anew",
    };
}

/// A path to something within a resource that is left to somebody else: `tags.CostCenter`, `containers.app.image`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct IgnorePath(Vec<String>);

impl IgnorePath {
    /// Splits at dots; for tags everything after the first dot is the key, because tag keys may hold dots.
    pub fn new(path: &str) -> Self {
        let parts = match path.split_once('.') {
            Some(("tags", key)) => vec!["tags".to_owned(), key.to_owned()],
            Some(_) | None => path.split('.').map(str::to_owned).collect(),
        };
        Self(parts)
    }

    /// The parts.
    pub fn parts(&self) -> Vec<&str> {
        self.0.iter().map(String::as_str).collect()
    }
}

impl fmt::Display for IgnorePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

impl From<String> for IgnorePath {
    fn from(path: String) -> Self {
        Self::new(&path)
    }
}

impl From<IgnorePath> for String {
    fn from(path: IgnorePath) -> Self {
        path.to_string()
    }
}

/// Takes the tags that `ignore` names from the live resource, whether it has them or not.
pub(crate) fn ignore_tag(want: &mut Tags, live: Option<&Tags>, key: &str) {
    want.remove(key);
    if let Some(value) = live.and_then(|tags| tags.get(key)) {
        want.insert(key.to_owned(), value.clone());
    }
}

/// Tags as people see them.
pub(crate) fn outline_tags(tags: &Tags) -> Node {
    Node::map(tags.iter().map(|(k, v)| (k.clone(), Node::Text(v.clone()))))
}
