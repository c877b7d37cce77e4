//! What people who know other languages write in TOML, and what TOML has instead.

use crate::file::tree::Span;

/// Quotation marks that word processors and chat programs make of `"` and `'`.
const CURLY: [char; 8] = [
    '\u{201c}', '\u{201d}', '\u{201e}', '\u{2018}', '\u{2019}', '\u{201a}', '\u{ab}', '\u{bb}',
];

/// What to write instead of what stands at `span`, where the parser reports `message`.
pub(crate) fn help(message: &str, span: &Span, text: &str) -> Option<String> {
    if message == "duplicate key" {
        return Some("TOML lets a key or a table stand in a file once".to_owned());
    }
    let line = line_around(text, span.start);
    let before = text.get(line.start..span.start)?;
    let at = text.get(span.start..line.end)?;
    let key = before.trim().trim_end_matches(':');
    if at.starts_with(CURLY) {
        return Some("TOML takes straight quotes: \" or '".to_owned());
    }
    if at.trim_start().starts_with("//") || before.trim_start().starts_with("//") {
        return Some("a comment begins with `#`".to_owned());
    }
    let word: String = at.chars().take_while(char::is_ascii_alphabetic).collect();
    let truth = ["true", "yes", "on"].contains(&word.to_ascii_lowercase().as_str());
    let untruth = ["false", "no", "off"].contains(&word.to_ascii_lowercase().as_str());
    if truth || untruth {
        return Some(format!("write {truth}"));
    }
    if before.trim_end().ends_with(':') || at.starts_with(':') {
        return Some(format!("a key and its value stand around `=`: {key} = …"));
    }
    None
}

/// The line that `place` is in, without its end.
fn line_around(text: &str, place: usize) -> Span {
    let start = text[..place].rfind('\n').map_or(0, |end| end + 1);
    let end = text[place..]
        .find('\n')
        .map_or(text.len(), |end| place + end);
    start..end
}

/// Tables that stand in a file a second time: what they hold is no mistake of its own.
#[derive(Debug, Default)]
pub(crate) struct Repeats(Option<Span>);

impl Repeats {
    /// Returns whether the repetition at `span` is within a table that was reported. One that is
    /// not, and is the header of a table, covers what follows it.
    pub(crate) fn covers(&mut self, span: &Span, text: &str) -> bool {
        let is_covered = self
            .0
            .as_ref()
            .is_some_and(|table| table.contains(&span.start));
        let line = line_around(text, span.start);
        let is_header = text[line.clone()].trim_start().starts_with('[');
        if is_header {
            let rest = &text[line.end..];
            let next = rest
                .find("\n[")
                .map_or(text.len(), |next| line.end + next + 1);
            self.0 = Some(line.end..next);
            return false;
        }
        is_covered
    }
}

#[cfg(test)]
mod tests {
    use super::help;
    use crate::file::{document::Document, problem::Problems, source::Source};

    /// The problems of `text`, each as its message and its help.
    fn problems(text: &str) -> Vec<String> {
        let source = Source {
            path: "stack.toml".into(),
            text: text.to_owned(),
        };
        let mut problems = Problems::default();
        assert!(Document::parse(&source, &mut problems).is_none(), "{text}");
        let sorted = problems.into_sorted().into_iter();
        sorted
            .map(|problem| format!("{}: {}", problem.message, problem.help.unwrap_or_default()))
            .collect()
    }

    #[test]
    fn what_other_languages_have_is_answered_with_what_toml_has() {
        for (text, expected) in [
            ("a = “b”\n", "straight quotes"),
            ("a = ‘b’\n", "straight quotes"),
            ("a: \"b\"\n", "a = …"),
            ("a = \"b\" // c\n", "begins with `#`"),
            ("// c\n", "begins with `#`"),
            ("a = True\n", "write true"),
            ("a = no\n", "write false"),
        ] {
            let [only] = problems(text).try_into().expect(text);
            assert!(only.contains(expected), "{text}: {only}");
        }
    }

    #[test]
    fn a_table_that_stands_twice_is_one_mistake() {
        let twice = "[a.b]\nc = 1\nd = 2\n[a.b]\nc = 3\nd = 4\n";
        assert_eq!(problems(twice).len(), 1, "{:?}", problems(twice));
        let and_more = format!("{twice}[e]\nf = 1\nf = 2\n");
        assert_eq!(problems(&and_more).len(), 2, "{:?}", problems(&and_more));
    }

    #[test]
    fn what_is_wrong_for_another_reason_has_no_such_answer() {
        assert_eq!(
            help("unclosed table, expected `]`", &(6..7), "a = 1\n[b\n"),
            None
        );
    }
}
