//! `amp-stack completions`: what a shell completes.

use clap::{Args as Group, CommandFactory};
use clap_complete::Shell;

use crate::cli::{args::Args, console::Console, exit::Exit, failure::Failure};

/// The examples in the help.
pub(super) const EXAMPLES: &str = "\
Examples:
  amp-stack completions bash > ~/.local/share/bash-completion/completions/amp-stack
  amp-stack completions zsh > ~/.zfunc/_amp-stack
  amp-stack completions fish > ~/.config/fish/completions/amp-stack.fish";

/// `completions`.
#[derive(Debug, Group)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub(super) shell: Shell,
}

/// `amp-stack completions`.
pub(super) fn completions(args: &Completions, console: &mut Console) -> Result<Exit, Failure> {
    console.print(&script(args.shell)?)?;
    Ok(Exit::Done)
}

fn script(shell: Shell) -> Result<String, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "amp-stack", &mut script);
    String::from_utf8(script).map_err(Failure::before)
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn every_shell_completes_every_command() {
        for shell in Shell::value_variants() {
            let script = script(*shell).expect("it is text");
            for command in Args::command().get_subcommands() {
                let name = command.get_name();
                assert!(script.contains(name), "{shell}: {name}");
            }
            assert!(script.contains("detailed-exitcode"), "{shell}");
        }
    }
}
