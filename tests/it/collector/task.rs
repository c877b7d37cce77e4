//! One task: what ECS gives to its collector, its applications, and what it sends.

use std::{
    collections::BTreeMap,
    fs,
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use amp_stack_sandbox::{
    Sandbox, Settings,
    server::Server,
    wire::{Call, Service},
};
use serde_json::{Value, json};

use crate::{
    collector::{
        discovered::{self, Discovered},
        expected::{Expected, Sample},
        programs::Program,
        sinks::{self, Otlp},
    },
    stacks,
};

/// How long it may take until everything has arrived: what is scraped goes through a batch of a
/// minute, and what is looked for is found after another.
const PATIENCE: Duration = Duration::from_mins(5);
pub(crate) const REGION: &str = "eu-central-1";
const ACCOUNT: &str = "111122223333";

/// A task of a family.
pub(crate) struct Task {
    definition: Value,
    /// The collector's container.
    container: Value,
    program: Program,
}

/// What a task has sent.
pub(crate) struct Arrived {
    pub(crate) series: Vec<Sample>,
    pub(crate) log: String,
    /// Whether it looked for other tasks.
    pub(crate) is_discovered: bool,
}

impl Task {
    /// The task of a family as its definition would be registered; `None` if its collector takes a
    /// file of the image, and nobody says where that is.
    pub(crate) fn of(stack: &str, family: &str, program: &Program) -> Option<Self> {
        let stack = stacks::stack(stack);
        let mut wanted = stack.resources.values().filter_map(|one| one.want.as_ref());
        let definition = wanted.find_map(|want| {
            let want = want
                .task_definition()
                .filter(|want| want.family == family)?;
            let mut definition = want.document.as_ref()?.written().to_json();
            definition["family"] = json!(family);
            Some(definition)
        });
        let definition = definition.unwrap();
        let containers = definition["containerDefinitions"].as_array().unwrap();
        let is_collector = |container: &&Value| {
            let image = container["image"].as_str().unwrap_or_default();
            image.contains("aws-otel-collector")
        };
        let container = containers.iter().find(is_collector).unwrap().clone();
        let takes_file = container["command"].to_string().contains("/etc/ecs/");
        if takes_file && program.files.is_none() {
            return None;
        }
        Some(Self {
            definition,
            container,
            program: program.clone(),
        })
    }

    /// Runs it until everything that is expected has arrived, or it takes too long.
    pub(crate) fn run(&self, expected: &Expected) -> Arrived {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let sandbox = Sandbox::open(Settings::default()).unwrap();
        let listener = runtime.block_on(Server::bind(0)).unwrap();
        let address = listener.address().unwrap();
        runtime.spawn(listener.run(sandbox.clone(), std::future::pending()));
        let id = workspace(&sandbox);
        let port = address.port();
        let host = format!("aps-workspaces.{REGION}.amazonaws.com:{port}");
        let url = format!("http://{host}/workspaces/{id}/api/v1/remote_write");
        let metadata = self.serve_metadata();
        for target in self.targets() {
            serve(target, |_| application());
        }
        let otlp = Otlp::serve();
        let mut variables = self.variables();
        let mut writers = BTreeMap::from([(id.clone(), expected.writer().to_owned())]);
        let has_log = sinks::redirect(&mut variables, otlp.port, |exporter| {
            let other = workspace(&sandbox);
            writers.insert(other.clone(), exporter.to_owned());
            format!("http://{host}/workspaces/{other}/api/v1/remote_write")
        });
        for (_, value) in &mut variables {
            *value = here(value, &url);
        }
        // What calls AWS is a client of the SDK, which asks these variables.
        let address = format!("http://127.0.0.1:{port}");
        if has_log {
            sinks::make_log_group(&sandbox);
            variables.push((
                "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS".to_owned(),
                address.clone(),
            ));
        }
        let discovered = Discovered::of(&mut variables);
        if let Some(discovered) = &discovered {
            discovered.run(&sandbox);
            serve(discovered::PORT, |_| application());
            variables.push(("AWS_ENDPOINT_URL_ECS".to_owned(), address));
        }
        // Each sandbox gives the same ids, and the tasks of other stacks run beside this one.
        let log = format!("collector-{}.log", std::process::id());
        let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(log);
        let mut child = self.start(&variables, metadata, &log);
        let began = Instant::now();
        let series = loop {
            thread::sleep(Duration::from_secs(2));
            if expected.takes("otlp") {
                send_otlp();
            }
            if expected.takes("statsd") {
                send_statsd();
            }
            let written = sandbox.world().samples.into_iter();
            let written = written.flat_map(|((_, workspace), series)| {
                let exporter = writers[&workspace].clone();
                let series = series.into_keys();
                series.map(move |labels| Expected::written(&exporter, labels))
            });
            let mut series: Vec<Sample> = written.collect();
            series.extend(otlp.samples());
            if has_log {
                series.extend(sinks::metrics_of_log(&sandbox));
            }
            series.sort();
            series.dedup();
            let is_over = began.elapsed() > PATIENCE || child.try_wait().unwrap().is_some();
            if expected.is_complete(&series) || is_over {
                break series;
            }
        };
        _ = child.kill();
        child.wait().unwrap();
        let log = fs::read_to_string(log).unwrap();
        let is_discovered = discovered.is_some();
        Arrived {
            series,
            log,
            is_discovered,
        }
    }

    /// The variables of the collector's container, and what ECS fills in from secrets.
    fn variables(&self) -> Vec<(String, String)> {
        let of = |member: &str| self.container[member].as_array().into_iter().flatten();
        let name = |one: &Value| one["name"].as_str().unwrap().to_owned();
        let variables = of("environment").map(|variable| {
            let value = variable["value"].as_str().unwrap();
            (name(variable), value.to_owned())
        });
        let secrets = of("secrets").map(|secret| (name(secret), sinks::SECRET.to_owned()));
        variables.chain(secrets).collect()
    }

    fn start(&self, variables: &[(String, String)], metadata: u16, log: &Path) -> Child {
        let words = self.container["command"].as_array().into_iter().flatten();
        let files = self.program.files.as_deref().unwrap_or(Path::new(""));
        let files = files.to_str().unwrap();
        let words = words.map(|word| word.as_str().unwrap().replace("/etc/ecs", files));
        let log = fs::File::create(log).unwrap();
        let metadata = format!("http://127.0.0.1:{metadata}");
        let mut command = Command::new(&self.program.path);
        command
            .args(words)
            .env_clear()
            .env("RUN_IN_CONTAINER", "True")
            .env("HOME", env!("CARGO_TARGET_TMPDIR"))
            .env("ECS_CONTAINER_METADATA_URI_V4", format!("{metadata}/v4/c"))
            .env(
                "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                format!("{metadata}/credentials"),
            )
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        // The agent for EC2 does not say the region.
        if self.is_on_fargate() {
            command.env("AWS_REGION", REGION);
        }
        command.spawn().unwrap()
    }

    fn is_on_fargate(&self) -> bool {
        self.definition["requiresCompatibilities"]
            .to_string()
            .contains("FARGATE")
    }

    /// The ports at which applications are to answer.
    fn targets(&self) -> Vec<u16> {
        let text = self.container.to_string();
        let mut ports: Vec<u16> = text
            .split(['"', '\\'])
            .filter_map(|word| {
                let (host, port) = word.split_once(':')?;
                let is_host = ["localhost", "app", "worker"].contains(&host);
                port.parse().ok().filter(|_| is_host)
            })
            .collect();
        ports.sort_unstable();
        ports.dedup();
        ports
    }

    /// Serves the metadata endpoint, version 4, and the role's credentials (ECS developer guide,
    /// "Amazon ECS task metadata endpoint version 4"); returns the port.
    fn serve_metadata(&self) -> u16 {
        let task = self.task();
        let stats = stats(&task);
        serve(0, move |path| match path {
            "/v4/c/task" => task.to_string(),
            "/v4/c/task/stats" => stats.to_string(),
            "/v4/c" => task["Containers"][0].to_string(),
            "/credentials" => json!({
                "AccessKeyId": "sandbox", "SecretAccessKey": "sandbox",
                "Token": "token", "Expiration": "2099-01-01T00:00:00Z",
            })
            .to_string(),
            _ => "{}".to_owned(),
        })
    }

    fn task(&self) -> Value {
        let family = self.definition["family"].as_str().unwrap();
        let containers = self.definition["containerDefinitions"].as_array().unwrap();
        let containers: Vec<Value> = containers
            .iter()
            .map(|container| {
                let name = container["name"].as_str().unwrap();
                json!({
                    "DockerId": format!("0-{name}"), "Name": name, "DockerName": name,
                    "Image": container["image"], "ImageID": "sha256:0", "Labels": {},
                    "DesiredStatus": "RUNNING", "KnownStatus": "RUNNING",
                    "Limits": {"CPU": 128, "Memory": 256},
                    "CreatedAt": "2026-11-28T10:00:00.000000001Z",
                    "StartedAt": "2026-11-28T10:00:01.000000001Z", "Type": "NORMAL",
                    "LogDriver": "awslogs",
                    "LogOptions": {
                        "awslogs-group": "/g", "awslogs-region": REGION, "awslogs-stream": "s",
                    },
                })
            })
            .collect();
        json!({
            "Cluster": format!("arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/default"),
            "TaskARN": format!("arn:aws:ecs:{REGION}:{ACCOUNT}:task/default/0a1b"),
            "Family": family, "Revision": "3", "ServiceName": "web",
            "DesiredStatus": "RUNNING", "KnownStatus": "RUNNING",
            "PullStartedAt": "2026-11-28T10:00:00.1Z", "PullStoppedAt": "2026-11-28T10:00:00.9Z",
            "AvailabilityZone": format!("{REGION}a"),
            "LaunchType": if self.is_on_fargate() { "FARGATE" } else { "EC2" },
            "Limits": {"CPU": 0.25, "Memory": 512},
            "EphemeralStorageMetrics": {"Utilized": 261, "Reserved": 20_496},
            "Containers": containers,
        })
    }
}

fn stats(task: &Value) -> Value {
    let containers = task["Containers"].as_array().unwrap();
    let of = |container: &Value| {
        let id = container["DockerId"].as_str().unwrap().to_owned();
        let cpu = |total: u64| {
            json!({
                "cpu_usage": {
                    "total_usage": total, "percpu_usage": [total],
                    "usage_in_kernelmode": total, "usage_in_usermode": total,
                },
                "system_cpu_usage": total * 40, "online_cpus": 2,
            })
        };
        let stats = json!({
            "read": "2026-11-28T10:01:00Z", "preread": "2026-11-28T10:00:59Z",
            "cpu_stats": cpu(2_000_000), "precpu_stats": cpu(1_000_000),
            "memory_stats": {
                "usage": 1_000_000, "max_usage": 2_000_000, "limit": 4_000_000,
                "stats": {"cache": 0},
            },
            "blkio_stats": {"io_service_bytes_recursive": [
                {"op": "Read", "value": 1}, {"op": "Write", "value": 2},
            ]},
            "name": container["Name"], "id": id,
            "networks": {"eth1": {
                "rx_bytes": 1, "rx_packets": 1, "rx_errors": 0, "rx_dropped": 0,
                "tx_bytes": 1, "tx_packets": 1, "tx_errors": 0, "tx_dropped": 0,
            }},
            "network_rate_stats": {"rx_bytes_per_sec": 1.5, "tx_bytes_per_sec": 2.5},
        });
        (id, stats)
    };
    Value::Object(containers.iter().map(of).collect())
}

/// A value with the URL of the one workspace that there is here in the place of every other.
fn here(value: &str, url: &str) -> String {
    let value = value.replace("${workspace.remote_write_url}", url);
    let Some(start) = value.find("https://aps-workspaces") else {
        return value;
    };
    let end = value[start..]
        .find("remote_write")
        .map(|end| start + end + "remote_write".len());
    let end = end.unwrap_or(value.len());
    format!("{}{url}{}", &value[..start], &value[end..])
}

/// Makes a workspace, and returns its id once it takes samples.
fn workspace(sandbox: &Sandbox) -> String {
    let id = call(sandbox, Service::Amp, "CreateWorkspace", &json!({}))["workspaceId"]
        .as_str()
        .unwrap()
        .to_owned();
    loop {
        let asked = json!({"workspaceId": id});
        let found = call(sandbox, Service::Amp, "DescribeWorkspace", &asked);
        if found["workspace"]["status"]["statusCode"] == "ACTIVE" {
            return id;
        }
        thread::sleep(Duration::from_millis(200));
    }
}

/// What somebody who looks after the account does in it.
pub(crate) fn call(sandbox: &Sandbox, service: Service, operation: &str, input: &Value) -> Value {
    let call = Call {
        service,
        region: REGION.to_owned(),
        operation: operation.to_owned(),
        input: input.as_object().unwrap().clone(),
        key: None,
    };
    sandbox.perform_call(&call).unwrap().body
}

/// Serves what `answer` says of each path; returns the port.
fn serve(port: u16, answer: impl Fn(&str) -> String + Send + 'static) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = Vec::new();
            let mut buffer = [0; 4096];
            while !head.windows(4).any(|four| four == b"\r\n\r\n") {
                match stream.read(&mut buffer) {
                    Ok(count) if count > 0 => head.extend_from_slice(&buffer[..count]),
                    Ok(_) | Err(_) => break,
                }
            }
            let head = String::from_utf8_lossy(&head);
            let path = head.split(' ').nth(1).unwrap_or("/");
            let body = answer(path.split('?').next().unwrap_or(path));
            let kind = if body.starts_with('{') {
                "application/json"
            } else {
                "text/plain; version=0.0.4"
            };
            let length = body.len();
            // A client that has gone asks again.
            _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
        }
    });
    port
}

/// What an application with a library of Prometheus serves.
fn application() -> String {
    "# TYPE harness_requests_total counter\nharness_requests_total 3\n\
     # TYPE harness_temperature gauge\nharness_temperature 20\n"
        .to_owned()
}

/// What an application with a client of `StatsD` sends.
fn send_statsd() {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    // Whether anybody listens is not known; the next one arrives.
    _ = socket.send_to(b"harness_gauge:1|g", (Ipv4Addr::LOCALHOST, 8125));
}

/// What an application with an SDK of OpenTelemetry sends.
fn send_otlp() {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let metrics = ["harness.sent", "http.server.harness"].map(|name| {
        json!({"name": name, "gauge": {"dataPoints": [{
            "timeUnixNano": now.as_nanos().to_string(), "asDouble": 1.0,
        }]}})
    });
    let body = json!({"resourceMetrics": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "sdk"}}]},
        "scopeMetrics": [{"metrics": metrics}],
    }]})
    .to_string();
    // The collector may not listen yet; the next one arrives.
    if let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, 4318)) {
        let length = body.len();
        let request = format!(
            "POST /v1/metrics HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\nconnection: close\r\n\r\n{body}"
        );
        _ = stream.write_all(request.as_bytes());
        let mut answer = Vec::new();
        _ = stream.read_to_end(&mut answer);
    }
}
