//! Creating a workspace once, whoever else is at it. The argument stands in `plan/creation.rs`.

use std::time::{Duration, UNIX_EPOCH};

use aws_sdk_amp::{operation::RequestId, types::WorkspaceSummary};
use tokio::time::{Instant, timeout};
use uuid::{Uuid, uuid};

use crate::{
    aws::{Aws, error, plain_tags, same_owner},
    kinds::{
        live::Target,
        workspace::aws::{
            attributes,
            observe::{self, Listed},
            wait,
        },
    },
    model::{
        call::{CallError, Claim, Maker, Reply},
        tags::Tags,
        template::{Attribute, Template},
    },
    progress::{self, Notice},
};

/// How long after it has made what decides a run may begin to create the workspace.
const FRESH: Duration = Duration::from_secs(30);
/// How long it may try.
const TRIES: Duration = Duration::from_mins(1);
/// How old what decides has to be before a run that has not made it creates the workspace: by then
/// its maker has created it or does so no more, and clocks may differ by half a minute. Whoever is
/// sure that another run creates it waits as long.
const LEASE: Duration = Duration::from_mins(2);
/// The pause between two looks.
const PAUSE: Duration = Duration::from_secs(2);

/// The namespace of the tokens that runs have in common (RFC 9562, section 5.5).
const NAMESPACE: Uuid = uuid!("c1d9a1a4-7c5b-4f0e-9d3b-2a8f6e0b7c55");

/// The workspace to create.
pub(super) struct Wanted<'a> {
    pub(super) alias: Option<&'a str>,
    pub(super) kms_key_arn: Option<&'a Template>,
    pub(super) tags: &'a Tags,
}

/// Creates the workspace, or takes the one that another run of the stack has created.
pub(super) async fn perform(
    aws: &Aws,
    target: &Target<'_>,
    wanted: &Wanted<'_>,
) -> Result<Reply, CallError> {
    match target.claim {
        Claim::Alone => make(aws, target, wanted, target.token).await,
        Claim::Ours(age) if age < FRESH => make(aws, target, wanted, target.token).await,
        Claim::Theirs => match look(aws, wanted, LEASE).await? {
            Some(theirs) => take(aws, target, wanted, &theirs).await,
            None => Err(absent(target)),
        },
        Claim::Ours(_) | Claim::Unclear => late(aws, target, wanted, LEASE).await,
        Claim::Open(since) => {
            let age = since.map_or(LEASE, |since| age(aws, since));
            late(aws, target, wanted, LEASE.saturating_sub(age)).await
        }
    }
}

/// How long ago `since` was, in milliseconds since 1970.
fn age(aws: &Aws, since: u64) -> Duration {
    let now = aws.now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.saturating_sub(Duration::from_millis(since))
}

/// Creates the workspace if no other run has created it within `patience`.
async fn late(
    aws: &Aws,
    target: &Target<'_>,
    wanted: &Wanted<'_>,
    patience: Duration,
) -> Result<Reply, CallError> {
    if let Some(theirs) = look(aws, wanted, patience).await? {
        return take(aws, target, wanted, &theirs).await;
    }
    let identity = aws.identity().await?;
    let parts = [
        identity.account.as_str(),
        &identity.region,
        wanted.alias.unwrap_or_default(),
        &wanted
            .kms_key_arn
            .map(Template::to_string)
            .unwrap_or_default(),
    ];
    let token = token(&parts, wanted.tags);
    let reply = make(aws, target, wanted, &token).await?;
    // What follows only reads, after the workspace has been made.
    let all = owned(aws, wanted).await.map_err(CallError::after_effect)?;
    let id = reply.attributes.get(&Attribute::Id);
    let [oldest, others @ ..] = all.as_slice() else {
        return Ok(reply);
    };
    // That others are not listed yet is no harm: the next plan finds them.
    if others.is_empty() {
        return Ok(reply);
    }
    let remark = twins(oldest, others, &identity.region);
    if id == Some(&oldest.summary.workspace_id) {
        return Ok(Reply {
            remarks: vec![remark],
            ..reply
        });
    }
    let adoption = take(aws, target, wanted, oldest).await;
    let adoption = adoption.map_err(CallError::after_effect)?;
    Ok(Reply {
        remarks: vec![remark],
        ..adoption
    })
}

/// What people should know if there are several.
fn twins(oldest: &Listed, others: &[Listed], region: &str) -> String {
    let commands: Vec<String> = others
        .iter()
        .map(|other| {
            let id = &other.summary.workspace_id;
            format!("aws amp delete-workspace --region {region} --workspace-id {id}")
        })
        .collect();
    format!(
        "several runs of this stack have created a workspace at the same moment: {}, the oldest, is used; to remove what is left over, run: {}",
        oldest.summary.workspace_id,
        commands.join("; ")
    )
}

/// A token that all runs have in common that want the same workspace.
fn token(parts: &[&str], tags: &Tags) -> String {
    let mut text = parts.join("\n");
    for (key, value) in plain_tags(tags) {
        text.extend(["\n", &key, "=", &value]);
    }
    let token = Uuid::new_v5(&NAMESPACE, text.as_bytes());
    format!("amp-stack-{}", token.simple())
}

/// Sends the call, and waits until the workspace takes changes. A token that AWS remembers may
/// stand for a workspace that is being deleted: then it is sent with the token of this run.
async fn make(
    aws: &Aws,
    target: &Target<'_>,
    wanted: &Wanted<'_>,
    token: &str,
) -> Result<Reply, CallError> {
    let identity = aws.identity().await?;
    let mut token = token;
    loop {
        let request = aws
            .amp
            .client
            .create_workspace()
            .set_alias(wanted.alias.map(str::to_owned))
            .set_kms_key_arn(wanted.kms_key_arn.map(Template::to_string))
            .set_tags(Some(plain_tags(wanted.tags).into_iter().collect()))
            .client_token(token)
            .send();
        let sending = timeout(TRIES, aws.amp.call(target.operation, request));
        let answer = sending.await.map_err(|_| {
            let message = "no answer came within a minute";
            error::unexpected(target.operation, message).after_effect()
        })??;
        let id = answer.workspace_id();
        if token != target.token {
            let gone = wait::is_deleting(aws, id).await;
            if gone.map_err(CallError::after_effect)? {
                token = target.token;
                continue;
            }
        }
        let workspace = wait::created(aws, id)
            .await
            .map_err(CallError::after_effect)?;
        let endpoint = workspace.prometheus_endpoint();
        return Ok(Reply {
            attributes: attributes(&identity, id, answer.arn(), endpoint),
            request_id: answer.request_id().map(str::to_owned),
            ..Reply::default()
        });
    }
}

/// The oldest workspace of the stack, once there is one; `None` if there is none after `patience`.
async fn look(
    aws: &Aws,
    wanted: &Wanted<'_>,
    patience: Duration,
) -> Result<Option<Listed>, CallError> {
    let began = Instant::now();
    loop {
        let found = owned(aws, wanted).await?.into_iter().next();
        let left = patience.saturating_sub(began.elapsed());
        if found.is_some() || left.is_zero() {
            return Ok(found);
        }
        progress::emit(Notice::Settling {
            request: "aps:ListWorkspaces".to_owned(),
            status: "another run may be creating it".to_owned(),
        });
        tokio::time::sleep(PAUSE.min(left)).await;
    }
}

/// The workspaces of the stack, the oldest first.
async fn owned(aws: &Aws, wanted: &Wanted<'_>) -> Result<Vec<Listed>, CallError> {
    let mut owned = observe::list(aws).await?;
    owned.retain(|listed| {
        same_owner(&listed.tags, wanted.tags) && !observe::is_failed(&listed.summary)
    });
    owned.sort_by_key(|listed| order(&listed.summary));
    Ok(owned)
}

fn order(workspace: &WorkspaceSummary) -> (i128, String) {
    let created = workspace.created_at().as_nanos();
    (created, workspace.workspace_id.clone())
}

/// Takes the workspace that another run has created.
async fn take(
    aws: &Aws,
    target: &Target<'_>,
    wanted: &Wanted<'_>,
    theirs: &Listed,
) -> Result<Reply, CallError> {
    let summary = &theirs.summary;
    let id = &summary.workspace_id;
    let key = wanted.kms_key_arn.map(Template::to_string);
    if summary.kms_key_arn != key {
        return Err(CallError {
            hint: Some("plan again: this run knows of no such workspace".to_owned()),
            ..error::unexpected(
                target.operation,
                format!("another run of this stack has created {id} meanwhile, with another key"),
            )
        });
    }
    let identity = aws.identity().await?;
    let workspace = wait::created(aws, id).await?;
    let endpoint = workspace.prometheus_endpoint();
    Ok(Reply {
        attributes: attributes(&identity, id, &summary.arn, endpoint),
        remarks: vec![format!(
            "another run of this stack has created {id} at the same moment, and this run uses it"
        )],
        maker: Maker::AnotherRun,
        ..Reply::default()
    })
}

/// The error of a run that leaves it to another one to create the workspace.
fn absent(target: &Target<'_>) -> CallError {
    CallError {
        hint: Some(
            "if no other run of this stack is under way any more, apply again: that creates it"
                .to_owned(),
        ),
        ..error::unexpected(
            target.operation,
            "another run of this stack was the first to begin, so it is the one that creates the workspace, and none has appeared within two minutes",
        )
    }
}
