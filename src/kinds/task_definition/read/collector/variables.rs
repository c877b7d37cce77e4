//! `$` in a configuration: what the collector fills in when it starts, and what it leaves alone.
//!
//! Source: opentelemetry-collector, `confmap/expand.go` and the provider `env`; release notes of
//! v0.104.0, which ADOT v0.41.0 contains, for `$NAME`.

use std::{collections::BTreeMap, ops::Range};

use crate::{
    collector::{self, version::Version},
    file::problem::Problems,
    kinds::task_definition::read::collector::config::Config,
};

/// The first version that takes `$NAME` for what it says.
const BARE_NAMES_MEAN_NOTHING: Version = (0, 41);

/// Returns whether a version fills in `$NAME` too; what is not known does not.
pub(crate) fn fills_in_bare_names(version: Option<Version>) -> bool {
    version.is_some_and(|version| version < BARE_NAMES_MEAN_NOTHING)
}

/// Variables that ECS, its agent or the image set in every container (ECS developer guide, "Amazon
/// ECS environment variables"; aws-observability/aws-otel-collector,
/// `cmd/awscollector/Dockerfile`).
const ALWAYS_SET: [&str; 12] = [
    collector::REGION_VARIABLE,
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "ECS_AGENT_URI",
    "ECS_CONTAINER_METADATA_URI",
    "ECS_CONTAINER_METADATA_URI_V4",
    "HOME",
    "HOSTNAME",
    "PATH",
    "RUN_IN_CONTAINER",
    "USER",
];

/// What the container's variables are, by name: their values, where these are no secrets. Those
/// that a reference to a resource makes are spelled as in a stack file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Variables {
    /// The variables.
    pub(crate) known: BTreeMap<String, Option<String>>,
    /// Whether a file may set others.
    pub(crate) are_others: bool,
}

/// Something to fill in.
struct Filled<'c> {
    /// Where it stands in its value: `${…}`.
    place: Range<usize>,
    /// What stands between the braces.
    inner: &'c str,
}

/// What the collector fills into `text`. Where an odd number of `$` stand before `{`, less the one
/// that belongs to it, nothing is meant.
fn filled(text: &str) -> Vec<Filled<'_>> {
    let mut found = Vec::new();
    for (start, _) in text.match_indices("${") {
        let before = &text[..start];
        let dollars = before.len() - before.trim_end_matches('$').len();
        let Some(length) = text[start..].find('}') else {
            break;
        };
        if dollars.is_multiple_of(2) {
            found.push(Filled {
                place: start..start + length + 1,
                inner: &text[start + 2..start + length],
            });
        }
    }
    found
}

/// Returns whether this is a group of a pattern to a version that takes `${1}` for one.
fn is_group_of_old(filled: &Filled<'_>, version: Option<Version>) -> bool {
    fills_in_bare_names(version) && filled.inner.chars().all(|c| c.is_ascii_digit())
}

/// The name of a variable and what stands for it where it is not set; `None` if something else than
/// a variable is meant, such as a file.
fn variable(inner: &str) -> Option<(&str, Option<&str>)> {
    let named = match inner.split_once(':') {
        Some(("env", named)) => named,
        // `${NAME:-default}` has no scheme.
        Some((_, rest)) if rest.starts_with('-') => inner,
        Some(_) => return None,
        None => inner,
    };
    Some(match named.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (named, None),
    })
}

/// Returns whether this can be the name of a variable for the collector.
fn is_name(name: &str) -> bool {
    let mut letters = name.chars();
    let first = letters.next();
    first.is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && letters.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Reports what is not filled in as it looks.
pub(crate) fn check(
    config: &Config,
    version: Option<Version>,
    variables: &Variables,
    problems: &mut Problems,
) {
    config.root.each_text(&mut |path, text, span| {
        // Places within the value are those of the text where the value is spelled plainly.
        let place = |part: &Range<usize>| {
            let written = &config.text.text[span.clone()];
            match written.find(text) {
                Some(start) => span.start + start + part.start..span.start + start + part.end,
                None => span.clone(),
            }
        };
        for filled in filled(text) {
            let at = place(&filled.place);
            if !config.text.is_reference(&at) && !is_group_of_old(&filled, version) {
                one(config, &filled, &at, variables, problems);
            }
        }
        let is_pattern = path
            .last()
            .is_some_and(|key| matches!(*key, "regex" | "replacement" | "pattern" | "new_name"));
        if !fills_in_bare_names(version) && !is_pattern {
            for bare in bare_names(text) {
                let name = &text[bare.start + 1..bare.end];
                config
                    .text
                    .report(
                        problems,
                        "collector-variable",
                        &place(&bare),
                        "stays as it is",
                        format!("the collector does not fill in `${name}` since v0.41.0"),
                    )
                    .help(format!("write `${{env:{name}}}`"));
            }
        }
    });
}

fn one(
    config: &Config,
    filled: &Filled<'_>,
    at: &Range<usize>,
    variables: &Variables,
    problems: &mut Problems,
) {
    let Some((name, default)) = variable(filled.inner) else {
        return;
    };
    if !is_name(name) {
        let help = if name.starts_with(|c: char| c.is_ascii_digit()) {
            format!("for a group of a pattern write `${name}`, without braces")
        } else if name.contains('.') {
            format!("where amp-stack is to fill it in, write `${{{name}}}` with one dollar sign")
        } else {
            "names of variables are letters, digits and `_`".to_owned()
        };
        config
            .text
            .report(
                problems,
                "collector-variable",
                at,
                "not a name",
                format!("the collector can't fill in a variable called `{name}`"),
            )
            .help(help);
        return;
    }
    let is_set = variables.are_others
        || default.is_some()
        || variables.known.contains_key(name)
        || ALWAYS_SET.contains(&name);
    if !is_set {
        config
            .text
            .report(
                problems,
                "collector-variable",
                at,
                "set by nobody",
                format!("the container has no variable `{name}`"),
            )
            .help(format!(
                "set it in `environment` or `secrets`, or write what stands for it: `${{env:{name}:-VALUE}}`"
            ));
    }
}

/// The places of `$NAME`, where the name looks like a variable's: in capitals.
fn bare_names(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (start, _) in text.match_indices('$') {
        let is_doubled = text[..start].ends_with('$');
        let rest = &text[start + 1..];
        let is_of_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        let length = rest.len() - rest.trim_start_matches(is_of_name).len();
        let begins = rest.starts_with(|c: char| c.is_ascii_uppercase() || c == '_');
        let ends = !rest[length..].starts_with(|c: char| c.is_ascii_lowercase());
        if !is_doubled && begins && ends && length > 1 {
            found.push(start..start + 1 + length);
        }
    }
    found
}

/// `text` with its variables filled in, as far as they are known; `None` if one is not.
/// References to resources stay as a stack file spells them.
pub(crate) fn fill_in(text: &str, variables: &Variables) -> Option<String> {
    let mut whole = String::new();
    let mut at = 0;
    for filled in filled(text) {
        whole.push_str(&text[at..filled.place.start]);
        at = filled.place.end;
        match variable(filled.inner) {
            Some((name, default)) if is_name(name) => match variables.known.get(name) {
                Some(value) => whole.push_str(value.as_deref()?),
                None if variables.are_others => return None,
                None => whole.push_str(default?),
            },
            Some(_) => whole.push_str(&text[filled.place]),
            None => return None,
        }
    }
    whole.push_str(&text[at..]);
    Some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_filled_in_as_the_collector_does() {
        let variables = Variables {
            known: BTreeMap::from([
                ("A".to_owned(), Some("1".to_owned())),
                ("SECRET".to_owned(), None),
            ]),
            are_others: false,
        };
        for (text, expected) in [
            ("x", Some("x")),
            ("${env:A}/${A}", Some("1/1")),
            ("${B:-b}${env:B:-c}", Some("bc")),
            ("$${A}", Some("$${A}")),
            ("$$${A}", Some("$$1")),
            ("${workspace.id}", Some("${workspace.id}")),
            ("${SECRET}", None),
            ("${B}", None),
            ("${file:x}", None),
            ("${A", Some("${A")),
        ] {
            let filled = fill_in(text, &variables);
            assert_eq!(filled.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn only_names_in_capitals_look_like_variables() {
        let found = |text: &str| -> Vec<String> {
            let places = bare_names(text).into_iter();
            places.map(|place| text[place].to_owned()).collect()
        };
        assert_eq!(found("$AWS_REGION-$A1"), ["$AWS_REGION", "$A1"]);
        assert!(found("$1 $$NAME ^a$ $name ${NAME} $A $Name").is_empty());
    }
}
