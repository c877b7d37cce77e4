//! What carries the tags of the stack, as the Resource Groups Tagging API returns it: one paged
//! call for three kinds.
//!
//! Roles are not among it (Resource Groups Tagging API reference, `GetResources`).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use aws_sdk_resourcegroupstagging::types::TagFilter;

use crate::{
    aws::Aws,
    model::{address::StackName, call::CallError, query::Query, tags::STACK_TAG},
};

/// The most values of one filter (Resource Groups Tagging API reference, `TagFilter`).
const MOST_VALUES: usize = 20;
const GET_RESOURCES: &str = "tag:GetResources";

/// An ARN, and its tags.
type Carrier = (String, BTreeMap<String, String>);

/// The resources in the region that carry certain tags.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tagged {
    /// The log groups by name, with their tags.
    pub(crate) log_groups: BTreeMap<String, BTreeMap<String, String>>,
    /// The revisions by family, with their tags.
    pub(crate) revisions: BTreeMap<String, BTreeMap<u32, BTreeMap<String, String>>>,
}

impl Tagged {
    /// What is in either.
    pub(crate) fn and(mut self, other: &Self) -> Self {
        self.log_groups.extend(other.log_groups.clone());
        for (family, revisions) in &other.revisions {
            let into = self.revisions.entry(family.clone()).or_default();
            into.extend(revisions.clone());
        }
        self
    }

    fn add(&mut self, arn: &str, tags: BTreeMap<String, String>) {
        let Some((service, resource)) = service_and_resource(arn) else {
            return;
        };
        if let Some(name) = resource
            .strip_prefix("log-group:")
            .filter(|_| service == "logs")
        {
            self.log_groups
                .insert(name.trim_end_matches(":*").to_owned(), tags);
            return;
        }
        if let Some((family, revision)) = family_and_revision(arn) {
            self.revisions
                .entry(family.to_owned())
                .or_default()
                .insert(revision, tags);
        }
    }
}

/// Asks early for what carries the tags of the stacks.
pub(crate) fn ask_early(aws: &Aws, queries: &[Arc<Query>]) {
    for stacks in stacks(queries).chunks(MOST_VALUES) {
        let stacks = stacks.to_vec();
        aws.ask_early(question(&stacks), |aws| async move {
            of_stacks(&aws, &stacks).await
        });
    }
}

/// Reads, for each query, what carries the tag of its stack, or of what that was called before.
pub(crate) async fn observe(aws: &Aws, queries: &[Arc<Query>]) -> Result<Vec<Tagged>, CallError> {
    let names = queries.iter().flat_map(|query| query.names());
    let mut per_stack: BTreeMap<&str, Tagged> = names
        .map(|name| (name.as_str(), Tagged::default()))
        .collect();
    for stacks in stacks(queries).chunks(MOST_VALUES) {
        let found = aws.answer(question(stacks), of_stacks(aws, stacks));
        for (arn, tags) in found.await? {
            // What has lost its tags may still be listed (Resource Groups Tagging API reference,
            // `GetResources`).
            let stack = tags.get(STACK_TAG).map(String::as_str);
            if let Some(tagged) = stack.and_then(|stack| per_stack.get_mut(stack)) {
                tagged.add(&arn, tags);
            }
        }
    }
    let of = |query: &Query| {
        let found = query
            .names()
            .filter_map(|name| per_stack.get(name.as_str()));
        found.fold(Tagged::default(), Tagged::and)
    };
    Ok(queries.iter().map(|query| of(query)).collect())
}

/// The names of the stacks that the queries are about, former ones too.
fn stacks(queries: &[Arc<Query>]) -> Vec<String> {
    let stacks = queries.iter().flat_map(|query| query.names());
    let stacks: BTreeSet<String> = stacks.map(StackName::to_string).collect();
    stacks.into_iter().collect()
}

/// The name of the question what carries the tags of `stacks`.
fn question(stacks: &[String]) -> String {
    format!("{GET_RESOURCES} {}", stacks.join(" "))
}

/// What AWS says carries the tag of one of `stacks`, or once did.
async fn of_stacks(aws: &Aws, stacks: &[String]) -> Result<Vec<Carrier>, CallError> {
    let filter = TagFilter::builder().key(STACK_TAG);
    let filter = filter.set_values(Some(stacks.to_vec())).build();
    carriers(aws, vec![filter]).await
}

/// Finds what carries all of `wanted`: keys with their values, `None` being any value.
pub(crate) async fn search(
    aws: &Aws,
    wanted: &BTreeMap<String, Option<String>>,
) -> Result<Tagged, CallError> {
    let filters = wanted.iter().map(|(key, value)| {
        let values: Vec<String> = value.iter().cloned().collect();
        let values = Some(values).filter(|values| !values.is_empty());
        TagFilter::builder().key(key).set_values(values).build()
    });
    let mut tagged = Tagged::default();
    for (arn, tags) in carriers(aws, filters.collect()).await? {
        if carries(&tags, wanted) {
            tagged.add(&arn, tags);
        }
    }
    Ok(tagged)
}

/// Returns whether `tags` hold all of `wanted`: keys with their values, `None` being any value.
pub(crate) fn carries(
    tags: &BTreeMap<String, String>,
    wanted: &BTreeMap<String, Option<String>>,
) -> bool {
    wanted.iter().all(|(key, value)| {
        let live = tags.get(key);
        live.is_some_and(|live| value.as_ref().is_none_or(|value| value == live))
    })
}

/// The ARNs and tags of what AWS says carries tags that all `filters` accept.
async fn carriers(aws: &Aws, filters: Vec<TagFilter>) -> Result<Vec<Carrier>, CallError> {
    // No filter by type: an emulator knows other names of types than AWS does.
    let found = aws
        .tagging
        .client
        .get_resources()
        .set_tag_filters(Some(filters))
        .resources_per_page(100)
        .into_paginator()
        .items()
        .send();
    let found = aws.tagging.call(GET_RESOURCES, found.try_collect()).await?;
    Ok(found
        .into_iter()
        .map(|resource| {
            let tags = resource.tags().iter();
            let tags = tags.map(|tag| (tag.key().to_owned(), tag.value().to_owned()));
            let arn = resource.resource_arn().unwrap_or_default().to_owned();
            (arn, tags.collect())
        })
        .collect())
}

/// The service and the resource part of an ARN.
fn service_and_resource(arn: &str) -> Option<(&str, &str)> {
    let mut parts = arn.splitn(6, ':');
    let service = parts.nth(2)?;
    Some((service, parts.nth(2)?))
}

/// The family and the number of the revision that `arn` names.
pub(crate) fn family_and_revision(arn: &str) -> Option<(&str, u32)> {
    let (service, resource) = service_and_resource(arn)?;
    let (family, revision) = resource
        .strip_prefix("task-definition/")
        .filter(|_| service == "ecs")?
        .rsplit_once(':')?;
    Some((family, revision.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::aws::script::{Answer, Script, query};

    /// A filter takes twenty values.
    #[tokio::test(start_paused = true)]
    async fn many_stacks_are_asked_for_in_batches() {
        let script = Script::new(|_| Answer::json(&json!({"ResourceTagMappingList": []})));
        let queries = (0..21).map(|n| {
            Arc::new(Query {
                stack: format!("s{n}").parse().unwrap(),
                ..query()
            })
        });
        let queries: Vec<Arc<Query>> = queries.collect();
        let tagged = observe(&script.aws(), &queries).await.unwrap();
        assert_eq!(tagged, vec![Tagged::default(); 21]);
        let values = script.asked().into_iter().map(|asked| {
            let filters = asked.json()["TagFilters"].take();
            filters[0]["Values"].as_array().unwrap().len()
        });
        assert_eq!(values.collect::<Vec<_>>(), [20, 1]);
    }

    /// What has lost its tags may still be listed.
    #[tokio::test(start_paused = true)]
    async fn only_what_carries_the_tags_is_found() {
        let group = |name: &str, value: &str| {
            let arn = format!("arn:aws:logs:us-east-1:111122223333:log-group:{name}");
            json!({"ResourceARN": arn, "Tags": [{"Key": "team", "Value": value}]})
        };
        let groups = json!([
            group("/a", "shop"),
            group("/b", "blog"),
            group("/c", "shop")
        ]);
        let script =
            Script::new(move |_| Answer::json(&json!({ "ResourceTagMappingList": groups })));
        for (value, expected) in [
            (Some("shop"), &["/a", "/c"][..]),
            (None, &["/a", "/b", "/c"]),
        ] {
            let wanted = [("team".to_owned(), value.map(str::to_owned))].into();
            let found = search(&script.aws(), &wanted).await.unwrap();
            let found: Vec<&String> = found.log_groups.keys().collect();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn arns_say_what_they_name() {
        let mut tagged = Tagged::default();
        for arn in [
            "arn:aws:logs:us-east-1:111122223333:log-group:/ecs/a",
            "arn:aws:logs:us-east-1:111122223333:log-group:/ecs/b:*",
            "arn:aws:ecs:us-east-1:111122223333:task-definition/api:12",
            "arn:aws:ecs:us-east-1:111122223333:cluster/api",
            "arn:aws:aps:us-east-1:111122223333:workspace/ws-1",
            "nonsense",
        ] {
            tagged.add(arn, BTreeMap::new());
        }
        let groups: Vec<&str> = tagged.log_groups.keys().map(String::as_str).collect();
        assert_eq!(groups, ["/ecs/a", "/ecs/b"]);
        let families: Vec<&str> = tagged.revisions.keys().map(String::as_str).collect();
        assert_eq!(families, ["api"]);
        assert!(tagged.revisions["api"].contains_key(&12));
    }
}
