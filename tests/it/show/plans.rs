//! Plans as people read them.

use std::collections::{BTreeMap, BTreeSet};

use amp_stack::{
    kinds::regret::Loss,
    kinds::{Resource, kind::ReplaceReason, log_group::LogGroup, role::Role, workspace::Workspace},
    model::{
        address::{Address, StackName},
        mention::{Mention, Unfit, What},
        quota::Quota,
        rate::{Override, Overrides},
        tags::{Owner, Tags},
        template::Template,
    },
    plan::{Candidate, Note, Plan, Reason, Refusal, risk::Risk},
    show::{
        Style,
        plan::{Frame, render},
    },
};
use insta::assert_snapshot;
use serde_json::json;

use crate::show::fixtures::{
    build, family, family_address, identity, log_group, log_group_address, mentions_workspace,
    plan, remove, replace, role, role_address, workspace, write_metrics,
};

fn shown_with(plan: &Plan, risks: &[Risk], verbose: bool, style: Style) -> String {
    let stack: StackName = "checkout".parse().expect("a name");
    let identity = identity();
    let frame = Frame {
        stack: &stack,
        identity: &identity,
        order: &[],
        places: None,
        access: None,
        sandbox: None,
        destroy: false,
        verbose,
        next: Some("amp-stack apply stacks/checkout.toml"),
        rates: None,
    };
    render(plan, risks, &frame, style)
}

/// How long a plan takes at AWS's rates is said where there are any, and it is long.
#[test]
fn a_plan_says_how_long_it_takes_at_least() {
    let removal = |older: u32| {
        let mut family = family(&json!({}));
        family.revision = Some(older + 1);
        family.older = (1..=older).collect();
        plan([remove(family_address(), Resource::TaskDefinition(family))])
    };
    let stack: StackName = "checkout".parse().expect("a name");
    let identity = identity();
    let shown = |plan: &Plan, rates: Option<&Overrides>| {
        let frame = Frame {
            stack: &stack,
            identity: &identity,
            order: &[],
            places: None,
            access: None,
            sandbox: None,
            destroy: true,
            verbose: false,
            next: None,
            rates,
        };
        let wide = Style {
            width: 1_000,
            ..Style::PLAIN
        };
        render(plan, &[], &frame, wide)
    };
    let published = Overrides::default();
    let many = removal(1_019);
    let text = shown(&many, Some(&published));
    let sentence = "This takes at least 16m 40s, because ECS takes 1 registration or deregistration a second\n";
    assert!(text.contains(sentence), "{text}");
    let raised = ["ecs-register=50".parse::<Override>().unwrap()];
    let text = shown(&many, Some(&raised.into_iter().collect()));
    let sentence =
        "This takes at least 1m 37s, because ECS takes 1 deletion of task definitions a second\n";
    assert!(text.contains(sentence), "{text}");
    for text in [shown(&many, None), shown(&removal(20), Some(&published))] {
        assert!(!text.contains("at least"), "{text}");
    }
}

fn shown(plan: &Plan) -> String {
    shown_with(plan, &[], false, Style::PLAIN)
}

/// Everything that a first run creates.
fn first_run() -> Plan {
    plan([
        build(log_group_address(), None, Resource::LogGroup(log_group())),
        build(Address::workspace(), None, Resource::Workspace(workspace())),
        build(role_address(), None, Resource::Role(role())),
        build(
            family_address(),
            None,
            Resource::TaskDefinition(family(&json!({"LOG_LEVEL": "info", "DB_PASSWORD": "x"}))),
        ),
    ])
}

#[test]
fn a_first_run_shows_what_is_created() {
    assert_snapshot!(shown(&first_run()));
}

#[test]
fn nothing_to_do_is_one_sentence() {
    assert_snapshot!(shown(&Plan::default()), @r"
    Stack checkout in us-east-1, account 111122223333

    Nothing to do: everything is as the stack file says.
    ");
}

#[test]
fn one_environment_variable_is_one_line() {
    let from = family(&json!({"LOG_LEVEL": "info", "MODE": "a"}));
    let to = family(&json!({"LOG_LEVEL": "debug", "MODE": "a", "API_KEY": "abc"}));
    assert_snapshot!(shown(&plan([build(
        family_address(),
        Some(Resource::TaskDefinition(from)),
        Resource::TaskDefinition(to),
    )])));
}

#[test]
fn a_collector_configuration_is_compared_by_its_structure() {
    let configured = |interval: &str| {
        let configuration = json!({
            "receivers": {"prometheus": {"config": {"scrape_configs": [
                {"job_name": "app", "scrape_interval": interval, "static_configs": [{"targets": ["localhost:8080"]}]},
            ]}}},
        });
        Resource::TaskDefinition(family(
            &json!({"AOT_CONFIG_CONTENT": configuration.to_string()}),
        ))
    };
    assert_snapshot!(shown(&plan([build(
        family_address(),
        Some(configured("20s")),
        configured("60s")
    ),])));
}

#[test]
fn one_policy_statement_is_shown_by_its_sid() {
    let from = role();
    let to = Role {
        inline_policies: BTreeMap::from([(
            "metrics".to_owned(),
            write_metrics(&["aps:GetSeries", "aps:RemoteWrite"]),
        )]),
        managed_policies: BTreeSet::new(),
        ..role()
    };
    assert_snapshot!(shown(&plan([build(
        role_address(),
        Some(Resource::Role(from)),
        Resource::Role(to),
    )])));
}

#[test]
fn a_respelt_policy_is_no_difference() {
    let from = role();
    let to = Role {
        description: "Another".to_owned(),
        inline_policies: BTreeMap::from([(
            "metrics".to_owned(),
            write_metrics(&["APS:remotewrite"]),
        )]),
        ..role()
    };
    let shown = shown(&plan([build(
        role_address(),
        Some(Resource::Role(from)),
        Resource::Role(to),
    )]));
    assert!(!shown.contains("remotewrite"), "{shown}");
    assert!(shown.contains("~ description  "), "{shown}");
}

#[test]
fn a_replacement_says_why() {
    let to = Role {
        name: "CheckoutWriter".to_owned(),
        ..role()
    };
    let steps = replace(&role_address(), &Resource::Role(role()), Resource::Role(to));
    assert_snapshot!(shown(&plan(steps)));
}

#[test]
fn an_adoption_names_the_previous_owner() {
    let from = LogGroup {
        retention_days: None,
        tags: Tags::from([("CostCenter".to_owned(), Template::from("7"))]),
        ..log_group()
    };
    let mut step = build(
        log_group_address(),
        Some(Resource::LogGroup(from)),
        Resource::LogGroup(log_group()),
    );
    step.adopted_from = Some(Owner::CloudFormation("legacy".to_owned()));
    assert_snapshot!(shown(&plan([step])));
}

#[test]
fn removals_and_risks_stand_apart() {
    let plan = Plan {
        notes: vec![Note {
            address: log_group_address(),
            text: "the account's policy decides its retention".to_owned(),
            at: Vec::new(),
        }],
        ..plan([
            remove(role_address(), Resource::Role(role())),
            remove(Address::workspace(), Resource::Workspace(workspace())),
        ])
    };
    let risks = [
        Risk {
            code: "trust-widened",
            address: role_address(),
            text: "anybody may assume it".to_owned(),
            loss: None,
            at: Vec::new(),
        },
        Risk {
            code: "metrics-lost",
            address: Address::workspace(),
            text: "the workspace checkout-prod goes with all of its metrics, and AWS keeps no copy of them".to_owned(),
            loss: Some(Loss::Data),
            at: Vec::new(),
        },
    ];
    assert_snapshot!(shown_with(&plan, &risks, false, Style::PLAIN));
}

#[test]
fn verbose_shows_what_stays() {
    let to = Workspace {
        alias: Some("checkout".to_owned()),
        logging: Some(mentions_workspace("arn:of:")),
        ..workspace()
    };
    let step = build(
        Address::workspace(),
        Some(Resource::Workspace(workspace())),
        Resource::Workspace(to),
    );
    assert_snapshot!(shown_with(&plan([step]), &[], true, Style::PLAIN));
}

#[test]
fn every_refusal_says_what_to_do() {
    let arn = "arn:aws:iam::111122223333:role/CheckoutTask".to_owned();
    let not_ours = |owner| Reason::NotOurs {
        arn: arn.clone(),
        owner,
    };
    let renamed = ReplaceReason {
        property: "name",
        why: "a log group cannot be renamed",
    };
    let group = "arn:aws:logs:us-east-1:111122223333:log-group:/ecs/checkout/app".to_owned();
    let key = "arn:aws:kms:us-east-1:111122223333:key/1234abcd";
    let unfit = |what, name: &str, why| Reason::Unfit {
        mention: Mention::new(what, name),
        at: vec!["kms_key_arn".to_owned()],
        why,
    };
    let over_quota = |quota, [now, after, most]: [u64; 3], region: &str| Reason::OverQuota {
        quota,
        now,
        after,
        most,
        region: region.to_owned(),
    };
    let missing = |what, name: &str| Reason::Missing {
        mention: Mention::new(what, name),
        at: vec!["permissions_boundary".to_owned()],
    };
    let reasons = [
        (role_address(), not_ours(Owner::Unknown)),
        (
            role_address(),
            not_ours(Owner::CloudFormation("legacy".to_owned())),
        ),
        (role_address(), not_ours(Owner::Aws)),
        (
            log_group_address(),
            Reason::CannotAdopt {
                arn: group.clone(),
                owner: Owner::Unknown,
                differs: vec![ReplaceReason {
                    property: "class",
                    why: "the class of a log group cannot be changed after its creation",
                }],
            },
        ),
        (
            Address::workspace(),
            Reason::AdoptsOnceRemoved {
                arn: "arn:aws:aps:us-east-1:111122223333:workspace/ws-1".to_owned(),
                others: vec!["arn:aws:aps:us-east-1:111122223333:workspace/ws-2".to_owned()],
                differs: vec![ReplaceReason {
                    property: "kms_key_arn",
                    why: "the key of a workspace cannot be changed after its creation",
                }],
            },
        ),
        (
            role_address(),
            Reason::NameTaken {
                wanted: "checkouttask".to_owned(),
                arn: arn.clone(),
                owner: Owner::Terraform("managed-by = terraform".to_owned()),
            },
        ),
        (
            Address::workspace(),
            Reason::Ambiguous {
                candidates: vec![
                    Candidate {
                        arn: "arn:1".to_owned(),
                        created_at: Some(1_767_225_600_000),
                    },
                    Candidate {
                        arn: "arn:2".to_owned(),
                        created_at: None,
                    },
                ],
                are_ours: true,
            },
        ),
        (
            log_group_address(),
            Reason::Protected {
                arn: group.clone(),
                replaces: vec![renamed],
                by_tag: false,
            },
        ),
        (
            log_group_address(),
            Reason::Protected {
                arn: group.clone(),
                replaces: Vec::new(),
                by_tag: true,
            },
        ),
        (
            log_group_address(),
            Reason::DeletionProtection { arn: group.clone() },
        ),
        (
            log_group_address(),
            Reason::InUse {
                arn: group,
                by: vec![
                    "2 tasks in cluster batch (job:1)".to_owned(),
                    "service checkout in cluster prod (checkout:3)".to_owned(),
                ],
            },
        ),
        (
            role_address(),
            missing(What::Policy, "arn:aws:iam::111122223333:policy/Boundary"),
        ),
        (
            family_address(),
            Reason::Unfit {
                mention: Mention::new(What::Role, arn.clone()),
                at: vec!["task_role".to_owned()],
                why: Unfit::ShutsOutTasks,
            },
        ),
        (
            family_address(),
            Reason::Unfit {
                mention: Mention::new(What::Role, arn.clone()),
                at: vec!["task_role".to_owned()],
                why: Unfit::OfAnotherAccount,
            },
        ),
        (family_address(), missing(What::LogGroup, "/ecs/shared")),
        (family_address(), missing(What::FileSystem, "fs-1")),
        (family_address(), missing(What::AccessPoint, "fsap-1")),
        (
            family_address(),
            unfit(What::AccessPoint, "fsap-1", Unfit::AccessPointElsewhere),
        ),
        (
            family_address(),
            missing(
                What::Image,
                "111122223333.dkr.ecr.us-east-1.amazonaws.com/a:1",
            ),
        ),
        (family_address(), missing(What::Parameter, "/a")),
        (
            family_address(),
            missing(
                What::Secret,
                "arn:aws:secretsmanager:us-east-1:111122223333:secret:a",
            ),
        ),
        (log_group_address(), missing(What::Key, key)),
        (
            log_group_address(),
            unfit(What::Key, key, Unfit::KeyNotEnabled),
        ),
        (
            log_group_address(),
            unfit(What::Key, key, Unfit::KeyNotSymmetric),
        ),
        (
            log_group_address(),
            unfit(What::Key, key, Unfit::KeyOfAnotherRegion),
        ),
        (
            family_address(),
            unfit(
                What::Secret,
                "arn:aws:secretsmanager:us-east-1:111122223333:secret:a",
                Unfit::SecretDeleted,
            ),
        ),
        (
            role_address(),
            unfit(
                What::Policy,
                "arn:aws:iam::aws:policy/aws-service-role/X",
                Unfit::NotAttachable,
            ),
        ),
        (Address::workspace(), missing(What::Workspace, "ws-1")),
        (
            Address::workspace(),
            over_quota(Quota::Workspaces, [25, 26, 25], "eu-west-1"),
        ),
        (
            role_address(),
            over_quota(Quota::TrustPolicy, [0, 3142, 2048], "us-east-1"),
        ),
        (
            role_address(),
            over_quota(Quota::InlinePolicies, [10_000, 10_300, 10_240], "us-east-1"),
        ),
        (
            family_address(),
            Reason::NoSuchRole {
                wanted: "arn:aws:iam::111122223333:role/checkouttask".to_owned(),
                similar: Some(arn.clone()),
            },
        ),
        (
            family_address(),
            Reason::NoSuchRole {
                wanted: "arn:aws:iam::111122223333:role/gone".to_owned(),
                similar: None,
            },
        ),
    ];
    let plan = Plan {
        refusals: reasons
            .into_iter()
            .map(|(address, reason)| Refusal { address, reason })
            .collect(),
        ..Plan::default()
    };
    assert_snapshot!(shown(&plan));
}

#[test]
fn secrets_are_not_shown() {
    for verbose in [false, true] {
        let from = family(&json!({"DB_PASSWORD": "hunter2", "OTHER_TOKEN": "hunter2"}));
        let to = family(&json!({"DB_PASSWORD": "hunter3", "OTHER_TOKEN": "hunter2"}));
        let shown = shown_with(
            &plan([build(
                family_address(),
                Some(Resource::TaskDefinition(from)),
                Resource::TaskDefinition(to),
            )]),
            &[],
            verbose,
            Style::PLAIN,
        );
        assert!(!shown.contains("hunter"), "{shown}");
        assert!(shown.contains("DB_PASSWORD  (hidden), changes"), "{shown}");
    }
}

#[test]
fn colour_adds_nothing_but_escapes() {
    let coloured = Style {
        colour: true,
        ..Style::PLAIN
    };
    let text = shown_with(&first_run(), &[], false, coloured);
    assert!(text.contains("\u{1b}[32m+\u{1b}[0m"));
    let mut bare = String::new();
    let mut pieces = text.split('\u{1b}');
    bare.push_str(pieces.next().expect("the first piece"));
    for piece in pieces {
        bare.push_str(piece.split_once('m').expect("an escape ends in m").1);
    }
    assert_eq!(bare, shown(&first_run()));
}
