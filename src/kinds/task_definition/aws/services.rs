//! The declared services: what each runs, who carries its deployments out, and how those ended.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use aws_sdk_ecs::types::{
    DeploymentController, DeploymentControllerType, DeploymentRolloutState, ResourceManagementType,
    Service as Described, ServiceDeploymentBrief, ServiceDeploymentStatus, ServiceField,
};

use crate::{
    aws::{Aws, all, error::is_denied, mentions::unseen, tagging::family_and_revision, workload},
    model::{
        call::CallError,
        query::Query,
        service::{Controller, LiveService, Service, ServiceName},
    },
};

/// The most services that `DescribeServices` takes (ECS API reference).
const SERVICES: usize = 10;
/// How many of the newest deployments of a service are looked at: whoever rolls out one more often
/// than that between two runs of amp-stack does not need it.
const DEPLOYMENTS: i32 = 20;

/// Reads the services that the queries name.
pub(crate) async fn observe(
    aws: &Aws,
    queries: &[Arc<Query>],
) -> Result<BTreeMap<ServiceName, Service>, CallError> {
    let mut by_cluster: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for name in queries.iter().flat_map(|query| &query.services) {
        let names = by_cluster.entry(&name.cluster).or_default();
        names.insert(&name.service);
    }
    let Some(query) = queries.first() else {
        return Ok(BTreeMap::new());
    };
    let mut batches = Vec::new();
    for (cluster, names) in by_cluster {
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let of_cluster = names.chunks(SERVICES);
        batches.extend(of_cluster.map(|names| (cluster.to_owned(), names.to_vec())));
    }
    let found = all(batches, |(cluster, names)| {
        let (aws, query) = (aws.clone(), Arc::clone(query));
        async move { of_cluster(&aws, &query, &cluster, names).await }
    });
    Ok(found.await?.into_iter().flatten().collect())
}

async fn of_cluster(
    aws: &Aws,
    query: &Query,
    cluster: &str,
    names: Vec<String>,
) -> Result<BTreeMap<ServiceName, Service>, CallError> {
    let request = aws.ecs.client.describe_services().cluster(cluster);
    let request = request.include(ServiceField::Tags);
    let request = request.set_services(Some(names.clone())).send();
    let answer = aws.ecs.call("ecs:DescribeServices", request).await;
    let in_cluster = |service: &str| ServiceName {
        cluster: cluster.to_owned(),
        service: service.to_owned(),
    };
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) if error.code.as_deref() == Some("ClusterNotFoundException") => {
            let none = names
                .iter()
                .map(|name| (in_cluster(name), Service::NoCluster));
            return Ok(none.collect());
        }
        Err(error) => return Err(error),
    };
    let mut found: BTreeMap<ServiceName, Service> = names
        .iter()
        .map(|name| (in_cluster(name), Service::NoService))
        .collect();
    // One that is deleted can be described for a while (ECS API reference, `DeleteService`).
    let active = answer.services().iter();
    for service in active.filter(|service| service.status() == Some("ACTIVE")) {
        let name = in_cluster(service.service_name().unwrap_or_default());
        let live = live(aws, query, &name, service).await?;
        found.insert(name, Service::There(live));
    }
    Ok(found)
}

async fn live(
    aws: &Aws,
    query: &Query,
    name: &ServiceName,
    service: &Described,
) -> Result<LiveService, CallError> {
    let tags = service.tags().iter().filter_map(|tag| {
        let value = tag.value().unwrap_or_default().to_owned();
        Some((tag.key()?.to_owned(), value))
    });
    let controller = controller(service);
    let runs = workload::definition_of(service).and_then(family_and_revision);
    let mut history = match controller {
        Controller::Ecs | Controller::Express => history(aws, name, runs).await?,
        Controller::Other(_) => History::default(),
    };
    let given_up = given_up(service);
    if let (Some(how), Some((_, revision)), true) = (&given_up, runs, history.unseen.is_some()) {
        history.failed.insert(revision, how.clone());
        history.is_stranded = true;
    }
    Ok(LiveService {
        runs: runs.map(|(family, revision)| (family.to_owned(), revision)),
        controller,
        owner: query.owner(&tags.collect()),
        is_deploying: service.deployments().len() > 1 && given_up.is_none(),
        failed: history.failed,
        is_stranded: history.is_stranded,
        unseen: history.unseen,
    })
}

/// A service without a controller of its own is deployed by ECS, and one whose resources ECS
/// manages is one of Express Mode (ECS API reference, `Service`, `resourceManagementType`).
fn controller(service: &Described) -> Controller {
    if service.resource_management_type() == Some(&ResourceManagementType::Ecs) {
        return Controller::Express;
    }
    match service
        .deployment_controller()
        .map(DeploymentController::r#type)
    {
        None | Some(DeploymentControllerType::Ecs) => Controller::Ecs,
        Some(other) => Controller::Other(other.as_str().to_owned()),
    }
}

/// What the last deployments of a service say.
#[derive(Default)]
struct History {
    /// The revisions of the family that it runs whose last rollout ended badly, with how.
    failed: BTreeMap<u32, String>,
    /// Whether the newest deployment has left it at the revision that it names.
    is_stranded: bool,
    /// Why they could not be seen.
    unseen: Option<String>,
}

impl History {
    /// What is known where `error` is a right that is missing; `None` if it is anything else.
    fn unseen(error: &CallError) -> Option<Self> {
        is_denied(error.code.as_deref()).then(|| Self {
            unseen: Some(unseen(error)),
            ..Self::default()
        })
    }
}

/// Reads the last deployments of a service that names the revision `runs`.
async fn history(
    aws: &Aws,
    name: &ServiceName,
    runs: Option<(&str, u32)>,
) -> Result<History, CallError> {
    let request = aws.ecs.client.list_service_deployments();
    let request = request.cluster(&name.cluster).service(&name.service);
    let request = request.max_results(DEPLOYMENTS).send();
    let listed = aws.ecs.call("ecs:ListServiceDeployments", request).await;
    let mut briefs = match listed {
        Ok(listed) => listed.service_deployments.unwrap_or_default(),
        Err(error) => return History::unseen(&error).ok_or(error),
    };
    if !briefs.iter().any(ended_badly) {
        return Ok(History::default());
    }
    briefs.sort_by(|a, b| b.created_at().cmp(&a.created_at()));
    let targets = briefs
        .iter()
        .filter_map(|b| b.target_service_revision_arn());
    let targets: BTreeSet<String> = targets.map(str::to_owned).collect();
    let revisions = match revisions(aws, targets.into_iter().collect()).await {
        Ok(revisions) => revisions,
        Err(error) => return History::unseen(&error).ok_or(error),
    };
    let target = |brief: &ServiceDeploymentBrief| {
        let arn = revisions.get(brief.target_service_revision_arn()?)?;
        // Another family has numbers of its own.
        family_and_revision(arn).filter(|(family, _)| runs.is_some_and(|(runs, _)| runs == *family))
    };
    let mut last: BTreeMap<u32, Option<String>> = BTreeMap::new();
    let mut later: Option<&ServiceDeploymentBrief> = None;
    for brief in &briefs {
        let successor = later.replace(brief);
        if successor.is_some_and(|successor| took_the_place(successor, brief)) {
            continue;
        }
        let Some((_, revision)) = target(brief) else {
            continue;
        };
        // The first one that is seen is the newest.
        let how = || ended_badly(brief).then(|| describe(brief));
        last.entry(revision).or_insert_with(how);
    }
    let failed = last
        .into_iter()
        .filter_map(|(revision, how)| Some((revision, how?)));
    let left = briefs.first().filter(|newest| leaves(newest));
    Ok(History {
        failed: failed.collect(),
        is_stranded: left.is_some_and(|newest| target(newest) == runs),
        unseen: None,
    })
}

/// Returns whether a deployment has ended and left the service where it was, and not where it was
/// before (ECS API reference, `ServiceDeployment`, `status`).
fn leaves(brief: &ServiceDeploymentBrief) -> bool {
    matches!(
        brief.status(),
        Some(ServiceDeploymentStatus::Stopped | ServiceDeploymentStatus::RollbackFailed)
    )
}

/// Why ECS starts no more tasks of what the service names, if it does not: then the older tasks
/// stay, and nothing is under way (ECS API reference, `Deployment`, `rolloutState`).
fn given_up(service: &Described) -> Option<String> {
    let primary = workload::primary(service)?;
    let state = primary.rollout_state()?;
    (*state == DeploymentRolloutState::Failed).then(|| {
        let reason = primary.rollout_state_reason();
        reason.map_or_else(|| state.to_string(), |reason| format!("{state}: {reason}"))
    })
}

fn ended_badly(brief: &ServiceDeploymentBrief) -> bool {
    matches!(
        brief.status(),
        Some(
            ServiceDeploymentStatus::RollbackSuccessful
                | ServiceDeploymentStatus::RollbackFailed
                | ServiceDeploymentStatus::RollbackInProgress
                | ServiceDeploymentStatus::RollbackRequested
                | ServiceDeploymentStatus::Stopped
                | ServiceDeploymentStatus::StopRequested
        )
    )
}

/// Returns whether a deployment was stopped because `successor` began, which says nothing about its
/// revision. ECS stops a deployment that another one takes the place of (ECS developer guide, "View
/// service history using Amazon ECS service deployments").
fn took_the_place(successor: &ServiceDeploymentBrief, of: &ServiceDeploymentBrief) -> bool {
    let is_stopped = matches!(
        of.status(),
        Some(ServiceDeploymentStatus::Stopped | ServiceDeploymentStatus::StopRequested)
    );
    let began = successor.created_at();
    is_stopped
        && of
            .finished_at()
            .is_none_or(|end| began.is_some_and(|began| began <= end))
}

fn describe(brief: &ServiceDeploymentBrief) -> String {
    let status = brief.status().map_or("", ServiceDeploymentStatus::as_str);
    match brief.status_reason() {
        Some(reason) if !reason.is_empty() => format!("{status}: {reason}"),
        Some(_) | None => status.to_owned(),
    }
}

/// The ARNs of the task definitions of service revisions, by the ARNs of these.
pub(super) async fn revisions(
    aws: &Aws,
    arns: Vec<String>,
) -> Result<BTreeMap<String, String>, CallError> {
    let mut found = BTreeMap::new();
    // At most twenty (ECS API reference, `DescribeServiceRevisions`).
    for batch in arns.chunks(20) {
        let request = aws.ecs.client.describe_service_revisions();
        let request = request
            .set_service_revision_arns(Some(batch.to_vec()))
            .send();
        let answer = aws
            .ecs
            .call("ecs:DescribeServiceRevisions", request)
            .await?;
        for revision in answer.service_revisions() {
            let arn = revision.service_revision_arn().unwrap_or_default();
            let definition = revision.task_definition().unwrap_or_default();
            found.insert(arn.to_owned(), definition.to_owned());
        }
    }
    Ok(found)
}
