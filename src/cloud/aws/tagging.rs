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

/// The resources in the region that carry the stack's tag.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Tagged {
    /// The log groups by name, with their tags.
    pub(super) log_groups: BTreeMap<String, BTreeMap<String, String>>,
    /// The revisions by family, with their tags.
    pub(super) revisions: BTreeMap<String, BTreeMap<u32, BTreeMap<String, String>>>,
}

impl Tagged {
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
    let filter = TagFilter::builder()
        .key(STACK_TAG)
        .values(query.stack.as_str())
        .build();
    // No filter by type: an emulator knows other names of types than AWS does.
    let found = aws
        .tagging
        .client
        .get_resources()
        .tag_filters(filter)
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
        if tags.get(STACK_TAG).map(String::as_str) == Some(query.stack.as_str()) {
            tagged.add(resource.resource_arn().unwrap_or_default(), tags);
        }
    }
    Ok(tagged)
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
