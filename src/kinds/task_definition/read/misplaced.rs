//! Tables that stand one level too high, or below a name that is misspelt: one mistake each, where
//! what is missing because of it would be several.

use crate::{
    file::{
        problem::{Problems, nearest},
        tree::{Key, Table, Tree},
    },
    kinds::task_definition::{fields::TASK_DEFINITION, read::Scope},
    model::address::Kind,
};

/// Reports what stands at the wrong place in the table `key`, and returns whether anything does.
pub(super) fn report(key: &Key, table: &Table, scope: &Scope<'_>, problems: &mut Problems) -> bool {
    below_another_name(key, table, scope, problems) || beside_containers(key, table, problems)
}

/// A table with nothing but `metrics` has no containers, and belongs to one that has.
fn below_another_name(
    key: &Key,
    table: &Table,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> bool {
    let [(only, _)] = table.entries.as_slice() else {
        return false;
    };
    let declared = scope.names.declared.iter();
    let others = declared
        .filter(|address| address.kind == Kind::TaskDefinition && address.key != key.text)
        .map(|address| address.key.as_str());
    let Some(meant) = nearest(&key.text, others).filter(|_| only.text == "metrics") else {
        return false;
    };
    let message = format!("`task_definitions.{}` has nothing but `metrics`", key.text);
    problems
        .add("missing-key", &key.span, "no containers", message)
        .help(format!("did you mean [task_definitions.{meant}.metrics]?"));
    true
}

/// A table with an `image` is a container, and containers stand in a table of their own.
fn beside_containers(key: &Key, table: &Table, problems: &mut Problems) -> bool {
    if table.get("containers").is_some() || table.get("definition").is_some() {
        return false;
    }
    let is_container = |(name, value): &&(Key, Tree)| {
        let is_ours = TASK_DEFINITION.get(&name.text).is_some();
        let is_meant = TASK_DEFINITION.meant(&name.text).is_some();
        let image = value.as_table().and_then(|inner| inner.get("image"));
        !is_ours && !is_meant && image.is_some()
    };
    let mut found = false;
    for (name, _) in table.entries.iter().filter(is_container) {
        let path = format!("task_definitions.{}", key.text);
        let message = format!("`{path}` has no key `{}`", name.text);
        problems
            .add("unknown-key", &name.span, "not known here", message)
            .help(format!(
                "containers stand below `containers`: [{path}.containers.{}]",
                name.text
            ));
        found = true;
    }
    found
}
