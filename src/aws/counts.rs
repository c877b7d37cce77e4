//! What CloudWatch counts of a workspace: the samples that it discards, and its active series.
//!
//! Amazon Managed Service for Prometheus user guide, "Use CloudWatch metrics to monitor Amazon
//! Managed Service for Prometheus resources":
//! <https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-CW-usage-metrics.html>. It does not
//! name the dimensions of `DiscardedSamples`, so they are asked for.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    aws::{Aws, error::unexpected, json::METRICS},
    model::{
        call::CallError,
        number::whole,
        workload::{ActiveSeries, Discarded},
    },
};

const LIST: &str = "cloudwatch:ListMetrics";
const DATA: &str = "cloudwatch:GetMetricData";
/// How far back discarded samples are counted, in seconds.
const HOUR: u64 = 3_600;
/// What is counted together, in seconds: CloudWatch gets usage metrics every minute (CloudWatch
/// user guide, "AWS usage metrics").
const PERIOD: u64 = 60;
/// The most queries of one request (API reference, `GetMetricData`), less those for active series.
const MOST_REASONS: usize = 498;

/// What was counted of a workspace.
#[derive(Debug)]
pub(crate) struct Counts {
    /// What was discarded in the last hour.
    pub(crate) discarded: Result<Vec<Discarded>, CallError>,
    /// How many series are active; `None` if CloudWatch has no count.
    pub(crate) active: Result<Option<ActiveSeries>, CallError>,
}

/// Values by their times in seconds since 1970, of each query by its id.
type Data = BTreeMap<String, Vec<(u64, f64)>>;

/// Asks for the counts of the workspace `id` in `region` at `now`, in seconds since 1970.
pub(crate) async fn read(aws: &Aws, (region, id): (&str, &str), now: u64) -> Counts {
    let listed = list(aws, region, id).await;
    let reasons = listed.as_ref().map_or(&[][..], Vec::as_slice);
    let mut queries = vec![
        json!({"Id": "active", "MetricStat": {
            "Metric": active_series(id), "Period": PERIOD, "Stat": "Maximum",
        }}),
        json!({"Id": "most", "Expression": "SERVICE_QUOTA(active)"}),
    ];
    queries.extend(reasons.iter().enumerate().map(|(index, (_, metric))| {
        json!({"Id": format!("d{index}"), "MetricStat": {
            "Metric": metric, "Period": PERIOD, "Stat": "Sum",
        }})
    }));
    let data = data(aws, region, &queries, now).await;
    let discarded = match (listed, &data) {
        (Err(error), _) => Err(error),
        (Ok(reasons), _) if reasons.is_empty() => Ok(Vec::new()),
        (Ok(_), Err(error)) => Err(error.clone()),
        (Ok(reasons), Ok(data)) => {
            let each = reasons.into_iter().enumerate();
            let each = each.map(|(index, (reason, _))| Discarded {
                reason,
                counts: data.get(&format!("d{index}")).cloned().unwrap_or_default(),
            });
            Ok(each.collect())
        }
    };
    let active = data.map(|data| {
        let newest = |id: &str| data.get(id)?.iter().max_by_key(|(at, _)| *at).copied();
        let (_, count) = newest("active")?;
        Some(ActiveSeries {
            count: whole(count),
            limit: newest("most").map(|(_, most)| whole(most)),
        })
    });
    Counts { discarded, active }
}

/// The metric, with the dimensions that the page above has for it.
fn active_series(id: &str) -> Value {
    let dimensions = [
        ("Type", "Resource"),
        ("ResourceId", id),
        ("Resource", "ActiveSeries"),
        ("Service", "Prometheus"),
        ("Class", "None"),
    ];
    let dimensions = dimensions.map(|(name, value)| json!({"Name": name, "Value": value}));
    json!({"Namespace": "AWS/Usage", "MetricName": "ResourceCount", "Dimensions": dimensions})
}

/// The reasons for which there is a metric of the workspace, each with the metric: what names the
/// workspace in any dimension, and by the value of the dimension `Reason`, whatever its case.
async fn list(aws: &Aws, region: &str, id: &str) -> Result<Vec<(String, Value)>, CallError> {
    let mut found = Vec::new();
    let mut token = Value::Null;
    loop {
        let mut input = json!({"Namespace": "AWS/Prometheus", "MetricName": "DiscardedSamples"});
        if !token.is_null() {
            input["NextToken"] = token;
        }
        let mut answer = aws.json.ask((METRICS, region), LIST, input).await?;
        let metrics = answer["Metrics"].as_array_mut().map(std::mem::take);
        for metric in metrics.unwrap_or_default() {
            found.extend(reason(&metric, id).map(|reason| (reason, metric)));
        }
        token = answer["NextToken"].take();
        if token.is_null() {
            break;
        }
    }
    found.truncate(MOST_REASONS);
    Ok(found)
}

/// The reason that a metric is about, if it is of the workspace and by reason.
fn reason(metric: &Value, id: &str) -> Option<String> {
    let dimensions = metric["Dimensions"].as_array()?;
    let pairs = || {
        let pairs = dimensions.iter();
        pairs.filter_map(|one| Some((one["Name"].as_str()?, one["Value"].as_str()?)))
    };
    if !pairs().any(|(_, value)| value == id) {
        return None;
    }
    let (_, reason) = pairs().find(|(name, _)| name.eq_ignore_ascii_case("reason"))?;
    Some(reason.to_owned())
}

/// The values of `queries` in the last hour.
async fn data(aws: &Aws, region: &str, queries: &[Value], now: u64) -> Result<Data, CallError> {
    let start = now.saturating_sub(HOUR) / PERIOD * PERIOD;
    let mut data = Data::new();
    let mut token = Value::Null;
    loop {
        let mut input = json!({"StartTime": start, "EndTime": now, "MetricDataQueries": queries});
        if !token.is_null() {
            input["NextToken"] = token;
        }
        let mut answer = aws.json.ask((METRICS, region), DATA, input).await?;
        let results = answer["MetricDataResults"].as_array();
        for result in results.into_iter().flatten() {
            let id = result["Id"].as_str().unwrap_or_default();
            // API reference, `MetricDataResult`.
            if let Some(status @ ("InternalError" | "Forbidden")) = result["StatusCode"].as_str() {
                return Err(unexpected(DATA, format!("{id} is answered with {status}")));
            }
            data.entry(id.to_owned())
                .or_default()
                .extend(points(result));
        }
        token = answer["NextToken"].take();
        if token.is_null() {
            return Ok(data);
        }
    }
}

fn points(result: &Value) -> Vec<(u64, f64)> {
    let list = |member: &str| {
        let list = result[member].as_array().into_iter().flatten();
        list.filter_map(Value::as_f64)
    };
    let points = list("Timestamps").zip(list("Values"));
    points.map(|(at, value)| (whole(at), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::script::{Answer, Script};

    const NOW: u64 = 1_800_000_030;

    async fn read_from(script: &Script) -> Counts {
        read(&script.aws(), ("eu-west-1", "ws-1"), NOW).await
    }

    fn metric(dimensions: &[(&str, &str)]) -> Value {
        let dimensions = dimensions.iter();
        let dimensions: Vec<Value> = dimensions
            .map(|(name, value)| json!({"Name": name, "Value": value}))
            .collect();
        json!({"Namespace": "AWS/Prometheus", "MetricName": "DiscardedSamples", "Dimensions": dimensions})
    }

    #[tokio::test]
    async fn metrics_of_the_workspace_are_found_by_whatever_names_it() {
        let script = Script::new(|asked| match asked.operation.as_str() {
            "ListMetrics" if asked.before == 0 => Answer::json(&json!({
                "Metrics": [
                    metric(&[("Reason", "rate_limited"), ("Workspace", "ws-2")]),
                    metric(&[("Workspace", "ws-1")]),
                ],
                "NextToken": "more",
            })),
            "ListMetrics" => {
                assert_eq!(asked.json()["NextToken"], "more");
                let found = metric(&[("WorkspaceId", "ws-1"), ("reason", "label_invalid")]);
                Answer::json(&json!({"Metrics": [found]}))
            }
            "GetMetricData" => {
                let queries = asked.json()["MetricDataQueries"].take();
                assert_eq!(queries.as_array().map(Vec::len), Some(3));
                assert_eq!(asked.json()["StartTime"], 1_799_996_400);
                Answer::json(&json!({"MetricDataResults": [
                    {"Id": "active", "Timestamps": [1_800_000_000.0, 1_799_999_940.0], "Values": [8.0, 7.0]},
                    {"Id": "most", "Timestamps": [1_800_000_000.0], "Values": [10.0]},
                    {"Id": "d0", "Timestamps": [1_799_999_940.0], "Values": [3.0], "StatusCode": "Complete"},
                ]}))
            }
            other => panic!("{other}"),
        });
        let counts = read_from(&script).await;
        let expected = Discarded {
            reason: "label_invalid".to_owned(),
            counts: vec![(1_799_999_940, 3.0)],
        };
        assert_eq!(counts.discarded.expect("it was read"), [expected]);
        let active = counts.active.expect("it was read").expect("a count");
        assert_eq!((active.count, active.limit), (8, Some(10)));
        let asked = script.asked();
        let (target, kind) = ("GraniteServiceVersion20100801.ListMetrics", "1.0");
        assert_eq!(asked[0].headers["x-amz-target"], target);
        assert!(asked[0].headers["content-type"].ends_with(kind));
        assert_eq!(asked[0].uri, "https://monitoring.eu-west-1.amazonaws.com/");
        let signature = &asked[0].headers["authorization"];
        assert!(signature.contains("/eu-west-1/monitoring/aws4_request"));
    }

    #[tokio::test]
    async fn what_is_denied_is_known_of_each() {
        let denied = |operation: &'static str| {
            Script::new(move |asked| match asked.operation.as_str() {
                one if one == operation => Answer::error(400, "AccessDeniedException", "no"),
                "ListMetrics" => {
                    let found = metric(&[("Workspace", "ws-1"), ("Reason", "rate_limited")]);
                    Answer::json(&json!({"Metrics": [found]}))
                }
                _ => Answer::json(&json!({"MetricDataResults": []})),
            })
        };
        let counts = read_from(&denied("ListMetrics")).await;
        assert_eq!(counts.discarded.expect_err("denied").operation, LIST);
        assert_eq!(counts.active.expect("it was read"), None);
        let counts = read_from(&denied("GetMetricData")).await;
        assert_eq!(counts.discarded.expect_err("denied").operation, DATA);
        assert_eq!(counts.active.expect_err("denied").operation, DATA);
    }

    #[tokio::test]
    async fn what_cloudwatch_has_no_answer_to_is_unread() {
        let script = Script::new(|asked| match asked.operation.as_str() {
            "ListMetrics" => Answer::json(&json!({"Metrics": []})),
            _ => Answer::json(&json!({"MetricDataResults": [
                {"Id": "active", "StatusCode": "InternalError", "Timestamps": [], "Values": []},
            ]})),
        });
        let counts = read_from(&script).await;
        assert_eq!(counts.discarded.expect("there is no metric"), []);
        let error = counts.active.expect_err("no answer").to_string();
        assert!(
            error.contains("active is answered with InternalError"),
            "{error}"
        );
    }
}
