//! The outside world, behind two verbs: observe it, and perform one change to it.

mod aws;
mod evidence;
mod permissions;
pub mod survey;

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    slice,
    time::Duration,
};

pub use aws::ask_early;
pub use evidence::Counted;

use crate::{
    kinds::Change,
    model::{
        address::Address,
        call::{CallError, Claim, Reply},
        query::Query,
        quota::{Known, Quota},
        service::Wait,
    },
    snapshot::Snapshot,
};

/// A world of resources: AWS, or a fake cloud.
pub trait Cloud: Send + Sync + 'static {
    /// Reads everything that the plans of several stacks of one account and region need to know:
    /// one reading, as each stack sees it, in the order of the queries. Never alters anything.
    fn observe_all(
        &self,
        queries: &[Query],
    ) -> impl Future<Output = Result<Vec<Snapshot>, CallError>> + Send;

    /// Reads everything that the plan of one stack needs to know.
    fn observe(&self, query: &Query) -> impl Future<Output = Result<Snapshot, CallError>> + Send {
        async move {
            let mut snapshots = self.observe_all(slice::from_ref(query)).await?;
            Ok(snapshots.remove(0))
        }
    }

    /// Reads what matters only now that something will be removed, and adds it to `before`, which
    /// was read a moment ago for the same stacks. Never alters anything.
    fn observe_removal(
        &self,
        queries: &[Query],
        before: Vec<Snapshot>,
    ) -> impl Future<Output = Result<Vec<Snapshot>, CallError>> + Send {
        drop(before);
        self.observe_all(queries)
    }

    /// Reads how large these quotas of the account are. What can't be read fails nothing, and says
    /// why.
    fn observe_quotas(
        &self,
        _asked: &BTreeSet<Quota>,
    ) -> impl Future<Output = BTreeMap<Quota, Known>> + Send {
        async { BTreeMap::new() }
    }

    /// Performs one change, and reads until it has taken effect, or of a rollout until it has
    /// begun.
    fn perform(&self, call: Call) -> impl Future<Output = Result<Reply, CallError>> + Send;

    /// Reads until the rollout that a call has started has ended, or has got as far as it is waited
    /// for. Never alters anything, so it may be left at any time.
    fn follow(&self, rollout: Rollout) -> impl Future<Output = Result<Reply, CallError>> + Send;
}

/// A rollout that a call has started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollout {
    /// The call that started it.
    pub call: Call,
    /// What it answered.
    pub reply: Reply,
    /// Until when to wait.
    pub wait: Wait,
    /// For how long at most, if not for as long as the steps of the deployment take.
    pub timeout: Option<Duration>,
}

/// One change to one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The resource.
    pub address: Address,
    /// The name of the role or log group, the family, or the id of the workspace (empty until it is
    /// created).
    pub target: String,
    /// What to do. Everything in it is known.
    pub change: Change,
    /// A token that is the same for every attempt of this call and no other: what AWS calls a
    /// client token.
    pub token: String,
    /// What the run knows of who is to create what the call creates.
    pub claim: Claim,
    /// The number of the newest revision, if the resource has revisions and that is known by now.
    pub revision: Option<u32>,
}
