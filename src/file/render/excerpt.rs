//! What is shown of lines that are too long to be shown: the part around their labels.
//!
//! The picture of a problem is drawn with formatting widths, which end at 65,535, and is of no use
//! long before that: a policy of one line pushes its label off every screen.

use std::ops::Range;

use crate::file::{render::lines::Lines, tree::Span};

/// The longest line that is shown whole, in bytes.
const LONGEST: usize = 400;
/// How much of a longer line is shown before a label and after the start of one, in bytes.
const BEFORE: usize = 60;
const AFTER: usize = 200;
/// What stands for what is left out.
const LEFT_OUT: &str = "…";

/// The lines of a text from the first label to the last, those that are too long cut around their
/// labels.
#[derive(Clone, Debug)]
pub(super) struct Excerpt {
    text: String,
    /// Where it begins in the whole.
    start: usize,
    /// What is left out: where its mark stands in the excerpt, and where it stood in the whole.
    cuts: Vec<(Range<usize>, Range<usize>)>,
}

impl Excerpt {
    /// The lines of `whole`, which begin at `lines`, in which labels begin, and those between.
    pub(super) fn new(whole: &str, lines: &Lines, labels: &[Span]) -> Self {
        let line_of = |label: &Span| lines.line(label.start);
        let first = labels.iter().map(line_of).min().unwrap_or_default();
        let last = labels.iter().map(line_of).max().unwrap_or_default();
        let mut excerpt = Self {
            text: String::new(),
            start: lines.start(first).unwrap_or_default(),
            cuts: Vec::new(),
        };
        for line in first..=last {
            let start = lines.start(line).unwrap_or(whole.len());
            let end = lines.start(line + 1).unwrap_or(whole.len());
            let content = whole[start..end].trim_end_matches(['\n', '\r']);
            let content = start..start + content.len();
            if content.len() <= LONGEST {
                excerpt.text.push_str(&whole[start..end]);
            } else {
                excerpt.push_cut(whole, &content, labels);
                excerpt.text.push_str(&whole[content.end..end]);
            }
        }
        excerpt
    }

    fn push_cut(&mut self, whole: &str, line: &Range<usize>, labels: &[Span]) {
        let mut kept: Vec<Range<usize>> = labels
            .iter()
            .filter(|label| line.start <= label.start && label.start <= line.end)
            .map(|label| {
                let from = label.start.saturating_sub(BEFORE).max(line.start);
                let to = (label.start + AFTER).min(line.end);
                whole.floor_char_boundary(from)..whole.ceil_char_boundary(to)
            })
            .collect();
        kept.sort_by_key(|range| range.start);
        let mut at = line.start;
        for range in kept {
            if at < range.start {
                self.leave_out(at..range.start);
            }
            let from = range.start.max(at);
            if from < range.end {
                self.text.push_str(&whole[from..range.end]);
                at = range.end;
            }
        }
        if at < line.end {
            self.leave_out(at..line.end);
        }
    }

    fn leave_out(&mut self, whole: Range<usize>) {
        let start = self.text.len();
        self.text.push_str(LEFT_OUT);
        self.cuts.push((start..self.text.len(), whole));
    }

    /// The text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Where a place of the whole text is in the excerpt.
    pub(super) fn shown_at(&self, place: usize) -> usize {
        let (mut shown_from, mut whole_from) = (0, self.start);
        for (shown, whole) in &self.cuts {
            if place < whole.start {
                break;
            }
            if place < whole.end {
                return shown.start;
            }
            (shown_from, whole_from) = (shown.end, whole.end);
        }
        (shown_from + place.saturating_sub(whole_from)).min(self.text.len())
    }

    /// Where a place of the excerpt was in the whole text.
    pub(super) fn stood_at(&self, place: usize) -> usize {
        let (mut shown_from, mut whole_from) = (0, self.start);
        for (shown, whole) in &self.cuts {
            if place < shown.start {
                break;
            }
            if place < shown.end {
                return whole.start;
            }
            (shown_from, whole_from) = (shown.end, whole.end);
        }
        whole_from + (place - shown_from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excerpt(whole: &str, labels: &[Span]) -> Excerpt {
        Excerpt::new(whole, &Lines::of(whole), labels)
    }

    #[test]
    fn lines_with_labels_and_between_them_are_kept() {
        let one = excerpt("a\nb = ä\nc\n", std::slice::from_ref(&(2..3)));
        assert_eq!(one.text(), "b = ä\n");
        assert_eq!(one.shown_at(2), 0);
        assert_eq!(one.stood_at(4), 6);
        let between = excerpt("a\nb\nc\nd\n", &[4..5, 0..1]);
        assert_eq!(between.text(), "a\nb\nc\n");
    }

    #[test]
    fn long_lines_are_cut_around_their_labels() {
        let blank = "ä".repeat(40_000);
        let whole = format!("first\n{blank}one{blank}two{blank}\r\nlast\n");
        let (one, two) = (
            whole.find("one").expect("one"),
            whole.find("two").expect("two"),
        );
        let last = whole.find("last").expect("last");
        let excerpt = excerpt(&whole, &[0..1, two..two + 3, one..one + 3, last..last + 4]);
        assert!(excerpt.text().len() < 2_000, "{}", excerpt.text().len());
        for (at, word) in [(one, "one"), (two, "two"), (last, "last\n")] {
            let shown = excerpt.shown_at(at);
            assert!(excerpt.text()[shown..].starts_with(word), "{word}");
            assert_eq!(excerpt.stood_at(shown), at, "{word}");
        }
        let lines: Vec<&str> = excerpt.text().lines().collect();
        assert!(lines[1].starts_with('…') && lines[1].ends_with('…'));
        // What is left out is where its mark is.
        assert_eq!(
            excerpt.shown_at(whole.find('ä').expect("some")),
            "first\n".len()
        );
    }

    #[test]
    fn labels_that_meet_share_what_is_around_them() {
        let whole = "x".repeat(5_000);
        let excerpt = excerpt(&whole, &[100..200, 150..160, 4_999..5_000, 5_000..5_000]);
        assert_eq!(excerpt.text().matches('…').count(), 2);
        assert_eq!(excerpt.stood_at(excerpt.shown_at(4_999)), 4_999);
    }
}
