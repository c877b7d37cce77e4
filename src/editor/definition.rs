//! Where the file declares what stands at a place.

use crate::{
    editor::place,
    file::{
        cursor::{At, cursor},
        document,
        tree::Span,
    },
    model::address::Address,
};

/// Where the file declares what stands at `place`: a variable or a resource, mentioned as
/// `${…}` or by its key.
pub fn definition(text: &str, place: usize) -> Option<Span> {
    if let Some((name, _)) = place::mention(text, place) {
        if let Some(variable) = name.strip_prefix("var.") {
            return document::key_at(text, &["variables", variable]);
        }
        let parts: Vec<&str> = name.split('.').collect();
        let whole = parts.get(..parts.len() - 1)?.join(".");
        return address(text, &whole.parse().ok()?);
    }
    let span = place::word(text, place)?;
    let found = cursor(text, span.end)?;
    let At::Value { key, .. } = &found.at else {
        return None;
    };
    let (_, field) = place::field(&found.table, key)?;
    address(text, &Address::new(field.names?, &text[span]))
}

/// Where the file declares the resource at `address`.
pub fn address(text: &str, address: &Address) -> Option<Span> {
    let table = address.kind.table();
    if address.kind.is_single() {
        document::key_at(text, &[table])
    } else {
        document::key_at(text, &[table, &address.key])
    }
}
