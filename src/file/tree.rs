//! A stack file after interpolation: values with the places they stand at.

use std::ops::Range;

use crate::model::{
    node::Node,
    template::{Reference, Template},
};

/// Bytes of the stack file.
pub type Span = Range<usize>;

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    /// Where. Of what was read from another file, the place that names the file.
    pub span: Span,
    /// What.
    pub value: Value,
}

/// A value of TOML or JSON.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Another number.
    Float(f64),
    /// A string; references to other resources stay in it.
    Text(Template),
    /// An array.
    List(Vec<Tree>),
    /// A table.
    Table(Table),
}

/// A table, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Where the table stands: its header, or its braces.
    pub span: Span,
    /// Keys and values.
    pub entries: Vec<(Key, Tree)>,
}

/// A key and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Where.
    pub span: Span,
    /// The key.
    pub text: String,
}

impl Table {
    /// The entry `key`.
    pub fn get(&self, key: &str) -> Option<&Tree> {
        self.entries
            .iter()
            .find(|(k, _)| k.text == key)
            .map(|(_, value)| value)
    }

    /// The entry `key`, to be altered.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Tree> {
        self.entries
            .iter_mut()
            .find(|(k, _)| k.text == key)
            .map(|(_, value)| value)
    }
}

impl Tree {
    /// The table, if it is one.
    pub fn as_table(&self) -> Option<&Table> {
        if let Value::Table(table) = &self.value {
            Some(table)
        } else {
            None
        }
    }

    /// The table, if it is one, to be altered.
    pub fn as_table_mut(&mut self) -> Option<&mut Table> {
        if let Value::Table(table) = &mut self.value {
            Some(table)
        } else {
            None
        }
    }

    /// The string, if it is one.
    pub fn as_text(&self) -> Option<&Template> {
        if let Value::Text(text) = &self.value {
            Some(text)
        } else {
            None
        }
    }

    /// Fills in everything that `lookup` knows.
    pub fn resolve(&mut self, lookup: &dyn Fn(&Reference) -> Option<String>) {
        match &mut self.value {
            Value::Bool(_) | Value::Integer(_) | Value::Float(_) => {}
            Value::Text(text) => *text = text.resolve(lookup),
            Value::List(elements) => elements.iter_mut().for_each(|e| e.resolve(lookup)),
            Value::Table(table) => table
                .entries
                .iter_mut()
                .for_each(|(_, value)| value.resolve(lookup)),
        }
    }

    /// Calls `visit` with every string in it and its place.
    pub fn each_template<'a>(&'a self, visit: &mut dyn FnMut(&'a Template, &'a Span)) {
        match &self.value {
            Value::Bool(_) | Value::Integer(_) | Value::Float(_) => {}
            Value::Text(text) => visit(text, &self.span),
            Value::List(elements) => elements.iter().for_each(|e| e.each_template(visit)),
            Value::Table(table) => table
                .entries
                .iter()
                .for_each(|(_, value)| value.each_template(visit)),
        }
    }

    /// What kind of value it is, for messages.
    pub fn type_name(&self) -> &'static str {
        match self.value {
            Value::Bool(_) => "a boolean",
            Value::Integer(_) => "an integer",
            Value::Float(_) => "a float",
            Value::Text(_) => "a string",
            Value::List(_) => "an array",
            Value::Table(_) => "a table",
        }
    }

    /// The value without its place.
    pub fn to_node(&self) -> Node {
        match &self.value {
            Value::Bool(value) => Node::Bool(*value),
            Value::Integer(number) => Node::from(*number),
            Value::Float(number) => {
                serde_json::Number::from_f64(*number).map_or(Node::Null, Node::Number)
            }
            Value::Text(text) => Node::Text(text.clone()),
            Value::List(elements) => Node::List(elements.iter().map(Self::to_node).collect()),
            Value::Table(table) => Node::map(
                table
                    .entries
                    .iter()
                    .map(|(key, value)| (key.text.clone(), value.to_node())),
            ),
        }
    }
}
