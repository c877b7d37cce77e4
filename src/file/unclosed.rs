//! Brackets that a file never closes.
//!
//! To a parser everything after such a bracket is its content, so that one missing `]` makes a
//! mistake of every line below it. A person sees where it ends: at the next line that says `key =`
//! or is a header, which no array holds.

use toml_parser::{
    Source,
    lexer::{Token, TokenKind},
};

use crate::file::tree::Span;

/// A bracket that is never closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unclosed {
    /// The bracket.
    pub(crate) bracket: Span,
    /// Where the one that closes it is missing.
    pub(crate) end: usize,
    /// The one that is missing.
    pub(crate) closing: char,
}

/// The brackets that `text` never closes, in the order of where they end, inner ones first.
pub(crate) fn find(text: &str) -> Vec<Unclosed> {
    let tokens = Source::new(text).lex().into_vec();
    let mut search = Search {
        text,
        open: Vec::new(),
        found: Vec::new(),
        last: None,
    };
    let mut is_value = false;
    for (index, token) in tokens.iter().enumerate() {
        let rest = &tokens[index..];
        if is_line_start(&tokens, index) && (search.open.is_empty() || search.begins_anew(rest)) {
            search.close_all();
            is_value = false;
        }
        match token.kind() {
            TokenKind::Whitespace | TokenKind::Comment | TokenKind::Newline => continue,
            TokenKind::Eof => search.close_all(),
            TokenKind::Equals => is_value = true,
            // The brackets of a header stand before any `=`.
            TokenKind::LeftSquareBracket if is_value => search.open.push((span(token), ']')),
            TokenKind::LeftCurlyBracket if is_value => search.open.push((span(token), '}')),
            TokenKind::RightSquareBracket => search.close(']'),
            TokenKind::RightCurlyBracket => search.close('}'),
            TokenKind::LeftSquareBracket
            | TokenKind::LeftCurlyBracket
            | TokenKind::Dot
            | TokenKind::Comma
            | TokenKind::LiteralString
            | TokenKind::BasicString
            | TokenKind::MlLiteralString
            | TokenKind::MlBasicString
            | TokenKind::Atom => {}
        }
        search.last = Some(*token);
    }
    search.found
}

/// `text` with the missing brackets in it.
pub(crate) fn mended(text: &str, unclosed: &[Unclosed]) -> String {
    let mut mended = String::with_capacity(text.len() + unclosed.len());
    let mut at = 0;
    for one in unclosed {
        mended.push_str(&text[at..one.end]);
        mended.push(one.closing);
        at = one.end;
    }
    mended.push_str(&text[at..]);
    mended
}

/// Where a place of the mended text is in the text itself.
pub(crate) fn unmended(place: usize, unclosed: &[Unclosed]) -> usize {
    let added = unclosed
        .iter()
        .enumerate()
        .take_while(|(before, one)| one.end + before < place);
    place - added.count()
}

struct Search<'s> {
    text: &'s str,
    /// The brackets that are open, and what closes each.
    open: Vec<(Span, char)>,
    found: Vec<Unclosed>,
    /// The last token that is neither blank nor comment.
    last: Option<Token>,
}

impl Search<'_> {
    /// Returns whether the line that begins with `rest` can't belong to what is open.
    fn begins_anew(&self, rest: &[Token]) -> bool {
        let last = self.last.map(|token| token.kind());
        let is_array = matches!(self.open.last(), Some((_, ']')));
        let may_go_on = match last {
            Some(TokenKind::Comma) => true,
            Some(TokenKind::LeftSquareBracket) => is_array,
            Some(TokenKind::LeftCurlyBracket) => !is_array,
            Some(_) | None => false,
        };
        let rest = without_blanks(rest);
        if let Some(name) = header(rest) {
            // `[a.b]` is no array: what stands in it is no value.
            return !may_go_on || !name.iter().all(|token| self.is_value(token));
        }
        is_pair(rest) && (is_array || !may_go_on)
    }

    /// Returns whether a part of a header could be an element of an array as well.
    fn is_value(&self, token: &Token) -> bool {
        let span = span(token);
        if token.kind() != TokenKind::Atom {
            return true;
        }
        let text = self.text.get(span).unwrap_or_default();
        matches!(text, "true" | "false" | "inf" | "nan")
            || text.starts_with(|c: char| c.is_ascii_digit() || "+-".contains(c))
    }

    /// A closing bracket also ends what is open within the one that it closes.
    fn close(&mut self, closing: char) {
        let Some(at) = self.open.iter().rposition(|(_, closes)| *closes == closing) else {
            return;
        };
        for (bracket, closing) in self.open.drain(at + 1..).rev() {
            self.found.extend(unclosed(bracket, closing, self.last));
        }
        self.open.truncate(at);
    }

    fn close_all(&mut self) {
        for (bracket, closing) in self.open.drain(..).rev() {
            self.found.extend(unclosed(bracket, closing, self.last));
        }
    }
}

fn unclosed(bracket: Span, closing: char, last: Option<Token>) -> Option<Unclosed> {
    last.map(|last| Unclosed {
        bracket,
        end: span(&last).end,
        closing,
    })
}

fn span(token: &Token) -> Span {
    token.span().start()..token.span().end()
}

fn is_line_start(tokens: &[Token], index: usize) -> bool {
    index == 0 || tokens[index - 1].kind() == TokenKind::Newline
}

fn without_blanks(tokens: &[Token]) -> &[Token] {
    let blanks = tokens
        .iter()
        .take_while(|token| token.kind() == TokenKind::Whitespace);
    &tokens[blanks.count()..]
}

fn is_key(token: &Token) -> bool {
    matches!(
        token.kind(),
        TokenKind::Atom | TokenKind::BasicString | TokenKind::LiteralString
    )
}

/// The tokens of a dotted key at the beginning of `tokens`, blanks included.
fn dotted_key(tokens: &[Token]) -> &[Token] {
    let length = tokens.iter().take_while(|token| {
        is_key(token) || matches!(token.kind(), TokenKind::Dot | TokenKind::Whitespace)
    });
    &tokens[..length.count()]
}

/// Returns whether a line begins with `key =`.
fn is_pair(tokens: &[Token]) -> bool {
    let key = dotted_key(tokens);
    let next = tokens.get(key.len()).map(Token::kind);
    key.first().is_some_and(is_key) && next == Some(TokenKind::Equals)
}

/// The parts of the name in a line that is a header and nothing else.
fn header(tokens: &[Token]) -> Option<Vec<Token>> {
    let opening = tokens
        .iter()
        .take_while(|token| token.kind() == TokenKind::LeftSquareBracket)
        .count();
    let name = dotted_key(&tokens[opening..]);
    let after = &tokens[opening + name.len()..];
    let closing = after
        .iter()
        .take_while(|token| token.kind() == TokenKind::RightSquareBracket)
        .count();
    let end = without_blanks(&after[closing..]).first().map(Token::kind);
    let ends = matches!(
        end,
        None | Some(TokenKind::Newline | TokenKind::Comment | TokenKind::Eof)
    );
    let is_header = matches!(opening, 1 | 2) && closing == opening && ends;
    let parts: Vec<Token> = name.iter().copied().filter(is_key).collect();
    (is_header && !parts.is_empty()).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is mended, and how often.
    fn mend(text: &str) -> (String, usize) {
        let unclosed = find(text);
        (mended(text, &unclosed), unclosed.len())
    }

    #[test]
    fn sound_files_have_none() {
        for text in [
            "",
            "[a]\nb = [1, # ]\n  2]\n[[c]]\nd = { e = [\n['f'],\n[\"g\"]\n] }\n",
            "a = [\n[1],\n[true]\n]\n",
            "a = {\n  b = 1,\n  c = [2],\n}\n",
            "a = \"[\"\nb = '''\n[\nc = 1\n'''\n",
            "[\"a [\"]\nb = ']'\n",
        ] {
            assert_eq!(find(text), [], "{text}");
        }
    }

    #[test]
    fn each_ends_before_the_next_line_that_is_none_of_its_own() {
        for (text, expected, count) in [
            ("a = [1\nb = 2\n", "a = [1]\nb = 2\n", 1),
            ("a = [1, # x\nb = 2\n", "a = [1,] # x\nb = 2\n", 1),
            ("a = [1\n[b]\nc = [\n", "a = [1]\n[b]\nc = []\n", 2),
            ("a = [1,\n[b.c]\nd = 1\n", "a = [1,]\n[b.c]\nd = 1\n", 1),
            ("a = [{ b = 1 ]\nc = 2\n", "a = [{ b = 1} ]\nc = 2\n", 1),
            ("a = [{ b = 1\nc = 2\n", "a = [{ b = 1}]\nc = 2\n", 2),
            ("a = { b = [1 }\nc = 2\n", "a = { b = [1] }\nc = 2\n", 1),
            ("a = [", "a = []", 1),
        ] {
            assert_eq!(mend(text), (expected.to_owned(), count), "{text}");
        }
    }

    #[test]
    fn places_are_those_of_the_text_itself() {
        let text = "a = [{ b = 1\nc = \nd = [2\ne = \n";
        let unclosed = find(text);
        let mended = mended(text, &unclosed);
        for key in ["a", "c", "d", "e"] {
            let place = mended.find(key).expect("a key");
            assert_eq!(unmended(place, &unclosed), text.find(key).expect("a key"));
        }
    }
}
