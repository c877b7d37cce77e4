//! Reads for which service and region a request was signed.

use crate::{
    Refusal,
    wire::{Dialect, Request, Service},
};

/// The part of a credential scope that matters here.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scope {
    pub(super) service: Service,
    pub(super) region: String,
    /// The id of the access key.
    pub(super) key: String,
}

/// Why a request belongs to no service.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fault {
    /// It is not signed at all.
    Unsigned,
    /// Its signature cannot be read; the text says what is missing.
    Incomplete(String),
    /// It is signed for a service that is not here.
    Foreign(String),
}

impl Fault {
    /// The error as a service that speaks `dialect` gives it: IAM API reference, Common Errors, and
    /// the same pages of the services with JSON protocols, where the codes end in `Exception`.
    pub(super) fn refusal(self, dialect: Dialect) -> Refusal {
        let code = |query, json| match dialect {
            Dialect::Query(_) => query,
            Dialect::Json(_) | Dialect::Rest => json,
        };
        match self {
            Self::Unsigned => {
                let code = code(
                    "MissingAuthenticationToken",
                    "MissingAuthenticationTokenException",
                );
                Refusal::new(403, code, "Request is missing Authentication Token")
            }
            Self::Incomplete(message) => {
                let code = code("IncompleteSignature", "IncompleteSignatureException");
                Refusal::new(400, code, message)
            }
            Self::Foreign(name) => {
                let known: Vec<&str> = Service::ALL
                    .into_iter()
                    .map(Service::signing_name)
                    .collect();
                let code = code("InvalidAction", "UnknownOperationException");
                let message = format!(
                    "the sandbox has no service '{name}', only {}",
                    known.join(", ")
                );
                Refusal::new(400, code, message)
            }
        }
    }
}

/// Finds the credential scope in the `Authorization` header or, for a presigned request, in the
/// query.
pub(super) fn of(request: &Request) -> Result<Scope, Fault> {
    let credential = credential(request)?;
    // AWS General Reference: <key id>/<yyyymmdd>/<region>/<service>/aws4_request. A key id holds no
    // slash.
    let parts: Vec<&str> = credential.split('/').collect();
    let &[key, _date, region, name, "aws4_request"] = parts.as_slice() else {
        return Err(Fault::Incomplete(format!(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{credential}'"
        )));
    };
    let service = Service::ALL
        .into_iter()
        .find(|service| service.signing_name() == name)
        .ok_or_else(|| Fault::Foreign(name.to_owned()))?;
    Ok(Scope {
        service,
        region: region.to_owned(),
        key: key.to_owned(),
    })
}

fn credential(request: &Request) -> Result<String, Fault> {
    if let Some(authorization) = request.header("authorization") {
        return authorization
            .strip_prefix("AWS4-HMAC-SHA256")
            .and_then(|rest| {
                rest.split(',')
                    .find_map(|part| part.trim().strip_prefix("Credential="))
            })
            .map(str::to_owned)
            .ok_or_else(|| {
                Fault::Incomplete(
                    "Authorization header requires 'Credential' parameter.".to_owned(),
                )
            });
    }
    // A query that cannot be read has no signature either.
    let query = request.path_and_query().map(|(_, query)| query);
    query
        .unwrap_or_default()
        .into_iter()
        .find_map(|(name, value)| (name == "X-Amz-Credential").then_some(value))
        .ok_or(Fault::Unsigned)
}

/// The partition of `region`, by the region patterns of botocore's `partitions.json`.
pub fn partition(region: &str) -> &'static str {
    const PREFIXES: [(&str, &str); 7] = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-iso-", "aws-iso"),
        ("us-isob-", "aws-iso-b"),
        ("eu-isoe-", "aws-iso-e"),
        ("us-isof-", "aws-iso-f"),
        ("eusc-", "aws-eusc"),
    ];
    PREFIXES
        .into_iter()
        .find_map(|(prefix, partition)| region.starts_with(prefix).then_some(partition))
        .unwrap_or("aws")
}

#[cfg(test)]
mod tests {
    use super::{of, partition};
    use crate::wire::{Request, Service};

    fn signed(authorization: &str) -> Request {
        let mut request = Request::default();
        request
            .headers
            .insert("authorization".to_owned(), authorization.to_owned());
        request
    }

    #[test]
    fn the_fourth_part_of_the_scope_names_the_service() {
        for service in Service::ALL {
            let name = service.signing_name();
            let scope = of(&signed(&format!(
                "AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-west-1/{name}/aws4_request, SignedHeaders=host, Signature=0"
            )))
            .expect("a known service");
            assert_eq!(
                (scope.service, scope.region.as_str()),
                (service, "eu-west-1")
            );
        }
    }

    #[test]
    fn a_presigned_request_carries_its_scope_in_the_query() {
        let request = Request {
            target: "/?Action=GetCallerIdentity&X-Amz-Credential=AKIA%2F20260101%2Fus-east-1%2Fsts%2Faws4_request".to_owned(),
            ..Request::default()
        };
        assert_eq!(of(&request).map(|scope| scope.service), Ok(Service::Sts));
    }

    #[test]
    fn what_is_not_signed_for_a_known_service_is_refused() {
        let table = [
            (Request::default(), 403, "MissingAuthenticationToken"),
            (signed("Bearer x"), 400, "IncompleteSignature"),
            (
                signed("AWS4-HMAC-SHA256 Credential=AKIA/us-east-1/iam/aws4_request"),
                400,
                "IncompleteSignature",
            ),
        ];
        for (request, status, code) in table {
            let fault = of(&request).expect_err(code);
            for (dialect, suffix) in [
                (Service::Iam.dialect(), ""),
                (Service::Ecs.dialect(), "Exception"),
                (Service::Amp.dialect(), "Exception"),
            ] {
                let refusal = fault.clone().refusal(dialect);
                assert_eq!(refusal.status, status);
                assert_eq!(refusal.code, format!("{code}{suffix}"));
            }
        }
    }

    #[test]
    fn a_service_that_is_not_here_is_named() {
        let fault = of(&signed(
            "AWS4-HMAC-SHA256 Credential=A/1/us-east-1/s3/aws4_request",
        ))
        .expect_err("not here");
        let refusal = fault.refusal(Service::Amp.dialect());
        assert_eq!(
            (refusal.status, refusal.code),
            (400, "UnknownOperationException")
        );
        assert!(refusal.message.contains("'s3'"), "{}", refusal.message);
    }

    #[test]
    fn each_region_has_its_partition() {
        for (region, expected) in [
            ("us-east-1", "aws"),
            ("cn-north-1", "aws-cn"),
            ("us-gov-west-1", "aws-us-gov"),
            ("us-iso-east-1", "aws-iso"),
            ("us-isob-east-1", "aws-iso-b"),
            ("eu-isoe-west-1", "aws-iso-e"),
            ("us-isof-south-1", "aws-iso-f"),
            ("eusc-de-east-1", "aws-eusc"),
        ] {
            assert_eq!(partition(region), expected);
        }
    }
}
