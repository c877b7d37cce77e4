//! Words that the other texts share: counts, lists, durations, wrapped sentences.

use std::time::Duration;

/// `1 call`, `2 calls`.
pub fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// `a`, `a and b`, `a, b and c`.
pub fn list<T: AsRef<str>>(items: &[T]) -> String {
    match items {
        [] => String::new(),
        [only] => only.as_ref().to_owned(),
        [before @ .., last] => {
            let before: Vec<&str> = before.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", before.join(", "), last.as_ref())
        }
    }
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

/// Breaks `text` at spaces into lines of at most `width` columns. The first line begins with
/// `first`, the others with as many spaces.
///
/// Words are never broken, so that what people copy stays whole.
pub fn wrap(first: &str, text: &str, width: usize) -> String {
    let indent = columns(first);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && indent + columns(&line) + 1 + columns(word) > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    let mut wrapped = String::new();
    for (index, line) in lines.iter().enumerate() {
        let start = if index == 0 {
            first.to_owned()
        } else {
            " ".repeat(indent)
        };
        wrapped.push_str(start.as_str());
        wrapped.push_str(line);
        wrapped.push('\n');
    }
    wrapped
}

/// The columns that `text` takes; escape sequences take none.
pub fn columns(text: &str) -> usize {
    let mut columns = 0;
    let mut escape = false;
    for letter in text.chars() {
        match letter {
            '\u{1b}' => escape = true,
            'm' if escape => escape = false,
            _ if escape => {}
            _ => columns += 1,
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_only_some_are_told() {
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
}
