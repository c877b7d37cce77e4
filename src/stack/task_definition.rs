//! Checks `[task_definitions.KEY]`, and makes the request of it that ECS gets.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::Path,
};

use crate::{
    identity::Identity,
    policy::Policy,
    resource::task_definition::{Document, TaskDefinition},
    stack::{
        Lifecycle,
        problem::Problems,
        tree::{Key, Span, Table, Tree, Value},
    },
    tags::Tags,
    text::Text,
};

/// What a task definition may mention.
pub struct Scope<'a> {
    /// Where the stack lives.
    pub identity: &'a Identity,
    /// The names of the stack's log groups, by their keys.
    pub log_groups: &'a BTreeMap<String, String>,
    /// The stack's roles, by their keys.
    pub roles: &'a BTreeMap<String, RoleOutline>,
    /// The workspace that metrics go to.
    pub workspace: WorkspaceOutline,
    /// Reads a file; paths are relative to the stack file.
    pub read: &'a dyn Fn(&Path) -> io::Result<String>,
    /// The tags of the resource but its own: those of the stack, and those of ownership.
    pub tags: Tags,
}

/// What has to be known of a role of the stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleOutline {
    /// The name.
    pub name: String,
    /// The path, with its slashes.
    pub path: String,
    /// The ARN that it has or will have.
    pub arn: String,
    /// The ARNs of its managed policies.
    pub managed_policies: Vec<Text>,
    /// Its inline policies by name.
    pub inline_policies: BTreeMap<String, Policy>,
    /// Where its table stands.
    pub span: Span,
}

/// What has to be known of the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkspaceOutline {
    /// The stack file has none.
    None,
    /// The stack makes it.
    Managed,
    /// Somebody else made it, and the stack file names it.
    Existing {
        /// Its ARN.
        arn: String,
        /// The region it is in.
        region: String,
        /// Its endpoint, in either form.
        endpoint: String,
    },
}

/// A task definition that was checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// What is wanted.
    pub family: TaskDefinition,
    /// How it is treated.
    pub lifecycle: Lifecycle,
    /// Inline policies that it needs, by name, by the keys of the stack's roles.
    pub grants: BTreeMap<String, BTreeMap<String, Policy>>,
    /// ARNs of managed policies that it needs, by the keys of the stack's roles.
    pub attachments: BTreeMap<String, BTreeSet<String>>,
    /// The ARNs of roles that it mentions, of which none is a role of the stack.
    pub role_arns: BTreeSet<String>,
}

/// Checks the task definition `key`.
pub fn check(
    key: &Key,
    table: &Table,
    scope: &Scope<'_>,
    _problems: &mut Problems,
) -> Option<Checked> {
    let family = table
        .get("family")
        .and_then(|tree| tree.as_text()?.known())
        .unwrap_or(&key.text);
    let request = Tree {
        span: table.span.clone(),
        value: Value::Table(table.clone()),
    };
    Some(Checked {
        family: TaskDefinition {
            family: family.to_owned(),
            document: Some(Document::new(request.to_node())),
            tags: scope.tags.clone(),
            revision: None,
            older: BTreeSet::new(),
            inactive: BTreeSet::new(),
        },
        lifecycle: Lifecycle::default(),
        grants: BTreeMap::new(),
        attachments: BTreeMap::new(),
        role_arns: BTreeSet::new(),
    })
}
