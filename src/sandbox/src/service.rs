//! What every sandbox service is given and what it gives back.

use std::time::Duration;

use serde_json::{Map, Value};

/// The decoded members of one request, under the API's own member names.
pub type Input = Map<String, Value>;

/// What a service may know besides the world and the request.
#[derive(Debug)]
pub struct Context<'a> {
    /// The account that calls: twelve digits.
    pub account: &'a str,
    /// The region that was called, as in the request's credential scope.
    pub region: &'a str,
    /// The partition of the region: `aws`, `aws-us-gov`, …
    pub partition: &'a str,
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub now_millis: u64,
}

/// The member `name`, if there is one, as `read` takes it. What `read` does not take has the wrong
/// type, which is `refused`.
pub(super) fn member<'a, T>(
    input: &'a Input,
    name: &str,
    read: impl FnOnce(&'a Value) -> Option<T>,
    refused: impl FnOnce() -> Refusal,
) -> Result<Option<T>, Refusal> {
    match input.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => read(value).map(Some).ok_or_else(refused),
    }
}

/// The elements of a list.
pub(super) fn elements(value: &Value) -> Option<&[Value]> {
    value.as_array().map(Vec::as_slice)
}

/// A moment as the JSON protocols write it: seconds since 1970, with milliseconds behind the point.
pub(super) fn seconds(millis: u64) -> Value {
    Value::from(Duration::from_millis(millis).as_secs_f64())
}

/// A successful answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The HTTP status: 200 unless the API model says otherwise.
    pub status: u16,
    /// The members of the output, under the API's own names. Timestamps are JSON numbers of seconds
    /// since 1970.
    pub body: Value,
}

impl Answer {
    /// An answer with status 200.
    pub fn ok(body: Value) -> Self {
        Self { status: 200, body }
    }
}

/// An error answer, as the service would give it.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The error code on the wire, such as `EntityAlreadyExists` or `ValidationException`.
    pub code: &'static str,
    /// The text for people.
    pub message: String,
    /// Further members that the API model gives this error.
    pub members: Map<String, Value>,
    /// The `Retry-After` header, in seconds.
    pub retry_after_seconds: Option<u32>,
}

impl Refusal {
    /// A refusal without further members.
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            members: Map::new(),
            retry_after_seconds: None,
        }
    }
}

/// What every operation returns.
pub type Outcome = Result<Answer, Refusal>;
