//! Which names say that their values are secrets, and which values such a name can't make one.

/// Words of a name that make a secret of whatever it names, alone or at the end of a longer word:
/// `DB_PASSWORD`, `PGPASSWORD`, `clientSecret`.
const STRONG: &[&str] = &[
    "apikey",
    "passphrase",
    "passwd",
    "password",
    "passwords",
    "passwort",
    "pwd",
    "secret",
    "secrets",
];

/// `pass` is one too, but not at the end of these.
const NOT_PASS: &[&str] = &[
    "bypass",
    "compass",
    "encompass",
    "overpass",
    "surpass",
    "trespass",
    "underpass",
];

/// Words that make a secret of what it names if its value could be one.
const WEAK: &[&str] = &[
    "auth",
    "authorization",
    "credential",
    "credentials",
    "creds",
    "dsn",
    "pass",
    "pat",
    "salt",
    "sas",
    "signature",
    "token",
    "tokens",
    "webhook",
];

/// Last words of a name that speaks of a secret and does not hold one: `TOKEN_URL`,
/// `PASSWORD_MIN_LENGTH`.
const ABOUT: &[&str] = &[
    "alg",
    "algorithm",
    "arn",
    "audience",
    "backend",
    "class",
    "count",
    "days",
    "domain",
    "driver",
    "duration",
    "enabled",
    "endpoint",
    "expiration",
    "expires",
    "expiry",
    "field",
    "file",
    "format",
    "header",
    "host",
    "hostname",
    "hours",
    "interval",
    "issuer",
    "length",
    "level",
    "limit",
    "location",
    "max",
    "method",
    "methods",
    "min",
    "minutes",
    "mode",
    "name",
    "param",
    "parameter",
    "path",
    "policy",
    "port",
    "prefix",
    "provider",
    "realm",
    "region",
    "required",
    "rotation",
    "scheme",
    "scope",
    "scopes",
    "seconds",
    "service",
    "size",
    "strategy",
    "suffix",
    "timeout",
    "ttl",
    "type",
    "uri",
    "url",
    "user",
    "username",
    "version",
];

/// Words beside `key` that say which one of many is meant, as in the documented options of log
/// routers (Fluent Bit manual, "Outputs": `log_key`, `Tag_Key`, `json_date_key`, `data_keys`), of
/// Consul's cloud join (`tag_key`), of queues, tables and caches.
const LOOKUP_KEYS: &[&str] = &[
    "by",
    "cache",
    "column",
    "condition",
    "config",
    "context",
    "data",
    "date",
    "dedup",
    "dedupe",
    "drop",
    "field",
    "foreign",
    "gelf",
    "group",
    "header",
    "host",
    "hostname",
    "include",
    "index",
    "json",
    "kms",
    "label",
    "level",
    "log",
    "lookup",
    "map",
    "match",
    "message",
    "metric",
    "nanos",
    "object",
    "order",
    "partition",
    "pod",
    "prefix",
    "primary",
    "public",
    "query",
    "record",
    "remove",
    "routing",
    "row",
    "s3",
    "search",
    "severity",
    "shard",
    "sharding",
    "sort",
    "source",
    "stream",
    "tag",
    "tags",
    "time",
    "timestamp",
    "topic",
    "trace",
    "type",
    "value",
];

/// What a name says of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    Nothing,
    /// It is a secret if it could be one.
    Weakly,
    /// It is one, unless it only switches something.
    Strongly,
}

/// Returns whether the name alone makes secrets of values that could be some.
pub(crate) fn has_secret_word(name: &str) -> bool {
    said_by(name) != Says::Nothing
}

/// Returns whether `value` is a secret because of its name.
pub(super) fn names_secret(name: &str, value: &str) -> bool {
    match said_by(name) {
        Says::Nothing => false,
        Says::Weakly => !is_plain(value),
        Says::Strongly => !is_switch(value),
    }
}

fn said_by(name: &str) -> Says {
    let words = words_of(name);
    let Some(last) = words.last() else {
        return Says::Nothing;
    };
    let is_about = words.len() > 1 && ABOUT.contains(&last.as_str());
    if is_about {
        return Says::Nothing;
    }
    let is_strong = |word: &String| STRONG.iter().any(|strong| word.ends_with(strong));
    if words.iter().any(is_strong) || is_access_key(&words) {
        return Says::Strongly;
    }
    let is_pass = |word: &String| {
        word.ends_with("pass") && word != "pass" && !NOT_PASS.iter().any(|not| word.ends_with(not))
    };
    // `API_KEY` is a secret; `key` alone is the key of a pair.
    let is_key = |word: &String| word == "key" || word == "keys";
    let is_some_key = words.len() > 1
        && words.iter().any(is_key)
        && !words
            .iter()
            .any(|word| LOOKUP_KEYS.contains(&word.as_str()));
    let is_weak =
        |word: &String| WEAK.contains(&word.as_str()) || is_pass(word) || word.ends_with("token");
    if is_some_key || words.iter().any(is_weak) {
        Says::Weakly
    } else {
        Says::Nothing
    }
}

/// `AWS_SECRET_ACCESS_KEY`, `PRIVATE_KEY`, `apiKey`.
fn is_access_key(words: &[String]) -> bool {
    words.windows(2).any(|pair| {
        matches!(pair[0].as_str(), "access" | "api" | "private")
            && matches!(pair[1].as_str(), "key" | "keys")
    })
}

/// The words of a name in lower case: `DB_PASSWORD`, `apiKey`, `splunk-token`.
fn words_of(name: &str) -> Vec<String> {
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
    words.retain(|word| !word.is_empty());
    // `SECRET_2`, `password1`.
    for word in &mut words {
        let kept = word.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        if kept > 0 && word != "s3" {
            word.truncate(kept);
        }
    }
    words.retain(|word| !word.bytes().all(|b| b.is_ascii_digit()));
    words
}

/// A word that turns something on or off, or says that there is none.
fn is_switch(value: &str) -> bool {
    let lower = value.trim().to_ascii_lowercase();
    matches!(
        lower.as_str(),
        "" | "0"
            | "1"
            | "disabled"
            | "enabled"
            | "false"
            | "n"
            | "no"
            | "none"
            | "null"
            | "off"
            | "on"
            | "optional"
            | "required"
            | "true"
            | "y"
            | "yes"
    )
}

/// What no secret looks like: a switch, a number, a path, a host, or a URL without a password in
/// it.
fn is_plain(value: &str) -> bool {
    let value = value.trim();
    let is_number = value.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let is_path = value.starts_with(['/', '.'])
        && value.contains('/')
        && value
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    let is_url = value.contains("://") && !value.contains('@') && !value.contains('?');
    let is_host = value.contains('.')
        && value.split(['.', ':']).all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        })
        && value.split('.').count() > 2;
    is_switch(value) || is_number || is_path || is_url || is_host
}
