//! Members that amp-stack does not know: what AWS has added to task definitions since it was built.
//!
//! * One that AWS returns and the stack file does not mention is no difference: AWS began to return
//!   `enableFaultInjection: false` of every revision one day
//!   (<https://github.com/aws-actions/amazon-ecs-render-task-definition/issues/363>). It is carried
//!   along into the next revision, so that it is not lost either.
//! * One that the stack file says and AWS does not return was sent in vain: services leave out of
//!   a request what they do not know (Smithy specification, "AWS JSON 1.1 protocol", unknown
//!   members). A revision that was registered with it is as good as it gets, so it is not
//!   registered again.
//!
//! Within a member that is not known, every member is one.

use uuid::{Uuid, uuid};

use crate::{
    ecs_shape::{self, KEYED, Shape, Structure, stack_key},
    kinds::task_definition::document::rules::LAYOUT,
    model::{
        node::{Members, Node},
        rule::Rule,
    },
};

/// The rule about members that amp-stack does not know.
pub const UNKNOWN: Rule = Rule {
    code: "unknown-members",
    sentence: "A member that amp-stack does not know is AWS's to decide: one that only AWS mentions is carried along into the next revision, and one that the file says and AWS has not kept is not registered again.",
    source: "aws-actions/amazon-ecs-render-task-definition, issue 363; Smithy specification, AWS JSON 1.1 protocol",
};

/// The namespace of the digests (RFC 9562, section 5.5).
const NAMESPACE: Uuid = uuid!("5b4c0a3e-1d0f-4a57-8f6a-6f0d6f2c9b13");

/// What of a request a node is.
#[derive(Clone, Copy)]
enum Of<'a> {
    Known(&'a Shape),
    /// Something within a member that is not known.
    Unknown,
}

/// What the member `name` of a structure is; of one that is not known, nothing is known.
fn member<'a>(of: Option<&'a Structure>, name: &str) -> Of<'a> {
    let member = of.and_then(|of| of.member(name));
    member.map_or(Of::Unknown, |member| Of::Known(&member.shape))
}

/// The structure that a node is, if it is one: `Some(None)` is one of which nothing is known.
#[expect(
    clippy::option_option,
    reason = "no structure and an unknown structure are not the same"
)]
fn structure(of: Of<'_>) -> Option<Option<&Structure>> {
    match of {
        Of::Known(Shape::Struct(structure)) => Some(Some(structure)),
        Of::Known(
            Shape::List(_) | Shape::Map(_) | Shape::Text(_) | Shape::Integer | Shape::Boolean,
        ) => None,
        Of::Unknown => Some(None),
    }
}

/// What the elements of a node are, if it is a list.
fn elements(of: Of<'_>) -> Option<Of<'_>> {
    match of {
        Of::Known(Shape::List(element)) => Some(Of::Known(element)),
        Of::Known(
            Shape::Struct(_) | Shape::Map(_) | Shape::Text(_) | Shape::Integer | Shape::Boolean,
        ) => None,
        Of::Unknown => Some(Of::Unknown),
    }
}

/// Adds to the document `want` what only `live` mentions and amp-stack does not know.
pub(crate) fn carry(want: &mut Node, live: &Node) {
    if let (Node::Map(want), Node::Map(live)) = (want, live) {
        carry_members(want, live, Some(ecs_shape::request()));
    }
}

fn carry_members(want: &mut Members, live: &Members, of: Option<&Structure>) {
    for (name, theirs) in live {
        let of = member(of, name);
        if let Some(ours) = want.get_mut(name) {
            carry_into(ours, theirs, of, name);
        } else {
            let only = only_unknown(theirs, of);
            want.extend(only.map(|only| (name.clone(), only)));
        }
    }
}

fn carry_into(want: &mut Node, live: &Node, of: Of<'_>, name: &str) {
    match (want, live) {
        (Node::Map(want), Node::Map(live)) => {
            if let Some(of) = structure(of) {
                carry_members(want, live, of);
            }
        }
        (Node::List(want), Node::List(live)) => {
            let Some(of) = elements(of) else { return };
            let partners = partners(name, want, live);
            for (want, live) in want.iter_mut().zip(partners) {
                if let Some(live) = live {
                    carry_into(want, live, of, "");
                }
            }
        }
        _ => {}
    }
}

/// What of `live`, which nobody else mentions, amp-stack does not know.
fn only_unknown(live: &Node, of: Of<'_>) -> Option<Node> {
    match (of, live) {
        (Of::Unknown, _) => Some(live.clone()),
        (Of::Known(Shape::Struct(of)), Node::Map(members)) => {
            let members = members.iter().filter_map(|(name, theirs)| {
                Some((name.clone(), only_unknown(theirs, member(Some(of), name))?))
            });
            let members: Members = members.collect();
            (!members.is_empty()).then_some(Node::Map(members))
        }
        (Of::Known(_), _) => None,
    }
}

/// Takes from the document `want` what `live` does not mention and amp-stack does not know.
pub(crate) fn drop_unkept(want: &mut Node, live: &Node) {
    if let Node::Map(want) = want {
        drop_members(want, live.as_map(), Some(ecs_shape::request()));
    }
}

fn drop_members(want: &mut Members, live: Option<&Members>, of: Option<&Structure>) {
    let theirs = |name: &str| live.and_then(|live| live.get(name));
    want.retain(|name, _| !matches!(member(of, name), Of::Unknown) || theirs(name).is_some());
    for (name, ours) in want.iter_mut() {
        drop_from(ours, theirs(name), member(of, name), name);
    }
}

fn drop_from(want: &mut Node, live: Option<&Node>, of: Of<'_>, name: &str) {
    match want {
        Node::Map(want) => {
            if let Some(of) = structure(of) {
                drop_members(want, live.and_then(Node::as_map), of);
            }
        }
        Node::List(want) => {
            let Some(of) = elements(of) else { return };
            let live = live.and_then(Node::as_list).unwrap_or_default();
            let partners = partners(name, want, live);
            for (want, partner) in want.iter_mut().zip(partners) {
                drop_from(want, partner, of, "");
            }
        }
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) => {}
    }
}

/// For each element of the list `want`, called `name`, the one of `live` that is the same thing:
/// the one with its name or, where elements have none, in its place. Where several have one name,
/// the first is the first.
fn partners<'a>(name: &str, want: &[Node], live: &'a [Node]) -> Vec<Option<&'a Node>> {
    let Some(key) = distinguishing(name) else {
        return (0..want.len()).map(|index| live.get(index)).collect();
    };
    let partner = |(index, element): (usize, &Node)| {
        let own = element.get(key)?;
        let is_called_so = |other: &&Node| other.get(key) == Some(own);
        let before = want[..index].iter().filter(is_called_so).count();
        live.iter().filter(is_called_so).nth(before)
    };
    want.iter().enumerate().map(partner).collect()
}

/// The member by which the elements of the list `name` are identified.
fn distinguishing(name: &str) -> Option<&'static str> {
    let keyed = KEYED.iter().find(|(list, ..)| *list == name);
    let named = || LAYOUT.named.iter().find(|(list, _)| *list == name);
    keyed
        .map(|(_, key, _)| *key)
        .or_else(|| named().map(|(_, key)| *key))
}

/// The members of `document` that amp-stack does not know: where they stand, under the names of a
/// stack file but for their own, and what they hold.
pub(crate) fn unknown(document: &Node) -> Vec<(String, &Node)> {
    let mut found = Vec::new();
    if let Node::Map(members) = document {
        collect("", members, ecs_shape::request(), &mut found);
    }
    found
}

fn collect<'a>(
    path: &str,
    members: &'a Members,
    of: &Structure,
    found: &mut Vec<(String, &'a Node)>,
) {
    let join = |name: &str| match path {
        "" => name.to_owned(),
        _ => format!("{path}.{name}"),
    };
    for (name, node) in members {
        let Some(member) = of.member(name) else {
            found.push((join(name), node));
            continue;
        };
        let at = join(&stack_key(name));
        match (&member.shape, node) {
            (Shape::Struct(of), Node::Map(members)) => collect(&at, members, of, found),
            (Shape::List(element), Node::List(nodes)) => {
                let Shape::Struct(of) = element.as_ref() else {
                    continue;
                };
                for (index, node) in nodes.iter().enumerate() {
                    let key = distinguishing(name).and_then(|key| node.get(key)?.as_str());
                    let at = match key {
                        Some(key) => format!("{at}.{key}"),
                        None => format!("{at}[{index}]"),
                    };
                    if let Node::Map(members) = node {
                        collect(&at, members, of, found);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Stands for what `document` says in members that amp-stack does not know, before references are
/// filled in; `None` if there are none.
pub(crate) fn digest(document: &Node) -> Option<String> {
    let unknown = unknown(document);
    if unknown.is_empty() {
        return None;
    }
    let lines = unknown
        .iter()
        .map(|(path, node)| format!("{path} {}\n", node.to_json()));
    let text: String = lines.collect();
    let digest = Uuid::new_v5(&NAMESPACE, text.as_bytes());
    Some(digest.simple().to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn node(value: &Value) -> Node {
        Node::from(value)
    }

    fn carried(want: &Value, live: &Value) -> Value {
        let mut want = node(want);
        carry(&mut want, &node(live));
        want.to_json()
    }

    #[test]
    fn only_what_nobody_knows_or_mentions_is_carried() {
        let want = json!({"cpu": "256", "mine": 1, "nested": {"a": 1},
            "containerDefinitions": [{"name": "a", "image": "i"}, {"name": "b", "image": "i"}]});
        let live = json!({"cpu": "512", "memory": "1024", "mine": 2, "theirs": [3], "nested": {"a": 2, "b": 3},
            "runtimePlatform": {"cpuArchitecture": "ARM64", "tomorrow": true}, "ephemeralStorage": {"sizeInGiB": 30},
            "containerDefinitions": [{"name": "b", "image": "j", "tomorrow": "default", "dockerLabels": {"x": "y"}}, {"name": "c", "tomorrow": 1}]});
        assert_eq!(
            carried(&want, &live),
            json!({"cpu": "256", "mine": 1, "theirs": [3], "nested": {"a": 1, "b": 3}, "runtimePlatform": {"tomorrow": true},
                "containerDefinitions": [{"name": "a", "image": "i"}, {"name": "b", "image": "i", "tomorrow": "default"}]})
        );
    }

    /// Of two requirements of one kind, only the one that has a member of tomorrow keeps it.
    #[test]
    fn of_what_has_the_same_name_the_first_is_the_first() {
        let requirement = |more: Value| {
            let mut requirement = json!({"type": "GPU", "value": "1"});
            requirement
                .as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            requirement
        };
        let (plain, newer) = (requirement(json!({})), requirement(json!({"tomorrow": 1})));
        let of = |requirements: &[&Value]| json!({"containerDefinitions": [{"name": "a", "resourceRequirements": requirements}]});
        let want = of(&[&plain, &plain]);
        for live in [of(&[&newer, &plain]), of(&[&plain, &newer])] {
            assert_eq!(carried(&want, &live), live);
        }
        let mut want = node(&of(&[&newer, &newer]));
        let live = of(&[&plain, &newer]);
        drop_unkept(&mut want, &node(&live));
        assert_eq!(want.to_json(), live);
    }

    #[test]
    fn only_what_nobody_knows_is_dropped() {
        let mut want = node(&json!({"cpu": "256", "mine": 1, "kept": {"a": 1, "b": 2},
            "runtimePlatform": {"tomorrow": true},
            "containerDefinitions": [{"name": "a", "image": "i", "tomorrow": 1, "dockerLabels": {"x": "y"}}]}));
        let live = json!({"kept": {"a": 3}, "containerDefinitions": [{"name": "a"}]});
        drop_unkept(&mut want, &node(&live));
        assert_eq!(
            want.to_json(),
            json!({"cpu": "256", "kept": {"a": 1}, "runtimePlatform": {},
                "containerDefinitions": [{"name": "a", "image": "i", "dockerLabels": {"x": "y"}}]})
        );
    }

    #[test]
    fn unknown_members_are_named_by_their_places() {
        let document = node(&json!({"cpu": "256", "taskOfTomorrow": {"deep": {}},
            "containerDefinitions": [{"name": "a", "tomorrow": 1, "portMappings": [{"containerPort": 80, "x": 1}]}]}));
        let places: Vec<String> = unknown(&document).into_iter().map(|(at, _)| at).collect();
        assert_eq!(
            places,
            [
                "containers.a.port_mappings[0].x",
                "containers.a.tomorrow",
                "taskOfTomorrow"
            ]
        );
    }

    #[test]
    fn the_digest_follows_what_is_said_and_nothing_else() {
        let of = |value: &Value| digest(&node(value));
        assert_eq!(of(&json!({"cpu": "256"})), None);
        let one = of(&json!({"cpu": "256", "x": {"mode": "on"}}));
        assert_eq!(one, of(&json!({"cpu": "512", "x": {"mode": "on"}})));
        assert_ne!(one, of(&json!({"cpu": "256", "x": {"mode": "off"}})));
        assert_ne!(one, of(&json!({"cpu": "256", "y": {"mode": "on"}})));
        assert!(one.is_some());
    }
}
