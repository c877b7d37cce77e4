//! The files that are open in the editor, as they are there: newer than on the disk, perhaps.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use lsp_types::Uri;
use percent_encoding::percent_decode_str;

use crate::{
    cli::{args::LoadArgs, files::FileError, session::StackFile},
    file::{problem::Problem, source::Source},
    load::names,
};

/// The open files.
pub(super) struct Documents<'a> {
    load: &'a LoadArgs,
    open: BTreeMap<String, Source>,
}

impl<'a> Documents<'a> {
    /// None, which are read with the variables and the region of `load`.
    pub(super) fn new(load: &'a LoadArgs) -> Self {
        Self {
            load,
            open: BTreeMap::new(),
        }
    }

    /// Takes the `text` of the file at `uri`.
    pub(super) fn put(&mut self, uri: &Uri, text: String) {
        let path = path(uri);
        self.open
            .insert(uri.as_str().to_owned(), Source { path, text });
    }

    /// Forgets the file at `uri`.
    pub(super) fn remove(&mut self, uri: &Uri) {
        self.open.remove(uri.as_str());
    }

    /// The file at `uri`, if it is a stack file: editors offer every TOML file.
    pub(super) fn get(&self, uri: &Uri) -> Option<&Source> {
        self.open
            .get(uri.as_str())
            .filter(|source| is_stack(source))
    }

    /// What is wrong with a stack file, and what is to be noted of it: as `validate` finds it.
    pub(super) fn problems(&self, source: &Source) -> Result<Vec<Finding>, FileError> {
        let file = StackFile::parse(source, &self.load.variables)?;
        Ok(match file.problems(self.load.region.as_deref()) {
            Ok(stack) => stack
                .notes
                .into_iter()
                .map(|(address, note)| Finding::Note(address, note))
                .collect(),
            Err(problems) => problems.into_iter().map(Finding::Problem).collect(),
        })
    }
}

/// What was found in a stack file.
pub(super) enum Finding {
    /// A mistake.
    Problem(Problem),
    /// Something to know of a resource.
    Note(crate::model::address::Address, String),
}

/// Returns whether a TOML file is a stack file: it is called as one, lies where stack files do, or
/// has a `[stack]`; and it is no file of variables.
fn is_stack(source: &Source) -> bool {
    let is_called_so = source.path.file_name() == Some("stack.toml".as_ref());
    let directory = source.path.parent().and_then(Path::file_name);
    let has_header = source
        .text
        .lines()
        .any(|line| line.split('#').next().unwrap_or_default().trim() == "[stack]");
    (is_called_so || directory == Some("stacks".as_ref()) || has_header)
        && !names::are_only_values(&source.text)
}

/// The path of a file URI (RFC 8089): `file:///home/me/stack.toml`, `file:///c%3A/stack.toml`.
fn path(uri: &Uri) -> PathBuf {
    let text = uri.as_str();
    let path = text.strip_prefix("file://").unwrap_or(text);
    let path = percent_decode_str(path).decode_utf8_lossy();
    let is_drive = path.as_bytes().get(2) == Some(&b':');
    let path = path.strip_prefix('/').filter(|_| is_drive).unwrap_or(&path);
    PathBuf::from(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_decoded() {
        for (uri, expected) in [
            (
                "file:///home/me/a%20b/stack.toml",
                "/home/me/a b/stack.toml",
            ),
            ("file:///c%3A/shop/stack.toml", "c:/shop/stack.toml"),
            ("untitled:Untitled-1", "untitled:Untitled-1"),
        ] {
            let uri: Uri = uri.parse().expect("a URI");
            assert_eq!(path(&uri), Path::new(expected));
        }
    }

    #[test]
    fn other_toml_files_are_left_alone() {
        let is = |path: &str, text: &str| {
            is_stack(&Source {
                path: path.into(),
                text: text.to_owned(),
            })
        };
        assert!(is("/x/stack.toml", ""));
        assert!(is("/x/stacks/prod.toml", "[workspace]\n"));
        assert!(is("/x/shop.toml", "# Shop\n[stack] # mine\n"));
        assert!(!is("/x/Cargo.toml", "[package]\nname = \"x\"\n"));
        assert!(!is("/x/stacks/prod.vars.toml", "tag = \"1\"\n"));
    }
}
