//! A real Prometheus behind the data plane: signatures, rights and workspaces are looked at here,
//! and samples are kept and queries answered there.

use std::{fmt, pin::Pin, sync::Arc};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::{REMOTE_WRITE, ROUTES};
use crate::{
    Answer, Refusal,
    service::{Input, Outcome},
    wire::{Call, Request},
};

/// An answer that is awaited: the status and the body, or why there is none.
pub type Sending = Pin<Box<dyn Future<Output = Result<(u16, Vec<u8>), String>> + Send>>;

/// A Prometheus that takes remote writes (`--web.enable-remote-write-receiver`).
#[derive(Clone)]
pub struct Upstream {
    url: String,
    send: Arc<dyn Fn(Request) -> Sending + Send + Sync>,
}

impl Upstream {
    /// The Prometheus at `url`, which people read of; `send` brings it a request, whose target
    /// follows that URL.
    pub fn new(url: &str, send: impl Fn(Request) -> Sending + Send + Sync + 'static) -> Self {
        Self {
            url: url.to_owned(),
            send: Arc::new(send),
        }
    }

    /// Hands a call on that was looked at; `request` is as it came in.
    pub(crate) async fn forward(&self, call: &Call, request: &Request) -> Outcome {
        let writes = call.operation == REMOTE_WRITE;
        let onward = if writes {
            written(request)
        } else {
            asked(&call.operation, &call.input)
        };
        let (status, body) = (self.send)(onward)
            .await
            .map_err(|cause| self.bad_gateway(&format!("does not answer: {cause}")))?;
        if writes {
            return self.kept(status, &body);
        }
        // Prometheus' errors are documents as well; what is none comes from something else.
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        if body.get("status").is_none() {
            return Err(self.bad_gateway(&format!(
                "answers {status}, and not as Prometheus' HTTP API does"
            )));
        }
        Ok(Answer { status, body })
    }

    /// What comes of samples that were handed on. A sender gives up on what is refused with 400 and
    /// repeats what fails with 5xx (Prometheus documentation, "Prometheus Remote-Write 1.0
    /// specification", "Retries & Backoff").
    fn kept(&self, status: u16, body: &[u8]) -> Outcome {
        let text = String::from_utf8_lossy(body);
        match status {
            200..300 => Ok(Answer {
                status: 200,
                body: Value::Null,
            }),
            400 => Err(Refusal::new(400, "ValidationException", text.trim())),
            404 => Err(self.bad_gateway(
                "takes no remote writes: start it with --web.enable-remote-write-receiver",
            )),
            _ => Err(self.bad_gateway(&format!("answers {status}: {}", text.trim()))),
        }
    }

    fn bad_gateway(&self, what: &str) -> Refusal {
        let message = format!("the Prometheus at {} {what}", self.url);
        Refusal::new(502, "BadGatewayException", message)
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Upstream({})", self.url)
    }
}

/// A remote write as it came, but for what was signed.
fn written(request: &Request) -> Request {
    let described = ["content-encoding", "content-type", "user-agent"];
    let headers = request.headers.iter().filter(|(name, _)| {
        described.contains(&name.as_str()) || name.starts_with("x-prometheus-")
    });
    Request {
        method: "POST".to_owned(),
        target: "/api/v1/write".to_owned(),
        headers: headers
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        body: request.body.clone(),
    }
}

/// A query with the parameters that were read.
fn asked(operation: &str, input: &Input) -> Request {
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let mut path = ROUTES
        .iter()
        .find(|(_, known)| *known == operation)
        .map_or("", |(path, _)| path)
        .to_owned();
    let mut pairs = Vec::new();
    for (name, value) in input {
        let label = format!("{{{name}}}");
        let values = value
            .as_array()
            .map_or(std::slice::from_ref(value), Vec::as_slice);
        for value in values.iter().filter_map(Value::as_str) {
            if path.contains(&label) {
                path = path.replace(&label, &encoded(value));
            } else if name != "workspaceId" {
                pairs.push(format!("{}={}", encoded(name), encoded(value)));
            }
        }
    }
    Request {
        method: "GET".to_owned(),
        target: format!("/api/v1/{path}?{}", pairs.join("&")),
        ..Request::default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::wire::Service;

    fn call(operation: &str, input: Value) -> Call {
        let Value::Object(input) = input else {
            panic!("an object")
        };
        Call {
            service: Service::Amp,
            region: "us-east-1".to_owned(),
            operation: operation.to_owned(),
            input,
            key: None,
        }
    }

    /// What a Prometheus that gives this answer is asked, and what becomes of the call.
    async fn forwarded(
        call: Call,
        request: Request,
        answer: Result<(u16, &'static str), &'static str>,
    ) -> (Request, Outcome) {
        let asked = Arc::new(std::sync::Mutex::new(Request::default()));
        let seen = Arc::clone(&asked);
        let upstream = Upstream::new("http://there", move |request| {
            *seen.lock().expect("no panic") = request;
            Box::pin(async move {
                match answer {
                    Ok((status, body)) => Ok((status, body.as_bytes().to_vec())),
                    Err(cause) => Err(cause.to_owned()),
                }
            })
        });
        let outcome = upstream.forward(&call, &request).await;
        let asked = asked.lock().expect("no panic").clone();
        (asked, outcome)
    }

    #[tokio::test]
    async fn a_query_goes_on_with_its_parameters() {
        let found = r#"{"status": "success", "data": []}"#;
        for (operation, input, target) in [
            (
                "QueryMetrics",
                json!({"workspaceId": "ws-1", "query": "up{a=\"b c\"}"}),
                "/api/v1/query?query=up%7Ba%3D%22b%20c%22%7D",
            ),
            (
                "GetLabelValues",
                json!({"workspaceId": "ws-1", "name": "job", "match[]": ["up", "down"]}),
                "/api/v1/label/job/values?match%5B%5D=up&match%5B%5D=down",
            ),
        ] {
            let call = call(operation, input);
            let (asked, outcome) = forwarded(call, Request::default(), Ok((200, found))).await;
            assert_eq!(
                (asked.method.as_str(), asked.target.as_str()),
                ("GET", target)
            );
            assert_eq!(outcome.map(|answer| answer.status), Ok(200));
        }
    }

    #[tokio::test]
    async fn samples_go_on_without_what_was_signed() {
        let headers = [
            ("authorization", "AWS4-HMAC-SHA256 …"),
            ("content-encoding", "snappy"),
            ("x-prometheus-remote-write-version", "0.1.0"),
        ];
        let request = Request {
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            body: vec![1, 2],
            ..Request::default()
        };
        let call = || call(REMOTE_WRITE, json!({"workspaceId": "ws-1"}));
        let (asked, outcome) = forwarded(call(), request, Ok((204, ""))).await;
        assert_eq!(
            (asked.target.as_str(), asked.body),
            ("/api/v1/write", vec![1, 2])
        );
        assert!(!asked.headers.contains_key("authorization") && asked.headers.len() == 2);
        assert_eq!(outcome.map(|answer| answer.status), Ok(200));
        for (answer, status, words) in [
            (
                Ok((400, "out of order sample\n")),
                400,
                "out of order sample",
            ),
            (
                Ok((404, "remote write receiver needs to be enabled")),
                502,
                "--web.enable-remote-write-receiver",
            ),
            (Ok((503, "busy")), 502, "answers 503: busy"),
            (
                Err("connection refused"),
                502,
                "does not answer: connection refused",
            ),
        ] {
            let (_, outcome) = forwarded(call(), Request::default(), answer).await;
            let refusal = outcome.expect_err(words);
            assert_eq!(refusal.status, status);
            assert!(refusal.message.contains(words), "{}", refusal.message);
        }
    }

    #[tokio::test]
    async fn errors_are_those_of_prometheus_and_of_nobody_else() {
        let query = || {
            call(
                "QueryMetrics",
                json!({"workspaceId": "ws-1", "query": "up{"}),
            )
        };
        let error = r#"{"status": "error", "errorType": "bad_data", "error": "parse error"}"#;
        let (_, outcome) = forwarded(query(), Request::default(), Ok((400, error))).await;
        let answer = outcome.expect("its own document");
        assert_eq!(
            (answer.status, &answer.body["errorType"]),
            (400, &json!("bad_data"))
        );
        let (_, outcome) = forwarded(query(), Request::default(), Ok((200, "<html>"))).await;
        assert_eq!(outcome.expect_err("no Prometheus").status, 502);
    }
}
