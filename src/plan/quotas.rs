//! Checks that the account may have as much as a plan makes.
//!
//! A number that AWS gave for this very account decides: what exceeds it is refused, because a call
//! would fail half way. Where nobody knows the account's number, that is noted, and what exceeds
//! the number that accounts begin with is, too.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    model::{
        address::Address,
        quota::{Known, Quota, Source, Take},
    },
    plan::{Note, Phase, Plan, Reason, Refusal, Step},
    snapshot::Snapshot,
    stack::Stack,
};

impl Plan {
    /// The quotas of which it takes so much that it matters how large the account's are: all of
    /// what is made, and of what is altered those that an account need not have.
    pub fn quotas(&self) -> BTreeSet<Quota> {
        let steps = self.steps.iter();
        let takes = steps.flat_map(|step| takes(step).into_iter().map(move |take| (step, take)));
        let matter = takes.filter(|(step, take)| {
            let facts = take.quota.facts();
            facts.source.is_some() && (step.from.is_none() || take.after > facts.default)
        });
        matter.map(|(_, take)| take.quota).collect()
    }

    /// The same plan, which was made of `stack` and `live`, with a refusal for each quota that it
    /// exceeds and a note for each that it may exceed. It is looked at last, because only what is
    /// left of a plan counts.
    #[must_use]
    pub fn within_quotas(mut self, stack: &Stack, live: &Snapshot) -> Self {
        if stack.skips_preflight {
            return self;
        }
        let mut found = Found::default();
        let mut shared: BTreeMap<Quota, Vec<&Address>> = BTreeMap::new();
        for step in &self.steps {
            for take in takes(step) {
                if take.quota.facts().is_shared {
                    shared.entry(take.quota).or_default().push(&step.id.address);
                } else {
                    found.check(&[&step.id.address], take, stack, live);
                }
            }
        }
        for (quota, mut addresses) in shared {
            addresses.sort();
            let used = live.quotas.get(&quota).and_then(|known| known.used);
            if let Some(used) = used {
                let more = u64::try_from(addresses.len()).unwrap_or(u64::MAX);
                let take = Take {
                    quota,
                    before: used,
                    after: used.saturating_add(more),
                };
                found.check(&addresses, take, stack, live);
            }
        }
        let Found {
            refusals,
            mut notes,
            unread,
        } = found;
        notes.extend(unread.into_values());
        self.refuse(refusals);
        self.notes.extend(notes);
        self.notes.sort_by(|a, b| a.address.cmp(&b.address));
        self
    }

    /// Adds `refusals`, and takes back the steps of the resources that they are about.
    fn refuse(&mut self, refusals: Vec<Refusal>) {
        let refused: BTreeSet<Address> = refusals.iter().map(|one| one.address.clone()).collect();
        let is_kept = |address: &Address| !refused.contains(address);
        self.steps.retain(|step| is_kept(&step.id.address));
        for step in &mut self.steps {
            step.after.retain(|id| is_kept(&id.address));
        }
        self.keep_facts(is_kept);
        self.refusals.extend(refusals);
        self.refusals.sort_by(|a, b| a.address.cmp(&b.address));
    }
}

/// What was found out about quotas.
#[derive(Default)]
struct Found {
    refusals: Vec<Refusal>,
    notes: Vec<Note>,
    /// One note for each source that could not be read.
    unread: BTreeMap<Source, Note>,
}

impl Found {
    /// Checks what `addresses` take together.
    fn check(&mut self, addresses: &[&Address], take: Take, stack: &Stack, live: &Snapshot) {
        let Take {
            quota,
            before: now,
            after,
        } = take;
        let facts = quota.facts();
        let nothing = Known::default();
        let known = live.quotas.get(&quota).unwrap_or(&nothing);
        if let Some(most) = known.most {
            // The first one that there is no room for.
            let room = usize::try_from(most.saturating_sub(now)).unwrap_or(usize::MAX);
            let room = if facts.is_shared { room } else { 0 };
            if let Some(address) = addresses.get(room).filter(|_| after > most) {
                let reason = Reason::OverQuota {
                    quota,
                    now,
                    after,
                    most,
                    region: quota.region(&stack.identity),
                };
                self.refusals.push(Refusal {
                    address: (*address).clone(),
                    reason,
                });
            }
            return;
        }
        let Some(address) = addresses.last() else {
            return;
        };
        let note = |text| Note::new(address, text);
        if after > facts.default && (known.unread.is_some() || facts.source.is_none()) {
            self.notes.push(note(over_default(quota, after)));
        }
        if let (Some(why), Some(source)) = (&known.unread, facts.source) {
            let text = format!("how much the account may have is not known: {why}");
            self.unread.entry(source).or_insert_with(|| note(text));
        }
    }
}

/// That it is more than accounts begin with.
fn over_default(quota: Quota, after: u64) -> String {
    let facts = quota.facts();
    let unless = if facts.is_adjustable {
        " unless AWS has raised it"
    } else {
        ""
    };
    let code = facts.code.map(|code| format!(" {code}"));
    format!(
        "{after} {} are more than the {} that {} has{unless} ({}, {}{})",
        facts.counted,
        facts.default,
        facts.holder,
        facts.name,
        facts.service,
        code.unwrap_or_default()
    )
}

/// What a step takes more of than before. What is built in the place of something that goes first
/// takes no more room.
fn takes(step: &Step) -> Vec<Take> {
    let Some(to) = step.to.as_ref().filter(|_| step.id.phase == Phase::Build) else {
        return Vec::new();
    };
    let takes = to.takes(step.from.as_ref()).into_iter();
    let is_more = |take: &Take| take.after > take.before;
    let has_room = |take: &Take| take.quota.facts().is_shared && !step.replaces.is_empty();
    takes
        .filter(|take| is_more(take) && !has_room(take))
        .collect()
}

/// Counts what `step` makes.
pub(super) fn take(live: &mut Snapshot, step: &Step) {
    for take in takes(step) {
        let known = live.quotas.get_mut(&take.quota);
        if let (Some(known), true) = (known, take.quota.facts().is_shared) {
            known.used = known.used.map(|used| used.saturating_add(1));
        }
    }
}

/// No longer counts what `step` removes, unless something takes its place.
pub(super) fn give_back(live: &mut Snapshot, step: &Step) {
    let gone = step.from.as_ref().filter(|_| step.replaces.is_empty());
    for take in gone.map(|gone| gone.takes(None)).into_iter().flatten() {
        let known = live.quotas.get_mut(&take.quota);
        if let (Some(known), true) = (known, take.quota.facts().is_shared) {
            known.used = known.used.map(|used| used.saturating_sub(1));
        }
    }
}
