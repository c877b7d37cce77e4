//! A network for tests: it answers from a script and keeps what it was asked.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_iam::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::body::SdkBody;
use serde_json::Value;

use crate::{
    aws::Aws,
    model::{identity::Identity, query::Query},
};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const REGION: &str = "us-east-1";

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// `ListRoles` or, for the REST protocol, `GET /workspaces`.
    pub(crate) operation: String,
    /// How often the same was asked before.
    pub(crate) before: usize,
    pub(crate) uri: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    /// The value of a parameter of the Query protocol, not decoded.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let mut pairs = self.body.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
    }
}

/// What comes back.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// A response with a status and a body.
    Http(u16, String),
    /// A broken connection.
    Lost,
}

impl Answer {
    pub(crate) fn ok(body: &str) -> Self {
        Self::Http(200, body.to_owned())
    }

    pub(crate) fn json(body: &Value) -> Self {
        Self::ok(&body.to_string())
    }

    /// An error of the JSON protocols.
    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        let body = serde_json::json!({"__type": code, "message": message});
        Self::Http(status, body.to_string())
    }

    /// An error of the Query protocol.
    pub(crate) fn xml_error(status: u16, code: &str) -> Self {
        let body = format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>said so</Message></Error><RequestId>r-1</RequestId></ErrorResponse>"
        );
        Self::Http(status, body)
    }

    /// The answer of an operation of the Query protocol.
    pub(crate) fn xml(operation: &str, result: &str) -> Self {
        Self::ok(&format!(
            "<{operation}Response xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><{operation}Result>{result}</{operation}Result></{operation}Response>"
        ))
    }
}

type Respond = dyn Fn(&Asked) -> Answer + Send + Sync;

/// The network.
#[derive(Clone)]
pub(crate) struct Script {
    respond: Arc<Respond>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Script")
    }
}

impl Script {
    pub(crate) fn new(respond: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        Self {
            respond: Arc::new(respond),
            asked: Arc::default(),
        }
    }

    /// AWS as this network shows it.
    pub(crate) fn aws(&self) -> Aws {
        let credentials = Credentials::new("AKIDEXAMPLE", "example", None, None, "test");
        self.aws_with(Some(SharedCredentialsProvider::new(credentials)))
    }

    pub(crate) fn aws_with(&self, credentials: Option<SharedCredentialsProvider>) -> Aws {
        let mut sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .http_client(self.clone());
        sdk.set_credentials_provider(credentials);
        Aws::new(&sdk.build())
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The operations in the order in which they were asked for.
    pub(crate) fn operations(&self) -> Vec<String> {
        self.asked().into_iter().map(|a| a.operation).collect()
    }

    pub(crate) fn count(&self, operation: &str) -> usize {
        self.operations().iter().filter(|o| *o == operation).count()
    }
}

impl HttpClient for Script {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Script {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut asked = asked(&request);
        asked.before = self.count(&asked.operation);
        self.asked.lock().unwrap().push(asked.clone());
        HttpConnectorFuture::ready(match (self.respond)(&asked) {
            Answer::Http(status, body) => {
                let status = status.try_into().expect("the script has valid statuses");
                Ok(HttpResponse::new(status, SdkBody::from(body)))
            }
            Answer::Lost => Err(ConnectorError::io("connection reset".into())),
        })
    }
}

fn asked(request: &HttpRequest) -> Asked {
    let body = request.body().bytes().unwrap_or_default();
    let body = String::from_utf8(body.to_vec()).expect("requests are UTF-8");
    let uri = request.uri();
    let path = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    let path = path.find('/').map_or("/", |start| &path[start..]);
    let path = path.split('?').next().unwrap_or(path);
    let headers: BTreeMap<String, String> = request
        .headers()
        .iter()
        .map(|(key, value)| (key.to_lowercase(), value.to_owned()))
        .collect();
    let operation = match (headers.get("x-amz-target"), body.strip_prefix("Action=")) {
        (Some(target), _) => target.rsplit('.').next().unwrap_or(target).to_owned(),
        (None, Some(query)) => query.split('&').next().unwrap_or(query).to_owned(),
        (None, None) => format!("{} {path}", request.method()),
    };
    Asked {
        operation,
        before: 0,
        uri: request.uri().to_owned(),
        headers,
        body,
    }
}

/// The answer to `GetCallerIdentity`.
pub(crate) fn caller() -> Answer {
    Answer::xml(
        "GetCallerIdentity",
        &format!(
            "<Arn>arn:aws:iam::{ACCOUNT}:user/me</Arn><UserId>AIDA</UserId><Account>{ACCOUNT}</Account>"
        ),
    )
}

/// A query of the stack `shop` that declares nothing.
pub(crate) fn query() -> Query {
    Query {
        stack: "shop".parse().unwrap(),
        former: None,
        identity: Identity::new(ACCOUNT, REGION),
        roles: [].into(),
        log_groups: [].into(),
        retentions: [].into(),
        families: [].into(),
        services: [].into(),
        mentions: [].into(),
        images_for_processors: [].into(),
        alias: None,
        adopt_id: None,
        workspace_configuration: false,
        left_to: BTreeMap::new(),
        removal: false,
        needs: false,
        destroy: false,
        spelled: false,
    }
}
