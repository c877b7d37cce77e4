//! Whose an endpoint is.
//!
//! Source for CloudWatch's: CloudWatch user guide, "OTLP Endpoints",
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-OTLPEndpoint.html>.

use serde_json::Value;

/// Returns whether an endpoint is a workspace's: by its URL, or because it is filled in with one.
pub(super) fn is_amp(endpoint: &str) -> bool {
    endpoint.contains("aps-workspaces")
        || endpoint.contains("/workspaces/ws-")
        || endpoint.contains("${")
}

/// Where metrics are sent to over OTLP: over HTTP there is a path, which may be said whole
/// (opentelemetry-collector, exporter/otlphttpexporter, README).
pub(super) fn otlp(settings: &Value, is_http: bool) -> String {
    if let (Some(whole), true) = (settings["metrics_endpoint"].as_str(), is_http) {
        return whole.to_owned();
    }
    let endpoint = settings["endpoint"].as_str().unwrap_or_default();
    if is_http {
        return format!("{}/v1/metrics", endpoint.trim_end_matches('/'));
    }
    endpoint.to_owned()
}

/// Returns whether an endpoint is CloudWatch's for metrics.
pub(super) fn is_cloudwatch(endpoint: &str) -> bool {
    let host = endpoint.split("://").last().unwrap_or(endpoint);
    let host = host.split('/').next().unwrap_or(host);
    host.starts_with("monitoring") && host.contains(".amazonaws.com")
}
