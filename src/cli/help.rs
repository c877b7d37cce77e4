//! What stands below the options in the help of a command: examples, and how it ends.
//!
//! A terminal of 80 columns shows it as it is, so that commands to be pasted stay whole.

use crate::{
    cli::exit::Exit,
    show::words::{columns, wrap},
};

/// How wide it is.
const WIDTH: usize = 78;

/// What goes on in a further line of a command.
const FURTHER: &str = "    ";

/// How commands end that carry nothing out and verify nothing.
pub(super) const SIMPLY: &[Exit] = &[Exit::Done, Exit::Error];

/// All the ways to end.
pub(super) const ALL: &[Exit] = &[
    Exit::Done,
    Exit::Error,
    Exit::Changes,
    Exit::HalfWay,
    Exit::NotProven,
    Exit::Disproven,
    Exit::AwaitsDecision,
];

/// `examples`, laid out, and how a command ends that can end in these ways.
///
/// In the examples, what follows two blanks says what the command before it does, and so do the
/// lines below it that begin in the same column. Lines without an indent are titles and prose.
pub(super) fn below(examples: &str, exits: &[Exit]) -> String {
    let mut text = laid_out(examples);
    text.push_str("\nExit codes:\n");
    for exit in exits {
        text.push_str(&wrap(
            &format!("  {}  ", exit.code()),
            exit.meaning(),
            WIDTH,
        ));
    }
    text.trim_end().to_owned()
}

/// An example: what is typed, and what that does.
struct Example {
    typed: String,
    /// Where the note begins, and the note.
    note: Option<(usize, String)>,
}

fn laid_out(examples: &str) -> String {
    let mut text = String::new();
    let mut last: Option<Example> = None;
    for line in examples.lines() {
        let indent = line.len() - line.trim_start().len();
        match &mut last {
            // More of the same note.
            Some(Example {
                note: Some((column, note)),
                ..
            }) if indent == *column => {
                note.push(' ');
                note.push_str(line.trim_start());
                continue;
            }
            // The note of a command that is too long to have it beside itself.
            Some(example) if example.note.is_none() && indent > FURTHER.len() => {
                example.note = Some((indent, line.trim_start().to_owned()));
                continue;
            }
            Some(_) | None => {}
        }
        if let Some(done) = last.take() {
            done.write(&mut text);
        }
        if indent == 2 {
            last = Some(Example::read(line));
        } else {
            text.push_str(&wrap("", line, WIDTH));
        }
    }
    if let Some(done) = last {
        done.write(&mut text);
    }
    text
}

impl Example {
    fn read(line: &str) -> Self {
        let typed = line.trim_start();
        match typed.split_once("  ") {
            Some((typed, note)) => {
                let note = note.trim_start();
                let column = columns(line) - columns(note);
                Self {
                    typed: typed.to_owned(),
                    note: Some((column, note.to_owned())),
                }
            }
            None => Self {
                typed: typed.to_owned(),
                note: None,
            },
        }
    }

    fn write(&self, text: &mut String) {
        let typed = broken(&self.typed);
        let Some((column, note)) = &self.note else {
            text.push_str(&typed);
            return;
        };
        let beside = format!("{:column$}", typed.trim_end_matches('\n'));
        if typed.lines().count() == 1 && columns(&beside) == *column {
            text.push_str(&wrap(&beside, note, WIDTH));
        } else {
            text.push_str(&typed);
            text.push_str(&wrap(&" ".repeat(*column), note, WIDTH));
        }
    }
}

/// A command in as many lines as it takes, as a shell reads it: broken before options and what
/// joins commands.
fn broken(typed: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    for word in typed.split(' ') {
        let begins = word.starts_with("--") || matches!(word, ">" | ">>" | "|" | "&&");
        match parts.last_mut() {
            Some(part) if !begins => {
                part.push(' ');
                part.push_str(word);
            }
            Some(_) | None => parts.push(word.to_owned()),
        }
    }
    let mut text = String::new();
    let mut line = " ".to_owned();
    for part in parts {
        // Room for ` \`.
        if columns(&line) + 1 + columns(&part) + 2 > WIDTH && !line.trim().is_empty() {
            text.push_str(&line);
            text.push_str(" \\\n");
            line.clear();
            line.push_str(FURTHER);
        } else {
            line.push(' ');
        }
        line.push_str(&part);
    }
    text.push_str(&line);
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;
    use crate::cli::command::Args;

    /// The helps of the program and of all its commands.
    fn helps() -> Vec<(String, String)> {
        let program = Args::command();
        let commands = program.get_subcommands().chain([&program]);
        commands
            .map(|command| {
                let below = command.get_after_help().expect("each has examples");
                (command.get_name().to_owned(), below.to_string())
            })
            .collect()
    }

    #[test]
    fn eighty_columns_show_it_as_it_is() {
        for (name, text) in helps() {
            for line in text.lines() {
                assert!(columns(line) <= 80, "{name}: {line}");
            }
        }
    }

    /// Whatever stands there to be pasted is taken.
    #[test]
    fn every_example_can_be_typed() {
        let mut typed = 0;
        for (name, text) in helps() {
            let text = text.replace(" \\\n   ", "");
            for line in text.lines() {
                let line = line.trim_start();
                let line = line.split("  ").next().unwrap_or(line);
                let Some(words) = line.strip_prefix("amp-stack ") else {
                    continue;
                };
                let words = words.split(['|', '>', '<', '&']).next().unwrap_or(words);
                let words = words.split_whitespace().map(|word| word.trim_matches('\''));
                let words: Vec<&str> = ["amp-stack"].into_iter().chain(words).collect();
                if let Err(error) = Args::try_parse_from(&words) {
                    panic!("{name}: {line}: {error}");
                }
                typed += 1;
            }
        }
        assert!(typed > 50, "{typed}");
    }

    #[test]
    fn a_command_that_is_too_long_is_broken_before_an_option() {
        let examples = "\
Examples:
  amp-stack plan              what would be, said in so many words that they do not all fit
  amp-stack plan --out a.json --accept log_groups.application --accept log_groups.collector
                              both";
        let said = below(examples, &[Exit::Done]);
        assert_eq!(
            said,
            "\
Examples:
  amp-stack plan              what would be, said in so many words that they
                              do not all fit
  amp-stack plan --out a.json --accept log_groups.application \\
    --accept log_groups.collector
                              both

Exit codes:
  0  done, or nothing to do"
        );
    }
}
