//! Where the lines of a text begin, so that the line and the column of a place are found without
//! going through the text once more for each.

/// How many bytes lie between two places of which it is known how many characters are before them.
const BLOCK: usize = 1 << 10;

/// The lines of a text.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    /// The first byte of each line.
    starts: Vec<usize>,
    /// The characters before every [`BLOCK`]th byte, those that begin before it included.
    characters: Vec<usize>,
}

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        let mut lines = Self {
            starts: vec![0],
            characters: Vec::with_capacity(text.len() / BLOCK + 1),
        };
        let mut characters = 0;
        for (at, byte) in text.bytes().enumerate() {
            if at.is_multiple_of(BLOCK) {
                lines.characters.push(characters);
            }
            characters += usize::from(begins_character(byte));
            if byte == b'\n' {
                lines.starts.push(at + 1);
            }
        }
        if text.len().is_multiple_of(BLOCK) {
            lines.characters.push(characters);
        }
        lines
    }

    /// The line of a byte, from zero.
    pub(super) fn line(&self, byte: usize) -> usize {
        self.starts.partition_point(|start| *start <= byte) - 1
    }

    /// The first byte of a line.
    pub(super) fn start(&self, line: usize) -> Option<usize> {
        self.starts.get(line).copied()
    }

    /// The characters of `text`, whose lines these are, between the start of a byte's line and the
    /// byte, which is on the boundary of a character.
    pub(super) fn column(&self, text: &str, byte: usize) -> usize {
        let start = self.starts[self.line(byte)];
        self.characters_before(text, byte) - self.characters_before(text, start)
    }

    fn characters_before(&self, text: &str, byte: usize) -> usize {
        let block = byte / BLOCK;
        let rest = text.as_bytes()[block * BLOCK..byte].iter();
        self.characters[block] + rest.filter(|byte| begins_character(**byte)).count()
    }
}

/// Every byte of UTF-8 but the following ones of a character (RFC 3629, section 3).
fn begins_character(byte: u8) -> bool {
    byte & 0b1100_0000 != 0b1000_0000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_are_those_that_counting_finds() {
        let texts = [
            String::new(),
            "\n".to_owned(),
            "a\nbä€\n\nlast".to_owned(),
            "ä".repeat(BLOCK),
            format!("{}\n{}", "x".repeat(BLOCK - 1), "€".repeat(BLOCK)),
        ];
        for text in texts {
            let lines = Lines::of(&text);
            let places = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            for at in places {
                let before = &text[..at];
                let start = before.rfind('\n').map_or(0, |at| at + 1);
                assert_eq!(lines.line(at), before.matches('\n').count());
                assert_eq!(lines.start(lines.line(at)), Some(start));
                assert_eq!(lines.column(&text, at), before[start..].chars().count());
            }
        }
    }
}
