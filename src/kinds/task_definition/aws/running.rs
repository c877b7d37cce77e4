//! What runs: clusters, their services and their tasks, asked for only when something is about to
//! go that they may need.

mod cluster;
mod daemons;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::{
    operation::describe_clusters::DescribeClustersOutput,
    types::{Cluster as Described, ClusterField},
};

use crate::{
    aws::{Aws, all, error::is_denied, tagging::family_and_revision, workload},
    kinds::task_definition::{aws::revision, needs},
    model::{
        call::CallError,
        identity::Identity,
        running::{Running, RunningRevision, User},
    },
};
use cluster::Cluster;

/// The most clusters that `DescribeClusters` takes (ECS API reference).
const CLUSTERS: usize = 100;

/// Who uses which revision: what a part of the reading has found.
#[derive(Clone, Debug, Default)]
pub(super) struct Uses {
    /// By ARN of the revision.
    by: BTreeMap<String, BTreeSet<User>>,
    /// What could not be seen.
    unseen: BTreeSet<String>,
}

impl Uses {
    fn add(&mut self, arn: Option<&str>, user: &User) {
        if let Some(arn) = arn.filter(|arn| !arn.is_empty()) {
            let users = self.by.entry(arn.to_owned()).or_default();
            users.insert(user.clone());
        }
    }

    fn extend(&mut self, other: Self) {
        for (arn, users) in other.by {
            self.by.entry(arn).or_default().extend(users);
        }
        self.unseen.extend(other.unseen);
    }

    /// The answer; `None` if the permission for it is missing, which is noted: what can't be seen
    /// is no reason to do nothing, but is said.
    #[expect(
        clippy::result_large_err,
        reason = "a failed call is passed on as every call returns it"
    )]
    fn seen<T>(
        &mut self,
        what: &str,
        answer: Result<T, CallError>,
    ) -> Result<Option<T>, CallError> {
        seen(what, answer, &mut self.unseen)
    }
}

/// The answer, or what is `unseen` without it.
#[expect(
    clippy::result_large_err,
    reason = "a failed call is passed on as every call returns it"
)]
fn seen<T>(
    what: &str,
    answer: Result<T, CallError>,
    unseen: &mut BTreeSet<String>,
) -> Result<Option<T>, CallError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if is_denied(error.code.as_deref()) => {
            unseen.insert(workload::unseen(what, &error));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Reads what runs in the region. `needs` says whether what the revisions need matters, which takes
/// a call for each of them.
pub(crate) async fn observe(
    aws: &Aws,
    identity: &Identity,
    needs: bool,
) -> Result<Running, CallError> {
    let mut uses = Uses::default();
    let clusters = clusters(aws, &mut uses).await?;
    // Daemons run no family that a stack declares, so only what they need is of interest.
    let with_daemons = clusters
        .iter()
        .filter(|cluster| needs && cluster.may_have_daemons);
    let with_daemons: Vec<Cluster> = with_daemons.cloned().collect();
    let daemons = all(with_daemons, |cluster| {
        let (aws, identity) = (aws.clone(), identity.clone());
        async move { daemons::of(&aws, &identity, &cluster).await }
    });
    let daemons = daemons.await?;
    let found = all(clusters, |cluster| {
        let aws = aws.clone();
        async move { cluster.uses(&aws).await }
    });
    found
        .await?
        .into_iter()
        .for_each(|found| uses.extend(found));
    let Uses { by, mut unseen } = uses;
    let revisions = all(by, |(arn, users)| {
        let (aws, identity) = (aws.clone(), identity.clone());
        async move { revision_of(&aws, &identity, needs, &arn, users).await }
    });
    let mut running = Vec::new();
    for of_cluster in daemons {
        running.extend(of_cluster.revisions);
        unseen.extend(of_cluster.unseen);
    }
    for found in revisions.await? {
        match found {
            Ok(revision) => running.push(revision),
            Err((revision, why)) => {
                running.extend(revision);
                unseen.insert(why);
            }
        }
    }
    Ok(Running {
        revisions: running,
        unseen,
    })
}

/// The clusters, with what `DescribeClusters` counts in them. `ListClusters` names those that are
/// inactive as well for a while, in which nothing runs (ECS API reference, `DeleteCluster`).
async fn clusters(aws: &Aws, uses: &mut Uses) -> Result<Vec<Cluster>, CallError> {
    let request = aws.ecs.client.list_clusters().into_paginator();
    let arns = request.items().send().try_collect();
    let arns = aws.ecs.call("ecs:ListClusters", arns).await;
    let Some(arns) = uses.seen("the clusters", arns)? else {
        return Ok(Vec::new());
    };
    let arns: Vec<String> = arns;
    let batches: Vec<Vec<String>> = arns.chunks(CLUSTERS).map(<[String]>::to_vec).collect();
    let described = all(batches, |batch| {
        let aws = aws.clone();
        async move {
            let request = aws.ecs.client.describe_clusters();
            let request = request.set_clusters(Some(batch));
            let request = request.include(ClusterField::Statistics).send();
            aws.ecs.call("ecs:DescribeClusters", request).await
        }
    });
    match described.await {
        Ok(answers) => {
            let described = answers.iter().flat_map(DescribeClustersOutput::clusters);
            let active = described.filter(|cluster| cluster.status() != Some("INACTIVE"));
            Ok(active.filter_map(counted).collect())
        }
        // Without the counts every cluster has to be asked for everything.
        Err(error) if is_denied(error.code.as_deref()) => {
            Ok(arns.into_iter().map(Cluster::uncounted).collect())
        }
        Err(error) => Err(error),
    }
}

fn counted(cluster: &Described) -> Option<Cluster> {
    Some(Cluster {
        arn: cluster.cluster_arn()?.to_owned(),
        tasks: Some(cluster.running_tasks_count() + cluster.pending_tasks_count()),
        services: Some(cluster.active_services_count() + draining(cluster)),
        may_have_daemons: may_have_daemons(cluster),
    })
}

/// Returns whether the cluster has anything that daemons run on: they are for the instances of
/// capacity providers, and Fargate's have none (ECS API reference, `CreateDaemon`,
/// `capacityProviderArns`).
fn may_have_daemons(cluster: &Described) -> bool {
    let is_fargate = |name: &String| ["FARGATE", "FARGATE_SPOT"].contains(&name.as_str());
    cluster.registered_container_instances_count() > 0
        || !cluster.capacity_providers().iter().all(is_fargate)
}

/// How many services of the cluster are deleted and still have tasks that serve. `ListServices`
/// does not name them, but the statistics count them by launch type (ECS API reference,
/// `DeleteService`, and `Cluster`, `statistics`: `drainingFargateServiceCount` and its like).
fn draining(cluster: &Described) -> i32 {
    let counts = cluster.statistics().iter();
    let counts = counts.filter(|count| {
        count
            .name()
            .is_some_and(|name| name.starts_with("draining"))
    });
    counts
        .filter_map(|count| count.value()?.parse::<i32>().ok())
        .sum()
}

/// The revision, or as much as is known of it with what could not be seen.
async fn revision_of(
    aws: &Aws,
    identity: &Identity,
    needs: bool,
    arn: &str,
    users: BTreeSet<User>,
) -> Result<Result<RunningRevision, (Option<RunningRevision>, String)>, CallError> {
    let Some((family, number)) = family_and_revision(arn) else {
        return Ok(Err((
            None,
            format!("what `{arn}` is, which something runs"),
        )));
    };
    let mut found = RunningRevision {
        family: family.to_owned(),
        revision: number,
        needs: [needs::family(family)].into(),
        users,
    };
    if !needs {
        return Ok(Ok(found));
    }
    let name = format!("{family}:{number}");
    let unseen = match revision::describe(aws, &name).await {
        Ok(Some(revision)) => {
            let document = revision.document.written();
            found.needs.extend(needs::of(document, identity));
            return Ok(Ok(found));
        }
        Ok(None) => format!("what {name} needs, which something runs: it cannot be described"),
        Err(error) if is_denied(error.code.as_deref()) => {
            workload::unseen(&format!("what {name} needs, which something runs"), &error)
        }
        Err(error) => return Err(error),
    };
    Ok(Err((Some(found), unseen)))
}
