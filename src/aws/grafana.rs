//! Grafana's HTTP API, as far as a dashboard and its data source are sent (Grafana documentation,
//! "Dashboard API", "Data source API"). It is no part of AWS, but the SDK has everything that a
//! client is made of.

use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_types::{
    body::SdkBody, error::display::DisplayErrorContext, timeout::TimeoutConfig,
};
use serde_json::{Value, json};
use thiserror::Error;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why something was not sent.
#[derive(Debug, Error)]
pub enum GrafanaError {
    /// Grafana does not answer.
    #[error("cannot {what} at {url}: {cause}")]
    Unreachable {
        /// What was attempted.
        what: &'static str,
        /// Of which Grafana.
        url: String,
        /// What went wrong.
        cause: String,
    },
    /// Grafana says no.
    #[error("cannot {what} at {url}: Grafana answers {status}: {message}")]
    Refused {
        /// What was attempted.
        what: &'static str,
        /// Of which Grafana.
        url: String,
        /// The status.
        status: u16,
        /// What it says.
        message: String,
    },
}

/// A request: method, path and body.
#[derive(Clone, Debug)]
struct Ask {
    method: &'static str,
    path: String,
    body: Option<String>,
}

/// An answer: the status and the body.
#[derive(Debug)]
struct Answer {
    status: u16,
    body: Value,
}

/// What no answer is: every status is one.
#[derive(Debug, Error)]
#[error("no answer")]
struct Nothing;

/// A Grafana.
#[derive(Debug)]
pub struct Grafana {
    url: String,
    operation: Operation<Ask, Answer, Nothing>,
}

impl Grafana {
    /// The Grafana at `url`, for whoever has this token of a service account.
    pub async fn connect(url: &str, token: String) -> Self {
        let sdk = aws_config::defaults(BehaviorVersion::latest())
            .no_credentials()
            .region("us-east-1")
            .load();
        // Boxed, because all the ways to find a configuration make for a large future.
        let sdk = Box::pin(sdk).await;
        let mut operation = Operation::builder()
            .service_name("grafana")
            .operation_name("Push")
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(url)
            .no_auth()
            .no_retry()
            .timeout_config(TimeoutConfig::builder().operation_timeout(PATIENCE).build())
            .serializer(move |ask: Ask| {
                let body = ask.body.unwrap_or_default();
                let mut request = HttpRequest::new(SdkBody::from(body.as_str()));
                request.set_method(ask.method)?;
                request.set_uri(ask.path)?;
                let headers = request.headers_mut();
                headers.insert("accept", "application/json");
                headers.insert("authorization", format!("Bearer {token}"));
                headers.insert("content-type", "application/json");
                headers.insert("content-length", body.len().to_string());
                Ok(request)
            })
            .deserializer(|response: &HttpResponse| {
                let bytes = response.body().bytes().unwrap_or_default();
                Ok::<_, OrchestratorError<Nothing>>(Answer {
                    status: response.status().as_u16(),
                    body: serde_json::from_slice(bytes).unwrap_or(Value::Null),
                })
            });
        if let Some(http) = sdk.http_client() {
            operation = operation.http_client(http);
        }
        if let Some(sleep) = sdk.sleep_impl() {
            operation = operation.sleep_impl(sleep);
        }
        Self {
            url: url.trim_end_matches('/').to_owned(),
            operation: operation.build(),
        }
    }

    /// Makes the data source, or what it is into this.
    pub async fn put_source(&self, source: &Value) -> Result<(), GrafanaError> {
        let what = "send the data source";
        let uid = source["uid"].as_str().unwrap_or_default();
        let path = format!("/api/datasources/uid/{uid}");
        let known = self.ask(what, "GET", path.clone(), None).await?;
        let (method, path) = if known.status == 404 {
            ("POST", "/api/datasources".to_owned())
        } else {
            self.accepted(what, &known)?;
            ("PUT", path)
        };
        let answer = self
            .ask(what, method, path, Some(source.to_string()))
            .await?;
        self.accepted(what, &answer)
    }

    /// Makes the dashboard, or what it is into this; returns its address.
    pub async fn put_dashboard(&self, dashboard: &Value) -> Result<String, GrafanaError> {
        let what = "send the dashboard";
        let body = json!({
            "dashboard": dashboard, "overwrite": true, "message": "amp-stack dashboard --push",
        });
        let path = "/api/dashboards/db".to_owned();
        let answer = self.ask(what, "POST", path, Some(body.to_string())).await?;
        self.accepted(what, &answer)?;
        let path = answer.body["url"].as_str().unwrap_or_default();
        Ok(format!("{}{path}", self.url))
    }

    async fn ask(
        &self,
        what: &'static str,
        method: &'static str,
        path: String,
        body: Option<String>,
    ) -> Result<Answer, GrafanaError> {
        let ask = Ask { method, path, body };
        let answer = Box::pin(self.operation.invoke(ask)).await;
        answer.map_err(|error| GrafanaError::Unreachable {
            what,
            url: self.url.clone(),
            cause: DisplayErrorContext(&error).to_string(),
        })
    }

    fn accepted(&self, what: &'static str, answer: &Answer) -> Result<(), GrafanaError> {
        if (200..300).contains(&answer.status) {
            return Ok(());
        }
        let message = answer.body["message"].as_str().unwrap_or("nothing more");
        Err(GrafanaError::Refused {
            what,
            url: self.url.clone(),
            status: answer.status,
            message: message.to_owned(),
        })
    }
}
