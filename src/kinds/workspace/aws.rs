//! Amazon Managed Service for Prometheus workspaces, with their configuration and their logging.

mod create;
mod observe;
#[cfg(test)]
mod tests;
mod wait;

use std::{collections::BTreeMap, sync::Arc};

use aws_sdk_amp::{
    operation::RequestId,
    types::{LimitsPerLabelSet, LimitsPerLabelSetEntry},
};

use crate::{
    aws::{Aws, plain_tags},
    kinds::{
        live::{InAws, Reading, Seen, Target},
        workspace::{Change, Configuration, Workspace},
    },
    model::{
        call::{CallError, Reply},
        identity::{Identity, endpoint_base, query_url, remote_write_url},
        query::Query,
        template::Attribute,
    },
};

use observe::{LIST, observe};
pub(crate) use observe::{Listed, list, observe_also};
pub(crate) use wait::DESCRIBE_CONFIGURATION;

const NOT_FOUND: &str = "ResourceNotFoundException";
const CONFLICT: &str = "ConflictException";

impl InAws for Workspace {
    fn ask_early(aws: &Aws, _queries: &[Arc<Query>]) {
        aws.ask_early(LIST, |aws| async move { list(&aws).await });
    }

    async fn observe(reading: &Reading) -> Result<Vec<Seen<Self>>, CallError> {
        observe(&reading.aws, &reading.queries).await
    }

    async fn perform(aws: &Aws, target: &Target<'_>, change: &Change) -> Result<Reply, CallError> {
        perform(aws, target, change).await
    }
}

/// Runs one call of the client and takes the request id of its answer. Every attempt of the call
/// carries the same client token, so AWS does it once.
macro_rules! run {
    ($aws:ident, $target:ident => $($request:tt)+) => {{
        let request = $aws.amp.client.$($request)+.send();
        let answer = $aws.amp.call($target.operation, request).await;
        answer.map(|answer| Reply {
            request_id: answer.request_id().map(str::to_owned),
            ..Reply::default()
        })
    }};
}

async fn perform(aws: &Aws, target: &Target<'_>, change: &Change) -> Result<Reply, CallError> {
    let (id, token) = (target.name, target.token);
    match change {
        Change::Create {
            alias,
            kms_key_arn,
            tags,
        } => {
            let wanted = create::Wanted {
                alias: alias.as_deref(),
                kms_key_arn: kms_key_arn.as_ref(),
                tags,
            };
            create::perform(aws, target, &wanted).await
        }
        Change::SetAlias(alias) => {
            wait::active(aws, id).await?;
            let request = run!(aws, target => update_workspace_alias().workspace_id(id).alias(alias)
                .client_token(token));
            let reply = request?;
            wait::active(aws, id)
                .await
                .map_err(CallError::after_effect)?;
            Ok(reply)
        }
        Change::Configure(configuration) => configure(aws, target, configuration).await,
        Change::CreateLogging(arn) => create_logging(aws, target, &arn.to_string()).await,
        Change::UpdateLogging(arn) => update_logging(aws, target, &arn.to_string()).await,
        Change::DeleteLogging => delete_logging(aws, target).await,
        Change::Tag(tags) => {
            let arn = aws.identity().await?.workspace_arn(id);
            let tags = plain_tags(tags).into_iter().collect();
            run!(aws, target => tag_resource().resource_arn(arn).set_tags(Some(tags)))
        }
        Change::Untag(keys) => {
            let arn = aws.identity().await?.workspace_arn(id);
            let keys = Some(keys.clone());
            run!(aws, target => untag_resource().resource_arn(arn).set_tag_keys(keys))
        }
        Change::Delete => delete(aws, target).await,
    }
}

/// The attributes of a workspace. While it is being created AWS may not name the endpoint, which
/// follows from the id all the same (Amazon Managed Service for Prometheus user guide, "Find your
/// workspace details").
fn attributes(
    identity: &Identity,
    id: &str,
    arn: &str,
    endpoint: Option<&str>,
) -> BTreeMap<Attribute, String> {
    let endpoint = endpoint.filter(|text| !text.is_empty()).map_or_else(
        || identity.workspace_endpoint(&identity.region, id),
        endpoint_base,
    );
    BTreeMap::from([
        (Attribute::Id, id.to_owned()),
        (Attribute::Arn, arn.to_owned()),
        (Attribute::RemoteWriteUrl, remote_write_url(&endpoint)),
        (Attribute::QueryUrl, query_url(&endpoint)),
        (Attribute::Endpoint, endpoint),
    ])
}

async fn configure(
    aws: &Aws,
    target: &Target<'_>,
    want: &Configuration,
) -> Result<Reply, CallError> {
    let id = target.name;
    let Configuration {
        retention_days,
        limits,
        out_of_order_time_window_seconds,
        rule_query_offset_seconds,
    } = want;
    let limits = limits.as_ref().map(|limits| {
        let buckets = limits.iter().map(|(labels, max)| {
            let max = i64::try_from(*max).unwrap_or(i64::MAX);
            LimitsPerLabelSet::builder()
                .limits(LimitsPerLabelSetEntry::builder().max_series(max).build())
                .set_label_set(Some(labels.clone().into_iter().collect()))
                .build()
                .expect("the label set is set")
        });
        buckets.collect::<Vec<_>>()
    });
    wait::active(aws, id).await?;
    let reply = run!(aws, target => update_workspace_configuration().workspace_id(id)
        .client_token(target.token).set_retention_period_in_days(signed(*retention_days))
        .set_limits_per_label_set(limits)
        .set_out_of_order_time_window_in_seconds(signed(*out_of_order_time_window_seconds))
        .set_rule_query_offset_in_seconds(signed(*rule_query_offset_seconds)))?;
    let settled = async {
        wait::configured(aws, id).await?;
        wait::active(aws, id).await
    };
    settled.await.map_err(CallError::after_effect)?;
    Ok(reply)
}

fn signed(number: Option<u32>) -> Option<i32> {
    number.map(|number| i32::try_from(number).unwrap_or(i32::MAX))
}

async fn create_logging(aws: &Aws, target: &Target<'_>, arn: &str) -> Result<Reply, CallError> {
    let id = target.name;
    wait::active(aws, id).await?;
    let outcome = run!(aws, target => create_logging_configuration().workspace_id(id)
        .log_group_arn(arn).client_token(target.token));
    let reply = match outcome {
        // There is one already: of an earlier attempt, or one that AWS failed to create. Both are
        // made right by an update.
        Err(error) if error.code.as_deref() == Some(CONFLICT) => {
            if wait::logging(aws, id).await?.is_none() {
                return Err(error);
            }
            return update_logging(aws, target, arn).await;
        }
        outcome => outcome?,
    };
    wait::logging_active(aws, id)
        .await
        .map_err(CallError::after_effect)?;
    Ok(reply)
}

async fn update_logging(aws: &Aws, target: &Target<'_>, arn: &str) -> Result<Reply, CallError> {
    let id = target.name;
    wait::active(aws, id).await?;
    let reply = run!(aws, target => update_logging_configuration().workspace_id(id).log_group_arn(arn)
        .client_token(target.token))?;
    wait::logging_active(aws, id)
        .await
        .map_err(CallError::after_effect)?;
    Ok(reply)
}

async fn delete_logging(aws: &Aws, target: &Target<'_>) -> Result<Reply, CallError> {
    let id = target.name;
    let outcome = run!(aws, target => delete_logging_configuration().workspace_id(id)
        .client_token(target.token));
    match outcome {
        Err(error) if error.code.as_deref() == Some(NOT_FOUND) => Ok(Reply::default()),
        Err(error) => Err(error),
        Ok(reply) => {
            wait::logging_gone(aws, id)
                .await
                .map_err(CallError::after_effect)?;
            Ok(reply)
        }
    }
}

/// Deletes the workspace and returns when AWS has begun to do so: that AWS finishes can take
/// minutes, and nothing waits for it.
async fn delete(aws: &Aws, target: &Target<'_>) -> Result<Reply, CallError> {
    let id = target.name;
    let outcome =
        run!(aws, target => delete_workspace().workspace_id(id).client_token(target.token));
    match outcome {
        Err(error) if error.code.as_deref() == Some(NOT_FOUND) => Ok(Reply::default()),
        // It is altered by somebody, or an earlier attempt, whose answer was lost, has begun to
        // delete it.
        Err(error) if error.code.as_deref() == Some(CONFLICT) => {
            if wait::is_going(aws, id).await? {
                return Ok(Reply::default());
            }
            Err(error)
        }
        Err(error) => Err(error),
        Ok(reply) => {
            wait::going(aws, id)
                .await
                .map_err(CallError::after_effect)?;
            Ok(reply)
        }
    }
}
