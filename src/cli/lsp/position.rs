//! Places as the protocol counts them: lines, and in each line units of UTF-16 (Language Server
//! Protocol, "Position").

use lsp_types::{Position, Range};

use crate::file::tree::Span;

/// The byte of `text` that is at `position`, or the end of its line where that is shorter.
pub(super) fn byte(text: &str, position: Position) -> usize {
    let wanted = usize::try_from(position.line).unwrap_or(usize::MAX);
    let mut start = 0;
    for _ in 0..wanted {
        let Some(end) = text[start..].find('\n') else {
            return text.len();
        };
        start += end + 1;
    }
    let line = text[start..].split('\n').next().unwrap_or_default();
    let line = line.strip_suffix('\r').unwrap_or(line);
    let mut units = usize::try_from(position.character).unwrap_or(usize::MAX);
    for (at, letter) in line.char_indices() {
        if units < letter.len_utf16() {
            return start + at;
        }
        units -= letter.len_utf16();
    }
    start + line.len()
}

/// Where the byte `at` of `text` is.
pub(super) fn position(text: &str, at: usize) -> Position {
    let before = &text[..at];
    let line = before.matches('\n').count();
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let character = before[start..].encode_utf16().count();
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Position::new(number(line), number(character))
}

/// Where `span` of `text` is.
pub(super) fn range(text: &str, span: &Span) -> Range {
    Range::new(position(text, span.start), position(text, span.end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_found_again() {
        let text = "a = \"ä𝄞\"\r\nb = 1\n\n# ü";
        for (at, _) in text.char_indices() {
            if text[at..].starts_with('\n') && text[..at].ends_with('\r') {
                continue;
            }
            assert_eq!(byte(text, position(text, at)), at);
        }
        assert_eq!(
            position(text, text.find('"').expect("a quote") + 7),
            Position::new(0, 8)
        );
    }

    #[test]
    fn places_beyond_the_text_are_its_ends() {
        let text = "ab\r\nc";
        assert_eq!(byte(text, Position::new(0, 9)), 2);
        assert_eq!(byte(text, Position::new(9, 0)), 5);
        assert_eq!(byte(text, Position::new(1, 9)), 5);
    }
}
