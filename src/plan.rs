//! The decision: which steps lead from what is there to what is wanted.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    address::Address,
    resource::{Change, Immutable, Resource},
    tags::Owner,
    text::Attribute,
};

/// What is to be done, and what speaks against doing anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The steps, in an order in which they could run one after another.
    pub steps: Vec<Step>,
    /// Reasons to do nothing at all until somebody has decided.
    pub refusals: Vec<Refusal>,
    /// What people should know although it needs no step.
    pub notes: Vec<Note>,
    /// Attributes of the resources that live already and stay, for references and outputs.
    pub known: BTreeMap<Address, BTreeMap<Attribute, String>>,
}

/// The way of one resource from one state to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which step it is.
    pub id: StepId,
    /// What is there; `None` is nothing.
    pub from: Option<Resource>,
    /// What is to be there; `None` is nothing. It may mention what is known only after other steps.
    pub to: Option<Resource>,
    /// The steps that have to be done before.
    pub after: BTreeSet<StepId>,
    /// The name of the role or log group, the family, or the id of the workspace; empty if it is known after apply.
    pub target: String,
    /// Why `to` needs another resource than `from`; not empty in both steps of a replacement, and nowhere else.
    pub replaces: Vec<Immutable>,
    /// The owner that a resource is taken over from.
    pub adopted_from: Option<Owner>,
}

/// The name of a step.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StepId {
    /// The resource.
    pub address: Address,
    /// Building it, or removing it.
    pub phase: Phase,
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
    /// Its name is taken by a role whose name differs only by case, or that stands under another path.
    NameTaken {
        /// The name that is wanted.
        wanted: String,
        /// The ARN of the other one.
        arn: String,
        /// Whose that is.
        owner: Owner,
    },
    /// More than one live resource claims to be this one.
    Ambiguous {
        /// Their ARNs.
        arns: Vec<String>,
    },
    /// `prevent_destroy` holds it back.
    Protected {
        /// Its ARN.
        arn: String,
        /// Why it would go, if it is to be replaced.
        replaces: Vec<Immutable>,
        /// Whether the protection is read from the live tag because the stack file no longer declares the resource.
        by_tag: bool,
    },
    /// CloudWatch Logs' deletion protection holds it back.
    DeletionProtection {
        /// Its ARN.
        arn: String,
    },
    /// A role mentioned by ARN does not exist under exactly this name.
    NoSuchRole {
        /// The ARN as it is written.
        wanted: String,
        /// The ARN of a role that differs only by case or path.
        similar: Option<String>,
    },
}

/// Something to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The resource it is about.
    pub address: Address,
    /// What.
    pub text: String,
}

impl Step {
    /// The calls, in order. Values that are known after other steps appear as references.
    pub fn changes(&self) -> Vec<Change> {
        Resource::changes(self.from.as_ref(), self.to.as_ref())
    }
}

impl Plan {
    /// Tells whether there is nothing to do and nothing to decide.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.refusals.is_empty()
    }

    /// The number of AWS calls that alter something.
    pub fn calls(&self) -> usize {
        self.steps.iter().map(|step| step.changes().len()).sum()
    }
}
