//! Tags of ECS resources: `TagResource`, `UntagResource`, `ListTagsForResource`, and the tags that the create operations take.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    Region, arn,
    definition::TAGS,
    members::{Members, invalid},
    shape::{Member, Shape, check, required},
};
use crate::sandbox::{
    Answer, Context, Refusal, World,
    service::{Input, Outcome},
};

/// The tags of a resource, or none if it never had any: the tagging API tells the two apart.
pub(in crate::sandbox) type Tags = Option<BTreeMap<String, String>>;

/// "Maximum number of tags per resource - 50" (API reference, `TagResource`).
const MAX_TAGS: usize = 50;

const TAG: &[Member] = &[required("resourceArn", Shape::Text), required("tags", TAGS)];
const UNTAG: &[Member] = &[
    required("resourceArn", Shape::Text),
    required("tagKeys", Shape::List(&Shape::Text)),
];
const LIST: &[Member] = &[required("resourceArn", Shape::Text)];

/// Reads and checks the tags of a request; `empty` is the error for an empty list, which differs between operations.
///
/// The rules are "basic restrictions" in the API reference of every operation that takes tags, the characters those of the API
/// model (botocore model ecs 2014-11-13, `TagKey` and `TagValue`).
pub(super) fn parse(input: &Input, empty: fn(&str) -> Refusal) -> Result<Tags, Refusal> {
    if !input.contains_key("tags") {
        return Ok(None);
    }
    let list = input.list("tags");
    if list.is_empty() {
        return Err(empty("Tags can not be empty."));
    }
    if list.len() > MAX_TAGS {
        let message = format!("Too many tags. The maximum number of tags is {MAX_TAGS}.");
        return Err(invalid(message));
    }
    let mut tags = BTreeMap::new();
    for tag in input.objects("tags") {
        let (key, value) = (tag.text("key"), tag.text("value").unwrap_or_default());
        let key = key.unwrap_or_default();
        check_text(key, 1, 128)?;
        check_text(value, 0, 256)?;
        if tags.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(invalid(format!("Duplicate tag key '{key}'.")));
        }
    }
    Ok(Some(tags))
}

fn check_text(text: &str, min: usize, max: usize) -> Result<(), Refusal> {
    let length = text.chars().count();
    if length < min || length > max {
        let message = format!("Tag keys have 1 to 128 characters, tag values 0 to 256: '{text}'.");
        return Err(invalid(message));
    }
    let allowed = |c: char| c.is_alphanumeric() || c.is_whitespace() || "_.:/=+-@".contains(c);
    if !text.chars().all(allowed) {
        return Err(invalid(format!(
            "Tag '{text}' contains invalid characters."
        )));
    }
    // "Do not use aws:, AWS:, or any upper or lowercase combination of such as a prefix for either keys or values".
    if text
        .get(..4)
        .is_some_and(|prefix| prefix.eq_ignore_ascii_case("aws:"))
    {
        let message = format!("Tag '{text}' has the reserved prefix aws:.");
        return Err(invalid(message));
    }
    Ok(())
}

/// Tags as the API lists them.
pub(super) fn listed(tags: &Tags) -> Value {
    tags.iter()
        .flatten()
        .map(|(key, value)| json!({"key": key, "value": value}))
        .collect()
}

/// `TagResource`: adds tags and overwrites the values of keys that are there.
pub(super) fn tag(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let input = check(input, TAG, "InvalidParameterException")?;
    let added = parse(&input, |message| invalid(message))?.unwrap_or_default();
    let tags = tags_of(region, cx, &input)?.ok_or_else(not_found)?;
    let mut all = tags.clone().unwrap_or_default();
    all.extend(added);
    if all.len() > MAX_TAGS {
        let message = format!("Too many tags. The maximum number of tags is {MAX_TAGS}.");
        return Err(Refusal::new(400, "LimitExceededException", message));
    }
    *tags = Some(all);
    Ok(Answer::ok(json!({})))
}

/// `UntagResource`: removes keys; keys that are not there are passed over.
pub(super) fn untag(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let input = check(input, UNTAG, "InvalidParameterException")?;
    if input.list("tagKeys").is_empty() {
        return Err(invalid("Tag keys can not be empty."));
    }
    let tags = tags_of(region, cx, &input)?.ok_or_else(not_found)?;
    for key in input.texts("tagKeys") {
        if let Some(tags) = tags {
            tags.remove(key);
        }
    }
    Ok(Answer::ok(json!({})))
}

/// `ListTagsForResource`.
pub(super) fn list(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let input = check(input, LIST, "InvalidParameterException")?;
    // The API model gives this operation no ResourceNotFoundException.
    let tags = tags_of(region, cx, &input)?
        .ok_or_else(|| invalid("The specified resource does not exist."))?;
    Ok(Answer::ok(json!({ "tags": listed(tags) })))
}

fn not_found() -> Refusal {
    Refusal::new(
        400,
        "ResourceNotFoundException",
        "The specified resource wasn't found.",
    )
}

/// The tags of the resource that the request names, if there is one.
fn tags_of<'a>(
    region: &'a mut Region,
    cx: &Context<'_>,
    input: &Input,
) -> Result<Option<&'a mut Tags>, Refusal> {
    let text = input.text("resourceArn").unwrap_or_default();
    let path = arn::resource(cx, text).ok_or_else(|| invalid(format!("Invalid arn: {text}")))?;
    let segments: Vec<&str> = path.split('/').collect();
    match segments.as_slice() {
        ["task-definition", _] => Ok(arn::revision(cx, text)
            .and_then(|(family, number)| {
                region.families.get_mut(family)?.revisions.get_mut(&number?)
            })
            .map(|revision| &mut revision.tags)),
        ["cluster", name] => Ok(Some(&mut active_cluster(region, name)?.tags)),
        ["service", cluster, name] => Ok(active_cluster(region, cluster)?
            .services
            .get_mut(*name)
            .map(|service| &mut service.tags)),
        ["task", cluster, id] => Ok(active_cluster(region, cluster)?
            .tasks
            .get_mut(*id)
            .map(|task| &mut task.tags)),
        _ => Err(invalid(format!("Invalid arn: {text}"))),
    }
}

fn active_cluster<'a>(
    region: &'a mut Region,
    name: &str,
) -> Result<&'a mut super::cluster::Cluster, Refusal> {
    region
        .clusters
        .get_mut(name)
        .filter(|cluster| cluster.is_active())
        .ok_or_else(super::cluster::not_found)
}

/// The ARN and tags of everything in the region that has or had tags.
pub fn tagged(world: &World, region: &str) -> Vec<(String, BTreeMap<String, String>)> {
    let Some(region) = world.ecs.regions.get(region) else {
        return Vec::new();
    };
    let revisions = region
        .families
        .values()
        .flat_map(|family| family.revisions.values())
        .map(|revision| (revision.arn(), &revision.tags));
    let clusters = region
        .clusters
        .values()
        .filter(|cluster| cluster.is_active());
    let in_clusters = clusters.flat_map(|cluster| {
        let services = cluster
            .services
            .values()
            .filter(|service| service.is_listed());
        let services = services.map(|service| (service.arn.clone(), &service.tags));
        std::iter::once((cluster.arn.clone(), &cluster.tags)).chain(services)
    });
    revisions
        .chain(in_clusters)
        .filter_map(|(arn, tags)| Some((arn, tags.clone()?)))
        .collect()
}
