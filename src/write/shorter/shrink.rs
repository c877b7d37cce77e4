//! Makes a proposal as short as it can be, and fit to be read.

use crate::{kinds::declare::ShortForm, model::node::Node};

/// The most letters of a string in a note.
const MOST_LETTERS: usize = 60;

/// The form without whatever it says for nothing.
pub(super) fn shrunk(mut form: ShortForm, is_same: &dyn Fn(&ShortForm) -> bool) -> ShortForm {
    let mut path = Vec::new();
    let mut value = form.value.clone();
    shrink(&mut value, &mut path, &mut |value| {
        is_same(&ShortForm {
            value: value.clone(),
            ..form.clone()
        })
    });
    form.value = value;
    form
}

/// Removes what can be removed at `path` of `value`.
fn shrink(value: &mut Node, path: &mut Vec<Turn>, is_same: &mut dyn FnMut(&Node) -> bool) {
    for turn in turns(at(value, path)) {
        path.push(turn);
        let mut without = value.clone();
        if remove(&mut without, path) && is_same(&without) {
            *value = without;
        } else {
            shrink(value, path, is_same);
        }
        path.pop();
    }
}

/// One step into a document.
#[derive(Clone, Debug)]
enum Turn {
    Key(String),
    Index(usize),
}

fn turns(node: Option<&Node>) -> Vec<Turn> {
    match node {
        Some(Node::Map(members)) => members.keys().cloned().map(Turn::Key).collect(),
        Some(Node::List(elements)) => (0..elements.len()).map(Turn::Index).collect(),
        Some(Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_)) | None => Vec::new(),
    }
}

fn at<'n>(node: &'n Node, path: &[Turn]) -> Option<&'n Node> {
    path.iter().try_fold(node, |node, turn| match turn {
        Turn::Key(key) => node.get(key),
        Turn::Index(index) => node.as_list()?.get(*index),
    })
}

/// Removes a member of a table; elements of lists stay.
fn remove(node: &mut Node, path: &[Turn]) -> bool {
    match (path, node) {
        ([Turn::Key(key)], Node::Map(members)) => members.remove(key).is_some(),
        ([Turn::Key(key), rest @ ..], Node::Map(members)) => members
            .get_mut(key)
            .is_some_and(|inner| remove(inner, rest)),
        ([Turn::Index(index), rest @ ..], Node::List(elements)) if !rest.is_empty() => elements
            .get_mut(*index)
            .is_some_and(|inner| remove(inner, rest)),
        (
            _,
            Node::Null
            | Node::Bool(_)
            | Node::Number(_)
            | Node::Text(_)
            | Node::List(_)
            | Node::Map(_),
        ) => false,
    }
}

/// The form with the beginnings of long strings, for people to read.
pub(super) fn abbreviated(form: &ShortForm) -> ShortForm {
    ShortForm {
        value: cut(&form.value),
        ..form.clone()
    }
}

fn cut(node: &Node) -> Node {
    match node {
        Node::Text(text) => {
            let text = text.to_string();
            if text.chars().count() <= MOST_LETTERS {
                return node.clone();
            }
            let beginning: String = text.chars().take(MOST_LETTERS).collect();
            Node::from(format!("{beginning}…"))
        }
        Node::List(elements) => Node::List(elements.iter().map(cut).collect()),
        Node::Map(members) => Node::map(members.iter().map(|(key, node)| (key.clone(), cut(node)))),
        Node::Null | Node::Bool(_) | Node::Number(_) => node.clone(),
    }
}
