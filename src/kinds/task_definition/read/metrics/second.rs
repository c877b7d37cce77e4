//! A second collector: one that stands among the containers already.

use crate::{
    collector::instead,
    file::{problem::Problems, tree::Table},
    kinds::task_definition::read::{
        container_definitions, metrics::settings::Settings, view::View,
    },
};

/// Reports the collectors that stand beside the one that `metrics` adds: containers of a task share
/// their ports, and everything would be measured twice.
pub(crate) fn report(settings: &Settings<'_>, body: &Table, problems: &mut Problems) {
    for container in container_definitions(body) {
        let name = container.known_at("name").unwrap_or_default();
        // One of the same name is reported as such.
        if name == settings.collector.name {
            continue;
        }
        let Some(lines) = instead::lines(&container.to_node()) else {
            continue;
        };
        let lines = lines.join("` and `");
        problems
            .add(
                "two-collectors",
                &settings.span,
                "adds another one",
                format!("the container `{name}` is a collector already"),
            )
            .and(&container.span, "the first one")
            .help(format!("leave that container out and write `{lines}` here, which stands for it; or leave `metrics` out"));
    }
}
