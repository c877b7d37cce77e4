//! Reading revisions: their numbers, and what one of them says, down to members that the SDK does
//! not know.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::types::{SortOrder, TaskDefinitionField, TaskDefinitionStatus};
use serde_json::Value;

use crate::{
    aws::{Aws, all, error, live_tags, raw::RawBodyCapture, tagging::family_and_revision},
    kinds::{
        live::Ours,
        task_definition::{Document, aws::digest},
    },
    model::{
        call::CallError,
        node::Node,
        query::Query,
        tags::{self, DIGEST_TAG, Owner},
        template::Reference,
    },
};

/// How many of the newest revisions that the tagging API does not know are asked for their tags. It
/// lags behind by seconds, in which nobody registers more; and a family with many strange revisions
/// must not cost a call for each.
const LOOKED_INTO: usize = 10;
/// The most revisions on a page (ECS API reference, `ListTaskDefinitions`).
pub(super) const PAGE: i32 = 100;
pub(super) const LIST: &str = "ecs:ListTaskDefinitions";
const DESCRIBE: &str = "ecs:DescribeTaskDefinition";

/// Where a revision stands in its life.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Status {
    /// Tasks can be started from it.
    Active,
    /// It was deregistered.
    Inactive,
    /// It is being deleted.
    Going,
}

/// One revision.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Revision {
    pub(crate) arn: String,
    pub(crate) number: u32,
    pub(crate) status: Status,
    pub(crate) document: Document,
    pub(crate) tags: BTreeMap<String, String>,
    /// The ARN of whoever registered it.
    pub(crate) registered_by: Option<String>,
}

/// Reads what `name` names: `family:revision`, or a family, which stands for its newest active
/// revision. `None` if there is no such thing.
pub(crate) async fn describe(aws: &Aws, name: &str) -> Result<Option<Revision>, CallError> {
    let capture = RawBodyCapture::default();
    let request = aws
        .ecs
        .client
        .describe_task_definition()
        .task_definition(name)
        .include(TaskDefinitionField::Tags)
        .customize()
        .interceptor(capture.clone())
        .send();
    match aws.ecs.call(DESCRIBE, request).await {
        Ok(_) => {
            let body = capture.take();
            let revision = body.as_ref().and_then(revision);
            revision
                .map(Some)
                .ok_or_else(|| error::unexpected(DESCRIBE, "the answer holds no task definition"))
        }
        // The model has no error of its own for this; AWS says it in the words of a
        // `ClientException` (terraform-provider-aws, issue 29749, quotes them).
        Err(error)
            if error.code.as_deref() == Some("ClientException")
                && error.message.contains("Unable to describe task definition") =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn revision(body: &Value) -> Option<Revision> {
    let definition = body.get("taskDefinition")?;
    let arn = definition.get("taskDefinitionArn")?.as_str()?;
    let (_, number) = family_and_revision(arn)?;
    let status = match definition.get("status").and_then(Value::as_str) {
        Some("INACTIVE") => Status::Inactive,
        Some("DELETE_IN_PROGRESS") => Status::Going,
        Some(_) | None => Status::Active,
    };
    let tags = body.get("tags").and_then(Value::as_array);
    let tags = tags.into_iter().flatten().filter_map(|tag| {
        let value = tag.get("value").and_then(Value::as_str).unwrap_or_default();
        Some((tag.get("key")?.as_str()?.to_owned(), value.to_owned()))
    });
    Some(Revision {
        arn: arn.to_owned(),
        number,
        status,
        document: Document::new(Node::from(definition)),
        tags: tags.collect(),
        registered_by: definition
            .get("registeredBy")
            .and_then(Value::as_str)
            .map(str::to_owned),
    })
}

/// The numbers of the revisions of `family` with `status`.
pub(crate) async fn list(
    aws: &Aws,
    family: &str,
    status: TaskDefinitionStatus,
) -> Result<BTreeSet<u32>, CallError> {
    let request = aws
        .ecs
        .client
        .list_task_definitions()
        .family_prefix(family)
        .status(status)
        .sort(SortOrder::Desc)
        .max_results(PAGE);
    let arns = request.into_paginator().items().send();
    let arns = aws.ecs.call(LIST, arns.try_collect()).await?;
    // The parameter is a whole family name for AWS, a prefix for emulators.
    let numbers = arns.iter().filter_map(|arn| {
        let (named, number) = family_and_revision(arn)?;
        (named == family).then_some(number)
    });
    Ok(numbers.collect())
}

/// What is known of a family's revisions.
pub(crate) struct Known<'a> {
    aws: &'a Aws,
    query: &'a Query,
    family: &'a str,
    /// The tags that the tagging API returns.
    tagged: &'a BTreeMap<u32, BTreeMap<String, String>>,
    /// The newest active revision, whoever registered it.
    newest: Option<u32>,
    /// The attributes of what lives of the stack, as far as definitions mention it.
    ours: &'a Ours,
    described: BTreeMap<u32, Revision>,
}

impl<'a> Known<'a> {
    pub(crate) fn new(
        aws: &'a Aws,
        query: &'a Query,
        family: &'a str,
        tagged: &'a BTreeMap<u32, BTreeMap<String, String>>,
        newest: Option<u32>,
        ours: &'a Ours,
    ) -> Self {
        Self {
            aws,
            query,
            family,
            tagged,
            newest,
            ours,
            described: BTreeMap::new(),
        }
    }

    /// Those of `listed` that are ours.
    ///
    /// What the tagging API does not know is asked for its tags, because it may be new. What is
    /// older than the newest that it knows to be ours is older than what it lags behind by, and
    /// belongs to somebody else: a family that was adopted is full of such revisions. They matter
    /// only where all that is ours goes.
    pub(crate) async fn ours_of(
        &mut self,
        listed: &BTreeSet<u32>,
    ) -> Result<BTreeSet<u32>, CallError> {
        let ours = |number: &&u32| matches!(self.owner(**number), Owner::Ours(_));
        let takes_all = self.query.removal || self.query.destroy || self.aws.reads_fully();
        let newest = listed.iter().rfind(ours).copied();
        let newest = newest.filter(|_| !takes_all).unwrap_or_default();
        let unknown: Vec<u32> = listed
            .range(newest..)
            .rev()
            .filter(|number| !self.tagged.contains_key(number))
            .take(LOOKED_INTO)
            .copied()
            .collect();
        let described = all(unknown, |number| {
            let (aws, name) = (self.aws.clone(), format!("{}:{number}", self.family));
            async move { describe(&aws, &name).await }
        });
        for revision in described.await?.into_iter().flatten() {
            self.described.insert(revision.number, revision);
        }
        let ours = |number: &&u32| matches!(self.owner(**number), Owner::Ours(_));
        Ok(listed.iter().filter(ours).copied().collect())
    }

    /// Whose the revision is, as far as it is known.
    pub(crate) fn owner(&self, number: u32) -> Owner {
        let described = self.described.get(&number).map(|revision| &revision.tags);
        described
            .or_else(|| self.tagged.get(&number))
            .map_or(Owner::Unknown, |tags| self.query.owner(tags))
    }

    /// The revision, unless it is gone.
    pub(crate) async fn get(&mut self, number: u32) -> Result<Option<Revision>, CallError> {
        if let Some(revision) = self.described.get(&number) {
            return Ok(Some(revision.clone()));
        }
        if let Some(revision) = self.as_wanted(number) {
            return Ok(Some(revision));
        }
        describe(self.aws, &format!("{}:{number}", self.family)).await
    }

    /// The revision without a call, if its tags prove that it is the newest and as it is wanted.
    /// They may be some seconds late, so whatever is not as it is wanted is described before
    /// anything is concluded from it; and what is as it is wanted is left alone.
    fn as_wanted(&self, number: u32) -> Option<Revision> {
        if self.newest != Some(number) || self.query.spelled || self.aws.reads_fully() {
            return None;
        }
        let tags = self.tagged.get(&number)?;
        let digest = tags.get(DIGEST_TAG)?;
        if !digest::is_for(digest, number) {
            return None;
        }
        let lookup = |reference: &Reference| {
            let attributes = self.ours.get(&reference.address)?;
            attributes.get(&reference.attribute).cloned()
        };
        let live = live_tags(tags);
        let definitions = self.query.families.get(self.family)?.iter();
        let mut with_tags =
            definitions.filter(|wanted| tags::resolve(&wanted.tags, &lookup) == live);
        let document = with_tags.find_map(|wanted| {
            let document = wanted.document.resolve(&lookup);
            let mut is_known = true;
            document.each_template(&mut |text| is_known &= text.known().is_some());
            let document = is_known.then(|| Document::new(document))?;
            digest::proves(digest, number, &document).then_some(document)
        })?;
        let identity = &self.query.identity;
        Some(Revision {
            arn: identity.task_definition_arn(self.family, number),
            number,
            status: Status::Active,
            document,
            tags: tags.clone(),
            registered_by: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_described_revision_keeps_members_that_the_sdk_does_not_know() {
        let body = json!({
            "taskDefinition": {
                "taskDefinitionArn": "arn:aws:ecs:us-east-1:111122223333:task-definition/api:7", "status": "ACTIVE", "revision": 7, "family": "api",
                "memberOfTomorrow": {"deep": [1, 2]},
                "containerDefinitions": [{"name": "app", "image": "i", "another": true}],
            },
            "tags": [{"key": "a", "value": "1"}, {"key": "empty"}],
        });
        let revision = revision(&body).unwrap();
        assert_eq!(revision.number, 7);
        assert_eq!(revision.status, Status::Active);
        assert_eq!(
            revision.document.written().to_json(),
            json!({
                "memberOfTomorrow": {"deep": [1, 2]},
                "containerDefinitions": [{"name": "app", "image": "i", "another": true}],
            })
        );
        let tags: Vec<(&str, &str)> = revision
            .tags
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .collect();
        assert_eq!(tags, [("a", "1"), ("empty", "")]);
    }
}
