//! An IAM role, with its attached and inline policies.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    kinds::kind::{ReplaceReason, State, display_tags},
    model::{
        diff::Path,
        lifecycle::IgnorePath,
        node::Node,
        normal::Suppressed,
        policy::Policy,
        tags::{self, Tags},
        template::{Reference, Template},
    },
};

/// The session length of a role whose file names none, in seconds (IAM API reference,
/// `CreateRole`).
pub const DEFAULT_MAX_SESSION_SECONDS: u32 = 3600;

/// A role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// The name, unique in its account ignoring case, whatever the path.
    pub name: String,
    /// The path, with `/` at both ends.
    pub path: String,
    /// The description; empty is none.
    pub description: String,
    /// Who may assume it.
    pub trust: Policy,
    /// The longest session, in seconds.
    pub max_session_seconds: u32,
    /// The ARN of the policy that bounds what it may do.
    pub permissions_boundary: Option<Template>,
    /// The ARNs of the attached managed policies.
    pub managed_policies: BTreeSet<Template>,
    /// The inline policies by name.
    pub inline_policies: BTreeMap<String, Policy>,
    /// The instance profiles that hold it: never wanted, but a role can't be deleted while there
    /// are any.
    pub instance_profiles: BTreeSet<String>,
    /// The tags. IAM compares the keys of role tags ignoring case.
    pub tags: Tags,
}

/// One call to IAM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// `CreateRole`, which takes everything but the policies.
    Create(Box<Role>),
    /// `UpdateRole`, always with both members, because a client that sends one may reset the other.
    Update {
        /// The description.
        description: String,
        /// The longest session, in seconds.
        max_session_seconds: u32,
    },
    /// `UpdateAssumeRolePolicy`.
    UpdateTrust(Policy),
    /// `PutRolePermissionsBoundary`.
    PutBoundary(Template),
    /// `DeleteRolePermissionsBoundary`.
    DeleteBoundary,
    /// `AttachRolePolicy`.
    Attach(Template),
    /// `DetachRolePolicy`.
    Detach(Template),
    /// `PutRolePolicy`.
    PutInline {
        /// The name.
        name: String,
        /// The document.
        policy: Policy,
    },
    /// `DeleteRolePolicy`.
    DeleteInline(String),
    /// `TagRole`.
    Tag(Tags),
    /// `UntagRole`.
    Untag(Vec<String>),
    /// `RemoveRoleFromInstanceProfile`.
    RemoveFromInstanceProfile(String),
    /// `DeleteRole`.
    Delete,
}

impl Role {
    /// What `CreateRole` makes.
    fn as_created(&self) -> Self {
        Self {
            managed_policies: BTreeSet::new(),
            inline_policies: BTreeMap::new(),
            instance_profiles: BTreeSet::new(),
            ..self.clone()
        }
    }

    /// What `DeleteRole` accepts: no policies, no instance profiles; boundary and tags may stay
    /// (IAM API reference, `DeleteRole`).
    fn deletable(&self) -> Self {
        self.as_created()
    }
}

impl State for Role {
    type Change = Change;

    fn name(&self) -> &str {
        &self.name
    }

    fn changes(from: Option<&Self>, to: Option<&Self>) -> Vec<Change> {
        match (from, to) {
            (None, None) => Vec::new(),
            (Some(from), None) => {
                let mut changes = updates(from, &from.deletable());
                changes.push(Change::Delete);
                changes
            }
            (None, Some(to)) => {
                let mut changes = vec![Change::Create(Box::new(to.as_created()))];
                changes.extend(updates(&to.as_created(), to));
                changes
            }
            (Some(from), Some(to)) => updates(from, to),
        }
    }

    fn apply_change(from: Option<Self>, change: &Change) -> Option<Self> {
        let mut role = match change {
            Change::Create(role) => return Some((**role).clone()),
            Change::Delete => return None,
            Change::Update { .. }
            | Change::UpdateTrust(_)
            | Change::PutBoundary(_)
            | Change::DeleteBoundary
            | Change::Attach(_)
            | Change::Detach(_)
            | Change::PutInline { .. }
            | Change::DeleteInline(_)
            | Change::Tag(_)
            | Change::Untag(_)
            | Change::RemoveFromInstanceProfile(_) => from?,
        };
        match change {
            Change::Create(_) | Change::Delete => {}
            Change::Update {
                description,
                max_session_seconds,
            } => {
                role.description.clone_from(description);
                role.max_session_seconds = *max_session_seconds;
            }
            Change::UpdateTrust(policy) => role.trust = policy.clone(),
            Change::PutBoundary(arn) => role.permissions_boundary = Some(arn.clone()),
            Change::DeleteBoundary => role.permissions_boundary = None,
            Change::Attach(arn) => _ = role.managed_policies.insert(arn.clone()),
            Change::Detach(arn) => _ = role.managed_policies.remove(arn),
            Change::PutInline { name, policy } => {
                role.inline_policies.insert(name.clone(), policy.clone());
            }
            Change::DeleteInline(name) => _ = role.inline_policies.remove(name),
            Change::Tag(added) => tags::set(&mut role.tags, added, true),
            Change::Untag(keys) => role.tags.retain(|key, _| !keys.contains(key)),
            Change::RemoveFromInstanceProfile(name) => _ = role.instance_profiles.remove(name),
        }
        Some(role)
    }

    fn replace_reasons(from: &Self, to: &Self) -> Vec<ReplaceReason> {
        let mut differences = Vec::new();
        if from.name != to.name {
            differences.push(ReplaceReason {
                property: "name",
                why: if from.name.eq_ignore_ascii_case(&to.name) {
                    "a role cannot be renamed, not even by case: the old one goes before the new one comes"
                } else {
                    "a role cannot be renamed"
                },
            });
        }
        if from.path != to.path {
            differences.push(ReplaceReason {
                property: "path",
                why: "the path of a role cannot be changed",
            });
        }
        differences
    }

    fn complete(&mut self, live: Option<&Self>, ignore: &[IgnorePath]) {
        let Some(live) = live else {
            return;
        };
        self.instance_profiles.clone_from(&live.instance_profiles);
        for path in ignore {
            match path.parts().as_slice() {
                ["tags", key] => {
                    let same = |other: &str| other.to_lowercase() == key.to_lowercase();
                    self.tags.retain(|other, _| !same(other));
                    let theirs = live.tags.iter().filter(|(other, _)| same(other));
                    self.tags
                        .extend(theirs.map(|(key, value)| (key.clone(), value.clone())));
                }
                ["description"] => self.description.clone_from(&live.description),
                ["max_session_seconds"] => self.max_session_seconds = live.max_session_seconds,
                ["permissions_boundary"] => {
                    self.permissions_boundary
                        .clone_from(&live.permissions_boundary);
                }
                ["trust"] => self.trust = live.trust.clone(),
                ["managed_policies"] => self.managed_policies.clone_from(&live.managed_policies),
                ["inline_policies"] => self.inline_policies.clone_from(&live.inline_policies),
                ["inline_policies", name] => {
                    self.inline_policies.remove(*name);
                    if let Some(policy) = live.inline_policies.get(*name) {
                        self.inline_policies
                            .insert((*name).to_owned(), policy.clone());
                    }
                }
                _ => {}
            }
        }
    }

    fn can_ignore(path: &IgnorePath) -> bool {
        matches!(
            path.parts().as_slice(),
            ["tags" | "inline_policies", _]
                | ["description"
                    | "max_session_seconds"
                    | "permissions_boundary"
                    | "trust"
                    | "managed_policies"
                    | "inline_policies"]
        )
    }

    fn suppressed(&self, live: &Self) -> Vec<Suppressed> {
        let within = |place: &[&str], found: Vec<Suppressed>| -> Vec<Suppressed> {
            let place = Path::of_keys(place);
            let found = found.into_iter();
            found.map(|one| one.within(&place)).collect()
        };
        let mut found = within(&["trust"], self.trust.suppressed(&live.trust));
        for (name, policy) in &self.inline_policies {
            if let Some(live) = live.inline_policies.get(name) {
                let place = ["inline_policies", name];
                found.extend(within(&place, policy.suppressed(live)));
            }
        }
        found
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }

    fn resolve(&self, lookup: &dyn Fn(&Reference) -> Option<String>) -> Self {
        Self {
            trust: self.trust.resolve(lookup),
            permissions_boundary: self
                .permissions_boundary
                .as_ref()
                .map(|arn| arn.resolve(lookup)),
            managed_policies: self
                .managed_policies
                .iter()
                .map(|arn| arn.resolve(lookup))
                .collect(),
            inline_policies: self
                .inline_policies
                .iter()
                .map(|(name, policy)| (name.clone(), policy.resolve(lookup)))
                .collect(),
            tags: tags::resolve(&self.tags, lookup),
            ..self.clone()
        }
    }

    fn each_template<'a>(&'a self, visit: &mut dyn FnMut(&'a Template)) {
        self.trust.written().each_template(visit);
        self.permissions_boundary.iter().for_each(&mut *visit);
        self.managed_policies.iter().for_each(&mut *visit);
        for policy in self.inline_policies.values() {
            policy.written().each_template(visit);
        }
        self.tags.values().for_each(visit);
    }

    fn to_display_tree(&self) -> Node {
        let Self {
            name,
            path,
            description,
            trust,
            max_session_seconds,
            permissions_boundary,
            managed_policies,
            inline_policies,
            instance_profiles,
            tags,
        } = self;
        let inline = inline_policies
            .iter()
            .map(|(name, policy)| (name.clone(), policy.shown()));
        let mut outline = vec![
            ("name", Node::from(name.as_str())),
            ("path", Node::from(path.as_str())),
            ("trust", trust.shown()),
            ("max_session_seconds", Node::from(*max_session_seconds)),
            ("managed_policies", Node::texts(managed_policies.clone())),
            ("inline_policies", Node::map(inline)),
            ("instance_profiles", Node::texts(instance_profiles.clone())),
            ("tags", display_tags(tags)),
        ];
        if !description.is_empty() {
            outline.push(("description", Node::from(description.as_str())));
        }
        if let Some(arn) = permissions_boundary {
            outline.push(("permissions_boundary", Node::Text(arn.clone())));
        }
        Node::map(outline)
    }
}

/// The calls between two states of one role. After the tags, rights are taken away first and
/// granted last, the boundary set before rights are granted.
fn updates(from: &Role, to: &Role) -> Vec<Change> {
    let mut changes = tags::calls(&from.tags, &to.tags, true, Change::Tag, Change::Untag);
    let gone = from.instance_profiles.difference(&to.instance_profiles);
    changes.extend(gone.cloned().map(Change::RemoveFromInstanceProfile));
    let gone = from.managed_policies.difference(&to.managed_policies);
    changes.extend(gone.cloned().map(Change::Detach));
    let gone = from
        .inline_policies
        .keys()
        .filter(|name| !to.inline_policies.contains_key(*name));
    changes.extend(gone.cloned().map(Change::DeleteInline));
    if from.trust != to.trust {
        changes.push(Change::UpdateTrust(to.trust.clone()));
    }
    if from.description != to.description || from.max_session_seconds != to.max_session_seconds {
        changes.push(Change::Update {
            description: to.description.clone(),
            max_session_seconds: to.max_session_seconds,
        });
    }
    if from.permissions_boundary != to.permissions_boundary {
        changes.push(
            to.permissions_boundary
                .clone()
                .map_or(Change::DeleteBoundary, Change::PutBoundary),
        );
    }
    let new = to.managed_policies.difference(&from.managed_policies);
    changes.extend(new.cloned().map(Change::Attach));
    for (name, policy) in &to.inline_policies {
        if from.inline_policies.get(name) != Some(policy) {
            changes.push(Change::PutInline {
                name: name.clone(),
                policy: policy.clone(),
            });
        }
    }
    changes
}
