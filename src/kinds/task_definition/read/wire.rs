//! Turns what a stack file or an exported task definition says into what `RegisterTaskDefinition`
//! takes, checked against its shape.
//!
//! A stack file writes the API's names in snake case, and a list whose elements have names as a
//! table of them; an export uses the API's own form. Places are kept, so that the rules that follow
//! can point at the line that is wrong. A value of the wrong type is reported and kept as it is,
//! which keeps the rules from reporting it as missing.

use crate::{
    ecs_shape::{Member, Shape, Structure},
    file::{
        fields::{Field, Type},
        problem::Problems,
        reader::{integer_of, show_line, wrong_type},
        tree::{Key, Span, Table, Tree, Value},
    },
    kinds::task_definition::{
        document::KEYED,
        fields::ecs,
        read::{
            reshaped,
            view::{key, string, tree},
        },
    },
};

/// How names are spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// In snake case, as in a stack file.
    StackFile,
    /// As the API spells them.
    Export,
}

/// Reads values of one dialect.
pub(crate) struct Converter<'p> {
    pub(crate) dialect: Dialect,
    pub(crate) problems: &'p mut Problems,
    /// What is taken although it does not fit the shape.
    pub(crate) notes: Vec<String>,
}

/// A structure that is read.
pub(crate) struct Expected<'a> {
    /// Its shape.
    pub(crate) of: &'a Structure,
    /// Keys that mean something else, and are read elsewhere.
    pub(crate) other_keys: Vec<&'static str>,
    /// The member that is given by the key under which the table stands.
    pub(crate) given: Option<&'a str>,
}

impl<'a> Expected<'a> {
    /// A structure without further keys.
    pub(crate) fn plain(of: &'a Structure) -> Self {
        Self {
            of,
            other_keys: Vec::new(),
            given: None,
        }
    }
}

impl Converter<'_> {
    /// Reads the members of `table`. `path` is where it stands, for messages.
    pub(crate) fn structure(
        &mut self,
        table: &Table,
        expected: &Expected<'_>,
        path: &str,
    ) -> Table {
        let table = self.respelled(table, expected, path);
        let mut entries = Vec::new();
        let here = |name: &Key| !expected.other_keys.contains(&name.text.as_str());
        for (name, value) in table.entries.iter().filter(|(name, _)| here(name)) {
            let mut members = expected.of.members.iter();
            let Some(member) = members.find(|member| self.spelled(member) == name.text) else {
                if self.dialect == Dialect::Export {
                    entries.push((name.clone(), value.clone()));
                }
                continue;
            };
            let at = join(path, &name.text);
            let value = self.member(value, member, expected.of, &at);
            entries.push((key(&member.name, &name.span), value));
        }
        self.missing(&table, expected, path);
        Table {
            span: table.span,
            entries,
        }
    }

    pub(super) fn spelled<'m>(&self, member: &'m Member) -> &'m str {
        match self.dialect {
            Dialect::StackFile => &member.key,
            Dialect::Export => &member.name,
        }
    }

    fn missing(&mut self, table: &Table, expected: &Expected<'_>, path: &str) {
        for member in expected.of.members.iter().filter(|member| member.required) {
            let name = self.spelled(member);
            let elsewhere = expected.other_keys.contains(&name);
            let given = expected.given == Some(member.name.as_str());
            if elsewhere || given || table.get(name).is_some() {
                continue;
            }
            if self.does_without(expected.of, name, path) {
                continue;
            }
            let problem = self.problems.add(
                "missing-key",
                &table.span,
                format!("`{name}` is missing"),
                format!("`{path}` needs `{name}`"),
            );
            let field = declared(expected.of, name);
            if let Some(field) = field.filter(|_| self.dialect == Dialect::StackFile) {
                show_line(problem, field);
            }
        }
    }

    fn member(&mut self, value: &Tree, member: &Member, of: &Structure, path: &str) -> Tree {
        let takes = declared(of, &member.key).map(|field| field.value);
        if let (Value::Integer(_), Some(Type::MemberOr(Type::Integer(low, high)))) =
            (&value.value, takes)
        {
            let number = integer_of(value, path, *low..=*high, self.problems);
            return number.map_or_else(
                || value.clone(),
                |number| string(number.to_string(), &value.span),
            );
        }
        let keyed = KEYED.iter().find(|(list, ..)| *list == member.name);
        let is_by_name = keyed.is_some() && value.as_table().is_some();
        if self.dialect == Dialect::StackFile && !is_by_name && !fits(&member.shape, &value.value) {
            let problem = wrong_type(value, path, wanted(&member.shape), self.problems);
            if let Some(instead) = reshaped::instead_of(member, value) {
                problem.help(instead);
                return value.clone();
            }
            let field = declared(of, &member.key);
            // Quotes alone may not make a valid string of it.
            let is_answered = problem.help.is_some() && !matches!(member.shape, Shape::Text(_));
            if let Some(field) = field.filter(|_| !is_answered) {
                show_line(problem, field);
            }
            return value.clone();
        }
        if let (Dialect::StackFile, Shape::List(element), Value::List(elements)) =
            (self.dialect, &member.shape, &value.value)
        {
            let mut misfits = elements.iter().enumerate();
            let misfit = misfits.find(|(_, inner)| !fits(element, &inner.value));
            if let Some((index, inner)) = misfit {
                let at = format!("{path}[{index}]");
                let problem = wrong_type(inner, &at, wanted(element), self.problems);
                if let Some(instead) = reshaped::instead_of(member, value) {
                    problem.help(instead);
                } else if let Some(field) = declared(of, &member.key) {
                    show_line(problem, field);
                }
                return value.clone();
            }
        }
        if let (
            Dialect::StackFile,
            Some((_, name, content)),
            Value::Table(table),
            Shape::List(element),
        ) = (self.dialect, keyed, &value.value, &member.shape)
            && let Shape::Struct(element) = element.as_ref()
        {
            return self.keyed(table, element, name, *content, path);
        }
        self.value(value, &member.shape, path)
    }

    /// Reads a table of named things as a list of them.
    fn keyed(
        &mut self,
        table: &Table,
        element: &Structure,
        name: &str,
        content: Option<&str>,
        path: &str,
    ) -> Tree {
        let mut elements = Vec::new();
        for (entry, value) in &table.entries {
            let at = join(path, &entry.text);
            let named = (
                key(name, &entry.span),
                string(entry.text.as_str(), &entry.span),
            );
            let content = content.and_then(|content| element.member(content));
            let (span, rest) = match (&value.value, content) {
                (Value::Table(inner), _) => {
                    let expected = Expected {
                        given: Some(name),
                        ..Expected::plain(element)
                    };
                    let inner = self.structure(inner, &expected, &at);
                    (inner.span, inner.entries)
                }
                (_, Some(content)) => {
                    let converted = self.value(value, &content.shape, &at);
                    let only = (key(&content.name, &entry.span), converted);
                    (value.span.clone(), vec![only])
                }
                (_, None) => {
                    wrong_type(value, &at, "a table", self.problems);
                    continue;
                }
            };
            let entries = std::iter::once(named).chain(rest).collect();
            let inner = Table {
                span: span.clone(),
                entries,
            };
            elements.push(tree(Value::Table(inner), &span));
        }
        tree(Value::List(elements), &table.span)
    }

    /// Reads one value.
    pub(crate) fn value(&mut self, value: &Tree, shape: &Shape, path: &str) -> Tree {
        let converted = match (shape, &value.value) {
            (Shape::Struct(of), Value::Table(table)) => {
                Value::Table(self.structure(table, &Expected::plain(of), path))
            }
            (Shape::List(element), Value::List(elements)) => {
                let each = |(index, inner)| self.value(inner, element, &format!("{path}[{index}]"));
                Value::List(elements.iter().enumerate().map(each).collect())
            }
            (Shape::Map(content), Value::Table(table)) => {
                let each = |(name, inner): &(Key, Tree)| {
                    let converted = self.value(inner, content, &join(path, &name.text));
                    (name.clone(), converted)
                };
                Value::Table(Table {
                    span: table.span.clone(),
                    entries: table.entries.iter().map(each).collect(),
                })
            }
            (Shape::Text(choices), Value::Text(_)) => {
                self.choice(value, choices, path);
                value.value.clone()
            }
            (Shape::Integer, Value::Integer(number)) => {
                self.range(*number, &value.span, path);
                value.value.clone()
            }
            (Shape::Boolean, Value::Bool(_)) => value.value.clone(),
            (
                Shape::Struct(_)
                | Shape::List(_)
                | Shape::Map(_)
                | Shape::Text(_)
                | Shape::Integer
                | Shape::Boolean,
                _,
            ) => {
                wrong_type(value, path, wanted(shape), self.problems);
                value.value.clone()
            }
        };
        tree(converted, &value.span)
    }

    fn range(&mut self, number: i64, span: &Span, path: &str) {
        if i32::try_from(number).is_err() {
            self.problems.add(
                "out-of-range",
                span,
                "too large",
                format!("`{path}` takes a whole number of 32 bits, not {number}"),
            );
        }
    }
}

/// The field that is the member of `structure` with this name in a stack file.
fn declared(structure: &Structure, name: &str) -> Option<&'static Field> {
    ecs::of(&structure.name)?.get(name)
}

/// Returns whether a value is of the type that a shape asks for, whatever is in it.
fn fits(shape: &Shape, value: &Value) -> bool {
    matches!(
        (shape, value),
        (Shape::Struct(_) | Shape::Map(_), Value::Table(_))
            | (Shape::List(_), Value::List(_))
            | (Shape::Text(_), Value::Text(_))
            | (Shape::Integer, Value::Integer(_))
            | (Shape::Boolean, Value::Bool(_))
    )
}

fn wanted(shape: &Shape) -> &'static str {
    match shape {
        Shape::Struct(_) | Shape::Map(_) => "a table",
        Shape::List(_) => "an array",
        Shape::Text(_) => "a string",
        Shape::Integer => "an integer",
        Shape::Boolean => "`true` or `false`",
    }
}

/// The path of `name` within `path`.
pub(crate) fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}
