//! Normal forms of documents: named rules for differences that mean nothing, and what each of them
//! hides.

mod places;

use std::collections::BTreeSet;

pub use places::Layout;

use crate::model::{diff::Path, node::Node, rule::Rule};

/// A rule about documents, and how it removes the difference.
#[derive(Clone, Copy, Debug)]
pub struct Rewrite {
    /// The rule.
    pub rule: Rule,
    /// Brings a document into the form in which the difference can't be seen.
    pub apply: fn(&mut Node),
}

/// A difference that means nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppressed {
    /// Where, under the names of the stack file.
    pub path: Path,
    /// What the stack file says there, if anything.
    pub want: Option<Node>,
    /// What AWS says there, if anything.
    pub live: Option<Node>,
    /// Why it means nothing: one rule, or several that do so together.
    pub rules: Vec<Rule>,
}

impl Suppressed {
    /// The same in a tree in which the documents stand at `place`.
    #[must_use]
    pub fn within(self, place: &Path) -> Self {
        Self {
            path: place.then(&self.path),
            ..self
        }
    }
}

/// The document after all of `rewrites`.
pub fn normal<'a>(document: &Node, rewrites: impl IntoIterator<Item = &'a Rewrite>) -> Node {
    let mut normal = document.clone();
    for rewrite in rewrites {
        (rewrite.apply)(&mut normal);
    }
    normal
}

/// The differences between two documents that `rewrites` remove, place by place.
///
/// Documents that are equal in normal form and not before differ in at least one place, and every
/// place in which they differ is reported.
pub fn suppressed(
    want: &Node,
    live: &Node,
    rewrites: &[Rewrite],
    layout: &Layout,
) -> Vec<Suppressed> {
    let (mut want, mut live) = (want.clone(), live.clone());
    let mut forms = vec![(layout.places(&want), layout.places(&live))];
    for rewrite in rewrites {
        (rewrite.apply)(&mut want);
        (rewrite.apply)(&mut live);
        forms.push((layout.places(&want), layout.places(&live)));
    }
    let sides = |path: &Path| -> Vec<(Option<&Node>, Option<&Node>)> {
        let forms = forms.iter();
        forms
            .map(|(want, live)| (want.get(path), live.get(path)))
            .collect()
    };
    let (first_want, first_live) = &forms[0];
    let paths: BTreeSet<&Path> = first_want.keys().chain(first_live.keys()).collect();
    let mut found = Vec::new();
    for path in paths {
        let sides = sides(path);
        let ((want, live), last) = (sides[0], sides[rewrites.len()]);
        if want != live && last.0 == last.1 {
            found.push(Suppressed {
                path: path.clone(),
                want: want.cloned(),
                live: live.cloned(),
                rules: responsible(&sides, rewrites),
            });
        }
    }
    found
}

/// The rewrites that made two sides equal, given the sides before the first and after each of them:
/// those that altered only one of the sides, and the one after which they were the same.
fn responsible(sides: &[(Option<&Node>, Option<&Node>)], rewrites: &[Rewrite]) -> Vec<Rule> {
    let steps = sides.windows(2).zip(rewrites);
    let hides = |before: (Option<&Node>, Option<&Node>), after: (Option<&Node>, Option<&Node>)| {
        let altered = (before.0 != after.0, before.1 != after.1);
        before.0 != before.1 && (after.0 == after.1 || altered.0 != altered.1)
    };
    steps
        .filter(|(pair, _)| hides(pair[0], pair[1]))
        .map(|(_, rewrite)| rewrite.rule)
        .collect()
}
