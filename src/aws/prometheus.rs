//! The data plane of a workspace: PromQL queries over Prometheus' HTTP API, signed like every call
//! to AWS (AMP user guide, "Query using Prometheus-compatible APIs"). The SDK has no client for it,
//! but everything that clients are made of.

use std::{collections::BTreeMap, error::Error, sync::Arc};

use aws_config::SdkConfig;
use aws_sdk_sts::{
    config::{
        ConfigBag, Intercept, RuntimeComponents,
        interceptors::{BeforeDeserializationInterceptorContextMut, InterceptorContext},
        retry::{ClassifyRetry, RetryAction, RetryConfig},
        timeout::TimeoutConfig,
    },
    error::{BoxError, ErrorMetadata, ProvideErrorMetadata},
};
use aws_smithy_runtime::client::{
    orchestrator::operation::Operation,
    retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier},
};
use aws_smithy_runtime_api::client::{
    behavior_version::BehaviorVersion,
    orchestrator::{HttpRequest, HttpResponse, OrchestratorError},
    retries::classifiers::RetryClassifierPriority,
};
use aws_smithy_types::body::SdkBody;
use http_body_util::{LengthLimitError, Limited};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use thiserror::Error;

use crate::{
    aws::{
        error, pacer,
        retrying::RetryObserver,
        signed::{Signed, authority},
    },
    model::{call::CallError, workload::Sample},
};

/// The most bytes of an answer that are read: some ten thousand series. Queries ask for sums, so
/// an answer that is larger is not one to them.
const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;
/// The action of a query (service authorization reference, Amazon Managed Service for Prometheus).
const QUERY: &str = "aps:QueryMetrics";

/// What queries of every workspace have in common.
#[derive(Clone, Debug)]
pub(crate) struct Prometheus {
    signed: Signed,
    /// Where to ask instead of AWS (`AWS_ENDPOINT_URL`).
    endpoint: Option<String>,
    retries: RetryConfig,
    timeouts: TimeoutConfig,
}

/// A workspace that can be queried.
#[derive(Clone, Debug)]
pub(crate) struct Queryable(Arc<Operation<Query, Vec<Sample>, Refused>>);

/// A query: the last part of the path, and the parameters as a form.
#[derive(Clone, Debug)]
struct Query {
    path: &'static str,
    form: String,
}

/// What Prometheus, or AWS in front of it, says of a query that it does not answer.
#[derive(Debug, Error)]
#[error("the query was refused")]
struct Refused {
    meta: ErrorMetadata,
}

impl ProvideErrorMetadata for Refused {
    fn meta(&self) -> &ErrorMetadata {
        &self.meta
    }
}

impl Prometheus {
    pub(crate) fn new(sdk: &SdkConfig) -> Self {
        Self {
            signed: Signed::new(sdk),
            endpoint: sdk.endpoint_url().map(str::to_owned),
            // Queries are not paced: they have limits of their own.
            retries: RetryConfig::standard().with_max_attempts(pacer::ATTEMPTS),
            timeouts: sdk
                .timeout_config()
                .map_or_else(TimeoutConfig::builder, TimeoutConfig::to_builder)
                .operation_timeout(pacer::REQUEST_TIMEOUT)
                .build(),
        }
    }

    /// Returns whether another than AWS answers.
    pub(crate) fn is_elsewhere(&self) -> bool {
        self.endpoint.is_some()
    }

    /// The workspace `id` in `region`, whose API begins at `endpoint`: that is
    /// `https://HOST/workspaces/ID/`.
    pub(crate) fn workspace(&self, endpoint: &str, region: &str, id: &str) -> Queryable {
        let host = if let Some(instead) = &self.endpoint {
            instead.trim_end_matches('/').to_owned()
        } else {
            let path = endpoint.find("/workspaces/");
            path.map_or(endpoint, |path| &endpoint[..path]).to_owned()
        };
        let (id, authority) = (id.to_owned(), authority(&host).to_owned());
        let operation = Operation::builder()
            .service_name("aps")
            .operation_name("QueryMetrics")
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(&host)
            .standard_retry(&self.retries)
            .retry_classifier(HttpStatusCodeClassifier::default())
            .retry_classifier(TransientErrorClassifier::<Refused>::new())
            .retry_classifier(TooLarge)
            .timeout_config(self.timeouts.clone())
            .interceptor(RetryObserver { service: "aps" })
            .interceptor(Bounded)
            .runtime_plugin(self.signed.plugin("aps", region))
            .serializer(move |query: Query| request(&id, &authority, &query))
            .deserializer(|response: &HttpResponse| answer(response))
            .build();
        Queryable(Arc::new(operation))
    }
}

impl Queryable {
    /// The value of `expression` now.
    pub(crate) async fn query(&self, expression: &str) -> Result<Vec<Sample>, CallError> {
        let form = form(&[("query", expression)]);
        self.ask(Query {
            path: "query",
            form,
        })
        .await
    }

    /// The values of `expression` at times from `start` to `end`, `step` seconds apart; times are
    /// in seconds since 1970.
    pub(crate) async fn query_range(
        &self,
        expression: &str,
        (start, end): (u64, u64),
        step: u64,
    ) -> Result<Vec<Sample>, CallError> {
        let [start, end, step] = [start, end, step].map(|number| number.to_string());
        let form = form(&[
            ("query", expression),
            ("start", &start),
            ("end", &end),
            ("step", &step),
        ]);
        let path = "query_range";
        self.ask(Query { path, form }).await
    }

    async fn ask(&self, query: Query) -> Result<Vec<Sample>, CallError> {
        let answer = Box::pin(self.0.invoke(query)).await;
        answer.map_err(|failure| error::call_error(QUERY, &failure))
    }
}

fn form(parameters: &[(&str, &str)]) -> String {
    let encoded = parameters.iter().map(|(name, value)| {
        let value = utf8_percent_encode(value, NON_ALPHANUMERIC);
        format!("{name}={value}")
    });
    encoded.collect::<Vec<_>>().join("&")
}

/// POST, because a URL may not be as long as a query.
fn request(id: &str, authority: &str, query: &Query) -> Result<HttpRequest, BoxError> {
    let mut request = HttpRequest::new(SdkBody::from(query.form.as_str()));
    request.set_method("POST")?;
    request.set_uri(format!("/workspaces/{id}/api/v1/{}", query.path))?;
    let headers = request.headers_mut();
    headers.insert("host", authority.to_owned());
    headers.insert("content-type", "application/x-www-form-urlencoded");
    headers.insert("content-length", query.form.len().to_string());
    Ok(request)
}

/// Reads an answer of Prometheus' HTTP API (Prometheus documentation, "HTTP API", "Format
/// overview").
fn answer(response: &HttpResponse) -> Result<Vec<Sample>, OrchestratorError<Refused>> {
    let bytes = response.body().bytes().unwrap_or_default();
    let body: Value = serde_json::from_slice(bytes).unwrap_or(Value::Null);
    if !response.status().is_success() || body["status"] != "success" {
        return Err(OrchestratorError::operation(refused(response, &body)));
    }
    let result = body["data"]["result"].as_array();
    let result = result.ok_or_else(|| OrchestratorError::response("no result in it".into()))?;
    let samples: Option<Vec<Vec<Sample>>> = result.iter().map(samples).collect();
    let samples = samples.ok_or_else(|| OrchestratorError::response("an odd sample".into()))?;
    Ok(samples.into_iter().flatten().collect())
}

/// The samples of one series of a vector or of a matrix: values are text.
fn samples(series: &Value) -> Option<Vec<Sample>> {
    let labels: BTreeMap<String, String> = serde_json::from_value(series["metric"].clone()).ok()?;
    let one = std::slice::from_ref(&series["value"]);
    let values = series["values"].as_array().map_or(one, Vec::as_slice);
    let sample = |value: &Value| {
        let value = value.get(1)?.as_str()?.parse().ok()?;
        let labels = labels.clone();
        Some(Sample { labels, value })
    };
    values.iter().map(sample).collect()
}

/// What is wrong: Prometheus says `errorType` and `error`, AWS a header and `message`.
fn refused(response: &HttpResponse, body: &Value) -> Refused {
    let status = response.status().as_u16();
    let header = error::code_of_json(response);
    let mut members = ["message", "Message", "error"].iter();
    let said = members.find_map(|member| body.get(member)?.as_str());
    let of_message = || error::code_of_message(said.filter(|_| status == 403)?);
    let code = header
        .or_else(|| body["errorType"].as_str().map(str::to_owned))
        .or_else(|| of_message().map(str::to_owned))
        .unwrap_or_else(|| status.to_string());
    let message = said.map_or_else(|| format!("HTTP status {status}"), str::to_owned);
    let meta = ErrorMetadata::builder().code(code).message(message);
    Refused { meta: meta.build() }
}

/// Stops reading an answer that is larger than any to these queries.
#[derive(Debug)]
struct Bounded;

impl Intercept for Bounded {
    fn name(&self) -> &'static str {
        "bounded answer"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response_mut().body_mut();
        let whole = std::mem::replace(body, SdkBody::taken());
        *body = SdkBody::from_body_1_x(Limited::new(whole, MAX_ANSWER_BYTES));
        Ok(())
    }
}

/// Keeps a query from being sent again whose answer is too large: so would be the next one.
#[derive(Debug)]
struct TooLarge;

impl ClassifyRetry for TooLarge {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let mut cause: Option<&(dyn Error + 'static)> = match context.output_or_error() {
            Some(Err(failure)) => Some(failure),
            Some(Ok(_)) | None => None,
        };
        while let Some(error) = cause {
            if error.is::<LengthLimitError>() {
                return RetryAction::RetryForbidden;
            }
            cause = error.source();
        }
        RetryAction::NoActionIndicated
    }

    fn name(&self) -> &'static str {
        "too large"
    }

    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::aws::{
        mentions::unseen,
        script::{Answer, Script},
    };

    const ENDPOINT: &str = "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/";

    async fn asked(answer: Answer) -> (Result<Vec<Sample>, CallError>, Script) {
        let script = Script::new(move |_| answer.clone());
        let workspace = script
            .aws()
            .prometheus
            .workspace(ENDPOINT, "eu-west-1", "ws-1");
        (workspace.query("up{job=\"a b\"}").await, script)
    }

    #[tokio::test]
    async fn a_query_is_signed_for_the_region_of_the_workspace() {
        let body = json!({"status": "success", "data": {"resultType": "vector", "result": [
            {"metric": {"job": "a b"}, "value": [1.5, "1"]},
        ]}});
        let (samples, script) = asked(Answer::json(&body)).await;
        let samples = samples.expect("an answer");
        assert_eq!(samples[0].label("job"), "a b");
        assert!((samples[0].value - 1.0).abs() < f64::EPSILON);
        let asked = &script.asked()[0];
        assert_eq!(asked.uri, format!("{ENDPOINT}api/v1/query"));
        assert_eq!(asked.body, "query=up%7Bjob%3D%22a%20b%22%7D");
        let authorization = &asked.headers["authorization"];
        assert!(
            authorization.contains("/eu-west-1/aps/aws4_request"),
            "{authorization}"
        );
    }

    #[tokio::test]
    async fn what_is_wrong_is_said_by_code() {
        let denied = json!({"message": "User: me is not authorized"});
        for (status, body, code) in [
            (403, denied, "AccessDeniedException"),
            (
                400,
                json!({"status": "error", "errorType": "bad_data", "error": "parse"}),
                "bad_data",
            ),
            (404, json!({"message": "no such workspace"}), "404"),
            (403, json!({"message": "Forbidden"}), "403"),
        ] {
            let (answer, _) = asked(Answer::Http(status, body.to_string())).await;
            let error = answer.expect_err("refused");
            assert_eq!(error.code.as_deref(), Some(code), "{error}");
            assert_eq!(error.operation, "aps:QueryMetrics");
        }
    }

    #[tokio::test]
    async fn what_is_wrong_with_the_credentials_is_no_missing_permission() {
        for (message, hint) in [
            (
                "The request signature we calculated does not match the signature you provided.",
                "secret access key",
            ),
            (
                "The security token included in the request is expired",
                "log in again",
            ),
            (
                "The security token included in the request is invalid.",
                "check the profile",
            ),
            ("Missing Authentication Token", "check the profile"),
            (
                "Signature expired: 20261129T100000Z is now earlier than 20261129T101500Z",
                "clock",
            ),
        ] {
            let body = json!({"message": message}).to_string();
            let (answer, _) = asked(Answer::Http(403, body)).await;
            let error = answer.expect_err("refused");
            let said = unseen(&error);
            assert!(said.contains(message), "{said}");
            assert!(said.contains(hint), "{said}");
        }
    }

    #[tokio::test]
    async fn an_answer_without_end_is_not_read_to_its_end() {
        let endless = "x".repeat(MAX_ANSWER_BYTES + 1);
        let (answer, script) = asked(Answer::Http(200, endless)).await;
        let error = answer.expect_err("too large");
        assert!(error.to_string().contains("length limit"), "{error}");
        assert_eq!(script.asked().len(), 1, "nor asked for again");
    }
}
