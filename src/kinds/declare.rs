//! How a kind of resource is declared in a stack file: what the language of stack files has to know
//! of it.

use std::collections::BTreeMap;

use crate::{
    file::lifecycle::Ignorable,
    kinds::{any::with_kind, kind::State},
    model::{
        address::{Address, Kind},
        identity::Identity,
        template::{Attribute, Reference},
    },
};

/// A kind of resource as a stack file declares it.
pub(crate) trait Declare: State {
    /// Which kind it is.
    const KIND: Kind;

    /// The keys whose values have to be known before anything is applied.
    const KNOWN_KEYS: &'static [&'static str];

    /// What `ignore` takes, as examples.
    const IGNORABLE: &'static [&'static str];

    /// The attributes as which a written file spells what others say of such a resource.
    const MENTIONED: &'static [Attribute];

    /// How AWS reports two names that it takes for one.
    const COLLISION: Collision = Collision {
        code: "duplicate-name",
        by_case: None,
    };

    /// The attributes that follow from the names in its table, before anything is applied.
    fn known_attributes(table: &DeclaredTable<'_>) -> Vec<(Attribute, String)>;

    /// The form of `name` in which AWS compares names.
    fn comparable(name: &str) -> String {
        name.to_owned()
    }
}

/// The problem of two names that AWS takes for one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Collision {
    /// The code of the rule.
    pub(crate) code: &'static str,
    /// Why names that differ by case only are the same.
    pub(crate) by_case: Option<&'static str>,
}

/// A table of a resource, as far as its names are concerned.
pub(crate) struct DeclaredTable<'a> {
    /// Its address.
    pub(crate) address: &'a Address,
    /// Where the stack is.
    pub(crate) identity: &'a Identity,
    /// Returns whether it has a key.
    pub(crate) has: &'a dyn Fn(&str) -> bool,
    /// The string under a key, if it is known.
    pub(crate) text: &'a dyn Fn(&str) -> Option<String>,
}

/// What can be ignored of a resource of a kind.
pub(crate) fn ignorable<K: Declare>() -> Ignorable {
    Ignorable {
        noun: K::KIND.noun(),
        accepts: K::can_ignore,
        examples: K::IGNORABLE,
    }
}

/// The keys whose values have to be known before anything is applied.
pub(crate) fn known_keys(kind: Kind) -> &'static [&'static str] {
    with_kind!(kind, K => K::KNOWN_KEYS)
}

/// The attributes that follow from the names in a table, before anything is applied.
pub(crate) fn known_attributes(table: &DeclaredTable<'_>) -> BTreeMap<Reference, String> {
    let attributes = with_kind!(table.address.kind, K => K::known_attributes(table));
    let reference = |attribute| Reference {
        address: table.address.clone(),
        attribute,
    };
    attributes
        .into_iter()
        .map(|(attribute, value)| (reference(attribute), value))
        .collect()
}

/// The attributes as which a written file spells what others say of a resource of `kind`.
pub(crate) fn mentioned(kind: Kind) -> &'static [Attribute] {
    with_kind!(kind, K => K::MENTIONED)
}

/// The form of `name` in which AWS compares the names of `kind`.
pub(crate) fn comparable(kind: Kind, name: &str) -> String {
    with_kind!(kind, K => K::comparable(name))
}

/// How two names that AWS takes for one are reported.
pub(crate) fn collision(kind: Kind) -> Collision {
    with_kind!(kind, K => K::COLLISION)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::{lifecycle::ignore_path, problem::Problems};

    #[test]
    fn every_example_can_be_ignored() {
        for kind in Kind::ALL {
            let ignorable = with_kind!(kind, K => ignorable::<K>());
            for path in ignorable.examples {
                let mut problems = Problems::default();
                assert!(
                    ignore_path(&ignorable, path, &(0..1), &mut problems).is_some(),
                    "{path} of {kind:?}"
                );
            }
        }
    }
}
