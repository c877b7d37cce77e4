//! What differs between two trees, place by place.

use std::{collections::BTreeMap, fmt};

use crate::model::node::Node;

/// A place where two trees differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference<'a> {
    /// The place.
    pub path: Path,
    /// What stands there in the one and in the other.
    pub sides: Sides<'a>,
}

/// What two trees have at a place where they differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sides<'a> {
    /// Only the second has something.
    Added(&'a Node),
    /// Only the first has something.
    Removed(&'a Node),
    /// They have different things.
    Changed {
        /// What the first has.
        from: &'a Node,
        /// What the second has.
        to: &'a Node,
    },
}

/// The way from the root of a tree to a place in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path(Vec<Part>);

/// One turn of a [`Path`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The member of an object.
    Key(String),
    /// The element of an array with this name, such as the `Sid` of a policy statement.
    Named(String),
    /// The element at this index.
    Index(usize),
    /// An element of an array that is a set: it is where it is by its content alone.
    Member,
}

/// The members by which the elements of an array are distinguished, if each has one of its own.
const NAMES: &[&str] = &["Sid", "name", "container_port", "source_volume"];

/// Compares two trees. Equal trees, and only they, have no differences.
///
/// Objects are compared by key. Arrays are compared by the names of their elements if they have
/// any, else as sets if they are sorted strings, else as sequences with a longest common part.
pub fn diff<'a>(from: &'a Node, to: &'a Node) -> Vec<Difference<'a>> {
    let mut differences = Vec::new();
    compare(&Path::default(), Some(from), Some(to), &mut differences);
    differences
}

impl Path {
    /// The parts.
    pub fn parts(&self) -> &[Part] {
        &self.0
    }

    /// The keys on the way, without indices.
    pub fn keys(&self) -> Vec<&str> {
        self.0
            .iter()
            .filter_map(|part| match part {
                Part::Key(key) => Some(key.as_str()),
                Part::Named(_) | Part::Index(_) | Part::Member => None,
            })
            .collect()
    }

    /// The path that leads through members of objects alone.
    #[must_use]
    pub fn of_keys(keys: &[&str]) -> Self {
        let keys = keys.iter();
        Self(keys.map(|key| Part::Key((*key).to_owned())).collect())
    }

    /// The path that goes on with all of `other`.
    #[must_use]
    pub fn then(&self, other: &Self) -> Self {
        Self(self.0.iter().chain(&other.0).cloned().collect())
    }

    /// The path that goes on with `part`.
    #[must_use]
    pub fn join(&self, part: Part) -> Self {
        Self(self.0.iter().cloned().chain([part]).collect())
    }
}

/// `containers.app.environment.LOG_LEVEL`, `trust.Statement[EcsTasks].Action`.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.0.iter().enumerate() {
            match part {
                Part::Key(key) => {
                    if index > 0 {
                        f.write_str(".")?;
                    }
                    // A dot within a key would read as two keys.
                    if key.contains(['.', ' ']) {
                        write!(f, "\"{key}\"")?;
                    } else {
                        f.write_str(key)?;
                    }
                }
                Part::Named(name) => write!(f, "[{name}]")?,
                Part::Index(index) => write!(f, "[{index}]")?,
                Part::Member => {}
            }
        }
        Ok(())
    }
}

fn compare<'a>(
    path: &Path,
    from: Option<&'a Node>,
    to: Option<&'a Node>,
    differences: &mut Vec<Difference<'a>>,
) {
    let mut found = |sides| {
        differences.push(Difference {
            path: path.clone(),
            sides,
        });
    };
    match (from, to) {
        (None, None) => {}
        (Some(from), Some(to)) if from == to => {}
        (Some(Node::Map(from)), Some(Node::Map(to))) => {
            let mut keys: Vec<&String> = from.keys().chain(to.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                let path = path.join(Part::Key(key.clone()));
                compare(&path, from.get(key), to.get(key), differences);
            }
        }
        (Some(Node::List(from)), Some(Node::List(to))) => lists(path, from, to, differences),
        (Some(from), Some(to)) => found(Sides::Changed { from, to }),
        (Some(from), None) => found(Sides::Removed(from)),
        (None, Some(to)) => found(Sides::Added(to)),
    }
}

fn lists<'a>(path: &Path, from: &'a [Node], to: &'a [Node], differences: &mut Vec<Difference<'a>>) {
    if let Some(pairs) = by_name(from, to) {
        for (name, from, to) in pairs {
            compare(&path.join(Part::Named(name)), from, to, differences);
        }
        return;
    }
    let is_set = is_set(from) && is_set(to);
    for (from, to) in align(from, to, is_set) {
        let Some((index, _)) = to.or(from) else {
            continue;
        };
        let part = if is_set {
            Part::Member
        } else {
            Part::Index(index)
        };
        let (from, to) = (from.map(|(_, node)| node), to.map(|(_, node)| node));
        compare(&path.join(part), from, to, differences);
    }
}

type Named<'a> = (String, Option<&'a Node>, Option<&'a Node>);

/// Pairs elements by name, or `None` if they have no names of their own or if those that stay
/// change their order.
fn by_name<'a>(from: &'a [Node], to: &'a [Node]) -> Option<Vec<Named<'a>>> {
    let (from_names, to_names) = NAMES
        .iter()
        .find_map(|key| names(from, key).zip(names(to, key)))?;
    let stays = |name: &&String| from_names.contains(*name) && to_names.contains(*name);
    if !from_names
        .iter()
        .filter(stays)
        .eq(to_names.iter().filter(stays))
    {
        return None;
    }
    let from: BTreeMap<&String, &Node> = from_names.iter().zip(from).collect();
    let to: BTreeMap<&String, &Node> = to_names.iter().zip(to).collect();
    let new = to_names.iter().filter(|name| !from.contains_key(name));
    let names = from_names.iter().chain(new);
    Some(
        names
            .map(|name| (name.clone(), from.get(name).copied(), to.get(name).copied()))
            .collect(),
    )
}

/// The value of `key` in each element, if each has one and no two the same.
fn names(elements: &[Node], key: &str) -> Option<Vec<String>> {
    let names: Vec<String> = elements
        .iter()
        .map(|element| match element.get(key)? {
            Node::Text(name) => Some(name.to_string()),
            Node::Number(number) => Some(number.to_string()),
            Node::Null | Node::Bool(_) | Node::List(_) | Node::Map(_) => None,
        })
        .collect::<Option<_>>()?;
    let mut sorted = names.clone();
    sorted.sort();
    sorted.dedup();
    (sorted.len() == names.len()).then_some(names)
}

/// Returns whether the elements can be read as a set: strings in order without duplicates.
fn is_set(elements: &[Node]) -> bool {
    elements.iter().all(|element| element.as_text().is_some())
        && elements.is_sorted_by_key(|element| element.as_text())
        && elements.windows(2).all(|pair| pair[0] != pair[1])
}

type Aligned<'a> = (Option<(usize, &'a Node)>, Option<(usize, &'a Node)>);

/// Pairs the elements of two sequences: those of a longest common subsequence with each other, and
/// between them, unless it is a set, what is alike.
fn align<'a>(from: &'a [Node], to: &'a [Node], is_set: bool) -> Vec<Aligned<'a>> {
    let lengths = common_lengths(from, to);
    let mut aligned = Vec::new();
    let (mut removed, mut added) = (Vec::new(), Vec::new());
    let (mut i, mut j) = (0, 0);
    while i < from.len() || j < to.len() {
        if i < from.len() && j < to.len() && from[i] == to[j] {
            close_gap(&mut removed, &mut added, is_set, &mut aligned);
            (i, j) = (i + 1, j + 1);
        } else if i < from.len() && (j == to.len() || lengths[i + 1][j] >= lengths[i][j + 1]) {
            removed.push((i, &from[i]));
            i += 1;
        } else {
            added.push((j, &to[j]));
            j += 1;
        }
    }
    close_gap(&mut removed, &mut added, is_set, &mut aligned);
    aligned
}

/// The lengths of the longest common subsequences of every pair of tails.
fn common_lengths(from: &[Node], to: &[Node]) -> Vec<Vec<usize>> {
    let mut lengths = vec![vec![0; to.len() + 1]; from.len() + 1];
    for i in (0..from.len()).rev() {
        for j in (0..to.len()).rev() {
            lengths[i][j] = if from[i] == to[j] {
                lengths[i + 1][j + 1] + 1
            } else {
                lengths[i + 1][j].max(lengths[i][j + 1])
            };
        }
    }
    lengths
}

/// Pairs what was removed between two common elements with what was added there, as far as the one
/// looks like a later form of the other.
fn close_gap<'a>(
    removed: &mut Vec<(usize, &'a Node)>,
    added: &mut Vec<(usize, &'a Node)>,
    is_set: bool,
    aligned: &mut Vec<Aligned<'a>>,
) {
    let mut rest = std::mem::take(added).into_iter().peekable();
    for from in removed.drain(..) {
        let to = rest.next_if(|(_, to)| !is_set && alike(from.1, to));
        aligned.push((Some(from), to));
    }
    aligned.extend(rest.map(|to| (None, Some(to))));
}

/// Returns whether `to` can be read as a later form of `from`: of two objects at least half of the
/// members have to be equal.
fn alike(from: &Node, to: &Node) -> bool {
    match (from, to) {
        (Node::Map(from), Node::Map(to)) => {
            let equal = from
                .iter()
                .filter(|(key, member)| to.get(*key) == Some(member))
                .count();
            equal > 0 && equal * 2 >= from.len().max(to.len())
        }
        (Node::Map(_), _) | (_, Node::Map(_)) => false,
        (Node::List(_), _) => matches!(to, Node::List(_)),
        (Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_), to) => {
            !matches!(to, Node::List(_))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// The differences as `path: from -> to`.
    fn described(from: &Value, to: &Value) -> Vec<String> {
        let (from, to) = (Node::from(from), Node::from(to));
        let say = |node: &Node| node.to_json().to_string();
        diff(&from, &to)
            .iter()
            .map(|Difference { path, sides }| match sides {
                Sides::Added(to) => format!("{path}: nothing -> {}", say(to)),
                Sides::Removed(from) => format!("{path}: {} -> nothing", say(from)),
                Sides::Changed { from, to } => format!("{path}: {} -> {}", say(from), say(to)),
            })
            .collect()
    }

    #[test]
    fn one_environment_variable_is_one_difference() {
        assert_eq!(
            described(
                &json!({"containers": {"app": {"image": "i", "environment": {"A": "1", "B": "2"}}}}),
                &json!({"containers": {"app": {"image": "i", "environment": {"A": "1", "B": "3"}}}}),
            ),
            [r#"containers.app.environment.B: "2" -> "3""#]
        );
    }

    #[test]
    fn members_come_and_go_whole() {
        assert_eq!(
            described(
                &json!({"a": {"x": 1}, "b": 1}),
                &json!({"b": {"y": 2}, "c.d": [1]})
            ),
            [
                r#"a: {"x":1} -> nothing"#,
                r#"b: 1 -> {"y":2}"#,
                r#""c.d": nothing -> [1]"#
            ]
        );
    }

    #[test]
    fn null_is_something() {
        assert_eq!(
            described(&json!({"a": null}), &json!({})),
            ["a: null -> nothing"]
        );
    }

    #[test]
    fn statements_are_distinguished_by_sid() {
        assert_eq!(
            described(
                &json!({"Statement": [{"Sid": "A", "Action": ["x"]}, {"Sid": "B", "Action": ["y"]}]}),
                &json!({"Statement": [{"Sid": "B", "Action": ["y", "z"]}, {"Sid": "C", "Action": ["y"]}]}),
            ),
            [
                r#"Statement[A]: {"Action":["x"],"Sid":"A"} -> nothing"#,
                r#"Statement[B].Action: nothing -> "z""#,
                r#"Statement[C]: nothing -> {"Action":["y"],"Sid":"C"}"#,
            ]
        );
    }

    #[test]
    fn nameless_statements_are_paired_if_they_are_alike() {
        let one = json!({"Statement": [{"Effect": "Allow", "Action": ["x"], "Resource": ["*"]}]});
        assert_eq!(
            described(
                &one,
                &json!({"Statement": [{"Effect": "Allow", "Action": ["x"], "Resource": ["r"]}]})
            ),
            [
                r#"Statement[0].Resource: "*" -> nothing"#,
                r#"Statement[0].Resource: nothing -> "r""#,
            ]
        );
        assert_eq!(
            described(
                &one,
                &json!({"Statement": [{"Effect": "Allow", "Action": ["y"], "Resource": ["r"]}]})
            )
            .len(),
            2
        );
    }

    #[test]
    fn sets_gain_and_lose_members() {
        assert_eq!(
            described(
                &json!({"p": ["a", "b", "d"]}),
                &json!({"p": ["b", "c", "d"]})
            ),
            [r#"p: "a" -> nothing"#, r#"p: nothing -> "c""#]
        );
    }

    #[test]
    fn sequences_change_in_place() {
        assert_eq!(
            described(
                &json!(["z", "a", "b"]),
                &json!(["z", "a", "new", "b", "last"])
            ),
            [r#"[2]: nothing -> "new""#, r#"[4]: nothing -> "last""#]
        );
        assert_eq!(
            described(&json!(["z", "a"]), &json!(["z", "b"])),
            [r#"[1]: "a" -> "b""#]
        );
    }

    #[test]
    fn a_change_of_order_is_a_difference() {
        assert_eq!(
            described(&json!(["y", "x"]), &json!(["x", "y"])),
            [r#"[0]: "y" -> nothing"#, r#"[1]: nothing -> "y""#]
        );
        assert!(
            !described(
                &json!([{"name": "a"}, {"name": "b"}]),
                &json!([{"name": "b"}, {"name": "a"}])
            )
            .is_empty()
        );
    }

    fn any_tree() -> impl Strategy<Value = Node> {
        let leaf = prop_oneof![
            Just(Node::Null),
            any::<bool>().prop_map(Node::from),
            (0u32..2).prop_map(Node::from),
            "[ab]".prop_map(Node::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Node::List),
                prop::collection::btree_map("name|Sid|k", inner, 0..3).prop_map(Node::map),
            ]
        })
    }

    proptest! {
        #[test]
        fn equal_trees_and_only_they_have_no_differences(a in any_tree(), b in any_tree()) {
            prop_assert!(diff(&a, &a).is_empty());
            prop_assert_eq!(diff(&a, &b).is_empty(), a == b);
        }

        #[test]
        fn a_change_is_one(a in any_tree(), b in any_tree()) {
            for difference in diff(&a, &b) {
                if let Sides::Changed { from, to } = difference.sides {
                    prop_assert_ne!(from, to);
                }
            }
        }
    }
}
