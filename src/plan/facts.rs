//! Takes account of what is known of a live resource besides its state.

use crate::{
    kinds::{Resource, kind::ReplaceReason},
    model::{
        lifecycle::Lifecycle,
        live::Fact,
        tags::{Owner, PREVENT_DESTROY_TAG},
    },
    plan::{InUse, Reason},
    snapshot::LiveResource,
    stack::Declared,
};

/// Gives way to what somebody else decides about `found`, and returns what people should know about
/// it.
pub(super) fn apply_overrides(
    found: &LiveResource,
    lifecycle: &Lifecycle,
    to: &mut Resource,
) -> Vec<String> {
    // What somebody else registered is not ours to deregister.
    let is_ours = matches!(found.owner, Owner::Ours(_));
    let keep_revisions = lifecycle.keep_revisions.filter(|_| is_ours);
    to.apply_overrides(&found.resource, &found.facts, keep_revisions)
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
