//! The changes of a family through the SDK.

use std::collections::BTreeMap;

use aws_sdk_ecs::{
    operation::RequestId,
    types::{Failure, Tag},
};

use crate::{
    aws::{Aws, error, joined::Listing, plain_tags},
    kinds::{
        live::Target,
        task_definition::{
            Change,
            aws::{
                digest, register,
                revision::{self, Status},
                rollout,
            },
            state::DELETE_BATCH,
        },
    },
    model::{
        call::{CallError, Class, Reply},
        tags,
    },
};

/// The most tags of one call (ECS API reference, `TagResource`).
const TAG_BATCH: usize = 50;

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

pub(super) async fn perform(
    aws: &Aws,
    target: &Target<'_>,
    change: &Change,
) -> Result<Reply, CallError> {
    match change {
        Change::Register {
            family,
            document,
            tags,
            before,
        } => {
            let number = target.revision.max(*before).unwrap_or_default() + 1;
            let tags = plain_tags(tags);
            let mut reply = register::perform(aws, family, document, &tags, number).await?;
            reply
                .remarks
                .extend(before.map(|before| way_back(family, before)));
            Ok(reply)
        }
        Change::Tag { revision, tags } => {
            let arn = arn(aws, target, *revision).await?;
            let change_of_owner = tags.contains_key(tags::STACK_TAG);
            let tags = sdk_tags(&plain_tags(tags));
            let mut reply = Reply::default();
            for (done, batch) in tags.chunks(TAG_BATCH).enumerate() {
                let batch = Some(batch.to_vec());
                let add = async || run!(aws, target => tag_resource().resource_arn(&arn).set_tags(batch.clone()));
                let mut outcome = add().await;
                if outcome.as_ref().is_err_and(is_full) {
                    make_room(aws, &arn).await?;
                    outcome = add().await;
                }
                reply = outcome.map_err(|error| error.after_calls(done))?;
            }
            if change_of_owner {
                add_digest(aws, &arn).await;
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
        Change::UpdateService {
            service, is_forced, ..
        } => rollout::start(aws, target, service, *is_forced).await,
        Change::UpdateExpressService { service, .. } => {
            rollout::start_express(aws, target, service).await
        }
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

/// Returns whether a resource has no room for more tags.
fn is_full(error: &CallError) -> bool {
    error.message.to_lowercase().contains("too many tags")
}

/// Takes the digest from a revision, which then is described in each plan, to make room for a tag
/// that somebody wants.
async fn make_room(aws: &Aws, arn: &str) -> Result<(), CallError> {
    let request = aws.ecs.client.untag_resource().resource_arn(arn);
    let request = request.tag_keys(tags::DIGEST_TAG).send();
    aws.ecs.call("ecs:UntagResource", request).await?;
    Ok(())
}

/// Gives a revision that somebody else has registered its digest, without which it would be
/// described in each plan. Nothing depends on it, so that this fails is worth no word.
async fn add_digest(aws: &Aws, arn: &str) {
    let Ok(Some(revision)) = revision::describe(aws, arn).await else {
        return;
    };
    let digest = digest::tag(&revision.document, revision.number);
    let is_new = |digest: &String| revision.tags.get(tags::DIGEST_TAG) != Some(digest);
    let Some(digest) = digest.filter(is_new) else {
        return;
    };
    let tag = Tag::builder().key(tags::DIGEST_TAG).value(digest).build();
    let request = aws.ecs.client.tag_resource().resource_arn(arn).tags(tag);
    if let Err(error) = aws.ecs.call("ecs:TagResource", request.send()).await {
        tracing::debug!(arn, code = error.code, "the digest could not be added");
    }
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

/// Deletes inactive revisions, in one request with those of other families if it has to wait for
/// its turn. AWS keeps each as `DELETE_IN_PROGRESS` while something uses it, and lists what it
/// refuses in an answer that is a success by its status (ECS API reference,
/// `DeleteTaskDefinitions`).
async fn delete(aws: &Aws, target: &Target<'_>, revisions: &[u32]) -> Result<Reply, CallError> {
    let names = revisions
        .iter()
        .map(|number| format!("{}:{number}", target.name));
    let names: Vec<String> = names.collect();
    let request = |names| {
        let request = aws.ecs.client.delete_task_definitions();
        request.set_task_definitions(Some(names)).send()
    };
    let operation = target.operation;
    let listing = Listing {
        service: &aws.ecs,
        operation,
        most: DELETE_BATCH,
    };
    let answer = aws.deletions.send(&listing, names.clone(), request).await?;
    // What names a revision of another family is about another call of the same request.
    let is_ours = |failure: &&Failure| {
        let name = name_of(failure);
        names.iter().any(|ours| ours == name) || !name.contains(':')
    };
    let failures: Vec<&Failure> = answer.failures().iter().filter(is_ours).collect();
    for failure in &failures {
        // What has to be deleted and is not there, or is going already, is gone.
        let arn = failure.arn().unwrap_or_default();
        let left = revision::describe(aws, arn).await?;
        if left.is_none_or(|revision| revision.status == Status::Going) {
            continue;
        }
        let name = name_of(failure);
        let reason = failure.reason().or(failure.detail());
        let reason = reason.unwrap_or("no reason given");
        return Err(CallError {
            // A revision that has just been deregistered may still be taken for an active one.
            class: Class::Unsettled,
            request_id: answer.request_id().map(str::to_owned),
            ..error::unexpected(operation, format!("{name} was not deleted: {reason}"))
        }
        .after_calls(names.len().saturating_sub(failures.len())));
    }
    Ok(Reply {
        request_id: answer.request_id().map(str::to_owned),
        ..Reply::default()
    })
}

/// The revision that a failure is about: `checkout:3`.
fn name_of(failure: &Failure) -> &str {
    let arn = failure.arn().unwrap_or_default();
    arn.rsplit('/').next().unwrap_or(arn)
}
