//! The laws of planning, tried on fake clouds.
//!
//! Which law notices a mistake was tried by making it, one at a time, and running all of them with
//! the default number of cases. The numbers are those of the laws below, and P is "what is
//! protected stays", and U is "nothing that runs loses what it needs unnamed". "Every run" is what `carry_out` asserts along the way, before any law has its
//! say. A mistake that few worlds show may in another run be noticed by fewer laws or by more.
//!
//! | mistake | noticed by |
//! |---|---|
//! | a build does not wait for the builds it refers to | every run |
//! | dependencies read after references were filled in | every run |
//! | a build does not wait for what it replaces | 3 |
//! | a build does not wait for others of ours that bear its name | 2, 3, 4 |
//! | a removal does not wait for builds | 2, 3, 4 |
//! | a removal does not wait for removals of later kinds | 2, 3, 4, 5 |
//! | a removal of a replacement waits like any other: a circle | 2, 3, 4 |
//! | what is live does not complete what is wanted | 2, 3 |
//! | completed before references are filled in | 2, 3 |
//! | what is built anew takes over from what is removed | 3, 4 |
//! | attributes of a replaced workspace are taken for known | 2, 3 |
//! | documents compared as they are written | every run |
//! | policies compared as they are written | every run |
//! | a workspace, or a log group, made without tags and tagged after | every run |
//! | what moved to another table is matched by its address only | 2, 3, 4 |
//! | anybody's resources are adopted, or adopted unasked | every run |
//! | the region tag of roles is not read | every run |
//! | a role is deleted with its policies | 2, 3, 5 |
//! | revisions of others are deregistered as well | 2 |
//! | `prevent_destroy` is not read | P |
//! | what runs is not asked about before something is removed, or before old revisions go | U |
//! | `--force-in-use` is taken for granted | U |
//! | collisions of names are not checked | every run |
//! | a step fills nothing in before its calls | 2, 3 |
//! | the id of a new workspace does not reach the next call | 2, 3 |
//! | the calls of a step share one token | 2, 3, 5 |
//! | steps start whatever they wait for | every run |
//! | a permission is left out that bringing something back takes | every run |
//! | a failure gives up only what waits for it directly | every run |
//! | what is not heard of yet is never tried again | none: the second run mends it; the tests of `apply` notice |

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use amp_stack::{
    apply::{self, Event, Options, Outcome},
    kinds::{Change, Resource, task_definition},
    model::{
        address::{Address, Kind},
        permission::Purpose,
        query::Query,
        running::Running,
        tags::{ADDRESS_TAG, Owner, REGION_TAG, STACK_TAG},
        template::Template,
    },
    permissions::permissions,
    plan::{Phase, Plan, Reason, Step, StepId, plan},
    snapshot::Snapshot,
    stack::Stack,
    testing::{Dangling, FakeCloud, FakeResource, Fault},
};
use proptest::prelude::*;
use tokio::sync::watch;

use crate::worlds::{self, Drift, History, Spec, is_ours};

/// Carries out the plan for `stack`, and asserts all along what must hold in any run.
pub(crate) fn carry_out(
    fake: &Arc<FakeCloud>,
    stack: &Stack,
    query: &Query,
    faults: &[(usize, Fault)],
    concurrency: usize,
) -> (Plan, Outcome) {
    carry_out_narrowed(fake, stack, query, None, faults, concurrency)
}

/// The same for the plan narrowed to `only`.
pub(crate) fn carry_out_narrowed(
    fake: &Arc<FakeCloud>,
    stack: &Stack,
    query: &Query,
    only: Option<&BTreeSet<Address>>,
    faults: &[(usize, Fault)],
    concurrency: usize,
) -> (Plan, Outcome) {
    let before = fake.things();
    let snapshot = fake.snapshot(query);
    let plan = plan(stack, &snapshot);
    assert_is_deterministic(&plan, stack, &snapshot);
    let plan = only.map_or(plan.clone(), |only| plan.only(only, stack, &snapshot));
    assert_is_in_order(&plan, stack);
    assert_removes_only_ours(&plan, stack);
    assert_is_permitted(&plan, stack);
    assert_takes_over_only_what_it_may(&plan, stack);
    assert_eq!(fake.things(), before, "planning altered the world");
    if !plan.refusals.is_empty() {
        return (plan, Outcome::default());
    }

    fake.set_faults(faults.iter().copied());
    let mut done = BTreeSet::new();
    let (_stop, stopped) = watch::channel(false);
    let plan = Arc::new(plan);
    let options = Options {
        concurrency,
        run_id: format!("run-{}", fake.log().len()),
        settle_timeout: Duration::from_mins(1),
        rollouts: apply::Rollouts::default(),
    };
    let report = |event: Event| match event {
        Event::Started { step, .. } => {
            assert_may_start(&plan, stack, &step, &done);
            assert_finds_what_the_plan_said(&plan, &step, &fake.snapshot(query));
        }
        Event::Finished { step } => {
            assert_left_what_the_plan_said(&plan, &step, &fake.snapshot(query));
            done.insert(step);
        }
        Event::Calling { .. }
        | Event::Noticed { .. }
        | Event::Waiting { .. }
        | Event::Performed { .. }
        | Event::Failed { .. }
        | Event::Left { .. }
        | Event::GivenUp { .. }
        | Event::Stopping => {}
    };
    let run = apply::apply(
        Arc::clone(&plan),
        Arc::clone(fake),
        options,
        stopped,
        report,
    );
    let outcome = worlds::block_on(run);

    assert_eq!(outcome.stopped, [], "some steps wait for each other");
    let ended = outcome.done.len() + outcome.failed.len() + outcome.given_up.len();
    assert_eq!(ended, plan.steps.len(), "a step was lost");
    assert_nothing_stands_untagged(&before, &fake.things());
    assert_nothing_dangles_for_good(fake, stack);
    (Arc::unwrap_or_clone(plan), outcome)
}

/// What `permissions` says that the stack takes has every call that builds or replaces what it
/// declares, and that removes it: whatever lives, and whoever has meddled with it.
fn assert_is_permitted(plan: &Plan, stack: &Stack) {
    let allowed = |purpose| -> BTreeSet<&str> {
        let permissions = permissions(stack, purpose);
        permissions
            .iter()
            .flat_map(|one| one.actions.clone())
            .collect()
    };
    let (apply, destroy) = (allowed(Purpose::Apply), allowed(Purpose::Destroy));
    for step in plan
        .steps
        .iter()
        .filter(|step| stack.wants(&step.id.address))
    {
        let allowed = match step.id.phase {
            Phase::Build => &apply,
            Phase::Remove => &destroy,
        };
        for change in step.changes() {
            let operation = change.operation();
            assert!(
                allowed.contains(operation),
                "{}: {operation} is not among the permissions",
                step.id
            );
        }
    }
}

fn assert_is_deterministic(made: &Plan, stack: &Stack, snapshot: &Snapshot) {
    assert_eq!(
        &plan(stack, snapshot),
        made,
        "another plan for the same world"
    );
    let mut reordered = snapshot.clone();
    reordered.found.reverse();
    reordered.roles.reverse();
    assert_eq!(&plan(stack, &reordered), made, "the order of reading shows");
}

fn assert_is_in_order(plan: &Plan, stack: &Stack) {
    let mut before = BTreeSet::new();
    for step in &plan.steps {
        assert_may_start(plan, stack, &step.id, &before);
        assert!(!step.changes().is_empty(), "{} does nothing", step.id);
        before.insert(step.id.clone());
    }
}

/// A step starts after what it waits for, and, whatever it says that it waits for, after everything
/// that it refers to is built.
fn assert_may_start(plan: &Plan, stack: &Stack, id: &StepId, done: &BTreeSet<StepId>) {
    let step = plan.steps.iter().find(|step| step.id == *id).unwrap();
    assert!(
        step.after.is_subset(done),
        "{id} starts before {:?}",
        step.after
    );
    let want = stack
        .resources
        .get(&id.address)
        .and_then(|d| d.want.as_ref());
    if let (Phase::Build, Some(want)) = (id.phase, want) {
        want.each_template(&mut |text| {
            for reference in text.references() {
                let built = StepId::build(reference.address.clone());
                let is_there = !plan.steps.iter().any(|step| step.id == built);
                assert!(
                    is_there || done.contains(&built),
                    "{id} starts before {reference} is built"
                );
            }
        });
    }
}

fn assert_finds_what_the_plan_said(plan: &Plan, id: &StepId, now: &Snapshot) {
    let step = plan.steps.iter().find(|step| step.id == *id).unwrap();
    let there = now.found.iter().find(|found| {
        found.resource.kind() == id.address.kind
            && (found.resource.name() == step.target
                || !step.target.is_empty() && found.arn().ends_with(&step.target))
    });
    let there = there.map(|found| &found.resource);
    assert_eq!(there, step.from.as_ref(), "{id} finds something else");
}

/// Where the plan knew everything, exactly that is there afterwards.
fn assert_left_what_the_plan_said(plan: &Plan, id: &StepId, now: &Snapshot) {
    let step = plan.steps.iter().find(|step| step.id == *id).unwrap();
    let Some(to) = &step.to else {
        return;
    };
    let mut is_known = true;
    to.each_template(&mut |text| is_known &= text.known().is_some());
    let owner = Owner::Ours(id.address.clone());
    let left = now.found.iter().filter(|found| found.owner == owner);
    // Older revisions of an adopted family stay with whoever registered them.
    let older_are_ours = step.adopted_from.is_none();
    let apart_from_numbers = |resource: &Resource| {
        let mut resource = apart_from_numbers(Some(resource.clone()));
        if let (Some(Resource::TaskDefinition(family)), false) = (&mut resource, older_are_ours) {
            family.older = BTreeSet::new();
        }
        resource
    };
    let left: Vec<_> = left
        .map(|found| apart_from_numbers(&found.resource))
        .collect();
    let wanted = apart_from_numbers(to);
    assert!(
        !is_known || left.contains(&wanted),
        "{id} left {left:?} instead of {wanted:?}"
    );
}

/// Nothing is deleted that does not carry our tags, or that could go on as something wanted.
fn assert_removes_only_ours(plan: &Plan, stack: &Stack) {
    for step in plan.steps.iter().filter(|s| s.id.phase == Phase::Remove) {
        let from = step.from.as_ref().unwrap();
        let could_stay = stack.resources.values().any(|declared| {
            !declared.lifecycle.replace
                && declared.want.as_ref().is_some_and(|want| {
                    want.kind() == from.kind()
                        && want.kind() != Kind::Workspace
                        && want.name() == from.name()
                        && Resource::replace_reasons(from, want).is_empty()
                })
        });
        assert!(!could_stay, "{} removes what is wanted", step.id);
        let tags = from.tags();
        assert_eq!(
            tags.get(STACK_TAG),
            Some(&Template::from(stack.name.as_str()))
        );
        let region = tags.get(REGION_TAG).cloned();
        assert!(
            region.is_none_or(|r| r.known() == Some(&stack.identity.region)),
            "{} is another region's",
            step.id
        );
    }
}

/// Nothing is taken over unasked, and nothing at all from another stack or from AWS.
fn assert_takes_over_only_what_it_may(plan: &Plan, stack: &Stack) {
    for step in &plan.steps {
        let may_adopt = stack
            .resources
            .get(&step.id.address)
            .is_some_and(|d| d.lifecycle.adopt);
        let may_take = match &step.adopted_from {
            None | Some(Owner::Ours(_)) => true,
            Some(Owner::Unknown | Owner::CloudFormation(_) | Owner::Terraform(_)) => may_adopt,
            Some(Owner::OtherStack(_) | Owner::OtherRegion { .. } | Owner::Aws) => false,
        };
        assert!(
            may_take,
            "{} takes over from {:?}",
            step.id, step.adopted_from
        );
    }
}

/// What would be left of our families if everything of ours went: revisions of somebody else.
fn theirs(things: &[FakeResource]) -> Vec<FakeResource> {
    let left = things.iter().filter_map(|thing| {
        let family = thing.resource.task_definition()?;
        let newer = family.newer.clone()?;
        let left = task_definition::TaskDefinition {
            document: Some(newer.document),
            tags: newer.tags,
            revision: Some(newer.revision),
            older: BTreeSet::new(),
            inactive: BTreeSet::new(),
            newer: None,
            ..family.clone()
        };
        Some(FakeResource {
            resource: Resource::TaskDefinition(left),
            ..thing.clone()
        })
    });
    left.collect()
}

/// Whatever happens to a call, what it made carries a stack's name.
fn assert_nothing_stands_untagged(before: &[FakeResource], now: &[FakeResource]) {
    let untagged = |things: &[FakeResource]| -> BTreeSet<(Kind, String)> {
        things
            .iter()
            .filter(|thing| !thing.resource.tags().contains_key(STACK_TAG))
            .map(|thing| (thing.resource.kind(), thing.target.clone()))
            .collect()
    };
    // What is left of a family of which only somebody else's revisions are left is not new.
    let before: Vec<FakeResource> = before.iter().cloned().chain(theirs(before)).collect();
    let new: Vec<_> = untagged(now)
        .difference(&untagged(&before))
        .cloned()
        .collect();
    assert_eq!(new, [], "made without the tags of ownership");
}

/// Law 4. What is removed because its place is needed (by its successor, or by a role whose name
/// collides) may be missed for a while; anything else may not.
fn assert_nothing_dangles_for_good(fake: &FakeCloud, stack: &Stack) {
    for Dangling {
        removed,
        mentioned_by,
    } in fake.dangling()
    {
        let address = removed.resource.tags().get(ADDRESS_TAG);
        let makes_way = stack.resources.iter().any(|(at, declared)| {
            declared.want.as_ref().is_some_and(|want| {
                let succeeds = address == Some(&Template::from(at.to_string()));
                let collides = removed.resource.name().eq_ignore_ascii_case(want.name());
                at.kind == removed.resource.kind() && (succeeds || collides)
            })
        });
        // Once our revisions are gone, what a family mentions stands in somebody else's.
        let family = mentioned_by.resource.task_definition();
        let is_left_to_others = family.is_some_and(|family| {
            family.newer.is_some() && family.revision.is_none() && family.older.is_empty()
        });
        assert!(
            makes_way || is_left_to_others,
            "{} was removed although {} mentions it: {family:?}",
            removed.target,
            mentioned_by.target,
        );
    }
}

/// Carries out a history: a first stack, with whatever goes wrong, and then somebody meddles.
pub(crate) fn live_through(history: &History) -> Arc<FakeCloud> {
    let fake = Arc::new(history.world());
    let before = history.before.stack();
    carry_out(
        &fake,
        &before,
        &before.query(false),
        &history.faults,
        history.concurrency,
    );
    history.drift(&fake);
    fake
}

pub(crate) fn assert_is_empty(fake: &FakeCloud, stack: &Stack, query: &Query) {
    let again = plan(stack, &fake.snapshot(query));
    assert_eq!(again.refusals, []);
    assert_eq!(again.steps, [], "there is still something to do");
}

/// Two states of one resource, neither of which mentions anything unknown: what was wanted before,
/// with revisions of its own, and what is wanted now.
fn two_states(history: &History, now: &Spec, address: &Address) -> [Option<Resource>; 2] {
    let known = |stack: &Stack| {
        let want = stack.resources.get(address)?.want.as_ref()?;
        Some(want.resolve(&|reference| Some(format!("<{reference}>"))))
    };
    let mut from = known(&history.before.stack());
    if let Some(Resource::TaskDefinition(family)) = &mut from {
        family.revision = Some(7);
        family.older = BTreeSet::from([3, 5]);
        family.inactive = BTreeSet::from([1]);
    }
    for drift in &history.drifts {
        if let (Drift::Revise(_, same), Some(from)) = (drift, &mut from) {
            worlds::revise(from, *same);
        }
    }
    if let Some(Resource::Role(role)) = &mut from {
        role.instance_profiles.insert("profile".to_owned());
    }
    [from, known(&now.stack())]
}

/// Leaves out what changes besides what is asked for: revisions that were deregistered are still
/// there, and a new one has a number.
fn apart_from_numbers(resource: Option<Resource>) -> Option<Resource> {
    let Some(Resource::TaskDefinition(mut family)) = resource else {
        return resource;
    };
    family.revision = None;
    family.inactive = BTreeSet::new();
    Some(Resource::TaskDefinition(family))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Law 1: stepping through `changes(a, b)` from `a` arrives at `b`, and `changes(a, a)` is
    /// empty.
    #[test]
    fn changes_lead_to_what_they_promise(history in worlds::history(), now in worlds::spec()) {
        for address in worlds::addresses() {
            let [from, mut to] = two_states(&history, &now, &address);
            if let (Some(from), Some(to)) = (&from, &mut to) {
                to.complete(Some(from), &[]);
                if !Resource::replace_reasons(from, to).is_empty() {
                    continue;
                }
            }
            // Of what is removed, nothing is read that others registered.
            let mut removed = from.clone();
            if let Some(Resource::TaskDefinition(family)) = &mut removed {
                family.newer = None;
            }
            for (from, to) in [(&from, &to), (&removed, &None), (&None, &to)] {
                if to.is_none() && from != &removed {
                    continue;
                }
                let changes = Resource::changes(from.as_ref(), to.as_ref());
                let arrived = changes
                    .iter()
                    .fold(from.clone(), |state, change| Resource::apply_change(state.as_ref(), change));
                let mut to = to.clone();
                if let (None, Some(Resource::Role(role))) = (from, &mut to) {
                    // Instance profiles are completed from what is live, and nothing was.
                    role.instance_profiles = BTreeSet::new();
                }
                if let (None, Some(Resource::TaskDefinition(family))) = (from, &mut to) {
                    family.older = BTreeSet::new();
                }
                if let (None, Some(Resource::Workspace(workspace))) = (from, &mut to) {
                    workspace.failed = false;
                }
                prop_assert_eq!(apart_from_numbers(arrived), apart_from_numbers(to));
                prop_assert_eq!(Resource::changes(from.as_ref(), from.as_ref()), []);
            }
        }
    }

    /// Law 2: carrying a plan out leaves nothing to do, whatever the stack and the world.
    #[test]
    fn a_plan_carried_out_leaves_an_empty_plan(history in worlds::history(), now in worlds::spec()) {
        let fake = live_through(&history);
        let stack = now.stack();
        let query = stack.query(false);
        let (plan, outcome) = carry_out(&fake, &stack, &query, &[], history.concurrency);
        if plan.refusals.is_empty() {
            prop_assert_eq!(&outcome.failed, &[]);
            assert_is_empty(&fake, &stack, &query);
        }
    }

    /// Law 3: the same after a failure anywhere and a second run.
    #[test]
    fn a_second_run_mends_a_failed_one(
        history in worlds::history(),
        now in worlds::spec(),
        faults in worlds::faults(),
    ) {
        let fake = live_through(&history);
        let stack = now.stack();
        let query = stack.query(false);
        let (first, _) = carry_out(&fake, &stack, &query, &faults, history.concurrency);
        if first.refusals.is_empty() {
            let (second, outcome) = carry_out(&fake, &stack, &query, &[], 1);
            prop_assert_eq!(second.refusals, []);
            prop_assert_eq!(&outcome.failed, &[]);
            assert_is_empty(&fake, &stack, &query);
        }
    }

    /// Law 4: nothing is removed for good while something live still mentions it. Every run asserts
    /// it; here much is removed.
    #[test]
    fn nothing_is_removed_while_it_is_mentioned(
        history in worlds::history(),
        now in worlds::spec(),
        faults in worlds::faults(),
    ) {
        let fake = live_through(&history);
        let stack = now.fewer().stack();
        let query = stack.query(false);
        carry_out(&fake, &stack, &query, &faults, history.concurrency);
        carry_out(&fake, &stack, &query, &[], history.concurrency);
    }

    /// Law 5: destroying leaves nothing of ours and touches nothing else, whatever goes wrong on
    /// the way.
    #[test]
    fn destroying_leaves_nothing_of_ours(
        history in worlds::history(),
        faults in worlds::faults(),
    ) {
        let fake = live_through(&history);
        let others = |fake: &FakeCloud| -> Vec<FakeResource> {
            fake.things().into_iter().filter(|thing| !is_ours(thing)).collect()
        };
        let mut before = others(&fake);
        before.extend(theirs(&fake.things()));
        before.sort_by_key(|thing| (thing.resource.kind(), thing.target.clone()));
        let stack = history.before.stack().emptied();
        let query = stack.query(true);
        carry_out(&fake, &stack, &query, &faults, history.concurrency);
        let (plan, outcome) = carry_out(&fake, &stack, &query, &[], history.concurrency);
        prop_assert_eq!(plan.refusals, []);
        prop_assert_eq!(&outcome.failed, &[]);
        let mut after = others(&fake);
        after.sort_by_key(|thing| (thing.resource.kind(), thing.target.clone()));
        prop_assert_eq!(after, before);
        let ours: Vec<FakeResource> = fake.things().into_iter().filter(is_ours).collect();
        prop_assert_eq!(ours, []);
    }

    /// What something that runs needs is removed by no plan that does not name who needs it, and
    /// revisions that run go with nothing but their whole family.
    #[test]
    fn nothing_that_runs_loses_what_it_needs_unnamed(
        history in worlds::history(),
        now in worlds::spec(),
        uses in worlds::uses(),
    ) {
        let fake = live_through(&history);
        let mut stack = now.stack();
        let query = stack.query(true);
        let careless = plan(&stack, &fake.snapshot(&query));
        let running = uses.of(&fake);
        fake.run(running.clone());
        let users = |step: &Step| running.users(step.id.address.kind, &step.target);
        let made = plan(&stack, &fake.snapshot(&query));
        for step in careless.steps.iter().filter(|step| step.id.phase == Phase::Remove) {
            let refused = made.refusals.iter().filter(|refusal| refusal.address == step.id.address);
            let named: Vec<&Reason> = refused.map(|refusal| &refusal.reason).collect();
            let is_named = |by: &Vec<String>| named.iter().any(|reason| {
                matches!(reason, Reason::InUse { by: named, .. } if named == by)
            });
            let by = users(step);
            prop_assert!(by.is_empty() || is_named(&by), "{} goes: {by:?}", step.id);
        }
        assert_keeps_what_runs(&made, &running);

        stack.force_in_use = worlds::addresses().into_iter().collect();
        let forced = plan(&stack, &fake.snapshot(&query));
        assert_keeps_what_runs(&forced, &running);
        let risks = amp_stack::plan::risk::risks(&forced);
        for step in forced.steps.iter().filter(|step| step.id.phase == Phase::Remove) {
            let named = |user: &String| risks.iter().any(|risk| {
                risk.code == "in-use-removed" && risk.address == step.id.address && risk.text.contains(user)
            });
            prop_assert!(users(step).iter().all(named), "{} is forced and not named", step.id);
        }
    }

    /// What is protected has no removal in any plan.
    #[test]
    fn what_is_protected_stays(history in worlds::history(), now in worlds::spec(), protect in worlds::protection()) {
        let fake = live_through(&history);
        let stack = protect.on_stack(now.stack());
        protect.on_world(&fake);
        let made = plan(&stack, &fake.snapshot(&stack.query(true)));
        for step in &made.steps {
            let declared = stack.resources.get(&step.id.address);
            if step.id.phase == Phase::Remove {
                let from = step.from.as_ref().unwrap();
                let tagged = from.tags().contains_key("amp-stack:prevent-destroy");
                let protected = declared.map_or(tagged, |d| d.lifecycle.prevent_destroy);
                prop_assert!(!protected, "{} goes", step.id);
                prop_assert!(!from.log_group().is_some_and(|g| g.deletion_protection));
            }
        }
    }
}

/// No revision that runs is deregistered while its family stays.
fn assert_keeps_what_runs(plan: &Plan, running: &Running) {
    for step in plan
        .steps
        .iter()
        .filter(|step| step.id.phase == Phase::Build)
    {
        let used = running.revisions_of(&step.target);
        for change in step.changes() {
            if let Change::TaskDefinition(task_definition::Change::Deregister(Some(revision))) =
                change
            {
                assert!(
                    !used.contains_key(&revision),
                    "{} takes {revision} away",
                    step.id
                );
            }
        }
    }
}

/// The generators make what the laws are about: otherwise the laws would hold of nothing.
#[test]
fn the_worlds_are_not_too_tame() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};

    let mut runner = TestRunner::deterministic();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut refused = 0;
    for _ in 0..200 {
        let history = worlds::history().new_tree(&mut runner).unwrap().current();
        let now = worlds::spec().new_tree(&mut runner).unwrap().current();
        let fake = live_through(&history);
        let stack = now.stack();
        let plan = plan(&stack, &fake.snapshot(&stack.query(false)));
        refused += usize::from(!plan.refusals.is_empty());
        for step in &plan.steps {
            seen.insert(
                match (step.id.phase, &step.from, step.replaces.is_empty()) {
                    (Phase::Build, None, true) => "create",
                    (Phase::Build, Some(_), true) if step.adopted_from.is_some() => "adopt or move",
                    (Phase::Build, Some(_), true) => "update",
                    (Phase::Build, _, false) => "replace",
                    (Phase::Remove, _, true) => "remove",
                    (Phase::Remove, _, false) => "replaced",
                },
            );
            if step.to.as_ref().is_some_and(|to| {
                let mut unknown = false;
                to.each_template(&mut |text| unknown |= text.known().is_none());
                unknown
            }) {
                seen.insert("known after apply");
            }
        }
        seen.extend(history.drifts.iter().map(|drift| match drift {
            Drift::Remove(_) => "removed by hand",
            Drift::Alter(_) => "altered by hand",
            Drift::Revise(..) => "revised by somebody else",
        }));
    }
    let expected = [
        "adopt or move",
        "altered by hand",
        "create",
        "known after apply",
        "remove",
        "removed by hand",
        "replace",
        "replaced",
        "revised by somebody else",
        "update",
    ];
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), expected);
    assert!(refused < 100, "{refused} of 200 plans are refused");
}
