//! Checks `[task_definitions.KEY]`, and makes the request of it that ECS gets.

mod collector;
mod containers;
mod export;
mod launch;
mod logs;
mod metrics;
mod misplaced;
mod newer;
mod notes;
mod own;
mod reshaped;
mod respell;
mod rights;
mod roles;
mod rules;
mod services;
mod view;
mod wire;

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::Path,
};

use crate::{
    collector::Generation,
    ecs_shape,
    file::{
        included::Included,
        interpolate::Names,
        problem::Problems,
        reader::{TableReader, string_of, table_of},
        source::Source,
        tree::{Key, Span, Table, Tree, Value},
    },
    kinds::{
        outline::Needs,
        task_definition::{
            Document, TaskDefinition,
            document::unknown,
            fields::TASK_DEFINITION,
            read::{
                export::Export,
                own::Own,
                view::{View, key, merge, set, tree},
                wire::{Converter, Dialect, Expected},
            },
        },
    },
    model::{
        identity::Identity,
        lifecycle::Lifecycle,
        policy::Policy,
        service::{Runs, ServiceName},
        tags::{Tags, VERBATIM_TAG},
        template::{Reference, Template},
    },
};

/// What a task definition may mention.
pub struct Scope<'a> {
    /// Where the stack lives.
    pub identity: &'a Identity,
    /// The account, if it is known already.
    pub account: Option<&'a str>,
    /// The region, if it is known already.
    pub region: Option<&'a str>,
    /// The names of the stack's log groups, by their keys.
    pub log_groups: &'a BTreeMap<String, String>,
    /// The stack's roles, by their keys.
    pub roles: &'a BTreeMap<String, RoleOutline>,
    /// The workspace that metrics go to.
    pub workspace: WorkspaceOutline,
    /// Reads a file; paths are relative to the stack file.
    pub read: &'a dyn Fn(&Path) -> io::Result<String>,
    /// The files of JSON that were read so.
    pub(crate) included: &'a Included,
    /// The stack file.
    pub source: &'a Source,
    /// What strings may mention.
    pub names: &'a Names<'a>,
    /// The attributes of what somebody else manages.
    pub existing: &'a dyn Fn(&Reference) -> Option<String>,
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
    pub managed_policies: Vec<Template>,
    /// Its inline policies by name.
    pub inline_policies: BTreeMap<String, Policy>,
    /// Who may assume it.
    pub trust: Policy,
    /// The ARN of the policy that bounds what it may do.
    pub permissions_boundary: Option<Template>,
    /// Where its table stands.
    pub span: Span,
}

/// What has to be known of the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkspaceOutline {
    /// The stack file has none.
    None,
    /// The stack makes it.
    State,
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
pub(crate) struct Checked {
    /// What is desired.
    pub(crate) family: TaskDefinition,
    /// What earlier defaults made of the same table, where that is something else, from the oldest.
    pub(crate) earlier: Vec<TaskDefinition>,
    /// How it is treated.
    pub(crate) lifecycle: Lifecycle,
    /// What it needs of the stack's roles.
    pub(crate) needs: Needs,
    /// The ARNs of roles that it mentions, of which none is a role of the stack.
    pub(crate) role_arns: BTreeSet<String>,
    /// What people should know of it.
    pub(crate) notes: Vec<String>,
    /// The request, if a part of it was read from another file.
    pub(crate) request: Option<Tree>,
}

/// Checks the task definition `key`, and reports everything that is wrong with it.
///
/// What is returned is complete only if nothing was reported; `None` means that there is no family
/// to speak of.
pub(crate) fn check(
    key: &Key,
    table: &Table,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Option<Checked> {
    if misplaced::report(key, table, scope, problems) {
        return None;
    }
    let path = format!("task_definitions.{}", key.text);
    let mut converter = Converter {
        dialect: Dialect::StackFile,
        problems,
        notes: Vec::new(),
    };
    let table = &converter.respelled(table, &members(), &path);
    let mut reader = TableReader::new(path.as_str(), table, &TASK_DEFINITION, problems);
    let own = Own::of(&mut reader);
    let export = own
        .definition
        .map(|definition| export::read(definition, scope, reader.problems()));
    // Without the exported definition everything else would look wrong.
    let export = match export {
        Some(None) => return None,
        Some(Some(export)) => export,
        None => Export::default(),
    };
    let mut notes = export.notes.clone();
    let lifecycle = own::lifecycle(&mut reader, scope);
    let mut inherited = scope.tags.clone();
    inherited.extend(export.tags.clone());
    let tags = own::tags(&mut reader, inherited, &lifecycle);
    reader.finish();
    let (family, family_span) = family(key, own.family, &export, problems)?;
    let mut role_arns = BTreeSet::new();
    let mut body = body(&path, table, &own, export, scope, &mut role_arns, problems);
    launch::fill_in_network(&mut body);
    notes.extend(collector::check_containers(&body, scope, problems));
    notes.extend(notes::of_containers(&body, own.metrics));
    let before = own.metrics.map(|metrics| (metrics, body.clone()));
    let needs = own
        .metrics
        .and_then(|metrics| metrics::add(metrics, (&path, &family), &mut body, scope, problems))
        .unwrap_or_default();
    let request = tree(Value::Table(body), &table.span);
    let task = rules::Task::new(&request, (&family, &family_span), &needs, scope);
    rules::check(&task, problems);
    let document = Document::new(request.to_node());
    let earlier = before.map_or_else(Vec::new, |(metrics, body)| {
        earlier(metrics, (&path, &family), &body, scope, &document)
    });
    let services = on_the_newest(&lifecycle);
    let with = |document: Document| {
        let digest = unknown::digest(document.written());
        let digest = digest.map(|digest| (VERBATIM_TAG.to_owned(), digest.into()));
        TaskDefinition {
            family: family.clone(),
            document: Some(document),
            tags: tags.clone().into_iter().chain(digest).collect(),
            revision: None,
            older: BTreeSet::new(),
            inactive: BTreeSet::new(),
            services: services.clone(),
            newer: None,
            served: None,
            express: BTreeSet::new(),
        }
    };
    Some(Checked {
        family: with(document),
        earlier: earlier.into_iter().map(with).collect(),
        lifecycle,
        needs,
        role_arns,
        notes,
        request: own.definition.map(|_| request),
    })
}

/// The declared services, each of which is to run the newest revision.
fn on_the_newest(lifecycle: &Lifecycle) -> BTreeMap<ServiceName, Runs> {
    let services = lifecycle.services.keys();
    services.map(|name| (name.clone(), Runs::Newest)).collect()
}

/// What earlier defaults made of the request `body`, where it is not what those of `now` make.
fn earlier(
    metrics: &Tree,
    names: (&str, &str),
    body: &Table,
    scope: &Scope<'_>,
    now: &Document,
) -> Vec<Document> {
    let documents = Generation::EARLIER.iter().filter_map(|generation| {
        let body = metrics::earlier(metrics, names, body.clone(), *generation, scope)?;
        let span = body.span.clone();
        Some(Document::new(tree(Value::Table(body), &span).to_node()))
    });
    documents.filter(|document| document != now).collect()
}

/// The family's name: what the table says, else what the exported definition says, else the key.
fn family(
    key: &Key,
    own: Option<&Tree>,
    export: &Export,
    problems: &mut Problems,
) -> Option<(String, Span)> {
    let named = own.or(export.family.as_ref());
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
        other_keys: TASK_DEFINITION.own_keys(),
        ..Expected::plain(ecs_shape::request())
    }
}

/// The request without family and tags.
fn body(
    path: &str,
    table: &Table,
    own: &Own<'_>,
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
        notes: Vec::new(),
    };
    for (name, value) in converter.structure(table, &members(), path).entries {
        set(&mut body, name, value);
    }
    match own.containers {
        Some(own) => add_containers(path, own, exported, &mut body, scope, problems),
        None if own.definition.is_none() => no_containers(path, &table.span, problems),
        None => {}
    }
    add_roles(own, &mut body, scope, role_arns, problems);
    if let Some(verbatim) = own.verbatim
        && let Some(verbatim) = table_of(verbatim, &format!("{path}.verbatim"), problems)
    {
        merge(&mut body, verbatim);
    }
    body
}

/// Names the roles of the request by their ARNs.
fn add_roles(
    own: &Own<'_>,
    body: &mut Table,
    scope: &Scope<'_>,
    role_arns: &mut BTreeSet<String>,
    problems: &mut Problems,
) {
    for (value, stack_key, api_name) in [
        (own.task_role, "task_role", "taskRoleArn"),
        (own.execution_role, "execution_role", "executionRoleArn"),
    ] {
        let exported = body.get(api_name).cloned();
        if let Some(value) = value {
            let name = key(api_name, &value.span);
            // A role that is reported is kept as it is, which keeps the rules from reporting it as
            // missing.
            let role = roles::arn_of(value, stack_key, scope, role_arns, problems);
            set(body, name, role.unwrap_or_else(|| value.clone()));
        } else if let Some(value) = exported {
            body.entries.retain(|(name, _)| name.text != api_name);
            let name = key(api_name, &value.span);
            let role = roles::exported_arn_of(&value, stack_key, scope, role_arns, problems);
            body.entries.extend(role.map(|role| (name, role)));
        }
    }
}

fn add_containers(
    path: &str,
    own: &Tree,
    exported: Vec<Tree>,
    body: &mut Table,
    scope: &Scope<'_>,
    problems: &mut Problems,
) {
    let all = match containers::read(own, path, scope, problems) {
        Some(read) => tree(Value::List(containers::overlay(exported, read)), &own.span),
        None => own.clone(),
    };
    set(body, key("containerDefinitions", &own.span), all);
}

fn no_containers(path: &str, span: &Span, problems: &mut Problems) {
    let message = format!("`{path}` needs `containers`");
    problems
        .add("missing-key", span, "no containers", message)
        .help(format!(
            "add a table [{path}.containers.NAME] with an `image`"
        ));
}

/// The container definitions of a request.
fn container_definitions(body: &Table) -> &[Tree] {
    body.get("containerDefinitions")
        .map(View::elements)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
