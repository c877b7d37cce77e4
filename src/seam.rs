//! Stand-ins for what is written elsewhere at the same time; each is replaced by its namesake.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    address::Address,
    apply::{Event, Outcome},
    cloud::{Call, CallError, Class, Cloud, Reply},
    identity::Identity,
    plan::Plan,
    snapshot::Snapshot,
    stack::{Query, Stack, problem::Problem},
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Risk {
    pub code: &'static str,
    pub address: Address,
    pub text: String,
    pub data_loss: bool,
}

pub fn risks(_plan: &Plan) -> Vec<Risk> {
    Vec::new()
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub path: PathBuf,
    pub text: String,
}

pub struct Surroundings<'a> {
    pub identity: Identity,
    pub account_is_known: bool,
    pub region_is_known: bool,
    pub variables: BTreeMap<String, String>,
    pub var_files: Vec<Source>,
    pub environment: &'a dyn Fn(&str) -> Option<String>,
    pub read: &'a dyn Fn(&Path) -> io::Result<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    pub name: String,
    pub region: Option<String>,
    pub account: Option<String>,
}

pub fn header(_source: &Source, _around: &Surroundings<'_>) -> Result<Header, Vec<Problem>> {
    Ok(Header::default())
}

pub fn load(_source: &Source, _around: &Surroundings<'_>) -> Result<Stack, Vec<Problem>> {
    Err(Vec::new())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    Colour { width: usize },
    Plain { width: usize },
}

pub fn render(_source: &Source, _problems: &[Problem], _look: Look) -> String {
    String::new()
}

#[derive(Clone, Debug, Default)]
pub struct Options {
    pub profile: Option<String>,
    pub region: Option<String>,
}

#[derive(Debug)]
pub struct Aws;

impl Aws {
    #[expect(clippy::unused_async, reason = "its namesake connects")]
    pub async fn connect(_options: Options) -> Self {
        Self
    }

    #[expect(clippy::unused_async, reason = "its namesake asks AWS")]
    pub async fn identity(&self) -> Result<Identity, CallError> {
        Err(missing())
    }
}

impl Cloud for Aws {
    async fn observe(&self, _query: &Query) -> Result<Snapshot, CallError> {
        Err(missing())
    }

    async fn perform(&self, _call: Call) -> Result<Reply, CallError> {
        Err(missing())
    }
}

fn missing() -> CallError {
    CallError {
        operation: "sts:GetCallerIdentity".to_owned(),
        code: None,
        message: "this build does not reach AWS".to_owned(),
        request_id: None,
        class: Class::Final,
        hint: None,
    }
}

pub fn plan(_stack: &Stack, _live: &Snapshot) -> Plan {
    Plan::default()
}

#[expect(clippy::unused_async, reason = "its namesake calls AWS")]
pub async fn apply<C: Cloud>(
    _plan: Arc<Plan>,
    _cloud: Arc<C>,
    _options: crate::apply::Options,
    _stop: tokio::sync::watch::Receiver<bool>,
    _report: impl FnMut(Event),
) -> Outcome {
    Outcome::default()
}
