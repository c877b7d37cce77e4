//! Checks that what the stack names and does not make is there, and fit for its use.
//!
//! What was looked at and is missing or unfit is a refusal: a call of the plan would fail half way,
//! or no task would ever start. What could not be looked at is a note, one for all of a kind; what
//! nobody looked at is nothing.

use std::collections::BTreeMap;

use crate::{
    model::{
        address::Address,
        mention::{Mention, Mentioned, Presence, Unfit, What},
    },
    plan::{Note, Reason, Refusal, names},
    snapshot::Snapshot,
    stack::Stack,
};

/// Adds what speaks against carrying the plan out. `removed` is what the plan removes, by ARN.
pub(super) fn check(
    stack: &Stack,
    live: &Snapshot,
    removed: &BTreeMap<String, Address>,
    (refusals, notes): (&mut Vec<Refusal>, &mut Vec<Note>),
) {
    refusals.extend(names::missing_roles(stack, live, removed));
    let elsewhere = Presence::Unfit(Unfit::OfAnotherAccount);
    let mut unseen: BTreeMap<What, (Address, &str)> = BTreeMap::new();
    let mentions = if stack.skips_preflight {
        Vec::new()
    } else {
        stack.mentions()
    };
    let mut places: BTreeMap<(Address, Mention), Vec<String>> = BTreeMap::new();
    for Mentioned {
        address,
        at,
        mention,
    } in mentions
    {
        places.entry((address, mention)).or_default().push(at);
    }
    for ((address, mention), at) in places {
        let known = live.mentions.get(&mention);
        let known = known.or(is_elsewhere(&mention, stack).then_some(&elsewhere));
        let reason = match known {
            None | Some(Presence::Fits) => continue,
            Some(Presence::Unseen(why)) => {
                unseen.entry(mention.what).or_insert((address, why));
                continue;
            }
            Some(Presence::Missing) => Reason::Missing { mention, at },
            Some(Presence::Unfit(why)) => Reason::Unfit {
                mention,
                at,
                why: *why,
            },
        };
        refusals.push(Refusal { address, reason });
    }
    notes.extend(unseen.into_iter().map(|(what, (address, why))| {
        let plural = what.plural();
        let text =
            format!("whether the {plural} that the stack names are there is not known: {why}");
        Note { address, text }
    }));
}

/// Returns whether a role for tasks is one of another account: it can be passed only to services of
/// its own (IAM user guide, "Grant a user permissions to pass a role to an AWS service").
fn is_elsewhere(mention: &Mention, stack: &Stack) -> bool {
    let account = mention.name.split(':').nth(4);
    mention.what == What::Role && account.is_some_and(|one| one != stack.identity.account)
}
