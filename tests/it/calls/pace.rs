//! At the rates that AWS publishes: nothing fails because of load alone, hardly anything is
//! throttled, and no run takes much longer than those rates make it.

use std::fmt::Write as _;

use amp_stack::{
    file::source::Source,
    load::{LoadContext, load},
};

use super::*;
use crate::worlds;

fn at_rates(stack: &Stack) -> Place {
    let faults = Faults {
        rates: true,
        ..Faults::none(1)
    };
    Place::new(stack, Some(faults))
}

/// The stack `name` with so many task definitions.
fn definitions(name: &str, count: usize) -> Stack {
    let mut text = format!("[stack]\nname = \"{name}\"\n");
    for n in 0..count {
        write!(
            text,
            "[task_definitions.{name}-{n}]\ncpu = 256\nmemory = 512\n\
             [task_definitions.{name}-{n}.containers.app]\nimage = \"app:1\"\n"
        )
        .unwrap();
    }
    let source = Source {
        path: format!("{name}.toml").into(),
        text,
    };
    load(&source, &LoadContext::new(worlds::identity())).unwrap()
}

/// Asserts that `what`, which takes `least` seconds at AWS's rates, took hardly more.
#[track_caller]
fn assert_took(what: &str, began: tokio::time::Instant, least: f64) {
    let took = began.elapsed().as_secs_f64();
    assert!(
        took <= least * 1.15,
        "{what} took {took} s, {least} s at least"
    );
}

/// Asserts that of the calls so far at most one in fifty was throttled.
#[track_caller]
fn assert_hardly_throttled(place: &Place, counts: &Mutex<Counts>) {
    let calls: usize = counts.lock().unwrap().values().sum();
    let throttled = place.sandbox.tally().throttled;
    let throttled = usize::try_from(throttled).unwrap();
    assert!(throttled * 50 <= calls, "{throttled} of {calls}");
}

#[tokio::test(start_paused = true)]
async fn sixty_log_groups_come_and_go() {
    let groups = (0..60).map(|n| {
        let key = format!("g{n}");
        (
            group_at(&key),
            Resource::LogGroup(group(&format!("/{key}"))),
        )
    });
    let stack = samples::stack(groups);
    let place = at_rates(&stack);
    let (aws, counts) = place.aws(false);
    build(&stack, &aws).await;
    let live = aws.observe(&stack.query(false)).await.unwrap();
    assert!(plan(&stack, &live).is_empty());
    assert_eq!(counts.lock().unwrap().get("ListTagsForResource"), None);
    destroy(&stack, &aws).await;
    let left = aws.observe(&stack.query_to_destroy()).await.unwrap();
    assert_eq!(left.found, []);
    assert_hardly_throttled(&place, &counts);
}

#[tokio::test(start_paused = true)]
async fn a_hundred_task_definitions_come_and_go() {
    let stack = definitions("t", 100);
    let place = at_rates(&stack);
    let (aws, counts) = place.aws(false);
    let began = tokio::time::Instant::now();
    build(&stack, &aws).await;
    // Twenty registrations at once, and then one a second.
    assert_took("building", began, 80.0);
    assert_hardly_throttled(&place, &counts);
    // By then every bucket is full again.
    tokio::time::sleep(Duration::from_mins(2)).await;
    let began = tokio::time::Instant::now();
    let live = aws.observe(&stack.query(false)).await.unwrap();
    assert!(plan(&stack, &live).is_empty());
    assert_took("planning", began, 7.5);
    tokio::time::sleep(Duration::from_mins(2)).await;
    let began = tokio::time::Instant::now();
    let outcome = destroy(&stack, &aws).await;
    assert_eq!(outcome.done.len(), stack.resources.len());
    // Reading is done by then; five deletions at once, and then one a second.
    assert_took("destroying", began, 7.5 + 95.0);
    assert_hardly_throttled(&place, &counts);
    let left = aws.observe(&stack.query_to_destroy()).await.unwrap();
    assert_eq!(left.found, []);
}

/// The pipelines of one repository: each knows nothing of the others, and takes their share of the
/// account's rate for its own.
#[tokio::test(start_paused = true)]
async fn four_runs_at_once_end_well() {
    let stacks = ["a", "b", "c", "d"].map(|name| definitions(name, 40));
    let place = at_rates(&stacks[0]);
    let clouds = stacks.each_ref().map(|_| place.aws(false));
    let [a, b, c, d] = std::array::from_fn(|n| build(&stacks[n], &clouds[n].0));
    tokio::join!(a, b, c, d);
    for (stack, (aws, _)) in stacks.iter().zip(&clouds) {
        let live = aws.observe(&stack.query(false)).await.unwrap();
        assert_eq!(live.found.len(), 40);
    }
}

#[test]
fn the_guide_names_every_rate() {
    let guide = include_str!("../../../src/guide/errors.md");
    for rate in amp_stack::model::rate::RATES {
        assert!(guide.contains(&format!("`{}`", rate.name)), "{}", rate.name);
    }
}
