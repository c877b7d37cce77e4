//! Decides where lines end: which values take one line, and where blank lines stand.

use crate::file::format::{
    parse::{Entry, Group, Member, Section, Value},
    width,
};

/// The most columns of a line, where that is a matter of choice.
const COLUMNS: usize = 100;
/// What each level of brackets moves its lines to the right by.
pub(crate) const INDENT: usize = 4;
/// What stands between a key and its value.
pub(crate) const EQUALS: &str = " = ";

/// A line of the result, without its alignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// Nothing.
    Blank,
    /// A header.
    Header(Content),
    /// A comment, or a value, or a part of one.
    Inner(Content),
}

/// What a line holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Content {
    /// How many brackets are open around it.
    pub(crate) depth: usize,
    /// The key, if its value ends on this line.
    pub(crate) key: Option<String>,
    /// What else is on it, apart from the comment; strings of several lines bring line ends.
    pub(crate) text: String,
    pub(crate) comment: Option<String>,
}

/// Lays out a file.
pub(crate) fn layout(sections: &[Section<'_>]) -> Vec<Line> {
    let mut page = Page::default();
    for section in sections {
        page.section(section);
    }
    page.lines
}

/// The lines so far, and the line that is being written.
#[derive(Default)]
struct Page {
    lines: Vec<Line>,
    open: Content,
}

impl Page {
    fn section(&mut self, section: &Section<'_>) {
        if section.header.is_some() && !self.lines.is_empty() {
            self.lines.push(Line::Blank);
        }
        for comment in &section.above {
            self.end(Some(comment));
        }
        if let Some(header) = &section.header {
            self.lines.push(Line::Header(Content {
                text: header.text.clone(),
                comment: header.comment.map(str::to_owned),
                ..Content::default()
            }));
        }
        self.entries(&section.entries, "");
    }

    /// Gives each entry lines of its own, and ends each member with `end`.
    fn entries(&mut self, entries: &[Entry<'_>], end: &str) {
        let start = self.lines.len();
        let mut is_after_blank = false;
        for entry in entries {
            let is_blank = matches!(entry, Entry::Blank);
            if !is_blank && is_after_blank && self.lines.len() > start {
                self.lines.push(Line::Blank);
            }
            is_after_blank = is_blank;
            match entry {
                Entry::Blank => {}
                Entry::Comment(comment) => self.end(Some(comment)),
                Entry::Member(member) => {
                    self.member(member);
                    self.open.text.push_str(end);
                    if self.open.text.contains('\n') {
                        self.join_key();
                    }
                    self.end(member.comment);
                }
            }
        }
    }

    fn member(&mut self, member: &Member<'_>) {
        self.open.key.clone_from(&member.key);
        self.value(&member.value);
    }

    fn value(&mut self, value: &Value<'_>) {
        // There is nowhere to break what is empty.
        let fits = |flat: &String| matches!(flat.as_str(), "[]" | "{}") || self.has_room_for(flat);
        if let Some(flat) = flat(value).filter(fits) {
            self.open.text.push_str(&flat);
            return;
        }
        match value {
            Value::Scalar(text) => self.open.text.push_str(text),
            Value::Array(group) => self.spread(group, ['[', ']']),
            Value::Table(group) if group.is_spread => self.spread(group, ['{', '}']),
            Value::Table(group) => self.hug(group),
        }
    }

    /// Writes one entry per line.
    fn spread(&mut self, group: &Group<'_>, [open, close]: [char; 2]) {
        self.open.text.push(open);
        self.join_key();
        self.end(group.comment);
        self.open.depth += 1;
        self.entries(&group.entries, ",");
        self.open.depth -= 1;
        self.open.text.push(close);
    }

    /// Writes a table whose members stand on the line of its brackets, but for the line ends that
    /// their values need.
    fn hug(&mut self, group: &Group<'_>) {
        let mut separator = "{ ";
        for entry in &group.entries {
            if let Entry::Member(Member { key, value, .. }) = entry {
                let key = key.as_deref().unwrap_or_default();
                self.open.text.push_str(separator);
                self.open.text.push_str(key);
                self.open.text.push_str(EQUALS);
                self.value(value);
                separator = ", ";
            }
        }
        self.open.text.push_str(" }");
    }

    /// Makes the key, if there is one, a part of the text, because its value takes more lines than
    /// this.
    fn join_key(&mut self) {
        if let Some(key) = self.open.key.take() {
            self.open.text.insert_str(0, &format!("{key}{EQUALS}"));
        }
    }

    /// Ends the line that is being written.
    fn end(&mut self, comment: Option<&str>) {
        let depth = self.open.depth;
        let mut line = std::mem::take(&mut self.open);
        self.open.depth = depth;
        line.comment = comment.map(str::to_owned);
        self.lines.push(Line::Inner(line));
    }

    /// Returns whether `text` fits on the line, with a comma if one may follow.
    fn has_room_for(&self, text: &str) -> bool {
        let Content {
            depth,
            key,
            text: before,
            ..
        } = &self.open;
        let comma = usize::from(*depth > 0);
        let mut columns = width(before) + width(text) + comma;
        if !before.contains('\n') {
            let key = key.as_ref().map_or(0, |key| width(key) + EQUALS.len());
            columns += depth * INDENT + key;
        }
        columns <= COLUMNS
    }
}

/// A value on one line, unless a comment or a line end in it needs more.
fn flat(value: &Value<'_>) -> Option<String> {
    match value {
        Value::Scalar(text) => (!text.contains('\n')).then(|| text.clone().into_owned()),
        Value::Array(group) => Some(format!("[{}]", flat_entries(group)?.join(", "))),
        Value::Table(group) => {
            let members = flat_entries(group)?;
            if members.is_empty() {
                return Some("{}".to_owned());
            }
            Some(format!("{{ {} }}", members.join(", ")))
        }
    }
}

fn flat_entries(group: &Group<'_>) -> Option<Vec<String>> {
    if group.comment.is_some() {
        return None;
    }
    let mut flattened = Vec::new();
    for entry in &group.entries {
        match entry {
            Entry::Blank => {}
            Entry::Comment(_)
            | Entry::Member(Member {
                comment: Some(_), ..
            }) => return None,
            Entry::Member(Member { key, value, .. }) => {
                let value = flat(value)?;
                flattened.push(match key {
                    Some(key) => format!("{key}{EQUALS}{value}"),
                    None => value,
                });
            }
        }
    }
    Some(flattened)
}
