//! Where the characters of a text stand that was made of another one: of a string of the stack file
//! with its references filled in, or of a file that the stack file names.

use crate::file::tree::Span;

/// Which part of a text stands where.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pieces: Vec<Piece>,
    /// Where the whole stands.
    whole: Span,
}

/// A part of the text. Where it is as long as what it stands for, its characters are the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// The part.
    pub(crate) text: Span,
    /// Where it stands.
    pub(crate) source: Span,
}

impl Placed {
    /// A text of which these parts, in their order, stand somewhere in `whole`.
    pub(crate) fn of_pieces(pieces: Vec<Piece>, whole: Span) -> Self {
        Self { pieces, whole }
    }

    /// A text that could not be followed back: all of it stands in `whole`.
    pub(crate) fn somewhere(whole: &Span) -> Self {
        Self::of_pieces(Vec::new(), whole.clone())
    }

    /// A text as long as `source`, where it stands as it is.
    pub(crate) fn as_it_is(source: Span) -> Self {
        let piece = Piece {
            text: 0..source.len(),
            source: source.clone(),
        };
        Self::of_pieces(vec![piece], source)
    }

    /// The text of the string at `span` of `source`, of which it was made by filling in `${…}` and
    /// by turning `$${` into `${`; `None` for a string with escapes, and for a text that was read
    /// elsewhere.
    pub(crate) fn in_string(text: &str, span: &Span, source: &str) -> Option<Self> {
        let content = content(span, source)?;
        let mut pieces = Vec::new();
        let (mut at, mut raw) = (0, content.start);
        while raw < content.end {
            let rest = &source[raw..content.end];
            let (part, written) = if rest.starts_with("$${") {
                text.get(at..)?.starts_with("${").then_some((2, 3))?
            } else if rest.starts_with("${") {
                let written = rest.find('}')? + 1;
                (filled(text.get(at..)?, &rest[written..])?, written)
            } else {
                let length = special(rest);
                let is_here = text.get(at..)?.starts_with(&rest[..length]);
                is_here.then_some((length, length))?
            };
            pieces.push(Piece {
                text: at..at + part,
                source: raw..raw + written,
            });
            (at, raw) = (at + part, raw + written);
        }
        (at == text.len()).then(|| Self::of_pieces(pieces, span.clone()))
    }

    /// Where a part of the text stands.
    pub(crate) fn place(&self, part: &Span) -> Span {
        if self.pieces.is_empty() {
            return self.whole.clone();
        }
        let start = self.position(part.start, false);
        start..self.position(part.end, true).max(start)
    }

    /// Where what is at `at` stands; an end belongs to the piece before it.
    fn position(&self, at: usize, is_end: bool) -> usize {
        let holds = |piece: &&Piece| {
            let text = &piece.text;
            if is_end {
                text.start < at && at <= text.end
            } else {
                text.start <= at && at < text.end
            }
        };
        let Some(piece) = self.pieces.iter().find(holds) else {
            let last = self.pieces.last();
            return last.map_or(self.whole.start, |piece| piece.source.end);
        };
        if piece.text.len() == piece.source.len() {
            piece.source.start + (at - piece.text.start)
        } else if is_end {
            piece.source.end
        } else {
            piece.source.start
        }
    }
}

/// A place at `at` that can be underlined: the character there, or else the last one before it that
/// is no white space.
pub(crate) fn character_at(text: &str, at: usize) -> Span {
    let after = text[at..].chars().next();
    if let Some(after) = after.filter(|c| !c.is_whitespace()) {
        return at..at + after.len_utf8();
    }
    let before = text[..at].trim_end();
    let last = before.chars().next_back().map_or(0, char::len_utf8);
    before.len() - last..before.len()
}

/// How much of `text` stands for a `${…}` after which `after` is written.
fn filled(text: &str, after: &str) -> Option<usize> {
    if after.is_empty() {
        return Some(text.len());
    }
    let next = &after[..special(after)];
    (!next.is_empty()).then(|| text.find(next)).flatten()
}

/// How much of `text`, of which something is left, is before the next thing that is filled in.
fn special(text: &str) -> usize {
    let find = |what: &str| text.find(what).unwrap_or(text.len());
    find("$${").min(find("${"))
}

/// What stands between the quotes of the string at `span`, if every character there stands for
/// itself (TOML 1.0, "String").
fn content(span: &Span, source: &str) -> Option<Span> {
    let raw = source.get(span.clone())?;
    let quotes = ["\"\"\"", "'''", "\"", "'"];
    let quotes = quotes.into_iter().find(|quotes| raw.starts_with(quotes))?;
    let inner = raw.strip_prefix(quotes)?.strip_suffix(quotes)?;
    if quotes.starts_with('"') && inner.contains('\\') {
        return None;
    }
    let is_multi_line = quotes.len() == 3;
    let newline = inner.strip_prefix('\n').filter(|_| is_multi_line);
    let content = newline.unwrap_or(inner);
    let start = span.start + quotes.len() + (inner.len() - content.len());
    Some(start..start + content.len())
}
