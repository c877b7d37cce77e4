//! Task definitions: revisions that stay and revisions that go.

use std::{collections::BTreeSet, sync::Arc};

use amp_stack::{
    kinds::Resource,
    model::live::Fact,
    plan::{Phase, Plan},
    testing::FakeCloud,
};

use crate::{
    plans::{
        applied, fake, in_words, one_family, plan_of_destroying, plan_of_removal, replaced, runs,
    },
    samples::{carry_out, family, family_at, owned, plan, with_lifecycle},
    worlds::{block_on, identity},
};

/// A family of ours whose newest revision is 5, with three older active ones.
fn five_revisions(facts: Vec<Fact>) -> FakeCloud {
    let fake = fake();
    let mut live = family("api", "256");
    live.revision = Some(5);
    live.older = BTreeSet::from([2, 3, 4]);
    fake.put_with(
        owned(&family_at("api"), Resource::TaskDefinition(live)),
        facts,
    );
    fake
}

fn kept(plan: &Plan) -> BTreeSet<u32> {
    let to = plan.steps[0]
        .to
        .as_ref()
        .and_then(Resource::task_definition);
    to.unwrap().active()
}

#[test]
fn revisions_beyond_keep_revisions_go_unless_they_are_in_use() {
    let keep = |cpu, keep| {
        with_lifecycle(one_family(family("api", cpu)), &family_at("api"), |l| {
            l.keep_revisions = Some(keep);
        })
    };
    let unused = five_revisions(Vec::new());
    let made = plan(&keep("256", 2), &unused);
    assert_eq!(kept(&made), BTreeSet::from([4, 5]));
    // A new revision counts: it and the newest one before stay.
    let made = plan(&keep("512", 2), &unused);
    assert_eq!(kept(&made), BTreeSet::from([5]));
    assert_eq!(
        in_words(&made),
        [
            "build task_definitions.api: ecs:RegisterTaskDefinition, ecs:DeregisterTaskDefinition, ecs:DeregisterTaskDefinition, ecs:DeregisterTaskDefinition"
        ]
    );

    let used = five_revisions(Vec::new());
    used.run(runs("api", 2, []));
    let made = plan_of_removal(&keep("256", 1), &used);
    assert_eq!(kept(&made), BTreeSet::from([2, 5]));
    assert!(
        made.notes[0]
            .text
            .ends_with("in use: 2 (service api in cluster prod)"),
        "{:?}",
        made.notes
    );
}

#[test]
fn a_newer_revision_of_somebody_else_is_noted() {
    let fake = five_revisions(vec![Fact::NewerRevision(6)]);
    let plan = plan(&one_family(family("api", "256")), &fake);
    assert!(plan.is_empty());
    assert!(
        plan.notes[0].text.starts_with("revision 6 of api"),
        "{:?}",
        plan.notes
    );
}

#[test]
fn a_renamed_family_leaves_nothing_that_destroying_would_miss() {
    let fake = applied(&one_family(family("old", "256")));
    let fake = Arc::new(fake);
    for wanted in [
        one_family(family("old", "512")),
        one_family(family("new", "512")),
    ] {
        let keep = with_lifecycle(wanted, &family_at("api"), |l| l.keep_revisions = None);
        let (outcome, _) = block_on(carry_out(plan(&keep, &fake), &fake));
        assert!(outcome.is_complete());
    }
    // Somebody deregisters by hand what a crash would leave.
    let mut leftover = family("older", "256");
    leftover.document = None;
    leftover.inactive = BTreeSet::from([1]);
    fake.put(owned(&family_at("api"), Resource::TaskDefinition(leftover)));
    let destroyed = plan_of_destroying(&one_family(family("new", "512")), &fake);
    assert_eq!(
        in_words(&destroyed),
        [
            "remove task_definitions.api: ecs:DeregisterTaskDefinition, ecs:DeleteTaskDefinitions",
            "remove task_definitions.api (1): ecs:DeleteTaskDefinitions",
        ]
    );
    let (outcome, _) = block_on(carry_out(destroyed, &fake));
    assert!(outcome.is_complete());
    assert_eq!(fake.things(), []);
}

#[test]
fn a_family_renamed_is_removed_and_built() {
    let fake = applied(&one_family(family("old", "256")));
    let plan = plan(&one_family(family("new", "256")), &fake);
    let phases: Vec<Phase> = plan.steps.iter().map(|step| step.id.phase).collect();
    assert_eq!(phases, [Phase::Remove, Phase::Build]);
    assert_eq!(replaced(&plan), ["family", "family"]);
    assert_eq!(plan.account, identity().account);
}
