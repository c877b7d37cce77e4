//! What came of a call to AWS: its answer, or why it failed.

use std::{collections::BTreeMap, time::Duration};

use thiserror::Error;

use crate::model::template::Attribute;

/// What AWS answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The attributes that are known from now on.
    pub attributes: BTreeMap<Attribute, String>,
    /// The number of the revision that was registered.
    pub revision: Option<u32>,
    /// The ARN of the service deployment that was started, if the answer names it.
    pub deployment: Option<String>,
    /// The id of the request, for AWS support.
    pub request_id: Option<String>,
    /// What people should know of how it went, as sentences without a full stop.
    pub remarks: Vec<String>,
    /// By whom what the call names was made, if it is a call that creates.
    pub maker: Maker,
}

impl Reply {
    /// The same for a call whose resource exists already and carries the stack's tags: another run
    /// has made it or, if the request was sent twice, perhaps this one.
    #[must_use]
    pub fn made_elsewhere(self, was_sent_twice: bool) -> Self {
        if was_sent_twice {
            return Self {
                maker: Maker::Unclear,
                ..self
            };
        }
        let remark = "another run of this stack has created it at the same moment";
        Self {
            maker: Maker::AnotherRun,
            remarks: vec![remark.to_owned()],
            ..self
        }
    }
}

/// By whom what a creating call names was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Maker {
    /// By the call.
    #[default]
    ThisCall,
    /// By another run of the same stack, since AWS was read.
    AnotherRun,
    /// By the call or by another run: it was there when the call was sent for a second time, after
    /// the first answer had been lost.
    Unclear,
}

/// What a run knows of who is to create something that AWS would create twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Nobody else is expected to: it takes the place of something that this run has removed.
    Alone,
    /// This run is: it has made what decides, so long ago.
    Ours(Duration),
    /// Another run is.
    Theirs,
    /// This run or another one is: what decides was made since AWS was read, and nobody knows by
    /// whom.
    Unclear,
    /// Nobody knows: what decides was there already, or there is nothing that does. If it is known
    /// when what decides was made, this says so, as in [`Fact::CreatedAt`](super::live::Fact).
    Open(Option<u64>),
}

/// What a failed call means for the one who made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// It will fail again.
    Final,
    /// AWS may not have heard yet of something that exists: it may succeed soon if that something
    /// was made or altered in this run.
    Unsettled,
    /// AWS denies it. It may allow it soon if that depends on tags that were set in this run;
    /// otherwise the permission is missing.
    Denied,
    /// Somebody else is altering the same thing: it will succeed soon.
    Busy,
}

/// What a failed call has left behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: it was never sent, AWS refused it, or it only reads.
    #[default]
    None,
    /// It may have taken effect, in part or as a whole: no answer came, AWS answered that it failed
    /// itself, or something failed after AWS had accepted the change.
    Unknown,
}

/// What to do about a fault of the program itself, which no user can have caused.
pub const REPORT_BUG: &str = concat!(
    "this is a bug in amp-stack; please report it with the version, which is ",
    env!("CARGO_PKG_VERSION"),
    ", the command line, and the stack file without its secrets",
);

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
    /// What it has left behind.
    pub effect: Effect,
    /// What to do about it, if it is known.
    pub hint: Option<String>,
}

impl CallError {
    /// The same failure, when it happens after AWS has accepted at least a part of the change.
    #[must_use]
    pub fn after_effect(self) -> Self {
        Self {
            effect: Effect::Unknown,
            ..self
        }
    }

    /// The same failure, when `done` calls that make the same change together have succeeded
    /// before.
    #[must_use]
    pub fn after_calls(self, done: usize) -> Self {
        if done > 0 { self.after_effect() } else { self }
    }
}
