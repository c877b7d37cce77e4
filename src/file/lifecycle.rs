//! `prevent_destroy`, `adopt` and `ignore`: what AWS can't hold back by itself.

use std::collections::BTreeMap;

use crate::{
    file::{
        problem::Problems,
        reader::{TableReader, listed},
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
}

/// Reads the three keys from the table of a resource, of which `ignorable` can be ignored.
pub(crate) fn read(
    reader: &mut TableReader<'_, '_>,
    ignorable: &Ignorable,
    protected_by_default: bool,
) -> Lifecycle {
    let prevent_destroy = reader.boolean("prevent_destroy");
    let adopt = reader.boolean("adopt");
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
        adopt: adopt.is_some_and(|found| found.value),
        ignore,
        replace: false,
        keep_revisions: None,
        services: BTreeMap::new(),
    }
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
