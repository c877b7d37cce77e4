//! A part of a workspace that has a life of its own: a configuration or a definition.

use serde::{Deserialize, Serialize};

use crate::Refusal;

use super::{
    life::{CHANGE_MILLIS, Life},
    refusal::Subject,
};

/// Some content and its life.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Part<T> {
    pub(super) content: T,
    pub(super) life: Life,
}

impl<T> Part<T> {
    /// A part that is CREATING.
    pub(super) fn begin(content: T, now_millis: u64) -> Self {
        Self {
            content,
            life: Life::begin(now_millis, CHANGE_MILLIS),
        }
    }

    /// A part that is ACTIVE from the start.
    pub(super) fn settled(content: T, now_millis: u64) -> Self {
        Self {
            content,
            life: Life::begin(now_millis, 0),
        }
    }

    /// Begins an update, refused unless ACTIVE. Returns the content to be changed.
    pub(super) fn update(&mut self, now_millis: u64, subject: &Subject) -> Result<&mut T, Refusal> {
        self.life.require_active(now_millis, subject)?;
        self.life.update(now_millis);
        Ok(&mut self.content)
    }

    /// Begins the deletion, refused unless ACTIVE.
    pub(super) fn delete(&mut self, now_millis: u64, subject: &Subject) -> Result<(), Refusal> {
        self.life.require_active(now_millis, subject)?;
        self.life.delete(now_millis, CHANGE_MILLIS);
        Ok(())
    }
}

/// Fills the place of a part that a workspace has at most once.
///
/// A second one is a `ConflictException`. `CreateLoggingConfiguration` and
/// `CreateQueryLoggingConfiguration` don't list that error in the API model, but nothing else they
/// list fits; clients see an error with this code.
pub(super) fn fill<'p, T>(
    place: &'p mut Option<Part<T>>,
    content: T,
    now_millis: u64,
    subject: &Subject,
) -> Result<&'p Part<T>, Refusal> {
    if place.is_some() {
        return Err(subject.exists());
    }
    Ok(place.insert(Part::begin(content, now_millis)))
}
