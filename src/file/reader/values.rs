//! Single values: typed ones out, problems with places for those that do not fit.

use std::ops::RangeInclusive;

use crate::{
    file::{
        fields::Field,
        problem::{Problem, Problems, nearest},
        reader::{did_you_mean, either, listed, show_line},
        tree::{Table, Tree, Value},
    },
    model::template::Template,
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
    let given = match &tree.value {
        Value::Text(text) => text.known()?.trim().to_ascii_lowercase(),
        Value::Bool(value) => value.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::List(_) | Value::Table(_) => return None,
    };
    let value = match wanted {
        "a string" => return Some("write it in quotes".to_owned()),
        "an integer" => given.parse::<i64>().ok()?.to_string(),
        "`true` or `false`" => match given.as_str() {
            "true" | "yes" | "on" | "1" => "true".to_owned(),
            "false" | "no" | "off" | "0" => "false".to_owned(),
            _ => return None,
        },
        _ => return None,
    };
    // An element of an array has no key of its own.
    let own = key.rsplit('.').next().filter(|own| !own.contains('['));
    Some(own.map_or_else(
        || format!("write {value}"),
        |own| format!("write {own} = {value}"),
    ))
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
    show_line(wrong_type(tree, field.key, "an array", problems), field);
    None
}

/// Reads the value of `key` as a table.
pub fn table_of<'t>(tree: &'t Tree, key: &str, problems: &mut Problems) -> Option<&'t Table> {
    if let Value::Table(table) = &tree.value {
        return Some(table);
    }
    wrong_type(tree, key, "a table", problems);
    None
}
