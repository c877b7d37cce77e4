//! `amp-stack apply FILE` for a saved plan: makes its calls, or what is left of them, or none.

mod keep;
mod reach;
mod secrets;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use thiserror::Error;

pub(super) use keep::{ensure_writable, write};

use crate::{
    aws::Aws,
    cli::{
        args::{
            AcceptArgs, AccountArgs, AllowArgs, ApplyArgs, Assignment, CallerArgs, LoadArgs,
            RolloutArgs, SandboxArgs, StackArgs, VariableArgs,
        },
        command_line::typed,
        console::Console,
        execute::{self, ApplyRequest},
        exit::Exit,
        failure::Failure,
        files,
        interrupt::{Interrupts, unless_interrupted},
        place::Place,
        planning::{self, View},
        verify::{self, VerifyRequest},
    },
    run::{
        self, Planned, StackTarget,
        resume::{self, Resumed},
    },
    saved::{self, Moved, PlanFileError, Saved},
    show::{moved, words},
};

/// A file that is, or is said to be, a saved plan.
pub(super) struct PlanFile {
    path: PathBuf,
    text: String,
}

/// The file can't be used.
#[derive(Debug, Error)]
#[error("cannot use {} as a saved plan", path.display())]
struct Unusable {
    path: PathBuf,
    source: PlanFileError,
}

/// A plan of which the file says no more than that, and what the plan of now would do.
struct Ready {
    saved: Saved,
    targets: Vec<StackTarget<Aws>>,
    planned: Vec<Planned>,
}

/// The plan file that is meant, if `files` name one.
pub(super) fn named(files: &[PathBuf]) -> Option<PlanFile> {
    let [path] = files else {
        return None;
    };
    // What can't be read is reported by whoever takes it for a stack file.
    let file = PlanFile::read(path).ok()?;
    saved::is_plan(&file.text).then_some(file)
}

/// The command that carries out the plan in `file`, which was made for `stacks`.
pub(super) fn apply_command_line(file: &Path, stacks: &StackArgs) -> String {
    let stacks = StackArgs {
        load: LoadArgs::default(),
        ..stacks.clone()
    };
    typed("apply", &[file], &stacks)
}

/// What was typed to apply a saved plan.
pub(super) struct SavedApply<'a> {
    pub(super) stacks: &'a StackArgs,
    pub(super) applying: &'a ApplyArgs,
    pub(super) rollouts: &'a RolloutArgs,
    /// Where the stack files are now.
    pub(super) stack_files: &'a [PathBuf],
    /// For how long to look afterwards whether samples arrive, if at all.
    pub(super) verify: Option<Duration>,
}

/// `amp-stack apply FILE`.
pub(super) async fn apply(
    file: &PlanFile,
    args: &SavedApply<'_>,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    let saved = file.parse()?;
    if saved.destroy && args.verify.is_some() {
        return Err(Failure::before(
            "--verify is not for a plan that destroys: nothing is left that could send samples",
        ));
    }
    let ready = unless_interrupted(get_ready(saved, args, console), interrupts).await?;
    let applying = agreed(&ready, args.applying, console);
    let Ready {
        saved,
        targets,
        planned,
    } = ready;
    let request = ApplyRequest {
        plan: resume::request(&saved, &targets),
        sandbox: saved.sandbox.as_deref(),
        places: None,
        applying: &applying,
        rollouts: args.rollouts,
        plan_command: plan_command_line(&saved, args.stacks),
        apply_command: apply_command_line(&file.path, args.stacks),
        rates: args.stacks.account.caller.calls.rates(),
        is_shown: false,
    };
    let exit = execute::execute_planned(&request, planned, console, interrupts).await?;
    let Some(wait) = args.verify.filter(|_| exit == Exit::Done) else {
        return Ok(exit);
    };
    let verify = VerifyRequest {
        plan_commands: vec![request.plan_command.clone(); targets.len()],
        targets: &targets,
        sandbox: saved.sandbox.as_deref(),
        wait,
    };
    verify::verify_applied(&verify, console, interrupts).await
}

/// Reads AWS, compares it with what it was when the plan was made, and shows what would be done.
async fn get_ready(
    mut saved: Saved,
    args: &SavedApply<'_>,
    console: &mut Console,
) -> Result<Ready, Failure> {
    let mut targets = reach::open(&saved, args.stacks, console).await?;
    planning::announce(console)?;
    let live = resume::observe_again(&saved, &targets).await?;
    secrets::fill_in(&mut saved, &live, args, console)?;
    let Resumed {
        before,
        planned,
        moved,
    } = resume::resume(&saved, &mut targets, live);
    ensure_still(&targets, &moved, console)?;
    let request = resume::request(&saved, &targets);
    let rates = args.stacks.account.caller.calls.rates();
    let view = View {
        sandbox: saved.sandbox.as_deref(),
        rates: Some(&rates),
        ..View::default()
    };
    planning::print(&request, view, &planned, console)?;
    match (calls(&before), calls(&planned)) {
        // Programs count for themselves.
        (_, _) if console.prints_json() => {}
        (was, 0) if was > 0 => console.eprint("\nThis plan has been carried out already.\n")?,
        (was, is) if is < was => {
            let left = words::count(is, "call");
            console.eprint(&format!("\nOf this plan's {was} calls {left} to go.\n"))?;
        }
        (_, _) => {}
    }
    Ok(Ready {
        saved,
        targets,
        planned,
    })
}

fn calls(planned: &[Planned]) -> usize {
    planned.iter().map(|planned| planned.plan.calls()).sum()
}

/// Fails, and shows what moved, unless what would be done now is what was planned or what is left
/// of it.
fn ensure_still<C>(
    targets: &[StackTarget<C>],
    moved: &[(usize, Moved)],
    console: &mut Console,
) -> Result<(), Failure> {
    if moved.is_empty() {
        return Ok(());
    }
    let places = moved.iter().map(|(index, moved)| {
        let stack = &targets[*index].stack.name;
        Place::of(stack, &moved.address, targets.len()).to_string()
    });
    let places: Vec<String> = places.collect();
    let mut text = String::new();
    for of_stack in moved.chunk_by(|(one, _), (other, _)| one == other) {
        let of_stack: Vec<Moved> = of_stack.iter().map(|(_, moved)| moved.clone()).collect();
        text.push_str(&moved::render(&of_stack, console.err_style));
    }
    console.eprint(&format!("{text}\n"))?;
    Err(Failure::before(format!(
        "AWS has changed since the plan was made, at {}; nothing was changed by this run",
        words::list(&places)
    ))
    .hint("make another plan, and look at it: amp-stack plan --out FILE"))
}

/// What somebody agreed to by applying a plan that they could look at: everything but what has to
/// be accepted by name, which is done by an option now or was done by one when the plan was made.
fn agreed(ready: &Ready, applying: &ApplyArgs, console: &Console) -> ApplyArgs {
    let request = resume::request(&ready.saved, &ready.targets);
    let stacks = &ready.saved.stacks;
    let then = stacks.iter().flat_map(|saved| {
        let accepted = saved.accepted.iter();
        accepted.map(|acceptance| Place::of(&saved.stack.name, acceptance, stacks.len()))
    });
    let accepting = AcceptArgs {
        accept: applying
            .accepting
            .accept
            .iter()
            .cloned()
            .chain(then)
            .collect(),
    };
    let losses = execute::places(&request, &run::losses(&ready.planned));
    let mut losses = losses.keys();
    let is_accepted = losses.all(|place| accepting.accept.contains(place));
    ApplyArgs {
        yes: applying.yes || is_accepted || !console.can_ask || console.prints_json(),
        accepting,
        concurrency: applying.concurrency,
    }
}

impl PlanFile {
    /// Reads the file.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        Ok(Self {
            path: path.to_owned(),
            text: files::text(path).map_err(|error| {
                let is_missing = !path.exists();
                let failure = Failure::from(error);
                if is_missing {
                    failure.hint("`amp-stack plan --out FILE` saves a plan")
                } else {
                    failure
                }
            })?,
        })
    }

    /// The plan in it.
    pub(super) fn parse(&self) -> Result<Saved, Failure> {
        saved::parse(&self.text).map_err(|source| {
            let hint = match &source {
                PlanFileError::Other => "`amp-stack plan --out FILE` saves a plan",
                PlanFileError::Version(_)
                | PlanFileError::Program(_)
                | PlanFileError::Damaged(_)
                | PlanFileError::Altered => "make the plan again: amp-stack plan --out FILE",
            };
            let path = self.path.clone();
            Failure::before(Unusable { path, source }).hint(hint)
        })
    }

    /// The command that carries out the plan, as far as it is known from the file.
    pub(super) fn apply_command_line(&self, saved: &Saved) -> String {
        let sandbox = SandboxArgs {
            sandbox: saved.sandbox.as_ref().map(|file| Some(PathBuf::from(file))),
            sandbox_chaos: None,
            sandbox_caller: None,
        };
        let accesses = saved
            .stacks
            .iter()
            .filter_map(|saved| saved.stack.access.as_ref());
        let target = StackArgs {
            account: AccountArgs {
                caller: CallerArgs {
                    sandbox,
                    ..CallerArgs::default()
                },
                allow: AllowArgs::of(accesses),
            },
            ..StackArgs::default()
        };
        apply_command_line(&self.path, &target)
    }
}

/// The command that shows what is left when the plan was carried out half way.
fn plan_command_line(saved: &Saved, stacks: &StackArgs) -> String {
    let files: Vec<&Path> = saved.stacks.iter().map(|s| s.file.as_path()).collect();
    let given = saved.variables.given.iter();
    let given = given.map(|(name, value)| Assignment {
        name: name.clone(),
        value: value.clone(),
        from_environment: false,
    });
    let secret = saved.variables.secret.iter();
    let secret = secret.map(|name| Assignment::of_environment(name));
    let target = StackArgs {
        load: LoadArgs {
            variables: VariableArgs {
                var: given.chain(secret).collect(),
                var_file: saved.variables.files.clone(),
            },
            region: stacks.load.region.clone(),
        },
        ..stacks.clone()
    };
    let destroy = if saved.destroy { " --destroy" } else { "" };
    format!("{}{destroy}", typed("plan", &files, &target))
}
