//! `GetMetricData`: metrics over periods, and of metric math the one function that gives quotas.

use std::{collections::BTreeMap, ops::Range};

use serde_json::{Map, Value, json};

use super::{
    counts::{self, Metric},
    invalid,
};
use crate::{
    Answer, Context, Refusal, World,
    ecs::members::Members,
    quotas,
    service::{Input, Outcome, seconds},
};

/// The most queries of a request (API reference, `GetMetricData`).
const MOST_QUERIES: usize = 500;

/// The values of a query, by the time in milliseconds.
type Points = BTreeMap<u64, f64>;

/// API reference, `GetMetricData`. One page has everything.
pub(super) fn get(world: &World, cx: &Context<'_>, input: &Input) -> Outcome {
    let time = |member: &str| {
        let seconds = input.get(member).and_then(Value::as_f64);
        let seconds = seconds.filter(|seconds| (0.0..1e11).contains(seconds));
        seconds.ok_or_else(|| invalid(format!("The parameter {member} is required.")))
    };
    let (start, end) = (millis(time("StartTime")?), millis(time("EndTime")?));
    if start >= end {
        return Err(invalid(
            "The parameter StartTime must be less than the parameter EndTime.",
        ));
    }
    let queries: Vec<&Map<String, Value>> = input.objects("MetricDataQueries").collect();
    if queries.is_empty() || queries.len() > MOST_QUERIES {
        return Err(invalid("MetricDataQueries takes 1 to 500 queries."));
    }
    let metrics = counts::metrics(world, cx);
    let mut found: BTreeMap<&str, (Points, bool)> = BTreeMap::new();
    let mut results = Vec::new();
    for query in queries {
        let id = query.text("Id").filter(|id| is_id(id));
        let id = id.ok_or_else(|| invalid("An Id begins with a small letter."))?;
        let points = match (query.object("MetricStat"), query.text("Expression")) {
            (Some(asked), None) => of_metric(asked, &metrics, start..end)?,
            (None, Some(expression)) => quota(world, expression, &found)?,
            _ => return Err(invalid("A query has either MetricStat or Expression.")),
        };
        if query.flag("ReturnData").unwrap_or(true) {
            results.push(result(id, query, &points.0, input));
        }
        if found.insert(id, points).is_some() {
            return Err(invalid(format!("The Id {id} is there twice.")));
        }
    }
    Ok(Answer::ok(
        json!({"MetricDataResults": results, "Messages": []}),
    ))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the time was looked at"
)]
fn millis(seconds: f64) -> u64 {
    (seconds * 1_000.0) as u64
}

/// API reference, `MetricDataQuery`, `Id`.
fn is_id(id: &str) -> bool {
    let mut chars = id.chars();
    chars.next().is_some_and(|first| first.is_ascii_lowercase())
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The values of a metric by period, and whether there is a quota for it.
fn of_metric(
    query: &Map<String, Value>,
    metrics: &[Metric],
    times: Range<u64>,
) -> Result<(Points, bool), Refusal> {
    let asked = query.object("Metric");
    let asked = asked.ok_or_else(|| invalid("MetricStat names no Metric."))?;
    let period = query.integer("Period").and_then(|n| u64::try_from(n).ok());
    let period = period.filter(|period| *period > 0 && period % 60 == 0);
    let period = period.ok_or_else(|| invalid("Period must be a multiple of 60."))? * 1_000;
    let combine = match query.text("Stat") {
        Some("Sum") => |a: f64, b: f64| a + b,
        Some("Maximum") => f64::max,
        Some("Minimum") => f64::min,
        Some(_) | None => return Err(invalid("The sandbox knows Sum, Maximum and Minimum.")),
    };
    let dimensions: BTreeMap<&str, &str> = asked
        .objects("Dimensions")
        .filter_map(|one| Some((one.text("Name")?, one.text("Value")?)))
        .collect();
    let metric = metrics.iter().find(|metric| {
        let own = metric.dimensions.iter();
        let own: BTreeMap<&str, &str> = own.map(|(n, v)| (*n, v.as_str())).collect();
        asked.text("Namespace") == Some(metric.namespace)
            && asked.text("MetricName") == Some(metric.name)
            && own == dimensions
    });
    let mut points = Points::new();
    let Some(metric) = metric else {
        return Ok((points, false));
    };
    for (at, value) in metric.minutes.range(times) {
        let point = points.entry(at / period * period);
        point
            .and_modify(|known| *known = combine(*known, *value))
            .or_insert(*value);
    }
    Ok((points, metric.has_quota))
}

/// CloudWatch user guide, "Using math expressions with CloudWatch metrics", `SERVICE_QUOTA`: the
/// quota of a usage metric, wherever that has a value.
fn quota(
    world: &World,
    expression: &str,
    found: &BTreeMap<&str, (Points, bool)>,
) -> Result<(Points, bool), Refusal> {
    let id = expression
        .trim()
        .strip_prefix("SERVICE_QUOTA(")
        .and_then(|rest| rest.strip_suffix(')'))
        .ok_or_else(|| invalid("Of metric math, the sandbox knows SERVICE_QUOTA."))?;
    let (points, has_quota) = found
        .get(id.trim())
        .ok_or_else(|| invalid(format!("Error in expression: no query before it is {id}.")))?;
    let most = world.quotas.most(quotas::ACTIVE_SERIES);
    #[expect(clippy::cast_precision_loss, reason = "no quota is so large")]
    let most = most as f64;
    let quotas = points.keys().filter(|_| *has_quota).map(|at| (*at, most));
    Ok((quotas.collect(), false))
}

fn result(id: &str, query: &Map<String, Value>, points: &Points, input: &Input) -> Value {
    let metric = query.object("MetricStat").and_then(|s| s.object("Metric"));
    let name = metric.and_then(|metric| metric.text("MetricName"));
    let label = query.text("Label").or(name).unwrap_or(id);
    let mut points: Vec<(&u64, &f64)> = points.iter().collect();
    // API reference, `ScanBy`: without it, the newest comes first.
    if input.text("ScanBy") != Some("TimestampAscending") {
        points.reverse();
    }
    let (times, values): (Vec<Value>, Vec<f64>) = points
        .into_iter()
        .map(|(at, value)| (seconds(*at), *value))
        .unzip();
    json!({
        "Id": id, "Label": label, "StatusCode": "Complete",
        "Timestamps": times, "Values": values,
    })
}
