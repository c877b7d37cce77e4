//! Words that other tools use for what amp-stack calls otherwise, and what to type instead.
//!
//! clap looks for the nearest spelling, and so answers `deploy` with `destroy`.

mod tables;

use std::ffi::OsString;

use clap::{
    CommandFactory, Error,
    error::{ContextKind, ContextValue, ErrorKind},
};

use crate::{
    cli::{
        command::Args,
        foreign::tables::{COMMANDS, OPTIONS},
        usage::{self, command_of},
    },
    show::words,
};

/// Where nothing is known of a word.
const LISTED: &str = "`amp-stack --help` lists the commands";

/// Puts advice about a foreign word in the place of the nearest spelling that clap found.
pub(super) fn advise(mut error: Error, words: &[OsString]) -> Error {
    if let Some(advice) = advice(&error, words) {
        for guess in [
            ContextKind::SuggestedSubcommand,
            ContextKind::SuggestedArg,
            ContextKind::SuggestedValue,
            ContextKind::SuggestedCommand,
        ] {
            error.remove(guess);
        }
        usage::advise(&mut error, advice);
    } else if let Some(advice) = usage::advice(&error, words) {
        usage::advise(&mut error, advice);
    }
    usage::show_whole(&mut error, words);
    error
}

fn advice(error: &Error, words: &[OsString]) -> Option<String> {
    if let Some(advice) = misplaced(error, words) {
        return Some(advice);
    }
    if error.kind() == ErrorKind::MissingRequiredArgument {
        return missing(words);
    }
    let kind = error.kind();
    let (context, table) = if kind == ErrorKind::InvalidSubcommand {
        (ContextKind::InvalidSubcommand, COMMANDS)
    } else if kind == ErrorKind::UnknownArgument {
        (ContextKind::InvalidArg, OPTIONS)
    } else {
        return None;
    };
    let Some(ContextValue::String(word)) = error.get(context) else {
        return None;
    };
    let word = word.as_str();
    let lower = word.to_ascii_lowercase();
    let known = || {
        let exact = table.iter().find(|(words, _)| words.contains(&word));
        // Options of one letter differ by case; commands don't.
        let is_command = context == ContextKind::InvalidSubcommand;
        let folded = || {
            table
                .iter()
                .find(|(words, _)| words.contains(&lower.as_str()))
        };
        exact.or_else(|| folded().filter(|_| is_command))
    };
    if error.kind() == ErrorKind::UnknownArgument {
        if let Some(long) = with_one_hyphen(word, words) {
            let long = format!("-{}", long.split('=').next().unwrap_or(long));
            return Some(two_hyphens(&long, words));
        }
        if let Some(advice) = of_command(word, words) {
            return Some(advice);
        }
    }
    let is_ours = || lower != word && Args::command().find_subcommand(&lower).is_some();
    known()
        .map(|(_, advice)| (*advice).to_owned())
        .or_else(|| is_ours().then(|| format!("commands are in lower case: `amp-stack {lower}`")))
        .or_else(|| of_others(word, words))
        .or_else(|| {
            let has_guess = error.get(ContextKind::SuggestedSubcommand).is_some();
            let is_command = context == ContextKind::InvalidSubcommand;
            (is_command && !has_guess).then(|| LISTED.to_owned())
        })
}

/// Advice about a word that only the command before it makes clear.
fn of_command(word: &str, words: &[OsString]) -> Option<String> {
    let command = command_of(words)?;
    let name = command.get_name();
    if name == "import" && !word.starts_with('-') {
        return Some(
            "say what it is: --family, --role, --log-group or --workspace before the name"
                .to_owned(),
        );
    }
    if name == "import" && ["--service", "--services", "--cluster"].contains(&word) {
        return Some(
            "name the family of the task definition that the service runs: `--family FAMILY`"
                .to_owned(),
        );
    }
    let lower = word.to_ascii_lowercase();
    if word.starts_with("--") && lower != word && takes(&command, &lower) {
        return Some(format!("options are in lower case: `{lower}`"));
    }
    if word.starts_with('-') {
        return None;
    }
    let takes = command.get_positionals().next().map_or_else(
        || "takes no name and no file".to_owned(),
        |_| "takes only one".to_owned(),
    );
    Some(format!("`amp-stack {name}` {takes}: leave `{word}` out"))
}

/// Advice about an option of a command that stands before the command.
fn misplaced(error: &Error, words: &[OsString]) -> Option<String> {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let command = command_of(words)?;
    let place = |wanted: &str| {
        let mut typed = words.iter().filter_map(|word| word.to_str());
        typed.position(|typed| typed == wanted || typed.starts_with(&format!("{wanted}=")))
    };
    let stands_before = place(word)? < place(command.get_name())?;
    (stands_before && takes(&command, word)).then(|| {
        format!(
            "options stand after the command: `amp-stack {} {word} …`",
            command.get_name()
        )
    })
}

/// Returns whether a command takes an option.
fn takes(command: &clap::Command, option: &str) -> bool {
    let long = option.trim_start_matches('-').split('=').next();
    command.get_arguments().any(|argument| {
        argument.get_long().is_some() && argument.get_long() == long && !argument.is_hide_set()
    })
}

/// Advice about `long`, of which the first hyphen is missing: what it would be answered with.
fn two_hyphens(long: &str, words: &[OsString]) -> String {
    let mut ours = command_of(words).into_iter().chain([Args::command()]);
    let is_ours = ours.any(|command| takes(&command, long)) || long == "--version";
    let foreign = || OPTIONS.iter().find(|(words, _)| words.contains(&long));
    match foreign().filter(|_| !is_ours) {
        Some((_, advice)) => (*advice).to_owned(),
        None if is_ours => format!("options of several letters begin with two hyphens: `{long}`"),
        None => of_others(long, words).unwrap_or_else(|| LISTED.to_owned()),
    }
}

/// Which commands take an option that this one does not. clap says of options that are far from
/// all of its own how to pass them as values, which nobody means.
fn of_others(word: &str, words: &[OsString]) -> Option<String> {
    let this = command_of(words).filter(|_| word.starts_with('-'))?;
    let program = Args::command();
    let others = program
        .get_subcommands()
        .filter(|command| takes(command, word));
    let others: Vec<String> = others
        .map(|command| format!("`{}`", command.get_name()))
        .collect();
    let name = this.get_name();
    Some(if others.is_empty() {
        format!("`amp-stack {name} --help` lists its options")
    } else {
        let have = if others.len() == 1 { "has" } else { "have" };
        let others = words::list(&others);
        format!("`{name}` has no such option; {others} {have}")
    })
}

/// What stands for an argument that is missing, if that is one of few.
fn missing(words: &[OsString]) -> Option<String> {
    let command = command_of(words)?;
    let mut required = command
        .get_arguments()
        .filter(|argument| argument.is_required_set());
    let values = required.find_map(|argument| {
        let values = argument.get_possible_values();
        (!values.is_empty()).then_some(values)
    })?;
    let values: Vec<String> = values
        .iter()
        .map(|value| format!("`amp-stack {} {}`", command.get_name(), value.get_name()))
        .collect();
    Some(format!("write one of {}", words::list(&values)))
}

/// The word of which clap read only the first letter, as in `-var-file=prod.toml`.
fn with_one_hyphen<'w>(letter: &str, words: &'w [OsString]) -> Option<&'w str> {
    let typed = words.iter().filter_map(|word| word.to_str());
    let mut long = typed.filter(|word| !word.starts_with("--") && word.len() > 3);
    long.find(|word| letter.len() == 2 && letter.starts_with('-') && word.starts_with(letter))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn said(line: &str) -> String {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let error = Args::try_parse_from(&words).expect_err("a foreign word");
        advise(error, &words).to_string()
    }

    #[test]
    fn every_foreign_word_is_answered_with_ours_and_none_is_ours() {
        let program = Args::command();
        for (words, advice) in COMMANDS {
            for word in *words {
                assert!(
                    program.find_subcommand(word).is_none(),
                    "{word} is a command"
                );
                if !word.starts_with('-') {
                    let said = said(&format!("amp-stack {word}"));
                    assert!(said.contains(advice), "{word}: {said}");
                    assert!(!said.contains("similar"), "{word}: {said}");
                }
            }
        }
        for (words, advice) in OPTIONS {
            for word in *words {
                let said = said(&format!("amp-stack guide {word}"));
                assert!(said.contains(advice), "{word}: {said}");
                assert!(!said.contains("similar"), "{word}: {said}");
            }
        }
    }

    #[test]
    fn long_options_with_one_hyphen_are_understood() {
        for (typed, meant) in [
            ("-var=image_tag=1", "`--var`"),
            ("-target=roles.task", "`--target`"),
            ("-auto-approve", "`--yes` applies without asking"),
            ("-refresh=false", "no state to refresh"),
            ("-destory", "`amp-stack apply --help` lists its options"),
            ("-detailed-exitcode", "`plan` has"),
            ("-k", "`amp-stack apply --help` lists its options"),
        ] {
            let said = said(&format!("amp-stack apply {typed}"));
            assert!(said.contains(meant), "{typed}: {said}");
            assert!(!said.contains("as a value"), "{typed}: {said}");
        }
    }

    #[test]
    fn an_option_at_the_wrong_place_or_of_another_command_is_said_to_be_one() {
        for (typed, meant) in [
            (
                "--region us-east-1 plan",
                "options stand after the command: `amp-stack plan --region …`",
            ),
            (
                "--region=us-east-1 plan",
                "options stand after the command: `amp-stack plan --region …`",
            ),
            ("graph --sandbox", "`graph` has no such option; "),
            ("sandbox --listen 1", "`sandbox --port PORT`"),
            (
                "sandbox --colour 1",
                "`amp-stack sandbox --help` lists its options",
            ),
            ("plan --Sandbox", "in lower case: `--sandbox`"),
            (
                "schema stack",
                "takes no name and no file: leave `stack` out",
            ),
            ("show a b", "takes only one: leave `b` out"),
            ("import --stack a --service b", "`--family FAMILY`"),
            ("completions", "`amp-stack completions zsh`"),
            ("help foo", "`amp-stack --help` lists the commands"),
        ] {
            let said = said(&format!("amp-stack {typed}"));
            assert!(said.contains(meant), "{typed}: {said}");
            assert!(!said.contains("as a value"), "{typed}: {said}");
        }
    }

    #[test]
    fn a_mistyped_word_still_gets_the_nearest() {
        let said = said("amp-stack plann");
        assert!(said.contains("'plan'"), "{said}");
    }

    #[test]
    fn a_bare_name_for_import_needs_its_kind() {
        let said = said("amp-stack import checkout");
        assert!(said.contains("--family"), "{said}");
    }
}
