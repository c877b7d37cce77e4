//! Whether the values in a configuration are what their keys take.

use crate::{
    collector::{
        keys::{Entry, Takes},
        version::{NEWEST_KNOWN, Version},
    },
    file::{
        problem::{Problems, nearest},
        reader::{did_you_mean, listed},
        tree::Span,
        yaml::{Value, Yaml},
    },
    kinds::task_definition::read::collector::config::Config,
};

/// Reports where `value` is not what a key takes.
pub(super) fn check(
    config: &Config,
    takes: &Takes,
    value: &Yaml,
    of: &str,
    version: Option<Version>,
    problems: &mut Problems,
) {
    // What a variable stands for is not known, and nothing is what a key has by default.
    let is_filled_in = matches!(&value.value, Value::Text(text) if text.contains("${"));
    if is_filled_in || value.value == Value::Null {
        return;
    }
    match takes {
        Takes::Anything => {}
        Takes::Table(tables) => {
            if let Value::Map(entries) = &value.value {
                let is_known = version.is_some_and(|version| version <= NEWEST_KNOWN);
                for (key, inner) in entries {
                    let own = format!("`{}`", key.text);
                    if let Some((_, takes)) = entry(tables, &key.text) {
                        check(config, takes, inner, &own, version, problems);
                    } else if is_known {
                        let known: Vec<&str> =
                            tables.iter().copied().flatten().map(|e| e.0).collect();
                        unknown(config, &key.text, &key.span, of, &known, problems);
                    }
                }
            } else {
                wrong(config, value, of, "a mapping", problems);
            }
        }
        Takes::Map(inner) => {
            if let Value::Map(entries) = &value.value {
                for (key, element) in entries {
                    let own = format!("`{}`", key.text);
                    check(config, inner, element, &own, version, problems);
                }
            } else {
                wrong(config, value, of, "a mapping", problems);
            }
        }
        Takes::List(inner) => {
            if let Value::List(elements) = &value.value {
                for element in elements {
                    check(config, inner, element, of, version, problems);
                }
            } else {
                wrong(config, value, of, "a list", problems);
            }
        }
        Takes::Boolean | Takes::Number | Takes::Text | Takes::Choice(_) | Takes::Period => {
            if let Some(expected) = scalar(takes, value) {
                wrong(config, value, of, &expected, problems);
            }
        }
    }
}

/// Reports a key that is none of `known`.
pub(super) fn unknown(
    config: &Config,
    key: &str,
    span: &Span,
    of: &str,
    known: &[&str],
    problems: &mut Problems,
) {
    let message = format!("{of} of a collector has no key `{key}`");
    config
        .text
        .report(problems, "collector-key", span, "not known here", message)
        .help(
            nearest(key, known.iter().copied())
                .map_or_else(|| format!("its keys are {}", listed(known)), did_you_mean),
        );
}

fn entry(tables: &[&'static [Entry]], key: &str) -> Option<&'static Entry> {
    tables.iter().flat_map(|t| t.iter()).find(|e| e.0 == key)
}

/// What a key takes, if `value` is not it.
fn scalar(takes: &Takes, value: &Yaml) -> Option<String> {
    let text = value.text();
    match takes {
        Takes::Boolean => {
            (!matches!(value.value, Value::Bool(_))).then(|| "`true` or `false`".to_owned())
        }
        Takes::Number => {
            let is_number = matches!(value.value, Value::Number(_))
                || text.is_some_and(|text| text.parse::<f64>().is_ok());
            (!is_number).then(|| "a number".to_owned())
        }
        Takes::Period => {
            (!text.is_some_and(is_period)).then(|| "a length of time, such as 20s".to_owned())
        }
        Takes::Choice(choices) => {
            let is_one = text.is_some_and(|text| choices.contains(&text));
            (!is_one).then(|| format!("one of {}", listed(choices)))
        }
        Takes::Text | Takes::Anything | Takes::List(_) | Takes::Map(_) | Takes::Table(_) => {
            text.is_none().then(|| "a word".to_owned())
        }
    }
}

/// Returns whether Go or Prometheus reads this as a length of time (Go standard library,
/// `time.ParseDuration`; Prometheus documentation, "Configuration", `<duration>`). A bare number
/// counts nanoseconds.
fn is_period(text: &str) -> bool {
    const UNITS: [&str; 10] = ["ns", "us", "µs", "ms", "s", "m", "h", "d", "w", "y"];
    if text.parse::<f64>().is_ok() {
        return true;
    }
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut parts = 0;
    while !rest.is_empty() {
        let number = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        if number.len() == rest.len() {
            return false;
        }
        let unit = number.trim_start_matches(|c: char| !c.is_ascii_digit() && c != '.');
        if !UNITS.contains(&&number[..number.len() - unit.len()]) {
            return false;
        }
        rest = unit;
        parts += 1;
    }
    parts > 0
}

fn wrong(config: &Config, value: &Yaml, of: &str, expected: &str, problems: &mut Problems) {
    let is: &str = match &value.value {
        Value::Map(_) => "a mapping",
        Value::List(_) => "a list",
        Value::Text(_) | Value::Number(_) | Value::Bool(_) | Value::Null => "something else",
    };
    config.text.report(
        problems,
        "collector-value",
        &value.span,
        format!("is {is}"),
        format!("{of} of a collector takes {expected}"),
    );
}
