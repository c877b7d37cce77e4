//! The Resource Groups Tagging API: the tags of all services of a region in one list.
//!
//! It knows what each service reports to it. Roles are missing, as on AWS: `GetResources` leaves
//! IAM users and roles out, whose own operations list their tags.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::{
    Answer, Context, Refusal, World, amp, ecs,
    ecs::{
        members::Members,
        page::{decode, encode},
        shape::{
            Member,
            Shape::{Flag, Integer, List, Structure, Text, TextMap},
            check, optional, required,
        },
    },
    logs,
    service::{Input, Outcome},
};

/// How many resources a page has at most (API reference, `GetResources`, `ResourcesPerPage`).
const PAGE: usize = 100;

/// How long a token is good: 15 minutes (API reference, `PaginationTokenExpiredException`).
const TOKEN_MILLIS: u64 = 15 * 60 * 1000;

const GET_RESOURCES: &[Member] = &[
    optional("PaginationToken", Text),
    optional("TagFilters", List(&Structure(TAG_FILTER))),
    optional("ResourcesPerPage", Integer),
    optional("TagsPerPage", Integer),
    optional("ResourceTypeFilters", List(&Text)),
    optional("IncludeComplianceDetails", Flag),
    optional("ExcludeCompliantResources", Flag),
    optional("ResourceARNList", List(&Text)),
];
const TAG_FILTER: &[Member] = &[optional("Key", Text), optional("Values", List(&Text))];
const GET_TAG_KEYS: &[Member] = &[optional("PaginationToken", Text)];
const GET_TAG_VALUES: &[Member] = &[optional("PaginationToken", Text), required("Key", Text)];
const TAG_RESOURCES: &[Member] = &[
    required("ResourceARNList", List(&Text)),
    required("Tags", TextMap),
];
const UNTAG_RESOURCES: &[Member] = &[
    required("ResourceARNList", List(&Text)),
    required("TagKeys", List(&Text)),
];

/// A resource and its tags, which are empty if it once had some.
type Tagged = (String, BTreeMap<String, String>);

/// Performs `operation`.
pub fn call(world: &mut World, cx: &Context<'_>, operation: &str, input: &Input) -> Outcome {
    match operation {
        "GetResources" => get_resources(world, cx, input),
        "GetTagKeys" => get_tag_keys(world, cx, input),
        "GetTagValues" => get_tag_values(world, cx, input),
        "TagResources" => tag_resources(world, cx, input),
        "UntagResources" => untag_resources(world, cx, input),
        // What the JSON protocols of AWS answer to a target that they don't know.
        _ => Err(Refusal::new(
            400,
            "UnknownOperationException",
            format!("The operation {operation} is not known here."),
        )),
    }
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "InvalidParameterException", message)
}

fn checked(input: &Input, members: &'static [Member]) -> Result<Map<String, Value>, Refusal> {
    check(input, members, "InvalidParameterException")
}

/// Everything tagged in the region of the call, by ARN.
fn resources(world: &World, cx: &Context<'_>) -> Vec<Tagged> {
    let mut all = amp::tagged(world, cx.region);
    all.extend(ecs::tagged(world, cx.region));
    all.extend(logs::tagged(world, cx.region));
    all.sort();
    all
}

/// The key of the last element of the page before, if a token was given.
fn after(input: &Map<String, Value>, cx: &Context<'_>) -> Result<Option<String>, Refusal> {
    // API reference, GetResources, PaginationToken: the first request has none, or an empty one.
    let Some(token) = input
        .text("PaginationToken")
        .filter(|token| !token.is_empty())
    else {
        return Ok(None);
    };
    let unknown = || invalid("The pagination token is not valid.");
    let token = decode(token).ok_or_else(unknown)?;
    let (issued, key) = token.split_once(' ').ok_or_else(unknown)?;
    let issued: u64 = issued.parse().map_err(|_| unknown())?;
    if cx.now_millis > issued.saturating_add(TOKEN_MILLIS) {
        return Err(Refusal::new(
            400,
            "PaginationTokenExpiredException",
            "The pagination token has expired.",
        ));
    }
    Ok(Some(key.to_owned()))
}

/// The token after the element `key`, or the empty one that ends a list.
fn token(cx: &Context<'_>, key: Option<&str>) -> String {
    key.map_or_else(String::new, |key| {
        encode(&format!("{} {key}", cx.now_millis))
    })
}

/// `GetResources`.
fn get_resources(world: &World, cx: &Context<'_>, input: &Input) -> Outcome {
    let input = checked(input, GET_RESOURCES)?;
    check_limits(&input)?;
    check_combination(&input, cx)?;
    let included = input.flag("IncludeComplianceDetails") == Some(true);
    let excluded = input.flag("ExcludeCompliantResources") == Some(true);
    if excluded && !included {
        return Err(invalid(
            "ExcludeCompliantResources can only be true if IncludeComplianceDetails is true.",
        ));
    }
    let after = after(&input, cx)?;
    let mut found = resources(world, cx);
    // No account here has a tag policy, so every resource complies.
    found.retain(|resource| !excluded && is_asked_for(&input, resource));
    found.retain(|(arn, _)| after.as_ref().is_none_or(|after| arn > after));
    let size = input.integer("ResourcesPerPage").map(usize::try_from);
    let mut page = found.len().min(size.and_then(Result::ok).unwrap_or(PAGE));
    if let Some(limit) = input
        .integer("TagsPerPage")
        .and_then(|n| usize::try_from(n).ok())
    {
        page = page.min(within_tags(&found, limit));
    }
    let last = (page < found.len()).then(|| found[page - 1].0.as_str());
    let token = token(cx, last);
    let shown: Vec<Value> = found[..page]
        .iter()
        .map(|resource| shown(resource, included))
        .collect();
    Ok(Answer::ok(
        json!({ "PaginationToken": token, "ResourceTagMappingList": shown }),
    ))
}

/// API reference, `GetResources`: the limits of each parameter.
fn check_limits(input: &Map<String, Value>) -> Result<(), Refusal> {
    let within = |member: &str, from: i64, to: i64| match input.integer(member) {
        Some(number) if !(from..=to).contains(&number) => Err(invalid(format!(
            "{member} must be between {from} and {to}."
        ))),
        Some(_) | None => Ok(()),
    };
    within("ResourcesPerPage", 1, 100)?;
    within("TagsPerPage", 100, 500)?;
    if input.list("TagFilters").len() > 50 {
        return Err(invalid("Specify at most 50 tag filters."));
    }
    for filter in input.objects("TagFilters") {
        let key = filter.text("Key").map_or(0, |key| key.chars().count());
        if !(1..=128).contains(&key) || filter.list("Values").len() > 20 {
            let message = "A tag filter has a key of 1 to 128 characters and at most 20 values.";
            return Err(invalid(message));
        }
    }
    if input.list("ResourceTypeFilters").len() > 100 {
        return Err(invalid("Specify at most 100 resource types."));
    }
    let is_type = |text: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-:/._".contains(&byte);
        (1..=256).contains(&text.len()) && !text.starts_with(':') && text.bytes().all(allowed)
    };
    match input
        .texts("ResourceTypeFilters")
        .find(|text| !is_type(text))
    {
        Some(text) => Err(invalid(format!("'{text}' is not a resource type."))),
        None => Ok(()),
    }
}

/// API reference, `GetResources`, `ResourceARNList`: what can't be given beside it.
fn check_combination(input: &Map<String, Value>, cx: &Context<'_>) -> Result<(), Refusal> {
    if !input.contains_key("ResourceARNList") {
        return Ok(());
    }
    let other = [
        "ResourceTypeFilters",
        "TagFilters",
        "ResourcesPerPage",
        "TagsPerPage",
        "PaginationToken",
    ];
    if let Some(other) = other.into_iter().find(|member| input.contains_key(*member)) {
        let message = format!("ResourceARNList can't be combined with {other}.");
        return Err(invalid(message));
    }
    check_arns(input, cx, 100)
}

/// An ARN of another partition is refused (API reference, `InvalidParameterException`).
fn check_arns(input: &Map<String, Value>, cx: &Context<'_>, max: usize) -> Result<(), Refusal> {
    let arns = input.list("ResourceARNList").len();
    if !(1..=max).contains(&arns) {
        return Err(invalid(format!("Specify 1 to {max} resource ARNs.")));
    }
    let is_arn = |text: &str| {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        match parts.as_slice() {
            ["arn", partition, service, _, _, resource] => {
                *partition == cx.partition && !service.is_empty() && !resource.is_empty()
            }
            _ => false,
        }
    };
    match input.texts("ResourceARNList").find(|text| !is_arn(text)) {
        Some(text) => Err(invalid(format!("'{text}' is not an ARN."))),
        None => Ok(()),
    }
}

fn is_asked_for(input: &Map<String, Value>, (arn, tags): &Tagged) -> bool {
    let listed = !input.contains_key("ResourceARNList")
        || input.texts("ResourceARNList").any(|asked| asked == arn);
    let typed = input.list("ResourceTypeFilters").is_empty()
        || input
            .texts("ResourceTypeFilters")
            .any(|filter| is_of_type(arn, filter));
    // API reference, GetResources, TagFilters: all filters must match, each by any of its values,
    // or by the key alone.
    let tagged = input.objects("TagFilters").all(|filter| {
        let value = filter.text("Key").and_then(|key| tags.get(key));
        let any = filter.list("Values").is_empty();
        value.is_some_and(|value| any || filter.texts("Values").any(|wanted| wanted == value))
    });
    listed && typed && tagged
}

/// Whether `filter` is the service of the ARN, or its service and resource type: both are written
/// as in ARNs (API reference, `GetResources`, `ResourceTypeFilters`).
fn is_of_type(arn: &str, filter: &str) -> bool {
    let mut parts = arn.splitn(6, ':');
    let service = parts.nth(2).unwrap_or_default();
    let resource = parts.nth(2).unwrap_or_default();
    let kind = resource.split(['/', ':']).next().unwrap_or_default();
    match filter.split_once(':') {
        None => filter == service,
        Some((wanted, wanted_kind)) => wanted == service && wanted_kind == kind,
    }
}

/// How many resources fit a page of `limit` tags: one without tags counts as one (API reference,
/// `GetResources`, `TagsPerPage`), and the first resource always fits, since none has more tags
/// than the smallest page.
fn within_tags(resources: &[Tagged], limit: usize) -> usize {
    let mut total = 0;
    let fits = resources.iter().take_while(|(_, tags)| {
        total += tags.len().max(1);
        total <= limit
    });
    fits.count()
}

fn shown((arn, tags): &Tagged, with_compliance: bool) -> Value {
    let tags: Vec<Value> = tags
        .iter()
        .map(|(key, value)| json!({"Key": key, "Value": value}))
        .collect();
    let mut shown = json!({ "ResourceARN": arn, "Tags": tags });
    if with_compliance {
        shown["ComplianceDetails"] = json!({
            "NoncompliantKeys": [],
            "KeysWithNoncompliantValues": [],
            "ComplianceStatus": true,
        });
    }
    shown
}

/// `GetTagKeys`: the keys in use.
fn get_tag_keys(world: &World, cx: &Context<'_>, input: &Input) -> Outcome {
    let input = checked(input, GET_TAG_KEYS)?;
    let resources = resources(world, cx);
    let keys = resources.into_iter().flat_map(|(_, tags)| tags.into_keys());
    texts(&input, cx, "TagKeys", keys.collect())
}

/// `GetTagValues`: the values in use for a key.
fn get_tag_values(world: &World, cx: &Context<'_>, input: &Input) -> Outcome {
    let input = checked(input, GET_TAG_VALUES)?;
    let key = input.text("Key").unwrap_or_default();
    if !(1..=128).contains(&key.chars().count()) {
        return Err(invalid("Key must have 1 to 128 characters."));
    }
    let resources = resources(world, cx);
    let values = resources
        .into_iter()
        .filter_map(|(_, mut tags)| tags.remove(key));
    texts(&input, cx, "TagValues", values.collect())
}

fn texts(
    input: &Map<String, Value>,
    cx: &Context<'_>,
    member: &str,
    mut texts: BTreeSet<String>,
) -> Outcome {
    if let Some(after) = after(input, cx)? {
        texts.retain(|text| *text > after);
    }
    let page: Vec<&String> = texts.iter().take(PAGE).collect();
    let last = page.last().filter(|_| texts.len() > PAGE);
    let token = token(cx, last.map(|text| text.as_str()));
    Ok(Answer::ok(
        json!({ "PaginationToken": token, member: page }),
    ))
}

/// `TagResources`: asks each resource's own service.
fn tag_resources(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let input = checked(input, TAG_RESOURCES)?;
    check_arns(&input, cx, 20)?;
    let tags = input.object("Tags").cloned().unwrap_or_default();
    if !(1..=50).contains(&tags.len()) {
        return Err(invalid("Specify 1 to 50 tags."));
    }
    let pairs: Vec<Value> = tags
        .iter()
        .map(|(key, value)| json!({"key": key, "value": value}))
        .collect();
    Ok(for_each(world, cx, &input, "TagResource", |service| {
        let tags = match service {
            "ecs" => Value::from(pairs.clone()),
            _ => Value::from(tags.clone()),
        };
        ("tags", tags)
    }))
}

/// `UntagResources`: asks each resource's own service.
fn untag_resources(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let input = checked(input, UNTAG_RESOURCES)?;
    check_arns(&input, cx, 20)?;
    let keys = input.list("TagKeys").to_vec();
    if !(1..=50).contains(&keys.len()) {
        return Err(invalid("Specify 1 to 50 tag keys."));
    }
    Ok(for_each(world, cx, &input, "UntagResource", |_| {
        ("tagKeys", Value::from(keys.clone()))
    }))
}

/// Performs `operation` on each resource, and answers which failed and why. `argument` gives a
/// service's own form of the tags.
fn for_each(
    world: &mut World,
    cx: &Context<'_>,
    input: &Map<String, Value>,
    operation: &str,
    argument: impl Fn(&str) -> (&'static str, Value),
) -> Answer {
    let mut failed = Map::new();
    for arn in input.texts("ResourceARNList") {
        let service = arn.split(':').nth(2).unwrap_or_default();
        let (member, tags) = argument(service);
        let mut request = Map::new();
        request.insert("resourceArn".to_owned(), json!(arn));
        request.insert(member.to_owned(), tags);
        let outcome = match service {
            "aps" => amp::call(world, cx, operation, &request),
            "ecs" => ecs::call(world, cx, operation, &request),
            "logs" => logs::call(world, cx, operation, &request),
            other => Err(invalid(format!(
                "Resources of {other} can't be tagged here."
            ))),
        };
        if let Err(refusal) = outcome {
            let info = json!({
                "StatusCode": refusal.status,
                "ErrorCode": refusal.code,
                "ErrorMessage": refusal.message,
            });
            failed.insert(arn.to_owned(), info);
        }
    }
    Answer::ok(json!({ "FailedResourcesMap": failed }))
}

#[cfg(test)]
mod tests;
