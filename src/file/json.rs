//! JSON, in a string or in a file, as the same tree that TOML becomes.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};

use crate::{
    file::tree::{Key, Span, Table, Tree, Value},
    model::template::{Segment, Template},
};

/// What stands around the number of a reference while JSON is parsed: characters of a private use
/// area, which no policy can hold.
const OPEN: char = '\u{E000}';
const CLOSE: char = '\u{E001}';

/// Parses JSON in which references may stand within strings. Everything in the tree has the place
/// `span`.
pub(crate) fn parse(text: &Template, span: &Span) -> Result<Tree, serde_json::Error> {
    let mut references = Vec::new();
    let mut plain = String::new();
    for segment in text.segments() {
        match segment {
            Segment::Literal(literal) => plain.push_str(literal),
            Segment::Reference(_) => {
                plain.push(OPEN);
                plain.push_str(&references.len().to_string());
                plain.push(CLOSE);
                references.push(segment.clone());
            }
        }
    }
    let Json(mut value) = serde_json::from_str(&plain)?;
    settle(&mut value, span, &references);
    let span = span.clone();
    Ok(Tree { span, value })
}

/// Gives everything its place and puts references back.
fn settle(value: &mut Value, span: &Span, references: &[Segment]) {
    match value {
        Value::Bool(_) | Value::Integer(_) | Value::Float(_) => {}
        Value::Text(text) => {
            if let Some(known) = text.known() {
                *text = restored(known, references);
            }
        }
        Value::List(elements) => {
            for element in elements {
                element.span = span.clone();
                settle(&mut element.value, span, references);
            }
        }
        Value::Table(table) => {
            table.span = span.clone();
            for (key, tree) in &mut table.entries {
                key.span = span.clone();
                tree.span = span.clone();
                settle(&mut tree.value, span, references);
            }
        }
    }
}

fn restored(text: &str, references: &[Segment]) -> Template {
    let mut pieces = text.split(OPEN);
    let first = pieces.next().unwrap_or_default();
    let mut segments = vec![Segment::Literal(first.to_owned())];
    for piece in pieces {
        let marked = piece.split_once(CLOSE);
        let found = marked.and_then(|(number, rest)| {
            Some((references.get(number.parse::<usize>().ok()?)?, rest))
        });
        match found {
            Some((reference, rest)) => {
                segments.push(reference.clone());
                segments.push(Segment::Literal(rest.to_owned()));
            }
            None => segments.push(Segment::Literal(format!("{OPEN}{piece}"))),
        }
    }
    Template::from_segments(segments)
}

/// A value without places. Unlike `serde_json::Value` it keeps the order of members and refuses to
/// lose any.
struct Json(Value);

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor).map(Json)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that is not null")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Integer(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        i64::try_from(number)
            .map(Value::Integer)
            .map_err(|_| E::custom("the number is too large"))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Float(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(Template::from(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Json(value)) = elements.next_element()? {
            list.push(Tree { span: 0..0, value });
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut table = Table::default();
        while let Some((text, Json(value))) = members.next_entry::<String, Json>()? {
            if table.get(&text).is_some() {
                return Err(A::Error::custom(format!(
                    "`{text}` stands twice in one object"
                )));
            }
            let key = Key { span: 0..0, text };
            table.entries.push((key, Tree { span: 0..0, value }));
        }
        Ok(Value::Table(table))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        address::Address,
        node::Node,
        template::{Attribute, Reference},
    };

    #[test]
    fn references_survive() {
        let reference = Segment::Reference(Reference {
            address: Address::workspace(),
            attribute: Attribute::Arn,
        });
        let text = Template::from_segments([
            Segment::Literal(r#"{"b": ["x"#.to_owned()),
            reference.clone(),
            Segment::Literal(r#"/*", 1, true]}"#.to_owned()),
        ]);
        let tree = parse(&text, &(3..9)).unwrap();
        assert_eq!(tree.span, 3..9);
        let expected = Template::from_segments([
            Segment::Literal("x".to_owned()),
            reference,
            Segment::Literal("/*".to_owned()),
        ]);
        let list = vec![Node::Text(expected), Node::from(1_i64), Node::from(true)];
        assert_eq!(tree.to_node(), Node::map([("b", Node::List(list))]));
    }

    #[test]
    fn what_would_be_lost_is_refused() {
        for (text, message) in [
            (r#"{"a": 1, "a": 2}"#, "`a` stands twice"),
            (r#"{"a": null}"#, "null"),
            ("{", "EOF"),
            (r#"{"a": 18446744073709551615}"#, "too large"),
        ] {
            let error = parse(&Template::from(text), &(0..1))
                .unwrap_err()
                .to_string();
            assert!(error.contains(message), "{text}: {error}");
        }
    }
}
