//! Planning on the command line: narrows what is planned, and shows the plans.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::PathBuf,
};

use clap::ValueEnum;

use crate::{
    cli::{
        args::OverrideArgs,
        console::Console,
        failure::Failure,
        place::{self, Place},
    },
    cloud::Cloud,
    file::places::Places,
    model::{address::Address, rate::Overrides},
    plan::Plan,
    run::{self, PlanRequest, Planned, StackTarget},
    show::{
        events, markdown,
        plan::{Frame, render, total},
        suppressed,
    },
    stack::Stack,
};

/// The form of printed plans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For a terminal
    #[default]
    Text,
    /// For a comment on a pull request: folded, and short enough for GitHub
    Markdown,
}

/// How plans are shown.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct View<'a> {
    /// The name of the sandbox that stands in for AWS, if one does.
    pub(super) sandbox: Option<&'a str>,
    /// Whether to show the fields that stay as they are, too.
    pub(super) verbose: bool,
    /// In which form.
    pub(super) format: Format,
    /// The command that carries the plan out, if nothing asks at once.
    pub(super) next: Option<&'a str>,
    /// What is known of the account's quotas besides what AWS publishes.
    pub(super) rates: Option<&'a Overrides>,
    /// Where what the stack files say stands, by path, as far as the files were read.
    pub(super) places: Option<&'a BTreeMap<PathBuf, Places>>,
}

impl<'a> View<'a> {
    /// Where what the file of `target` says stands.
    fn places_of<C>(&self, target: &StackTarget<C>) -> Option<&'a Places> {
        self.places?.get(&target.path)
    }
}

/// Reads AWS and plans, and prints the plans.
pub(super) async fn show<C: Cloud>(
    request: &PlanRequest<'_, C>,
    view: View<'_>,
    console: &mut Console,
) -> Result<Vec<Planned>, Failure> {
    announce(console)?;
    let planned = run::plan(request).await?;
    ensure_targets(request, &planned)?;
    print(request, view, &planned, console)?;
    Ok(planned)
}

/// Says that AWS is read, which takes a moment, where somebody waits for it.
pub(super) fn announce(console: &mut Console) -> io::Result<()> {
    if console.can_move && !console.prints_json() {
        console.eprint("Reading what is in AWS ...\n\n")?;
    }
    Ok(())
}

/// Prints the plans, or reports them to programs.
pub(super) fn print<C>(
    request: &PlanRequest<'_, C>,
    view: View<'_>,
    planned: &[Planned],
    console: &mut Console,
) -> Result<(), Failure> {
    if console.prints_json() {
        emit(request, view, planned, console)?;
        return Ok(());
    }
    let is_only = planned.len() == 1;
    let published = Overrides::default();
    let mut texts = Vec::new();
    for (target, planned_stack) in request.targets.iter().zip(planned) {
        let Planned {
            plan,
            risks,
            live: _,
            suppressed,
        } = planned_stack;
        let frame = Frame {
            stack: &target.stack.name,
            identity: &target.stack.identity,
            order: &target.stack.order,
            places: view.places_of(target),
            access: target.stack.access.as_ref(),
            sandbox: view.sandbox,
            destroy: request.destroy,
            verbose: view.verbose,
            next: view.next.filter(|_| is_only),
            rates: Some(view.rates.unwrap_or(&published)).filter(|_| view.sandbox.is_none()),
        };
        if view.format == Format::Markdown {
            let suppressed = request.explain.then_some(suppressed);
            let room = markdown::MOST / planned.len();
            texts.push(markdown::render(plan, risks, suppressed, &frame, room));
            continue;
        }
        let style = console.out_style;
        texts.push(render(plan, risks, &frame, style));
        if request.explain {
            texts.push(suppressed::render(
                suppressed,
                &target.stack.order,
                view.verbose,
                style,
            ));
        }
    }
    if !is_only && view.format == Format::Text {
        let plans: Vec<&Plan> = planned.iter().map(|planned| &planned.plan).collect();
        texts.push(total(&plans, view.next, console.out_style));
    }
    console.print(&texts.join("\n"))?;
    Ok(())
}

/// Reports the plans to programs.
fn emit<C>(
    request: &PlanRequest<'_, C>,
    view: View<'_>,
    planned: &[Planned],
    console: &mut Console,
) -> io::Result<()> {
    for (target, planned) in request.targets.iter().zip(planned) {
        let Planned {
            plan,
            risks,
            suppressed,
            live: _,
        } = planned;
        let frame = events::Frame {
            stack: &target.stack.name,
            identity: &target.stack.identity,
            access: target.stack.access.as_ref(),
            sandbox: view.sandbox,
            destroy: request.destroy,
            places: view.places_of(target),
            suppressed,
        };
        console.events_are_about(Some(&target.path));
        for event in events::plan(plan, risks, &frame) {
            console.emit(&event)?;
        }
    }
    console.events_are_about(None);
    Ok(())
}

/// Fails if an option names something that is neither declared nor there.
pub(super) fn ensure_targets<C>(
    request: &PlanRequest<'_, C>,
    planned: &[Planned],
) -> Result<(), Failure> {
    for (target, Planned { plan, .. }) in request.targets.iter().zip(planned) {
        let planned = plan.steps.iter().map(|step| &step.id.address);
        let refused = plan.refusals.iter().map(|refusal| &refusal.address);
        let there: BTreeSet<&Address> = target.stack.resources.keys().collect();
        let there: BTreeSet<&Address> = there
            .into_iter()
            .chain(planned)
            .chain(refused)
            .chain(&plan.left_out)
            .collect();
        let named = [
            ("--target", target.only.as_ref()),
            ("--force-in-use", Some(&target.stack.force_in_use)),
            ("--retry", Some(&target.stack.retry)),
        ];
        for (option, addresses) in named {
            for address in addresses.into_iter().flatten() {
                let there = there.iter().copied();
                place::ensure_there(option, address, &target.stack.name, there)?;
            }
        }
    }
    Ok(())
}

/// Does to the stacks what `--adopt` and `--replace` ask for, which is what the same words in the
/// stack files would do, for once; and what `--new-defaults` asks for.
pub(super) fn apply_overrides<C>(
    targets: &mut [StackTarget<C>],
    overrides: &OverrideArgs,
) -> Result<(), Failure> {
    let stacks: Vec<&Stack> = targets.iter().map(|target| &target.stack).collect();
    place::check("--adopt", &overrides.adopt, &stacks)?;
    place::check("--replace", &overrides.replace, &stacks)?;
    for StackTarget { stack, .. } in targets {
        if overrides.new_defaults {
            stack.take_new_defaults();
        }
        for (option, places) in [
            ("--adopt", &overrides.adopt),
            ("--replace", &overrides.replace),
        ] {
            for address in place::within(places, stack) {
                place::ensure_there(option, &address, &stack.name, stack.resources.keys())?;
                let declared = stack.resources.get_mut(&address);
                let declared = declared.expect("it is among the keys");
                if option == "--adopt" {
                    declared.lifecycle.adopt = true;
                } else {
                    declared.lifecycle.replace = true;
                }
            }
        }
    }
    Ok(())
}

/// Lets resources be removed although something that runs needs them. They need not be declared.
pub(super) fn force<C>(targets: &mut [StackTarget<C>], places: &[Place]) -> Result<(), Failure> {
    let stacks: Vec<&Stack> = targets.iter().map(|target| &target.stack).collect();
    place::check("--force-in-use", places, &stacks)?;
    for StackTarget { stack, .. } in targets {
        stack.force_in_use = place::within(places, stack);
    }
    Ok(())
}

/// Lets be rolled out once more what ended badly.
pub(super) fn retry<C>(targets: &mut [StackTarget<C>], places: &[Place]) -> Result<(), Failure> {
    let stacks: Vec<&Stack> = targets.iter().map(|target| &target.stack).collect();
    place::check("--retry", places, &stacks)?;
    for StackTarget { stack, .. } in targets {
        stack.retry = place::within(places, stack);
    }
    Ok(())
}

/// Narrows the plans to the resources that `--target` names.
pub(super) fn narrow<C>(targets: &mut [StackTarget<C>], places: &[Place]) -> Result<(), Failure> {
    let stacks: Vec<&Stack> = targets.iter().map(|target| &target.stack).collect();
    place::check("--target", places, &stacks)?;
    if places.is_empty() {
        return Ok(());
    }
    for target in &mut *targets {
        target.only = Some(place::within(places, &target.stack));
    }
    Ok(())
}
