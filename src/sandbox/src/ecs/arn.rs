//! Names of ECS resources: how they are written and read (service authorization reference, Amazon
//! ECS, resource types).

use super::members::invalid;
use crate::service::{Context, Refusal};

/// The ARN of the resource `path`, such as `cluster/main`, in the account and region of the call.
pub(super) fn arn(cx: &Context<'_>, path: &str) -> String {
    format!(
        "arn:{}:ecs:{}:{}:{path}",
        cx.partition, cx.region, cx.account
    )
}

/// The resource of an ECS ARN of this account and region, such as `cluster/main`.
pub(super) fn resource<'a>(cx: &Context<'_>, text: &'a str) -> Option<&'a str> {
    text.strip_prefix(&arn(cx, ""))
}

/// The name of a cluster, from a name or an ARN; the default cluster is named `default`.
pub(super) fn cluster_name(cx: &Context<'_>, text: Option<&str>) -> Result<String, Refusal> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok("default".to_owned());
    };
    last_segment(cx, text, "cluster").map(str::to_owned)
}

/// The last segment of a name or of the ARN of a `kind`: services and tasks have their cluster
/// before it.
pub(super) fn last_segment<'a>(
    cx: &Context<'_>,
    text: &'a str,
    kind: &str,
) -> Result<&'a str, Refusal> {
    if !text.starts_with("arn:") {
        return Ok(text);
    }
    let path = resource(cx, text).and_then(|path| path.strip_prefix(kind)?.strip_prefix('/'));
    path.and_then(|path| path.rsplit('/').next())
        .ok_or_else(|| invalid(format!("Invalid identifier: {text}")))
}

/// What names a task definition: a family, and a revision if one is named.
pub(super) fn revision<'a>(cx: &Context<'_>, text: &'a str) -> Option<(&'a str, Option<u64>)> {
    let name = if text.starts_with("arn:") {
        resource(cx, text)?.strip_prefix("task-definition/")?
    } else {
        text
    };
    match name.split_once(':') {
        None => Some((name, None)),
        Some((family, number)) => Some((family, Some(number.parse().ok()?))),
    }
}
