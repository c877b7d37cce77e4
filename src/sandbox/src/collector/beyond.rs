//! What a collector sends to CloudWatch, over OTLP or through a log group, and what it says where
//! its role may not. What arrives there is kept nowhere.

use serde_json::{Map, Value, json};

use crate::{
    Context, World,
    collector::{document_at, expanded},
    ecs::members::Members,
};

/// Where CloudWatch takes OTLP (CloudWatch user guide, "OTLP Endpoints").
const MONITORING: &str = "https://monitoring.";

/// A destination in CloudWatch.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Beyond {
    /// The exporter.
    exporter: String,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    /// Over OTLP, to this URL.
    Otlp(String),
    /// Through a log group, in a region if not the task's.
    Log { group: String, region: String },
}

/// The destinations in CloudWatch that pipelines of `document` name, and that the task's own role
/// has to be allowed to send to.
pub(super) fn of(container: &Map<String, Value>, document: &Map<String, Value>) -> Vec<Beyond> {
    let pipelines = document_at(document, &["service", "pipelines"]);
    let pipelines = pipelines.as_object().into_iter().flatten();
    let metrics = pipelines.filter(|(name, _)| name.split('/').next() == Some("metrics"));
    let named: Vec<&str> = metrics
        .flat_map(|(_, pipeline)| pipeline["exporters"].as_array().into_iter().flatten())
        .filter_map(Value::as_str)
        .collect();
    let exporters = document.get("exporters").and_then(Value::as_object);
    let exporters = exporters.into_iter().flatten();
    exporters
        .filter(|(name, _)| named.contains(&name.as_str()))
        .filter_map(|(name, exporter)| {
            Some(Beyond {
                exporter: name.clone(),
                kind: kind(name, exporter, container, document)?,
            })
        })
        .collect()
}

fn kind(
    name: &str,
    exporter: &Value,
    container: &Map<String, Value>,
    document: &Map<String, Value>,
) -> Option<Kind> {
    let text = |value: &Value| value.as_str().map(|text| expanded(container, text));
    match name.split('/').next()? {
        "otlp_http" | "otlphttp" => {
            let whole = text(&exporter["metrics_endpoint"]);
            let base = || Some(format!("{}/v1/metrics", text(&exporter["endpoint"])?));
            let url = whole.or_else(base)?;
            let signer = exporter["auth"]["authenticator"]
                .as_str()
                .unwrap_or_default();
            let takes_role = document_at(document, &["extensions", signer, "assume_role"]);
            (url.starts_with(MONITORING) && takes_role.is_null()).then_some(Kind::Otlp(url))
        }
        "awsemf" if exporter["role_arn"].is_null() => Some(Kind::Log {
            group: text(&exporter["log_group_name"])?,
            region: text(&exporter["region"]).unwrap_or_default(),
        }),
        _ => None,
    }
}

impl Beyond {
    /// What the collector says each time it sends there; nothing if its role may.
    pub(super) fn refusal(
        &self,
        world: &World,
        cx: &Context<'_>,
        definition: &Map<String, Value>,
    ) -> Option<Value> {
        let role = definition.text("taskRoleArn").unwrap_or_default();
        match &self.kind {
            Kind::Otlp(url) => {
                let may = world.iam.may(role, "cloudwatch:PutMetricData", "*");
                // go.opentelemetry.io/collector v0.156.0, exporter/otlphttpexporter, `export`.
                (!may).then(|| {
                    json!({
                        "level": "error", "msg": "Exporting failed. Dropping data.",
                        "otelcol.component.id": self.exporter,
                        "error": format!("not retryable error: Permanent error: rpc error: code = PermissionDenied desc = error exporting items, request to {url} responded with HTTP Status Code 403"),
                    })
                })
            }
            Kind::Log { group, region } => {
                let Context {
                    partition, account, ..
                } = cx;
                let region = if region.is_empty() { cx.region } else { region };
                let group_arn =
                    format!("arn:{partition}:logs:{region}:{account}:log-group:{group}");
                let resource = format!("{group_arn}:log-stream:task");
                let name = role.rsplit('/').next().unwrap_or_default();
                let may = world.iam.may(role, "logs:PutLogEvents", &resource);
                // opentelemetry-collector-contrib v0.156.0, internal/aws/cwlogs, `PutLogEvents`.
                (!may).then(|| {
                    json!({
                        "level": "error",
                        "msg": "cwlog_client: Error occurs in PutLogEvents, will not retry the request",
                        "LogGroupName": group,
                        "error": format!("operation error CloudWatch Logs: PutLogEvents, https response error StatusCode: 400, api error AccessDeniedException: User: arn:{partition}:sts::{account}:assumed-role/{name}/task is not authorized to perform: logs:PutLogEvents on resource: {resource} because no identity-based policy allows the logs:PutLogEvents action"),
                    })
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::{Kind, of};

    #[test]
    fn what_goes_to_cloudwatch_by_the_tasks_own_role() {
        let document = json!({
            "extensions": {"sigv4auth/other": {"assume_role": {"arn": "arn:aws:iam::1:role/r"}}},
            "exporters": {
                "otlp_http/cloudwatch": {"metrics_endpoint": "https://monitoring.us-east-1.amazonaws.com/v1/metrics"},
                "otlphttp/role": {"endpoint": "https://monitoring.us-east-1.amazonaws.com",
                    "auth": {"authenticator": "sigv4auth/other"}},
                "otlphttp/others": {"endpoint": "https://otlp.example.test"},
                "awsemf": {"log_group_name": "/g", "region": "us-east-1"},
                "awsemf/unused": {"log_group_name": "/h"},
            },
            "service": {"pipelines": {"metrics/a": {"exporters":
                ["otlp_http/cloudwatch", "otlphttp/role", "otlphttp/others", "awsemf"]}}},
        });
        let document = document.as_object().expect("an object");
        let found = of(&Map::new(), document);
        let kinds: Vec<&Kind> = found.iter().map(|beyond| &beyond.kind).collect();
        assert_eq!(
            kinds,
            [
                &Kind::Log {
                    group: "/g".to_owned(),
                    region: "us-east-1".to_owned()
                },
                &Kind::Otlp("https://monitoring.us-east-1.amazonaws.com/v1/metrics".to_owned()),
            ]
        );
    }
}
