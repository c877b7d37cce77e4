//! CloudWatch Logs log groups.

mod observe;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, sync::Arc};

use aws_sdk_cloudwatchlogs::{operation::RequestId, types::LogGroupClass};

use crate::{
    aws::{Aws, error, plain_tags, same_owner},
    kinds::{
        live::{InAws, Reading, Seen, Target},
        log_group::{Change, DEFAULT_CLASS, LogGroup},
    },
    model::{
        call::{CallError, Class, Reply},
        query::Query,
        tags::{self, Tags},
        template::{Attribute, Template},
    },
    progress,
};

use observe::{class, describe, list_tags};
pub(crate) use observe::{names, observe_tagged};

const NOT_FOUND: &str = "ResourceNotFoundException";

impl InAws for LogGroup {
    fn ask_early(aws: &Aws, queries: &[Arc<Query>]) {
        observe::ask_early(aws, queries);
    }

    async fn observe(reading: &Reading) -> Result<Vec<Seen<Self>>, CallError> {
        observe::observe(reading).await
    }

    async fn perform(aws: &Aws, target: &Target<'_>, change: &Change) -> Result<Reply, CallError> {
        perform(aws, target, change).await
    }
}

fn attributes(name: &str, arn: String) -> BTreeMap<Attribute, String> {
    BTreeMap::from([(Attribute::Arn, arn), (Attribute::Name, name.to_owned())])
}

/// Runs one call of the CloudWatch Logs client and takes the request id of its answer.
macro_rules! run {
    ($aws:ident, $target:ident => $($request:tt)+) => {{
        let request = $aws.logs.client.$($request)+.send();
        let answer = $aws.logs.call($target.operation, request).await;
        answer.map(|answer| Reply {
            request_id: answer.request_id().map(str::to_owned),
            ..Reply::default()
        })
    }};
}

async fn perform(aws: &Aws, target: &Target<'_>, change: &Change) -> Result<Reply, CallError> {
    let name = target.name;
    match change {
        Change::Create(group) => create(aws, target, group).await,
        Change::PutRetention(days) => {
            let days = i32::try_from(*days).unwrap_or(i32::MAX);
            run!(aws, target => put_retention_policy().log_group_name(name).retention_in_days(days))
        }
        Change::DeleteRetention => {
            run!(aws, target => delete_retention_policy().log_group_name(name))
        }
        Change::AssociateKmsKey(arn) => {
            run!(aws, target => associate_kms_key().log_group_name(name).kms_key_id(arn.to_string()))
        }
        Change::DisassociateKmsKey => {
            run!(aws, target => disassociate_kms_key().log_group_name(name))
        }
        Change::PutDeletionProtection(on) => {
            run!(aws, target => put_log_group_deletion_protection().log_group_identifier(name)
                .deletion_protection_enabled(*on))
        }
        Change::Tag(tags) => {
            let arn = aws.identity().await?.log_group_arn(name);
            let tags = plain_tags(tags).into_iter().collect();
            run!(aws, target => tag_resource().resource_arn(arn).set_tags(Some(tags)))
        }
        Change::Untag(keys) => {
            let arn = aws.identity().await?.log_group_arn(name);
            let keys = Some(keys.clone());
            run!(aws, target => untag_resource().resource_arn(arn).set_tag_keys(keys))
        }
        Change::Delete(planned) => match delete(aws, target, planned).await {
            // What has to be deleted and is not there is gone: an earlier attempt, whose answer was
            // lost, may have removed it.
            Err(error) if error.code.as_deref() == Some(NOT_FOUND) => Ok(Reply::default()),
            outcome => outcome,
        },
    }
}

/// Deletes the group if it is the stack's still, and not protected: the tags that the plan was made
/// from may be what the tagging API says, which is late.
async fn delete(aws: &Aws, target: &Target<'_>, planned: &Tags) -> Result<Reply, CallError> {
    let name = target.name;
    let live = list_tags(aws, &aws.identity().await?.log_group_arn(name)).await?;
    let ours = |tags: &BTreeMap<String, String>| -> BTreeMap<String, String> {
        let ours = tags.iter().filter(|(key, _)| key.starts_with(tags::PREFIX));
        ours.map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    };
    if ours(&live) != ours(&plain_tags(planned)) {
        let message = format!(
            "{name} was not deleted: its tags say something else than when this was planned"
        );
        return Err(CallError {
            hint: Some(
                "plan again: it may belong to another stack by now, or be protected".to_owned(),
            ),
            ..error::unexpected(target.operation, message)
        });
    }
    run!(aws, target => delete_log_group().log_group_name(name))
}

async fn create(aws: &Aws, target: &Target<'_>, group: &LogGroup) -> Result<Reply, CallError> {
    let arn = aws.identity().await?.log_group_arn(&group.name);
    // The map of tags may be absent but not empty (botocore model logs 2014-03-28, `Tags`).
    let tags = Some(plain_tags(&group.tags)).filter(|tags| !tags.is_empty());
    let sending = async {
        run!(aws, target => create_log_group().log_group_name(&group.name)
        .set_kms_key_id(group.kms_key_arn.as_ref().map(Template::to_string))
        .set_log_group_class(other_class(&group.class))
        .set_deletion_protection_enabled(Some(true).filter(|_| group.deletion_protection))
        .set_tags(tags.map(|tags| tags.into_iter().collect())))
    };
    let (outcome, was_sent_twice) = progress::watch(sending).await;
    let reply = match outcome {
        Err(error) if error.code.as_deref() == Some("ResourceAlreadyExistsException") => {
            let reply = exists(aws, group, &arn, error).await?;
            reply.made_elsewhere(was_sent_twice)
        }
        outcome => outcome?,
    };
    Ok(Reply {
        attributes: attributes(&group.name, arn),
        ..reply
    })
}

/// Returns whether the group that exists is this one: an earlier attempt may have made it, and its
/// answer was lost. One that is gone when it is asked for, or that carries our tags but is of
/// another class, is what this group replaces and still going.
async fn exists(
    aws: &Aws,
    group: &LogGroup,
    arn: &str,
    error: CallError,
) -> Result<Reply, CallError> {
    let going = |error| CallError {
        class: Class::Unsettled,
        ..error
    };
    match list_tags(aws, arn).await {
        Ok(tags) if !same_owner(&tags, &group.tags) => return Err(error),
        Ok(_) => {}
        Err(gone) if gone.code.as_deref() == Some(NOT_FOUND) => return Err(going(error)),
        Err(failure) => return Err(failure),
    }
    let live = describe(aws, std::slice::from_ref(&group.name)).await?;
    if !live.iter().any(|live| class(live) == group.class) {
        return Err(going(error));
    }
    Ok(Reply {
        request_id: error.request_id,
        ..Reply::default()
    })
}

/// The class, unless it is the one that AWS takes by itself.
fn other_class(class: &str) -> Option<LogGroupClass> {
    (class != DEFAULT_CLASS).then(|| LogGroupClass::from(class))
}
