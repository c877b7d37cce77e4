//! What a place in a stack file takes, as far as its fields are declared.

use crate::{
    file::{
        cursor::Step,
        fields::{Field, Fields},
        tree::Span,
    },
    load::{
        lookup::{self, Within},
        root::ROOT,
        words,
    },
};

/// A table of a stack file.
#[derive(Clone, Copy, Debug)]
pub(super) enum Table {
    /// One with declared keys. That which its name stands for is not among them.
    Fields(&'static Fields, Option<&'static str>),
    /// One whose keys are names of the user's own, each of such a table.
    Names(Within),
}

/// The table at the end of `steps`, from the top of the file.
pub(super) fn table(steps: &[Step]) -> Option<Table> {
    let mut table = Table::Fields(&ROOT, None);
    for (index, step) in steps.iter().enumerate() {
        let Step::Key(key) = step else {
            continue;
        };
        table = match table {
            Table::Names(within) => Table::Fields(within.fields, within.given),
            Table::Fields(fields, _) => {
                let inner = lookup::tables(fields, fields.get(key)?);
                let is_listed = steps.get(index + 1) == Some(&Step::Element);
                let named = inner.iter().find(|within| within.is_named && !is_listed);
                match named {
                    Some(named) => Table::Names(*named),
                    None => Table::Fields(inner.first()?.fields, None),
                }
            }
        };
    }
    Some(table)
}

/// The field `key` of the table at the end of `steps`.
pub(super) fn field(steps: &[Step], key: &str) -> Option<(&'static Fields, &'static Field)> {
    match table(steps)? {
        Table::Fields(fields, _) => Some((fields, fields.get(key)?)),
        Table::Names(_) => None,
    }
}

/// What is said of a field, in Markdown.
pub(super) fn documentation(of: &Fields, field: &Field) -> String {
    let mut text = format!("{}\n\nTakes {}.", field.doc, words::takes(of, field));
    if let Some(presence) = words::presence(of, field) {
        let mut letters = presence.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        text.push_str("\n\n");
        text.extend(first);
        text.push_str(letters.as_str());
        text.push('.');
    }
    if let Some(line) = field.line() {
        text.extend(["\n\n```toml\n", &line, "\n```"]);
    }
    text.extend(["\n\nSource: ", field.source.unwrap_or(of.source)]);
    text
}

/// The word around `place`: letters, digits, `_` and `-`.
pub(super) fn word(text: &str, place: usize) -> Option<Span> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let (before, after) = text.split_at_checked(place)?;
    let start = before.rfind(|c| !is_part(c)).map_or(0, |at| {
        at + before[at..].chars().next().map_or(0, char::len_utf8)
    });
    let end = after
        .find(|c| !is_part(c))
        .map_or(text.len(), |at| place + at);
    (start < end).then_some(start..end)
}

/// What is mentioned around `place`: the words between `${` and `}`, and where they stand.
pub(super) fn mention(text: &str, place: usize) -> Option<(&str, Span)> {
    let before = text.get(..place)?;
    let start = before.rfind("${")? + 2;
    let end = start + text[start..].find(['}', '"', '\'', '\n'])?;
    let is_one = text[end..].starts_with('}') && place <= end;
    is_one.then(|| (&text[start..end], start..end))
}
