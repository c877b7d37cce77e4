//! YAML text as values with places.
//!
//! What the OpenTelemetry collector reads as YAML is what Go's `yaml.v3` takes for it, so plain
//! words mean what they mean there.

use std::collections::{BTreeMap, BTreeSet};

use saphyr_parser::{Event, Parser, ScalarStyle, Span as Marks};

use crate::file::{
    placed::character_at,
    tree::{Key, Span},
};

/// How deep values may stand in each other.
const DEEPEST: usize = 64;
/// How many values a document may have once its aliases are filled in.
const MOST: usize = 100_000;

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Yaml {
    /// Where: of a mapping or sequence in blocks, where it begins.
    pub span: Span,
    /// What.
    pub value: Value,
}

/// A value of YAML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing, `~` or `null`.
    Null,
    /// A truth value.
    Bool(bool),
    /// A number, as it is written.
    Number(String),
    /// A string.
    Text(String),
    /// A sequence.
    List(Vec<Yaml>),
    /// A mapping, in the order of the text.
    Map(Vec<(Key, Yaml)>),
}

/// Why a text is no YAML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where.
    pub span: Span,
    /// What is wrong, as a sentence in lower case without a full stop.
    pub message: String,
}

impl Yaml {
    /// The value of `key`, if this is a mapping that has one.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|(_, value)| value)
    }

    /// The key `key` where it stands, with its value.
    pub fn entry(&self, key: &str) -> Option<&(Key, Self)> {
        self.entries().iter().find(|(name, _)| name.text == key)
    }

    /// What stands under these keys, one within the other.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |value, key| value.get(key))
    }

    /// The entries; none if this is no mapping.
    pub fn entries(&self) -> &[(Key, Self)] {
        match &self.value {
            Value::Map(entries) => entries,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::List(_) => {
                &[]
            }
        }
    }

    /// The elements; none if this is no sequence.
    pub fn elements(&self) -> &[Self] {
        match &self.value {
            Value::List(elements) => elements,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Map(_) => &[],
        }
    }

    /// The string, or a number or truth value as one; `None` for anything else.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) | Value::Number(text) => Some(text),
            Value::Bool(true) => Some("true"),
            Value::Bool(false) => Some("false"),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// Calls `visit` with every scalar that is text, and the keys that lead to it.
    pub fn each_text<'y>(&'y self, visit: &mut dyn FnMut(&[&'y str], &'y str, &'y Span)) {
        self.each_text_below(&mut Vec::new(), visit);
    }

    fn each_text_below<'y>(
        &'y self,
        path: &mut Vec<&'y str>,
        visit: &mut dyn FnMut(&[&'y str], &'y str, &'y Span),
    ) {
        match &self.value {
            Value::Text(text) => visit(path, text, &self.span),
            Value::List(elements) => {
                for element in elements {
                    element.each_text_below(path, visit);
                }
            }
            Value::Map(entries) => {
                for (key, value) in entries {
                    path.push(&key.text);
                    value.each_text_below(path, visit);
                    path.pop();
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// Reads the first document of `text`, as the collector does; `None` if there is none.
pub fn parse(text: &str) -> Result<Option<Yaml>, Mistake> {
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    let mut builder = Builder {
        text,
        places,
        open: Vec::new(),
        anchored: BTreeMap::new(),
        count: 0,
    };
    let mut parser = Parser::new_from_str(text);
    while let Some(next) = parser.next_event() {
        let (event, marks) = match next {
            Ok(next) => next,
            Err(error) => {
                let at = builder.byte(error.marker().index());
                return Err(Mistake {
                    span: character_at(text, at),
                    message: error.info().to_owned(),
                });
            }
        };
        if let Some(done) = builder.take(event, marks)? {
            return Ok(Some(done));
        }
    }
    Ok(None)
}

/// A mapping or a sequence of which the end has not come yet.
struct Open {
    span: Span,
    anchor: usize,
    content: Content,
}

enum Content {
    List(Vec<Yaml>),
    Map {
        entries: Vec<(Key, Yaml)>,
        /// A key whose value has not come yet.
        key: Option<Key>,
        /// Mappings that `<<` names: what they say holds unless the mapping says otherwise.
        merged: Vec<(Key, Yaml)>,
    },
}

struct Builder<'t> {
    text: &'t str,
    /// Where each character begins: the parser counts characters.
    places: Vec<usize>,
    open: Vec<Open>,
    anchored: BTreeMap<usize, Yaml>,
    count: usize,
}

impl Builder<'_> {
    fn byte(&self, character: usize) -> usize {
        let place = self.places.get(character);
        place.copied().unwrap_or(self.text.len())
    }

    fn span(&self, marks: Marks) -> Span {
        let start = self.byte(marks.start.index());
        let end = self.byte(marks.end.index()).max(start);
        let covered = &self.text[start..end];
        start..start + covered.trim_end().len()
    }

    /// `span`, or where it is empty what can be underlined there.
    fn shown(&self, span: Span) -> Span {
        if span.is_empty() {
            character_at(self.text, span.start)
        } else {
            span
        }
    }

    /// Takes an event; returns the document at its end.
    fn take(&mut self, event: Event<'_>, marks: Marks) -> Result<Option<Yaml>, Mistake> {
        let span = self.span(marks);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_text = tag.is_some_and(|tag| tag.suffix == "str");
                let value = if style == ScalarStyle::Plain && !is_text {
                    plain(&text)
                } else {
                    Value::Text(text.into_owned())
                };
                self.complete(Yaml { span, value }, anchor)
            }
            Event::SequenceStart(anchor, _) => {
                self.begin(span, anchor, Content::List(Vec::new()))?;
                Ok(None)
            }
            Event::MappingStart(anchor, _) => {
                let content = Content::Map {
                    entries: Vec::new(),
                    key: None,
                    merged: Vec::new(),
                };
                self.begin(span, anchor, content)?;
                Ok(None)
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => {
                    let anchor = open.anchor;
                    let at = &self.text[open.span.start..];
                    let whole = if at.starts_with(['[', '{']) {
                        open.span.start..span.end
                    } else {
                        character_at(self.text, open.span.start)
                    };
                    let value = closed(open.content);
                    let whole = Yaml { span: whole, value };
                    self.complete(whole, anchor)
                }
                None => Ok(None),
            },
            Event::Alias(anchor) => {
                // An anchor whose value has not ended names a value within itself.
                let Some(anchored) = self.anchored.get(&anchor) else {
                    return Err(Mistake {
                        span,
                        message: "the alias names no value before it".to_owned(),
                    });
                };
                let value = anchored.value.clone();
                self.count += size(&value);
                self.complete(Yaml { span, value }, 0)
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(None),
        }
    }

    fn begin(&mut self, span: Span, anchor: usize, content: Content) -> Result<(), Mistake> {
        if self.open.len() >= DEEPEST {
            return Err(Mistake {
                span: self.shown(span),
                message: format!("values stand more than {DEEPEST} deep in each other"),
            });
        }
        self.open.push(Open {
            span,
            anchor,
            content,
        });
        Ok(())
    }

    /// Puts a value where it belongs; returns it if it is the document.
    fn complete(&mut self, value: Yaml, anchor: usize) -> Result<Option<Yaml>, Mistake> {
        self.count += 1;
        if self.count > MOST {
            return Err(Mistake {
                span: self.shown(value.span),
                message: format!("the document has more than {MOST} values"),
            });
        }
        if anchor > 0 {
            self.anchored.insert(anchor, value.clone());
        }
        let Some(open) = self.open.last_mut() else {
            return Ok(Some(value));
        };
        match &mut open.content {
            Content::List(elements) => elements.push(value),
            Content::Map {
                entries,
                key,
                merged,
            } => match key.take() {
                None => *key = Some(key_of(value)?),
                Some(key) if key.text == "<<" => merged.extend(merged_in(value)),
                Some(key) => {
                    if let Some((first, _)) = entries.iter().find(|(k, _)| k.text == key.text) {
                        let message = format!("the key `{}` stands here twice", first.text);
                        let span = key.span;
                        return Err(Mistake { span, message });
                    }
                    entries.push((key, value));
                }
            },
        }
        Ok(None)
    }
}

/// The number of values in `value`.
fn size(value: &Value) -> usize {
    let within = match value {
        Value::List(elements) => elements.iter().map(|e| size(&e.value)).sum(),
        Value::Map(entries) => entries.iter().map(|(_, v)| size(&v.value)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => 0,
    };
    1 + within
}

/// The value whose parts have all come.
fn closed(content: Content) -> Value {
    match content {
        Content::List(elements) => Value::List(elements),
        Content::Map {
            mut entries,
            merged,
            ..
        } => {
            let own: BTreeSet<String> = entries.iter().map(|(k, _)| k.text.clone()).collect();
            for (key, value) in merged {
                if !own.contains(&key.text) && entries.iter().all(|(k, _)| k.text != key.text) {
                    entries.push((key, value));
                }
            }
            Value::Map(entries)
        }
    }
}

fn key_of(value: Yaml) -> Result<Key, Mistake> {
    match value.text() {
        Some(text) => Ok(Key {
            text: text.to_owned(),
            span: value.span,
        }),
        None => Err(Mistake {
            span: value.span,
            message: "the key of a mapping has to be a word".to_owned(),
        }),
    }
}

/// The entries of the mapping that `<<` names, or of several (YAML 1.1 type repository, "Merge
/// Key").
fn merged_in(value: Yaml) -> Vec<(Key, Yaml)> {
    match value.value {
        Value::Map(entries) => entries,
        Value::List(elements) => elements.into_iter().flat_map(merged_in).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => Vec::new(),
    }
}

/// What a plain word means (YAML 1.2, "Core Schema"; go-yaml v3, `resolve.go`).
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        text if is_number(text) => Value::Number(text.to_owned()),
        text => Value::Text(text.to_owned()),
    }
}

fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let begins = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let based = |prefix: &str, radix| {
        let digits = unsigned.strip_prefix(prefix);
        digits.is_some_and(|digits| i64::from_str_radix(digits, radix).is_ok())
    };
    begins && (text.parse::<f64>().is_ok() || based("0x", 16) || based("0o", 8))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Yaml {
        parse(text).expect(text).expect(text)
    }

    fn mistake(text: &str) -> (String, String) {
        let mistake = parse(text).expect_err(text);
        (text[mistake.span].to_owned(), mistake.message)
    }

    #[test]
    fn values_are_found_where_they_stand() {
        let text = "# ü\na:\n  - x: 1\n    'y': [true, \"z\", ~]\nb: |\n  ä\n  c\n";
        let root = read(text);
        let (key, a) = root.entry("a").expect("a");
        assert_eq!(&text[key.span.clone()], "a");
        let first = &a.elements()[0];
        assert_eq!(first.get("x").expect("x").value, Value::Number("1".into()));
        let y = first.get("y").expect("y");
        assert_eq!(&text[y.span.clone()], "[true, \"z\", ~]");
        assert_eq!(&text[y.elements()[1].span.clone()], "\"z\"");
        assert_eq!(y.elements()[0].value, Value::Bool(true));
        assert_eq!(y.elements()[2].value, Value::Null);
        assert_eq!(root.get("b").and_then(Yaml::text), Some("ä\nc\n"));
        assert_eq!(root.at(&["a", "x"]), None);
    }

    #[test]
    fn plain_words_mean_what_they_mean_to_the_collector() {
        for (text, value) in [
            ("", Value::Null),
            ("on", Value::Text("on".into())),
            ("0.0.0.0:4317", Value::Text("0.0.0.0:4317".into())),
            ("10s", Value::Text("10s".into())),
            ("-1.5e3", Value::Number("-1.5e3".into())),
            ("0x1F", Value::Number("0x1F".into())),
            ("inf", Value::Text("inf".into())),
            ("!!str 1", Value::Text("1".into())),
            ("'1'", Value::Text("1".into())),
        ] {
            let root = read(&format!("k: {text}\n"));
            assert_eq!(root.get("k").expect("k").value, value, "{text}");
        }
    }

    #[test]
    fn aliases_and_merged_mappings_are_filled_in() {
        let root = read("base: &b {x: 1, y: 2}\nmore:\n  <<: *b\n  y: 3\nlist: [*b]\n");
        let more = root.get("more").expect("more");
        assert_eq!(more.get("x").and_then(Yaml::text), Some("1"));
        assert_eq!(more.get("y").and_then(Yaml::text), Some("3"));
        let list = root.get("list").expect("list");
        assert_eq!(list.elements()[0].get("y").and_then(Yaml::text), Some("2"));
    }

    #[test]
    fn what_is_no_yaml_is_underlined() {
        for (text, place) in [
            ("a: [1, 2\nb: 3\n", None),
            ("a: 1\na: 2\n", Some("a")),
            ("a: *b\n", None),
            ("a:\n\tb: 1\n", None),
            ("a: 'x\n", None),
            ("{a: 1}: 2\n", Some("{a: 1}")),
        ] {
            let (shown, message) = mistake(text);
            assert!(!shown.is_empty(), "{text}: {message}");
            assert!(place.is_none_or(|place| place == shown), "{text}: {shown}");
        }
        assert_eq!(parse(""), Ok(None));
        assert_eq!(parse("# nothing\n"), Ok(None));
    }

    #[test]
    fn a_small_text_does_not_become_an_endless_document() {
        let mut bomb = String::from("a: &a [x, x, x, x, x, x, x, x, x]\n");
        for (before, name) in ('a'..'j').zip('b'..) {
            let nine = vec![format!("*{before}"); 9].join(", ");
            bomb.push_str(&[name.to_string(), format!(": &{name} [{nine}]\n")].concat());
        }
        assert!(mistake(&bomb).1.contains("100000 values"), "{bomb}");
        let brackets = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
        assert!(!mistake(&brackets).1.is_empty());
        let mut blocks = String::new();
        for depth in 0..100 {
            blocks.extend([" ".repeat(depth).as_str(), "a:\n"]);
        }
        assert!(mistake(&blocks).1.contains("deep"));
    }
}
