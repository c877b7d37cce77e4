//! The difference between two texts, line by line, as `diff -u` writes it and `patch` reads it.

use std::time::Duration;

use similar::{ChangeTag, TextDiff};

use crate::show::{Paint, Style};

/// The lines that are shown around those that differ.
const CONTEXT: usize = 3;
/// How long a smaller difference is looked for. Texts that have little in common are then shown as
/// one replacement.
const PATIENCE: Duration = Duration::from_secs(2);

/// What leads from `before` to `after`, two texts of the file that is called `name`. Equal texts
/// give nothing.
pub(super) fn unified(name: &str, before: &str, after: &str, style: Style) -> String {
    let diff = TextDiff::configure()
        .timeout(PATIENCE)
        .diff_lines(before, after);
    let mut diff = diff.unified_diff();
    let mut text = String::new();
    for hunk in diff.context_radius(CONTEXT).iter_hunks() {
        if text.is_empty() {
            for mark in ["---", "+++"] {
                text.push_str(&style.paint(Paint::Title, &format!("{mark} {name}")));
                text.push('\n');
            }
        }
        text.push_str(&style.paint(Paint::Faint, &hunk.header().to_string()));
        text.push('\n');
        for change in hunk.iter_changes() {
            let (mark, paint) = match change.tag() {
                ChangeTag::Equal => (' ', None),
                ChangeTag::Delete => ('-', Some(Paint::Remove)),
                ChangeTag::Insert => ('+', Some(Paint::Create)),
            };
            let line = format!("{mark}{}", change.value().trim_end_matches('\n'));
            text.push_str(&paint.map_or(line.clone(), |paint| style.paint(paint, &line)));
            text.push_str(if change.missing_newline() {
                "\n\\ No newline at end of file\n"
            } else {
                "\n"
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plain(before: &str, after: &str) -> String {
        unified("a.toml", before, after, Style::PLAIN)
    }

    #[test]
    fn what_differs_is_shown_with_three_lines_around_it() {
        let before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13";
        let after = "1\n2\n3\n4\nfive\n6\n7\n8\n9\n10\n11\n12\n13\n";
        assert_eq!(
            plain(before, after),
            "--- a.toml\n+++ a.toml\n\
             @@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n@@ -10,4 +10,4 @@\n 10\n 11\n 12\n-13\n\\ No newline at end of file\n+13\n"
        );
        assert_eq!(
            plain("1\n2\n3\n4\n5\n", "0\n1\n2\n3\n4\n5\n"),
            "--- a.toml\n+++ a.toml\n@@ -1,3 +1,4 @@\n+0\n 1\n 2\n 3\n"
        );
        assert_eq!(
            plain("", "1\n"),
            "--- a.toml\n+++ a.toml\n@@ -0,0 +1 @@\n+1\n"
        );
    }

    /// Does to `before` what a unified diff says, as `patch` would.
    fn patched(before: &str, diff: &str) -> String {
        let before: Vec<&str> = before.split_inclusive('\n').collect();
        let mut after = String::new();
        let mut next = 0;
        for line in diff.split_inclusive('\n').skip(2) {
            if let Some(place) = line.strip_prefix("@@ -") {
                let (place, _) = place.split_once(' ').expect("two places");
                let (start, length) = place.split_once(',').unwrap_or((place, "1"));
                let is_empty = length == "0";
                let start: usize = start.parse().expect("a number");
                let start = if is_empty { start } else { start - 1 };
                after.extend(before[next..start].iter().copied());
                next = start;
            } else if let Some(line) = line.strip_prefix('+') {
                after.push_str(line);
            } else {
                let expected = &line[1..];
                assert_eq!(
                    before[next].trim_end_matches('\n'),
                    expected.trim_end_matches('\n')
                );
                if line.starts_with(' ') {
                    after.push_str(expected);
                }
                next += 1;
            }
        }
        after.extend(before[next..].iter().copied());
        after
    }

    proptest! {
        #[test]
        fn what_is_shown_leads_from_the_one_to_the_other(
            before in "([ab]?\n){0,12}",
            after in "([ab]?\n){0,12}",
        ) {
            let diff = plain(&before, &after);
            prop_assert_eq!(diff.is_empty(), before == after);
            prop_assert_eq!(patched(&before, &diff), after);
        }
    }

    #[test]
    fn large_differences_are_one_replacement() {
        let text = |start: usize| {
            let lines: Vec<String> = (start..start + 3000).map(|n| format!("{n}\n")).collect();
            lines.concat()
        };
        let diff = plain(&text(0), &text(10_000));
        assert!(diff.starts_with("--- a.toml\n+++ a.toml\n@@ -1,3000 +1,3000 @@\n-0\n-1\n"));
        assert_eq!(patched(&text(0), &diff), text(10_000));
    }
}
