//! Amazon CloudWatch Logs: log groups, their streams and events, and the account's retention
//! policies.
//!
//! The wire shapes and limits are those of the API model `logs` 2014-03-28. All refusals are sent
//! with HTTP 400, as the awsJson1.1 protocol has it for the caller's faults.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Context, Refusal, World,
    collector::lines,
    ecs,
    service::{Input, Outcome},
};

pub(crate) mod arn;
mod describe;
mod event;
mod filter;
mod group;
mod input;
mod page;
mod policy;
mod refusal;
mod stored;
mod stream;
mod tags;

/// The state of the service: what each region holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    regions: BTreeMap<String, Region>,
}

/// One region of the account.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Region {
    /// By name. The order of the map is the order of the listings: ASCII.
    groups: BTreeMap<String, group::LogGroup>,
    /// The account-level retention policies, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    policies: Vec<policy::Policy>,
    /// The key that encrypts stored query results.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    query_result_key: Option<String>,
    /// Numbers the events in the order in which they were received.
    #[serde(default)]
    events_received: u64,
}

/// Performs `operation`.
pub fn call(world: &mut World, cx: &Context<'_>, operation: &str, input: &Input) -> Outcome {
    write_what_runs(world, cx);
    let region = world.logs.regions.entry(cx.region.to_owned()).or_default();
    match operation {
        "CreateLogGroup" => group::create(region, cx, input),
        "DeleteLogGroup" => group::delete(region, input),
        "PutRetentionPolicy" => group::put_retention(region, input),
        "DeleteRetentionPolicy" => group::delete_retention(region, input),
        "PutLogGroupDeletionProtection" => group::put_deletion_protection(region, cx, input),
        "AssociateKmsKey" => group::associate_kms_key(region, cx, input),
        "DisassociateKmsKey" => group::disassociate_kms_key(region, cx, input),
        "DescribeLogGroups" => describe::describe(region, cx, input),
        "ListLogGroups" => describe::list(region, cx, input),
        "TagResource" => tags::tag(region, cx, input),
        "UntagResource" => tags::untag(region, cx, input),
        "ListTagsForResource" => tags::list(region, cx, input),
        "TagLogGroup" => tags::tag_log_group(region, input),
        "UntagLogGroup" => tags::untag_log_group(region, input),
        "ListTagsLogGroup" => tags::list_log_group(region, input),
        "PutAccountPolicy" => policy::put(region, cx, input),
        "DescribeAccountPolicies" => policy::describe(region, cx, input),
        "DeleteAccountPolicy" => policy::delete(region, input),
        "CreateLogStream" => stream::create(region, cx, input),
        "DescribeLogStreams" => stream::describe(region, cx, input),
        "DeleteLogStream" => stream::delete(region, input),
        "PutLogEvents" => event::put(region, cx, input),
        "GetLogEvents" => event::get(region, cx, input),
        "FilterLogEvents" => event::filter(region, cx, input),
        unknown => Err(Refusal::new(400, "UnknownOperationException", unknown)),
    }
}

/// Writes what the collectors of running tasks have said by now.
fn write_what_runs(world: &mut World, cx: &Context<'_>) {
    ecs::pass(world, cx);
    let tasks = ecs::tasks(world, cx);
    let said: Vec<_> = tasks
        .iter()
        .filter_map(|task| lines::of(world, cx, task))
        .collect();
    let Some(region) = world.logs.regions.get_mut(cx.region) else {
        return;
    };
    for log in said {
        if let Some(group) = region.groups.get_mut(&log.group) {
            event::append(group, &mut region.events_received, &log.stream, &log.lines);
        }
    }
}

/// Every tagged resource of the region with its ARN, for log groups in the form without `:*`.
pub fn tagged(world: &World, region: &str) -> Vec<(String, BTreeMap<String, String>)> {
    world
        .logs
        .regions
        .get(region)
        .into_iter()
        .flat_map(|region| region.groups.values())
        .filter(|group| !group.tags.is_empty())
        .map(|group| (group.arn.clone(), group.tags.clone()))
        .collect()
}

/// Whether the region has a log group of this name.
pub(crate) fn has_log_group(world: &World, region: &str, name: &str) -> bool {
    let region = world.logs.regions.get(region);
    region.is_some_and(|region| region.groups.contains_key(name))
}

/// Whether a log group can have this name: 1 to 512 of the letters, digits and `_-/.#` (API
/// reference, `CreateLogGroup`).
pub(crate) fn is_log_group_name(name: &str) -> bool {
    (1..=512).contains(&name.len()) && name.bytes().all(is_in_log_group_name)
}

fn is_in_log_group_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b".-_/#".contains(&byte)
}

/// Whether a tag's key or value can have this text: letters, separators and numbers of any script
/// and `_.:/=+-@` (API models `logs` and `amp`, `TagKey` and `TagValue`).
pub(crate) fn is_tag_text(text: &str) -> bool {
    text.chars().all(|c| {
        let is_separator = c.is_whitespace() && !c.is_control();
        c.is_alphabetic() || c.is_numeric() || is_separator || "_.:/=+-@".contains(c)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{is_log_group_name, tagged};
    use crate::{
        World,
        amp::testing::{Bench, REGION},
    };

    #[test]
    fn an_unknown_operation_is_named() {
        let refusal = Bench::new()
            .logs("PaintLogGroup", json!({}))
            .expect_err("there is no such operation");
        assert_eq!(
            (refusal.status, refusal.code),
            (400, "UnknownOperationException")
        );
        assert_eq!(refusal.message, "PaintLogGroup");
    }

    #[test]
    fn names_have_1_to_512_of_some_characters() {
        for (name, expected) in [
            (String::new(), false),
            ("a".to_owned(), true),
            ("/aws/ecs/a-b_c.d#1".to_owned(), true),
            ("x".repeat(512), true),
            ("x".repeat(513), false),
            ("a b".to_owned(), false),
            ("a:b".to_owned(), false),
        ] {
            assert_eq!(is_log_group_name(&name), expected, "{name}");
        }
    }

    #[test]
    fn tagged_log_groups_are_those_with_tags_in_the_region() {
        let mut bench = Bench::new();
        bench.logs_ok("CreateLogGroup", json!({"logGroupName": "bare"}));
        bench.logs_ok(
            "CreateLogGroup",
            json!({"logGroupName": "g", "tags": {"k": "v"}}),
        );
        assert_eq!(
            tagged(&bench.world, REGION),
            [(
                "arn:aws:logs:eu-west-1:111122223333:log-group:g".to_owned(),
                [("k".to_owned(), "v".to_owned())].into()
            )]
        );
        assert!(tagged(&bench.world, "us-east-1").is_empty());
    }

    #[test]
    fn the_state_survives_being_written_and_read() {
        let mut bench = Bench::new();
        bench.logs_ok(
            "CreateLogGroup",
            json!({"logGroupName": "g", "tags": {"k": "v"}}),
        );
        bench.logs_ok(
            "CreateLogStream",
            json!({"logGroupName": "g", "logStreamName": "s"}),
        );
        bench.logs_ok(
            "PutLogEvents",
            json!({"logGroupName": "g", "logStreamName": "s",
                   "logEvents": [{"timestamp": 1_700_000_000_000_u64, "message": "m"}]}),
        );
        let text = serde_json::to_string(&bench.world).expect("a world can be written");
        let read: World = serde_json::from_str(&text).expect("a world can be read");
        assert_eq!(read, bench.world);
    }
}
