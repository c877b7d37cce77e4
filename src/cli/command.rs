//! The command line: its commands, and what the help says of them.

use std::ffi::OsStr;

use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::{ArgValueCompleter, CompletionCandidate};

use crate::cli::{
    apply::{self, Apply},
    candidates::matching,
    completions::{self, Completions},
    console::Color,
    dashboard::{self, Dashboard},
    destroy::{self, Destroy},
    explain::{self, Explain},
    fmt::{self, Fmt},
    graph::{self, Graph},
    guide::{self, Guide},
    help::{ALL, SIMPLY, below},
    import::{self, Import},
    init::{self, Init},
    lsp::{self, Lsp},
    man::{self, Pages},
    metrics::{self, Metrics},
    output::{self, Outputs},
    permissions::{self, Permissions},
    plan::{self, Plan},
    sandbox::{
        serve::{self, Serve},
        trial::{self, Try},
    },
    schema::{self, Schema},
    show::{self, Show},
    skill::{self, Skill},
    status::{self, Status},
    validate::{self, Validate},
    verify::{self, Verify},
};

const ABOUT: &str = "\
Sends the metrics of your Amazon ECS applications to Amazon Managed Service for Prometheus.

One stack file declares the workspace, the IAM roles, the log groups and the task definitions with their \
OpenTelemetry sidecar. amp-stack compares it with what is in AWS, shows the difference, and makes it so. \
There is no state file: tags on the resources say which stack owns them.

Credentials, region, profiles, proxies and AWS_ENDPOINT_URL are found as every AWS tool finds them.";

const EXAMPLES: &str = "\
Examples:
  amp-stack validate                      check the stack file, without AWS
  amp-stack plan                          show what would change
  amp-stack apply                         show it, ask, and do it
  amp-stack plan stacks/prod.toml --var image_tag=1.4.2";

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "amp-stack", version, about = first_line(ABOUT), long_about = ABOUT, after_help = below(EXAMPLES, ALL))]
pub(super) struct Args {
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,
    /// When to use colours: auto (on terminals), always or never; the variable `NO_COLOR` is
    /// honoured
    #[arg(
        long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN",
        hide_possible_values = true,
    )]
    pub(super) color: Color,
    /// Write what is asked of AWS to standard error, call by call; the variable `AMP_STACK_LOG`
    /// chooses more exactly
    #[arg(long, global = true)]
    pub(super) debug: bool,
}

/// The subcommands, in the order in which one meets them.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Write a stack file for one application, asking what it needs to know
    #[command(after_help = below(init::EXAMPLES, SIMPLY))]
    Init(Init),
    /// Write a stack file of what exists in the account; AWS is only read
    #[command(after_help = below(import::EXAMPLES, SIMPLY))]
    Import(Import),
    /// Check stack files, without credentials and without a network
    #[command(after_help = below(validate::EXAMPLES, SIMPLY))]
    Validate(Validate),
    /// Format stack files: spaces, line breaks and quotes, keeping every comment and all order
    #[command(after_help = below(fmt::EXAMPLES, SIMPLY))]
    Fmt(Fmt),
    /// Show what `apply` would do, without doing it
    #[command(after_help = below(plan::EXAMPLES, plan::EXITS))]
    Plan(Plan),
    /// Show what would change, ask, and do it
    #[command(after_help = below(apply::EXAMPLES, apply::EXITS))]
    Apply(Apply),
    /// Print a plan that was saved with `plan --out`
    #[command(after_help = below(show::EXAMPLES, SIMPLY))]
    Show(Show),
    /// Remove everything that the stack owns, after asking
    #[command(after_help = below(destroy::EXAMPLES, destroy::EXITS))]
    Destroy(Destroy),
    /// Show what runs of the stack, how it is, and what is left to do; AWS is only read
    #[command(after_help = below(status::EXAMPLES, SIMPLY))]
    Status(Status),
    /// Prove that samples of every running task arrive, or say why not; AWS is only read
    #[command(after_help = below(verify::EXAMPLES, verify::EXITS))]
    Verify(Verify),
    /// Print outputs, ARNs, ids and URLs of the deployed stack, for scripts
    #[command(after_help = below(output::EXAMPLES, SIMPLY))]
    Output(Outputs),
    /// Show which series will arrive, under which names and labels, and their price, without AWS
    #[command(after_help = below(metrics::EXAMPLES, SIMPLY))]
    Metrics(Metrics),
    /// Make a Grafana dashboard of these series, and send it to Grafana if asked to
    #[command(after_help = below(dashboard::EXAMPLES, SIMPLY))]
    Dashboard(Dashboard),
    /// Draw the resources of a stack file and their references, without AWS
    #[command(after_help = below(graph::EXAMPLES, SIMPLY))]
    Graph(Graph),
    /// Print the least permissions that a stack takes, as an IAM policy, without AWS
    #[command(after_help = below(permissions::EXAMPLES, SIMPLY), long_about = permissions::ABOUT)]
    Permissions(Permissions),
    /// Say which rule is behind a code and what breaks it, or what a field of the stack file is for
    #[command(after_help = below(explain::EXAMPLES, SIMPLY))]
    Explain(Explain),
    /// Read the user guide
    #[command(after_help = below(guide::EXAMPLES, SIMPLY))]
    Guide(Guide),
    /// Print the JSON Schema of stack files, with which editors complete and check them
    #[command(after_help = below(schema::EXAMPLES, SIMPLY), long_about = schema::ABOUT)]
    Schema(Schema),
    /// Serve editors: mistakes while typing, completion, documentation, formatting and fixes
    #[command(after_help = below(lsp::EXAMPLES, SIMPLY))]
    Lsp(Lsp),
    /// Print what an agent has to know to work with amp-stack, as a SKILL.md
    #[command(after_help = below(skill::EXAMPLES, SIMPLY))]
    Skill(Skill),
    /// Run a stack through plan, apply, verify and destroy in a throwaway sandbox, without AWS
    #[command(after_help = below(trial::EXAMPLES, SIMPLY))]
    Try(Try),
    /// Serve a sandbox to other AWS tools, on this machine only
    #[command(after_help = below(serve::EXAMPLES, SIMPLY), long_about = serve::ABOUT)]
    Sandbox(Serve),
    /// Print a script that completes commands, values and addresses in a shell
    #[command(after_help = below(completions::EXAMPLES, SIMPLY))]
    Completions(Completions),
    /// Print the manual as man pages
    #[command(
        after_help = below(man::EXAMPLES, SIMPLY),
        mut_arg("command", |arg| arg.add(ArgValueCompleter::new(commands)))
    )]
    Man(Pages),
}

/// The commands that begin with `current`.
fn commands(current: &OsStr) -> Vec<CompletionCandidate> {
    let program = Args::command();
    let commands = program.get_subcommands().map(|command| {
        let about = command.get_about().map(ToString::to_string);
        (command.get_name().to_owned(), about)
    });
    matching(current, commands)
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Args::command().debug_assert();
    }

    #[test]
    fn a_stack_file_after_the_sandbox_is_a_stack_file() {
        let words = ["amp-stack", "plan", "--sandbox", "a.toml"];
        let Command::Plan(plan) = Args::try_parse_from(words).expect("well formed").command else {
            panic!("plan was typed");
        };
        assert_eq!(plan.stacks.files, [PathBuf::from("a.toml")]);
        assert_eq!(plan.stacks.account.caller.sandbox.sandbox, Some(None));
        let words = ["amp-stack", "plan", "--sandbox=b.json"];
        let Command::Plan(plan) = Args::try_parse_from(words).expect("well formed").command else {
            panic!("plan was typed");
        };
        assert_eq!(
            plan.stacks.account.caller.sandbox.sandbox,
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
