//! Collectors, whichever container runs one and however it is configured: their configuration is
//! read and checked, and so is what it needs of the task.

mod cloudwatch;
mod config;
mod delivery;
mod listening;
mod mend;
mod place;
mod signer;
mod structure;
mod text;
mod values;
mod variables;

use crate::{
    collector::{
        self, Distribution,
        grants::Rights,
        version::{self, Version},
    },
    file::{
        problem::Problems,
        tree::{Span, Table, Tree},
    },
    kinds::task_definition::read::{
        Scope, container_definitions, launch::Network, rights, roles::RoleUse, view::View,
    },
    model::template::Template,
};

pub(crate) use text::ConfigText;
pub(crate) use variables::Variables;

/// The arguments that say where the configuration of a collector is.
const CONFIG_ARGUMENT: &str = "--config";

/// What is around a configuration.
pub(crate) struct CollectorContext<'a> {
    /// What a task definition may mention.
    pub(crate) scope: &'a Scope<'a>,
    /// The collector's image, if it is known.
    pub(crate) image: Option<&'a str>,
    /// The variables of the container.
    pub(crate) variables: Variables,
    /// Whether the container's health check runs `/healthcheck`.
    pub(crate) asks_health: bool,
    /// The network of the task.
    pub(crate) network: Network,
    /// The other containers.
    pub(crate) others: &'a [Tree],
}

/// Reads a configuration, and reports everything that is wrong with it. Returns what it needs to be
/// allowed; `None` if it can't be read.
pub(crate) fn check(
    text: ConfigText,
    around: &CollectorContext<'_>,
    problems: &mut Problems,
) -> Option<Rights> {
    let version = adot_version(around.image);
    let config = structure::parse(text, problems)?;
    let config = structure::check(config, version, problems);
    variables::check(&config, version, &around.variables, problems);
    delivery::check(&config, around, problems);
    cloudwatch::check(&config, around, problems);
    listening::check(&config, around, version, problems);
    Some(delivery::rights(&config, around))
}

/// The version of AWS's collector in an image, if its name says it.
fn adot_version(image: Option<&str>) -> Option<Version> {
    image.and_then(version::of_image)
}

/// A variable's value as configurations see it: references are spelled as in a stack file.
pub(crate) fn spelled(value: &Template) -> String {
    use crate::model::template::Segment;
    let segments = value.segments().iter();
    segments
        .map(|segment| match segment {
            Segment::Literal(text) => text.clone(),
            Segment::Reference(reference) => reference.to_string(),
        })
        .collect()
}

/// A container that runs a collector.
struct Container<'a> {
    tree: &'a Tree,
    image: &'a Tree,
    distribution: Distribution,
}

impl<'a> Container<'a> {
    fn of(tree: &'a Tree) -> Option<Self> {
        let image = tree.at("image")?;
        let distribution = collector::distribution(image.known()?)?;
        Some(Self {
            tree,
            image,
            distribution,
        })
    }

    fn label(&self) -> String {
        match self.tree.known_at("name") {
            Some(name) => format!("container `{name}`"),
            None => "a container".to_owned(),
        }
    }

    /// The value of a variable, where it stands.
    fn variable(&self, name: &str) -> Option<&'a Tree> {
        let mut variables = self.tree.list("environment").iter();
        let variable = variables.find(|variable| variable.known_at("name") == Some(name))?;
        variable.at("value")
    }

    fn variables(&self) -> Variables {
        let environment = self.tree.list("environment").iter();
        let known = environment.filter_map(|variable| {
            let value = variable.at("value").and_then(View::text).map(spelled);
            Some((variable.known_at("name")?.to_owned(), value))
        });
        let secrets = self.tree.list("secrets").iter();
        let secrets = secrets.filter_map(|s| Some((s.known_at("name")?.to_owned(), None)));
        Variables {
            known: secrets.chain(known).collect(),
            are_others: !self.tree.list("environmentFiles").is_empty(),
        }
    }

    /// Returns whether the image may hold files that others put there.
    fn has_other_files(&self) -> bool {
        let is_filled = |list: &str| !self.tree.list(list).is_empty();
        is_filled("mountPoints") || is_filled("volumesFrom") || is_filled("entryPoint")
    }

    /// Where its configuration comes from.
    fn source(&self) -> Source<'a> {
        let arguments = arguments(self.tree.list("command"));
        if self.distribution == Distribution::Adot {
            let variable = collector::CONFIG_VARIABLE;
            if let Some(value) = self.variable(variable) {
                return Source::Text(value, variable.to_owned());
            }
            let mut secrets = self.tree.list("secrets").iter();
            if secrets.any(|secret| secret.known_at("name") == Some(variable)) {
                return Source::Hidden;
            }
        }
        match arguments.as_slice() {
            [] if self.tree.list("command").is_empty() => Source::Default,
            [(argument, place)] => match argument.strip_prefix("env:") {
                Some(name) => match self.variable(name) {
                    Some(value) => Source::Text(value, name.to_owned()),
                    None => Source::Hidden,
                },
                None => Source::File(argument, place),
            },
            // Several are laid over each other, which is not followed.
            _ => Source::Hidden,
        }
    }
}

/// Where a collector's configuration comes from.
enum Source<'a> {
    /// The value of the variable of this name.
    Text(&'a Tree, String),
    /// A file of the image, and where it is named.
    File(&'a str, &'a Span),
    /// What the image takes by itself.
    Default,
    /// A secret, or something else that can't be looked into.
    Hidden,
}

/// The values of the arguments `--config`, as `--config=VALUE` or as two words.
pub(crate) fn arguments(command: &[Tree]) -> Vec<(&str, &Span)> {
    let mut found = Vec::new();
    let mut words = command.iter();
    while let Some(word) = words.next() {
        let Some(text) = word.known() else {
            continue;
        };
        if text == CONFIG_ARGUMENT {
            let value = words.next();
            found.extend(value.and_then(|value| Some((value.known()?, &value.span))));
        } else if let Some(value) = text.strip_prefix(CONFIG_ARGUMENT)
            && let Some(value) = value.strip_prefix('=')
        {
            found.push((value, &word.span));
        }
    }
    found
}

/// Reports a file that AWS's image does not hold.
pub(crate) fn check_file(file: &str, span: &Span, problems: &mut Problems) {
    use crate::file::{problem::nearest, reader::did_you_mean};
    let path = file.strip_prefix("file:").unwrap_or(file);
    let is_elsewhere = path.contains(':') || !path.starts_with('/');
    if is_elsewhere || collector::IMAGE_FILES.contains(&path) {
        return;
    }
    let near = nearest(path, collector::IMAGE_FILES.iter().copied());
    problems
        .add(
            "collector-file",
            span,
            "not in the image",
            format!("the collector's image holds no file {path}"),
        )
        .help(near.map_or_else(
            || {
                "the collector exits as soon as it starts; those of ECS are under /etc/ecs"
                    .to_owned()
            },
            did_you_mean,
        ));
}

/// Checks every collector among the containers of a request, and returns what people should know of
/// them: what ECS takes, and may be regretted.
pub(crate) fn check_containers(
    body: &Table,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Vec<String> {
    let containers = container_definitions(body);
    let mut notes = Vec::new();
    for (index, tree) in containers.iter().enumerate() {
        let Some(container) = Container::of(tree) else {
            continue;
        };
        let others: Vec<Tree> = [&containers[..index], &containers[index + 1..]].concat();
        let rights = configuration(&container, &others, body, scope, problems);
        place::check(&container, rights.as_ref(), body, scope, problems);
        notes.extend(place::notes(&container, rights.as_ref(), body, scope));
        notes.extend(undocumented_check(&container));
    }
    notes
}

/// Reads the configuration of a container; returns what it needs to be allowed, if that is known.
fn configuration(
    container: &Container<'_>,
    others: &[Tree],
    body: &Table,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Option<Rights> {
    let source = container.source();
    twice(container, problems);
    match source {
        Source::Text(value, variable) => {
            let name = format!("{variable} of {}", container.label());
            let text = ConfigText::in_stack(value.text()?, &value.span, scope.source, &name);
            let asks_health = container.distribution == Distribution::Adot
                && asks_health(container.tree.at("healthCheck"));
            let around = CollectorContext {
                scope,
                image: container.image.known(),
                variables: container.variables(),
                asks_health,
                network: Network::of(body),
                others,
            };
            check(text, &around, problems)
        }
        Source::File(file, span) => {
            if container.distribution == Distribution::Adot && !container.has_other_files() {
                check_file(file, span, problems);
            }
            None
        }
        Source::Default | Source::Hidden => None,
    }
}

/// A collector that finds the variable ignores its arguments (aws-observability/aws-otel-collector,
/// `pkg/config/config_factory.go`).
fn twice(container: &Container<'_>, problems: &mut Problems) {
    let variable = container.variable(collector::CONFIG_VARIABLE);
    let arguments = arguments(container.tree.list("command"));
    let is_adot = container.distribution == Distribution::Adot;
    if let (Some(first), [(argument, second), ..], true) = (variable, arguments.as_slice(), is_adot)
        && argument.strip_prefix("env:") != Some(collector::CONFIG_VARIABLE)
    {
        problems
            .add(
                "configured-twice",
                second,
                "never read",
                "the collector is configured twice",
            )
            .and(&first.span, "this wins")
            .help(
                "a collector that finds AOT_CONFIG_CONTENT ignores --config: leave one of them out",
            );
    }
}

/// Returns whether a health check runs the program that asks the extension `health_check`.
fn asks_health(check: Option<&Tree>) -> bool {
    let words = check.map(|check| check.list("command")).unwrap_or_default();
    let words: Vec<Option<&str>> = words.iter().map(View::known).collect();
    // With arguments it may ask another port.
    matches!(words.as_slice(), [Some("CMD"), Some("/healthcheck")])
}

/// A health check in the form of the collector's own examples.
fn undocumented_check(container: &Container<'_>) -> Option<String> {
    let check = container.tree.at("healthCheck")?;
    let is_program =
        matches!(check.list("command"), [only] if only.known() == Some(HEALTH_PROGRAM));
    let is_adot = container.distribution == Distribution::Adot;
    (is_program && is_adot).then(|| {
        format!(
            "the health check of {} is [\"{HEALTH_PROGRAM}\"], as in ADOT's examples: ECS takes it, but documents only commands that begin with CMD or CMD-SHELL, such as [\"CMD\", \"{HEALTH_PROGRAM}\"]",
            container.label()
        )
    })
}

/// The program in AWS's image that asks the extension `health_check`.
pub(crate) const HEALTH_PROGRAM: &str = "/healthcheck";

/// The task role, if it is one of the stack, and the actions that a configuration needs and no
/// policy of that role allows.
pub(crate) fn denied<'a>(
    rights: &Rights,
    body: &Table,
    scope: &Scope<'a>,
) -> Option<(RoleUse<'a>, Vec<&'static str>)> {
    let role = RoleUse::of(body.get("taskRoleArn"), scope);
    let RoleUse::Ours(_, outline) = role else {
        return None;
    };
    let all = rights::of(outline, scope, None);
    let tested = rights.tested().into_iter();
    let denied: Vec<&str> = tested
        .filter(|(action, on)| {
            rights::obstacle_on(&all, outline, (action, on.as_ref()), scope).is_some()
        })
        .map(|(action, _)| action)
        .collect();
    (!denied.is_empty()).then_some((role, denied))
}

#[cfg(test)]
mod tests;
