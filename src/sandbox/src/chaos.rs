//! Faults on purpose: throttling, errors, latency, lost connections, hangs and stale reads, all
//! from one seed.
//!
//! Every request draws the same number of random numbers, whatever becomes of it. So a run can be
//! repeated exactly if its requests come in the same order and at the same times, and turning one
//! fault off leaves the others where they were.

mod bucket;
mod random;

use std::{collections::VecDeque, time::Duration};

use serde_json::json;

use crate::{
    Refusal, World,
    wire::{Call, Service},
};

use bucket::Buckets;
use random::Random;

/// Which faults happen, and how often. Probabilities are between 0 and 1, per request.
#[derive(Clone, Debug, PartialEq)]
pub struct Faults {
    /// Where the random numbers begin.
    pub seed: u64,
    /// Whether the documented request rates are enforced.
    pub rates: bool,
    /// Throttled although within the rate. No effect.
    pub throttle: f64,
    /// Answered with the service's own 5xx error. The request had its effect or not, with equal
    /// probability.
    pub server_error: f64,
    /// The connection breaks before the request has its effect.
    pub lost_before: f64,
    /// The connection breaks after the request had its effect.
    pub lost_after: f64,
    /// No answer for [`Self::hang_for`], then the connection breaks; with its effect or not, with
    /// equal probability.
    pub hang: f64,
    /// How long a hang lasts.
    pub hang_for: Duration,
    /// The least time until a request has its effect.
    pub latency_min: Duration,
    /// The most.
    pub latency_max: Duration,
    /// A read does not see what was done within [`Self::stale_for`], where AWS documents eventual
    /// consistency.
    pub stale: f64,
    /// How old what a stale read misses can be.
    pub stale_for: Duration,
    /// How long a new role is unknown to other services and to trust policies.
    pub propagation: Duration,
    /// How late the tagging API is: it lists what is gone and not yet what is new. AWS promises
    /// nothing about it, and lists some deleted resources for hours
    /// (<https://github.com/aws/aws-cli/issues/8197>).
    pub tagging_lag: Duration,
}

impl Faults {
    /// No fault at all: a base to switch some on.
    pub fn none(seed: u64) -> Self {
        Self {
            seed,
            rates: false,
            throttle: 0.0,
            server_error: 0.0,
            lost_before: 0.0,
            lost_after: 0.0,
            hang: 0.0,
            hang_for: Duration::from_mins(10),
            latency_min: Duration::ZERO,
            latency_max: Duration::ZERO,
            stale: 0.0,
            stale_for: Duration::from_secs(3),
            propagation: Duration::ZERO,
            tagging_lag: Duration::ZERO,
        }
    }

    /// A bad day at AWS: rates enforced, about one request in thirty goes wrong, roles need some
    /// seconds to spread.
    pub fn mild(seed: u64) -> Self {
        Self {
            rates: true,
            throttle: 0.01,
            server_error: 0.01,
            lost_before: 0.005,
            lost_after: 0.005,
            latency_min: Duration::from_millis(20),
            latency_max: Duration::from_millis(200),
            stale: 0.05,
            propagation: Duration::from_secs(3),
            ..Self::none(seed)
        }
    }
}

/// How many faults have happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Requests answered with a throttling error.
    pub throttled: u64,
    /// Requests answered with a 5xx error.
    pub failed: u64,
    /// Connections lost at once.
    pub lost: u64,
    /// Connections lost after a hang.
    pub hung: u64,
    /// Reads that missed something.
    pub stale: u64,
}

/// What becomes of one request.
#[derive(Debug)]
pub(super) struct Fate {
    /// How long until it is worked on.
    pub(super) delay: Duration,
    /// The world it sees, if not the present one.
    pub(super) past: Option<Box<World>>,
    /// How it ends.
    pub(super) end: End,
}

/// How a request ends.
#[derive(Debug, PartialEq)]
pub(super) enum End {
    /// With its answer.
    Answer,
    /// With this error instead of its answer.
    Refuse(Refusal, Effect),
    /// Without an answer, after this time.
    Lose(Duration, Effect),
}

/// Whether a request that gets no answer is carried out nevertheless.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Done,
    None,
}

impl Default for Fate {
    fn default() -> Self {
        Self {
            delay: Duration::ZERO,
            past: None,
            end: End::Answer,
        }
    }
}

/// The faults of one sandbox.
#[derive(Debug)]
pub(super) struct Chaos {
    faults: Faults,
    random: Random,
    buckets: Buckets,
    tally: Tally,
    /// Worlds as they were before each recent change, with the time of the change.
    past: VecDeque<(u64, World)>,
}

impl Chaos {
    pub(super) fn new(faults: Faults) -> Self {
        Self {
            random: Random::new(faults.seed),
            buckets: Buckets::default(),
            tally: Tally::default(),
            past: VecDeque::new(),
            faults,
        }
    }

    /// New faults in the place of others, that remember the same past.
    pub(super) fn following(before: Option<Self>, faults: Faults) -> Self {
        Self {
            past: before.map(|chaos| chaos.past).unwrap_or_default(),
            ..Self::new(faults)
        }
    }

    pub(super) fn tally(&self) -> Tally {
        self.tally
    }

    /// Decides what becomes of `call`, which came at `now_millis`.
    pub(super) fn draw(&mut self, call: &Call, now_millis: u64) -> Fate {
        let faults = &self.faults;
        let delay = self.random.between(faults.latency_min, faults.latency_max);
        let throttle = self.random.chance(faults.throttle);
        let fails = self.random.chance(faults.server_error);
        let lost_before = self.random.chance(faults.lost_before);
        let lost_after = self.random.chance(faults.lost_after);
        let hangs = self.random.chance(faults.hang);
        let stale = self.random.chance(faults.stale);
        let coin = if self.random.chance(0.5) {
            Effect::Done
        } else {
            Effect::None
        };
        let pick = self.random.next();

        let in_rate = !faults.rates || self.buckets.take(call, now_millis);
        let end = if throttle || !in_rate {
            self.tally.throttled += 1;
            End::Refuse(throttled(call.service), Effect::None)
        } else if fails {
            self.tally.failed += 1;
            End::Refuse(failed(call.service), coin)
        } else if lost_before || lost_after {
            self.tally.lost += 1;
            let effect = if lost_after {
                Effect::Done
            } else {
                Effect::None
            };
            End::Lose(Duration::ZERO, effect)
        } else if hangs {
            self.tally.hung += 1;
            End::Lose(faults.hang_for, coin)
        } else {
            End::Answer
        };
        let past = match end {
            End::Answer if call.service == Service::Tagging && call.is_read() && self.lags() => {
                self.before_the_lag(now_millis)
            }
            End::Answer if stale => self.past_for(call, now_millis, pick),
            End::Answer | End::Refuse(..) | End::Lose(..) => None,
        };
        Fate { delay, past, end }
    }

    /// Remembers the world as it was before a change at `now_millis`.
    pub(super) fn remember(&mut self, before: World, now_millis: u64) {
        self.forget(now_millis);
        self.past.push_back((now_millis, before));
    }

    /// Returns whether the world before a change is of any use.
    pub(super) fn wants_past(&self) -> bool {
        self.faults.stale > 0.0 || self.lags()
    }

    fn lags(&self) -> bool {
        !self.faults.tagging_lag.is_zero()
    }

    /// The world as the tagging API knows it: as it was before the first change that is younger
    /// than the lag.
    fn before_the_lag(&mut self, now_millis: u64) -> Option<Box<World>> {
        self.forget(now_millis);
        let lag = millis(self.faults.tagging_lag);
        let mut changes = self.past.iter();
        let unseen = changes.find(|(then, _)| then.saturating_add(lag) > now_millis)?;
        Some(Box::new(unseen.1.clone()))
    }

    fn past_for(&mut self, call: &Call, now_millis: u64, pick: u64) -> Option<Box<World>> {
        if !call.is_read() || !is_eventual(call.service) {
            return None;
        }
        self.forget(now_millis);
        let window = millis(self.faults.stale_for);
        let is_old = |(then, _): &(u64, World)| then.saturating_add(window) <= now_millis;
        let first = self.past.partition_point(is_old);
        let count = u64::try_from(self.past.len() - first).ok()?;
        let index = usize::try_from(pick.checked_rem(count)?).ok()?;
        self.tally.stale += 1;
        Some(Box::new(self.past[first + index].1.clone()))
    }

    fn forget(&mut self, now_millis: u64) {
        let window = millis(self.faults.stale_for.max(self.faults.tagging_lag));
        while let Some((then, _)) = self.past.front()
            && then.saturating_add(window) <= now_millis
        {
            self.past.pop_front();
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Where AWS documents that reads may be late: IAM User Guide, "Changes that I make are not always
/// immediately visible"; Amazon ECS API reference, eventual consistency model. What the tagging API
/// finds comes from the services later by nature.
fn is_eventual(service: Service) -> bool {
    match service {
        Service::Iam | Service::Ecs | Service::Tagging => true,
        Service::Sts
        | Service::Logs
        | Service::Amp
        | Service::Secrets
        | Service::Ssm
        | Service::Kms
        | Service::Ecr
        | Service::Efs
        | Service::Quotas
        | Service::CloudWatch => false,
    }
}

/// How each service says that it was asked too often: the API models, and the common errors of IAM,
/// ECS and Logs, which do not model it.
fn throttled(service: Service) -> Refusal {
    match service {
        Service::Iam | Service::Sts | Service::CloudWatch => {
            Refusal::new(400, "Throttling", "Rate exceeded")
        }
        Service::Ecs
        | Service::Logs
        | Service::Secrets
        | Service::Ssm
        | Service::Kms
        | Service::Ecr => Refusal::new(400, "ThrottlingException", "Rate exceeded"),
        Service::Efs => Refusal::new(429, "ThrottlingException", "Rate exceeded"),
        Service::Tagging => Refusal::new(400, "ThrottledException", "Rate exceeded"),
        Service::Quotas => Refusal::new(400, "TooManyRequestsException", "Rate exceeded"),
        Service::Amp => {
            let mut refusal = Refusal::new(429, "ThrottlingException", "Rate exceeded");
            refusal
                .members
                .insert("serviceCode".to_owned(), json!("aps"));
            // Service Quotas: "Workspace API operations per second".
            refusal
                .members
                .insert("quotaCode".to_owned(), json!("L-8491EB93"));
            refusal.retry_after_seconds = Some(1);
            refusal
        }
    }
}

/// How each service says that it failed (the API models).
fn failed(service: Service) -> Refusal {
    let code = match service {
        Service::Iam => "ServiceFailure",
        Service::Sts => "InternalFailure",
        Service::Ecs | Service::Ecr => "ServerException",
        Service::Logs => "ServiceUnavailableException",
        Service::Amp => "InternalServerException",
        Service::Tagging => "InternalServiceException",
        Service::Secrets => "InternalServiceError",
        Service::Ssm | Service::Efs => "InternalServerError",
        Service::Kms => "KMSInternalException",
        Service::Quotas => "ServiceException",
        Service::CloudWatch => "InternalServiceFault",
    };
    Refusal::new(
        500,
        code,
        "The request failed because of an internal error.",
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Chaos, Effect, End, Faults};
    use crate::{
        World,
        service::Input,
        wire::{Call, Service},
    };

    fn call(service: Service, operation: &str) -> Call {
        Call {
            service,
            region: "us-east-1".to_owned(),
            operation: operation.to_owned(),
            input: Input::new(),
            key: None,
        }
    }

    fn fates(faults: Faults, count: usize) -> (Vec<String>, Chaos) {
        let mut chaos = Chaos::new(faults);
        let call = call(Service::Iam, "CreateRole");
        let fates = (0..count)
            .map(|_| {
                let fate = chaos.draw(&call, 0);
                format!("{:?} {:?}", fate.delay, fate.end)
            })
            .collect();
        (fates, chaos)
    }

    #[test]
    fn the_same_seed_gives_the_same_faults() {
        assert_eq!(fates(Faults::mild(7), 500).0, fates(Faults::mild(7), 500).0);
        assert_ne!(fates(Faults::mild(7), 500).0, fates(Faults::mild(8), 500).0);
    }

    #[test]
    fn no_faults_means_none() {
        let (fates, chaos) = fates(Faults::none(1), 1_000);
        assert!(fates.iter().all(|fate| fate == "0ns Answer"));
        assert_eq!(chaos.tally(), super::Tally::default());
    }

    /// The ends of a hundred requests with only the faults that `set` switches on.
    fn ends(set: fn(&mut Faults)) -> Vec<End> {
        let mut faults = Faults::none(3);
        set(&mut faults);
        let mut chaos = Chaos::new(faults);
        let call = call(Service::Amp, "CreateWorkspace");
        (0..100).map(|_| chaos.draw(&call, 0).end).collect()
    }

    #[test]
    fn each_fault_has_its_end_and_its_effect() {
        for end in ends(|faults| faults.throttle = 1.0) {
            assert!(matches!(end, End::Refuse(refusal, Effect::None)
                    if refusal.status == 429 && refusal.retry_after_seconds == Some(1)));
        }
        for end in ends(|faults| faults.lost_before = 1.0) {
            assert_eq!(end, End::Lose(Duration::ZERO, Effect::None));
        }
        for end in ends(|faults| faults.lost_after = 1.0) {
            assert_eq!(end, End::Lose(Duration::ZERO, Effect::Done));
        }
        let mut effects = [0, 0];
        for end in ends(|faults| faults.server_error = 1.0) {
            let End::Refuse(refusal, effect) = end else {
                panic!("{end:?} is no error");
            };
            assert_eq!(refusal.code, "InternalServerException");
            effects[usize::from(effect == Effect::Done)] += 1;
        }
        for end in ends(|faults| faults.hang = 1.0) {
            let End::Lose(after, effect) = end else {
                panic!("{end:?} is no hang");
            };
            assert_eq!(after, Duration::from_mins(10));
            effects[usize::from(effect == Effect::Done)] += 1;
        }
        assert!(effects[0] > 50 && effects[1] > 50, "{effects:?}");
    }

    #[test]
    fn stale_reads_miss_what_is_young_where_that_is_documented() {
        let mut chaos = Chaos::new(Faults {
            stale: 1.0,
            ..Faults::none(1)
        });
        let before = World {
            ids_issued: 42,
            ..World::default()
        };
        chaos.remember(before.clone(), 1_000);
        let mut past = |service, operation, now| chaos.draw(&call(service, operation), now).past;
        assert_eq!(past(Service::Iam, "GetRole", 3_999), Some(Box::new(before)));
        assert_eq!(past(Service::Iam, "CreateRole", 1_000), None);
        assert_eq!(past(Service::Logs, "DescribeLogGroups", 1_000), None);
        assert_eq!(past(Service::Iam, "GetRole", 4_000), None);
        assert_eq!(chaos.tally().stale, 1);
    }

    #[test]
    fn the_tagging_api_knows_nothing_that_is_younger_than_its_lag() {
        let mut chaos = Chaos::new(Faults {
            tagging_lag: Duration::from_secs(30),
            ..Faults::none(1)
        });
        let world = |ids_issued| World {
            ids_issued,
            ..World::default()
        };
        chaos.remember(world(1), 1_000);
        chaos.remember(world(2), 20_000);
        let mut seen = |service, operation, now| {
            let past = chaos.draw(&call(service, operation), now).past;
            past.map(|world| world.ids_issued)
        };
        for (now, expected) in [
            (20_000, Some(1)),
            (30_999, Some(1)),
            (31_000, Some(2)),
            (49_999, Some(2)),
            (50_000, None),
        ] {
            assert_eq!(seen(Service::Tagging, "GetResources", now), expected);
        }
        assert_eq!(seen(Service::Ecs, "ListTaskDefinitions", 20_000), None);
        assert_eq!(chaos.tally().stale, 0);
    }

    #[test]
    fn latency_stays_within_its_bounds() {
        let faults = Faults::mild(5);
        let mut chaos = Chaos::new(faults.clone());
        let mut seen = Vec::new();
        for now in 0..200 {
            let fate = chaos.draw(&call(Service::Sts, "GetCallerIdentity"), now);
            assert!((faults.latency_min..=faults.latency_max).contains(&fate.delay));
            seen.push(fate.delay);
        }
        seen.sort_unstable();
        seen.dedup();
        assert!(seen.len() > 100);
    }
}
