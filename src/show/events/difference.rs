//! What differs between two states of a resource, value by value, without secrets.

use serde::Serialize;
use serde_json::Value;

use crate::{
    kinds::Resource,
    model::{
        diff::{self, Part, Path, Sides, diff},
        node::Node,
        secret::{HIDDEN, is_secret},
    },
    show::step::to_display_tree,
};

/// A value that comes, goes or changes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Where, as a plan spells it: `containers.app.environment.LOG_LEVEL`.
    pub path: String,
    /// What happens there.
    pub change: Change,
    /// What is there; `null` if nothing is.
    pub from: Value,
    /// The desired value; `null` if there is none.
    pub to: Value,
    /// Whether `(hidden)` stands for a secret in `from` or `to`.
    pub hidden: bool,
    /// Whether `to` mentions something that is known only after other steps, such as
    /// `${workspace.arn}`.
    pub known_after_apply: bool,
}

/// What happens to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It comes.
    Added,
    /// It goes.
    Removed,
    /// Another one takes its place.
    Changed,
}

/// The differences, in the order of their paths. Of something that comes or goes as a whole, each
/// value is one, but for empty lists and tables.
pub(super) fn differences(from: Option<&Resource>, to: Option<&Resource>) -> Vec<Difference> {
    let mut found = Vec::new();
    match (from, to) {
        (None, None) => {}
        (None, Some(to)) => each_value(
            &Path::default(),
            &to_display_tree(to),
            Change::Added,
            &mut found,
        ),
        (Some(from), None) => {
            each_value(
                &Path::default(),
                &to_display_tree(from),
                Change::Removed,
                &mut found,
            );
        }
        (Some(from), Some(to)) => {
            let to = to.spelled_as(from);
            let (from, to) = (to_display_tree(from), to_display_tree(&to));
            for diff::Difference { path, sides } in diff(&from, &to) {
                match sides {
                    Sides::Added(node) => each_value(&path, node, Change::Added, &mut found),
                    Sides::Removed(node) => each_value(&path, node, Change::Removed, &mut found),
                    Sides::Changed { from, to } => found.push(changed(&path, from, to)),
                }
            }
        }
    }
    found
}

/// Goes down to what is no table.
fn each_value(path: &Path, node: &Node, change: Change, found: &mut Vec<Difference>) {
    if let Node::Map(members) = node {
        for (key, member) in members {
            each_value(&path.join(Part::Key(key.clone())), member, change, found);
        }
        return;
    }
    if node.is_empty() {
        return;
    }
    let shown = Shown::of(path, node);
    let (from, to) = match change {
        Change::Removed => (shown.value, Value::Null),
        Change::Added | Change::Changed => (Value::Null, shown.value),
    };
    found.push(Difference {
        path: path.to_string(),
        change,
        from,
        to,
        hidden: shown.hidden,
        known_after_apply: !shown.known,
    });
}

fn changed(path: &Path, from: &Node, to: &Node) -> Difference {
    let (from, to) = (Shown::of(path, from), Shown::of(path, to));
    Difference {
        path: path.to_string(),
        change: Change::Changed,
        from: from.value,
        to: to.value,
        hidden: from.hidden || to.hidden,
        known_after_apply: !to.known,
    }
}

/// A value as everybody may see it.
pub(super) struct Shown {
    pub(super) value: Value,
    /// Whether a secret was taken out of it.
    pub(super) hidden: bool,
    /// Whether nothing in it waits to be filled in.
    known: bool,
}

impl Shown {
    pub(super) fn of(path: &Path, node: &Node) -> Self {
        let mut shown = Self {
            value: Value::Null,
            hidden: false,
            known: true,
        };
        shown.value = shown.mask(path, node);
        shown
    }

    fn mask(&mut self, path: &Path, node: &Node) -> Value {
        if is_secret(path, node) {
            self.hidden = true;
            return Value::from(HIDDEN);
        }
        match node {
            Node::Null | Node::Bool(_) | Node::Number(_) => node.to_json(),
            Node::Text(text) => {
                self.known &= text.known().is_some();
                Value::from(text.to_string())
            }
            Node::List(elements) => elements
                .iter()
                .enumerate()
                .map(|(index, element)| self.mask(&path.join(Part::Index(index)), element))
                .collect(),
            Node::Map(members) => members
                .iter()
                .map(|(key, member)| {
                    let value = self.mask(&path.join(Part::Key(key.clone())), member);
                    (key.clone(), value)
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn added(node: &Value) -> Vec<Difference> {
        let mut found = Vec::new();
        each_value(
            &Path::default(),
            &Node::from(node),
            Change::Added,
            &mut found,
        );
        found
    }

    #[test]
    fn every_value_is_a_difference_and_empty_ones_are_none() {
        let found = added(&json!({"a": {"b": 1, "c": [], "d": {}}, "e": ["x", "y"], "f": null}));
        let found: Vec<_> = found.iter().map(|d| (d.path.as_str(), &d.to)).collect();
        assert_eq!(
            found,
            [
                ("a.b", &json!(1)),
                ("e", &json!(["x", "y"])),
                ("f", &json!(null)),
            ]
        );
    }

    #[test]
    fn secrets_are_hidden_at_any_depth() {
        let found = added(&json!({
            "environment": {"DB_PASSWORD": "hunter2", "LEVEL": "info"},
            "command": ["serve", "--db-password=hunter2"],
            "sidecars": [{"API_KEY": "hunter2", "port": 80}],
        }));
        let text = serde_json::to_string(&found).unwrap();
        assert!(!text.contains("hunter2"), "{text}");
        let hidden: Vec<_> = found.iter().map(|d| (d.path.as_str(), d.hidden)).collect();
        assert_eq!(
            hidden,
            [
                ("command", true),
                ("environment.DB_PASSWORD", true),
                ("environment.LEVEL", false),
                ("sidecars", true),
            ]
        );
        assert_eq!(found[3].to, json!([{"API_KEY": "(hidden)", "port": 80}]));
    }

    #[test]
    fn two_secrets_that_differ_look_alike_and_are_marked() {
        let path = Path::default().join(Part::Key("API_KEY".to_owned()));
        let difference = changed(&path, &Node::from("abc"), &Node::from("abd"));
        assert!(difference.hidden);
        assert_eq!(difference.from, difference.to);
    }
}
