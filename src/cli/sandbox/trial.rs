//! `amp-stack try`: the life of a stack, from the first plan to the last trace, in a sandbox that
//! is forgotten.

mod drawing;
mod running;
mod service;
mod stacks;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;

use crate::{
    aws::Aws,
    cli::{
        args::{
            AcceptArgs, AccountArgs, AllowArgs, ApplyArgs, CallerArgs, LoadArgs, RolloutArgs,
            SandboxArgs, StackArgs,
        },
        candidates::toml_file,
        command_line::typed,
        console::Console,
        execute::{self, ApplyRequest},
        exit::Exit,
        failure::Failure,
        files,
        interrupt::{Interrupts, unless_interrupted},
        planning::{self, View},
        sandbox::Wanted,
        session::{self, Session},
    },
    model::rate::Overrides,
    run::{self, PlanRequest, StackTarget},
    show::Paint,
    stack::Stack,
    verify::Subject,
};
use amp_stack_sandbox::connector::Clock;
use service::{Break, Scene};

/// The examples in the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  amp-stack try stacks/quickstart.toml    from the first plan to samples that arrive, and to the end
  amp-stack try --break collector-rights  see how `amp-stack verify` finds what somebody broke";

/// As many resources at a time as `apply` takes by itself.
const CONCURRENCY: usize = 8;

/// `try`.
#[derive(Debug, Args)]
pub(crate) struct Try {
    /// The stack file [default: ./stack.toml, else the only file in ./stacks/]
    #[arg(value_name = "STACK.toml", add = toml_file())]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) load: LoadArgs,
    /// Break this before the stack runs, to see how `verify` finds it
    #[arg(long, value_name = "WHAT", value_enum)]
    pub(crate) r#break: Option<Break>,
}

/// A stack on trial.
struct Trial<'a> {
    /// The stack as its file declares it.
    declared: Stack,
    /// The stack as long as nothing runs it.
    stack: Stack,
    /// The stack as it has to be before it can be destroyed.
    lifted: Stack,
    scene: Scene,
    /// What is broken before the stack runs.
    breaks: Option<Break>,
    cloud: Arc<Aws>,
    sandbox: &'a str,
    /// The stack file and the options that a user would type with every command.
    path: PathBuf,
    args: &'a StackArgs,
    acts: usize,
    act: usize,
}

/// How much a plan has to find to do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    Something,
    Nothing,
}

/// Plans, applies, plans again and destroys, and fails unless each ends as it should.
pub(crate) async fn run(
    args: &Try,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    let path = files::one(args.file.as_deref(), Path::new("."))?;
    let mut stack_args = StackArgs {
        files: args.file.clone().into_iter().collect(),
        load: args.load.clone(),
        account: AccountArgs {
            caller: CallerArgs {
                sandbox: SandboxArgs {
                    sandbox: Some(None),
                    ..SandboxArgs::default()
                },
                ..CallerArgs::default()
            },
            ..AccountArgs::default()
        },
    };
    let (clock, time) = Clock::system().adjustable();
    let wanted = Wanted::in_memory(clock);
    let paths = [path];
    let open = session::open_in(Some(&wanted), &paths, &stack_args, console);
    let Session { mut targets, .. } = unless_interrupted(open, interrupts).await?;
    let StackTarget {
        path, stack, cloud, ..
    } = targets.remove(0);
    // Whoever types what is printed has to allow what the file asks for.
    stack_args.account.allow = AllowArgs::of(&stack.access);
    let sandbox = wanted.opened.get().cloned();
    let scene = Scene {
        sandbox: sandbox.ok_or_else(|| Failure::internal("a session without its sandbox"))?,
        time,
        region: stack.identity.region.clone(),
    };
    let declared = stack;
    let stack = stacks::without_services(&declared);
    let lifted = stacks::lifted(&stack);
    let mut trial = Trial {
        acts: acts(&stack, lifted != stack, args.r#break),
        act: 0,
        scene,
        breaks: args.r#break,
        sandbox: &wanted.name(),
        path,
        args: &stack_args,
        declared,
        stack,
        lifted,
        cloud,
    };
    trial.play(console, interrupts).await?;
    console.eprint(
        "\nNothing was kept. The same commands with --sandbox keep a sandbox in a file; without it they use AWS.\n",
    )?;
    Ok(Exit::Done)
}

/// How many acts the trial of `stack` has.
fn acts(stack: &Stack, is_protected: bool, breaks: Option<Break>) -> usize {
    let runs = stack.resources.iter().any(|(address, declared)| {
        let want = declared.want.as_ref();
        want.is_some_and(|want| want.task_definition().is_some())
            && service::can_run(address, stack)
    });
    let of_services = match (runs, breaks) {
        (false, _) => 0,
        // It is started, verified and stopped, and broken before or rolled out and drawn between.
        (true, Some(_)) => 4,
        (true, None) => 5,
    };
    4 + of_services + usize::from(is_protected)
}

impl Trial<'_> {
    async fn play(
        &mut self,
        console: &mut Console,
        interrupts: &mut Interrupts,
    ) -> Result<(), Failure> {
        let stack = self.stack.clone();
        let apply = self.typed("apply", &["--yes".to_owned()]);

        let plan = self.typed("plan", &[]);
        self.begin("See what would be done", &plan, console)?;
        self.plan(Some(&apply), Left::Something, console, interrupts)
            .await?;

        self.begin("Do it", &apply, console)?;
        self.execute(&stack, false, true, console, interrupts)
            .await?;

        self.begin("See that nothing is left to do", &plan, console)?;
        self.plan(None, Left::Nothing, console, interrupts).await?;

        let subjects = self.subjects(interrupts).await?;
        let runs = |subject: &Subject| service::can_run(&subject.address, &self.stack);
        let (subjects, managed): (Vec<_>, Vec<_>) = subjects.into_iter().partition(runs);
        for subject in &managed {
            console.eprint(&format!(
                "\n{}: not run, because the sandbox has no Managed Instances\n",
                subject.address
            ))?;
        }
        if !subjects.is_empty() {
            self.run_services(&subjects, console, interrupts).await?;
        }

        if self.lifted != self.stack {
            let lifted = self.lifted.clone();
            self.begin("Give up what protects its data", &apply, console)?;
            console.print(&stacks::edits(&self.stack))?;
            self.execute(&lifted, false, false, console, interrupts)
                .await?;
        }

        let gone = self.lifted.clone().emptied();
        let mut allowed = vec!["--yes".to_owned()];
        for address in stacks::data(&self.stack) {
            allowed.push(format!("--accept {address}"));
        }
        let destroy = self.typed("destroy", &allowed);
        self.begin("Remove it, and its data", &destroy, console)?;
        self.execute(&gone, true, false, console, interrupts).await
    }

    /// Prints which act begins, and what somebody would type for it.
    fn begin(&mut self, title: &str, command: &str, console: &mut Console) -> Result<(), Failure> {
        self.act += 1;
        let gap = if self.act == 1 { "" } else { "\n" };
        let heading = format!("{} of {}: {title}", self.act, self.acts);
        let heading = console.out_style.paint(Paint::Title, &heading);
        console.print(&format!("{gap}{heading}\n$ {command}\n\n"))?;
        Ok(())
    }

    /// Plans the stack, and fails unless as much is left to do.
    async fn plan(
        &self,
        next: Option<&str>,
        left: Left,
        console: &mut Console,
        interrupts: &mut Interrupts,
    ) -> Result<(), Failure> {
        let targets = [self.target(&self.stack)];
        let request = plan_request(&targets, false);
        let view = View {
            sandbox: Some(self.sandbox),
            next,
            ..View::default()
        };
        let planned = planning::show(&request, view, console);
        let planned = unless_interrupted(planned, interrupts).await?.remove(0);
        if !planned.plan.refusals.is_empty() {
            return Err(
                Failure::before("the stack needs more than an empty account, which is all that `try` has")
                    .hint("to try it with what it needs, run `amp-stack sandbox FILE`, make that there with the AWS CLI, stop it, and apply with --sandbox=FILE"),
            );
        }
        match (left, planned.plan.is_empty()) {
            (Left::Something, false) | (Left::Nothing, true) => Ok(()),
            (Left::Something, true) => Err(Failure::before("the stack declares nothing")),
            (Left::Nothing, false) => Err(Failure::before(
                "the plan after a successful apply is not empty",
            )),
        }
    }

    /// Brings the account to `stack`, and fails unless a further plan finds nothing to do.
    /// `is_shown` says that the plan for that was shown in the act before.
    async fn execute(
        &self,
        stack: &Stack,
        destroy: bool,
        is_shown: bool,
        console: &mut Console,
        interrupts: &mut Interrupts,
    ) -> Result<(), Failure> {
        let applying = ApplyArgs {
            yes: true,
            accepting: AcceptArgs {
                accept: stacks::lost(&self.stack),
            },
            concurrency: CONCURRENCY,
        };
        let verb = if destroy { "destroy" } else { "apply" };
        let targets = [self.target(stack)];
        let request = ApplyRequest {
            plan: plan_request(&targets, destroy),
            sandbox: Some(self.sandbox),
            places: None,
            applying: &applying,
            rollouts: &RolloutArgs::default(),
            plan_command: self.typed("plan", &[]),
            apply_command: self.typed(verb, &[]),
            rates: Overrides::default(),
            is_shown,
        };
        let exit = execute::execute(&request, console, interrupts).await?;
        let targets = [self.target(&stacks::settled(stack))];
        let request = plan_request(&targets, destroy);
        let left = async { Ok(run::plan(&request).await?) };
        let left = unless_interrupted(left, interrupts).await?.remove(0);
        if exit != Exit::Done || !left.plan.is_empty() {
            // Half done as it may be, it was done to nothing that lasts.
            return Err(Failure::before(format!("{verb} did not get to its end")));
        }
        Ok(())
    }

    /// An empty account has nothing of what a stack names of others, and what of that matters to a
    /// call shows when it is made.
    fn target(&self, stack: &Stack) -> StackTarget<Aws> {
        StackTarget {
            path: self.path.clone(),
            stack: Stack {
                skips_preflight: true,
                ..stack.clone()
            },
            cloud: Arc::clone(&self.cloud),
            only: None,
            leave: BTreeSet::new(),
        }
    }

    fn typed(&self, verb: &str, more: &[String]) -> String {
        let mut words = vec![typed(verb, &[&self.path], self.args)];
        words.extend_from_slice(more);
        words.join(" ")
    }
}

fn plan_request<C>(targets: &[StackTarget<C>], destroy: bool) -> PlanRequest<'_, C> {
    PlanRequest {
        targets,
        destroy,
        explain: false,
    }
}
