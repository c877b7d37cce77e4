//! Amazon CloudWatch, as far as it counts what workspaces have and discard: `ListMetrics` and
//! `GetMetricData`. On AWS the counts come with some minutes' delay, here at once.

mod counts;
mod data;

use serde_json::{Value, json};

use crate::{
    Answer, Context, Refusal, World, ecs,
    ecs::members::Members,
    service::{Input, Outcome},
};
use counts::Metric;

/// The most metrics of a page (API reference, `ListMetrics`).
const PAGE: usize = 500;

/// Performs `operation`.
pub(crate) fn call(world: &mut World, cx: &Context<'_>, operation: &str, input: &Input) -> Outcome {
    ecs::pass(world, cx);
    match operation {
        "ListMetrics" => list(world, cx, input),
        "GetMetricData" => data::get(world, cx, input),
        // API reference, "Common Errors".
        unknown => Err(Refusal::new(400, "InvalidAction", unknown)),
    }
}

/// A member that has no such value (API reference, "Common Errors").
fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "ValidationError", message)
}

/// API reference, `ListMetrics`.
fn list(world: &World, cx: &Context<'_>, input: &Input) -> Outcome {
    let begin = match input.text("NextToken") {
        None => 0,
        Some(token) => token
            .parse::<usize>()
            .map_err(|_| Refusal::new(400, "InvalidParameterValue", "Invalid nextToken"))?,
    };
    let is_asked = |metric: &Metric| {
        let named = |member: &str, value: &str| {
            let asked = input.text(member);
            asked.is_none_or(|asked| asked == value)
        };
        named("Namespace", metric.namespace)
            && named("MetricName", metric.name)
            && input.objects("Dimensions").all(|asked| {
                let mut dimensions = metric.dimensions.iter();
                dimensions.any(|(name, value)| {
                    asked.text("Name") == Some(name)
                        && asked.text("Value").is_none_or(|asked| asked == value)
                })
            })
    };
    let all = counts::metrics(world, cx);
    let found: Vec<&Metric> = all.iter().filter(|metric| is_asked(metric)).collect();
    let page = found.iter().skip(begin).take(PAGE);
    let page: Vec<Value> = page.map(|metric| metric.member()).collect();
    let mut answer = json!({"Metrics": page});
    if found.len() > begin + PAGE {
        answer["NextToken"] = json!((begin + PAGE).to_string());
    }
    Ok(Answer::ok(answer))
}

#[cfg(test)]
mod tests;
