//! Reads the keys of a task definition that are amp-stack's own: its lifecycle and its tags.

use crate::{
    address::Kind,
    stack::{
        Lifecycle,
        load::{lifecycle, tags},
        reader::TableReader,
    },
    tags::{MOST, PREVENT_DESTROY_TAG, Tags},
    text::Text,
};

/// The most revisions that a family can have (ECS developer guide, "Amazon ECS service quotas").
const MAX_REVISIONS: u32 = 1_000_000;

/// Reads `prevent_destroy`, `adopt`, `ignore` and `keep_revisions`.
pub(super) fn lifecycle(reader: &mut TableReader<'_, '_>) -> Lifecycle {
    let keep_revisions = reader.integer("keep_revisions", 1..=MAX_REVISIONS);
    Lifecycle {
        keep_revisions: keep_revisions.map(|found| found.value),
        ..lifecycle::read(reader, Kind::TaskDefinition, false)
    }
}

/// Reads `tags`, and lays them over `inherited`; a protected family is tagged as such.
pub(super) fn tags(
    reader: &mut TableReader<'_, '_>,
    inherited: Tags,
    lifecycle: &Lifecycle,
) -> Tags {
    let mut all = inherited;
    if lifecycle.prevent_destroy {
        all.insert(PREVENT_DESTROY_TAG.to_owned(), Text::from("true"));
    }
    let Some(table) = reader.table("tags") else {
        return all;
    };
    let own = tags::read(table, reader.problems());
    all.extend(own.into_iter().map(|tag| (tag.key.text, tag.value)));
    if all.len() > MOST {
        let message = format!(
            "`{}` has {} tags, but a resource can have {}",
            reader.name(),
            all.len(),
            MOST
        );
        reader
            .problems()
            .add("too-many-tags", &table.span, "too many tags", message)
            .help("the tags of [tags] and those that say who owns the resource count too");
    }
    all
}
