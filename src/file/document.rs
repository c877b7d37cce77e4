//! TOML text as tables with places, and with the strings filled in.

use std::{borrow::Cow, collections::BTreeSet};

use toml::{
    Spanned,
    de::{DeFloat, DeInteger, DeTable, DeValue},
};

use crate::{
    file::{
        fields::Fields,
        foreign::{Instead, Reshape},
        interpolate::{Names, Place, interpolate},
        language,
        problem::Problems,
        reader::unknown_key,
        source::Source,
        syntax,
        tree::{Key, Span, Table, Tree, Value},
        unclosed::{self, Unclosed},
    },
    model::{
        address::{Address, Kind},
        template::Template,
    },
};

/// A parsed TOML file.
#[derive(Debug)]
pub struct Document<'s> {
    source: &'s Source,
    root: Spanned<DeTable<'s>>,
}

/// The strings of one reading that could not be filled in. What was read in their place means
/// nothing, so nothing about it is worth reporting.
#[derive(Clone, Debug, Default)]
pub struct Poisoned(Vec<Span>);

impl Poisoned {
    /// Adds a value that does not fit its place.
    pub fn add(&mut self, span: &Span) {
        self.0.push(span.clone());
    }

    /// Drops the problems of this file that are about one of them.
    pub fn suppress_follow_ups(&self, problems: &mut Problems) {
        problems.retain(|problem| {
            if problem.file.is_some() {
                return !problem.named_at.iter().any(|span| self.cover(span));
            }
            let mut spans = problem.labels.iter().map(|(span, _)| span);
            !spans.any(|span| self.cover(span))
        });
    }

    fn cover(&self, span: &Span) -> bool {
        self.0
            .iter()
            .any(|void| void.start <= span.start && span.end <= void.end)
    }
}

impl<'s> Document<'s> {
    /// The file.
    pub fn source(&self) -> &'s Source {
        self.source
    }

    /// Parses `source`, or reports every syntax error in it.
    pub fn parse(source: &'s Source, problems: &mut Problems) -> Option<Self> {
        let (root, errors) = DeTable::parse_recoverable(&source.text);
        if errors.is_empty() {
            return Some(Self { source, root });
        }
        if let Some((language, help)) = language::other_language(&source.text) {
            let start = source.text.len() - source.text.trim_start().len();
            let end = source.text[start..].find('\n');
            let line = start..end.map_or(source.text.len(), |end| start + end);
            let message = format!("this is {language}, and a stack file is TOML");
            let label = format!("{language} begins here");
            problems.add("syntax", &line, label, message).help(help);
            return None;
        }
        let unclosed = unclosed::find(&source.text);
        for one in &unclosed {
            never_closed(one, &source.text, problems);
        }
        // With the brackets in their places, what is left is wrong for a reason of its own.
        let mended = unclosed::mended(&source.text, &unclosed);
        let (_, errors) = DeTable::parse_recoverable(&mended);
        let mut mistakes = syntax::Mistakes::default();
        for error in &errors {
            let span = error.span().unwrap_or_default();
            let start = unclosed::unmended(span.start, &unclosed);
            let end = unclosed::unmended(span.end, &unclosed).max(start);
            let span = visible(start..end, &source.text);
            mistakes.add(error.message(), span, &source.text);
        }
        mistakes.report(&source.text, problems);
        None
    }

    /// Reports the keys at the top that are not among the `known` fields of a stack file. Those
    /// that are misspelt or foreign are spelled right, so that what refers to their tables finds
    /// them; a table that is there under both spellings holds what stands under either.
    pub fn respell(&mut self, known: &Fields, problems: &mut Problems) {
        let written = std::mem::take(self.root.get_mut());
        let keys: BTreeSet<String> = written
            .keys()
            .map(|key| key.get_ref().to_string())
            .collect();
        let mut misspelt = Vec::new();
        for (key, value) in written {
            let span = key.span();
            let is_unknown = known.get(key.get_ref()).is_none();
            if is_unknown {
                unknown_key("the stack file", key.get_ref(), &span, known, problems);
            }
            let right = known.meant(key.get_ref()).filter(|_| is_unknown);
            let value = match known.foreign(key.get_ref()).filter(|_| is_unknown) {
                Some(Instead::Reshaped(_, Reshape::Only, _)) => only(value),
                _ => value,
            };
            match right {
                Some(right) if keys.contains(right) => misspelt.push((right.to_owned(), value)),
                Some(right) => {
                    let right = Spanned::new(span, Cow::Owned(right.to_owned()));
                    self.root.get_mut().insert(right, value);
                }
                None => _ = self.root.get_mut().insert(key, value),
            }
        }
        for (right, value) in misspelt {
            if let Some(whole) = self.root.get_mut().get_mut(right.as_str()) {
                join(whole, value);
            }
        }
    }

    /// What is written at `span`.
    pub fn written(&self, span: &Span) -> &str {
        self.source.text.get(span.clone()).unwrap_or_default()
    }

    /// The addresses of the resources that it declares.
    pub fn declared(&self) -> BTreeSet<Address> {
        let mut declared = BTreeSet::new();
        for kind in Kind::ALL {
            let Some(DeValue::Table(table)) =
                self.root.get_ref().get(kind.table()).map(Spanned::get_ref)
            else {
                continue;
            };
            if kind.is_single() {
                declared.insert(Address::new(kind, ""));
            } else {
                let keys = table.keys().map(|key| key.get_ref().as_ref());
                declared.extend(keys.map(|key| Address::new(kind, key)));
            }
        }
        declared
    }

    /// The names of the variables that it declares.
    pub fn variables(&self) -> BTreeSet<String> {
        match self.root.get_ref().get("variables").map(Spanned::get_ref) {
            Some(DeValue::Table(table)) => {
                table.keys().map(|key| key.get_ref().to_string()).collect()
            }
            Some(_) | None => BTreeSet::new(),
        }
    }

    /// The top-level entries that `wanted` accepts by their keys, with what `names` knows filled
    /// into their strings.
    pub fn fill_in(
        &self,
        wanted: &dyn Fn(&str) -> bool,
        names: &Names<'_>,
        poisoned: &mut Poisoned,
        problems: &mut Problems,
    ) -> Table {
        let mut entries = Vec::new();
        for (key, value) in self.root.get_ref() {
            if wanted(key.get_ref()) {
                let mut filler = Filler {
                    source: &self.source.text,
                    names,
                    poisoned,
                    problems,
                };
                entries.push((located_key(key), filler.tree(value)));
            }
        }
        Table {
            span: 0..0,
            entries,
        }
    }
}

/// The only table within a table of tables; the table itself where there are several, or none.
fn only(value: Spanned<DeValue<'_>>) -> Spanned<DeValue<'_>> {
    let DeValue::Table(tables) = value.get_ref() else {
        return value;
    };
    let mut inner = tables.values();
    match (inner.next(), inner.next()) {
        (Some(one), None) if matches!(one.get_ref(), DeValue::Table(_)) => one.clone(),
        _ => value,
    }
}

/// Where `text` has the last of `keys`, each within the table of the one before it, as far as the
/// text is TOML.
pub fn key_at(text: &str, keys: &[&str]) -> Option<Span> {
    let (root, _) = DeTable::parse_recoverable(text);
    let mut table = root.get_ref();
    let (last, tables) = keys.split_last()?;
    for key in tables {
        match table.get(*key).map(Spanned::get_ref) {
            Some(DeValue::Table(inner)) => table = inner,
            _ => return None,
        }
    }
    let mut written = table.keys();
    written
        .find(|key| key.get_ref() == *last)
        .map(Spanned::span)
}

/// Adds to the table `whole` what `part` has and it does not.
fn join<'s>(whole: &mut Spanned<DeValue<'s>>, part: Spanned<DeValue<'s>>) {
    let (DeValue::Table(whole), DeValue::Table(part)) = (whole.get_mut(), part.into_inner()) else {
        return;
    };
    for (key, value) in part {
        match whole.get_mut(key.get_ref().as_ref()) {
            Some(there) => join(there, value),
            None => _ = whole.insert(key, value),
        }
    }
}

fn never_closed(one: &Unclosed, text: &str, problems: &mut Problems) {
    let closing = one.closing;
    let what = if closing == ']' {
        "array"
    } else {
        "inline table"
    };
    problems
        .add(
            "syntax",
            &visible(one.end..one.end, text),
            format!("`{closing}` is missing"),
            format!("unclosed {what}, expected `{closing}`"),
        )
        .and(&one.bracket, "opened here");
}

/// A place that can be underlined: where something is missing, the character before it, or else the
/// one after it.
fn visible(span: Span, text: &str) -> Span {
    if !span.is_empty() {
        return span;
    }
    let (before, after) = text.split_at_checked(span.start).unwrap_or_default();
    if let Some(before) = before.chars().next_back().filter(|c| *c != '\n') {
        return span.start - before.len_utf8()..span.start;
    }
    let after = after.chars().next().map_or(0, char::len_utf8);
    span.start..span.start + after
}

fn located_key(key: &Spanned<Cow<'_, str>>) -> Key {
    Key {
        span: key.span(),
        text: key.get_ref().clone().into_owned(),
    }
}

struct Filler<'a, 'n> {
    source: &'a str,
    names: &'a Names<'n>,
    poisoned: &'a mut Poisoned,
    problems: &'a mut Problems,
}

impl Filler<'_, '_> {
    fn tree(&mut self, value: &Spanned<DeValue<'_>>) -> Tree {
        let span = value.span();
        let value = match value.get_ref() {
            DeValue::String(string) => Value::Text(self.text(string, &span)),
            DeValue::Integer(integer) => self.integer(integer, &span),
            DeValue::Float(float) => self.float(float, &span),
            DeValue::Boolean(value) => Value::Bool(*value),
            DeValue::Datetime(_) => {
                let written = self.source.get(span.clone()).unwrap_or_default();
                let problem =
                    self.problems
                        .add("date", &span, "this is a date", "nothing here takes a date");
                problem.help(format!("write it in quotes: \"{written}\""));
                self.void(&span)
            }
            DeValue::Array(elements) => {
                Value::List(elements.iter().map(|element| self.tree(element)).collect())
            }
            DeValue::Table(table) => Value::Table(Table {
                span: span.clone(),
                entries: table
                    .iter()
                    .map(|(key, value)| (located_key(key), self.tree(value)))
                    .collect(),
            }),
        };
        Tree { span, value }
    }

    fn text(&mut self, string: &str, span: &Span) -> Template {
        let place = Place::of(string, span, self.source);
        interpolate(string, &place, self.names, self.problems).unwrap_or_else(|| {
            self.poisoned.0.push(span.clone());
            Template::default()
        })
    }

    fn integer(&mut self, integer: &DeInteger<'_>, span: &Span) -> Value {
        if let Ok(number) = i64::from_str_radix(integer.as_str(), integer.radix()) {
            return Value::Integer(number);
        }
        self.problems.add(
            "number",
            span,
            "does not fit into 64 bits",
            "the number is too large",
        );
        self.void(span)
    }

    fn float(&mut self, float: &DeFloat<'_>, span: &Span) -> Value {
        match float.as_str().parse::<f64>() {
            Ok(number) if number.is_finite() => Value::Float(number),
            Ok(_) | Err(_) => {
                self.problems.add(
                    "number",
                    span,
                    "not a finite number",
                    "nothing here takes infinity or what is not a number",
                );
                self.void(span)
            }
        }
    }

    fn void(&mut self, span: &Span) -> Value {
        self.poisoned.0.push(span.clone());
        Value::Text(Template::default())
    }
}
