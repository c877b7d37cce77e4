//! Who creates what AWS would create twice, when several runs of one stack are under way.
//!
//! # The argument
//!
//! Two workspaces may have one alias, so nothing at AWS keeps two runs, which both have seen that
//! there is none, from creating one each. There is no lock service, but there are names that AWS
//! keeps unique: of two calls that create a role or a log group of one name, one fails (IAM API
//! reference, `CreateRole`, `EntityAlreadyExists`; CloudWatch Logs API reference, `CreateLogGroup`,
//! `ResourceAlreadyExistsException`). So one such resource of the stack, the *decider*, is created
//! first, and whoever has created it creates the workspace. The decider follows from the stack file
//! alone (the first role or log group, by address, that does not need the workspace), so that all
//! runs of a file have the same.
//!
//! 1. *Both runs have seen neither.* Both send the call that creates the decider, and AWS takes
//!    one. The winner creates the workspace, if it can do so soon ([`Claim::Ours`]); the loser, to
//!    which AWS says that the decider exists, and which finds the stack's tags on it, waits for the
//!    workspace and never creates one ([`Claim::Theirs`]). If it does not come, the loser fails.
//! 2. *One run has seen the decider and no workspace.* Then it is later than whoever made the
//!    decider, which was killed, was left half way, has been given a workspace only now, or is just
//!    about to create it. It waits until the decider is so old that its maker does not create any
//!    more by rule 1, looks for the workspace once more, and creates it ([`Claim::Open`]).
//! 3. *An answer was lost.* To whoever sends the call again, AWS says that the decider exists, and
//!    nobody knows who made it. That run does the same as in 2 ([`Claim::Unclear`]).
//!
//! What is left are two runs in 2 or 3, or of a stack that has no decider, that look at the same
//! moment. Both send the same client token, under which AWS creates once as long as it remembers
//! (Amazon Managed Service for Prometheus API reference, `CreateWorkspace`: it documents neither
//! for how long nor for whom). If it does not, there are two, and both runs see so in a last look:
//! the older one is used, by them and by every later plan, and the other is named, with the command
//! that removes it. Nothing is removed to mend it.
//!
//! It also takes clocks that are right to a minute, and that AWS does not take a call two minutes
//! after its sender gave it up.
//!
//! [`Claim::Ours`]: crate::model::call::Claim::Ours
//! [`Claim::Theirs`]: crate::model::call::Claim::Theirs
//! [`Claim::Open`]: crate::model::call::Claim::Open
//! [`Claim::Unclear`]: crate::model::call::Claim::Unclear

use std::collections::BTreeMap;

use crate::{
    kinds::{Resource, kind::IdentifiedBy},
    model::address::Address,
    plan::{
        ClaimBy, Phase, Step, StepId,
        claims::ours,
        order::{self, Dependencies},
    },
    snapshot::{LiveResource, Snapshot},
    stack::Stack,
};

/// Enters into every creation of what only tags distinguish how the runs agree on who does it.
pub(super) fn claim(
    steps: &mut BTreeMap<StepId, Step>,
    stack: &Stack,
    live: &Snapshot,
    dependencies: &Dependencies,
) {
    let creations: Vec<Address> = steps
        .values()
        .filter(|step| is_creation(step))
        .map(|step| step.id.address.clone())
        .filter(|address| Resource::identified_by(address.kind) == IdentifiedBy::Tags)
        .collect();
    for address in creations {
        let removes =
            |step: &Step| step.id.phase == Phase::Remove && step.id.address.kind == address.kind;
        // A place that this run empties is this run's to fill.
        let claim = if steps.values().any(removes) {
            ClaimBy::Alone
        } else {
            let decider = decider(&address, stack, dependencies);
            decider.map_or(ClaimBy::Nothing(None), |decider| by(decider, steps, live))
        };
        if let Some(step) = steps.get_mut(&StepId::build(address)) {
            step.claim = claim;
        }
    }
}

fn is_creation(step: &Step) -> bool {
    step.id.phase == Phase::Build && step.from.is_none()
}

/// What decides who creates what stands at `address`: the first resource of the file that AWS
/// refuses to create twice and that does not need it.
fn decider<'a>(
    address: &Address,
    stack: &'a Stack,
    dependencies: &Dependencies,
) -> Option<&'a Address> {
    stack.resources.keys().find(|other| {
        Resource::is_created_once(other.kind)
            && stack.wants(other)
            && !order::reaches(dependencies, other, address)
    })
}

fn by(decider: &Address, steps: &BTreeMap<StepId, Step>, live: &Snapshot) -> ClaimBy {
    let build = StepId::build(decider.clone());
    let is_removed = steps
        .keys()
        .any(|id| id.phase == Phase::Remove && id.address.kind == decider.kind);
    match steps.get(&build) {
        // Of two runs that make room first, the second removes what the first has made.
        Some(step) if is_creation(step) && !is_removed => ClaimBy::Step(build),
        Some(_) | None => {
            let found = live.found.iter().find(|found| ours(found) == Some(decider));
            ClaimBy::Nothing(found.and_then(LiveResource::created_at))
        }
    }
}
