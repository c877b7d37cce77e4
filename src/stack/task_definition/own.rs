//! Reads the keys of a task definition that are amp-stack's own: its lifecycle, its tags, and what stands for members of the request.

use crate::{
    address::Kind,
    stack::{
        Lifecycle,
        load::{lifecycle, tags},
        reader::TableReader,
        tree::Tree,
    },
    tags::{MOST, PREVENT_DESTROY_TAG, Tags},
    text::Text,
};

/// The values of keys that stand for members of the request, or for more than one of them.
#[derive(Debug)]
pub(super) struct Own<'t> {
    /// `definition`.
    pub(super) definition: Option<&'t Tree>,
    /// `family`.
    pub(super) family: Option<&'t Tree>,
    /// `containers`.
    pub(super) containers: Option<&'t Tree>,
    /// `task_role`.
    pub(super) task_role: Option<&'t Tree>,
    /// `execution_role`.
    pub(super) execution_role: Option<&'t Tree>,
    /// `metrics`.
    pub(super) metrics: Option<&'t Tree>,
    /// `verbatim`.
    pub(super) verbatim: Option<&'t Tree>,
}

impl<'t> Own<'t> {
    /// Finds the keys whose values are read elsewhere.
    pub(super) fn of(reader: &mut TableReader<'t, '_>) -> Self {
        let mut value = |key| reader.value(key);
        Self {
            definition: value("definition"),
            family: value("family"),
            containers: value("containers"),
            task_role: value("task_role"),
            execution_role: value("execution_role"),
            metrics: value("metrics"),
            verbatim: value("verbatim"),
        }
    }
}

/// Reads `prevent_destroy`, `adopt`, `ignore` and `keep_revisions`.
pub(super) fn lifecycle(reader: &mut TableReader<'_, '_>) -> Lifecycle {
    let keep_revisions = reader.integer("keep_revisions");
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
