//! What a resource of any kind takes of the quotas of an account.

use crate::{
    kinds::{
        any::{Resource, same},
        limited::Limited,
    },
    model::quota::Take,
};

impl Resource {
    /// What becoming `self` takes.
    pub fn takes(&self, from: Option<&Self>) -> Vec<Take> {
        with_state!(self, state => {
            let from = from.and_then(|from| same(state, from));
            Limited::takes(from, state)
        })
    }
}
