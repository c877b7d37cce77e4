//! Roles: names, paths, and mentions by ARN.

use std::collections::BTreeSet;

use amp_stack::{
    kinds::{Resource, role::Role},
    model::{
        address::Address,
        lifecycle::IgnorePath,
        tags::{Owner, REGION_TAG, STACK_TAG},
        template::{Attribute, Template},
    },
    plan::{Reason, StepId},
};
use serde_json::json;

use crate::{
    plans::{
        applied, fake, in_words, one_family, one_role, plan_of_destroying, reasons, replaced,
        risk_codes, tagged,
    },
    samples::{
        family, family_at, owned, plan, policy, role, role_at, stack, with_lifecycle, workspace,
        writer,
    },
    worlds::identity,
};

#[test]
fn a_role_renamed_by_case_goes_before_it_comes() {
    let fake = applied(&one_role(role("Task")));
    let plan = plan(&one_role(role("task")), &fake);
    assert_eq!(
        in_words(&plan),
        [
            "remove roles.task: iam:DeleteRole",
            "build roles.task: iam:CreateRole"
        ]
    );
    assert_eq!(plan.refusals, []);
    assert_eq!(replaced(&plan), ["name", "name"]);
    assert!(plan.steps[1].after.contains(&plan.steps[0].id));
    assert_eq!(risk_codes(&plan), ["role-replaced"]);
}

#[test]
fn a_role_under_another_path_is_replaced_and_its_policies_go_first() {
    let mut before = writer("Task");
    before
        .inline_policies
        .insert("more".to_owned(), policy(&json!({"Statement": []})));
    let workspace = (
        Address::workspace(),
        Resource::Workspace(workspace("metrics")),
    );
    let fake = applied(&stack([
        workspace.clone(),
        (role_at("task"), Resource::Role(before)),
    ]));
    let after = Role {
        path: "/team/".to_owned(),
        ..writer("Task")
    };
    let plan = plan(
        &stack([workspace, (role_at("task"), Resource::Role(after))]),
        &fake,
    );
    assert_eq!(
        in_words(&plan),
        [
            "remove roles.task: iam:DeleteRolePolicy, iam:DeleteRolePolicy, iam:DeleteRole",
            "build roles.task: iam:CreateRole, iam:PutRolePolicy",
        ]
    );
    assert_eq!(replaced(&plan), ["path", "path"]);
    // The workspace stays, so everything is known.
    assert_eq!(
        plan.known_attributes[&Address::workspace()][&Attribute::Id],
        "ws-1"
    );
    let mut unknown = 0;
    plan.steps[1]
        .to
        .as_ref()
        .unwrap()
        .each_template(&mut |text| unknown += text.references().len());
    assert_eq!(unknown, 0);
}

#[test]
fn role_names_are_compared_with_the_whole_account_ignoring_case_and_path() {
    let cases = [
        ("TASK", "/", vec![], Owner::Unknown),
        (
            "task",
            "/service/",
            vec![("managed-by", "terraform")],
            Owner::Terraform("managed-by = terraform".to_owned()),
        ),
        (
            "Task",
            "/service/",
            vec![("aws:cloudformation:stack-name", "net")],
            Owner::CloudFormation("net".to_owned()),
        ),
        (
            "tAsk",
            "/",
            vec![(STACK_TAG, "another")],
            Owner::OtherStack("another".to_owned()),
        ),
    ];
    for (name, path, tags, owner) in cases {
        let fake = fake();
        let other = Role {
            path: path.to_owned(),
            ..role(name)
        };
        fake.put(tagged(Resource::Role(other), &tags));
        let plan = plan(&one_role(role("Task")), &fake);
        let expected = Reason::NameTaken {
            wanted: "Task".to_owned(),
            arn: identity().role_arn(path, name),
            owner,
        };
        assert_eq!(reasons(&plan), [&expected]);
        assert_eq!(in_words(&plan), [""; 0]);
    }
}

#[test]
fn a_role_without_the_tag_of_its_region_may_be_another_regions_and_is_left_alone() {
    let fake = fake();
    let mut lost = owned(&role_at("task"), Resource::Role(role("TaskElsewhere")));
    lost.tags_mut().remove(REGION_TAG);
    fake.put(lost);
    let stack = one_role(role("Task"));
    assert_eq!(
        in_words(&plan(&stack, &fake)),
        ["build roles.task: iam:CreateRole"]
    );
    assert!(plan_of_destroying(&stack, &fake).is_empty());
}

#[test]
fn a_tag_of_a_role_is_left_alone_however_its_key_is_spelled() {
    let stack = with_lifecycle(one_role(role("Task")), &role_at("task"), |l| {
        l.ignore = vec![IgnorePath::new("tags.CostCenter")];
    });
    let fake = applied(&stack);
    fake.mutate(|thing| {
        let tags = thing.resource.tags_mut();
        tags.insert("costcenter".to_owned(), Template::from("7"));
        true
    });
    assert_eq!(in_words(&plan(&stack, &fake)), [""; 0]);
}

#[test]
fn a_role_of_the_same_stack_in_another_region_is_not_ours() {
    let fake = fake();
    let theirs = owned(&role_at("task"), Resource::Role(role("Task")));
    fake.put(tagged(theirs, &[(REGION_TAG, "eu-west-1")]));
    let plan = plan(
        &with_lifecycle(one_role(role("Task")), &role_at("task"), |l| l.adopt = true),
        &fake,
    );
    let expected = Reason::NotOurs {
        arn: identity().role_arn("/", "Task"),
        owner: Owner::OtherRegion {
            region: "eu-west-1".to_owned(),
        },
    };
    assert_eq!(reasons(&plan), [&expected]);
    let nothing = plan_of_destroying(&one_role(role("Task")), &fake);
    assert!(nothing.is_empty(), "{nothing:?}");
}

#[test]
fn a_name_that_this_plan_frees_is_free() {
    let swapped = |a: &str, b: &str| {
        stack([
            (role_at("a"), Resource::Role(role(a))),
            (
                role_at("b"),
                Resource::Role(Role {
                    path: "/b/".to_owned(),
                    ..role(b)
                }),
            ),
        ])
    };
    let fake = applied(&swapped("Agent", "Task"));
    let plan = plan(&swapped("task", "agent"), &fake);
    assert_eq!(plan.refusals, []);
    assert_eq!(
        in_words(&plan),
        [
            "remove roles.a: iam:DeleteRole",
            "remove roles.b: iam:DeleteRole",
            "build roles.a: iam:CreateRole",
            "build roles.b: iam:CreateRole",
        ]
    );
    let both: BTreeSet<StepId> = plan.steps[..2].iter().map(|step| step.id.clone()).collect();
    assert!(plan.steps[2..].iter().all(|step| step.after == both));
}

#[test]
fn a_role_mentioned_by_arn_must_be_there_in_this_spelling() {
    let mention = |arn: &str| {
        let mut stack = one_family(family("api", "256"));
        stack
            .role_arns
            .insert(arn.to_owned(), BTreeSet::from([family_at("api")]));
        stack
    };
    let fake = fake();
    let role_there = Role {
        path: "/team/".to_owned(),
        ..role("Task")
    };
    fake.put(Resource::Role(role_there));
    let [exact, other_case, other_path, nowhere] = [
        ("/team/", "Task"),
        ("/team/", "task"),
        ("/", "Task"),
        ("/", "Nobody"),
    ]
    .map(|(path, name)| identity().role_arn(path, name));
    assert_eq!(plan(&mention(&exact), &fake).refusals, []);
    for (wanted, similar) in [
        (other_case, Some(exact.clone())),
        (other_path, Some(exact)),
        (nowhere, None),
    ] {
        let expected = Reason::NoSuchRole {
            wanted: wanted.clone(),
            similar,
        };
        let stack = mention(&wanted);
        assert_eq!(reasons(&plan(&stack, &fake)), [&expected]);
        // What is going does not need its role any more.
        assert!(plan_of_destroying(&stack, &fake).is_empty());
    }
}

#[test]
fn a_role_of_this_stack_that_is_mentioned_by_arn_is_built_first() {
    let arn = identity().role_arn("/", "Task");
    let mut with_both = stack([
        (role_at("task"), Resource::Role(role("Task"))),
        (
            family_at("api"),
            Resource::TaskDefinition(family("api", "256")),
        ),
    ]);
    // The role's own trust policy may name it too.
    let places = BTreeSet::from([family_at("api"), role_at("task")]);
    with_both.role_arns.insert(arn.clone(), places);
    let made = plan(&with_both, &fake());
    assert_eq!(made.refusals, []);
    assert_eq!(
        made.steps[1].after,
        BTreeSet::from([StepId::build(role_at("task"))])
    );

    // A role that goes in the same run is no longer there for others.
    let live = applied(&with_both);
    with_both.resources.remove(&role_at("task"));
    let made = plan(&with_both, &live);
    assert_eq!(
        reasons(&made),
        [&Reason::NoSuchRole {
            wanted: arn,
            similar: None
        }]
    );
}

#[test]
fn what_ignore_names_is_left_as_it_is() {
    let fake = applied(&one_role(role("Task")));
    fake.mutate(|thing| {
        thing
            .resource
            .tags_mut()
            .insert("CostCenter".to_owned(), Template::from("7"));
        true
    });
    let strict = one_role(role("Task"));
    assert_eq!(
        in_words(&plan(&strict, &fake)),
        ["build roles.task: iam:UntagRole"]
    );
    let lenient = with_lifecycle(strict, &role_at("task"), |l| {
        l.ignore = vec![IgnorePath::new("tags.CostCenter")];
    });
    assert!(plan(&lenient, &fake).is_empty());
}
