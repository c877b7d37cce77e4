//! Whether a collector has something to collect, one configuration that says so, and somewhere to
//! send it.

use crate::{
    collector::Configuration, file::problem::Problems,
    kinds::task_definition::read::metrics::settings::Settings,
};

/// Reports everything that is wrong.
pub(crate) fn report(settings: &Settings<'_>, problems: &mut Problems) {
    let collector = &settings.collector;
    let span = &settings.span;
    let metrics = collector.writes_metrics();
    if let [first, second, ..] = settings.own_configuration.as_slice() {
        problems
            .add(
                "configured-twice",
                second,
                "never read",
                "the collector is configured twice",
            )
            .and(first, "this wins")
            .help(
                "a collector that finds AOT_CONFIG_CONTENT ignores --config: leave one of them out",
            );
    }
    if let (Some(own), Some(source)) =
        (settings.own_configuration.first(), settings.sources.first())
    {
        problems
            .add(
                "configured-twice",
                own,
                "replaces the configuration",
                "the collector is configured twice",
            )
            .and(source, "has no effect then")
            .help("leave it out, and say in your configuration what it would");
    }
    let own = collector.configuration() == Configuration::Own;
    if !settings.collects && !own {
        problems
            .add("nothing-to-collect", span, "collects nothing", "the collector has nothing to collect")
            .help("write `otlp = true` for applications with an OpenTelemetry SDK, `scrape = [{ port = 8080 }]` for those with a Prometheus library, `task_metrics = \"task\"` for what ECS measures of the task alone");
    }
    let is_elsewhere = collector.has_other_destinations() && !own;
    if metrics && settings.workspace.is_none() && !settings.names_workspace && !is_elsewhere {
        problems
            .add(
                "no-workspace",
                span,
                "written nowhere",
                "there is no workspace to write to",
            )
            .help("add [workspace] to the stack file, or `workspace = \"ws-…\"` to `metrics`");
    }
    nowhere(settings, is_elsewhere, problems);
}

/// That metrics go to no workspace has to leave somewhere that they go to.
fn nowhere(settings: &Settings<'_>, is_elsewhere: bool, problems: &mut Problems) {
    let Some(span) = settings.no_workspace.as_ref().filter(|_| !is_elsewhere) else {
        return;
    };
    if settings.collector.writes_metrics() {
        problems
            .add(
                "no-workspace",
                span,
                "and nowhere else",
                "there is nothing that metrics are written to",
            )
            .help("leave it out, or say where they go: `cloudwatch`, `emf` or `destinations`");
    }
}
