//! What a person should look at twice before a plan is carried out.

pub mod rules;

use crate::{
    kinds::{
        Resource,
        regret::{Loss, StepRisk},
    },
    model::address::Address,
    plan::{InUse, Phase, Plan, Step, acceptance::Acceptance, loss::losses},
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
    /// What somebody has to accept by name before it is done.
    pub loss: Option<Loss>,
    /// What in the resource's table it comes of, the most exact first: paths of which not all need
    /// be written.
    pub at: Vec<String>,
}

impl Risk {
    /// The name by which it is accepted, if it has to be.
    pub fn acceptance(&self) -> Option<Acceptance> {
        let loss = self.loss.as_ref()?;
        Some(Acceptance::of(&self.address, loss))
    }
}

/// The risks of `plan`, in the order of its steps. Steps that remove or alter nothing that anybody
/// could miss have none.
pub fn risks(plan: &Plan) -> Vec<Risk> {
    let mut risks = Vec::new();
    for step in &plan.steps {
        let mut of_step = match (&step.from, &step.to) {
            (Some(from), None) => from.removal_risks(&step.target, !step.replaces.is_empty()),
            (from, Some(to)) => {
                to.build_risks(from.as_ref(), predecessor(plan, step), &plan.account)
            }
            (None, None) => Vec::new(),
        };
        if let Some(in_use) = plan.in_use.get(&step.id) {
            let noun = step.id.address.kind.noun();
            let what = match step.id.phase {
                Phase::Remove => format!("the {noun} `{}`", step.target),
                Phase::Build => format!("what goes of the {noun} `{}`", step.target),
            };
            of_step.extend(of_use(in_use, &what));
        }
        let losses = losses(plan, step).into_iter();
        // What is replaced is lost by what AWS can't change in place.
        let replaces = step.replaces.iter().map(|why| why.property.to_owned());
        risks.extend(losses.chain(of_step).map(|risk| Risk {
            code: risk.code,
            address: step.id.address.clone(),
            text: risk.text,
            loss: risk.loss,
            at: risk.at.into_iter().chain(replaces.clone()).collect(),
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

/// What is known, or could not be seen, of the use of `what` a step removes.
fn of_use(in_use: &InUse, what: &str) -> Vec<StepRisk> {
    let mut risks = Vec::new();
    if !in_use.by.is_empty() {
        let text = format!(
            "{what} is removed although it is in use by {}",
            in_use.by.join(", ")
        );
        risks.push(StepRisk::new("in-use-removed", text));
    }
    if let Some(when) = &in_use.last_used {
        let text = format!(
            "{what} was last used {when}: schedules, pipelines and other regions that use it are not seen"
        );
        risks.push(StepRisk::new("recently-used", text));
    }
    if !in_use.unseen.is_empty() {
        let unseen = in_use.unseen.join("; ");
        let text = format!(
            "whether something that runs needs {what} is not known for certain, because this could not be seen: {unseen}"
        );
        risks.push(StepRisk::new("use-unseen", text));
    }
    risks
}
