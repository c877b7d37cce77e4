//! Where the texts of a resource stand, under the paths by which plans show them, and which of them
//! plans don't show.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    kinds::{
        Resource,
        log_group::LogGroup,
        role::Role,
        task_definition::{
            Document, TaskDefinition,
            document::{KEYED, VERBATIM_KEYS, stack_key},
        },
        workspace::Workspace,
    },
    model::{
        diff::{Part, Path},
        node::Node,
        policy::Policy,
        secret::{is_secret, is_secret_flag, join_arguments},
        tags::Tags,
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
    match resource {
        Resource::LogGroup(group) => walk.log_group(group),
        Resource::Workspace(workspace) => walk.workspace(workspace),
        Resource::Role(role) => walk.role(role),
        Resource::TaskDefinition(family) => walk.family(family),
    }
}

/// How the members of a document are called in paths.
type Name = fn(&str) -> String;

struct Walk<'a> {
    visit: &'a mut dyn FnMut(Place<'_>),
    paths: BTreeSet<String>,
}

impl Walk<'_> {
    fn log_group(&mut self, group: &mut LogGroup) {
        let LogGroup {
            name: _,
            class: _,
            retention_days: _,
            kms_key_arn,
            deletion_protection: _,
            tags,
        } = group;
        self.optional("kms_key_arn", kms_key_arn.as_mut());
        self.tags(tags);
    }

    fn workspace(&mut self, workspace: &mut Workspace) {
        let Workspace {
            alias: _,
            kms_key_arn,
            configuration: _,
            logging,
            tags,
            failed: _,
        } = workspace;
        self.optional("kms_key_arn", kms_key_arn.as_mut());
        self.optional("logging", logging.as_mut());
        self.tags(tags);
    }

    fn role(&mut self, role: &mut Role) {
        let Role {
            name: _,
            path: _,
            description,
            trust,
            max_session_seconds: _,
            permissions_boundary,
            managed_policies: _,
            inline_policies,
            instance_profiles: _,
            tags,
        } = role;
        let mut text = Template::from(std::mem::take(description));
        self.text(&key("description"), false, &mut text);
        *description = text.to_string();
        self.policy(&key("trust"), trust);
        self.optional("permissions_boundary", permissions_boundary.as_mut());
        for (name, policy) in inline_policies {
            let path = key("inline_policies").join(Part::Key(name.clone()));
            self.policy(&path, policy);
        }
        self.tags(tags);
    }

    fn family(&mut self, family: &mut TaskDefinition) {
        let TaskDefinition {
            family: _,
            document,
            tags,
            revision: _,
            older: _,
            inactive: _,
        } = family;
        if let Some(document) = document {
            let mut written = document.written().clone();
            self.node(&Path::default(), "", stack_key, &mut written);
            *document = Document::new(written);
        }
        self.tags(tags);
    }

    fn policy(&mut self, path: &Path, policy: &mut Policy) {
        let mut written = policy.written().clone();
        self.node(path, "", str::to_owned, &mut written);
        *policy = Policy::new(written);
    }

    fn tags(&mut self, tags: &mut Tags) {
        for (name, value) in tags {
            let path = key("tags").join(Part::Key(name.clone()));
            self.text(&path, false, value);
        }
    }

    fn optional(&mut self, name: &str, text: Option<&mut Template>) {
        if let Some(text) = text {
            self.text(&key(name), false, text);
        }
    }

    /// The texts of a tree that stands at `path` and is called `called` in what it is in.
    fn node(&mut self, path: &Path, called: &str, name: Name, node: &mut Node) {
        match node {
            Node::Null | Node::Bool(_) | Node::Number(_) => {}
            Node::Text(text) => self.text(path, false, text),
            Node::List(elements) => self.list(path, called, name, elements),
            Node::Map(members) => {
                let name = if VERBATIM_KEYS.contains(&called) {
                    str::to_owned
                } else {
                    name
                };
                for (key, member) in members {
                    let path = path.join(Part::Key(name(key)));
                    self.node(&path, key, name, member);
                }
            }
        }
    }

    /// Elements that plans show under names have these in their paths, all others their number.
    fn list(&mut self, path: &Path, called: &str, name: Name, elements: &mut [Node]) {
        let keyed = KEYED.iter().find(|(list, ..)| *list == called);
        let names = keyed.and_then(|(_, key, _)| names(elements, key));
        if let (Some((_, key, value)), Some(names)) = (keyed, names) {
            for (element, element_name) in elements.iter_mut().zip(names) {
                let path = path.join(Part::Key(element_name));
                self.named(&path, (key, *value), name, element);
            }
            return;
        }
        let mut follows_flag = false;
        for (index, element) in elements.iter_mut().enumerate() {
            let path = path.join(Part::Index(index));
            let is_flag = !follows_flag && element.as_str().is_some_and(is_secret_flag);
            if let Node::Text(text) = element {
                self.text(&path, follows_flag, text);
            } else {
                self.node(&path, "", name, element);
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
        name: Name,
        element: &mut Node,
    ) {
        let Some(members) = element.as_map_mut() else {
            return;
        };
        let is_pair = members.len() == 2;
        for (member_key, member) in members.iter_mut().filter(|(k, _)| *k != key) {
            if is_pair && value == Some(member_key.as_str()) {
                self.node(path, member_key, name, member);
            } else {
                let path = path.join(Part::Key(name(member_key)));
                self.node(&path, member_key, name, member);
            }
        }
    }

    fn text(&mut self, path: &Path, is_argument: bool, text: &mut Template) {
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

fn key(name: &str) -> Path {
    Path::default().join(Part::Key(name.to_owned()))
}

/// The names of the elements by their member `key`, if each has one of its own.
fn names(elements: &[Node], key: &str) -> Option<Vec<String>> {
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

fn holds_secret(path: &Path, node: &Node) -> bool {
    match node {
        Node::Null | Node::Bool(_) | Node::Number(_) => false,
        Node::Text(_) => is_secret(path, node),
        Node::List(elements) => elements
            .iter()
            .any(|element| holds_secret(&path.join(Part::Member), element)),
        Node::Map(members) => members
            .iter()
            .any(|(key, member)| holds_secret(&path.join(Part::Key(key.clone())), member)),
    }
}

/// The texts of `resource` by their paths.
pub(super) fn texts(resource: &Resource) -> BTreeMap<String, Template> {
    let mut texts = BTreeMap::new();
    visit(&mut resource.clone(), &mut |place| {
        texts.insert(place.path.to_owned(), place.text.clone());
    });
    texts
}
