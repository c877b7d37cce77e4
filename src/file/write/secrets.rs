//! Keeps secrets out of the file: what looks like one becomes a variable.

use std::collections::BTreeMap;

use crate::model::{
    address::Address,
    diff::{Part, Path},
    node::Node,
    secret::{HIDDEN, is_secret, is_secret_value},
};

/// Members that say where a secret is kept, not what it is (ECS API reference,
/// `ContainerDefinition`, `credentialSpecs`, and `FSxWindowsFileServerAuthorizationConfig`).
const PLACES: &[&str] = &["credential_specs", "credentials_parameter"];

/// The variables that stand for secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Secrets(BTreeMap<String, Secret>);

/// A value that is not written, and where it would have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Secret {
    pub(crate) value: String,
    pub(crate) place: String,
}

impl Secrets {
    /// The name of the variable for `value`, which stands at `path` within the resource at
    /// `address`.
    pub(crate) fn variable(&mut self, address: &Address, path: &[&str], value: &str) -> String {
        let base = variable_name(path);
        let place = format!("{address}.{}", path.join("."));
        let mut name = base.clone();
        let mut number = 1;
        while let Some(other) = self.0.get(&name) {
            if other.value == value {
                return name;
            }
            number += 1;
            name = format!("{base}_{number}");
        }
        let value = value.to_owned();
        self.0.insert(name.clone(), Secret { value, place });
        name
    }

    /// Forgets the variables that `is_used` does not accept.
    pub(crate) fn retain(&mut self, is_used: impl Fn(&str) -> bool) {
        self.0.retain(|name, _| is_used(name));
    }

    /// The sentence without the values.
    pub(crate) fn masked(&self, sentence: &str) -> String {
        // Short values are found in any sentence, unless they stand alone.
        const SHORTEST: usize = 6;
        self.0
            .values()
            .fold(sentence.to_owned(), |sentence, secret| {
                let value = secret.value.as_str();
                let sentence = sentence.replace(&format!("`{value}`"), HIDDEN);
                if value.len() < SHORTEST {
                    sentence
                } else {
                    sentence.replace(value, HIDDEN)
                }
            })
    }

    /// The variables by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Secret)> {
        self.0.iter()
    }

    /// The values by name.
    pub(crate) fn values(&self) -> BTreeMap<String, String> {
        let values = self.0.iter();
        values
            .map(|(name, secret)| (name.clone(), secret.value.clone()))
            .collect()
    }
}

/// `db_password` for `containers.app.environment.DB_PASSWORD`.
fn variable_name(path: &[&str]) -> String {
    let last = path.last().copied().unwrap_or_default();
    let letters = last.chars().map(|letter| {
        if letter.is_ascii_alphanumeric() {
            letter.to_ascii_lowercase()
        } else {
            '_'
        }
    });
    let name: String = letters.take(48).collect();
    let name = name.trim_matches('_');
    if name.is_empty() {
        "secret".to_owned()
    } else {
        name.to_owned()
    }
}

/// Returns whether the string at `path` may not be written, by its name, its look, or what a
/// document in it holds.
pub(crate) fn is_hidden(path: &[&str], text: &str) -> bool {
    let is_place = path.last().is_some_and(|last| PLACES.contains(last)) || names_variable(path);
    let names = if is_place { &[] } else { path };
    let at = names.iter().fold(Path::default(), |at, key| {
        at.join(Part::Key((*key).to_owned()))
    });
    is_secret(&at, &Node::from(text)) || json_holds_secret(text) || lines_hold_secret(text)
}

/// Returns whether the string at `path` names the variable that holds a secret: `bearer_token = {
/// secret = "NAME" }`.
fn names_variable(path: &[&str]) -> bool {
    matches!(path, ["metrics", "scrape" | "destinations", .., "secret"])
}

/// A collector's configuration, for instance, may be JSON.
fn json_holds_secret(text: &str) -> bool {
    let is_document = text.trim_start().starts_with(['{', '[']);
    is_document
        && serde_json::from_str::<serde_json::Value>(text)
            .is_ok_and(|document| holds_secret(&Path::default(), &Node::from(&document)))
}

fn holds_secret(at: &Path, node: &Node) -> bool {
    match node {
        Node::Null | Node::Bool(_) | Node::Number(_) => false,
        Node::Text(_) => is_secret(at, node),
        Node::List(elements) => elements.iter().any(|element| holds_secret(at, element)),
        Node::Map(members) => members
            .iter()
            .any(|(key, member)| holds_secret(&at.join(Part::Key(key.clone())), member)),
    }
}

/// Or YAML, `password: x`, or lines of a file of variables, `PASSWORD=x`.
fn lines_hold_secret(text: &str) -> bool {
    text.contains('\n')
        && text.lines().any(|line| {
            let line = line.trim().trim_start_matches("- ");
            is_secret_value(None, line)
                || line.split_once([':', '=']).is_some_and(|(name, value)| {
                    let value = value.trim().trim_matches(['"', '\'']);
                    // `${env:TOKEN}` says where the secret is.
                    !value.is_empty()
                        && !value.starts_with('$')
                        && is_secret_value(Some(name.trim()), value)
                })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_looked_into() {
        let path = ["containers", "collector", "environment", "CONFIG"];
        for text in [
            r#"{"exporters": {"x": {"headers": {"api_key": "hunter2"}}}}"#,
            "exporters:\n  x:\n    password: hunter2\n",
            "A=1\nDB_PASSWORD=hunter2",
        ] {
            assert!(is_hidden(&path, text), "{text}");
        }
        for text in [
            "exporters:\n  x:\n    password: ${env:PASSWORD}\n    auth:\n      authenticator: sigv4auth\n",
            r#"{"service": {"pipelines": {}}}"#,
            "--config=/etc/ecs/ecs-amp.yaml",
        ] {
            assert!(!is_hidden(&path, text), "{text}");
        }
        assert!(!is_hidden(
            &["containers", "app", "credential_specs"],
            "credentialspecdomainless:arn:aws:s3:::b/k"
        ));
        let of_header = [
            "metrics",
            "destinations",
            "headers",
            "Authorization",
            "secret",
        ];
        assert!(!is_hidden(&of_header, "PUSH_AUTHORIZATION"));
        assert!(is_hidden(&["metrics", "environment", "secret"], "hunter2"));
    }

    #[test]
    fn one_value_has_one_variable_and_two_have_two() {
        let mut secrets = Secrets::default();
        let address = "task_definitions.x".parse().unwrap();
        let path = ["containers", "app", "environment", "DB_PASSWORD"];
        assert_eq!(secrets.variable(&address, &path, "a"), "db_password");
        assert_eq!(secrets.variable(&address, &path, "a"), "db_password");
        assert_eq!(secrets.variable(&address, &path, "b"), "db_password_2");
        assert_eq!(secrets.values()["db_password"], "a");
    }
}
