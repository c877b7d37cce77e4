//! What samples cost in Amazon Managed Service for Prometheus, by a dated table.
//!
//! Source: <https://aws.amazon.com/prometheus/pricing/>, US East (N. Virginia). The first step of
//! ingestion, which is that of nearly everybody, is as in AWS's price list, `AmazonPrometheus`,
//! version 20260911124459 (SKU HK3HTFXKS6PAXA6X: "$0.90 per 10M metric samples up to 2B metric
//! samples"). Other regions have prices of their own; queries, which have a price too, don't follow
//! from a task definition.

use crate::series::MONTH_SECONDS;

/// When AWS published the price list that the table was last compared with.
pub const DATE: &str = "2026-09-11";
/// Where the prices stand.
pub const SOURCE: &str = "https://aws.amazon.com/prometheus/pricing/";
/// The region whose prices these are.
pub const REGION: &str = "us-east-1";

/// A step of the price of ingestion.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tier {
    /// Until how many samples of a month in a region; `None` for all that come after.
    pub up_to: Option<u64>,
    /// US dollars for ten million samples.
    pub usd_per_10_million: f64,
}

/// The price of ingestion.
pub const INGESTION: &[Tier] = &[
    Tier {
        up_to: Some(2_000_000_000),
        usd_per_10_million: 0.90,
    },
    Tier {
        up_to: Some(252_000_000_000),
        usd_per_10_million: 0.35,
    },
    Tier {
        up_to: None,
        usd_per_10_million: 0.16,
    },
];

/// US dollars for a gigabyte that is stored for a month.
pub const USD_PER_GB_MONTH: f64 = 0.03;
/// The bytes of a stored sample: the page says one or two, and this is not to be too low.
pub const BYTES_PER_SAMPLE: u64 = 2;
/// How long samples are kept unless the workspace says otherwise, in days (AMP user guide,
/// "Configure your workspace").
pub const RETENTION_DAYS: u32 = 150;

/// What samples cost in a month.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Price {
    /// For ingestion, in US dollars.
    pub ingestion_usd: f64,
    /// For storage once the workspace is as full as its retention lets it become, in US dollars.
    pub storage_usd: f64,
}

impl Price {
    /// Both together, in US dollars.
    pub fn total_usd(self) -> f64 {
        self.ingestion_usd + self.storage_usd
    }
}

/// What `samples` a month cost, kept for `retention_days`, if nothing else is sent in the region.
pub fn of(samples: u64, retention_days: u32) -> Price {
    let mut ingestion_usd = 0.0;
    let mut below = 0;
    for tier in INGESTION {
        let end = tier.up_to.unwrap_or(u64::MAX).min(samples);
        let within = end.saturating_sub(below);
        ingestion_usd += number(within) / 1e7 * tier.usd_per_10_million;
        below = end;
    }
    let months = f64::from(retention_days) * 86_400.0 / number(MONTH_SECONDS);
    let gigabytes = number(samples.saturating_mul(BYTES_PER_SAMPLE)) * months / f64::from(1 << 30);
    Price {
        ingestion_usd,
        storage_usd: gigabytes * USD_PER_GB_MONTH,
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "an estimate in dollars needs no more digits than a float has"
)]
fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_has_its_price() {
        for (samples, usd) in [
            (0, 0.0),
            (10_000_000, 0.90),
            (2_000_000_000, 180.0),
            (12_000_000_000, 180.0 + 350.0),
            (262_000_000_000, 180.0 + 8_750.0 + 160.0),
        ] {
            let price = of(samples, RETENTION_DAYS);
            assert!(
                (price.ingestion_usd - usd).abs() < 1e-6,
                "{samples}: {price:?}"
            );
        }
    }

    #[test]
    fn storage_grows_with_retention() {
        let short = of(1 << 30, 30);
        let long = of(1 << 30, 60);
        assert!((long.storage_usd / short.storage_usd - 2.0).abs() < 1e-9);
        // Two gigabytes for 30 days of a month of 730 hours.
        assert!((short.storage_usd - 2.0 * 0.03 * 720.0 / 730.0).abs() < 1e-9);
    }
}
