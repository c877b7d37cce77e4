//! Log groups: protection, and what the account decides.

use amp_stack::{
    kinds::Resource,
    model::{live::Fact, tags::PREVENT_DESTROY_TAG},
    plan::Reason,
};

use crate::{
    plans::{applied, fake, in_words, one_group, plan_of_destroying, reasons, tagged},
    samples::{group, group_at, owned, plan, stack, with_lifecycle},
    worlds::identity,
};

#[test]
fn of_several_log_groups_at_one_address_the_wanted_one_stays() {
    let fake = fake();
    for name in ["/a", "/b", "/app"] {
        fake.put(owned(&group_at("app"), Resource::LogGroup(group(name))));
    }
    let wanted = one_group(group("/app"));
    let expected = [
        "remove log_groups.app: logs:DeleteLogGroup",
        "remove log_groups.app (1): logs:DeleteLogGroup",
    ];
    let made = plan(&wanted, &fake);
    assert_eq!(in_words(&made), expected);
    assert_eq!(
        made.steps
            .iter()
            .map(|s| s.target.as_str())
            .collect::<Vec<_>>(),
        ["/a", "/b"]
    );
    assert_eq!(plan_of_destroying(&wanted, &fake).steps.len(), 3);
}

#[test]
fn the_tag_protects_what_the_file_no_longer_declares() {
    let fake = fake();
    let protected = owned(&group_at("app"), Resource::LogGroup(group("/app")));
    fake.put(tagged(protected, &[(PREVENT_DESTROY_TAG, "true")]));
    let undeclared = plan(&stack([]), &fake);
    assert!(matches!(
        reasons(&undeclared)[..],
        [Reason::Protected { by_tag: true, .. }]
    ));

    // A declaration decides, whatever the tag says.
    let declared = with_lifecycle(one_group(group("/app")), &group_at("app"), |l| {
        l.prevent_destroy = false;
    });
    let destroyed = plan_of_destroying(&declared, &fake);
    assert_eq!(
        in_words(&destroyed),
        ["remove log_groups.app: logs:DeleteLogGroup"]
    );
}

#[test]
fn deletion_protection_holds_a_log_group_back() {
    let mut guarded = group("/app");
    guarded.deletion_protection = true;
    let fake = applied(&one_group(guarded.clone()));
    let expected = Reason::DeletionProtection {
        arn: identity().log_group_arn("/app"),
    };
    assert_eq!(reasons(&plan(&stack([]), &fake)), [&expected]);
    guarded.class = "INFREQUENT_ACCESS".to_owned();
    assert_eq!(reasons(&plan(&one_group(guarded), &fake)), [&expected]);
}

#[test]
fn retention_that_the_accounts_policy_decides_is_noted_and_left() {
    let fake = fake();
    let mut live = group("/app");
    live.retention_days = Some(365);
    let live = owned(&group_at("app"), Resource::LogGroup(live));
    fake.put_with(
        live,
        vec![Fact::RetentionByAccountPolicy("keep-a-year".to_owned())],
    );
    let plan = plan(&one_group(group("/app")), &fake);
    assert!(plan.is_empty(), "{plan:?}");
    assert_eq!(plan.notes.len(), 1);
    let text = &plan.notes[0].text;
    assert!(
        text.contains("`keep-a-year`") && text.contains("365 days"),
        "{text}"
    );
}
