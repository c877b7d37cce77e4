//! What can be typed.

use std::path::PathBuf;

use clap::{Args as Group, Parser, Subcommand, ValueEnum};

use crate::cli::{
    completions::{self, Completions},
    explain::{self, Explain},
    fmt::{self, Fmt},
    graph::{self, Graph},
    guide::{self, Guide},
    import::{self, Import},
    init::{self, Init},
    json::Telling,
    man::{self, Pages},
    output::{self, Outputs},
    place::Place,
    schema::{self, Schema},
    show::{self, Show},
    validate::{self, Validate},
};

const EXIT_CODES: &str = "\
Exit codes:
  0  done, or nothing to do
  1  error, wrong usage, or declined: nothing was changed
  2  with `plan --detailed-exitcode`: there is something to do
  3  `apply` or `destroy` stopped half way: something was changed, or may have been";

const ABOUT: &str = "\
Sends the metrics of your Amazon ECS applications to Amazon State Service for Prometheus.

One stack file declares the workspace, the IAM roles, the log groups and the task definitions with their \
OpenTelemetry sidecar. amp-stack compares it with what is in AWS, shows the difference, and makes it so. \
There is no state file: tags on the resources say which stack owns them.

Credentials, region, profiles, proxies and AWS_ENDPOINT_URL are found as every AWS tool finds them.";

const SANDBOX_ABOUT: &str = "\
Serves a sandbox to other AWS tools, on this machine only.

A sandbox is a strict imitation of the parts of AWS that amp-stack uses: IAM, Amazon State Service for Prometheus, \
CloudWatch Logs, ECS, STS and the Resource Groups Tagging API. The AWS CLI, boto3 and other SDKs work with it unchanged.";

const EXAMPLES: &str = "\
Examples:
  amp-stack validate                      check the stack file, without AWS
  amp-stack plan                          show what would change
  amp-stack apply                         show it, ask, and do it
  amp-stack plan stacks/prod.toml --var image_tag=1.4.2";

const PLAN_EXAMPLES: &str = "\
Examples:
  amp-stack plan                          plan ./stack.toml, or the only file in ./stacks/
  amp-stack plan stacks/prod.toml --var-file prod.toml
  amp-stack plan --detailed-exitcode      for scripts: exit with 2 if there is something to do
  amp-stack plan --out plan.json          save it, to apply exactly this later
  amp-stack plan --explain                also say what is no change, and why
  amp-stack plan --destroy                show what `amp-stack destroy` would remove
  amp-stack plan stacks/a.toml stacks/b.toml
                                          plan both against one reading of the account
  amp-stack plan --target roles.task      only this role and what it needs
  amp-stack plan --json                   for programs: one event per line on standard output";

const APPLY_EXAMPLES: &str = "\
Examples:
  amp-stack apply                         show the plan, ask, and do it
  amp-stack apply --yes                   do it without asking, as in a pipeline
  amp-stack apply plan.json               make the calls of a saved plan, without asking, or none
  amp-stack apply --adopt roles.task      take over a role that exists already
  amp-stack apply --yes --allow-data-loss log_groups.app
  amp-stack apply --replace task_definitions.checkout
                                          register a new revision although nothing has changed
  amp-stack apply --yes --json > run.jsonl
                                          for programs: what was called, with request ids";

const DESTROY_EXAMPLES: &str = "\
Examples:
  amp-stack destroy stacks/test.toml      show what would go, ask, and remove it
  amp-stack destroy stacks/test.toml --yes --allow-data-loss workspace --allow-data-loss log_groups.app";

const SANDBOX_EXAMPLES: &str = "\
Examples:
  amp-stack sandbox                       an empty account on port 4566, forgotten at the end
  amp-stack sandbox .amp-stack/sandbox.json
                                          the account that `--sandbox` works on
  amp-stack sandbox --port 0 --chaos 7    on any free port, on a bad day";

const TRY_EXAMPLES: &str = "\
Examples:
  amp-stack try stacks/quickstart.toml";

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "amp-stack", version, about = first_line(ABOUT), long_about = ABOUT, after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub(super) struct Args {
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,
    /// When to use colours; the variable `NO_COLOR` is honoured
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(super) color: Color,
    /// Write what is asked of AWS to standard error, call by call; the variable `AMP_STACK_LOG`
    /// chooses more exactly
    #[arg(long, global = true)]
    pub(super) debug: bool,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On terminals
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

/// The subcommands, in the order in which one meets them.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Write a stack file for one application, asking what it needs to know
    #[command(after_help = format!("{}\n\n{EXIT_CODES}", init::EXAMPLES))]
    Init(Init),
    /// Write a stack file of what lives in the account already; AWS is only read
    #[command(after_help = format!("{}\n\n{EXIT_CODES}", import::EXAMPLES))]
    Import(Import),
    /// Check stack files, without credentials and without a network
    #[command(after_help = format!("{}\n\n{EXIT_CODES}", validate::EXAMPLES))]
    Validate(Validate),
    /// Format stack files: spaces, line breaks and quotes, keeping every comment and all order
    #[command(after_help = format!("{}\n\n{EXIT_CODES}", fmt::EXAMPLES))]
    Fmt(Fmt),
    /// Show what `apply` would do, without doing it
    #[command(after_help = format!("{PLAN_EXAMPLES}\n\n{EXIT_CODES}"))]
    Plan(Plan),
    /// Show what is to be done, ask, and do it
    #[command(after_help = format!("{APPLY_EXAMPLES}\n\n{EXIT_CODES}"))]
    Apply(Apply),
    /// Print a plan that was saved with `plan --out`
    #[command(after_help = format!("{}\n\n{EXIT_CODES}", show::EXAMPLES))]
    Show(Show),
    /// Remove everything that the stack owns, after asking
    #[command(after_help = format!("{DESTROY_EXAMPLES}\n\n{EXIT_CODES}"))]
    Destroy(Destroy),
    /// Print what lives, for scripts: outputs, ARNs, ids and URLs
    #[command(after_help = format!("{}\n\n{EXIT_CODES}", output::EXAMPLES))]
    Output(Outputs),
    /// Draw what a stack file declares and what mentions what, without AWS
    #[command(after_help = format!("{}\n\n{EXIT_CODES}", graph::EXAMPLES))]
    Graph(Graph),
    /// Say which rule is behind a code and what breaks it, or what a field of the stack file is for
    #[command(after_help = format!("{}\n\n{EXIT_CODES}", explain::EXAMPLES))]
    Explain(Explain),
    /// Read the user guide
    #[command(after_help = format!("{}\n\n{EXIT_CODES}", guide::EXAMPLES))]
    Guide(Guide),
    /// Print the JSON Schema of stack files, with which editors complete and check them
    #[command(after_help = format!("{}\n\n{EXIT_CODES}", schema::EXAMPLES), long_about = schema::ABOUT)]
    Schema(Schema),
    /// See a stack live and die: plan, apply, plan again and destroy it in a sandbox, without AWS
    #[command(after_help = format!("{TRY_EXAMPLES}\n\n{EXIT_CODES}"))]
    Try(Try),
    /// Serve a sandbox to other AWS tools, on this machine only
    #[command(after_help = format!("{SANDBOX_EXAMPLES}\n\n{EXIT_CODES}"), long_about = SANDBOX_ABOUT)]
    Sandbox(Serve),
    /// Print what a shell completes
    #[command(after_help = format!("{}\n\n{EXIT_CODES}", completions::EXAMPLES))]
    Completions(Completions),
    /// Print the manual as man pages
    #[command(after_help = format!("{}\n\n{EXIT_CODES}", man::EXAMPLES))]
    Man(Pages),
}

/// `plan`.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option that is given or not"
)]
#[derive(Debug, Group)]
pub(super) struct Plan {
    #[command(flatten)]
    pub(super) target: Target,
    /// Exit with 2 if there is something to do
    #[arg(long)]
    pub(super) detailed_exitcode: bool,
    /// Show the fields that stay as they are, too
    #[arg(long, conflicts_with = "json")]
    pub(super) verbose: bool,
    /// Also tell what is no change although the file and AWS differ, and by which rule;
    /// with `--verbose` down to what ECS tells of every revision
    #[arg(long, conflicts_with = "destroy")]
    pub(super) explain: bool,
    /// Plan what `destroy` would do
    #[arg(long)]
    pub(super) destroy: bool,
    /// Save the plan, without its secrets, for `amp-stack apply FILE`
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    #[command(flatten)]
    pub(super) wishes: Wishes,
    #[command(flatten)]
    pub(super) aim: Aim,
    #[command(flatten)]
    pub(super) telling: Telling,
}

/// `apply`.
#[derive(Debug, Group)]
pub(super) struct Apply {
    #[command(flatten)]
    pub(super) target: Target,
    #[command(flatten)]
    pub(super) wishes: Wishes,
    #[command(flatten)]
    pub(super) aim: Aim,
    #[command(flatten)]
    pub(super) doing: Doing,
    /// With a saved plan: where its stack file is now, to read secrets from (repeatable)
    #[arg(long, value_name = "STACK.toml")]
    pub(super) stack: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) telling: Telling,
}

/// What is to happen to resources besides what the stack file says.
#[derive(Clone, Debug, Default, Group)]
pub(super) struct Wishes {
    /// Take over this resource if it exists already and is no stack's (repeatable)
    #[arg(long, value_name = "ADDRESS")]
    pub(super) adopt: Vec<Place>,
    /// Build this resource anew; of a task definition, register a new revision (repeatable)
    #[arg(long, value_name = "ADDRESS")]
    pub(super) replace: Vec<Place>,
}

/// What the plan is narrowed to.
#[derive(Clone, Debug, Default, Group)]
pub(super) struct Aim {
    /// Plan only this resource and what it needs (repeatable; with several stacks STACK:ADDRESS)
    #[arg(long, value_name = "ADDRESS")]
    pub(super) target: Vec<Place>,
}

/// `destroy`.
#[derive(Debug, Group)]
pub(super) struct Destroy {
    #[command(flatten)]
    pub(super) target: Target,
    #[command(flatten)]
    pub(super) aim: Aim,
    #[command(flatten)]
    pub(super) doing: Doing,
    #[command(flatten)]
    pub(super) telling: Telling,
}

/// `try`.
#[derive(Debug, Group)]
pub(super) struct Try {
    /// The stack file [default: ./stack.toml, else the only file in ./stacks/]
    #[arg(value_name = "STACK.toml")]
    pub(super) file: Option<PathBuf>,
    #[command(flatten)]
    pub(super) variables: Variables,
    /// The region, where the stack file names none
    #[arg(long, value_name = "REGION")]
    pub(super) region: Option<String>,
}

/// `sandbox`.
#[derive(Debug, Group)]
pub(super) struct Serve {
    /// Where the account is kept [default: in memory, until it stops]
    #[arg(value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    /// The port on the loopback address; 0 takes any free one
    #[arg(long, value_name = "PORT", default_value_t = 4566)]
    pub(super) port: u16,
    /// The number of the account [default: 111122223333]
    #[arg(long, value_name = "ACCOUNT", value_parser = account)]
    pub(super) account: Option<String>,
    /// Misbehave as AWS does on a bad day, the same for the same seed
    #[arg(long, value_name = "SEED")]
    pub(super) chaos: Option<u64>,
}

/// Whether a sandbox stands in for AWS.
#[derive(Clone, Debug, Default, Group)]
pub(super) struct InSandbox {
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
#[derive(Clone, Debug, Default, Group)]
pub(super) struct Target {
    /// The stack files, one after another [default: ./stack.toml, else the only file in ./stacks/]
    #[arg(value_name = "STACK.toml")]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) variables: Variables,
    /// The region, where the stack file names none
    #[arg(long, value_name = "REGION")]
    pub(super) region: Option<String>,
    /// The profile of the shared AWS configuration
    #[arg(long, value_name = "PROFILE", conflicts_with = "sandbox")]
    pub(super) profile: Option<String>,
    #[command(flatten)]
    pub(super) sandbox: InSandbox,
}

/// The values of the variables of a stack file.
#[derive(Clone, Debug, Default, Group)]
pub(super) struct Variables {
    /// The value of a variable (repeatable; wins over files)
    #[arg(long, value_name = "NAME=VALUE", value_parser = assignment)]
    pub(super) var: Vec<(String, String)>,
    /// A TOML file of variables, `name = "value"` (repeatable; later files win)
    #[arg(long, value_name = "FILE")]
    pub(super) var_file: Vec<PathBuf>,
}

/// What `apply` and `destroy` have in common.
#[derive(Debug, Group)]
pub(super) struct Doing {
    /// Do not ask; this does not allow the loss of data
    #[arg(long, short)]
    pub(super) yes: bool,
    /// Allow this resource to be removed with the data in it (repeatable)
    #[arg(long, value_name = "ADDRESS")]
    pub(super) allow_data_loss: Vec<Place>,
    /// The most resources to work on at a time
    #[arg(long, value_name = "NUMBER", default_value_t = 8, value_parser = concurrency)]
    pub(super) concurrency: usize,
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        Some(_) | None => Err("write it as NAME=VALUE".to_owned()),
    }
}

fn account(text: &str) -> Result<String, String> {
    // IAM user guide, "View AWS account identifiers": a 12-digit number.
    if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(text.to_owned())
    } else {
        Err("an account is twelve digits".to_owned())
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
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Args::command().debug_assert();
    }

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

    #[test]
    fn a_stack_file_after_the_sandbox_is_a_stack_file() {
        let words = ["amp-stack", "plan", "--sandbox", "a.toml"];
        let Command::Plan(plan) = Args::try_parse_from(words).expect("well formed").command else {
            panic!("plan was typed");
        };
        assert_eq!(plan.target.files, [PathBuf::from("a.toml")]);
        assert_eq!(plan.target.sandbox.sandbox, Some(None));
        let words = ["amp-stack", "plan", "--sandbox=b.json"];
        let Command::Plan(plan) = Args::try_parse_from(words).expect("well formed").command else {
            panic!("plan was typed");
        };
        assert_eq!(
            plan.target.sandbox.sandbox,
            Some(Some(PathBuf::from("b.json")))
        );
    }

    #[test]
    fn a_sandbox_has_no_profile_and_no_account_of_letters() {
        for words in [
            &["amp-stack", "plan", "--sandbox", "--profile", "p"][..],
            &["amp-stack", "plan", "--sandbox-chaos", "7"],
            &["amp-stack", "sandbox", "--account", "12345678901x"],
        ] {
            Args::try_parse_from(words).expect_err("makes no sense");
        }
    }

    #[test]
    fn addresses_are_checked_while_they_are_read() {
        let words = ["amp-stack", "apply", "--adopt", "role.task"];
        let error = Args::try_parse_from(words).expect_err("no such table");
        assert!(error.to_string().contains("roles.NAME"), "{error}");
    }
}
