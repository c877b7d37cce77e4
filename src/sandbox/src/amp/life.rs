//! Where a resource is between its creation and its deletion, as a function of the time.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Refusal, service::seconds};

use super::refusal::Subject;

/// How long a new workspace is CREATING. AWS documents no time; the API model's `WorkspaceActive`
/// waiter polls every two seconds, so a client meets CREATING at least once.
pub(super) const WORKSPACE_CREATION_MILLIS: u64 = 3_000;
/// How long a deleted workspace is DELETING. AWS documents no time; the `WorkspaceDeleted` waiter
/// polls every two seconds.
pub(super) const WORKSPACE_DELETION_MILLIS: u64 = 3_000;
/// How long every other change takes. AWS documents no time.
pub(super) const CHANGE_MILLIS: u64 = 1_000;

/// The times of a resource and the change it last began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Life {
    created_millis: u64,
    modified_millis: u64,
    change: Change,
    /// When the change is through.
    settled_millis: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Change {
    Creation,
    Update,
    Deletion,
}

/// The statuses that all kinds have in common. Nothing fails here on its own account, so the
/// `…_FAILED` statuses never occur.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Status {
    Creating,
    Active,
    Updating,
    Deleting,
}

impl Status {
    /// The status as the API writes it.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Creating => "CREATING",
            Self::Active => "ACTIVE",
            Self::Updating => "UPDATING",
            Self::Deleting => "DELETING",
        }
    }
}

impl Life {
    /// A life that begins now and is ACTIVE after `takes_millis`.
    pub(super) fn begin(now_millis: u64, takes_millis: u64) -> Self {
        Self {
            created_millis: now_millis,
            modified_millis: now_millis,
            change: Change::Creation,
            settled_millis: now_millis + takes_millis,
        }
    }

    /// Begins an update.
    pub(super) fn update(&mut self, now_millis: u64) {
        self.modified_millis = now_millis;
        self.change = Change::Update;
        self.settled_millis = now_millis + CHANGE_MILLIS;
    }

    /// Begins the deletion.
    pub(super) fn delete(&mut self, now_millis: u64, takes_millis: u64) {
        self.modified_millis = now_millis;
        self.change = Change::Deletion;
        self.settled_millis = now_millis + takes_millis;
    }

    /// Whether the deletion is through.
    pub(super) fn is_over(&self, now_millis: u64) -> bool {
        self.is_ending() && now_millis >= self.settled_millis
    }

    /// Whether the deletion has begun.
    pub(super) fn is_ending(&self) -> bool {
        self.change == Change::Deletion
    }

    pub(super) fn status(&self, now_millis: u64) -> Status {
        let settled = now_millis >= self.settled_millis;
        match self.change {
            Change::Deletion => Status::Deleting,
            Change::Creation | Change::Update if settled => Status::Active,
            Change::Creation => Status::Creating,
            Change::Update => Status::Updating,
        }
    }

    /// The status as the API's `status` structure.
    pub(super) fn status_member(&self, now_millis: u64) -> Value {
        json!({"statusCode": self.status(now_millis).code()})
    }

    /// Refuses with `ConflictException` unless ACTIVE. The API reference gives the error for
    /// requests that would cause an inconsistent state; that a resource in transition is one is
    /// inferred.
    pub(super) fn require_active(&self, now_millis: u64, subject: &Subject) -> Result<(), Refusal> {
        match self.status(now_millis) {
            Status::Active => Ok(()),
            busy @ (Status::Creating | Status::Updating | Status::Deleting) => {
                Err(subject.busy(busy.code()))
            }
        }
    }

    /// `createdAt`, in seconds since 1970.
    pub(super) fn created_at(&self) -> Value {
        seconds(self.created_millis)
    }

    /// `modifiedAt`, in seconds since 1970.
    pub(super) fn modified_at(&self) -> Value {
        seconds(self.modified_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::{Life, Status};

    #[test]
    fn the_status_follows_the_clock() {
        let mut life = Life::begin(1_000, 3_000);
        assert_eq!(life.status(3_999), Status::Creating);
        assert_eq!(life.status(4_000), Status::Active);
        life.update(5_000);
        assert_eq!(life.status(5_999), Status::Updating);
        assert_eq!(life.status(6_000), Status::Active);
        life.delete(7_000, 3_000);
        assert_eq!(life.status(9_999), Status::Deleting);
        assert!(!life.is_over(9_999));
        assert!(life.is_over(10_000));
    }

    #[test]
    fn times_are_seconds_with_a_fraction() {
        let mut life = Life::begin(1_500, 0);
        life.update(2_250);
        assert_eq!(life.created_at(), 1.5);
        assert_eq!(life.modified_at(), 2.25);
    }
}
