//! Laws of plans that are about more, or about less, than one whole stack: several stacks in one
//! run, targets, and what is built anew on request.
//!
//! Which law notices a mistake was tried by making it, one at a time, with the default number of
//! cases:
//!
//! | mistake | noticed by |
//! |---|---|
//! | a role that an earlier stack makes is not foreseen | `what_an_earlier_stack_will_do_is_foreseen`, `only_roles_are_foreseen_across_regions` |
//! | a removal of an earlier stack is not foreseen | `what_an_earlier_stack_will_do_is_foreseen` |
//! | that an earlier stack takes something over is not foreseen | `what_an_earlier_stack_takes_over_is_not_free` |
//! | a target does not take along the steps that it waits for | `a_target_takes_along_what_it_needs` |
//! | a removal does not take along what lets go of it | the same |
//! | a removal does not wait for what is refused | the same, in some of many runs |
//! | a removed target takes along what it mentions | `a_removed_target_takes_along_what_needs_it_and_nothing_else` |
//! | a removed target leaves what mentions it | the same |
//! | a name that a refused resource keeps is taken for free | the same, in some of many runs |
//! | `replace` builds nothing anew | `what_is_to_be_replaced_is_built_anew` |
//! | `replace` of a task definition removes its family | the same |
//! | a new revision that says the same is taken for the old one | the same |

use std::{collections::BTreeSet, sync::Arc};

use amp_stack::{
    kinds::{Resource, task_definition},
    model::{
        address::Address,
        query::Query,
        tags::{Owner, STACK_TAG},
        template::{Attribute, Template},
    },
    plan::{ClaimBy, Phase, Plan, StepId, plan, project},
    snapshot::Snapshot,
    stack::Stack,
};
use proptest::{prelude::*, sample};

use crate::{
    laws::{assert_is_empty, carry_out, carry_out_narrowed, live_through},
    worlds,
};

/// The same stack under another name, of which the resources have other names too if `apart`.
fn another(mut stack: Stack, apart: bool) -> Stack {
    stack.name = "orders".parse().unwrap();
    for want in stack.resources.values_mut().filter_map(|d| d.want.as_mut()) {
        want.tags_mut()
            .insert(STACK_TAG.to_owned(), Template::from(stack.name.as_str()));
        match want {
            Resource::LogGroup(group) if apart => group.name.push_str("-2"),
            Resource::Role(role) if apart => role.name.push_str("-2"),
            Resource::TaskDefinition(family) if apart => family.family.push_str("-2"),
            Resource::LogGroup(_)
            | Resource::Role(_)
            | Resource::TaskDefinition(_)
            | Resource::Workspace(_) => {}
        }
    }
    stack
}

/// What a plan decides: its steps, and what it refuses. ARNs of revisions that are not there yet
/// can't be foreseen.
fn decisions(plan: &Plan) -> (Vec<amp_stack::plan::Step>, BTreeSet<Address>) {
    let refused = plan.refusals.iter().map(|r| r.address.clone());
    (plan.steps.clone(), refused.collect())
}

fn targets() -> impl Strategy<Value = BTreeSet<Address>> {
    let all = worlds::addresses();
    sample::subsequence(all, 1..=2).prop_map(|targets| targets.into_iter().collect())
}

/// Returns whether the world has something of the stack at `address` that its tags say is there.
fn is_there(fake: &amp_stack::testing::FakeCloud, query: &Query, address: &Address) -> bool {
    let owner = Owner::Ours(address.clone());
    let live = fake.snapshot(query);
    live.found.iter().any(|found| found.owner == owner)
}

/// Returns whether what lives at `holder` mentions what lives at another address, `held`.
fn mentions(live: &Snapshot, holder: &Address, held: &Address) -> bool {
    let at = |address: &Address| {
        let owner = Owner::Ours(address.clone());
        let found = live.found.iter();
        found.filter(move |found| found.owner == owner)
    };
    let mut held = at(held).filter(|_| holder != held);
    held.any(|held| {
        let id = held.attributes.get(&Attribute::Id);
        let name = id.map_or_else(|| held.resource.name(), String::as_str);
        let mut found = false;
        for holder in at(holder) {
            holder.resource.each_template(&mut |text| {
                let text = text.to_string();
                found |= text.contains(held.arn()) || text.contains(name);
            });
        }
        found
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// A later stack's plan, made before the earlier one is carried out, is the plan that is made
    /// afterwards.
    #[test]
    fn what_an_earlier_stack_will_do_is_foreseen(
        history in worlds::history(),
        now in worlds::spec(),
        was in worlds::spec(),
        other in worlds::spec(),
        apart in any::<(bool, bool)>(),
    ) {
        let fake = live_through(&history);
        let (earlier, later) = (now.stack(), another(other.stack(), apart.1));
        let before = another(was.stack(), apart.0);
        carry_out(&fake, &before, &before.query(false), &[], 1);

        let mut live = fake.snapshot(&later.query(true));
        let query = earlier.query(false);
        let first = plan(&earlier, &fake.snapshot(&query));
        if !first.refusals.is_empty() {
            return Ok(());
        }
        project(&mut live, &first, &earlier.name, true);
        let projected = plan(&later, &live);
        let (_, outcome) = carry_out(&fake, &earlier, &query, &[], history.concurrency);
        prop_assert_eq!(&outcome.failed, &[]);
        let made = plan(&later, &fake.snapshot(&later.query(true)));
        prop_assert_eq!(decisions(&projected), decisions(&made));
    }

    /// A narrowed plan can be carried out by itself, leaves nothing to do at its targets, and the
    /// rest can follow.
    #[test]
    fn a_target_takes_along_what_it_needs(
        history in worlds::history(),
        now in worlds::spec(),
        only in targets(),
    ) {
        let fake = live_through(&history);
        let stack = now.stack();
        let query = stack.query(true);
        let whole = plan(&stack, &fake.snapshot(&query));
        let (narrowed, outcome) =
            carry_out_narrowed(&fake, &stack, &query, Some(&only), &[], history.concurrency);
        for step in &narrowed.steps {
            let whole = whole.steps.iter().find(|other| other.id == step.id).unwrap();
            // What only decides which of several runs takes the step is no need of it.
            let decides = |id: &&StepId| whole.claim == ClaimBy::Step((*id).clone());
            let lost = whole.after.difference(&step.after).filter(|id| !decides(id));
            let lost: Vec<_> = lost.filter(|_| step.id.phase == Phase::Build).collect();
            prop_assert!(lost.is_empty(), "{} goes without {lost:?}", step.id);
        }
        for left in &narrowed.left_out {
            prop_assert!(!only.contains(left));
        }
        prop_assert_eq!(&outcome.failed, &[]);
        if narrowed.refusals.is_empty() {
            let live = fake.snapshot(&query);
            let again = plan(&stack, &live).only(&only, &stack, &live);
            prop_assert_eq!(&again.steps, &[]);
        }
        let (rest, outcome) = carry_out(&fake, &stack, &query, &[], history.concurrency);
        if rest.refusals.is_empty() {
            prop_assert_eq!(&outcome.failed, &[]);
            assert_is_empty(&fake, &stack, &query);
        }
    }

    /// Of a stack that is removed whole, a target takes along what mentions it, and nothing that it
    /// mentions itself.
    #[test]
    fn a_removed_target_takes_along_what_needs_it_and_nothing_else(
        history in worlds::history(),
        now in worlds::spec(),
        only in targets(),
    ) {
        let fake = live_through(&history);
        let stack = now.stack();
        carry_out(&fake, &stack, &stack.query(true), &[], history.concurrency);
        // What had to make way may be missed already.
        prop_assume!(fake.dangling().is_empty());
        let query = stack.query_to_destroy();
        let before = fake.snapshot(&query);
        let emptied = stack.emptied();
        let (narrowed, outcome) =
            carry_out_narrowed(&fake, &emptied, &query, Some(&only), &[], history.concurrency);
        prop_assert_eq!(&outcome.failed, &[]);
        let planned = narrowed.steps.iter().map(|step| &step.id.address);
        let planned: BTreeSet<&Address> = planned
            .chain(narrowed.refusals.iter().map(|refusal| &refusal.address))
            .collect();
        for address in &planned {
            let is_wanted = only.contains(*address)
                || planned.iter().any(|other| mentions(&before, address, other));
            prop_assert!(is_wanted, "{address} goes with {only:?}, and nothing needs that");
        }
        for address in &narrowed.left_out {
            prop_assert!(!planned.contains(address));
        }
    }

    /// What is asked for is built anew, once, and the stack converges.
    #[test]
    fn what_is_to_be_replaced_is_built_anew(
        history in worlds::history(),
        now in worlds::spec(),
        anew in targets(),
    ) {
        let fake = live_through(&history);
        let stack = now.stack();
        let query = stack.query(true);
        carry_out(&fake, &stack, &query, &[], history.concurrency);
        let mut asked = stack.clone();
        for address in &anew {
            if let Some(declared) = asked.resources.get_mut(address) {
                declared.lifecycle.replace = true;
            }
        }
        let there: BTreeSet<&Address> = anew
            .iter()
            .filter(|address| is_there(&fake, &query, address))
            .filter(|address| stack.resources.get(address).is_some_and(|d| d.want.is_some()))
            .collect();
        let (plan, outcome) = carry_out(&fake, &asked, &query, &[], history.concurrency);
        if !plan.refusals.is_empty() {
            return Ok(());
        }
        prop_assert_eq!(&outcome.failed, &[]);
        for address in there {
            let steps: Vec<_> = plan.steps.iter().filter(|s| s.id.address == *address).collect();
            let calls: Vec<_> = steps.iter().flat_map(|step| step.changes()).collect();
            let registers = calls.iter().any(|call| matches!(
                call,
                amp_stack::kinds::Change::TaskDefinition(task_definition::Change::Register { .. })
            ));
            let removes = steps.iter().any(|step| step.id.phase == Phase::Remove);
            prop_assert!(registers != removes, "{address}: {calls:?}");
        }
        assert_is_empty(&fake, &stack, &stack.query(false));
    }
}

/// Two stacks in different regions share nothing but the roles.
#[test]
fn only_roles_are_foreseen_across_regions() {
    let fake = Arc::new(amp_stack::testing::FakeCloud::new(worlds::identity()));
    let spec = worlds::whole();
    let earlier = spec.stack();
    let later = another(spec.stack(), false);
    let first = plan(&earlier, &fake.snapshot(&earlier.query(false)));
    for (same_region, refused) in [(true, 6), (false, 2)] {
        let mut live = fake.snapshot(&later.query(false));
        project(&mut live, &first, &earlier.name, same_region);
        let plan = plan(&later, &live);
        assert_eq!(decisions(&plan).1.len(), refused, "{:?}", plan.refusals);
    }
}

#[test]
fn what_an_earlier_stack_takes_over_is_not_free() {
    let fake = Arc::new(amp_stack::testing::FakeCloud::new(worlds::identity()));
    let mut earlier = worlds::whole().stack();
    for declared in earlier.resources.values_mut() {
        declared.lifecycle.adopt = true;
    }
    let later = another(earlier.clone(), false);
    let group = Address::new(amp_stack::model::address::Kind::LogGroup, "a");
    let mut foreign = earlier.resources[&group].want.clone().unwrap();
    foreign.tags_mut().clear();
    fake.put(foreign);
    let first = plan(&earlier, &fake.snapshot(&earlier.query(false)));
    let mut live = fake.snapshot(&later.query(false));
    assert!(!decisions(&plan(&later, &live)).1.contains(&group));
    project(&mut live, &first, &earlier.name, true);
    assert!(decisions(&plan(&later, &live)).1.contains(&group));
}
