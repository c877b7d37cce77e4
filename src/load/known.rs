//! What a stack file decides about its resources by itself: their names, and the ARNs that follow
//! from them.

use std::collections::BTreeMap;

use crate::{
    file::tree::Table,
    model::{
        address::{Address, Kind},
        identity::Identity,
        template::{Attribute, Reference, Template},
    },
};

/// Attributes that are known before anything is applied.
pub(crate) type Known = BTreeMap<Reference, String>;

/// The keys whose values have to be known before anything is applied, so that what is known is
/// filled into them.
const PLAIN: [(Kind, &[&str]); 4] = [
    (Kind::LogGroup, &["name", "class", "kms_key_arn"]),
    (Kind::Workspace, &["alias", "kms_key_arn", "id", "arn"]),
    (
        Kind::Role,
        &["name", "path", "description", "permissions_boundary"],
    ),
    (Kind::TaskDefinition, &["family"]),
];

/// Finds what is known and fills it in where it has to be known, and where a resource mentions
/// itself.
pub(crate) fn fill_in(root: &mut Table, identity: &Identity) {
    let known = attributes(root, identity);
    for (kind, keys) in PLAIN {
        for_each(root, kind, &mut |_, table| {
            for key in keys {
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
        for kind in [Kind::LogGroup, Kind::Role, Kind::TaskDefinition] {
            let mut found = Known::new();
            for_each(root, kind, &mut |address, table| {
                let text = |key: &str| -> Option<String> {
                    let text = table.get(key)?.as_text()?;
                    let text: Template = text.resolve(&|reference| known.get(reference).cloned());
                    text.known().map(str::to_owned)
                };
                found.extend(of_resource(address, table, &text, identity));
            });
            known.extend(found);
        }
        if known.len() == before {
            return known;
        }
    }
}

fn of_resource(
    address: &Address,
    table: &Table,
    text: &dyn Fn(&str) -> Option<String>,
    identity: &Identity,
) -> Known {
    let reference = |attribute| Reference {
        address: address.clone(),
        attribute,
    };
    let mut known = Known::new();
    match address.kind {
        Kind::LogGroup => {
            if let Some(name) = text("name") {
                known.insert(reference(Attribute::Arn), identity.log_group_arn(&name));
                known.insert(reference(Attribute::Name), name);
            }
        }
        Kind::Role => {
            let path = match table.get("path") {
                Some(_) => text("path"),
                None => Some("/".to_owned()),
            };
            if let (Some(name), Some(path)) = (text("name"), path) {
                known.insert(reference(Attribute::Arn), identity.role_arn(&path, &name));
                known.insert(reference(Attribute::Name), name);
            }
        }
        Kind::TaskDefinition => {
            let family = match table.get("family") {
                Some(_) => text("family"),
                None => Some(address.key.clone()).filter(|_| table.get("definition").is_none()),
            };
            known.extend(family.map(|family| (reference(Attribute::Family), family)));
        }
        Kind::Workspace => {}
    }
    known
}

/// Calls `visit` with the table of every resource of `kind`.
fn for_each(root: &mut Table, kind: Kind, visit: &mut dyn FnMut(&Address, &mut Table)) {
    let Some(table) = root
        .get_mut(kind.table())
        .and_then(|tree| tree.as_table_mut())
    else {
        return;
    };
    if kind == Kind::Workspace {
        visit(&Address::workspace(), table);
        return;
    }
    for (key, tree) in &mut table.entries {
        if let Some(table) = tree.as_table_mut() {
            visit(&Address::new(kind, &key.text), table);
        }
    }
}
