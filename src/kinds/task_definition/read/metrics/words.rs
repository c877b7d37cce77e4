//! Reads what several tables of `metrics` have: strings, labels and roles.

use std::collections::BTreeMap;

use crate::file::{
    arn::{self, Arn},
    reader::{TableReader, string_of},
};

/// The ARN of the role that is taken on.
pub(crate) fn assume_role(reader: &mut TableReader<'_, '_>) -> Option<String> {
    let found = reader.string("assume_role")?;
    let is_role = Arn::parse(&found.value)
        .is_some_and(|arn| arn.service == "iam" && arn.resource.starts_with("role/"));
    if !is_role {
        let example = "arn:aws:iam::ACCOUNT:role/PATH/NAME";
        arn::invalid(
            &found.span,
            &found.value,
            "a role",
            example,
            reader.problems(),
        );
    }
    Some(found.value)
}

/// Strings by name.
pub(crate) fn words(
    reader: &mut TableReader<'_, '_>,
    key: &'static str,
) -> BTreeMap<String, String> {
    let mut words = BTreeMap::new();
    let Some(table) = reader.table(key) else {
        return words;
    };
    for (name, value) in &table.entries {
        if let Some(value) = string_of(value, &name.text, reader.problems()) {
            words.insert(name.text.clone(), value);
        }
    }
    words
}

/// A list of strings.
pub(crate) fn strings(reader: &mut TableReader<'_, '_>, key: &'static str) -> Vec<String> {
    let elements = reader.list(key).unwrap_or_default();
    let read = |element| string_of(element, key, reader.problems());
    elements.iter().filter_map(read).collect()
}

/// `labels`. Names of labels are those that Prometheus takes, and none that it keeps for itself
/// (Prometheus documentation, "Data model").
pub(crate) fn labels(reader: &mut TableReader<'_, '_>) -> BTreeMap<String, String> {
    let labels = words(reader, "labels");
    let is_name = |name: &str| {
        let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let is_reserved = name.starts_with("__");
        begins && !is_reserved && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let table = reader.peek("labels").and_then(|tree| tree.as_table());
    for (key, _) in table.iter().flat_map(|table| &table.entries) {
        if !is_name(&key.text) {
            reader
                .problems()
                .add(
                    "label-name",
                    &key.span,
                    "not a name of a label",
                    format!("no label can be called `{}`", key.text),
                )
                .help("names of labels are letters, digits and `_`, and begin with no digit and not with `__`");
        }
    }
    labels
}
