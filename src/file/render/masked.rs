//! The text of a stack file without its secrets, letter for letter as long as the real one, so that
//! places stay where they are.

use crate::model::secret::{is_secret_flag, is_secret_value};

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
pub(crate) fn masked(text: &str) -> String {
    text.split_inclusive('\n').map(masked_line).collect()
}

fn masked_line(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut rest = line;
    let mut last_string = None;
    while let Some(open) = rest.find(['"', '\'']) {
        let quote = &rest[open..=open];
        let Some(length) = rest[open + 1..].find(quote) else {
            break;
        };
        let (before, content) = (&rest[..open], &rest[open + 1..open + 1 + length]);
        shown.push_str(before);
        shown.push_str(quote);
        let is_next_argument = before.trim() == "," && last_string.is_some_and(is_secret_flag);
        if is_next_argument || is_secret(&line[..line.len() - rest.len() + open], content) {
            shown.push_str(&"*".repeat(content.len()));
        } else {
            shown.push_str(content);
        }
        shown.push_str(quote);
        last_string = Some(content);
        rest = &rest[open + 1 + length + 1..];
    }
    shown.push_str(rest);
    shown
}

/// Returns whether a string is a secret, from what stands before it on its line.
fn is_secret(before: &str, content: &str) -> bool {
    if content.is_empty() || content.starts_with("arn:") {
        return false;
    }
    let assigned = before.trim_end().strip_suffix('=').unwrap_or_default();
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '"' | '\'');
    let names: Vec<&str> = assigned
        .split(|c| !is_name(c))
        .filter(|name| !name.is_empty())
        .collect();
    match names.as_slice() {
        // The name is said elsewhere on the line: `{ name = "DB_PASSWORD", value = "…" }`,
        // `db_password = { default = "…" }`.
        [earlier @ .., "value" | "default"] => {
            is_secret_value(None, content)
                || earlier
                    .iter()
                    .any(|name| is_secret_value(Some(name), content))
        }
        // What a policy says is no secret.
        [.., name] if POLICY_KEYS.contains(name) => false,
        // A property of the stack file: which key encrypts something, not what it is.
        [.., name] if name.starts_with("kms_key") => is_secret_value(None, content),
        [.., name] => is_secret_value(Some(name), content),
        [] => is_secret_value(None, content),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_and_nothing_moves() {
        for (line, shown) in [
            (
                "environment = { DB_PASSWORD = \"hunter2\", A = 1 }\n",
                "environment = { DB_PASSWORD = \"*******\", A = 1 }\n",
            ),
            ("DB_PASSWORD = 'ü2'", "DB_PASSWORD = '***'"),
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
            assert_eq!(masked(line), shown);
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
            assert_eq!(masked(text), text);
        }
    }
}
