//! What has to be read of AWS to plan a stack.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    address::StackName,
    identity::Identity,
    mention::Mention,
    node::Node,
    service::ServiceName,
    tags::{self, Owner, Tags},
};

/// What has to be read of AWS to plan a stack.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says of one thing whether it has to be read"
)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The stack whose resources are ours.
    pub stack: StackName,
    /// What the stack was called before: what carries that name in its tags is ours too.
    pub former: Option<StackName>,
    /// Where.
    pub identity: Identity,
    /// Names of roles that the stack declares.
    pub roles: BTreeSet<String>,
    /// Names of log groups that the stack declares, with the tags that they are to have.
    pub log_groups: BTreeMap<String, Tags>,
    /// The retentions, in days, that log groups are to have: of one that keeps more than that it
    /// matters what it holds.
    pub retentions: BTreeMap<String, u32>,
    /// Families that the stack declares, with what their newest revisions are to say: now, and
    /// before defaults changed.
    pub families: BTreeMap<String, Vec<Definition>>,
    /// Services that the stack rolls revisions out to.
    pub services: BTreeSet<ServiceName>,
    /// The services that say of a family what is left to whoever deploys it, by family.
    pub left_to: BTreeMap<String, BTreeSet<ServiceName>>,
    /// What the stack names and does not make, of which it is looked up whether it is there.
    pub mentions: BTreeSet<Mention>,
    /// The images among them of which it matters for which processor they are.
    pub images_for_processors: BTreeSet<Mention>,
    /// The alias of the workspace that the stack declares.
    pub alias: Option<String>,
    /// The id of the workspace that the stack adopts, if it says which.
    pub adopt_id: Option<String>,
    /// Whether the stack says anything about the configuration of its workspace, which is a call of
    /// its own to read.
    pub workspace_configuration: bool,
    /// Whether inactive revisions and what runs are read: they matter only when something is
    /// removed.
    pub removal: bool,
    /// Whether, with `removal`, it matters what the revisions that run need, and not only which
    /// they are: more than revisions is removed.
    pub needs: bool,
    /// Whether everything will be removed. Names then only say where to look, because what has just
    /// been made may not be listed by its tags yet.
    pub destroy: bool,
    /// Whether it matters how AWS spells what it returns, and not only what that means.
    pub spelled: bool,
}

impl Query {
    /// The names by which tags say that something is the stack's.
    pub fn names(&self) -> impl Iterator<Item = &StackName> {
        [&self.stack].into_iter().chain(&self.former)
    }

    /// Reads the owner from the tags of something.
    pub fn owner(&self, tags: &BTreeMap<String, String>) -> Owner {
        self.by_either_name(|stack| tags::owner(tags, stack, &self.identity.region))
    }

    /// Reads the owner from the tags of a role, which every region of the account sees.
    pub fn owner_of_role(&self, tags: &BTreeMap<String, String>) -> Owner {
        self.by_either_name(|stack| tags::owner_of_role(tags, stack, &self.identity.region))
    }

    fn by_either_name(&self, owner: impl Fn(&StackName) -> Owner) -> Owner {
        let current = owner(&self.stack);
        match (&current, &self.former) {
            (Owner::OtherStack(name), Some(former)) if name == former.as_str() => owner(former),
            (_, _) => current,
        }
    }
}

/// What a revision is to say. What of it follows from names is filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The document, as it was written.
    pub document: Node,
    /// The tags.
    pub tags: Tags,
}
