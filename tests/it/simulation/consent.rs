//! What a request that alters something is about, judged from the sandbox's world and not by the
//! planner: whose it is, and whether data is lost.

use amp_stack_sandbox::wire::Call;
use serde_json::Value;

use super::world::{View, is_ours, tags};

/// A thing that a request alters, as it is when the request leaves.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Object {
    /// Its kind and name, as a [`View`] has them.
    pub(super) name: String,
    /// Whether it carries the tags of the stack.
    pub(super) is_ours: bool,
    /// Where it stands in the stack, if its tags say so.
    pub(super) address: Option<String>,
    /// Whether the request deletes data.
    pub(super) loses_data: bool,
}

/// The things that `call` names as what it alters, as far as they exist.
pub(super) fn objects(call: &Call, view: impl FnOnce() -> View) -> Vec<Object> {
    let names = names(call);
    if call.is_read() || names.is_empty() {
        return Vec::new();
    }
    let view = view();
    let existing = names.into_iter().filter_map(|name| {
        let thing = view.things.get(&name)?;
        Some(Object {
            is_ours: is_ours(&name, thing),
            address: tags(thing).remove("amp-stack:address"),
            loses_data: loses_data(call, thing),
            name,
        })
    });
    existing.collect()
}

/// What `call` names, by the member that names it.
fn names(call: &Call) -> Vec<String> {
    let texts = |member: &str| -> Vec<String> {
        match call.input.get(member) {
            Some(Value::String(text)) => vec![text.clone()],
            Some(Value::Array(texts)) => {
                let texts = texts.iter().filter_map(Value::as_str);
                texts.map(str::to_owned).collect()
            }
            _ => Vec::new(),
        }
    };
    let of = |kind: &str, member: &str| -> Vec<String> {
        let texts = texts(member).into_iter();
        texts.map(|name| format!("{kind} {name}")).collect()
    };
    let roles = texts("RoleName").into_iter();
    let roles = roles.map(|name| format!("role {}", name.to_lowercase()));
    let revisions = ["taskDefinition", "taskDefinitions"];
    let revisions = revisions.into_iter().flat_map(texts).map(|revision| {
        let short = revision.rsplit('/').next().unwrap_or_default();
        format!("revision {short}")
    });
    let by_arn = texts("resourceArn")
        .into_iter()
        .filter_map(|arn| of_arn(&arn));
    roles
        .chain(of("profile", "InstanceProfileName"))
        .chain(of("log group", "logGroupName"))
        .chain(of("workspace", "workspaceId"))
        .chain(revisions)
        .chain(by_arn)
        .collect()
}

fn of_arn(arn: &str) -> Option<String> {
    let resource = arn.splitn(6, ':').nth(5)?;
    if let Some(group) = resource.strip_prefix("log-group:") {
        return Some(format!("log group {}", group.trim_end_matches(":*")));
    }
    let (kind, name) = resource.split_once('/')?;
    match kind {
        "workspace" => Some(format!("workspace {name}")),
        "task-definition" => Some(format!("revision {name}")),
        _ => None,
    }
}

/// Whether `call` deletes data of `thing`: logs, metrics, or what is older than a retention that
/// becomes shorter.
fn loses_data(call: &Call, thing: &Value) -> bool {
    let wanted = |member: &str| call.input.get(member).and_then(Value::as_u64);
    match call.operation.as_str() {
        "DeleteLogGroup" => true,
        "DeleteWorkspace" => thing["life"]["failed"] != true,
        "PutRetentionPolicy" => {
            let holds_something = thing["streams"]
                .as_object()
                .is_some_and(|all| !all.is_empty());
            let kept = thing["retention_days"].as_u64();
            let is_shorter = kept.is_none_or(|kept| wanted("retentionInDays") < Some(kept));
            holds_something && is_shorter
        }
        "UpdateWorkspaceConfiguration" => {
            let kept = thing["configuration"]["content"]["retention_days"].as_u64();
            wanted("retentionPeriodInDays").is_some_and(|days| Some(days) < kept)
        }
        _ => false,
    }
}
