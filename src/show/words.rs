//! Words that the other texts share: counts, lists, durations, wrapped sentences.

use std::time::Duration;

use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};

use crate::model::access::Access;
pub use crate::model::{
    number::thousands,
    words::{count, list},
};

/// As whom the calls of a stack are made, behind where it is: `, as the role deploy`.
pub fn in_heading(access: Option<&Access>) -> String {
    access.map_or_else(String::new, |access| format!(", {access}"))
}

/// The first of many items, and how many more there are: `a, b and 3 more`.
pub fn some(items: &[String]) -> String {
    const MOST: usize = 20;
    if items.len() <= MOST + 1 {
        return list(items);
    }
    let mut shown = items[..MOST].to_vec();
    shown.push(format!("{} more", items.len() - MOST));
    list(&shown)
}

/// `12s`, `1m 12s`, `1h 2m`.
pub fn elapsed(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m {seconds}s"),
        (hours, minutes, _) => format!("{hours}h {minutes}m"),
    }
}

/// A length of time as stack files write it: `500ms`, `20s`, `1m30s`.
pub fn millis(millis: u64) -> String {
    let (seconds, rest) = (millis / 1000, millis % 1000);
    let mut text = String::new();
    for (count, unit) in [
        (seconds / 3600, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
        (rest, "ms"),
    ] {
        if count > 0 {
            text.push_str(&count.to_string());
            text.push_str(unit);
        }
    }
    if text.is_empty() {
        "0s".to_owned()
    } else {
        text
    }
}

/// Breaks `text` at spaces into lines of at most `width` columns. The first line begins with
/// `first`, the others with as many spaces.
///
/// Words are never broken, so that what people copy stays whole.
pub fn wrap(first: &str, text: &str, width: usize) -> String {
    let indent = " ".repeat(columns(first));
    let options = Options::new(width)
        .initial_indent(first)
        .subsequent_indent(&indent)
        .break_words(false)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .wrap_algorithm(WrapAlgorithm::FirstFit);
    let mut wrapped = String::new();
    for line in textwrap::wrap(text, options) {
        wrapped.push_str(&line);
        wrapped.push('\n');
    }
    wrapped
}

/// The columns that `text` takes on a terminal: escape sequences take none, wide letters two.
pub fn columns(text: &str) -> usize {
    textwrap::core::display_width(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_only_some_are_printed() {
        let items: Vec<String> = (1..=25).map(|n| n.to_string()).collect();
        assert_eq!(some(&items[..2]), "1 and 2");
        assert!(some(&items[..21]).ends_with("20 and 21"));
        assert!(some(&items).ends_with("19, 20 and 5 more"));
    }

    #[test]
    fn counts_and_lists_read_well() {
        assert_eq!(count(1, "call"), "1 call");
        assert_eq!(count(0, "call"), "0 calls");
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b"]), "a and b");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
        assert_eq!(list::<&str>(&[]), "");
    }

    #[test]
    fn durations_have_two_units_at_most() {
        for (seconds, text) in [(0, "0s"), (72, "1m 12s"), (3600, "1h 0m"), (3725, "1h 2m")] {
            assert_eq!(elapsed(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn lengths_of_time_are_short() {
        for (length, text) in [
            (500, "500ms"),
            (20_000, "20s"),
            (90_000, "1m30s"),
            (3_600_000, "1h"),
        ] {
            assert_eq!(millis(length), text);
        }
    }

    #[test]
    fn lines_are_broken_between_words_only() {
        assert_eq!(
            wrap("hint: ", "one two three", 13),
            "hint: one two\n      three\n"
        );
        assert_eq!(wrap("- ", "unbreakable", 5), "- unbreakable\n");
    }

    #[test]
    fn escapes_take_no_columns() {
        assert_eq!(columns("\u{1b}[31mab\u{1b}[0m"), 2);
    }

    #[test]
    fn wide_letters_take_two_columns() {
        assert_eq!(columns("환경"), 4);
        assert_eq!(wrap("", "환경 환경 환경", 9), "환경 환경\n환경\n");
    }
}
