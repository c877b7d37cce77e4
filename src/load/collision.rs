//! Names that AWS takes for one, within a stack file and across stack files.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

use crate::{
    file::{
        document::{Document, Poisoned},
        interpolate::Names,
        problem::{Problem, Problems},
        reader::Located,
        source::Source,
        tree::Span,
    },
    kinds::declare,
    model::{
        access::Access,
        address::{Address, Kind},
        identity::PLACEHOLDER_ACCOUNT,
    },
    stack::Stack,
};

/// Reports resources of one kind whose names AWS does not distinguish.
pub(crate) fn check<'a>(
    kind: Kind,
    names: impl IntoIterator<Item = &'a Located<String>>,
    problems: &mut Problems,
) {
    let collision = declare::collision(kind);
    let mut seen: BTreeMap<String, &Located<String>> = BTreeMap::new();
    for name in names {
        let folded = declare::comparable(kind, &name.value);
        let Some(first) = seen.get(&folded) else {
            seen.insert(folded, name);
            continue;
        };
        let noun = kind.noun();
        let (message, help) = if first.value == name.value {
            (format!("two {noun}s are called `{}`", name.value), None)
        } else {
            (
                format!(
                    "the {noun}s `{}` and `{}` differ only by case",
                    first.value, name.value
                ),
                collision.by_case,
            )
        };
        let problem = problems.add(collision.code, &name.span, "the same name to AWS", message);
        problem.and(&first.span, "as this one");
        if let Some(help) = help {
            problem.help(help);
        }
    }
}

/// Finds resources of different stack files whose names AWS does not distinguish, of the kinds
/// whose names hold in every region of an account. Stacks whose accounts nobody knows yet are of
/// one account if they are reached in the same way. Each problem names its own file.
pub fn collisions_between(stacks: &[(&Source, &Stack)]) -> Vec<Problem> {
    type Names<'a> = (Kind, &'a str, Option<&'a Access>, String);
    let mut seen: BTreeMap<Names<'_>, Holder<'_>> = BTreeMap::new();
    let mut problems = Vec::new();
    for (source, stack) in stacks {
        let account = stack.identity.account.as_str();
        let access = stack.access.as_ref();
        let access = access.filter(|_| account == PLACEHOLDER_ACCOUNT);
        for (address, declared) in &stack.resources {
            let want = declared.want.as_ref();
            let Some(want) = want.filter(|want| want.kind().is_global()) else {
                continue;
            };
            let here = Holder {
                source,
                name: want.name(),
                address,
            };
            let folded = declare::comparable(address.kind, here.name);
            match seen.entry((address.kind, account, access, folded)) {
                Entry::Vacant(place) => _ = place.insert(here),
                Entry::Occupied(first) if !std::ptr::eq(first.get().source, *source) => {
                    problems.push(collision(&here, first.get()));
                }
                Entry::Occupied(_) => {}
            }
        }
    }
    problems
}

/// A resource that has a name.
struct Holder<'a> {
    source: &'a Source,
    name: &'a str,
    address: &'a Address,
}

impl Holder<'_> {
    /// Where its name stands in its file, which was loaded before.
    fn span(&self) -> Option<Span> {
        let document = Document::parse(self.source, &mut Problems::default())?;
        let declared = document.declared();
        let nothing = Names {
            variables: None,
            environment: &|_| None,
            identity: None,
            declared: &declared,
        };
        let kind = self.address.kind;
        let root = document.fill_in(
            &|table| table == kind.table(),
            &nothing,
            &mut Poisoned::default(),
            &mut Problems::default(),
        );
        let table = root.get(kind.table())?.as_table()?.get(&self.address.key)?;
        Some(table.as_table()?.get("name")?.span.clone())
    }
}

fn collision(here: &Holder<'_>, first: &Holder<'_>) -> Problem {
    let kind = here.address.kind;
    let (noun, rule) = (kind.noun(), declare::collision(kind));
    let file = first.source.path.display();
    let message = if here.name == first.name {
        format!("`{file}` also declares the {noun} `{}`", here.name)
    } else {
        format!(
            "`{}` differs only by case from the {noun} `{}` of `{file}`",
            here.name, first.name
        )
    };
    let before = &first.source.text[..first.span().unwrap_or_default().start];
    let line = before.lines().count().max(1);
    let mut problems = Problems::default();
    let problem = problems.add(
        rule.code,
        &here.span().unwrap_or_default(),
        "the same name to AWS",
        message,
    );
    let why = rule
        .by_case
        .map_or_else(String::new, |why| format!("; {why}"));
    problem.help(format!("the other one is at {file}:{line}{why}"));
    problem.file = Some(Arc::new(here.source.clone()));
    problem.clone()
}
