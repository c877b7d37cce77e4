//! What was typed of the stacks, and of what to do to them.

use std::path::Path;

use crate::{
    cli::{
        args::{
            ApplyArgs, InUseArgs, OverrideArgs, PreflightArgs, RetryArgs, RolloutArgs, StackArgs,
            TargetArgs,
        },
        command_line::typed,
        consent,
        console::Console,
        execute::{self, ApplyRequest},
        exit::Exit,
        failure::Failure,
        files,
        interrupt::{Interrupts, unless_interrupted},
        place, planning,
        session::{self, Session},
    },
    run::{PlanRequest, StackTarget},
    stack::Stack,
};

/// What was typed of the stacks, and of what to do to them.
pub(super) struct Invocation<'a> {
    pub(super) destroy: bool,
    pub(super) stacks: &'a StackArgs,
    pub(super) overrides: &'a OverrideArgs,
    pub(super) targets: &'a TargetArgs,
    pub(super) in_use: &'a InUseArgs,
    pub(super) retry: &'a RetryArgs,
    pub(super) preflight: PreflightArgs,
}

impl Invocation<'_> {
    /// The stacks that are meant, in the order in which they are planned: what is built in one
    /// order is removed in the other.
    pub(super) async fn open(&self, console: &mut Console) -> Result<Session, Failure> {
        let mut session = session::open(self.stacks, console).await?;
        let targets = &mut session.targets;
        if self.destroy {
            targets.reverse();
        }
        planning::apply_overrides(targets, self.overrides)?;
        planning::narrow(targets, &self.targets.target)?;
        planning::force(targets, &self.in_use.force_in_use)?;
        planning::retry(targets, &self.retry.retry)?;
        for target in targets {
            target.stack.skips_preflight = self.preflight.no_preflight;
        }
        Ok(session)
    }

    /// Plans, shows, asks, and does it.
    pub(super) async fn execute(
        &self,
        applying: &ApplyArgs,
        rollouts: &RolloutArgs,
        console: &mut Console,
        interrupts: &mut Interrupts,
    ) -> Result<Exit, Failure> {
        // Of two mistakes, the name of a file that is not there is the one to hear of first.
        for path in &self.stacks.files {
            files::read(path)?;
        }
        consent::ensure_possible(applying, self.destroy, console)?;
        let open = self.open(console);
        let Session {
            targets,
            sandbox,
            places,
        } = unless_interrupted(open, interrupts).await?;
        let stacks: Vec<&Stack> = targets.iter().map(|target| &target.stack).collect();
        place::check("--accept", &applying.accepting.accept, &stacks)?;
        let request = ApplyRequest {
            plan: PlanRequest {
                targets: &targets,
                destroy: self.destroy,
                explain: false,
            },
            sandbox: sandbox.as_deref(),
            places: Some(&places),
            applying,
            rollouts,
            plan_command: self.plan_command_line(&targets),
            apply_command: self.apply_command_line(&targets),
            rates: self.stacks.account.caller.calls.rates(),
            is_shown: false,
        };
        execute::execute(&request, console, interrupts).await
    }

    /// The command that shows what is left.
    fn plan_command_line<C>(&self, targets: &[StackTarget<C>]) -> String {
        let destroy = if self.destroy { " --destroy" } else { "" };
        format!("{}{destroy}", self.typed("plan", targets))
    }

    /// The command that carries the plan out.
    pub(super) fn apply_command_line<C>(&self, targets: &[StackTarget<C>]) -> String {
        self.typed(if self.destroy { "destroy" } else { "apply" }, targets)
    }

    fn typed<C>(&self, verb: &str, targets: &[StackTarget<C>]) -> String {
        let mut paths: Vec<&Path> = targets.iter().map(|target| target.path.as_path()).collect();
        if self.destroy {
            paths.reverse();
        }
        let mut words = vec![typed(verb, &paths, self.stacks)];
        for (option, places) in [
            ("--adopt", &self.overrides.adopt),
            ("--replace", &self.overrides.replace),
            ("--target", &self.targets.target),
            ("--force-in-use", &self.in_use.force_in_use),
            ("--retry", &self.retry.retry),
        ] {
            words.extend(places.iter().map(|place| format!("{option} {place}")));
        }
        if self.overrides.new_defaults {
            words.push("--new-defaults".to_owned());
        }
        if self.preflight.no_preflight {
            words.push("--no-preflight".to_owned());
        }
        words.join(" ")
    }
}
