//! Takes account of what is known of a live resource besides its state.

use std::collections::BTreeSet;

use crate::{
    kinds::{Resource, kind::ReplaceReason, log_group::LogGroup, task_definition::TaskDefinition},
    model::{
        lifecycle::Lifecycle,
        live::Fact,
        tags::{Owner, PREVENT_DESTROY_TAG},
    },
    plan::{InUse, Reason},
    snapshot::LiveResource,
    stack::Declared,
};

/// Gives way to what somebody else decides about `found`, and returns what to tell people about it.
pub(super) fn apply_overrides(
    found: &LiveResource,
    lifecycle: &Lifecycle,
    to: &mut Resource,
) -> Vec<String> {
    let mut notes = Vec::new();
    for fact in &found.facts {
        match (fact, &mut *to, &found.resource) {
            (
                Fact::RetentionByAccountPolicy(policy),
                Resource::LogGroup(to),
                Resource::LogGroup(live),
            ) => notes.extend(take_retention(policy, to, live)),
            (Fact::NewerRevision(revision), ..) => notes.push(format!(
                "revision {revision} of {} is newer than the newest of this stack, and somebody else registered it",
                found.resource.name()
            )),
            (
                Fact::RetentionByAccountPolicy(_)
                | Fact::UniqueId(_)
                | Fact::TagsOfAws(_)
                | Fact::InUse { .. },
                ..,
            ) => {}
        }
    }
    // What somebody else registered is not ours to deregister.
    let is_ours = matches!(found.owner, Owner::Ours(_));
    if let (Some(keep), Resource::TaskDefinition(family), true) =
        (lifecycle.keep_revisions, to, is_ours)
    {
        notes.extend(keep_revisions(keep, family, found));
    }
    notes
}

/// The account's policy goes before the group's own retention (CloudWatch Logs API reference,
/// `LogGroup`).
fn take_retention(policy: &str, to: &mut LogGroup, live: &LogGroup) -> Option<String> {
    if to.retention_days == live.retention_days {
        return None;
    }
    to.retention_days = live.retention_days;
    let retention = live
        .retention_days
        .map_or_else(|| "endless".to_owned(), |days| format!("{days} days"));
    Some(format!(
        "the account's policy `{policy}` decides the retention, which is {retention} whatever the stack file says"
    ))
}

/// Leaves the newest `keep` revisions and those that are in use.
fn keep_revisions(keep: u32, family: &mut TaskDefinition, found: &LiveResource) -> Option<String> {
    let mut strict = family.clone();
    strict.keep_only(keep, &BTreeSet::new());
    family.keep_only(keep, &found.revisions_in_use());
    let spared: Vec<String> = family
        .older
        .difference(&strict.older)
        .map(u32::to_string)
        .collect();
    (!spared.is_empty()).then(|| {
        format!(
            "revisions beyond keep_revisions = {keep} stay because they are in use: {}",
            spared.join(", ")
        )
    })
}

/// What forbids to remove `found`. What the stack file says of a resource goes before what its tags
/// say.
pub(super) fn held_back(
    found: &LiveResource,
    declared: Option<&Declared>,
    replaces: &[ReplaceReason],
) -> Vec<Reason> {
    let arn = found.arn();
    let tagged = || {
        let tag = found.resource.tags().get(PREVENT_DESTROY_TAG);
        tag.and_then(|value| value.known()) == Some("true")
    };
    let prevented = declared.map_or_else(tagged, |declared| declared.lifecycle.prevent_destroy);
    // A workspace that AWS could not create holds no data.
    let is_worthless = found.resource.workspace().is_some_and(|w| w.failed);
    let is_guarded = found
        .resource
        .log_group()
        .is_some_and(|group| group.deletion_protection);
    let mut reasons = Vec::new();
    if prevented && !is_worthless {
        reasons.push(Reason::Protected {
            arn: arn.to_owned(),
            replaces: replaces.to_vec(),
            by_tag: declared.is_none(),
        });
    }
    if is_guarded {
        reasons.push(Reason::DeletionProtection {
            arn: arn.to_owned(),
        });
    }
    reasons
}

/// The revisions of `found` that services or tasks use.
pub(super) fn in_use(found: &LiveResource) -> Option<InUse> {
    let mut all = InUse::default();
    for fact in &found.facts {
        match fact {
            Fact::InUse { revisions, by } => {
                all.revisions.extend(revisions);
                all.by.extend(by.iter().cloned());
            }
            Fact::RetentionByAccountPolicy(_)
            | Fact::UniqueId(_)
            | Fact::TagsOfAws(_)
            | Fact::NewerRevision(_) => {}
        }
    }
    (!all.revisions.is_empty()).then_some(all)
}
