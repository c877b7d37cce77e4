//! `amp-stack metrics`: which series will arrive of a stack's tasks, and what they cost.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::{
    cli::{
        args::LoadArgs, candidates::toml_file, console::Console, exit::Exit, failure::Failure,
        files, session::StackFile,
    },
    series::{self, price},
    show::metrics::{self as shown, Assumed},
    stack::Stack,
};

/// The examples in the help.
pub(super) const EXAMPLES: &str = "\
Examples:
  amp-stack metrics                       names, labels, how many, and the price, without AWS
  amp-stack metrics stacks/prod.toml --tasks 20 --application-series 400
  amp-stack metrics --json | jq -r '.families[].collector.groups[].series[].name'";

/// `metrics`.
#[derive(Debug, Args)]
pub(super) struct Metrics {
    /// The stack file [default: ./stack.toml, else the only file in ./stacks/]
    #[arg(value_name = "STACK.toml", add = toml_file())]
    pub(super) file: Option<PathBuf>,
    /// Print a JSON object
    #[arg(long)]
    pub(super) json: bool,
    /// How many tasks of each task definition the price is for
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u64).range(..=1_000_000))]
    pub(super) tasks: u64,
    /// How many series the application in each task is assumed to send
    #[arg(long, value_name = "NUMBER", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=100_000_000))]
    pub(super) application_series: u64,
    #[command(flatten)]
    pub(super) load: LoadArgs,
}

/// `amp-stack metrics`.
pub(super) fn metrics(args: &Metrics, console: &mut Console) -> Result<Exit, Failure> {
    let path = files::one(args.file.as_deref(), Path::new("."))?;
    let source = files::read(&path)?;
    let file = StackFile::parse(&source, &args.load.variables)?;
    let stack = file.check(args.load.region.as_deref(), console)?;
    let families = series::forecast(&stack);
    let assumed = Assumed {
        tasks: args.tasks,
        application_series: args.application_series,
        retention_days: retention_days(&stack),
    };
    let name = stack.name.as_str();
    let text = if args.json {
        format!("{:#}\n", shown::json(name, &families, &assumed))
    } else {
        shown::render(name, &families, &assumed, console.out_style)
    };
    console.print(&text)?;
    Ok(Exit::Done)
}

/// How long the workspace of the stack keeps samples.
fn retention_days(stack: &Stack) -> u32 {
    let mut wanted = stack.resources.values().filter_map(|one| one.want.as_ref());
    let declared = wanted.find_map(|want| want.workspace()?.configuration.retention_days);
    declared.unwrap_or(price::RETENTION_DAYS)
}
