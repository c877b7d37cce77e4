//! Problems for programs: one JSON object per line, in a form that stays.

use std::{collections::BTreeMap, path::Path};

use serde::Serialize;

use crate::file::{
    places::Marked, problem::Problem, render::lines::Lines, source::Source, tree::Span,
};

/// The version of the form. It rises when a member goes or changes its meaning, and stays when one
/// comes.
pub const VERSION: u32 = 1;

/// A line of its own.
#[derive(Serialize)]
struct Object {
    version: u32,
    #[serde(flatten)]
    mistake: Mistake,
}

/// A problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// What `amp-stack explain` takes.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// The file that it is wrong in, as it was given.
    pub file: String,
    /// The places, the first being where to mend it.
    pub labels: Vec<Label>,
    /// What to write instead, if it is known.
    pub help: Option<String>,
}

/// A part of the file with a few words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Label {
    /// What is there.
    pub label: String,
    /// Before the first character.
    pub start: Position,
    /// After the last character.
    pub end: Position,
}

/// A place between two characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Position {
    /// The bytes before it.
    pub byte: usize,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters (Unicode scalar values).
    pub column: usize,
}

/// A problem of `source`, or of the file that it names itself, as one line without a line end.
pub fn line(source: &Source, problem: &Problem) -> String {
    lines(source, std::slice::from_ref(problem)).collect()
}

/// Problems of `source`, or of the files that they name themselves, each as one line without a line
/// end.
#[expect(
    clippy::missing_panics_doc,
    reason = "strings and numbers can always be written as JSON"
)]
pub fn lines<'a>(
    source: &'a Source,
    problems: &'a [Problem],
) -> impl Iterator<Item = String> + use<'a> {
    mistakes(source, problems).map(|mistake| {
        let version = VERSION;
        serde_json::to_string(&Object { version, mistake })
            .expect("it holds nothing but strings and numbers")
    })
}

/// The same as values.
pub fn mistakes<'a>(
    source: &'a Source,
    problems: &'a [Problem],
) -> impl Iterator<Item = Mistake> + use<'a> {
    let mut files: BTreeMap<&Path, Lines> = BTreeMap::new();
    problems.iter().map(move |problem| {
        let file = problem.file.as_deref().unwrap_or(source);
        let lines = files.entry(&file.path);
        let lines = lines.or_insert_with(|| Lines::of(&file.text));
        Mistake {
            code: problem.code,
            message: problem.message.clone(),
            file: file.path.display().to_string(),
            labels: labels_in(&file.text, lines, &problem.labels),
            help: problem.help.clone(),
        }
    })
}

/// Places without a problem, in their file.
pub fn labels(marked: &Marked) -> Vec<Label> {
    let text = &marked.file.text;
    labels_in(text, &Lines::of(text), &marked.labels)
}

fn labels_in(text: &str, lines: &Lines, labels: &[(Span, String)]) -> Vec<Label> {
    let labels = labels.iter().map(|(span, label)| Label {
        label: label.clone(),
        start: position(text, lines, span.start),
        end: position(text, lines, span.end),
    });
    labels.collect()
}

/// The place after `byte` bytes of `text`, or at its end if it is shorter.
fn position(text: &str, lines: &Lines, byte: usize) -> Position {
    let byte = text.floor_char_boundary(byte);
    Position {
        byte,
        line: lines.line(byte) + 1,
        column: lines.column(text, byte) + 1,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source {
            path: path.into(),
            text: text.to_owned(),
        }
    }

    fn problem() -> Problem {
        Problem {
            code: "unknown-key",
            message: "there is no key `\"`".to_owned(),
            labels: vec![(9..12, "here".to_owned()), (0..2, "first".to_owned())],
            help: None,
            file: None,
            named_at: None,
        }
    }

    #[test]
    fn every_member_is_there() {
        let line = line(&source("a.toml", "ü = 1\nüb = 2\r\n"), &problem());
        assert!(!line.contains('\n'));
        let object: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            object,
            json!({
                "version": 1,
                "code": "unknown-key",
                "message": "there is no key `\"`",
                "file": "a.toml",
                "labels": [
                    {
                        "label": "here",
                        "start": { "byte": 9, "line": 2, "column": 2 },
                        "end": { "byte": 12, "line": 2, "column": 5 },
                    },
                    {
                        "label": "first",
                        "start": { "byte": 0, "line": 1, "column": 1 },
                        "end": { "byte": 2, "line": 1, "column": 2 },
                    },
                ],
                "help": null,
            })
        );
    }

    #[test]
    fn places_are_in_the_file_that_the_problem_names() {
        let mut problem = problem();
        problem.file = Some(Arc::new(source("vars.toml", "\n\n\n\n\n\n\n\n\n\n\n\n")));
        problem.help = Some("write another one".to_owned());
        let object: Value = serde_json::from_str(&line(&source("a.toml", ""), &problem)).unwrap();
        assert_eq!(object["file"], "vars.toml");
        assert_eq!(object["labels"][0]["start"]["line"], 10);
        assert_eq!(object["help"], "write another one");
    }

    #[test]
    fn no_place_lies_outside_the_text() {
        assert_eq!(
            position("ü", &Lines::of("ü"), 1),
            Position {
                byte: 0,
                line: 1,
                column: 1
            }
        );
        assert_eq!(
            position("a\n", &Lines::of("a\n"), 9),
            Position {
                byte: 2,
                line: 2,
                column: 1
            }
        );
    }
}
