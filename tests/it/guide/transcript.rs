//! Runs the transcripts of a page, in order, in one directory and on one account of a sandbox.
//!
//! A block `console` holds commands after `$ `, each with what it says on both streams under it.
//! `...` stands for whatever is there: any number of lines where it is a line of its own, else any
//! text within the line. `$ echo $?` asks for the exit code of the command before it; every other
//! command is one of `amp-stack`. A block with the name of a file after its language is that file
//! from there on, and a block `diff` alters one.
//!
//! `tests/data/guide/PAGE.toml` is what the account of a page holds before the first command,
//! without tags that say whose it is.

use std::{fs, path::PathBuf, process::Child};

use amp_stack::model::tags;
use serde_json::Value;

use super::pages::{Block, Page, root};
use crate::{emulators::server::sandbox_of, run::Bench};

/// The account of every example.
const ACCOUNT: &str = "111122223333";

/// Runs every transcript of `page` and returns what is not as it says, and how many commands there
/// were.
pub(super) fn run(page: &Page) -> (Vec<String>, usize) {
    let mut stage = Stage::new(&page.path.file_stem().unwrap().to_string_lossy());
    let mut wrong = Vec::new();
    for block in page.blocks() {
        match (block.language.as_str(), &block.file) {
            ("console", _) => stage.play(page, &block, &mut wrong),
            ("diff", Some(file)) => stage.alter(page, &block, file),
            (_, Some(file)) => stage.bench.write(file, &block.text),
            (_, None) => {}
        }
    }
    (wrong, stage.commands)
}

/// Where transcripts are played.
struct Stage {
    bench: Bench,
    sandbox: Child,
    /// The exit code of the last command.
    code: i32,
    commands: usize,
}

impl Stage {
    fn new(name: &str) -> Self {
        let mut bench = Bench::new(&format!("guide-{name}"));
        let (sandbox, endpoint) = sandbox(given(&bench, name));
        bench.work_on(&endpoint);
        Self {
            bench,
            sandbox,
            code: 0,
            commands: 0,
        }
    }

    fn play(&mut self, page: &Page, block: &Block, wrong: &mut Vec<String>) {
        let mut lines = block.text.lines().zip(block.line + 1..).peekable();
        while let Some((line, number)) = lines.next() {
            let place = page.at(number);
            let command = line.strip_prefix("$ ");
            let command = command.unwrap_or_else(|| panic!("{place}: a command comes first"));
            let mut expected = Vec::new();
            while let Some((line, _)) = lines.next_if(|(line, _)| !line.starts_with("$ ")) {
                expected.push(line);
            }
            while expected.last().is_some_and(|line| line.is_empty()) {
                expected.pop();
            }
            let said = self.perform(command, &place);
            let said: Vec<&str> = said.trim_end().lines().collect();
            if !matches(&expected, &said) {
                let said = said.join("\n");
                let code = self.code;
                wrong.push(format!(
                    "{place}: {command}\nends with {code} and says:\n{said}\n"
                ));
            }
        }
    }

    fn perform(&mut self, command: &str, place: &str) -> String {
        if command == "echo $?" {
            return self.code.to_string();
        }
        let words: Vec<&str> = command.split(' ').collect();
        let ["amp-stack", arguments @ ..] = words.as_slice() else {
            panic!("{place}: only amp-stack is run, not {command}");
        };
        assert!(
            !command.contains(['|', '>', '&', '\'', '"', '$', '#']),
            "{place}: there is no shell here for {command}"
        );
        self.commands += 1;
        // Both streams into one file, so that they come in the order in which a terminal would show
        // them.
        let path = self.bench.path(".said");
        let out = fs::File::create(&path).unwrap();
        let err = out.try_clone().unwrap();
        let mut command = self.bench.command(arguments);
        let status = command.stdout(out).stderr(err).status().unwrap();
        self.code = status.code().unwrap();
        fs::read_to_string(path).unwrap()
    }

    /// Replaces the lines of `file` that the block shows with `-` and ` ` by those that it shows
    /// with `+` and ` `.
    fn alter(&self, page: &Page, block: &Block, file: &str) {
        let side = |gone: char| -> String {
            let lines = block.text.lines().filter(|line| !line.starts_with(gone));
            let lines: Vec<&str> = lines
                .map(|line| line.get(1..).unwrap_or_default())
                .collect();
            lines.join("\n")
        };
        let (old, new) = (side('+'), side('-'));
        let path = self.bench.path(file);
        let text = fs::read_to_string(&path).unwrap();
        let place = page.at(block.line);
        assert_eq!(text.matches(&old).count(), 1, "{place}: {file} is\n{text}");
        fs::write(path, text.replacen(&old, &new, 1)).unwrap();
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // It may have ended already, which is as good.
        let _ = self.sandbox.kill();
        let _ = self.sandbox.wait();
    }
}

/// The account that the page called `name` begins with, in a file; `None` if it begins with an
/// empty one.
fn given(bench: &Bench, name: &str) -> Option<PathBuf> {
    let stack = root().join(format!("tests/data/guide/{name}.toml"));
    let stack = fs::read_to_string(stack).ok()?;
    bench.write("given.toml", &stack);
    let apply = ["apply", "given.toml", "--yes", "--sandbox=given.json"];
    bench.run(&apply).expect(0);
    let path = bench.path("given.json");
    let world = fs::read_to_string(&path).unwrap();
    let mut world: Value = serde_json::from_str(&world).unwrap();
    disown(&mut world);
    fs::write(&path, world.to_string()).unwrap();
    fs::remove_file(bench.path("given.toml")).unwrap();
    Some(path)
}

/// Removes the tags of ownership, wherever they are.
fn disown(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|key, _| !key.starts_with(tags::PREFIX));
            members.values_mut().for_each(disown);
        }
        Value::Array(elements) => {
            // IAM's tags are a list of keys and values.
            let is_ours = |tag: &Value| {
                tag["key"]
                    .as_str()
                    .is_some_and(|k| k.starts_with(tags::PREFIX))
            };
            elements.retain(|element| !is_ours(element));
            elements.iter_mut().for_each(disown);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A sandbox that keeps its account in `file`, on a free port, and the endpoint that it says to
/// export.
fn sandbox(file: Option<PathBuf>) -> (Child, String) {
    let file = file.map(|path| path.display().to_string());
    let arguments: Vec<&str> = file.iter().map(String::as_str).collect();
    sandbox_of(ACCOUNT, &arguments)
}

/// Returns whether `said` is what `expected` says, where a line `...` stands for any lines.
fn matches(expected: &[&str], said: &[&str]) -> bool {
    match expected {
        [] => said.is_empty(),
        [first, rest @ ..] if first.trim() == "..." => {
            (0..=said.len()).any(|skipped| matches(rest, &said[skipped..]))
        }
        [first, rest @ ..] => said
            .split_first()
            .is_some_and(|(line, others)| line_matches(first, line) && matches(rest, others)),
    }
}

/// Returns whether `said` is the line `expected`, where `...` stands for any text.
fn line_matches(expected: &str, said: &str) -> bool {
    let (expected, said) = (expected.trim_end(), said.trim_end());
    let mut pieces = expected.split("...");
    let Some(mut rest) = pieces.next().and_then(|first| said.strip_prefix(first)) else {
        return false;
    };
    let mut pieces: Vec<&str> = pieces.collect();
    let Some(last) = pieces.pop() else {
        return rest.is_empty();
    };
    for piece in pieces {
        match rest.split_once(piece) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[test]
fn what_is_left_out_is_marked() {
    assert!(matches(&[], &[]));
    assert!(!matches(&[], &["more"]));
    assert!(!matches(&["more"], &[]));
    assert!(matches(&["a", "...", "d"], &["a", "b", "c", "d"]));
    assert!(matches(&["a", "...", "d"], &["a", "d"]));
    assert!(!matches(&["a", "...", "d"], &["a", "b"]));
    assert!(matches(&["..."], &["a", "b"]));
    assert!(matches(&["ws-... of ...!"], &["ws-12 of 3!"]));
    assert!(!matches(&["ws-... of ...!"], &["ws-12 of 3"]));
    assert!(!matches(&["a ... b"], &["a b"]));
    assert!(!matches(&["a"], &["ab"]));
}
