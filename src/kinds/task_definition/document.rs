//! What a task definition says, and when two of them say the same.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use crate::ecs_shape::{KEYED, api_name, stack_key};
use crate::{
    kinds::task_definition::document::rules::{LAYOUT, READ_ONLY, REWRITES},
    model::{
        diff::Path,
        node::{Members, Node},
        normal::{self, Suppressed},
        template::Reference,
    },
};

pub mod rules;
pub mod unknown;

/// The members of `RegisterTaskDefinition` but `family` and `tags`, under the API's own names.
///
/// Two documents are equal if their normal forms are: what ECS fills in, respells or reorders shows
/// as no change. The rules are in [`rules`].
///
/// Clones share what it says: a plan has most documents several times.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Node", into = "Node")]
pub struct Document(Arc<Said>);

#[derive(Clone, Debug)]
struct Said {
    written: Node,
    normal: Node,
    /// What ECS returns besides what was registered; nothing but an explanation reads it.
    read_only: Members,
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.normal == other.0.normal
    }
}

impl Eq for Document {}

impl From<Node> for Document {
    fn from(written: Node) -> Self {
        Self::new(written)
    }
}

impl From<Document> for Node {
    fn from(document: Document) -> Self {
        Arc::unwrap_or_clone(document.0).written
    }
}

impl Document {
    /// Takes a document as it was written or read.
    pub fn new(mut written: Node) -> Self {
        let read_only = rules::take_read_only(&mut written);
        Self::with(written, read_only)
    }

    fn with(written: Node, read_only: Members) -> Self {
        Self(Arc::new(Said {
            normal: normal::normal(&written, REWRITES),
            written,
            read_only,
        }))
    }

    /// The document as it was written, to be sent to AWS.
    pub fn written(&self) -> &Node {
        &self.0.written
    }

    /// The document in normal form.
    pub fn normal(&self) -> &Node {
        &self.0.normal
    }

    /// The same document with everything filled in that `lookup` knows.
    #[must_use]
    pub fn resolve(&self, lookup: &dyn Fn(&Reference) -> Option<String>) -> Self {
        self.rewritten(self.0.written.resolve(lookup))
    }

    /// Where this document, which is wanted, and `live` differ without meaning anything different.
    pub fn suppressed(&self, live: &Self) -> Vec<Suppressed> {
        let mut found = normal::suppressed(&self.0.written, &live.0.written, REWRITES, &LAYOUT);
        for key in live.0.read_only.keys().chain(self.0.read_only.keys()) {
            let path = Path::of_keys(&[&stack_key(key)]);
            let (want, live) = (self.0.read_only.get(key), live.0.read_only.get(key));
            if want != live && !found.iter().any(|other| other.path == path) {
                found.push(Suppressed {
                    path,
                    want: want.cloned(),
                    live: live.cloned(),
                    rules: vec![READ_ONLY],
                });
            }
        }
        found
    }

    /// The container `name` as it was written.
    pub fn container(&self, name: &str) -> Option<&Node> {
        let containers = self.0.written.get("containerDefinitions")?.as_list()?;
        containers
            .iter()
            .find(|c| c.get("name").and_then(Node::as_str) == Some(name))
    }

    /// Returns whether `parts` has the form of a path to something within a document: `cpu`,
    /// `containers.NAME.image`, `containers.NAME.environment.KEY`.
    pub fn has_path(parts: &[&str]) -> bool {
        match parts {
            ["containers", _, field] | [field] => {
                !matches!(*field, "name" | "family" | "containers")
            }
            ["containers", _, "environment" | "secrets", _] => true,
            _ => false,
        }
    }

    /// Makes what `parts` names as it is in `live`.
    pub(crate) fn take_from(&mut self, live: &Self, parts: &[&str]) {
        let mut written = self.0.written.clone();
        match parts {
            ["containers", container, path @ ..] => {
                let from = live.container(container).cloned();
                let containers = written
                    .as_map_mut()
                    .and_then(|d| d.get_mut("containerDefinitions"));
                let Some(Node::List(containers)) = containers else {
                    return;
                };
                let want = containers
                    .iter_mut()
                    .find(|c| c.get("name").and_then(Node::as_str) == Some(container));
                if let (Some(want), Some(from)) = (want, from) {
                    take_member(want, &from, path);
                }
            }
            path => take_member(&mut written, &live.0.written, path),
        }
        *self = self.rewritten(written);
    }

    /// Adds what `live` says in members that amp-stack does not know and this document does not
    /// mention.
    pub(crate) fn carry(&mut self, live: &Self) {
        let mut written = self.0.written.clone();
        unknown::carry(&mut written, &live.0.written);
        *self = self.rewritten(written);
    }

    /// The same document without what it says in members that amp-stack does not know and `live`
    /// does not mention.
    #[must_use]
    pub(crate) fn without_unkept(&self, live: &Self) -> Self {
        let mut written = self.0.written.clone();
        unknown::drop_unkept(&mut written, &live.0.written);
        self.rewritten(written)
    }

    /// Where it speaks of members that amp-stack does not know.
    pub fn unknown(&self) -> Vec<String> {
        let unknown = unknown::unknown(&self.0.written).into_iter();
        unknown.map(|(place, _)| place).collect()
    }

    /// The document with `written` instead: itself, if it is written like that already.
    fn rewritten(&self, written: Node) -> Self {
        if written == self.0.written {
            self.clone()
        } else {
            Self::with(written, self.0.read_only.clone())
        }
    }

    /// The document as people see it: names of the stack file, and lists that are keyed by a name
    /// as objects.
    pub fn to_display_tree(&self) -> Node {
        let Node::Map(members) = &self.0.normal else {
            return self.0.normal.clone();
        };
        Node::map(
            members
                .iter()
                .map(|(key, member)| (stack_key(key), to_display_tree(key, member))),
        )
    }
}

/// Makes the member `path` of `want` as it is in `from`; `environment.KEY` and `secrets.KEY` name
/// elements of a list.
fn take_member(want: &mut Node, from: &Node, path: &[&str]) {
    let Some((field, rest)) = path.split_first() else {
        return;
    };
    let field = api_name(field);
    let live = from.get(&field);
    let Some(members) = want.as_map_mut() else {
        return;
    };
    match rest {
        [] => match live {
            Some(live) => _ = members.insert(field, live.clone()),
            None => _ = members.remove(&field),
        },
        [key, ..] => {
            let named = |node: &&Node| node.get("name").and_then(Node::as_str) == Some(*key);
            let live = live
                .and_then(Node::as_list)
                .and_then(|list| list.iter().find(named))
                .cloned();
            let list = members
                .entry(field)
                .or_insert_with(|| Node::List(Vec::new()));
            if let Node::List(list) = list {
                list.retain(|node| !named(&node));
                list.extend(live);
            }
        }
    }
}

/// Maps whose keys are the user's own and are shown as they are.
pub const VERBATIM_KEYS: &[&str] = &["options", "dockerLabels", "driverOpts", "labels"];

fn to_display_tree(key: &str, node: &Node) -> Node {
    if let Node::List(elements) = node {
        let keyed = KEYED.iter().find(|(list, ..)| *list == key);
        return keyed
            .and_then(|(_, name, value)| outline_keyed(elements, name, *value))
            .unwrap_or_else(|| {
                Node::List(elements.iter().map(|e| to_display_tree("", e)).collect())
            });
    }
    match node {
        Node::Map(members) if VERBATIM_KEYS.contains(&key) => Node::Map(members.clone()),
        Node::Map(members) => Node::map(
            members
                .iter()
                .map(|(k, m)| (stack_key(k), to_display_tree(k, m))),
        ),
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) | Node::List(_) => {
            node.clone()
        }
    }
}

/// The elements as an object, or `None` if a name is missing, unknown or not unique.
fn outline_keyed(elements: &[Node], name: &str, value: Option<&str>) -> Option<Node> {
    let mut members = Members::new();
    for element in elements {
        let mut rest = element.as_map()?.clone();
        let key = rest.remove(name)?.as_str()?.to_owned();
        let shown = match value.and_then(|value| rest.get(value)) {
            Some(only) if rest.len() == 1 => structured(only),
            Some(_) | None => to_display_tree("", &Node::Map(rest)),
        };
        if members.insert(key, shown).is_some() {
            return None;
        }
    }
    Some(Node::Map(members))
}

/// A value that is JSON itself, such as a collector configuration, as the tree it spells, so that
/// it is compared by its structure.
fn structured(value: &Node) -> Node {
    let Node::Text(text) = value else {
        return value.clone();
    };
    let json = text.to_string();
    if !json.starts_with('{') {
        return value.clone();
    }
    match serde_json::from_str::<serde_json::Value>(&json) {
        Ok(tree) => Node::from(&tree),
        Err(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn document(value: &Value) -> Document {
        Document::new(Node::from(value))
    }

    #[test]
    fn what_ecs_fills_in_and_reorders_is_no_difference() {
        let sent = json!({
            "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE", "EC2"], "cpu": ".25 vCPU", "memory": "0.5GB",
            "containerDefinitions": [
                {"name": "b", "image": "i", "healthCheck": {"command": ["CMD", "x"]}, "environment": [{"name": "Z", "value": "1"}, {"name": "A", "value": "2"}]},
                {"name": "a", "image": "i", "portMappings": [{"containerPort": 80}], "dependsOn": [{"containerName": "b", "condition": "HEALTHY"}]},
            ],
            "volumes": [{"name": "v"}],
        });
        let echoed = json!({
            "taskDefinitionArn": "arn:aws:ecs:us-east-1:111122223333:task-definition/x:1", "revision": 1, "status": "ACTIVE", "family": "x",
            "registeredAt": 1.5, "registeredBy": "me", "requiresAttributes": [{"name": "q"}], "compatibilities": ["EC2", "FARGATE"],
            "networkMode": "awsvpc", "requiresCompatibilities": ["EC2", "FARGATE"], "cpu": "256", "memory": "512", "placementConstraints": [],
            "enableFaultInjection": false,
            "containerDefinitions": [
                {"name": "a", "image": "i", "cpu": 0, "essential": true, "portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}],
                 "environment": [], "mountPoints": [], "volumesFrom": [], "systemControls": [], "dependsOn": [{"condition": "HEALTHY", "containerName": "b"}]},
                {"name": "b", "image": "i", "cpu": 0, "essential": true, "environment": [{"name": "A", "value": "2"}, {"name": "Z", "value": "1"}],
                 "healthCheck": {"command": ["CMD", "x"], "interval": 30, "timeout": 5, "retries": 3}, "linuxParameters": {"capabilities": {"add": []}}},
            ],
            "volumes": [{"name": "v", "host": {}, "configuredAtLaunch": false}],
        });
        assert_eq!(document(&sent).normal(), document(&echoed).normal());
    }

    #[test]
    fn what_means_something_is_a_difference() {
        let base = json!({"containerDefinitions": [{"name": "a", "image": "i", "command": ["x", "y"], "dnsServers": ["1", "2"]}]});
        for other in [
            json!({"containerDefinitions": [{"name": "a", "image": "i", "command": ["y", "x"], "dnsServers": ["1", "2"]}]}),
            json!({"containerDefinitions": [{"name": "a", "image": "i", "command": ["x", "y"], "dnsServers": ["2", "1"]}]}),
            json!({"containerDefinitions": [{"name": "a", "image": "i", "essential": false, "command": ["x", "y"], "dnsServers": ["1", "2"]}]}),
            json!({"containerDefinitions": [{"name": "a", "image": "j", "command": ["x", "y"], "dnsServers": ["1", "2"]}]}),
            json!({"newMember": {"of": "tomorrow"}, "containerDefinitions": base["containerDefinitions"]}),
        ] {
            assert_ne!(document(&base), document(&other), "{other}");
        }
    }

    #[test]
    fn an_ignored_path_takes_what_is_live() {
        let mut want = document(
            &json!({"cpu": "256", "containerDefinitions": [{"name": "app", "image": "a:1", "environment": [{"name": "X", "value": "1"}]}]}),
        );
        let live = document(
            &json!({"cpu": "512", "containerDefinitions": [{"name": "app", "image": "a:2", "environment": [{"name": "X", "value": "2"}]}]}),
        );
        want.take_from(&live, &["containers", "app", "image"]);
        want.take_from(&live, &["containers", "app", "environment", "X"]);
        want.take_from(&live, &["containers", "gone", "image"]);
        assert_ne!(want, live);
        want.take_from(&live, &["cpu"]);
        assert_eq!(want, live);
    }

    #[test]
    fn the_outline_is_keyed_by_names() {
        let outline = document(&json!({"containerDefinitions": [{"name": "app", "image": "i", "environment": [{"name": "C", "value": "{\"a\":1}"}]}]})).to_display_tree();
        assert_eq!(
            outline.to_json(),
            json!({"containers": {"app": {"image": "i", "environment": {"C": {"a": 1}}}}})
        );
    }
}
