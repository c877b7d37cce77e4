//! The data plane of a workspace: Prometheus' HTTP API under `/workspaces/ID/api/v1/`, as far as
//! AMP has it (AMP user guide, "Prometheus-compatible APIs").
//!
//! What there is to read are the samples that the collectors of the sandbox's tasks send, which are
//! computed, and those that somebody writes, which are kept in memory and never stored. Requests
//! must be signed: here every access key is its own secret.

mod evaluate;
mod functions;
mod operators;
mod remote_write;
mod signature;
mod upstream;

use std::{collections::BTreeMap, time::Duration};

use promql_parser::{
    parser::{Expr, VectorSelector, value::ValueType},
    util::parse_duration,
};
use serde_json::{Map, Value, json};

pub(crate) use remote_write::{Discarded, Samples, decode as decode_samples};
pub(crate) use signature::verify;
pub use upstream::{Sending, Upstream};

use crate::{
    Answer, Context, Refusal, World, amp,
    collector::{arrivals, series::Labels},
    ecs::{self, members::Members},
    service::{Input, Outcome},
};
use evaluate::{Evaluated, LOOKBACK_MILLIS, Store, is_selected, parse};

/// The operations by their paths behind `/api/v1/`. Their names are those of the actions that IAM
/// knows (service authorization reference, Amazon Managed Service for Prometheus), but for those
/// that share one.
pub(crate) const ROUTES: [(&str, &str); 7] = [
    ("query", "QueryMetrics"),
    ("query_range", "QueryMetricsRange"),
    ("labels", "GetLabels"),
    ("label/{name}/values", "GetLabelValues"),
    ("series", "GetSeries"),
    ("metadata", "GetMetricMetadata"),
    ("remote_write", REMOTE_WRITE),
];

/// The operation that writes samples.
pub(crate) const REMOTE_WRITE: &str = "RemoteWrite";

/// The most points of one series in an answer (Prometheus' HTTP API, which AMP follows).
const MAX_POINTS: u64 = 11_000;

/// A request that Prometheus refuses, by the type of the error (Prometheus documentation, "HTTP
/// API", "Format overview").
#[derive(Debug)]
enum Refused {
    /// Parameters are missing or incorrect.
    BadData(String),
    /// The expression can't be executed.
    Execution(String),
}

impl Refused {
    /// Refuses what Prometheus knows and the sandbox does not.
    fn unknown(what: &str) -> Self {
        Self::Execution(format!("of PromQL, the sandbox does not know {what}"))
    }

    fn wrong_type(wanted: &str, found: &str) -> Self {
        Self::Execution(format!("expected a value of type {wanted}, not {found}"))
    }

    fn answer(self) -> Answer {
        let (status, kind, error) = match self {
            Self::BadData(error) => (400, "bad_data", error),
            Self::Execution(error) => (422, "execution", error),
        };
        Answer {
            status,
            body: json!({"status": "error", "errorType": kind, "error": error}),
        }
    }
}

/// Returns whether `operation` belongs to the data plane.
pub(crate) fn is_mine(operation: &str) -> bool {
    ROUTES.iter().any(|(_, mine)| *mine == operation)
}

/// Returns the workspace that a call is about, if it is there.
pub(crate) fn workspace<'a>(
    world: &World,
    cx: &Context<'_>,
    input: &'a Input,
) -> Result<&'a str, Refusal> {
    let workspace = input.text("workspaceId").unwrap_or_default();
    if amp::takes_samples(world, cx.region, workspace, cx.now_millis) {
        Ok(workspace)
    } else {
        Err(amp::no_workspace(workspace))
    }
}

/// Performs `operation`.
pub(crate) fn call(world: &mut World, cx: &Context<'_>, operation: &str, input: &Input) -> Outcome {
    ecs::pass(world, cx);
    let workspace = workspace(world, cx, input)?;
    if operation == REMOTE_WRITE {
        let kept = (&mut world.samples, &mut world.discarded);
        remote_write::keep(kept, (cx.region, workspace), cx.now_millis, input)?;
        return Ok(Answer {
            status: 200,
            body: Value::Null,
        });
    }
    let store = Store {
        series: arrivals::of(world, cx, workspace).kept,
        now: cx.now_millis,
    };
    let answer = match operation {
        "QueryMetrics" => query(&store, input),
        "QueryMetricsRange" => query_range(&store, input),
        "GetLabels" => names(&store, input),
        "GetLabelValues" => values(&store, input),
        "GetSeries" => matching(&store, input),
        // No collector here sends any.
        _ => Ok(json!({})),
    };
    Ok(match answer {
        Ok(data) => Answer::ok(json!({"status": "success", "data": data})),
        Err(refused) => refused.answer(),
    })
}

fn parsed(input: &Input) -> Result<Expr, Refused> {
    let text = input.text("query").unwrap_or_default();
    parse(text).map_err(|error| invalid("query", &error))
}

fn invalid(parameter: &str, error: &str) -> Refused {
    Refused::BadData(format!("invalid parameter \"{parameter}\": {error}"))
}

/// A time: seconds since 1970, or as RFC 3339 writes it.
fn time(input: &Input, member: &str) -> Result<Option<u64>, Refused> {
    let Some(text) = input.text(member) else {
        return Ok(None);
    };
    let seconds = text.parse::<f64>().ok().or_else(|| {
        let format = aws_smithy_types::date_time::Format::DateTime;
        let moment = aws_smithy_types::DateTime::from_str(text, format);
        moment.ok().map(|moment| moment.as_secs_f64())
    });
    let seconds = seconds.filter(|seconds| (0.0..1e12).contains(seconds));
    let seconds = seconds.ok_or_else(|| {
        invalid(
            member,
            &format!("cannot parse \"{text}\" to a valid timestamp"),
        )
    })?;
    // A fraction is the nearest one, so the nearest millisecond is meant.
    let moment = Duration::from_secs_f64(seconds) + Duration::from_micros(500);
    Ok(Some(u64::try_from(moment.as_millis()).unwrap_or(u64::MAX)))
}

fn query(store: &Store, input: &Input) -> Result<Value, Refused> {
    let expression = parsed(input)?;
    let at = time(input, "time")?.unwrap_or(store.now);
    Ok(match store.evaluate(&expression, at)? {
        Evaluated::Scalar(value) => json!({"resultType": "scalar", "result": point(at, value)}),
        Evaluated::Vector(samples) => {
            let result: Vec<Value> = samples
                .into_iter()
                .map(|(labels, value)| json!({"metric": labels, "value": point(at, value)}))
                .collect();
            json!({"resultType": "vector", "result": result})
        }
        Evaluated::Matrix(series) => matrix(series),
    })
}

fn query_range(store: &Store, input: &Input) -> Result<Value, Refused> {
    let expression = parsed(input)?;
    if expression.value_type() == ValueType::Matrix {
        let error = "invalid expression type \"range vector\" for range query, must be Scalar or instant Vector";
        return Err(invalid("query", error));
    }
    let missing = |member: &str| invalid(member, "cannot parse \"\" to a valid timestamp");
    let start = time(input, "start")?.ok_or_else(|| missing("start"))?;
    let end = time(input, "end")?.ok_or_else(|| missing("end"))?;
    let text = input.text("step").unwrap_or_default();
    let seconds = || {
        let seconds = text.parse::<f64>().ok();
        seconds.filter(|step| (0.001..1e9).contains(step))
    };
    let step = seconds().map(Duration::from_secs_f64);
    let step = step.or_else(|| parse_duration(text).ok());
    let step = step.and_then(|step| u64::try_from(step.as_millis()).ok());
    let Some(step) = step.filter(|step| *step > 0) else {
        return Err(invalid(
            "step",
            "zero or negative query resolution step widths are not accepted. Try a positive integer",
        ));
    };
    if end < start {
        return Err(invalid(
            "end",
            "end timestamp must not be before start time",
        ));
    }
    if (end - start) / step > MAX_POINTS {
        return Err(Refused::BadData("exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)".to_owned()));
    }
    let mut rows: BTreeMap<Labels, Vec<(u64, f64)>> = BTreeMap::new();
    let mut at = start;
    while at <= end {
        let samples = match store.evaluate(&expression, at)? {
            Evaluated::Scalar(value) => vec![(Labels::new(), value)],
            Evaluated::Vector(samples) => samples,
            Evaluated::Matrix(_) => return Err(Refused::wrong_type("vector", "matrix")),
        };
        for (labels, value) in samples {
            rows.entry(labels).or_default().push((at, value));
        }
        at += step;
    }
    Ok(matrix(rows))
}

/// Series with their samples, as Prometheus writes them.
fn matrix(series: impl IntoIterator<Item = (Labels, Vec<(u64, f64)>)>) -> Value {
    let series = series.into_iter().map(|(labels, samples)| {
        let points = samples.into_iter().map(|(at, value)| point(at, value));
        json!({"metric": labels, "values": points.collect::<Vec<_>>()})
    });
    json!({"resultType": "matrix", "result": series.collect::<Vec<_>>()})
}

/// A point as Prometheus writes it: the time in seconds and the value as text.
fn point(at: u64, value: f64) -> Value {
    let text = if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else {
        value.to_string()
    };
    json!([evaluate::seconds(at), text])
}

/// The series of `match[]`, or all, that have a sample in the time that is asked for.
fn selected<'a>(store: &'a Store, input: &Input) -> Result<Vec<&'a Labels>, Refused> {
    let selectors: Vec<VectorSelector> = input
        .texts("match[]")
        .map(|text| match parse(text) {
            Ok(Expr::VectorSelector(selector)) => Ok(selector),
            Ok(other) => Err(invalid("match[]", &format!("{other} is no selector"))),
            Err(error) => Err(invalid("match[]", &error)),
        })
        .collect::<Result<_, _>>()?;
    let start = time(input, "start")?.unwrap_or(store.now.saturating_sub(3_600_000));
    let end = time(input, "end")?.unwrap_or(store.now);
    let from = start.saturating_sub(LOOKBACK_MILLIS);
    let series = store.series.iter().filter(|series| {
        let is_asked =
            selectors.is_empty() || selectors.iter().any(|s| is_selected(s, &series.labels));
        is_asked && !series.samples(from, end, store.now).is_empty()
    });
    Ok(series.map(|series| &series.labels).collect())
}

fn names(store: &Store, input: &Input) -> Result<Value, Refused> {
    let series = selected(store, input)?;
    let names: std::collections::BTreeSet<&String> =
        series.into_iter().flat_map(Labels::keys).collect();
    Ok(json!(names))
}

fn values(store: &Store, input: &Input) -> Result<Value, Refused> {
    let name = input.text("name").unwrap_or_default();
    let series = selected(store, input)?;
    let values: std::collections::BTreeSet<&String> = series
        .into_iter()
        .filter_map(|labels| labels.get(name))
        .collect();
    Ok(json!(values))
}

fn matching(store: &Store, input: &Input) -> Result<Value, Refused> {
    if input.list("match[]").is_empty() {
        return Err(Refused::BadData("no match[] parameter provided".to_owned()));
    }
    selected(store, input).map(|series| json!(series))
}

/// The parameters of a request: each once, `match[]` as a list.
pub(crate) fn parameters(pairs: Vec<(String, String)>) -> Map<String, Value> {
    let mut parameters = Map::new();
    for (name, value) in pairs {
        if name == "match[]" {
            let list = parameters.entry(name).or_insert_with(|| json!([]));
            if let Some(list) = list.as_array_mut() {
                list.push(json!(value));
            }
        } else {
            parameters.insert(name, json!(value));
        }
    }
    parameters
}

#[cfg(test)]
mod tests;
