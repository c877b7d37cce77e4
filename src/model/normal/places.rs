//! The places of a document, under names that stay the same while it is brought into normal form.

use std::collections::BTreeMap;

use crate::model::{
    diff::{Part, Path},
    node::Node,
};

/// How the places of one sort of document are named.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// What the stack file calls a member.
    pub spell: fn(&str) -> String,
    /// Arrays that plans show as objects: the array, the member that names an element, and the only
    /// other member of one that is no more than name and value.
    pub keyed: &'static [(&'static str, &'static str, Option<&'static str>)],
    /// Other arrays whose elements are distinguished by a member: the array, and that member.
    pub named: &'static [(&'static str, &'static str)],
    /// Members that are one place, whatever they hold.
    pub whole: &'static [&'static str],
    /// Members that hold the user's own names, which are kept.
    pub verbatim: &'static [&'static str],
    /// Members in which an object stands for an array of one.
    pub single: &'static [&'static str],
}

/// What stands at each place.
pub(crate) type Places = BTreeMap<Path, Node>;

impl Layout {
    /// The places of `document`: everything that holds no other place, and the names of every array
    /// with named elements, in order.
    pub(crate) fn places(&self, document: &Node) -> Places {
        let mut places = Places::new();
        self.collect(&Path::default(), "", document, &mut places);
        places
    }

    fn collect(&self, path: &Path, key: &str, node: &Node, places: &mut Places) {
        match node {
            Node::Map(members) if self.single.contains(&key) => {
                places.insert(path.clone(), Node::from("an object"));
                let element = Node::Map(members.clone());
                self.elements(path, key, &[element], places);
            }
            Node::Map(members) if !members.is_empty() && !self.whole.contains(&key) => {
                let is_verbatim = self.verbatim.contains(&key);
                for (key, member) in members {
                    let name = if is_verbatim {
                        key.clone()
                    } else {
                        (self.spell)(key)
                    };
                    self.collect(&path.join(Part::Key(name)), key, member, places);
                }
            }
            Node::List(elements) if holds_objects(elements) && !self.whole.contains(&key) => {
                if self.single.contains(&key) {
                    places.insert(path.clone(), Node::from("an array"));
                }
                self.elements(path, key, elements, places);
            }
            Node::Null
            | Node::Bool(_)
            | Node::Number(_)
            | Node::Text(_)
            | Node::List(_)
            | Node::Map(_) => _ = places.insert(path.clone(), node.clone()),
        }
    }

    fn elements(&self, path: &Path, key: &str, elements: &[Node], places: &mut Places) {
        let keyed = self.keyed.iter().find(|(list, ..)| *list == key);
        let named = self.named.iter().find(|(list, _)| *list == key);
        let name = keyed.map(|(_, name, _)| *name);
        let name = name.or(named.map(|(_, name)| *name));
        let identified = name.and_then(|name| Some((name, names(name, elements)?)));
        let Some((name, all)) = identified else {
            for (index, element) in elements.iter().enumerate() {
                self.collect(&path.join(Part::Index(index)), "", element, places);
            }
            return;
        };
        let value = keyed.and_then(|(.., value)| *value);
        for (own, element) in all.iter().zip(elements) {
            let part = if keyed.is_some() {
                Part::Key(own.clone())
            } else {
                Part::Named(own.clone())
            };
            let mut rest = element.as_map().cloned().unwrap_or_default();
            rest.remove(name);
            let path = path.join(part);
            match value.and_then(|value| rest.get(value)) {
                Some(only) if rest.len() == 1 => _ = places.insert(path, only.clone()),
                // The names say that there is one.
                _ if rest.is_empty() => {}
                Some(_) | None => self.collect(&path, "", &Node::Map(rest), places),
            }
        }
        places.insert(path.join(Part::Member), Node::texts(all));
    }
}

fn holds_objects(elements: &[Node]) -> bool {
    elements.iter().any(|element| element.as_map().is_some())
}

/// The names of the elements, if each has one and no two the same. An empty name is none.
fn names(key: &str, elements: &[Node]) -> Option<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    for element in elements {
        let name = match element.get(key)? {
            Node::Text(name) => name.to_string(),
            Node::Number(number) => number.to_string(),
            Node::Null | Node::Bool(_) | Node::List(_) | Node::Map(_) => return None,
        };
        if name.is_empty() || names.contains(&name) {
            return None;
        }
        names.push(name);
    }
    Some(names)
}
