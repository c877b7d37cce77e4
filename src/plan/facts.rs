//! Takes account of what is known of a live resource besides its state.

use std::collections::BTreeMap;

use crate::{
    kinds::{
        Change, Resource,
        kind::{Overrides, ReplaceReason},
    },
    model::{
        lifecycle::Lifecycle,
        live::Fact,
        running::Running,
        tags::{Owner, PREVENT_DESTROY_TAG},
    },
    plan::{InUse, Reason, Step, StepId},
    snapshot::LiveResource,
    stack::Declared,
};

/// Gives way to what somebody else decides about `found`, and returns what people should know about
/// it.
pub(super) fn apply_overrides(
    found: &LiveResource,
    running: Option<&Running>,
    lifecycle: &Lifecycle,
    to: &mut Resource,
) -> Vec<String> {
    // What somebody else registered is not ours to deregister.
    let is_ours = matches!(found.owner, Owner::Ours(_));
    let overrides = Overrides {
        facts: &found.facts,
        keep_revisions: lifecycle.keep_revisions.filter(|_| is_ours),
        running,
    };
    to.apply_overrides(&found.resource, &overrides)
}

/// What forbids to remove `found`. What the stack file says of a resource goes before what its tags
/// say; `is_forced` says that its use forbids nothing.
pub(super) fn held_back(
    found: &LiveResource,
    declared: Option<&Declared>,
    replaces: &[ReplaceReason],
    in_use: &InUse,
    is_forced: bool,
) -> Vec<Reason> {
    let arn = found.arn();
    let tagged = || {
        let tag = found.resource.tags().get(PREVENT_DESTROY_TAG);
        tag.and_then(|value| value.known()) == Some("true")
    };
    let prevented = declared.map_or_else(tagged, |declared| declared.lifecycle.prevent_destroy);
    let mut reasons = Vec::new();
    if prevented && !found.resource.is_worthless() {
        reasons.push(Reason::Protected {
            arn: arn.to_owned(),
            replaces: replaces.to_vec(),
            by_tag: declared.is_none(),
        });
    }
    if found.resource.has_deletion_protection() {
        reasons.push(Reason::DeletionProtection {
            arn: arn.to_owned(),
        });
    }
    if !in_use.by.is_empty() && !is_forced {
        reasons.push(Reason::InUse {
            arn: arn.to_owned(),
            by: in_use.by.clone(),
        });
    }
    reasons
}

/// What is known of the use of `found`, of which something is removed.
pub(super) fn in_use(found: &LiveResource, running: Option<&Running>) -> InUse {
    let target = found.resource.target(Some(&found.attributes));
    let users = |running: &Running| running.users(found.resource.kind(), &target);
    let last_used = found.facts.iter().find_map(|fact| match fact {
        Fact::LastUsed { day, region } => Some(format!("on {day} in {region}")),
        Fact::RetentionByAccountPolicy(_)
        | Fact::UniqueId(_)
        | Fact::CreatedAt(_)
        | Fact::TagsOfAws(_)
        | Fact::NothingOlderThan(_) => None,
    });
    InUse {
        by: running.map(users).unwrap_or_default(),
        unseen: running.map_or_else(Vec::new, |r| r.unseen.iter().cloned().collect()),
        last_used,
    }
}

/// What is known of the use of the parts of `found` that `step` takes away. Who uses them has been
/// taken account of: what is left is what could not be seen.
pub(super) fn use_of_parts(
    step: &Step,
    found: Option<&LiveResource>,
    running: Option<&Running>,
) -> InUse {
    let found = found.filter(|_| step.changes().iter().any(Change::takes_away));
    InUse {
        by: Vec::new(),
        ..found.map_or_else(InUse::default, |found| in_use(found, running))
    }
}

/// Notes how old, in days, what `found` holds can be, which the step `id` alters, if that is known.
pub(super) fn note_oldest(
    oldest: &mut BTreeMap<StepId, u32>,
    id: &StepId,
    found: Option<&LiveResource>,
) {
    for fact in found.iter().flat_map(|found| &found.facts) {
        match fact {
            Fact::NothingOlderThan(days) => _ = oldest.insert(id.clone(), *days),
            Fact::RetentionByAccountPolicy(_)
            | Fact::UniqueId(_)
            | Fact::CreatedAt(_)
            | Fact::TagsOfAws(_)
            | Fact::LastUsed { .. } => {}
        }
    }
}
