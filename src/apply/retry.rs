//! How long to wait before a call is made again, and when to stop trying.

use std::time::Duration;

/// How long somebody else may take to finish what makes AWS answer that it is busy.
pub const BUSY_TIMEOUT: Duration = Duration::from_mins(2);

/// How long AWS may deny what a tag of something that this run has made or tagged allows. Most
/// denials are of a missing permission, which nobody should wait two minutes to hear of.
pub const DENIED_TIMEOUT: Duration = Duration::from_secs(30);

/// The first pause.
const FIRST: Duration = Duration::from_millis(500);

/// The longest pause.
const LONGEST: Duration = Duration::from_secs(8);

/// The pause after failure number `failures` (from 1), `elapsed` after the first one; `None` when
/// `limit` is used up.
///
/// Pauses double from half a second to eight seconds. The last one ends exactly at the limit, so
/// that there is a last attempt when the time is up.
pub fn pause(failures: u32, elapsed: Duration, limit: Duration) -> Option<Duration> {
    let left = limit.checked_sub(elapsed).filter(|left| !left.is_zero())?;
    let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
    Some(FIRST.saturating_mul(doubled).min(LONGEST).min(left))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let limit = Duration::from_secs(1000);
        let pauses: Vec<u128> = (1..=6)
            .filter_map(|n| pause(n, Duration::ZERO, limit))
            .map(|pause| pause.as_millis())
            .collect();
        assert_eq!(pauses, [500, 1000, 2000, 4000, 8000, 8000]);
        assert_eq!(pause(u32::MAX, Duration::ZERO, limit), Some(LONGEST));
    }

    #[test]
    fn the_last_attempt_is_made_when_the_time_is_up_and_none_after() {
        let limit = Duration::from_secs(10);
        let at = |seconds| pause(9, Duration::from_secs(seconds), limit);
        assert_eq!(at(7), Some(Duration::from_secs(3)));
        assert_eq!(at(10), None);
        assert_eq!(at(11), None);
    }
}
