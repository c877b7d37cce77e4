//! What carries the tags of the stack, as the Resource Groups Tagging API tells it: one paged call for three kinds.
//!
//! Roles are not among it (Resource Groups Tagging API reference, `GetResources`).

use std::collections::BTreeMap;

use aws_sdk_resourcegroupstagging::types::TagFilter;

use crate::{
    cloud::{CallError, aws::Aws},
    stack::Query,
    tags::STACK_TAG,
};

/// The resources in the region that carry certain tags.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Tagged {
    /// The log groups by name, with their tags.
    pub(super) log_groups: BTreeMap<String, BTreeMap<String, String>>,
    /// The revisions by family, with their tags.
    pub(super) revisions: BTreeMap<String, BTreeMap<u32, BTreeMap<String, String>>>,
}

impl Tagged {
    /// What is in either.
    pub(super) fn and(mut self, other: &Self) -> Self {
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

pub(super) async fn observe(aws: &Aws, query: &Query) -> Result<Tagged, CallError> {
    let stack = query.stack.as_str().to_owned();
    search(aws, &BTreeMap::from([(STACK_TAG.to_owned(), Some(stack))])).await
}

/// Finds what carries all of `wanted`: keys with their values, `None` being any value.
pub(super) async fn search(
    aws: &Aws,
    wanted: &BTreeMap<String, Option<String>>,
) -> Result<Tagged, CallError> {
    let filters = wanted.iter().map(|(key, value)| {
        let values = value.iter().cloned().collect();
        TagFilter::builder()
            .key(key)
            .set_values(Some(values).filter(|values: &Vec<_>| !values.is_empty()))
            .build()
    });
    // No filter by type: an emulator knows other names of types than AWS does.
    let found = aws
        .tagging
        .client
        .get_resources()
        .set_tag_filters(Some(filters.collect()))
        .resources_per_page(100)
        .into_paginator()
        .items()
        .send();
    let found = aws
        .tagging
        .call("tag:GetResources", found.try_collect())
        .await?;
    let mut tagged = Tagged::default();
    for resource in found {
        let tags: BTreeMap<String, String> = resource
            .tags()
            .iter()
            .map(|tag| (tag.key().to_owned(), tag.value().to_owned()))
            .collect();
        // What has lost its tags may still be listed (same reference).
        if carries(&tags, wanted) {
            tagged.add(resource.resource_arn().unwrap_or_default(), tags);
        }
    }
    Ok(tagged)
}

/// Tells whether `tags` hold all of `wanted`: keys with their values, `None` being any value.
pub(super) fn carries(
    tags: &BTreeMap<String, String>,
    wanted: &BTreeMap<String, Option<String>>,
) -> bool {
    wanted.iter().all(|(key, value)| {
        let live = tags.get(key);
        live.is_some_and(|live| value.as_ref().is_none_or(|value| value == live))
    })
}

/// The service and the resource part of an ARN.
fn service_and_resource(arn: &str) -> Option<(&str, &str)> {
    let mut parts = arn.splitn(6, ':');
    let service = parts.nth(2)?;
    Some((service, parts.nth(2)?))
}

/// The family and the number of the revision that `arn` names.
pub(super) fn family_and_revision(arn: &str) -> Option<(&str, u32)> {
    let (service, resource) = service_and_resource(arn)?;
    let (family, revision) = resource
        .strip_prefix("task-definition/")
        .filter(|_| service == "ecs")?
        .rsplit_once(':')?;
    Some((family, revision.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_tell_what_they_name() {
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
