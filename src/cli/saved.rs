//! `amp-stack apply FILE` for a saved plan: makes its calls, or what is left of them, or none.

mod keep;
mod secrets;

use std::path::{Path, PathBuf};

use thiserror::Error;

pub(super) use keep::{ensure_writable, write};

use crate::{
    aws::Aws,
    cli::{
        args::{Apply, Doing, InSandbox, Target, Variables},
        command::typed,
        console::Console,
        deed::{self, Order, unless_interrupted},
        exit::Exit,
        failure::Failure,
        files,
        interrupt::Interrupts,
        look::{self, Planned, Site, Wish},
        place::Place,
        sandbox::Wanted,
        session::Connections,
    },
    load::Header,
    model::identity::Identity,
    saved::{self, PlanFileError, Saved, Side},
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

/// A plan of which the file says no more than that, and what is to be done now.
struct Ready {
    saved: Saved,
    sites: Vec<Site<Aws>>,
    planned: Vec<Planned>,
}

/// The plan file that is meant, if `files` name one.
pub(super) fn named(files: &[PathBuf]) -> Option<PlanFile> {
    let [path] = files else {
        return None;
    };
    // What can't be read is told by whoever takes it for a stack file.
    let file = PlanFile::read(path).ok()?;
    saved::is_plan(&file.text).then_some(file)
}

/// The command that carries out the plan in `file`, which was made for `target`.
pub(super) fn next(file: &Path, target: &Target) -> String {
    let target = Target {
        variables: Variables::default(),
        region: None,
        ..target.clone()
    };
    typed("apply", &[file], &target)
}

/// `amp-stack apply FILE`.
pub(super) async fn apply(
    file: &PlanFile,
    args: &Apply,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    refuse_wishes(args)?;
    let saved = file.parse()?;
    let ready = unless_interrupted(get_ready(saved, args, console), interrupts).await?;
    let order = Order {
        wish: wish(&ready.saved, &ready.sites),
        doing: &agreed(&ready, &args.doing, console),
        look: look(&ready.saved, &args.target),
        again: next(&file.path, &args.target),
    };
    let planned = ready.planned.as_slice();
    let ask = deed::confirm(&order, planned, console);
    unless_interrupted(ask, interrupts).await?;
    let plans = planned.iter().map(|planned| planned.plan.clone());
    deed::perform(&order, plans.collect(), console, interrupts).await
}

/// What is to happen is in the file, and nothing can be added to it.
fn refuse_wishes(args: &Apply) -> Result<(), Failure> {
    let Apply { wishes, aim, .. } = args;
    let options = [
        ("--adopt", wishes.adopt.is_empty()),
        ("--replace", wishes.replace.is_empty()),
        ("--target", aim.target.is_empty()),
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

/// Reads AWS, compares it with what it was when the plan was made, and shows what is to be done.
async fn get_ready(
    mut saved: Saved,
    args: &Apply,
    console: &mut Console,
) -> Result<Ready, Failure> {
    let mut sites = open(&saved, &args.target, console).await?;
    if console.can_move && !console.tells_programs() {
        console.tell("Reading what is in AWS ...\n\n")?;
    }
    let before = saved.stacks.iter().map(|saved| saved.live.clone());
    let before = look::decide(&wish(&saved, &sites), before.collect());
    let removal = look::removes_a_family(&before);
    let destroy = saved.destroy;
    let ask = |site: &Site<Aws>| {
        if destroy {
            site.stack.query_to_destroy()
        } else {
            site.stack.query(removal)
        }
    };
    let live = look::observe(&wish(&saved, &sites), ask).await?;
    secrets::fill_in(&mut saved, &live, args, console)?;
    for (site, saved) in sites.iter_mut().zip(&saved.stacks) {
        site.stack.clone_from(&saved.stack);
    }
    let before = saved.stacks.iter().map(|saved| saved.live.clone());
    let before = look::decide(&wish(&saved, &sites), before.collect());
    for ((site, saved), live) in sites.iter_mut().zip(&saved.stacks).zip(&live) {
        site.stack = saved::renewed(saved.stack.clone(), &saved.live, live);
    }
    let wish = wish(&saved, &sites);
    let planned = look::decide(&wish, live);
    ensure_still(&wish, &before, &planned, console)?;
    look::print(&wish, &planned, None, console)?;
    match (calls(&before), calls(&planned)) {
        // Programs count for themselves.
        (_, _) if console.tells_programs() => {}
        (was, 0) if was > 0 => console.tell("\nThis plan has been carried out already.\n")?,
        (was, is) if is < was => {
            let left = words::count(is, "call");
            console.tell(&format!("\nOf this plan's {was} calls {left} to go.\n"))?;
        }
        (_, _) => {}
    }
    Ok(Ready {
        saved,
        sites,
        planned,
    })
}

fn calls(planned: &[Planned]) -> usize {
    planned.iter().map(|planned| planned.plan.calls()).sum()
}

fn wish<'a, C>(saved: &'a Saved, sites: &'a [Site<C>]) -> Wish<'a, C> {
    Wish {
        sites,
        sandbox: saved.sandbox.as_deref(),
        destroy: saved.destroy,
        verbose: false,
        explain: false,
    }
}

/// Connects to where the plan is for, and nowhere else.
async fn open(
    saved: &Saved,
    target: &Target,
    console: &mut Console,
) -> Result<Vec<Site<Aws>>, Failure> {
    let wanted = sandbox(saved, &target.sandbox);
    match (&saved.sandbox, &wanted) {
        (Some(name), None) => {
            return Err(
                Failure::before("the plan was made in a sandbox, and is not for AWS")
                    .hint(format!("to apply it there, add --sandbox={name}")),
            );
        }
        (None, Some(_)) => {
            return Err(
                Failure::before("the plan was made for AWS, and is not for a sandbox")
                    .hint("leave out --sandbox, or make a plan with it"),
            );
        }
        (Some(_), Some(_)) | (None, None) => {}
    }
    let mut connections = Connections::new(wanted.as_ref(), target);
    let mut sites = Vec::new();
    for saved in &saved.stacks {
        let planned_for = &saved.stack.identity;
        let region = target.region.as_ref();
        if let Some(other) = region.filter(|region| **region != planned_for.region) {
            return Err(elsewhere(planned_for, &format!("--region says {other}")));
        }
        let header = Header {
            name: saved.stack.name.to_string(),
            region: Some(planned_for.region.clone()),
            account: Some(planned_for.account.clone()),
        };
        let cloud = connections.get(header, console).await?;
        let identity = cloud.identity().await?;
        if identity != *planned_for {
            let Identity { account, .. } = identity;
            let why = format!("the credentials belong to {account}");
            return Err(elsewhere(planned_for, &why)
                .hint("choose other credentials, for example with --profile"));
        }
        sites.push(Site {
            path: saved.file.clone(),
            stack: saved.stack.clone(),
            cloud,
            only: saved.only.clone(),
        });
    }
    Ok(sites)
}

/// The sandbox that the options ask for: unless they name a file, the one that the plan was made
/// in.
fn sandbox(saved: &Saved, options: &InSandbox) -> Option<Wanted> {
    let mut options = options.clone();
    if let (Some(None), Some(file)) = (&options.sandbox, &saved.sandbox) {
        options.sandbox = Some(Some(PathBuf::from(file)));
    }
    let first = saved.stacks.first()?;
    Wanted::by(&options, &first.file)
}

fn elsewhere(planned_for: &Identity, why: &str) -> Failure {
    let Identity {
        account, region, ..
    } = planned_for;
    Failure::before(format!(
        "the plan is for {region} in account {account}, but {why}"
    ))
}

/// Fails, and shows what moved, unless what is to be done now is what was planned or what is left
/// of it.
fn ensure_still<C>(
    wish: &Wish<'_, C>,
    before: &[Planned],
    now: &[Planned],
    console: &mut Console,
) -> Result<(), Failure> {
    let mut places = Vec::new();
    let mut text = String::new();
    for ((site, before), now) in wish.sites.iter().zip(before).zip(now) {
        let moved = saved::moved(&site.stack, side(before), side(now));
        for moved in &moved {
            let place = Place::of(&site.stack.name, &moved.address, wish.sites.len());
            places.push(place.to_string());
        }
        text.push_str(&moved::render(&moved, console.err_style));
    }
    if places.is_empty() {
        return Ok(());
    }
    console.tell(&format!("{text}\n"))?;
    Err(Failure::before(format!(
        "AWS has changed since the plan was made, at {}; nothing was changed by this run",
        words::list(&places)
    ))
    .hint("make another plan, and look at it: amp-stack plan --out FILE"))
}

fn side(planned: &Planned) -> Side<'_> {
    Side {
        live: &planned.live,
        plan: &planned.plan,
    }
}

/// What somebody agreed to by applying a plan that they could look at: everything but the loss of
/// data, which is allowed by name.
fn agreed(ready: &Ready, doing: &Doing, console: &Console) -> Doing {
    let losses = deed::losses(&wish(&ready.saved, &ready.sites), &ready.planned);
    let mut losses = losses.iter();
    let is_allowed = losses.all(|place| doing.allow_data_loss.contains(place));
    Doing {
        yes: doing.yes || is_allowed || !console.can_ask || console.tells_programs(),
        allow_data_loss: doing.allow_data_loss.clone(),
        concurrency: doing.concurrency,
    }
}

impl PlanFile {
    /// Reads the file.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        Ok(Self {
            path: path.to_owned(),
            text: files::text(path)?,
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
    pub(super) fn apply(&self, saved: &Saved) -> String {
        let sandbox = InSandbox {
            sandbox: saved.sandbox.as_ref().map(|file| Some(PathBuf::from(file))),
            sandbox_chaos: None,
        };
        let target = Target {
            sandbox,
            ..Target::default()
        };
        next(&self.path, &target)
    }
}

/// The command that shows what is left when the plan was carried out half way.
fn look(saved: &Saved, target: &Target) -> String {
    let files: Vec<&Path> = saved.stacks.iter().map(|s| s.file.as_path()).collect();
    let given = saved.variables.given.clone().into_iter();
    let secret = saved.variables.secret.iter();
    let target = Target {
        variables: Variables {
            var: given
                .chain(secret.map(|name| (name.clone(), "...".to_owned())))
                .collect(),
            var_file: saved.variables.files.clone(),
        },
        ..target.clone()
    };
    let destroy = if saved.destroy { " --destroy" } else { "" };
    format!("{}{destroy}", typed("plan", &files, &target))
}
