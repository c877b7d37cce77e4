//! The restJson protocol of Amazon Managed Service for Prometheus and of Amazon EFS: method and
//! path name the operation.

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::{
    Answer, Refusal, prometheus,
    service::Input,
    wire::{Request, Response, object, query},
};

/// Method, path and operation (botocore model amp 2020-08-01, `http` of each operation). `{x}` is
/// the input member `x`.
const ROUTES: [(&str, &str, &str); 46] = [
    // Model elasticfilesystem 2015-02-01.
    ("GET", "/2015-02-01/access-points", "DescribeAccessPoints"),
    ("GET", "/2015-02-01/file-systems", "DescribeFileSystems"),
    (
        "GET",
        "/scraperconfiguration",
        "GetDefaultScraperConfiguration",
    ),
    ("POST", "/scrapers", "CreateScraper"),
    ("GET", "/scrapers", "ListScrapers"),
    ("DELETE", "/scrapers/{scraperId}", "DeleteScraper"),
    ("GET", "/scrapers/{scraperId}", "DescribeScraper"),
    ("PUT", "/scrapers/{scraperId}", "UpdateScraper"),
    (
        "DELETE",
        "/scrapers/{scraperId}/logging-configuration",
        "DeleteScraperLoggingConfiguration",
    ),
    (
        "GET",
        "/scrapers/{scraperId}/logging-configuration",
        "DescribeScraperLoggingConfiguration",
    ),
    (
        "PUT",
        "/scrapers/{scraperId}/logging-configuration",
        "UpdateScraperLoggingConfiguration",
    ),
    ("GET", "/tags/{resourceArn}", "ListTagsForResource"),
    ("POST", "/tags/{resourceArn}", "TagResource"),
    ("DELETE", "/tags/{resourceArn}", "UntagResource"),
    ("POST", "/workspaces", "CreateWorkspace"),
    ("GET", "/workspaces", "ListWorkspaces"),
    ("DELETE", "/workspaces/{workspaceId}", "DeleteWorkspace"),
    ("GET", "/workspaces/{workspaceId}", "DescribeWorkspace"),
    (
        "POST",
        "/workspaces/{workspaceId}/alertmanager/definition",
        "CreateAlertManagerDefinition",
    ),
    (
        "DELETE",
        "/workspaces/{workspaceId}/alertmanager/definition",
        "DeleteAlertManagerDefinition",
    ),
    (
        "GET",
        "/workspaces/{workspaceId}/alertmanager/definition",
        "DescribeAlertManagerDefinition",
    ),
    (
        "PUT",
        "/workspaces/{workspaceId}/alertmanager/definition",
        "PutAlertManagerDefinition",
    ),
    (
        "POST",
        "/workspaces/{workspaceId}/alias",
        "UpdateWorkspaceAlias",
    ),
    (
        "POST",
        "/workspaces/{workspaceId}/anomalydetectors",
        "CreateAnomalyDetector",
    ),
    (
        "GET",
        "/workspaces/{workspaceId}/anomalydetectors",
        "ListAnomalyDetectors",
    ),
    (
        "DELETE",
        "/workspaces/{workspaceId}/anomalydetectors/{anomalyDetectorId}",
        "DeleteAnomalyDetector",
    ),
    (
        "GET",
        "/workspaces/{workspaceId}/anomalydetectors/{anomalyDetectorId}",
        "DescribeAnomalyDetector",
    ),
    (
        "PUT",
        "/workspaces/{workspaceId}/anomalydetectors/{anomalyDetectorId}",
        "PutAnomalyDetector",
    ),
    (
        "GET",
        "/workspaces/{workspaceId}/configuration",
        "DescribeWorkspaceConfiguration",
    ),
    (
        "PATCH",
        "/workspaces/{workspaceId}/configuration",
        "UpdateWorkspaceConfiguration",
    ),
    (
        "POST",
        "/workspaces/{workspaceId}/logging",
        "CreateLoggingConfiguration",
    ),
    (
        "DELETE",
        "/workspaces/{workspaceId}/logging",
        "DeleteLoggingConfiguration",
    ),
    (
        "GET",
        "/workspaces/{workspaceId}/logging",
        "DescribeLoggingConfiguration",
    ),
    (
        "PUT",
        "/workspaces/{workspaceId}/logging",
        "UpdateLoggingConfiguration",
    ),
    (
        "POST",
        "/workspaces/{workspaceId}/logging/query",
        "CreateQueryLoggingConfiguration",
    ),
    (
        "DELETE",
        "/workspaces/{workspaceId}/logging/query",
        "DeleteQueryLoggingConfiguration",
    ),
    (
        "GET",
        "/workspaces/{workspaceId}/logging/query",
        "DescribeQueryLoggingConfiguration",
    ),
    (
        "PUT",
        "/workspaces/{workspaceId}/logging/query",
        "UpdateQueryLoggingConfiguration",
    ),
    (
        "DELETE",
        "/workspaces/{workspaceId}/policy",
        "DeleteResourcePolicy",
    ),
    (
        "GET",
        "/workspaces/{workspaceId}/policy",
        "DescribeResourcePolicy",
    ),
    (
        "PUT",
        "/workspaces/{workspaceId}/policy",
        "PutResourcePolicy",
    ),
    (
        "POST",
        "/workspaces/{workspaceId}/rulegroupsnamespaces",
        "CreateRuleGroupsNamespace",
    ),
    (
        "GET",
        "/workspaces/{workspaceId}/rulegroupsnamespaces",
        "ListRuleGroupsNamespaces",
    ),
    (
        "DELETE",
        "/workspaces/{workspaceId}/rulegroupsnamespaces/{name}",
        "DeleteRuleGroupsNamespace",
    ),
    (
        "GET",
        "/workspaces/{workspaceId}/rulegroupsnamespaces/{name}",
        "DescribeRuleGroupsNamespace",
    ),
    (
        "PUT",
        "/workspaces/{workspaceId}/rulegroupsnamespaces/{name}",
        "PutRuleGroupsNamespace",
    ),
];

/// Finds the operation by method and path, and merges labels, query parameters and body into one
/// input.
///
/// A query parameter `maxResults` that is a whole number becomes a number, `tagKeys` becomes a
/// list; all others stay strings.
pub(super) fn decode(request: &Request) -> Result<(String, Input), Refusal> {
    let (path, query) = request.path_and_query()?;
    if let Some(found) = data_plane(request, path, &query)? {
        return Ok(found);
    }
    let found = ROUTES
        .iter()
        .filter(|(method, ..)| *method == request.method)
        .find_map(|(_, pattern, operation)| Some((*operation, labels(pattern, path)?)));
    let Some((operation, labels)) = found else {
        return Err(Refusal::new(
            404,
            "UnknownOperationException",
            format!("no operation has the route {} {path}", request.method),
        ));
    };
    let mut input = object(&request.body).ok_or_else(|| {
        // Model amp 2020-08-01, ValidationException and ValidationExceptionReason.
        let mut refusal = Refusal::new(400, "ValidationException", "the body is not a JSON object");
        refusal
            .members
            .insert("reason".to_owned(), json!("CANNOT_PARSE"));
        refusal
    })?;
    for (name, value) in query {
        merge(&mut input, name, value);
    }
    input.extend(labels);
    Ok((operation.to_owned(), input))
}

/// A call of the data plane: parameters stand in the query or, with POST, in a form (Prometheus'
/// HTTP API).
fn data_plane(
    request: &Request,
    path: &str,
    query: &query::Pairs,
) -> Result<Option<(String, Input)>, Refusal> {
    let found = prometheus::ROUTES.iter().find_map(|(pattern, operation)| {
        let pattern = format!("/workspaces/{{workspaceId}}/api/v1/{pattern}");
        Some((*operation, labels(&pattern, path)?))
    });
    let Some((operation, labels)) =
        found.filter(|_| ["GET", "POST"].contains(&request.method.as_str()))
    else {
        return Ok(None);
    };
    prometheus::verify(request)?;
    if operation == prometheus::REMOTE_WRITE {
        if request.method != "POST" {
            return Ok(None);
        }
        let mut input = prometheus::decode_samples(request)?;
        input.extend(labels);
        return Ok(Some((operation.to_owned(), input)));
    }
    let mut pairs = query.clone();
    if request.method == "POST" {
        pairs.extend(query::pairs(&String::from_utf8_lossy(&request.body))?);
    }
    let mut input = prometheus::parameters(pairs);
    input.extend(labels);
    Ok(Some((operation.to_owned(), input)))
}

fn labels(pattern: &str, path: &str) -> Option<Input> {
    let (mut wanted, mut found) = (pattern.split('/'), path.split('/'));
    let mut labels = Input::new();
    loop {
        let (part, segment) = match (wanted.next(), found.next()) {
            (None, None) => return Some(labels),
            (Some(part), Some(segment)) => (part, segment),
            (Some(_), None) | (None, Some(_)) => return None,
        };
        let label = part
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'));
        match label {
            // Smithy, HTTP bindings: a label is never empty.
            Some(_) if segment.is_empty() => return None,
            Some(name) => {
                let value = percent_decode_str(segment).decode_utf8().ok()?;
                labels.insert(name.to_owned(), json!(value));
            }
            None if part == segment => {}
            None => return None,
        }
    }
}

fn merge(input: &mut Input, name: String, value: String) {
    match name.as_str() {
        "tagKeys" => {
            let list = input.entry(name).or_insert_with(|| json!([]));
            if let Some(list) = list.as_array_mut() {
                list.push(json!(value));
            }
        }
        "maxResults" => {
            let number = value.parse::<i64>().map(Value::from);
            input.insert(name, number.unwrap_or(Value::String(value)));
        }
        _ => {
            input.insert(name, Value::String(value));
        }
    }
}

/// Writes a successful answer; a null body is no body.
pub(super) fn encode(id: &str, answer: &Answer) -> Response {
    let mut response = response(answer.status, id, &answer.body);
    if answer.body.is_null() {
        response.body.clear();
    }
    response
}

/// Writes an error: the code in a header, the text and the further members in the body.
pub(super) fn encode_error(id: &str, refusal: &Refusal) -> Response {
    let mut body = refusal.members.clone();
    body.insert("message".to_owned(), json!(refusal.message));
    let mut response = response(refusal.status, id, &Value::Object(body));
    response
        .headers
        .push(("x-amzn-errortype", refusal.code.to_owned()));
    response.retry_after(refusal)
}

fn response(status: u16, id: &str, body: &Value) -> Response {
    Response::new(status, "application/json", id, body.to_string())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::{ROUTES, decode, encode, encode_error};
    use crate::{Answer, Refusal, wire::Request};

    fn request(method: &str, target: &str, body: &str) -> Request {
        Request {
            method: method.to_owned(),
            target: target.to_owned(),
            body: body.as_bytes().to_vec(),
            ..Request::default()
        }
    }

    #[test]
    fn every_operation_has_one_route_that_leads_to_it() {
        for (method, pattern, operation) in ROUTES {
            let path = pattern.replace(['{', '}'], "");
            let (found, _) = decode(&request(method, &path, "")).expect(operation);
            assert_eq!(found, operation);
        }
        let names: BTreeSet<_> = ROUTES.iter().map(|(.., operation)| operation).collect();
        assert_eq!(names.len(), ROUTES.len());
    }

    #[test]
    fn labels_query_and_body_become_one_input() {
        let (operation, input) = decode(&request(
            "DELETE",
            "/tags/arn%3Aaws%3Aaps%3Aus-east-1%3A111122223333%3Aworkspace%2Fws-1?tagKeys=a&tagKeys=b%20c",
            "",
        ))
        .expect("a route");
        assert_eq!(operation, "UntagResource");
        assert_eq!(
            Value::Object(input),
            json!({ "resourceArn": "arn:aws:aps:us-east-1:111122223333:workspace/ws-1", "tagKeys": ["a", "b c"] })
        );
        let (_, input) =
            decode(&request("GET", "/workspaces?maxResults=5&alias=7", "")).expect("a route");
        assert_eq!(
            Value::Object(input),
            json!({ "maxResults": 5, "alias": "7" })
        );
        let (_, input) = decode(&request(
            "POST",
            "/workspaces/ws-1/alias",
            "{\"alias\":\"a\"}",
        ))
        .expect("a route");
        assert_eq!(
            Value::Object(input),
            json!({ "workspaceId": "ws-1", "alias": "a" })
        );
    }

    #[test]
    fn malformed_requests_are_refused() {
        let table = [
            ("PATCH", "/workspaces", "", 404, "UnknownOperationException"),
            ("GET", "/workspaces/", "", 404, "UnknownOperationException"),
            (
                "GET",
                "/workspaces/a/b",
                "",
                404,
                "UnknownOperationException",
            ),
            ("POST", "/workspaces", "[]", 400, "ValidationException"),
        ];
        for (method, target, body, status, code) in table {
            let refusal = decode(&request(method, target, body)).expect_err(target);
            assert_eq!((refusal.status, refusal.code), (status, code), "{target}");
        }
    }

    #[test]
    fn errors_carry_their_code_in_a_header() {
        let mut refusal = Refusal::new(429, "ThrottlingException", "slow down");
        refusal.retry_after_seconds = Some(2);
        refusal.members.insert("quotaCode".to_owned(), json!("q"));
        let response = encode_error("id", &refusal);
        assert!(
            response
                .headers
                .contains(&("x-amzn-errortype", "ThrottlingException".to_owned()))
        );
        assert!(response.headers.contains(&("retry-after", "2".to_owned())));
        assert_eq!(
            serde_json::from_slice::<Value>(&response.body).ok(),
            Some(json!({ "message": "slow down", "quotaCode": "q" }))
        );
    }

    #[test]
    fn no_content_is_no_body() {
        let answer = Answer {
            status: 204,
            body: Value::Null,
        };
        let response = encode("id", &answer);
        assert_eq!((response.status, response.body.len()), (204, 0));
    }
}
