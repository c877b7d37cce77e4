//! What is added to clap's errors about values that are missing, empty or too many: an example of
//! what to write, and the usage of the command as its help has it.

use std::ffi::OsString;

use clap::{
    Command, CommandFactory, Error,
    builder::StyledStr,
    error::{ContextKind, ContextValue, ErrorKind},
};

use crate::cli::command::Args;

/// An example of each kind of value, by the name that help gives it.
const EXAMPLES: &[(&str, &str)] = &[
    ("ACCOUNT", "111122223333"),
    ("ADDRESS", "roles.task"),
    ("APP[/ENV[/SERVICE]]", "shop/prod/api"),
    ("ARN", "arn:aws:iam::111122223333:role/deploy"),
    ("CODE|FIELD", "fargate-size"),
    ("COMMAND", "apply"),
    ("CPU", "256"),
    ("DAYS", "30"),
    ("DIR", "grafana"),
    ("DIRECTORY", "man"),
    ("FAMILY", "shop"),
    ("FILE", "FILE"),
    ("FORMAT", "text"),
    ("ID", "ws-12345678-90ab-cdef-1234-567890abcdef"),
    ("IMAGE", "nginx:1.27"),
    ("KEY[=VALUE]", "team=shop"),
    ("LOG_GROUP", "/ecs/shop"),
    ("MEMORY", "512"),
    ("METRIC", "http_requests_total"),
    ("NAME", "shop"),
    ("NAME | STACK.toml", "workspace.query_url"),
    ("NAME=PER_SECOND", "ecs-register=1"),
    ("NAME[=VALUE]", "image_tag=1.4.2"),
    ("NUMBER", "8"),
    ("PORT", "8080"),
    ("PORT[/PATH]", "8080/metrics"),
    ("POLICY.json", "policy.json"),
    ("PROFILE", "default"),
    ("REGION", "us-east-1"),
    ("ROLE", "ShopTask"),
    ("SEED", "1"),
    ("SERVICE:CODE=NUMBER", "aps:L-8873DB23=2"),
    ("SHELL", "bash"),
    ("STACK", "stack.toml"),
    ("STACK.toml", "stack.toml"),
    ("TIME", "5m"),
    ("TOPIC", "concepts"),
    ("TYPE", "prometheus"),
    ("URL", "http://127.0.0.1:9090"),
    ("WHAT", "collector-rights"),
    ("WHAT:NAME", "ecr:shop:1.0"),
    ("WHEN", "never"),
    ("WORKSPACE", "shop"),
];

/// What goes with the arguments that a command takes in any case, where nothing else was typed.
const FURTHER: &[(&str, &str)] = &[("import", " --family shop")];

/// The command that was typed, if it is one.
pub(super) fn command_of(words: &[OsString]) -> Option<Command> {
    let mut program = Args::command();
    program.build();
    let mut typed = words.iter().skip(1).filter_map(|word| word.to_str());
    typed.find_map(|word| program.find_subcommand(word).cloned())
}

/// Shows the usage of the command that was typed. clap shows the option that is nearest to what
/// was typed in its place, as if that were the whole command.
pub(super) fn show_whole(error: &mut Error, words: &[OsString]) {
    if error.get(ContextKind::Usage).is_none() {
        return;
    }
    let mut command = command_of(words).unwrap_or_else(Args::command);
    let usage = ContextValue::StyledStr(command.render_usage());
    error.insert(ContextKind::Usage, usage);
}

/// What to write where a value is missing, empty or too much.
pub(super) fn advice(error: &Error, words: &[OsString]) -> Option<String> {
    let kind = error.kind();
    if kind == ErrorKind::InvalidValue {
        value(error, words)
    } else if kind == ErrorKind::TooManyValues {
        let option = argument(error)?;
        Some(format!("`{option}` takes no value: write it alone"))
    } else if kind == ErrorKind::MissingRequiredArgument {
        required(words)
    } else {
        None
    }
}

/// The argument that an error is about, without what help says of its value.
fn argument(error: &Error) -> Option<&str> {
    let Some(ContextValue::String(argument)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    argument.split([' ', '=', '[']).next()
}

fn value(error: &Error, words: &[OsString]) -> Option<String> {
    let given = match error.get(ContextKind::InvalidValue) {
        Some(ContextValue::String(given)) => given.as_str(),
        _ => "",
    };
    let command = command_of(words)?;
    let name = argument(error)?;
    if given == "json" && name == "--format" {
        let has_json = command
            .get_arguments()
            .any(|one| one.get_long() == Some("json"));
        return has_json.then(|| "`--json` prints for programs".to_owned());
    }
    if !given.is_empty() {
        return None;
    }
    if name.is_empty() {
        return Some(
            "an empty word names nothing: is a variable of the shell without a value?".to_owned(),
        );
    }
    let option = command
        .get_arguments()
        .find(|one| one.get_long().is_some() && one.get_long() == name.strip_prefix("--"))?;
    if !option.get_possible_values().is_empty() {
        return None;
    }
    let example = example(option.get_value_names()?.first()?)?;
    // A value that may be left out is joined by `=`.
    let is_joined = option.is_require_equals_set();
    let joint = if is_joined { "=" } else { " " };
    Some(format!("write for example `{name}{joint}{example}`"))
}

fn example(value: &str) -> Option<&'static str> {
    let mut examples = EXAMPLES.iter();
    examples
        .find(|(name, _)| *name == value)
        .map(|(_, example)| *example)
}

/// The command that was typed with what it takes in any case.
fn required(words: &[OsString]) -> Option<String> {
    let command = command_of(words)?;
    let mut line = "amp-stack".to_owned();
    let typed: Vec<&str> = words
        .iter()
        .skip(1)
        .filter_map(|word| word.to_str())
        .collect();
    for word in &typed {
        line = format!("{line} {word}");
    }
    for argument in command.get_arguments().filter(|one| one.is_required_set()) {
        if !argument.get_possible_values().is_empty() {
            return None;
        }
        let long = argument.get_long().map(|long| format!("--{long}"));
        if long
            .as_ref()
            .is_some_and(|long| typed.contains(&long.as_str()))
        {
            continue;
        }
        let example = example(argument.get_value_names()?.first()?)?;
        line = match long {
            Some(long) => format!("{line} {long} {example}"),
            None => format!("{line} {example}"),
        };
    }
    let mut further = FURTHER.iter();
    let further = further.find(|(name, _)| typed == [*name]);
    let further = further.map_or("", |(_, further)| further);
    Some(format!("write for example `{line}{further}`"))
}

/// Puts `advice` below an error.
pub(super) fn advise(error: &mut Error, advice: String) {
    let advice = ContextValue::StyledStrs(vec![StyledStr::from(advice)]);
    error.insert(ContextKind::Suggested, advice);
}

#[cfg(test)]
mod tests {
    use clap::{ArgAction, Parser};

    use super::*;
    use crate::cli::foreign;

    fn said(line: &str) -> String {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let error = Args::try_parse_from(&words).expect_err("a mistake");
        foreign::advise(error, &words).to_string()
    }

    #[test]
    fn every_option_that_is_left_without_a_value_shows_one_that_it_takes() {
        let mut program = Args::command();
        program.build();
        let mut seen = 0;
        for command in program.get_subcommands() {
            for argument in command.get_arguments() {
                let takes = matches!(argument.get_action(), ArgAction::Set | ArgAction::Append);
                let is_open = argument.get_possible_values().is_empty();
                let is_needed = argument.get_num_args().is_none_or(|n| n.min_values() > 0);
                let Some(long) = argument
                    .get_long()
                    .filter(|_| takes && is_open && is_needed)
                else {
                    continue;
                };
                seen += 1;
                let said = said(&format!("amp-stack {} --{long}", command.get_name()));
                assert!(said.contains("write for example `--"), "{long}: {said}");
                let example = said
                    .split('`')
                    .nth(1)
                    .expect(&said)
                    .replace("=FILE", " FILE");
                let line = format!("amp-stack {} {example}", command.get_name());
                let words: Vec<&str> = line.split(' ').collect();
                // What is wrong with it may be that something else is missing, and no value.
                if let Err(error) = Args::try_parse_from(words) {
                    let kind = error.kind();
                    assert_eq!(kind, ErrorKind::MissingRequiredArgument, "{line}: {error}");
                }
            }
        }
        assert!(seen > 60, "{seen}");
    }

    #[test]
    fn usage_is_that_of_the_command() {
        for (line, usage) in [
            (
                "amp-stack apply --force",
                "Usage: amp-stack apply [OPTIONS] [STACK.toml]...",
            ),
            (
                "amp-stack plan --no-color",
                "Usage: amp-stack plan [OPTIONS] [STACK.toml]...",
            ),
            (
                "amp-stack --region x plan",
                "Usage: amp-stack plan [OPTIONS] [STACK.toml]...",
            ),
            (
                "amp-stack import",
                "Usage: amp-stack import [OPTIONS] --stack <NAME>",
            ),
            ("amp-stack deploy", "Usage: amp-stack [OPTIONS] <COMMAND>"),
        ] {
            let said = said(line);
            assert!(said.contains(usage), "{line}: {said}");
        }
    }

    #[test]
    fn what_is_missing_is_shown_within_the_line_that_was_typed() {
        for (line, meant) in [
            (
                "amp-stack import",
                "`amp-stack import --stack shop --family shop`",
            ),
            (
                "amp-stack import --family a",
                "`amp-stack import --family a --stack shop`",
            ),
            ("amp-stack show", "`amp-stack show FILE`"),
            ("amp-stack apply --yes=true", "`--yes` takes no value"),
            (
                "amp-stack plan --format json",
                "`--json` prints for programs",
            ),
            (
                "amp-stack plan ",
                "a variable of the shell without a value?",
            ),
        ] {
            let said = said(line);
            assert!(said.contains(meant), "{line}: {said}");
        }
    }
}
