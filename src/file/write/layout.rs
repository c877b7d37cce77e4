//! Lays tables out as TOML that people like to read: keys aligned, what is short on one line, what
//! is long in a table of its own.

use std::ops::Range;

use serde_json::Number;

/// The most columns of a line that could be broken.
const WIDTH: usize = 110;

/// A value as the file spells it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Bool(bool),
    Number(Number),
    /// A string in which what is filled in stands as `${…}` and a literal `${` as `$${`.
    Text(String),
    List(Vec<Value>),
    /// A list of strings, each with what is said about it.
    Noted(Vec<(String, String)>),
    Table(Table),
}

/// A table in the order in which it is written.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Table {
    /// What is said above its header.
    pub(crate) notes: Vec<String>,
    /// Whether it has a header of its own however short it is.
    pub(crate) is_section: bool,
    pub(crate) entries: Vec<(String, Value)>,
}

/// Text, and what stands where in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Page {
    pub(crate) text: String,
    places: Vec<Place>,
}

/// Where an entry stands.
#[derive(Clone, Debug, PartialEq)]
struct Place {
    span: Range<usize>,
    /// The keys from the top of the file.
    path: Vec<String>,
}

impl Table {
    /// A table that has a header of its own.
    pub(crate) fn section() -> Self {
        Self {
            is_section: true,
            ..Self::default()
        }
    }

    /// Adds an entry at the end.
    pub(crate) fn put(&mut self, key: &str, value: Value) {
        self.entries.push((key.to_owned(), value));
    }

    /// Adds a string, which means what it says, at the end.
    pub(crate) fn put_literal(&mut self, key: &str, text: &str) {
        self.put(key, Value::Text(escaped(text)));
    }

    /// Returns whether one of its strings holds `part`.
    pub(crate) fn holds(&self, part: &str) -> bool {
        let mut values = self.entries.iter().map(|(_, value)| value);
        values.any(|value| value.holds(part))
    }

    /// The entry `key`, on one line.
    pub(crate) fn entry_on_one_line(&self, key: &str) -> Option<String> {
        let (key, value) = self.entries.iter().find(|(other, _)| other == key)?;
        Some(format!("{} = {}", spelled_key(key), inline(value)))
    }

    /// Removes the entry at `path`, and every table that it leaves empty.
    pub(crate) fn take(&mut self, path: &[String]) {
        let Some((key, rest)) = path.split_first() else {
            return;
        };
        self.entries.retain_mut(|(other, value)| match value {
            _ if other != key => true,
            Value::Table(inner) if !rest.is_empty() => {
                inner.take(rest);
                !inner.entries.is_empty()
            }
            Value::Bool(_)
            | Value::Number(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Noted(_)
            | Value::Table(_) => !rest.is_empty(),
        });
    }

    /// Makes the entry at `path` a comment, and removes every table that it leaves empty.
    pub(crate) fn remove(&mut self, path: &[&str]) {
        self.remove_at(path, &path.join("."));
    }

    fn remove_at(&mut self, path: &[&str], whole: &str) {
        let Some((key, rest)) = path.split_first() else {
            return;
        };
        if !rest.is_empty()
            && let Some((_, Value::Table(inner))) = self.entries.iter_mut().find(|(k, _)| k == key)
        {
            inner.remove_at(rest, whole);
            if !inner.entries.is_empty() {
                return;
            }
            let notes = std::mem::take(&mut inner.notes);
            self.notes.extend(notes);
        }
        let removed = self.entries.extract_if(.., |(k, _)| k == key);
        for (_, value) in removed.collect::<Vec<_>>() {
            if rest.is_empty() {
                let value = inline(&value);
                self.notes
                    .push(format!("`{whole}` is left as it is: {value}"));
            }
        }
    }
}

impl Value {
    fn holds(&self, part: &str) -> bool {
        match self {
            Self::Bool(_) | Self::Number(_) | Self::Noted(_) => false,
            Self::Text(text) => text.contains(part),
            Self::List(elements) => elements.iter().any(|element| element.holds(part)),
            Self::Table(table) => table.holds(part),
        }
    }
}

/// The text with every `${` spelled as a stack file spells one that means itself.
pub(crate) fn escaped(text: &str) -> String {
    text.replace("${", "$${")
}

impl Page {
    /// The keys from the top of the file to the smallest entry that covers `span`.
    pub(crate) fn path_at(&self, span: &Range<usize>) -> Option<&[String]> {
        let covering = self
            .places
            .iter()
            .filter(|place| place.span.start <= span.start && span.end <= place.span.end);
        covering
            .min_by_key(|place| place.span.len())
            .map(|place| place.path.as_slice())
    }

    /// Adds lines of comment at the end.
    pub(crate) fn note(&mut self, text: &str) {
        for line in wrapped(text) {
            self.text.push_str(&line);
            self.text.push('\n');
        }
    }

    /// Adds a table at the end, under the header that `path` spells.
    pub(crate) fn table(&mut self, path: &[&str], table: &Table) {
        let path: Vec<String> = path.iter().map(|&key| key.to_owned()).collect();
        self.section(&path, table, ["[", "]"]);
    }

    fn section(&mut self, path: &[String], table: &Table, brackets: [&str; 2]) {
        let (sections, lines): (Vec<_>, Vec<_>) =
            table.entries.iter().partition(|(_, v)| is_section(v));
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        let start = self.text.len();
        for note in &table.notes {
            self.note(note);
        }
        let is_implied = lines.is_empty()
            && !sections.is_empty()
            && table.notes.is_empty()
            && brackets[0] == "[";
        if !is_implied {
            let keys: Vec<String> = path.iter().map(|key| spelled_key(key)).collect();
            let [open, close] = brackets;
            self.text
                .extend([open, keys.join(".").as_str(), close, "\n"]);
        } else if self.text.ends_with("\n\n") {
            // The first table within brings its own empty line.
            self.text.pop();
        }
        let width = lines.iter().map(|(key, _)| spelled_key(key).len()).max();
        for (key, value) in lines {
            self.line(path, key, value, width.unwrap_or_default());
        }
        for (key, value) in sections {
            let path: Vec<String> = path.iter().chain([key]).cloned().collect();
            match value {
                Value::Table(inner) => self.section(&path, inner, ["[", "]"]),
                Value::List(elements) => {
                    for element in elements {
                        if let Value::Table(inner) = element {
                            self.section(&path, inner, ["[[", "]]"]);
                        }
                    }
                }
                Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Noted(_) => {
                    unreachable!("only tables and lists of them are sections")
                }
            }
        }
        self.mark(start, path.to_vec());
    }

    fn line(&mut self, path: &[String], key: &str, value: &Value, width: usize) {
        let start = self.text.len();
        let padded = format!("{:width$} = ", spelled_key(key));
        self.text.push_str(&padded);
        let short = inline(value);
        let room = WIDTH.saturating_sub(width + " = ".len());
        match value {
            Value::Noted(paths) => self.noted(paths),
            Value::List(elements) if short.len() > room && !elements.is_empty() => {
                self.text.push_str("[\n");
                for element in elements {
                    self.text.extend(["  ", &inline(element), ",\n"]);
                }
                self.text.push(']');
            }
            Value::Bool(_)
            | Value::Number(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Table(_) => self.text.push_str(&short),
        }
        self.text.push('\n');
        let path = path.iter().cloned().chain([key.to_owned()]).collect();
        self.mark(start, path);
    }

    fn noted(&mut self, elements: &[(String, String)]) {
        self.text.push_str("[\n");
        for (element, note) in elements {
            for line in wrapped(note) {
                self.text.extend(["  ", &line, "\n"]);
            }
            self.text.extend(["  ", &spelled(&escaped(element)), ",\n"]);
        }
        self.text.push(']');
    }

    fn mark(&mut self, start: usize, path: Vec<String>) {
        let span = start..self.text.len();
        self.places.push(Place { span, path });
    }
}

/// Returns whether a value is written under a header of its own.
fn is_section(value: &Value) -> bool {
    match value {
        Value::Table(table) => {
            table.is_section || (!table.entries.is_empty() && inline(value).len() > WIDTH - 20)
        }
        Value::List(elements) => {
            let tables = elements.iter().filter_map(|element| match element {
                Value::Table(table) => Some((table, inline(element).len())),
                Value::Bool(_)
                | Value::Number(_)
                | Value::Text(_)
                | Value::List(_)
                | Value::Noted(_) => None,
            });
            let tables: Vec<_> = tables.collect();
            !elements.is_empty()
                && tables.len() == elements.len()
                && tables
                    .iter()
                    .any(|(table, length)| table.is_section || *length > WIDTH - 3)
        }
        Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Noted(_) => false,
    }
}

/// The value on one line, unless a string in it has several.
fn inline(value: &Value) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => spelled(text),
        Value::List(elements) => {
            let elements: Vec<String> = elements.iter().map(inline).collect();
            format!("[{}]", elements.join(", "))
        }
        Value::Noted(elements) => {
            let elements: Vec<String> = elements.iter().map(|(text, _)| spelled(text)).collect();
            format!("[{}]", elements.join(", "))
        }
        Value::Table(table) if table.entries.is_empty() => "{}".to_owned(),
        Value::Table(table) => {
            let entries = table.entries.iter();
            let entries: Vec<String> = entries
                .map(|(key, value)| format!("{} = {}", spelled_key(key), inline(value)))
                .collect();
            format!("{{ {} }}", entries.join(", "))
        }
    }
}

fn spelled(text: &str) -> String {
    toml_edit::Value::from(text).to_string()
}

fn spelled_key(key: &str) -> String {
    toml_edit::Key::new(key).to_string()
}

/// The lines of a comment.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::from("#");
    // TOML takes no control characters in comments.
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if word.is_empty() {
            continue;
        }
        if line.len() > 1 && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(std::mem::replace(&mut line, String::from("#")));
        }
        line.push(' ');
        line.push_str(word);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn keys_are_aligned_and_long_tables_have_headers() {
        let mut inner = Table::default();
        inner.put("first", text(&"x".repeat(60)));
        inner.put("second", text(&"y".repeat(60)));
        let mut table = Table::section();
        table.notes.push("About it.".to_owned());
        table.put("name", text("a"));
        table.put("odd key", Value::Bool(true));
        table.put("inner", Value::Table(inner));
        table.put(
            "ports",
            Value::List(vec![Value::Number(1.into()), Value::Number(2.into())]),
        );
        let mut page = Page::default();
        page.table(&["roles", "x"], &table);
        let (x, y) = ("x".repeat(60), "y".repeat(60));
        assert_eq!(
            page.text,
            format!(
                "# About it.\n[roles.x]\nname      = \"a\"\n\"odd key\" = true\nports     = [1, 2]\n\n[roles.x.inner]\nfirst  = \"{x}\"\nsecond = \"{y}\"\n"
            )
        );
        let at = page.text.find("true").unwrap();
        assert_eq!(
            page.path_at(&(at..at + 4)).unwrap(),
            ["roles", "x", "odd key"]
        );
        let at = page.text.find("[roles.x]").unwrap();
        assert_eq!(page.path_at(&(at..at + 9)).unwrap(), ["roles", "x"]);
    }

    #[test]
    fn a_table_of_tables_has_no_header_of_its_own() {
        let mut statement = Table::section();
        statement.put("Effect", text("Allow"));
        let mut policy = Table::section();
        let statement = Value::Table(statement);
        policy.put("Statement", Value::List(vec![statement.clone(), statement]));
        let mut page = Page::default();
        page.note("First.");
        page.table(&["a"], &policy);
        assert_eq!(
            page.text,
            "# First.\n\n[[a.Statement]]\nEffect = \"Allow\"\n\n[[a.Statement]]\nEffect = \"Allow\"\n"
        );
    }

    #[test]
    fn what_is_removed_leaves_no_empty_table() {
        let mut environment = Table::section();
        environment.put("A", text("1"));
        let mut table = Table::section();
        table.put("environment", Value::Table(environment.clone()));
        environment.put("B", text("2"));
        table.put("more", Value::Table(environment));
        table.remove(&["environment", "A"]);
        table.remove(&["more", "A"]);
        let mut page = Page::default();
        page.table(&["x"], &table);
        assert_eq!(
            page.text,
            "# `environment.A` is left as it is: \"1\"\n[x]\n\n# `more.A` is left as it is: \"1\"\n[x.more]\nB = \"2\"\n"
        );
    }
}
