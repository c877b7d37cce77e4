//! The text of a file without its secrets, letter for letter as long as the real one, so that
//! places stay where they are.
//!
//! JSON and YAML are read, so that a value is known by its name wherever the name stands. A stack
//! file, which may be no TOML at all, is gone through line by line.

use std::{collections::BTreeSet, ops::Range};

use crate::{
    file::{
        json::{self, Nulls},
        placed::Placed,
        source::Source,
        tree::{Table, Tree, Value},
        yaml,
    },
    model::{
        secret::{is_secret_flag, is_secret_value},
        template::Template,
    },
};

/// Elements of policies, whose values are written on the line of their names (IAM user guide, "IAM
/// JSON policy elements reference").
const POLICY_KEYS: &[&str] = &[
    "AWS",
    "Action",
    "Effect",
    "Federated",
    "NotAction",
    "NotResource",
    "Resource",
    "Service",
    "Sid",
    "Version",
];

/// Replaces every letter of what is, by its name or its look, a secret.
pub(crate) fn masked(file: &Source) -> String {
    let text = &file.text;
    let extension = file
        .path
        .extension()
        .and_then(|extension| extension.to_str());
    let secrets = if text.trim_start().starts_with('{') {
        in_json(text)
    } else if matches!(extension, Some("yaml" | "yml")) {
        in_yaml(text)
    } else {
        return by_lines(text, &['=']);
    };
    // What is no JSON or YAML has names and values all the same.
    secrets.map_or_else(
        || by_lines(text, &['=', ':']),
        |secrets| struck(text, secrets),
    )
}

/// `text` with these parts made unreadable.
fn struck(text: &str, mut secrets: Vec<Range<usize>>) -> String {
    secrets.sort_by_key(|secret| secret.start);
    let mut shown = String::with_capacity(text.len());
    for secret in secrets.into_iter().filter(|secret| !secret.is_empty()) {
        if secret.start < shown.len() {
            continue;
        }
        shown.push_str(&text[shown.len()..secret.start]);
        let letters = text[secret].bytes();
        shown.extend(letters.map(|byte| {
            if matches!(byte, b'\n' | b'\r') {
                char::from(byte)
            } else {
                '*'
            }
        }));
    }
    shown.push_str(&text[shown.len()..]);
    shown
}

/// Where the secrets of JSON stand.
fn in_json(text: &str) -> Option<Vec<Range<usize>>> {
    let as_it_is = |plain: &str| Placed::as_it_is(0..plain.len());
    let tree = json::parse(&Template::from(text), Nulls::LeftOut, &as_it_is).ok()?;
    let mut secrets = Vec::new();
    in_tree(None, &tree, &mut secrets);
    Some(secrets)
}

fn in_tree(name: Option<&str>, tree: &Tree, secrets: &mut Vec<Range<usize>>) {
    match &tree.value {
        Value::Bool(_) | Value::Integer(_) | Value::Float(_) => {}
        Value::Text(text) => {
            if is_hidden(name, text.known().unwrap_or_default()) {
                secrets.push(tree.span.start + 1..tree.span.end - 1);
            }
        }
        Value::List(elements) => {
            let mut flag = false;
            for element in elements {
                let text = element.as_text().and_then(Template::known);
                if flag && text.is_some() {
                    secrets.push(element.span.start + 1..element.span.end - 1);
                } else {
                    in_tree(name, element, secrets);
                }
                flag = text.is_some_and(is_secret_flag);
            }
        }
        Value::Table(table) => {
            for (key, value) in &table.entries {
                let said = name_beside(table).filter(|_| key.text == "value");
                in_tree(Some(said.unwrap_or(&key.text)), value, secrets);
            }
        }
    }
}

/// The name in `{"name": "DB_PASSWORD", "value": "…"}`.
fn name_beside(table: &Table) -> Option<&str> {
    table.get("name")?.as_text()?.known()
}

/// Where the secrets of YAML stand.
fn in_yaml(text: &str) -> Option<Vec<Range<usize>>> {
    let tree = yaml::parse(text).ok()??;
    let mut secrets = Vec::new();
    tree.each_text(&mut |path, value, span| {
        if is_hidden(path.last().copied(), value) {
            let is_quoted = text[span.clone()].starts_with(['"', '\'']);
            let quote = usize::from(is_quoted);
            secrets.push(span.start + quote..span.end - quote);
        }
    });
    Some(secrets)
}

/// Goes through `text` line by line, each name and its value having one of `between` between them.
fn by_lines(text: &str, between: &[char]) -> String {
    let lines = text.split_inclusive('\n');
    lines.map(|line| masked_line(line, between)).collect()
}

fn masked_line(line: &str, between: &[char]) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    let mut last_string = None;
    let mut names = Names::of(line, between);
    while let Some(open) = rest.find(['"', '\'']) {
        let quote = &rest[open..=open];
        let Some(length) = rest[open + 1..].find(quote) else {
            break;
        };
        let (before, content) = (&rest[..open], &rest[open + 1..open + 1 + length]);
        shown.push_str(before);
        shown.push_str(quote);
        let is_next_argument = before.trim() == "," && last_string.is_some_and(is_secret_flag);
        if is_next_argument || is_secret(&mut names, line.len() - rest.len() + open, content) {
            shown.push_str(&"*".repeat(content.len()));
        } else {
            shown.push_str(content);
        }
        shown.push_str(quote);
        last_string = Some(content);
        rest = &rest[open + 1 + length + 1..];
    }
    match bare_secret(rest).filter(|_| last_string.is_none()) {
        Some(secret) => {
            shown.push_str(&rest[..secret.start]);
            shown.push_str(&"*".repeat(secret.len()));
            shown.push_str(&rest[secret.end..]);
        }
        None => shown.push_str(rest),
    }
    shown
}

/// Where a line has a secret without quotes, which is no TOML and is shown as a mistake.
fn bare_secret(line: &str) -> Option<Range<usize>> {
    let sign = line.find(['=', ':'])?;
    let name = line[..sign]
        .rsplit([' ', '\t', '{', ','])
        .find(|name| !name.is_empty())?;
    let value = line[sign + 1..].trim();
    let is_value = !value.is_empty() && !value.starts_with(['[', '{', '#', '=']);
    let start = line.len() - line[sign + 1..].trim_start().len();
    (is_value && is_hidden(Some(name), value)).then(|| start..start + value.len())
}

/// The names on a line, each gone through once however many strings the line has.
struct Names<'a> {
    line: &'a str,
    /// What stands between a name and its value.
    between: &'a [char],
    /// Those that end before `from`.
    earlier: BTreeSet<&'a str>,
    from: usize,
}

impl<'a> Names<'a> {
    fn of(line: &'a str, between: &'a [char]) -> Self {
        Self {
            line,
            between,
            earlier: BTreeSet::new(),
            from: 0,
        }
    }

    /// The last name before `end`; the others are among the earlier ones from now on.
    fn last_before(&mut self, end: usize) -> Option<&'a str> {
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '"' | '\'');
        let start = self.from;
        let mut last: Option<&str> = None;
        for name in self.line[start..end].split(|c| !is_name(c)) {
            if !name.is_empty() {
                self.earlier.extend(last.replace(name));
                // It may go on: the next look begins with it.
                self.from = name.as_ptr().addr() - self.line.as_ptr().addr();
            }
        }
        last
    }
}

/// Returns whether a string is a secret, from what stands before `at` on its line.
fn is_secret(names: &mut Names<'_>, at: usize, content: &str) -> bool {
    let before = names.line[..at].trim_end().strip_suffix(names.between);
    let last = before.and_then(|before| names.last_before(before.len()));
    match last.map(|name| name.trim_matches(['"', '\''])) {
        // The name is said elsewhere on the line: `{ name = "DB_PASSWORD", value = "…" }`,
        // `db_password = { default = "…" }`.
        Some("value" | "default") => {
            let mut earlier = names.earlier.iter();
            is_hidden(None, content) || earlier.any(|name| is_hidden(Some(name), content))
        }
        last => is_hidden(last, content),
    }
}

/// Returns whether a string only says where its value comes from: `${env.DB_PASSWORD}`.
fn is_reference(content: &str) -> bool {
    let name = content
        .strip_prefix("${")
        .and_then(|rest| rest.strip_suffix('}'));
    name.is_some_and(|name| {
        (name.starts_with("env.") || name.starts_with("var.")) && !name.contains(['$', '{', '}'])
    })
}

/// Returns whether a value is a secret, given what it is called.
fn is_hidden(name: Option<&str>, content: &str) -> bool {
    if content.is_empty() || content.starts_with("arn:") || is_reference(content) {
        return false;
    }
    match name {
        // What a policy says is no secret.
        Some(name) if POLICY_KEYS.contains(&name) => false,
        // A property of the stack file: which key encrypts something, not what it is.
        Some(name) if name.starts_with("kms_key") => is_secret_value(None, content),
        name => is_secret_value(name, content),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_file(path: &str, text: &str) -> String {
        masked(&Source {
            path: path.into(),
            text: text.to_owned(),
        })
    }

    #[test]
    fn secrets_are_masked_and_nothing_moves() {
        for (line, shown) in [
            (
                "environment = { DB_PASSWORD = \"hunter2\", A = 1 }\n",
                "environment = { DB_PASSWORD = \"*******\", A = 1 }\n",
            ),
            ("DB_PASSWORD = 'ü2'", "DB_PASSWORD = '***'"),
            ("db_password = hunter2 # x\n", "db_password = ***********\n"),
            ("  db_password: hunter2\n", "  db_password: *******\n"),
            (
                "db_password = { default = \"${env.DB_PASSWORD}\" }",
                "db_password = { default = \"${env.DB_PASSWORD}\" }",
            ),
            (
                "db_password = \"${env.A}hunter2\"",
                "db_password = \"***************\"",
            ),
            ("family = shop\n", "family = shop\n"),
            (
                "environment = [{ name = \"API_KEY\", value = \"x\" }]",
                "environment = [{ name = \"API_KEY\", value = \"*\" }]",
            ),
            (
                "db_password = { default = \"hunter2\" }",
                "db_password = { default = \"*******\" }",
            ),
            (
                "command = [\"--token\", \"hunter2\", \"run\"]",
                "command = [\"--token\", \"*******\", \"run\"]",
            ),
            (
                "ID = \"AKIAIOSFODNN7EXAMPLE\"",
                "ID = \"********************\"",
            ),
        ] {
            assert_eq!(in_file("stack.toml", line), shown);
            assert_eq!(shown.len(), line.len());
        }
    }

    #[test]
    fn everything_else_stays() {
        for text in [
            "name = \"Checkout\" # it's a name\n",
            "[task_definitions.x.containers.app]\nimage = \"app:1\"\n",
            "DB_PASSWORD = \"arn:aws:ssm:us-east-1:111122223333:parameter/x\"\n",
            "unfinished = \"abc\n",
            "kms_key_arn = \"alias/metrics\"\n",
            "Sid = \"AllowListAndReadS3ActionOnMyBucket\"\n",
            "options = { log_key = \"log\", Aws_Auth = \"On\" }\n",
        ] {
            assert_eq!(in_file("stack.toml", text), text);
        }
    }

    #[test]
    fn values_of_json_and_yaml_are_known_by_names_on_other_lines() {
        let json = "{\"containers\": [{\"environment\": [\n{\n\"name\": \"DB_PASSWORD\",\n\"value\": \"hunter2\"\n}],\n\"command\": [\"--token\",\n\"hunter2\"], \"Sid\": \"a\"}]}";
        assert_eq!(
            in_file("task.json", json),
            json.replace("hunter2", "*******")
        );
        let yaml = "exporters:\n  otlp:\n    headers:\n      api-key: hunter2\n      password: 'hunter2'\n    endpoint: x\n";
        assert_eq!(in_file("a.yaml", yaml), yaml.replace("hunter2", "*******"));
        // Neither has to be right.
        let half = "{\"environment\": {\"DB_PASSWORD\": \"hunter2\",\n";
        assert_eq!(
            in_file("task.json", half),
            half.replace("hunter2", "*******")
        );
    }
}
