//! The proof that apply survives: the whole library, from the text of a stack file to the summary,
//! against a sandbox that misbehaves, on a clock that jumps and with dice that fall the same way
//! again.
//!
//! A seed tells a story. An account is made that holds bystanders of every kind (roles, log groups,
//! workspaces with our alias, families, another stack, this stack in another region), perhaps
//! things of others under our names, perhaps half-made things of ours. Then come a few rounds: a
//! random stack file is applied on bad days, with throttling, 5xx errors, connections lost before
//! and after the effect, hangs, stale reads, slow propagation and short pages, and the process is
//! killed or interrupted at some request that alters something; sometimes the file changes before
//! the last one is through. In some rounds somebody else has registered a revision of a family before.
//! Then it is applied on mildly bad days until everything is done. At last the stack is destroyed in
//! the same way.
//!
//! # What is demanded
//!
//! After every run, however it ended:
//! * Every bystander is what it was, byte for byte. Everything else is ours by its tags from its
//!   first moment, or was left by others under one of our names and is untouched. There is one
//!   workspace of ours at most.
//! * Until there was a plan, and if there was nothing to do, no request altered anything.
//! * A revision was registered when nothing was going on any more with the roles and log groups
//!   that it mentions.
//! * No request that alters something was about a thing without our tags, unless the plan takes it
//!   over.
//! * No request deleted data unless somebody had named the address at which it was. In some runs
//!   nobody names any.
//! * No password was shown in plan, progress or summary.
//! * Every step of the plan is told of in the outcome, and after Ctrl-C every request in flight was
//!   waited for.
//!
//! If so much time has passed since the run before that its effects can be seen everywhere (in two
//! stories of three), moreover:
//! * Nothing failed unless a fault happened in this run, and then with the code of a fault. A stale
//!   read may cause any failure.
//! * No stale read having happened, nothing went for good while something of ours still mentioned
//!   it.
//!
//! When a round has come to rest, within a bounded number of runs on mildly bad days, and
//! everything can be seen everywhere:
//! * The plan is empty, and looking at it altered nothing.
//! * The account holds what the file says, judged without the planner, and nothing more of ours.
//! * A document that changed has one new revision, and one that did not has none. If the file
//!   changed before it was through, each version may have had its own. If the runs came so close
//!   after each other that one could not see what the other had done, each may have registered one:
//!   ECS has no client token for this, and no stronger promise is possible.
//!
//! After the destruction nothing of ours is left. One that meets a protected workspace does
//! nothing.
//!
//! # How to run it
//!
//! `cargo test --test it simulation` tells the stories of [`SEEDS`].
//! `AMP_STACK_SIM_SEEDS=1..1000000` tells as many as you like, and prints with `--nocapture` what
//! happened in them; `AMP_STACK_SIM_SEEDS=17` tells one. A story that goes wrong is printed with
//! its seed, and goes wrong in the same way again.
//!
//! # Whether it would notice
//!
//! These bugs were put in by hand, one at a time, and the stories of the seeds from 1 to 30 told of
//! each (to 60 of the first):
//!
//! | bug | went wrong | what noticed it |
//! |---|---|---|
//! | a build does not wait for the builds that it refers to (rule 1 of the planner) | 38 of 60 | nothing fails but for faults; needs come first |
//! | a removal waits for nothing (rule 3) | 17 | nothing goes while it is mentioned |
//! | the SDK sends `RegisterTaskDefinition` again by itself | 1 | one revision per change |
//! | no look at the newest revision after an ambiguous `RegisterTaskDefinition` | 1 | one revision per change |
//! | `CreateRole` without tags | 29 | everything is ours from its first moment; nothing fails but for faults |
//! | an existing role with our tags is an error for `CreateRole`, not the work of an attempt whose answer was lost | 2 | nothing fails but for faults |
//! | documents are compared before they are in normal form | 28 | the plan after it is empty |
//! | only the first page of `ListWorkspaces` | 7 | one workspace at most; the account holds what the file says |
//! | only the first page of `GetResources` | 7 | nothing of ours is left; the plan after it is empty; nothing goes while it is mentioned |
//! | roles of the same stack in another region count as ours | 30 | bystanders are what they were |
//! | no patience with a role that is not known everywhere yet | 11 | nothing fails but for faults |
//! | passwords are shown by name | 15 | no password was shown |
//! | losses that nobody has named are taken for named | 8 | no data is lost unnamed |
//! | revisions are deregistered, but not deleted | 28 | the plan after it is empty |
//! | of what is taken over, the tags of others are removed before ours are set | 0 | nothing: it takes a kill between these two calls |

mod account;
mod accounts;
mod check;
mod consent;
mod draft;
mod invocation;
mod pair;
mod rollout;
mod story;
mod wire;
mod world;

use std::{
    ops::RangeInclusive,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use story::{Tally, Trace, tell};

/// Which seeds to tell the stories of: `17`, or `1..5000`, both included.
const VARIABLE: &str = "AMP_STACK_SIM_SEEDS";
/// Those of every run of the tests.
const SEEDS: RangeInclusive<u64> = 1..=200;
/// How many stories make it certain that everything has happened in some.
const ENOUGH: u64 = 100;
/// How many stories of two runs at once are told in every run of the tests.
const PAIRS: usize = 50;
/// How many stories of two accounts are told in every run of the tests.
const ACROSS: usize = 25;
/// How much of a story that went wrong is shown.
const LINES_SHOWN: usize = 120;

/// Tells the story of one seed in a world of its own, where time passes only when nothing else is
/// left to do.
fn simulate(seed: u64, trace: &Trace) -> Tally {
    // The SDK's jitter.
    fastrand::seed(seed);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O needs nothing");
    runtime.block_on(tell(seed, trace.clone()))
}

/// What happened in the story of one seed, or how it went wrong.
fn attempt(seed: u64) -> Result<Tally, String> {
    let trace = Trace::default();
    let told = catch_unwind(AssertUnwindSafe(|| simulate(seed, &trace)));
    told.map_err(|panic| {
        let cause = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("a panic without words");
        let lines = trace.lock().unwrap_or_else(PoisonError::into_inner);
        let from = lines.len().saturating_sub(LINES_SHOWN);
        let shown = lines[from..].join("\n");
        format!("{shown}\nseed {seed}: {cause}\nto replay it: {VARIABLE}={seed}")
    })
}

/// The seeds that were asked for.
fn seeds() -> RangeInclusive<u64> {
    let Some(text) = std::env::var_os(VARIABLE) else {
        return SEEDS;
    };
    let text = text.into_string().expect("a number, or two");
    let number = |text: &str| text.parse::<u64>().expect("17, or 1..5000");
    match text.split_once("..") {
        Some((first, last)) => number(first)..=number(last),
        None => number(&text)..=number(&text),
    }
}

/// Tells the stories of `seeds` on all processors; the sum of what happened, and how stories went
/// wrong, by seed.
fn tell_all(seeds: &RangeInclusive<u64>) -> (Tally, Vec<(u64, String)>) {
    let next = AtomicU64::new(*seeds.start());
    let told = Mutex::new((Vec::new(), Vec::new()));
    let teller = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed > *seeds.end() {
                return;
            }
            let attempt = attempt(seed);
            let mut told = told.lock().unwrap();
            match attempt {
                Ok(tally) => told.0.push(tally),
                Err(failure) => told.1.push((seed, failure)),
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(teller);
        }
    });
    let (tallies, mut failed) = told.into_inner().unwrap();
    failed.sort();
    (tallies.into_iter().sum(), failed)
}

#[test]
#[expect(
    clippy::print_stdout,
    reason = "who runs a million wants to know what happened in them"
)]
fn every_story_ends_well() {
    let (happened, failed) = tell_all(&seeds());
    let which: Vec<u64> = failed.iter().map(|(seed, _)| *seed).collect();
    if let Some((_, first)) = failed.first() {
        panic!("{first}\nthe seeds whose stories went wrong: {which:?}");
    }
    println!("{happened:#?}");
    if happened.stories >= ENOUGH {
        let Tally {
            stories: _,
            runs: _,
            requests: _,
            faults,
            stale_reads,
            kills,
            interruptions,
            steps,
            revisions,
            adoptions,
            foreign,
        } = happened;
        let each = [
            faults,
            stale_reads,
            kills,
            interruptions,
            steps,
            revisions,
            adoptions,
            foreign,
        ];
        assert!(each.iter().all(|count| *count > 0), "{happened:?}");
    }
}

#[test]
fn two_runs_at_once_make_one_workspace() {
    let mut seen = pair::Met::default();
    // They are told one after another.
    let asked = std::env::var_os(VARIABLE).is_some();
    let most = if asked { usize::MAX } else { PAIRS };
    let seeds: Vec<u64> = seeds().take(most).collect();
    for &seed in &seeds {
        fastrand::seed(seed);
        let told = catch_unwind(AssertUnwindSafe(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .expect("a runtime without I/O needs nothing");
            runtime.block_on(pair::tell(seed))
        }));
        let told = told.unwrap_or_else(|_| panic!("to replay it: {VARIABLE}={seed}"));
        seen.both += told.both;
        seen.met += told.met;
    }
    if seeds.len() >= PAIRS {
        assert!(seen.both > 0 && seen.met > 0, "{seen:?}");
    }
}

/// A run over two accounts, struck at any of its calls or met by another, names in each account
/// nothing of the other, and comes to its end when it is run again.
#[test]
fn two_accounts_are_nothing_to_each_other() {
    let asked = std::env::var_os(VARIABLE).is_some();
    let most = if asked { usize::MAX } else { ACROSS };
    let seeds: Vec<u64> = seeds().take(most).collect();
    let mut seen = accounts::Crossed::default();
    for &seed in &seeds {
        fastrand::seed(seed);
        let told = catch_unwind(AssertUnwindSafe(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .expect("a runtime without I/O needs nothing");
            runtime.block_on(accounts::tell(seed))
        }));
        let told = told.unwrap_or_else(|_| panic!("to replay it: {VARIABLE}={seed}"));
        seen.kills += told.kills;
        seen.interruptions += told.interruptions;
        seen.in_both += told.in_both;
        seen.pairs += told.pairs;
    }
    if seeds.len() >= ACROSS {
        let each = [seen.kills, seen.interruptions, seen.in_both, seen.pairs];
        assert!(each.iter().all(|count| *count > 0), "{seen:?}");
    }
}

/// Wherever a run is struck, and whatever somebody else does in between, running again brings every
/// service to the revision that the file says, or refuses to try again what was taken back; and each
/// revision is rolled out once.
#[test]
fn a_rollout_converges_and_is_made_once() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O needs nothing");
    let (told, taken_back) = runtime.block_on(rollout::tell_all());
    assert_eq!((told, taken_back), (60, 30));
}

#[test]
fn a_seed_tells_the_same_story_again() {
    let told = |seed| {
        let trace = Trace::default();
        simulate(seed, &trace);
        std::mem::take(&mut *trace.lock().unwrap())
    };
    for seed in 1..=6 {
        assert_eq!(told(seed), told(seed), "seed {seed}");
    }
    assert_ne!(told(1), told(2));
}
