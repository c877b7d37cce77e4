//! AWS through its SDK, as the cloud that plans are made for and carried out in.

use crate::{
    aws::{Aws, all, tagging},
    cloud::{Call, Cloud},
    kinds::{
        Change, log_group::aws as log_group, role::aws as role,
        task_definition::aws as task_definition, workspace::aws as workspace,
    },
    model::{
        call::{CallError, Reply},
        query::Query,
    },
    snapshot::{LiveResource, Snapshot},
};

impl Cloud for Aws {
    async fn observe_all(&self, queries: &[Query]) -> Result<Vec<Snapshot>, CallError> {
        let (roles, workspaces, others) = tokio::try_join!(
            role::observe(self, queries),
            workspace::observe(self, queries),
            self.observe_tagged(queries),
        )?;
        let parts = roles.into_iter().zip(workspaces).zip(others);
        Ok(queries
            .iter()
            .zip(parts)
            .map(|(query, (((mut found, roles), workspaces), others))| {
                found.extend(workspaces);
                found.extend(others);
                Snapshot {
                    identity: query.identity.clone(),
                    found,
                    roles,
                }
            })
            .collect())
    }

    async fn perform(&self, call: Call) -> Result<Reply, CallError> {
        match &call.change {
            Change::LogGroup(change) => log_group::perform(self, &call, change).await,
            Change::Workspace(change) => workspace::perform(self, &call, change).await,
            Change::Role(change) => role::perform(self, &call, change).await,
            Change::TaskDefinition(change) => task_definition::perform(self, &call, change).await,
        }
    }
}

impl Aws {
    /// Reads, for each query, the kinds of which the tagging API says what is the stack's.
    async fn observe_tagged(&self, queries: &[Query]) -> Result<Vec<Vec<LiveResource>>, CallError> {
        let tagged = tagging::observe(self, queries).await?;
        let per_query = queries.iter().cloned().zip(tagged);
        let found = all(per_query, |(query, tagged)| {
            let aws = self.clone();
            async move {
                let (mut found, families) = tokio::try_join!(
                    log_group::observe(&aws, &query, &tagged),
                    task_definition::observe(&aws, &query, &tagged),
                )?;
                found.extend(families);
                Ok(found)
            }
        });
        found.await
    }
}
