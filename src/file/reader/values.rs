//! Single values: typed ones out, problems with places for those that do not fit.

use std::ops::RangeInclusive;

use crate::{
    file::{
        fields::{Field, Type},
        problem::{Problem, Problems, nearest},
        reader::{did_you_mean, either, listed, show_line},
        tree::{Key, Table, Tree, Value},
    },
    model::{secret::advised, template::Template},
};

/// Reports that `tree`, the value of `key`, is not of the type that `wanted` describes.
pub fn wrong_type<'p>(
    tree: &Tree,
    key: &str,
    wanted: &str,
    problems: &'p mut Problems,
) -> &'p mut Problem {
    let found = tree.type_name();
    let problem = problems.add(
        "wrong-type",
        &tree.span,
        format!("this is {found}"),
        format!("`{key}` takes {wanted}, not {found}"),
    );
    if let Some(help) = retyped(tree, key, wanted) {
        problem.help(help);
    }
    problem
}

/// How the value that was given is written as the type that was wanted, if it can be.
fn retyped(tree: &Tree, key: &str, wanted: &str) -> Option<String> {
    // An element of an array has no key of its own.
    let own = key.rsplit('.').next().filter(|own| !own.contains('['));
    let as_value = |value: &str| {
        own.map_or_else(
            || format!("write {value}"),
            |own| format!("write {own} = {value}"),
        )
    };
    let given = match &tree.value {
        Value::Text(text) => text.known()?.trim().to_ascii_lowercase(),
        Value::Bool(value) => value.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::List(_) | Value::Table(_) => return None,
    };
    let value = match wanted {
        "a string" => format!("\"{}\"", advised(own.unwrap_or_default(), &given)),
        "an integer" => whole(&given, own.unwrap_or_default())?.to_string(),
        "`true` or `false`" => match given.as_str() {
            "false" | "no" | "off" | "0" => "false".to_owned(),
            _ => "true".to_owned(),
        },
        _ => return None,
    };
    Some(as_value(&value))
}

/// The whole number that is meant by text: with a unit, that which ECS counts in, which is seconds,
/// MiB for memory and 1024 units for a vCPU.
fn whole(given: &str, key: &str) -> Option<i64> {
    let digits = given.trim_end_matches(|one: char| !one.is_ascii_digit());
    let unit = given[digits.len()..].trim();
    if let Some((amount, "vcpu")) = given.split_once(' ').or(Some((digits, unit))) {
        let amount: f64 = amount.parse().ok()?;
        let units = (1..=16_384_i64).find(|units| f64_of(*units) >= amount * 1024.0);
        return units.filter(|units| f64_of(*units) <= amount * 1024.0);
    }
    let number: i64 = digits.parse().ok()?;
    let is_memory = key.contains("memory") || key.contains("size");
    let factor = match unit {
        "" | "s" | "sec" | "secs" | "second" | "seconds" => 1,
        "m" | "mb" | "mi" | "mib" if is_memory => 1,
        "g" | "gb" | "gi" | "gib" if is_memory => 1024,
        "m" | "min" | "minute" | "minutes" => 60,
        "h" | "hour" | "hours" => 3600,
        _ => return None,
    };
    number.checked_mul(factor)
}

/// A small number as a fraction.
fn f64_of(number: i64) -> f64 {
    i32::try_from(number).map_or(f64::MAX, f64::from)
}

/// A command that was written as one string, as the list of its words.
pub fn words_of(command: &str) -> String {
    let is_plain = command
        .chars()
        .all(|one| one.is_ascii_alphanumeric() || "-_./:=@+, ".contains(one));
    let words: Vec<String> = if is_plain {
        command.split_whitespace().map(quoted).collect()
    } else {
        ["sh", "-c", command].into_iter().map(quoted).collect()
    };
    format!("[{}]", words.join(", "))
}

/// A string as TOML writes it.
pub fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// How a value is written in one line, if all of it is known.
fn inline(tree: &Tree) -> Option<String> {
    Some(match &tree.value {
        Value::Text(text) => quoted(text.known()?),
        Value::Bool(value) => value.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::List(_) => return None,
        Value::Table(table) => {
            let each =
                |(key, value): &(Key, Tree)| Some(format!("{} = {}", key.text, inline(value)?));
            let members: Option<Vec<String>> = table.entries.iter().map(each).collect();
            format!("{{ {} }}", members?.join(", "))
        }
    })
}

/// Reads the value of `key` as a string that may mention other resources.
pub fn text_of(tree: &Tree, key: &str, problems: &mut Problems) -> Option<Template> {
    if let Value::Text(text) = &tree.value {
        return Some(text.clone());
    }
    wrong_type(tree, key, "a string", problems);
    None
}

/// Reads the value of `key` as a string that is known now.
pub fn string_of(tree: &Tree, key: &str, problems: &mut Problems) -> Option<String> {
    let text = text_of(tree, key, problems)?;
    if let Some(known) = text.known() {
        return Some(known.to_owned());
    }
    let mentioned: Vec<String> = text.references().iter().map(ToString::to_string).collect();
    let mentioned = listed(&mentioned);
    problems
        .add(
            "known-after-apply",
            &tree.span,
            "has to be known before anything is applied",
            format!("`{key}` cannot mention {mentioned}"),
        )
        .help("only what the stack file itself decides can be mentioned here, such as `${var.NAME}`, `${region}` or the name of a log group");
    None
}

/// Reads the value of `key` as a truth value.
pub fn boolean_of(tree: &Tree, key: &str, problems: &mut Problems) -> Option<bool> {
    if let Value::Bool(value) = tree.value {
        return Some(value);
    }
    wrong_type(tree, key, "`true` or `false`", problems);
    None
}

/// Reads the value of `key` as a whole number within `range`, whose end may be `i64::MAX` for none.
pub fn integer_of(
    tree: &Tree,
    key: &str,
    range: RangeInclusive<i64>,
    problems: &mut Problems,
) -> Option<i64> {
    let Value::Integer(number) = tree.value else {
        wrong_type(tree, key, "an integer", problems);
        return None;
    };
    if range.contains(&number) {
        return Some(number);
    }
    let allowed = range_in_words(&range);
    problems.add(
        "out-of-range",
        &tree.span,
        format!("takes {allowed}"),
        format!("`{key}` takes {allowed}, not {number}"),
    );
    None
}

/// `1 to 10`, or `1 or more` where the end is `i64::MAX`.
pub fn range_in_words(range: &RangeInclusive<i64>) -> String {
    let (low, high) = (range.start(), range.end());
    if *high == i64::MAX {
        format!("{low} or more")
    } else {
        format!("{low} to {high}")
    }
}

/// Reads the value of `key` as one of `choices`.
pub fn choice_of(
    tree: &Tree,
    key: &str,
    choices: &[&'static str],
    problems: &mut Problems,
) -> Option<&'static str> {
    let given = string_of(tree, key, problems)?;
    let found = choices.iter().copied().find(|choice| *choice == given);
    if found.is_none() {
        let message = format!("`{key}` takes {}, not `{given}`", either(choices));
        let problem = problems.add("unknown-value", &tree.span, "not one of them", message);
        let close = choices
            .iter()
            .copied()
            .find(|choice| choice.eq_ignore_ascii_case(&given))
            .or_else(|| nearest(&given, choices.iter().copied()));
        if let Some(close) = close {
            problem.help(did_you_mean(close));
        }
    }
    found
}

/// Reads the value of `field` as an array, and shows how it is written where it is none.
pub fn list_of<'t>(tree: &'t Tree, field: &Field, problems: &mut Problems) -> Option<&'t [Tree]> {
    if let Value::List(elements) = &tree.value {
        return Some(elements);
    }
    let problem = wrong_type(tree, field.key, "an array", problems);
    let is_of_tables = matches!(field.value, Type::List(Type::Table(_)));
    let is_table = tree.as_table().is_some();
    match inline(tree).filter(|_| is_of_tables == is_table) {
        Some(value) => {
            let value = advised(field.key, &value);
            problem.help(format!("write {} = [{value}]", field.key));
        }
        None => show_line(problem, field),
    }
    None
}

/// Reads the value of `key` as a table.
pub fn table_of<'t>(tree: &'t Tree, key: &str, problems: &mut Problems) -> Option<&'t Table> {
    if let Value::Table(table) = &tree.value {
        return Some(table);
    }
    let problem = wrong_type(tree, key, "a table", problems);
    if let Value::List(elements) = &tree.value
        && elements.iter().all(|element| element.as_table().is_some())
    {
        problem.help(format!(
            "two brackets make a list; a table has one: [{key}], and what has a name stands in [{key}.NAME]"
        ));
    }
    None
}
