//! The laws of formatting: the same meaning, the same comments in the same order, and nothing left
//! to format.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use amp_stack::file::{format::format, problem::Problem, source::Source};
use proptest::{
    collection::vec, prelude::*, sample::select, strategy::Union, test_runner::TestCaseResult,
};
use toml::de::{DeTable, DeValue};

fn try_format(text: &str) -> Result<String, Vec<Problem>> {
    format(&Source {
        path: PathBuf::from("stack.toml"),
        text: text.to_owned(),
    })
}

/// What must not get lost, apart from meaning: comments, in the order in which they stand, without
/// the spaces behind them.
fn comments(text: &str) -> Vec<String> {
    let tokens = toml_parser::Source::new(text).lex();
    let comments = tokens.filter(|token| token.kind() == toml_parser::lexer::TokenKind::Comment);
    comments
        .map(|token| {
            let span = token.span();
            let comment = &text[span.start()..span.end()];
            comment.trim_end_matches([' ', '\t']).to_owned()
        })
        .collect()
}

/// What a text means, with tables in their order.
fn meaning(text: &str) -> String {
    let table = DeTable::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
    let mut meaning = String::new();
    describe_table(table.get_ref(), &mut meaning);
    meaning
}

fn describe_table(table: &DeTable<'_>, meaning: &mut String) {
    meaning.push('{');
    for (key, value) in table {
        write!(meaning, "{:?}: ", key.get_ref()).unwrap();
        describe(value.get_ref(), meaning);
    }
    meaning.push('}');
}

fn describe(value: &DeValue<'_>, meaning: &mut String) {
    match value {
        DeValue::Table(table) => describe_table(table, meaning),
        DeValue::Array(elements) => {
            meaning.push('[');
            for element in elements {
                describe(element.get_ref(), meaning);
            }
            meaning.push(']');
        }
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_) => write!(meaning, "{value:?}, ").unwrap(),
    }
}

fn check(text: &str) -> TestCaseResult {
    let formatted = match try_format(text) {
        Ok(formatted) => formatted,
        Err(problems) => {
            prop_assert!(false, "{:?} is no TOML: {:?}", text, problems);
            return Ok(());
        }
    };
    prop_assert_eq!(
        meaning(text),
        meaning(&formatted),
        "{}\nbecame\n{}",
        text,
        formatted
    );
    prop_assert_eq!(
        comments(text),
        comments(&formatted),
        "{}\nbecame\n{}",
        text,
        formatted
    );
    let again = try_format(&formatted);
    prop_assert_eq!(
        again.as_ref(),
        Ok(&formatted),
        "{}\nbecame\n{}",
        text,
        formatted
    );
    let strings = formatted.contains("\"\"\"") || formatted.contains("'''");
    if !strings {
        prop_assert!(!formatted.contains("\n\n\n") && !formatted.starts_with('\n'));
        prop_assert!(!formatted.contains('\r') && !formatted.contains(" \n"));
        prop_assert!(
            formatted.is_empty() || formatted.ends_with('\n') && !formatted.ends_with("\n\n")
        );
    }
    Ok(())
}

/// Spaces that may stand wherever one may.
fn space() -> impl Strategy<Value = String> {
    "[ \t]{0,3}"
}

fn comment() -> impl Strategy<Value = String> {
    select(vec![
        "#",
        "# why",
        "#: --var a=b",
        "# x = 1, [y]",
        "# \"quoted' #",
        "# größer als 𝛼 — 日本",
        "#tab\there  ",
    ])
    .prop_map(str::to_owned)
}

/// The end of a line, with or without a comment before it.
fn line_end() -> impl Strategy<Value = String> {
    (
        space(),
        prop::option::weighted(0.3, comment()),
        select(vec!["\n", "\n", "\r\n"]),
    )
        .prop_map(|(space, comment, end)| format!("{space}{}{end}", comment.unwrap_or_default()))
}

/// What may stand between the parts of an array, and in TOML 1.1 of an inline table.
fn gap() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => space(),
        1 => (vec(line_end(), 1..4), space()).prop_map(|(lines, space)| lines.concat() + &space),
    ]
}

fn scalar() -> impl Strategy<Value = String> {
    let fixed = select(vec![
        "1",
        "+1_000",
        "0xdead_BEEF",
        "0o17",
        "0b1",
        "-0.5e-3",
        "6.02E23",
        "inf",
        "true",
        "false",
        "1979-05-27",
        "07:32:00",
        "1979-05-27T07:32:00.5Z",
        "1979-05-27 07:32:00-07:00",
        "\"\"",
        "''",
        "'it'",
        "'say \"x\"'",
        "'C:\\temp'",
        "\"tab\\t \\\"x\\\" # no comment\"",
        "\"größer 𝛼 日本\"",
        "'tab\tin it'",
        "\"${var.a} $${b}\"",
        "\"''\"",
        "\"\\u00e9\"",
        "\"\"\"one\"\"\"",
        "'''one # two'''",
        "\"\"\"\n\none  \n\t two \\\n   three\n\"\"\"",
        "'''\r\none\r\n\r\n\r\n  two'''",
        "\"\"\"\"quoted\"\"\"\"",
    ]);
    prop_oneof![
        6 => fixed.prop_map(str::to_owned),
        1 => "[a-z]{0,120}".prop_map(|text| format!("\"{text}\"")),
        1 => "[a-z]{0,120}".prop_map(|text| format!("'{text}'")),
    ]
}

/// A name that is the `index`th of its table, in one of the ways in which a key can be written.
fn name(index: usize) -> impl Strategy<Value = String> {
    select(vec![
        format!("k{index}"),
        format!("a-much_longer-key-{index}"),
        format!("{index}"),
        format!("\"quoted {index}\""),
        format!("'literal.{index}'"),
        format!("'with \"quotes\" {index}'"),
        format!("\"ключ {index}\""),
        format!("dotted{index}.b"),
        format!("dotted{index} . 'b'\t. c"),
    ])
}

/// The elements between two brackets, with a gap at every place.
fn between(elements: Vec<(String, String, String)>, (comma, end): (bool, String)) -> String {
    let mut text = String::new();
    let count = elements.len();
    for (index, (before, element, after)) in elements.into_iter().enumerate() {
        text.push_str(&before);
        text.push_str(&element);
        text.push_str(&after);
        if index + 1 < count || comma {
            text.push(',');
        }
    }
    text + &end
}

fn value() -> impl Strategy<Value = String> {
    scalar().prop_recursive(3, 24, 5, |inner| {
        let element = (gap(), inner.clone(), gap());
        let array =
            (vec(element, 0..5), any::<bool>(), gap()).prop_map(|(elements, comma, end)| {
                let comma = comma && !elements.is_empty();
                format!("[{}]", between(elements, (comma, end)))
            });
        let member = |index: usize| {
            (gap(), name(index), space(), space(), inner.clone(), gap()).prop_map(
                |(before, key, left, right, value, after)| {
                    (before, format!("{key}{left}={right}{value}"), after)
                },
            )
        };

        let member_lists = Union::new((0..4_usize).map(|count| {
            let list: Vec<_> = (0..count).map(|index| member(index).boxed()).collect();
            list.boxed()
        }));

        let table = (member_lists, any::<bool>(), gap()).prop_map(|(members, comma, end)| {
            let comma = comma && !members.is_empty();
            format!("{{{}}}", between(members, (comma, end)))
        });
        prop_oneof![array, table]
    })
}

/// Lines with nothing but spaces and comments.
fn idle_lines() -> impl Strategy<Value = String> {
    vec(line_end(), 0..3).prop_map(|lines| lines.concat())
}

/// The lines of a table, up to the next header.
fn body() -> impl Strategy<Value = String> {
    let line = |index: usize| {
        let key = (idle_lines(), space(), name(index), space());
        (key, space(), value(), line_end()).prop_map(
            |((idle, indent, key, left), right, value, end)| {
                format!("{idle}{indent}{key}{left}={right}{value}{end}")
            },
        )
    };
    let bodies = (0..5_usize).map(|count| {
        let lines: Vec<_> = (0..count).map(|index| line(index).boxed()).collect();
        lines.prop_map(|lines| lines.concat()).boxed()
    });
    (Union::new(bodies), idle_lines()).prop_map(|(body, idle)| body + &idle)
}

/// The `index`th table of a document, or an array of such tables.
fn table(index: usize) -> impl Strategy<Value = String> {
    let headers = select(vec![
        vec![format!("[table{index}]")],
        vec![format!("[ table{index} . 'sub table' ]")],
        vec![
            format!("[table{index}]"),
            format!("[table{index}.sub.\"x\"]"),
        ],
        vec![format!("[[tables{index}]]"), format!("[[ tables{index} ]]")],
        vec![
            format!("[[tables{index}]]"),
            format!("[tables{index}.sub]"),
            format!("[[tables{index}.list]]"),
        ],
    ]);
    (headers, vec((space(), line_end(), body()), 3)).prop_map(|(headers, parts)| {
        let parts = headers.into_iter().zip(parts);
        let parts: Vec<String> = parts
            .map(|(header, (space, end, body))| format!("{space}{header}{end}{body}"))
            .collect();
        parts.concat()
    })
}

/// A TOML document with comments and spaces everywhere.
fn document() -> impl Strategy<Value = String> {
    let documents = (0..4_usize).map(|count| {
        let tables: Vec<_> = (0..count).map(|index| table(index).boxed()).collect();
        tables.prop_map(|tables| tables.concat()).boxed()
    });
    let start = select(vec!["", "", "\u{feff}"]);
    let end = prop_oneof![Just(String::new()), comment(), space()];
    (start, body(), Union::new(documents), end)
        .prop_map(|(start, body, tables, end)| format!("{start}{body}{tables}{end}"))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn formatting_keeps_everything_and_is_done_once(text in document()) {
        check(&text)?;
    }

    #[test]
    fn whatever_is_typed_is_formatted_or_refused(
        text in "([ab.='\"#\\[\\]{}, \r\n\t01-]|\"\"\"|'''|a=|\\[a\\]\n|\\[1,|\\{b=){0,30}",
    ) {
        match try_format(&text) {
            Ok(_) => check(&text)?,
            Err(problems) => prop_assert!(!problems.is_empty()),
        }
    }
}

/// The TOML files in a directory of this repository, sorted.
fn files(directory: &str) -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    let entries = fs::read_dir(directory).unwrap();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .collect();
    files.sort();
    files
}

#[track_caller]
fn assert_formatted(name: &str, text: &str) {
    let formatted = try_format(text).unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
    assert_eq!(formatted, text, "{name} is not formatted");
}

#[test]
fn what_we_show_to_people_is_formatted() {
    let stacks = files("stacks");
    assert!(stacks.len() >= 6, "the examples were found");
    for path in stacks {
        let text = fs::read_to_string(&path).unwrap();
        assert_formatted(&path.display().to_string(), &text);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = fs::read_dir(root.join("src/guide")).unwrap();
    let pages = pages.map(|page| page.unwrap().path());
    let mut count = 0;
    for page in pages.chain([root.join("README.md")]) {
        let text = fs::read_to_string(&page).unwrap();
        for block in text.split("\n```toml").skip(1) {
            // Behind the language may stand the name of the file.
            let (_, block) = block.split_once('\n').unwrap();
            let block = block.split("```").next().unwrap();
            assert_formatted(&page.display().to_string(), block);
            count += 1;
        }
    }
    assert!(count > 20, "only {count} pieces of stack files were found");
}

#[test]
fn files_with_mistakes_are_formatted_all_the_same() {
    let directories = [
        "src/load/rules/examples",
        "tests/data",
        "tests/it/emulators",
        "tests/problems",
        "tests/problems/files",
        "tests/problems/task-definitions",
    ];
    let mut refused = BTreeSet::new();
    let mut count = 0;
    for path in directories.into_iter().flat_map(files) {
        let text = fs::read_to_string(&path).unwrap();
        count += 1;
        match try_format(&text) {
            Ok(_) => check(&text).unwrap(),
            Err(problems) => {
                assert!(problems.iter().all(|problem| problem.code == "syntax"));
                refused.insert(path.file_name().unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    assert!(count > 150, "only {count} files were found");
    let refused: Vec<&str> = refused.iter().map(String::as_str).collect();
    assert_eq!(
        refused,
        ["broken-vars.toml", "syntax.toml", "unclosed-brackets.toml"]
    );
}
