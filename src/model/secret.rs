//! Which values are not for the eyes of those who read a plan or a message.

mod look;
mod name;

use crate::model::{
    diff::{Part, Path},
    node::Node,
    template::Template,
};

use look::looks_secret;

/// What stands for a hidden value.
pub(crate) const HIDDEN: &str = "(hidden)";

/// What stands in for the hidden value `number` where the value itself is not kept.
pub(crate) fn placeholder(number: usize) -> String {
    format!("{HIDDEN} {number}")
}

/// Members whose values say where a secret is kept, not what it is.
const PLACES_OF_SECRETS: &[&str] = &["secrets", "secret_options", "repository_credentials"];

/// Returns whether the value at `path` has to be hidden, by its name or by its look.
pub(crate) fn is_secret(path: &Path, value: &Node) -> bool {
    let Some(text) = value.as_text() else {
        return false;
    };
    // What another resource of the stack will be called is no secret.
    let Some(text) = text.known() else {
        return false;
    };
    if text.is_empty() || text.starts_with("arn:") {
        return false;
    }
    let keys = path.keys();
    // Policies say what is allowed to whom, by names of conditions such as `aws:TokenIssueTime` and
    // of statements and resources of any length. All of them has to be read, and only what can't be
    // anything but a secret does not belong there.
    let is_policy = keys
        .first()
        .is_some_and(|key| matches!(*key, "trust" | "inline_policies"));
    looks_secret(text) || (!is_policy && is_named_secret(&keys, text))
}

/// Returns whether something in the node at `path` has to be hidden.
pub(crate) fn holds_secret(path: &Path, node: &Node) -> bool {
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

/// Returns whether `value` is a secret, given what it is called, if it is called something.
pub(crate) fn is_secret_value(name: Option<&str>, value: &str) -> bool {
    looks_secret(value)
        || name.is_some_and(|name| name::names_secret(name, value))
        || look::is_encoded_secret(name.unwrap_or_default(), value)
}

/// A value as messages advise to write it: `…` in the place of a secret.
pub(crate) fn advised<'v>(name: &str, value: &'v str) -> &'v str {
    if is_secret_value(Some(name), value) {
        "…"
    } else {
        value
    }
}

/// Returns whether an output `name` is a secret: the stack file has `said` so or, if it says
/// nothing, name and look do.
pub(crate) fn is_secret_output(name: &str, value: &Template, said: Option<bool>) -> bool {
    said.unwrap_or_else(|| is_secret(&Path::of_keys(&[name]), &Node::Text(value.clone())))
}

fn is_named_secret(keys: &[&str], value: &str) -> bool {
    let (name, before) = keys.split_last().unwrap_or((&"", &[]));
    let is_place = before.iter().any(|key| PLACES_OF_SECRETS.contains(key));
    !is_place && (name::names_secret(name, value) || look::is_encoded_secret(name, value))
}

/// Joins an argument that a flag such as `--password` names to the flag, so that both are hidden as
/// one, in every list of the tree.
#[must_use]
pub(crate) fn join_arguments(node: Node) -> Node {
    match node {
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) => node,
        Node::Map(members) => Node::map(members.into_iter().map(|(k, m)| (k, join_arguments(m)))),
        Node::List(elements) => {
            let mut joined: Vec<Node> = Vec::new();
            for element in elements.into_iter().map(join_arguments) {
                let flag = joined
                    .last()
                    .and_then(Node::as_str)
                    .filter(|text| is_secret_flag(text));
                match (flag, element.as_str()) {
                    (Some(flag), Some(argument)) => {
                        let both = Node::Text(Template::from(format!("{flag} {argument}")));
                        joined.pop();
                        joined.push(both);
                    }
                    _ => joined.push(element),
                }
            }
            Node::List(joined)
        }
    }
}

/// Returns whether the next argument is a secret: `--token`, `-db-password`.
pub(crate) fn is_secret_flag(argument: &str) -> bool {
    argument.starts_with('-') && !argument.contains(['=', ' ']) && name::has_secret_word(argument)
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod paths {
    use super::*;
    use crate::model::{
        address::Address,
        diff::Part,
        template::{Attribute, Reference, Template},
    };

    fn path(keys: &str) -> Path {
        keys.split('.').fold(Path::default(), |path, key| {
            path.join(Part::Key(key.to_owned()))
        })
    }

    #[test]
    fn names_make_secrets() {
        for name in [
            "containers.app.environment.DB_PASSWORD",
            "containers.app.environment.apiKey",
            "containers.app.log_configuration.options.splunk-token",
            "containers.app.environment.CLIENT_SECRET",
            "tags.ApiToken",
        ] {
            assert!(is_secret(&path(name), &Node::from("hunter2")), "{name}");
        }
    }

    #[test]
    fn other_names_do_not() {
        for name in [
            "containers.app.environment.KEYBOARD",
            "containers.app.environment.MONKEY",
            "containers.app.secrets.DB_PASSWORD",
            "trust.Condition.StringEquals.aws:TokenIssueTime",
            "containers.app.environment.TOKENIZER",
            "containers.collector.environment.AOT_CONFIG_CONTENT.processors.attributes.key",
            "description",
        ] {
            let plain = Node::from("Basic access to metrics");
            assert!(!is_secret(&path(name), &plain), "{name}");
        }
    }

    #[test]
    fn arns_references_and_numbers_are_no_secrets() {
        let key = path("kms_key_arn");
        assert!(!is_secret(
            &key,
            &Node::from("arn:aws:kms:us-east-1:111122223333:key/1")
        ));
        assert!(!is_secret(
            &path("environment.TOKEN"),
            &Node::Text(Template::from(Reference {
                address: Address::workspace(),
                attribute: Attribute::Id,
            }))
        ));
        assert!(!is_secret(&key, &Node::from(7_u32)));
    }

    #[test]
    fn looks_make_secrets() {
        for text in [
            "AKIAIOSFODNN7EXAMPLE",
            "id=AKIAIOSFODNN7EXAMPLE;x",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
            "postgres://app:hunter2@db.internal/orders",
            "--password=hunter2",
            "--token hunter2",
            "serve --db-password hunter2 --port 80",
            "-----BEGIN PRIVATE KEY-----",
            "Bearer c2lnbmF0dXJl",
        ] {
            assert!(is_secret(&path("x"), &Node::from(text)), "{text}");
        }
    }

    #[test]
    fn the_argument_of_a_secret_flag_is_joined_to_it() {
        let command = Node::texts(["serve", "--token", "hunter2", "--port", "80"]);
        let joined = Node::texts(["serve", "--token hunter2", "--port", "80"]);
        assert_eq!(join_arguments(command), joined);
    }

    #[test]
    fn names_of_things_do_not_look_secret() {
        for text in [
            "111122223333.dkr.ecr.us-east-1.amazonaws.com/checkout@sha256:8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4",
            "https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0/api/v1/remote_write",
            "CheckoutTaskExecutionRoleForProduction2024",
            "ws-0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
            "/ecs/checkout/Production1/collector/logs",
            "--config=/etc/ecs/ecs-amp.yaml",
            "--verbose --port 80",
            "",
        ] {
            assert!(!is_secret(&path("x"), &Node::from(text)), "{text}");
        }
    }
}
