//! Puts the sections of a stack file together.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    file::{
        arn::Arn,
        context::Context,
        included::Included,
        interpolate::Names,
        places::Places,
        problem::Problems,
        reader::{Located, invalid_key, table_of},
        source::Source,
        tags::{self, Tag},
        tree::{Key, Table, Tree},
    },
    kinds::{declare, outline::Outlines},
    load::{Header, LoadContext, collision, cycle, header::Place, known, outputs},
    model::{
        address::{Address, Kind},
        template::Reference,
    },
    stack::{Declared, Stack},
};

/// Reads all sections but `[stack]` and `[variables]`, and finds out where what they say stands.
/// What is returned is complete only if nothing was reported.
pub(crate) fn read(
    source: &Source,
    names: &Names<'_>,
    (header, place): (&Header, &Place),
    mut root: Table,
    around: &LoadContext<'_>,
    problems: &mut Problems,
) -> (Stack, Places) {
    known::fill_in(&mut root, &place.identity);
    let included = Included::beside(source);
    let mut context = Context {
        source,
        names,
        // A stack without a valid name is reported as such; the rest of its file is checked all the
        // same.
        stack: header
            .name
            .parse()
            .or_else(|_| "unnamed".parse())
            .expect("`unnamed` is a stack name"),
        identity: &place.identity,
        account_is_known: place.account_is_known,
        region_is_known: place.region_is_known,
        tags: common_tags(&root, problems),
        declared: names.declared,
        read: around.read,
        included: &included,
    };
    let mut outlines = Outlines::default();
    read_existing(&mut context, &mut outlines, &mut root, problems);
    for kind in Kind::ALL {
        read_kind(kind, &context, &mut outlines, &root, problems);
    }
    for kind in Kind::ALL {
        declare::conclude(kind, &context, &root, &mut outlines, problems);
    }
    for kind in Kind::ALL {
        collision::check(kind, names_of(kind, &outlines, &root), problems);
    }
    let requests = requests(&mut outlines);
    let mut stack = into_stack(outlines, &context);
    stack.order = order(&stack, &root);
    stack.former.clone_from(&header.former);
    stack.access = header.access.as_ref().map(|access| access.value.clone());
    stack.outputs = outputs::read(&root, problems);
    cycle::check(&stack, &root, problems);
    included.settle(problems);
    (stack, Places::new(source, included, root, requests))
}

/// What tables say together with the files that they name.
fn requests(outlines: &mut Outlines) -> BTreeMap<Address, Tree> {
    let resources = outlines.resources.iter_mut();
    let requests =
        resources.filter_map(|(address, found)| Some((address.clone(), found.request.take()?)));
    requests.collect()
}

/// The resources of the stack in the order in which the heads of their tables stand in the file.
/// TOML lets tables of several kinds stand in turn, so that the order of a table's keys does not
/// say it.
fn order(stack: &Stack, root: &Table) -> Vec<Address> {
    let of_kind = |kind| {
        let tables = tables(root, kind).into_iter();
        tables.map(move |(key, _)| (key.span.start, address(kind, key)))
    };
    let mut named: Vec<(usize, Address)> = Kind::ALL.into_iter().flat_map(of_kind).collect();
    named.retain(|(_, address)| stack.resources.contains_key(address));
    named.sort();
    named.into_iter().map(|(_, address)| address).collect()
}

/// Reads `[tags]`.
fn common_tags(root: &Table, problems: &mut Problems) -> Vec<Tag> {
    let common = root.get("tags");
    let common = common.and_then(|tree| table_of(tree, "tags", problems));
    common.map_or_else(Vec::new, |table| tags::read(table, problems))
}

/// The tables of `kind`, as they are: whatever is no table is left out.
fn tables(root: &Table, kind: Kind) -> Vec<(&Key, &Table)> {
    let mut entries = root.entries.iter();
    let Some((key, tree)) = entries.find(|(key, _)| key.text == kind.table()) else {
        return Vec::new();
    };
    let Some(table) = tree.as_table() else {
        return Vec::new();
    };
    if kind.is_single() {
        return vec![(key, table)];
    }
    let entries = table.entries.iter();
    entries
        .filter_map(|(key, tree)| Some((key, tree.as_table()?)))
        .collect()
}

/// The address of the resource of `kind` whose table stands under `key`.
fn address(kind: Kind, key: &Key) -> Address {
    let key = if kind.is_single() { "" } else { &key.text };
    Address::new(kind, key)
}

/// Reads the tables of what somebody else manages, and fills in everything that mentions it.
fn read_existing(
    context: &mut Context<'_>,
    outlines: &mut Outlines,
    root: &mut Table,
    problems: &mut Problems,
) {
    for kind in Kind::ALL {
        for (key, table) in tables(root, kind) {
            if declare::is_existing(kind, table)
                && let Some(known) = declare::existing(kind, context, table, problems)
            {
                outlines.existing.insert(address(kind, key), known);
            }
        }
    }
    let lookup = |reference: &Reference| {
        let known = outlines.existing.get(&reference.address)?;
        known.get(&reference.attribute).cloned()
    };
    for tree in root.entries.iter_mut().map(|(_, tree)| tree) {
        tree.resolve(&lookup);
    }
    for tag in &mut context.tags {
        tag.resolve(&lookup);
    }
}

/// Reads the tables of `kind` of what the stack manages.
fn read_kind(
    kind: Kind,
    context: &Context<'_>,
    outlines: &mut Outlines,
    root: &Table,
    problems: &mut Problems,
) {
    let Some(tree) = root.get(kind.table()) else {
        return;
    };
    outlines.present.insert(kind);
    let Some(table) = table_of(tree, kind.table(), problems) else {
        return;
    };
    if !kind.is_single() {
        for (key, tree) in &table.entries {
            if !Address::is_key(&key.text) {
                invalid_key(key, &format!("a {}", kind.noun()), problems);
            }
            // Reports what is no table.
            table_of(tree, &address(kind, key).to_string(), problems);
        }
    }
    let tables = tables(root, kind).into_iter();
    let ours = tables.filter(|(_, table)| !declare::is_existing(kind, table));
    let found = declare::read(kind, context, ours, outlines, problems).into_iter();
    let found = found.map(|(key, found)| (address(kind, key), found));
    outlines.resources.extend(found);
}

/// The names of the resources of `kind`, in the order of the file.
fn names_of<'o>(kind: Kind, outlines: &'o Outlines, root: &Table) -> Vec<&'o Located<String>> {
    let tables = tables(root, kind).into_iter();
    let found = tables.filter_map(|(key, _)| outlines.resources.get(&address(kind, key)));
    found.filter_map(|found| found.name.as_ref()).collect()
}

fn into_stack(outlines: Outlines, context: &Context<'_>) -> Stack {
    let mut stack = Stack {
        name: context.stack.clone(),
        former: None,
        access: None,
        identity: context.identity.clone(),
        resources: BTreeMap::new(),
        order: Vec::new(),
        outputs: BTreeMap::new(),
        existing: outlines.existing,
        role_arns: BTreeMap::new(),
        notes: Vec::new(),
        force_in_use: BTreeSet::new(),
        retry: BTreeSet::new(),
        skips_preflight: false,
    };
    for (address, found) in outlines.resources {
        for arn in found.role_arns {
            mention(&mut stack, arn, &address);
        }
        let notes = found.notes.into_iter();
        stack
            .notes
            .extend(notes.map(|note| (address.clone(), note)));
        let declared = Declared {
            want: Some(found.want),
            earlier: found.earlier,
            lifecycle: found.lifecycle,
        };
        stack.resources.insert(address, declared);
    }
    collect_role_arns(&mut stack);
    stack
}

/// Finds the roles of this account that any resource mentions by ARN. Patterns name no role in
/// particular.
fn collect_role_arns(stack: &mut Stack) {
    let mut mentioned: Vec<(String, Address)> = Vec::new();
    for (address, declared) in &stack.resources {
        if let Some(want) = &declared.want {
            want.each_template(&mut |text| {
                let arn = text.known().filter(|text| !text.contains(['*', '?', '$']));
                mentioned.extend(arn.map(|arn| (arn.to_owned(), address.clone())));
            });
        }
    }
    for (arn, address) in mentioned {
        mention(stack, arn, &address);
    }
}

/// Notes that `address` mentions `arn`, if it is the ARN of a role of this account.
fn mention(stack: &mut Stack, arn: String, address: &Address) {
    let ours = Arn::parse(&arn).is_some_and(|arn| {
        arn.service == "iam"
            && arn.account == stack.identity.account
            && arn.resource.starts_with("role/")
    });
    if ours {
        stack
            .role_arns
            .entry(arn)
            .or_default()
            .insert(address.clone());
    }
}
