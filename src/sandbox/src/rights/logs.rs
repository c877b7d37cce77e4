//! The rights of CloudWatch Logs' operations: Service Authorization Reference, "Amazon CloudWatch
//! Logs",
//! `list_amazoncloudwatchlogs.html`.

use super::{Right, gives_tags, text};
use crate::{Context, World, service::Input};

/// The operations that are about a log group and name it with its streams, of which there is none
/// in the request: the resource ends in `:log-stream:`, which `log-group:NAME` does not match and
/// `log-group:NAME:*` does (CloudWatch Logs user guide, "Overview of managing access permissions",
/// on ARNs: without `:*` only the operations on tags).
const OF_GROUP: [&str; 14] = [
    "AssociateKmsKey",
    "CreateLogGroup",
    "DeleteLogGroup",
    "DeleteRetentionPolicy",
    "DescribeLogStreams",
    "DisassociateKmsKey",
    "FilterLogEvents",
    "ListTagsLogGroup",
    "PutLogGroupDeletionProtection",
    "PutRetentionPolicy",
    "TagLogGroup",
    "UntagLogGroup",
    "GetLogGroupFields",
    "StartQuery",
];

const OF_STREAM: [&str; 4] = [
    "CreateLogStream",
    "DeleteLogStream",
    "GetLogEvents",
    "PutLogEvents",
];

const OF_TAGS: [&str; 3] = ["ListTagsForResource", "TagResource", "UntagResource"];

pub(super) fn rights(
    world: &World,
    cx: &Context<'_>,
    operation: &str,
    input: &Input,
) -> Vec<Right> {
    let group = group(cx, input);
    let resource = if OF_TAGS.contains(&operation) {
        let arn = text(input, "resourceArn").unwrap_or("*");
        arn.strip_suffix(":*").unwrap_or(arn).to_owned()
    } else if OF_GROUP.contains(&operation) {
        format!("{group}:log-stream:")
    } else if OF_STREAM.contains(&operation) {
        let stream = text(input, "logStreamName").unwrap_or_default();
        format!("{group}:log-stream:{stream}")
    } else {
        "*".to_owned()
    };
    let tags = super::tags_of(
        world,
        cx,
        resource.split(":log-stream:").next().unwrap_or_default(),
    );
    let right = Right::new(format!("logs:{operation}"), resource);
    let mut rights = vec![right.tagged(tags).tagging(input)];
    // CloudWatch Logs API reference, CreateLogGroup: tags take the right to tag.
    if operation == "CreateLogGroup" && gives_tags(input) {
        rights.push(Right::new("logs:TagResource", group).tagging(input));
    }
    rights
}

fn group(cx: &Context<'_>, input: &Input) -> String {
    let name = text(input, "logGroupName").or_else(|| text(input, "logGroupIdentifier"));
    let name = name.unwrap_or_default();
    if name.starts_with("arn:") {
        return name.strip_suffix(":*").unwrap_or(name).to_owned();
    }
    format!(
        "arn:{}:logs:{}:{}:log-group:{name}",
        cx.partition, cx.region, cx.account
    )
}
