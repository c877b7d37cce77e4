//! Looks into a request's tree, whose members stand under the API's names.
//!
//! A value of the wrong type, or one that is known only after apply, answers `None`: the first is
//! reported where it is read, the second can't be judged.

use crate::{
    file::tree::{Key, Span, Table, Tree, Value},
    model::{node::Node, template::Template},
};

/// Questions to a tree.
pub(crate) trait View {
    /// The member `key`.
    fn at(&self, key: &str) -> Option<&Tree>;

    /// The string, known or not.
    fn text(&self) -> Option<&Template>;

    /// The number.
    fn integer(&self) -> Option<i64>;

    /// The truth value.
    fn boolean(&self) -> Option<bool>;

    /// The elements; none if this is not an array.
    fn elements(&self) -> &[Tree];

    /// The string, if it is known.
    fn known(&self) -> Option<&str> {
        self.text().and_then(Template::known)
    }

    /// The string `key`, if it is known.
    fn known_at(&self, key: &str) -> Option<&str> {
        self.at(key).and_then(View::known)
    }

    /// The number `key`.
    fn integer_at(&self, key: &str) -> Option<i64> {
        self.at(key).and_then(View::integer)
    }

    /// Returns whether `key` is there and true.
    fn is_true(&self, key: &str) -> bool {
        self.at(key).and_then(View::boolean) == Some(true)
    }

    /// The elements of the array `key`.
    fn list(&self, key: &str) -> &[Tree] {
        self.at(key).map(View::elements).unwrap_or_default()
    }
}

impl View for Tree {
    fn at(&self, key: &str) -> Option<&Tree> {
        match &self.value {
            Value::Table(table) => table.get(key),
            Value::Bool(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Text(_)
            | Value::List(_) => None,
        }
    }

    fn text(&self) -> Option<&Template> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::Bool(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::List(_)
            | Value::Table(_) => None,
        }
    }

    fn integer(&self) -> Option<i64> {
        match self.value {
            Value::Integer(number) => Some(number),
            Value::Bool(_)
            | Value::Float(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Table(_) => None,
        }
    }

    fn boolean(&self) -> Option<bool> {
        match self.value {
            Value::Bool(value) => Some(value),
            Value::Integer(_)
            | Value::Float(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Table(_) => None,
        }
    }

    fn elements(&self) -> &[Tree] {
        match &self.value {
            Value::List(elements) => elements,
            Value::Bool(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Text(_)
            | Value::Table(_) => &[],
        }
    }
}

/// A key at `span`.
pub(crate) fn key(text: impl Into<String>, span: &Span) -> Key {
    Key {
        span: span.clone(),
        text: text.into(),
    }
}

/// A value at `span`.
pub(crate) fn tree(value: Value, span: &Span) -> Tree {
    Tree {
        span: span.clone(),
        value,
    }
}

/// A string at `span`.
pub(crate) fn string(text: impl Into<Template>, span: &Span) -> Tree {
    tree(Value::Text(text.into()), span)
}

/// A table of strings at `span`.
pub(crate) fn table(span: &Span, entries: impl IntoIterator<Item = (&'static str, Tree)>) -> Tree {
    let entries = entries
        .into_iter()
        .map(|(k, v)| (key(k, span), v))
        .collect();
    let table = Table {
        span: span.clone(),
        entries,
    };
    tree(Value::Table(table), span)
}

/// Sets the member `name` of a table, at its old place if it is there.
pub(crate) fn set(into: &mut Table, name: Key, value: Tree) {
    match into.entries.iter_mut().find(|(k, _)| k.text == name.text) {
        Some(entry) => *entry = (name, value),
        None => into.entries.push((name, value)),
    }
}

/// Lays `from` over `into`: tables are merged member by member, everything else is replaced.
pub(crate) fn merge(into: &mut Table, from: &Table) {
    for (key, value) in &from.entries {
        let old = into.entries.iter_mut().find(|(k, _)| k.text == key.text);
        match (old, &value.value) {
            (
                Some((
                    _,
                    Tree {
                        value: Value::Table(old),
                        ..
                    },
                )),
                Value::Table(new),
            ) => merge(old, new),
            (Some(entry), _) => *entry = (key.clone(), value.clone()),
            (None, _) => into.entries.push((key.clone(), value.clone())),
        }
    }
}

/// A document at `span`; `None` is `null`.
pub(crate) fn from_node(node: &Node, span: &Span) -> Option<Tree> {
    let value = match node {
        Node::Null => return None,
        Node::Bool(value) => Value::Bool(*value),
        Node::Number(number) => match number.as_i64() {
            Some(whole) => Value::Integer(whole),
            None => Value::Float(number.as_f64()?),
        },
        Node::Text(text) => Value::Text(text.clone()),
        Node::List(elements) => {
            Value::List(elements.iter().filter_map(|e| from_node(e, span)).collect())
        }
        Node::Map(members) => Value::Table(Table {
            span: span.clone(),
            entries: members
                .iter()
                .filter_map(|(name, member)| Some((key(name, span), from_node(member, span)?)))
                .collect(),
        }),
    };
    Some(tree(value, span))
}
