//! What may stand where somebody is typing.

use std::collections::BTreeSet;

use crate::{
    ecs_shape::Shape,
    editor::place::{self, Table, documentation},
    file::{
        cursor::{At, Cursor, Step, cursor},
        fields::{Field, Fields, Type},
        tree::Span,
    },
    load::{
        lookup,
        names::{Names, names_so_far},
        words,
    },
    model::template::Attribute,
};

/// Something that may stand at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// What it is called in a list of choices.
    pub label: String,
    /// What it is.
    pub kind: CompletionKind,
    /// What it takes or is, in a few words.
    pub detail: String,
    /// More about it, in Markdown.
    pub documentation: Option<String>,
    /// What is written.
    pub text: String,
    /// What that replaces.
    pub replaces: Span,
}

/// What may stand at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompletionKind {
    /// A table.
    Table,
    /// A key that has to be given.
    Required,
    /// Another key.
    Key,
    /// A value.
    Value,
    /// The name of something that the file declares.
    Name,
}

/// What may stand at `place`, a byte of `text`.
pub fn completions(text: &str, place: usize) -> Vec<Completion> {
    let Some(cursor) = cursor(text, place) else {
        return Vec::new();
    };
    let names = names_so_far(text);
    let around = Around {
        text,
        place,
        names: &names,
        cursor: &cursor,
    };
    match &cursor.at {
        At::Header => around.headers(),
        At::Key => around.keys(),
        At::Value {
            key,
            is_element,
            is_in_string,
        } => around.values(key, *is_element, *is_in_string),
    }
}

struct Around<'a> {
    text: &'a str,
    place: usize,
    names: &'a Names,
    cursor: &'a Cursor,
}

impl Around<'_> {
    fn completion(&self, label: &str, kind: CompletionKind, detail: &str) -> Completion {
        Completion {
            label: label.to_owned(),
            kind,
            detail: detail.to_owned(),
            documentation: None,
            text: label.to_owned(),
            replaces: self.cursor.typed.clone(),
        }
    }

    fn headers(&self) -> Vec<Completion> {
        match place::table(&self.cursor.table) {
            Some(Table::Fields(fields, _)) => {
                let tables = fields.fields.iter();
                let tables = tables.filter(|field| !lookup::tables(fields, field).is_empty());
                let tables = tables.map(|field| Completion {
                    documentation: Some(documentation(fields, field)),
                    ..self.completion(field.key, CompletionKind::Table, "a table")
                });
                tables.collect()
            }
            Some(Table::Names(_)) => self.declared(),
            None => Vec::new(),
        }
    }

    /// The names that the file has for tables of the kind that is typed.
    fn declared(&self) -> Vec<Completion> {
        let [Step::Key(section)] = self.cursor.table.as_slice() else {
            return Vec::new();
        };
        let resources = self.names.resources.iter();
        let resources = resources.filter(|address| address.kind.table() == section);
        resources
            .map(|address| {
                let noun = address.kind.noun();
                self.completion(&address.key, CompletionKind::Name, noun)
            })
            .collect()
    }

    fn keys(&self) -> Vec<Completion> {
        let Some(Table::Fields(fields, given)) = place::table(&self.cursor.table) else {
            return Vec::new();
        };
        let there = self.there();
        let missing = fields
            .fields
            .iter()
            .filter(|field| given != Some(field.key) && !there.contains(field.key));
        missing
            .map(|field| {
                let kind = if fields.requires(field) {
                    CompletionKind::Required
                } else {
                    CompletionKind::Key
                };
                Completion {
                    documentation: Some(documentation(fields, field)),
                    text: format!("{} = ", field.key),
                    ..self.completion(field.key, kind, &words::takes(fields, field))
                }
            })
            .collect()
    }

    /// The keys of the table that its lines give already, but the one that is typed: those of the
    /// lines around the place up to the headers.
    fn there(&self) -> BTreeSet<&str> {
        let before = &self.text[..self.cursor.typed.start];
        let start = before.rfind("\n[").map_or(0, |at| at + 1);
        let rest = &self.text[self.place..];
        let end = rest
            .find("\n[")
            .map_or(self.text.len(), |at| self.place + at);
        let typed = before.matches('\n').count();
        let first = self.text[..start].matches('\n').count();
        let lines = self.text[start..end].lines().enumerate();
        let others = lines.filter(|(line, _)| first + line != typed);
        let keys = others.filter_map(|(_, line)| line.split_once('='));
        keys.map(|(key, _)| key.trim()).collect()
    }

    fn values(&self, key: &str, is_element: bool, is_in_string: bool) -> Vec<Completion> {
        let typed = &self.text[self.cursor.typed.clone()];
        if is_in_string && let Some(start) = typed.rfind("${") {
            let mentioned = &typed[start + 2..];
            if !mentioned.contains('}') {
                return self.mentions(self.place - mentioned.len());
            }
        }
        let Some((fields, field)) = place::field(&self.cursor.table, key) else {
            return Vec::new();
        };
        let mut values: Vec<(String, CompletionKind)> = Vec::new();
        if let Some(kind) = field.names {
            let declared = self.names.resources.iter();
            let declared = declared.filter(|address| address.kind == kind);
            values.extend(declared.map(|a| (format!("\"{}\"", a.key), CompletionKind::Name)));
        }
        let known = known_values(fields, field, is_element);
        values.extend(
            known
                .into_iter()
                .map(|value| (value, CompletionKind::Value)),
        );
        if values.is_empty() && !is_element {
            let example = field
                .example
                .map(|value| (value.to_owned(), CompletionKind::Value));
            values.extend(example);
        }
        values
            .into_iter()
            .map(|(value, kind)| Completion {
                replaces: self.whole_value(is_in_string),
                ..self.completion(&value, kind, &words::takes(fields, field))
            })
            .collect()
    }

    /// What is typed of a value, with the quote that editors close by themselves.
    fn whole_value(&self, is_in_string: bool) -> Span {
        let typed = self.cursor.typed.clone();
        let quote = self.text[typed.clone()].chars().next();
        let closes = quote.filter(|_| is_in_string);
        let is_closed = closes.is_some_and(|quote| self.text[typed.end..].starts_with(quote));
        typed.start..typed.end + usize::from(is_closed)
    }

    /// What can be mentioned in a string, of which something is typed since `start`.
    fn mentions(&self, start: usize) -> Vec<Completion> {
        let is_closed = self.text[self.place..].starts_with('}');
        let closing = if is_closed { "" } else { "}" };
        let mention = |name: String, detail: &str| Completion {
            text: format!("{name}{closing}"),
            replaces: start..self.place,
            ..self.completion(&name, CompletionKind::Name, detail)
        };
        let variables = self.names.variables.iter();
        let variables = variables.map(|name| mention(format!("var.{name}"), "variable"));
        let places = ["account", "region", "partition"];
        let places = places.map(|name| mention(name.to_owned(), "where the stack is"));
        let attributes = self.names.resources.iter().flat_map(|address| {
            let attributes = Attribute::of(address.kind).iter();
            attributes.map(move |attribute| {
                let noun = address.kind.noun();
                mention(format!("{address}.{}", attribute.as_str()), noun)
            })
        });
        variables.chain(places).chain(attributes).collect()
    }
}

/// The values that a field takes, or an element of it, where they can be listed, as TOML.
fn known_values(of: &Fields, field: &Field, is_element: bool) -> Vec<String> {
    let shape = of.member_of(field).map(|member| &member.shape);
    of_type(&field.value, shape, is_element)
}

fn of_type(takes: &Type, shape: Option<&Shape>, is_element: bool) -> Vec<String> {
    match takes {
        Type::List(inner) if is_element => of_type(inner, None, false),
        Type::Choice(choices) | Type::OpenChoice(choices) => choices
            .iter()
            .map(|choice| format!("\"{choice}\""))
            .collect(),
        Type::Boolean => vec!["true".to_owned(), "false".to_owned()],
        Type::Numbers(numbers) => numbers.iter().map(ToString::to_string).collect(),
        Type::OneOf(several) => {
            let values = several.iter().map(|one| of_type(one, None, is_element));
            values.collect::<Vec<_>>().concat()
        }
        Type::Member => shape.map_or_else(Vec::new, |shape| of_shape(shape, is_element)),
        Type::MemberOr(other) => {
            let member = of_type(&Type::Member, shape, is_element);
            [member, of_type(other, None, is_element)].concat()
        }
        Type::Text
        | Type::Known
        | Type::Integer(..)
        | Type::Scalar
        | Type::List(_)
        | Type::Table(_)
        | Type::Named(_)
        | Type::ByName(..)
        | Type::Map(_)
        | Type::Verbatim => Vec::new(),
    }
}

fn of_shape(shape: &Shape, is_element: bool) -> Vec<String> {
    match shape {
        Shape::List(inner) if is_element => of_shape(inner, false),
        Shape::Text(choices) => choices
            .iter()
            .map(|choice| format!("\"{choice}\""))
            .collect(),
        Shape::Boolean => vec!["true".to_owned(), "false".to_owned()],
        Shape::Integer | Shape::Struct(_) | Shape::List(_) | Shape::Map(_) => Vec::new(),
    }
}
