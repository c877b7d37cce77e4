//! What an expression gives at a moment.

use std::{collections::BTreeMap, time::Duration};

use super::{
    language::{Aggregation, Expression, Grouping, OverTime, Selector},
    remote_write::is_stale,
};
use crate::collector::series::{Labels, Series};

/// How far back an instant query looks for the last sample (Prometheus documentation, "Staleness":
/// five minutes).
pub(super) const LOOKBACK_MILLIS: u64 = 300_000;

/// The series of a workspace.
pub(super) struct Store {
    pub(super) series: Vec<Series>,
    pub(super) now: u64,
}

/// A value at a moment.
pub(super) enum Evaluated {
    Scalar(f64),
    Vector(Vec<(Labels, f64)>),
}

impl Store {
    pub(super) fn evaluate(&self, expression: &Expression, at: u64) -> Result<Evaluated, String> {
        match expression {
            Expression::Number(number) => Ok(Evaluated::Scalar(*number)),
            Expression::Selector(selector) => {
                let last = |samples: &[(u64, f64)]| samples.last().map(|(_, value)| *value);
                Ok(self.over(selector, at, LOOKBACK_MILLIS, true, alive(last)))
            }
            Expression::OverTime(function, selector, range) => {
                Ok(self.over_time(*function, selector, at, *range))
            }
            Expression::Timestamp(inner) => self.timestamp(inner, at),
            Expression::Aggregation(aggregation, grouping, inner) => {
                match self.evaluate(inner, at)? {
                    Evaluated::Scalar(_) => Err(
                        "expected type instant vector in aggregation expression, got scalar"
                            .to_owned(),
                    ),
                    Evaluated::Vector(samples) => Ok(aggregated(*aggregation, grouping, samples)),
                }
            }
        }
    }

    /// What `take` makes of the samples of the last `range` milliseconds, for each series that has
    /// any.
    fn over(
        &self,
        selector: &Selector,
        at: u64,
        range: u64,
        keeps_name: bool,
        take: impl Fn(&[(u64, f64)]) -> Option<f64>,
    ) -> Evaluated {
        let series = self.series.iter();
        let found = series.filter(|series| selector.matches(&series.labels));
        let samples = found.filter_map(|series| {
            let samples = series.samples(at.saturating_sub(range), at, self.now);
            let value = take(&samples)?;
            let mut labels = series.labels.clone();
            if !keeps_name {
                labels.remove("__name__");
            }
            Some((labels, value))
        });
        Evaluated::Vector(samples.collect())
    }

    fn over_time(&self, function: OverTime, selector: &Selector, at: u64, range: u64) -> Evaluated {
        let keeps_name = function == OverTime::Last;
        self.over(selector, at, range, keeps_name, |all| {
            let samples: Vec<(u64, f64)> = all.iter().copied().filter(is_sample).collect();
            over_samples(function, &samples)
        })
    }

    /// When the samples were taken: of a selector and of `last_over_time`, which keep their times
    /// (Prometheus documentation, "Query functions", `timestamp`); of anything else, the moment.
    fn timestamp(&self, inner: &Expression, at: u64) -> Result<Evaluated, String> {
        let taken = |samples: &[(u64, f64)]| {
            let last = samples.last()?;
            Some(Duration::from_millis(last.0).as_secs_f64())
        };
        match inner {
            Expression::Selector(selector) => {
                Ok(self.over(selector, at, LOOKBACK_MILLIS, false, alive(taken)))
            }
            Expression::OverTime(OverTime::Last, selector, range) => {
                let last = move |all: &[(u64, f64)]| {
                    let samples: Vec<(u64, f64)> = all.iter().copied().filter(is_sample).collect();
                    taken(&samples)
                };
                Ok(self.over(selector, at, *range, false, last))
            }
            Expression::Number(_)
            | Expression::Timestamp(_)
            | Expression::OverTime(..)
            | Expression::Aggregation(..) => match self.evaluate(inner, at)? {
                Evaluated::Scalar(_) => Err(
                    "expected type instant vector in call to function \"timestamp\", got scalar"
                        .to_owned(),
                ),
                Evaluated::Vector(samples) => {
                    let moment = Duration::from_millis(at).as_secs_f64();
                    let samples = samples.into_iter().map(|(labels, _)| (labels, moment));
                    Ok(Evaluated::Vector(samples.collect()))
                }
            },
        }
    }
}

fn over_samples(function: OverTime, samples: &[(u64, f64)]) -> Option<f64> {
    match function {
        OverTime::Last => samples.last().map(|(_, value)| *value),
        OverTime::Max => samples.iter().map(|(_, value)| *value).reduce(f64::max),
        OverTime::Count => {
            let count = u32::try_from(samples.len()).unwrap_or(u32::MAX);
            (count > 0).then(|| f64::from(count))
        }
        // Counters do not fall here, and samples are regular: what lies between the first and
        // the last is the increase, without Prometheus' extrapolation to the ends.
        OverTime::Rate => {
            let (first, last) = (samples.first()?, samples.last()?);
            let seconds = Duration::from_millis(last.0 - first.0).as_secs_f64();
            (seconds > 0.0).then(|| (last.1 - first.1) / seconds)
        }
        OverTime::Increase => {
            let (first, last) = (samples.first()?, samples.last()?);
            (last.0 > first.0).then_some(last.1 - first.1)
        }
    }
}

/// Returns whether a sample is none that only says that its series has ended.
fn is_sample((_, value): &(u64, f64)) -> bool {
    !is_stale(*value)
}

/// What `take` gives of a series, unless it has ended (Prometheus documentation, "Staleness").
fn alive(take: impl Fn(&[(u64, f64)]) -> Option<f64>) -> impl Fn(&[(u64, f64)]) -> Option<f64> {
    move |samples| take(samples).filter(|_| samples.last().is_some_and(is_sample))
}

fn aggregated(
    aggregation: Aggregation,
    grouping: &Grouping,
    samples: Vec<(Labels, f64)>,
) -> Evaluated {
    let mut groups: BTreeMap<Labels, Vec<f64>> = BTreeMap::new();
    for (labels, value) in samples {
        let kept = labels.into_iter().filter(|(name, _)| match grouping {
            Grouping::By(names) => names.contains(name),
            Grouping::Without(names) => name != "__name__" && !names.contains(name),
        });
        groups.entry(kept.collect()).or_default().push(value);
    }
    let groups = groups.into_iter().filter_map(|(labels, values)| {
        let count = f64::from(u32::try_from(values.len()).unwrap_or(u32::MAX));
        let sum = values.iter().sum::<f64>();
        let value = match aggregation {
            Aggregation::Count => count,
            Aggregation::Sum => sum,
            Aggregation::Avg => sum / count,
            Aggregation::Min => values.into_iter().reduce(f64::min)?,
            Aggregation::Max => values.into_iter().reduce(f64::max)?,
        };
        Some((labels, value))
    });
    Evaluated::Vector(groups.collect())
}
