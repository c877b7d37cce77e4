//! Health checks.

use crate::{
    collector::{self, Distribution},
    file::{problem::Problems, tree::Tree},
    kinds::task_definition::{
        fields::ecs,
        read::{
            collector::HEALTH_PROGRAM,
            rules::{Container, Task, range},
            view::View,
        },
    },
};

pub(crate) fn check(task: &Task<'_>, problems: &mut Problems) {
    for container in &task.containers {
        if let Some(check) = container.tree.at("healthCheck") {
            limits(container, check, problems);
            command(container, check, problems);
        }
    }
}

/// ECS API reference, `HealthCheck`.
fn limits(container: &Container<'_>, check: &Tree, problems: &mut Problems) {
    let label = container.label();
    for key in ["interval", "timeout", "retries", "startPeriod"] {
        range(check, &ecs::HEALTH_CHECK, key, &label, problems);
    }
}

fn command(container: &Container<'_>, check: &Tree, problems: &mut Problems) {
    let Some(at) = check.at("command") else {
        return;
    };
    let words: Vec<Option<&str>> = at.elements().iter().map(View::known).collect();
    let label = container.label();
    // As the collector's own examples have it; ECS takes it, and a note says so
    // (aws-observability/aws-otel-collector, examples/ecs; aws/aws-cdk issue 34389).
    if is_collector(container) && words == [Some(HEALTH_PROGRAM)] {
        return;
    }
    match words.as_slice() {
        // Others than ECS take a program alone, so it is known what is meant.
        [Some(program)] if !matches!(*program, "CMD" | "CMD-SHELL") && !program.is_empty() => {
            let shell = program.contains(' ') && !program.starts_with('/');
            let form = if shell { "CMD-SHELL" } else { "CMD" };
            problems
                .add(
                    "health-check-command",
                    &at.span,
                    "begins with neither",
                    format!("the health check of {label} has to begin with CMD or CMD-SHELL"),
                )
                .help(format!("write [\"{form}\", \"{program}\"]"));
        }
        // ECS API reference, `HealthCheck`, `command`.
        [] | [Some(_)] if at.text().is_none() => {
            problems
                .add(
                    "health-check-command",
                    &at.span,
                    "runs nothing",
                    format!("the health check of {label} runs nothing"),
                )
                .help("write [\"CMD\", PROGRAM, ARGUMENT…] or [\"CMD-SHELL\", COMMAND]");
        }
        [Some(first), ..] if !matches!(*first, "CMD" | "CMD-SHELL") => {
            problems
                .add(
                    "health-check-command",
                    &at.span,
                    "begins with neither",
                    format!("the health check of {label} has to begin with CMD or CMD-SHELL"),
                )
                .help(format!("write [\"CMD\", \"{first}\", …]"));
        }
        _ => {}
    }
    shell_in_collector(container, at, &words, problems);
}

fn is_collector(container: &Container<'_>) -> bool {
    let image = container.tree.known_at("image");
    image.and_then(collector::distribution) == Some(Distribution::Adot)
}

/// The collector's image is made from nothing: it holds no shell, no curl and no wget
/// (aws-observability/aws-otel-collector, `cmd/awscollector/Dockerfile`), and OpenTelemetry's own
/// images hold nothing but the collector
/// (<https://github.com/open-telemetry/opentelemetry-collector-releases/issues/866>).
fn shell_in_collector(
    container: &Container<'_>,
    at: &Tree,
    words: &[Option<&str>],
    problems: &mut Problems,
) {
    let image = container.tree.known_at("image");
    let Some(distribution) = image.and_then(collector::distribution) else {
        return;
    };
    let is_upstream = distribution == Distribution::Upstream;
    let absent = match words {
        [Some("CMD-SHELL"), ..] => Some("shell"),
        // A file that others put there may be such a program.
        [Some("CMD"), Some(program), ..] if is_upstream => {
            let is_mounted = !container.tree.list("mountPoints").is_empty();
            let is_itself = program.starts_with("/otelcol");
            Some(*program).filter(|_| !is_mounted && !is_itself)
        }
        [Some("CMD"), Some(program), ..] => {
            let program = program.rsplit('/').next().unwrap_or(program);
            ["curl", "wget", "sh", "bash"]
                .into_iter()
                .find(|absent| *absent == program)
        }
        _ => None,
    };
    if let Some(absent) = absent {
        problems
            .add(
                "collector-health-check",
                &at.span,
                "can never pass",
                format!("the image of the collector has no {absent}"),
            )
            .help(if is_upstream {
                "leave the health check out: the image holds nothing but the collector"
            } else {
                "write [\"CMD\", \"/healthcheck\"]"
            });
    }
}
