//! `prevent_destroy`, `adopt` and `ignore`: what AWS can't hold back by itself.

use std::collections::BTreeMap;

use crate::{
    file::{
        problem::Problems,
        reader::{TableReader, boolean_of, listed, string_of},
        tree::Span,
    },
    model::{
        lifecycle::{IgnorePath, Lifecycle},
        tags::PREFIX,
    },
};

/// What can be ignored of a kind of resource.
pub(crate) struct Ignorable {
    /// What people call one of the kind.
    pub(crate) noun: &'static str,
    /// Returns whether a path can be ignored.
    pub(crate) accepts: fn(&IgnorePath) -> bool,
    /// What it accepts, as examples.
    pub(crate) examples: &'static [&'static str],
    /// Returns whether a text is an id, where one of the kind can be adopted by its id.
    pub(crate) is_id: Option<fn(&str) -> bool>,
}

/// Reads the three keys from the table of a resource, of which `ignorable` can be ignored.
pub(crate) fn read(
    reader: &mut TableReader<'_, '_>,
    ignorable: &Ignorable,
    protected_by_default: bool,
) -> Lifecycle {
    let prevent_destroy = reader.boolean("prevent_destroy");
    let (adopt, adopt_id) = adopt(reader, ignorable);
    let mut ignore = Vec::new();
    for text in reader.distinct_texts("ignore") {
        // References in it stay as they are spelled, so they name nothing that can be ignored.
        let path = text.value.to_string();
        if let Some(path) = ignore_path(ignorable, &path, &text.span, reader.problems()) {
            ignore.push(path);
        }
    }
    Lifecycle {
        prevent_destroy: prevent_destroy.map_or(protected_by_default, |found| found.value),
        adopt,
        adopt_id,
        ignore,
        replace: false,
        keep_revisions: None,
        services: BTreeMap::new(),
    }
}

/// Reads `adopt`: whether anything is adopted, and the id of the one that is meant.
fn adopt(reader: &mut TableReader<'_, '_>, ignorable: &Ignorable) -> (bool, Option<String>) {
    let Some(is_id) = ignorable.is_id else {
        let adopt = reader.boolean("adopt");
        return (adopt.is_some_and(|found| found.value), None);
    };
    let Some(tree) = reader.value("adopt") else {
        return (false, None);
    };
    if tree.as_text().is_none() {
        let adopt = boolean_of(tree, "adopt", reader.problems());
        return (adopt.unwrap_or_default(), None);
    }
    let id = string_of(tree, "adopt", reader.problems());
    let wrong = id.as_deref().filter(|id| !is_id(id));
    if let Some(wrong) = wrong {
        let noun = ignorable.noun;
        let message = format!("`{wrong}` is not the id of a {noun}");
        reader
            .problems()
            .add("workspace-id", &tree.span, "not an id", message)
            .help(format!(
                "write `adopt = true` for whichever has the name and is nobody's, or the id of one {noun}, such as ws-12345678-90ab-cdef-1234-567890abcdef"
            ));
    }
    (true, id)
}

/// Reads one path of `ignore`.
pub(crate) fn ignore_path(
    ignorable: &Ignorable,
    path: &str,
    span: &Span,
    problems: &mut Problems,
) -> Option<IgnorePath> {
    let ours = path
        .strip_prefix("tags.")
        .is_some_and(|key| key.to_lowercase().starts_with(PREFIX));
    let parsed = IgnorePath::new(path);
    if !ours && (ignorable.accepts)(&parsed) {
        return Some(parsed);
    }
    let message = format!(
        "`{path}` of a {} cannot be left to somebody else",
        ignorable.noun
    );
    let help = if ours {
        "the tags that begin with `amp-stack:` say who owns a resource".to_owned()
    } else {
        format!("what can be ignored is {}", listed(ignorable.examples))
    };
    problems
        .add("cannot-ignore", span, "cannot be ignored", message)
        .help(help);
    None
}
