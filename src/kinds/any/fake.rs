//! What a fake cloud asks of a resource of any kind.

use crate::{
    kinds::{
        any::{Change, Member, Resource, same},
        fake::{Creates, Refused, Simulated},
        kind::State,
    },
    model::{address::Kind, identity::Identity, live::Attributes, query::Query},
};

fn call_to<'a, K: Member>(_state: &K, change: &'a Change) -> Option<&'a <K as State>::Change> {
    K::call_of(change)
}

impl Change {
    /// Whether the call creates something.
    pub(crate) fn creates(&self) -> Creates {
        with_kind!(self.kind(), K => K::call_of(self).map_or(Creates::Never, K::creates))
    }
}

impl Resource {
    /// Returns whether AWS distinguishes two resources of `kind` that had the same name one after
    /// the other.
    pub(crate) fn has_unique_id(kind: Kind) -> bool {
        with_kind!(kind, K => K::HAS_UNIQUE_ID)
    }

    /// What two resources of `kind` can't share: `target` is what calls name one by.
    pub(crate) fn key(kind: Kind, target: &str) -> String {
        with_kind!(kind, K => K::key(target))
    }

    /// Checks a call to what is there.
    pub(crate) fn check(&self, change: &Change) -> Result<(), Refused> {
        with_state!(self, state => {
            call_to(state, change).map_or(Ok(()), |call| state.check(call))
        })
    }

    /// The attributes that can be read.
    pub(crate) fn live_attributes(&self, identity: &Identity, target: &str) -> Attributes {
        with_state!(self, state => state.live_attributes(identity, target))
    }

    /// Spells documents as AWS may give them back.
    pub(crate) fn respell(&mut self) {
        with_state!(self, state => state.respell());
    }

    /// Leaves out what is not read for `query`, and returns whether anything is left.
    pub(crate) fn hide_unread(&mut self, query: &Query) -> bool {
        with_state!(self, state => state.hide_unread(query))
    }

    /// Numbers the newest revision of what has not been made by a call, and returns the last number
    /// that is taken.
    pub(crate) fn number_existing(&mut self) -> Option<u32> {
        with_state!(self, state => state.number_existing())
    }

    /// Completes the effect of a call by what AWS decides. Returns the number of a new revision,
    /// which comes after `last`.
    pub(crate) fn finish_call(
        &mut self,
        before: Option<&Self>,
        change: &Change,
        last: &mut u32,
    ) -> Option<u32> {
        with_state!(self, state => {
            let before = before.and_then(|before| same(state, before));
            call_to(state, change).and_then(|call| state.finish_call(before, call, last))
        })
    }
}
