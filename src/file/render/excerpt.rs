//! What is shown of lines that are too long to be shown: the part around their labels.
//!
//! The picture of a problem is drawn with formatting widths, which end at 65,535, and is of no use
//! long before that: a policy of one line pushes its label off every screen.

use std::ops::Range;

use crate::file::tree::Span;

/// The longest line that is shown whole, in bytes.
const LONGEST: usize = 1_000;
/// How much of a longer line is shown before a label and after the start of one, in bytes.
const BEFORE: usize = 60;
const AFTER: usize = 200;
/// What stands for what is left out.
const LEFT_OUT: &str = "…";

/// A text in which lines with labels are cut around these.
#[derive(Clone, Debug)]
pub(super) struct Excerpt {
    text: String,
    /// What is left out: where its mark stands in the excerpt, and where it stood in the whole.
    cuts: Vec<(Range<usize>, Range<usize>)>,
}

impl Excerpt {
    /// Cuts the lines of `whole` in which a label begins.
    pub(super) fn new(whole: &str, labels: &[Span]) -> Self {
        let mut excerpt = Self {
            text: String::with_capacity(whole.len().min(1 << 16)),
            cuts: Vec::new(),
        };
        let mut start = 0;
        for line in whole.split_inclusive('\n') {
            let end = start + line.len();
            let content = start..start + line.trim_end_matches(['\n', '\r']).len();
            if content.len() <= LONGEST {
                excerpt.text.push_str(line);
            } else {
                excerpt.push_cut(whole, &content, labels);
                excerpt.text.push_str(&whole[content.end..end]);
            }
            start = end;
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
        let (mut shown_from, mut whole_from) = (0, 0);
        for (shown, whole) in &self.cuts {
            if place < whole.start {
                break;
            }
            if place < whole.end {
                return shown.start;
            }
            (shown_from, whole_from) = (shown.end, whole.end);
        }
        (shown_from + (place - whole_from)).min(self.text.len())
    }

    /// Where a place of the excerpt was in the whole text.
    pub(super) fn stood_at(&self, place: usize) -> usize {
        let (mut shown_from, mut whole_from) = (0, 0);
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

    #[test]
    fn short_lines_are_kept() {
        let excerpt = Excerpt::new("a\nb = ä\n", std::slice::from_ref(&(2..3)));
        assert_eq!(excerpt.text(), "a\nb = ä\n");
        assert_eq!(excerpt.shown_at(2), 2);
        assert_eq!(excerpt.stood_at(6), 6);
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
        let excerpt = Excerpt::new(&whole, &[two..two + 3, one..one + 3, last..last + 4]);
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
    fn labels_that_meet_share_their_surroundings() {
        let whole = "x".repeat(5_000);
        let excerpt = Excerpt::new(&whole, &[100..200, 150..160, 4_999..5_000, 5_000..5_000]);
        assert_eq!(excerpt.text().matches('…').count(), 2);
        assert_eq!(excerpt.stood_at(excerpt.shown_at(4_999)), 4_999);
    }
}
