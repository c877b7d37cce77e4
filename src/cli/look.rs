//! Looking: reading AWS, planning, and showing the plans.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::PathBuf,
    sync::Arc,
};

use crate::{
    cli::{
        args::Wishes,
        console::Console,
        failure::Failure,
        place::{self, Place},
    },
    cloud::Cloud,
    model::{
        address::{Address, Kind},
        call::CallError,
        normal::Suppressed,
        query::Query,
    },
    plan::{
        self, Phase, Plan,
        risk::{Risk, risks},
        suppressed::suppressed,
    },
    show::{
        events,
        plan::{Frame, render, total},
        suppressed, words,
    },
    snapshot::Snapshot,
    stack::Stack,
};

/// A plan, what is risky about it, and what it was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Planned {
    pub(super) plan: Plan,
    pub(super) risks: Vec<Risk>,
    pub(super) live: Snapshot,
    /// What is no change; empty unless somebody wants it explained.
    pub(super) suppressed: BTreeMap<Address, Vec<Suppressed>>,
}

/// A stack, and the connection to where it lives.
#[derive(Debug)]
pub(super) struct Site<C> {
    /// Its file.
    pub(super) path: PathBuf,
    pub(super) stack: Stack,
    /// Stacks of the same region share it.
    pub(super) cloud: Arc<C>,
    /// The resources that alone are to be planned, with what they need.
    pub(super) only: Option<BTreeSet<Address>>,
}

/// What is to be planned.
#[derive(Debug)]
pub(super) struct Wish<'a, C> {
    /// The stacks, at least one, in the order in which they are planned and carried out.
    pub(super) sites: &'a [Site<C>],
    /// The name of the sandbox that stands in for AWS, if one does.
    pub(super) sandbox: Option<&'a str>,
    /// Whether the stacks are to go; then nothing that they declare is wanted.
    pub(super) destroy: bool,
    pub(super) verbose: bool,
    /// Whether to tell what is no change, and why.
    pub(super) explain: bool,
}

/// Reads AWS and plans, stack by stack: each takes account of what those before it will have done.
pub(super) async fn plan<C: Cloud>(wish: &Wish<'_, C>) -> Result<Vec<Planned>, CallError> {
    let ask = |site: &Site<C>| {
        if wish.destroy {
            site.stack.query_to_destroy()
        } else {
            site.stack.query(false)
        }
    };
    let planned = decide(wish, observe(wish, ask).await?);
    if wish.destroy || !removes_a_family(&planned) {
        return Ok(planned);
    }
    // Inactive revisions, and who uses which, take calls of their own. Whether they matter is known
    // only now.
    let live = observe(wish, |site| site.stack.query(true)).await?;
    Ok(decide(wish, live))
}

/// Reads what each stack asks for: stacks that share a connection share one reading.
pub(super) async fn observe<C: Cloud>(
    wish: &Wish<'_, C>,
    ask: impl Fn(&Site<C>) -> Query,
) -> Result<Vec<Snapshot>, CallError> {
    let mut live = BTreeMap::new();
    for first in 0..wish.sites.len() {
        if live.contains_key(&first) {
            continue;
        }
        let cloud = &wish.sites[first].cloud;
        let sharing: Vec<usize> = (first..wish.sites.len())
            .filter(|index| Arc::ptr_eq(cloud, &wish.sites[*index].cloud))
            .collect();
        let queries: Vec<Query> = sharing.iter().map(|i| ask(&wish.sites[*i])).collect();
        let snapshots = cloud.observe_all(&queries).await?;
        live.extend(sharing.into_iter().zip(snapshots));
    }
    Ok(live.into_values().collect())
}

/// Plans the stacks, given what was read for each.
pub(super) fn decide<C>(wish: &Wish<'_, C>, live: Vec<Snapshot>) -> Vec<Planned> {
    let mut plans: Vec<(&Stack, Planned)> = Vec::new();
    for (site, live) in wish.sites.iter().zip(live) {
        let stack = &site.stack;
        let mut projected = live.clone();
        for (earlier, Planned { plan, .. }) in &plans {
            let same_region = earlier.identity.region == stack.identity.region;
            plan::project(&mut projected, plan, &earlier.name, same_region);
        }
        let plan = if wish.destroy {
            plan::plan(&stack.clone().emptied(), &projected)
        } else {
            plan::plan(stack, &projected)
        };
        let plan = match &site.only {
            None => plan,
            Some(only) => plan.only(only, stack),
        };
        let mut planned = Planned {
            risks: risks(&plan),
            plan,
            live,
            suppressed: BTreeMap::new(),
        };
        if wish.explain && !wish.destroy {
            planned.suppressed = suppressed(stack, &projected, &planned.plan);
        }
        plans.push((stack, planned));
    }
    plans.into_iter().map(|(_, planned)| planned).collect()
}

/// Returns whether a family goes with all its revisions, so that the inactive ones matter.
pub(super) fn removes_a_family(planned: &[Planned]) -> bool {
    let mut steps = planned.iter().flat_map(|planned| &planned.plan.steps);
    steps.any(|step| step.id.phase == Phase::Remove && step.id.address.kind == Kind::TaskDefinition)
}

/// Plans, and prints the plans. `next` is the command that does it, if nothing asks at once.
pub(super) async fn show<C: Cloud>(
    wish: &Wish<'_, C>,
    next: Option<&str>,
    console: &mut Console,
) -> Result<Vec<Planned>, Failure> {
    if console.can_move && !console.tells_programs() {
        console.tell("Reading what is in AWS ...\n\n")?;
    }
    let planned = plan(wish).await?;
    ensure_targets(wish, &planned)?;
    print(wish, &planned, next, console)?;
    Ok(planned)
}

/// Prints the plans, or tells programs of them.
pub(super) fn print<C>(
    wish: &Wish<'_, C>,
    planned: &[Planned],
    next: Option<&str>,
    console: &mut Console,
) -> Result<(), Failure> {
    if console.tells_programs() {
        emit(wish, planned, console)?;
        return Ok(());
    }
    let is_only = planned.len() == 1;
    let mut texts = Vec::new();
    for (site, planned) in wish.sites.iter().zip(planned) {
        let Planned {
            plan,
            risks,
            live: _,
            suppressed,
        } = planned;
        let frame = Frame {
            stack: &site.stack.name,
            identity: &site.stack.identity,
            sandbox: wish.sandbox,
            destroy: wish.destroy,
            verbose: wish.verbose,
            next: next.filter(|_| is_only),
        };
        let style = console.out_style;
        texts.push(render(plan, risks, &frame, style));
        if wish.explain {
            texts.push(suppressed::render(suppressed, wish.verbose, style));
        }
    }
    if !is_only {
        let plans: Vec<&Plan> = planned.iter().map(|planned| &planned.plan).collect();
        texts.push(total(&plans, next, console.out_style));
    }
    console.print(&texts.join("\n"))?;
    Ok(())
}

/// Tells programs of the plans.
fn emit<C>(wish: &Wish<'_, C>, planned: &[Planned], console: &mut Console) -> io::Result<()> {
    for (site, planned) in wish.sites.iter().zip(planned) {
        let Planned {
            plan,
            risks,
            suppressed,
            live: _,
        } = planned;
        let frame = events::Frame {
            stack: &site.stack.name,
            identity: &site.stack.identity,
            sandbox: wish.sandbox,
            destroy: wish.destroy,
            suppressed,
        };
        console.events_are_about(Some(&site.path));
        for event in events::plan(plan, risks, &frame) {
            console.emit(&event)?;
        }
    }
    console.events_are_about(None);
    Ok(())
}

/// Fails if something is targeted that is neither declared nor there.
fn ensure_targets<C>(wish: &Wish<'_, C>, planned: &[Planned]) -> Result<(), Failure> {
    for (site, Planned { plan, .. }) in wish.sites.iter().zip(planned) {
        let planned = plan.steps.iter().map(|step| &step.id.address);
        let refused = plan.refusals.iter().map(|refusal| &refusal.address);
        let there: BTreeSet<&Address> = site.stack.resources.keys().collect();
        let there: BTreeSet<&Address> = there
            .into_iter()
            .chain(planned)
            .chain(refused)
            .chain(&plan.left_out)
            .collect();
        for address in site.only.iter().flatten() {
            place::ensure_there("--target", address, &site.stack.name, there.iter().copied())?;
        }
    }
    Ok(())
}

/// The resources that the two plans do different things to.
pub(super) fn moved(before: &Plan, after: &Plan) -> BTreeSet<Address> {
    let mut moved = BTreeSet::new();
    for (one, other) in [(before, after), (after, before)] {
        let steps = one.steps.iter().filter(|step| !other.steps.contains(step));
        moved.extend(steps.map(|step| step.id.address.clone()));
        let refusals = one.refusals.iter();
        let refusals = refusals.filter(|refusal| !other.refusals.contains(refusal));
        moved.extend(refusals.map(|refusal| refusal.address.clone()));
    }
    moved
}

/// Does to the stacks what `--adopt` and `--replace` ask for: what the same words in the stack
/// files would do, for once.
pub(super) fn treat<C>(sites: &mut [Site<C>], wishes: &Wishes) -> Result<(), Failure> {
    let stacks: Vec<&Stack> = sites.iter().map(|site| &site.stack).collect();
    place::check("--adopt", &wishes.adopt, &stacks)?;
    place::check("--replace", &wishes.replace, &stacks)?;
    for Site { stack, .. } in sites {
        for (option, places) in [("--adopt", &wishes.adopt), ("--replace", &wishes.replace)] {
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

/// Narrows the plans to `targets`.
pub(super) fn narrow<C>(sites: &mut [Site<C>], targets: &[Place]) -> Result<(), Failure> {
    let stacks: Vec<&Stack> = sites.iter().map(|site| &site.stack).collect();
    place::check("--target", targets, &stacks)?;
    if targets.is_empty() {
        return Ok(());
    }
    for site in &mut *sites {
        site.only = Some(place::within(targets, &site.stack));
    }
    Ok(())
}

/// The resources of `sites` that differ between two times they were planned, as people name them.
pub(super) fn all_moved<C>(
    sites: &[Site<C>],
    before: &[Planned],
    after: &[Planned],
) -> Option<String> {
    let mut places = Vec::new();
    for ((site, before), after) in sites.iter().zip(before).zip(after) {
        for address in moved(&before.plan, &after.plan) {
            places.push(Place::of(&site.stack.name, &address, sites.len()).to_string());
        }
    }
    (!places.is_empty()).then(|| words::list(&places))
}
