//! How many series and samples something makes.

use std::iter::Sum;

/// The seconds of a month, as AWS counts them for prices: 730 hours (AWS Pricing Calculator,
/// "Assumptions").
pub const MONTH_SECONDS: u64 = 730 * 3600;

/// How many series there are, and how often they get a sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// The series.
    pub series: u64,
    /// The samples of a month.
    pub samples_per_month: u64,
}

impl Amount {
    /// `series` series that get a sample every `interval_millis`.
    pub fn of(series: u64, interval_millis: u64) -> Self {
        let samples = MONTH_SECONDS * 1000 * series;
        Self {
            series,
            samples_per_month: samples / interval_millis.max(1),
        }
    }

    /// As much of `count` tasks.
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        Self {
            series: self.series.saturating_mul(count),
            samples_per_month: self.samples_per_month.saturating_mul(count),
        }
    }
}

impl Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::default(), |sum, amount| Self {
            series: sum.series.saturating_add(amount.series),
            samples_per_month: sum
                .samples_per_month
                .saturating_add(amount.samples_per_month),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_follow_from_the_interval() {
        let amount = Amount::of(8, 20_000);
        assert_eq!(amount.samples_per_month, 8 * 3 * 60 * 730);
        let twice: Amount = [amount, amount].into_iter().sum();
        assert_eq!(twice, amount.times(2));
    }
}
