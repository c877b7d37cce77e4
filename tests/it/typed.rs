//! The law of typed variables: a number or a truth value may be a variable wherever it stands.

use std::{
    fs,
    ops::Range,
    path::{Path, PathBuf},
};

use amp_stack::{
    file::{problem::Problem, source::Source},
    load::{self, LoadContext},
    model::identity::Identity,
    stack::Stack,
};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// A number or a truth value of a stack file: where it stands, and where the table of the whole
/// file is that it is in.
struct Scalar {
    span: Range<usize>,
    /// The keys that lead to it.
    path: String,
}

fn collect(value: &Spanned<DeValue<'_>>, path: &str, found: &mut Vec<Scalar>) {
    match value.get_ref() {
        DeValue::Integer(_) | DeValue::Boolean(_) => found.push(Scalar {
            span: value.span(),
            path: path.to_owned(),
        }),
        DeValue::Array(elements) => elements.iter().for_each(|e| collect(e, path, found)),
        DeValue::Table(table) => {
            for (key, value) in table {
                collect(value, &format!("{path}.{}", key.get_ref()), found);
            }
        }
        DeValue::String(_) | DeValue::Float(_) | DeValue::Datetime(_) => {}
    }
}

/// The numbers and truth values of a stack file that are no part of what decides about variables.
fn scalars(text: &str) -> Vec<Scalar> {
    let root = DeTable::parse(text).unwrap();
    let mut found = Vec::new();
    for (key, value) in root.get_ref() {
        if !matches!(key.get_ref().as_ref(), "stack" | "variables") {
            collect(value, key.get_ref(), &mut found);
        }
    }
    found
}

/// The file with the value at `span` from a variable that is declared at its end.
fn with_variable(text: &str, span: &Range<usize>, declaration: &str) -> String {
    let (before, after) = (&text[..span.start], &text[span.end..]);
    format!("{before}\"${{var.typed}}\"{after}\n[variables.typed]\n{declaration}\n")
}

fn read(path: &Path, text: String) -> Result<Stack, Vec<Problem>> {
    let directory = path.parent().unwrap().to_owned();
    let read = |file: &Path| fs::read_to_string(directory.join(file));
    let around = LoadContext {
        environment: &|name| Some(format!("value-of-{name}")),
        read: &read,
        variables: [("image_tag".to_owned(), "1".to_owned())].into(),
        elsewhere: &|_| true,
        ..LoadContext::new(Identity::new("111122223333", "us-east-1"))
    };
    load::load(
        &Source {
            path: path.to_owned(),
            text,
        },
        &around,
    )
}

/// The stack files that are loaded by other tests.
fn files() -> Vec<(PathBuf, String)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["stacks", "tests/data", "tests/data/first-defaults"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ext| ext == "toml") {
                let text = fs::read_to_string(&path).unwrap();
                if !text.contains("[variables.") {
                    files.push((path, text));
                }
            }
        }
    }
    files
}

#[test]
fn every_number_and_truth_value_may_be_a_variable() {
    let mut seen = 0;
    for (path, text) in files() {
        let Ok(expected) = read(&path, text.clone()) else {
            continue;
        };
        for scalar in scalars(&text) {
            let written = &text[scalar.span.clone()];
            let at = format!("{} at {}", scalar.path, path.display());
            for declaration in [
                format!("default = {written}"),
                format!("type = \"{}\"\ndefault = {written}", kind(written)),
            ] {
                let typed = with_variable(&text, &scalar.span, &declaration);
                let stack = read(&path, typed);
                let stack = stack.unwrap_or_else(|problems| panic!("{at}: {problems:#?}"));
                assert_eq!(stack, expected, "{at}");
            }
            seen += 1;
        }
    }
    assert!(seen > 60, "{seen} values");
}

fn kind(written: &str) -> &'static str {
    if matches!(written, "true" | "false") {
        "boolean"
    } else {
        "number"
    }
}

/// Where a variable does not fit, it is said of the place and of the variable.
#[test]
fn what_does_not_fit_is_said_at_both_places() {
    let mut seen = 0;
    for (path, text) in files() {
        if read(&path, text.clone()).is_err() {
            continue;
        }
        for scalar in scalars(&text) {
            let at = format!("{} at {}", scalar.path, path.display());
            let typed = with_variable(&text, &scalar.span, "type = \"string\"\ndefault = \"x y\"");
            // Where any text may stand, it may be this one.
            let Err(problems) = read(&path, typed) else {
                continue;
            };
            let Some(wrong) = problems.iter().find(|problem| problem.code == "wrong-type") else {
                continue;
            };
            assert_eq!(wrong.labels.len(), 2, "{at}: {wrong:?}");
            assert_eq!(wrong.labels[0].0.start, scalar.span.start, "{at}");
            seen += 1;
        }
    }
    assert!(seen > 30, "{seen} values");
}
