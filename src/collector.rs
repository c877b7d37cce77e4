//! The AWS Distro for OpenTelemetry (ADOT) collector as a sidecar: what ECS's console adds for "Use
//! metric collection" and "Use trace collection".
//!
//! Sources: the collector's repository, aws-observability/aws-otel-collector v0.49.0 (`config/ecs`,
//! `cmd/awscollector/Dockerfile`, `cmd/healthcheck`, `pkg/config`), and the ECS developer guide,
//! "Exporting application metrics to Amazon Managed Service for Prometheus".

pub mod config;
pub mod grants;
pub mod period;

use crate::model::{node::Node, template::Template};

pub use config::Configuration;
pub use period::Period;

/// The image that is used unless the stack file names another. It is pinned, because tags of the
/// collector have renamed metrics: the tag decides the data.
pub const IMAGE: &str = "public.ecr.aws/aws-observability/aws-otel-collector:v0.49.0";
/// The name that ECS's console gives the container.
pub const CONTAINER_NAME: &str = "aws-otel-collector";
/// The variable whose value, if it is set at all, is the whole configuration; it beats `--config`
/// (`pkg/config/config_factory.go`).
pub const CONFIG_VARIABLE: &str = "AOT_CONFIG_CONTENT";
/// The variable that the built-in configurations send samples to.
pub const ENDPOINT_VARIABLE: &str = "AWS_PROMETHEUS_ENDPOINT";
/// The variable that the built-in configurations scrape.
pub const SCRAPE_VARIABLE: &str = "AWS_PROMETHEUS_SCRAPING_ENDPOINT";
/// The variable that the built-in configurations sign requests for.
pub const REGION_VARIABLE: &str = "AWS_REGION";
/// The port that OTLP over gRPC comes in at.
pub const OTLP_GRPC_PORT: u16 = 4317;
/// The port that OTLP over HTTP comes in at.
pub const OTLP_HTTP_PORT: u16 = 4318;
/// The port that the health check asks at.
pub const HEALTH_PORT: u16 = 13133;

/// A collector.
///
/// It is not essential unless the stack file says so: an application that works must not go down
/// with what measures it. In exchange it is restarted when it exits, and by default the
/// application's containers wait until it is healthy, so that a collector that can't start (a wrong
/// role, a wrong endpoint) stops a deployment, where somebody looks, and not a running service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collector {
    /// The container's name.
    pub name: String,
    /// The image, with a tag or a digest.
    pub image: Template,
    /// Whether it takes metrics over OTLP.
    pub otlp: bool,
    /// What it scrapes.
    pub scrape: Vec<Scrape>,
    /// Whether it takes traces over OTLP, and sends them to X-Ray.
    pub traces: bool,
    /// The command that the user chose instead of what the above leads to.
    pub command: Option<Vec<Template>>,
    /// The URL that samples are sent to; `None` if it only collects traces.
    pub endpoint: Option<Template>,
    /// The region to sign for, if ECS does not say it or says another one.
    pub region: Option<Template>,
    /// Further variables, in order.
    pub environment: Vec<(String, Template)>,
    /// Variables that ECS fills from the ARNs of secrets or parameters, in order.
    pub secrets: Vec<(String, Template)>,
    /// Whether the task ends with it.
    pub essential: bool,
    /// CPU units.
    pub cpu: Option<u32>,
    /// The hard limit, in MiB.
    pub memory: Option<u32>,
    /// The soft limit, in MiB.
    pub memory_reservation: Option<u32>,
    /// Containers that it has to reach by their names, because the network is a bridge.
    pub links: Vec<String>,
}

/// Something to scrape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scrape {
    /// The host; `localhost` where the containers of a task share their network.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The path, from its `/`.
    pub path: String,
    /// How often.
    pub interval: Period,
    /// How long an answer may take.
    pub timeout: Period,
    /// The value of the label `job`; `None` is [`config::JOB`] for a single target and the target's
    /// address among several.
    pub job: Option<String>,
}

impl Scrape {
    /// The host and the port, as Prometheus writes them.
    pub fn target(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

impl Collector {
    /// Returns whether it takes anything over OTLP.
    pub fn listens(&self) -> bool {
        self.otlp || self.traces
    }

    /// How it is configured.
    pub fn configuration(&self) -> Configuration {
        let mut variables = self.environment.iter().chain(&self.secrets);
        if self.command.is_some() || variables.any(|(name, _)| name == CONFIG_VARIABLE) {
            return Configuration::Own;
        }
        config::choose(self)
    }

    /// The container definition, without a log configuration.
    pub fn container(&self) -> Node {
        let mut members = vec![
            ("name", Node::from(self.name.as_str())),
            ("image", Node::from(self.image.clone())),
            ("essential", Node::from(self.essential)),
            ("environment", self.variables()),
            ("healthCheck", health_check()),
        ];
        if let Some(command) = self.arguments() {
            members.push(("command", command));
        }
        if !self.essential {
            members.push(("restartPolicy", Node::map([("enabled", Node::from(true))])));
        }
        let sizes = [
            ("cpu", self.cpu),
            ("memory", self.memory),
            ("memoryReservation", self.memory_reservation),
        ];
        for (name, size) in sizes {
            members.extend(size.map(|size| (name, Node::from(size))));
        }
        if !self.secrets.is_empty() {
            members.push(("secrets", pairs("valueFrom", self.secrets.iter().cloned())));
        }
        if !self.links.is_empty() {
            members.push(("links", Node::texts(self.links.iter().map(String::as_str))));
        }
        Node::map(members)
    }

    /// The command. `AOT_CONFIG_CONTENT` needs none: it beats the command that the image has.
    fn arguments(&self) -> Option<Node> {
        if let Some(command) = &self.command {
            return Some(Node::texts(command.iter().cloned()));
        }
        match self.configuration() {
            Configuration::BuiltIn(file) => {
                Some(Node::texts([format!("--config=/etc/ecs/{file}")]))
            }
            Configuration::Generated(_) | Configuration::Own => None,
        }
    }

    fn variables(&self) -> Node {
        let mut variables: Vec<(String, Template)> = Vec::new();
        let mut add = |name: &str, value: Template| variables.push((name.to_owned(), value));
        if let Some(endpoint) = &self.endpoint {
            add(ENDPOINT_VARIABLE, endpoint.clone());
        }
        match self.configuration() {
            Configuration::BuiltIn(_) => {
                if let Some(only) = self.scrape.first() {
                    add(SCRAPE_VARIABLE, Template::from(only.target()));
                }
            }
            Configuration::Generated(json) => {
                add(CONFIG_VARIABLE, Template::from(json.to_string()));
            }
            Configuration::Own => {}
        }
        let given = self
            .environment
            .iter()
            .any(|(name, _)| name == REGION_VARIABLE);
        if let Some(region) = self.region.clone().filter(|_| !given) {
            add(REGION_VARIABLE, region);
        }
        variables.extend(self.environment.iter().cloned());
        pairs("value", variables)
    }
}

/// Named values as the API lists them.
fn pairs(value: &str, named: impl IntoIterator<Item = (String, Template)>) -> Node {
    let pair = |(name, text): (String, Template)| {
        Node::map([("name", Node::from(name)), (value, Node::from(text))])
    };
    Node::List(named.into_iter().map(pair).collect())
}

/// The only check that can pass: the image has no shell, and `/healthcheck` is the one other
/// program in it (`cmd/awscollector/Dockerfile`).
///
/// It asks the extension `health_check`, so a configuration of the user's own needs that extension
/// too. The collector is up within seconds; five tries of five seconds also cover a slow start on a
/// quarter of a CPU.
fn health_check() -> Node {
    Node::map([
        ("command", Node::texts(["CMD", "/healthcheck"])),
        ("interval", Node::from(5_u32)),
        ("timeout", Node::from(3_u32)),
        ("retries", Node::from(5_u32)),
        ("startPeriod", Node::from(10_u32)),
    ])
}

/// Returns whether `image` is the collector's: an image without a shell.
pub fn is_collector(image: &str) -> bool {
    let name = image.split('@').next().unwrap_or(image);
    let last = name.rsplit('/').next().unwrap_or(name);
    last.split(':').next() == Some("aws-otel-collector")
}

/// Returns whether `image` names one content for good, as far as names do: it has a digest, or a
/// tag other than `latest`.
pub fn is_pinned(image: &str) -> bool {
    if image.contains('@') {
        return true;
    }
    let last = image.rsplit('/').next().unwrap_or(image);
    last.split_once(':')
        .is_some_and(|(_, tag)| !tag.is_empty() && tag != "latest")
}

#[cfg(test)]
mod tests;
