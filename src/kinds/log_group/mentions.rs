//! What log groups are to whoever names them.

use crate::{
    kinds::{log_group::LogGroup, mentions::Mentions},
    model::{
        identity::Identity,
        mention::{Mention, Presence, What},
    },
};

impl Mentions for LogGroup {
    fn as_mentioned(&self, _here: &Identity) -> Option<(Mention, Presence)> {
        let mention = Mention::new(What::LogGroup, &self.name);
        Some((mention, Presence::Fits))
    }
}
