//! JSON, in a string or in a file, as the same tree that TOML becomes.

use jsonc_parser::{
    CollectOptions, ParseOptions,
    ast::{Object, Value as Parsed},
    common::{Range, Ranged},
    parse_to_ast,
};

use crate::{
    file::{
        placed::{Placed, character_at},
        tree::{Key, Span, Table, Tree, Value},
    },
    model::template::{Segment, Template},
};

/// What stands around the number of a reference while JSON is parsed: characters of a private use
/// area, which no policy can hold.
const OPEN: char = '\u{E000}';
const CLOSE: char = '\u{E001}';

/// Nothing but JSON (RFC 8259).
const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// What `null` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nulls {
    /// A mistake.
    Refused,
    /// The same as no member or element, as in what the AWS CLI writes.
    LeftOut,
}

/// Why a text is no JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// Where.
    pub(crate) span: Span,
    /// What is wrong, as a sentence in lower case without a full stop.
    pub(crate) message: String,
}

/// Parses JSON in which references may stand within strings. `placed` says where the text stands in
/// which every reference has been written as something of its own.
///
/// The values come with their places from `jsonc-parser`. `serde_json` has none, and says better
/// what is wrong with what is no JSON: it reads the text first, and refuses what is nested so deep
/// that no stack could hold it.
pub(crate) fn parse(
    text: &Template,
    nulls: Nulls,
    placed: &dyn Fn(&str) -> Placed,
) -> Result<Tree, Mistake> {
    let (plain, references) = written_out(text);
    let placed = placed(&plain);
    let mistake = |span: Span, message: String| Mistake {
        span: placed.place(&span),
        message,
    };
    if let Err(error) = serde_json::from_str::<serde_json::Value>(&plain) {
        let message = without_place(&error);
        let mut at = offset(&plain, error.line(), error.column());
        // It stands at the bracket after it, perhaps lines below.
        if message == "trailing comma" {
            at = plain[..at].rfind(',').unwrap_or(at);
        }
        return Err(mistake(character_at(&plain, at), message));
    }
    let parsed = parse_to_ast(&plain, &CollectOptions::default(), &STRICT).map_err(|error| {
        let Range { start, end } = error.range();
        mistake(start..end, error.kind().to_string())
    })?;
    let reader = Reader {
        plain: &plain,
        placed: &placed,
        references: &references,
        nulls,
    };
    let read = parsed.value.map(|value| reader.tree(value)).transpose()?;
    read.flatten()
        .ok_or_else(|| mistake(character_at(&plain, 0), "there is no value".to_owned()))
}

/// The text with a mark for each reference, and the references.
fn written_out(text: &Template) -> (String, Vec<Segment>) {
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
    (plain, references)
}

/// The byte at a line and a column as `serde_json` counts them: from 1, columns in bytes, the
/// column being that of the last byte it has read.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let before = text.split_inclusive('\n').take(line.saturating_sub(1));
    let start: usize = before.map(str::len).sum();
    text.floor_char_boundary((start + column.saturating_sub(1)).min(text.len()))
}

/// What `serde_json` says, without where it says it is: the place is underlined.
fn without_place(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    message.strip_suffix(&place).unwrap_or(&message).to_owned()
}

/// Makes a tree of what is parsed. It keeps the order of members and loses none of them.
struct Reader<'a> {
    plain: &'a str,
    placed: &'a Placed,
    references: &'a [Segment],
    nulls: Nulls,
}

impl Reader<'_> {
    fn tree(&self, parsed: Parsed<'_>) -> Result<Option<Tree>, Mistake> {
        let span = self.place(parsed.range());
        let value = match parsed {
            Parsed::StringLit(text) => Value::Text(restored(&text.value, self.references)),
            Parsed::BooleanLit(one) => Value::Bool(one.value),
            Parsed::NumberLit(number) => {
                let value = number_of(number.value);
                value.ok_or_else(|| self.mistake(number.range, "the number is too large"))?
            }
            Parsed::Object(object) => Value::Table(self.table(object)?),
            Parsed::Array(array) => {
                let elements = array.elements.into_iter().map(|element| self.tree(element));
                let elements: Result<Vec<Option<Tree>>, Mistake> = elements.collect();
                Value::List(elements?.into_iter().flatten().collect())
            }
            Parsed::NullKeyword(null) => {
                return match self.nulls {
                    Nulls::LeftOut => Ok(None),
                    Nulls::Refused => {
                        Err(self.mistake(null.range, "`null` stands for nothing here"))
                    }
                };
            }
        };
        Ok(Some(Tree { span, value }))
    }

    fn table(&self, object: Object<'_>) -> Result<Table, Mistake> {
        let mut table = Table {
            span: self.place(object.range),
            entries: Vec::new(),
        };
        for property in object.properties {
            let place = property.name.range();
            let text = property.name.into_string();
            if table.get(&text).is_some() {
                let message = format!("`{text}` stands twice in one object");
                return Err(self.mistake(place, message));
            }
            if let Some(value) = self.tree(property.value)? {
                let span = self.place(place);
                table.entries.push((Key { span, text }, value));
            }
        }
        Ok(table)
    }

    /// Where something stands; of what goes on over several lines, where it begins.
    fn place(&self, Range { start, end }: Range) -> Span {
        let is_one_line = !self.plain[start..end].contains('\n');
        let end = if is_one_line { end } else { start + 1 };
        self.placed.place(&(start..end))
    }

    fn mistake(&self, place: Range, message: impl Into<String>) -> Mistake {
        Mistake {
            span: self.place(place),
            message: message.into(),
        }
    }
}

/// A number of JSON; `None` for a whole one that is too large to be kept as it is.
fn number_of(written: &str) -> Option<Value> {
    if written.contains(['.', 'e', 'E']) {
        return written.parse().ok().map(Value::Float);
    }
    written.parse().ok().map(Value::Integer)
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
        let somewhere = |_: &str| Placed::somewhere(&(3..9));
        let tree = parse(&text, Nulls::Refused, &somewhere).unwrap();
        assert_eq!(tree.span, 3..9);
        let expected = Template::from_segments([
            Segment::Literal("x".to_owned()),
            reference,
            Segment::Literal("/*".to_owned()),
        ]);
        let list = vec![Node::Text(expected), Node::from(1_i64), Node::from(true)];
        assert_eq!(tree.to_node(), Node::map([("b", Node::List(list))]));
    }

    /// What `text` becomes, and how much of it is underlined if it is no JSON.
    fn parsed(text: &str, nulls: Nulls) -> Result<Tree, (String, &str)> {
        let as_it_is = |plain: &str| Placed::as_it_is(0..plain.len());
        let parsed = parse(&Template::from(text), nulls, &as_it_is);
        parsed.map_err(|mistake| (mistake.message, &text[mistake.span]))
    }

    #[test]
    fn what_would_be_lost_is_refused_where_it_stands() {
        for (text, message, place) in [
            (r#"{"a": 1, "a": 2}"#, "`a` stands twice", r#""a""#),
            (r#"{"a": null}"#, "null", "null"),
            ("{\n", "EOF", "{"),
            ("{\"a\": [1, 2,],\n\"b\": 1}", "trailing comma", ","),
            (
                r#"{"a": 18446744073709551615}"#,
                "too large",
                "18446744073709551615",
            ),
            ("// {}", "expected value", "/"),
            ("", "EOF", ""),
        ] {
            let (said, underlined) = parsed(text, Nulls::Refused).unwrap_err();
            assert!(said.contains(message), "{text}: {said}");
            assert!(!said.contains("line"), "{text}: {said}");
            assert_eq!(underlined, place, "{text}: {said}");
        }
        let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
        assert!(parsed(&deep, Nulls::Refused).is_err());
    }

    #[test]
    fn everything_has_its_place() {
        let text = "{\n  \"a\": [\n    {\"b\": \"\\u00e4\", \"c\": null}, -1.5e3\n  ]\n}";
        let tree = parsed(text, Nulls::LeftOut).unwrap();
        assert_eq!(&text[tree.span.clone()], "{");
        let (key, list) = &tree.as_table().unwrap().entries[0];
        assert_eq!(&text[key.span.clone()], "\"a\"");
        assert_eq!(&text[list.span.clone()], "[");
        let Value::List(elements) = &list.value else {
            panic!("{list:?}");
        };
        let [object, number] = elements.as_slice() else {
            panic!("{list:?}");
        };
        assert_eq!(
            &text[object.span.clone()],
            "{\"b\": \"\\u00e4\", \"c\": null}"
        );
        assert_eq!(object.to_node(), Node::map([("b", Node::from("ä"))]));
        assert_eq!(&text[number.span.clone()], "-1.5e3");
        assert_eq!(number.value, Value::Float(-1_500.0));
    }
}
