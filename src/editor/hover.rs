//! What stands at a place, in words.

use crate::{
    editor::place::{self, Table, documentation},
    file::{
        cursor::{At, Step, cursor},
        tree::Span,
    },
    model::address::Address,
};

/// What is said of what stands at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    /// What is said, in Markdown.
    pub text: String,
    /// What it is about.
    pub span: Span,
}

/// What stands at `place`, a byte of `text`.
pub fn hover(text: &str, place: usize) -> Option<Hover> {
    if let Some((name, span)) = place::mention(text, place) {
        return Some(Hover {
            text: mentioned(name)?,
            span,
        });
    }
    let span = place::word(text, place)?;
    let found = cursor(text, span.end)?;
    let word = &text[span.clone()];
    let said = match &found.at {
        At::Header | At::Key => of_key(&found.table, word)?,
        At::Value { key, .. } => {
            let (of, field) = place::field(&found.table, key)?;
            documentation(of, field)
        }
    };
    Some(Hover { text: said, span })
}

fn of_key(table: &[Step], key: &str) -> Option<String> {
    match place::table(table)? {
        Table::Fields(fields, _) => Some(documentation(fields, fields.get(key)?)),
        Table::Names(within) => Some(within.fields.doc.to_owned()),
    }
}

/// What is said of what is mentioned as `${name}`.
fn mentioned(name: &str) -> Option<String> {
    if let Some(variable) = name.strip_prefix("var.") {
        return Some(format!(
            "The variable `{variable}`, which is declared under `[variables]` and given with `--var {variable}=…`."
        ));
    }
    if let Some(variable) = name.strip_prefix("env.") {
        return Some(format!(
            "The variable `{variable}` of the environment that amp-stack runs in."
        ));
    }
    match name {
        "account" => return Some("The id of the account of the stack.".to_owned()),
        "region" => return Some("The region of the stack.".to_owned()),
        "partition" => return Some("The partition of the stack: `aws` but for some.".to_owned()),
        _ => {}
    }
    let (address, attribute) = name.rsplit_once('.')?;
    let address: Address = address.parse().ok()?;
    let noun = address.kind.noun();
    Some(format!("`{attribute}` of the {noun} `{address}`."))
}
