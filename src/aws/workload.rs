//! Reading what runs of some families, one by one: services, tasks, containers, and what a
//! container has written to its log.

use std::collections::BTreeSet;

use aws_sdk_ecs::types::{Deployment, DeploymentRolloutState, DesiredStatus, Service, Task};
use aws_smithy_types::DateTime;

use crate::{
    aws::{Aws, mentions, tagging::family_and_revision},
    model::{
        call::CallError,
        workload::{self, LogLine, Registered, Workloads},
    },
};

/// The most services that `DescribeServices` takes (ECS API reference).
const SERVICES: usize = 10;
/// The most tasks that `DescribeTasks` takes (ECS API reference).
const TASKS: usize = 100;
/// The most tasks of one family in one cluster that are looked at: of thousands, that is enough to
/// see what is wrong.
const MOST_TASKS: usize = 500;
const PAGE: i32 = 100;
/// The most events of a service that are looked at.
const EVENTS: usize = 20;
/// The most lines that are read of one log stream, from its end.
const LINES: i32 = 200;

/// Says what could not be seen, and why: what can't be seen is no reason to see nothing.
pub(crate) fn unseen(what: &str, error: &CallError) -> String {
    format!("{what}: {}", mentions::unseen(error))
}

/// The deployment that a service is being brought to, or was.
pub(crate) fn primary(service: &Service) -> Option<&Deployment> {
    let mut deployments = service.deployments().iter();
    deployments.find(|deployment| deployment.status() == Some("PRIMARY"))
}

/// The ARN of the revision that a service is to run. One of ECS Express Mode says it in its primary
/// deployment only (seen by others at AWS: github.com/kayac/ecspresso, pull request 902).
pub(crate) fn definition_of(service: &Service) -> Option<&str> {
    let of_primary = || primary(service)?.task_definition();
    service.task_definition().or_else(of_primary)
}

/// Reads what runs of `families` in every cluster of the region.
pub(crate) async fn read(aws: &Aws, families: &BTreeSet<String>) -> Workloads {
    let mut found = Workloads::default();
    let request = aws.ecs.client.list_clusters().into_paginator();
    let arns = request.items().send().try_collect();
    let arns: Vec<String> = match aws.ecs.call("ecs:ListClusters", arns).await {
        Ok(arns) => arns,
        Err(error) => {
            found.unseen.push(unseen("the clusters", &error));
            return found;
        }
    };
    let reading = arns.into_iter().map(|arn| {
        let (aws, families) = (aws.clone(), families.clone());
        tokio::spawn(async move { Cluster { arn }.read(&aws, &families).await })
    });
    let reading: Vec<_> = reading.collect();
    for cluster in reading {
        // Nothing cancels these tasks, so the only other outcome is a panic, which goes on here.
        let of_cluster = cluster
            .await
            .unwrap_or_else(|stop| std::panic::resume_unwind(stop.into_panic()));
        found.services.extend(of_cluster.services);
        found.tasks.extend(of_cluster.tasks);
        found.unseen.extend(of_cluster.unseen);
    }
    found
}

struct Cluster {
    arn: String,
}

impl Cluster {
    fn name(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or(&self.arn)
    }

    async fn read(&self, aws: &Aws, families: &BTreeSet<String>) -> Workloads {
        let mut found = Workloads::default();
        if let Err(error) = self.services(aws, families, &mut found).await {
            let what = format!("the services in cluster {}", self.name());
            found.unseen.push(unseen(&what, &error));
        }
        for family in families {
            for desired in [DesiredStatus::Running, DesiredStatus::Stopped] {
                if let Err(error) = self.tasks(aws, family, desired, &mut found).await {
                    let what = format!("the tasks of {family} in cluster {}", self.name());
                    found.unseen.push(unseen(&what, &error));
                    break;
                }
            }
        }
        found
    }

    async fn services(
        &self,
        aws: &Aws,
        families: &BTreeSet<String>,
        found: &mut Workloads,
    ) -> Result<(), CallError> {
        let request = aws.ecs.client.list_services().cluster(&self.arn);
        let arns = request.max_results(PAGE).into_paginator().items().send();
        let arns = aws.ecs.call("ecs:ListServices", arns.try_collect());
        let arns: Vec<String> = arns.await?;
        for batch in arns.chunks(SERVICES) {
            let request = aws.ecs.client.describe_services().cluster(&self.arn);
            let request = request.set_services(Some(batch.to_vec())).send();
            let answer = aws.ecs.call("ecs:DescribeServices", request).await?;
            let active = answer.services().iter();
            let active = active.filter(|service| service.status() != Some("INACTIVE"));
            let described = active.filter_map(|service| self.service(service));
            let wanted = described.filter(|service| families.contains(&service.family));
            found.services.extend(wanted);
        }
        Ok(())
    }

    fn service(&self, service: &Service) -> Option<workload::Service> {
        let (family, revision) = family_and_revision(definition_of(service)?)?;
        let primary = primary(service);
        let rollout = primary.and_then(|deployment| deployment.rollout_state());
        let reason = primary.and_then(|deployment| deployment.rollout_state_reason());
        let events = service.events().iter().filter_map(|event| event.message());
        let events = events.take(EVENTS).map(str::to_owned).collect();
        Some(workload::Service {
            cluster: self.name().to_owned(),
            name: service.service_name()?.to_owned(),
            family: family.to_owned(),
            revision,
            desired: service.desired_count(),
            running: service.running_count(),
            pending: service.pending_count(),
            rollout: rollout
                .map(DeploymentRolloutState::as_str)
                .map(str::to_owned),
            rollout_reason: reason.map(str::to_owned),
            events,
        })
    }

    async fn tasks(
        &self,
        aws: &Aws,
        family: &str,
        desired: DesiredStatus,
        found: &mut Workloads,
    ) -> Result<(), CallError> {
        let request = aws
            .ecs
            .client
            .list_tasks()
            .cluster(&self.arn)
            .family(family);
        let request = request.desired_status(desired).max_results(PAGE);
        let arns = request.into_paginator().items().send().try_collect();
        let mut arns: Vec<String> = aws.ecs.call("ecs:ListTasks", arns).await?;
        if arns.len() > MOST_TASKS {
            found.unseen.push(format!(
                "{} of the {} tasks of {family} in cluster {}: only the others were looked at",
                arns.len() - MOST_TASKS,
                arns.len(),
                self.name()
            ));
            arns.truncate(MOST_TASKS);
        }
        for batch in arns.chunks(TASKS) {
            let request = aws.ecs.client.describe_tasks().cluster(&self.arn);
            let request = request.set_tasks(Some(batch.to_vec())).send();
            let answer = aws.ecs.call("ecs:DescribeTasks", request).await?;
            let tasks = answer.tasks().iter();
            found.tasks.extend(tasks.filter_map(|task| self.task(task)));
        }
        Ok(())
    }

    fn task(&self, task: &Task) -> Option<workload::Task> {
        let (family, revision) = family_and_revision(task.task_definition_arn()?)?;
        let service = task
            .group()
            .and_then(|group| group.strip_prefix("service:"));
        let containers = task
            .containers()
            .iter()
            .map(|container| workload::Container {
                name: container.name().unwrap_or_default().to_owned(),
                status: container.last_status().unwrap_or_default().to_owned(),
                health: container
                    .health_status()
                    .map(|health| health.as_str().to_owned()),
                exit_code: container.exit_code(),
                reason: container.reason().map(str::to_owned),
            });
        Some(workload::Task {
            arn: task.task_arn()?.to_owned(),
            cluster: self.name().to_owned(),
            service: service.map(str::to_owned),
            family: family.to_owned(),
            revision,
            status: task.last_status().unwrap_or_default().to_owned(),
            desired: task.desired_status().unwrap_or_default().to_owned(),
            health: task
                .health_status()
                .map(|health| health.as_str().to_owned()),
            stop_code: task.stop_code().map(|code| code.as_str().to_owned()),
            stopped_reason: task.stopped_reason().map(str::to_owned),
            started_at: task.started_at().and_then(millis),
            stopped_at: task.stopped_at().and_then(millis),
            containers: containers.collect(),
        })
    }
}

/// When and by whom the revision `family:revision` was registered.
pub(crate) async fn registered(aws: &Aws, name: &str) -> Result<Registered, CallError> {
    let request = aws.ecs.client.describe_task_definition();
    let request = request.task_definition(name).send();
    let answer = aws.ecs.call("ecs:DescribeTaskDefinition", request).await?;
    let revision = answer.task_definition();
    Ok(Registered {
        at: revision
            .and_then(|revision| revision.registered_at())
            .and_then(millis),
        by: revision
            .and_then(|revision| revision.registered_by())
            .map(str::to_owned),
    })
}

fn millis(time: &DateTime) -> Option<u64> {
    time.to_millis().ok().and_then(|at| u64::try_from(at).ok())
}

/// The last lines of a log stream since `since`, oldest first. A stream that is not there has none:
/// nobody has written to it yet.
pub(crate) async fn log_lines(
    aws: &Aws,
    group: &str,
    stream: &str,
    since: u64,
) -> Result<Vec<LogLine>, CallError> {
    let request = aws.logs.client.get_log_events();
    let request = request.log_group_name(group).log_stream_name(stream);
    let request = request.start_from_head(false).limit(LINES);
    let request = request.start_time(i64::try_from(since).unwrap_or(i64::MAX));
    let answer = aws.logs.call("logs:GetLogEvents", request.send()).await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) if is_missing_stream(&error) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let events = answer.events().iter();
    let lines = events.filter_map(|event| {
        Some(LogLine {
            at: u64::try_from(event.timestamp()?).ok()?,
            text: event.message()?.to_owned(),
        })
    });
    Ok(lines.collect())
}

/// A group that is not there is another matter than a stream.
fn is_missing_stream(error: &CallError) -> bool {
    error.code.as_deref() == Some("ResourceNotFoundException") && error.message.contains("stream")
}
