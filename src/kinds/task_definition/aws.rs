//! ECS task definitions: which revisions of a family are ours, and what the newest of them says.

mod register;
mod revision;
mod rollout;
mod running;
mod served;
mod services;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use aws_sdk_ecs::{
    operation::RequestId,
    types::{Tag, TaskDefinitionFamilyStatus, TaskDefinitionStatus},
};

use crate::{
    aws::{Aws, all, error, live_tags, plain_tags, tagging::Tagged, tags_of_aws},
    kinds::{
        live::{Follow, InAws, Reading, Seen, Target},
        task_definition::{Change, Document, Newer, TaskDefinition},
    },
    model::{
        call::{CallError, Class, Reply},
        live::Live,
        query::Query,
        running::Running,
        service::{Service, ServiceName},
        tags::{self, Owner},
        template::Attribute,
    },
};
use revision::{Known, Revision, Status};

/// The most tags of one call (ECS API reference, `TagResource`).
const TAG_BATCH: usize = 50;

impl InAws for TaskDefinition {
    async fn observe(reading: &Reading) -> Result<Vec<Seen<Self>>, CallError> {
        let read = |aws: Aws, query: Arc<Query>, tagged: Tagged| async move {
            observe(&aws, &query, &tagged).await
        };
        let mut seen = reading.by_tags(read).await?;
        served::complete(reading, &mut seen).await?;
        Ok(seen)
    }

    /// Services and tasks run revisions, and whatever those need.
    async fn running(reading: &Reading) -> Result<Option<Running>, CallError> {
        let at_stake = || reading.queries.iter().filter(|query| query.removal);
        let Some(query) = at_stake().next() else {
            return Ok(None);
        };
        let needs = at_stake().any(|query| query.needs);
        let running = running::observe(&reading.aws, &query.identity, needs).await?;
        Ok(Some(running))
    }

    /// What services run is all that is decided about them.
    async fn services(reading: &Reading) -> Result<BTreeMap<ServiceName, Service>, CallError> {
        let read = || services::observe(&reading.aws, &reading.queries);
        reading.services(read).await
    }

    async fn follow(aws: &Aws, rollout: &Follow<'_>) -> Result<Reply, CallError> {
        rollout::follow(aws, rollout).await
    }

    async fn perform(aws: &Aws, target: &Target<'_>, change: &Change) -> Result<Reply, CallError> {
        perform(aws, target, change).await
    }
}

/// Reads the families that the stack declares and those that hold revisions of its own.
pub(crate) async fn observe(
    aws: &Aws,
    query: &Arc<Query>,
    tagged: &Tagged,
) -> Result<Vec<Live<TaskDefinition>>, CallError> {
    let mut families = tagged.revisions.clone();
    for family in &query.families {
        families.entry(family.clone()).or_default();
    }
    let found = all(families, |(family, tagged)| {
        let (aws, query) = (aws.clone(), Arc::clone(query));
        async move { observe_family(&aws, &query, &family, &tagged).await }
    });
    Ok(found.await?.into_iter().flatten().collect())
}

/// The names of all families that have an active revision.
pub(crate) async fn families(aws: &Aws) -> Result<Vec<String>, CallError> {
    let request = aws.ecs.client.list_task_definition_families();
    let active = TaskDefinitionFamilyStatus::Active;
    let pages = request.status(active).into_paginator().items().send();
    let operation = "ecs:ListTaskDefinitionFamilies";
    aws.ecs.call(operation, pages.try_collect()).await
}

/// What the newest active revision of `family` says; `None` if there is none.
pub(crate) async fn newest(aws: &Aws, family: &str) -> Result<Option<Document>, CallError> {
    let revision = revision::describe(aws, family).await?;
    Ok(revision.map(|revision| revision.document))
}

fn stays(query: &Query, family: &str) -> bool {
    !query.destroy && query.families.contains(family)
}

async fn observe_family(
    aws: &Aws,
    query: &Query,
    family: &str,
    tagged: &BTreeMap<u32, BTreeMap<String, String>>,
) -> Result<Option<Live<TaskDefinition>>, CallError> {
    let active = revision::list(aws, family, TaskDefinitionStatus::Active).await?;
    let mut known = Known::new(aws, query, family, tagged);
    let mut ours = known.ours_of(&active).await?;
    let mut inactive = BTreeSet::new();
    if query.removal {
        let listed = revision::list(aws, family, TaskDefinitionStatus::Inactive).await?;
        inactive = known.ours_of(&listed).await?;
    }
    // A family that does not stay and of which only our inactive revisions matter is ours to clean
    // up, whoever goes on with it.
    let only_remains = ours.is_empty() && !stays(query, family);
    let own = ours.pop_last();
    let last = active.last().copied();
    let current = match own.or(last).filter(|_| !only_remains) {
        Some(newest) => known.get(newest).await?,
        None => None,
    };
    let Some(current) = current.filter(|revision| revision.status == Status::Active) else {
        return Ok(remains(query, family, inactive, &known));
    };
    // What nobody wants any more has nothing to do with what others go on with.
    let others = last.filter(|last| stays(query, family) && own.is_some_and(|own| own < *last));
    let newer = match others {
        Some(number) => known.get(number).await?,
        None => None,
    };
    let newer = newer.filter(|newer| newer.status == Status::Active);
    // Whoever of two stacks registers last would win for a while: only one can have the family.
    let is_anothers = |newer: &Revision| matches!(owner(query, newer), Owner::OtherStack(_));
    let (current, newer) = match newer {
        Some(newer) if is_anothers(&newer) => (newer, None),
        newer => (current, newer),
    };
    Ok(Some(live(query, family, current, newer, ours, inactive)))
}

fn owner(query: &Query, revision: &Revision) -> Owner {
    tags::owner(&revision.tags, &query.stack, &query.identity.region)
}

/// The family with its newest revision of ours, and the one of somebody else that is `newer`.
fn live(
    query: &Query,
    family: &str,
    current: Revision,
    newer: Option<Revision>,
    older: BTreeSet<u32>,
    inactive: BTreeSet<u32>,
) -> Live<TaskDefinition> {
    let newest = newer.as_ref().unwrap_or(&current);
    Live {
        owner: owner(query, &current),
        attributes: attributes(family, newest.arn.clone()),
        facts: tags_of_aws(&newest.tags).into_iter().collect(),
        resource: TaskDefinition {
            document: Some(current.document),
            tags: live_tags(&current.tags),
            revision: Some(current.number),
            older,
            inactive,
            newer: newer.map(|newer| Newer {
                revision: newer.number,
                document: newer.document,
                tags: live_tags(&newer.tags),
                registered_by: newer.registered_by,
            }),
            ..TaskDefinition::empty(family)
        },
    }
}

/// The family of which only inactive revisions are ours, if there are any.
fn remains(
    query: &Query,
    family: &str,
    inactive: BTreeSet<u32>,
    known: &Known<'_>,
) -> Option<Live<TaskDefinition>> {
    let newest = *inactive.last()?;
    Some(Live {
        resource: TaskDefinition {
            inactive,
            ..TaskDefinition::empty(family)
        },
        owner: known.owner(newest),
        attributes: attributes(family, query.identity.task_definition_arn(family, newest)),
        facts: Vec::new(),
    })
}

fn attributes(family: &str, arn: String) -> BTreeMap<Attribute, String> {
    BTreeMap::from([
        (Attribute::Arn, arn),
        (Attribute::Family, family.to_owned()),
    ])
}

/// Runs one call of the ECS client and takes the request id of its answer.
macro_rules! run {
    ($aws:ident, $target:ident => $($request:tt)+) => {{
        let request = $aws.ecs.client.$($request)+.send();
        let answer = $aws.ecs.call($target.operation, request).await;
        answer.map(|answer| Reply {
            request_id: answer.request_id().map(str::to_owned),
            ..Reply::default()
        })
    }};
}

async fn perform(aws: &Aws, target: &Target<'_>, change: &Change) -> Result<Reply, CallError> {
    match change {
        Change::Register {
            family,
            document,
            tags,
            before,
        } => {
            let mut reply = register::perform(aws, family, document, &plain_tags(tags)).await?;
            reply
                .remarks
                .extend(before.map(|before| way_back(family, before)));
            Ok(reply)
        }
        Change::Tag { revision, tags } => {
            let arn = arn(aws, target, *revision).await?;
            let tags = sdk_tags(&plain_tags(tags));
            let mut reply = Reply::default();
            for (done, batch) in tags.chunks(TAG_BATCH).enumerate() {
                let batch = Some(batch.to_vec());
                let outcome =
                    run!(aws, target => tag_resource().resource_arn(&arn).set_tags(batch));
                reply = outcome.map_err(|error| error.after_calls(done))?;
            }
            Ok(reply)
        }
        Change::Untag { revision, keys } => {
            let arn = arn(aws, target, *revision).await?;
            let mut reply = Reply::default();
            for (done, batch) in keys.chunks(TAG_BATCH).enumerate() {
                let batch = Some(batch.to_vec());
                let outcome =
                    run!(aws, target => untag_resource().resource_arn(&arn).set_tag_keys(batch));
                reply = outcome.map_err(|error| error.after_calls(done))?;
            }
            Ok(reply)
        }
        Change::UpdateService { service, .. } => rollout::start(aws, target, service).await,
        Change::Deregister(revision) => deregister(aws, target, *revision).await,
        Change::Delete(revisions) => delete(aws, target, revisions).await,
    }
}

/// How to go back to what was the newest revision before.
fn way_back(family: &str, before: u32) -> String {
    format!(
        "{family}:{before} was the newest revision before; to bring a service back to it: aws ecs update-service --cluster CLUSTER --service SERVICE --task-definition {family}:{before}"
    )
}

fn sdk_tags(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    tags.iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect()
}

/// The ARN of a revision of the family, which is the newest one if no number is known.
async fn arn(aws: &Aws, target: &Target<'_>, revision: Option<u32>) -> Result<String, CallError> {
    if let Some(revision) = revision {
        let identity = aws.identity().await?;
        return Ok(identity.task_definition_arn(target.name, revision));
    }
    let newest = revision::describe(aws, target.name).await?;
    newest.map(|revision| revision.arn).ok_or_else(|| {
        let message = format!("the family {} has no active revision", target.name);
        error::unexpected(target.operation, message)
    })
}

async fn deregister(
    aws: &Aws,
    target: &Target<'_>,
    revision: Option<u32>,
) -> Result<Reply, CallError> {
    let arn = arn(aws, target, revision).await?;
    match run!(aws, target => deregister_task_definition().task_definition(&arn)) {
        // An earlier attempt, whose answer was lost, may have done it: then the revision is
        // inactive, or gone altogether.
        Err(error) if error.code.as_deref() == Some("ClientException") => {
            let live = revision::describe(aws, &arn).await?;
            if live.is_some_and(|revision| revision.status == Status::Active) {
                return Err(error);
            }
            Ok(Reply::default())
        }
        outcome => outcome,
    }
}

/// Deletes inactive revisions. AWS keeps each as `DELETE_IN_PROGRESS` while something uses it, and
/// lists what it refuses in an answer that is a success by its status (ECS API reference,
/// `DeleteTaskDefinitions`).
async fn delete(aws: &Aws, target: &Target<'_>, revisions: &[u32]) -> Result<Reply, CallError> {
    let names = revisions
        .iter()
        .map(|number| format!("{}:{number}", target.name));
    let request = aws
        .ecs
        .client
        .delete_task_definitions()
        .set_task_definitions(Some(names.collect()))
        .send();
    let operation = target.operation;
    let answer = aws.ecs.call(operation, request).await?;
    for failure in answer.failures() {
        let arn = failure.arn().unwrap_or_default();
        // What has to be deleted and is not there, or is going already, is gone.
        let left = revision::describe(aws, arn).await?;
        if left.is_none_or(|revision| revision.status == Status::Going) {
            continue;
        }
        let name = arn.rsplit('/').next().unwrap_or(arn);
        let reason = failure.reason().or(failure.detail());
        let reason = reason.unwrap_or("no reason given");
        return Err(CallError {
            // A revision that has just been deregistered may still be taken for an active one.
            class: Class::Unsettled,
            request_id: answer.request_id().map(str::to_owned),
            ..error::unexpected(operation, format!("{name} was not deleted: {reason}"))
        }
        .after_calls(revisions.len().saturating_sub(answer.failures().len())));
    }
    Ok(Reply {
        request_id: answer.request_id().map(str::to_owned),
        ..Reply::default()
    })
}
