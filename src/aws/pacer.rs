//! When a request may be sent: as soon as AWS will take it, by the rates that it publishes.
//!
//! Every request takes a token from the bucket of its operation. One for which there is none waits
//! for exactly as long as it takes until its token is there, and nobody overtakes it. Other
//! programs take from the same buckets at AWS, so a throttled answer says that there is less than
//! was thought: the share of the rate that is taken for ours shrinks, and grows back slowly.
//!
//! A throttled request is sent again for as long as AWS takes any of its kind: to wait is no
//! failure.

use std::{
    cell::Cell,
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::{
    model::rate::{self, Overrides, Rate},
    progress::{self, Notice, Queue},
};

/// How much of a published rate is taken: requests do not arrive in the rhythm in which they were
/// sent.
const MARGIN: f64 = 0.98;
/// What is left of the share after a throttled answer.
const SHRUNK: f64 = 0.7;
/// The least share: somebody else may take nearly everything.
const LEAST: f64 = 0.05;
/// The time in which the whole share grows back.
const RECOVERY: Duration = Duration::from_mins(2);
/// The time for which one throttled answer counts: requests that were under way together are
/// answered alike.
const ONE_CAUSE: Duration = Duration::from_secs(1);
/// How long AWS may throttle everything of a kind before that is a failure.
const PATIENCE: Duration = Duration::from_mins(15);
/// A wait that is worth a word.
const NOTED: Duration = Duration::from_millis(300);
/// How often a request that is not throttled is sent at the most, unless the user wants more.
pub(super) const ATTEMPTS: u32 = 10;
/// How long all attempts of a request that is not throttled may take together.
pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_mins(2);

/// The buckets of one account and region. Clones are handles of the same buckets.
#[derive(Clone, Debug)]
pub(crate) struct Pacer(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Whether requests wait at all.
    paces: bool,
    overrides: Overrides,
    attempts: u32,
    buckets: Mutex<BTreeMap<&'static str, Bucket>>,
}

#[derive(Debug)]
struct Bucket {
    burst: f64,
    per_second: f64,
    /// The part of the rate that is taken for ours.
    share: f64,
    /// Less than nothing is what those who wait have taken already.
    tokens: f64,
    /// The moment of which `share` and `tokens` are.
    at: Instant,
    shrunk_at: Option<Instant>,
    /// Since when AWS has taken no request of the kind.
    throttled_since: Option<Instant>,
}

impl Bucket {
    fn new((burst, per_second): (u32, u32), now: Instant) -> Self {
        Self {
            burst: f64::from(burst),
            per_second: f64::from(per_second) * MARGIN,
            share: 1.0,
            tokens: f64::from(burst),
            at: now,
            shrunk_at: None,
            throttled_since: None,
        }
    }

    fn fill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        let recovery = RECOVERY.as_secs_f64();
        // The share grows with the time until it is whole.
        let growing = passed.min((1.0 - self.share) * recovery);
        let grown = self.share + growing / recovery;
        let seconds = growing * f64::midpoint(self.share, grown) + (passed - growing);
        self.tokens = (self.tokens + seconds * self.per_second).min(self.burst);
        self.share = grown.min(1.0);
        self.at = now;
    }

    /// Takes a token, and returns how long it takes until it is there.
    fn take(&mut self, now: Instant) -> Duration {
        self.fill(now);
        self.tokens -= 1.0;
        let missing = (-self.tokens).max(0.0);
        Duration::from_secs_f64(missing / (self.per_second * self.share))
    }

    fn throttled(&mut self, now: Instant) {
        self.fill(now);
        self.throttled_since.get_or_insert(now);
        let is_known = self
            .shrunk_at
            .is_some_and(|at| now.saturating_duration_since(at) < ONE_CAUSE);
        if !is_known {
            self.shrunk_at = Some(now);
            self.share = (self.share * SHRUNK).max(LEAST);
            // Whatever was thought to be left is not.
            self.tokens = self.tokens.min(0.0);
        }
    }
}

impl Pacer {
    /// Buckets for AWS, all full. A request that is not throttled is sent `attempts` times at the
    /// most.
    pub(crate) fn new(overrides: Overrides, attempts: u32) -> Self {
        Self::with(true, overrides, attempts)
    }

    /// No buckets: for what has no rates.
    pub(crate) fn off(attempts: u32) -> Self {
        Self::with(false, Overrides::default(), attempts)
    }

    fn with(paces: bool, overrides: Overrides, attempts: u32) -> Self {
        Self(Arc::new(Shared {
            paces,
            overrides,
            attempts: attempts.max(ATTEMPTS),
            buckets: Mutex::default(),
        }))
    }

    /// Waits until a request of `operation` may be sent.
    async fn turn(&self, operation: &str) {
        let Some((rate, wait, queue)) = self.take(operation) else {
            return;
        };
        if wait.is_zero() {
            return;
        }
        tracing::debug!(
            operation,
            wait_ms = wait.as_millis(),
            rate = rate.name,
            ahead = queue.ahead,
            "waits for its turn"
        );
        let is_noted = wait >= NOTED;
        if is_noted {
            progress::emit(Notice::Queued(queue));
        }
        tokio::time::sleep(wait).await;
        if is_noted {
            progress::emit(Notice::Sending);
        }
    }

    /// Takes a token for `operation`, and returns how long it takes until it is there.
    fn take(&self, operation: &str) -> Option<(&'static Rate, Duration, Queue)> {
        if !self.0.paces {
            return None;
        }
        let rate = rate::of(operation);
        let wait = self.bucket(rate, |bucket, now| (bucket.take(now), -bucket.tokens));
        let (wait, missing) = wait;
        let (_, per_second) = self.0.overrides.apply(rate);
        Some((
            rate,
            wait,
            Queue {
                limit: rate.sentence(f64::from(per_second)),
                ahead: whole(missing),
                wait,
            },
        ))
    }

    /// Returns whether a request of `operation` would have to wait for its turn.
    pub(super) fn has_to_wait(&self, operation: &str) -> bool {
        self.0.paces
            && self.bucket(rate::of(operation), |bucket, now| {
                bucket.fill(now);
                bucket.tokens < 1.0
            })
    }

    /// Takes note of an answer to a request of `operation`.
    fn answered(&self, operation: &str, is_throttled: bool) {
        let rate = rate::of(operation);
        let share = self.bucket(rate, |bucket, now| {
            if is_throttled {
                bucket.throttled(now);
            } else {
                bucket.throttled_since = None;
            }
            bucket.share
        });
        if is_throttled {
            let percent = whole(share * 100.0);
            tracing::debug!(
                operation,
                rate = rate.name,
                percent,
                "takes less of the rate"
            );
        }
    }

    /// Returns whether AWS has taken nothing of the kind of `operation` for longer than anybody
    /// should wait.
    fn is_stuck(&self, operation: &str) -> bool {
        self.bucket(rate::of(operation), |bucket, now| {
            let since = bucket.throttled_since;
            since.is_some_and(|since| now.saturating_duration_since(since) >= PATIENCE)
        })
    }

    fn bucket<T>(&self, rate: &'static Rate, with: impl FnOnce(&mut Bucket, Instant) -> T) -> T {
        let now = Instant::now();
        let mut buckets = self.buckets();
        let bucket = buckets
            .entry(rate.name)
            .or_insert_with(|| Bucket::new(self.0.overrides.apply(rate), now));
        with(bucket, now)
    }

    fn buckets(&self) -> MutexGuard<'_, BTreeMap<&'static str, Bucket>> {
        // A bucket is in order after each line of its code.
        self.0
            .buckets
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends `request`, which is `operation`, when its turn has come. What it sends besides, pages
    /// and further attempts, is counted but does not wait: it comes one after another.
    pub(super) async fn send<F: Future>(&self, operation: &str, request: F) -> F::Output {
        self.turn(operation).await;
        let sending = Sending {
            pacer: self.clone(),
            operation: operation.to_owned(),
            is_paid: Cell::new(true),
            failures: Cell::new(0),
            since: Cell::new(Instant::now()),
        };
        SENDING.scope(sending, request).await
    }
}

/// A number for people, of which the sign and the fraction do not matter.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is rounded, and not below zero"
)]
fn whole(number: f64) -> usize {
    number.max(0.0).round() as usize
}

/// A request that is being sent.
struct Sending {
    pacer: Pacer,
    operation: String,
    /// Whether the token of the next attempt is taken already.
    is_paid: Cell<bool>,
    /// The attempts of this request that failed and were not throttled.
    failures: Cell<u32>,
    /// When it was sent first, or throttled last: AWS is there as long as it throttles.
    since: Cell<Instant>,
}

tokio::task_local! {
    static SENDING: Sending;
}

/// Takes note that an attempt is made.
pub(super) fn attempting(is_first: bool) {
    // Everything is sent through a pacer but what tests make of the SDK themselves.
    _ = SENDING.try_with(|sending| {
        if is_first {
            sending.failures.set(0);
            sending.since.set(Instant::now());
        }
        if !sending.is_paid.replace(false) {
            sending.pacer.take(&sending.operation);
        }
    });
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// AWS answered, or it was no fault of AWS.
    Well,
    Throttled,
    Failed,
}

/// Takes note of how an attempt ended.
pub(super) fn ended(ended: Ended) {
    _ = SENDING.try_with(|sending| {
        sending
            .pacer
            .answered(&sending.operation, ended == Ended::Throttled);
        match ended {
            Ended::Well => {}
            Ended::Throttled => sending.since.set(Instant::now()),
            Ended::Failed => sending.failures.set(sending.failures.get() + 1),
        }
    });
}

/// Returns whether a throttled request is worth another attempt.
pub(super) fn throttled_may_be_sent_again() -> bool {
    let may = |sending: &Sending| !sending.pacer.is_stuck(&sending.operation);
    SENDING.try_with(may).unwrap_or(false)
}

/// Returns whether a request that failed and was not throttled is worth another attempt.
pub(super) fn failed_may_be_sent_again() -> bool {
    let may = |sending: &Sending| {
        sending.failures.get() < sending.pacer.0.attempts
            && sending.since.get().elapsed() < REQUEST_TIMEOUT
    };
    SENDING.try_with(may).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGISTER: &str = "ecs:RegisterTaskDefinition";

    fn pacer() -> Pacer {
        Pacer::new(Overrides::default(), 1)
    }

    /// Sends `count` requests at once, and returns how long that took.
    async fn send(pacer: &Pacer, operation: &'static str, count: usize) -> Duration {
        let began = Instant::now();
        let mut requests = tokio::task::JoinSet::new();
        for _ in 0..count {
            let pacer = pacer.clone();
            requests.spawn(async move { pacer.send(operation, async {}).await });
        }
        requests.join_all().await;
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_goes_at_once_and_the_rest_at_the_rate() {
        let pacer = pacer();
        assert_eq!(send(&pacer, REGISTER, 20).await, Duration::ZERO);
        // What deregisters takes from the same bucket, what reads does not.
        assert_eq!(
            send(&pacer, "ecs:ListTaskDefinitions", 50).await,
            Duration::ZERO
        );
        let took = send(&pacer, "ecs:DeregisterTaskDefinition", 30)
            .await
            .as_secs_f64();
        assert!((30.0..30.0 / MARGIN + 0.1).contains(&took), "{took}");
        // After twenty idle seconds the bucket is full again.
        tokio::time::sleep(Duration::from_secs(21)).await;
        assert_eq!(send(&pacer, REGISTER, 20).await, Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn an_override_is_waited_for_instead() {
        let overrides = ["ecs-register=5".parse().unwrap()].into_iter().collect();
        let pacer = Pacer::new(overrides, 1);
        let took = send(&pacer, REGISTER, 70).await.as_secs_f64();
        assert!((10.0..10.5).contains(&took), "{took}");
        assert_eq!(send(&Pacer::off(1), REGISTER, 1_000).await, Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn throttled_answers_shrink_the_share_once_and_it_grows_back() {
        let pacer = pacer();
        for _ in 0..10 {
            pacer.answered(REGISTER, true);
        }
        let first = send(&pacer, REGISTER, 1).await.as_secs_f64();
        assert!((1.4..1.5).contains(&first), "{first}");
        for _ in 0..60 {
            tokio::time::sleep(ONE_CAUSE).await;
            pacer.answered(REGISTER, true);
        }
        let slow = send(&pacer, REGISTER, 1).await.as_secs_f64();
        assert!((5.0..1.1 / LEAST).contains(&slow), "{slow}");
        tokio::time::sleep(RECOVERY * 2).await;
        assert_eq!(send(&pacer, REGISTER, 20).await, Duration::ZERO);
        let again = send(&pacer, REGISTER, 1).await.as_secs_f64();
        assert!((1.0..1.1).contains(&again), "{again}");
    }

    /// A share that grows from 0.7 to 1 in 36 seconds fills the bucket with what it is on average.
    #[test]
    fn a_growing_share_fills_a_bucket_with_its_average_and_ends_at_the_whole() {
        let began = Instant::now();
        let mut bucket = Bucket::new((20, 1), began);
        bucket.throttled(began);
        assert!(bucket.tokens.abs() < 1e-9 && (bucket.share - SHRUNK).abs() < 1e-9);
        bucket.fill(began + Duration::from_secs(12));
        assert!((bucket.share - 0.8).abs() < 1e-9, "{}", bucket.share);
        let tokens = 12.0 * 0.75 * MARGIN;
        assert!((bucket.tokens - tokens).abs() < 1e-9, "{}", bucket.tokens);
        // In debt it is never full, whatever comes in.
        for _ in 0..120 {
            bucket.take(began + Duration::from_secs(12));
        }
        bucket.fill(began + Duration::from_secs(112));
        let tokens = tokens - 120.0 + (24.0 * 0.9 + 76.0) * MARGIN;
        assert!((bucket.tokens - tokens).abs() < 1e-9, "{}", bucket.tokens);
    }

    #[tokio::test(start_paused = true)]
    async fn pages_and_further_attempts_are_counted_where_they_do_not_wait() {
        let pacer = pacer();
        let pages = async {
            for page in 0..30 {
                attempting(page == 0);
                ended(Ended::Well);
            }
        };
        pacer.send(REGISTER, pages).await;
        let took = send(&pacer, REGISTER, 1).await.as_secs_f64();
        assert!((11.0..11.5).contains(&took), "{took}");
    }

    #[tokio::test(start_paused = true)]
    async fn only_what_is_throttled_without_end_is_given_up() {
        let pacer = pacer();
        let throttled = async {
            attempting(true);
            for _ in 0..100 {
                ended(Ended::Throttled);
                assert!(throttled_may_be_sent_again());
                tokio::time::sleep(PATIENCE / 200).await;
            }
            // What was taken in between begins the time anew.
            ended(Ended::Well);
            ended(Ended::Throttled);
            tokio::time::sleep(PATIENCE * 3 / 4).await;
            assert!(throttled_may_be_sent_again());
            tokio::time::sleep(PATIENCE / 4).await;
            assert!(!throttled_may_be_sent_again());
        };
        pacer.send(REGISTER, throttled).await;
    }

    #[tokio::test(start_paused = true)]
    async fn what_fails_is_sent_ten_times_or_for_two_minutes() {
        let attempts = async {
            attempting(true);
            let mut sent = 0;
            while sent == 0 || failed_may_be_sent_again() {
                sent += 1;
                ended(Ended::Failed);
            }
            assert_eq!(sent, ATTEMPTS);
            attempting(true);
            ended(Ended::Failed);
            assert!(failed_may_be_sent_again());
            tokio::time::sleep(REQUEST_TIMEOUT).await;
            assert!(!failed_may_be_sent_again());
            // Whoever throttles is there.
            ended(Ended::Throttled);
            ended(Ended::Failed);
            assert!(failed_may_be_sent_again());
        };
        pacer().send(REGISTER, attempts).await;
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_wants_more_attempts_gets_them() {
        for (wanted, expected) in [(1, ATTEMPTS), (ATTEMPTS + 2, ATTEMPTS + 2)] {
            let attempts = async {
                attempting(true);
                let mut sent = 0;
                while sent == 0 || failed_may_be_sent_again() {
                    sent += 1;
                    ended(Ended::Failed);
                }
                sent
            };
            let pacer = Pacer::new(Overrides::default(), wanted);
            assert_eq!(pacer.send(REGISTER, attempts).await, expected);
        }
    }
}
