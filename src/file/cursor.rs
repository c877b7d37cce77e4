//! Where in a stack file somebody is typing. A file that is being typed is seldom TOML, so this
//! reads the tokens before the place and asks no parser.

use toml_parser::{
    Source,
    lexer::{Token, TokenKind},
};

use crate::file::tree::Span;

/// A step on the way to a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The value of a key.
    Key(String),
    /// An element of an array.
    Element,
}

/// Where somebody is typing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The way to the table, from the top of the file.
    pub table: Vec<Step>,
    /// What is typed there.
    pub at: At,
    /// What is typed of it already, up to the place.
    pub typed: Span,
}

/// What is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At {
    /// A part of the name of a table, in `[…]`.
    Header,
    /// A key of the table.
    Key,
    /// The value of this key of the table.
    Value {
        /// The key.
        key: String,
        /// Whether an element of an array is typed.
        is_element: bool,
        /// Whether it is within a string that has begun.
        is_in_string: bool,
    },
}

/// What is open around the place: an inline table or an array, and the key before it.
struct Open {
    closing: TokenKind,
    key: Vec<String>,
}

/// Reads tokens up to a place.
#[derive(Default)]
struct Reader {
    header: Vec<String>,
    open: Vec<Open>,
    /// The parts of the key that is read, or of which the value is.
    key: Vec<String>,
    mode: Mode,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    Key,
    Header,
    Value,
    /// After a header or a value, where nothing else belongs.
    After,
}

/// Where `place`, a byte of `text`, is; `None` in comments and where nothing can be typed.
pub fn cursor(text: &str, place: usize) -> Option<Cursor> {
    let before = text.get(..place)?;
    let tokens = Source::new(before).lex().into_vec();
    let tokens: Vec<&Token> = tokens
        .iter()
        .filter(|token| token.kind() != TokenKind::Eof)
        .collect();
    let mut reader = Reader::default();
    let (last, rest) = match tokens.split_last() {
        Some((last, rest)) if is_word(last.kind()) => (Some(*last), rest),
        Some(_) | None => (None, tokens.as_slice()),
    };
    for token in rest {
        reader.read(token, before);
    }
    if tokens
        .last()
        .is_some_and(|last| last.kind() == TokenKind::Comment)
    {
        return None;
    }
    let typed = last.map_or(place..place, |token| {
        let span = token.span();
        span.start()..span.end()
    });
    let is_in_string = last.is_some_and(|token| token.kind() != TokenKind::Atom);
    reader.place(typed, is_in_string)
}

fn is_word(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::Atom
            | TokenKind::BasicString
            | TokenKind::LiteralString
            | TokenKind::MlBasicString
            | TokenKind::MlLiteralString
    )
}

impl Reader {
    fn read(&mut self, token: &Token, text: &str) {
        match token.kind() {
            TokenKind::Newline if self.open.is_empty() => {
                self.mode = Mode::Key;
                self.key.clear();
            }
            TokenKind::LeftSquareBracket if self.mode == Mode::Key && self.key.is_empty() => {
                self.mode = Mode::Header;
                self.header.clear();
            }
            TokenKind::LeftSquareBracket if self.mode == Mode::Value => {
                self.open(TokenKind::RightSquareBracket);
            }
            TokenKind::LeftCurlyBracket if self.mode == Mode::Value => {
                self.open(TokenKind::RightCurlyBracket);
                self.key.clear();
                self.mode = Mode::Key;
            }
            TokenKind::RightSquareBracket if self.mode == Mode::Header => self.mode = Mode::After,
            TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket => {
                if let Some(open) = self.open.pop() {
                    self.key = open.key;
                }
                self.mode = Mode::After;
            }
            TokenKind::Comma => match self.open.last() {
                Some(open) if open.closing == TokenKind::RightCurlyBracket => {
                    self.key.clear();
                    self.mode = Mode::Key;
                }
                Some(_) => self.mode = Mode::Value,
                None => {}
            },
            TokenKind::Equals => self.mode = Mode::Value,
            TokenKind::Atom
            | TokenKind::BasicString
            | TokenKind::LiteralString
            | TokenKind::MlBasicString
            | TokenKind::MlLiteralString => {
                let span = token.span();
                let word = text.get(span.start()..span.end()).unwrap_or_default();
                let word = word.trim_matches(['"', '\'']).to_owned();
                match self.mode {
                    Mode::Key => self.key.push(word),
                    Mode::Header => self.header.push(word),
                    Mode::Value => self.mode = Mode::After,
                    Mode::After => {}
                }
            }
            TokenKind::Newline
            | TokenKind::LeftSquareBracket
            | TokenKind::LeftCurlyBracket
            | TokenKind::Dot
            | TokenKind::Whitespace
            | TokenKind::Comment
            | TokenKind::Eof => {}
        }
    }

    fn open(&mut self, closing: TokenKind) {
        self.open.push(Open {
            closing,
            key: self.key.clone(),
        });
    }

    /// The place after everything that was read, where `typed` stands.
    fn place(mut self, typed: Span, is_in_string: bool) -> Option<Cursor> {
        let mut table: Vec<Step> = self.header.drain(..).map(Step::Key).collect();
        let is_element = self
            .open
            .last()
            .is_some_and(|open| open.closing == TokenKind::RightSquareBracket);
        let mut is_within_array = false;
        for open in &self.open {
            let is_array = open.closing == TokenKind::RightSquareBracket;
            if !is_array {
                table.extend(open.key.iter().cloned().map(Step::Key));
                table.extend(is_within_array.then_some(Step::Element));
            }
            is_within_array = is_array;
        }
        let at = match self.mode {
            Mode::Header => At::Header,
            Mode::Key => {
                table.extend(self.key.into_iter().map(Step::Key));
                At::Key
            }
            Mode::Value => {
                let key = self.key.pop()?;
                table.extend(self.key.into_iter().map(Step::Key));
                At::Value {
                    key,
                    is_element,
                    is_in_string,
                }
            }
            Mode::After => return None,
        };
        Some(Cursor { table, at, typed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The place of `|` in `text`, in short.
    fn at(text: &str) -> String {
        let place = text.find('|').expect("a place");
        let text = text.replace('|', "");
        let Some(cursor) = cursor(&text, place) else {
            return "nowhere".to_owned();
        };
        let table: Vec<&str> = cursor
            .table
            .iter()
            .map(|step| match step {
                Step::Key(key) => key.as_str(),
                Step::Element => "[]",
            })
            .collect();
        let typed = &text[cursor.typed];
        match cursor.at {
            At::Header => format!("header {table:?} {typed}"),
            At::Key => format!("key {table:?} {typed}"),
            At::Value {
                key,
                is_element,
                is_in_string,
            } => {
                let element = if is_element { "[]" } else { "" };
                let string = if is_in_string { " string" } else { "" };
                format!("value {table:?} {key}{element}{string} {typed}")
            }
        }
    }

    #[test]
    fn places_are_found_in_files_that_are_not_ready() {
        for (text, expected) in [
            ("|", "key [] "),
            ("[ro|", "header [] ro"),
            ("[roles.|", "header [\"roles\"] "),
            ("[roles.task]\nna|", "key [\"roles\", \"task\"] na"),
            ("[a]\nb.|", "key [\"a\", \"b\"] "),
            ("[a]\nb = |", "value [\"a\"] b "),
            ("[a]\nb = \"x|", "value [\"a\"] b string \"x"),
            ("[a]\nb = \"x\" |", "nowhere"),
            ("[a]\nb = [\"x\", |", "value [\"a\"] b[] "),
            ("[a]\nb = { |", "key [\"a\", \"b\"] "),
            ("[a]\nb = [{ c = 1, d|", "key [\"a\", \"b\", \"[]\"] d"),
            ("[a]\nb = [{ c = |", "value [\"a\", \"b\", \"[]\"] c "),
            ("[a]\nb = [{ c = 1 }, |", "value [\"a\"] b[] "),
            ("[a]\nb = { c = [1] }\nd|", "key [\"a\"] d"),
            ("[a]\nb = [\n  1,\n  |", "value [\"a\"] b[] "),
            ("[a]\n# b|", "nowhere"),
            ("[a] |", "nowhere"),
            ("[a]\nb.c = |", "value [\"a\", \"b\"] c "),
            ("[a]\nb = 1\n\n[c]\n|\n[d]\n", "key [\"c\"] "),
        ] {
            assert_eq!(at(text), expected, "{text}");
        }
    }

    #[test]
    fn every_place_of_a_file_is_read() {
        let text = "[a.'b']\nc = { d = [\"x\\\"\", 'y', {e.f = \"\"\"\n[\"\"\"}] } # g\n[[h]]\n";
        for place in 0..=text.len() {
            _ = cursor(text, place);
        }
    }
}
