//! The files of JSON that a stack file names, and the places in them.
//!
//! A place is bytes of the stack file. Those of another file lie beyond its end, each file after
//! the one before it, as if all were one text: so whatever reads a value need not know which file
//! it came from, and a problem finds its file by its place. The alternative, a file beside every
//! place, would go through all readers for the sake of two kinds of files.

use std::{cell::RefCell, sync::Arc};

use crate::file::{problem::Problems, source::Source, tree::Span};

/// The files that a stack file names.
#[derive(Debug)]
pub(crate) struct Included {
    /// Where the first of them begins.
    first: usize,
    files: RefCell<Vec<File>>,
}

#[derive(Debug)]
struct File {
    /// Its bytes among all.
    bytes: Span,
    source: Arc<Source>,
    named_at: Span,
}

impl Included {
    /// Nothing yet beside `stack`.
    pub(crate) fn beside(stack: &Source) -> Self {
        Self {
            first: stack.text.len() + 1,
            files: RefCell::default(),
        }
    }

    /// Takes a file that the stack file names at `named_at`, and returns where its text stands.
    pub(crate) fn add(&self, source: Source, named_at: &Span) -> Span {
        let mut files = self.files.borrow_mut();
        let start = files.last().map_or(self.first, |last| last.bytes.end + 1);
        let bytes = start..start + source.text.len();
        files.push(File {
            bytes: bytes.clone(),
            source: Arc::new(source),
            named_at: named_at.clone(),
        });
        bytes
    }

    /// Says of the problems in these files which file each is in. One with places in several files
    /// is shown in the stack file, where it names the others.
    pub(crate) fn settle(&self, problems: &mut Problems) {
        for problem in problems.iter_mut().filter(|one| one.file.is_none()) {
            if let Some((file, named_at)) = self.move_together(&mut problem.labels) {
                problem.file = Some(file);
                problem.named_at = Some(named_at);
            }
        }
    }

    /// Makes `labels` places of one file, and returns which, and where the stack file names it;
    /// `None` is the stack file. Places in several files become those where it names the others.
    pub(crate) fn move_together(
        &self,
        labels: &mut [(Span, String)],
    ) -> Option<(Arc<Source>, Span)> {
        let files = self.files.borrow();
        let mut of = labels.iter().map(|(span, _)| file_of(&files, span));
        match of.next()? {
            Some(file) if of.all(|other| other.is_some_and(|other| other.is(file))) => {
                for (span, _) in labels {
                    *span = span.start - file.bytes.start..span.end - file.bytes.start;
                }
                Some((Arc::clone(&file.source), file.named_at.clone()))
            }
            Some(_) | None => {
                for (span, _) in labels {
                    if let Some(file) = file_of(&files, span) {
                        *span = file.named_at.clone();
                    }
                }
                None
            }
        }
    }
}

impl File {
    fn is(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

fn file_of<'a>(files: &'a [File], span: &Span) -> Option<&'a File> {
    let holds = |file: &&File| file.bytes.start <= span.start && span.start <= file.bytes.end;
    files.iter().find(holds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source {
            path: path.into(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn problems_find_their_files() {
        let included = Included::beside(&source("stack.toml", "0123456789"));
        let one = included.add(source("one.json", "{}"), &(2..4));
        let two = included.add(source("two.json", ""), &(6..8));
        let mut problems = Problems::default();
        problems.add("unknown-key", &(0..1), "here", "");
        problems
            .add("invalid-arn", &(one.start..one.start + 1), "here", "")
            .and(&one, "there");
        problems.add("invalid-json", &two, "at the end", "");
        problems
            .add("wrong-type", &one, "here", "")
            .and(&(9..10), "there");
        included.settle(&mut problems);
        let found = problems.into_sorted();
        let said: Vec<_> = found
            .iter()
            .map(|problem| {
                let file = problem
                    .file
                    .as_ref()
                    .map(|file| file.path.display().to_string());
                let places = problem
                    .labels
                    .iter()
                    .map(|(span, _)| (span.start, span.end));
                (problem.code, file, places.collect::<Vec<_>>())
            })
            .collect();
        let file = |name: &str| Some(name.to_owned());
        assert_eq!(
            said,
            [
                ("unknown-key", None, vec![(0, 1)]),
                ("wrong-type", None, vec![(2, 4), (9, 10)]),
                ("invalid-arn", file("one.json"), vec![(0, 1), (0, 2)]),
                ("invalid-json", file("two.json"), vec![(0, 0)]),
            ]
        );
        assert_eq!(found[2].named_at, Some(2..4));
    }
}
