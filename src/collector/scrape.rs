//! What a collector scrapes.

use std::collections::BTreeMap;

use crate::collector::{Period, Relabel};

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
    /// The value of the label `job`, if the stack file says it.
    pub job: Option<String>,
    /// The value of the label `job` if it does not: after whom the target belongs to.
    pub default_job: String,
    /// Whether it is scraped over HTTPS.
    pub is_secure: bool,
    /// The parameters of the query, by name.
    pub params: BTreeMap<String, String>,
    /// Labels of what is scraped, by name.
    pub labels: BTreeMap<String, String>,
    /// Patterns of the names of metrics that are kept; all are if there are none.
    pub keep: Vec<String>,
    /// Patterns of the names of metrics that are dropped.
    pub drop: Vec<String>,
    /// Rules about the labels of the target, which apply before it is scraped.
    pub relabel: Vec<Relabel>,
    /// Rules about the labels of what is scraped, which apply after `keep` and `drop`.
    pub metric_relabel: Vec<Relabel>,
    /// As whom the collector asks, if the target wants to know.
    pub login: Option<Login>,
}

/// As whom a target is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// With a name and a password, which this variable of the collector holds.
    Basic(String, String),
    /// With a token, which this variable of the collector holds.
    Bearer(String),
}

impl Scrape {
    /// The host and the port, as Prometheus writes them.
    pub fn target(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// The value of the label `job`.
    pub fn job(&self) -> &str {
        self.job.as_deref().unwrap_or(&self.default_job)
    }
}
