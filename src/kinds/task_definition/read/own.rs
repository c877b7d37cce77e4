//! Reads the keys of a task definition that are amp-stack's own: its lifecycle, its tags, and what
//! stands for members of the request.

use crate::{
    file::{lifecycle, reader::TableReader, tags, tree::Tree},
    kinds::{
        declare::ignorable,
        task_definition::{
            TaskDefinition,
            read::{Scope, services},
        },
    },
    model::{
        lifecycle::Lifecycle,
        tags::{MOST, PREVENT_DESTROY_TAG, Tags},
        template::Template,
    },
};

/// The values of keys that stand for members of the request, or for more than one of them.
#[derive(Debug)]
pub(crate) struct Own<'t> {
    /// `definition`.
    pub(crate) definition: Option<&'t Tree>,
    /// `family`.
    pub(crate) family: Option<&'t Tree>,
    /// `containers`.
    pub(crate) containers: Option<&'t Tree>,
    /// `task_role`.
    pub(crate) task_role: Option<&'t Tree>,
    /// `execution_role`.
    pub(crate) execution_role: Option<&'t Tree>,
    /// `metrics`.
    pub(crate) metrics: Option<&'t Tree>,
    /// `verbatim`.
    pub(crate) verbatim: Option<&'t Tree>,
}

impl<'t> Own<'t> {
    /// Finds the keys whose values are read elsewhere.
    pub(crate) fn of(reader: &mut TableReader<'t, '_>) -> Self {
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

/// Reads `prevent_destroy`, `adopt`, `ignore`, `keep_revisions` and `services`.
pub(crate) fn lifecycle(reader: &mut TableReader<'_, '_>, scope: &Scope<'_>) -> Lifecycle {
    let keep_revisions = reader.integer("keep_revisions");
    Lifecycle {
        services: services::read(reader, scope),
        keep_revisions: keep_revisions.map(|found| found.value),
        ..lifecycle::read(reader, &ignorable::<TaskDefinition>(), false)
    }
}

/// Reads `tags`, and lays them over `inherited`; a protected family is tagged as such.
pub(crate) fn tags(
    reader: &mut TableReader<'_, '_>,
    inherited: Tags,
    lifecycle: &Lifecycle,
) -> Tags {
    let mut all = inherited;
    if lifecycle.prevent_destroy {
        all.insert(PREVENT_DESTROY_TAG.to_owned(), Template::from("true"));
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
