//! In which files the problems of a stack are, as one line.

use std::{collections::BTreeMap, path::Path};

use crate::{file::problem::Problem, show::words};

/// The most files that are named.
const MOST_NAMED: usize = 3;

/// How many problems there are, and in which files: in the one at `stack`, or in others that it or
/// the command line names.
pub(super) fn summary(problems: &[Problem], stack: &Path) -> String {
    let mut files: BTreeMap<Option<&Path>, usize> = BTreeMap::new();
    for problem in problems {
        let file = problem.file.as_ref().map(|file| file.path.as_path());
        *files.entry(file).or_default() += 1;
    }
    let name = |file: Option<&Path>| file.unwrap_or(stack).display().to_string();
    let all = words::count(problems.len(), "problem");
    let named: Vec<_> = files.iter().map(|(file, n)| (name(*file), n)).collect();
    match named.as_slice() {
        [] => format!("{all} in {}", stack.display()),
        [(only, _)] => format!("{all} in {only}"),
        several if several.len() <= MOST_NAMED => {
            let each = several
                .iter()
                .map(|(file, number)| format!("{number} in {file}"));
            let each: Vec<String> = each.collect();
            format!("{all}: {}", each.join(", "))
        }
        many => format!("{all} in {}", words::count(many.len(), "file")),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::file::{problem::Problems, source::Source};

    #[test]
    fn each_file_is_named_with_what_is_in_it() {
        let in_files = |files: &[Option<&str>]| {
            let mut all = Problems::default();
            for (index, file) in files.iter().enumerate() {
                let problem = all.add("unknown-key", &(index..index + 1), "here", "");
                problem.file = file.map(|path| {
                    Arc::new(Source {
                        path: path.into(),
                        text: String::new(),
                    })
                });
            }
            summary(&all.into_sorted(), Path::new("dev/stack.toml"))
        };
        let here = None;
        let there = Some("dev/collector.yaml");
        assert_eq!(in_files(&[here, here]), "2 problems in dev/stack.toml");
        assert_eq!(in_files(&[there]), "1 problem in dev/collector.yaml");
        assert_eq!(
            in_files(&[there, here, there]),
            "3 problems: 1 in dev/stack.toml, 2 in dev/collector.yaml"
        );
        assert_eq!(
            in_files(&[here, there, Some("a.json"), Some("b.json")]),
            "4 problems in 4 files"
        );
    }
}
