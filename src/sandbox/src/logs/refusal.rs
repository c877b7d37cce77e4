//! The errors of the service.

use serde_json::json;

use crate::Refusal;

/// `InvalidParameterException`.
pub(super) fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "InvalidParameterException", message)
}

/// `InvalidParameterException` because a member breaks a constraint of the API model.
pub(super) fn constraint(name: &str, rule: &str) -> Refusal {
    invalid(format!(
        "1 validation error detected: the value at '{name}' must {rule}"
    ))
}

/// `ValidationException`, which operations younger than the service's first ones answer.
pub(super) fn validation(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "ValidationException", message)
}

/// `SerializationException`: a member has the wrong JSON type (awsJson1.1 protocol).
pub(super) fn serialization(name: &str, expected: &str) -> Refusal {
    let message = format!("The value at '{name}' must be {expected}");
    Refusal::new(400, "SerializationException", message)
}

/// `ResourceNotFoundException` for a log group.
pub(super) fn no_log_group() -> Refusal {
    not_found("The specified log group does not exist.")
}

/// `ResourceNotFoundException`.
pub(super) fn not_found(message: &str) -> Refusal {
    Refusal::new(400, "ResourceNotFoundException", message)
}

/// `ResourceAlreadyExistsException`.
pub(super) fn exists(message: &str) -> Refusal {
    Refusal::new(400, "ResourceAlreadyExistsException", message)
}

/// `TooManyTagsException`, with the member that the API model gives it.
pub(super) fn too_many_tags(resource_arn: &str) -> Refusal {
    let message = "A resource can have at most 50 tags.";
    let mut refusal = Refusal::new(400, "TooManyTagsException", message);
    refusal
        .members
        .insert("resourceName".into(), json!(resource_arn));
    refusal
}
