//! What a person should look at twice before a plan is carried out.

mod collector;
mod policies;
pub mod rules;

use crate::{
    kinds::{
        Resource, log_group::LogGroup, role::Role, task_definition::TaskDefinition,
        workspace::Workspace,
    },
    model::address::Address,
    plan::{Phase, Plan, Step, StepId},
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
    let mut risks = Risks::default();
    for step in &plan.steps {
        risks.step = Some(step.id.clone());
        match (&step.from, &step.to) {
            (Some(from), None) => removal(plan, step, from, &mut risks),
            (from, Some(to)) => {
                let before = from.as_ref().or_else(|| predecessor(plan, step));
                build(from.as_ref(), before, to, &plan.account, &mut risks);
            }
            (None, None) => {}
        }
    }
    risks.found
}

/// Collects risks of one step after another.
#[derive(Default)]
struct Risks {
    step: Option<StepId>,
    found: Vec<Risk>,
}

impl Risks {
    fn add(&mut self, code: &'static str, text: String) {
        self.push(code, text, false);
    }

    fn add_data_loss(&mut self, code: &'static str, text: String) {
        self.push(code, text, true);
    }

    fn push(&mut self, code: &'static str, text: String, data_loss: bool) {
        if let Some(step) = &self.step {
            self.found.push(Risk {
                code,
                address: step.address.clone(),
                text,
                data_loss,
            });
        }
    }
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

fn removal(plan: &Plan, step: &Step, from: &Resource, risks: &mut Risks) {
    let is_replaced = !step.replaces.is_empty();
    match from {
        // Amazon Managed Service for Prometheus API reference, `DeleteWorkspace`. One that could
        // not be created holds nothing.
        Resource::Workspace(workspace) if !workspace.failed => risks.add_data_loss(
            if is_replaced { "workspace-replaced" } else { "workspace-removed" },
            format!(
                "all metrics in the workspace `{}` ({}) are lost, with its rules and alerts: AWS deletes its data within one month",
                from.name(),
                step.target
            ),
        ),
        // CloudWatch Logs API reference, `DeleteLogGroup`.
        Resource::LogGroup(group) => risks.add_data_loss(
            if is_replaced { "log-group-replaced" } else { "log-group-removed" },
            format!("all log events in `{}` are lost", group.name),
        ),
        // IAM user guide, "IAM identifiers": a policy that names a role holds on to its unique id.
        Resource::Role(role) if is_replaced => risks.add(
            "role-replaced",
            format!(
                "the role `{}` goes, and its successor has another unique id: trust and resource policies elsewhere that name it stop matching",
                role.name
            ),
        ),
        Resource::Workspace(_) | Resource::Role(_) | Resource::TaskDefinition(_) => {}
    }
    // ECS API reference, `DeleteTaskDefinitions`.
    if let Some(in_use) = plan.in_use.get(&step.id) {
        let revisions: Vec<String> = in_use.revisions.iter().map(u32::to_string).collect();
        let text = format!(
            "revisions {} of `{}` are in use by {}: what runs goes on running, but starts no new tasks once it is updated",
            revisions.join(", "),
            step.target,
            in_use.by.join(", ")
        );
        risks.add("revision-in-use-removed", text);
    }
}

/// `before` is what is there, or what the build replaces.
fn build(
    from: Option<&Resource>,
    before: Option<&Resource>,
    to: &Resource,
    account: &str,
    risks: &mut Risks,
) {
    match to {
        Resource::LogGroup(to) => {
            if let Some(from) = from.and_then(Resource::log_group) {
                log_group(from, to, risks);
            }
        }
        Resource::Workspace(to) => {
            if let Some(from) = from.and_then(Resource::workspace) {
                workspace(from, to, risks);
            }
        }
        Resource::Role(to) => role(before.and_then(Resource::role), to, account, risks),
        Resource::TaskDefinition(to) => {
            if let Some(from) = before.and_then(Resource::task_definition) {
                task_definition(from, to, risks);
            }
        }
    }
}

fn log_group(from: &LogGroup, to: &LogGroup, risks: &mut Risks) {
    let days = |days: Option<u32>| days.unwrap_or(u32::MAX);
    if let Some(kept) = to
        .retention_days
        .filter(|_| days(to.retention_days) < days(from.retention_days))
    {
        let text = format!(
            "log events in `{}` that are older than {kept} days are deleted",
            to.name
        );
        risks.add("retention-shortened", text);
    }
    // CloudWatch Logs API reference, `DisassociateKmsKey`.
    if let (Some(key), None) = (&from.kms_key_arn, &to.kms_key_arn) {
        let text = format!(
            "new log events in `{}` are no longer encrypted with {key}, which old ones still need to be read",
            to.name
        );
        risks.add("kms-key-removed", text);
    }
}

fn workspace(from: &Workspace, to: &Workspace, risks: &mut Risks) {
    let (before, after) = (&from.configuration, &to.configuration);
    if let (Some(before), Some(after)) = (before.retention_days, after.retention_days)
        && after < before
    {
        let text = format!("metrics that are older than {after} days are deleted");
        risks.add("retention-shortened", text);
    }
}

fn role(from: Option<&Role>, to: &Role, account: &str, risks: &mut Risks) {
    let name = &to.name;
    let trusted = from
        .map(|from| policies::trusted(&from.trust))
        .unwrap_or_default();
    for newly in policies::trusted(&to.trust).difference(&trusted) {
        if newly == policies::ANYBODY {
            let text = format!(
                "anybody, from any account, may assume `{name}` if the conditions of its trust policy are met"
            );
            risks.add("trust-widened", text);
        } else if newly != account {
            let text = format!("the account {newly} may assume `{name}`");
            risks.add("trust-widened", text);
        }
    }
    let granted = from.map(policies::wide_grants).unwrap_or_default();
    for newly in policies::wide_grants(to).difference(&granted) {
        risks.add("wildcard-granted", format!("`{name}` is allowed {newly}"));
    }
    // IAM API reference, `DeleteRolePermissionsBoundary`.
    let before = from.and_then(|from| from.permissions_boundary.as_ref());
    match (before, &to.permissions_boundary) {
        (Some(before), None) => risks.add(
            "boundary-removed",
            format!("`{name}` is no longer bounded by {before}, which may give it more rights"),
        ),
        (Some(before), Some(after)) if before != after => risks.add(
            "boundary-changed",
            format!("`{name}` is bounded by {after} instead of {before}"),
        ),
        (Some(_) | None, Some(_)) | (None, None) => {}
    }
}

fn task_definition(from: &TaskDefinition, to: &TaskDefinition, risks: &mut Risks) {
    let (Some(from), Some(to)) = (&from.document, &to.document) else {
        return;
    };
    for change in collector::renamed_metrics(from, to) {
        risks.add("metric-names-changed", change);
    }
}
