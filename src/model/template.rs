//! Strings that may mention something AWS decides, such as a workspace's endpoint.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use thiserror::Error;

use crate::model::address::{Address, Kind};

/// A property of a resource that other resources may mention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribute {
    /// The ARN; of a log group the form without the final `:*`.
    Arn,
    /// The name of a role or of a log group.
    Name,
    /// The id of a workspace, `ws-…`.
    Id,
    /// The base URL of a workspace's Prometheus-compatible API, with a final `/`.
    Endpoint,
    /// The URL that remote write sends samples to.
    RemoteWriteUrl,
    /// The URL that answers PromQL queries.
    QueryUrl,
    /// The family of a task definition.
    Family,
}

impl Attribute {
    /// Every attribute.
    pub const ALL: [Self; 7] = [
        Self::Arn,
        Self::Name,
        Self::Id,
        Self::Endpoint,
        Self::RemoteWriteUrl,
        Self::QueryUrl,
        Self::Family,
    ];

    /// The attributes that resources of `kind` have.
    pub fn of(kind: Kind) -> &'static [Self] {
        match kind {
            Kind::LogGroup | Kind::Role => &[Self::Arn, Self::Name],
            Kind::Workspace => &[
                Self::Arn,
                Self::Id,
                Self::Endpoint,
                Self::RemoteWriteUrl,
                Self::QueryUrl,
            ],
            Kind::TaskDefinition => &[Self::Arn, Self::Family],
        }
    }

    /// The spelling in a stack file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Arn => "arn",
            Self::Name => "name",
            Self::Id => "id",
            Self::Endpoint => "endpoint",
            Self::RemoteWriteUrl => "remote_write_url",
            Self::QueryUrl => "query_url",
            Self::Family => "family",
        }
    }
}

/// `${roles.task.arn}`: an attribute of a resource of the same stack.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    /// Whose.
    pub address: Address,
    /// What.
    pub attribute: Attribute,
}

/// What is known of what references mention.
pub type Lookup<'a> = &'a dyn Fn(&Reference) -> Option<String>;

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${{{}.{}}}", self.address, self.attribute.as_str())
    }
}

/// A piece of a [`Template`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// Characters that stand for themselves.
    Literal(String),
    /// Something that is filled in once it is known.
    Reference(Reference),
}

/// A string that may mention attributes of other resources.
///
/// This is the only notion of "known after apply" in the program. Neighbouring literals are joined
/// and empty ones left out, so equal texts are equal values.
///
/// Written to a file it is one string, with references as a stack file spells them and `$$` for
/// every other `$`: each text has one spelling and each spelling one text.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Template(Vec<Segment>);

impl Template {
    /// Joins segments.
    pub fn from_segments(segments: impl IntoIterator<Item = Segment>) -> Self {
        let mut joined: Vec<Segment> = Vec::new();
        for segment in segments {
            match (joined.last_mut(), segment) {
                (_, Segment::Literal(text)) if text.is_empty() => {}
                (Some(Segment::Literal(before)), Segment::Literal(text)) => before.push_str(&text),
                (_, segment) => joined.push(segment),
            }
        }
        Self(joined)
    }

    /// The pieces, in order.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// The string, if nothing in it is still unknown.
    pub fn known(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Segment::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// The attributes it mentions.
    pub fn references(&self) -> BTreeSet<&Reference> {
        self.0
            .iter()
            .filter_map(|segment| match segment {
                Segment::Literal(_) => None,
                Segment::Reference(reference) => Some(reference),
            })
            .collect()
    }

    /// The same text with everything filled in that `lookup` knows.
    #[must_use]
    pub fn resolve(&self, lookup: &dyn Fn(&Reference) -> Option<String>) -> Self {
        Self::from_segments(self.0.iter().map(|segment| match segment {
            Segment::Literal(_) => segment.clone(),
            Segment::Reference(reference) => {
                lookup(reference).map_or_else(|| segment.clone(), Segment::Literal)
            }
        }))
    }
}

impl From<&str> for Template {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<String> for Template {
    fn from(text: String) -> Self {
        Self::from_segments([Segment::Literal(text)])
    }
}

impl From<Reference> for Template {
    fn from(reference: Reference) -> Self {
        Self(vec![Segment::Reference(reference)])
    }
}

/// A string is not the spelling of a text: a `$` in it begins neither `$$` nor a reference.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("a `$` begins neither `$$` nor a reference such as ${{workspace.arn}}")]
pub struct NotAText;

impl Template {
    /// The spelling in a file.
    pub fn spelling(&self) -> String {
        let segments = self.0.iter().map(|segment| match segment {
            Segment::Literal(text) => text.replace('$', "$$"),
            Segment::Reference(reference) => reference.to_string(),
        });
        segments.collect()
    }

    /// The text that is spelled like this.
    pub fn from_spelling(spelling: &str) -> Result<Self, NotAText> {
        let mut segments = Vec::new();
        let mut rest = spelling;
        while let Some((literal, special)) = rest.split_once('$') {
            segments.push(Segment::Literal(literal.to_owned()));
            rest = if let Some(rest) = special.strip_prefix('$') {
                segments.push(Segment::Literal("$".to_owned()));
                rest
            } else {
                let inner = special.strip_prefix('{').ok_or(NotAText)?;
                let (inner, rest) = inner.split_once('}').ok_or(NotAText)?;
                segments.push(Segment::Reference(reference(inner).ok_or(NotAText)?));
                rest
            };
        }
        segments.push(Segment::Literal(rest.to_owned()));
        Ok(Self::from_segments(segments))
    }
}

impl Serialize for Template {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.spelling())
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spelling = String::deserialize(deserializer)?;
        Self::from_spelling(&spelling).map_err(D::Error::custom)
    }
}

/// The reference that stands between `${` and `}`.
fn reference(inner: &str) -> Option<Reference> {
    let (address, attribute) = inner.rsplit_once('.')?;
    let is_meant = |known: &Attribute| known.as_str() == attribute;
    Some(Reference {
        address: address.parse().ok()?,
        attribute: Attribute::ALL.into_iter().find(is_meant)?,
    })
}

/// Shows references as a stack file spells them; text that has none is shown as it is.
impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for segment in &self.0 {
            match segment {
                Segment::Literal(text) => f.write_str(text)?,
                Segment::Reference(reference) => write!(f, "{reference}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint() -> Reference {
        Reference {
            address: Address::workspace(),
            attribute: Attribute::Endpoint,
        }
    }

    #[test]
    fn literals_are_joined_and_empty_ones_left_out() {
        let text = Template::from_segments([
            Segment::Literal("a".to_owned()),
            Segment::Literal(String::new()),
            Segment::Literal("b".to_owned()),
        ]);
        assert_eq!(text, Template::from("ab"));
        assert_eq!(Template::from(""), Template::default());
        assert_eq!(Template::from("").known(), Some(""));
    }

    #[test]
    fn every_text_has_a_spelling_of_its_own() {
        let reference = || Segment::Reference(endpoint());
        let literal = |text: &str| Segment::Literal(text.to_owned());
        let spellings = [
            (Template::default(), ""),
            (Template::from("a$b$$"), "a$$b$$$$"),
            (
                Template::from("${workspace.endpoint}"),
                "$${workspace.endpoint}",
            ),
            (Template::from(endpoint()), "${workspace.endpoint}"),
            (
                Template::from_segments([literal("$"), reference(), literal("$x")]),
                "$$${workspace.endpoint}$$x",
            ),
        ];
        for (text, spelling) in spellings {
            assert_eq!(text.spelling(), spelling);
            assert_eq!(Template::from_spelling(spelling), Ok(text));
        }
        for wrong in ["$", "a$b", "${workspace.endpoint", "${x}", "${roles.a.url}"] {
            assert_eq!(Template::from_spelling(wrong), Err(NotAText), "{wrong}");
        }
    }

    #[test]
    fn a_reference_is_unknown_until_it_is_resolved() {
        let text = Template::from_segments([
            Segment::Reference(endpoint()),
            Segment::Literal("x".to_owned()),
        ]);
        assert_eq!(text.known(), None);
        assert_eq!(text.to_string(), "${workspace.endpoint}x");
        assert_eq!(text.resolve(&|_| None), text);
        let resolved =
            text.resolve(&|reference| (*reference == endpoint()).then(|| "E".to_owned()));
        assert_eq!(resolved.known(), Some("Ex"));
    }
}
