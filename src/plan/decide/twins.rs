//! What nothing but its tags distinguishes, where several carry the same tags.

use crate::{
    kinds::{Resource, kind::IdentifiedBy},
    model::{address::Address, live::date},
    plan::{Candidate, Reason, decide::Planner},
    snapshot::LiveResource,
    stack::Declared,
};

impl<'a> Planner<'a> {
    /// Notes the others of the same name.
    pub(super) fn note_namesakes(&mut self, address: &Address, others: &[&LiveResource]) {
        for found in others {
            if let Some(text) = found.resource.namesake_note(found.arn(), &found.owner) {
                self.note(address, text);
            }
        }
    }

    /// Notes that the stack has another one already than the one that it is to adopt.
    pub(super) fn note_other_than_meant(
        &mut self,
        address: &Address,
        declared: &Declared,
        found: &LiveResource,
    ) {
        let meant = declared.lifecycle.adopt_id.as_deref();
        if let Some(meant) = meant.filter(|id| !found.has_id(id)) {
            let has = found.resource.target(Some(&found.attributes));
            let text = format!(
                "`adopt` names {meant}, but this stack has {has} already, which it keeps: nothing is adopted"
            );
            self.note(address, text);
        }
    }

    /// Decides about what is wanted where several carry its tags: the one that `adopt` names, or
    /// else the oldest, is the one, and the others are left as they are. None of them is
    /// removed, in favour of another one either.
    pub(super) fn alter_oldest(
        &mut self,
        address: &Address,
        declared: &Declared,
        want: &Resource,
        oldest: &'a LiveResource,
        others: &[&'a LiveResource],
    ) {
        let to = self.complete(declared, want, Some(oldest));
        let is_replaced = !Resource::replace_reasons(&oldest.resource, &to).is_empty();
        if is_replaced || declared.lifecycle.replace {
            let all = [oldest].into_iter().chain(others.iter().copied());
            return self.refuse_ambiguous(address, all);
        }
        let meant = declared.lifecycle.adopt_id.as_deref();
        let why = if meant.is_some_and(|id| oldest.has_id(id)) {
            "`adopt` names it"
        } else {
            "it is the oldest"
        };
        for other in others {
            let text = twin((oldest, why), other, &self.stack.identity.region);
            self.note(address, text);
        }
        self.alter(address, declared, want, oldest);
    }

    pub(super) fn refuse_ambiguous(
        &mut self,
        address: &Address,
        found: impl IntoIterator<Item = &'a LiveResource>,
    ) {
        let reason = Reason::Ambiguous {
            candidates: candidates(found),
            are_ours: true,
        };
        self.refuse(address, reason);
    }
}

/// The candidates, the oldest first.
pub(super) fn candidates<'a>(found: impl IntoIterator<Item = &'a LiveResource>) -> Vec<Candidate> {
    let found = found.into_iter().map(|found| Candidate {
        arn: found.arn().to_owned(),
        created_at: found.created_at(),
    });
    let mut candidates: Vec<Candidate> = found.collect();
    candidates.sort_by_key(|one| (one.created_at.unwrap_or(u64::MAX), one.arn.clone()));
    candidates
}

/// What people should know of `other`, which carries the tags of the one that is used too.
fn twin((used, why): (&LiveResource, &str), other: &LiveResource, region: &str) -> String {
    let noun = used.resource.kind().noun();
    let id = |found: &LiveResource| {
        let made = found.created_at().map(date);
        let id = found.resource.target(Some(&found.attributes));
        made.map_or(id.clone(), |made| format!("{id} (made at {made})"))
    };
    let command = other.resource.removal_command(&other.attributes, region);
    let remove = command.map_or_else(String::new, |command| {
        format!("; to remove it, with all that it holds, run: {command}")
    });
    format!(
        "two runs of this stack have each made a {noun}: {} is used, because {why}, and {} is left over{remove}",
        id(used),
        id(other),
    )
}

/// Returns whether nothing but tags says which live resource is meant.
pub(super) fn is_known_by_tags(address: &Address) -> bool {
    Resource::identified_by(address.kind) == IdentifiedBy::Tags
}
