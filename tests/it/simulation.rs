//! Deterministic simulation.
mod account;
mod check;
mod draft;
mod invocation;
mod story;
mod wire;
mod world;

use std::{
    fmt::Write as _,
    ops::RangeInclusive,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use story::{Tally, Trace, tell};

/// Which seeds to run: `17`, or `1..=5000` without the `=`: `1..5000`. Without it, [`SEEDS`].
const VARIABLE: &str = "AMP_STACK_SIM_SEEDS";
/// What every run of the tests tries.
const SEEDS: RangeInclusive<u64> = 1..=200;
/// How much of a failed story is shown.
const LINES_SHOWN: usize = 120;

/// Tells the story of one seed in a world of its own, where time passes only when nothing else is left to do.
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

/// The story of one seed, or how it went wrong.
fn attempt(seed: u64) -> Result<Tally, String> {
    let trace = Trace::default();
    let told = catch_unwind(AssertUnwindSafe(|| simulate(seed, &trace)));
    told.map_err(|panic| {
        let cause = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("a panic without words");
        let lines = trace
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let from = lines.len().saturating_sub(LINES_SHOWN);
        let shown = lines[from..].join("\n");
        format!("{shown}\nseed {seed}: {cause}\nreplay with {VARIABLE}={seed}\n")
    })
}

/// The seeds that were asked for.
fn seeds() -> RangeInclusive<u64> {
    let Some(text) = std::env::var_os(VARIABLE) else {
        return SEEDS;
    };
    let text = text.into_string().expect("digits");
    let number = |text: &str| {
        text.parse::<u64>()
            .expect("AMP_STACK_SIM_SEEDS=17 or =1..5000")
    };
    match text.split_once("..") {
        Some((first, last)) => number(first)..=number(last),
        None => number(&text)..=number(&text),
    }
}

#[test]
fn every_story_ends_well() {
    let seeds = seeds();
    let next = AtomicU64::new(*seeds.start());
    let told = Mutex::new(Vec::new());
    let failed = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed > *seeds.end() {
                        return;
                    }
                    match attempt(seed) {
                        Ok(tally) => told.lock().unwrap().push(tally),
                        Err(failure) => failed.lock().unwrap().push((seed, failure)),
                    }
                }
            });
        }
    });
    let mut failed = failed.into_inner().unwrap();
    failed.sort();
    if let Some((_, first)) = failed.first() {
        let mut message = first.clone();
        let seeds: Vec<String> = failed.iter().map(|(seed, _)| seed.to_string()).collect();
        write!(message, "seeds that failed: {}", seeds.join(" ")).unwrap();
        panic!("{message}");
    }
    let told = told.into_inner().unwrap();
    let sum = |of: fn(&Tally) -> u64| told.iter().map(of).sum::<u64>();
    let all = (
        sum(|t| t.runs),
        sum(|t| t.requests),
        sum(|t| t.faults),
        sum(|t| t.stale),
        sum(|t| t.killed),
        sum(|t| t.interrupted),
        sum(|t| t.steps),
        sum(|t| t.registered),
        sum(|t| t.strays),
    );
    assert!(
        std::env::var_os("SIM_SHOW").is_none(),
        "{} {all:?}",
        told.len()
    );
}
