//! What a stack file decides about its resources by itself: their names, and the ARNs that follow
//! from them.

use std::collections::BTreeMap;

use crate::{
    file::tree::Table,
    kinds::declare::{DeclaredTable, known_attributes, known_keys},
    model::{
        address::{Address, Kind},
        identity::Identity,
        template::{Reference, Template},
    },
};

/// Attributes that are known before anything is applied.
pub(crate) type Known = BTreeMap<Reference, String>;

/// Finds what is known and fills it in where it has to be known, and where a resource mentions
/// itself.
pub(crate) fn fill_in(root: &mut Table, identity: &Identity) {
    let known = attributes(root, identity);
    for kind in Kind::ALL {
        for_each(root, kind, &mut |_, table| {
            for key in known_keys(kind) {
                if let Some(tree) = table.get_mut(key) {
                    tree.resolve(&|reference| known.get(reference).cloned());
                }
            }
        });
        for_each(root, kind, &mut |address, table| {
            for (_, tree) in &mut table.entries {
                tree.resolve(&|reference| {
                    known
                        .get(reference)
                        .filter(|_| reference.address == *address)
                        .cloned()
                });
            }
        });
    }
}

/// Names may be made of other names, so what is known grows until nothing is added.
fn attributes(root: &mut Table, identity: &Identity) -> Known {
    let mut known = Known::new();
    loop {
        let before = known.len();
        for kind in Kind::ALL {
            let mut found = Known::new();
            for_each(root, kind, &mut |address, table| {
                let text = |key: &str| -> Option<String> {
                    let text = table.get(key)?.as_text()?;
                    let text: Template = text.resolve(&|reference| known.get(reference).cloned());
                    text.known().map(str::to_owned)
                };
                found.extend(known_attributes(&DeclaredTable {
                    address,
                    identity,
                    has: &|key| table.get(key).is_some(),
                    text: &text,
                }));
            });
            known.extend(found);
        }
        if known.len() == before {
            return known;
        }
    }
}

/// Calls `visit` with the table of every resource of `kind`.
fn for_each(root: &mut Table, kind: Kind, visit: &mut dyn FnMut(&Address, &mut Table)) {
    let Some(table) = root
        .get_mut(kind.table())
        .and_then(|tree| tree.as_table_mut())
    else {
        return;
    };
    if kind.is_single() {
        visit(&Address::new(kind, ""), table);
        return;
    }
    for (key, tree) in &mut table.entries {
        if let Some(table) = tree.as_table_mut() {
            visit(&Address::new(kind, &key.text), table);
        }
    }
}
