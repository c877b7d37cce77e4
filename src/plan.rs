//! The decision: which steps lead from what is there to what is wanted.

pub mod acceptance;
mod claims;
mod creation;
mod current_attributes;
mod decide;
mod facts;
mod generations;
pub mod loss;
mod mentions;
mod names;
mod note;
mod order;
mod preflight;
mod project;
mod quotas;
pub mod refusals;
pub mod risk;
pub mod rollouts;
pub mod schedule;
pub mod suppressed;
mod target;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

pub use current_attributes::current_attributes;
pub use generations::settle;
pub use note::Note;
pub use project::project;
pub use target::holders;

use crate::{
    kinds::{Change, Resource, kind::ReplaceReason},
    model::{
        address::Address,
        mention::{Mention, Unfit},
        quota::Quota,
        tags::Owner,
        template::Attribute,
    },
    plan::rollouts::Objection,
    snapshot::Snapshot,
    stack::Stack,
};

/// Decides what leads from `live` to `stack`.
///
/// Pure: equal inputs give equal plans, and the order in which a file declares things plays no
/// part.
///
/// 1. What is live is matched to what is wanted. A role, log group or family is known by its name,
///    so an owned resource with a wanted name is the wanted one, even if its tags name another
///    table of the file: then only the tag changes. A workspace is known by its tags alone, because
///    aliases are not unique (Amazon Managed Service for Prometheus API reference,
///    `CreateWorkspace`).
///    What earlier defaults of amp-stack made is wanted as they made it.
/// 2. Everything wanted is visited, dependencies first: references to what lives and stays, and to
///    what follows from names, are filled in; what AWS has no "unset" for and what `ignore` names
///    is taken from the live state; and the result is compared with the live state.
/// 3. What is ours and not wanted is removed.
/// 4. Names are checked against everything that will still be there.
/// 5. The steps are put in order by four rules:
///    1. A build waits for the builds it refers to.
///    2. A build waits for the removal of what it replaces, and of whatever else of ours has its
///       name.
///    3. A removal waits for every build that alters something which mentions what is removed, and
///       for every removal, of a later kind, of something that mentions it. One that a build waits
///       for by rule 2 can't wait for builds: it waits only for such removals of later kinds.
///    4. The creation of what only tags distinguish waits for the creation of what decides which of
///       several runs creates it ([`ClaimBy`]).
///
/// From rule 3 follows that nothing is removed for good while something that lives still mentions
/// it: whoever mentioned it has been altered or, being of a later kind, removed before. Replacing
/// tears down first, because names collide; the tests try all of this on fake clouds.
///
/// A resource that a refusal is about has no steps.
pub fn plan(stack: &Stack, live: &Snapshot) -> Plan {
    let (stack, notes) = settle(stack, live);
    decide::Planner::new(&stack, live).plan(notes)
}

/// The steps that lead to what is wanted, and what speaks against taking any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The steps, in an order in which they could run one after another.
    pub steps: Vec<Step>,
    /// Reasons to do nothing at all until somebody has decided.
    pub refusals: Vec<Refusal>,
    /// What people should know although it needs no step.
    pub notes: Vec<Note>,
    /// Attributes of the resources that live already and stay, for references and outputs.
    pub known_attributes: BTreeMap<Address, BTreeMap<Attribute, String>>,
    /// What is known of the use of what steps remove, where there is something to know.
    pub in_use: BTreeMap<StepId, InUse>,
    /// How old, in days, what a resource holds can be, of those that a step alters and of which
    /// that is known.
    pub oldest: BTreeMap<StepId, u32>,
    /// What would be done or decided besides, had the plan not been narrowed to what somebody asked
    /// for.
    pub left_out: BTreeSet<Address>,
    /// What would be done or decided besides, had a saved plan not been made before that came up.
    pub came_up: BTreeSet<Address>,
    /// The account that it is for: twelve digits.
    pub account: String,
}

/// What is known of the use of something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InUse {
    /// Who uses it although it is removed, for people: `service api in cluster prod (api:3)`.
    pub by: Vec<String>,
    /// What could not be seen, and why.
    pub unseen: Vec<String>,
    /// When and where it was last used, as far as AWS says.
    pub last_used: Option<String>,
}

/// The way of one resource from one state to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which step it is.
    pub id: StepId,
    /// What is there; `None` is nothing.
    pub from: Option<Resource>,
    /// The desired state; `None` is nothing. It may mention what is known only after other steps.
    pub to: Option<Resource>,
    /// The steps that have to be done before.
    pub after: BTreeSet<StepId>,
    /// The name of the role or log group, the family, or the id of the workspace; empty if it is
    /// known after apply.
    pub target: String,
    /// Why `to` needs another resource than `from`; not empty in both steps of a replacement, and
    /// nowhere else.
    pub replaces: Vec<ReplaceReason>,
    /// The owner that a resource is taken over from.
    pub adopted_from: Option<Owner>,
    /// How the runs of a stack agree on who takes the step, if AWS would do it twice.
    pub claim: ClaimBy,
}

/// How several runs of one stack agree on which of them creates something that AWS would create
/// twice: something that nothing but its tags distinguishes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ClaimBy {
    /// They need not: AWS would not do it twice, or it takes the place of something that the plan
    /// removes.
    #[default]
    Alone,
    /// By this step, whose first call AWS refuses to the second one: whoever has made it takes this
    /// step as well.
    Step(StepId),
    /// By nothing that the plan makes: what would decide is there already, and was made at this
    /// time (in milliseconds since 1970, if that is known), or the stack has no such thing.
    Nothing(Option<u64>),
}

/// The name of a step.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StepId {
    /// The resource.
    pub address: Address,
    /// Building it, or removing it.
    pub phase: Phase,
    /// 0, or for removals of further resources that claim the same address 1, 2, …
    pub nth: usize,
}

/// What a step is for. A replacement is a removal and a build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// To remove what is there.
    Remove,
    /// To create or to alter.
    Build,
}

/// A reason to do nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The resource it is about.
    pub address: Address,
    /// Which reason.
    pub reason: Reason,
}

/// The reasons to do nothing until somebody has decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It exists, and is not ours.
    NotOurs {
        /// Its ARN.
        arn: String,
        /// Whose it is.
        owner: Owner,
    },
    /// What is adopted by its id is not there.
    NothingToAdopt {
        /// The id.
        id: String,
    },
    /// It exists and may be adopted, but would have to be replaced, and nothing is deleted that is
    /// not ours.
    CannotAdopt {
        /// Its ARN.
        arn: String,
        /// Whose it is.
        owner: Owner,
        /// What AWS can't change in place.
        differs: Vec<ReplaceReason>,
    },
    /// It is ours and would be replaced, but once it is removed `adopt` is about another one, or
    /// about none: a run that ended in between would leave a decision that nobody was asked for.
    AdoptsOnceRemoved {
        /// The ARN of what would be replaced.
        arn: String,
        /// The ARNs of what `adopt` would be about.
        others: Vec<String>,
        /// What AWS can't change in place.
        differs: Vec<ReplaceReason>,
    },
    /// Its name is taken by a role whose name differs only by case, or that stands under another
    /// path.
    NameTaken {
        /// The name that is wanted.
        wanted: String,
        /// The ARN of the other one.
        arn: String,
        /// Whose that is.
        owner: Owner,
    },
    /// More than one workspace claims to be this one: only their metrics could show which is
    /// the right one.
    Ambiguous {
        /// They, each with its ARN and when it was made, the oldest first.
        candidates: Vec<Candidate>,
        /// Whether they carry the stack's tags; otherwise they have the alias, and no stack owns
        /// them.
        are_ours: bool,
    },
    /// `prevent_destroy` holds it back.
    Protected {
        /// Its ARN.
        arn: String,
        /// Why it would go, if it would be replaced.
        replaces: Vec<ReplaceReason>,
        /// Whether the protection is read from the live tag because the stack file no longer
        /// declares the resource.
        by_tag: bool,
    },
    /// CloudWatch Logs' deletion protection holds it back.
    DeletionProtection {
        /// Its ARN.
        arn: String,
    },
    /// Something that runs needs it.
    InUse {
        /// Its ARN.
        arn: String,
        /// By whom, for people: `service api in cluster prod (api:3)`.
        by: Vec<String>,
    },
    /// A declared service is not brought to a revision.
    Service(Objection),
    /// Something that the stack names and does not make is not there.
    Missing {
        /// What it is.
        mention: Mention,
        /// Where in the resource it is named.
        at: Vec<String>,
    },
    /// Something that the stack names and does not make can't be used.
    Unfit {
        /// What it is.
        mention: Mention,
        /// Where in the resource it is named.
        at: Vec<String>,
        /// Why.
        why: Unfit,
    },
    /// It would be more of something than a quota allows the account to have.
    OverQuota {
        /// Which quota.
        quota: Quota,
        /// How many there are now.
        now: u64,
        /// How many there would be.
        after: u64,
        /// How many there may be, as AWS says of this account.
        most: u64,
        /// Where Service Quotas knows it.
        region: String,
    },
    /// A role mentioned by ARN does not exist under exactly this name.
    NoSuchRole {
        /// The ARN as it is written.
        wanted: String,
        /// The ARN of a role that differs only by case or path.
        similar: Option<String>,
    },
}

/// One of several live resources that could be meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its ARN.
    pub arn: String,
    /// When it was made, in milliseconds since 1970, if that is known.
    pub created_at: Option<u64>,
}

impl Reason {
    /// A short stable name; [`refusals`] says more about it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotOurs { .. } => "not-ours",
            Self::NothingToAdopt { .. } => "nothing-to-adopt",
            Self::CannotAdopt { .. } => "cannot-adopt",
            Self::AdoptsOnceRemoved { .. } => "adopts-once-removed",
            Self::NameTaken { .. } => "name-taken",
            Self::Ambiguous { .. } => "ambiguous",
            Self::Protected { .. } => "protected",
            Self::DeletionProtection { .. } => "deletion-protection",
            Self::InUse { .. } => "in-use",
            Self::NoSuchRole { .. } => "no-such-role",
            Self::OverQuota { .. } => "over-quota",
            Self::Missing { mention, .. } => mention.what.code_if_missing(),
            Self::Unfit { why, .. } => why.code(),
            Self::Service(objection) => objection.code(),
        }
    }
}

impl StepId {
    /// The step that builds what stands at `address`.
    pub fn build(address: Address) -> Self {
        Self {
            address,
            phase: Phase::Build,
            nth: 0,
        }
    }

    /// The step that removes what stands at `address`.
    pub fn remove(address: Address) -> Self {
        Self {
            address,
            phase: Phase::Remove,
            nth: 0,
        }
    }
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.phase, self.nth) {
            (Phase::Build, _) => write!(f, "build {}", self.address),
            (Phase::Remove, 0) => write!(f, "remove {}", self.address),
            (Phase::Remove, nth) => write!(f, "remove {} ({nth})", self.address),
        }
    }
}

impl Step {
    /// The calls, in order. Values that are known after other steps appear as references.
    pub fn changes(&self) -> Vec<Change> {
        Resource::changes(self.from.as_ref(), self.to.as_ref())
    }
}

impl Plan {
    /// Returns whether there is nothing to do and nothing to decide.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.refusals.is_empty()
    }

    /// Forgets what is known about the steps of resources that are not kept.
    fn keep_facts(&mut self, is_kept: impl Fn(&Address) -> bool) {
        self.in_use.retain(|id, _| is_kept(&id.address));
        self.oldest.retain(|id, _| is_kept(&id.address));
    }

    /// The number of AWS calls that alter something.
    pub fn calls(&self) -> usize {
        self.steps.iter().map(|step| step.changes().len()).sum()
    }
}
