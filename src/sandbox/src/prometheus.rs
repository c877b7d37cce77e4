//! The data plane of a workspace: Prometheus' HTTP API under `/workspaces/ID/api/v1/`, as far as
//! AMP has it (AMP user guide, "Prometheus-compatible APIs").
//!
//! What there is to read are the samples that the collectors of the sandbox's tasks send, which are
//! computed, and those that somebody writes, which are kept in memory and never stored. Requests
//! must be signed: here every access key is its own secret.

mod evaluate;
mod language;
mod remote_write;
mod signature;

use serde_json::{Map, Value, json};

pub(crate) use remote_write::{Samples, decode as decode_samples};
pub(crate) use signature::verify;

use crate::{
    Answer, Context, World, amp,
    collector::{
        Collector, duration_millis,
        outcome::{Outcome as Written, outcome},
        series::{self, Labels, Series},
    },
    ecs::{self, members::Members},
    service::{Input, Outcome},
};
use evaluate::{Evaluated, LOOKBACK_MILLIS, Store};
use language::{Expression, Selector};

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

/// A request that Prometheus refuses.
type Refused = String;

/// Returns whether `operation` belongs to the data plane.
pub(crate) fn is_mine(operation: &str) -> bool {
    ROUTES.iter().any(|(_, mine)| *mine == operation)
}

/// Performs `operation`.
pub(crate) fn call(world: &mut World, cx: &Context<'_>, operation: &str, input: &Input) -> Outcome {
    ecs::pass(world, cx);
    let workspace = input.text("workspaceId").unwrap_or_default();
    if !amp::takes_samples(world, cx.region, workspace, cx.now_millis) {
        return Err(amp::no_workspace(workspace));
    }
    if operation == REMOTE_WRITE {
        remote_write::keep(&mut world.samples, (cx.region, workspace), input)?;
        return Ok(Answer {
            status: 200,
            body: Value::Null,
        });
    }
    let store = Store {
        series: arrived(world, cx, workspace),
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
        // Prometheus' HTTP API: 400 Bad Request when parameters are missing or incorrect.
        Err(error) => Answer {
            status: 400,
            body: json!({"status": "error", "errorType": "bad_data", "error": error}),
        },
    })
}

/// The series that have arrived in a workspace.
fn arrived(world: &World, cx: &Context<'_>, wanted: &str) -> Vec<Series> {
    let mut found = Vec::new();
    for task in ecs::tasks(world, cx) {
        let Some(collector) = Collector::of(task.definition) else {
            continue;
        };
        match outcome(world, cx, task.definition, &collector) {
            Some(Written::Delivered { region, workspace })
                if region == cx.region && workspace == wanted =>
            {
                found.extend(series::of(&task, &collector));
            }
            Some(Written::Delivered { .. } | Written::Refused { .. } | Written::Unreachable(_))
            | None => {}
        }
    }
    let place = (cx.region.to_owned(), wanted.to_owned());
    for (labels, samples) in world.samples.get(&place).into_iter().flatten() {
        found.push(Series::written(labels.clone(), samples.clone()));
    }
    found
}

fn parsed(input: &Input) -> Result<Expression, Refused> {
    let text = input.text("query").unwrap_or_default();
    language::parse(text).map_err(|error| format!("invalid parameter \"query\": {error}"))
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
        format!("invalid parameter \"{member}\": cannot parse \"{text}\" to a valid timestamp")
    })?;
    let moment = std::time::Duration::from_secs_f64(seconds);
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
    })
}

fn query_range(store: &Store, input: &Input) -> Result<Value, Refused> {
    let expression = parsed(input)?;
    let missing = |member: &str| {
        format!("invalid parameter \"{member}\": cannot parse \"\" to a valid timestamp")
    };
    let start = time(input, "start")?.ok_or_else(|| missing("start"))?;
    let end = time(input, "end")?.ok_or_else(|| missing("end"))?;
    let step = input.text("step").unwrap_or_default();
    let seconds = || {
        step.parse::<f64>()
            .ok()
            .filter(|step| (0.001..1e9).contains(step))
    };
    let step = duration_millis(step).or_else(|| {
        let step = std::time::Duration::from_secs_f64(seconds()?);
        u64::try_from(step.as_millis()).ok()
    });
    let Some(step) = step.filter(|step| *step > 0) else {
        return Err("zero or negative query resolution step widths are not accepted. Try a positive integer".to_owned());
    };
    if end < start {
        return Err(
            "invalid parameter \"end\": end timestamp must not be before start time".to_owned(),
        );
    }
    if (end - start) / step > MAX_POINTS {
        return Err("exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)".to_owned());
    }
    let mut rows: Vec<(Labels, Vec<Value>)> = Vec::new();
    let mut at = start;
    while at <= end {
        let samples = match store.evaluate(&expression, at)? {
            Evaluated::Scalar(value) => vec![(Labels::new(), value)],
            Evaluated::Vector(samples) => samples,
        };
        for (labels, value) in samples {
            match rows.iter_mut().find(|(known, _)| *known == labels) {
                Some((_, points)) => points.push(point(at, value)),
                None => rows.push((labels, vec![point(at, value)])),
            }
        }
        at += step;
    }
    let result: Vec<Value> = rows
        .into_iter()
        .map(|(labels, points)| json!({"metric": labels, "values": points}))
        .collect();
    Ok(json!({"resultType": "matrix", "result": result}))
}

/// A point as Prometheus writes it: the time in seconds and the value as text.
fn point(at: u64, value: f64) -> Value {
    json!([
        std::time::Duration::from_millis(at).as_secs_f64(),
        value.to_string()
    ])
}

/// The series of `match[]`, or all, that have a sample in the time that is asked for.
fn selected<'a>(store: &'a Store, input: &Input) -> Result<Vec<&'a Labels>, Refused> {
    let selectors: Vec<Selector> = input
        .texts("match[]")
        .map(|text| match language::parse(text) {
            Ok(Expression::Selector(selector)) => Ok(selector),
            Ok(_) | Err(_) => Err(format!("invalid parameter \"match[]\": {text}")),
        })
        .collect::<Result<_, _>>()?;
    let start = time(input, "start")?.unwrap_or(store.now.saturating_sub(3_600_000));
    let end = time(input, "end")?.unwrap_or(store.now);
    let from = start.saturating_sub(LOOKBACK_MILLIS);
    let series = store.series.iter().filter(|series| {
        let is_asked = selectors.is_empty() || selectors.iter().any(|s| s.matches(&series.labels));
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
        return Err("no match[] parameter provided".to_owned());
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
