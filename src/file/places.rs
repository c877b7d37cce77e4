//! Where what is said of a resource stands: in the stack file, or in a file that it names.
//!
//! A plan is made from values, which have no places. Whoever shows it looks the places up, by the
//! address of a resource and a path in its table.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    ecs_shape::{KEYED, stack_key},
    file::{
        included::Included,
        source::Source,
        tree::{Span, Table, Tree, Value},
    },
    model::{address::Address, template::Template},
};

/// What is said of a table of which nothing more exact is written.
const TABLE: &str = "declared here";

/// A stack file as it was read.
#[derive(Debug)]
pub struct Places {
    source: Arc<Source>,
    included: Included,
    /// The whole stack file.
    root: Tree,
    /// What some tables say together with the files that they name, under the names of the API.
    requests: BTreeMap<Address, Tree>,
}

/// What to look for in the table of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot<'a> {
    /// The path to it: `containers.app.image`. An empty one is the table itself.
    pub path: &'a str,
    /// What is written there, or somewhere in what is there.
    pub text: Option<&'a str>,
    /// What is said of it, in a few words.
    pub label: &'static str,
}

/// Places in one file, the first being the one to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marked {
    /// The file.
    pub file: Arc<Source>,
    /// The places, each with a few words.
    pub labels: Vec<(Span, String)>,
}

/// What was found of a [`Spot`].
struct Found<'t> {
    /// The last that the path leads to.
    tree: &'t Tree,
    /// How much of the path is written.
    followed: usize,
    /// Whether the text was found in it.
    has_text: bool,
}

impl Places {
    /// The places of `source`, of which `root` was read, and of the files beside it.
    pub(crate) fn new(
        source: &Source,
        included: Included,
        root: Table,
        requests: BTreeMap<Address, Tree>,
    ) -> Self {
        Self {
            source: Arc::new(source.clone()),
            included,
            root: Tree {
                span: root.span.clone(),
                value: Value::Table(root),
            },
            requests,
        }
    }

    /// Where `spots` are written in what the stack file says of the resource at `address`. In place
    /// of what is not written stands the nearest table around it. `None` if the file does not
    /// declare the resource.
    pub fn mark(&self, address: &Address, spots: &[Spot<'_>]) -> Option<Marked> {
        let mut labels: Vec<(Span, String)> = Vec::new();
        for spot in spots {
            let found = self.find(address, spot)?;
            let label = if found.is(spot) { spot.label } else { TABLE };
            labels.push((found.tree.span.clone(), label.to_owned()));
        }
        self.marked(labels)
    }

    /// Where the first of `spots` that is written stands.
    pub fn mark_first(&self, address: &Address, spots: &[Spot<'_>]) -> Option<Marked> {
        let mut written = spots.iter().filter_map(|spot| {
            let found = self.find(address, spot)?;
            let is_written = found.is(spot);
            is_written.then(|| (found.tree.span.clone(), spot.label.to_owned()))
        });
        self.marked(vec![written.next()?])
    }

    /// The places, each once, in the file that they are in.
    fn marked(&self, mut labels: Vec<(Span, String)>) -> Option<Marked> {
        let mut seen: Vec<Span> = Vec::new();
        labels.retain(|(span, _)| {
            let is_new = !seen.contains(span);
            seen.push(span.clone());
            is_new
        });
        if labels.is_empty() {
            return None;
        }
        let file = self.included.move_together(&mut labels);
        Some(Marked {
            file: file.map_or_else(|| Arc::clone(&self.source), |(file, _)| file),
            labels,
        })
    }

    /// What of a spot is written, in the table or in what it says together with other files.
    fn find(&self, address: &Address, spot: &Spot<'_>) -> Option<Found<'_>> {
        let name = address.to_string();
        let (table, followed) = follow(&self.root, &name);
        if followed < name.len() {
            return None;
        }
        let in_table = look(table, spot);
        let in_request = self.requests.get(address).map(|tree| look(tree, spot));
        let rank = |found: &Found<'_>| (found.has_text, found.followed);
        Some(match in_request {
            Some(found) if rank(&found) > rank(&in_table) => found,
            Some(_) | None => in_table,
        })
    }
}

impl Found<'_> {
    /// Returns whether it is what was looked for, and not something around it.
    fn is(&self, spot: &Spot<'_>) -> bool {
        self.has_text || spot.text.is_none() && self.followed == spot.path.len()
    }
}

fn look<'t>(within: &'t Tree, spot: &Spot<'_>) -> Found<'t> {
    let (tree, followed) = follow(within, spot.path);
    // What amp-stack adds to a definition stands elsewhere in the table, such as in `metrics`.
    let somewhere = |text| holding(tree, text).or_else(|| holding(within, text));
    let text = spot.text.and_then(somewhere);
    Found {
        tree: text.unwrap_or(tree),
        followed,
        has_text: text.is_some(),
    }
}

/// What `path` leads to within `tree`, as far as it is written, and how much of the path that is.
fn follow<'t>(tree: &'t Tree, path: &str) -> (&'t Tree, usize) {
    let mut here = tree;
    let mut followed = 0;
    while followed < path.len() {
        let rest = path[followed..].trim_start_matches('.');
        let Some((inner, length)) = step(here, rest) else {
            break;
        };
        here = inner;
        followed = path.len() - rest.len() + length;
    }
    (here, followed)
}

/// What the beginning of `path` names in `tree`, and how long that is. Names may hold dots, so the
/// longest one is meant.
fn step<'t>(tree: &'t Tree, path: &str) -> Option<(&'t Tree, usize)> {
    let begins = |name: &str| {
        let rest = path.strip_prefix(name)?;
        (rest.is_empty() || rest.starts_with('.')).then_some(name.len())
    };
    let named: Vec<(&Tree, usize)> = match &tree.value {
        Value::Table(table) => {
            let entries = table.entries.iter();
            let named = entries.filter_map(|(key, value)| {
                let length = begins(&key.text).or_else(|| begins(&stack_key(&key.text)))?;
                Some((value, length))
            });
            named.collect()
        }
        Value::List(elements) => {
            let named = elements.iter();
            let named = named.filter_map(|element| Some((element, begins(name_of(element)?)?)));
            named.collect()
        }
        Value::Bool(_) | Value::Integer(_) | Value::Float(_) | Value::Text(_) => Vec::new(),
    };
    named.into_iter().max_by_key(|(_, length)| *length)
}

/// The name of an element of a list, as of `environment` and of `containers`.
fn name_of(element: &Tree) -> Option<&str> {
    let table = element.as_table()?;
    let mut members = KEYED.iter();
    members.find_map(|(_, member, _)| {
        let named = table
            .get(member)
            .or_else(|| table.get(&stack_key(member)))?;
        named.as_text().and_then(Template::known)
    })
}

/// The string in `tree` that is `text`, or else the first that contains it.
fn holding<'t>(tree: &'t Tree, text: &str) -> Option<&'t Tree> {
    let mut strings = Vec::new();
    collect(tree, &mut strings);
    let known = |tree: &&&Tree| tree.as_text().map(ToString::to_string);
    let mut all = strings.iter();
    let same = all.find(|tree| known(tree).is_some_and(|known| known == text));
    let mut all = strings.iter();
    let containing = || all.find(|tree| known(tree).is_some_and(|known| known.contains(text)));
    same.or_else(containing).copied()
}

fn collect<'t>(tree: &'t Tree, into: &mut Vec<&'t Tree>) {
    match &tree.value {
        Value::Text(_) => into.push(tree),
        Value::List(elements) => elements.iter().for_each(|one| collect(one, into)),
        Value::Table(table) => {
            let entries = table.entries.iter();
            entries.for_each(|(_, value)| collect(value, into));
        }
        Value::Bool(_) | Value::Integer(_) | Value::Float(_) => {}
    }
}
