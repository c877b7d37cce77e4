//! The awsJson protocol of Amazon ECS, CloudWatch, CloudWatch Logs and others: the operation in a
//! header, JSON in, JSON out.

use serde_json::{Value, json};

use crate::{
    Answer, Refusal,
    service::Input,
    wire::{Request, Response, object},
};

/// What `X-Amz-Target` of CloudWatch begins with; it alone speaks version 1.0 (API model,
/// `targetPrefix` and `jsonVersion`).
pub(super) const CLOUDWATCH: &str = "GraniteServiceVersion20100801";

/// Reads the operation from `X-Amz-Target`, which is `<prefix>.<operation>`, and its input from the
/// body.
pub(super) fn decode(request: &Request, prefix: &str) -> Result<(String, Input), Refusal> {
    let target = request.header("x-amz-target").unwrap_or_default();
    let operation = target
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('.'))
        .ok_or_else(|| {
            // Smithy, AWS JSON 1.1 protocol: a target that the service does not know.
            Refusal::new(
                400,
                "UnknownOperationException",
                format!("unknown target '{target}', expected {prefix}.<operation>"),
            )
        })?;
    let input = object(&request.body).ok_or_else(|| {
        Refusal::new(
            400,
            "SerializationException",
            "the body is not a JSON object",
        )
    })?;
    Ok((operation.to_owned(), input))
}

/// Writes a successful answer. The body is a JSON object even where the operation has no output.
pub(super) fn encode(prefix: &str, id: &str, answer: &Answer) -> Response {
    let body = if answer.body.is_null() {
        &json!({})
    } else {
        &answer.body
    };
    response(prefix, answer.status, id, body)
}

/// Writes an error: the code in `__type`, the text in `message`.
pub(super) fn encode_error(prefix: &str, id: &str, refusal: &Refusal) -> Response {
    let mut body = refusal.members.clone();
    body.insert("__type".to_owned(), json!(refusal.code));
    body.insert("message".to_owned(), json!(refusal.message));
    response(prefix, refusal.status, id, &Value::Object(body)).retry_after(refusal)
}

fn response(prefix: &str, status: u16, id: &str, body: &Value) -> Response {
    let content_type = if prefix == CLOUDWATCH {
        "application/x-amz-json-1.0"
    } else {
        "application/x-amz-json-1.1"
    };
    Response::new(status, content_type, id, body.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{decode, encode, encode_error};
    use crate::{Answer, Refusal, wire::Request};

    fn request(target: &str, body: &str) -> Request {
        let mut request = Request {
            body: body.as_bytes().to_vec(),
            ..Request::default()
        };
        request
            .headers
            .insert("x-amz-target".to_owned(), target.to_owned());
        request
    }

    #[test]
    fn the_target_names_the_operation() {
        let (operation, input) = decode(
            &request("Logs_20140328.CreateLogGroup", "{\"a\":1}"),
            "Logs_20140328",
        )
        .expect("well-formed");
        assert_eq!(
            (operation.as_str(), input["a"].as_u64()),
            ("CreateLogGroup", Some(1))
        );
        let (_, input) =
            decode(&request("Logs_20140328.X", ""), "Logs_20140328").expect("well-formed");
        assert!(input.is_empty());
    }

    #[test]
    fn malformed_requests_are_refused() {
        let table = [
            ("CreateLogGroup", "{}", "UnknownOperationException"),
            ("Other.CreateLogGroup", "{}", "UnknownOperationException"),
            ("Logs_20140328.X", "[]", "SerializationException"),
            ("Logs_20140328.X", "{", "SerializationException"),
        ];
        for (target, body, code) in table {
            let refusal = decode(&request(target, body), "Logs_20140328").expect_err(target);
            assert_eq!((refusal.status, refusal.code), (400, code), "{target}");
        }
    }

    #[test]
    fn answers_and_errors_are_objects() {
        let empty = encode("", "id", &Answer::ok(json!(null)));
        assert_eq!((empty.status, empty.body.as_slice()), (200, &b"{}"[..]));
        let error = encode_error("", "id", &Refusal::new(400, "ClientException", "no"));
        assert_eq!(
            serde_json::from_slice::<serde_json::Value>(&error.body).ok(),
            Some(json!({ "__type": "ClientException", "message": "no" }))
        );
    }
}
