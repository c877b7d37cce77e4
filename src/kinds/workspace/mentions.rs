//! What workspaces are to whoever names them.

use crate::{
    kinds::{mentions::Mentions, workspace::Workspace},
    model::{
        identity::Identity,
        live::Attributes,
        mention::{Mention, What},
        template::Attribute,
    },
};

impl Mentions for Workspace {
    /// One of another region or account is not looked for.
    fn existing_as_mentioned(known: &Attributes, here: &Identity) -> Option<Mention> {
        let id = known.get(&Attribute::Id)?;
        let is_here = known.get(&Attribute::Arn) == Some(&here.workspace_arn(id));
        is_here.then(|| Mention::new(What::Workspace, id))
    }
}
