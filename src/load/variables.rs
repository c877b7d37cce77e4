//! `[variables]`: what a stack file is given from outside, and the values it gets.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    file::reader::invalid_key,
    file::{
        document::{Document, Poisoned},
        interpolate::Names,
        problem::{Problems, abbreviated, nearest},
        reader::{TableReader, did_you_mean, listed, string_of, table_of, wrong_type},
        source::Source,
        tree::{Key, Span, Tree, Value},
    },
    load::{LoadContext, root::VARIABLE},
    model::{address::Address, secret::advised},
};

/// The values of the variables by name; `None` is one that is missing and reported.
pub(crate) type Values = BTreeMap<String, Option<String>>;

/// The variables of a stack file.
#[derive(Debug, Default)]
pub(crate) struct Variables {
    /// Their values.
    pub(crate) values: Values,
    /// How they are declared, by name.
    pub(crate) declared: BTreeMap<String, Variable>,
}

/// How a variable is declared.
#[derive(Debug)]
pub(crate) struct Variable {
    /// Its type, which its default may say; `None` is whatever its place takes.
    pub(crate) is: Option<Scalar>,
    /// Where.
    pub(crate) span: Span,
}

/// The types that variables have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    Text,
    Number,
    Boolean,
}

impl Scalar {
    /// Every type, by its name in a stack file.
    const NAMES: [(&'static str, Self); 3] = [
        ("string", Self::Text),
        ("number", Self::Number),
        ("boolean", Self::Boolean),
    ];

    /// What it is called in a stack file.
    pub(crate) fn name(self) -> &'static str {
        let mut names = Self::NAMES.into_iter();
        names
            .find(|(_, scalar)| *scalar == self)
            .map_or("", |(name, _)| name)
    }

    fn named(name: &str) -> Option<Self> {
        let mut names = Self::NAMES.into_iter();
        names
            .find(|(known, _)| *known == name)
            .map(|(_, scalar)| scalar)
    }

    /// The type, for messages.
    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Number => "a number",
            Self::Boolean => "`true` or `false`",
        }
    }

    fn of(tree: &Tree) -> Option<Self> {
        match &tree.value {
            Value::Bool(_) => Some(Self::Boolean),
            Value::Integer(_) | Value::Float(_) => Some(Self::Number),
            Value::Text(_) => Some(Self::Text),
            Value::List(_) | Value::Table(_) => None,
        }
    }

    /// Returns whether `value`, which was given as text, is of this type.
    fn takes(self, value: &str) -> bool {
        match self {
            Self::Text => true,
            Self::Number => {
                let float = value.parse::<f64>();
                value.parse::<i64>().is_ok() || float.is_ok_and(f64::is_finite)
            }
            Self::Boolean => value.parse::<bool>().is_ok(),
        }
    }
}

/// A value from outside, and who gave it.
struct Given {
    value: String,
    by: String,
    place: Option<(Arc<Source>, Span)>,
}

/// Reads `[variables]` and gives each the value from `--var`, the last `--var-file` that has one,
/// or its default, in this order.
pub(crate) fn read(
    document: &Document<'_>,
    around: &LoadContext<'_>,
    problems: &mut Problems,
) -> Variables {
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
    let mut variables = Variables::default();
    for (key, tree) in table.iter().flat_map(|table| &table.entries) {
        let given = given.remove(&key.text);
        let mut missing = Problems::default();
        let (value, is) = variable(key, tree, given, &mut found, &mut missing);
        variables.values.insert(key.text.clone(), value);
        let span = key.span.clone();
        variables
            .declared
            .insert(key.text.clone(), Variable { is, span });
        if all_given {
            found.absorb(missing);
        }
    }
    let is_stray = |(name, _): &(String, Given)| !(around.elsewhere)(name);
    for (name, given) in given.into_iter().filter(is_stray) {
        undeclared(&name, &given, &variables.values, &mut found);
    }
    poisoned.suppress_follow_ups(&mut found);
    problems.absorb(found);
    variables
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
        found.move_to(&file, None);
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

/// A value that stands where the table of a variable should, as TOML.
fn scalar_text(tree: &Tree) -> Option<String> {
    match &tree.value {
        Value::Text(text) => Some(format!("\"{}\"", text.known()?)),
        Value::Bool(value) => Some(value.to_string()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::List(_) | Value::Table(_) => None,
    }
}

/// One variable: its value and its type.
fn variable(
    key: &Key,
    tree: &Tree,
    given: Option<Given>,
    problems: &mut Problems,
    missing: &mut Problems,
) -> (Option<String>, Option<Scalar>) {
    if !Address::is_key(&key.text) {
        invalid_key(key, "a variable", problems);
    }
    if let Some(plain) = scalar_text(tree) {
        let message = format!("`{}` takes a table, not {}", key.text, tree.type_name());
        problems
            .add("wrong-type", &tree.span, "not a table", message)
            .help(format!(
                "write {} = {{ default = {} }}",
                key.text,
                advised(&key.text, &plain)
            ));
        return (None, None);
    }
    let Some(table) = table_of(tree, &key.text, problems) else {
        return (None, None);
    };
    let mut reader = TableReader::new(
        format!("variables.{}", key.text),
        table,
        &VARIABLE,
        problems,
    );
    let description = reader.string("description").map(|found| found.value);
    let declared = reader.choice("type");
    let default = reader.value("default");
    let default =
        default.and_then(|tree| Some((scalar(tree, "default", reader.problems())?, tree)));
    let elements = reader.list("allowed");
    let allowed = elements.and_then(|elements| choices(elements, reader.problems()));
    reader.finish();
    let is = declared.as_ref();
    let is = is.and_then(|declared| Scalar::named(declared.value));
    let allowing = allowed.iter().flatten().zip(elements.into_iter().flatten());
    let written = default.iter().map(|(value, tree)| (value, *tree));
    if let (Some(declared), Some(is)) = (&declared, is) {
        for (value, tree) in written
            .chain(allowing)
            .filter(|(value, _)| !is.takes(value))
        {
            let message = format!("`{}` is {}, and not `{value}`", key.text, is.in_words());
            problems
                .add("variable-not-allowed", &tree.span, "not allowed", message)
                .and(&declared.span, "because of this");
        }
    }
    if let (Some((value, tree)), Some(allowed)) = (&default, &allowed)
        && !allowed.contains(value)
    {
        let message = format!("the default of `{}` is not among what it allows", key.text);
        let problem = problems.add("variable-not-allowed", &tree.span, "not allowed", message);
        problem.help(format!("allowed are {}", listed(allowed)));
    }
    let implied = || default.as_ref().and_then(|(_, tree)| Scalar::of(tree));
    if let Some(given) = given {
        check_given(key, &given, allowed.as_deref(), is, problems);
        return (Some(given.value), is.or_else(implied));
    }
    if default.is_none() && table.get("default").is_none() {
        report_missing(key, description, missing);
    }
    let is = is.or_else(implied);
    (default.map(|(value, _)| value), is)
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

fn check_given(
    key: &Key,
    given: &Given,
    allowed: Option<&[String]>,
    is: Option<Scalar>,
    problems: &mut Problems,
) {
    if let Some(is) = is.filter(|is| !is.takes(&given.value)) {
        let message = cannot_be(key, given);
        problems
            .add("variable-not-allowed", &key.span, "typed here", message)
            .help(format!("it takes {}", is.in_words()));
        return;
    }
    let Some(allowed) = allowed.filter(|allowed| !allowed.contains(&given.value)) else {
        return;
    };
    let message = cannot_be(key, given);
    let problem = problems.add("variable-not-allowed", &key.span, "limited here", message);
    let near = nearest(&given.value, allowed.iter().map(String::as_str));
    problem.help(near.map_or_else(|| format!("allowed are {}", listed(allowed)), did_you_mean));
}

fn cannot_be(key: &Key, given: &Given) -> String {
    format!(
        "`{}` cannot be `{}`, which {} gives it",
        key.text, given.value, given.by
    )
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
    let known = || values.keys().map(String::as_str);
    let near = nearest(name, known()).or_else(|| abbreviated(name, known()));
    problem.help(near.map_or_else(
        || format!("declare it under [variables]: {name} = {{ description = \"…\" }}"),
        did_you_mean,
    ));
}
