//! Reads tables of a stack file: typed values out, problems with places for everything that does
//! not fit.

mod values;

use std::collections::BTreeSet;

use crate::{
    file::{
        fields::{Field, Fields, Requirement, Type},
        foreign::Instead,
        problem::{Problem, Problems},
        tree::{Key, Span, Table, Tree, Value},
    },
    model::template::Template,
};

pub use values::{
    boolean_of, choice_of, integer_of, list_of, quoted, range_in_words, string_of, table_of,
    text_of, words_of, wrong_type,
};

/// A value that was read, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<T> {
    /// Where.
    pub span: Span,
    /// What.
    pub value: T,
}

/// Reads one table as it is declared: keys that are not declared, and those that are missing, are
/// reported at once; the others are asked for one by one.
///
/// Asking for a key that is not declared, or as something else than it is declared to take, is a
/// mistake of the program, and so is not asking for one that is: both panic, the second in debug
/// builds only.
#[derive(Debug)]
pub struct TableReader<'t, 'p> {
    name: String,
    table: &'t Table,
    fields: &'static Fields,
    asked: BTreeSet<&'static str>,
    problems: &'p mut Problems,
}

impl<'t, 'p> TableReader<'t, 'p> {
    /// Starts to read `table`, which messages call by `name`, such as `roles.task`.
    pub fn new(
        name: impl Into<String>,
        table: &'t Table,
        fields: &'static Fields,
        problems: &'p mut Problems,
    ) -> Self {
        let mut reader = Self {
            name: name.into(),
            table,
            fields,
            asked: BTreeSet::new(),
            problems,
        };
        for (key, _) in &table.entries {
            if fields.get(&key.text).is_none() {
                let subject = reader.subject();
                unknown_key(&subject, &key.text, &key.span, fields, reader.problems);
            }
        }
        for field in fields.fields {
            if field.requirement == Requirement::Required {
                reader.require(field.key);
            }
        }
        reader
    }

    /// The table as the subject of a sentence.
    fn subject(&self) -> String {
        format!("`{}`", self.name)
    }

    /// What messages call the table.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where problems go.
    pub fn problems(&mut self) -> &mut Problems {
        self.problems
    }

    /// The entry `key`, or the one that is a misspelling or a foreign name of it.
    fn find(&self, key: &str) -> Option<&'t (Key, Tree)> {
        let mut entries = self.table.entries.iter();
        let exact = entries.clone().find(|(written, _)| written.text == key);
        exact.or_else(|| {
            entries.find(|(written, _)| {
                let written = written.text.as_str();
                self.fields.get(written).is_none() && self.fields.meant(written) == Some(key)
            })
        })
    }

    fn field(&self, key: &str) -> &'static Field {
        let field = self.fields.get(key);
        field.unwrap_or_else(|| panic!("`{key}` is not declared for `{}`", self.fields.name))
    }

    fn misread(&self, key: &str) -> ! {
        let takes = self.field(key).value;
        panic!(
            "`{key}` of `{}` is declared to take {takes:?}",
            self.fields.name
        )
    }

    /// The value of `key`, of whatever type, without taking it for read.
    pub fn peek(&self, key: &str) -> Option<&'t Tree> {
        self.find(self.field(key).key).map(|(_, value)| value)
    }

    /// The key `key` where it stands, and its value, of whatever type.
    pub fn entry(&mut self, key: &str) -> Option<&'t (Key, Tree)> {
        let key = self.field(key).key;
        self.asked.insert(key);
        self.find(key)
    }

    /// The value of `key`, of whatever type.
    pub fn value(&mut self, key: &str) -> Option<&'t Tree> {
        self.entry(key).map(|(_, value)| value)
    }

    /// Reports `key` if it is missing. Those that are always required need not be asked about.
    pub fn require(&mut self, key: &str) {
        if self.peek(key).is_none() {
            let subject = self.subject();
            missing_key(&subject, self.field(key), &self.table.span, self.problems);
        }
    }

    /// The value of `key`, which is declared to take something of the kind that `fits` accepts.
    fn declared(&mut self, key: &str, fits: impl Fn(&Type) -> bool) -> Option<&'t Tree> {
        if fits(&self.field(key).value) {
            self.value(key)
        } else {
            self.misread(key)
        }
    }

    /// A string that is known now.
    pub fn string(&mut self, key: &str) -> Option<Located<String>> {
        let is_string = |takes: &Type| matches!(takes, Type::Known | Type::OpenChoice(_));
        let tree = self.declared(key, is_string)?;
        self.expect_string(tree, key)?;
        located(tree, string_of(tree, key, self.problems))
    }

    /// A string that may mention other resources.
    pub fn text(&mut self, key: &str) -> Option<Located<Template>> {
        let tree = self.declared(key, |takes| matches!(takes, Type::Text))?;
        self.expect_string(tree, key)?;
        located(tree, text_of(tree, key, self.problems))
    }

    /// Reports a value that is not a string, with an example of one: quotes alone would not make a
    /// length of time of `30`.
    fn expect_string(&mut self, tree: &Tree, key: &str) -> Option<()> {
        if matches!(tree.value, Value::Text(_)) {
            return Some(());
        }
        let line = self.field(key).line();
        let problem = wrong_type(tree, key, "a string", self.problems);
        if let Some(line) = line {
            problem.help(format!("write it in quotes, for example {line}"));
        }
        None
    }

    /// A truth value.
    pub fn boolean(&mut self, key: &str) -> Option<Located<bool>> {
        let tree = self.declared(key, |takes| matches!(takes, Type::Boolean))?;
        located(tree, boolean_of(tree, key, self.problems))
    }

    /// A whole number within the range that is declared.
    pub fn integer<N: TryFrom<i64>>(&mut self, key: &str) -> Option<Located<N>> {
        let Type::Integer(low, high) = self.field(key).value else {
            self.misread(key);
        };
        let tree = self.value(key)?;
        let number = integer_of(tree, key, low..=high, self.problems)?;
        located(tree, N::try_from(number).ok())
    }

    /// One of the strings that are declared.
    pub fn choice(&mut self, key: &str) -> Option<Located<&'static str>> {
        let Type::Choice(choices) = self.field(key).value else {
            self.misread(key);
        };
        let tree = self.value(key)?;
        located(tree, choice_of(tree, key, choices, self.problems))
    }

    /// The elements of an array.
    pub fn list(&mut self, key: &str) -> Option<&'t [Tree]> {
        let tree = self.declared(key, |takes| matches!(takes, Type::List(_)))?;
        list_of(tree, self.field(key), self.problems)
    }

    /// A table within the table.
    pub fn table(&mut self, key: &str) -> Option<&'t Table> {
        let is_table = |takes: &Type| match takes {
            Type::Table(_) | Type::Named(_) | Type::Map(_) | Type::Verbatim => true,
            Type::Text
            | Type::Known
            | Type::Choice(_)
            | Type::OpenChoice(_)
            | Type::Boolean
            | Type::Integer(..)
            | Type::Numbers(_)
            | Type::Scalar
            | Type::List(_)
            | Type::ByName(..)
            | Type::OneOf(_)
            | Type::Member
            | Type::MemberOr(_) => false,
        };
        let tree = self.declared(key, is_table)?;
        let table = tree.as_table();
        if table.is_none() {
            let field = self.field(key);
            show_line(wrong_type(tree, key, "a table", self.problems), field);
        }
        table
    }

    /// An array of different strings, which may mention other resources; empty if it is left out.
    pub fn distinct_texts(&mut self, key: &str) -> Vec<Located<Template>> {
        let mut texts: Vec<Located<Template>> = Vec::new();
        let elements = self.list(key);
        // One string is no array, and is reported; it is read as the only element, so that nothing
        // is missed because of it.
        let single = self.peek(key).filter(|tree| tree.as_text().is_some());
        for tree in elements.unwrap_or_default().iter().chain(single) {
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

    /// Ends the reading, in which every field of the table has been asked for but the members of
    /// ECS, which are read by their shapes.
    pub fn finish(self) {
        let own = self.fields.own_keys();
        let forgotten: Vec<_> = own
            .iter()
            .filter(|key| !self.asked.contains(*key))
            .collect();
        debug_assert!(
            forgotten.is_empty(),
            "{forgotten:?} of `{}` are declared and not read",
            self.fields.name
        );
    }
}

/// Reports that `field` is missing in a table, and shows how it is written.
fn missing_key(subject: &str, field: &Field, span: &Span, problems: &mut Problems) {
    let key = field.key;
    let message = format!("{subject} needs `{key}`");
    let problem = problems.add("missing-key", span, format!("`{key}` is missing"), message);
    show_line(problem, field);
}

/// Adds how `field` is written to a problem.
pub fn show_line(problem: &mut Problem, field: &Field) {
    if let Some(line) = field.line() {
        problem.help(format!("write for example {line}"));
    }
}

/// Reports a key that is none of `fields`.
pub fn unknown_key(
    subject: &str,
    key: &str,
    span: &Span,
    fields: &Fields,
    problems: &mut Problems,
) {
    let message = format!("{subject} has no key `{key}`");
    let problem = problems.add("unknown-key", span, "not known here", message);
    problem.help(instead_of(key, fields).unwrap_or_else(|| {
        let keys = listed(&fields.keys());
        format!("its keys are {keys}")
    }));
}

/// The help about a key that is none of `fields`, if it is known what is meant.
pub fn instead_of(key: &str, fields: &Fields) -> Option<String> {
    match fields.foreign(key) {
        Some(Instead::Advice(advice) | Instead::Reshaped(_, _, advice)) => Some(advice.to_owned()),
        Some(Instead::Key(_)) | None => fields.meant(key).map(did_you_mean),
    }
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

/// Reports a logical name that can't be one.
pub(crate) fn invalid_key(key: &Key, what: &str, problems: &mut Problems) {
    problems
        .add(
            "invalid-key",
            &key.span,
            "not a name",
            format!(
                "`{}` cannot be the name of {what} in a stack file",
                key.text
            ),
        )
        .help("names are 1 to 64 of letters, digits, `_` and `-`");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::fields::Type;

    static STACK: Fields = Fields {
        name: "stack",
        path: "stack",
        doc: "A table.",
        source: "amp-stack",
        structure: None,
        foreign: &[],
        fields: &[
            Field::new("name", Type::Known, "A name."),
            Field::new("retention_days", Type::Integer(0, 9), "Days."),
            Field::new("class", Type::Text, "A class."),
        ],
    };

    fn read(fields: &'static Fields, reading: impl FnOnce(TableReader<'_, '_>)) {
        let table = Table::default();
        let mut problems = Problems::default();
        reading(TableReader::new("t", &table, fields, &mut problems));
    }

    #[test]
    #[should_panic(expected = "`colour` is not declared for `stack`")]
    fn what_is_not_declared_cannot_be_read() {
        read(&STACK, |mut reader| _ = reader.value("colour"));
    }

    #[test]
    #[should_panic(expected = "`name` of `stack` is declared to take Known")]
    fn what_is_declared_as_something_else_cannot_be_read() {
        read(&STACK, |mut reader| _ = reader.integer::<u32>("name"));
    }

    #[test]
    #[should_panic(expected = "[\"retention_days\", \"class\"")]
    fn what_is_declared_has_to_be_read() {
        read(&STACK, |mut reader| {
            reader.value("name");
            reader.finish();
        });
    }
}
