//! What runs in one cluster.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{DesiredStatus, Service, Task};

use crate::{
    aws::Aws,
    kinds::task_definition::aws::running::Uses,
    model::{call::CallError, running::User},
};

/// The most services that `DescribeServices` takes (ECS API reference).
const SERVICES: usize = 10;
/// The most tasks that `DescribeTasks` takes (ECS API reference).
const TASKS: usize = 100;
/// The most deployments and revisions of services that `DescribeServiceDeployments` and
/// `DescribeServiceRevisions` take (ECS API reference).
const DEPLOYMENTS: usize = 20;
const PAGE: i32 = 100;

/// A cluster.
#[derive(Clone, Debug)]
pub(super) struct Cluster {
    pub(super) arn: String,
    /// How many tasks run or are about to; `None` if that is not known.
    pub(super) tasks: Option<i32>,
    /// How many services are active or draining; `None` if that is not known.
    pub(super) services: Option<i32>,
    /// Whether daemons may run in it.
    pub(super) may_have_daemons: bool,
}

impl Cluster {
    /// A cluster of which nothing is known but that it is there.
    pub(super) fn uncounted(arn: String) -> Self {
        Self {
            arn,
            tasks: None,
            services: None,
            may_have_daemons: true,
        }
    }

    pub(super) fn name(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or(&self.arn)
    }

    /// Who uses which revision in it.
    ///
    /// Of a cluster that counts nothing, nothing is asked: what could still be there is a task of
    /// no service, or of one that is gone, in the last seconds in which it stops.
    ///
    /// Services say which revisions they run. Tasks that they don't count run by themselves, and
    /// are asked for only if the cluster counts more than its services do. Tasks that are stopping
    /// are counted nowhere, so they are always asked for.
    pub(super) async fn uses(&self, aws: &Aws) -> Result<Uses, CallError> {
        let mut uses = Uses::default();
        if (self.services, self.tasks) == (Some(0), Some(0)) {
            return Ok(uses);
        }
        let of_services = match self.services {
            Some(0) => Some(0),
            Some(_) | None => self.by_services(aws, &mut uses).await?,
        };
        let mut tasks = self.tasks(aws, DesiredStatus::Stopped, &mut uses).await?;
        let all_are_known = of_services.is_some() && of_services == self.tasks;
        if !all_are_known {
            tasks.extend(self.tasks(aws, DesiredStatus::Running, &mut uses).await?);
        }
        self.by_tasks(aws, tasks, &mut uses).await?;
        Ok(uses)
    }

    /// Adds what services use, and returns how many tasks they count; `None` if they can't be seen.
    async fn by_services(&self, aws: &Aws, uses: &mut Uses) -> Result<Option<i32>, CallError> {
        let what = format!("the services in cluster {}", self.name());
        let request = aws.ecs.client.list_services().cluster(&self.arn);
        let services = request.max_results(PAGE).into_paginator().items().send();
        let services = aws.ecs.call("ecs:ListServices", services.try_collect());
        let Some(services) = uses.seen(&what, services.await)? else {
            return Ok(None);
        };
        let services: Vec<String> = services;
        let mut tasks = 0;
        let mut deployments = BTreeMap::new();
        for batch in services.chunks(SERVICES) {
            let request = aws.ecs.client.describe_services().cluster(&self.arn);
            let request = request.set_services(Some(batch.to_vec())).send();
            let answer = aws.ecs.call("ecs:DescribeServices", request).await;
            let Some(answer) = uses.seen(&what, answer)? else {
                return Ok(None);
            };
            for service in answer.services() {
                self.by_service(service, uses);
                tasks += service.running_count() + service.pending_count();
                if let Some(deployment) = service.current_service_deployment() {
                    let name = service.service_name().unwrap_or_default();
                    deployments.insert(deployment.to_owned(), name.to_owned());
                }
            }
        }
        self.by_deployments(aws, deployments, uses).await?;
        Ok(Some(tasks))
    }

    /// A service uses the revision that it names, those of its deployments that are not finished,
    /// and those of its task sets (ECS API reference, `Service`).
    fn by_service(&self, service: &Service, uses: &mut Uses) {
        let by = User::Service {
            cluster: self.name().to_owned(),
            service: service.service_name().unwrap_or_default().to_owned(),
        };
        let deployments = service.deployments().iter().map(|d| d.task_definition());
        let sets = service.task_sets().iter().map(|set| set.task_definition());
        for arn in deployments.chain(sets).chain([service.task_definition()]) {
            uses.add(arn, &by);
        }
    }

    /// A service that is being deployed goes back to what the deployment began with (ECS API
    /// reference, `ServiceDeployment`, `sourceServiceRevisions`). `deployments` has the names of
    /// the services.
    async fn by_deployments(
        &self,
        aws: &Aws,
        deployments: BTreeMap<String, String>,
        uses: &mut Uses,
    ) -> Result<(), CallError> {
        let what = format!("what services in cluster {} go back to", self.name());
        let arns: Vec<String> = deployments.keys().cloned().collect();
        let mut sources: BTreeMap<String, String> = BTreeMap::new();
        for batch in arns.chunks(DEPLOYMENTS) {
            let request = aws.ecs.client.describe_service_deployments();
            let request = request.set_service_deployment_arns(Some(batch.to_vec()));
            let answer = aws
                .ecs
                .call("ecs:DescribeServiceDeployments", request.send())
                .await;
            let Some(answer) = uses.seen(&what, answer)? else {
                return Ok(());
            };
            for deployment in answer.service_deployments() {
                let arn = deployment.service_deployment_arn().unwrap_or_default();
                let service = deployments.get(arn).cloned().unwrap_or_default();
                let revisions = deployment.source_service_revisions().iter();
                let arns = revisions.filter_map(|revision| revision.arn());
                sources.extend(arns.map(|arn| (arn.to_owned(), service.clone())));
            }
        }
        let arns: Vec<String> = sources.keys().cloned().collect();
        for batch in arns.chunks(DEPLOYMENTS) {
            let request = aws.ecs.client.describe_service_revisions();
            let request = request.set_service_revision_arns(Some(batch.to_vec()));
            let answer = aws
                .ecs
                .call("ecs:DescribeServiceRevisions", request.send())
                .await;
            let Some(answer) = uses.seen(&what, answer)? else {
                return Ok(());
            };
            for revision in answer.service_revisions() {
                let arn = revision.service_revision_arn().unwrap_or_default();
                let by = User::GoesBack {
                    cluster: self.name().to_owned(),
                    service: sources.get(arn).cloned().unwrap_or_default(),
                };
                uses.add(revision.task_definition(), &by);
            }
        }
        Ok(())
    }

    /// The ARNs of tasks whose desired status is RUNNING or STOPPED. ECS lists the former unless
    /// it is asked for others (ECS API reference, `ListTasks`, `desiredStatus`).
    async fn tasks(
        &self,
        aws: &Aws,
        desired: DesiredStatus,
        uses: &mut Uses,
    ) -> Result<Vec<String>, CallError> {
        let request = aws.ecs.client.list_tasks().cluster(&self.arn);
        let request = request.desired_status(desired).max_results(PAGE);
        let tasks = request.into_paginator().items().send().try_collect();
        let tasks = aws.ecs.call("ecs:ListTasks", tasks).await;
        let what = format!("the tasks in cluster {}", self.name());
        Ok(uses.seen(&what, tasks)?.unwrap_or_default())
    }

    /// Adds what these tasks use, unless they have stopped.
    async fn by_tasks(
        &self,
        aws: &Aws,
        tasks: Vec<String>,
        uses: &mut Uses,
    ) -> Result<(), CallError> {
        let what = format!("the tasks in cluster {}", self.name());
        let mut alone: BTreeMap<String, usize> = BTreeMap::new();
        for batch in tasks.chunks(TASKS) {
            let request = aws.ecs.client.describe_tasks().cluster(&self.arn);
            let request = request.set_tasks(Some(batch.to_vec())).send();
            let answer = aws.ecs.call("ecs:DescribeTasks", request).await;
            let Some(answer) = uses.seen(&what, answer)? else {
                return Ok(());
            };
            for task in answer.tasks().iter().filter(|task| is_alive(task)) {
                let arn = task.task_definition_arn();
                match service_of(task) {
                    Some(service) => {
                        let by = User::Service {
                            cluster: self.name().to_owned(),
                            service: service.to_owned(),
                        };
                        uses.add(arn, &by);
                    }
                    None => *alone.entry(arn.unwrap_or_default().to_owned()).or_default() += 1,
                }
            }
        }
        for (arn, count) in alone {
            let cluster = self.name().to_owned();
            uses.add(Some(&arn), &User::Tasks { cluster, count });
        }
        Ok(())
    }
}

/// A task needs its roles until it has stopped.
fn is_alive(task: &Task) -> bool {
    task.last_status() != Some("STOPPED")
}

/// The service that a task belongs to. Its group says so (ECS API reference, `Task`, `group`).
fn service_of(task: &Task) -> Option<&str> {
    task.group()?.strip_prefix("service:")
}
