//! Whether a configuration is one: YAML whose pipelines name what is defined, of components that
//! the image has, with keys that these take.

use crate::{
    collector::{
        components::{self, Section, Standing, type_of},
        keys,
        version::{Version, spelled},
    },
    file::{
        problem::{Problems, nearest},
        reader::{did_you_mean, listed},
        tree::Span,
        yaml::{self, Value, Yaml},
    },
    kinds::task_definition::read::collector::{config::Config, mend, text::ConfigText, values},
};

/// Reads a configuration; `None` if it is none, which is reported.
pub(crate) fn parse(text: ConfigText, problems: &mut Problems) -> Option<Config> {
    let root = match yaml::parse(&text.text) {
        Ok(root) => root.filter(|root| root.value != Value::Null),
        Err(mistake) => {
            let message = format!(
                "the collector's configuration is no YAML: {}",
                mistake.message
            );
            text.report(problems, "collector-yaml", &mistake.span, "here", message)
                .help("the collector exits as soon as it starts");
            return None;
        }
    };
    let Some(root) = root else {
        // There is nothing in it that could be shown.
        problems
            .add(
                "collector-yaml",
                &text.whole,
                "is empty",
                "the collector's configuration is empty",
            )
            .help("the collector exits as soon as it starts");
        return None;
    };
    if !matches!(root.value, Value::Map(_)) {
        let message = "the collector's configuration is no mapping";
        text.report(
            problems,
            "collector-yaml",
            &root.span,
            "not a mapping",
            message,
        )
        .help("it has the keys `receivers`, `exporters` and `service`");
        return None;
    }
    Some(Config { root, text })
}

/// Reports whatever is wrong with the parts and how they are joined, for an image of this version
/// of ADOT, if it is known. Returns the configuration with words that are misspelt as they are
/// meant, so that nothing else is reported because of them.
pub(crate) fn check(
    mut config: Config,
    version: Option<Version>,
    problems: &mut Problems,
) -> Config {
    known_keys(
        &config,
        &config.root,
        "a configuration",
        keys::ROOT,
        problems,
    );
    mend::keys(&mut config.root, keys::ROOT);
    service_keys(&config, problems);
    mend::service(&mut config.root);
    service(&config, problems);
    parts(&config, version, problems);
    mend::components(&mut config, version);
    for section in Section::ALL {
        unused(&config, section, problems);
    }
    config
}

/// Reports what is wrong with the components by themselves.
fn parts(config: &Config, version: Option<Version>, problems: &mut Problems) {
    for section in Section::ALL {
        for (key, body) in config.defined(section) {
            let there = component(config, section, &key.text, &key.span, version, problems);
            let takes = keys::of(section, type_of(&key.text));
            if let Some(takes) = takes.filter(|_| there) {
                let of = format!("`{}`", key.text);
                values::check(config, takes, body, &of, version, problems);
            }
        }
    }
}

/// Reports the keys that `service` and its pipelines don't have.
fn service_keys(config: &Config, problems: &mut Problems) {
    let Some(service) = config.root.get("service") else {
        return;
    };
    known_keys(config, service, "`service`", keys::SERVICE, problems);
    let pipelines = nearest_value(service, "pipelines");
    for (key, body) in pipelines.map(Yaml::entries).unwrap_or_default() {
        let of = format!("the pipeline `{}`", key.text);
        known_keys(config, body, &of, keys::PIPELINE, problems);
    }
}

/// The value of a key, or of the one that is meant for it.
fn nearest_value<'y>(map: &'y Yaml, key: &str) -> Option<&'y Yaml> {
    map.get(key).or_else(|| {
        let near = nearest(key, map.entries().iter().map(|(key, _)| key.text.as_str()));
        map.get(near?)
    })
}

/// Reports the keys of a mapping that are none of `known`.
fn known_keys(config: &Config, map: &Yaml, of: &str, known: &[&str], problems: &mut Problems) {
    for (key, _) in map.entries() {
        if !known.contains(&key.text.as_str()) {
            values::unknown(config, &key.text, &key.span, of, known, problems);
        }
    }
}

/// `service` and its pipelines (opentelemetry-collector, `service/pipelines/config.go`).
fn service(config: &Config, problems: &mut Problems) {
    let Some((key, _)) = config.root.entry("service") else {
        let message = "the collector's configuration has no `service`";
        let span = first_key(&config.root);
        config
            .text
            .report(
                problems,
                "collector-pipeline",
                &span,
                "has no `service`",
                message,
            )
            .help("`service` says which pipelines there are; the collector does not start without");
        return;
    };
    for (id, span) in config.enabled() {
        defined(config, Section::Extensions, id, span, problems);
    }
    let pipelines = config.pipelines();
    if pipelines.is_empty() {
        config
            .text
            .report(
                problems,
                "collector-pipeline",
                &key.span,
                "has no pipeline",
                "the collector has no pipelines",
            )
            .help("write `pipelines` with at least one, such as `metrics`");
    }
    for pipeline in &pipelines {
        let id = &pipeline.key.text;
        let span = &pipeline.key.span;
        if !matches!(pipeline.carries(), "metrics" | "traces" | "logs") {
            config
                .text
                .report(
                    problems,
                    "collector-pipeline",
                    span,
                    "carries nothing that is known",
                    format!("the pipeline `{id}` carries neither metrics nor traces nor logs"),
                )
                .help("its name begins with what it carries, as in `metrics/application`");
        }
        for section in [Section::Receivers, Section::Exporters] {
            if pipeline.ids(section).is_empty() {
                let noun = section.noun();
                config.text.report(
                    problems,
                    "collector-pipeline",
                    span,
                    format!("has no {noun}"),
                    format!("the pipeline `{id}` has no {noun}"),
                );
            }
        }
        for section in [Section::Receivers, Section::Processors, Section::Exporters] {
            for (id, span) in pipeline.ids(section) {
                defined(config, section, id, span, problems);
            }
        }
    }
}

/// The first key of a mapping, or where it begins.
fn first_key(map: &Yaml) -> Span {
    let first = map.entries().first();
    first.map_or_else(|| map.span.clone(), |(key, _)| key.span.clone())
}

/// Reports a component that is mentioned and not defined.
fn defined(config: &Config, section: Section, id: &str, span: &Span, problems: &mut Problems) {
    let joins = matches!(section, Section::Receivers | Section::Exporters);
    let is_connector = joins && config.component(Section::Connectors, id).is_some();
    if config.component(section, id).is_some() || is_connector {
        return;
    }
    let noun = section.noun();
    let names: Vec<&str> = config
        .defined(section)
        .iter()
        .map(|(key, _)| key.text.as_str())
        .collect();
    let help = nearest(id, names.iter().copied()).map_or_else(
        || match names.as_slice() {
            [] => format!("there are no `{}`", section.key()),
            names => format!("the {noun}s are {}", listed(names)),
        },
        did_you_mean,
    );
    config
        .text
        .report(
            problems,
            "collector-pipeline",
            span,
            "not defined",
            format!("there is no {noun} `{id}`"),
        )
        .help(help);
}

/// Reports a component that this version of the image lacks; returns whether it may be there.
fn component(
    config: &Config,
    section: Section,
    id: &str,
    span: &Span,
    version: Option<Version>,
    problems: &mut Problems,
) -> bool {
    let name = type_of(id);
    let noun = section.noun();
    let Some(version) = version else {
        return true;
    };
    let image = spelled(version);
    let (label, help) = match components::standing(section, name, Some(version)) {
        Standing::There | Standing::Unknown => return true,
        Standing::Gone(since, "") => (format!("gone since {}", spelled(since)), None),
        Standing::Gone(since, instead) => (
            format!("gone since {}", spelled(since)),
            Some(format!("use {instead}")),
        ),
        Standing::NotYet(since, "") => (format!("there since {}", spelled(since)), None),
        Standing::NotYet(since, instead) => (
            format!("called so since {}", spelled(since)),
            Some(format!("write `{instead}`")),
        ),
        Standing::Never => {
            let names = components::names(section, version);
            let near = nearest(name, names.iter().copied()).map(did_you_mean);
            let all = || match names.as_slice() {
                [] => format!("it has no {noun}s"),
                names => format!("it has {}", listed(names)),
            };
            (
                "not in this image".to_owned(),
                Some(near.unwrap_or_else(all)),
            )
        }
    };
    let message = format!("ADOT {image} has no {noun} `{name}`");
    let problem = config
        .text
        .report(problems, "collector-component", span, label, message);
    if let Some(help) = help {
        problem.help(help);
    }
    false
}

/// Reports what is defined and does nothing.
fn unused(config: &Config, section: Section, problems: &mut Problems) {
    let in_use = config.in_use(section);
    for entry in config.defined(section) {
        let (key, _) = entry;
        // What these do is missed where it is needed, which is reported there.
        let is_missed = section == Section::Extensions
            && matches!(type_of(&key.text), "health_check" | "sigv4auth");
        if in_use.contains(&entry) || is_missed {
            continue;
        }
        let (noun, id) = (section.noun(), &key.text);
        let by = match section {
            Section::Extensions => "`service.extensions` does not name it",
            Section::Connectors => "it does not join two pipelines",
            Section::Receivers | Section::Processors | Section::Exporters => "no pipeline names it",
        };
        config
            .text
            .report(
                problems,
                "collector-unused",
                &key.span,
                "does nothing",
                format!("the {noun} `{id}` is defined, and {by}"),
            )
            .help("name it where it belongs, or leave it out");
    }
}
