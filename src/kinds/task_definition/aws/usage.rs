//! Which revisions services and tasks use: asked only when revisions are about to go.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    aws::{Aws, all, tagging::family_and_revision},
    kinds::task_definition::TaskDefinition,
    model::{
        call::CallError,
        live::{Fact, Live},
    },
};

/// The most services that `DescribeServices` takes (ECS API reference).
const SERVICES: usize = 10;
/// The most tasks that `DescribeTasks` takes (ECS API reference).
const TASKS: usize = 100;
const PAGE: i32 = 100;

/// That something uses a revision.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Use {
    family: String,
    revision: u32,
    by: String,
}

impl Use {
    fn of(arn: Option<&str>, by: &str) -> Option<Self> {
        let (family, revision) = family_and_revision(arn?)?;
        Some(Self {
            family: family.to_owned(),
            revision,
            by: by.to_owned(),
        })
    }
}

/// Adds to each of these families what uses its revisions.
pub(crate) async fn observe(
    aws: &Aws,
    families: Vec<&mut Live<TaskDefinition>>,
) -> Result<(), CallError> {
    if families.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = families
        .iter()
        .map(|family| family.resource.family.clone())
        .collect();
    let request = aws.ecs.client.list_clusters().into_paginator();
    let clusters = request.items().send().try_collect();
    let clusters = aws.ecs.call("ecs:ListClusters", clusters).await?;
    let uses = all(clusters, |cluster| {
        let (aws, names) = (aws.clone(), names.clone());
        async move { in_cluster(&aws, &cluster, names).await }
    });
    let uses: BTreeSet<Use> = uses.await?.into_iter().flatten().collect();
    for family in families {
        let name = family.resource.family.as_str();
        let uses: Vec<&Use> = uses.iter().filter(|used| used.family == name).collect();
        if !uses.is_empty() {
            let by: BTreeSet<&String> = uses.iter().map(|used| &used.by).collect();
            family.facts.push(Fact::InUse {
                revisions: uses.iter().map(|used| used.revision).collect(),
                by: by.into_iter().cloned().collect(),
            });
        }
    }
    Ok(())
}

async fn in_cluster(
    aws: &Aws,
    cluster: &str,
    families: Vec<String>,
) -> Result<Vec<Use>, CallError> {
    let name = cluster.rsplit('/').next().unwrap_or(cluster).to_owned();
    let mut uses = by_services(aws, cluster, &name).await?;
    let tasks = all(families, |family| {
        let (aws, cluster, name) = (aws.clone(), cluster.to_owned(), name.clone());
        async move { by_tasks(&aws, &cluster, &name, &family).await }
    });
    uses.extend(tasks.await?.into_iter().flatten());
    Ok(uses)
}

/// A service uses the revision that it names and those of its deployments that are not finished.
async fn by_services(aws: &Aws, cluster: &str, name: &str) -> Result<Vec<Use>, CallError> {
    let request = aws.ecs.client.list_services().cluster(cluster);
    let services = request.max_results(PAGE).into_paginator().items().send();
    let services = aws
        .ecs
        .call("ecs:ListServices", services.try_collect())
        .await?;
    let mut uses = Vec::new();
    for batch in services.chunks(SERVICES) {
        let request = aws.ecs.client.describe_services().cluster(cluster);
        let request = request.set_services(Some(batch.to_vec())).send();
        let answer = aws.ecs.call("ecs:DescribeServices", request).await?;
        for service in answer.services() {
            let service_name = service.service_name().unwrap_or_default();
            let by = format!("service {service_name} in cluster {name}");
            let deployments = service.deployments().iter().map(|d| d.task_definition());
            let sets = service.task_sets().iter().map(|set| set.task_definition());
            let arns = deployments.chain(sets).chain([service.task_definition()]);
            uses.extend(arns.filter_map(|arn| Use::of(arn, &by)));
        }
    }
    Ok(uses)
}

/// Tasks of the family, started by services or not.
async fn by_tasks(
    aws: &Aws,
    cluster: &str,
    name: &str,
    family: &str,
) -> Result<Vec<Use>, CallError> {
    let request = aws.ecs.client.list_tasks().cluster(cluster).family(family);
    let tasks = request.max_results(PAGE).into_paginator().items().send();
    let tasks = aws.ecs.call("ecs:ListTasks", tasks.try_collect()).await?;
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for batch in tasks.chunks(TASKS) {
        let request = aws.ecs.client.describe_tasks().cluster(cluster);
        let request = request.set_tasks(Some(batch.to_vec())).send();
        let answer = aws.ecs.call("ecs:DescribeTasks", request).await?;
        for task in answer.tasks() {
            let arn = task.task_definition_arn().unwrap_or_default();
            *counts.entry(arn.to_owned()).or_default() += 1;
        }
    }
    let uses = counts.iter().filter_map(|(arn, count)| {
        let noun = if *count == 1 { "task" } else { "tasks" };
        Use::of(Some(arn), &format!("{count} {noun} in cluster {name}"))
            .filter(|found| found.family == family)
    });
    Ok(uses.collect())
}
