//! Workspaces: namesakes, protection and replacement.

use amp_stack::{
    kinds::{Resource, workspace::Configuration},
    model::{
        address::Address,
        template::{Attribute, Template},
    },
    plan::{Candidate, Reason},
};

use crate::{
    plans::{
        applied, fake, in_words, one_workspace, plan_of_destroying, reasons, replaced, risk_codes,
    },
    samples::{owned, plan, role_at, stack, with_lifecycle, workspace, writer},
    worlds::identity,
};

#[test]
fn a_namesake_of_a_workspace_is_noted_or_adopted() {
    let wanted = one_workspace(workspace("metrics"));
    let adopting = with_lifecycle(wanted.clone(), &Address::workspace(), |l| l.adopt = true);
    let fake = fake();
    fake.put(Resource::Workspace(workspace("metrics")));

    let beside = plan(&wanted, &fake);
    assert_eq!(in_words(&beside), ["build workspace: aps:CreateWorkspace"]);
    assert!(
        beside.notes[0].text.contains("workspace/ws-1"),
        "{:?}",
        beside.notes
    );

    let adopted = plan(&adopting, &fake);
    assert_eq!(in_words(&adopted), ["build workspace: aps:TagResource"]);
    assert_eq!(adopted.steps[0].target, "ws-1");
    assert_eq!(
        adopted.known_attributes[&Address::workspace()][&Attribute::Id],
        "ws-1"
    );

    fake.put(Resource::Workspace(workspace("metrics")));
    let ambiguous = plan(&adopting, &fake);
    assert_eq!(reasons(&ambiguous), [&twins(false)]);
}

/// Two workspaces of which one is meant.
fn twins(are_ours: bool) -> Reason {
    let candidate = |id| Candidate {
        arn: identity().workspace_arn(id),
        created_at: None,
    };
    Reason::Ambiguous {
        candidates: ["ws-1", "ws-2"].map(candidate).to_vec(),
        are_ours,
    }
}

#[test]
fn of_two_workspaces_of_ours_the_oldest_is_used_and_none_is_removed() {
    let fake = fake();
    for _ in 0..2 {
        fake.put(owned(
            &Address::workspace(),
            Resource::Workspace(workspace("metrics")),
        ));
    }
    let wanted = one_workspace(workspace("metrics"));
    let planned = plan(&wanted, &fake);
    assert!(planned.is_empty(), "{planned:?}");
    assert_eq!(
        planned.known_attributes[&Address::workspace()][&Attribute::Id],
        "ws-1"
    );
    let note = &planned.notes[0].text;
    assert!(note.contains("ws-1 is used"), "{note}");
    let command = "aws amp delete-workspace --region us-east-1 --workspace-id ws-2";
    assert!(note.contains(command), "{note}");

    // Nothing is removed before somebody has decided, and nothing replaced.
    let expected = twins(true);
    assert_eq!(reasons(&plan_of_destroying(&wanted, &fake)), [&expected]);
    let mut other = workspace("metrics");
    other.kms_key_arn = Some("arn:aws:kms:us-east-1:111122223333:key/1".into());
    assert_eq!(reasons(&plan(&one_workspace(other), &fake)), [&expected]);
}

#[test]
fn a_protected_workspace_is_neither_replaced_nor_removed() {
    let protect =
        |stack| with_lifecycle(stack, &Address::workspace(), |l| l.prevent_destroy = true);
    let before = protect(one_workspace(workspace("metrics")));
    let fake = applied(&before);
    let mut other_key = workspace("metrics");
    other_key.kms_key_arn = Some(Template::from("arn:aws:kms:us-east-1:111122223333:key/1"));

    let made = plan(&protect(one_workspace(other_key.clone())), &fake);
    let [
        Reason::Protected {
            arn,
            replaces,
            by_tag: false,
        },
    ] = reasons(&made)[..]
    else {
        panic!("{:?}", made.refusals);
    };
    assert_eq!(*arn, identity().workspace_arn("ws-1"));
    assert_eq!(replaces[0].property, "kms_key_arn");
    assert_eq!(
        made.known_attributes[&Address::workspace()][&Attribute::Id],
        "ws-1"
    );

    let destroyed = plan_of_destroying(&before, &fake);
    assert!(matches!(
        reasons(&destroyed)[..],
        [Reason::Protected { by_tag: false, .. }]
    ));

    let lifted = plan(&one_workspace(other_key), &fake);
    assert_eq!(
        in_words(&lifted),
        [
            "remove workspace: aps:DeleteWorkspace",
            "build workspace: aps:CreateWorkspace"
        ]
    );
    assert_eq!(risk_codes(&lifted), ["workspace-replaced"]);
}

/// To remove and to build are two calls: where a run that ends between them would leave a plan that
/// takes over somebody else's workspace, nothing is begun.
#[test]
fn a_workspace_that_adopts_is_not_replaced_beside_a_namesake() {
    let before = one_workspace(workspace("metrics"));
    let mut other_key = workspace("metrics");
    other_key.kms_key_arn = Some(Template::from("arn:aws:kms:us-east-1:111122223333:key/1"));
    let adopting = with_lifecycle(one_workspace(other_key), &Address::workspace(), |l| {
        l.adopt = true;
    });
    let alone = plan(&adopting, &applied(&before));
    assert_eq!(replaced(&alone), ["kms_key_arn", "kms_key_arn"]);

    let fake = applied(&before);
    fake.put(Resource::Workspace(workspace("metrics")));
    let beside = plan(&adopting, &fake);
    let [Reason::AdoptsOnceRemoved { arn, others, .. }] = reasons(&beside)[..] else {
        panic!("{:?}", beside.refusals);
    };
    assert_eq!(*arn, identity().workspace_arn("ws-1"));
    assert_eq!(*others, [identity().workspace_arn("ws-2")]);
    assert_eq!(beside.steps, []);

    // By id it is the same, whether or not there is such a workspace.
    for (id, expected) in [
        ("ws-2", vec![identity().workspace_arn("ws-2")]),
        ("ws-1", vec![]),
    ] {
        let by_id = with_lifecycle(adopting.clone(), &Address::workspace(), |l| {
            l.adopt_id = Some(id.to_owned());
        });
        let made = plan(&by_id, &fake);
        let [Reason::AdoptsOnceRemoved { others, .. }] = reasons(&made)[..] else {
            panic!("{id}");
        };
        assert_eq!(*others, expected, "{id}");
    }
}

#[test]
fn a_workspace_that_aws_could_not_create_is_replaced_even_if_protected() {
    let fake = fake();
    let mut failed = workspace("metrics");
    failed.failed = true;
    fake.put(owned(&Address::workspace(), Resource::Workspace(failed)));
    let protected = with_lifecycle(
        one_workspace(workspace("metrics")),
        &Address::workspace(),
        |l| l.prevent_destroy = true,
    );
    let plan = plan(&protected, &fake);
    assert_eq!(plan.refusals, []);
    assert_eq!(replaced(&plan), ["status", "status"]);
    assert_eq!(risk_codes(&plan), [""; 0]);
}

#[test]
fn a_replaced_workspace_is_known_again_after_apply() {
    let with = |workspace| {
        stack([
            (Address::workspace(), Resource::Workspace(workspace)),
            (role_at("task"), Resource::Role(writer("Task"))),
        ])
    };
    let mut before = workspace("metrics");
    before.configuration = Configuration {
        retention_days: Some(30),
        ..Configuration::default()
    };
    let fake = applied(&with(before));
    let mut other_key = workspace("metrics");
    other_key.kms_key_arn = Some(Template::from("arn:aws:kms:us-east-1:111122223333:key/1"));
    let plan = plan(&with(other_key), &fake);
    // What the file leaves to AWS is not taken from the workspace that goes.
    assert_eq!(
        in_words(&plan),
        [
            "remove workspace: aps:DeleteWorkspace",
            "build workspace: aps:CreateWorkspace",
            "build roles.task: iam:PutRolePolicy",
        ]
    );
    let policy = format!("{:?}", plan.steps[2].changes());
    assert!(policy.contains("Reference"), "{policy}");
    assert_eq!(plan.steps[1].target, "");
}
