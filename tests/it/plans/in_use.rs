//! What runs holds on to what it needs.

use std::collections::BTreeSet;

use amp_stack::{
    kinds::Resource,
    model::{
        address::{Address, Kind},
        live::Fact,
    },
    plan::{Plan, Reason, risk},
    stack::Stack,
    testing::FakeCloud,
};

use crate::{
    plans::{applied, fake, in_words, plan_of_removal, reasons, risk_codes, runs},
    samples::{family, family_at, group, group_at, owned, plan, role, role_at, stack, workspace},
};

/// One resource of every kind, none of which mentions another.
fn one_of_each() -> Stack {
    stack([
        (group_at("app"), Resource::LogGroup(group("/app"))),
        (
            Address::workspace(),
            Resource::Workspace(workspace("metrics")),
        ),
        (role_at("task"), Resource::Role(role("Task"))),
        (
            family_at("api"),
            Resource::TaskDefinition(family("api", "256")),
        ),
    ])
}

fn in_use_by(plan: &Plan) -> Vec<(String, Vec<String>)> {
    let refusals = plan.refusals.iter();
    refusals
        .filter_map(|refusal| {
            let Reason::InUse { by, .. } = &refusal.reason else {
                return None;
            };
            Some((refusal.address.to_string(), by.clone()))
        })
        .collect()
}

#[test]
fn what_something_that_runs_needs_is_not_removed_unless_it_is_forced() {
    for (address, target) in [
        (group_at("app"), "/app"),
        (Address::workspace(), "ws-1"),
        (role_at("task"), "Task"),
        (family_at("api"), "api"),
    ] {
        let fake = applied(&one_of_each());
        // A revision that somebody else registered, in a family of its own.
        fake.run(runs("ci", 7, [(address.kind, target.to_owned())]));
        let mut rest = one_of_each();
        rest.resources.remove(&address);
        let refused = plan_of_removal(&rest, &fake);
        let by = vec!["service api in cluster prod (ci:7)".to_owned()];
        assert_eq!(in_use_by(&refused), [(address.to_string(), by)]);
        assert_eq!(in_words(&refused), [""; 0]);

        rest.force_in_use = BTreeSet::from([address.clone()]);
        let forced = plan_of_removal(&rest, &fake);
        assert_eq!(reasons(&forced).len(), 0);
        assert_eq!(forced.steps.len(), 1);
        let risks = risk::risks(&forced);
        let named = risks.iter().find(|risk| risk.code == "in-use-removed");
        let named = named.expect("it is a risk");
        assert!(
            named.text.contains("service api in cluster prod (ci:7)"),
            "{named:?}"
        );

        // Somebody else's need is nobody's here.
        fake.run(runs("ci", 7, [(address.kind, format!("{target}-2"))]));
        rest.force_in_use = BTreeSet::new();
        assert_eq!(reasons(&plan_of_removal(&rest, &fake)).len(), 0);
    }
}

#[test]
fn what_is_replaced_is_removed_first() {
    let fake = applied(&one_of_each());
    fake.run(runs("ci", 7, [(Kind::Role, "Task".to_owned())]));
    let mut moved = role("Task");
    moved.path = "/team/".to_owned();
    let mut wanted = one_of_each();
    let declared = wanted.resources.get_mut(&role_at("task")).unwrap();
    declared.want = Some(owned(&role_at("task"), Resource::Role(moved)));
    let made = plan_of_removal(&wanted, &fake);
    assert_eq!(in_use_by(&made).len(), 1, "{:?}", made.refusals);
}

#[test]
fn what_could_not_be_seen_is_a_risk_of_every_removal() {
    let fake = applied(&one_of_each());
    let mut unseen = runs("ci", 7, []);
    unseen.unseen = BTreeSet::from(["the clusters: ecs:ListClusters is denied".to_owned()]);
    fake.run(unseen);
    let made = plan_of_removal(&stack([]), &fake);
    assert_eq!(made.steps.len(), 4);
    let risks = risk::risks(&made);
    let unseen = risks.iter().filter(|risk| risk.code == "use-unseen");
    assert_eq!(unseen.count(), 4);
    assert!(
        risks
            .iter()
            .any(|risk| risk.text.contains("ecs:ListClusters is denied"))
    );
}

#[test]
fn the_last_use_of_a_role_that_goes_is_named() {
    let used = |days: &[&str]| -> FakeCloud {
        let fake = fake();
        let facts = days.iter().map(|day| Fact::LastUsed {
            day: (*day).to_owned(),
            region: "eu-west-1".to_owned(),
        });
        let role = owned(&role_at("task"), Resource::Role(role("Task")));
        fake.put_with(role, facts.collect());
        fake
    };
    assert_eq!(risk_codes(&plan(&stack([]), &used(&[]))), [""; 0]);
    let made = plan(&stack([]), &used(&["2026-11-27"]));
    assert_eq!(risk_codes(&made), ["recently-used"]);
    let text = &risk::risks(&made)[0].text;
    assert!(
        text.contains("was last used on 2026-11-27 in eu-west-1"),
        "{text}"
    );
}
