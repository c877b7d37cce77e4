//! Reads TOML into what a formatter moves about: sections, members, comments and blank lines.

use std::{borrow::Cow, iter::Peekable, vec::IntoIter};

use toml_parser::{
    Source,
    decoder::Encoding,
    parser::{Event, EventKind, parse_document},
};

/// A header with what follows it up to the next one; the first section has none.
#[derive(Debug, Default)]
pub(crate) struct Section<'s> {
    /// The comments that stand right on the header.
    pub(crate) above: Vec<&'s str>,
    pub(crate) header: Option<Header<'s>>,
    pub(crate) entries: Vec<Entry<'s>>,
}

/// `[a.b]` or `[[a.b]]`.
#[derive(Debug)]
pub(crate) struct Header<'s> {
    pub(crate) text: String,
    /// The comment at the end of its line.
    pub(crate) comment: Option<&'s str>,
}

/// What stands among others, in a section or between brackets.
#[derive(Debug)]
pub(crate) enum Entry<'s> {
    /// A blank line.
    Blank,
    /// A comment on a line of its own.
    Comment(&'s str),
    /// A value, with its key except in arrays.
    Member(Member<'s>),
}

/// A value with its key, or an element of an array, which has none.
#[derive(Debug)]
pub(crate) struct Member<'s> {
    pub(crate) key: Option<String>,
    pub(crate) value: Value<'s>,
    /// The comment at the end of its last line.
    pub(crate) comment: Option<&'s str>,
}

/// A value.
#[derive(Debug)]
pub(crate) enum Value<'s> {
    /// In its formatted form.
    Scalar(Cow<'s, str>),
    /// `[…]`
    Array(Group<'s>),
    /// `{…}`
    Table(Group<'s>),
}

/// What is between two brackets.
#[derive(Debug, Default)]
pub(crate) struct Group<'s> {
    /// The comment on the line of the opening bracket.
    pub(crate) comment: Option<&'s str>,
    pub(crate) entries: Vec<Entry<'s>>,
    /// Whether there is a line end in it, apart from those in its values.
    pub(crate) is_spread: bool,
}

/// Reads `text`, which has to be TOML.
pub(crate) fn parse(text: &str) -> Vec<Section<'_>> {
    let tokens = Source::new(text).lex().into_vec();
    let mut events: Vec<Event> = Vec::new();
    parse_document(&tokens, &mut events, &mut ());
    events.retain(|event| event.kind() != EventKind::Whitespace);
    let mut reader = Reader {
        text,
        events: events.into_iter().peekable(),
    };
    reader.sections()
}

/// What is left to be read: events other than whitespace.
struct Reader<'s> {
    text: &'s str,
    events: Peekable<IntoIter<Event>>,
}

impl<'s> Reader<'s> {
    fn sections(&mut self) -> Vec<Section<'s>> {
        let mut sections = Vec::new();
        let mut section = Section::default();
        let mut is_new_line = true;
        while let Some(kind) = self.peek() {
            match kind {
                EventKind::StdTableOpen | EventKind::ArrayTableOpen => {
                    let above = section.comments_at_end();
                    sections.push(section);
                    section = self.section(above);
                }
                EventKind::SimpleKey => section.entries.push(Entry::Member(self.pair())),
                EventKind::Comment => section.comment(self.comment(), is_new_line),
                EventKind::Newline if is_new_line => {
                    section.entries.push(Entry::Blank);
                    self.events.next();
                }
                EventKind::Newline
                | EventKind::StdTableClose
                | EventKind::ArrayTableClose
                | EventKind::InlineTableOpen
                | EventKind::InlineTableClose
                | EventKind::ArrayOpen
                | EventKind::ArrayClose
                | EventKind::KeySep
                | EventKind::KeyValSep
                | EventKind::Scalar
                | EventKind::ValueSep
                | EventKind::Whitespace
                | EventKind::Error => _ = self.events.next(),
            }
            is_new_line = kind == EventKind::Newline;
        }
        sections.push(section);
        sections
    }

    /// The section whose header comes next.
    fn section(&mut self, above: Vec<&'s str>) -> Section<'s> {
        let (open, key, close) = (self.raw(), self.key(), self.raw());
        let header = Header {
            text: format!("{open}{key}{close}"),
            comment: None,
        };
        Section {
            above,
            header: Some(header),
            entries: Vec::new(),
        }
    }

    /// The key and the value that come next.
    fn pair(&mut self) -> Member<'s> {
        let key = self.key();
        let mut comment = None;
        // In inline tables the parser also takes line ends and comments around the `=`.
        while let Some(kind) = self.peek() {
            if kind == EventKind::Comment {
                comment = Some(self.comment());
            } else if matches!(kind, EventKind::KeyValSep | EventKind::Newline) {
                self.events.next();
            } else {
                break;
            }
        }
        Member {
            key: Some(key),
            value: self.value(),
            comment,
        }
    }

    fn key(&mut self) -> String {
        let mut key = String::new();
        while let Some(EventKind::SimpleKey | EventKind::KeySep) = self.peek() {
            key.push_str(&self.quoted());
        }
        key
    }

    fn value(&mut self) -> Value<'s> {
        let Some(kind) = self.peek() else {
            return Value::Scalar(Cow::Borrowed(""));
        };
        if kind == EventKind::ArrayOpen {
            Value::Array(self.group())
        } else if kind == EventKind::InlineTableOpen {
            Value::Table(self.group())
        } else {
            Value::Scalar(self.quoted())
        }
    }

    /// What is between the bracket that comes next and the one that closes it.
    fn group(&mut self) -> Group<'s> {
        let mut group = Group::default();
        let mut is_new_line = false;
        self.events.next();
        while let Some(kind) = self.peek() {
            match kind {
                EventKind::ArrayClose | EventKind::InlineTableClose => {
                    self.events.next();
                    break;
                }
                EventKind::Newline => {
                    if is_new_line {
                        group.entries.push(Entry::Blank);
                    }
                    group.is_spread = true;
                    self.events.next();
                }
                EventKind::Comment => group.comment(self.comment(), is_new_line),
                EventKind::SimpleKey => group.entries.push(Entry::Member(self.pair())),
                EventKind::ArrayOpen | EventKind::InlineTableOpen | EventKind::Scalar => {
                    group.entries.push(Entry::Member(Member {
                        key: None,
                        value: self.value(),
                        comment: None,
                    }));
                }
                EventKind::ValueSep
                | EventKind::StdTableOpen
                | EventKind::StdTableClose
                | EventKind::ArrayTableOpen
                | EventKind::ArrayTableClose
                | EventKind::KeySep
                | EventKind::KeyValSep
                | EventKind::Whitespace
                | EventKind::Error => _ = self.events.next(),
            }
            is_new_line = kind == EventKind::Newline;
        }
        group
    }

    fn peek(&mut self) -> Option<EventKind> {
        self.events.peek().map(Event::kind)
    }

    fn comment(&mut self) -> &'s str {
        self.raw().trim_end_matches([' ', '\t'])
    }

    /// The text of the next event, in double quotes if it is in single ones that nothing needs.
    fn quoted(&mut self) -> Cow<'s, str> {
        let is_literal = self
            .events
            .peek()
            .is_some_and(|event| event.encoding() == Some(Encoding::LiteralString));
        let raw = self.raw();
        if is_literal && !raw.contains(['"', '\\']) {
            Cow::Owned(raw.replace('\'', "\""))
        } else {
            Cow::Borrowed(raw)
        }
    }

    /// The text of the next event.
    fn raw(&mut self) -> &'s str {
        let span = self.events.next().map(|event| event.span());
        span.and_then(|span| self.text.get(span.start()..span.end()))
            .unwrap_or_default()
    }
}

impl<'s> Section<'s> {
    /// Takes the comments away that no blank line parts from what follows.
    fn comments_at_end(&mut self) -> Vec<&'s str> {
        let is_comment = |entry: &Entry<'_>| matches!(entry, Entry::Comment(_));
        let others = self.entries.iter().rposition(|entry| !is_comment(entry));
        let comments = self.entries.split_off(others.map_or(0, |at| at + 1));
        let text = |entry| match entry {
            Entry::Comment(text) => Some(text),
            Entry::Blank | Entry::Member(_) => None,
        };
        comments.into_iter().filter_map(text).collect()
    }

    fn comment(&mut self, comment: &'s str, is_new_line: bool) {
        let opening = self.header.as_mut().map(|header| &mut header.comment);
        place(comment, is_new_line, opening, &mut self.entries);
    }
}

impl<'s> Group<'s> {
    fn comment(&mut self, comment: &'s str, is_new_line: bool) {
        place(
            comment,
            is_new_line,
            Some(&mut self.comment),
            &mut self.entries,
        );
    }
}

/// Puts a comment at the end of the line that it is on: that of the last entry, or else the
/// `opening` one. If there is none, or it has a comment already, the comment gets a line of its
/// own.
fn place<'s>(
    comment: &'s str,
    is_new_line: bool,
    opening: Option<&mut Option<&'s str>>,
    entries: &mut Vec<Entry<'s>>,
) {
    let end_of_line = match entries.last_mut() {
        Some(Entry::Member(member)) => Some(&mut member.comment),
        Some(Entry::Blank | Entry::Comment(_)) => None,
        None => opening,
    };
    match end_of_line {
        Some(end @ None) if !is_new_line => *end = Some(comment),
        Some(_) | None => entries.push(Entry::Comment(comment)),
    }
}
