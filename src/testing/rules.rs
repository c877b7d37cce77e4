//! The rules that AWS enforces on calls.

use crate::{
    cloud::Call,
    kinds::{
        Change, Resource, log_group, role,
        task_definition::{self, TaskDefinition},
        workspace,
    },
    testing::FakeResource,
};

/// A call that the rules forbid.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Refused {
    fn new(code: &'static str, message: String) -> Self {
        Self { code, message }
    }
}

/// Checks `call` against what stands under its target, and against a `rival` that has the name
/// although it may be spelled otherwise.
pub(crate) fn check(
    call: &Call,
    there: Option<&FakeResource>,
    rival: Option<&FakeResource>,
) -> Result<(), Refused> {
    let target = &call.target;
    match (creates(&call.change), there, rival) {
        (Creates::Always, _, Some(rival)) => Err(Refused::new(
            "AlreadyExists",
            format!("{} exists already", rival.target),
        )),
        (Creates::Never, None, _) => Err(Refused::new("NotFound", format!("there is no {target}"))),
        (Creates::Never | Creates::IfAbsent, Some(there), _) => check_state(call, &there.resource),
        (Creates::Always, _, None) | (Creates::IfAbsent, None, _) => Ok(()),
    }
}

/// Checks what results from a call.
pub(crate) fn check_result(to: &Resource) -> Result<(), Refused> {
    let mut result = Ok(());
    to.each_template(&mut |text| {
        if text.known().is_none() {
            let message = format!("{text} is not known");
            result = Err(Refused::new("ValidationException", message));
        }
    });
    result
}

/// Whether a call makes something.
enum Creates {
    Always,
    IfAbsent,
    Never,
}

fn creates(change: &Change) -> Creates {
    let always = match change {
        Change::LogGroup(change) => matches!(change, log_group::Change::Create(_)),
        Change::Workspace(change) => matches!(change, workspace::Change::Create { .. }),
        Change::Role(change) => matches!(change, role::Change::Create(_)),
        Change::TaskDefinition(task_definition::Change::Register { .. }) => {
            return Creates::IfAbsent;
        }
        Change::TaskDefinition(_) => false,
    };
    if always {
        Creates::Always
    } else {
        Creates::Never
    }
}

fn check_state(call: &Call, there: &Resource) -> Result<(), Refused> {
    let target = &call.target;
    match (there, &call.change) {
        // IAM API reference, `DeleteRole`.
        (Resource::Role(role), Change::Role(role::Change::Delete)) if !is_bare(role) => {
            let message = format!("{target} is not bare");
            Err(Refused::new("DeleteConflict", message))
        }
        // CloudWatch Logs API reference, `PutLogGroupDeletionProtection`.
        (Resource::LogGroup(group), Change::LogGroup(log_group::Change::Delete))
            if group.deletion_protection =>
        {
            let message = format!("{target} is protected");
            Err(Refused::new("ValidationException", message))
        }
        (Resource::TaskDefinition(family), Change::TaskDefinition(change)) => {
            check_revisions(family, change)
        }
        (
            Resource::LogGroup(_)
            | Resource::Workspace(_)
            | Resource::Role(_)
            | Resource::TaskDefinition(_),
            _,
        ) => Ok(()),
    }
}

fn is_bare(role: &role::Role) -> bool {
    role.managed_policies.is_empty()
        && role.inline_policies.is_empty()
        && role.instance_profiles.is_empty()
}

/// Only active revisions can be tagged or deregistered, and only inactive ones deleted (ECS API
/// reference, `DeleteTaskDefinitions`).
fn check_revisions(
    family: &TaskDefinition,
    change: &task_definition::Change,
) -> Result<(), Refused> {
    use task_definition::Change;
    let active = family.active();
    let wrong = match change {
        Change::Register { .. } => None,
        Change::Tag { revision, .. }
        | Change::Untag { revision, .. }
        | Change::Deregister(revision) => {
            let revision = revision.unwrap_or_default();
            (!active.contains(&revision)).then_some(revision)
        }
        Change::Delete(revisions) => {
            let mut revisions = revisions.iter();
            revisions.find(|r| !family.inactive.contains(r)).copied()
        }
    };
    wrong.map_or(Ok(()), |revision| {
        let message = format!("not with {}:{revision}", family.family);
        Err(Refused::new("ClientException", message))
    })
}
