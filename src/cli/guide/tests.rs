use std::collections::BTreeSet;

use clap::{CommandFactory, Parser, error::ErrorKind};

use super::*;
use crate::cli::command::Args as CommandLine;

/// Commands and options that the guide speaks of and the program does not have yet.
const NOT_YET: &[&str] = &[];

/// The README and the pages, with what they are called.
fn texts() -> Vec<(&'static str, &'static str)> {
    let mut texts = vec![
        ("README.md", include_str!("../../../README.md")),
        ("src/guide/README.md", include_str!("../../guide/README.md")),
    ];
    texts.extend(PAGES.iter().map(|page| (page.topic, page.text)));
    texts
}

/// The words of the command line that begins at the start of `text`, up to where a shell ends it.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    for c in text.chars() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '|' | '>' | '&' | ';' | '(' | ')' | '#') => break,
            (None, ' ') => words.extend(Some(std::mem::take(&mut word)).filter(|w| !w.is_empty())),
            (Some(_) | None, _) => word.push(c),
        }
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

/// Every command line of the program in `text`, with the number of its line: in prose between
/// backquotes, in transcripts after `$ `, and anywhere in scripts and workflows.
fn command_lines(text: &str) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    let mut language = None;
    let mut lines = text.lines().zip(1..);
    while let Some((line, number)) = lines.next() {
        if let Some(head) = line.strip_prefix("```") {
            language = language.xor(Some(head.split(' ').next().unwrap_or_default()));
            continue;
        }
        let mut whole = line.to_owned();
        while let Some(open) = whole.strip_suffix('\\') {
            let next = lines.next().map_or("", |(line, _)| line.trim_start());
            whole = format!("{open}{next}");
        }
        let mut typed: Vec<&str> = Vec::new();
        match language {
            None => typed.extend(whole.split('`').skip(1).step_by(2)),
            Some("console") => typed.extend(whole.strip_prefix("$ ")),
            Some("sh" | "yaml") => {
                let places = whole.match_indices("amp-stack ").filter(|(at, _)| {
                    let before = whole[..*at].chars().next_back();
                    before.is_none_or(|c| [' ', '('].contains(&c))
                });
                typed.extend(places.map(|(at, _)| &whole[at..]));
            }
            Some(_) => {}
        }
        let typed = typed.iter().filter(|typed| typed.starts_with("amp-stack "));
        found.extend(typed.map(|typed| (number, words(typed))));
    }
    found
}

fn is_not_yet(words: &[String]) -> bool {
    let plain = |word: &&str| word.split('=').next().unwrap_or_default().to_owned();
    let options: BTreeSet<String> = words.iter().map(|word| plain(&word.as_str())).collect();
    NOT_YET.iter().any(|word| options.contains(*word))
}

#[test]
fn every_command_line_in_the_texts_is_understood() {
    let mut broken = Vec::new();
    let mut understood = 0;
    for (name, text) in texts() {
        for (number, words) in command_lines(text) {
            if is_not_yet(&words) {
                continue;
            }
            understood += 1;
            if let Err(error) = CommandLine::try_parse_from(&words) {
                let asks = [ErrorKind::DisplayHelp, ErrorKind::DisplayVersion];
                if !asks.contains(&error.kind()) {
                    broken.push(format!("{name}:{number}: {}\n{error}", words.join(" ")));
                }
            }
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
    assert!(
        understood > 50,
        "only {understood} command lines were found"
    );
}

#[test]
fn command_lines_are_found_where_they_are_typed() {
    let text = "Run `amp-stack plan a.toml`, as amp-stack does.\n\n```sh\namp-stack apply --yes && x\n  run: amp-stack plan \\\n    --var 'a=b c' | y\n```\n\n```console\n$ amp-stack validate\namp-stack says\n```\n";
    let found = command_lines(text);
    let found: Vec<(usize, Vec<&str>)> = found
        .iter()
        .map(|(line, words)| (*line, words.iter().map(String::as_str).collect()))
        .collect();
    assert_eq!(
        found,
        [
            (1, vec!["amp-stack", "plan", "a.toml"]),
            (4, vec!["amp-stack", "apply", "--yes"]),
            (5, vec!["amp-stack", "plan", "--var", "a=b c"]),
            (10, vec!["amp-stack", "validate"]),
        ]
    );
}

#[test]
fn every_command_and_every_option_is_in_the_guide() {
    let all: String = texts().into_iter().map(|(_, text)| text).collect();
    for command in CommandLine::command().get_subcommands() {
        let name = format!("amp-stack {}", command.get_name());
        assert!(all.contains(&name), "{name} is in no page");
        for option in command.get_arguments().filter_map(clap::Arg::get_long) {
            let option = format!("--{option}");
            assert!(all.contains(&option), "{name} {option} is in no page");
        }
    }
}

#[test]
fn what_is_not_yet_there_is_not_there() {
    let mut there: BTreeSet<String> = BTreeSet::new();
    for command in CommandLine::command().get_subcommands() {
        there.insert(command.get_name().to_owned());
        let options = command.get_arguments().filter_map(clap::Arg::get_long);
        there.extend(options.map(|option| format!("--{option}")));
    }
    for word in NOT_YET {
        assert!(
            !there.contains(*word),
            "{word} is there by now: take it out of NOT_YET"
        );
    }
}

#[test]
fn every_page_begins_with_a_title_and_a_sentence() {
    for page in PAGES {
        assert!(page.text.starts_with("# "), "{}", page.topic);
        let sentence = page.sentence();
        assert!(
            sentence.ends_with('.') && sentence.len() < 120,
            "{}: {sentence}",
            page.topic
        );
        let row = format!("[{0}.md]({0}.md)", page.topic);
        let index = include_str!("../../guide/README.md");
        assert!(index.contains(&row), "{row} is not in the index");
    }
}

#[test]
fn headings_are_painted_and_code_is_not() {
    let page = Page {
        topic: "t",
        text: "# Title\n\n```sh\n# comment\n```\n",
    };
    let style = Style {
        colour: true,
        ..Style::PLAIN
    };
    let painted = page.painted(style);
    assert!(painted.starts_with("\u{1b}["), "{painted:?}");
    assert!(painted.contains("\n# comment\n"), "{painted:?}");
    assert_eq!(page.painted(Style::PLAIN), page.text);
}

#[test]
fn a_topic_is_found_by_its_file_too_and_what_was_meant_is_suggested() {
    assert_eq!(find("ci.md").unwrap(), find("ci").unwrap());
    let said = format!("{:?}", find("concept").unwrap_err());
    assert!(said.contains("did you mean `concepts`?"), "{said}");
    let said = format!("{:?}", find("zzzzzz").unwrap_err());
    assert!(said.contains("lists every topic"), "{said}");
}
