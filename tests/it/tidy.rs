//! The house rules that a compiler doesn't know: who may use what, where code may wait, how long
//! files and functions may be.

use std::{collections::BTreeSet, fs, path::Path};

/// `(what, where it may stand)`: a text of code, and the beginnings of the paths under `src/` that
/// may hold it.
const ALLOWED: &[(&str, &[&str])] = &[
    ("aws_sdk_", &["aws", "kinds/", "ecs_shape.rs"]),
    ("aws_config", &["aws"]),
    ("clap::", &["cli", "main.rs"]),
    ("indicatif::", &["show/progress"]),
    ("toml::", &["file/", "load"]),
    ("aws_lc_rs", &["saved/"]),
    ("toml_parser", &["file/format/"]),
    (
        "tokio::",
        &[
            "apply",
            "aws",
            "cloud",
            "cli",
            "kinds/",
            "main.rs",
            "progress.rs",
            "sandbox/",
            "testing",
            "sandbox/",
        ],
    ),
    ("std::env", &["cli", "main.rs"]),
    ("SystemTime::now", &["cli", "main.rs", "sandbox/"]),
    ("println!", &["cli", "main.rs"]),
];

/// `(from, to)`: code whose path begins with the first may not mention the modules of the second.
const FORBIDDEN: &[(&str, &[&str])] = &[
    (
        "model",
        &[
            "file", "kinds", "stack", "snapshot", "load", "write", "plan", "apply", "aws", "cloud",
            "show", "cli",
        ],
    ),
    ("plan", &["apply", "aws", "cloud", "show", "cli"]),
    ("apply", &["aws", "show", "cli"]),
    ("saved", &["apply", "aws", "cloud", "show", "cli"]),
    ("show", &["cli"]),
];

const LINES_PER_FILE: usize = 405;
const LINES_PER_FUNCTION: usize = 70;

/// The files under `src/` with their paths from there, and their text.
fn sources() -> Vec<(String, String)> {
    fn collect(dir: &Path, root: &Path, found: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, root, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let name = path
                    .strip_prefix(root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .replace('\\', "/");
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&root, &root, &mut found);
    found.sort();
    assert!(found.len() > 30, "the sources were found");
    found
}

/// The lines of code before a file's unit tests, without comments, each with its number.
fn code(text: &str) -> Vec<(usize, &str)> {
    text.lines()
        .enumerate()
        .take_while(|(_, line)| *line != "#[cfg(test)]")
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(index, line)| (index + 1, line))
        .collect()
}

/// A file of unit tests, which belongs to the module that it tests.
fn is_tests(name: &str) -> bool {
    name.ends_with("/tests.rs")
}

fn assert_none(broken: &[String]) {
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn every_module_says_what_it_is_for() {
    let silent: Vec<String> = sources()
        .into_iter()
        .filter(|(name, text)| !is_tests(name) && !text.starts_with("//! "))
        .map(|(name, _)| name)
        .collect();
    assert_none(&silent);
}

#[test]
fn everything_stands_where_it_may() {
    let mut broken = Vec::new();
    for (name, text) in sources() {
        for (number, line) in code(&text) {
            for (what, places) in ALLOWED {
                if line.contains(what) && !places.iter().any(|place| name.starts_with(place)) {
                    broken.push(format!(
                        "src/{name}:{number}: `{what}` may stand only in {places:?}"
                    ));
                }
            }
        }
    }
    assert_none(&broken);
}

/// The modules of this crate that `code` mentions: `crate::plan::Step`, and the first names within
/// `use crate::{…}`.
fn mentioned_modules(code: &str) -> BTreeSet<&str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let name_at = |text: &'_ str| -> usize { text.find(|c| !is_name(c)).unwrap_or(text.len()) };
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let Some(group) = rest.strip_prefix('{') else {
            found.insert(&rest[..name_at(rest)]);
            continue;
        };
        let mut depth = 0_usize;
        let mut expects_name = true;
        for (index, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => expects_name = true,
                _ if expects_name && is_name(c) => {
                    found.insert(&group[index..index + name_at(&group[index..])]);
                    expects_name = false;
                }
                _ => {}
            }
        }
    }
    found
}

#[test]
fn modules_are_found_in_every_form_of_use() {
    let code = "use crate::{\n    address::{Address, Kind},\n    plan,\n    template::Template,\n};\nlet x = crate::cloud::Call {};";
    assert_eq!(
        mentioned_modules(code),
        BTreeSet::from(["address", "plan", "template", "cloud"])
    );
}

#[test]
fn layers_use_only_what_is_beneath_them() {
    let mut broken = Vec::new();
    for (name, text) in sources() {
        let lines: Vec<&str> = code(&text).into_iter().map(|(_, line)| line).collect();
        let lines = lines.join("\n");
        let mentioned = mentioned_modules(&lines);
        let rules = FORBIDDEN.iter().filter(|(from, _)| {
            name == *from
                || name
                    .strip_prefix(from)
                    .is_some_and(|rest| rest.starts_with(['/', '.']))
        });
        for (from, modules) in rules {
            for module in modules.iter().filter(|module| mentioned.contains(**module)) {
                broken.push(format!("src/{name}: {from} may not use {module}"));
            }
        }
    }
    assert_none(&broken);
}

#[test]
fn files_and_functions_are_short() {
    let mut broken = Vec::new();
    // Tables of test cases may be long.
    for (name, text) in sources().into_iter().filter(|(name, _)| !is_tests(name)) {
        let lines = code(&text);
        let last = lines.last().map_or(0, |(number, _)| *number);
        if last > LINES_PER_FILE {
            broken.push(format!("src/{name}: {last} lines before its tests"));
        }
        let mut open: Option<(usize, usize, &str)> = None;
        for (number, line) in &lines {
            let indent = line.len() - line.trim_start().len();
            let words = line
                .trim_start()
                .trim_start_matches("pub ")
                .trim_start_matches("pub(crate) ")
                .trim_start_matches("pub(super) ");
            let begins = ["fn ", "async fn ", "const fn "]
                .iter()
                .any(|word| words.starts_with(word));
            match open {
                None if begins && !line.ends_with(';') => open = Some((*number, indent, line)),
                Some((start, depth, head)) if indent == depth && line.trim() == "}" => {
                    let length = number - start + 1;
                    if length > LINES_PER_FUNCTION {
                        broken.push(format!(
                            "src/{name}:{start}: {length} lines: {}",
                            head.trim()
                        ));
                    }
                    open = None;
                }
                None | Some(_) => {}
            }
        }
    }
    assert_none(&broken);
}

#[test]
fn nothing_is_left_over() {
    let words = [
        "TO".to_owned() + "DO",
        "FIX".to_owned() + "ME",
        "dbg".to_owned() + "!(",
        "todo".to_owned() + "!(",
        "unimplemented".to_owned() + "!(",
    ];
    let mut broken = Vec::new();
    for (name, text) in sources() {
        for (index, line) in text.lines().enumerate() {
            if words.iter().any(|word| line.contains(word)) {
                broken.push(format!("src/{name}:{}: {line}", index + 1));
            }
        }
    }
    assert_none(&broken);
}
