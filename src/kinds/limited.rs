//! What resources take of the quotas of an account, kind by kind.

use crate::{kinds::kind::State, model::quota::Take};

/// A kind of which AWS allows only so much.
pub(crate) trait Limited: State {
    /// What becoming `to` takes.
    fn takes(_from: Option<&Self>, _to: &Self) -> Vec<Take> {
        Vec::new()
    }
}
