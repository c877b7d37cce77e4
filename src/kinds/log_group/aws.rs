//! CloudWatch Logs log groups.

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, sync::Arc};

use aws_sdk_cloudwatchlogs::{
    operation::RequestId,
    types::{LogGroup as Described, LogGroupClass},
};

use crate::{
    aws::{Aws, all, live_tags, plain_tags, same_owner, tagging::Tagged, tags_of_aws},
    kinds::{
        live::{InAws, Reading, Seen, Target},
        log_group::{Change, DEFAULT_CLASS, LogGroup},
    },
    model::{
        call::{CallError, Class, Reply},
        live::{Fact, Live},
        query::Query,
        tags,
        template::{Attribute, Template},
    },
    progress,
};

/// The most groups that `DescribeLogGroups` takes by name and the most that it answers with
/// (CloudWatch Logs API reference, `DescribeLogGroups`).
const BATCH: usize = 50;
const PAGE: i32 = 50;
const DESCRIBE: &str = "logs:DescribeLogGroups";
const NOT_FOUND: &str = "ResourceNotFoundException";

impl InAws for LogGroup {
    async fn observe(reading: &Reading) -> Result<Vec<Seen<Self>>, CallError> {
        // What is declared need not wait for what is tagged.
        let declared = all(reading.queries.clone(), |query| {
            let aws = reading.aws.clone();
            async move { describe_all(&aws, query.log_groups.keys()).await }
        });
        let (declared, tagged) = tokio::try_join!(declared, reading.tagged())?;
        let per_query = reading.queries.iter().zip(tagged).zip(declared);
        let found = all(per_query, |((query, tagged), declared)| {
            let (aws, query, tagged) = (reading.aws.clone(), Arc::clone(query), tagged.clone());
            async move {
                let others = describe_all(&aws, others(&query, &tagged)).await?;
                let groups = declared.into_iter().chain(others).collect();
                with_tags(&aws, &query, &tagged, groups).await
            }
        });
        Ok(found.await?.into_iter().map(Seen::of).collect())
    }

    async fn perform(aws: &Aws, target: &Target<'_>, change: &Change) -> Result<Reply, CallError> {
        perform(aws, target, change).await
    }
}

/// Reads the groups that the stack declares and those that are tagged as its own.
pub(crate) async fn observe(
    aws: &Aws,
    query: &Arc<Query>,
    tagged: &Tagged,
) -> Result<Vec<Live<LogGroup>>, CallError> {
    let names = query.log_groups.keys().chain(others(query, tagged));
    let groups = describe_all(aws, names).await?;
    with_tags(aws, query, tagged, groups).await
}

/// What is tagged as the stack's and not declared.
fn others<'a>(query: &'a Query, tagged: &'a Tagged) -> impl Iterator<Item = &'a String> {
    let tagged = tagged.log_groups.keys();
    tagged.filter(|name| !query.log_groups.contains_key(*name))
}

/// The groups with their tags, as far as they still exist.
async fn with_tags(
    aws: &Aws,
    query: &Arc<Query>,
    tagged: &Tagged,
    groups: Vec<Described>,
) -> Result<Vec<Live<LogGroup>>, CallError> {
    let found = all(groups, |group| {
        let (aws, query) = (aws.clone(), Arc::clone(query));
        let name = group.log_group_name().unwrap_or_default();
        let as_wanted = tags_as_wanted(&query, tagged, name).cloned();
        async move { found(&aws, &query, &group, as_wanted).await }
    });
    Ok(found.await?.into_iter().flatten().collect())
}

/// The groups of these names, however many, that exist.
async fn describe_all(
    aws: &Aws,
    names: impl Iterator<Item = &String>,
) -> Result<Vec<Described>, CallError> {
    let names: Vec<String> = names.cloned().collect();
    let batches = all(names.chunks(BATCH).map(<[String]>::to_vec), |batch| {
        let aws = aws.clone();
        async move { describe(&aws, &batch).await }
    });
    Ok(batches.await?.into_iter().flatten().collect())
}

/// The groups of these names that exist.
async fn describe(aws: &Aws, names: &[String]) -> Result<Vec<Described>, CallError> {
    let request = aws
        .logs
        .client
        .describe_log_groups()
        .set_log_group_identifiers(Some(names.to_vec()));
    let groups = request.into_paginator().items().send();
    let groups = match aws.logs.call(DESCRIBE, groups.try_collect()).await {
        Ok(groups) => groups,
        // AWS does not document what a name that does not exist leads to in this form of the call.
        Err(error)
            if matches!(
                error.code.as_deref(),
                Some(NOT_FOUND | "InvalidParameterException" | "ValidationException")
            ) =>
        {
            describe_one_by_one(aws, names).await?
        }
        Err(error) => return Err(error),
    };
    // Emulators ignore the filter.
    let wanted = |group: &Described| {
        names
            .iter()
            .any(|name| group.log_group_name() == Some(name))
    };
    Ok(groups.into_iter().filter(wanted).collect())
}

/// The same through prefixes, of which the name itself is the first match because the answer is
/// sorted (same reference).
async fn describe_one_by_one(aws: &Aws, names: &[String]) -> Result<Vec<Described>, CallError> {
    let answers = all(names.to_vec(), |name| {
        let aws = aws.clone();
        async move {
            let request = aws
                .logs
                .client
                .describe_log_groups()
                .log_group_name_prefix(name)
                .limit(PAGE)
                .send();
            aws.logs.call(DESCRIBE, request).await
        }
    });
    let answers = answers.await?;
    let mut groups = BTreeMap::new();
    for group in answers
        .into_iter()
        .flat_map(|a| a.log_groups.unwrap_or_default())
    {
        groups.insert(group.log_group_name.clone(), group);
    }
    Ok(groups.into_values().collect())
}

/// The names of the groups that begin with `prefix`.
pub(crate) async fn names(aws: &Aws, prefix: &str) -> Result<Vec<String>, CallError> {
    let prefix = Some(prefix.to_owned()).filter(|prefix| !prefix.is_empty());
    let request = aws.logs.client.describe_log_groups();
    let request = request.set_log_group_name_prefix(prefix).limit(PAGE);
    let groups = request.into_paginator().items().send();
    let groups = aws.logs.call(DESCRIBE, groups.try_collect()).await?;
    Ok(groups
        .into_iter()
        .filter_map(|group| group.log_group_name)
        .collect())
}

/// What the tagging API says of the group's tags, if those are the desired ones.
///
/// Each group's tags are a call of their own, of which AWS takes five a second (CloudWatch Logs
/// user guide, "CloudWatch Logs quotas"). The tagging API may be some seconds late, so before
/// anything is done about tags, or because of them, they are read from the group itself.
fn tags_as_wanted<'a>(
    query: &Query,
    tagged: &'a Tagged,
    name: &str,
) -> Option<&'a BTreeMap<String, String>> {
    let wanted = query.log_groups.get(name).filter(|_| !query.destroy)?;
    let tags = tagged.log_groups.get(name)?;
    (live_tags(tags) == *wanted).then_some(tags)
}

/// The group with its tags, which are read unless they are known; `None` if it has just been
/// deleted.
async fn found(
    aws: &Aws,
    query: &Query,
    group: &Described,
    tags: Option<BTreeMap<String, String>>,
) -> Result<Option<Live<LogGroup>>, CallError> {
    let name = group.log_group_name().unwrap_or_default();
    let arn = group.log_group_arn().map_or_else(
        || query.identity.log_group_arn(name),
        |arn| arn.trim_end_matches(":*").to_owned(),
    );
    let tags = match tags {
        Some(tags) => tags,
        None => match list_tags(aws, &arn).await {
            Ok(tags) => tags,
            Err(error) if error.code.as_deref() == Some(NOT_FOUND) => return Ok(None),
            Err(error) => return Err(error),
        },
    };
    let holds_nothing = holds_nothing(aws, query, group).await?;
    let policy = group
        .retention_policy_name()
        .map(|name| Fact::RetentionByAccountPolicy(name.to_owned()));
    let created = group.creation_time();
    let created = created.into_iter().flat_map(|millis| {
        let at = u64::try_from(millis).ok().map(Fact::CreatedAt);
        at.into_iter().chain([Fact::UniqueId(millis.to_string())])
    });
    Ok(Some(Live {
        resource: log_group(group, &tags),
        owner: tags::owner(&tags, &query.stack, &query.identity.region),
        attributes: attributes(name, arn),
        facts: policy
            .into_iter()
            .chain(created)
            .chain(holds_nothing.then_some(Fact::NothingOlderThan(0)))
            .chain(tags_of_aws(&tags))
            .collect(),
    }))
}

/// Returns whether a group that is to keep less than it does holds nothing that would be deleted:
/// one without streams has no events. A run that ended between `CreateLogGroup` and
/// `PutRetentionPolicy` leaves such a group, and the next one loses nothing.
///
/// Without the permission to see that, whatever the group may hold counts.
async fn holds_nothing(aws: &Aws, query: &Query, group: &Described) -> Result<bool, CallError> {
    let name = group.log_group_name().unwrap_or_default();
    let Some(wanted) = query.retentions.get(name) else {
        return Ok(false);
    };
    let kept = group.retention_in_days();
    let is_shortened = kept.is_none_or(|kept| i64::from(kept) > i64::from(*wanted));
    if !is_shortened || group.retention_policy_name().is_some() {
        return Ok(false);
    }
    let request = aws.logs.client.describe_log_streams();
    let request = request.log_group_name(name).limit(1).send();
    match aws.logs.call("logs:DescribeLogStreams", request).await {
        Ok(answer) => Ok(answer.log_streams().is_empty()),
        Err(error) => match error.code.as_deref() {
            Some(NOT_FOUND | "AccessDeniedException") => Ok(false),
            Some(_) | None => Err(error),
        },
    }
}

async fn list_tags(aws: &Aws, arn: &str) -> Result<BTreeMap<String, String>, CallError> {
    let request = aws.logs.client.list_tags_for_resource().resource_arn(arn);
    let operation = "logs:ListTagsForResource";
    let answer = aws.logs.call(operation, request.send()).await?;
    Ok(answer.tags.unwrap_or_default().into_iter().collect())
}

fn log_group(group: &Described, tags: &BTreeMap<String, String>) -> LogGroup {
    LogGroup {
        name: group.log_group_name().unwrap_or_default().to_owned(),
        class: class(group).to_owned(),
        retention_days: group
            .retention_in_days()
            .and_then(|days| u32::try_from(days).ok()),
        kms_key_arn: group.kms_key_id().map(Template::from),
        deletion_protection: group.deletion_protection_enabled().unwrap_or_default(),
        tags: live_tags(tags),
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
        Change::Delete => match run!(aws, target => delete_log_group().log_group_name(name)) {
            // What has to be deleted and is not there is gone: an earlier attempt, whose answer was
            // lost, may have removed it.
            Err(error) if error.code.as_deref() == Some(NOT_FOUND) => Ok(Reply::default()),
            outcome => outcome,
        },
    }
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

fn class(group: &Described) -> &str {
    group
        .log_group_class()
        .map_or(DEFAULT_CLASS, LogGroupClass::as_str)
}

/// The class, unless it is the one that AWS takes by itself.
fn other_class(class: &str) -> Option<LogGroupClass> {
    (class != DEFAULT_CLASS).then(|| LogGroupClass::from(class))
}
