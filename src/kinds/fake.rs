//! What a fake cloud has to know of a kind: the rules that AWS enforces on its calls, and what can
//! be read after them.

use crate::{
    kinds::kind::Planned,
    model::{identity::Identity, live::Attributes, query::Query, template::Attribute},
};

/// A call that the rules forbid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The error code.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
}

impl Refused {
    /// An error with this code.
    pub fn new(code: &'static str, message: String) -> Self {
        Self { code, message }
    }
}

/// Whether a call creates something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creates {
    /// It does, and fails if there is something.
    Always,
    /// It does if there is nothing, and else alters it.
    IfAbsent,
    /// It fails if there is nothing.
    Never,
}

/// How AWS treats a kind.
pub trait Simulated: Planned {
    /// Whether AWS distinguishes two resources that had the same name one after the other.
    const HAS_UNIQUE_ID: bool = false;

    /// What two resources of this kind can't share: `target` is what calls name one by.
    fn key(target: &str) -> String {
        target.to_owned()
    }

    /// Whether a call creates something.
    fn creates(call: &Self::Change) -> Creates;

    /// Checks a call to what is there.
    fn check(&self, _call: &Self::Change) -> Result<(), Refused> {
        Ok(())
    }

    /// The attributes that can be read.
    fn live_attributes(&self, identity: &Identity, _target: &str) -> Attributes {
        let arn = self.arn(identity);
        arn.map(|arn| (Attribute::Arn, arn)).into_iter().collect()
    }

    /// Spells documents as AWS may give them back: reordered, with defaults filled in, and single
    /// values as lists.
    fn respell(&mut self) {}

    /// Leaves out what is not read for `query`, and returns whether anything is left.
    fn hide_unread(&mut self, _query: &Query) -> bool {
        true
    }

    /// Numbers the newest revision of what has not been made by a call, and returns the last number
    /// that is taken.
    fn number_existing(&mut self) -> Option<u32> {
        None
    }

    /// Completes the effect of a call by what AWS decides. Returns the number of a new revision,
    /// which comes after `last`.
    fn finish_call(
        &mut self,
        _before: Option<&Self>,
        _call: &Self::Change,
        _last: &mut u32,
    ) -> Option<u32> {
        None
    }
}
