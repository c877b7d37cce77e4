//! Reads `containers.NAME`: container definitions, with `logs` and `verbatim` beside the API's
//! members.

use crate::{
    ecs_shape,
    file::{
        problem::Problems,
        reader::{TableReader, table_of, wrong_type},
        tree::{Key, Table, Tree, Value},
    },
    kinds::task_definition::{
        fields::container::CONTAINER,
        read::{
            Scope, logs,
            view::{View, key, merge, set, string, tree},
            wire::{Converter, Dialect, Expected, join},
        },
    },
};

/// Reads the containers in the order of the file. What is no table is reported and kept as it is,
/// which keeps the rules from reporting it as missing.
pub(crate) fn read(
    containers: &Tree,
    path: &str,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Option<Vec<Tree>> {
    let path = join(path, "containers");
    match &containers.value {
        Value::Table(table) => {
            let each = |(name, container): &(Key, Tree)| {
                let at = join(&path, &name.text);
                let Some(table) = table_of(container, &at, problems) else {
                    return container.clone();
                };
                let mut read = one(table, Some("name"), &at, scope, problems);
                let named = string(name.text.as_str(), &name.span);
                read.entries.insert(0, (key("name", &name.span), named));
                tree(Value::Table(read), &container.span)
            };
            Some(table.entries.iter().map(each).collect())
        }
        Value::List(elements) => {
            let each = |(index, container): (usize, &Tree)| {
                let at = format!("{path}[{index}]");
                let Some(table) = table_of(container, &at, problems) else {
                    return container.clone();
                };
                let read = one(table, None, &at, scope, problems);
                tree(Value::Table(read), &container.span)
            };
            Some(elements.iter().enumerate().map(each).collect())
        }
        Value::Bool(_) | Value::Integer(_) | Value::Float(_) | Value::Text(_) => {
            wrong_type(containers, &path, "a table", problems);
            None
        }
    }
}

fn one(
    table: &Table,
    given: Option<&str>,
    path: &str,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Table {
    let mut converter = Converter {
        dialect: Dialect::StackFile,
        problems,
        notes: Vec::new(),
    };
    let expected = Expected {
        of: ecs_shape::container(),
        other_keys: CONTAINER.own_keys(),
        given,
    };
    let table = &converter.respelled(table, &expected, path);
    let mut container = converter.structure(table, &expected, path);
    let mut reader = TableReader::new(path, table, &CONTAINER, problems);
    let (logs, log_configuration) = (reader.entry("logs"), reader.entry("log_configuration"));
    let verbatim = reader.value("verbatim");
    reader.finish();
    if let Some((name, value)) = logs {
        if let Some((other, _)) = log_configuration {
            problems
                .add(
                    "logs-twice",
                    &name.span,
                    "asks for the awslogs driver",
                    format!("`{path}` has both `logs` and `log_configuration`"),
                )
                .and(&other.span, "configures a driver")
                .help("`logs` writes the whole log configuration; for options such as `mode` write `log_configuration` alone");
        }
        if let Some(configuration) = logs::awslogs(value, scope, problems) {
            set(
                &mut container,
                key("logConfiguration", &name.span),
                configuration,
            );
        }
    }
    if let Some(value) = verbatim
        && let Some(verbatim) = table_of(value, &join(path, "verbatim"), problems)
    {
        merge(&mut container, verbatim);
    }
    container
}

/// Lays containers of the stack file over exported ones: those of the same name member by member,
/// others after them.
pub(crate) fn overlay(mut exported: Vec<Tree>, own: Vec<Tree>) -> Vec<Tree> {
    let count = exported.len();
    for container in own {
        let same = exported.iter_mut().take(count).find(|other| {
            let name = other.known_at("name");
            name.is_some() && name == container.known_at("name")
        });
        match (same.map(|same| &mut same.value), &container.value) {
            (Some(Value::Table(old)), Value::Table(new)) => {
                for (name, value) in &new.entries {
                    set(old, name.clone(), value.clone());
                }
            }
            (Some(_) | None, _) => exported.push(container),
        }
    }
    exported
}
