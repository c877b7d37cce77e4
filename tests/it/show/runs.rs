//! Progress and summaries as people read them.

use std::{collections::BTreeMap, time::Duration};

use amp_stack::{
    address::Address,
    apply::{Event, Failure, Outcome},
    cloud::{CallError, Class},
    plan::{Plan, StepId},
    resource::Resource,
    show::{
        Style,
        progress::Progress,
        summary::{Frame, render},
    },
    text::Attribute,
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
        hint: Some("ask for iam:AttachRolePolicy on this role".to_owned()),
    }
}

const FRAME: Frame<'_> = Frame {
    changed: true,
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
        stopped: vec![StepId::remove(log_group_address())],
        attributes: BTreeMap::new(),
    };
    assert_snapshot!(render(&outcome, &a_plan(), &FRAME, Style::PLAIN));
}

#[test]
fn plain_progress_is_one_line_per_event() {
    let plan = a_plan();
    let workspace = StepId::build(Address::workspace());
    let role = StepId::build(role_address());
    let family = StepId::build(family_address());
    let group = StepId::remove(log_group_address());
    let unsettled = CallError {
        operation: "ecs:RegisterTaskDefinition".to_owned(),
        code: Some("ClientException".to_owned()),
        message: "Role is not valid".to_owned(),
        request_id: None,
        class: Class::Unsettled,
        hint: None,
    };
    let events = [
        Event::Started {
            step: workspace.clone(),
            calls: 2,
        },
        Event::Calling {
            step: workspace.clone(),
            operation: "aps:CreateWorkspace",
        },
        Event::Performed {
            step: workspace.clone(),
            operation: "aps:CreateWorkspace",
            request_id: None,
        },
        Event::Finished { step: workspace },
        Event::Waiting {
            step: family.clone(),
            error: unsettled,
            pause: Duration::from_millis(1500),
        },
        Event::Failed {
            step: role.clone(),
            error: denied(),
        },
        Event::GivenUp {
            step: family,
            because: role,
        },
        Event::Stopping,
        Event::Finished { step: group },
    ];
    let mut out = Vec::new();
    let mut progress = Progress::lines(&plan, Style::PLAIN, &mut out);
    for event in &events {
        progress.report(event);
    }
    drop(progress);
    assert_snapshot!(String::from_utf8(out).expect("text"));
}
