//! Where the texts of a resource stand, under the paths by which plans show them, and which of them
//! plans don't show.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    kinds::{
        Resource,
        kind::{TextVisitor, TreeNames},
    },
    model::{
        diff::{Part, Path},
        node::Node,
        secret::{holds_secret, is_secret, is_secret_flag, join_arguments},
        template::{Segment, Template},
    },
};

/// A text of a resource.
pub(super) struct Place<'a> {
    /// The path to it, which no other text of the resource has.
    pub(super) path: &'a str,
    /// Whether plans don't show it.
    pub(super) is_secret: bool,
    pub(super) text: &'a mut Template,
}

/// Calls `visit` with every text of `resource` that can be a secret: names, and ARNs of policies,
/// can't.
pub(super) fn visit(resource: &mut Resource, visit: &mut dyn FnMut(Place<'_>)) {
    let mut walk = Walk {
        visit,
        paths: BTreeSet::new(),
    };
    resource.visit_texts(&mut walk);
}

struct Walk<'a> {
    visit: &'a mut dyn FnMut(Place<'_>),
    paths: BTreeSet<String>,
}

impl TextVisitor for Walk<'_> {
    fn text(&mut self, path: &Path, text: &mut Template) {
        self.visit_text(path, false, text);
    }

    fn tree(&mut self, path: &Path, names: TreeNames, tree: &mut Node) {
        self.node(path, "", names, tree);
    }
}

impl Walk<'_> {
    /// The texts of a tree that stands at `path` and is called `called` in what it is in.
    fn node(&mut self, path: &Path, called: &str, names: TreeNames, node: &mut Node) {
        match node {
            Node::Null | Node::Bool(_) | Node::Number(_) => {}
            Node::Text(text) => self.visit_text(path, false, text),
            Node::List(elements) => self.list(path, called, names, elements),
            Node::Map(members) => {
                let name = if names.verbatim.contains(&called) {
                    str::to_owned
                } else {
                    names.name
                };
                let names = TreeNames { name, ..names };
                for (key, member) in members {
                    let path = path.join(Part::Key(name(key)));
                    self.node(&path, key, names, member);
                }
            }
        }
    }

    /// Elements that plans show under names have these in their paths, all others their number.
    fn list(&mut self, path: &Path, called: &str, names: TreeNames, elements: &mut [Node]) {
        let keyed = names.keyed.iter().find(|(list, ..)| *list == called);
        let element_names = keyed.and_then(|(_, key, _)| element_names(elements, key));
        if let (Some((_, key, value)), Some(element_names)) = (keyed, element_names) {
            for (element, element_name) in elements.iter_mut().zip(element_names) {
                let path = path.join(Part::Key(element_name));
                self.named(&path, (key, *value), names, element);
            }
            return;
        }
        let mut follows_flag = false;
        for (index, element) in elements.iter_mut().enumerate() {
            let path = path.join(Part::Index(index));
            let is_flag = !follows_flag && element.as_str().is_some_and(is_secret_flag);
            if let Node::Text(text) = element {
                self.visit_text(&path, follows_flag, text);
            } else {
                self.node(&path, "", names, element);
            }
            follows_flag = is_flag;
        }
    }

    /// The members of an element without its name, which is in the path. If there is only a value
    /// besides, plans show it as the element itself.
    fn named(
        &mut self,
        path: &Path,
        (key, value): (&str, Option<&str>),
        names: TreeNames,
        element: &mut Node,
    ) {
        let Some(members) = element.as_map_mut() else {
            return;
        };
        let is_pair = members.len() == 2;
        for (member_key, member) in members.iter_mut().filter(|(k, _)| *k != key) {
            if is_pair && value == Some(member_key.as_str()) {
                self.node(path, member_key, names, member);
            } else {
                let path = path.join(Part::Key((names.name)(member_key)));
                self.node(&path, member_key, names, member);
            }
        }
    }

    fn visit_text(&mut self, path: &Path, is_argument: bool, text: &mut Template) {
        let is_secret = is_argument && says_something(text) || is_hidden(path, text);
        let mut name = path.to_string();
        while !self.paths.insert(name.clone()) {
            name.push('\'');
        }
        (self.visit)(Place {
            path: &name,
            is_secret,
            text,
        });
    }
}

/// Returns whether the text is a secret by its name or its look, or will be once it is known.
pub(super) fn is_hidden(path: &Path, text: &Template) -> bool {
    let spelled = text.to_string();
    says_something(text) && (spells_secret(path, &spelled) || is_secret(path, &Node::from(spelled)))
}

/// Returns whether there is more to the text than what it mentions, which is no secret.
fn says_something(text: &Template) -> bool {
    let mut segments = text.segments().iter();
    segments.any(|segment| matches!(segment, Segment::Literal(_)))
}

/// The names of the elements by their member `key`, if each has one of its own.
fn element_names(elements: &[Node], key: &str) -> Option<Vec<String>> {
    let names: Option<Vec<String>> = elements
        .iter()
        .map(|element| Some(element.get(key)?.as_str()?.to_owned()))
        .collect();
    let names = names?;
    let distinct: BTreeSet<&String> = names.iter().collect();
    (distinct.len() == names.len()).then_some(names)
}

/// Returns whether the text is JSON, such as a collector's configuration, of which plans don't show
/// some value.
fn spells_secret(path: &Path, json: &str) -> bool {
    if !json.starts_with('{') {
        return false;
    }
    let tree = serde_json::from_str::<serde_json::Value>(json);
    tree.is_ok_and(|tree| holds_secret(path, &join_arguments(Node::from(&tree))))
}

/// The texts of `resource` by their paths.
pub(super) fn texts(resource: &Resource) -> BTreeMap<String, Template> {
    let mut texts = BTreeMap::new();
    visit(&mut resource.clone(), &mut |place| {
        texts.insert(place.path.to_owned(), place.text.clone());
    });
    texts
}
