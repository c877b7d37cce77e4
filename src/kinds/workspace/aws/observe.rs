//! Reading workspaces: one paged call finds them, tags included, and a few more describe those
//! that matter.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use aws_sdk_amp::types::{WorkspaceConfigurationDescription, WorkspaceSummary};

use crate::{
    aws::{Aws, all, error::is_denied, live_tags, mentions::unseen, tags_of_aws},
    kinds::{
        live::Seen,
        workspace::{
            Configuration, LabelSet, Workspace,
            aws::{NOT_FOUND, attributes, wait},
        },
    },
    model::{
        call::CallError,
        live::{Fact, Live},
        mention::{Mention, Presence, What},
        query::Query,
        quota::Quota,
        tags::Owner,
        template::Template,
    },
};

/// The most workspaces on a page (botocore model amp 2020-08-01, `ListWorkspaces`).
const PAGE: i32 = 1000;
pub(super) const LIST: &str = "aps:ListWorkspaces";

/// Reads, for each query, the workspaces that are the stack's and those that bear the declared
/// alias or id. One that is being deleted counts as gone.
pub(crate) async fn observe(
    aws: &Aws,
    queries: &[Arc<Query>],
) -> Result<Vec<Seen<Workspace>>, CallError> {
    let listed = aws.answer(LIST, list(aws)).await?;
    let found = all(queries.to_vec(), |query| {
        let (aws, listed) = (aws.clone(), listed.clone());
        async move {
            let found = observe_also(&aws, &query, &listed, &|_| false).await?;
            Ok(Seen {
                mentions: mentioned(&aws, &query, &listed).await,
                counted: Some((Quota::Workspaces, listed.len())),
                ..Seen::of(found)
            })
        }
    });
    found.await
}

/// Whether the workspaces are there that the stack names by their ids. One that was made a moment
/// ago may not be listed yet, so what the list lacks is asked for by itself.
async fn mentioned(aws: &Aws, query: &Query, listed: &[Listed]) -> BTreeMap<Mention, Presence> {
    let mut known = BTreeMap::new();
    let mentions = query.mentions.iter();
    for mention in mentions.filter(|mention| mention.what == What::Workspace) {
        let id = mention.name.as_str();
        let is_listed = listed.iter().any(|one| one.summary.workspace_id == id);
        let presence = if is_listed {
            Presence::Fits
        } else {
            let request = aws.amp.client.describe_workspace().workspace_id(id).send();
            match aws.amp.call("aps:DescribeWorkspace", request).await {
                Ok(_) => Presence::Fits,
                Err(error) if error.code.as_deref() == Some(NOT_FOUND) => Presence::Missing,
                Err(error) => Presence::Unseen(unseen(&error)),
            }
        };
        known.insert(mention.clone(), presence);
    }
    known
}

/// A workspace as `ListWorkspaces` describes it.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) summary: WorkspaceSummary,
    pub(crate) tags: BTreeMap<String, String>,
}

/// All workspaces of the region but those that are being deleted.
pub(crate) async fn list(aws: &Aws) -> Result<Vec<Listed>, CallError> {
    // The API's own filter finds prefixes of the alias, not the alias, and none of those that are
    // ours under another one.
    let request = aws.amp.client.list_workspaces().max_results(PAGE);
    let pages = request.into_paginator().items().send();
    let summaries = aws.amp.call(LIST, pages.try_collect());
    let live = summaries.await?.into_iter();
    let live = live.filter(|summary| status(summary) != "DELETING");
    Ok(live
        .map(|summary| Listed {
            tags: summary.tags.clone().into_iter().flatten().collect(),
            summary,
        })
        .collect())
}

/// Reads those of the `listed` workspaces that one query asks about, and those that `also` accepts.
pub(crate) async fn observe_also(
    aws: &Aws,
    query: &Arc<Query>,
    listed: &[Listed],
    also: &(dyn Fn(&Listed) -> bool + Sync),
) -> Result<Vec<Live<Workspace>>, CallError> {
    let relevant = listed.iter().filter_map(|listed| {
        let owner = query.owner(&listed.tags);
        let named = query.alias.is_some() && listed.summary.alias == query.alias;
        let meant = query.adopt_id.as_deref() == Some(&*listed.summary.workspace_id);
        let relevant = named || meant || matches!(owner, Owner::Ours(_)) || also(listed);
        relevant.then(|| (listed.clone(), owner))
    });
    let found = all(relevant, |(listed, owner)| {
        let (aws, query) = (aws.clone(), Arc::clone(query));
        async move { found(&aws, &query, &listed.summary, &listed.tags, owner).await }
    });
    found.await
}

fn status(workspace: &WorkspaceSummary) -> &str {
    workspace
        .status()
        .map_or("ACTIVE", |status| status.status_code().as_str())
}

/// Returns whether AWS could not create it.
pub(crate) fn is_failed(workspace: &WorkspaceSummary) -> bool {
    status(workspace) == "CREATION_FAILED"
}

/// The workspace with what the list does not hold.
async fn found(
    aws: &Aws,
    query: &Query,
    workspace: &WorkspaceSummary,
    tags: &BTreeMap<String, String>,
    owner: Owner,
) -> Result<Live<Workspace>, CallError> {
    let id = workspace.workspace_id.as_str();
    let failed = is_failed(workspace);
    let logging = async {
        // What was never created has neither.
        if failed {
            return Ok(None);
        }
        wait::logging(aws, id).await
    };
    let configuration = async {
        if failed || !query.workspace_configuration {
            return Ok(None);
        }
        wait::configuration(aws, id).await
    };
    let endpoint = async {
        // That of AWS follows from the id, and the list names none.
        if failed || !aws.prometheus.is_elsewhere() {
            return Ok(None);
        }
        endpoint(aws, id).await
    };
    let (logging, configuration, endpoint) = tokio::try_join!(logging, configuration, endpoint)?;
    // A configuration that AWS failed to create logs nothing.
    let logging = logging.filter(|logging| {
        !matches!(
            wait::logging_status(logging),
            "CREATION_FAILED" | "DELETING"
        )
    });
    Ok(Live {
        resource: Workspace {
            alias: workspace.alias.clone(),
            kms_key_arn: workspace.kms_key_arn.as_deref().map(Template::from),
            configuration: configuration.as_ref().map(settings).unwrap_or_default(),
            logging: logging.map(|logging| Template::from(logging.log_group_arn)),
            tags: live_tags(tags),
            failed,
        },
        owner,
        attributes: attributes(&query.identity, id, &workspace.arn, endpoint.as_deref()),
        facts: created_at(workspace)
            .into_iter()
            .chain(tags_of_aws(tags))
            .chain(nothing_older_than(workspace))
            .collect(),
    })
}

/// The endpoint that a workspace is described with, if it has one; whoever may not look takes that
/// of AWS.
async fn endpoint(aws: &Aws, id: &str) -> Result<Option<String>, CallError> {
    match wait::describe(aws, id).await {
        Ok(described) => Ok(described.and_then(|described| described.prometheus_endpoint)),
        Err(error) if is_denied(error.code.as_deref()) => Ok(None),
        Err(error) => Err(error),
    }
}

fn created_at(workspace: &WorkspaceSummary) -> Option<Fact> {
    let millis = workspace.created_at().to_millis().ok()?;
    Some(Fact::CreatedAt(u64::try_from(millis).ok()?))
}

/// How old a sample in the workspace can be: it takes none that is older than an hour (Amazon
/// Managed Service for Prometheus user guide, "Amazon Managed Service for Prometheus service
/// quotas", on the ingestion of samples). A run that ended before it set the retention of what it
/// had made leaves a workspace whose retention can be shortened without loss.
#[expect(
    clippy::disallowed_methods,
    reason = "here time comes in, for a fact about what is live"
)]
fn nothing_older_than(workspace: &WorkspaceSummary) -> Option<Fact> {
    const DAY: i64 = 24 * 60 * 60;
    // Twice what AWS takes, for clocks that differ.
    const BEFORE_ITS_TIME: i64 = 2 * 60 * 60;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let age = i64::try_from(now.as_secs()).ok()? - workspace.created_at.secs();
    let days = (age.max(0) + BEFORE_ITS_TIME) / DAY + 1;
    u32::try_from(days).ok().map(Fact::NothingOlderThan)
}

fn settings(described: &WorkspaceConfigurationDescription) -> Configuration {
    let buckets = described.limits_per_label_set().iter();
    let limits = buckets.filter_map(|bucket| {
        let max = bucket.limits()?.max_series()?;
        let labels: LabelSet = bucket.label_set.clone().into_iter().collect();
        Some((labels, u64::try_from(max).ok()?))
    });
    Configuration {
        retention_days: unsigned(described.retention_period_in_days),
        // A description that mentions no limits is one of a workspace that has none.
        limits: Some(limits.collect()),
        out_of_order_time_window_seconds: unsigned(described.out_of_order_time_window_in_seconds),
        rule_query_offset_seconds: unsigned(described.rule_query_offset_in_seconds),
    }
}

fn unsigned(number: Option<i32>) -> Option<u32> {
    number.and_then(|number| u32::try_from(number).ok())
}
