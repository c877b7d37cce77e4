//! The difference between two texts, line by line, as `diff -u` writes it and `patch` reads it.

use std::ops::Range;

use crate::show::{Paint, Style};

/// The lines that are shown around those that differ.
const CONTEXT: usize = 3;
/// The most pairs of lines that are compared. Beyond that everything between the first and the last
/// difference counts as replaced.
const MOST_PAIRS: usize = 4_000_000;

/// A line of either text, or of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line<'t> {
    Both(&'t str),
    Removed(&'t str),
    Added(&'t str),
}

/// What leads from `before` to `after`, two texts of the file that is called `name`. Equal texts
/// give nothing.
pub(super) fn unified(name: &str, before: &str, after: &str, style: Style) -> String {
    let lines = compare(before, after);
    let hunks = hunks(&lines);
    if hunks.is_empty() {
        return String::new();
    }
    let mut text = String::new();
    for mark in ["---", "+++"] {
        text.push_str(&style.paint(Paint::Title, &format!("{mark} {name}")));
        text.push('\n');
    }
    for hunk in hunks {
        write_hunk(&lines, hunk, style, &mut text);
    }
    text
}

/// The lines of both texts in one order.
fn compare<'t>(before: &'t str, after: &'t str) -> Vec<Line<'t>> {
    let before: Vec<&str> = before.split_inclusive('\n').collect();
    let after: Vec<&str> = after.split_inclusive('\n').collect();
    let start = common(before.iter(), after.iter());
    let end = common(before[start..].iter().rev(), after[start..].iter().rev());
    let middle = between(
        &before[start..before.len() - end],
        &after[start..after.len() - end],
    );
    let both = |line: &&'t str| Line::Both(line);
    let mut lines: Vec<Line<'t>> = before[..start].iter().map(both).collect();
    lines.extend(middle);
    lines.extend(before[before.len() - end..].iter().map(both));
    lines
}

/// How many lines are equal before the first that are not.
fn common<'a, 't: 'a>(
    one: impl Iterator<Item = &'a &'t str>,
    other: impl Iterator<Item = &'a &'t str>,
) -> usize {
    one.zip(other)
        .take_while(|(one, other)| one == other)
        .count()
}

/// The lines of two texts in one order, with as many in both as can be.
fn between<'t>(before: &[&'t str], after: &[&'t str]) -> Vec<Line<'t>> {
    if before.len().saturating_mul(after.len()) > MOST_PAIRS {
        let removed = before.iter().map(|line| Line::Removed(line));
        let added = after.iter().map(|line| Line::Added(line));
        return removed.chain(added).collect();
    }
    let lengths = common_lengths(before, after);
    let (mut i, mut j) = (0, 0);
    let mut lines = Vec::new();
    loop {
        let line = match (before.get(i), after.get(j)) {
            (None, None) => return lines,
            (Some(one), None) => Line::Removed(one),
            (Some(one), Some(other)) if one == other => Line::Both(one),
            (Some(one), Some(_)) if lengths[i + 1][j] >= lengths[i][j + 1] => Line::Removed(one),
            (_, Some(other)) => Line::Added(other),
        };
        i += usize::from(line.is_before());
        j += usize::from(line.is_after());
        lines.push(line);
    }
}

/// For each pair of places, the most lines that the texts from there on have in common.
fn common_lengths(before: &[&str], after: &[&str]) -> Vec<Vec<usize>> {
    let mut lengths = vec![vec![0; after.len() + 1]; before.len() + 1];
    for (i, one) in before.iter().enumerate().rev() {
        for (j, other) in after.iter().enumerate().rev() {
            lengths[i][j] = if one == other {
                lengths[i + 1][j + 1] + 1
            } else {
                lengths[i + 1][j].max(lengths[i][j + 1])
            };
        }
    }
    lengths
}

/// The ranges of lines that are shown: what differs and what is around it.
fn hunks(lines: &[Line<'_>]) -> Vec<Range<usize>> {
    let mut hunks: Vec<Range<usize>> = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        if line.is_before() && line.is_after() {
            continue;
        }
        let start = index.saturating_sub(CONTEXT);
        let end = lines.len().min(index + 1 + CONTEXT);
        match hunks.last_mut() {
            Some(last) if start <= last.end => last.end = end,
            Some(_) | None => hunks.push(start..end),
        }
    }
    hunks
}

fn write_hunk(lines: &[Line<'_>], hunk: Range<usize>, style: Style, text: &mut String) {
    let from = place(lines, &hunk, Line::is_before);
    let to = place(lines, &hunk, Line::is_after);
    text.push_str(&style.paint(Paint::Faint, &format!("@@ -{from} +{to} @@")));
    text.push('\n');
    for line in &lines[hunk] {
        let (mark, paint, line) = match line {
            Line::Both(line) => (' ', None, line),
            Line::Removed(line) => ('-', Some(Paint::Remove), line),
            Line::Added(line) => ('+', Some(Paint::Create), line),
        };
        let (body, end) = match line.strip_suffix('\n') {
            Some(body) => (body, "\n"),
            None => (*line, "\n\\ No newline at end of file\n"),
        };
        let body = format!("{mark}{body}");
        text.push_str(&paint.map_or(body.clone(), |paint| style.paint(paint, &body)));
        text.push_str(end);
    }
}

/// Where the lines of a hunk are in one of the texts: `first,count`. A range without lines is named
/// by the line before it.
fn place<'t>(lines: &[Line<'t>], hunk: &Range<usize>, is_there: fn(Line<'t>) -> bool) -> String {
    let count = |lines: &[Line<'t>]| lines.iter().filter(|line| is_there(**line)).count();
    let length = count(&lines[hunk.clone()]);
    let first = count(&lines[..hunk.start]) + usize::from(length > 0);
    format!("{first},{length}")
}

impl Line<'_> {
    fn is_before(self) -> bool {
        match self {
            Self::Both(_) | Self::Removed(_) => true,
            Self::Added(_) => false,
        }
    }

    fn is_after(self) -> bool {
        match self {
            Self::Both(_) | Self::Added(_) => true,
            Self::Removed(_) => false,
        }
    }
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
            "--- a.toml\n+++ a.toml\n@@ -0,0 +1,1 @@\n+1\n"
        );
    }

    /// Does to `before` what a unified diff says, as `patch` would.
    fn patched(before: &str, diff: &str) -> String {
        let before: Vec<&str> = before.split_inclusive('\n').collect();
        let mut after = String::new();
        let mut next = 0;
        for line in diff.split_inclusive('\n').skip(2) {
            if let Some(place) = line.strip_prefix("@@ -") {
                let (start, rest) = place.split_once(',').expect("a place");
                let is_empty = rest.starts_with("0 ");
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
