//! What is decided about the quotas of an account.

use std::collections::BTreeSet;

use amp_stack::{
    kinds::{Resource, role::Role},
    model::{
        address::Address,
        quota::{Known, Quota},
        template::Template,
    },
    plan::{Plan, Reason, plan, project},
    snapshot::Snapshot,
    stack::Stack,
};
use serde_json::json;

use crate::{
    plans::{applied, one_family, one_role},
    samples::{family, plan as plan_in, policy, role, role_at, stack, workspace},
    worlds::identity,
};

fn read(used: u64, most: u64) -> Known {
    Known {
        used: Some(used),
        most: Some(most),
        unread: None,
    }
}

fn denied(used: Option<u64>) -> Known {
    Known {
        used,
        most: None,
        unread: Some("it is denied".to_owned()),
    }
}

/// The plan of `stack` in an empty account of which `known` is known.
fn planned(stack: &Stack, known: &[(Quota, Known)]) -> Plan {
    let mut live = Snapshot::empty(identity());
    live.quotas = known.iter().cloned().collect();
    plan(stack, &live).within_quotas(stack, &live)
}

/// The address of each refusal, with the numbers: now, afterwards and at most.
fn refused(plan: &Plan) -> Vec<(String, Quota, [u64; 3])> {
    let refusals = plan.refusals.iter().map(|refusal| {
        let Reason::OverQuota {
            quota,
            now,
            after,
            most,
            region,
        } = &refusal.reason
        else {
            panic!("{refusal:?}");
        };
        assert_eq!(region, "us-east-1");
        let numbers = [*now, *after, *most];
        (refusal.address.to_string(), *quota, numbers)
    });
    refusals.collect()
}

fn notes(plan: &Plan) -> Vec<String> {
    let notes = plan.notes.iter();
    notes
        .map(|note| format!("{}: {}", note.address, note.text))
        .collect()
}

fn three_roles() -> Stack {
    let roles = ["a", "b", "c"].map(|name| (role_at(name), Resource::Role(role(name))));
    stack(roles)
}

fn with_policies(count: usize) -> Role {
    let mut role = role("Task");
    let policies = (0..count).map(|n| format!("arn:aws:iam::111122223333:policy/P{n}"));
    role.managed_policies = policies.map(Template::from).collect();
    role
}

fn with_trust(characters: usize) -> Role {
    let mut role = role("Task");
    let document = json!({"Version": "2012-10-17", "Statement": [{
        "Sid": "x".repeat(characters), "Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole",
    }]});
    role.trust = policy(&document);
    role
}

#[test]
fn what_the_account_has_no_room_for_is_refused_at_the_first_that_does_not_fit() {
    let stack = three_roles();
    let fits = planned(&stack, &[(Quota::Roles, read(997, 1000))]);
    assert_eq!((refused(&fits), fits.steps.len()), (Vec::new(), 3));
    for (used, first) in [(998, "roles.c"), (999, "roles.b"), (1000, "roles.a")] {
        let plan = planned(&stack, &[(Quota::Roles, read(used, 1000))]);
        let expected = (first.to_owned(), Quota::Roles, [used, used + 3, 1000]);
        assert_eq!(refused(&plan), [expected]);
        assert_eq!(plan.steps.len(), 2, "nothing is done to what is refused");
    }
    // More than there may be are there already.
    let plan = planned(&stack, &[(Quota::Roles, read(2000, 1000))]);
    assert_eq!(refused(&plan).len(), 1);
}

/// Whoever plans only some of it has room for that.
#[test]
fn only_what_is_left_of_a_plan_counts() {
    let stack = three_roles();
    let mut live = Snapshot::empty(identity());
    live.quotas.insert(Quota::Roles, read(999, 1000));
    let narrowed = plan(&stack, &live)
        .only(&[role_at("c")].into(), &stack, &live)
        .within_quotas(&stack, &live);
    assert_eq!((refused(&narrowed), narrowed.steps.len()), (Vec::new(), 1));
    let mut skipping = stack.clone();
    skipping.skips_preflight = true;
    let skipped = plan(&skipping, &live).within_quotas(&skipping, &live);
    assert_eq!((refused(&skipped), skipped.steps.len()), (Vec::new(), 3));
}

#[test]
fn what_a_role_can_not_hold_is_refused() {
    for (role, quota, after) in [
        (with_policies(12), Quota::ManagedPolicies, 12),
        (with_trust(3000), Quota::TrustPolicy, 3142),
    ] {
        let stack = one_role(role);
        let fits = planned(&stack, &[(quota, read(0, after))]);
        assert_eq!(refused(&fits), []);
        let plan = planned(&stack, &[(quota, read(0, after - 1))]);
        let expected = ("roles.task".to_owned(), quota, [0, after, after - 1]);
        assert_eq!(refused(&plan), [expected]);
    }
}

#[test]
fn what_could_not_be_read_is_held_against_the_default_and_noted() {
    let unread = |address: &str| {
        format!("{address}: how much the account may have is not known: it is denied")
    };
    let plan = planned(&three_roles(), &[(Quota::Roles, denied(Some(5)))]);
    assert_eq!(
        (refused(&plan), notes(&plan)),
        (Vec::new(), vec![unread("roles.c")])
    );
    let plan = planned(&three_roles(), &[(Quota::Roles, denied(Some(998)))]);
    let over = "roles.c: 1001 roles are more than the 1000 that this account has unless AWS has raised it (Roles per account, iam L-FE177D64)";
    assert_eq!(notes(&plan), [over.to_owned(), unread("roles.c")]);
    assert_eq!(plan.steps.len(), 3, "it is done all the same");

    let workspace = crate::plans::one_workspace(workspace("shop"));
    let plan = planned(&workspace, &[(Quota::Workspaces, denied(Some(25)))]);
    let over = "workspace: 26 workspaces are more than the 25 that this account in this region has unless AWS has raised it (Workspaces per region per account, aps L-8873DB23)";
    assert_eq!(notes(&plan), [over.to_owned(), unread("workspace")]);

    // One line for all that one call would have answered.
    let known = [Quota::Roles, Quota::ManagedPolicies, Quota::TrustPolicy];
    let known = known.map(|quota| (quota, denied(None)));
    let plan = planned(&one_role(with_policies(11)), &known);
    let over = "roles.task: 11 managed policies are more than the 10 that a role of this account has unless AWS has raised it (Managed policies per role, iam L-0DA4ABF3)";
    assert_eq!(notes(&plan), [over.to_owned(), unread("roles.task")]);
    // Nobody asked: nothing is said.
    assert_eq!(notes(&planned(&three_roles(), &[])), [""; 0]);
}

/// A plan that makes nothing asks for nothing, and one that alters something only for what accounts
/// need not have.
#[test]
fn a_quota_matters_only_to_what_is_made() {
    let asked = |stack: &Stack, live: &amp_stack::testing::FakeCloud| plan_in(stack, live).quotas();
    let all: BTreeSet<Quota> = [
        Quota::InlinePolicies,
        Quota::ManagedPolicies,
        Quota::Roles,
        Quota::TrustPolicy,
    ]
    .into();
    let (few, more, most) = (
        one_role(with_policies(1)),
        one_role(with_policies(10)),
        one_role(with_policies(11)),
    );
    let mut inline = one_role(role("Task"));
    if let Some(Resource::Role(role)) =
        &mut inline.resources.get_mut(&role_at("task")).unwrap().want
    {
        let document = json!({"Version": "2012-10-17", "Statement": []});
        role.inline_policies
            .insert("x".to_owned(), policy(&document));
    }
    let empty = amp_stack::testing::FakeCloud::new(identity());
    assert!(asked(&few, &empty).is_superset(&[Quota::Roles, Quota::ManagedPolicies].into()));
    assert!(asked(&inline, &empty).is_subset(&all));
    let live = applied(&few);
    assert_eq!(asked(&few, &live), BTreeSet::new(), "unchanged");
    assert_eq!(
        asked(&more, &live),
        BTreeSet::new(),
        "every account has as many"
    );
    assert_eq!(asked(&most, &live), [Quota::ManagedPolicies].into());
    let live = applied(&most);
    assert_eq!(asked(&more, &live), BTreeSet::new(), "fewer");
    let family = one_family(family("api", "256"));
    assert_eq!(
        asked(&family, &empty),
        BTreeSet::new(),
        "nobody can be asked"
    );
}

#[test]
fn what_takes_the_place_of_something_needs_no_room() {
    let mut other = role("Task");
    other.path = "/other/".to_owned();
    let live = applied(&one_role(role("Task")));
    let stack = one_role(other);
    let mut snapshot = live.snapshot(&stack.query(true));
    snapshot.quotas.insert(Quota::Roles, read(1000, 1000));
    let plan = plan(&stack, &snapshot).within_quotas(&stack, &snapshot);
    assert_eq!((refused(&plan), plan.steps.len()), (Vec::new(), 2));
    // To the next stack it makes no difference either, but what is made and what is removed does.
    let used = |stack: &Stack, plan: &Plan| {
        let mut projected = snapshot.clone();
        project(&mut projected, plan, &stack.name, false);
        projected.quotas[&Quota::Roles].used
    };
    assert_eq!(used(&stack, &plan), Some(1000));
    let three = three_roles();
    let made = amp_stack::plan::plan(&three, &Snapshot::empty(identity()));
    assert_eq!(used(&three, &made), Some(1003));
    let gone = amp_stack::plan::plan(&stack.clone().emptied(), &snapshot);
    assert_eq!(used(&stack, &gone), Some(999));
}

/// The quota of revisions is the same for everybody, so it is looked at without asking.
#[test]
fn the_last_revision_of_a_family_is_followed_by_none() {
    let live = applied(&one_family(family("api", "256")));
    let stack = one_family(family("api", "512"));
    let mut snapshot = live.snapshot(&stack.query(false));
    let noted = |snapshot: &Snapshot| {
        let plan = plan(&stack, snapshot).within_quotas(&stack, snapshot);
        assert_eq!(plan.steps.len(), 1);
        notes(&plan)
    };
    assert_eq!(noted(&snapshot), [""; 0]);
    for found in &mut snapshot.found {
        let Resource::TaskDefinition(family) = &mut found.resource else {
            panic!("there is nothing else");
        };
        family.revision = Some(1_000_000);
    }
    let [note] = &noted(&snapshot)[..] else {
        panic!("one note");
    };
    assert!(
        note.contains(
            "1000001 revisions with those that are gone are more than the 1000000 that a family has (Revisions"
        ),
        "{note}"
    );
    let address: Address = "task_definitions.api".parse().unwrap();
    assert!(note.starts_with(&address.to_string()));
}
