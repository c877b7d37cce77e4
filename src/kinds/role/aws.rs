//! IAM roles: every change is one call.

mod exact;
mod observe;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, sync::Arc};

use aws_sdk_iam::{
    operation::RequestId,
    types::{Role as Described, Tag},
};

use crate::{
    aws::{Aws, error, plain_tags, same_owner},
    kinds::{
        live::{InAws, Reading, Seen, Target},
        role::{Change, Role},
    },
    model::{
        call::{CallError, Class, Reply},
        query::Query,
        template::{Attribute, Template},
    },
    progress,
};

use observe::observe;
pub(crate) use observe::observe_also;

/// The most tags that `TagRole` and `UntagRole` take (IAM API reference).
const TAG_BATCH: usize = 50;
const NOT_FOUND: &str = "NoSuchEntity";

impl InAws for Role {
    fn ask_early(aws: &Aws, _queries: &[Arc<Query>]) {
        observe::ask_early(aws);
    }

    async fn observe(reading: &Reading) -> Result<Vec<Seen<Self>>, CallError> {
        observe(&reading.aws, &reading.queries).await
    }

    async fn perform(aws: &Aws, target: &Target<'_>, change: &Change) -> Result<Reply, CallError> {
        perform(aws, target, change).await
    }
}

/// Runs one call of the IAM client and takes the request id of its answer.
macro_rules! run {
    ($aws:ident, $target:ident => $($request:tt)+) => {{
        let request = $aws.iam.client.$($request)+.send();
        let answer = $aws.iam.call($target.operation, request).await;
        answer.map(|answer| answered(answer.request_id()))
    }};
}

async fn perform(aws: &Aws, target: &Target<'_>, change: &Change) -> Result<Reply, CallError> {
    let name = target.name;
    let outcome = match change {
        Change::Create(role) => create(aws, target, role).await,
        Change::Update {
            description,
            max_session_seconds,
        } => {
            run!(aws, target => update_role().role_name(name).description(description)
                .max_session_duration(signed(*max_session_seconds)))
        }
        Change::UpdateTrust(policy) => {
            run!(aws, target => update_assume_role_policy().role_name(name)
                .policy_document(policy.to_json()))
        }
        Change::PutBoundary(arn) => {
            run!(aws, target => put_role_permissions_boundary().role_name(name)
                .permissions_boundary(arn.to_string()))
        }
        Change::DeleteBoundary => {
            run!(aws, target => delete_role_permissions_boundary().role_name(name))
        }
        Change::Attach(arn) => {
            run!(aws, target => attach_role_policy().role_name(name).policy_arn(arn.to_string()))
        }
        Change::Detach(arn) => {
            run!(aws, target => detach_role_policy().role_name(name).policy_arn(arn.to_string()))
        }
        Change::PutInline {
            name: inline,
            policy,
        } => {
            run!(aws, target => put_role_policy().role_name(name).policy_name(inline)
                .policy_document(policy.to_json()))
        }
        Change::DeleteInline(inline) => {
            run!(aws, target => delete_role_policy().role_name(name).policy_name(inline))
        }
        Change::Tag(tags) => tag(aws, target, &plain_tags(tags)).await,
        Change::Untag(keys) => untag(aws, target, keys).await,
        Change::RemoveFromInstanceProfile(profile) => {
            run!(aws, target => remove_role_from_instance_profile().role_name(name)
                .instance_profile_name(profile))
        }
        Change::Delete => run!(aws, target => delete_role().role_name(name)),
    };
    match outcome {
        // What has to be deleted and is not there is gone: an earlier attempt, whose answer was
        // lost, may have removed it.
        Err(error) if removes(change) && error.code.as_deref() == Some(NOT_FOUND) => {
            Ok(answered(error.request_id.as_deref()))
        }
        outcome => outcome,
    }
}

/// Returns whether the call removes something, and so does not mind that it is not there.
fn removes(change: &Change) -> bool {
    match change {
        Change::DeleteBoundary
        | Change::Detach(_)
        | Change::DeleteInline(_)
        | Change::RemoveFromInstanceProfile(_)
        | Change::Delete => true,
        Change::Create(_)
        | Change::Update { .. }
        | Change::UpdateTrust(_)
        | Change::PutBoundary(_)
        | Change::Attach(_)
        | Change::PutInline { .. }
        | Change::Tag(_)
        | Change::Untag(_) => false,
    }
}

fn answered(request_id: Option<&str>) -> Reply {
    Reply {
        request_id: request_id.map(str::to_owned),
        ..Reply::default()
    }
}

fn signed(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn sdk_tags(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    tags.iter()
        .map(|(key, value)| {
            Tag::builder()
                .key(key)
                .value(value)
                .build()
                .expect("both members are set")
        })
        .collect()
}

async fn create(aws: &Aws, target: &Target<'_>, role: &Role) -> Result<Reply, CallError> {
    let description = Some(role.description.clone()).filter(|text| !text.is_empty());
    let boundary = role.permissions_boundary.as_ref().map(Template::to_string);
    let tags = plain_tags(&role.tags);
    let request = aws
        .iam
        .client
        .create_role()
        .role_name(&role.name)
        .path(&role.path)
        .assume_role_policy_document(role.trust.to_json())
        .max_session_duration(signed(role.max_session_seconds))
        .set_description(description)
        .set_permissions_boundary(boundary)
        .set_tags(Some(sdk_tags(&tags)).filter(|tags| !tags.is_empty()))
        .send();
    let operation = target.operation;
    let (answer, was_sent_twice) = progress::watch(aws.iam.call(operation, request)).await;
    match answer {
        Ok(answer) => {
            let created = answer.role().ok_or_else(|| {
                error::unexpected(operation, "the answer holds no role").after_effect()
            })?;
            Ok(Reply {
                attributes: attributes(created),
                ..answered(answer.request_id())
            })
        }
        Err(error) if error.code.as_deref() == Some("EntityAlreadyExists") => {
            let reply = exists(aws, role, error).await?;
            Ok(reply.made_elsewhere(was_sent_twice))
        }
        Err(error) => Err(error),
    }
}

/// Returns whether the role that IAM says exists is this one: an earlier attempt may have made it,
/// and its answer was lost.
///
/// One that is gone, or that carries our tags under another path or spelling, is what this role
/// replaces: IAM's changes take time to be seen everywhere (IAM user guide, "Troubleshoot IAM", on
/// changes that are not always immediately visible).
async fn exists(aws: &Aws, role: &Role, error: CallError) -> Result<Reply, CallError> {
    let live = get(aws, &role.name).await?;
    let owned = |live: &Described| same_owner(&tag_map(live.tags()), &role.tags);
    match live {
        Some(live) if !owned(&live) => Err(error),
        Some(live) if live.path == role.path && live.role_name == role.name => Ok(Reply {
            attributes: attributes(&live),
            ..answered(error.request_id.as_deref())
        }),
        Some(_) | None => Err(CallError {
            class: Class::Unsettled,
            ..error
        }),
    }
}

async fn tag(
    aws: &Aws,
    target: &Target<'_>,
    tags: &BTreeMap<String, String>,
) -> Result<Reply, CallError> {
    let mut reply = Reply::default();
    for (done, batch) in sdk_tags(tags).chunks(TAG_BATCH).enumerate() {
        let batch = Some(batch.to_vec());
        let outcome = run!(aws, target => tag_role().role_name(target.name).set_tags(batch));
        reply = outcome.map_err(|error| error.after_calls(done))?;
    }
    Ok(reply)
}

async fn untag(aws: &Aws, target: &Target<'_>, keys: &[String]) -> Result<Reply, CallError> {
    let mut reply = Reply::default();
    for (done, batch) in keys.chunks(TAG_BATCH).enumerate() {
        let batch = Some(batch.to_vec());
        let outcome = run!(aws, target => untag_role().role_name(target.name).set_tag_keys(batch));
        reply = outcome.map_err(|error| error.after_calls(done))?;
    }
    Ok(reply)
}

async fn get(aws: &Aws, name: &str) -> Result<Option<Described>, CallError> {
    let request = aws.iam.client.get_role().role_name(name).send();
    match aws.iam.call("iam:GetRole", request).await {
        Ok(answer) => Ok(answer.role),
        Err(error) if error.code.as_deref() == Some(NOT_FOUND) => Ok(None),
        Err(error) => Err(error),
    }
}

fn attributes(role: &Described) -> BTreeMap<Attribute, String> {
    BTreeMap::from([
        (Attribute::Arn, role.arn.clone()),
        (Attribute::Name, role.role_name.clone()),
    ])
}

fn tag_map(tags: &[Tag]) -> BTreeMap<String, String> {
    tags.iter()
        .map(|tag| (tag.key.clone(), tag.value.clone()))
        .collect()
}
