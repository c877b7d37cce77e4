//! `amp-stack destroy`: removes everything that a stack owns, after asking.

use clap::Args;

use crate::cli::{
    args::{
        ApplyArgs, InUseArgs, JsonArgs, OverrideArgs, PreflightArgs, RetryArgs, RolloutArgs,
        StackArgs, TargetArgs,
    },
    console::Console,
    exit::Exit,
    failure::Failure,
    interrupt::Interrupts,
    invocation::Invocation,
};

/// How it can end.
pub(super) const EXITS: &[Exit] = &[Exit::Done, Exit::Error, Exit::HalfWay];

/// The examples in the help.
pub(super) const EXAMPLES: &str = "\
Examples:
  amp-stack destroy stacks/test.toml      show what would go, ask, and remove it
  amp-stack destroy stacks/test.toml --yes --accept workspace --accept log_groups.app";

/// `destroy`.
#[derive(Debug, Args)]
pub(super) struct Destroy {
    #[command(flatten)]
    pub(super) stacks: StackArgs,
    #[command(flatten)]
    pub(super) targets: TargetArgs,
    #[command(flatten)]
    pub(super) in_use: InUseArgs,
    #[command(flatten)]
    pub(super) applying: ApplyArgs,
    #[command(flatten)]
    pub(super) json: JsonArgs,
}

/// `amp-stack destroy`.
pub(super) async fn destroy(
    args: &Destroy,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    console.begin_events(args.json.json, "destroy")?;
    let invocation = Invocation {
        destroy: true,
        stacks: &args.stacks,
        overrides: &OverrideArgs::default(),
        targets: &args.targets,
        in_use: &args.in_use,
        retry: &RetryArgs::default(),
        preflight: PreflightArgs::default(),
    };
    invocation
        .execute(&args.applying, &RolloutArgs::default(), console, interrupts)
        .await
}
