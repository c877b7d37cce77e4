//! `amp-stack apply`: shows what has to be done, asks, and does it.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use crate::{
    aws::Aws,
    cli::{
        args::{
            ApplyArgs, InUseArgs, JsonArgs, OverrideArgs, PreflightArgs, RetryArgs, RolloutArgs,
            StackArgs, TargetArgs,
        },
        candidates::toml_file,
        command_line::typed,
        console::Console,
        exit::Exit,
        failure::Failure,
        interrupt::{Interrupts, unless_interrupted},
        invocation::Invocation,
        planning,
        saved::{self, SavedApply},
        session::{self, Session},
        verify::{self, VerifyRequest},
    },
    run::StackTarget,
};

/// How it can end.
pub(super) const EXITS: &[Exit] = &[
    Exit::Done,
    Exit::Error,
    Exit::HalfWay,
    Exit::NotProven,
    Exit::Disproven,
    Exit::AwaitsDecision,
];

/// The examples in the help.
pub(super) const EXAMPLES: &str = "\
Examples:
  amp-stack apply                         show the plan, ask, and do it
  amp-stack apply --yes                   do it without asking, as in a pipeline
  amp-stack apply plan.json               make the calls of a saved plan, without asking, or none
  amp-stack apply --adopt roles.task      take over a role that exists already
  amp-stack apply --yes --accept log_groups.app
  amp-stack apply --replace task_definitions.checkout
                                          register a new revision although nothing has changed
  amp-stack apply --yes --verify=10m      and then wait until samples of every task arrive
  amp-stack apply --yes --json > run.jsonl
                                          for programs: what was called, with request ids";

/// `apply`.
#[derive(Debug, Args)]
pub(super) struct Apply {
    #[command(flatten)]
    pub(super) stacks: StackArgs,
    #[command(flatten)]
    pub(super) overrides: OverrideArgs,
    #[command(flatten)]
    pub(super) targets: TargetArgs,
    #[command(flatten)]
    pub(super) in_use: InUseArgs,
    #[command(flatten)]
    pub(super) preflight: PreflightArgs,
    #[command(flatten)]
    pub(super) retry: RetryArgs,
    #[command(flatten)]
    pub(super) applying: ApplyArgs,
    #[command(flatten)]
    pub(super) rollouts: RolloutArgs,
    /// With a saved plan: where its stack file is now, to read secrets from (repeatable)
    #[arg(long, value_name = "STACK.toml", add = toml_file())]
    pub(super) stack: Vec<PathBuf>,
    /// Afterwards prove that samples arrive, as `amp-stack verify --wait TIME` does; with --target,
    /// of the task definitions among the targets [default TIME: 5m]
    #[arg(
        long,
        value_name = "TIME",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "5m",
        value_parser = verify::wait
    )]
    pub(super) verify: Option<Duration>,
    #[command(flatten)]
    pub(super) json: JsonArgs,
}

/// `amp-stack apply`.
pub(super) async fn apply(
    args: &Apply,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    console.begin_events(args.json.json, "apply")?;
    if let Some(file) = saved::named(&args.stacks.files) {
        refuse_options(args)?;
        let apply = SavedApply {
            stacks: &args.stacks,
            applying: &args.applying,
            rollouts: &args.rollouts,
            stack_files: &args.stack,
            verify: args.verify,
        };
        return saved::apply(&file, &apply, console, interrupts).await;
    }
    let invocation = Invocation {
        destroy: false,
        stacks: &args.stacks,
        overrides: &args.overrides,
        targets: &args.targets,
        in_use: &args.in_use,
        retry: &args.retry,
        preflight: args.preflight,
    };
    let exit = invocation
        .execute(&args.applying, &args.rollouts, console, interrupts)
        .await?;
    match args.verify {
        Some(wait) if exit == Exit::Done => verify(args, wait, console, interrupts).await,
        Some(_) | None => Ok(exit),
    }
}

/// Looks at what was applied: at the stacks as their files have them, without what was asked for
/// once, such as a replacement.
async fn verify(
    args: &Apply,
    wait: Duration,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    let open = session::open(&args.stacks, console);
    let Session {
        mut targets,
        sandbox,
        places: _,
    } = unless_interrupted(open, interrupts).await?;
    planning::narrow(&mut targets, &args.targets.target)?;
    // What was not looked for before is not looked for afterwards.
    for target in &mut targets {
        target.stack.skips_preflight = args.preflight.no_preflight;
    }
    targets.retain(|target| target.only.as_ref().is_none_or(|only| !only.is_empty()));
    let plan_command = |target: &StackTarget<Aws>| {
        let only = target.only.iter().flatten();
        let mut words = vec![typed("plan", &[&target.path], &args.stacks)];
        words.extend(only.map(|address| format!("--target {address}")));
        words.extend(
            args.preflight
                .no_preflight
                .then(|| "--no-preflight".to_owned()),
        );
        words.join(" ")
    };
    let request = VerifyRequest {
        plan_commands: targets.iter().map(plan_command).collect(),
        targets: &targets,
        sandbox: sandbox.as_deref(),
        wait,
    };
    verify::verify_applied(&request, console, interrupts).await
}

/// What a saved plan does is in its file, and nothing can be added to it.
fn refuse_options(args: &Apply) -> Result<(), Failure> {
    let options = [
        ("--adopt", args.overrides.adopt.is_empty()),
        ("--replace", args.overrides.replace.is_empty()),
        ("--new-defaults", !args.overrides.new_defaults),
        ("--target", args.targets.target.is_empty()),
        ("--force-in-use", args.in_use.force_in_use.is_empty()),
        ("--retry", args.retry.retry.is_empty()),
        ("--no-preflight", !args.preflight.no_preflight),
    ];
    match options.into_iter().find(|(_, is_empty)| !is_empty) {
        None => Ok(()),
        Some((option, _)) => Err(Failure::before(format!(
            "{option} is not for a saved plan, which says all that is to happen"
        ))
        .hint(format!(
            "give it when the plan is made: amp-stack plan {option} ... --out FILE"
        ))),
    }
}
