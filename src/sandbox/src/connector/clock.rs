//! The time of a sandbox.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Where a sandbox reads the time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> u64 + Send + Sync>);

impl Clock {
    /// The time of the machine.
    #[expect(
        clippy::disallowed_methods,
        reason = "here time comes in, for everything that is given a clock"
    )]
    pub fn system() -> Self {
        Self::new(|| {
            let since = SystemTime::now().duration_since(UNIX_EPOCH);
            since.map_or(0, |since| {
                u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
            })
        })
    }

    /// A clock that shows `start_millis` now and follows tokio's clock from here, paused or not.
    pub fn tokio(start_millis: u64) -> Self {
        let start = tokio::time::Instant::now();
        Self::new(move || {
            let passed = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
            start_millis.saturating_add(passed)
        })
    }

    /// A clock that asks `millis` for the milliseconds since 1970-01-01T00:00:00Z.
    pub fn new(millis: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(millis))
    }

    /// The same clock, and what puts it forward.
    pub fn adjustable(self) -> (Self, Advance) {
        let advance = Advance::default();
        let ahead = Arc::clone(&advance.0);
        let clock = Self::new(move || self.millis() + ahead.load(Ordering::Relaxed));
        (clock, advance)
    }

    /// The milliseconds since 1970-01-01T00:00:00Z.
    pub fn millis(&self) -> u64 {
        (self.0)()
    }
}

/// Puts a clock forward, so that what takes minutes need not be waited for.
#[derive(Clone, Debug, Default)]
pub struct Advance(Arc<AtomicU64>);

impl Advance {
    /// Puts it forward by this long.
    pub fn by(&self, time: Duration) {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.0.fetch_add(millis, Ordering::Relaxed);
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.millis())
    }
}
