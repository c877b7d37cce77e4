//! One small client for the services of which amp-stack makes a call or two each: Secrets Manager,
//! Systems Manager, KMS, ECR, EFS, Service Quotas and CloudWatch.
//!
//! The SDK has a client for each of them. Their crates together hold some hundred thousand
//! lines, which is more than all that amp-stack uses besides, for requests of a few lines
//! whose answers are read member by member. What is hard about a request - credentials, signatures,
//! retries, timeouts, proxies - is the SDK's here, too.

use std::{collections::BTreeMap, error::Error as _, sync::Arc, time::Duration};

use aws_config::SdkConfig;
use aws_sdk_sts::{
    config::{retry::RetryConfig, timeout::TimeoutConfig},
    error::{BoxError, ErrorMetadata, ProvideErrorMetadata, SdkError},
};
use aws_smithy_runtime::client::{
    orchestrator::operation::Operation,
    retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier},
};
use aws_smithy_runtime_api::client::{
    behavior_version::BehaviorVersion,
    orchestrator::{HttpRequest, HttpResponse, OrchestratorError},
};
use aws_smithy_types::body::SdkBody;
use aws_types::service_config::ServiceConfigKey;
use serde_json::Value;
use thiserror::Error;

use crate::{
    aws::{
        client::{QuotaOrThrottle, Service},
        error,
        retrying::RetryObserver,
        signed::{Signed, authority},
    },
    model::{call::CallError, identity::service_url},
};

/// How often a request is sent: what can't be seen is said, and nothing waits for it.
const ATTEMPTS: u32 = 3;
/// How long all attempts may take together.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Api {
    /// Its name in signatures.
    name: &'static str,
    /// What its host begins with, and what that of its FIPS endpoint does (AWS General Reference,
    /// "Service endpoints and quotas").
    hosts: (&'static str, &'static str),
    /// What the AWS configuration calls it (AWS SDKs and Tools Reference Guide, "Service-specific
    /// endpoints").
    id: &'static str,
    protocol: Protocol,
}

/// How a service is spoken to (botocore models, `protocol` and `targetPrefix`).
#[derive(Clone, Copy, Debug)]
enum Protocol {
    /// awsJson, with the version and what `X-Amz-Target` begins with.
    Json(&'static str, &'static str),
    /// restJson, of which only `GET` is needed, with the path.
    Rest(&'static str),
}

pub(crate) const SECRETS: Api = Api {
    name: "secretsmanager",
    hosts: ("secretsmanager", "secretsmanager-fips"),
    id: "Secrets Manager",
    protocol: Protocol::Json("1.1", "secretsmanager"),
};
pub(crate) const PARAMETERS: Api = Api {
    name: "ssm",
    hosts: ("ssm", "ssm-fips"),
    id: "SSM",
    protocol: Protocol::Json("1.1", "AmazonSSM"),
};
pub(crate) const KEYS: Api = Api {
    name: "kms",
    hosts: ("kms", "kms-fips"),
    id: "KMS",
    protocol: Protocol::Json("1.1", "TrentService"),
};
pub(crate) const IMAGES: Api = Api {
    name: "ecr",
    hosts: ("api.ecr", "ecr-fips"),
    id: "ECR",
    protocol: Protocol::Json("1.1", "AmazonEC2ContainerRegistry_V20150921"),
};
pub(crate) const FILE_SYSTEMS: Api = Api {
    name: "elasticfilesystem",
    hosts: ("elasticfilesystem", "elasticfilesystem-fips"),
    id: "EFS",
    protocol: Protocol::Rest("/2015-02-01/file-systems"),
};
pub(crate) const ACCESS_POINTS: Api = Api {
    protocol: Protocol::Rest("/2015-02-01/access-points"),
    ..FILE_SYSTEMS
};
pub(crate) const QUOTAS: Api = Api {
    name: "servicequotas",
    hosts: ("servicequotas", "servicequotas-fips"),
    id: "Service Quotas",
    protocol: Protocol::Json("1.1", "ServiceQuotasV20190624"),
};
/// CloudWatch, which policies call `cloudwatch`.
pub(crate) const METRICS: Api = Api {
    name: "monitoring",
    hosts: ("monitoring", "monitoring-fips"),
    id: "CloudWatch",
    protocol: Protocol::Json("1.0", "GraniteServiceVersion20100801"),
};
const ALL: [Api; 7] = [
    SECRETS,
    PARAMETERS,
    KEYS,
    IMAGES,
    FILE_SYSTEMS,
    QUOTAS,
    METRICS,
];

/// The client.
#[derive(Clone, Debug)]
pub(crate) struct Json {
    signed: Signed,
    /// Where to ask instead of AWS (`AWS_ENDPOINT_URL`), for all and by service.
    endpoint: Option<String>,
    endpoints: BTreeMap<&'static str, String>,
    uses_fips: bool,
    timeouts: TimeoutConfig,
}

impl Service<Arc<Json>> {
    /// Asks for one thing of one of the services. `operation` is spelled as IAM spells it.
    pub(crate) async fn ask(
        &self,
        (api, region): (Api, &str),
        operation: &'static str,
        input: Value,
    ) -> Result<Value, CallError> {
        let name = operation
            .split_once(':')
            .map_or(operation, |(_, name)| name);
        let request = self.client.ask(api, region, name, input);
        self.call(operation, request).await
    }
}

/// What a service says of a request that it does not answer.
#[derive(Debug, Error)]
#[error("the request was refused")]
pub(crate) struct Refused {
    meta: ErrorMetadata,
}

impl ProvideErrorMetadata for Refused {
    fn meta(&self) -> &ErrorMetadata {
        &self.meta
    }
}

impl Json {
    pub(crate) fn new(sdk: &SdkConfig) -> Self {
        let of_service = |api: &Api| {
            let key = ServiceConfigKey::builder()
                .service_id(api.id)
                .profile("endpoint_url")
                .env("AWS_ENDPOINT_URL")
                .build()
                .ok()?;
            Some((api.name, sdk.service_config()?.load_config(key)?))
        };
        Self {
            signed: Signed::new(sdk),
            endpoint: sdk.endpoint_url().map(str::to_owned),
            endpoints: ALL.iter().filter_map(of_service).collect(),
            uses_fips: sdk.use_fips().unwrap_or_default(),
            timeouts: sdk
                .timeout_config()
                .map_or_else(TimeoutConfig::builder, TimeoutConfig::to_builder)
                .operation_timeout(TIMEOUT)
                .build(),
        }
    }

    /// Asks `api` in `region` for `operation`. `input` is the members of the input; where `api`
    /// speaks REST, they are its query.
    pub(crate) async fn ask(
        &self,
        api: Api,
        region: &str,
        operation: &'static str,
        input: Value,
    ) -> Result<Value, SdkError<Refused, HttpResponse>> {
        let endpoint = self.endpoint(api, region);
        let host = authority(&endpoint).to_owned();
        let call = Operation::builder()
            .service_name(api.name)
            .operation_name(operation)
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(&endpoint)
            .standard_retry(&RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .retry_classifier(HttpStatusCodeClassifier::default())
            .retry_classifier(TransientErrorClassifier::<Refused>::new())
            .retry_classifier(QuotaOrThrottle)
            .timeout_config(self.timeouts.clone())
            .interceptor(RetryObserver { service: api.name })
            .runtime_plugin(self.signed.plugin(api.name, region))
            .serializer(move |input: Value| request(api, operation, &host, &input))
            .deserializer(|response: &HttpResponse| answer(response))
            .build();
        Box::pin(call.invoke(input)).await
    }

    /// Downloads what a service has given a signed URL for, once. The error says why it did not
    /// come.
    pub(crate) async fn download(&self, url: &str) -> Result<Vec<u8>, String> {
        let host = authority(url).to_owned();
        let origin = url.find(&host).map_or(url, |at| &url[..at + host.len()]);
        let target = url[origin.len()..].to_owned();
        let mut get = Operation::builder()
            .service_name("download")
            .operation_name("Get")
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(origin)
            .no_auth()
            .no_retry()
            .timeout_config(self.timeouts.clone())
            .serializer(move |(): ()| {
                let mut request = HttpRequest::new(SdkBody::empty());
                request.set_method("GET")?;
                request.set_uri(target.clone())?;
                request.headers_mut().insert("host", host.clone());
                Ok(request)
            })
            .deserializer(|response: &HttpResponse| {
                let body = response.body().bytes().unwrap_or_default().to_vec();
                Ok::<_, OrchestratorError<Refused>>((response.status().as_u16(), body))
            });
        if let Some(http) = self.signed.http() {
            get = get.http_client(http);
        }
        match Box::pin(get.build().invoke(())).await {
            Ok((200, body)) => Ok(body),
            Ok((status, _)) => Err(format!(
                "its download is answered with HTTP status {status}"
            )),
            Err(error) => {
                let causes = std::iter::successors(error.source(), |cause| (*cause).source());
                let causes: Vec<String> = causes.map(ToString::to_string).collect();
                let why = causes.join(": ");
                Err(format!("it can't be downloaded: {why}"))
            }
        }
    }

    fn endpoint(&self, api: Api, region: &str) -> String {
        let named = self.endpoints.get(api.name).or(self.endpoint.as_ref());
        let (host, fips) = api.hosts;
        let host = if self.uses_fips { fips } else { host };
        named.map_or_else(
            || service_url(host, region),
            |named| named.trim_end_matches('/').to_owned(),
        )
    }
}

fn request(api: Api, operation: &str, host: &str, input: &Value) -> Result<HttpRequest, BoxError> {
    let (method, uri, body) = match api.protocol {
        Protocol::Json(..) => ("POST", "/".to_owned(), input.to_string()),
        Protocol::Rest(path) => {
            let members = input.as_object().into_iter().flatten();
            let pairs = members.filter_map(|(name, value)| {
                let value = percent_encoding::utf8_percent_encode(
                    value.as_str()?,
                    percent_encoding::NON_ALPHANUMERIC,
                );
                Some(format!("{name}={value}"))
            });
            let query = pairs.collect::<Vec<_>>().join("&");
            ("GET", format!("{path}?{query}"), String::new())
        }
    };
    let mut request = HttpRequest::new(SdkBody::from(body.as_str()));
    request.set_method(method)?;
    request.set_uri(uri)?;
    let headers = request.headers_mut();
    headers.insert("host", host.to_owned());
    if let Protocol::Json(version, target) = api.protocol {
        headers.insert("content-type", format!("application/x-amz-json-{version}"));
        headers.insert("x-amz-target", format!("{target}.{operation}"));
        headers.insert("content-length", body.len().to_string());
    }
    Ok(request)
}

fn answer(response: &HttpResponse) -> Result<Value, OrchestratorError<Refused>> {
    let bytes = response.body().bytes().unwrap_or_default();
    let body = serde_json::from_slice(bytes);
    if response.status().is_success() {
        return body.map_err(|_| OrchestratorError::response("the answer is not JSON".into()));
    }
    let body: Value = body.unwrap_or_default();
    let status = response.status().as_u16();
    let code = error::code_of_json(response);
    // EFS names the code of an error in a member of its own (API reference, "Error Responses").
    let code = code.or_else(|| body["ErrorCode"].as_str().map(str::to_owned));
    let code = code.unwrap_or_else(|| status.to_string());
    let mut members = ["message", "Message"].iter();
    let said = members.find_map(|member| body.get(member)?.as_str());
    let message = said.map_or_else(|| format!("HTTP status {status}"), str::to_owned);
    let meta = ErrorMetadata::builder().code(code).message(message);
    Err(OrchestratorError::operation(Refused { meta: meta.build() }))
}
