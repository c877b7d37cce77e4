//! What log groups name, and what they are to whoever names them.

use crate::{
    kinds::{log_group::LogGroup, mentions::Mentions},
    model::{
        identity::Identity,
        mention::{Mention, Naming, Presence, What},
        template::Template,
    },
};

impl Mentions for LogGroup {
    fn mentions(&self, _here: &Identity) -> Vec<Naming> {
        let key = self.kms_key_arn.as_ref().and_then(Template::known);
        let key = key.map(|arn| Naming::new(What::Key, arn, "kms_key_arn"));
        key.into_iter().collect()
    }

    fn as_mentioned(&self, _here: &Identity) -> Option<(Mention, Presence)> {
        let mention = Mention::new(What::LogGroup, &self.name);
        Some((mention, Presence::Fits))
    }
}
