//! Reads the keys of a task definition that are amp-stack's own: its lifecycle and its tags.

use crate::{
    resource::{IgnorePath, Managed, task_definition::TaskDefinition},
    stack::{
        Lifecycle,
        problem::Problems,
        reader::{TableReader, string_of, text_of},
        tree::Span,
    },
    tags::{self, Tags},
};

/// The most revisions that a family can have (ECS developer guide, "Amazon ECS service quotas").
const MAX_REVISIONS: u32 = 1_000_000;
/// The most tags of a resource, and the most characters of a tag's key and value (ECS API reference, `Tag`).
const MAX_TAGS: usize = 50;
const MAX_TAG_KEY: usize = 128;
const MAX_TAG_VALUE: usize = 256;

/// Reads `prevent_destroy`, `adopt`, `keep_revisions` and `ignore`.
pub(super) fn lifecycle(reader: &mut TableReader<'_, '_>) -> Lifecycle {
    let flag = |found: Option<bool>| found.unwrap_or(false);
    let prevent_destroy = flag(reader.boolean("prevent_destroy").map(|found| found.value));
    let adopt = flag(reader.boolean("adopt").map(|found| found.value));
    let keep_revisions = reader
        .integer("keep_revisions", 1..=MAX_REVISIONS)
        .map(|found| found.value);
    let mut ignore = Vec::new();
    for element in reader.list("ignore").unwrap_or_default() {
        let Some(text) = string_of(element, "ignore", reader.problems()) else {
            continue;
        };
        let path = IgnorePath::new(&text);
        if TaskDefinition::can_ignore(&path) {
            ignore.push(path);
        } else {
            reader
                .problems()
                .add(
                    "unknown-path",
                    &element.span,
                    "names nothing of a task definition",
                    format!("`{text}` cannot be ignored"),
                )
                .help("paths look like `cpu`, `tags.NAME`, `containers.NAME.image` or `containers.NAME.environment.VARIABLE`");
        }
    }
    Lifecycle {
        prevent_destroy,
        adopt,
        ignore,
        keep_revisions,
    }
}

/// Reads `tags`, and lays them over `inherited`.
pub(super) fn tags(reader: &mut TableReader<'_, '_>, inherited: Tags) -> Tags {
    let mut all = inherited;
    let Some(table) = reader.table("tags") else {
        return all;
    };
    for (name, value) in &table.entries {
        let problems = reader.problems();
        tag_key(&name.text, &name.span, problems);
        let Some(text) = text_of(value, &format!("tags.{}", name.text), problems) else {
            continue;
        };
        if text
            .known()
            .is_some_and(|known| known.chars().count() > MAX_TAG_VALUE)
        {
            problems.add(
                "tag-length",
                &value.span,
                "too long",
                format!("the value of a tag takes up to {MAX_TAG_VALUE} characters"),
            );
        }
        all.insert(name.text.clone(), text);
    }
    if all.len() > MAX_TAGS {
        let message = format!(
            "a task definition takes {MAX_TAGS} tags, and this one would have {}",
            all.len()
        );
        reader
            .problems()
            .add("too-many-tags", &table.span, "too many", message)
            .help("the tags of [tags] and those of ownership count too");
    }
    all
}

fn tag_key(name: &str, span: &Span, problems: &mut Problems) {
    let length = name.chars().count();
    if !(1..=MAX_TAG_KEY).contains(&length) {
        problems.add(
            "tag-length",
            span,
            format!("{length} characters"),
            format!("the key of a tag takes 1 to {MAX_TAG_KEY} characters"),
        );
    }
    if tags::is_reserved(name) || name.starts_with(tags::PREFIX) {
        problems.add(
            "reserved-tag",
            span,
            "reserved",
            format!("the tag `{name}` is not yours to set"),
        );
    }
}
