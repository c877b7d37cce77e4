//! What ECS asks of a request beyond its shape, as far as it can be judged without AWS.
//!
//! Every rule names the page it comes from. Where ECS's own error is the only source, the issue
//! that quotes it is named. What is not known yet is not judged.

mod containers;
mod dependencies;
mod execution;
mod health;
mod launch_types;
mod logging;
mod names;
mod network;
mod permissions;
mod sizes;
mod storage;
mod windows;

use std::ops::RangeInclusive;

use crate::{
    file::{
        fields::{Fields, Type},
        problem::{Problem, Problems},
        reader::range_in_words,
        tree::{Span, Table, Tree, Value},
    },
    kinds::{
        outline::Needs,
        task_definition::{
            document::stack_key,
            read::{
                Scope,
                launch::{Launch, LaunchType, Network},
                roles::RoleUse,
                view::View,
            },
        },
    },
    model::policy::Policy,
};

/// A request, and what its rules ask of it again and again.
pub(crate) struct Task<'a> {
    /// The request without the family.
    request: &'a Tree,
    family: &'a str,
    family_span: &'a Span,
    containers: Vec<Container<'a>>,
    launch: Launch,
    network: Network,
    role: RoleUse<'a>,
    execution_role: RoleUse<'a>,
    /// What the execution role is given because of `metrics`.
    granted: Vec<&'a Policy>,
    scope: &'a Scope<'a>,
}

/// A container definition.
#[derive(Clone, Copy)]
struct Container<'a> {
    /// The definition.
    tree: &'a Tree,
    /// The name, if it has one that is known.
    name: Option<&'a str>,
}

impl<'a> Task<'a> {
    /// Prepares a request for its rules; it needs this of the stack's roles besides.
    pub(crate) fn new(
        request: &'a Tree,
        (family, family_span): (&'a str, &'a Span),
        needs: &'a Needs,
        scope: &'a Scope<'a>,
    ) -> Self {
        let empty = Table::default();
        let body = match &request.value {
            Value::Table(body) => body,
            Value::Bool(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Text(_)
            | Value::List(_) => &empty,
        };
        let containers = request.list("containerDefinitions").iter();
        let execution_role = RoleUse::of(body.get("executionRoleArn"), scope);
        Self {
            request,
            family,
            family_span,
            containers: containers
                .filter(|tree| tree.as_table().is_some())
                .map(|tree| Container {
                    tree,
                    name: tree.known_at("name"),
                })
                .collect(),
            launch: Launch::of(body),
            network: Network::of(body),
            role: RoleUse::of(body.get("taskRoleArn"), scope),
            granted: match &execution_role {
                RoleUse::Ours(key, _) => needs.grants.get(*key).into_iter(),
                RoleUse::None | RoleUse::Foreign => None.into_iter(),
            }
            .flat_map(|policies| policies.values())
            .collect(),
            execution_role,
            scope,
        }
    }

    /// Returns whether ECS validates it for Fargate.
    fn is_on_fargate(&self) -> bool {
        self.launch.has(LaunchType::Fargate)
    }

    /// Returns whether ECS may validate it for Fargate: a launch type that is not known could be
    /// anything.
    fn may_be_on_fargate(&self) -> bool {
        self.launch.may_have(LaunchType::Fargate)
    }

    /// The container `name`.
    fn container(&self, name: &str) -> Option<Container<'a>> {
        self.containers
            .iter()
            .copied()
            .find(|c| c.name == Some(name))
    }

    /// The names of all containers.
    fn names(&self) -> Vec<&'a str> {
        self.containers.iter().filter_map(|c| c.name).collect()
    }

    /// Returns whether the operating system is one of Windows.
    fn is_windows(&self) -> bool {
        self.request
            .at("runtimePlatform")
            .and_then(|platform| platform.known_at("operatingSystemFamily"))
            .is_some_and(|family| family.starts_with("WINDOWS"))
    }
}

impl Container<'_> {
    /// What messages call it.
    fn label(&self) -> String {
        self.name.map_or_else(
            || "a container".to_owned(),
            |name| format!("container `{name}`"),
        )
    }

    /// Returns whether the task ends with it; containers are essential unless they say otherwise
    /// (ECS API reference, `ContainerDefinition`).
    fn is_essential(&self) -> bool {
        self.tree
            .at("essential")
            .is_none_or(|e| e.boolean() != Some(false))
    }
}

/// Applies every rule.
pub(crate) fn check(task: &Task<'_>, problems: &mut Problems) {
    names::check(task, problems);
    sizes::check(task, problems);
    launch_types::check(task, problems);
    windows::check(task, problems);
    network::check(task, problems);
    containers::check(task, problems);
    dependencies::check(task, problems);
    health::check(task, problems);
    storage::check(task, problems);
    logging::check(task, problems);
    permissions::check(task, problems);
    execution::check(task, problems);
}

/// Reports a number that is outside of what is declared for the member `key` of this structure.
fn range(tree: &Tree, fields: &'static Fields, key: &str, of: &str, problems: &mut Problems) {
    match fields.get(&stack_key(key)).map(|field| field.value) {
        Some(Type::Integer(low, high)) => within(tree, key, low..=high, of, problems),
        other => panic!("`{key}` of `{}` is declared to take {other:?}", fields.name),
    }
}

/// Reports a number that is outside of what ECS takes where the task is as it is.
fn within(tree: &Tree, key: &str, limits: RangeInclusive<i64>, of: &str, problems: &mut Problems) {
    let Some(value) = tree.at(key) else {
        return;
    };
    if value
        .integer()
        .is_some_and(|number| !limits.contains(&number))
    {
        let name = stack_key(key);
        let takes = format!("takes {}", range_in_words(&limits));
        let message = format!("`{name}` of {of} {takes}");
        problems.add("out-of-range", &value.span, takes, message);
    }
}

/// Adds the list of valid names, or the nearest of them, to a problem.
fn suggest(problem: &mut Problem, given: &str, names: &[&str], what: &str) {
    use crate::file::{
        problem::nearest,
        reader::{did_you_mean, listed},
    };
    let help = nearest(given, names.iter().copied()).map_or_else(
        || match names {
            [] => format!("there are no {what}"),
            names => format!("the {what} are {}", listed(names)),
        },
        did_you_mean,
    );
    problem.help(help);
}

#[cfg(test)]
mod tests;
