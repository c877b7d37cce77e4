//! Reading log groups: those that are declared by their names, and what is tagged as the stack's.

use std::{collections::BTreeMap, sync::Arc};

use aws_sdk_cloudwatchlogs::types::{LogGroup as Described, LogGroupClass};

use crate::{
    aws::{Aws, all, live_tags, mentions::unseen, tagging::Tagged, tags_of_aws},
    kinds::{
        live::{Reading, Seen},
        log_group::{
            DEFAULT_CLASS, LogGroup,
            aws::{NOT_FOUND, attributes},
        },
    },
    model::{
        call::CallError,
        live::{Fact, Live},
        mention::{Mention, Presence, What},
        query::Query,
        tags::{Owner, PREVENT_DESTROY_TAG},
        template::Template,
    },
};

/// The most groups that `DescribeLogGroups` takes by name and the most that it answers with
/// (CloudWatch Logs API reference, `DescribeLogGroups`).
const BATCH: usize = 50;
const PAGE: i32 = 50;
const DESCRIBE: &str = "logs:DescribeLogGroups";

/// Asks early for the groups that the stacks declare.
pub(super) fn ask_early(aws: &Aws, queries: &[Arc<Query>]) {
    for query in queries {
        for names in batches(query.log_groups.keys()) {
            aws.ask_early(question(&names), |aws| async move {
                describe(&aws, &names).await
            });
        }
    }
}

/// Reads, for each query, the groups that the stack declares and those that are tagged as its own.
pub(super) async fn observe(reading: &Reading) -> Result<Vec<Seen<LogGroup>>, CallError> {
    // What is declared need not wait for what is tagged.
    let declared = all(reading.queries.clone(), |query| {
        let aws = reading.aws.clone();
        async move { describe_all(&aws, query.log_groups.keys()).await }
    });
    let mentioned = all(reading.queries.clone(), |query| {
        let aws = reading.aws.clone();
        async move { Ok(mentioned(&aws, &query).await) }
    });
    let (declared, mentioned, tagged) = tokio::try_join!(declared, mentioned, reading.tagged())?;
    let per_query = reading.queries.iter().zip(tagged).zip(declared);
    let found = all(per_query, |((query, tagged), declared)| {
        let (aws, query, tagged) = (reading.aws.clone(), Arc::clone(query), tagged.clone());
        async move {
            let others = describe_all(&aws, others(&query, &tagged)).await?;
            let groups = declared.into_iter().chain(others).collect();
            with_tags(&aws, &query, &tagged, groups).await
        }
    });
    let found = found.await?.into_iter().zip(mentioned);
    let seen = found.map(|(found, mentions)| Seen {
        mentions,
        ..Seen::of(found)
    });
    Ok(seen.collect())
}

/// Whether the groups are there that the stack names and does not declare.
async fn mentioned(aws: &Aws, query: &Query) -> BTreeMap<Mention, Presence> {
    let mentions = query.mentions.iter();
    let mentions: Vec<&Mention> = mentions.filter(|one| one.what == What::LogGroup).collect();
    let groups = describe_all(aws, mentions.iter().map(|one| &one.name)).await;
    let presence = |mention: &Mention| match &groups {
        Ok(groups) => {
            let mut names = groups.iter().map(Described::log_group_name);
            if names.any(|name| name == Some(&mention.name)) {
                Presence::Fits
            } else {
                Presence::Missing
            }
        }
        Err(error) => Presence::Unseen(unseen(error)),
    };
    let known = mentions.into_iter().map(|one| (one.clone(), presence(one)));
    known.collect()
}

/// Reads the groups that the stack declares and those that are tagged as its own.
pub(crate) async fn observe_tagged(
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
        let known = tags_that_suffice(&query, tagged, name).cloned();
        async move { found(&aws, &query, &group, known).await }
    });
    Ok(found.await?.into_iter().flatten().collect())
}

/// The groups of these names, however many, that exist.
async fn describe_all(
    aws: &Aws,
    names: impl Iterator<Item = &String>,
) -> Result<Vec<Described>, CallError> {
    let found = all(batches(names), |batch| {
        let aws = aws.clone();
        async move { aws.answer(question(&batch), describe(&aws, &batch)).await }
    });
    Ok(found.await?.into_iter().flatten().collect())
}

/// The names of one call each.
fn batches<'a>(names: impl Iterator<Item = &'a String>) -> Vec<Vec<String>> {
    let names: Vec<String> = names.cloned().collect();
    names.chunks(BATCH).map(<[String]>::to_vec).collect()
}

/// The name of the question which of the groups of these names exist.
fn question(names: &[String]) -> String {
    format!("{DESCRIBE} {}", names.join(" "))
}

/// The groups of these names that exist.
pub(super) async fn describe(aws: &Aws, names: &[String]) -> Result<Vec<Described>, CallError> {
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

/// What the tagging API says of the group's tags, where nothing can go wrong if it is late: they
/// are the desired ones, or everything will be removed, in which case a group's tags are looked at
/// once more before it goes.
///
/// Each group's tags are a call of their own, of which AWS takes five a second (CloudWatch Logs
/// user guide, "CloudWatch Logs quotas"). The tagging API may be some seconds late, so before
/// anything is done about tags, or refused because of them, they are read from the group itself.
fn tags_that_suffice<'a>(
    query: &Query,
    tagged: &'a Tagged,
    name: &str,
) -> Option<&'a BTreeMap<String, String>> {
    let tags = tagged.log_groups.get(name)?;
    if query.destroy {
        let owner = query.owner(tags);
        let goes = matches!(owner, Owner::Ours(_)) && !tags.contains_key(PREVENT_DESTROY_TAG);
        return goes.then_some(tags);
    }
    let wanted = query.log_groups.get(name)?;
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
        owner: query.owner(&tags),
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

pub(super) async fn list_tags(aws: &Aws, arn: &str) -> Result<BTreeMap<String, String>, CallError> {
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

pub(super) fn class(group: &Described) -> &str {
    group
        .log_group_class()
        .map_or(DEFAULT_CLASS, LogGroupClass::as_str)
}
