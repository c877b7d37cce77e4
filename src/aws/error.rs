//! What a failed call of the SDK means, and what to do about it.

use std::{error::Error, fmt::Write as _};

use aws_sdk_iam::{
    error::{ProvideErrorMetadata, SdkError},
    operation::RequestId,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::{
    aws::passing,
    model::call::{CallError, Class, Effect},
};

/// Translates a failure of `operation`, which is spelled as in IAM policies.
pub(crate) fn call_error<E>(operation: &str, failure: &SdkError<E>) -> CallError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    if let Some(error) = of_credentials(failure) {
        return error.clone();
    }
    let code = failure.code().map(str::to_owned);
    let message = message(failure);
    CallError {
        operation: operation.to_owned(),
        class: passing::class(operation, code.as_deref(), &message),
        effect: effect(operation, failure),
        hint: hint(operation, code.as_deref(), &message).or_else(|| no_answer_hint(failure)),
        request_id: failure.request_id().map(str::to_owned),
        code,
        message,
    }
}

/// The failed call that was to give the credentials for the request, if that is what failed.
fn of_credentials<E: Error + 'static>(failure: &SdkError<E>) -> Option<&CallError> {
    let failure: &(dyn Error + 'static) = failure;
    std::iter::successors(Some(failure), |&error| error.source())
        .find_map(|error| error.downcast_ref::<CallError>())
}

/// An error that amp-stack itself found in an answer of `operation`, which has altered nothing
/// unless [`CallError::after_effect`] says otherwise.
pub(crate) fn unexpected(operation: &str, message: impl Into<String>) -> CallError {
    CallError {
        operation: operation.to_owned(),
        code: None,
        message: message.into(),
        request_id: None,
        class: Class::Final,
        effect: Effect::None,
        hint: None,
    }
}

/// What the failed call has left behind.
fn effect<E>(operation: &str, failure: &SdkError<E>) -> Effect {
    if is_ambiguous(failure) && !only_reads(operation) {
        Effect::Unknown
    } else {
        Effect::None
    }
}

/// Returns whether an operation alters nothing: all that amp-stack calls say so by their names.
fn only_reads(operation: &str) -> bool {
    let name = operation.rsplit(':').next().unwrap_or(operation);
    ["Describe", "Get", "List"]
        .iter()
        .any(|verb| name.starts_with(verb))
}

/// Returns whether the call may have taken effect although it failed: no whole answer came, or one
/// that says that AWS itself failed.
pub(crate) fn is_ambiguous<E>(failure: &SdkError<E>) -> bool {
    match failure {
        SdkError::TimeoutError(_) | SdkError::ResponseError(_) => true,
        SdkError::DispatchFailure(dispatch) => dispatch.is_timeout() || dispatch.is_io(),
        SdkError::ServiceError(answer) => answer.raw().status().is_server_error(),
        // A request that could not be made was not sent; the SDK's enum is open.
        SdkError::ConstructionFailure(_) | _ => false,
    }
}

/// Returns whether the code says that AWS wants fewer requests: nothing was done then. Which codes
/// say so differs by service (AWS SDKs and tools reference guide, "Retry behavior").
pub(crate) fn is_throttle(code: &str) -> bool {
    matches!(
        code,
        "ThrottlingException"
            | "Throttling"
            | "ThrottledException"
            | "TooManyRequestsException"
            | "RequestThrottled"
            | "RequestThrottledException"
            | "RequestLimitExceeded"
            | "SlowDown"
    )
}

/// The code of an error in an answer of any protocol.
pub(crate) fn code_of_response(response: &HttpResponse) -> Option<String> {
    code_of_json(response).or_else(|| code_of_xml(response))
}

/// The code of an error in one of the JSON protocols: of the header `x-amzn-errortype` or of the
/// member `__type`, without what stands before `#` and after `:` (Smithy specification, "AWS JSON
/// 1.1 protocol", operation error serialization).
pub(crate) fn code_of_json(response: &HttpResponse) -> Option<String> {
    if response.status().is_success() {
        return None;
    }
    let code = if let Some(code) = response.headers().get("x-amzn-errortype") {
        code.to_owned()
    } else {
        let body: serde_json::Value = serde_json::from_slice(response.body().bytes()?).ok()?;
        body.get("__type")?.as_str()?.to_owned()
    };
    let code = code.rsplit('#').next()?;
    code.split(':').next().map(str::to_owned)
}

/// The code of an error in the Query protocol: of the element `Code` (Smithy specification, "AWS
/// query protocol", operation error serialization).
fn code_of_xml(response: &HttpResponse) -> Option<String> {
    if response.status().is_success() {
        return None;
    }
    let body = std::str::from_utf8(response.body().bytes()?).ok()?;
    let (_, rest) = body.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    Some(code.to_owned())
}

/// What the answer says or, without one, the chain of causes. The `Debug` form, which may hold
/// requests, is never shown.
fn message<E>(failure: &SdkError<E>) -> String
where
    E: ProvideErrorMetadata + Error + 'static,
{
    if let Some(message) = failure.message() {
        return message.to_owned();
    }
    if let SdkError::ServiceError(answer) = failure {
        let status = answer.raw().status().as_u16();
        return format!("the answer has the HTTP status {status} and no message");
    }
    let causes = chain(failure);
    // The SDK then lists everywhere it has looked, over many lines.
    if causes.contains("no credentials found in chain") {
        return "no credentials were found".to_owned();
    }
    // What the SDK says of a profile that isn't there, or holds nothing.
    if causes.contains("credential provider was not enabled") {
        return "the profile that --profile or the stack file names does not exist or has no credentials".to_owned();
    }
    causes
}

/// Returns whether an error, or one of its causes, is that a host name has no address. The HTTP
/// client says so in words only (hyperium/hyper-util, `client/legacy/connect/http.rs`).
pub(crate) fn is_no_such_host(error: &(dyn Error + 'static)) -> bool {
    std::iter::successors(Some(error), |&error| error.source())
        .any(|error| error.to_string().starts_with("dns error"))
}

/// What an error and its causes say.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        write!(text, ": {error}").expect("writing to a string cannot fail");
        cause = error.source();
    }
    text
}

/// Returns whether the code says that whoever made the call may not make it.
pub(crate) fn is_denied(code: Option<&str>) -> bool {
    matches!(
        code,
        Some("AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation")
    )
}

/// What the code of an error is whose answer has the HTTP status 403 and says `message`, but no
/// code: whoever is in between may not pass the header on that has it. `None` if what it says is
/// none of what AWS says then (IAM API reference, "Common Error Types"; IAM user guide,
/// "Troubleshoot Signature Version 4 signing for AWS API requests").
pub(crate) fn code_of_message(message: &str) -> Option<&'static str> {
    const SAID: [(&str, &str); 8] = [
        ("Missing Authentication Token", "MissingAuthenticationToken"),
        (
            "token included in the request is expired",
            "ExpiredTokenException",
        ),
        (
            "token included in the request is invalid",
            "UnrecognizedClientException",
        ),
        (
            "signature we calculated does not match",
            "InvalidSignatureException",
        ),
        ("Signature expired", "InvalidSignatureException"),
        ("Signature not yet current", "InvalidSignatureException"),
        ("is not authorized", "AccessDeniedException"),
        ("explicit deny", "AccessDeniedException"),
    ];
    let said = SAID.iter().find(|(words, _)| message.contains(words));
    said.map(|(_, code)| *code)
}

/// Returns whether AWS says that it was sent a request at another time than the request says.
fn is_of_another_time(code: &str, message: &str) -> bool {
    matches!(code, "RequestExpired" | "RequestTimeTooSkewed")
        || ["Signature expired", "Signature not yet current"]
            .iter()
            .any(|words| message.contains(words))
}

/// What to do about the failure, if the code says.
fn hint(operation: &str, code: Option<&str>, message: &str) -> Option<String> {
    let hint = match code? {
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation"
            if message.contains("iam:PassRole") =>
        {
            "allow iam:PassRole on the task's roles with the condition {\"StringEquals\": {\"iam:PassedToService\": \"ecs-tasks.amazonaws.com\"}}".to_owned()
        }
        // Amazon Managed Service for Prometheus user guide, page `CW-logs`, on required
        // permissions.
        "AccessDeniedException" if operation.ends_with("LoggingConfiguration") => format!(
            "whoever runs this needs the permission {operation} and, to set up the delivery of logs, logs:CreateLogDelivery, GetLogDelivery, UpdateLogDelivery, DeleteLogDelivery, ListLogDeliveries, PutResourcePolicy, DescribeResourcePolicies and DescribeLogGroups"
        ),
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => {
            format!("whoever runs this needs the permission {operation}")
        }
        "ClientException" if message.contains("Role is not valid") => {
            "both roles must exist in this account and be assumable by ecs-tasks.amazonaws.com".to_owned()
        }
        "ExpiredToken" | "ExpiredTokenException" => {
            "the credentials have expired: log in again, for example with `aws sso login`".to_owned()
        }
        // A request is good for some minutes (IAM user guide, as above).
        code if is_of_another_time(code, message) => {
            "the clock of this machine is wrong: AWS takes no request that was signed minutes ago or hence; set it, for example with `timedatectl set-ntp true`".to_owned()
        }
        "SignatureDoesNotMatch" | "InvalidSignatureException" => {
            "the secret access key is not the one of the access key: check AWS_SECRET_ACCESS_KEY or the profile, and any proxy that alters requests".to_owned()
        }
        "InvalidClientTokenId" | "UnrecognizedClientException" | "IncompleteSignature"
        | "IncompleteSignatureException" | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException" => {
            "AWS does not accept the credentials: check the profile and the environment (AWS_PROFILE, AWS_ACCESS_KEY_ID, AWS_SESSION_TOKEN)".to_owned()
        }
        "LimitExceeded" | "LimitExceededException" | "ServiceQuotaExceededException" => {
            "a quota of the account is used up: see Service Quotas in the AWS console".to_owned()
        }
        _ => return None,
    };
    Some(hint)
}

/// What to do if no answer came.
fn no_answer_hint<E: Error + 'static>(failure: &SdkError<E>) -> Option<String> {
    match failure {
        SdkError::DispatchFailure(dispatch) if dispatch.is_io() || dispatch.is_timeout() => Some(
            "check the region, the network, the proxy and, if it is set, the endpoint (AWS_ENDPOINT_URL)"
                .to_owned(),
        ),
        SdkError::TimeoutError(_) => {
            Some("AWS took too long to answer: check the network, and try again".to_owned())
        }
        SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_) => {
            let credentials = chain(failure).to_lowercase().contains("credential");
            credentials.then(|| NO_CREDENTIALS.to_owned())
        }
        // The SDK's enum is open.
        SdkError::ServiceError(_) | SdkError::ResponseError(_) | _ => None,
    }
}

const NO_CREDENTIALS: &str = "log in with `aws sso login`, choose a profile with --profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";

#[cfg(test)]
mod tests {
    use aws_sdk_iam::{error::ErrorMetadata, operation::create_role::CreateRoleError};
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use aws_smithy_types::body::SdkBody;

    use super::*;

    type Failure = SdkError<CreateRoleError>;
    type MakeFailure = fn() -> Failure;

    fn answer(status: u16) -> HttpResponse {
        HttpResponse::new(status.try_into().unwrap(), SdkBody::empty())
    }

    fn refusal(status: u16, code: &str) -> Failure {
        let error = ErrorMetadata::builder().code(code).build();
        SdkError::service_error(CreateRoleError::generic(error), answer(status))
    }

    #[test]
    fn what_is_known_of_an_effect_follows_from_how_far_the_call_got() {
        let failures: [(&str, MakeFailure, Effect); 9] = [
            (
                "never made",
                || SdkError::construction_failure("no"),
                Effect::None,
            ),
            (
                "no credentials",
                || SdkError::dispatch_failure(ConnectorError::user("no".into())),
                Effect::None,
            ),
            (
                "broken connection",
                || SdkError::dispatch_failure(ConnectorError::io("reset".into())),
                Effect::Unknown,
            ),
            (
                "silence",
                || SdkError::dispatch_failure(ConnectorError::timeout("late".into())),
                Effect::Unknown,
            ),
            (
                "too long",
                || SdkError::timeout_error("late"),
                Effect::Unknown,
            ),
            (
                "nonsense",
                || SdkError::response_error("not XML", answer(200)),
                Effect::Unknown,
            ),
            (
                "trouble at AWS",
                || refusal(500, "ServiceFailure"),
                Effect::Unknown,
            ),
            (
                "refusal",
                || refusal(409, "EntityAlreadyExists"),
                Effect::None,
            ),
            ("throttling", || refusal(400, "Throttling"), Effect::None),
        ];
        for (what, failure, effect) in failures {
            let error = call_error("iam:CreateRole", &failure());
            assert_eq!(error.effect, effect, "{what}");
            let error = call_error("iam:GetRole", &failure());
            assert_eq!(error.effect, Effect::None, "{what}, of a read");
        }
    }

    #[test]
    fn what_to_do_about_credentials_follows_from_what_is_wrong_with_them() {
        let stale = "Signature expired: 20261129T100000Z is now earlier than 20261129T101500Z";
        for (code, message, expected) in [
            (
                "SignatureDoesNotMatch",
                "does not match",
                "secret access key",
            ),
            (
                "InvalidSignatureException",
                "does not match",
                "secret access key",
            ),
            ("SignatureDoesNotMatch", stale, "clock"),
            ("InvalidSignatureException", stale, "clock"),
            (
                "InvalidSignatureException",
                "Signature not yet current: x",
                "clock",
            ),
            ("RequestExpired", "", "clock"),
            ("ExpiredTokenException", "", "log in again"),
            ("ExpiredToken", "", "log in again"),
            ("UnrecognizedClientException", "", "check the profile"),
            ("InvalidClientTokenId", "", "check the profile"),
            (
                "MissingAuthenticationTokenException",
                "",
                "check the profile",
            ),
            (
                "AccessDeniedException",
                "",
                "needs the permission iam:GetRole",
            ),
        ] {
            let hint = hint("iam:GetRole", Some(code), message).expect(code);
            assert!(hint.contains(expected), "{code}: {hint}");
        }
    }

    #[test]
    fn what_fails_after_a_success_leaves_something_behind() {
        let error = unexpected("iam:TagRole", "no");
        assert_eq!(error.effect, Effect::None);
        assert_eq!(error.clone().after_calls(0).effect, Effect::None);
        assert_eq!(error.clone().after_calls(1).effect, Effect::Unknown);
        assert_eq!(error.after_effect().effect, Effect::Unknown);
    }
}
