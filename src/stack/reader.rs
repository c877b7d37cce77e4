//! Reads tables of a stack file: typed values out, problems with places for everything that does not fit.

use std::{fmt, ops::RangeInclusive};

use crate::{
    stack::{
        problem::{Problems, nearest},
        tree::{Key, Span, Table, Tree, Value},
    },
    text::Text,
};

/// A value that was read, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<T> {
    /// Where.
    pub span: Span,
    /// What.
    pub value: T,
}

/// Reads one table, key by key. What was never asked for is unknown, which [`TableReader::finish`] reports.
#[derive(Debug)]
pub struct TableReader<'t, 'p> {
    name: String,
    table: &'t Table,
    keys: Vec<&'static str>,
    missing: Vec<&'static str>,
    problems: &'p mut Problems,
}

impl<'t, 'p> TableReader<'t, 'p> {
    /// Starts to read `table`, which messages call by `name`, such as `roles.task`.
    pub fn new(name: impl Into<String>, table: &'t Table, problems: &'p mut Problems) -> Self {
        Self {
            name: name.into(),
            table,
            keys: Vec::new(),
            missing: Vec::new(),
            problems,
        }
    }

    /// Starts to read the whole stack file.
    pub fn root(table: &'t Table, problems: &'p mut Problems) -> Self {
        Self::new("", table, problems)
    }

    /// What messages call the table.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The table as the subject of a sentence.
    fn subject(&self) -> String {
        if self.name.is_empty() {
            "the stack file".to_owned()
        } else {
            format!("`{}`", self.name)
        }
    }

    /// Where problems go.
    pub fn problems(&mut self) -> &mut Problems {
        self.problems
    }

    /// The value of `key`, of whatever type.
    pub fn value(&mut self, key: &'static str) -> Option<&'t Tree> {
        self.keys.push(key);
        self.table.get(key)
    }

    /// Notes that `key` may not be left out, for [`TableReader::finish`] to report.
    pub fn require(&mut self, key: &'static str) {
        if self.table.get(key).is_none() {
            self.missing.push(key);
        }
    }

    /// A string that is known now.
    pub fn string(&mut self, key: &'static str) -> Option<Located<String>> {
        let tree = self.value(key)?;
        located(tree, string_of(tree, key, self.problems))
    }

    /// A string that is known now, and that may not be left out.
    pub fn required_string(&mut self, key: &'static str) -> Option<Located<String>> {
        self.require(key);
        self.string(key)
    }

    /// A string that may mention other resources.
    pub fn text(&mut self, key: &'static str) -> Option<Located<Text>> {
        let tree = self.value(key)?;
        located(tree, text_of(tree, key, self.problems))
    }

    /// A truth value.
    pub fn boolean(&mut self, key: &'static str) -> Option<Located<bool>> {
        let tree = self.value(key)?;
        located(tree, boolean_of(tree, key, self.problems))
    }

    /// A whole number within `range`.
    pub fn integer<N>(&mut self, key: &'static str, range: RangeInclusive<N>) -> Option<Located<N>>
    where
        N: Copy + fmt::Display + Into<i64> + TryFrom<i64>,
    {
        let tree = self.value(key)?;
        located(tree, integer_of(tree, key, range, self.problems))
    }

    /// One of a few strings.
    pub fn choice(
        &mut self,
        key: &'static str,
        choices: &[&'static str],
    ) -> Option<Located<&'static str>> {
        let tree = self.value(key)?;
        located(tree, choice_of(tree, key, choices, self.problems))
    }

    /// The elements of an array.
    pub fn list(&mut self, key: &'static str) -> Option<&'t [Tree]> {
        let tree = self.value(key)?;
        list_of(tree, key, self.problems)
    }

    /// A table within the table.
    pub fn table(&mut self, key: &'static str) -> Option<&'t Table> {
        let tree = self.value(key)?;
        table_of(tree, key, self.problems)
    }

    /// An array of different strings, which may mention other resources; empty if it is left out.
    pub fn distinct_texts(&mut self, key: &'static str) -> Vec<Located<Text>> {
        let mut texts: Vec<Located<Text>> = Vec::new();
        for tree in self.list(key).unwrap_or_default() {
            let Some(text) = text_of(tree, key, self.problems) else {
                continue;
            };
            if let Some(first) = texts.iter().find(|other| other.value == text) {
                let message = format!("`{key}` names `{text}` twice");
                self.problems
                    .add("duplicate-value", &tree.span, "again here", message)
                    .and(&first.span, "first here");
            } else {
                texts.extend(located(tree, Some(text)));
            }
        }
        texts
    }

    /// Reports every key that was never asked for, and every one that is missing. A key that is misspelt is not missing too.
    pub fn finish(self) {
        let subject = self.subject();
        for (key, _) in &self.table.entries {
            if !self.keys.contains(&key.text.as_str()) {
                unknown_key(&subject, &key.text, &key.span, &self.keys, self.problems);
            }
        }
        for missing in self.missing {
            let is_misspelt = |(key, _): &(Key, Tree)| {
                meant(&key.text, &self.keys, |key| self.table.get(key).is_some()) == Some(missing)
            };
            if !self.table.entries.iter().any(is_misspelt) {
                let label = format!("`{missing}` is missing");
                let message = format!("{subject} needs `{missing}`");
                self.problems
                    .add("missing-key", &self.table.span, label, message);
            }
        }
    }
}

/// Reports a key that is none of `known`.
pub fn unknown_key(subject: &str, key: &str, span: &Span, known: &[&str], problems: &mut Problems) {
    let message = format!("{subject} has no key `{key}`");
    let problem = problems.add("unknown-key", span, "not known here", message);
    problem.help(
        nearest(key, known.iter().copied())
            .map_or_else(|| format!("its keys are {}", listed(known)), did_you_mean),
    );
}

/// The one of `known` that `written` is a misspelling of, in a table in which that one is not there too.
pub fn meant<'k>(
    written: &str,
    known: &[&'k str],
    is_there: impl Fn(&str) -> bool,
) -> Option<&'k str> {
    if known.contains(&written) {
        return None;
    }
    nearest(written, known.iter().copied()).filter(|key| !is_there(key))
}

/// Reports the misspelt keys of the table `name`, and spells them right, so that what they hold is read and not taken for missing.
pub fn respelled(name: &str, table: &Table, known: &[&str], problems: &mut Problems) -> Table {
    let mut respelled = table.clone();
    for (key, _) in &mut respelled.entries {
        if let Some(right) = meant(&key.text, known, |key| table.get(key).is_some()) {
            let subject = format!("`{name}`");
            unknown_key(&subject, &key.text, &key.span, known, problems);
            right.clone_into(&mut key.text);
        }
    }
    respelled
}

fn located<T>(tree: &Tree, value: Option<T>) -> Option<Located<T>> {
    value.map(|value| Located {
        span: tree.span.clone(),
        value,
    })
}

/// The help that offers the nearest valid spelling.
pub fn did_you_mean(name: &str) -> String {
    format!("did you mean `{name}`?")
}

/// Names in backticks, with commas between them.
pub fn listed<S: AsRef<str>>(names: &[S]) -> String {
    let quoted: Vec<String> = names
        .iter()
        .map(|name| format!("`{}`", name.as_ref()))
        .collect();
    quoted.join(", ")
}

/// Names in backticks, as alternatives.
pub fn either<S: AsRef<str>>(names: &[S]) -> String {
    match names {
        [] => String::new(),
        [only] => listed(&[only]),
        [first @ .., last] => format!("{} or `{}`", listed(first), last.as_ref()),
    }
}

/// Reports that `tree`, the value of `key`, is not of the type that `wanted` describes.
pub fn wrong_type(tree: &Tree, key: &str, wanted: &str, problems: &mut Problems) {
    let found = tree.type_name();
    let problem = problems.add(
        "wrong-type",
        &tree.span,
        format!("this is {found}"),
        format!("`{key}` takes {wanted}, not {found}"),
    );
    let is_scalar = matches!(
        tree.value,
        Value::Bool(_) | Value::Integer(_) | Value::Float(_)
    );
    if is_scalar && wanted == "a string" {
        problem.help("write it in quotes");
    }
}

/// Reads the value of `key` as a string that may mention other resources.
pub fn text_of(tree: &Tree, key: &str, problems: &mut Problems) -> Option<Text> {
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

/// Reads the value of `key` as a whole number within `range`.
pub fn integer_of<N>(
    tree: &Tree,
    key: &str,
    range: RangeInclusive<N>,
    problems: &mut Problems,
) -> Option<N>
where
    N: Copy + fmt::Display + Into<i64> + TryFrom<i64>,
{
    let Value::Integer(number) = tree.value else {
        wrong_type(tree, key, "an integer", problems);
        return None;
    };
    let (low, high) = range.into_inner();
    if (low.into()..=high.into()).contains(&number) {
        return N::try_from(number).ok();
    }
    let allowed = if high.into() == i64::MAX {
        format!("{low} or more")
    } else {
        format!("{low} to {high}")
    };
    problems.add(
        "out-of-range",
        &tree.span,
        format!("takes {allowed}"),
        format!("`{key}` takes {allowed}, not {number}"),
    );
    None
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

/// Reads the value of `key` as an array.
pub fn list_of<'t>(tree: &'t Tree, key: &str, problems: &mut Problems) -> Option<&'t [Tree]> {
    if let Value::List(elements) = &tree.value {
        return Some(elements);
    }
    wrong_type(tree, key, "an array", problems);
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
