//! AWS through its SDK, as the cloud that plans are made for and carried out in.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::{
    aws::{Aws, all},
    cloud::{Call, Cloud},
    kinds::live::{self, Reading},
    model::{
        address::Kind,
        call::{CallError, Reply},
        query::Query,
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
        let (per_kind, running) = tokio::try_join!(per_kind, running)?;
        let running = running.into_iter().flatten().next();
        let mut snapshots: Vec<Snapshot> = queries
            .iter()
            .map(|query| Snapshot {
                identity: query.identity.clone(),
                found: Vec::new(),
                roles: Vec::new(),
                running: running.clone().filter(|_| query.removal),
            })
            .collect();
        for per_query in per_kind {
            for (snapshot, seen) in snapshots.iter_mut().zip(per_query) {
                snapshot.found.extend(seen.found);
                snapshot.roles.extend(seen.names);
            }
        }
        Ok(snapshots)
    }

    async fn perform(&self, call: Call) -> Result<Reply, CallError> {
        live::perform(self, &call.target, &call.token, call.claim, &call.change).await
    }
}
