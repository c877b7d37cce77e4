//! `amp-stack show`: a saved plan, as it was shown when it was made.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

use clap::Args;

use crate::{
    cli::{
        console::Console,
        exit::Exit,
        failure::Failure,
        planning::{self, Format, View},
        saved::PlanFile,
    },
    run::{self, PlanRequest, StackTarget},
    saved::{Saved, SavedStack},
    show::words,
};

/// The examples in the help.
pub(super) const EXAMPLES: &str = "\
Examples:
  amp-stack show plan.json                the plan that `amp-stack plan --out plan.json` saved
  amp-stack show plan.json --verbose      with the fields that stay as they are
  amp-stack show plan.json --format markdown
                                          for the summary of a job";

/// `show`.
#[derive(Debug, Args)]
pub(super) struct Show {
    /// The file that the plan was saved in
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// Show the fields that stay as they are, too
    #[arg(long)]
    pub(super) verbose: bool,
    /// How the plan is printed
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub(super) format: Format,
}

/// `amp-stack show`.
pub(super) fn show(args: &Show, console: &mut Console) -> Result<Exit, Failure> {
    let file = PlanFile::read(&args.file)?;
    let saved = file.parse()?;
    let targets: Vec<StackTarget<()>> = saved.stacks.iter().map(target).collect();
    let request = PlanRequest {
        targets: &targets,
        destroy: saved.destroy,
        explain: false,
    };
    let live = saved.stacks.iter().map(|saved| saved.live.clone());
    let planned = run::decide(&request, live.collect());
    let view = View {
        sandbox: saved.sandbox.as_deref(),
        verbose: args.verbose,
        format: args.format,
        next: Some(&file.apply_command_line(&saved)),
        rates: None,
        places: None,
    };
    planning::print(&request, view, &planned, console)?;
    console.eprint(&origin(&saved, console.err_style.width))?;
    Ok(Exit::Done)
}

/// The stack, without a connection to anywhere.
fn target(saved: &SavedStack) -> StackTarget<()> {
    StackTarget {
        path: saved.file.clone(),
        stack: saved.stack.clone(),
        cloud: Arc::new(()),
        only: saved.only.clone(),
        leave: BTreeSet::new(),
    }
}

/// Where the plan comes from.
fn origin(saved: &Saved, width: usize) -> String {
    let files = saved.stacks.iter();
    let files: Vec<String> = files.map(|s| s.file.display().to_string()).collect();
    let mut text = format!("A saved plan for {}", words::list(&files));
    let given = saved.variables.given.iter();
    let given = given.map(|(name, value)| format!("{name}={value}"));
    let secret = saved.variables.secret.iter();
    let given: Vec<String> = given
        .chain(secret.map(|name| format!("{name}=(hidden)")))
        .collect();
    if !given.is_empty() {
        text = format!("{text} with {}", words::list(&given));
    }
    words::wrap("\n", &text, width)
}
