//! AWS through its SDK, as the cloud that plans are made for and carried out in.

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    aws::{Aws, all, mentions, quotas},
    cloud::{Call, Cloud, Rollout},
    kinds::live::{self, Follow, Reading, Target},
    model::{
        address::Kind,
        call::{CallError, Reply},
        query::Query,
        quota::{Known, Quota},
    },
    snapshot::Snapshot,
};

impl Cloud for Aws {
    async fn observe_all(&self, queries: &[Query]) -> Result<Vec<Snapshot>, CallError> {
        let reading = Arc::new(Reading::new(self, queries));
        let per_kind = all(Kind::ALL, |kind| {
            let reading = Arc::clone(&reading);
            async move { live::observe(kind, &reading).await }
        });
        let running = all(Kind::ALL, |kind| {
            let reading = Arc::clone(&reading);
            async move { live::running(kind, &reading).await }
        });
        let services = all(Kind::ALL, |kind| {
            let reading = Arc::clone(&reading);
            async move { live::services(kind, &reading).await }
        });
        let mentions = mentions::observe(self, queries);
        let (per_kind, running, services, mentions) =
            tokio::try_join!(per_kind, running, services, mentions)?;
        let services: BTreeMap<_, _> = services.into_iter().flatten().collect();
        let running = running.into_iter().flatten().next();
        let mut snapshots: Vec<Snapshot> = queries
            .iter()
            .map(|query| Snapshot {
                identity: query.identity.clone(),
                found: Vec::new(),
                roles: Vec::new(),
                running: running.clone().filter(|_| query.removal),
                services: services
                    .iter()
                    .filter(|(name, _)| query.services.contains(name))
                    .map(|(name, service)| (name.clone(), service.clone()))
                    .collect(),
                mentions: mentions
                    .iter()
                    .filter(|(mention, _)| query.mentions.contains(mention))
                    .map(|(mention, presence)| (mention.clone(), presence.clone()))
                    .collect(),
                quotas: BTreeMap::new(),
            })
            .collect();
        for per_query in per_kind {
            for (snapshot, seen) in snapshots.iter_mut().zip(per_query) {
                snapshot.found.extend(seen.found);
                snapshot.roles.extend(seen.names);
                snapshot.mentions.extend(seen.mentions);
                if let Some((quota, count)) = seen.counted {
                    snapshot.quotas.entry(quota).or_default().used = u64::try_from(count).ok();
                }
            }
        }
        note_services(&mut snapshots);
        Ok(snapshots)
    }

    async fn observe_removal(
        &self,
        queries: &[Query],
        mut snapshots: Vec<Snapshot>,
    ) -> Result<Vec<Snapshot>, CallError> {
        let reading = Arc::new(Reading::new(self, queries));
        let found = snapshots.iter_mut().map(|s| std::mem::take(&mut s.found));
        let found: Arc<Vec<_>> = Arc::new(found.collect());
        let per_kind = all(Kind::ALL, |kind| {
            let (reading, found) = (Arc::clone(&reading), Arc::clone(&found));
            async move { live::with_remains(kind, &reading, &found).await }
        });
        let running = all(Kind::ALL, |kind| {
            let reading = Arc::clone(&reading);
            async move { live::running(kind, &reading).await }
        });
        let (per_kind, running) = tokio::try_join!(per_kind, running)?;
        let running = running.into_iter().flatten().next();
        for per_query in per_kind {
            for (snapshot, found) in snapshots.iter_mut().zip(per_query) {
                snapshot.found.extend(found);
            }
        }
        for (snapshot, query) in snapshots.iter_mut().zip(queries) {
            snapshot.running = running.clone().filter(|_| query.removal);
        }
        note_services(&mut snapshots);
        Ok(snapshots)
    }

    async fn observe_quotas(&self, asked: &BTreeSet<Quota>) -> BTreeMap<Quota, Known> {
        quotas::observe(self, asked).await
    }

    async fn perform(&self, call: Call) -> Result<Reply, CallError> {
        let target = Target {
            name: &call.target,
            token: &call.token,
            claim: call.claim,
            operation: call.change.operation(),
            revision: call.revision,
        };
        live::perform(self, &target, &call.change).await
    }

    async fn follow(&self, rollout: Rollout) -> Result<Reply, CallError> {
        let Rollout { call, reply, .. } = &rollout;
        let (Some((service, from)), Some(revision)) = (call.change.rolls_out(), call.revision)
        else {
            return Ok(Reply::default());
        };
        let follow = Follow {
            address: &call.address,
            service,
            family: &call.target,
            revision,
            from,
            deployment: reply.deployment.as_deref(),
            operation: call.change.operation(),
            wait: rollout.wait,
            timeout: rollout.timeout,
        };
        live::follow(self, call.change.kind(), &follow).await
    }
}

/// Asks AWS now for what the first reading for these queries asks in any case, whosever the account
/// is: so none of it waits until AWS has said who is asking. The identity in the queries need not
/// be known.
///
/// Without a region there is nobody to ask, which whoever asks for the identity hears of.
pub fn ask_early(aws: &Aws, queries: &[Query]) {
    if aws.region().is_ok() {
        let queries: Vec<Arc<Query>> = queries.iter().cloned().map(Arc::new).collect();
        live::ask_early(aws, &queries);
    }
}

/// Takes note of what the services run, of what is among what was found.
fn note_services(snapshots: &mut [Snapshot]) {
    for snapshot in snapshots {
        for found in &mut snapshot.found {
            found.resource.note_services(&snapshot.services);
        }
    }
}
