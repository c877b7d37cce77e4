//! Progress and summaries as people read them.

use std::{collections::BTreeMap, time::Duration};

use amp_stack::{
    apply::{Event, Failure, Outcome},
    kinds::Resource,
    model::{
        address::{Address, Kind},
        call::{CallError, Class, Effect},
        template::Attribute,
    },
    plan::{Plan, StepId},
    progress::{Notice, Trouble},
    show::{
        Style,
        progress::Progress,
        summary::{Frame, render},
    },
};
use insta::assert_snapshot;
use serde_json::json;

use crate::show::fixtures::{
    build, family, family_address, log_group, log_group_address, plan, remove, role, role_address,
    workspace,
};

fn a_plan() -> Plan {
    plan([
        build(Address::workspace(), None, Resource::Workspace(workspace())),
        build(
            role_address(),
            Some(Resource::Role(role())),
            Resource::Role(role()),
        ),
        build(
            family_address(),
            None,
            Resource::TaskDefinition(family(&json!({}))),
        ),
        remove(log_group_address(), Resource::LogGroup(log_group())),
    ])
}

fn denied() -> CallError {
    CallError {
        operation: "iam:AttachRolePolicy".to_owned(),
        code: Some("AccessDenied".to_owned()),
        message: "User: arn:aws:iam::111122223333:user/me is not authorized to perform: iam:AttachRolePolicy".to_owned(),
        request_id: Some("3f2a-77".to_owned()),
        class: Class::Final,
        effect: Effect::None,
        hint: Some("ask for iam:AttachRolePolicy on this role".to_owned()),
    }
}

const FRAME: Frame<'_> = Frame {
    changed: true,
    order: &[],
    look: "amp-stack plan",
    again: "amp-stack apply",
};

#[test]
fn a_whole_run_is_summed_up() {
    let plan = a_plan();
    let outcome = Outcome {
        done: plan.steps.iter().map(|step| step.id.clone()).collect(),
        attributes: BTreeMap::from([
            (
                Address::workspace(),
                BTreeMap::from([
                    (Attribute::Id, "ws-1".to_owned()),
                    (
                        Attribute::RemoteWriteUrl,
                        "https://example.com/workspaces/ws-1/api/v1/remote_write".to_owned(),
                    ),
                ]),
            ),
            (
                role_address(),
                BTreeMap::from([(Attribute::Name, "CheckoutTask".to_owned())]),
            ),
        ]),
        ..Outcome::default()
    };
    assert_snapshot!(render(&outcome, &plan, &FRAME, Style::PLAIN));
}

#[test]
fn a_half_run_says_what_failed_and_what_to_run() {
    let outcome = Outcome {
        done: vec![StepId::build(Address::workspace())],
        failed: vec![Failure {
            step: StepId::build(role_address()),
            performed: vec!["iam:UpdateAssumeRolePolicy"],
            error: denied(),
        }],
        given_up: vec![(
            StepId::build(family_address()),
            StepId::build(role_address()),
        )],
        stopped: vec![
            StepId::build(Address::new(Kind::Role, "b")),
            StepId::build(Address::new(Kind::Role, "a")),
            StepId::remove(log_group_address()),
        ],
        attributes: BTreeMap::new(),
        remarks: Vec::new(),
        met: Vec::new(),
    };
    assert_snapshot!(render(&outcome, &a_plan(), &FRAME, Style::PLAIN));
}

fn waiting(step: &StepId, class: Class, code: &str) -> Event {
    Event::Waiting {
        step: step.clone(),
        error: CallError {
            operation: "ecs:RegisterTaskDefinition".to_owned(),
            code: Some(code.to_owned()),
            message: "Role is not valid".to_owned(),
            request_id: None,
            class,
            effect: Effect::None,
            hint: None,
        },
        pause: Duration::from_millis(1500),
    }
}

fn throttled(step: &StepId, attempts: u32) -> Event {
    Event::Noticed {
        step: step.clone(),
        operation: "aps:CreateWorkspace",
        notice: Notice::Retrying {
            request: "aps:DescribeWorkspace".to_owned(),
            attempts,
            trouble: Trouble::Throttled,
        },
    }
}

/// What a run of `events` over `plan` says, in which a second passes after each event and then
/// `silence`.
fn said(plan: &Plan, events: &[Event], silence: Duration) -> String {
    let mut out = Vec::new();
    let mut progress = Progress::lines(plan, Style::PLAIN, &mut out);
    let mut now = Duration::ZERO;
    for event in events {
        progress.report(event);
        now += Duration::from_secs(1);
        progress.tick(now);
    }
    let end = now + silence;
    while now < end {
        now += Duration::from_secs(1);
        progress.tick(now);
    }
    drop(progress);
    String::from_utf8(out).expect("text")
}

#[test]
fn plain_progress_tells_what_begins_waits_and_ends() {
    let plan = a_plan();
    let workspace = StepId::build(Address::workspace());
    let role = StepId::build(role_address());
    let family = StepId::build(family_address());
    let create = plan.steps[0].changes()[0].clone();
    let events = [
        Event::Started {
            step: workspace.clone(),
            calls: 2,
        },
        Event::Calling {
            step: workspace.clone(),
            change: create.clone(),
        },
        Event::Noticed {
            step: workspace.clone(),
            operation: "aps:CreateWorkspace",
            notice: Notice::Settling {
                request: "aps:DescribeWorkspace".to_owned(),
                status: "CREATING".to_owned(),
            },
        },
        throttled(&workspace, 1),
        throttled(&workspace, 3),
        throttled(&workspace, 4),
        Event::Performed {
            step: workspace.clone(),
            change: create,
            request_id: None,
        },
        Event::Finished { step: workspace },
        waiting(&family, Class::Unsettled, "ClientException"),
        waiting(&family, Class::Unsettled, "ClientException"),
        waiting(&family, Class::Busy, "ConcurrentModification"),
        Event::Failed {
            step: role.clone(),
            error: denied(),
        },
        Event::GivenUp {
            step: family,
            because: role,
        },
        Event::Stopping,
        Event::Finished {
            step: StepId::remove(log_group_address()),
        },
    ];
    assert_snapshot!(said(&plan, &events, Duration::ZERO));
}

#[test]
fn long_silences_are_broken_by_a_sign_of_life() {
    let plan = a_plan();
    let workspace = StepId::build(Address::workspace());
    let events = [
        Event::Started {
            step: workspace.clone(),
            calls: 2,
        },
        Event::Calling {
            step: workspace.clone(),
            change: plan.steps[0].changes()[0].clone(),
        },
        Event::Noticed {
            step: workspace,
            operation: "aps:CreateWorkspace",
            notice: Notice::Settling {
                request: "aps:DescribeWorkspace".to_owned(),
                status: "CREATING".to_owned(),
            },
        },
    ];
    assert_snapshot!(said(&plan, &events, Duration::from_secs(100)));
}

#[test]
fn lines_of_a_large_plan_say_how_far_it_is() {
    let groups = (0..100).map(|number| {
        let address = Address::new(Kind::LogGroup, format!("g{number}"));
        build(address, None, Resource::LogGroup(log_group()))
    });
    let plan = plan(groups);
    let mut events = Vec::new();
    for step in &plan.steps[..2] {
        let step = step.id.clone();
        events.push(Event::Started {
            step: step.clone(),
            calls: 2,
        });
        events.push(Event::Finished { step });
    }
    assert_snapshot!(said(&plan, &events, Duration::ZERO));
}
