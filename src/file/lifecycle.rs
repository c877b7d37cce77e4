//! `prevent_destroy`, `adopt` and `ignore`: what AWS can't hold back by itself.

use crate::{
    file::{
        problem::Problems,
        reader::{TableReader, listed},
        tree::Span,
    },
    kinds::Resource,
    model::{
        address::Kind,
        lifecycle::{IgnorePath, Lifecycle},
        tags::PREFIX,
    },
};

/// Reads the three keys from the table of a resource of `kind`.
pub(crate) fn read(
    reader: &mut TableReader<'_, '_>,
    kind: Kind,
    protected_by_default: bool,
) -> Lifecycle {
    let prevent_destroy = reader.boolean("prevent_destroy");
    let adopt = reader.boolean("adopt");
    let mut ignore = Vec::new();
    for text in reader.distinct_texts("ignore") {
        // References in it stay as they are spelled, so they name nothing that can be ignored.
        let path = text.value.to_string();
        if let Some(path) = ignore_path(kind, &path, &text.span, reader.problems()) {
            ignore.push(path);
        }
    }
    Lifecycle {
        prevent_destroy: prevent_destroy.map_or(protected_by_default, |found| found.value),
        adopt: adopt.is_some_and(|found| found.value),
        ignore,
        replace: false,
        keep_revisions: None,
    }
}

/// Reads one path of `ignore`.
pub(crate) fn ignore_path(
    kind: Kind,
    path: &str,
    span: &Span,
    problems: &mut Problems,
) -> Option<IgnorePath> {
    let ours = path
        .strip_prefix("tags.")
        .is_some_and(|key| key.to_lowercase().starts_with(PREFIX));
    let parsed = IgnorePath::new(path);
    if !ours && Resource::can_ignore(kind, &parsed) {
        return Some(parsed);
    }
    let message = format!(
        "`{path}` of a {} cannot be left to somebody else",
        kind.noun()
    );
    let help = if ours {
        "the tags that begin with `amp-stack:` say who owns a resource".to_owned()
    } else {
        format!("what can be ignored is {}", listed(ignorable(kind)))
    };
    problems
        .add("cannot-ignore", span, "cannot be ignored", message)
        .help(help);
    None
}

/// What `ignore` takes, as examples.
fn ignorable(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::LogGroup => &[
            "tags.KEY",
            "retention_days",
            "kms_key_arn",
            "deletion_protection",
        ],
        Kind::Workspace => &["tags.KEY", "alias", "logging"],
        Kind::Role => &[
            "tags.KEY",
            "description",
            "trust",
            "max_session_seconds",
            "permissions_boundary",
            "managed_policies",
            "inline_policies",
            "inline_policies.NAME",
        ],
        Kind::TaskDefinition => &["tags.KEY", "cpu", "containers.NAME.image"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_can_be_ignored() {
        for kind in Kind::ALL {
            for path in ignorable(kind) {
                let mut problems = Problems::default();
                assert!(
                    ignore_path(kind, path, &(0..1), &mut problems).is_some(),
                    "{path} of {kind:?}"
                );
            }
        }
    }
}
