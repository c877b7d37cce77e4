//! Names and counts.

use std::collections::BTreeMap;

use crate::{
    file::{
        problem::Problems,
        tree::{Span, Tree, Value},
    },
    kinds::task_definition::{
        fields::{LONGEST_NAME, MOST_CONSTRAINTS, MOST_CONTAINERS, MOST_ENVIRONMENT_FILES},
        read::{
            rules::{Container, Task},
            view::View,
        },
    },
};

/// ECS developer guide, "Amazon ECS service quotas".
const MAX_BYTES: usize = 64 * 1024;

pub(crate) fn check(task: &Task<'_>, problems: &mut Problems) {
    if !is_name(task.family) {
        problems
            .add(
                "family-name",
                task.family_span,
                "not a family",
                format!("`{}` cannot be the name of a family", task.family),
            )
            .help(format!(
                "a family takes 1 to {LONGEST_NAME} letters, digits, `_` and `-`"
            ));
    }
    count(task, problems);
    for container in &task.containers {
        container_name(container, problems);
        image(container, problems);
        variables(container, problems);
    }
    let containers = task.containers.iter().filter_map(|c| c.tree.at("name"));
    unique(containers, "duplicate-container", "containers", problems);
    let volumes = task.request.list("volumes");
    unique(
        volumes.iter().filter_map(|v| v.at("name")),
        "duplicate-volume",
        "volumes",
        problems,
    );
    for name in volumes.iter().filter_map(|volume| volume.at("name")) {
        if let Some(known) = name.known().filter(|known| !is_name(known)) {
            problems
                .add(
                    "volume-name",
                    &name.span,
                    "not a name",
                    format!("`{known}` cannot be the name of a volume"),
                )
                .help(format!(
                    "a volume's name takes 1 to {LONGEST_NAME} letters, digits, `_` and `-`"
                ));
        }
    }
    size(task, problems);
}

/// Up to 255 letters, digits, underscores and hyphens (ECS API reference, `RegisterTaskDefinition`,
/// `ContainerDefinition`, `Volume`).
fn is_name(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

fn count(task: &Task<'_>, problems: &mut Problems) {
    let list = task.request.at("containerDefinitions");
    // What is no array is reported as such.
    let Some(list) = list.filter(|list| matches!(list.value, Value::List(_))) else {
        return;
    };
    let count = list.elements().len();
    if count > MOST_CONTAINERS {
        problems.add(
            "too-many-containers",
            &list.span,
            format!("{count} containers"),
            format!("a task takes up to {MOST_CONTAINERS} containers"),
        );
    }
    // ECS API reference, `ContainerDefinition`, `essential`.
    let all_are_read = count == task.containers.len();
    if all_are_read && !task.containers.iter().any(Container::is_essential) {
        let problem = problems.add(
            "no-essential-container",
            &list.span,
            "none is essential",
            "a task needs an essential container",
        );
        problem.help("the task ends when an essential container does; without `essential = false` a container is one");
    }
    // ECS API reference, `RegisterTaskDefinition`, `placementConstraints`.
    let constraints = task.request.list("placementConstraints");
    if let Some(eleventh) = constraints.get(MOST_CONSTRAINTS) {
        problems.add(
            "too-many-constraints",
            &eleventh.span,
            "one too many",
            format!("a task takes up to {MOST_CONSTRAINTS} placement constraints"),
        );
    }
}

fn container_name(container: &Container<'_>, problems: &mut Problems) {
    let Some(name) = container.tree.at("name") else {
        problems.add(
            "missing-key",
            &container.tree.span,
            "`name` is missing",
            "a container needs a `name`",
        );
        return;
    };
    if let Some(known) = name.known().filter(|known| !is_name(known)) {
        problems
            .add(
                "container-name",
                &name.span,
                "not a name",
                format!("`{known}` cannot be the name of a container"),
            )
            .help(format!(
                "a container's name takes 1 to {LONGEST_NAME} letters, digits, `_` and `-`"
            ));
    }
}

/// ECS API reference, `ContainerDefinition`, `image`.
fn image(container: &Container<'_>, problems: &mut Problems) {
    let label = container.label();
    let Some(image) = container.tree.at("image") else {
        problems
            .add(
                "missing-key",
                &container.tree.span,
                "`image` is missing",
                format!("{label} needs an `image`"),
            )
            .help("write for example image = \"111122223333.dkr.ecr.us-east-1.amazonaws.com/shop:1.0\"");
        return;
    };
    let Some(known) = image.known() else {
        return;
    };
    let (name, digest) = match known.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (known, None),
    };
    let letters = |b: u8| b.is_ascii_alphanumeric() || b"-_:./#".contains(&b);
    if !(1..=255).contains(&name.len()) || !name.bytes().all(letters) {
        problems
            .add("image-name", &image.span, "not an image", format!("`{known}` is not the name of an image"))
            .help("it takes up to 255 letters, digits, `-`, `_`, `:`, `.`, `/` and `#`, as in REPOSITORY/IMAGE:TAG");
    }
    let is_hex = |hash: &str| hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit());
    if digest.is_some_and(|digest| !digest.strip_prefix("sha256:").is_some_and(is_hex)) {
        problems
            .add(
                "image-digest",
                &image.span,
                "not a digest",
                format!("the digest of `{known}` is not one of SHA-256"),
            )
            .help("a digest is `sha256:` and 64 hexadecimal digits");
    }
}

/// Names of variables are unique within a container, those of secrets included. ECS says so only in
/// its errors: "Duplicate secret names found" (CircleCI-Public/aws-ecs-orb issue 190), "The secret
/// name must be unique" (dagster-io/dagster issue 11622).
fn variables(container: &Container<'_>, problems: &mut Problems) {
    let named = ["environment", "secrets"]
        .into_iter()
        .flat_map(|list| container.tree.list(list))
        .filter_map(|variable| variable.at("name"));
    unique(named.clone(), "duplicate-variable", "variables", problems);
    for name in named {
        if name.known().is_some_and(str::is_empty) {
            problems.add(
                "empty-name",
                &name.span,
                "empty",
                format!("a variable of {} needs a name", container.label()),
            );
        }
    }
    // ECS API reference, `ContainerDefinition`, `environmentFiles`.
    let files = container.tree.list("environmentFiles");
    if let Some(eleventh) = files.get(MOST_ENVIRONMENT_FILES) {
        problems.add(
            "too-many-files",
            &eleventh.span,
            "one too many",
            format!(
                "{} has more than {MOST_ENVIRONMENT_FILES} environment files",
                container.label()
            ),
        );
    }
    for value in files.iter().filter_map(|file| file.at("value")) {
        let wrong = |known: &str| known.rsplit_once('.').is_none_or(|(_, end)| end != "env");
        if value.known().is_some_and(wrong) {
            problems
                .add(
                    "environment-file",
                    &value.span,
                    "does not end in .env",
                    format!(
                        "an environment file of {} has to end in `.env`",
                        container.label()
                    ),
                )
                .help("it is the ARN of an S3 object, such as arn:aws:s3:::BUCKET/app.env");
        }
    }
}

fn unique<'a>(
    named: impl Iterator<Item = &'a Tree>,
    code: &'static str,
    what: &str,
    problems: &mut Problems,
) {
    let mut seen: BTreeMap<&str, &Span> = BTreeMap::new();
    for tree in named {
        let Some(name) = tree.known() else {
            continue;
        };
        if let Some(first) = seen.get(name) {
            problems
                .add(
                    code,
                    &tree.span,
                    "again here",
                    format!("two {what} are called `{name}`"),
                )
                .and(first, "first here");
        } else {
            seen.insert(name, &tree.span);
        }
    }
}

/// What is known only after apply counts as empty, so that nothing is refused that could fit.
fn size(task: &Task<'_>, problems: &mut Problems) {
    let known = task.request.to_node().resolve(&|_| Some(String::new()));
    let bytes = known.to_json().to_string().len() + task.family.len();
    if bytes > MAX_BYTES {
        problems.add(
            "too-large",
            &task.request.span,
            format!("{bytes} bytes of JSON"),
            format!("a task definition takes up to {MAX_BYTES} bytes"),
        );
    }
}
