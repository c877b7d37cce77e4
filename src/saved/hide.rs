//! Takes secrets out of resources, and puts them back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    kinds::Resource,
    model::{
        address::Address,
        secret::placeholder,
        template::{Segment, Template},
    },
    saved::{
        guard::{Digest, Guard},
        places::{self, Place},
    },
};

/// The hidden values of a stack and of what was there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hidden {
    /// Of what is wanted, by address.
    pub wanted: BTreeMap<Address, Veil>,
    /// Of what was there, by ARN.
    pub live: BTreeMap<String, Veil>,
}

/// The hidden values of one resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Veil {
    /// The numbers of the values, by the paths of the texts that they stand in for. Within a file
    /// equal values have equal numbers.
    values: BTreeMap<String, usize>,
    digest: Digest,
}

/// Hidden values that are known again, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values(BTreeMap<usize, Template>);

/// The stack file gives other secrets than it did.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the stack file gives other secrets than when the plan was made")]
pub struct Changed {
    /// To these resources.
    pub addresses: Vec<Address>,
}

/// Gives hidden values their numbers.
pub(super) struct Numbers<'a> {
    guard: &'a Guard,
    given: BTreeMap<Template, usize>,
    /// What has been digested: most resources are wanted as they are, and digests take their time.
    digests: BTreeMap<BTreeMap<String, Template>, Digest>,
}

impl<'a> Numbers<'a> {
    pub(super) fn new(guard: &'a Guard) -> Self {
        Self {
            guard,
            given: BTreeMap::new(),
            digests: BTreeMap::new(),
        }
    }

    /// Returns whether anything was hidden.
    pub(super) fn is_used(&self) -> bool {
        !self.given.is_empty()
    }

    /// The number of a hidden value.
    pub(super) fn number(&mut self, value: Template) -> usize {
        let next = self.given.len() + 1;
        *self.given.entry(value).or_insert(next)
    }

    /// Returns whether `value` is a hidden value, or a part of one that is long enough to be no
    /// coincidence.
    pub(super) fn give_away(&self, value: &str) -> bool {
        const SHORTEST: usize = 4;
        let mut hidden = self.given.keys().map(Template::to_string);
        hidden.any(|hidden| hidden == value || value.len() >= SHORTEST && hidden.contains(value))
    }

    /// Hides every secret of `resource`; `None` if there is none.
    pub(super) fn hide(&mut self, resource: &mut Resource) -> Option<Veil> {
        let mut hidden = BTreeMap::new();
        let mut values = BTreeMap::new();
        places::visit(resource, &mut |Place {
                                          path,
                                          is_secret,
                                          text,
                                      }| {
            if is_secret {
                let number = self.number(text.clone());
                let stand_in = stand_in(number, text);
                values.insert(path.to_owned(), number);
                hidden.insert(path.to_owned(), std::mem::replace(text, stand_in));
            }
        });
        if hidden.is_empty() {
            return None;
        }
        let guard = self.guard;
        let digest = self.digests.entry(hidden).or_insert_with_key(|hidden| {
            guard.digest(&hidden.iter().map(|(p, t)| (p.as_str(), t)).collect())
        });
        Some(Veil {
            values,
            digest: digest.clone(),
        })
    }
}

/// What stands in for a hidden text. It mentions what the text mentions, so that the order of the
/// steps can be named from it.
fn stand_in(number: usize, text: &Template) -> Template {
    let references = text.references().into_iter().cloned();
    let number = Segment::Literal(placeholder(number));
    Template::from_segments(
        [number]
            .into_iter()
            .chain(references.map(Segment::Reference)),
    )
}

impl Veil {
    /// Reads the values in `resource`, and adds them to `values` if they are those that were
    /// hidden, which is the answer.
    pub(super) fn lift(&self, resource: &Resource, guard: &Guard, values: &mut Values) -> bool {
        let texts = places::texts(resource);
        let there: Option<BTreeMap<&str, &Template>> = self
            .values
            .keys()
            .map(|path| Some((path.as_str(), texts.get(path)?)))
            .collect();
        let Some(there) = there.filter(|there| guard.recognises(&self.digest, there)) else {
            return false;
        };
        for (path, number) in &self.values {
            values.0.insert(*number, there[path.as_str()].clone());
        }
        true
    }
}

impl Values {
    /// The paths that `veil` hides and whose values are not known.
    pub(super) fn missing<'a>(&self, veil: &'a Veil) -> Vec<&'a str> {
        let values = veil.values.iter();
        values
            .filter(|(_, number)| !self.0.contains_key(number))
            .map(|(path, _)| path.as_str())
            .collect()
    }

    /// Puts what is known where `veil` says.
    pub(super) fn fill_in(&self, resource: &mut Resource, veil: &Veil) {
        places::visit(resource, &mut |place| {
            let number = veil.values.get(place.path);
            if let Some(value) = number.and_then(|number| self.0.get(number)) {
                place.text.clone_from(value);
            }
        });
    }
}
