//! What people hear of how a rollout has ended.

use std::time::Duration;

use crate::{
    aws::{Aws, error, tagging::family_and_revision},
    kinds::{
        live::Follow,
        task_definition::aws::rollout::{follow::Seen, reasons},
    },
    model::{
        call::{CallError, Reply},
        rollout::End,
        service::ServiceName,
    },
};

pub(super) fn succeeded(rollout: &Follow<'_>, end: End) -> Reply {
    let mut remark = format!("{} runs {}", rollout.service, rollout.revision_name());
    if end == End::Shifted {
        remark.push_str("; its old tasks stay until the deployment has baked");
    }
    Reply {
        remarks: vec![format!("{remark}{}", rollout.way_back())],
        ..Reply::default()
    }
}

/// What is said of a bad end: why, and what to do.
pub(super) async fn badly(
    aws: &Aws,
    rollout: &Follow<'_>,
    end: End,
    seen: Seen,
    waited: Duration,
) -> CallError {
    let mut message = message(rollout, end, &seen, waited);
    if let Some(reason) = &seen.reason {
        message.push_str(": ");
        message.push_str(reason.trim_end_matches('.'));
    }
    if matches!(
        end,
        End::RolledBack | End::Failed | End::Stopped | End::TimedOut
    ) {
        for why in reasons::of_stopped_tasks(aws, rollout).await {
            message.push_str("; ");
            message.push_str(&why);
        }
    }
    let hint = hint(rollout, end, seen.hook.as_ref());
    CallError {
        code: end.code().map(str::to_owned),
        hint: Some(hint),
        ..error::unexpected(rollout.operation, message).after_effect()
    }
}

/// What has happened.
fn message(rollout: &Follow<'_>, end: End, seen: &Seen, waited: Duration) -> String {
    let (service, revision) = (rollout.service, rollout.revision_name());
    match end {
        End::RolledBack => format!("ECS took {revision} back from {service}"),
        End::Failed => {
            format!("the rollout of {revision} to {service} failed, and so did going back")
        }
        End::Stopped => format!("the rollout of {revision} to {service} was stopped"),
        End::Superseded => format!(
            "somebody has deployed something else to {service} before the rollout of {revision} was done"
        ),
        End::AwaitsDecision => format!(
            "the rollout of {revision} to {service} waits at a PAUSE hook for somebody to decide"
        ),
        End::TimedOut => format!(
            "the rollout of {revision} to {service} is not done after {} s: {}, {}; it goes on in ECS",
            waited.as_secs(),
            seen.progress.stand(),
            seen.progress.counts()
        ),
        End::Done | End::Shifted => format!("{service} runs {revision}"),
    }
}

/// What to do about it.
fn hint(rollout: &Follow<'_>, end: End, hook: Option<&(String, String)>) -> String {
    match (end, hook) {
        (End::AwaitsDecision, Some((deployment, hook))) => {
            let command = |action: &str| {
                format!(
                    "aws ecs continue-service-deployment --service-deployment-arn {deployment} --hook-id {hook} --action {action}"
                )
            };
            format!(
                "to go on: {}; to go back: {}",
                command("CONTINUE"),
                command("ROLLBACK")
            )
        }
        (End::RolledBack | End::Failed | End::Stopped, _) => format!(
            "mend the cause and apply: another revision is rolled out; the same one is only with `--retry {}`",
            rollout.address
        ),
        (End::Superseded, _) => {
            "plan again: it shows what the service runs now, and brings it to the newest revision"
                .to_owned()
        }
        (End::TimedOut | End::AwaitsDecision, _) => {
            "watch it in the ECS console, or wait longer with --rollout-timeout".to_owned()
        }
        (End::Done | End::Shifted, _) => String::new(),
    }
}

/// A line, cut where it gets too long to be read.
pub(super) fn clip(line: &str) -> String {
    const LONGEST: usize = 200;
    let mut clipped: String = line.chars().take(LONGEST).collect();
    if clipped.len() < line.len() {
        clipped.push('…');
    }
    clipped
}

impl Follow<'_> {
    /// `checkout:4`.
    pub(super) fn revision_name(&self) -> String {
        format!("{}:{}", self.family, self.revision)
    }

    /// Returns whether an ARN is that of the revision.
    pub(super) fn is_of(&self, arn: &str) -> bool {
        family_and_revision(arn) == Some((self.family, self.revision))
    }

    /// The command that goes back to what ran before.
    fn way_back(&self) -> String {
        let ServiceName { cluster, service } = self.service;
        self.from.map_or_else(String::new, |from| {
            format!(
                "; to go back: aws ecs update-service --cluster {cluster} --service {service} --task-definition {}:{from}",
                self.family
            )
        })
    }
}
