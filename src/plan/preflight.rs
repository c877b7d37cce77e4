//! Checks that what the stack names and does not make is there, and fit for its use.
//!
//! What was looked at and is missing or unfit is a refusal: a call of the plan would fail half way,
//! or no task would ever start. What could not be looked at is a note, one for all of a kind; what
//! nobody looked at is nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    model::{
        address::Address,
        mention::{Mention, Mentioned, Naming, Presence, Unfit, What},
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
    let mentions = if stack.skips_preflight {
        Vec::new()
    } else {
        stack.mentions()
    };
    let mut places: BTreeMap<(Address, Mention), Vec<Naming>> = BTreeMap::new();
    for Mentioned { address, naming } in mentions {
        let place = (address, naming.mention.clone());
        places.entry(place).or_default().push(naming);
    }
    let mut unseen: BTreeMap<Unseen, (Address, &str)> = BTreeMap::new();
    for ((address, mention), namings) in places {
        let presence = live.mentions.get(&mention);
        match judge(stack, (&address, &mention), &namings, presence) {
            Judgement::Fine => {}
            Judgement::Refused(reason) => refusals.push(Refusal { address, reason }),
            Judgement::Noted(note) => notes.push(note),
            Judgement::Unseen(what, why) => _ = unseen.entry(what).or_insert((address, why)),
        }
    }
    notes.extend(unseen.into_iter().map(|(what, (address, why))| {
        let what = match what {
            Unseen::Processor => "for which processor images are that the stack names".to_owned(),
            Unseen::Whether(what) => {
                format!(
                    "whether the {} that the stack names are there",
                    what.plural()
                )
            }
        };
        Note::new(&address, format!("{what} is not known: {why}"))
    }));
}

/// What could not be seen: one note says it of all that is alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Unseen {
    /// For which processor images are.
    Processor,
    /// Whether such things are there.
    Whether(What),
}

/// What is to be said of something that the stack names.
enum Judgement<'a> {
    Fine,
    Refused(Reason),
    Noted(Note),
    /// What of it could not be seen, and why.
    Unseen(Unseen, &'a str),
}

/// Judges what the resource at `address` names in these places. Nothing is known of what nobody
/// looked up.
fn judge<'a>(
    stack: &Stack,
    (address, mention): (&Address, &Mention),
    namings: &[Naming],
    presence: Option<&'a Presence>,
) -> Judgement<'a> {
    let at = || namings.iter().map(|naming| naming.at.clone()).collect();
    let unfit = |why| {
        Judgement::Refused(Reason::Unfit {
            mention: mention.clone(),
            at: at(),
            why,
        })
    };
    if let Some(why) = elsewhere(mention, stack) {
        return unfit(why);
    }
    match presence {
        None | Some(Presence::Fits) => Judgement::Fine,
        Some(Presence::ForProcessors(processors)) => {
            other_processor(address, namings, processors).map_or(Judgement::Fine, Judgement::Noted)
        }
        Some(Presence::ForUnseenProcessor(why)) => {
            if namings.iter().any(|one| one.processor.is_some()) {
                Judgement::Unseen(Unseen::Processor, why)
            } else {
                Judgement::Fine
            }
        }
        Some(Presence::OfFileSystem(id)) => {
            let mut wanted = namings.iter().filter_map(|one| one.file_system.as_ref());
            if wanted.any(|wanted| wanted != id) {
                unfit(Unfit::AccessPointElsewhere)
            } else {
                Judgement::Fine
            }
        }
        Some(Presence::Unseen(why)) => Judgement::Unseen(Unseen::Whether(mention.what), why),
        Some(Presence::Missing) if is_yet_to_come(mention, stack, address) => {
            let text = format!(
                "there is no image {}: it has to be there before a task starts",
                mention.name
            );
            Judgement::Noted(Note {
                at: at(),
                ..Note::new(address, text)
            })
        }
        Some(Presence::Missing) => Judgement::Refused(Reason::Missing {
            at: at(),
            mention: mention.clone(),
        }),
        Some(Presence::Unfit(why)) => unfit(*why),
    }
}

/// What is wrong with where something is, which nobody has to look up. A role can be passed only to
/// services of its own account (IAM user guide, "Grant a user permissions to pass a role to an AWS
/// service"), and a key is used in its own region only (KMS developer guide, "AWS KMS concepts").
fn elsewhere(mention: &Mention, stack: &Stack) -> Option<Unfit> {
    let here = &stack.identity;
    let (region, account) = mention.place(here);
    match mention.what {
        What::Role if account != here.account => Some(Unfit::OfAnotherAccount),
        What::Key if region != here.region => Some(Unfit::KeyOfAnotherRegion),
        What::AccessPoint
        | What::FileSystem
        | What::Image
        | What::Key
        | What::LogGroup
        | What::Parameter
        | What::Policy
        | What::Role
        | What::Secret
        | What::Workspace => None,
    }
}

/// Returns whether something may be made after this run, as pipelines do with images: no call needs
/// it, unless the run also rolls the new revision out.
fn is_yet_to_come(mention: &Mention, stack: &Stack, address: &Address) -> bool {
    let declared = stack.resources.get(address);
    let is_rolled_out = declared.is_some_and(|one| !one.lifecycle.services.is_empty());
    mention.what == What::Image && !is_rolled_out
}

/// A note for an image that is not for the processor that its tasks run on.
fn other_processor(
    address: &Address,
    namings: &[Naming],
    processors: &BTreeSet<String>,
) -> Option<Note> {
    let mut wanted = namings.iter().filter_map(|one| Some((one, one.processor?)));
    let (naming, wanted) = wanted.find(|(_, wanted)| !processors.contains(*wanted))?;
    let there: Vec<&str> = processors.iter().map(String::as_str).collect();
    let text = format!(
        "the image {} is for {}, and its tasks run on {wanted}",
        naming.mention.name,
        there.join(" and "),
    );
    let at = vec![naming.at.clone()];
    Some(Note {
        at,
        ..Note::new(address, text)
    })
}
