//! Reading AWS, and planning several stacks of which each takes account of those before it.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    cloud::Cloud,
    kinds::Change,
    model::{
        address::Address,
        call::CallError,
        normal::Suppressed,
        query::Query,
        quota::{Known, Quota},
    },
    plan::{
        self, Phase, Plan,
        risk::{Risk, risks},
        suppressed::suppressed,
    },
    run::{PlanRequest, StackTarget},
    snapshot::Snapshot,
    stack::Stack,
};

/// A plan, what is risky about it, and what it was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// What is risky about it.
    pub risks: Vec<Risk>,
    /// What was read.
    pub live: Snapshot,
    /// What is no change; empty unless somebody wants it explained.
    pub suppressed: BTreeMap<Address, Vec<Suppressed>>,
}

/// Reads AWS and plans, stack by stack: each takes account of what those before it will have done.
///
/// # Errors
///
/// If AWS can't be read.
pub async fn plan<C: Cloud>(request: &PlanRequest<'_, C>) -> Result<Vec<Planned>, CallError> {
    plan_with(request, what_it_takes).await
}

/// The same for whoever says only how much there is to do: how large quotas are is not read.
///
/// # Errors
///
/// If AWS can't be read.
pub async fn plan_without_quotas<C: Cloud>(
    request: &PlanRequest<'_, C>,
) -> Result<Vec<Planned>, CallError> {
    plan_with(request, |_, planned| vec![BTreeSet::new(); planned.len()]).await
}

/// Plans, with the quotas that `what_it_takes` finds to matter to each plan.
async fn plan_with<C: Cloud>(
    request: &PlanRequest<'_, C>,
    what_it_takes: impl Fn(&PlanRequest<'_, C>, &[Planned]) -> Vec<BTreeSet<Quota>>,
) -> Result<Vec<Planned>, CallError> {
    let ask = |target: &StackTarget<C>| {
        if request.destroy {
            target.stack.query_to_destroy()
        } else {
            target.stack.query(false)
        }
    };
    let planned = decide(request, observe(request, ask).await?);
    if request.destroy {
        return Ok(planned);
    }
    // Inactive revisions, what runs, and quotas take calls of their own. Whether they matter is
    // known only now.
    let goes = what_goes(&planned);
    let taken = what_it_takes(request, &planned);
    if goes == Goes::Nothing && taken.iter().all(BTreeSet::is_empty) {
        return Ok(planned);
    }
    let live: Vec<Snapshot> = planned.into_iter().map(|planned| planned.live).collect();
    let removal = async {
        if goes == Goes::Nothing {
            return Ok(live);
        }
        read(request, |target| goes.query(&target.stack), Some(live)).await
    };
    let (live, quotas) = tokio::join!(removal, observe_quotas(request, &taken));
    Ok(decide(request, with_quotas(live?, quotas)))
}

/// The quotas that matter to each of the plans.
pub(super) fn what_it_takes<C>(
    request: &PlanRequest<'_, C>,
    planned: &[Planned],
) -> Vec<BTreeSet<Quota>> {
    let each = request.targets.iter().zip(planned);
    let taken = each.map(|(target, planned)| {
        if request.destroy || target.stack.skips_preflight {
            BTreeSet::new()
        } else {
            planned.plan.quotas()
        }
    });
    taken.collect()
}

/// Reads the quotas that each stack's plan `takes`: stacks that share a connection share one
/// reading.
pub(super) async fn observe_quotas<C: Cloud>(
    request: &PlanRequest<'_, C>,
    takes: &[BTreeSet<Quota>],
) -> Vec<BTreeMap<Quota, Known>> {
    let clouds = || request.targets.iter().map(|target| &target.cloud);
    let mut known: Vec<BTreeMap<Quota, Known>> = Vec::new();
    for (index, cloud) in clouds().enumerate() {
        let sharing = clouds().position(|other| Arc::ptr_eq(other, cloud));
        if let Some(earlier) = sharing.and_then(|first| known.get(first)) {
            known.push(earlier.clone());
            continue;
        }
        let all = clouds().zip(takes).skip(index);
        let all = all.filter(|(other, _)| Arc::ptr_eq(other, cloud));
        let asked: BTreeSet<Quota> = all.flat_map(|(_, takes)| takes).copied().collect();
        known.push(if asked.is_empty() {
            BTreeMap::new()
        } else {
            cloud.observe_quotas(&asked).await
        });
    }
    known
}

/// What was read of each stack, with what was read of quotas besides.
pub(super) fn with_quotas(
    mut live: Vec<Snapshot>,
    quotas: Vec<BTreeMap<Quota, Known>>,
) -> Vec<Snapshot> {
    for (snapshot, quotas) in live.iter_mut().zip(quotas) {
        for (quota, known) in quotas {
            snapshot.quotas.entry(quota).or_default().update(known);
        }
    }
    live
}

/// What plans remove, by what has to be read besides before that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goes {
    /// Nothing.
    Nothing,
    /// Old revisions of families that stay.
    Revisions,
    /// Whole resources.
    Resources,
}

impl Goes {
    /// What has to be read to plan `stack`.
    pub fn query(self, stack: &Stack) -> Query {
        match self {
            Self::Nothing => stack.query(false),
            Self::Revisions => stack.query_to_prune(),
            Self::Resources => stack.query(true),
        }
    }
}

/// Reads what each stack asks for: stacks that share a connection share one reading.
///
/// # Errors
///
/// If AWS can't be read.
pub async fn observe<C: Cloud>(
    request: &PlanRequest<'_, C>,
    ask: impl Fn(&StackTarget<C>) -> Query,
) -> Result<Vec<Snapshot>, CallError> {
    read(request, ask, None).await
}

/// The same, or of what was read `before` only what matters now that something is removed.
async fn read<C: Cloud>(
    request: &PlanRequest<'_, C>,
    ask: impl Fn(&StackTarget<C>) -> Query,
    before: Option<Vec<Snapshot>>,
) -> Result<Vec<Snapshot>, CallError> {
    let targets = request.targets;
    let mut before: Option<Vec<_>> = before.map(|all| all.into_iter().map(Some).collect());
    let mut live = BTreeMap::new();
    for first in 0..targets.len() {
        if live.contains_key(&first) {
            continue;
        }
        let cloud = &targets[first].cloud;
        let sharing: Vec<usize> = (first..targets.len())
            .filter(|index| Arc::ptr_eq(cloud, &targets[*index].cloud))
            .collect();
        let ask = |index: &usize| {
            let target = &targets[*index];
            let mut query = Query {
                spelled: request.explain,
                ..ask(target)
            };
            if !request.destroy {
                target.stack.look_up(&mut query);
            }
            query
        };
        let queries: Vec<Query> = sharing.iter().map(ask).collect();
        let snapshots = match &mut before {
            None => cloud.observe_all(&queries).await?,
            Some(before) => {
                let before = sharing.iter().filter_map(|index| before[*index].take());
                cloud.observe_removal(&queries, before.collect()).await?
            }
        };
        live.extend(sharing.into_iter().zip(snapshots));
    }
    Ok(live.into_values().collect())
}

/// Plans the stacks, given what was read for each.
pub fn decide<C>(request: &PlanRequest<'_, C>, live: Vec<Snapshot>) -> Vec<Planned> {
    let targets = request.targets.iter();
    let mut narrowed: Vec<_> = targets.map(|target| target.only.clone()).collect();
    let mut planned = decide_narrowed(request, &narrowed, live);
    // What needs a role that goes may belong to another stack.
    while request.destroy && also_needs(request, &planned, &mut narrowed) {
        let live = planned.into_iter().map(|planned| planned.live);
        planned = decide_narrowed(request, &narrowed, live.collect());
    }
    planned
}

/// Adds to what each stack is narrowed to whatever mentions something that another one removes, and
/// returns whether there was anything to add.
fn also_needs<C>(
    request: &PlanRequest<'_, C>,
    planned: &[Planned],
    narrowed: &mut [Option<BTreeSet<Address>>],
) -> bool {
    let mut added = false;
    for (target, removing) in request.targets.iter().zip(planned) {
        for (only, holding) in narrowed.iter_mut().zip(planned) {
            let same_account =
                removing.plan.account == holding.plan.account && !std::ptr::eq(removing, holding);
            if let (Some(only), true) = (only, same_account) {
                let steps = removing.plan.steps.iter();
                for address in
                    steps.flat_map(|step| plan::holders(&holding.live, step, &target.stack))
                {
                    added |= only.insert(address.clone());
                }
            }
        }
    }
    added
}

/// Plans the stacks, of each only what it is narrowed to.
fn decide_narrowed<C>(
    request: &PlanRequest<'_, C>,
    narrowed: &[Option<BTreeSet<Address>>],
    live: Vec<Snapshot>,
) -> Vec<Planned> {
    let mut plans: Vec<(&Stack, Planned)> = Vec::new();
    for ((target, only), live) in request.targets.iter().zip(narrowed).zip(live) {
        let stack = &target.stack;
        let mut projected = live.clone();
        for (earlier, Planned { plan, .. }) in &plans {
            let (there, here) = (&earlier.identity, &stack.identity);
            // What is done in one account alters nothing that is read in another.
            if there.account == here.account {
                let same_region = there.region == here.region;
                plan::project(&mut projected, plan, &earlier.name, same_region);
            }
        }
        let desired = if request.destroy {
            Cow::Owned(stack.clone().emptied())
        } else {
            Cow::Borrowed(stack)
        };
        let plan = plan::plan(&desired, &projected);
        let plan = match only {
            None => plan,
            Some(only) => plan.only(only, &desired, &projected),
        };
        let plan = plan.without(&target.leave);
        let plan = plan.within_quotas(&desired, &projected);
        let mut planned = Planned {
            risks: risks(&plan),
            plan,
            live,
            suppressed: BTreeMap::new(),
        };
        if request.explain && !request.destroy {
            planned.suppressed = suppressed(stack, &projected, &planned.plan);
        }
        plans.push((stack, planned));
    }
    plans.into_iter().map(|(_, planned)| planned).collect()
}

/// What the plans remove.
pub fn what_goes(planned: &[Planned]) -> Goes {
    let mut goes = Goes::Nothing;
    for step in planned.iter().flat_map(|planned| &planned.plan.steps) {
        if step.id.phase == Phase::Remove {
            return Goes::Resources;
        }
        if step.changes().iter().any(Change::takes_away) {
            goes = Goes::Revisions;
        }
    }
    goes
}

/// The resources, each with the index of its stack, to which other things would be done `after`
/// than `before`.
pub(super) fn moved(before: &[Planned], after: &[Planned]) -> Vec<(usize, Address)> {
    let pairs = before.iter().zip(after).enumerate();
    let moved = pairs.flat_map(|(index, (before, after))| {
        let addresses = differing(&before.plan, &after.plan);
        addresses.into_iter().map(move |address| (index, address))
    });
    moved.collect()
}

/// The resources that the two plans do different things to.
fn differing(before: &Plan, after: &Plan) -> BTreeSet<Address> {
    let mut differing = BTreeSet::new();
    for (one, other) in [(before, after), (after, before)] {
        let steps = one.steps.iter().filter(|step| !other.steps.contains(step));
        differing.extend(steps.map(|step| step.id.address.clone()));
        let refusals = one.refusals.iter();
        let refusals = refusals.filter(|refusal| !other.refusals.contains(refusal));
        differing.extend(refusals.map(|refusal| refusal.address.clone()));
    }
    differing
}
