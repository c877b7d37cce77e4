//! The newest revision of a family, which is its live definition, whoever registered it.

use serde::{Deserialize, Serialize};

use crate::{
    kinds::task_definition::{Document, TaskDefinition},
    model::tags::Tags,
};

/// A revision that is newer than all of ours and does not carry our tags: somebody else registered
/// it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Newer {
    /// Its number.
    pub revision: u32,
    /// What it says, without family and tags.
    pub document: Document,
    /// Its tags.
    pub tags: Tags,
    /// The ARN of whoever registered it, if ECS says it.
    pub registered_by: Option<String>,
}

impl TaskDefinition {
    /// The number of the newest active revision; `None` if it is known after apply.
    pub fn newest(&self) -> Option<u32> {
        let newer = self.newer.as_ref().map(|newer| newer.revision);
        newer.or(self.revision)
    }

    /// What the newest active revision says, if there is one.
    pub fn newest_document(&self) -> Option<&Document> {
        let newer = self.newer.as_ref().map(|newer| &newer.document);
        newer.or(self.document.as_ref())
    }

    /// What the newest active revision says, to be altered. Of a declared family it is the document
    /// that the file wants; a state that was live itself may have a newer revision beside its own,
    /// and only that one is compared.
    pub(super) fn newest_document_mut(&mut self) -> Option<&mut Document> {
        let newer = self.newer.as_mut().map(|newer| &mut newer.document);
        newer.or(self.document.as_mut())
    }

    /// The tags of the newest active revision.
    pub(super) fn newest_tags(&self) -> &Tags {
        self.newer.as_ref().map_or(&self.tags, |newer| &newer.tags)
    }

    /// What whoever deploys the family has deployed last: what the declared services run, or else
    /// the newest revision. Whose it is plays no part.
    pub(super) fn deployed(&self) -> Option<&Document> {
        self.served.as_deref().or_else(|| self.newest_document())
    }

    /// The tags of a revision, to be altered.
    pub(super) fn tags_of(&mut self, revision: Option<u32>) -> &mut Tags {
        match &mut self.newer {
            Some(newer) if Some(newer.revision) == revision => &mut newer.tags,
            Some(_) | None => &mut self.tags,
        }
    }

    /// Takes `revision` in among those that the family is known by, if it is the newer one.
    pub(super) fn take_in(&mut self, revision: Option<u32>) {
        let is_it = |newer: &mut Newer| Some(newer.revision) == revision;
        if let Some(newer) = self.newer.take_if(is_it) {
            self.older.extend(self.revision.replace(newer.revision));
            self.document = Some(newer.document);
            self.tags = newer.tags;
        }
    }

    /// Says of the family what its newest revision says, under the tags of ours: so it is written
    /// into a stack file.
    pub(crate) fn settle_newest(&mut self) {
        if let Some(newer) = self.newer.take() {
            self.older.extend(self.revision.replace(newer.revision));
            self.document = Some(newer.document);
        }
    }

    /// What people should know of the newest revision if it is not ours: who registered it, and
    /// what becomes of it once `to` is there.
    pub(super) fn newer_note(&self, to: &Self) -> Option<String> {
        let newer = self.newer.as_ref()?;
        let by = newer.registered_by.as_deref().unwrap_or("somebody else");
        let name = format!("{}:{}", self.family, newer.revision);
        Some(if to.newest() == Some(newer.revision) {
            format!(
                "{by} registered the newest revision, {name}, which says what the stack file says: it becomes this stack's by its tags"
            )
        } else {
            format!(
                "{by} registered the newest revision, {name}, which the differences are from: a new one takes its place, and it stays"
            )
        })
    }
}
