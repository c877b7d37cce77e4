//! Log groups: protection, and what the account decides.

use amp_stack::{plan::Reason, resource::Resource, snapshot::Fact, tags::PREVENT_DESTROY_TAG};

use crate::{
    plans::{applied, in_words, one_group, paper, plan_of_destroying, reasons, tagged},
    samples::{group, group_at, owned, plan, stack, with_lifecycle},
    worlds::identity,
};

#[test]
fn of_several_log_groups_at_one_address_the_wanted_one_stays() {
    let paper = paper();
    for name in ["/a", "/b", "/app"] {
        paper.put(owned(&group_at("app"), Resource::LogGroup(group(name))));
    }
    let wanted = one_group(group("/app"));
    let expected = [
        "remove log_groups.app: logs:DeleteLogGroup",
        "remove log_groups.app (1): logs:DeleteLogGroup",
    ];
    let made = plan(&wanted, &paper);
    assert_eq!(in_words(&made), expected);
    assert_eq!(
        made.steps
            .iter()
            .map(|s| s.target.as_str())
            .collect::<Vec<_>>(),
        ["/a", "/b"]
    );
    assert_eq!(plan_of_destroying(&wanted, &paper).steps.len(), 3);
}

#[test]
fn the_tag_protects_what_the_file_no_longer_declares() {
    let paper = paper();
    let protected = owned(&group_at("app"), Resource::LogGroup(group("/app")));
    paper.put(tagged(protected, &[(PREVENT_DESTROY_TAG, "true")]));
    let undeclared = plan(&stack([]), &paper);
    assert!(matches!(
        reasons(&undeclared)[..],
        [Reason::Protected { by_tag: true, .. }]
    ));

    // A declaration decides, whatever the tag says.
    let declared = with_lifecycle(one_group(group("/app")), &group_at("app"), |l| {
        l.prevent_destroy = false;
    });
    let destroyed = plan_of_destroying(&declared, &paper);
    assert_eq!(
        in_words(&destroyed),
        ["remove log_groups.app: logs:DeleteLogGroup"]
    );
}

#[test]
fn deletion_protection_holds_a_log_group_back() {
    let mut guarded = group("/app");
    guarded.deletion_protection = true;
    let paper = applied(&one_group(guarded.clone()));
    let expected = Reason::DeletionProtection {
        arn: identity().log_group_arn("/app"),
    };
    assert_eq!(reasons(&plan(&stack([]), &paper)), [&expected]);
    guarded.class = "INFREQUENT_ACCESS".to_owned();
    assert_eq!(reasons(&plan(&one_group(guarded), &paper)), [&expected]);
}

#[test]
fn retention_that_the_accounts_policy_decides_is_noted_and_left() {
    let paper = paper();
    let mut live = group("/app");
    live.retention_days = Some(365);
    let live = owned(&group_at("app"), Resource::LogGroup(live));
    paper.put_with(
        live,
        vec![Fact::RetentionByAccountPolicy("keep-a-year".to_owned())],
    );
    let plan = plan(&one_group(group("/app")), &paper);
    assert!(plan.is_empty(), "{plan:?}");
    assert_eq!(plan.notes.len(), 1);
    let text = &plan.notes[0].text;
    assert!(
        text.contains("`keep-a-year`") && text.contains("365 days"),
        "{text}"
    );
}
