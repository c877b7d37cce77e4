//! Reads for which service and region a request was signed.

use crate::sandbox::{
    Refusal,
    wire::{Request, Service},
};

/// The part of a credential scope that matters here.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scope {
    pub(super) service: Service,
    pub(super) region: String,
}

/// Finds the credential scope in the `Authorization` header or, for a presigned request, in the query.
pub(super) fn of(request: &Request) -> Result<Scope, Refusal> {
    let Some(credential) = credential(request)? else {
        // IAM API reference, Common Errors: the request carries neither a key id nor a certificate.
        return Err(Refusal::new(
            403,
            "MissingAuthenticationToken",
            "Request is missing Authentication Token",
        ));
    };
    // AWS General Reference: <key id>/<yyyymmdd>/<region>/<service>/aws4_request. A key id holds no slash.
    let parts: Vec<&str> = credential.split('/').collect();
    let &[_key, _date, region, name, "aws4_request"] = parts.as_slice() else {
        return Err(incomplete(format!(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{credential}'"
        )));
    };
    let service = Service::ALL
        .into_iter()
        .find(|service| service.signing_name() == name);
    let Some(service) = service else {
        let known: Vec<&str> = Service::ALL
            .into_iter()
            .map(Service::signing_name)
            .collect();
        return Err(Refusal::new(
            404,
            "UnknownOperationException",
            format!(
                "the sandbox has no service '{name}', only {}",
                known.join(", ")
            ),
        ));
    };
    Ok(Scope {
        service,
        region: region.to_owned(),
    })
}

fn credential(request: &Request) -> Result<Option<String>, Refusal> {
    if let Some(authorization) = request.header("authorization") {
        let credential = authorization
            .strip_prefix("AWS4-HMAC-SHA256")
            .and_then(|rest| {
                rest.split(',')
                    .find_map(|part| part.trim().strip_prefix("Credential="))
            });
        return credential.map(|text| Some(text.to_owned())).ok_or_else(|| {
            incomplete("Authorization header requires 'Credential' parameter.".to_owned())
        });
    }
    let (_, query) = request.path_and_query()?;
    Ok(query
        .into_iter()
        .find_map(|(name, value)| (name == "X-Amz-Credential").then_some(value)))
}

/// IAM API reference, Common Errors: the signature does not conform to AWS standards.
fn incomplete(message: String) -> Refusal {
    Refusal::new(400, "IncompleteSignature", message)
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
    use crate::sandbox::wire::{Request, Service};

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
            (
                signed("AWS4-HMAC-SHA256 Credential=A/1/us-east-1/s3/aws4_request"),
                404,
                "UnknownOperationException",
            ),
        ];
        for (request, status, code) in table {
            let refusal = of(&request).expect_err("refused");
            assert_eq!((refusal.status, refusal.code), (status, code));
        }
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
