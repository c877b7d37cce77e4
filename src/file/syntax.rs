//! What people who know other languages write in TOML, and what TOML has instead.

use std::collections::BTreeMap;

use crate::{
    file::{problem::Problems, tree::Span},
    model::secret::advised,
};

/// The mistakes of syntax of a file, one of each line: the rest of a line means nothing after its
/// first mistake.
#[derive(Debug, Default)]
pub(crate) struct Mistakes {
    lines: BTreeMap<usize, Mistake>,
    repeats: Repeats,
}

#[derive(Debug)]
struct Mistake {
    span: Span,
    message: String,
    help: Option<String>,
}

impl Mistakes {
    /// Adds what the parser reports of `span`, unless more is known of its line already.
    pub(crate) fn add(&mut self, message: &str, span: Span, text: &str) {
        if message == REPEATED && self.repeats.covers(&span, text) {
            return;
        }
        let line = text[..span.start].matches('\n').count();
        let help = help(message, &span, text);
        let there = self.lines.get(&line);
        if there.is_none_or(|there| there.help.is_none() && help.is_some()) {
            let message = if is_number(message) {
                NO_VALUE
            } else {
                message
            };
            let message = message.to_owned();
            self.lines.insert(
                line,
                Mistake {
                    span,
                    message,
                    help,
                },
            );
        }
    }

    /// Reports them. The items of a list below its key belong to the mistake of the key.
    pub(crate) fn report(self, text: &str, problems: &mut Problems) {
        let mut last = None;
        for (line, mistake) in self.lines {
            let written = text.lines().nth(line).unwrap_or_default();
            let is_item = written.trim_start().starts_with("- ");
            let follows = last.replace(line).map(|last| last + 1) == Some(line);
            if is_item && follows {
                continue;
            }
            let problem = problems.add("syntax", &mistake.span, "here", &mistake.message);
            let is_repeated = mistake.message == REPEATED;
            if let Some(first) = first_of(&mistake.span, text).filter(|_| is_repeated) {
                problem.and(&first, "first here");
            }
            problem.help = mistake.help;
        }
    }
}

/// What is said of a word that is no value.
const NO_VALUE: &str = "this is no value that TOML has";

/// What the parser says of what stands a second time.
const REPEATED: &str = "duplicate key";

/// Quotation marks that word processors and chat programs make of `"` and `'`.
const CURLY: [char; 8] = [
    '\u{201c}', '\u{201d}', '\u{201e}', '\u{2018}', '\u{2019}', '\u{201a}', '\u{ab}', '\u{bb}',
];

/// What to write instead of what stands at `span`, where the parser reports `message`.
fn help(message: &str, span: &Span, text: &str) -> Option<String> {
    let line = line_around(text, span.start);
    if message == REPEATED {
        let is_header = text[line].trim_start().starts_with('[');
        return Some(if is_header {
            "TOML lets a table stand in a file once: put what this one holds below the first, or give it another name".to_owned()
        } else {
            "TOML lets a key stand in a table once: keep one of the two".to_owned()
        });
    }
    let before = text.get(line.start..span.start)?;
    let at = text.get(span.start..line.end)?;
    let key = key_before(before);
    if at.starts_with(CURLY) {
        return Some("TOML takes straight quotes: \" or '".to_owned());
    }
    if let Some(unseen) = at.chars().next().filter(|one| is_unseen(*one)) {
        let code = u32::from(unseen);
        return Some(format!(
            "there is a character that can't be seen, U+{code:04X}: put a plain blank in its place, or nothing"
        ));
    }
    if at.trim_start().starts_with("//") || before.trim_start().starts_with("//") {
        return Some("a comment begins with `#`".to_owned());
    }
    if message.contains("escape") {
        return Some(escaped(&text[line]));
    }
    if message.starts_with("unclosed table") {
        return Some(header(&text[line]));
    }
    if message.starts_with("unclosed array table") {
        let name = text[line].trim().trim_matches(['[', ']']);
        return Some(format!("write [[{name}]]"));
    }
    if message.starts_with("invalid basic string") || message.starts_with("invalid literal string")
    {
        return Some("a string ends in its line, with the quote that it begins with; one of several lines stands between `\"\"\"`".to_owned());
    }
    if message.starts_with("unexpected leading zero") {
        return Some(
            "a number begins without a zero; what is no number stands in quotes".to_owned(),
        );
    }
    if message.starts_with("unexpected key or value") {
        // The place is where the value ends, or the last character of it.
        let whole = without_comment(&text[line]).trim();
        let written = whole.trim_end_matches([',', ';']).trim_end();
        let (key, value) = written.split_once('=').filter(|_| written != whole)?;
        let (key, value) = (key.trim(), value.trim());
        let value = advised(key, value);
        return Some(format!("a line ends without a comma: {key} = {value}"));
    }
    if message.starts_with("invalid mantissa") {
        return Some("a number has digits on both sides of its point, as 0.5 has".to_owned());
    }
    let below = text.get(line.end..).unwrap_or_default();
    let is_word = message.starts_with("string values") || is_number(message);
    let before = before.trim_end();
    if is_word && before.ends_with(['[', ',']) {
        return unquoted("", true, at, below);
    }
    value(key, before, at, below)
}

/// Returns whether the parser took a word for a number: one that begins with `n` or `i` for what is
/// not a number, or has no end.
fn is_number(message: &str) -> bool {
    message.contains("`nan`") || message.contains("`inf`")
}

/// What to write instead of what stands where a value should, or where `=` should.
fn value(key: &str, before: &str, at: &str, below: &str) -> Option<String> {
    let word: String = at.chars().take_while(char::is_ascii_alphabetic).collect();
    let word = word.to_ascii_lowercase();
    let is_value = before.ends_with('=');
    if is_value && ["null", "none", "nil", "undefined"].contains(&word.as_str()) {
        return Some("TOML has no null: leave the key out".to_owned());
    }
    if ["true", "yes", "on"].contains(&word.as_str()) {
        return Some("write true".to_owned());
    }
    if ["false", "no", "off"].contains(&word.as_str()) {
        return Some("write false".to_owned());
    }
    if at.starts_with('=') {
        let rest = without_comment(at.trim_start_matches('=')).trim();
        return rest.is_empty().then(|| no_value(key, below));
    }
    let rest = without_comment(at).trim();
    let is_quoted = |rest: &str| rest.starts_with(['"', '\'', '[', '{']);
    if before.ends_with(':') || at.starts_with(':') {
        let rest = rest.trim_start_matches(':').trim_start();
        let rest = if is_quoted(rest) { rest } else { "…" };
        return Some(format!(
            "a key and its value stand around `=`: {key} = {}",
            advised(key, rest)
        ));
    }
    if is_value {
        let is_within = before.contains(['[', '{']);
        return unquoted(key.trim_end_matches('=').trim_end(), is_within, rest, below);
    }
    let is_key = !key.is_empty() && key.chars().all(is_bare);
    if is_key && rest.contains('=') && !is_quoted(rest) {
        let further = rest.split('=').next().unwrap_or_default().trim();
        return Some(format!("a key has no blanks: {key}_{further} = …"));
    }
    if is_key && rest.ends_with('{') {
        return Some("a table begins with its name in brackets, as in [workspace]".to_owned());
    }
    (is_key && is_quoted(rest)).then(|| {
        format!(
            "a key and its value stand around `=`: {key} = {}",
            advised(key, rest)
        )
    })
}

/// What to write where the value of `key` is a word without quotes, or nothing. Within brackets it
/// ends with them, and may be an element without a key.
fn unquoted(key: &str, is_within: bool, rest: &str, below: &str) -> Option<String> {
    if rest.is_empty() {
        return Some(no_value(key, below));
    }
    if rest.starts_with(['|', '>', '<']) {
        return Some(format!(
            "a string of several lines stands between `\"\"\"`: {key} = \"\"\"…\"\"\""
        ));
    }
    if rest.starts_with('!') {
        return Some("TOML has no functions: write the value itself, or a reference such as \"${roles.task.arn}\"".to_owned());
    }
    let plain = rest.trim_end_matches([',', ';']).trim_end();
    if plain != rest && plain.parse::<f64>().is_ok() {
        let plain = advised(key, plain);
        return Some(format!("a line ends without a comma: {key} = {plain}"));
    }
    let ends: &[char] = if is_within { &[',', ']', '}'] } else { &[] };
    let word = rest
        .split(ends)
        .next()
        .unwrap_or(rest)
        .trim()
        .trim_matches('`');
    if word.is_empty() || word.contains(['"', '\'', '[', '{', '=']) {
        return None;
    }
    let word = advised(key, word);
    Some(if key.is_empty() {
        format!("strings stand in quotes: \"{word}\"")
    } else {
        format!("strings stand in quotes: {key} = \"{word}\"")
    })
}

/// The key at the end of what stands before a place, with `=` where that stands there; empty where
/// it is a place within brackets.
fn key_before(before: &str) -> &str {
    let before = before.trim().trim_end_matches(':').trim_end();
    before
        .rsplit(['{', '[', ','])
        .next()
        .unwrap_or_default()
        .trim()
}

/// What to write where a key has no value in its line, and the lines below may hold a list.
fn no_value(key: &str, below: &str) -> String {
    let lines = below.lines().skip(1).map(str::trim);
    let items = lines.map_while(|line| line.strip_prefix("- "));
    let quoted = items.map(|item| format!("\"{}\"", item.trim().trim_matches(['"', '\''])));
    let quoted: Vec<String> = quoted.collect();
    if quoted.is_empty() {
        format!("a value stands in the line of its key: {key} = …")
    } else {
        format!("a list stands in brackets: {key} = [{}]", quoted.join(", "))
    }
}

/// What to write instead of a string in double quotes in which `\` begins no escape.
fn escaped(line: &str) -> String {
    let advice = "between double quotes `\\` begins an escape: write `\\\\`, or single quotes";
    let Some((before, rest)) = line.split_once('"') else {
        return advice.to_owned();
    };
    match rest.split_once('"') {
        Some((string, _)) if !string.contains('\'') => {
            let key = before.trim().trim_end_matches('=').trim_end();
            format!("{advice}: {key} = '{}'", advised(key, string))
        }
        Some(_) | None => advice.to_owned(),
    }
}

/// What to write instead of the header of a table that is not one.
fn header(line: &str) -> String {
    let name = without_comment(line).trim().trim_start_matches('[');
    match name.split_once(']') {
        Some((name, _)) => {
            let parts: Vec<String> = name
                .split('.')
                .map(|part| part.trim().replace(|one| !is_bare(one), "-"))
                .collect();
            format!(
                "names are of letters, digits, `_` and `-`: [{}]",
                parts.join(".")
            )
        }
        None => format!("write [{}]", name.trim()),
    }
}

/// Returns whether a key may hold this character without quotes.
fn is_bare(one: char) -> bool {
    one.is_ascii_alphanumeric() || one == '_' || one == '-'
}

/// Returns whether nobody sees a character, or takes it for a blank, and TOML does not.
fn is_unseen(one: char) -> bool {
    let is_blank = one.is_whitespace() && !one.is_ascii();
    let is_control = one.is_control() && !matches!(one, '\t' | '\n' | '\r');
    is_blank || is_control || matches!(one, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// A line without the comment at its end, as far as no quote holds a `#`.
fn without_comment(line: &str) -> &str {
    match line.split_once('#') {
        Some((before, _)) if before.matches('"').count() % 2 == 0 => before,
        Some(_) | None => line,
    }
}

/// Where the key or the header at `span`, which stands a second time, stands first.
fn first_of(span: &Span, text: &str) -> Option<Span> {
    let line = line_around(text, span.start);
    let wanted = name_of(&text[line.clone()])?;
    let is_header = wanted.starts_with('[');
    let before = &text[..line.start];
    let mut end = before.len();
    let mut first = None;
    for above in before.split_inclusive('\n').rev() {
        end -= above.len();
        let name = name_of(above);
        if name.as_ref() == Some(&wanted) {
            let start = end + (above.len() - above.trim_start().len());
            first = Some(start..start + shown(above.trim_start()));
        }
        // A key stands in the table whose header is the nearest above it.
        if !is_header && above.trim_start().starts_with('[') {
            break;
        }
    }
    first
}

/// What a line declares: a header, or a key.
fn name_of(line: &str) -> Option<String> {
    let line = line.trim_start();
    let name = &line[..shown(line)];
    (!name.is_empty() && !name.starts_with('#')).then(|| name.replace([' ', '\t'], ""))
}

/// How much of a line is its header or its key.
fn shown(line: &str) -> usize {
    if line.starts_with('[') {
        line.find(']').map_or(0, |end| end + 1)
    } else {
        line.find('=').map_or(0, |end| line[..end].trim_end().len())
    }
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
struct Repeats(Option<Span>);

impl Repeats {
    /// Returns whether the repetition at `span` is within a table that was reported. One that is
    /// not, and is the header of a table, covers what follows it.
    fn covers(&mut self, span: &Span, text: &str) -> bool {
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
            ("a: \"b\"\n", "around `=`: a = \"b\""),
            ("a: b\n", "around `=`: a = …"),
            ("a \"b\" # c\n", "around `=`: a = \"b\""),
            ("a = null\n", "TOML has no null"),
            ("a = b\n", "strings stand in quotes: a = \"b\""),
            ("a = nginx:1.27 # c\n", "a = \"nginx:1.27\""),
            ("a = nginx\n", "no value that TOML has"),
            ("a = info\n", "a = \"info\""),
            ("a = [info]\n", "in quotes: \"info\""),
            ("a = \"b\",\n", "without a comma: a = \"b\""),
            ("a = 1;\n", "without a comma: a = 1"),
            ("a =\n", "in the line of its key: a = …"),
            ("a =\n  - b\n  - 'c'\n", "in brackets: a = [\"b\", \"c\"]"),
            ("a\u{a0}= 1\n", "U+00A0"),
            ("a = \"b\u{1}c\"\n", "U+0001"),
            (
                "a = \"C:\\otel\\c.yaml\"\n",
                "single quotes: a = 'C:\\otel\\c.yaml'",
            ),
            ("[a.b c]\n", "[a.b-c]"),
            ("[a # b\n", "write [a]"),
            ("a {\n", "its name in brackets"),
            ("[[a]\n", "write [[a]]"),
            ("a = \"b\n", "ends in its line"),
            ("a = 01\n", "without a zero"),
            ("a b = 1\n", "no blanks: a_b = …"),
            ("a = `b`\n", "a = \"b\""),
            ("a = |\n", "between `\"\"\"`"),
            ("a = !Ref X\n", "no functions"),
            ("a = [1, b]\n", "in quotes: \"b\""),
            ("a = { b = c }\n", "in quotes: b = \"c\""),
            ("a = { b: 1 }\n", "around `=`: b = …"),
            // A secret is not repeated.
            ("db_password = hunter2\n", "in quotes: db_password = \"…\""),
            ("db_password: \"hunter2\"\n", "around `=`: db_password = …"),
            ("db_password = \"hunter2\",\n", "a comma: db_password = …"),
            ("db_password = \"\\hunter2\"\n", "quotes: db_password = '…'"),
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
    fn a_repetition_shows_what_it_repeats() {
        for (text, first) in [
            ("[a.b]\nc = 1\n[d]\n[ a.b ]\nc = 3\n", "[a.b]"),
            ("[a]\nb = 1\nb = 2\n", "b"),
            ("b = 0\n[a]\nb  = 1\nc = 1\nb = 2\n", "b"),
        ] {
            let source = Source {
                path: "stack.toml".into(),
                text: text.to_owned(),
            };
            let mut problems = Problems::default();
            assert!(Document::parse(&source, &mut problems).is_none(), "{text}");
            let [only] = problems.into_sorted().try_into().expect(text);
            let [(again, _), (there, _)] = only.labels.as_slice() else {
                panic!("{text}: {:?}", only.labels);
            };
            assert_eq!(&text[there.clone()], first);
            assert!(there.start < again.start, "{text}");
            // The nearest table above, and nothing before it.
            assert!(!text[there.end..again.start].contains("\n[") || first.starts_with('['));
        }
    }

    #[test]
    fn a_file_in_another_language_is_one_mistake() {
        for (text, language) in [
            ("stack:\n  name: a\nroles:\n  - a\n", "YAML"),
            ("---\nname: a\n", "YAML"),
            ("{\n \"stack\": {\"name\": \"a\"}\n}\n", "JSON"),
            ("{\"containerDefinitions\": []}", "definition = "),
            ("resource \"a\" \"b\" {\n  c = \"d\"\n}\n", "HCL"),
        ] {
            let [only] = problems(text).try_into().expect(text);
            assert!(only.contains(language), "{text}: {only}");
        }
        // One line of another language is a mistake of that line.
        for text in ["[a]\nb: 1\n", "a: 1\nb = 2\n", "a: 1\n"] {
            let [only] = problems(text).try_into().expect(text);
            assert!(only.contains("around `=`"), "{text}: {only}");
        }
    }

    #[test]
    fn what_is_wrong_for_another_reason_has_no_such_answer() {
        assert_eq!(
            help("key with no value, expected `=`", &(1..2), "a\n"),
            None
        );
    }
}
