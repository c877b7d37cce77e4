//! Resources that mention each other in a circle, so that none of them can be first.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    file::{
        problem::Problems,
        tree::{Span, Table},
    },
    model::address::Address,
    stack::Stack,
};

/// Who mentions whom.
type Mentions = BTreeMap<Address, BTreeSet<Address>>;

/// Reports every circle once, at the places that mention the next one.
pub(crate) fn check(stack: &Stack, root: &Table, problems: &mut Problems) {
    let mut mentions = mentions(stack);
    while let Some(circle) = find(&mentions) {
        let names: Vec<String> = circle
            .iter()
            .chain(&circle[..1])
            .map(ToString::to_string)
            .collect();
        let message = match circle.as_slice() {
            [alone] => format!("{alone} mentions itself"),
            _ => format!("{} mention each other in a circle", names.join(" → ")),
        };
        let places: Vec<(Span, String)> = circle
            .iter()
            .zip(circle.iter().cycle().skip(1))
            .filter_map(|(from, to)| {
                Some((place(root, from, to)?, format!("{from} mentions {to}")))
            })
            .collect();
        let Some(((span, label), rest)) = places.split_first() else {
            return;
        };
        let problem = problems.add("reference-cycle", span, label, message);
        for (span, label) in rest {
            problem.and(span, label);
        }
        problem.help(
            "none of them can be made first: write out the name or the ARN of one of them instead",
        );
        if let Some(cut) = mentions.get_mut(&circle[0]) {
            cut.remove(&circle[1 % circle.len()]);
        }
    }
}

fn mentions(stack: &Stack) -> Mentions {
    let mut mentions = Mentions::new();
    for (address, declared) in &stack.resources {
        let entry = mentions.entry(address.clone()).or_default();
        if let Some(want) = &declared.want {
            want.each_template(&mut |text| {
                entry.extend(
                    text.references()
                        .into_iter()
                        .map(|reference| reference.address.clone()),
                );
            });
        }
    }
    mentions
}

/// Finds a circle: takes away what mentions nothing that is left, and walks along what remains.
fn find(mentions: &Mentions) -> Option<Vec<Address>> {
    let mut left = mentions.clone();
    loop {
        let done: BTreeSet<Address> = left
            .iter()
            .filter(|(_, mentioned)| !mentioned.iter().any(|address| left.contains_key(address)))
            .map(|(address, _)| address.clone())
            .collect();
        if done.is_empty() {
            break;
        }
        left.retain(|address, _| !done.contains(address));
    }
    let mut walked = vec![left.keys().next()?.clone()];
    loop {
        let here = walked.last()?;
        let next = left
            .get(here)?
            .iter()
            .find(|address| left.contains_key(address))?
            .clone();
        if let Some(start) = walked.iter().position(|address| *address == next) {
            return Some(walked.split_off(start));
        }
        walked.push(next);
    }
}

/// Where `from` mentions `to`: the string that does, else the table that `from` is.
fn place(root: &Table, from: &Address, to: &Address) -> Option<Span> {
    let tree = root.get(from.kind.table())?;
    let tree = if from.kind.is_single() {
        tree
    } else {
        tree.as_table()?.get(&from.key)?
    };
    let mut found = None;
    tree.each_template(&mut |text, span| {
        let mentions = text
            .references()
            .iter()
            .any(|reference| reference.address == *to);
        if mentions && found.is_none() {
            found = Some(span.clone());
        }
    });
    Some(found.unwrap_or_else(|| tree.span.clone()))
}
