//! What declared services run of families of which something is left to whoever deploys them.

use std::collections::BTreeSet;

use crate::{
    aws::{Aws, all},
    kinds::{
        live::{Reading, Seen},
        task_definition::{
            TaskDefinition,
            aws::{revision, services},
        },
    },
    model::{call::CallError, service::Service},
};

/// Completes what was read by what the services run, where that is another revision than the newest
/// and matters. Of several that run different ones, the newest of these counts.
pub(super) async fn complete(
    reading: &Reading,
    seen: &mut [Seen<TaskDefinition>],
) -> Result<(), CallError> {
    if reading.queries.iter().all(|query| query.left_to.is_empty()) {
        return Ok(());
    }
    let read = || services::observe(&reading.aws, &reading.queries);
    let services = reading.services(read).await?;
    let run = |family: &TaskDefinition, name| match services.get(name)? {
        Service::NoCluster | Service::NoService => None,
        Service::There(live) => {
            let (runs, revision) = live.runs.as_ref()?;
            (*runs == family.family).then_some(*revision)
        }
    };
    for (query, seen) in reading.queries.iter().zip(seen) {
        let mut wanted = Vec::new();
        for (index, found) in seen.found.iter().enumerate() {
            let family = &found.resource;
            let names = query.left_to.get(&family.family);
            let served = names.into_iter().flatten();
            let served: BTreeSet<u32> = served.filter_map(|name| run(family, name)).collect();
            let newest = served.last().filter(|last| Some(**last) != family.newest());
            wanted.extend(newest.map(|last| (index, format!("{}:{last}", family.family))));
        }
        let described = all(wanted, |(index, name)| {
            let aws = reading.aws.clone();
            async move { describe(&aws, index, &name).await }
        });
        for (index, revision) in described.await? {
            seen.found[index].resource.served =
                revision.map(|revision| Box::new(revision.document));
        }
    }
    Ok(())
}

/// A revision that was deregistered can be described as long as a service runs it (ECS API
/// reference, `DeregisterTaskDefinition`).
async fn describe(
    aws: &Aws,
    index: usize,
    name: &str,
) -> Result<(usize, Option<revision::Revision>), CallError> {
    Ok((index, revision::describe(aws, name).await?))
}
