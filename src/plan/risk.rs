//! What a person should look at twice before a plan is carried out.

pub mod rules;

use crate::{
    kinds::{Resource, kind::StepRisk},
    model::address::Address,
    plan::{Phase, Plan, Step},
};

/// Something that a plan does and that may be regretted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Risk {
    /// A short stable name.
    pub code: &'static str,
    /// The resource it is about.
    pub address: Address,
    /// What will happen, as a sentence without a full stop.
    pub text: String,
    /// Whether a deletion takes data with it.
    pub data_loss: bool,
}

/// The risks of `plan`, in the order of its steps. Steps that remove or alter nothing that anybody
/// could miss have none.
pub fn risks(plan: &Plan) -> Vec<Risk> {
    let mut risks = Vec::new();
    for step in &plan.steps {
        let of_step = match (&step.from, &step.to) {
            (Some(from), None) => removal(plan, step, from),
            (from, Some(to)) => {
                to.build_risks(from.as_ref(), predecessor(plan, step), &plan.account)
            }
            (None, None) => Vec::new(),
        };
        risks.extend(of_step.into_iter().map(|risk| Risk {
            code: risk.code,
            address: step.id.address.clone(),
            text: risk.text,
            data_loss: risk.data_loss,
        }));
    }
    risks
}

/// What a build replaces.
fn predecessor<'a>(plan: &'a Plan, build: &Step) -> Option<&'a Resource> {
    let replaced = plan.steps.iter().find(|step| {
        step.id.phase == Phase::Remove
            && step.id.address == build.id.address
            && !step.replaces.is_empty()
    })?;
    replaced.from.as_ref()
}

fn removal(plan: &Plan, step: &Step, from: &Resource) -> Vec<StepRisk> {
    let mut risks = from.removal_risks(&step.target, !step.replaces.is_empty());
    // ECS API reference, `DeleteTaskDefinitions`.
    if let Some(in_use) = plan.in_use.get(&step.id) {
        let revisions: Vec<String> = in_use.revisions.iter().map(u32::to_string).collect();
        let text = format!(
            "revisions {} of `{}` are in use by {}: what runs goes on running, but starts no new tasks once it is updated",
            revisions.join(", "),
            step.target,
            in_use.by.join(", ")
        );
        risks.push(StepRisk::new("revision-in-use-removed", text));
    }
    risks
}
