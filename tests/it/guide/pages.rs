//! The README and the pages of the guide, and the blocks in them.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A page of Markdown.
pub(crate) struct Page {
    /// Its path from the top of the project.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// What stands between two lines of backquotes.
#[derive(Debug)]
pub(crate) struct Block {
    /// The line of the page that it begins after, from 1.
    pub(crate) line: usize,
    pub(crate) language: String,
    /// The file that it is, if the page says so after the language.
    pub(crate) file: Option<String>,
    /// Whether the page says `wrong` after that: a file with mistakes.
    pub(crate) wrong: bool,
    pub(crate) text: String,
}

/// The top of the project.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The README, and every page of the guide by name.
pub(crate) fn pages() -> Vec<Page> {
    let mut paths = vec![
        PathBuf::from("README.md"),
        PathBuf::from("src/cli/skill/SKILL.md"),
    ];
    for entry in fs::read_dir(root().join("src/guide")).unwrap() {
        let path = Path::new("src/guide").join(entry.unwrap().file_name());
        assert!(
            path.extension().is_some_and(|e| e == "md"),
            "{} is no page",
            path.display()
        );
        paths.push(path);
    }
    paths.sort();
    assert!(paths.len() > 8, "the pages were found");
    paths
        .into_iter()
        .map(|path| Page {
            text: fs::read_to_string(root().join(&path)).unwrap(),
            path,
        })
        .collect()
}

impl Page {
    /// Where `line` is, as editors take it.
    pub(crate) fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.path.display())
    }

    /// Its blocks, in order.
    pub(crate) fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut open: Option<Block> = None;
        for (index, line) in self.text.lines().enumerate() {
            match (line.strip_prefix("```"), open.take()) {
                (Some(head), None) => open = Some(Block::new(head, index + 1)),
                (Some(_), Some(block)) => blocks.push(block),
                (None, None) => {}
                (None, Some(mut block)) => {
                    block.text.push_str(line);
                    block.text.push('\n');
                    open = Some(block);
                }
            }
        }
        assert!(
            open.is_none(),
            "{} leaves a block open",
            self.path.display()
        );
        blocks
    }

    /// Its lines outside of blocks, numbered from 1.
    pub(crate) fn prose(&self) -> Vec<(usize, &str)> {
        let mut inside = false;
        let mut lines = Vec::new();
        for (index, line) in self.text.lines().enumerate() {
            if line.starts_with("```") {
                inside = !inside;
            } else if !inside {
                lines.push((index + 1, line));
            }
        }
        lines
    }
}

impl Block {
    fn new(head: &str, line: usize) -> Self {
        let mut words = head.split_whitespace().map(str::to_owned);
        Self {
            line,
            language: words.next().unwrap_or_default(),
            file: words.next(),
            wrong: words.next().is_some_and(|word| word == "wrong"),
            text: String::new(),
        }
    }
}
