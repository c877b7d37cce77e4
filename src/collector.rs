//! The AWS Distro for OpenTelemetry (ADOT) collector as a sidecar: what ECS's console adds for "Use
//! metric collection" and "Use trace collection".
//!
//! Sources: the collector's repository, aws-observability/aws-otel-collector v0.49.0 (`config/ecs`,
//! `cmd/awscollector/Dockerfile`, `cmd/healthcheck`, `pkg/config`), and the ECS developer guide,
//! "Exporting application metrics to Amazon Managed Service for Prometheus".

pub mod components;
pub mod config;
mod destination;
mod first;
pub mod grants;
pub mod image;
pub mod infer;
pub mod instead;
pub mod keys;
pub mod more;
pub mod pattern;
pub mod period;
pub mod relabel;
mod scrape;
pub mod version;

use serde_json::Value;

use crate::model::{node::Node, template::Template};

pub use destination::{CloudWatch, Destination, Emf, Header, SendTo};
pub use image::{Distribution, IMAGE_FILES, distribution, is_collector, is_pinned};
pub use more::{Attributes, More, Sending, TaskMetrics};
pub use period::Period;
pub use relabel::Relabel;
pub use scrape::{Login, Scrape};

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
/// The port that clients of `StatsD` send to, by UDP.
pub const STATSD_PORT: u16 = 8125;
/// The port that X-Ray's SDKs send to, by UDP (AWS X-Ray developer guide, "AWS X-Ray daemon").
pub const XRAY_PORT: u16 = 2000;
/// The port that the health check asks at.
pub const HEALTH_PORT: u16 = 13133;
/// The port of the collector's metrics about itself, unless its configuration says otherwise
/// (OpenTelemetry documentation, "Internal telemetry").
pub const TELEMETRY_PORT: u16 = 8888;

/// The defaults of one time.
///
/// AWS never changes a revision, but a new revision replaces running tasks. So new defaults come
/// with what a person changes or asks for: a live revision that earlier ones made is recognized,
/// and kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Generation {
    /// A configuration of the image where one does what is asked for, and containers that wait
    /// until the collector is healthy.
    First,
    /// A generated configuration, and containers that wait until the collector has started.
    Second,
}

impl Generation {
    /// The defaults of now.
    pub const NEWEST: Self = Self::Second;
    /// The defaults that were, from the oldest.
    pub const EARLIER: &'static [Self] = &[Self::First];
}

/// How a collector is configured.
#[derive(Clone, Debug, PartialEq)]
pub enum Configuration {
    /// By this file under `/etc/ecs` of its image.
    BuiltIn(&'static str),
    /// By this document; JSON is YAML.
    Generated(Value),
    /// By the user.
    Own,
}

/// Where the configuration comes from, if the stack file says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// From the image.
    Image,
    /// It is generated.
    Generated,
}

/// A collector.
///
/// It is not essential unless the stack file says so: an application that works must not go down
/// with what measures it. In exchange it is restarted when it exits. By default the application's
/// containers start after it and do not ask how it is: a collector that can't start must not keep
/// an application from starting either.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is asked for or not, whatever the others are"
)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collector {
    /// The defaults that stand for what the stack file leaves out.
    pub generation: Generation,
    /// Where its configuration comes from, if the stack file says so.
    pub source: Option<Source>,
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
    /// What is asked for since the second defaults.
    pub more: More,
    /// The configuration of the user's own that the stack file names.
    pub file: Option<Template>,
    /// The command that the user chose instead of what the above leads to.
    pub command: Option<Vec<Template>>,
    /// The URL that samples are sent to; `None` if it only collects traces.
    pub endpoint: Option<Template>,
    /// The region of the workspace; empty if it only collects traces.
    pub workspace_region: String,
    /// The region to set as that of the collector, if ECS does not say it or, for the first
    /// defaults, says another one than the workspace's.
    pub region: Option<Template>,
    /// Whether the task may run on an EC2 instance, whose metadata can be asked for.
    pub may_be_on_instance: bool,
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

impl Collector {
    /// Returns whether it takes anything over OTLP.
    pub fn takes_otlp(&self) -> bool {
        self.otlp || self.takes_traces()
    }

    /// Returns whether it takes traces over OTLP.
    fn takes_traces(&self) -> bool {
        let mut destinations = self.more.destinations.iter();
        let wants = |to: &SendTo| matches!(to, SendTo::Otlp { traces: true, .. });
        self.traces || destinations.any(|destination| wants(&destination.to))
    }

    /// Returns whether others send anything to it.
    pub fn listens(&self) -> bool {
        self.takes_otlp() || self.more.statsd || self.more.xray_daemon
    }

    /// Returns whether it takes metrics of the application.
    pub fn measures_application(&self) -> bool {
        self.otlp || !self.scrape.is_empty() || self.more.statsd
    }

    /// Returns whether it is asked for metrics of the task, rather than sends them because it
    /// measures the application.
    fn is_asked_for_task(&self) -> bool {
        let asked = self.more.task_metrics.as_ref();
        asked.is_some_and(|metrics| *metrics != TaskMetrics::Off)
    }

    /// Returns whether it sends metrics that it is asked for.
    pub fn writes_metrics(&self) -> bool {
        self.measures_application() || self.is_asked_for_task()
    }

    /// Returns whether it sends traces.
    pub fn sends_traces(&self) -> bool {
        self.takes_traces() || self.more.xray_daemon
    }

    /// Returns whether it sends traces to X-Ray.
    pub fn sends_to_xray(&self) -> bool {
        self.traces || self.more.xray_daemon
    }

    /// Returns whether what it measures goes anywhere else than to its workspace.
    pub fn has_other_destinations(&self) -> bool {
        let mut destinations = self.more.destinations.iter();
        let takes = |to: &SendTo| !matches!(to, SendTo::Otlp { metrics: false, .. });
        self.more.cloudwatch.is_some()
            || self.more.emf.is_some()
            || destinations.any(|destination| takes(&destination.to))
    }

    /// Returns whether what it measures goes to its workspace.
    pub fn writes_to_workspace(&self) -> bool {
        self.writes_metrics() && (self.endpoint.is_some() || !self.has_other_destinations())
    }

    /// Returns whether nothing is asked for that came with the second defaults.
    fn is_plain(&self) -> bool {
        let is_plain = |target: &Scrape| {
            let is_whole = target.keep.is_empty() && target.drop.is_empty();
            let has_rules = !target.relabel.is_empty() || !target.metric_relabel.is_empty();
            is_whole && !has_rules && target.labels.is_empty() && target.login.is_none()
        };
        // Files that measure the application measure the task as a whole; none measures it alone.
        let of_task = self.more.task_metrics.as_ref();
        let measures_task = self.measures_application() && of_task == Some(&TaskMetrics::Task);
        let more = More {
            task_metrics: self.more.task_metrics.clone().filter(|_| !measures_task),
            ..self.more.clone()
        };
        more == More::default() && self.scrape.iter().all(is_plain)
    }

    /// How it is configured.
    pub fn configuration(&self) -> Configuration {
        let mut variables = self.environment.iter().chain(&self.secrets);
        let is_given = variables.any(|(name, _)| name == CONFIG_VARIABLE);
        if self.command.is_some() || self.file.is_some() || is_given {
            return Configuration::Own;
        }
        let generated = || Configuration::Generated(config::generate(self));
        match (self.source, self.generation) {
            (None, Generation::First) => first::choose(self),
            // That no file does is a mistake, which is reported.
            (Some(Source::Image), _) => self
                .built_in_file()
                .map_or_else(generated, Configuration::BuiltIn),
            (Some(Source::Generated), _) | (None, Generation::Second) => generated(),
        }
    }

    /// The file of the image that does what is asked for.
    pub fn built_in_file(&self) -> Option<&'static str> {
        first::file(self).filter(|_| self.is_plain())
    }

    /// Returns whether the defaults of its generation can do what is asked for: what became
    /// possible later, they can't.
    pub fn fits_generation(&self) -> bool {
        let is_plain = |target: &Scrape| !target.is_secure && target.params.is_empty();
        match self.generation {
            Generation::First => {
                let is_older = self.source != Some(Source::Generated);
                is_older && self.is_plain() && self.scrape.iter().all(is_plain)
            }
            Generation::Second => true,
        }
    }

    /// The ports that it listens on, in whatever way it is configured but by the user.
    pub fn ports(&self) -> Vec<u16> {
        let mut ports = vec![HEALTH_PORT];
        if self.takes_otlp() {
            ports.extend([OTLP_GRPC_PORT, OTLP_HTTP_PORT]);
        }
        match self.configuration() {
            Configuration::BuiltIn(_) => ports.push(TELEMETRY_PORT),
            Configuration::Generated(_) | Configuration::Own => {}
        }
        ports
    }

    /// The ports that it listens on by UDP.
    pub fn udp_ports(&self) -> Vec<u16> {
        let statsd = self.more.statsd.then_some(STATSD_PORT);
        let daemon = self.more.xray_daemon.then_some(XRAY_PORT);
        statsd.into_iter().chain(daemon).collect()
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
        // What was gathered last is sent when it is stopped, and has this long.
        if self.generation >= Generation::Second {
            members.push(("stopTimeout", Node::from(config::BATCH_SECONDS)));
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
                add(CONFIG_VARIABLE, config::text(&json, self));
            }
            Configuration::Own => {
                if let Some(file) = &self.file {
                    add(CONFIG_VARIABLE, file.clone());
                }
            }
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
/// too. It says that the collector has started, not that what it sends is taken. The collector is
/// up within seconds; five tries of five seconds also cover a slow start on a quarter of a CPU.
fn health_check() -> Node {
    Node::map([
        ("command", Node::texts(["CMD", "/healthcheck"])),
        ("interval", Node::from(5_u32)),
        ("timeout", Node::from(3_u32)),
        ("retries", Node::from(5_u32)),
        ("startPeriod", Node::from(10_u32)),
    ])
}

#[cfg(test)]
mod tests;
