//! `amp-stack plan`: what would be done, without doing it.

use std::{collections::BTreeMap, path::PathBuf};

use clap::Args;

use crate::{
    aws::Aws,
    cli::{
        args::{
            InUseArgs, JsonArgs, OverrideArgs, PreflightArgs, RetryArgs, StackArgs, TargetArgs,
        },
        consent,
        console::Console,
        execute,
        exit::Exit,
        failure::Failure,
        interrupt::{Interrupts, unless_interrupted},
        invocation::Invocation,
        place::{self, Place},
        planning::{self, Format, View},
        saved,
        session::Session,
    },
    model::permission::Purpose,
    permissions::permissions,
    plan::acceptance::Acceptance,
    run::{self, Losses, PlanRequest, Planned, StackTarget},
    show::{permissions as shown, words},
    stack::Stack,
};

/// How it can end.
pub(super) const EXITS: &[Exit] = &[Exit::Done, Exit::Error, Exit::Changes];

/// The examples in the help.
pub(super) const EXAMPLES: &str = "\
Examples:
  amp-stack plan                          plan ./stack.toml, or the only file in ./stacks/
  amp-stack plan stacks/prod.toml --var-file prod.toml
  amp-stack plan --detailed-exitcode      for scripts: exit with 2 if there is something to do
  amp-stack plan --out plan.json          save it, to apply exactly this later
  amp-stack plan --out plan.json --accept log_groups.app
                                          and accept in it that data of this log group is lost
  amp-stack plan --explain                also say what is no change, and why
  amp-stack plan --destroy                show what `amp-stack destroy` would remove
  amp-stack plan stacks/a.toml stacks/b.toml
                                          plan both against one reading of the account
  amp-stack plan --target roles.task      only this role and what it needs
  amp-stack plan --check-permissions      also ask IAM whether the caller may do all this
  amp-stack plan --format markdown        for a comment on a pull request
  amp-stack plan --json                   for programs: one event per line on standard output";

/// `plan`.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option that is given or not"
)]
#[derive(Debug, Args)]
pub(super) struct Plan {
    #[command(flatten)]
    pub(super) stacks: StackArgs,
    /// Exit with 2 if there is something to do
    #[arg(long)]
    pub(super) detailed_exitcode: bool,
    /// Show the fields that stay as they are, too
    #[arg(long, conflicts_with = "json")]
    pub(super) verbose: bool,
    /// Also print what is not a change although the file and AWS differ, and by which rule;
    /// with `--verbose` down to what ECS reports of every revision
    #[arg(long, conflicts_with = "destroy")]
    pub(super) explain: bool,
    /// Plan what `destroy` would do
    #[arg(long)]
    pub(super) destroy: bool,
    /// Save the plan, without its secrets, for `amp-stack apply FILE`
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// With `--out`: accept that data of this resource is lost, or that `instance_profiles.NAME` is
    /// edited, by this plan and no other (repeatable; with several stacks STACK:ADDRESS)
    #[arg(long, value_name = "ADDRESS", requires = "out")]
    pub(super) accept: Vec<Place<Acceptance>>,
    #[command(flatten)]
    pub(super) overrides: OverrideArgs,
    #[command(flatten)]
    pub(super) targets: TargetArgs,
    #[command(flatten)]
    pub(super) in_use: InUseArgs,
    #[command(flatten)]
    pub(super) preflight: PreflightArgs,
    /// Ask IAM whether the caller has what carrying out the plan takes; exit with 1 if not
    #[arg(long)]
    pub(super) check_permissions: bool,
    /// How the plan is printed
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT", conflicts_with = "json")]
    pub(super) format: Format,
    #[command(flatten)]
    pub(super) retry: RetryArgs,
    #[command(flatten)]
    pub(super) json: JsonArgs,
}

/// `amp-stack plan`.
pub(super) async fn plan(
    args: &Plan,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    console.begin_events(args.json.json, "plan")?;
    let out = args.out.as_deref();
    out.map_or(Ok(()), saved::ensure_writable)?;
    let work = async {
        let invocation = Invocation {
            destroy: args.destroy,
            stacks: &args.stacks,
            overrides: &args.overrides,
            targets: &args.targets,
            in_use: &args.in_use,
            retry: &args.retry,
            preflight: args.preflight,
        };
        let Session {
            targets,
            sandbox,
            places,
        } = invocation.open(console).await?;
        let next = out.map_or_else(
            || invocation.apply_command_line(&targets),
            |out| saved::apply_command_line(out, &args.stacks),
        );
        let request = PlanRequest {
            targets: &targets,
            destroy: args.destroy,
            explain: args.explain,
        };
        let rates = args.stacks.account.caller.calls.rates();
        let view = View {
            sandbox: sandbox.as_deref(),
            verbose: args.verbose,
            format: args.format,
            next: Some(&next),
            rates: Some(&rates),
            places: Some(&places),
        };
        let planned = planning::show(&request, view, console).await?;
        if args.check_permissions {
            check_permissions(args, &targets, console).await?;
        }
        ensure_decided(&planned, out.is_some())?;
        if let Some(out) = out {
            let (accepted, open) = accepted(&args.accept, &request, &planned)?;
            let variables = &args.stacks.load.variables;
            saved::write(out, &request, view.sandbox, &planned, variables, &accepted)?;
            if !console.prints_json() {
                console.eprint(&format!("\nThe plan is saved in {}\n{open}", out.display()))?;
            }
        }
        Ok(planned)
    };
    let planned = unless_interrupted(work, interrupts).await?;
    let is_empty = planned.iter().all(|planned| planned.plan.is_empty());
    if args.detailed_exitcode && !is_empty {
        return Ok(Exit::Changes);
    }
    Ok(Exit::Done)
}

/// Prints what the caller has and lacks of the permissions that the stacks take, and fails if it
/// lacks any. What nobody can see is no reason to fail.
async fn check_permissions(
    args: &Plan,
    targets: &[StackTarget<Aws>],
    console: &mut Console,
) -> Result<(), Failure> {
    let purpose = if args.destroy {
        Purpose::Destroy
    } else {
        Purpose::Apply
    };
    let mut lacking = 0;
    for target in targets {
        let needed = permissions(&target.stack, purpose);
        let checked = target.cloud.check_permissions(&needed).await?;
        lacking += checked.denied();
        let name = target.stack.name.as_str();
        // Plans for programs and for comments have standard output to themselves.
        if args.format == Format::Text && !console.prints_json() {
            let style = console.out_style;
            console.print(&format!("\n{}", shown::checked(&checked, name, style)))?;
        } else {
            console.eprint(&shown::checked(&checked, name, console.err_style))?;
        }
    }
    if lacking == 0 {
        return Ok(());
    }
    let permissions = words::count(lacking, "permission");
    Err(Failure::before(format!(
        "the caller lacks {permissions} that the plan takes"
    ))
    .hint("`amp-stack permissions` prints a policy that has them all"))
}

/// What of the plans' losses `places` accept, and what to say of the others. What a plan does not
/// lose can't be accepted in advance.
fn accepted<C>(
    places: &[Place<Acceptance>],
    request: &PlanRequest<'_, C>,
    planned: &[Planned],
) -> Result<(Losses, String), Failure> {
    let stacks: Vec<&Stack> = request.targets.iter().map(|t| &t.stack).collect();
    place::check("--accept", places, &stacks)?;
    let losses = execute::places(request, &run::losses(planned));
    let (accepted, open): (BTreeMap<_, _>, BTreeMap<_, _>) = losses
        .into_iter()
        .partition(|(place, _)| places.contains(place));
    let says = if open.is_empty() {
        String::new()
    } else {
        let options = consent::options(open.keys());
        format!("Whoever applies it without being asked has to give {options}\n")
    };
    Ok((accepted.into_values().flatten().collect(), says))
}

/// Fails if somebody has to decide something first: a check of a pull request must not pass for a
/// plan that nobody can carry out. The plan, with what has to be decided, has been shown.
fn ensure_decided(planned: &[Planned], to_save: bool) -> Result<(), Failure> {
    let refusals = planned.iter().map(|planned| planned.plan.refusals.len());
    let refusals: usize = refusals.sum();
    if refusals == 0 {
        return Ok(());
    }
    let decisions = words::count(refusals, "decision");
    let what = if to_save {
        "was not saved"
    } else {
        "cannot be carried out"
    };
    Err(Failure::before(format!(
        "the plan {what}: {decisions} needed first"
    )))
}
