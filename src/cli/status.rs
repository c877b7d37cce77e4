//! `amp-stack status`: what runs of a stack, and what is left to do to it.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::{
    cli::{
        args::{AccountArgs, LoadArgs, StackArgs},
        candidates::toml_file,
        command_line::typed,
        console::Console,
        exit::Exit,
        failure::Failure,
        files,
        interrupt::{Interrupts, unless_interrupted},
        session::{self, Session},
    },
    plan::Plan,
    run::{self, PlanRequest},
    show::{plan::counts, status as shown, verify::Frame, words},
    verify::{self, FamilyStatus},
};

/// The examples in the help.
pub(super) const EXAMPLES: &str = "\
Examples:
  amp-stack status                        revisions, services, health, last samples, pending changes
  amp-stack status stacks/prod.toml --json | jq '.families[].users[]'";

/// `status`.
#[derive(Debug, Args)]
pub(super) struct Status {
    /// The stack file [default: ./stack.toml, else the only file in ./stacks/]
    #[arg(value_name = "STACK.toml", add = toml_file())]
    pub(super) file: Option<PathBuf>,
    /// Print a JSON object
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) load: LoadArgs,
    #[command(flatten)]
    pub(super) account: AccountArgs,
}

/// `amp-stack status`.
pub(super) async fn status(
    args: &Status,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    let path = files::one(args.file.as_deref(), Path::new("."))?;
    let stacks = StackArgs {
        files: vec![path],
        load: args.load.clone(),
        account: args.account.clone(),
    };
    let work = async {
        let Session {
            targets,
            sandbox,
            places: _,
        } = session::open(&stacks, console).await?;
        let request = PlanRequest {
            targets: &targets,
            destroy: false,
            explain: false,
        };
        let planned = run::plan_without_quotas(&request).await?.pop();
        let target = targets.into_iter().next().zip(planned);
        let (target, planned) =
            target.ok_or_else(|| Failure::internal("a session without a stack"))?;
        let subjects = verify::subjects(&target.stack, &planned.live);
        let standings = target.cloud.standings(&subjects).await;
        let families = subjects.iter().zip(&standings);
        let families: Vec<FamilyStatus> = families
            .map(|(subject, standing)| verify::status(subject, standing))
            .collect();
        Ok((target, sandbox, planned.plan, families))
    };
    let (target, sandbox, plan, families) = unless_interrupted(work, interrupts).await?;
    let frame = Frame {
        stack: target.stack.name.as_str(),
        identity: &target.stack.identity,
        access: target.stack.access.as_ref(),
        sandbox: sandbox.as_deref(),
        only: None,
    };
    if args.json {
        let plan = json!({"changes": plan.steps.len(), "decisions": plan.refusals.len()});
        console.print(&format!("{:#}\n", shown::json(&families, &plan, &frame)))?;
    } else {
        let left = left(&plan, &typed("plan", &[&target.path], &stacks));
        let style = console.out_style;
        console.print(&shown::render(&families, &left, &frame, style))?;
    }
    Ok(Exit::Done)
}

/// What is left to do, in a line.
fn left(plan: &Plan, command: &str) -> String {
    if plan.is_empty() {
        return "nothing to do: everything is as the stack file says".to_owned();
    }
    let mut what = vec![counts(&[plan])];
    if !plan.refusals.is_empty() {
        let decisions = words::count(plan.refusals.len(), "decision");
        what.push(format!("{decisions} to make"));
    }
    what.retain(|text| !text.is_empty());
    format!("{}; to see it, run: {command}", what.join(", "))
}
