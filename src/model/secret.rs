//! Which values are not for the eyes of those who read a plan or a message.

use crate::model::{diff::Path, node::Node, template::Template};

/// What stands for a hidden value.
pub(crate) const HIDDEN: &str = "(hidden)";

/// What stands in for the hidden value `number` where the value itself is not kept.
pub(crate) fn placeholder(number: usize) -> String {
    format!("{HIDDEN} {number}")
}

/// Words in the name of a value that make it a secret.
const SECRET_WORDS: &[&str] = &[
    "secret",
    "secrets",
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "token",
    "tokens",
    "apikey",
    "credential",
    "credentials",
    "authorization",
    "auth",
    "dsn",
];

/// Members whose values say where a secret is kept, not what it is.
const PLACES_OF_SECRETS: &[&str] = &["secrets", "secret_options", "repository_credentials"];

/// What tokens of well-known services begin with.
const PREFIXES: &[&str] = &[
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "sk_live_",
    "sk-",
    "hvs.",
    "Bearer ",
    "Basic ",
];

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
    looks_secret(text) || is_named_secret(&path.keys())
}

/// Returns whether an output `name` is a secret: the stack file has `said` so or, if it says
/// nothing, name and look do.
pub(crate) fn is_secret_output(name: &str, value: &Template, said: Option<bool>) -> bool {
    said.unwrap_or_else(|| is_secret(&Path::of_keys(&[name]), &Node::Text(value.clone())))
}

fn is_named_secret(keys: &[&str]) -> bool {
    let Some((name, before)) = keys.split_last() else {
        return false;
    };
    let is_place = before.iter().any(|key| PLACES_OF_SECRETS.contains(key));
    // Policies name conditions such as `aws:TokenIssueTime`; no secret belongs into them.
    let is_policy = keys
        .first()
        .is_some_and(|key| matches!(*key, "trust" | "inline_policies"));
    !is_place && !is_policy && has_secret_word(name)
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
    argument.starts_with('-') && !argument.contains(['=', ' ']) && has_secret_word(argument)
}

/// `--token hunter2`, as [`join_arguments`] makes it or a shell's command line holds it.
fn gives_secret(text: &str) -> bool {
    let mut words = text.split(' ').peekable();
    std::iter::from_fn(|| words.next().map(|word| (word, words.peek().is_some())))
        .any(|(word, has_next)| has_next && is_secret_flag(word))
}

/// Returns whether one of the words of `name` is a word for secrets: `DB_PASSWORD`, `apiKey`,
/// `splunk-token`.
pub(crate) fn has_secret_word(name: &str) -> bool {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for letter in name.chars() {
        if !letter.is_alphanumeric() || (letter.is_uppercase() && was_lower) {
            words.push(String::new());
        }
        was_lower = letter.is_lowercase();
        if let Some(word) = words.last_mut().filter(|_| letter.is_alphanumeric()) {
            word.extend(letter.to_lowercase());
        }
    }
    // `key` alone names the key of a pair; `API_KEY` is a secret.
    let is_some_key = words.len() > 1 && words.iter().any(|word| word == "key");
    is_some_key
        || words
            .iter()
            .any(|word| SECRET_WORDS.contains(&word.as_str()))
}

pub(crate) fn looks_secret(text: &str) -> bool {
    text.starts_with(HIDDEN)
        || is_service_token(text)
        || text.contains("PRIVATE KEY-----")
        || text
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(is_access_key_id)
        || is_web_token(text)
        || has_password_in_url(text)
        || assigns_secret(text)
        || gives_secret(text)
        || text.split([' ', ',', ';', '"', '\'']).any(is_random)
}

fn is_service_token(text: &str) -> bool {
    const SHORTEST: usize = 12;
    PREFIXES
        .iter()
        .filter_map(|prefix| text.strip_prefix(prefix))
        .any(|rest| rest.len() >= SHORTEST && !rest.contains(' '))
}

/// An access key id: `AKIA` or `ASIA` and sixteen more (IAM user guide, "IAM identifiers", unique
/// ID prefixes).
fn is_access_key_id(word: &str) -> bool {
    word.len() == 20
        && (word.starts_with("AKIA") || word.starts_with("ASIA"))
        && word
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// A JSON web token: three parts, of which the first begins as `{"` does in base64.
fn is_web_token(text: &str) -> bool {
    text.starts_with("eyJ") && text.split('.').count() == 3
}

/// `postgres://user:password@host/`.
fn has_password_in_url(text: &str) -> bool {
    text.split_once("://")
        .and_then(|(_, rest)| rest.split(['/', '?', '#']).next())
        .and_then(|authority| authority.rsplit_once('@'))
        .is_some_and(|(user, _)| user.contains(':'))
}

/// `--password=x`, `user=a;token=b`.
fn assigns_secret(text: &str) -> bool {
    text.split([' ', '&', ';', ',', '?']).any(|piece| {
        piece
            .split_once('=')
            .is_some_and(|(name, value)| !value.is_empty() && has_secret_word(name))
    })
}

/// Long, of letters of both cases and digits that alternate as in no word, and with more entropy
/// per letter than words have: a key rather than a name.
fn is_random(text: &str) -> bool {
    const SHORTEST: usize = 32;
    const BITS_PER_LETTER: f64 = 4.3;
    const ALTERNATION: f64 = 0.38;
    let is_key_letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'_');
    text.len() >= SHORTEST
        && text.bytes().all(is_key_letter)
        && text.bytes().any(|b| b.is_ascii_uppercase())
        && text.bytes().any(|b| b.is_ascii_lowercase())
        && text.bytes().any(|b| b.is_ascii_digit())
        && entropy(text) >= BITS_PER_LETTER
        && alternation(text) >= ALTERNATION
}

/// The bits that one letter of `text` carries.
fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let total = f64::from(counts.iter().sum::<u32>());
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| {
            let share = f64::from(*count) / total;
            -share * share.log2()
        })
        .sum()
}

/// The share of letters after which another sort of letter follows: about 0.6 in random text, 0.3
/// in `NamesLikeThis`.
fn alternation(text: &str) -> f64 {
    let sort = |b: u8| {
        (
            b.is_ascii_uppercase(),
            b.is_ascii_lowercase(),
            b.is_ascii_digit(),
        )
    };
    let (mut pairs, mut changes) = (0_u32, 0_u32);
    for pair in text.as_bytes().windows(2) {
        pairs += 1;
        changes += u32::from(sort(pair[0]) != sort(pair[1]));
    }
    f64::from(changes) / f64::from(pairs.max(1))
}

#[cfg(test)]
mod tests {
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
