//! `[variables]`: what a stack file is given from outside, and the values it gets.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    file::reader::invalid_key,
    file::{
        document::{Document, Poisoned},
        interpolate::Names,
        problem::{Problems, nearest},
        reader::{TableReader, did_you_mean, listed, string_of, table_of, wrong_type},
        source::Source,
        tree::{Key, Span, Tree, Value},
    },
    load::{LoadContext, root::VARIABLE},
    model::address::Address,
};

/// The values of the variables by name; `None` is one that is missing and reported.
pub(crate) type Values = BTreeMap<String, Option<String>>;

/// A value from outside, and who gave it.
struct Given {
    value: String,
    by: String,
    place: Option<(Arc<Source>, Span)>,
}

/// Reads `[variables]` and gives each the value from `--var`, the last `--var-file` that has one,
/// or its default, in this order.
pub(crate) fn values(
    document: &Document<'_>,
    around: &LoadContext<'_>,
    problems: &mut Problems,
) -> Values {
    let mut poisoned = Poisoned::default();
    let nothing = Names {
        variables: None,
        environment: around.environment,
        identity: None,
        declared: &document.declared(),
    };
    let root = document.fill_in(&|key| key == "variables", &nothing, &mut poisoned, problems);
    let mut found = Problems::default();
    let table = root
        .get("variables")
        .and_then(|tree| table_of(tree, "variables", &mut found));
    let mut given = given(around, &mut found);
    // What a file with mistakes was to give is not missing.
    let all_given = found.is_empty();
    let mut values = Values::new();
    for (key, tree) in table.iter().flat_map(|table| &table.entries) {
        let given = given.remove(&key.text);
        let mut missing = Problems::default();
        let value = variable(key, tree, given, &mut found, &mut missing);
        values.insert(key.text.clone(), value);
        if all_given {
            found.absorb(missing);
        }
    }
    let is_stray = |(name, _): &(String, Given)| !(around.elsewhere)(name);
    for (name, given) in given.into_iter().filter(is_stray) {
        undeclared(&name, &given, &values, &mut found);
    }
    poisoned.suppress_follow_ups(&mut found);
    problems.absorb(found);
    values
}

/// What was given from outside, by name.
fn given(around: &LoadContext<'_>, problems: &mut Problems) -> BTreeMap<String, Given> {
    let mut given = BTreeMap::new();
    for file in &around.var_files {
        let file = Arc::new(file.clone());
        let mut found = Problems::default();
        for (key, tree) in file_entries(&file, around, &mut found) {
            if let Some(value) = scalar(&tree, &key.text, &mut found) {
                let by = format!("`{}`", file.path.display());
                let place = Some((Arc::clone(&file), key.span));
                given.insert(key.text, Given { value, by, place });
            }
        }
        found.move_to(&file);
        problems.absorb(found);
    }
    for (name, value) in &around.variables {
        let by = "`--var`".to_owned();
        let value = value.clone();
        let place = None;
        given.insert(name.clone(), Given { value, by, place });
    }
    given
}

/// The entries of a file of variables, whose strings mean what they say.
fn file_entries(
    file: &Source,
    around: &LoadContext<'_>,
    problems: &mut Problems,
) -> Vec<(Key, Tree)> {
    let Some(document) = Document::parse(file, problems) else {
        return Vec::new();
    };
    let names = Names {
        variables: None,
        environment: around.environment,
        identity: None,
        declared: &document.declared(),
    };
    document
        .fill_in(&|_| true, &names, &mut Poisoned::default(), problems)
        .entries
}

/// One variable.
fn variable(
    key: &Key,
    tree: &Tree,
    given: Option<Given>,
    problems: &mut Problems,
    missing: &mut Problems,
) -> Option<String> {
    if !Address::is_key(&key.text) {
        invalid_key(key, "a variable", problems);
    }
    let table = table_of(tree, &key.text, problems)?;
    let mut reader = TableReader::new(
        format!("variables.{}", key.text),
        table,
        &VARIABLE,
        problems,
    );
    let description = reader.string("description").map(|found| found.value);
    let default = reader.value("default");
    let default =
        default.and_then(|tree| Some((scalar(tree, "default", reader.problems())?, tree)));
    let allowed = reader.list("allowed");
    let allowed = allowed.and_then(|elements| choices(elements, reader.problems()));
    reader.finish();
    if let (Some((value, tree)), Some(allowed)) = (&default, &allowed)
        && !allowed.contains(value)
    {
        let message = format!("the default of `{}` is not among what it allows", key.text);
        let problem = problems.add("variable-not-allowed", &tree.span, "not allowed", message);
        problem.help(format!("allowed are {}", listed(allowed)));
    }
    if let Some(given) = given {
        check_given(key, &given, allowed.as_deref(), problems);
        return Some(given.value);
    }
    if default.is_none() && table.get("default").is_none() {
        report_missing(key, description, missing);
    }
    default.map(|(value, _)| value)
}

/// Strings, numbers and truth values as their text.
fn scalar(tree: &Tree, key: &str, problems: &mut Problems) -> Option<String> {
    match &tree.value {
        Value::Bool(value) => Some(value.to_string()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Text(_) => string_of(tree, key, problems),
        Value::List(_) | Value::Table(_) => {
            wrong_type(tree, key, "a string, a number, `true` or `false`", problems);
            None
        }
    }
}

fn choices(elements: &[Tree], problems: &mut Problems) -> Option<Vec<String>> {
    elements
        .iter()
        .map(|element| scalar(element, "allowed", problems))
        .collect()
}

fn check_given(key: &Key, given: &Given, allowed: Option<&[String]>, problems: &mut Problems) {
    let Some(allowed) = allowed.filter(|allowed| !allowed.contains(&given.value)) else {
        return;
    };
    let message = format!(
        "`{}` cannot be `{}`, which {} gives it",
        key.text, given.value, given.by
    );
    let problem = problems.add("variable-not-allowed", &key.span, "limited here", message);
    let near = nearest(&given.value, allowed.iter().map(String::as_str));
    problem.help(near.map_or_else(|| format!("allowed are {}", listed(allowed)), did_you_mean));
}

fn report_missing(key: &Key, description: Option<String>, problems: &mut Problems) {
    let name = &key.text;
    let what = description.map_or_else(String::new, |text| format!(" ({text})"));
    problems
        .add(
            "missing-variable",
            &key.span,
            "has neither a value nor a default",
            format!("the variable `{name}` has no value{what}"),
        )
        .help(format!(
            "give it with `--var {name}=…` or `--var-file FILE`, or give it a `default`"
        ));
}

fn undeclared(name: &str, given: &Given, values: &Values, problems: &mut Problems) {
    let message = format!(
        "{} gives `{name}`, which the stack file does not declare",
        given.by
    );
    let span = given.place.as_ref().map_or(0..0, |(_, span)| span.clone());
    let problem = problems.add("undeclared-variable", &span, "not declared", message);
    match &given.place {
        Some((file, _)) => problem.file = Some(Arc::clone(file)),
        None => problem.labels.clear(),
    }
    let near = nearest(name, values.keys().map(String::as_str));
    problem.help(near.map_or_else(
        || format!("declare it under [variables]: {name} = {{ description = \"…\" }}"),
        did_you_mean,
    ));
}
