//! Task definitions: revisions that stay and revisions that go.

use std::{collections::BTreeSet, sync::Arc};

use amp_stack::{
    kinds::{
        Change, Resource,
        task_definition::{self, Document, Newer},
    },
    model::{address::Kind, lifecycle::IgnorePath, node::Node, tags::Tags, template::Attribute},
    plan::{Phase, Plan},
    saved::{Side, moved},
    testing::FakeCloud,
};
use serde_json::{Value, json};

use crate::{
    plans::{
        applied, fake, in_words, one_family, plan_of_destroying, plan_of_removal, reasons,
        replaced, runs,
    },
    samples::{carry_out, family, family_at, owned, plan, with_lifecycle},
    worlds::{block_on, identity},
};

/// A family of ours whose newest revision is 5, with three older active ones.
fn five_revisions() -> FakeCloud {
    let fake = fake();
    let mut live = family("api", "256");
    live.revision = Some(5);
    live.older = BTreeSet::from([2, 3, 4]);
    fake.put(owned(&family_at("api"), Resource::TaskDefinition(live)));
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
    let unused = five_revisions();
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

    let used = five_revisions();
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

/// A world in which somebody else has registered a sixth revision, without our tags.
fn revised(document: &Document) -> Arc<FakeCloud> {
    let fake = five_revisions();
    fake.mutate(|thing| {
        if let Resource::TaskDefinition(family) = &mut thing.resource {
            family.newer = Some(Newer {
                revision: 6,
                document: document.clone(),
                tags: Tags::new(),
                registered_by: Some("arn:aws:iam::111122223333:user/ci".to_owned()),
            });
        }
        true
    });
    Arc::new(fake)
}

fn saying(members: &Value) -> Document {
    Document::new(Node::from(members))
}

#[test]
fn a_newer_revision_that_says_what_the_file_says_is_adopted() {
    let fake = revised(&saying(&json!({"cpu": "256"})));
    let stack = one_family(family("api", "256"));
    let made = plan(&stack, &fake);
    assert_eq!(
        in_words(&made),
        ["build task_definitions.api: ecs:TagResource"]
    );
    assert_eq!(
        made.notes[0].text,
        "arn:aws:iam::111122223333:user/ci registered the newest revision, api:6, which says what the stack file says: it becomes this stack's by its tags"
    );
    let arn = made.known_attributes[&family_at("api")][&Attribute::Arn].clone();
    assert!(arn.ends_with("task-definition/api:6"), "{arn}");
    let (outcome, _) = block_on(carry_out(made, &fake));
    assert!(outcome.is_complete(), "{outcome:?}");
    assert!(plan(&stack, &fake).is_empty());
    let thing = fake.thing(Kind::TaskDefinition, "api").unwrap().resource;
    let left = thing.task_definition().unwrap();
    assert_eq!(left.active(), BTreeSet::from([2, 3, 4, 5, 6]));
}

#[test]
fn a_newer_revision_that_says_something_else_is_drift_and_stays() {
    let fake = revised(&saying(&json!({"cpu": "512"})));
    let keep = with_lifecycle(one_family(family("api", "256")), &family_at("api"), |l| {
        l.keep_revisions = Some(1);
    });
    let made = plan(&keep, &fake);
    // Ours go, and the sixth one is none of our business.
    assert_eq!(
        in_words(&made),
        [
            "build task_definitions.api: ecs:RegisterTaskDefinition, ecs:DeregisterTaskDefinition, ecs:DeregisterTaskDefinition, ecs:DeregisterTaskDefinition, ecs:DeregisterTaskDefinition"
        ]
    );
    let from = made.steps[0].from.as_ref().unwrap().to_display_tree();
    assert_eq!(from.get("cpu"), Some(&Node::from("512")));
    assert!(
        made.notes[0]
            .text
            .starts_with("arn:aws:iam::111122223333:user/ci registered the newest revision, api:6"),
        "{:?}",
        made.notes
    );
    let registers = made.steps[0].changes();
    let Change::TaskDefinition(task_definition::Change::Register { before, .. }) = &registers[0]
    else {
        panic!("{registers:?}");
    };
    assert_eq!(*before, Some(6));
    let (outcome, _) = block_on(carry_out(made, &fake));
    assert!(outcome.is_complete(), "{outcome:?}");
    assert!(plan(&keep, &fake).is_empty());
    let thing = fake.thing(Kind::TaskDefinition, "api").unwrap().resource;
    assert_eq!(thing.newest_revision(), Some(7));
}

#[test]
fn what_was_the_newest_revision_is_a_way_back_only_while_it_is_there() {
    let before = |keep: Option<u32>| {
        let fake = five_revisions();
        let stack = with_lifecycle(one_family(family("api", "512")), &family_at("api"), |l| {
            l.keep_revisions = keep;
        });
        let changes = plan(&stack, &fake).steps[0].changes();
        let Change::TaskDefinition(task_definition::Change::Register { before, .. }) = &changes[0]
        else {
            panic!("{changes:?}");
        };
        *before
    };
    assert_eq!(before(None), Some(5));
    assert_eq!(before(Some(2)), Some(5));
    assert_eq!(before(Some(1)), None);
}

#[test]
fn what_is_ignored_is_taken_from_what_is_deployed_whoever_registered_it() {
    let image = |image: &str, cpu: &str| {
        saying(&json!({"cpu": cpu, "containerDefinitions": [{"name": "app", "image": image}]}))
    };
    let stack = |cpu: &str| {
        let mut want = family("api", cpu);
        want.document = Some(image("app:file", cpu));
        with_lifecycle(one_family(want), &family_at("api"), |l| {
            l.ignore = vec![IgnorePath::new("containers.app.image")];
        })
    };
    let planned = |fake: &FakeCloud, cpu: &str| {
        let made = plan(&stack(cpu), fake);
        let to = made.steps.first()?.to.as_ref()?.task_definition()?;
        let container = to.document.as_ref()?.container("app")?;
        Some(container.get("image")?.as_str()?.to_owned())
    };
    let fake = revised(&image("app:ci", "256"));
    // Nothing but the image differs: it is adopted as it is.
    assert_eq!(
        in_words(&plan(&stack("256"), &fake)),
        ["build task_definitions.api: ecs:TagResource"]
    );
    assert_eq!(planned(&fake, "512").as_deref(), Some("app:ci"));
    // A service runs the revision before: that one was deployed, and the newest was not.
    fake.mutate(|thing| {
        if let Resource::TaskDefinition(family) = &mut thing.resource {
            family.served = Some(Box::new(image("app:deployed", "256")));
        }
        true
    });
    assert_eq!(planned(&fake, "512").as_deref(), Some("app:deployed"));
    assert_eq!(planned(&fake, "256").as_deref(), Some("app:deployed"));
    // A saved plan of either holds as long as nothing moves.
    for cpu in ["256", "512"] {
        let (stack, plan) = (stack(cpu), plan(&stack(cpu), &fake));
        let live = fake.snapshot(&stack.query(true));
        let side = Side {
            live: &live,
            plan: &plan,
        };
        assert_eq!(moved(&stack, side, side), []);
    }
}

#[test]
fn destroying_a_family_leaves_what_others_registered() {
    let fake = revised(&saying(&json!({"cpu": "512"})));
    let stack = one_family(family("api", "256"));
    let destroyed = plan_of_destroying(&stack, &fake);
    let deregistered = destroyed.steps[0].changes().len();
    // Four of ours, and one deletion of these.
    assert_eq!(deregistered, 5, "{:?}", in_words(&destroyed));
    let (outcome, _) = block_on(carry_out(destroyed, &fake));
    assert!(outcome.is_complete(), "{outcome:?}");
    let thing = fake.thing(Kind::TaskDefinition, "api").unwrap().resource;
    let left = thing.task_definition().unwrap();
    assert_eq!((left.revision, left.tags.len()), (Some(6), 0));
    assert_eq!(
        reasons(&plan(&stack, &fake)).len(),
        1,
        "it is somebody else's now"
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
