//! Waiting for a workspace, its configuration or its logging to settle: AWS accepts most changes
//! first and makes them afterwards.

use std::time::Duration;

use aws_sdk_amp::types::{
    LoggingConfigurationMetadata, WorkspaceConfigurationDescription, WorkspaceDescription,
};

use tokio::time::Instant;

use crate::{
    aws::{Aws, error},
    kinds::workspace::aws::NOT_FOUND,
    model::call::CallError,
    progress::{self, Notice},
};

/// The pause between two polls at first.
const SHORTEST: Duration = Duration::from_millis(250);
/// The pause between two polls in the end: the one of the SDKs' own waiters (botocore model amp
/// 2020-08-01, waiters).
const LONGEST: Duration = Duration::from_secs(2);
/// The pause grows with the time that has passed, to this part of it: what takes a second is seen
/// a quarter of a second later at the most.
const PART: u32 = 4;
/// How long to poll. Workspaces take seconds; five minutes are longer than any report of a creation
/// that went well.
const PATIENCE: Duration = Duration::from_mins(5);

const DESCRIBE: &str = "aps:DescribeWorkspace";
const DESCRIBE_LOGGING: &str = "aps:DescribeLoggingConfiguration";
/// The call that says how long samples are kept, and how many.
pub(crate) const DESCRIBE_CONFIGURATION: &str = "aps:DescribeWorkspaceConfiguration";

/// What one poll has shown.
enum Poll<T> {
    /// What was waited for.
    Settled(T),
    /// Not yet: it has this status.
    Moving(String),
    /// Never, for this reason.
    Failed(String),
    /// Never, for this reason, about which this can be done.
    FailedWithHint(String, &'static str),
}

/// Polls until what was waited for is there, and passes on every new status.
async fn until<T, F>(operation: &str, mut poll: impl FnMut() -> F) -> Result<T, CallError>
where
    F: Future<Output = Result<Poll<T>, CallError>>,
{
    let mut last = String::new();
    let began = Instant::now();
    loop {
        match poll().await? {
            Poll::Settled(value) => return Ok(value),
            Poll::Moving(status) if status == last => {}
            Poll::Moving(status) => {
                tracing::debug!(operation, status, "waiting until it settles");
                progress::emit(Notice::Settling {
                    request: operation.to_owned(),
                    status: status.clone(),
                });
                last = status;
            }
            Poll::Failed(message) => return Err(error::unexpected(operation, message)),
            Poll::FailedWithHint(message, hint) => {
                return Err(CallError {
                    hint: Some(hint.to_owned()),
                    ..error::unexpected(operation, message)
                });
            }
        }
        let elapsed = began.elapsed();
        let pause = (elapsed / PART).clamp(SHORTEST, LONGEST);
        if elapsed + pause > PATIENCE {
            break;
        }
        tokio::time::sleep(pause).await;
    }
    Err(CallError {
        hint: Some("apply again later: it goes on from what is there then".to_owned()),
        ..error::unexpected(
            operation,
            format!("the status is still {last} after five minutes"),
        )
    })
}

/// The workspace as it is now; `None` if there is none.
pub(crate) async fn describe(
    aws: &Aws,
    id: &str,
) -> Result<Option<WorkspaceDescription>, CallError> {
    let request = aws.amp.client.describe_workspace().workspace_id(id).send();
    match aws.amp.call(DESCRIBE, request).await {
        Ok(answer) => Ok(answer.workspace),
        Err(error) if error.code.as_deref() == Some(NOT_FOUND) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The status of a workspace; one that has none answers as it would when it is active.
fn status(workspace: &WorkspaceDescription) -> &str {
    workspace
        .status()
        .map_or("ACTIVE", |status| status.status_code().as_str())
}

/// Waits until the workspace takes changes.
pub(crate) async fn active(aws: &Aws, id: &str) -> Result<WorkspaceDescription, CallError> {
    until(DESCRIBE, || async {
        let Some(workspace) = describe(aws, id).await? else {
            return Ok(Poll::Failed(format!("the workspace {id} does not exist")));
        };
        Ok(poll(id, workspace))
    })
    .await
}

/// Waits until a workspace that has just been made takes changes. AWS may need a moment until it
/// can be read at all.
pub(crate) async fn created(aws: &Aws, id: &str) -> Result<WorkspaceDescription, CallError> {
    until(DESCRIBE, || async {
        let workspace = describe(aws, id).await?;
        Ok(workspace.map_or_else(
            || Poll::Moving("not seen yet".to_owned()),
            |workspace| poll(id, workspace),
        ))
    })
    .await
}

/// How far a workspace is that is to take changes.
fn poll(id: &str, workspace: WorkspaceDescription) -> Poll<WorkspaceDescription> {
    match status(&workspace) {
        "ACTIVE" => Poll::Settled(workspace),
        "CREATION_FAILED" => Poll::FailedWithHint(
            format!("AWS failed to create the workspace {id} (CREATION_FAILED)"),
            "it holds no data, and the next apply replaces it; if it has a KMS key, check the key and who may use it",
        ),
        "DELETING" => Poll::Failed(format!("the workspace {id} is being deleted")),
        other => Poll::Moving(other.to_owned()),
    }
}

/// Returns whether the workspace is being deleted, or gone.
pub(crate) async fn is_going(aws: &Aws, id: &str) -> Result<bool, CallError> {
    let workspace = describe(aws, id).await?;
    Ok(workspace.is_none_or(|workspace| status(&workspace) == "DELETING"))
}

/// Returns whether the workspace is there and being deleted.
pub(crate) async fn is_deleting(aws: &Aws, id: &str) -> Result<bool, CallError> {
    let workspace = describe(aws, id).await?;
    Ok(workspace.is_some_and(|workspace| status(&workspace) == "DELETING"))
}

/// Waits until AWS has begun to delete the workspace.
pub(crate) async fn going(aws: &Aws, id: &str) -> Result<(), CallError> {
    until(DESCRIBE, || async {
        Ok(if is_going(aws, id).await? {
            Poll::Settled(())
        } else {
            Poll::Moving("not DELETING".to_owned())
        })
    })
    .await
}

/// The logging configuration as it is now; `None` if there is none.
pub(crate) async fn logging(
    aws: &Aws,
    id: &str,
) -> Result<Option<LoggingConfigurationMetadata>, CallError> {
    let request = aws.amp.client.describe_logging_configuration();
    let request = request.workspace_id(id).send();
    match aws.amp.call(DESCRIBE_LOGGING, request).await {
        Ok(answer) => Ok(answer
            .logging_configuration
            .filter(|logging| !logging.log_group_arn.is_empty())),
        Err(error) if error.code.as_deref() == Some(NOT_FOUND) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The status of a logging configuration.
pub(crate) fn logging_status(logging: &LoggingConfigurationMetadata) -> &str {
    logging
        .status()
        .map_or("ACTIVE", |status| status.status_code().as_str())
}

/// Waits until the workspace logs.
pub(crate) async fn logging_active(aws: &Aws, id: &str) -> Result<(), CallError> {
    until(DESCRIBE_LOGGING, || async {
        let Some(logging) = logging(aws, id).await? else {
            return Ok(Poll::Moving("absent".to_owned()));
        };
        Ok(match logging_status(&logging) {
            "ACTIVE" => Poll::Settled(()),
            status @ ("CREATION_FAILED" | "UPDATE_FAILED") => {
                let reason = logging.status().and_then(|status| status.status_reason());
                Poll::Failed(gave_up("the logging", status, reason))
            }
            other => Poll::Moving(other.to_owned()),
        })
    })
    .await
}

/// Waits until the workspace has no logging.
pub(crate) async fn logging_gone(aws: &Aws, id: &str) -> Result<(), CallError> {
    until(DESCRIBE_LOGGING, || async {
        Ok(match logging(aws, id).await? {
            None => Poll::Settled(()),
            Some(logging) => Poll::Moving(logging_status(&logging).to_owned()),
        })
    })
    .await
}

/// The configuration as it is now.
pub(crate) async fn configuration(
    aws: &Aws,
    id: &str,
) -> Result<Option<WorkspaceConfigurationDescription>, CallError> {
    let request = aws.amp.client.describe_workspace_configuration();
    let request = request.workspace_id(id).send();
    let answer = aws.amp.call(DESCRIBE_CONFIGURATION, request).await?;
    Ok(answer.workspace_configuration)
}

/// Waits until the configuration is in force.
pub(crate) async fn configured(aws: &Aws, id: &str) -> Result<(), CallError> {
    until(DESCRIBE_CONFIGURATION, || async {
        let configuration = configuration(aws, id).await?;
        let status = configuration.as_ref().and_then(|c| c.status());
        Ok(
            match status.map_or("ACTIVE", |s| s.status_code().as_str()) {
                "ACTIVE" => Poll::Settled(()),
                failed @ "UPDATE_FAILED" => {
                    let reason = status.and_then(|status| status.status_reason());
                    Poll::Failed(gave_up("the configuration", failed, reason))
                }
                other => Poll::Moving(other.to_owned()),
            },
        )
    })
    .await
}

fn gave_up(what: &str, status: &str, reason: Option<&str>) -> String {
    let reason = reason.unwrap_or("no reason given");
    format!("AWS failed to set {what} of the workspace ({status}): {reason}")
}
