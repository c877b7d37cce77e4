//! Translates HTTP requests into decoded calls, and outcomes into HTTP responses, in the protocol
//! that each service speaks.
//!
//! A request is routed as AWS's own front doors could not, because here one address serves all
//! services: by the service and region in the credential scope of its signature (AWS General
//! Reference, "Elements of an AWS API request signature"). The signature itself is verified only in
//! the data plane of workspaces, which collectors and Grafana sign for and not only SDKs.

mod json;
mod query;
mod rest;
mod scope;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    Refusal,
    service::{Input, Outcome},
};

pub use scope::partition;

/// An HTTP request, whichever way it came in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// Path and query as sent, still percent-encoded: `/workspaces?alias=a%20b`.
    pub target: String,
    /// Header values by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Request {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The path, still percent-encoded, and the decoded query pairs.
    fn path_and_query(&self) -> Result<(&str, query::Pairs), Refusal> {
        let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
        Ok((path, query::pairs(query)?))
    }
}

/// An HTTP response, whichever way it goes out.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Response {
    /// A response to the request `id`.
    fn new(status: u16, content_type: &str, id: &str, body: String) -> Self {
        Self {
            status,
            headers: vec![
                ("content-type", content_type.to_owned()),
                ("x-amzn-requestid", id.to_owned()),
            ],
            body: body.into_bytes(),
        }
    }

    /// The same with the time after which the refused call may be repeated, if the refusal names
    /// one.
    fn retry_after(mut self, refusal: &Refusal) -> Self {
        let header = refusal
            .retry_after_seconds
            .map(|seconds| ("retry-after", seconds.to_string()));
        self.headers.extend(header);
        self
    }
}

/// The services of the sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// AWS Identity and Access Management.
    Iam,
    /// AWS Security Token Service.
    Sts,
    /// Amazon Elastic Container Service.
    Ecs,
    /// Amazon CloudWatch Logs.
    Logs,
    /// Amazon Managed Service for Prometheus.
    Amp,
    /// Resource Groups Tagging API.
    Tagging,
    /// AWS Secrets Manager.
    Secrets,
    /// AWS Systems Manager.
    Ssm,
    /// AWS Key Management Service.
    Kms,
    /// Amazon Elastic Container Registry.
    Ecr,
    /// Amazon Elastic File System.
    Efs,
    /// Service Quotas.
    Quotas,
    /// Amazon CloudWatch.
    CloudWatch,
}

impl Service {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Iam,
        Self::Sts,
        Self::Ecs,
        Self::Logs,
        Self::Amp,
        Self::Tagging,
        Self::Secrets,
        Self::Ssm,
        Self::Kms,
        Self::Ecr,
        Self::Efs,
        Self::Quotas,
        Self::CloudWatch,
    ];

    /// The name in a credential scope (`signingName` or else `endpointPrefix` of the API models).
    pub fn signing_name(self) -> &'static str {
        match self {
            Self::Iam => "iam",
            Self::Sts => "sts",
            Self::Ecs => "ecs",
            Self::Logs => "logs",
            Self::Amp => "aps",
            Self::Tagging => "tagging",
            Self::Secrets => "secretsmanager",
            Self::Ssm => "ssm",
            Self::Kms => "kms",
            Self::Ecr => "ecr",
            Self::Efs => "elasticfilesystem",
            Self::Quotas => "servicequotas",
            Self::CloudWatch => "monitoring",
        }
    }

    /// The form of its requests and responses (`protocol` of the API models).
    pub fn dialect(self) -> Dialect {
        match self {
            Self::Iam => Dialect::Query(query::Api::IAM),
            Self::Sts => Dialect::Query(query::Api::STS),
            Self::Ecs => Dialect::Json("AmazonEC2ContainerServiceV20141113"),
            Self::Logs => Dialect::Json("Logs_20140328"),
            Self::Tagging => Dialect::Json("ResourceGroupsTaggingAPI_20170126"),
            Self::Secrets => Dialect::Json("secretsmanager"),
            Self::Ssm => Dialect::Json("AmazonSSM"),
            Self::Kms => Dialect::Json("TrentService"),
            Self::Ecr => Dialect::Json("AmazonEC2ContainerRegistry_V20150921"),
            Self::Quotas => Dialect::Json("ServiceQuotasV20190624"),
            Self::CloudWatch => Dialect::Json(json::CLOUDWATCH),
            Self::Amp | Self::Efs => Dialect::Rest,
        }
    }
}

/// A protocol, with what it needs to know of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// awsQuery: form parameters in, XML out.
    Query(query::Api),
    /// awsJson, with the prefix of `X-Amz-Target`.
    Json(&'static str),
    /// restJson: method, path, query and body in, JSON out.
    Rest,
}

/// A decoded request.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Who answers.
    pub service: Service,
    /// The region of the credential scope.
    pub region: String,
    /// The operation, as the API spells it.
    pub operation: String,
    /// The members of the input.
    pub input: Input,
    /// The id of the access key that signed it; nothing for calls that this process makes itself.
    pub key: Option<String>,
}

impl Call {
    /// Returns whether the call only reads, judging by the verb that AWS's operation names begin
    /// with.
    pub fn is_read(&self) -> bool {
        [
            "BatchGet", "Describe", "Filter", "Get", "List", "Query", "Simulate",
        ]
        .iter()
        .any(|verb| self.operation.starts_with(verb))
    }

    /// Returns whether what the call does is kept in a file: samples are not.
    pub fn is_kept(&self) -> bool {
        !self.is_read() && self.operation != crate::prometheus::REMOTE_WRITE
    }
}

/// A request that reaches no service, and the form in which its error goes out.
#[derive(Clone, Debug, PartialEq)]
pub struct Rejection {
    /// The form of the response.
    pub dialect: Dialect,
    /// The error.
    pub refusal: Refusal,
}

/// Finds out what `request` asks of whom.
pub fn decode(request: &Request) -> Result<Call, Rejection> {
    let guess = guess_dialect(request);
    let scope = scope::of(request).map_err(|fault| Rejection {
        dialect: guess,
        refusal: fault.refusal(guess),
    })?;
    let dialect = scope.service.dialect();
    let decoded = match dialect {
        Dialect::Query(api) => query::decode(request, api),
        Dialect::Json(prefix) => json::decode(request, prefix),
        Dialect::Rest => rest::decode(request),
    };
    let (operation, input) = decoded.map_err(|refusal| Rejection { dialect, refusal })?;
    Ok(Call {
        service: scope.service,
        region: scope.region,
        operation,
        input,
        key: Some(scope.key),
    })
}

/// Writes `outcome` of `operation` as `dialect` does; `id` is the request id.
pub fn encode(dialect: Dialect, operation: &str, id: &str, outcome: &Outcome) -> Response {
    match (dialect, outcome) {
        (Dialect::Query(api), Ok(answer)) => query::encode(api, operation, id, answer),
        (Dialect::Query(api), Err(refusal)) => query::encode_error(api, id, refusal),
        (Dialect::Json(prefix), Ok(answer)) => json::encode(prefix, id, answer),
        (Dialect::Json(prefix), Err(refusal)) => json::encode_error(prefix, id, refusal),
        (Dialect::Rest, Ok(answer)) => rest::encode(id, answer),
        (Dialect::Rest, Err(refusal)) => rest::encode_error(id, refusal),
    }
}

/// The protocol of a request that does not say for whom it is.
fn guess_dialect(request: &Request) -> Dialect {
    let is_form = request
        .header("content-type")
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if request.header("x-amz-target").is_some() {
        Dialect::Json("")
    } else if is_form || request.target.contains("Action=") {
        Dialect::Query(query::Api::STS)
    } else {
        Dialect::Rest
    }
}

/// Reads a JSON object; no body at all counts as an empty one.
fn object(body: &[u8]) -> Option<Input> {
    if body.is_empty() {
        return Some(Input::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => Some(members),
        Ok(
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_),
        )
        | Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Request, Service, decode, encode};
    use crate::Answer;

    fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Request {
        Request {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: body.as_bytes().to_vec(),
        }
    }

    fn signed(service: &str) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential=A/20260101/eu-west-1/{service}/aws4_request, Signature=0"
        )
    }

    #[test]
    fn each_service_is_spoken_to_in_its_protocol() {
        let table = [
            (
                Service::Iam,
                request(
                    "POST",
                    "/",
                    &[("authorization", &signed("iam"))],
                    "Action=GetRole&Version=2010-05-08&A=b",
                ),
                "GetRole",
                json!({ "A": "b" }),
            ),
            (
                Service::Sts,
                request(
                    "GET",
                    "/?Action=X&Version=2011-06-15",
                    &[("authorization", &signed("sts"))],
                    "",
                ),
                "X",
                json!({}),
            ),
            (
                Service::Logs,
                request(
                    "POST",
                    "/",
                    &[
                        ("authorization", &signed("logs")),
                        ("x-amz-target", "Logs_20140328.Y"),
                    ],
                    "{\"a\":[1]}",
                ),
                "Y",
                json!({ "a": [1] }),
            ),
            (
                Service::Amp,
                request(
                    "DELETE",
                    "/workspaces/ws-1?clientToken=t",
                    &[("authorization", &signed("aps"))],
                    "",
                ),
                "DeleteWorkspace",
                json!({ "workspaceId": "ws-1", "clientToken": "t" }),
            ),
        ];
        for (service, request, operation, input) in table {
            let call = decode(&request).expect(operation);
            assert_eq!((call.service, call.region.as_str()), (service, "eu-west-1"));
            assert_eq!(call.operation, operation);
            assert_eq!(Value::Object(call.input), input);
        }
    }

    #[test]
    fn an_unsigned_request_is_refused_in_the_protocol_it_speaks() {
        let form = [(
            "content-type",
            "application/x-www-form-urlencoded; charset=utf-8",
        )];
        let json = [("x-amz-target", "Logs_20140328.Y")];
        for (headers, kind) in [
            (&form[..], "text/xml"),
            (&json[..], "application/x-amz-json-1.1"),
            (&[][..], "application/json"),
        ] {
            let rejection = decode(&request("POST", "/", headers, "")).expect_err(kind);
            let response = encode(rejection.dialect, "", "id", &Err(rejection.refusal));
            assert_eq!(response.status, 403);
            assert!(
                response
                    .headers
                    .contains(&("content-type", kind.to_owned())),
                "{kind}"
            );
        }
    }

    #[test]
    fn every_answer_carries_the_request_id() {
        for service in Service::ALL {
            let response = encode(service.dialect(), "X", "id-7", &Ok(Answer::ok(json!({}))));
            let id = ("x-amzn-requestid", "id-7".to_owned());
            assert!(response.headers.contains(&id), "{service:?}");
        }
    }

    #[test]
    fn reading_is_distinguished_from_writing_by_name() {
        let mut request = request("POST", "/", &[("authorization", &signed("iam"))], "");
        for (operation, is_read) in [
            ("GetRole", true),
            ("ListRoles", true),
            ("SimulateCustomPolicy", true),
            ("TagRole", false),
            ("DeleteRole", false),
        ] {
            request.body = format!("Action={operation}&Version=2010-05-08").into_bytes();
            let call = decode(&request).expect(operation);
            assert_eq!(call.is_read(), is_read, "{operation}");
        }
    }
}
