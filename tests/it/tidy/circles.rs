//! Files that import each other in a circle.

use std::collections::{BTreeMap, BTreeSet};

/// The groups of files of which each reaches every other, largest first.
pub(super) fn circles<'a>(imports: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> Vec<Vec<&'a str>> {
    let reached: BTreeMap<&str, BTreeSet<&str>> = imports
        .keys()
        .map(|file| (*file, reached_from(file, imports)))
        .collect();
    let mut found = BTreeSet::new();
    for (file, from) in &reached {
        let circle: Vec<&str> = from
            .iter()
            .copied()
            .filter(|other| reached.get(other).is_some_and(|back| back.contains(file)))
            .collect();
        if circle.len() > 1 {
            found.insert(circle);
        }
    }
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_by_key(|circle| std::cmp::Reverse(circle.len()));
    found
}

fn reached_from<'a>(
    file: &'a str,
    imports: &BTreeMap<&'a str, BTreeSet<&'a str>>,
) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![file];
    while let Some(file) = open.pop() {
        for next in imports.get(file).into_iter().flatten() {
            if reached.insert(*next) {
                open.push(next);
            }
        }
    }
    reached
}

#[test]
fn a_circle_is_found_with_all_its_files() {
    let imports = BTreeMap::from([
        ("a.rs", BTreeSet::from(["b.rs"])),
        ("b.rs", BTreeSet::from(["c.rs", "d.rs"])),
        ("c.rs", BTreeSet::from(["a.rs"])),
        ("d.rs", BTreeSet::new()),
    ]);
    assert_eq!(circles(&imports), [["a.rs", "b.rs", "c.rs"]]);
}
