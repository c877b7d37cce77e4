//! `[outputs]`: what a stack gives the scripts that come after it.

use std::collections::BTreeMap;

use crate::{
    file::reader::invalid_key,
    file::{
        problem::Problems,
        reader::{TableReader, table_of, wrong_type},
        tree::{Key, Table, Tree, Value},
    },
    load::root::OUTPUT,
    model::address::Address,
    stack::Output,
};

/// Reads the table. Each output is a string, or a table with more to say.
pub(crate) fn read(root: &Table, problems: &mut Problems) -> BTreeMap<String, Output> {
    let table = root
        .get("outputs")
        .and_then(|tree| table_of(tree, "outputs", problems));
    let mut outputs = BTreeMap::new();
    for (key, tree) in table.iter().flat_map(|table| &table.entries) {
        // Without dots, no name can be mistaken for an attribute such as `workspace.id`.
        if !Address::is_key(&key.text) {
            invalid_key(key, "an output", problems);
        }
        let output = output(key, tree, problems);
        outputs.extend(output.map(|output| (key.text.clone(), output)));
    }
    outputs
}

fn output(key: &Key, tree: &Tree, problems: &mut Problems) -> Option<Output> {
    match &tree.value {
        Value::Text(text) => Some(Output {
            value: text.clone(),
            description: None,
            secret: None,
        }),
        Value::Table(table) => {
            let mut reader =
                TableReader::new(format!("outputs.{}", key.text), table, &OUTPUT, problems);
            let value = reader.text("value");
            let description = reader.string("description");
            let secret = reader.boolean("secret");
            reader.finish();
            Some(Output {
                value: value?.value,
                description: description.map(|found| found.value),
                secret: secret.map(|found| found.value),
            })
        }
        Value::Bool(_) | Value::Integer(_) | Value::Float(_) | Value::List(_) => {
            wrong_type(tree, &key.text, "a string or a table", problems);
            None
        }
    }
}
