//! Functions of PromQL (Prometheus documentation, "Query functions").

use std::collections::BTreeMap;

use promql_parser::parser::{Call, Expr};

use super::{
    Refused,
    evaluate::{Evaluated, Store, Vector, count_of, nameless, seconds},
};

/// When a range begins and ends: milliseconds since 1970.
struct Window {
    start: u64,
    end: u64,
}

/// What a function makes of the samples of a range, which are one at least.
type OfRange = fn(&[(u64, f64)], &Window) -> Option<f64>;

/// What a call gives.
pub(super) fn call(store: &Store, call: &Call, at: u64) -> Result<Evaluated, Refused> {
    let name = call.func.name;
    let argument = |index: usize| {
        let argument = call.args.args.get(index).map(AsRef::as_ref);
        argument.ok_or_else(|| Refused::Execution(format!("{name} takes more arguments")))
    };
    match name {
        "time" => Ok(Evaluated::Scalar(seconds(at))),
        "vector" => match store.evaluate(argument(0)?, at)? {
            Evaluated::Scalar(value) => Ok(Evaluated::Vector(vec![(BTreeMap::new(), value)])),
            Evaluated::Vector(_) => Err(Refused::wrong_type("scalar", "vector")),
            Evaluated::Matrix(_) => Err(Refused::wrong_type("scalar", "matrix")),
        },
        "timestamp" => timestamp(store, argument(0)?, at).map(Evaluated::Vector),
        "histogram_quantile" => match store.evaluate(argument(0)?, at)? {
            Evaluated::Scalar(share) => {
                let buckets = store.vector(argument(1)?, at)?;
                Ok(Evaluated::Vector(quantiles(share, buckets)))
            }
            Evaluated::Vector(_) => Err(Refused::wrong_type("scalar", "vector")),
            Evaluated::Matrix(_) => Err(Refused::wrong_type("scalar", "matrix")),
        },
        _ => {
            let of_range = of_range(name)
                .ok_or_else(|| Refused::unknown(&format!("the function '{name}'")))?;
            over(store, argument(0)?, at, name == "last_over_time", of_range).map(Evaluated::Vector)
        }
    }
}

/// When the samples were taken. Only a plain selector keeps the times of its samples; whatever
/// else is calculated is of the moment (prometheus/prometheus, `promql/engine.go`: "Matrix
/// evaluation always returns the evaluation time").
fn timestamp(store: &Store, argument: &Expr, at: u64) -> Result<Vector, Refused> {
    if let Expr::Paren(inner) = argument {
        return timestamp(store, &inner.expr, at);
    }
    nameless(if let Expr::VectorSelector(selector) = argument {
        let last = store.last_samples(selector, at)?.into_iter();
        last.map(|(labels, (time, _))| (labels, seconds(time)))
            .collect()
    } else {
        let vector = store.vector(argument, at)?.into_iter();
        vector.map(|(labels, _)| (labels, seconds(at))).collect()
    })
}

/// What a function makes of each series of a range.
fn over(
    store: &Store,
    argument: &Expr,
    at: u64,
    keeps_name: bool,
    of_range: OfRange,
) -> Result<Vector, Refused> {
    let selector = match argument {
        Expr::Paren(inner) => return over(store, &inner.expr, at, keeps_name, of_range),
        Expr::MatrixSelector(selector) => selector,
        Expr::Subquery(_) => return Err(Refused::unknown("subqueries")),
        other @ (Expr::Aggregate(_)
        | Expr::Unary(_)
        | Expr::Binary(_)
        | Expr::NumberLiteral(_)
        | Expr::StringLiteral(_)
        | Expr::VectorSelector(_)
        | Expr::Call(_)
        | Expr::Extension(_)) => {
            return Err(Refused::wrong_type(
                "matrix",
                &other.value_type().to_string(),
            ));
        }
    };
    let (series, end) = store.range(selector, at)?;
    let range = u64::try_from(selector.range.as_millis()).unwrap_or(u64::MAX);
    let window = Window {
        start: end.saturating_sub(range),
        end,
    };
    let values = series.into_iter().filter_map(|(labels, samples)| {
        let value = of_range(&samples, &window)?;
        Some((labels, value))
    });
    let values = values.collect();
    if keeps_name {
        Ok(values)
    } else {
        nameless(values)
    }
}

fn of_range(name: &str) -> Option<OfRange> {
    Some(match name {
        "last_over_time" => |samples, _| samples.last().map(|(_, value)| *value),
        "max_over_time" => |samples, _| values(samples).reduce(f64::max),
        "min_over_time" => |samples, _| values(samples).reduce(f64::min),
        "sum_over_time" => |samples, _| Some(values(samples).sum()),
        "avg_over_time" => |samples, _| Some(values(samples).sum::<f64>() / count_of(samples)),
        "count_over_time" => |samples, _| Some(count_of(samples)),
        "present_over_time" => |_, _| Some(1.0),
        "changes" => |samples, _| Some(pairs(samples, f64::ne)),
        "resets" => |samples, _| Some(pairs(samples, f64::gt)),
        "rate" => |samples, window| {
            let per_second = seconds(window.end - window.start);
            extrapolated(samples, window, true).map(|increase| increase / per_second)
        },
        "increase" => |samples, window| extrapolated(samples, window, true),
        "delta" => |samples, window| extrapolated(samples, window, false),
        _ => return None,
    })
}

fn values(samples: &[(u64, f64)]) -> impl Iterator<Item = f64> {
    samples.iter().map(|(_, value)| *value)
}

/// How many neighbours are so.
fn pairs(samples: &[(u64, f64)], are_so: fn(&f64, &f64) -> bool) -> f64 {
    let pairs = samples.windows(2);
    let pairs: Vec<_> = pairs
        .filter(|pair| are_so(&pair[0].1, &pair[1].1))
        .collect();
    count_of(&pairs)
}

/// By how much the values have grown, extrapolated to the ends of the window, as far as samples are
/// likely there, and for a counter not below zero (prometheus/prometheus, `promql/functions.go`,
/// `extrapolatedRate`).
fn extrapolated(samples: &[(u64, f64)], window: &Window, is_counter: bool) -> Option<f64> {
    let [first, .., last] = samples else {
        return None;
    };
    let mut growth = last.1 - first.1;
    if is_counter {
        // A counter that falls has begun anew.
        let resets = samples.windows(2).filter(|pair| pair[1].1 < pair[0].1);
        growth += resets.map(|pair| pair[0].1).sum::<f64>();
    }
    let covered = seconds(last.0 - first.0);
    let interval = covered / (count_of(samples) - 1.0);
    let mut before = seconds(first.0.saturating_sub(window.start));
    let after = seconds(window.end.saturating_sub(last.0));
    if is_counter && growth > 0.0 && first.1 >= 0.0 {
        before = before.min(covered * (first.1 / growth));
    }
    let likely = |gap: f64| {
        if gap < interval * 1.1 {
            gap
        } else {
            interval / 2.0
        }
    };
    Some(growth * ((covered + likely(before) + likely(after)) / covered))
}

/// The quantile of each histogram, whose buckets differ in the label `le`.
fn quantiles(share: f64, vector: Vector) -> Vector {
    let mut histograms: BTreeMap<_, Vec<(f64, f64)>> = BTreeMap::new();
    for (mut labels, count) in vector {
        labels.remove("__name__");
        let bound = labels
            .remove("le")
            .and_then(|bound| bound.parse::<f64>().ok());
        // What has no bound is no bucket.
        if let Some(bound) = bound {
            histograms.entry(labels).or_default().push((bound, count));
        }
    }
    let histograms = histograms.into_iter();
    histograms
        .map(|(labels, buckets)| (labels, quantile(share, buckets)))
        .collect()
}

/// The value below which this share of what was observed lies, as if it were spread evenly within a
/// bucket (Prometheus documentation, `histogram_quantile`).
fn quantile(share: f64, mut buckets: Vec<(f64, f64)>) -> f64 {
    if share < 0.0 {
        return f64::NEG_INFINITY;
    }
    if share > 1.0 {
        return f64::INFINITY;
    }
    buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
    // Counts are of everything below a bound, so they can't fall.
    let mut most = 0.0_f64;
    for (_, count) in &mut buckets {
        most = most.max(*count);
        *count = most;
    }
    let [finite @ .., (bound, all)] = buckets.as_slice() else {
        return f64::NAN;
    };
    let is_complete = bound.is_infinite() && !finite.is_empty() && *all > 0.0;
    if share.is_nan() || !is_complete {
        return f64::NAN;
    }
    let rank = share * all;
    let Some(index) = finite.iter().position(|(_, count)| *count >= rank) else {
        return finite.last().map_or(f64::NAN, |(bound, _)| *bound);
    };
    let (end, count) = finite[index];
    let (start, below) = match index.checked_sub(1) {
        Some(before) => finite[before],
        None if end <= 0.0 => return end,
        None => (0.0, 0.0),
    };
    start + (end - start) * ((rank - below) / (count - below))
}
