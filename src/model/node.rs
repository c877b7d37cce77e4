//! A JSON-like tree whose strings may mention things that are not known yet.

use litemap::LiteMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::{Number, Value};

use crate::model::template::{NotAText, Reference, Template};

/// The members of an object, by key. Most objects have a handful, for which a `BTreeMap` sets aside
/// the room of eleven each.
pub type Members = LiteMap<String, Node>;

/// A document: a policy, a task definition, or what is shown of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    Text(Template),
    /// An array.
    List(Vec<Node>),
    /// An object; the order of its keys has no meaning.
    Map(Members),
}

impl Node {
    /// An object of these members.
    pub fn map<K: Into<String>>(members: impl IntoIterator<Item = (K, Node)>) -> Self {
        Self::Map(members.into_iter().map(|(k, v)| (k.into(), v)).collect())
    }

    /// An array of strings.
    pub fn texts<T: Into<Template>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::List(texts.into_iter().map(|t| Self::Text(t.into())).collect())
    }

    /// The member `key`, if this is an object that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_map().and_then(|members| members.get(key))
    }

    /// The members, if this is an object.
    pub fn as_map(&self) -> Option<&Members> {
        if let Self::Map(members) = self {
            Some(members)
        } else {
            None
        }
    }

    /// The members, if this is an object.
    pub fn as_map_mut(&mut self) -> Option<&mut Members> {
        if let Self::Map(members) = self {
            Some(members)
        } else {
            None
        }
    }

    /// The elements, if this is an array.
    pub fn as_list(&self) -> Option<&[Self]> {
        if let Self::List(elements) = self {
            Some(elements)
        } else {
            None
        }
    }

    /// The string, if this is one.
    pub fn as_text(&self) -> Option<&Template> {
        if let Self::Text(text) = self {
            Some(text)
        } else {
            None
        }
    }

    /// The string, if this is one and nothing in it is unknown.
    pub fn as_str(&self) -> Option<&str> {
        self.as_text().and_then(Template::known)
    }

    /// The whole number, if this is one.
    pub fn as_i64(&self) -> Option<i64> {
        if let Self::Number(number) = self {
            number.as_i64()
        } else {
            None
        }
    }

    /// The truth value, if this is one.
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self {
            Some(*value)
        } else {
            None
        }
    }

    /// Returns whether this is an empty array or an empty object.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::List(elements) => elements.is_empty(),
            Self::Map(members) => members.is_empty(),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) => false,
        }
    }

    /// Calls `visit` with every string in the tree, in order.
    pub fn each_template<'a>(&'a self, visit: &mut dyn FnMut(&'a Template)) {
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) => {}
            Self::Text(text) => visit(text),
            Self::List(elements) => elements.iter().for_each(|e| e.each_template(visit)),
            Self::Map(members) => members.values().for_each(|m| m.each_template(visit)),
        }
    }

    /// The same tree with everything filled in that `lookup` knows.
    #[must_use]
    pub fn resolve(&self, lookup: &dyn Fn(&Reference) -> Option<String>) -> Self {
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) => self.clone(),
            Self::Text(text) => Self::Text(text.resolve(lookup)),
            Self::List(elements) => {
                Self::List(elements.iter().map(|e| e.resolve(lookup)).collect())
            }
            Self::Map(members) => Self::Map(
                members
                    .iter()
                    .map(|(key, member)| (key.clone(), member.resolve(lookup)))
                    .collect(),
            ),
        }
    }

    /// The tree as JSON; what is not known yet appears as a stack file spells it.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Number(number) => Value::Number(number.clone()),
            Self::Text(text) => Value::String(text.to_string()),
            Self::List(elements) => elements.iter().map(Self::to_json).collect(),
            Self::Map(members) => Value::Object(
                members
                    .iter()
                    .map(|(key, member)| (key.clone(), member.to_json()))
                    .collect(),
            ),
        }
    }
}

/// Writes the tree as JSON in which strings are spelled as [`Template`] spells them, so that what
/// is not known yet comes back as such.
impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(number) => number.serialize(serializer),
            Self::Text(text) => text.serialize(serializer),
            Self::List(elements) => serializer.collect_seq(elements),
            Self::Map(members) => serializer.collect_map(members),
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        spelled(Value::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// The tree that was written as `value`.
fn spelled(value: Value) -> Result<Node, NotAText> {
    Ok(match value {
        Value::Null => Node::Null,
        Value::Bool(value) => Node::Bool(value),
        Value::Number(number) => Node::Number(number),
        Value::String(spelling) => Node::Text(Template::from_spelling(&spelling)?),
        Value::Array(elements) => {
            let elements = elements.into_iter().map(spelled);
            Node::List(elements.collect::<Result<_, _>>()?)
        }
        Value::Object(members) => {
            let members = members
                .into_iter()
                .map(|(key, member)| Ok((key, spelled(member)?)));
            Node::Map(members.collect::<Result<_, _>>()?)
        }
    })
}

impl From<&Value> for Node {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => Self::Number(number.clone()),
            Value::String(text) => Self::from(text.as_str()),
            Value::Array(elements) => Self::List(elements.iter().map(Self::from).collect()),
            Value::Object(members) => Self::Map(
                members
                    .iter()
                    .map(|(key, member)| (key.clone(), Self::from(member)))
                    .collect(),
            ),
        }
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Self::Text(Template::from(text))
    }
}

impl From<String> for Node {
    fn from(text: String) -> Self {
        Self::Text(Template::from(text))
    }
}

impl From<Template> for Node {
    fn from(text: Template) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Node {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Node {
    fn from(number: i64) -> Self {
        Self::Number(number.into())
    }
}

impl From<u32> for Node {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}
