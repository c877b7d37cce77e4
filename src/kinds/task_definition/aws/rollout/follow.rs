//! Following a service deployment until it ends, or until nothing more has to be waited for.

use std::time::Duration;

use aws_sdk_ecs::types::{
    CanaryConfiguration, Deployment, DeploymentCircuitBreaker, DeploymentConfiguration,
    DeploymentLifecycleHookStatus, DeploymentRolloutState, DeploymentStrategy, LinearConfiguration,
    Service as Described, ServiceDeployment, ServiceDeploymentCircuitBreaker,
};
use tokio::time::Instant;

use crate::{
    aws::{Aws, error, error::is_denied, workload},
    kinds::{
        live::Follow,
        task_definition::aws::{rollout::ends, services},
    },
    model::{
        call::{CallError, Reply},
        rollout::{End, Reading, Stand},
        service::ServiceName,
    },
    progress::{self, Notice, RollingOut, Tasks},
};

/// The pause between two readings. ECS's own waiters pause for 15 seconds (botocore model ecs
/// 2014-11-13, waiters), which nobody who watches likes.
const PAUSE: Duration = Duration::from_secs(3);
/// How long a deployment may take beyond what its own steps explain.
const MARGIN: Duration = Duration::from_mins(15);
/// How long ECS may take to list a deployment that it has started.
const UNLISTED: Duration = Duration::from_mins(1);

/// What one reading has shown.
pub(super) struct Seen {
    stand: Stand,
    /// How far it is.
    pub(super) progress: RollingOut,
    /// Why, if AWS says it.
    pub(super) reason: Option<String>,
    /// The deployment, and the hook that it waits at.
    pub(super) hook: Option<(String, String)>,
    /// How long its own steps take.
    steps: Duration,
}

/// What is to be read next.
enum Source {
    /// The service deployment with this ARN.
    Deployment(String),
    /// Whichever has the revision as its target: the answer named none.
    Newest,
    /// What `DescribeServices` says, because the rights to read more are missing.
    Service,
}

/// Reads until the rollout has ended, or has got as far as it is waited for. It alters nothing.
pub(crate) async fn follow(aws: &Aws, rollout: &Follow<'_>) -> Result<Reply, CallError> {
    let began = Instant::now();
    let mut source = match rollout.deployment {
        Some(arn) => Source::Deployment(arn.to_owned()),
        None => Source::Newest,
    };
    let mut last = None;
    loop {
        let service = describe(aws, rollout.service).await?;
        let seen = match &source {
            Source::Service => Some(by_service(rollout, &service)),
            Source::Deployment(arn) => match by_deployment(aws, rollout, &service, arn).await {
                Ok(seen) => seen,
                Err(error) if is_denied(error.code.as_deref()) => {
                    source = Source::Service;
                    continue;
                }
                Err(error) => return Err(error),
            },
            Source::Newest => None,
        };
        let waited = began.elapsed();
        let Some(mut seen) = seen else {
            source = find(aws, rollout, waited).await?;
            if matches!(source, Source::Newest) {
                tokio::time::sleep(PAUSE).await;
            }
            continue;
        };
        // The seconds alone are no news.
        if last.as_ref() != Some(&seen.progress) {
            last = Some(seen.progress.clone());
            seen.progress.waited = waited;
            progress::emit(Notice::RollingOut(seen.progress.clone()));
        }
        let limit = rollout.timeout.unwrap_or(seen.steps + MARGIN);
        let end = match seen.stand {
            Stand::Ended(end) => end,
            Stand::GoesOn if waited >= limit => End::TimedOut,
            Stand::GoesOn => {
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        return if end.code().is_none() {
            Ok(ends::succeeded(rollout, end))
        } else {
            Err(ends::badly(aws, rollout, end, seen, waited).await)
        };
    }
}

async fn describe(aws: &Aws, name: &ServiceName) -> Result<Described, CallError> {
    const OPERATION: &str = "ecs:DescribeServices";
    let request = aws.ecs.client.describe_services();
    let request = request.cluster(&name.cluster).services(&name.service);
    let answer = aws.ecs.call(OPERATION, request.send()).await?;
    let service = answer.services.unwrap_or_default().into_iter().next();
    service.ok_or_else(|| error::unexpected(OPERATION, format!("there is no service {name}")))
}

/// How far the service is, as one reading has shown it.
fn progress(
    rollout: &Follow<'_>,
    service: &Described,
    (status, stage): (&str, &str),
    tasks: Option<Tasks>,
) -> RollingOut {
    // ECS lists the newest event first.
    let event = service.events().first().and_then(|event| event.message());
    RollingOut {
        service: rollout.service.to_string(),
        status: status.to_owned(),
        stage: Some(stage.to_owned()).filter(|stage| !stage.is_empty()),
        tasks,
        event: event.map(str::to_owned),
        waited: Duration::ZERO,
    }
}

/// What is to be read next, if the answer has named no deployment, or an earlier one.
async fn find(aws: &Aws, rollout: &Follow<'_>, waited: Duration) -> Result<Source, CallError> {
    match newest(aws, rollout).await {
        Ok(Some(arn)) => Ok(Source::Deployment(arn)),
        Ok(None) if waited < UNLISTED => Ok(Source::Newest),
        Ok(None) => Ok(Source::Service),
        Err(error) if is_denied(error.code.as_deref()) => Ok(Source::Service),
        Err(error) => Err(error),
    }
}

/// The newest deployment of the service whose target is the revision; `None` if there is none yet.
async fn newest(aws: &Aws, rollout: &Follow<'_>) -> Result<Option<String>, CallError> {
    let name = rollout.service;
    let request = aws.ecs.client.list_service_deployments();
    let request = request.cluster(&name.cluster).service(&name.service);
    let request = request.max_results(5).send();
    let listed = aws.ecs.call("ecs:ListServiceDeployments", request).await?;
    let mut briefs = listed.service_deployments().to_vec();
    briefs.sort_by(|a, b| b.created_at().cmp(&a.created_at()));
    let targets = briefs
        .iter()
        .filter_map(|b| b.target_service_revision_arn());
    let revisions = services::revisions(aws, targets.map(str::to_owned).collect()).await?;
    let ours = briefs.iter().find(|brief| {
        let target = brief.target_service_revision_arn().unwrap_or_default();
        revisions.get(target).is_some_and(|arn| rollout.is_of(arn))
    });
    Ok(ours.and_then(|brief| brief.service_deployment_arn().map(str::to_owned)))
}

/// What the service deployment `arn` says; `None` if it is not there, or has another target.
async fn by_deployment(
    aws: &Aws,
    rollout: &Follow<'_>,
    service: &Described,
    arn: &str,
) -> Result<Option<Seen>, CallError> {
    let request = aws.ecs.client.describe_service_deployments();
    let request = request.service_deployment_arns(arn).send();
    let operation = "ecs:DescribeServiceDeployments";
    let answer = aws.ecs.call(operation, request).await?;
    let Some(deployment) = answer.service_deployments().first() else {
        return Ok(None);
    };
    let target = deployment.target_service_revision();
    let revision = target.and_then(|target| target.arn()).unwrap_or_default();
    let revisions = services::revisions(aws, vec![revision.to_owned()]).await?;
    if !revisions
        .get(revision)
        .is_some_and(|arn| rollout.is_of(arn))
    {
        return Ok(None);
    }
    let hook = deployment
        .lifecycle_hook_details()
        .iter()
        .find(|hook| hook.status() == Some(&DeploymentLifecycleHookStatus::AwaitingAction));
    let configuration = deployment.deployment_configuration();
    let strategy = configuration.and_then(DeploymentConfiguration::strategy);
    let status = deployment.status().map_or("", |status| status.as_str());
    let stage = deployment.lifecycle_stage().map_or("", |s| s.as_str());
    let reading = Reading {
        strategy: strategy.map_or("ROLLING", DeploymentStrategy::as_str),
        status,
        stage,
        awaits_action: hook.is_some(),
        is_superseded: is_superseded(rollout, service, deployment),
    };
    let failures = deployment
        .deployment_circuit_breaker()
        .map_or(0, ServiceDeploymentCircuitBreaker::failure_count);
    let tasks = target.map(|target| Tasks {
        running: target.running_task_count(),
        requested: target.requested_task_count(),
        pending: target.pending_task_count(),
        failed: failures,
    });
    Ok(Some(Seen {
        stand: reading.stand(rollout.wait),
        progress: progress(rollout, service, (status, stage), tasks),
        reason: deployment.status_reason().map(str::to_owned),
        hook: hook.map(|hook| {
            let id = hook.hook_id().unwrap_or_default();
            (arn.to_owned(), id.to_owned())
        }),
        steps: configuration.map_or(Duration::ZERO, steps),
    }))
}

/// A deployment of something else has taken over if the service is to run something else now,
/// unless ECS itself goes back.
fn is_superseded(
    rollout: &Follow<'_>,
    service: &Described,
    deployment: &ServiceDeployment,
) -> bool {
    let runs_ours = workload::definition_of(service).is_some_and(|arn| rollout.is_of(arn));
    let current = service.current_service_deployment();
    let is_current = current.is_none() || current == deployment.service_deployment_arn();
    !runs_ours && !is_current && deployment.rollback().is_none()
}

/// What a service says of itself: `deployments`, the newest of which is `PRIMARY` (ECS API
/// reference, `Deployment`). Only a rolling one has a `rolloutState`.
fn by_service(rollout: &Follow<'_>, service: &Described) -> Seen {
    let ours = service.deployments().iter().find(|deployment| {
        deployment
            .task_definition()
            .is_some_and(|arn| rollout.is_of(arn))
    });
    let state = ours.and_then(Deployment::rollout_state);
    let is_primary = ours.is_some_and(|ours| ours.status() == Some("PRIMARY"));
    let is_settled = service.deployments().len() == 1
        && ours.is_some_and(|ours| ours.running_count() >= ours.desired_count());
    let goes_back = service
        .deployment_configuration()
        .and_then(DeploymentConfiguration::deployment_circuit_breaker)
        .is_some_and(DeploymentCircuitBreaker::rollback);
    let stand = match (is_primary, state) {
        (true, Some(DeploymentRolloutState::Failed)) if goes_back => Stand::Ended(End::Failed),
        (true, Some(DeploymentRolloutState::Failed)) => Stand::Ended(End::Stopped),
        (_, Some(DeploymentRolloutState::Failed)) => Stand::Ended(End::RolledBack),
        (true, Some(DeploymentRolloutState::Completed)) => Stand::Ended(End::Done),
        (true, None) if is_settled => Stand::Ended(End::Done),
        (true, _) => Stand::GoesOn,
        (false, _) => Stand::Ended(End::Superseded),
    };
    let tasks = ours.map(|ours| Tasks {
        running: ours.running_count(),
        requested: ours.desired_count(),
        pending: ours.pending_count(),
        failed: ours.failed_tasks(),
    });
    let status = state.map_or("deploying", |state| state.as_str());
    Seen {
        stand,
        progress: progress(rollout, service, (status, ""), tasks),
        reason: ours.and_then(|ours| ours.rollout_state_reason().map(str::to_owned)),
        hook: None,
        steps: service
            .deployment_configuration()
            .map_or(Duration::ZERO, steps),
    }
}

/// How long the steps of a deployment wait by themselves. The defaults are those of the API
/// reference (`LinearConfiguration`: 10 % every 6 minutes; `CanaryConfiguration`: 10 minutes).
fn steps(configuration: &DeploymentConfiguration) -> Duration {
    let minutes = |minutes: i32| Duration::from_secs(60 * u64::try_from(minutes).unwrap_or(0));
    let bake = minutes(configuration.bake_time_in_minutes().unwrap_or(0));
    let steps = match configuration.strategy() {
        Some(DeploymentStrategy::Linear) => {
            let linear = configuration.linear_configuration();
            let percent = linear
                .and_then(LinearConfiguration::step_percent)
                .unwrap_or(10.0);
            let pause = linear.and_then(LinearConfiguration::step_bake_time_in_minutes);
            let steps = (100.0 / percent.max(1.0)).ceil();
            minutes(pause.unwrap_or(6)).mul_f64(steps)
        }
        Some(DeploymentStrategy::Canary) => {
            let canary = configuration.canary_configuration();
            minutes(
                canary
                    .and_then(CanaryConfiguration::canary_bake_time_in_minutes)
                    .unwrap_or(10),
            )
        }
        // The SDK's enum is open.
        Some(_) | None => Duration::ZERO,
    };
    bake + steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_of_a_deployment_say_how_long_it_takes() {
        let minutes = |configuration: DeploymentConfiguration| steps(&configuration).as_secs() / 60;
        let of = |strategy| DeploymentConfiguration::builder().strategy(strategy);
        let linear = LinearConfiguration::builder().step_percent(25.0);
        let linear = linear.step_bake_time_in_minutes(5).build();
        let canary = CanaryConfiguration::builder().canary_bake_time_in_minutes(20);
        assert_eq!(minutes(of(DeploymentStrategy::Rolling).build()), 0);
        let blue_green = of(DeploymentStrategy::BlueGreen).bake_time_in_minutes(1380);
        assert_eq!(minutes(blue_green.build()), 1380);
        assert_eq!(minutes(of(DeploymentStrategy::Linear).build()), 60);
        let linear = of(DeploymentStrategy::Linear).linear_configuration(linear);
        assert_eq!(minutes(linear.bake_time_in_minutes(3).build()), 23);
        let canary = of(DeploymentStrategy::Canary).canary_configuration(canary.build());
        assert_eq!(minutes(canary.bake_time_in_minutes(5).build()), 25);
    }
}
