//! Health checks.

use crate::{
    collector,
    file::{problem::Problems, tree::Tree},
    kinds::task_definition::{
        fields::ecs,
        read::{
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

/// The collector's image is made from nothing: it holds no shell, no curl and no wget
/// (aws-observability/aws-otel-collector, `cmd/awscollector/Dockerfile`).
fn shell_in_collector(
    container: &Container<'_>,
    at: &Tree,
    words: &[Option<&str>],
    problems: &mut Problems,
) {
    let collector = container
        .tree
        .known_at("image")
        .is_some_and(collector::is_collector);
    let absent = match words {
        [Some("CMD-SHELL"), ..] => Some("shell"),
        [Some("CMD"), Some(program), ..] => {
            let program = program.rsplit('/').next().unwrap_or(program);
            ["curl", "wget", "sh", "bash"]
                .into_iter()
                .find(|absent| *absent == program)
        }
        _ => None,
    };
    if let Some(absent) = absent.filter(|_| collector) {
        problems
            .add(
                "collector-health-check",
                &at.span,
                "can never pass",
                format!("the image of the collector has no {absent}"),
            )
            .help("write [\"CMD\", \"/healthcheck\"]");
    }
}
