//! Large stacks and large accounts: how many calls a plan takes, and how many of them have to wait
//! for others.
//!
//! The worlds are made of one that amp-stack has built, without a call for each thing in it.

#[path = "../../bench/world.rs"]
mod world;

use amp_stack::cloud::ask_early;
use amp_stack_sandbox::World;
use serde_json::{Value, json};
use tokio::time::Instant;
use world::{grown, uniform};

use super::{
    digests::{read, text},
    *,
};

/// How long every call takes: so many times this is what a chain of calls takes that wait for each
/// other.
const ROUND: Duration = Duration::from_millis(40);

/// The world with so many active revisions of others, a hundred in each family.
fn crowded(world: &World, revisions: u32) -> World {
    let mut world = serde_json::to_value(world).unwrap();
    let families = &mut world["ecs"]["regions"]["us-east-1"]["families"];
    for family in 0..revisions / 100 {
        let name = format!("a-{family}");
        let numbers = (1..=100).map(|number| {
            let arn = format!("arn:aws:ecs:us-east-1:111122223333:task-definition/{name}:{number}");
            let definition = json!({"family": name, "revision": number, "taskDefinitionArn": arn});
            let revision = json!({"definition": definition, "status": "ACTIVE"});
            (number.to_string(), revision)
        });
        let numbers: serde_json::Map<String, Value> = numbers.collect();
        families[&name] = json!({"last_revision": 100, "revisions": numbers});
    }
    serde_json::from_value(world).unwrap()
}

/// A place like `place` that holds `world`, where every call takes a round.
fn in_rounds(place: &Place, world: World) -> Place {
    with_latency(place, world, ROUND)
}

/// The same where every call takes so long.
fn with_latency(place: &Place, world: World, latency: Duration) -> Place {
    let settings = Settings {
        account: place.sandbox.account().to_owned(),
        clock: place.sandbox.clock(),
        world,
        faults: Some(Faults {
            latency_min: latency,
            latency_max: latency,
            ..Faults::none(1)
        }),
        ..Settings::default()
    };
    Place {
        sandbox: Sandbox::open(settings).unwrap(),
        region: place.region.clone(),
    }
}

/// A run from its beginning: the calls of a plan, the plan, and how long it took.
async fn run(place: &Place, stack: &Stack, destroy: bool) -> (Counts, Plan, Duration) {
    let (aws, counts) = place.aws(false);
    let began = Instant::now();
    ask_early(&aws, &[stack.query(false)]);
    aws.identity().await.unwrap();
    let plan = planned(stack, &aws, destroy).await;
    let took = began.elapsed();
    let counts = counts.lock().unwrap().clone();
    (counts, plan, took)
}

fn expected<const N: usize>(counts: [(&str, usize); N]) -> Counts {
    counts
        .map(|(operation, count)| (operation.to_owned(), count))
        .into()
}

#[tokio::test(start_paused = true)]
async fn a_plan_of_sixty_one_resources_takes_two_rounds() {
    let stack = read(text(20));
    let place = Place::new(&stack, None);
    build(&stack, &place.aws(false).0).await;
    let place = in_rounds(&place, place.sandbox.world());
    let (counts, unchanged, took) = run(&place, &stack, false).await;
    assert!(unchanged.is_empty(), "{unchanged:?}");
    assert_eq!(counts.values().sum::<usize>(), 8, "{counts:?}");
    // Everything at once, and then what the workspace logs.
    assert_eq!(took, 2 * ROUND);

    // Without early questions, everything waits until AWS has said who is asking.
    let (aws, _) = place.aws(false);
    let began = Instant::now();
    aws.identity().await.unwrap();
    planned(&stack, &aws, false).await;
    assert_eq!(began.elapsed(), 3 * ROUND);
}

/// What is asked early may be about names that turn out to be others: the account may be part of
/// them.
#[tokio::test(start_paused = true)]
async fn early_questions_that_nobody_has_change_nothing() {
    let stack = read(text(20));
    let place = Place::new(&stack, None);
    build(&stack, &place.aws(false).0).await;
    let (aws, counts) = place.aws(false);
    let other = read(text(21).replace("/big/", "/000000000000/"));
    ask_early(&aws, &[other.query(false)]);
    aws.identity().await.unwrap();
    let plan = planned(&stack, &aws, false).await;
    assert!(plan.is_empty(), "{plan:?}");
    let counts = counts.lock().unwrap().clone();
    assert_eq!(counts["DescribeLogGroups"], 2);
    assert_eq!(counts["ListTaskDefinitions"], 2);
    assert_eq!(counts.values().sum::<usize>(), 10, "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn a_plan_of_three_thousand_and_one_resources_takes_fifty_six_calls() {
    let small = read(uniform(1));
    let place = Place::new(&small, None);
    build(&small, &place.aws(false).0).await;
    let stack = read(uniform(1_000));
    assert_eq!(stack.resources.len(), 3_001);
    let place = in_rounds(&place, grown(&place.sandbox.world(), 1_000));
    let (counts, unchanged, took) = run(&place, &stack, false).await;
    assert!(unchanged.is_empty(), "{:?}", unchanged.steps.first());
    let pages = expected([
        ("GetCallerIdentity", 1),
        ("ListRoles", 1),
        ("GetAccountAuthorizationDetails", 1),
        ("GET workspaces", 1),
        ("GET workspaces/ID/logging", 1),
        ("GetResources", 21),
        ("DescribeLogGroups", 20),
        ("ListTaskDefinitions", 10),
    ]);
    assert_eq!(counts, pages);
    // The pages of what is tagged come one after another, which takes 0.84 s; of log groups AWS
    // describes ten lots at once and ten a second.
    assert!(took <= Duration::from_millis(1_200), "{took:?}");
}

/// The list of all revisions is read only as long as each family could be asked for.
#[tokio::test(start_paused = true)]
async fn a_hundred_thousand_revisions_of_others_cost_as_many_calls_as_there_are_families() {
    let stack = read(text(20));
    let place = Place::new(&stack, None);
    build(&stack, &place.aws(false).0).await;
    let place = in_rounds(&place, crowded(&place.sandbox.world(), 100_000));
    let (counts, unchanged, took) = run(&place, &stack, false).await;
    assert!(unchanged.is_empty(), "{unchanged:?}");
    assert_eq!(counts["ListTaskDefinitions"], 20 + 20);
    assert_eq!(counts.values().sum::<usize>(), 7 + 40, "{counts:?}");
    assert!(took <= Duration::from_secs(1), "{took:?}");
}

/// Where each page takes long, fewer are read: at least for a second, and for as long as the families
/// can be asked for, of which AWS takes twenty a second.
#[tokio::test(start_paused = true)]
async fn slow_pages_of_others_are_read_only_as_long_as_families_could_be_asked_for() {
    let small = read(uniform(1));
    let place = Place::new(&small, None);
    build(&small, &place.aws(false).0).await;
    for (families, pages) in [(15, 10), (60, 30)] {
        let stack = read(uniform(families));
        let world = crowded(&grown(&place.sandbox.world(), families), 10_000);
        let place = with_latency(&place, world, Duration::from_millis(100));
        let (counts, unchanged, _) = run(&place, &stack, false).await;
        assert!(unchanged.is_empty(), "{unchanged:?}");
        assert_eq!(
            counts["ListTaskDefinitions"],
            pages + families,
            "{counts:?}"
        );
    }
}

/// What has changed is looked at more closely, and then changed, and everything else costs nothing.
#[tokio::test(start_paused = true)]
async fn one_attribute_costs_the_calls_of_its_change() {
    let before = text(20);
    let stack = read(before.clone());
    let place = Place::new(&stack, None);
    build(&stack, &place.aws(false).0).await;
    for (from, to, calls) in [
        (
            "image = \"app:1\"",
            "image = \"app:2\"",
            expected([("DescribeTaskDefinition", 1), ("RegisterTaskDefinition", 1)]),
        ),
        (
            "name = \"big-0\"\n",
            "name = \"big-0\"\ndescription = \"new\"\n",
            expected([("UpdateRole", 1)]),
        ),
        (
            "retention_days = 7",
            "retention_days = 14",
            expected([("PutRetentionPolicy", 1)]),
        ),
        // Whether something is lost is a question of its own.
        (
            "retention_days = 7",
            "retention_days = 3",
            expected([("DescribeLogStreams", 1), ("PutRetentionPolicy", 1)]),
        ),
        (
            "alias = \"big\"",
            "alias = \"large\"",
            // It is asked for until it is active again, which takes the sandbox three seconds.
            expected([("GET workspaces/ID", 6), ("POST workspaces/ID/alias", 1)]),
        ),
    ] {
        assert!(before.contains(from));
        let changed = read(before.replacen(from, to, 1));
        let (aws, counts) = place.aws(false);
        aws.identity().await.unwrap();
        let plan = planned(&changed, &aws, false).await;
        assert_eq!(plan.steps.len(), 1, "{to}: {plan:?}");
        carry_out(plan, &aws, to).await;
        let mut more = counts.lock().unwrap().clone();
        for (operation, count) in unchanged_counts() {
            let left = more[&operation] - count;
            more.insert(operation, left);
        }
        more.retain(|_, count| *count > 0);
        assert_eq!(more, calls, "{to}");
        // And back.
        let (aws, _) = place.aws(false);
        let back = planned(&stack, &aws, false).await;
        carry_out(back, &aws, "back").await;
    }
}

/// The calls of a plan that has nothing to do.
fn unchanged_counts() -> Counts {
    expected([
        ("GetCallerIdentity", 1),
        ("ListRoles", 1),
        ("GetAccountAuthorizationDetails", 1),
        ("GET workspaces", 1),
        ("GET workspaces/ID/logging", 1),
        ("GetResources", 1),
        ("DescribeLogGroups", 1),
        ("ListTaskDefinitions", 1),
    ])
}
