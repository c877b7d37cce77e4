//! How ECS treats task definition families.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    kinds::{
        fake::{Creates, Refused, Simulated},
        task_definition::{Change, Document, TaskDefinition},
    },
    model::{
        identity::Identity,
        live::Attributes,
        query::Query,
        tags::STACK_TAG,
        template::{Attribute, Template},
    },
};

impl TaskDefinition {
    fn is_asked_for(&self, query: &Query) -> bool {
        let owner = self.tags.get(STACK_TAG).and_then(Template::known);
        query.names().any(|stack| owner == Some(stack.as_str()))
    }
}

impl Simulated for TaskDefinition {
    fn creates(call: &Change) -> Creates {
        match call {
            Change::Register { .. } => Creates::IfAbsent,
            Change::Tag { .. }
            | Change::Untag { .. }
            | Change::UpdateService { .. }
            | Change::UpdateExpressService { .. }
            | Change::Deregister(_)
            | Change::Delete(_) => Creates::Never,
        }
    }

    /// Only active revisions can be tagged or deregistered, and only inactive ones deleted (ECS API
    /// reference, `DeleteTaskDefinitions`).
    fn check(&self, call: &Change) -> Result<(), Refused> {
        let active = self.active();
        let wrong = match call {
            Change::Register { .. }
            | Change::UpdateService { .. }
            | Change::UpdateExpressService { .. } => None,
            // What somebody else registered can be tagged, and nobody here ends it.
            Change::Tag { revision, .. } | Change::Untag { revision, .. } => {
                let newer = self.newer.as_ref().map(|newer| newer.revision);
                let revision = revision.unwrap_or_default();
                let is_there = active.contains(&revision) || newer == Some(revision);
                (!is_there).then_some(revision)
            }
            Change::Deregister(revision) => {
                let revision = revision.unwrap_or_default();
                (!active.contains(&revision)).then_some(revision)
            }
            Change::Delete(revisions) => {
                let mut revisions = revisions.iter();
                revisions.find(|r| !self.inactive.contains(r)).copied()
            }
        };
        wrong.map_or(Ok(()), |revision| {
            let message = format!("not with {}:{revision}", self.family);
            Err(Refused::new("ClientException", message))
        })
    }

    fn live_attributes(&self, identity: &Identity, target: &str) -> Attributes {
        let newest = self.newest().or(self.inactive.last().copied());
        let arn = identity.task_definition_arn(target, newest.unwrap_or_default());
        BTreeMap::from([(Attribute::Arn, arn)])
    }

    fn respell(&mut self) {
        let newer = self.newer.as_mut().map(|newer| &mut newer.document);
        for document in newer.into_iter().chain(&mut self.document) {
            *document = Document::new(document.normal().clone());
        }
    }

    /// Inactive revisions are read only when something is removed, and those of somebody else only
    /// of a family that stays.
    fn hide_unread(&mut self, query: &Query) -> bool {
        if query.destroy || !query.families.contains_key(&self.family) {
            self.newer = None;
        } else if self.active().is_empty() || !self.is_asked_for(query) {
            // Without an active revision of one's own it is whoever's the newest one is, and
            // further ones are none of the stack's.
            self.take_in(self.newest());
            self.older = BTreeSet::new();
        }
        if query.removal {
            return true;
        }
        self.inactive = BTreeSet::new();
        !self.active().is_empty()
    }

    fn number_existing(&mut self) -> Option<u32> {
        let taken = self.active().into_iter().chain(self.inactive.clone());
        let taken = taken.chain(self.newest());
        let last = taken.max().unwrap_or_default();
        if self.document.is_some() && self.revision.is_none() {
            self.revision = Some(last + 1);
            return self.revision;
        }
        Some(last)
    }

    /// Numbers a new revision, and forgets revisions that belong to whoever owned the family
    /// before.
    fn finish_call(&mut self, before: Option<&Self>, call: &Change, last: &mut u32) -> Option<u32> {
        if let Some(before) = before {
            let owner = |family: &Self| family.tags.get(STACK_TAG).cloned();
            if before.document.is_some() && owner(before) != owner(self) {
                self.older = BTreeSet::new();
            }
            // Inactive revisions keep their tags.
            if self.document.is_none() {
                self.tags.clone_from(&before.tags);
            }
        }
        match call {
            Change::Register { .. } => {
                let newest = before.and_then(Self::newest).unwrap_or_default();
                *last = newest.max(*last) + 1;
                self.revision = Some(*last);
                self.revision
            }
            Change::Tag { .. }
            | Change::Untag { .. }
            | Change::UpdateService { .. }
            | Change::UpdateExpressService { .. }
            | Change::Deregister(_)
            | Change::Delete(_) => None,
        }
    }
}
