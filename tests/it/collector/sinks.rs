//! Where a collector sends besides its workspace: to another workspace, to somebody else's remote
//! write, over OTLP, and to the log that CloudWatch makes metrics of.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use amp_stack_sandbox::{Sandbox, wire::Service};
use serde_json::{Value, json};

use crate::collector::{
    expected::{Expected, Labels, Sample},
    task::{REGION, call},
    writes,
};

/// What ECS fills in for every secret.
pub(crate) const SECRET: &str = "Bearer harness";
/// The log group of every exporter here.
const LOG_GROUP: &str = "/harness";
/// The variable with a collector's configuration.
const CONFIGURATION: &str = "AOT_CONFIG_CONTENT";
/// The exporters of OTLP over HTTP begin with one of these.
const OTLP: [&str; 2] = ["otlp_http", "otlphttp"];

/// The exporters of remote write begin with one of these.
const REMOTE_WRITE: [&str; 2] = ["prometheus_remote_write", "prometheusremotewrite"];

/// Sends what goes over OTLP or is written elsewhere to a port of this machine, as JSON where that
/// is possible, what goes to a further workspace to one that `workspace` makes for the exporter,
/// and what goes to a log to the group that is here; returns whether there is a log.
pub(crate) fn redirect(
    variables: &mut [(String, String)],
    port: u16,
    mut workspace: impl FnMut(&str) -> String,
) -> bool {
    let found = variables.iter_mut().find(|(name, _)| name == CONFIGURATION);
    let Some((_, text)) = found else {
        return false;
    };
    let Ok(mut document) = serde_json::from_str::<Value>(text) else {
        return false;
    };
    let mut has_log = false;
    let exporters = document["exporters"].as_object_mut().into_iter().flatten();
    for (id, exporter) in exporters {
        let kind = id.split('/').next().unwrap_or(id);
        if OTLP.contains(&kind) {
            let here = format!("http://127.0.0.1:{port}/{id}");
            if exporter["metrics_endpoint"].is_null() {
                exporter["endpoint"] = json!(here);
            } else {
                exporter["metrics_endpoint"] = json!(format!("{here}/v1/metrics"));
            }
            exporter["encoding"] = json!("json");
            exporter["compression"] = json!("none");
        }
        let endpoint = exporter["endpoint"].as_str().unwrap_or_default();
        // The stack's own workspace is named by a variable.
        if REMOTE_WRITE.contains(&kind) && endpoint.starts_with("https://") {
            exporter["endpoint"] = if endpoint.contains("//aps-workspaces") {
                json!(workspace(id))
            } else {
                json!(format!("http://127.0.0.1:{port}/{id}/write"))
            };
        }
        if kind == "awsemf" {
            exporter["log_group_name"] = json!(LOG_GROUP);
            has_log = true;
        }
    }
    *text = document.to_string();
    has_log
}

/// Makes the log group; a task may only write to it.
pub(crate) fn make_log_group(sandbox: &Sandbox) {
    let group = json!({"logGroupName": LOG_GROUP});
    call(sandbox, Service::Logs, "CreateLogGroup", &group);
}

/// The metrics that CloudWatch would make of the log (CloudWatch user guide, "Specification:
/// Embedded metric format").
pub(crate) fn metrics_of_log(sandbox: &Sandbox) -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut token = Value::Null;
    loop {
        let mut input = json!({"logGroupName": LOG_GROUP});
        if !token.is_null() {
            input["nextToken"] = token;
        }
        let page = call(sandbox, Service::Logs, "FilterLogEvents", &input);
        for event in page["events"].as_array().unwrap() {
            assert_eq!(event["logStreamName"], "0a1b", "streams are named by tasks");
            let line = serde_json::from_str(event["message"].as_str().unwrap()).unwrap();
            of_line(&line, &mut samples);
        }
        token = page["nextToken"].clone();
        if token.is_null() {
            return samples;
        }
    }
}

fn of_line(line: &Value, samples: &mut Vec<Sample>) {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let fields = line.as_object().unwrap().iter();
    let labels: Labels = fields
        .filter(|(name, value)| *name != "Version" && value.is_string())
        .map(|(name, value)| (name.clone(), text(value)))
        .collect();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    for measurement in list(&line["_aws"]["CloudWatchMetrics"]) {
        let dimensions: BTreeSet<Vec<String>> = list(&measurement["Dimensions"])
            .iter()
            .map(|set| list(set).iter().map(text).collect())
            .collect();
        for metric in list(&measurement["Metrics"]) {
            let name = text(&metric["Name"]);
            assert!(!line[&name].is_null(), "{name} has no value: {line}");
            let unit = metric["Unit"].as_str().filter(|unit| !unit.is_empty());
            samples.push(Sample {
                exporter: "awsemf".to_owned(),
                name,
                labels: labels.clone(),
                unit: unit.map(str::to_owned),
                namespace: Some(text(&measurement["Namespace"])),
                dimensions: dimensions.clone(),
            });
        }
    }
}

/// A server of OTLP over HTTP, and of remote write.
pub(crate) struct Otlp {
    pub(crate) port: u16,
    samples: Arc<Mutex<BTreeSet<Sample>>>,
}

impl Otlp {
    pub(crate) fn serve() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let samples = Arc::new(Mutex::new(BTreeSet::new()));
        let kept = Arc::clone(&samples);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let kept = Arc::clone(&kept);
                thread::spawn(move || take(&stream.unwrap(), &kept));
            }
        });
        Self { port, samples }
    }

    /// What has arrived.
    pub(crate) fn samples(&self) -> Vec<Sample> {
        self.samples.lock().unwrap().iter().cloned().collect()
    }
}

/// Takes requests for as long as a client sends some.
fn take(mut stream: &TcpStream, kept: &Mutex<BTreeSet<Sample>>) {
    let mut bytes = Vec::new();
    let mut buffer = [0; 8_192];
    loop {
        while let Some((head, body, rest)) = request(&bytes) {
            let path = head.split(' ').nth(1).unwrap_or_default();
            if let Some(exporter) = path.strip_suffix("/v1/metrics") {
                let exporter = exporter.trim_start_matches('/');
                let document = serde_json::from_slice(body).unwrap();
                kept.lock()
                    .unwrap()
                    .extend(of_request(exporter, &head, &document));
            }
            if let Some(exporter) = path.strip_suffix("/write") {
                let exporter = exporter.trim_start_matches('/');
                let sent = header(&head, "authorization");
                assert_eq!(sent, Some(SECRET), "{exporter} has the secret");
                let written = writes::series(body);
                let written = written.map(|labels| Expected::written(exporter, labels));
                kept.lock().unwrap().extend(written);
            }
            bytes = rest.to_vec();
            let answer =
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
            // A client that has gone asks again.
            _ = stream.write_all(answer.as_bytes());
        }
        match stream.read(&mut buffer) {
            Ok(count) if count > 0 => bytes.extend_from_slice(&buffer[..count]),
            Ok(_) | Err(_) => return,
        }
    }
}

/// The first request of what has come, if all of it is there: its head, its body, and what follows.
fn request(bytes: &[u8]) -> Option<(String, &[u8], &[u8])> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let length = header(&head, "content-length").map_or(0, |text| text.parse().unwrap());
    let rest = &bytes[end..];
    (rest.len() >= length).then(|| (head, &rest[..length], &rest[length..]))
}

fn header<'h>(head: &'h str, wanted: &str) -> Option<&'h str> {
    let mut headers = head.lines().filter_map(|line| line.split_once(':'));
    let found = headers.find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    found.map(|(_, value)| value.trim())
}

/// The series of a request (opentelemetry-proto, `ExportMetricsServiceRequest`, in JSON).
fn of_request(exporter: &str, head: &str, document: &Value) -> Vec<Sample> {
    let is_cloudwatch = exporter.ends_with("/cloudwatch");
    let authorization = header(head, "authorization").unwrap_or_default();
    if is_cloudwatch {
        let scope = format!("/{REGION}/monitoring/aws4_request");
        assert!(
            authorization.contains(&scope),
            "{exporter} signs as {authorization}"
        );
    } else {
        assert_eq!(authorization, SECRET, "{exporter} has the secret");
    }
    let prefix = if is_cloudwatch { "@resource." } else { "" };
    let mut samples = Vec::new();
    for resource in list(&document["resourceMetrics"]) {
        let of_resource = attributes(&resource["resource"]["attributes"], prefix);
        let scopes = list(&resource["scopeMetrics"]);
        for metric in scopes.iter().flat_map(|scope| list(&scope["metrics"])) {
            let unit = metric["unit"].as_str().filter(|unit| !unit.is_empty());
            let forms = [
                "gauge",
                "sum",
                "histogram",
                "summary",
                "exponentialHistogram",
            ];
            let points = forms
                .iter()
                .flat_map(|form| list(&metric[form]["dataPoints"]));
            for point in points {
                let mut labels = of_resource.clone();
                labels.extend(attributes(&point["attributes"], ""));
                samples.push(Sample {
                    exporter: exporter.to_owned(),
                    name: metric["name"].as_str().unwrap().to_owned(),
                    labels,
                    unit: unit.map(str::to_owned),
                    namespace: None,
                    dimensions: BTreeSet::new(),
                });
            }
        }
    }
    samples
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn attributes(list_of: &Value, prefix: &str) -> BTreeMap<String, String> {
    let attributes = list(list_of).iter();
    attributes
        .map(|attribute| {
            let name = attribute["key"].as_str().unwrap();
            // An attribute has a value of one type.
            let value = attribute["value"].as_object().unwrap().values().next();
            let spelled = |value: &Value| value.as_str().map(str::to_owned);
            let value = value.map_or_else(String::new, |value| {
                spelled(value).unwrap_or_else(|| value.to_string())
            });
            (format!("{prefix}{name}"), value)
        })
        .collect()
}
