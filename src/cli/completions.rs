//! `amp-stack completions`: a script for a shell, which asks the program itself what there is to
//! complete.
//!
//! A script that lists everything, as `clap_complete` generates it too, was there first. It can't
//! offer the resources of a stack file, and in bash it is silent after the first word, because the
//! hyphen in the program's name is taken for the end of a subcommand. Asking the program has
//! neither fault.

use std::ffi::OsString;

use clap::{Args, Command, ValueEnum};
use clap_complete::{
    CompleteEnv,
    env::{Bash, Elvish, EnvCompleter, Fish, Powershell, Zsh},
};

use crate::cli::{console::Console, exit::Exit, failure::Failure};

/// The examples in the help.
pub(super) const EXAMPLES: &str = "\
Examples:
  echo 'source <(amp-stack completions bash)' >> ~/.bashrc
  echo 'source <(amp-stack completions zsh)' >> ~/.zshrc      after compinit
  echo 'amp-stack completions fish | source' > ~/.config/fish/completions/amp-stack.fish";

/// The variable in which a script says for which shell the program is to complete.
const VARIABLE: &str = "AMP_STACK_COMPLETE";

/// The program, as shells find it.
const PROGRAM: &str = "amp-stack";

/// `completions`.
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub(super) shell: Shell,
}

/// A shell that there is a script for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Shell {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
}

impl Shell {
    fn completer(self) -> &'static dyn EnvCompleter {
        match self {
            Self::Bash => &Bash,
            Self::Elvish => &Elvish,
            Self::Fish => &Fish,
            Self::Powershell => &Powershell,
            Self::Zsh => &Zsh,
        }
    }
}

/// `amp-stack completions`.
pub(super) fn completions(args: &Completions, console: &mut Console) -> Result<Exit, Failure> {
    console.print(&script(args.shell)?)?;
    Ok(Exit::Done)
}

fn script(shell: Shell) -> Result<String, Failure> {
    let mut script = Vec::new();
    shell
        .completer()
        .write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script)
        .map_err(Failure::internal)?;
    String::from_utf8(script).map_err(Failure::internal)
}

/// Answers a shell that asks, by a script of `amp-stack completions`, how `words` can go on in the
/// command line that `program` makes, and returns whether one asked.
///
/// To be called before any thread is started, because it takes the variable of the script out of
/// the environment.
pub(super) fn answer(words: Vec<OsString>, program: fn() -> Command) -> Result<bool, clap::Error> {
    let directory = std::env::current_dir().ok();
    CompleteEnv::with_factory(program)
        .var(VARIABLE)
        .try_complete(words, directory.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_calls_the_program() {
        for shell in Shell::value_variants() {
            let script = script(*shell).expect("it is text");
            assert!(script.contains(VARIABLE), "{shell:?}: {script}");
            assert!(script.contains("amp-stack"), "{shell:?}: {script}");
        }
    }
}
