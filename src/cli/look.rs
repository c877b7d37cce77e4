//! Looking: reading AWS, planning, and showing the plan.

use std::collections::BTreeSet;

use crate::{
    address::{Address, Kind},
    cli::{console::Console, failure::Failure},
    cloud::{CallError, Cloud},
    plan::{
        self, Phase, Plan,
        risk::{Risk, risks},
    },
    show::plan::{Frame, render},
    stack::{Stack, problem::nearest},
};

/// A plan and what is risky about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Planned {
    pub(super) plan: Plan,
    pub(super) risks: Vec<Risk>,
}

/// What is to be planned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish<'a> {
    pub(super) stack: &'a Stack,
    /// The name of the sandbox that stands in for AWS, if one does.
    pub(super) sandbox: Option<&'a str>,
    /// Whether the stack is to go; then nothing that it declares is wanted.
    pub(super) destroy: bool,
    pub(super) verbose: bool,
}

/// Reads AWS and plans.
pub(super) async fn plan<C: Cloud>(wish: &Wish<'_>, cloud: &C) -> Result<Planned, CallError> {
    let stack = wish.stack;
    let plan = if wish.destroy {
        let live = cloud.observe(&stack.query_to_destroy()).await?;
        plan::plan(&stack.clone().emptied(), &live)
    } else {
        build(stack, cloud).await?
    };
    let risks = risks(&plan);
    Ok(Planned { plan, risks })
}

async fn build<C: Cloud>(stack: &Stack, cloud: &C) -> Result<Plan, CallError> {
    let live = cloud.observe(&stack.query(false)).await?;
    let plan = plan::plan(stack, &live);
    if !removes_a_family(&plan) {
        return Ok(plan);
    }
    // Inactive revisions, and who uses which, take calls of their own. Whether they matter is known only now.
    let live = cloud.observe(&stack.query(true)).await?;
    Ok(plan::plan(stack, &live))
}

fn removes_a_family(plan: &Plan) -> bool {
    plan.steps
        .iter()
        .any(|step| step.id.phase == Phase::Remove && step.id.address.kind == Kind::TaskDefinition)
}

/// Plans, and prints the plan. `next` is the command that does it, if nothing asks at once.
pub(super) async fn show<C: Cloud>(
    wish: &Wish<'_>,
    cloud: &C,
    next: Option<&str>,
    console: &mut Console,
) -> Result<Planned, Failure> {
    if console.can_move {
        console.tell("Reading what is in AWS ...\n\n")?;
    }
    let planned = plan(wish, cloud).await?;
    let frame = Frame {
        stack: &wish.stack.name,
        identity: &wish.stack.identity,
        sandbox: wish.sandbox,
        destroy: wish.destroy,
        verbose: wish.verbose,
        next,
    };
    let Planned { plan, risks } = &planned;
    let text = render(plan, risks, &frame, console.out_style);
    console.print(&text)?;
    Ok(planned)
}

/// The resources that the two plans do different things to.
pub(super) fn moved(before: &Plan, after: &Plan) -> BTreeSet<Address> {
    let mut moved = BTreeSet::new();
    for (one, other) in [(before, after), (after, before)] {
        let steps = one.steps.iter().filter(|step| !other.steps.contains(step));
        moved.extend(steps.map(|step| step.id.address.clone()));
        let refusals = one.refusals.iter();
        let refusals = refusals.filter(|refusal| !other.refusals.contains(refusal));
        moved.extend(refusals.map(|refusal| refusal.address.clone()));
    }
    moved
}

/// Does to the stack what `adopt = true` in the tables at `addresses` would do.
pub(super) fn adopt(stack: &mut Stack, addresses: &[Address]) -> Result<(), Failure> {
    for address in addresses {
        if let Some(declared) = stack.resources.get_mut(address) {
            declared.lifecycle.adopt = true;
            continue;
        }
        let declared: Vec<String> = stack.resources.keys().map(ToString::to_string).collect();
        let failure = Failure::before(format!(
            "--adopt {address}: the stack declares no such resource"
        ));
        let meant = nearest(&address.to_string(), declared.iter().map(String::as_str));
        return Err(match meant {
            Some(meant) => failure.hint(format!("is {meant} meant?")),
            None => failure,
        });
    }
    Ok(())
}
