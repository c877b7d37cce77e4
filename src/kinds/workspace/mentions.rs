//! What workspaces name, and what they are to whoever names them.

use crate::{
    kinds::{mentions::Mentions, workspace::Workspace},
    model::{
        identity::Identity,
        live::Attributes,
        mention::{Mention, Naming, What},
        template::{Attribute, Template},
    },
};

impl Mentions for Workspace {
    fn mentions(&self, _here: &Identity) -> Vec<Naming> {
        let key = self.kms_key_arn.as_ref().and_then(Template::known);
        let key = key.map(|arn| Naming::new(What::Key, arn, "kms_key_arn"));
        key.into_iter().collect()
    }

    /// One of another region or account is not looked for.
    fn existing_as_mentioned(known: &Attributes, here: &Identity) -> Option<Mention> {
        let id = known.get(&Attribute::Id)?;
        let is_here = known.get(&Attribute::Arn) == Some(&here.workspace_arn(id));
        is_here.then(|| Mention::new(What::Workspace, id))
    }
}
