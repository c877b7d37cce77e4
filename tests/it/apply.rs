//! Carrying plans out: order, overlap, retries, stops, panics and events, on a clock that jumps.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use amp_stack::{
    apply::{self, Event, Outcome},
    kinds::Resource,
    model::{
        address::{Address, Kind},
        template::Attribute,
    },
    plan::{Plan, StepId},
    stack::Stack,
    testing::{FakeCloud, Fault},
};
use tokio::{sync::watch, time::Instant};

use crate::{
    samples::{
        carry_out, family, family_at, family_of, group, group_at, logging_to, options, plan, role,
        role_at, stack, workspace, writer,
    },
    worlds::identity,
};

const LATENCY: Duration = Duration::from_secs(1);

fn fake() -> Arc<FakeCloud> {
    Arc::new(FakeCloud::new(identity()).with_latency(LATENCY))
}

fn two_groups() -> Stack {
    stack([
        (group_at("a"), Resource::LogGroup(group("/a"))),
        (group_at("b"), Resource::LogGroup(group("/b"))),
    ])
}

/// A role, and a family that mentions it.
fn role_and_family() -> Stack {
    stack([
        (role_at("task"), Resource::Role(role("Task"))),
        (
            family_at("api"),
            Resource::TaskDefinition(family_of("api", "task")),
        ),
    ])
}

/// A log group, a workspace that logs to it, a role that may write to the workspace, and a family
/// whose tasks run as that role.
fn whole() -> Stack {
    let mut metrics = workspace("metrics");
    metrics.logging = Some(logging_to("rules"));
    stack([
        (group_at("rules"), Resource::LogGroup(group("/rules"))),
        (Address::workspace(), Resource::Workspace(metrics)),
        (role_at("task"), Resource::Role(writer("Task"))),
        (
            family_at("api"),
            Resource::TaskDefinition(family_of("api", "task")),
        ),
    ])
}

/// Carries out `plan` and asks to stop as soon as `when` is true of an event.
async fn stop_when(
    plan: Plan,
    fake: &Arc<FakeCloud>,
    when: impl Fn(&Event) -> bool,
) -> (Outcome, Vec<Event>) {
    let (stop, stopped) = watch::channel(false);
    let mut events = Vec::new();
    let report = |event: Event| {
        if when(&event) {
            stop.send_replace(true);
        }
        events.push(event);
    };
    let outcome = apply::apply(Arc::new(plan), Arc::clone(fake), options(), stopped, report).await;
    (outcome, events)
}

fn pauses(events: &[Event]) -> Vec<u128> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Waiting { pause, .. } => Some(pause.as_millis()),
            Event::Started { .. }
            | Event::Calling { .. }
            | Event::Noticed { .. }
            | Event::Performed { .. }
            | Event::Finished { .. }
            | Event::Failed { .. }
            | Event::Left { .. }
            | Event::GivenUp { .. }
            | Event::Stopping => None,
        })
        .collect()
}

fn operations(fake: &FakeCloud) -> Vec<&'static str> {
    fake.log()
        .iter()
        .map(|call| call.change.operation())
        .collect()
}

fn place(events: &[Event], wanted: &Event) -> usize {
    events.iter().position(|event| event == wanted).unwrap()
}

#[tokio::test(start_paused = true)]
async fn events_tell_what_happens_in_order() {
    let fake = fake();
    let stack = stack([(group_at("a"), Resource::LogGroup(group("/a")))]);
    let plan = plan(&stack, &fake);
    let changes = plan.steps[0].changes();
    let (outcome, events) = carry_out(plan, &fake).await;
    let step = StepId::build(group_at("a"));
    let calling = |index: usize| Event::Calling {
        step: step.clone(),
        change: changes[index].clone(),
    };
    let performed = |index: usize| Event::Performed {
        step: step.clone(),
        change: changes[index].clone(),
        request_id: None,
    };
    assert_eq!(
        events,
        [
            Event::Started {
                step: step.clone(),
                calls: 2
            },
            calling(0),
            performed(0),
            calling(1),
            performed(1),
            Event::Finished { step: step.clone() },
        ]
    );
    assert!(outcome.is_complete());
    assert_eq!(outcome.done, [step]);
}

#[tokio::test(start_paused = true)]
async fn what_was_made_flows_into_what_refers_to_it() {
    let fake = fake();
    let (outcome, events) = carry_out(plan(&whole(), &fake), &fake).await;
    assert!(outcome.is_complete(), "{outcome:?}");
    let order = [
        group_at("rules"),
        Address::workspace(),
        role_at("task"),
        family_at("api"),
    ];
    assert_eq!(outcome.done, order.clone().map(StepId::build));
    for pair in order.windows(2) {
        let [before, after] = [&pair[0], &pair[1]].map(|address| StepId::build(address.clone()));
        let calls = if after.address.kind == Kind::TaskDefinition {
            1
        } else {
            2
        };
        let started = place(&events, &Event::Started { step: after, calls });
        assert!(place(&events, &Event::Finished { step: before }) < started);
    }
    assert_eq!(
        outcome.attributes[&Address::workspace()][&Attribute::Id],
        "ws-1"
    );
    let role = fake.thing(Kind::Role, "Task").unwrap().resource;
    let policy = role.role().unwrap().inline_policies["write"].to_json();
    assert!(
        policy.contains("arn:aws:aps:us-east-1:111122223333:workspace/ws-1"),
        "{policy}"
    );
    // The call after the creation knows the id that the creation gave.
    let logging = fake
        .log()
        .into_iter()
        .find(|call| call.change.operation() == "aps:CreateLoggingConfiguration");
    assert_eq!(logging.unwrap().target, "ws-1");
    assert!(plan(&whole(), &fake).is_empty());
}

#[tokio::test(start_paused = true)]
async fn independent_steps_overlap_as_far_as_they_may() {
    let time = async |concurrency| {
        let fake = fake();
        let (_stop, stopped) = watch::channel(false);
        let plan = Arc::new(plan(&two_groups(), &fake));
        let options = apply::Options {
            concurrency,
            ..options()
        };
        let began = Instant::now();
        let outcome = apply::apply(plan, fake, options, stopped, |_| ()).await;
        assert!(outcome.is_complete());
        began.elapsed()
    };
    // Four calls of one to two seconds each: two and two at a time, or all in a row.
    let (together, in_a_row) = (time(2).await, time(1).await);
    assert!(together <= 4 * LATENCY, "{together:?}");
    assert!(in_a_row >= 4 * LATENCY, "{in_a_row:?}");
    assert!(together < in_a_row);
    // None at a time would be for ever.
    assert_eq!(time(0).await, in_a_row);
}

#[tokio::test(start_paused = true)]
async fn aws_is_given_time_to_hear_of_what_this_run_has_made() {
    let fake = fake();
    fake.set_faults([(1, Fault::Unsettled(3))]);
    let (outcome, events) = carry_out(plan(&role_and_family(), &fake), &fake).await;
    assert!(outcome.is_complete(), "{outcome:?}");
    // That the fault is counted by tokens shows that every attempt bore the same one.
    assert_eq!(pauses(&events), [500, 1000, 2000]);
    assert_eq!(
        operations(&fake),
        ["iam:CreateRole", "ecs:RegisterTaskDefinition"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_step_gives_aws_time_to_hear_of_what_it_has_done_itself() {
    let stack = stack([(group_at("a"), Resource::LogGroup(group("/a")))]);
    for fault in [Fault::Unsettled(1), Fault::Denied(1)] {
        let fake = Arc::new(FakeCloud::new(identity()));
        fake.set_faults([(1, fault)]);
        let (outcome, events) = carry_out(plan(&stack, &fake), &fake).await;
        assert!(outcome.is_complete(), "{outcome:?}");
        assert_eq!(pauses(&events), [500], "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_this_run_has_not_made_is_not_waited_for() {
    let fake = fake();
    let (outcome, _) = carry_out(plan(&role_and_family(), &fake), &fake).await;
    assert!(outcome.is_complete());

    let mut changed = role_and_family();
    let family = family("api", "512");
    changed
        .resources
        .extend(stack([(family_at("api"), Resource::TaskDefinition(family))]).resources);
    for (fault, message) in [
        (Fault::Unsettled(1), "a fault: not heard of yet"),
        (Fault::Denied(1), "a fault: denied so far"),
    ] {
        fake.set_faults([(0, fault)]);
        let (outcome, events) = carry_out(plan(&changed, &fake), &fake).await;
        assert_eq!(outcome.failed.len(), 1);
        assert_eq!(outcome.failed[0].error.message, message);
        assert_eq!(pauses(&events), [0; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn waiting_is_bounded() {
    for (fault, limit) in [
        (Fault::Unsettled(u32::MAX), options().settle_timeout),
        (Fault::Denied(u32::MAX), apply::retry::DENIED_TIMEOUT),
        (Fault::Busy(u32::MAX), apply::retry::BUSY_TIMEOUT),
    ] {
        let fake = Arc::new(FakeCloud::new(identity()));
        fake.set_faults([(1, fault)]);
        let began = Instant::now();
        let (outcome, events) = carry_out(plan(&role_and_family(), &fake), &fake).await;
        assert_eq!(began.elapsed(), limit, "{fault:?}");
        assert_eq!(outcome.failed.len(), 1);
        let waited: u128 = pauses(&events).into_iter().sum();
        assert_eq!(waited, limit.as_millis(), "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn somebody_else_is_waited_for_whatever_this_run_has_made() {
    let fake = fake();
    fake.set_faults([(0, Fault::Busy(2))]);
    let stack = stack([(group_at("a"), Resource::LogGroup(group("/a")))]);
    let (outcome, events) = carry_out(plan(&stack, &fake), &fake).await;
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!(pauses(&events), [500, 1000]);
}

#[tokio::test(start_paused = true)]
async fn a_failure_gives_up_what_waits_for_it_and_nothing_else() {
    let fake = Arc::new(FakeCloud::new(identity()));
    let mut stack = role_and_family();
    stack.resources.extend(two_groups().resources);
    let plan = plan(&stack, &fake);
    // Somebody takes the role's name after the plan was made.
    fake.put(Resource::Role(role("TASK")));
    let (outcome, events) = carry_out(plan, &fake).await;
    let [role, family] = [role_at("task"), family_at("api")].map(StepId::build);
    assert_eq!(outcome.failed.len(), 1);
    assert_eq!(outcome.failed[0].step, role);
    assert_eq!(outcome.failed[0].error.operation, "iam:CreateRole");
    assert_eq!(outcome.given_up, [(family.clone(), role.clone())]);
    assert_eq!(outcome.done.len(), 2);
    assert!(!outcome.is_complete());
    place(
        &events,
        &Event::GivenUp {
            step: family,
            because: role,
        },
    );
}

#[tokio::test(start_paused = true)]
async fn a_failed_step_tells_what_it_had_done() {
    let fake = fake();
    let plan = plan(&whole(), &fake);
    // Two calls for the group; the workspace is made, and its logging fails.
    fake.set_faults([(3, Fault::Before)]);
    let (outcome, _) = carry_out(plan, &fake).await;
    assert_eq!(outcome.failed[0].performed, ["aps:CreateWorkspace"]);
    assert_eq!(
        outcome.failed[0].error.operation,
        "aps:CreateLoggingConfiguration"
    );
    assert_eq!(
        outcome.attributes[&Address::workspace()][&Attribute::Id],
        "ws-1"
    );
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_the_failure_of_one_step() {
    let fake = Arc::new(FakeCloud::new(identity()));
    let plan = plan(&two_groups(), &fake);
    fake.set_faults([(0, Fault::Panic)]);
    let (outcome, _) = carry_out(plan, &fake).await;
    let ended = [&outcome.done[0], &outcome.failed[0].step].map(|id| id.address.clone());
    assert_eq!(
        BTreeSet::from(ended),
        BTreeSet::from([group_at("a"), group_at("b")])
    );
    let error = &outcome.failed[0].error;
    assert_eq!(error.operation, "logs:CreateLogGroup");
    assert!(error.message.contains("a fault in call 0"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_stop_lets_the_call_in_flight_finish_and_begins_nothing() {
    let fake = fake();
    let (outcome, events) = stop_when(plan(&whole(), &fake), &fake, |event| {
        matches!(event, Event::Calling { change, .. } if change.operation() == "aps:CreateWorkspace")
    })
    .await;
    assert_eq!(
        operations(&fake),
        [
            "logs:CreateLogGroup",
            "logs:PutRetentionPolicy",
            "aps:CreateWorkspace"
        ]
    );
    assert_eq!(outcome.done, [StepId::build(group_at("rules"))]);
    assert_eq!(outcome.failed, []);
    let stopped = [role_at("task"), family_at("api"), Address::workspace()];
    assert_eq!(outcome.stopped, stopped.map(StepId::build));
    let left = StepId::build(Address::workspace());
    assert_eq!(events.last(), Some(&Event::Left { step: left }));
    assert!(!outcome.is_complete());
    assert_eq!(
        events
            .iter()
            .filter(|event| **event == Event::Stopping)
            .count(),
        1
    );

    let (outcome, _) = carry_out(plan(&whole(), &fake), &fake).await;
    assert!(outcome.is_complete(), "{outcome:?}");
    assert!(plan(&whole(), &fake).is_empty());
    assert_eq!(fake.things().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_a_pause() {
    let fake = Arc::new(FakeCloud::new(identity()));
    let plan = plan(&two_groups(), &fake);
    fake.set_faults([(0, Fault::Busy(u32::MAX))]);
    let began = Instant::now();
    let (outcome, _) = stop_when(plan, &fake, |event| matches!(event, Event::Waiting { .. })).await;
    assert!(began.elapsed() < Duration::from_millis(500));
    assert_eq!(outcome.failed, []);
    assert!(outcome.stopped.contains(&StepId::build(group_at("a"))));
}

#[tokio::test(start_paused = true)]
async fn a_stop_before_the_start_leaves_everything_as_it_is() {
    let fake = fake();
    let plan = plan(&two_groups(), &fake);
    let (_stop, stopped) = watch::channel(true);
    let mut events = Vec::new();
    let report = |event| events.push(event);
    let outcome = apply::apply(
        Arc::new(plan),
        Arc::clone(&fake),
        options(),
        stopped,
        report,
    )
    .await;
    assert_eq!(events, [Event::Stopping]);
    assert_eq!(outcome.stopped.len(), 2);
    assert_eq!(fake.things(), []);
}

#[tokio::test(start_paused = true)]
async fn nobody_left_to_ask_for_a_stop_is_no_stop() {
    let fake = fake();
    let plan = plan(&two_groups(), &fake);
    let (stop, stopped) = watch::channel(false);
    drop(stop);
    let outcome = apply::apply(Arc::new(plan), fake, options(), stopped, |_| ()).await;
    assert!(outcome.is_complete(), "{outcome:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_still_unknown_is_an_error_and_not_a_call() {
    let fake = fake();
    let mut plan = plan(&whole(), &fake);
    plan.steps.retain(|step| step.id.address == role_at("task"));
    plan.steps[0].after.clear();
    let (outcome, _) = carry_out(plan, &fake).await;
    assert_eq!(outcome.failed.len(), 1);
    let message = &outcome.failed[0].error.message;
    assert_eq!(message, "${workspace.arn} is still not known");
    assert_eq!(fake.log(), []);
}

#[tokio::test(start_paused = true)]
async fn a_refused_plan_is_not_carried_out() {
    let fake = fake();
    fake.put(Resource::LogGroup(group("/a")));
    let before = fake.things();
    let plan = plan(&two_groups(), &fake);
    assert_eq!(plan.refusals.len(), 1);
    let (outcome, events) = carry_out(plan, &fake).await;
    assert_eq!(outcome.stopped, [StepId::build(group_at("b"))]);
    assert_eq!(events, []);
    assert_eq!(fake.things(), before);
}
