//! Checks `[task_definitions.KEY]`, and makes the request of it that ECS gets.

mod containers;
mod export;
mod launch;
mod logs;
mod metrics;
mod own;
mod roles;
mod rules;
mod view;
mod wire;

pub use rules::{fargate_cpu, fargate_memory};

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::Path,
};

use crate::{
    ecs_shape,
    identity::Identity,
    policy::Policy,
    resource::task_definition::{Document, TaskDefinition},
    stack::{
        Lifecycle,
        problem::Problems,
        reader::{TableReader, string_of, table_of},
        task_definition::{
            export::Export,
            view::{View, key, merge, set, tree},
            wire::{Converter, Dialect, Expected},
        },
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

/// The keys that are no members of the request, or that are read in a way of their own.
const OWN_KEYS: &[&str] = &[
    "adopt",
    "containers",
    "definition",
    "execution_role",
    "family",
    "ignore",
    "keep_revisions",
    "metrics",
    "prevent_destroy",
    "tags",
    "task_role",
    "verbatim",
];

/// Checks the task definition `key`, and reports everything that is wrong with it.
///
/// What is returned is complete only if nothing was reported; `None` means that there is no family to speak of.
pub fn check(
    key: &Key,
    table: &Table,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Option<Checked> {
    let path = format!("task_definitions.{}", key.text);
    let mut converter = Converter {
        dialect: Dialect::StackFile,
        problems,
    };
    let table = &converter.respelled(table, members(), &path);
    let export = table
        .get("definition")
        .map(|definition| export::read(definition, scope, problems));
    // Without the exported definition everything else would look wrong.
    let export = match export {
        Some(None) => return None,
        Some(Some(export)) => export,
        None => Export::default(),
    };
    let mut reader = TableReader::new(path.as_str(), table, problems);
    let lifecycle = own::lifecycle(&mut reader);
    let mut inherited = scope.tags.clone();
    inherited.extend(export.tags.clone());
    let tags = own::tags(&mut reader, inherited, &lifecycle);
    let (family, family_span) = family(key, table, &export, problems)?;
    let mut role_arns = BTreeSet::new();
    let mut body = body(&path, table, export, scope, &mut role_arns, problems);
    launch::fill_in_network(&mut body);
    let needs = table
        .get("metrics")
        .and_then(|metrics| metrics::add(metrics, &path, &mut body, scope, problems))
        .unwrap_or_default();
    let request = tree(Value::Table(body), &table.span);
    let task = rules::Task::new(&request, &family, &family_span, scope);
    rules::check(&task, problems);
    Some(Checked {
        family: TaskDefinition {
            family,
            document: Some(Document::new(request.to_node())),
            tags,
            revision: None,
            older: BTreeSet::new(),
            inactive: BTreeSet::new(),
        },
        lifecycle,
        grants: needs.grants,
        attachments: needs.attachments,
        role_arns,
    })
}

/// The family's name: what the table says, else what the exported definition says, else the key.
fn family(
    key: &Key,
    table: &Table,
    export: &Export,
    problems: &mut Problems,
) -> Option<(String, Span)> {
    let named = table.get("family").or(export.family.as_ref());
    match named {
        Some(family) => {
            let name = string_of(family, "family", problems)?;
            Some((name, family.span.clone()))
        }
        None => Some((key.text.clone(), key.span.clone())),
    }
}

/// What the table of a task definition can hold.
fn members() -> Expected<'static> {
    Expected {
        other_keys: OWN_KEYS,
        ..Expected::plain(ecs_shape::request())
    }
}

/// The request without family and tags.
fn body(
    path: &str,
    table: &Table,
    export: Export,
    scope: &Scope<'_>,
    role_arns: &mut BTreeSet<String>,
    problems: &mut Problems,
) -> Table {
    let exported = export.containers();
    let mut body = export.body;
    body.span = table.span.clone();
    let mut converter = Converter {
        dialect: Dialect::StackFile,
        problems,
    };
    for (name, value) in converter.structure(table, members(), path).entries {
        set(&mut body, name, value);
    }
    add_containers(path, table, exported, &mut body, scope, problems);
    for (file_name, wire_name) in [
        ("task_role", "taskRoleArn"),
        ("execution_role", "executionRoleArn"),
    ] {
        let value = table
            .get(file_name)
            .or_else(|| body.get(wire_name))
            .cloned();
        if let Some(value) = value {
            let name = key(wire_name, &value.span);
            // A role that is reported is kept as it is, which keeps the rules from reporting it as missing.
            let role = roles::arn_of(&value, file_name, scope, role_arns, problems);
            set(&mut body, name, role.unwrap_or(value));
        }
    }
    if let Some(verbatim) = table.get("verbatim")
        && let Some(verbatim) = table_of(verbatim, &format!("{path}.verbatim"), problems)
    {
        merge(&mut body, verbatim);
    }
    body
}

fn add_containers(
    path: &str,
    table: &Table,
    exported: Vec<Tree>,
    body: &mut Table,
    scope: &Scope<'_>,
    problems: &mut Problems,
) {
    let Some(own) = table.get("containers") else {
        if table.get("definition").is_none() {
            problems
                .add(
                    "missing-key",
                    &table.span,
                    "no containers",
                    format!("`{path}` needs `containers`"),
                )
                .help(format!(
                    "add a table [{path}.containers.NAME] with an `image`"
                ));
        }
        return;
    };
    let all = match containers::read(own, path, scope, problems) {
        Some(read) => tree(Value::List(containers::overlay(exported, read)), &own.span),
        None => own.clone(),
    };
    set(body, key("containerDefinitions", &own.span), all);
}

/// The container definitions of a request.
fn container_definitions(body: &Table) -> &[Tree] {
    body.get("containerDefinitions")
        .map(View::elements)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
