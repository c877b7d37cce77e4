//! `amp-stack completions`: what a shell completes.

use clap::{Args, Command};
use clap_complete::Shell;

use crate::cli::{console::Console, exit::Exit, failure::Failure};

/// The examples in the help.
pub(super) const EXAMPLES: &str = "\
Examples:
  amp-stack completions bash > ~/.local/share/bash-completion/completions/amp-stack
  amp-stack completions zsh > ~/.zfunc/_amp-stack
  amp-stack completions fish > ~/.config/fish/completions/amp-stack.fish";

/// `completions`.
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub(super) shell: Shell,
}

/// `amp-stack completions`, of the command line `program`.
pub(super) fn completions(
    args: &Completions,
    program: Command,
    console: &mut Console,
) -> Result<Exit, Failure> {
    console.print(&script(args.shell, program)?)?;
    Ok(Exit::Done)
}

fn script(shell: Shell, mut program: Command) -> Result<String, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut program, "amp-stack", &mut script);
    String::from_utf8(script).map_err(Failure::internal)
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, ValueEnum};

    use super::*;
    use crate::cli::command::Args;

    #[test]
    fn every_shell_completes_every_command() {
        for shell in Shell::value_variants() {
            let script = script(*shell, Args::command()).expect("it is text");
            for command in Args::command().get_subcommands() {
                let name = command.get_name();
                assert!(script.contains(name), "{shell}: {name}");
            }
            assert!(script.contains("detailed-exitcode"), "{shell}");
        }
    }
}
