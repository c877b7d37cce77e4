//! Where what is measured goes, and how it has to be sent there.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{
    collector::{
        Collector, Destination, ENDPOINT_VARIABLE, Header, More, SendTo,
        config::{LOG_GROUP, escaped, labels, parts::Parts, sending, variable},
        version::Names,
    },
    model::template::Template,
};

/// The most samples in a request to CloudWatch (CloudWatch user guide, "Send metrics using
/// OpenTelemetry").
const CLOUDWATCH_BATCH: u32 = 200;
/// How long they are gathered there (same page).
const CLOUDWATCH_SECONDS: &str = "10s";
/// What signs for the workspace.
const SIGNER: &str = "sigv4auth";

/// Exporters that are sent to alike.
pub(super) struct Sink {
    /// The pipeline of what is measured of the task.
    pub(super) task_pipeline: &'static str,
    /// The pipeline of what the application says.
    pub(super) pipeline: &'static str,
    /// Their names.
    pub(super) exporters: Vec<String>,
    protocol: Protocol,
}

#[derive(Clone, Copy, PartialEq)]
enum Protocol {
    RemoteWrite,
    CloudWatch,
    Emf,
    Otlp,
}

impl Sink {
    fn new(protocol: Protocol, exporters: Vec<String>) -> Self {
        let (task_pipeline, pipeline) = match protocol {
            Protocol::RemoteWrite => ("metrics", "metrics/application"),
            Protocol::CloudWatch => ("metrics/cloudwatch_task", "metrics/cloudwatch"),
            Protocol::Emf => ("metrics/emf_task", "metrics/emf"),
            Protocol::Otlp => ("metrics/otlp_task", "metrics/otlp"),
        };
        Self {
            task_pipeline,
            pipeline,
            exporters,
            protocol,
        }
    }

    /// Returns whether what is measured of the task is gathered before it is sent.
    pub(super) fn gathers_task(&self) -> bool {
        self.protocol != Protocol::RemoteWrite
    }

    /// Adds the processor that labels everything, unless the exporter does.
    pub(super) fn labels(
        &self,
        given: &BTreeMap<String, String>,
        parts: &mut Parts,
    ) -> Option<&'static str> {
        if given.is_empty() || self.protocol == Protocol::RemoteWrite {
            return None;
        }
        let name = "resource/labels";
        let labels = given
            .iter()
            .map(|(name, value)| json!({"key": name, "value": escaped(value), "action": "insert"}));
        let labels: Vec<Value> = labels.collect();
        parts.add("processors", name, json!({"attributes": labels}));
        Some(name)
    }

    /// Adds the processor that gathers.
    pub(super) fn batch(&self, more: &More, parts: &mut Parts) -> &'static str {
        if self.protocol == Protocol::CloudWatch {
            let name = "batch/cloudwatch";
            let batch = json!({
                "timeout": CLOUDWATCH_SECONDS,
                "send_batch_size": CLOUDWATCH_BATCH,
                "send_batch_max_size": CLOUDWATCH_BATCH,
            });
            parts.add("processors", name, batch);
            return name;
        }
        let name = "batch/metrics";
        parts.add("processors", name, sending::batch(more));
        name
    }
}

/// Adds the exporters of metrics, and what signs for them.
pub(super) fn add(collector: &Collector, names: &Names, parts: &mut Parts) -> Vec<Sink> {
    let more = &collector.more;
    let mut sinks = Vec::new();
    let mut writers = Vec::new();
    if collector.writes_to_workspace() {
        let endpoint = variable(ENDPOINT_VARIABLE);
        let role = more.assume_role.as_deref();
        signer(SIGNER, &collector.workspace_region, role, parts);
        let writer = remote_write(more, &endpoint, Some(SIGNER));
        parts.add("exporters", names.remote_write, writer);
        writers.push(names.remote_write.to_owned());
    }
    let mut otlp = Vec::new();
    for (number, destination) in (1..).zip(&more.destinations) {
        match &destination.to {
            SendTo::Workspace {
                url,
                region,
                assume_role,
                ..
            } => {
                let own = format!("{SIGNER}/{number}");
                signer(&own, region, assume_role.as_deref(), parts);
                let writer = remote_write(more, url, Some(&own));
                writers.push(exporter(names.remote_write, number, writer, parts));
            }
            SendTo::RemoteWrite(url) => {
                let mut writer = remote_write(more, &escaped(url), None);
                add_headers(destination, &mut writer);
                writers.push(exporter(names.remote_write, number, writer, parts));
            }
            SendTo::Otlp { metrics, .. } if *metrics => {
                otlp.extend(otlp_exporter(destination, number, more, names, parts));
            }
            SendTo::Otlp { .. } => {}
        }
    }
    if !writers.is_empty() {
        sinks.push(Sink::new(Protocol::RemoteWrite, writers));
    }
    if let Some(cloudwatch) = &more.cloudwatch {
        let own = format!("{SIGNER}/cloudwatch");
        let settings = json!({"region": cloudwatch.region, "service": "monitoring"});
        parts.extension(&own, settings);
        let mut sender = json!({
            "metrics_endpoint": cloudwatch.url,
            "auth": {"authenticator": own},
        });
        sending::tune(&more.sending, sending::OTLP_QUEUE, &mut sender);
        let name = format!("{}/cloudwatch", names.otlp_http);
        parts.add("exporters", &name, sender);
        sinks.push(Sink::new(Protocol::CloudWatch, vec![name]));
    }
    if let Some(emf) = emf(more) {
        parts.add("exporters", "awsemf", emf);
        sinks.push(Sink::new(Protocol::Emf, vec!["awsemf".to_owned()]));
    }
    if !otlp.is_empty() {
        sinks.push(Sink::new(Protocol::Otlp, otlp));
    }
    sinks
}

/// Adds the exporters of traces besides X-Ray's, and returns their names.
pub(super) fn of_traces(collector: &Collector, names: &Names, parts: &mut Parts) -> Vec<String> {
    let more = &collector.more;
    let mut exporters = Vec::new();
    for (number, destination) in (1..).zip(&more.destinations) {
        if matches!(destination.to, SendTo::Otlp { traces: true, .. }) {
            exporters.extend(otlp_exporter(destination, number, more, names, parts));
        }
    }
    exporters
}

/// Adds what signs requests for AMP in a region.
fn signer(name: &str, region: &str, role: Option<&str>, parts: &mut Parts) {
    // The signer knows the service by itself only of a host that begins with `aps-workspaces`,
    // which that of a VPC endpoint or of a proxy does not (opentelemetry-collector-contrib,
    // `extension/sigv4authextension`, `inferServiceAndRegion`).
    let mut signer = json!({"region": region, "service": "aps"});
    if let Some(role) = role {
        signer["assume_role"] = json!({"arn": escaped(role)});
    }
    parts.extension(name, signer);
}

fn remote_write(more: &More, endpoint: &str, signer: Option<&str>) -> Value {
    let mut writer = json!({
        "endpoint": endpoint,
        "resource_to_telemetry_conversion": {"enabled": true},
    });
    if let Some(signer) = signer {
        writer["auth"] = json!({"authenticator": signer});
    }
    if !more.labels.is_empty() {
        writer["external_labels"] = labels(&more.labels);
    }
    sending::tune(&more.sending, sending::REMOTE_WRITE_QUEUE, &mut writer);
    writer
}

/// Adds the exporter `kind` with a number, and returns its name.
fn exporter(kind: &str, number: usize, exporter: Value, parts: &mut Parts) -> String {
    let name = format!("{kind}/{number}");
    parts.add("exporters", &name, exporter);
    name
}

/// Over gRPC there is no scheme: without TLS has to be said (opentelemetry-collector,
/// config/configgrpc and config/configtls, README).
fn otlp_exporter(
    destination: &Destination,
    number: usize,
    more: &More,
    names: &Names,
    parts: &mut Parts,
) -> Option<String> {
    let SendTo::Otlp { url, is_grpc, .. } = &destination.to else {
        return None;
    };
    let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
    let (kind, mut sender) = if *is_grpc {
        let mut sender = json!({"endpoint": escaped(rest.trim_end_matches('/'))});
        if scheme == "http" {
            sender["tls"] = json!({"insecure": true});
        }
        (names.otlp_grpc, sender)
    } else {
        (names.otlp_http, json!({"endpoint": escaped(url)}))
    };
    add_headers(destination, &mut sender);
    sending::tune(&more.sending, sending::OTLP_QUEUE, &mut sender);
    Some(exporter(kind, number, sender, parts))
}

fn add_headers(destination: &Destination, exporter: &mut Value) {
    if destination.headers.is_empty() {
        return;
    }
    let headers = destination.headers.iter().map(|(name, value)| {
        let value = match value {
            Header::Plain(text) => escaped(text),
            Header::Secret(name) => variable(name),
        };
        (name.clone(), Value::from(value))
    });
    exporter["headers"] = headers.collect::<Map<_, _>>().into();
}

/// The exporter that writes metrics of CloudWatch as lines of a log. Tasks write streams of their
/// own (opentelemetry-collector-contrib, exporter/awsemfexporter, README).
fn emf(more: &More) -> Option<Value> {
    let emf = more.emf.as_ref()?;
    let all = [".*".to_owned()];
    let patterns = if emf.metrics.is_empty() {
        &all[..]
    } else {
        &emf.metrics
    };
    let patterns: Vec<String> = patterns
        .iter()
        .map(|p| escaped(&format!("^(?:{p})$")))
        .collect();
    let dimensions = emf.dimensions.iter();
    let dimensions: Vec<Vec<String>> = dimensions
        .map(|set| set.iter().map(|name| escaped(name)).collect())
        .collect();
    Some(json!({
        "region": emf.region,
        "namespace": escaped(&emf.namespace),
        LOG_GROUP: spelled(&emf.log_group),
        "log_stream_name": "{TaskId}",
        "dimension_rollup_option": "NoDimensionRollup",
        "resource_to_telemetry_conversion": {"enabled": true},
        "metric_declarations": [
            {"dimensions": dimensions, "metric_name_selectors": patterns},
        ],
    }))
}

/// The name of a log group, or the reference to it, which [`super::text`] finds again.
fn spelled(name: &Template) -> String {
    name.known().map_or_else(|| name.spelling(), str::to_owned)
}
