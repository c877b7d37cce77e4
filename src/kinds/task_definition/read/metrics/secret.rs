//! Reads values of `metrics` that are secrets: `{ secret = "NAME" }`, with the name of a variable
//! that ECS fills in.

use crate::{
    file::{
        problem::{Problems, nearest},
        reader::{TableReader, did_you_mean, listed, wrong_type},
        tree::{Tree, Value},
    },
    kinds::task_definition::fields::scrape::SECRET,
};

/// The names of the variables that hold secrets.
#[derive(Clone, Debug)]
pub(crate) struct Secrets<'t>(Vec<&'t str>);

impl<'t> Secrets<'t> {
    /// Those in `secrets` of the table that `reader` reads.
    pub(crate) fn of(reader: &TableReader<'t, '_>) -> Self {
        let table = reader.peek("secrets").and_then(Tree::as_table);
        let entries = table.map(|table| table.entries.as_slice());
        let keys = entries.unwrap_or_default().iter();
        Self(keys.map(|(key, _)| key.text.as_str()).collect())
    }

    /// The variable that the value of `key` names. A value in the clear is not repeated.
    pub(crate) fn read(&self, tree: &Tree, key: &str, problems: &mut Problems) -> Option<String> {
        let table = match &tree.value {
            Value::Table(table) => table,
            Value::Text(_) => {
                problems
                    .add(
                        "plain-secret",
                        &tree.span,
                        "stands here for all to read",
                        format!("`{key}` is a secret, and none stands in a stack file"),
                    )
                    .help(format!(
                        "write `{key} = {{ secret = \"NAME\" }}`, and `secrets = {{ NAME = \"arn:…\" }}` with the ARN of a secret or a parameter"
                    ));
                return None;
            }
            Value::Bool(_) | Value::Integer(_) | Value::Float(_) | Value::List(_) => {
                wrong_type(tree, key, "`{ secret = \"NAME\" }`", problems);
                return None;
            }
        };
        let mut reader = TableReader::new(key, table, &SECRET, problems);
        let found = reader.string("secret");
        reader.finish();
        let found = found?;
        if !self.0.contains(&found.value.as_str()) {
            let near = nearest(&found.value, self.0.iter().copied());
            let help = near.map_or_else(
                || match self.0.as_slice() {
                    [] => format!(
                        "add `secrets = {{ {} = \"arn:…\" }}` with the ARN of a secret or a parameter",
                        found.value
                    ),
                    names => format!("the variables in `secrets` are {}", listed(names)),
                },
                did_you_mean,
            );
            problems
                .add(
                    "undefined-secret",
                    &found.span,
                    "not in `secrets`",
                    format!("no variable `{}` is in `secrets` of `metrics`", found.value),
                )
                .help(help);
        }
        Some(found.value)
    }
}
