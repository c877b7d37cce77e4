//! Where a saved plan is for, and as whom: it is carried out there and nowhere else.

use std::{collections::BTreeSet, path::PathBuf};

use crate::{
    aws::Aws,
    cli::{
        args::{SandboxArgs, StackArgs},
        console::Console,
        failure::Failure,
        sandbox::Wanted,
        session::{Connections, Location},
    },
    model::{access::Allowed, identity::Identity},
    run::StackTarget,
    saved::{Saved, SavedStack},
    stack::Stack,
};

/// Connects to where the plan is for, and nowhere else.
pub(super) async fn open(
    saved: &Saved,
    stacks: &StackArgs,
    console: &mut Console,
) -> Result<Vec<StackTarget<Aws>>, Failure> {
    let wanted = sandbox(saved, &stacks.account.caller.sandbox);
    match (&saved.sandbox, &wanted) {
        (Some(name), None) => {
            return Err(
                Failure::before("the plan was made in a sandbox, and is not for AWS")
                    .hint(format!("to apply it there, add --sandbox={name}")),
            );
        }
        (None, Some(_)) => {
            return Err(
                Failure::before("the plan was made for AWS, and is not for a sandbox")
                    .hint("leave out --sandbox, or make a plan with it"),
            );
        }
        (Some(_), Some(_)) | (None, None) => {}
    }
    ensure_allowed(saved, &stacks.account.allowed())?;
    let location = |stack: &Stack| Location {
        region: Some(stack.identity.region.clone()),
        account: Some(stack.identity.account.clone()),
        access: stack.access.clone(),
    };
    let mut connections = Connections::new(wanted.as_ref(), stacks);
    for SavedStack { stack, .. } in &saved.stacks {
        connections.expect(&location(stack), stack.query(false));
    }
    let mut targets = Vec::new();
    for saved in &saved.stacks {
        let planned_for = &saved.stack.identity;
        let region = stacks.load.region.as_ref();
        if let Some(other) = region.filter(|region| **region != planned_for.region) {
            return Err(elsewhere(planned_for, &format!("--region says {other}")));
        }
        let cloud = connections.get(&location(&saved.stack), console).await?;
        let identity = cloud.identity().await?;
        if identity != *planned_for {
            let Identity { account, .. } = identity;
            let why = format!("the credentials belong to {account}");
            return Err(elsewhere(planned_for, &why)
                .hint("choose other credentials, for example with --profile"));
        }
        targets.push(StackTarget {
            path: saved.file.clone(),
            stack: saved.stack.clone(),
            cloud,
            only: saved.only.clone(),
            leave: BTreeSet::new(),
        });
    }
    Ok(targets)
}

/// Fails if the plan is for a role or with a profile that this run may not use: that the run which
/// made it might is no permission.
fn ensure_allowed(saved: &Saved, allowed: &Allowed) -> Result<(), Failure> {
    let accesses = saved.stacks.iter().filter_map(|saved| {
        let access = saved.stack.access.as_ref()?;
        Some((&saved.stack.name, access))
    });
    let mut denied = accesses.filter(|(_, access)| !allowed.allows(access));
    let Some((stack, access)) = denied.next() else {
        return Ok(());
    };
    let (may_not, advice) = access.refusal();
    let failure = format!("the plan reaches the stack `{stack}` {access}, but {may_not}");
    let failure = Failure::before(failure).hint(advice);
    Err(denied.fold(failure, |failure, (_, access)| {
        let (may_not, advice) = access.refusal();
        failure.hint(format!("{may_not} either; {advice}"))
    }))
}

/// The sandbox that the options ask for: unless they name a file, the one that the plan was made
/// in.
fn sandbox(saved: &Saved, options: &SandboxArgs) -> Option<Wanted> {
    let mut options = options.clone();
    if let (Some(None), Some(file)) = (&options.sandbox, &saved.sandbox) {
        options.sandbox = Some(Some(PathBuf::from(file)));
    }
    let first = saved.stacks.first()?;
    Wanted::by(&options, &first.file)
}

fn elsewhere(planned_for: &Identity, why: &str) -> Failure {
    let Identity {
        account, region, ..
    } = planned_for;
    Failure::before(format!(
        "the plan is for {region} in account {account}, but {why}"
    ))
}
