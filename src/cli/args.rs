//! The options that several commands take.

use std::path::PathBuf;

use clap::Args;

use crate::cli::{
    candidates::{address, toml_file, variable},
    place::Place,
};

/// What is to happen to resources besides what the stack file says.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct OverrideArgs {
    /// Take over this resource if it exists already and is no stack's (repeatable)
    #[arg(long, value_name = "ADDRESS", add = address())]
    pub(super) adopt: Vec<Place>,
    /// Build this resource anew; of a task definition, register a new revision (repeatable)
    #[arg(long, value_name = "ADDRESS", add = address())]
    pub(super) replace: Vec<Place>,
    /// Take the defaults of this amp-stack also for what earlier ones made
    #[arg(long)]
    pub(super) new_defaults: bool,
}

/// What may be removed although something that runs needs it.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct InUseArgs {
    /// Remove this resource although a service or a task that runs needs it (repeatable)
    #[arg(long, value_name = "ADDRESS")]
    pub(super) force_in_use: Vec<Place>,
}

/// What the plan is narrowed to.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct TargetArgs {
    /// Plan only this resource and what it needs (repeatable; with several stacks STACK:ADDRESS)
    #[arg(long, value_name = "ADDRESS", add = address())]
    pub(super) target: Vec<Place>,
}

/// Whether programs are told what happens.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(super) struct JsonArgs {
    /// Tell programs what happens: one JSON object per line on standard output, and nothing else
    /// there
    #[arg(long)]
    pub(super) json: bool,
}

/// Whether a sandbox stands in for AWS.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct SandboxArgs {
    /// Work on a local account instead of AWS, without network and credentials; it is kept in FILE
    /// [default: .amp-stack/sandbox.json beside the stack file, which belongs into .gitignore]
    #[arg(
        long,
        value_name = "FILE",
        num_args = 0..=1,
        require_equals = true
    )]
    #[expect(
        clippy::option_option,
        reason = "how clap tells an option without its value from none at all"
    )]
    pub(super) sandbox: Option<Option<PathBuf>>,
    /// Let the sandbox throttle, fail, lose answers and lag as AWS does on a bad day, the same for
    /// the same seed
    #[arg(long, value_name = "SEED", requires = "sandbox")]
    pub(super) sandbox_chaos: Option<u64>,
}

/// Which stacks, and where.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct StackArgs {
    /// The stack files, one after another [default: ./stack.toml, else the only file in ./stacks/]
    #[arg(value_name = "STACK.toml", add = toml_file())]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) variables: VariableArgs,
    /// The region, where the stack file names none
    #[arg(long, value_name = "REGION")]
    pub(super) region: Option<String>,
    /// The profile of the shared AWS configuration
    #[arg(long, value_name = "PROFILE", conflicts_with = "sandbox")]
    pub(super) profile: Option<String>,
    #[command(flatten)]
    pub(super) sandbox: SandboxArgs,
}

/// The values of the variables of a stack file.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct VariableArgs {
    /// The value of a variable (repeatable; wins over files)
    #[arg(long, value_name = "NAME=VALUE", value_parser = assignment, add = variable())]
    pub(super) var: Vec<(String, String)>,
    /// A TOML file of variables, `name = "value"` (repeatable; later files win)
    #[arg(long, value_name = "FILE", add = toml_file())]
    pub(super) var_file: Vec<PathBuf>,
}

/// What `apply` and `destroy` have in common.
#[derive(Debug, Args)]
pub(super) struct ApplyArgs {
    /// Do not ask; this does not allow the loss of data
    #[arg(long, short)]
    pub(super) yes: bool,
    /// Allow this resource to be removed with the data in it (repeatable)
    #[arg(long, value_name = "ADDRESS", add = address())]
    pub(super) allow_data_loss: Vec<Place>,
    /// The most resources to work on at a time
    #[arg(long, value_name = "NUMBER", default_value_t = 8, value_parser = concurrency)]
    pub(super) concurrency: usize,
}

fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        Some(_) | None => Err("write it as NAME=VALUE".to_owned()),
    }
}

fn concurrency(text: &str) -> Result<usize, String> {
    const MOST: usize = 64;
    match text.parse() {
        Ok(number) if (1..=MOST).contains(&number) => Ok(number),
        Ok(_) | Err(_) => Err(format!("takes a number from 1 to {MOST}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_keep_what_follows_the_first_equals_sign() {
        assert_eq!(assignment("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert_eq!(assignment("a="), Ok(("a".to_owned(), String::new())));
        assert!(assignment("a").is_err());
        assert!(assignment("=b").is_err());
    }

    #[test]
    fn something_has_to_run_at_a_time() {
        assert_eq!(concurrency("1"), Ok(1));
        assert!(concurrency("0").is_err());
        assert!(concurrency("many").is_err());
    }
}
