//! The text of a stack file without its secrets, letter for letter as long as the real one, so that
//! places stay where they are.

use std::collections::BTreeSet;

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
    let mut names = Names::of(line);
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
    shown.push_str(rest);
    shown
}

/// The names on a line, each gone through once however many strings the line has.
struct Names<'a> {
    line: &'a str,
    /// Those that end before `from`.
    earlier: BTreeSet<&'a str>,
    from: usize,
}

impl<'a> Names<'a> {
    fn of(line: &'a str) -> Self {
        Self {
            line,
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
    if content.is_empty() || content.starts_with("arn:") {
        return false;
    }
    let before = names.line[..at].trim_end().strip_suffix('=');
    let last = before.and_then(|before| names.last_before(before.len()));
    match last {
        // The name is said elsewhere on the line: `{ name = "DB_PASSWORD", value = "…" }`,
        // `db_password = { default = "…" }`.
        Some("value" | "default") => {
            let mut earlier = names.earlier.iter();
            is_secret_value(None, content)
                || earlier.any(|name| is_secret_value(Some(name), content))
        }
        // What a policy says is no secret.
        Some(name) if POLICY_KEYS.contains(&name) => false,
        // A property of the stack file: which key encrypts something, not what it is.
        Some(name) if name.starts_with("kms_key") => is_secret_value(None, content),
        Some(name) => is_secret_value(Some(name), content),
        None => is_secret_value(None, content),
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
