//! The outside world, behind two verbs: observe it, and perform one change to it.

pub mod aws;
pub mod notice;
pub mod paper;

use std::{collections::BTreeMap, future::Future, slice};

use thiserror::Error;

use crate::{
    address::Address, resource::Change, snapshot::Snapshot, stack::Query, text::Attribute,
};

/// A world of resources: AWS, or a world on paper.
pub trait Cloud: Send + Sync + 'static {
    /// Reads everything that the plans of several stacks of one account and region need to know: one reading, as each stack sees it, in the order of the
    /// queries. Never alters anything.
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

    /// Performs one change, and reads until it has taken effect.
    fn perform(&self, call: Call) -> impl Future<Output = Result<Reply, CallError>> + Send;
}

/// One change to one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The resource.
    pub address: Address,
    /// The name of the role or log group, the family, or the id of the workspace (empty until it is created).
    pub target: String,
    /// What to do. Everything in it is known.
    pub change: Change,
    /// A token that is the same for every attempt of this call and no other: what AWS calls a client token.
    pub token: String,
}

/// What AWS answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The attributes that are known from now on.
    pub attributes: BTreeMap<Attribute, String>,
    /// The number of the revision that was registered.
    pub revision: Option<u32>,
    /// The id of the request, for AWS support.
    pub request_id: Option<String>,
}

/// What a failed call means for the one who made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// It will fail again.
    Final,
    /// AWS may not have heard yet of something that exists: it may succeed soon if that something was made or altered in this run.
    Unsettled,
    /// Somebody else is altering the same thing: it will succeed soon.
    Busy,
}

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{operation} failed: {}{message}{}", code.as_ref().map(|c| format!("{c}: ")).unwrap_or_default(), request_id.as_ref().map(|id| format!(" (request id {id})")).unwrap_or_default())]
pub struct CallError {
    /// The operation, as IAM spells it in policies: `iam:CreateRole`.
    pub operation: String,
    /// The error code of AWS; `None` if no answer came.
    pub code: Option<String>,
    /// What AWS, or the network, said.
    pub message: String,
    /// The id of the request, for AWS support.
    pub request_id: Option<String>,
    /// What it means.
    pub class: Class,
    /// What to do about it, if it is known.
    pub hint: Option<String>,
}
