//! How a kind of resource is declared in a stack file: what the language of stack files has to know
//! of it.

use std::collections::BTreeMap;

use crate::{
    file::{
        context::Context,
        fields::{Field, Fields},
        lifecycle::Ignorable,
        problem::Problems,
        tree::{self, Key},
        write::{layout::Table, spell::Speller},
    },
    kinds::{
        Resource,
        any::with_kind,
        kind::State,
        outline::{Outlines, ReadResource},
    },
    model::{
        address::{Address, Kind, StackName},
        identity::Identity,
        node::Node,
        normal::Rewrite,
        rule::Rule,
        template::{Attribute, Reference},
    },
};

/// A kind of resource as a stack file declares it.
pub(crate) trait Declare: State {
    /// Which kind it is.
    const KIND: Kind;

    /// The key of a stack file under which its tables stand.
    const SECTION: &'static Field;

    /// The rules that only its tables can break.
    const RULES: &'static [Rule] = &[];

    /// What these mistakes are called together.
    const RULES_TITLE: &'static str = "";

    /// The rules by which its spellings that mean the same become one.
    const REWRITES: &'static [Rewrite] = &[];

    /// The keys whose values have to be known before anything is applied.
    const KNOWN_KEYS: &'static [&'static str];

    /// What `ignore` takes, as examples.
    const IGNORABLE: &'static [&'static str];

    /// Returns whether a text is an id of such a resource, where `adopt` takes one.
    const IS_ID: Option<fn(&str) -> bool> = None;

    /// The attributes as which a written file spells what others say of such a resource.
    const MENTIONED: &'static [Attribute];

    /// How AWS reports two names that it takes for one.
    const COLLISION: Collision = Collision {
        code: "duplicate-name",
        by_case: None,
    };

    /// Whether it holds data that somebody may miss.
    const HOLDS_DATA: bool = false;

    /// Whether plans that delete it are refused unless its table says otherwise.
    const IS_PROTECTED: bool = false;

    /// The keys of its table that AWS keeps as they are where they are left out.
    const KEPT_BY_AWS: &'static [&'static str] = &[];

    /// What the reader of a table has to know of the tables of the kinds before.
    type Others;

    /// Makes that of what was read so far, once for all tables of the kind.
    fn others(context: &Context<'_>, outlines: &Outlines) -> Self::Others;

    /// Reads a table, and reports everything that is wrong with it. `None` means that there is
    /// nothing to speak of.
    fn read(
        context: &Context<'_>,
        key: &Key,
        table: &tree::Table,
        others: &Self::Others,
        problems: &mut Problems,
    ) -> Option<ReadResource>;

    /// Returns whether a table names a resource that somebody else manages.
    fn is_existing(_table: &tree::Table) -> bool {
        false
    }

    /// Reads a table that names a resource that somebody else manages: what is known of it.
    fn existing(
        _context: &Context<'_>,
        _table: &tree::Table,
        _problems: &mut Problems,
    ) -> Option<BTreeMap<Attribute, String>> {
        None
    }

    /// Does and checks what takes all tables of the file.
    fn conclude(
        _context: &Context<'_>,
        _root: &tree::Table,
        _outlines: &mut Outlines,
        _problems: &mut Problems,
    ) {
    }

    /// The table that a structure of the API with this name is written as, if it is one of this
    /// kind's API.
    fn of_structure(_name: &str) -> Option<&'static Fields> {
        None
    }

    /// The state that a resource is, if it is of this kind.
    fn of(resource: &Resource) -> Option<&Self>;

    /// What the file says of a live resource, but for its lifecycle and its tags.
    fn table(&self, writing: &Writing<'_>, speller: &mut Speller<'_>) -> Table;

    /// What its table may say in place of something longer, the best first. Whether it declares
    /// the same is for whoever takes one to prove.
    fn short_forms(&self, _identity: &Identity) -> Vec<ShortForm> {
        Vec::new()
    }

    /// The entries of its table that what other tables say may bring along.
    fn implied(&self) -> Vec<Vec<String>> {
        Vec::new()
    }

    /// Logical names for a live resource, from the shortest to the longest.
    fn keys(&self, stack: &StackName) -> Vec<String>;

    /// The names that it has for others, by their ARNs; `None` if it is not of those that have.
    fn names_for_others(&self) -> Option<BTreeMap<String, &'static str>> {
        None
    }

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

/// What one key of a table says in place of something longer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ShortForm {
    /// The key.
    pub(crate) key: &'static str,
    /// What stands under the key, in the words of a stack file.
    pub(crate) value: Node,
    /// The name of what it stands for.
    pub(crate) of: String,
    /// Whether the others say themselves that they wait for it.
    pub(crate) keeps_waiting: bool,
}

/// What the tables of a written file refer to each other by.
pub(crate) struct Writing<'a> {
    /// What the table says in place of something longer.
    pub(crate) form: Option<&'a ShortForm>,
    /// Where the stack is.
    pub(crate) identity: &'a Identity,
    /// The addresses of what the file declares, by ARN.
    pub(crate) addresses: &'a BTreeMap<String, Address>,
    /// The keys of what the file declares, by name.
    pub(crate) names: &'a BTreeMap<(Kind, String), String>,
}

impl Writing<'_> {
    /// The key of the resource of `kind` with this ARN, if the file declares it.
    pub(crate) fn by_arn(&self, kind: Kind, arn: &str) -> Option<&str> {
        let address = self.addresses.get(arn)?;
        (address.kind == kind).then_some(address.key.as_str())
    }

    /// The key of the resource of `kind` with this name, if the file declares it.
    pub(crate) fn by_name(&self, kind: Kind, name: &str) -> Option<&str> {
        let key = self.names.get(&(kind, name.to_owned()))?;
        Some(key.as_str())
    }
}

/// What can be ignored of a resource of a kind.
pub(crate) fn ignorable<K: Declare>() -> Ignorable {
    Ignorable {
        noun: K::KIND.noun(),
        accepts: K::can_ignore,
        examples: K::IGNORABLE,
        is_id: K::IS_ID,
    }
}

/// The key of a stack file under which the tables of `kind` stand.
pub(crate) const fn section(kind: Kind) -> &'static Field {
    with_kind!(kind, K => K::SECTION)
}

/// The rules that only tables of `kind` can break.
pub(crate) fn rules(kind: Kind) -> &'static [Rule] {
    with_kind!(kind, K => K::RULES)
}

/// What the mistakes that only tables of `kind` can hold are called together.
pub(crate) fn rules_title(kind: Kind) -> &'static str {
    with_kind!(kind, K => K::RULES_TITLE)
}

/// The rules by which spellings of `kind` that mean the same become one.
pub(crate) fn rewrites(kind: Kind) -> &'static [Rewrite] {
    with_kind!(kind, K => K::REWRITES)
}

/// The table that a structure of an API with this name is written as.
pub(crate) fn of_structure(name: &str) -> Option<&'static Fields> {
    let mut kinds = Kind::ALL.into_iter();
    kinds.find_map(|kind| with_kind!(kind, K => K::of_structure(name)))
}

/// Reads tables of `kind`, and reports everything that is wrong with them.
pub(crate) fn read<'t>(
    kind: Kind,
    context: &Context<'_>,
    tables: impl IntoIterator<Item = (&'t Key, &'t tree::Table)>,
    outlines: &Outlines,
    problems: &mut Problems,
) -> Vec<(&'t Key, ReadResource)> {
    with_kind!(kind, K => read_of::<K>(context, tables, outlines, problems))
}

fn read_of<'t, K: Declare>(
    context: &Context<'_>,
    tables: impl IntoIterator<Item = (&'t Key, &'t tree::Table)>,
    outlines: &Outlines,
    problems: &mut Problems,
) -> Vec<(&'t Key, ReadResource)> {
    let others = K::others(context, outlines);
    let read = |(key, table)| Some((key, K::read(context, key, table, &others, problems)?));
    tables.into_iter().filter_map(read).collect()
}

/// Returns whether a table of `kind` names a resource that somebody else manages.
pub(crate) fn is_existing(kind: Kind, table: &tree::Table) -> bool {
    with_kind!(kind, K => K::is_existing(table))
}

/// Reads a table that names a resource that somebody else manages: what is known of it.
pub(crate) fn existing(
    kind: Kind,
    context: &Context<'_>,
    table: &tree::Table,
    problems: &mut Problems,
) -> Option<BTreeMap<Attribute, String>> {
    with_kind!(kind, K => K::existing(context, table, problems))
}

/// Does and checks what takes all tables of the file, for `kind`.
pub(crate) fn conclude(
    kind: Kind,
    context: &Context<'_>,
    root: &tree::Table,
    outlines: &mut Outlines,
    problems: &mut Problems,
) {
    with_kind!(kind, K => K::conclude(context, root, outlines, problems));
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

/// Returns whether a resource of `kind` holds data that somebody may miss.
pub(crate) fn holds_data(kind: Kind) -> bool {
    with_kind!(kind, K => K::HOLDS_DATA)
}

/// Returns whether plans that delete a resource of `kind` are refused unless its table says
/// otherwise.
pub(crate) fn is_protected(kind: Kind) -> bool {
    with_kind!(kind, K => K::IS_PROTECTED)
}

/// The keys that AWS keeps as they are where the table of a resource of `kind` leaves them out.
pub(crate) fn kept_by_aws(kind: Kind) -> &'static [&'static str] {
    with_kind!(kind, K => K::KEPT_BY_AWS)
}

/// What the file says of a live resource, but for its lifecycle and its tags.
pub(crate) fn table(
    resource: &Resource,
    writing: &Writing<'_>,
    speller: &mut Speller<'_>,
) -> Table {
    with_kind!(resource.kind(), K => {
        K::of(resource).map_or_else(Table::section, |state| state.table(writing, speller))
    })
}

/// What the table of a live resource may say in place of something longer, the best first.
pub(crate) fn short_forms(resource: &Resource, identity: &Identity) -> Vec<ShortForm> {
    with_kind!(resource.kind(), K => {
        K::of(resource).map_or_else(Vec::new, |state| state.short_forms(identity))
    })
}

/// The entries of the table of a live resource that what other tables say may bring along.
pub(crate) fn implied(resource: &Resource) -> Vec<Vec<String>> {
    with_kind!(resource.kind(), K => {
        K::of(resource).map_or_else(Vec::new, Declare::implied)
    })
}

/// Logical names for a live resource, from the shortest to the longest.
pub(crate) fn keys(resource: &Resource, stack: &StackName) -> Vec<String> {
    with_kind!(resource.kind(), K => {
        K::of(resource).map_or_else(Vec::new, |state| state.keys(stack))
    })
}

/// The names that a live resource has for others, by their ARNs; `None` if it is not of those that
/// have.
pub(crate) fn names_for_others(resource: &Resource) -> Option<BTreeMap<String, &'static str>> {
    with_kind!(resource.kind(), K => K::of(resource)?.names_for_others())
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
