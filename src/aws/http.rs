//! HTTP to servers that are no part of AWS, with what the SDK makes its clients of.

use std::{error::Error as _, time::Duration};

use aws_config::BehaviorVersion;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_types::{body::SdkBody, timeout::TimeoutConfig};
use thiserror::Error;

/// A request.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path behind the server's own, and the query.
    pub target: String,
    /// Headers by lower-case name.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

/// An answer: every status is one.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The whole body.
    pub body: Vec<u8>,
}

/// What no answer is.
#[derive(Debug, Error)]
#[error("no answer")]
struct Nothing;

/// A server.
#[derive(Debug)]
pub struct HttpServer {
    operation: Operation<Ask, Answer, Nothing>,
}

impl HttpServer {
    /// The server at `url`, which is a `what` in traces. It gets `always` with each request, which
    /// may be secret; an answer may take as long as `patience`.
    pub async fn connect(
        what: &'static str,
        url: &str,
        always: Vec<(&'static str, String)>,
        patience: Duration,
    ) -> Self {
        let sdk = aws_config::defaults(BehaviorVersion::latest())
            .no_credentials()
            .region("us-east-1")
            .load();
        // Boxed, because all the ways to find a configuration make for a large future.
        let sdk = Box::pin(sdk).await;
        let mut operation = Operation::builder()
            .service_name(what)
            .operation_name("Ask")
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(url)
            .no_auth()
            .no_retry()
            .timeout_config(TimeoutConfig::builder().operation_timeout(patience).build())
            .serializer(move |ask: Ask| {
                let length = ask.body.len();
                let mut request = HttpRequest::new(SdkBody::from(ask.body));
                request.set_method(ask.method.as_str())?;
                request.set_uri(ask.target)?;
                let headers = request.headers_mut();
                for (name, value) in &always {
                    headers.try_insert(*name, value.clone())?;
                }
                for (name, value) in ask.headers {
                    headers.try_insert(name, value)?;
                }
                headers.insert("content-length", length.to_string());
                Ok(request)
            })
            .deserializer(|response: &HttpResponse| {
                Ok::<_, OrchestratorError<Nothing>>(Answer {
                    status: response.status().as_u16(),
                    body: response.body().bytes().unwrap_or_default().to_vec(),
                })
            });
        if let Some(http) = sdk.http_client() {
            operation = operation.http_client(http);
        }
        if let Some(sleep) = sdk.sleep_impl() {
            operation = operation.sleep_impl(sleep);
        }
        Self {
            operation: operation.build(),
        }
    }

    /// Asks; the error says why there is no answer.
    pub async fn ask(&self, ask: Ask) -> Result<Answer, String> {
        let answer = Box::pin(self.operation.invoke(ask)).await;
        answer.map_err(|error| {
            let causes = std::iter::successors(error.source(), |cause| (*cause).source());
            let causes = causes.map(|cause| format!(": {cause}"));
            format!("{error}{}", causes.collect::<String>())
        })
    }
}
