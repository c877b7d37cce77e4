//! The rules of the house that a compiler doesn't know: which room may use which, where code may
//! wait, how long files may be, where a kind of resource may be named. They see every production
//! line of every file: an item that is compiled for tests only is skipped, and nothing else.

#![expect(clippy::print_stdout, reason = "the counts are for people to read")]

mod circles;
mod rooms;
mod source;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use crate::tidy::{
    circles::circles,
    source::{Source, file_of, sources},
};

/// The most lines of production code, comments included, that a file has.
const LINES_PER_FILE: usize = 400;
/// The most files that may import each other in a circle.
const FILES_PER_CIRCLE: usize = 4;
/// The directories of the crates.
const CRATES: [&str; 2] = [".", "src/sandbox"];
/// The files outside the folders of the kinds that name a kind today. A new kind may have to touch
/// each of them, so the number falls and never grows: `src/ARCHITECTURE.md` says which they are.
const FILES_THAT_NAME_A_KIND: usize = 8;

fn assert_none(broken: &[String]) {
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

/// The sources of both crates.
fn all() -> Vec<Source> {
    CRATES.into_iter().flat_map(sources).collect()
}

#[test]
fn every_module_says_what_it_is_for() {
    let silent: Vec<String> = all()
        .into_iter()
        .filter(|source| !source.name.ends_with("tests.rs") && !source.text.starts_with("//! "))
        .filter(|source| !source.text.starts_with("#![doc = include_str!"))
        .map(|source| source.name)
        .collect();
    assert_none(&silent);
}

#[test]
fn rooms_use_only_what_is_beneath_them() {
    let broken: Vec<String> = sources(".").iter().flat_map(rooms::broken).collect();
    assert_none(&broken);
}

#[test]
fn the_rooms_are_in_order() {
    let mut listed: Vec<&str> = Vec::new();
    for (room, uses) in rooms::ROOMS {
        for used in *uses {
            assert!(
                listed.contains(used),
                "{room} uses {used}, which is not beneath it"
            );
        }
        listed.push(room);
    }
    let sources = sources(".");
    let there: BTreeSet<&str> = sources.iter().map(Source::room).collect();
    let gone: Vec<&&str> = listed
        .iter()
        .filter(|room| !there.contains(**room))
        .collect();
    assert!(gone.is_empty(), "these rooms are gone: {gone:?}");
}

#[test]
fn no_circle_of_imports_is_large() {
    for directory in CRATES {
        let sources = sources(directory);
        let names: BTreeSet<&str> = sources.iter().map(|source| source.name.as_str()).collect();
        let imports: BTreeMap<&str, BTreeSet<&str>> = sources
            .iter()
            .map(|source| {
                let used = source.paths.iter();
                let used = used.filter_map(|(path, _)| file_of(path, &source.name, &names));
                let name = source.name.as_str();
                (name, used.filter(|used| *used != name).collect())
            })
            .collect();
        let circles = circles(&imports);
        for circle in &circles {
            println!(
                "{directory}: a circle of {} files: {circle:?}",
                circle.len()
            );
        }
        let large: Vec<String> = circles
            .iter()
            .filter(|circle| circle.len() > FILES_PER_CIRCLE)
            .map(|circle| format!("{} files: {circle:?}", circle.len()))
            .collect();
        assert_none(&large);
    }
}

/// Whether a path names a kind: one of its variants, its module or its type.
fn names_a_kind(path: &[String]) -> bool {
    const VARIANTS: [&str; 4] = ["LogGroup", "Workspace", "Role", "TaskDefinition"];
    const FOLDERS: [&str; 4] = ["log_group", "workspace", "role", "task_definition"];
    path.windows(2).any(|pair| {
        let [of, name] = [pair[0].as_str(), pair[1].as_str()];
        ["Kind", "Resource", "Change"].contains(&of) && VARIANTS.contains(&name)
            || of == "kinds" && FOLDERS.contains(&name)
    })
}

#[test]
fn few_files_name_a_kind_outside_its_folder() {
    let sources = sources(".");
    let naming: Vec<&str> = sources
        .iter()
        .filter(|source| {
            let mut parts = source.name.split('/');
            // `kinds/role.rs` and `kinds/role/…` belong to the kind; `kinds/any.rs` does not.
            let is_a_kinds = parts.next() == Some("kinds")
                && parts.next().is_some_and(|part| {
                    ["log_group", "workspace", "role", "task_definition"]
                        .contains(&part.trim_end_matches(".rs"))
                });
            !is_a_kinds
        })
        .filter(|source| source.paths.iter().any(|(path, _)| names_a_kind(path)))
        .map(|source| source.name.as_str())
        .collect();
    println!(
        "{} files name a kind outside its folder: {naming:#?}",
        naming.len()
    );
    assert!(
        naming.len() <= FILES_THAT_NAME_A_KIND,
        "{} files name a kind outside its folder, {FILES_THAT_NAME_A_KIND} did before: {naming:#?}",
        naming.len()
    );
    assert!(
        naming.len() == FILES_THAT_NAME_A_KIND,
        "only {} files name a kind now: lower FILES_THAT_NAME_A_KIND",
        naming.len()
    );
}

#[test]
fn a_kind_is_recognised_where_it_is_named() {
    for (text, names) in [
        ("fn f(k: Kind) -> bool { k == Kind::Role }", true),
        (
            "fn f(r: &Resource) -> bool { matches!(r, Resource::Workspace(_)) }",
            true,
        ),
        ("use crate::kinds::{Resource, role::Role};", true),
        ("use crate::kinds::Resource;", false),
        ("#[cfg(test)]\nfn f() { Kind::Role }", false),
    ] {
        let source = Source::parse("plan/a.rs", text);
        let found = source.paths.iter().any(|(path, _)| names_a_kind(path));
        assert_eq!(found, names, "{text}");
    }
}

#[test]
fn files_are_short() {
    let long: Vec<String> = all()
        .into_iter()
        .filter(|source| source.lines > LINES_PER_FILE)
        .map(|source| format!("{}: {} lines", source.name, source.lines))
        .collect();
    assert_none(&long);
}

#[test]
fn what_follows_tests_counts_as_well() {
    let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn t() {}\n}\nfn b() {}\n";
    assert_eq!(Source::parse("plan/a.rs", text).lines, 2);
}

/// The most columns of a line of comment. A row of a table takes what it needs.
const COLUMNS: usize = 100;

/// The lines of comment that are too wide, with their numbers.
fn wide_comments(text: &str) -> Vec<usize> {
    let lines = text.lines().zip(1..).filter(|(line, _)| {
        let comment = line.trim_start().trim_start_matches(['/', '!']);
        line.trim_start().starts_with("//")
            && !comment.trim_start().starts_with('|')
            && line.chars().count() > COLUMNS
    });
    lines.map(|(_, number)| number).collect()
}

#[test]
fn comments_wrap_at_a_hundred_columns() {
    let mut broken = Vec::new();
    for source in all() {
        for number in wide_comments(&source.text) {
            broken.push(format!("src/{}:{number}: a wide comment", source.name));
        }
    }
    assert_none(&broken);
}

#[test]
fn a_wide_comment_is_found() {
    let wide = "x".repeat(COLUMNS - 3);
    let fits = &wide[1..];
    let text = format!(
        "//! {wide}\n// {fits}\n    /// {wide}\nlet a = 1; // beside code\n//! | {wide} |\n"
    );
    assert_eq!(wide_comments(&text), [1, 3]);
}

/// The only file that reads others: what it leaves out of account, endless files and pipes that
/// stay silent, nobody else has to think of. The sandbox reads what it has written itself.
const READS_FILES: &str = "cli/reading.rs";

/// Returns whether production code reads a file by itself.
fn reads_files(source: &Source) -> bool {
    let reads = [["fs", "read"], ["fs", "read_to_string"], ["File", "open"]];
    source.paths.iter().any(|(path, _)| {
        let end = &path[path.len().saturating_sub(2)..];
        reads.iter().any(|words| end == words)
    })
}

#[test]
fn files_are_read_in_one_place() {
    let all = sources(".");
    let readers = all.iter().filter(|source| reads_files(source));
    let readers: Vec<&str> = readers.map(|source| source.name.as_str()).collect();
    assert_eq!(readers, [READS_FILES]);
    let seeded = "fn f() { let _ = std::fs::read(\"x\"); }";
    assert!(reads_files(&Source::parse("cli/a.rs", seeded)));
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
    for source in all() {
        for (index, line) in source.text.lines().enumerate() {
            if words.iter().any(|word| line.contains(word)) {
                broken.push(format!("src/{}:{}: {line}", source.name, index + 1));
            }
        }
    }
    assert_none(&broken);
}

/// Words that the house has given up, because the field has its own for what they meant.
/// `src/ARCHITECTURE.md` has the glossary.
const GIVEN_UP: &[&str] = &[
    "deed",
    "errand",
    "errands",
    "heed",
    "heeds",
    "meddle",
    "meddles",
    "newborn",
    "shall",
    "stranger",
    "strangers",
    "surroundings",
    "tell",
    "telling",
    "tells",
    "told",
    "whereabouts",
    "wishes",
];

/// The given-up words in a text, with their lines.
fn given_up(text: &str) -> Vec<(usize, &str)> {
    let words = text.lines().zip(1..).flat_map(|(line, number)| {
        let words = line.split(|c: char| !c.is_alphanumeric());
        words.map(move |word| (number, word))
    });
    words
        .filter(|(_, word)| GIVEN_UP.contains(&word.to_lowercase().as_str()))
        .collect()
}

#[test]
fn code_and_documents_use_the_words_of_the_glossary() {
    let mut texts: Vec<(String, String)> = all()
        .into_iter()
        .map(|source| (format!("src/{}", source.name), source.text))
        .collect();
    for folder in ["src/guide", "stacks", "."] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let is_document = path.extension().is_some_and(|e| e == "md" || e == "toml");
            if is_document {
                let text = fs::read_to_string(&path).unwrap();
                texts.push((path.display().to_string(), text));
            }
        }
    }
    let mut broken = Vec::new();
    for (name, text) in &texts {
        for (number, word) in given_up(text) {
            broken.push(format!("{name}:{number}: `{word}`"));
        }
    }
    assert_none(&broken);
}

#[test]
fn a_word_that_was_given_up_is_found() {
    let text = "/// Tells whether.\nfn untold() {}\nlet told_twice = 1;\n";
    assert_eq!(given_up(text), [(1, "Tells"), (3, "told")]);
}
