//! How IAM treats roles.

use crate::{
    kinds::{
        fake::{Creates, Refused, Simulated},
        role::{Change, Role},
    },
    model::policy::Policy,
};

impl Simulated for Role {
    const HAS_UNIQUE_ID: bool = true;

    /// Case does not distinguish names (IAM API reference, `CreateRole`).
    fn key(target: &str) -> String {
        target.to_ascii_lowercase()
    }

    fn creates(call: &Change) -> Creates {
        match call {
            Change::Create(_) => Creates::Always,
            Change::Update { .. }
            | Change::UpdateTrust(_)
            | Change::PutBoundary(_)
            | Change::DeleteBoundary
            | Change::Attach(_)
            | Change::Detach(_)
            | Change::PutInline { .. }
            | Change::DeleteInline(_)
            | Change::Tag(_)
            | Change::Untag(_)
            | Change::RemoveFromInstanceProfile(_)
            | Change::Delete => Creates::Never,
        }
    }

    /// A role is deletable once it has no policies and no instance profile holds it (IAM API
    /// reference, `DeleteRole`).
    fn check(&self, call: &Change) -> Result<(), Refused> {
        let is_deletable = self.managed_policies.is_empty()
            && self.inline_policies.is_empty()
            && self.instance_profiles.is_empty();
        if matches!(call, Change::Delete) && !is_deletable {
            let message = format!("{} still has policies or instance profiles", self.name);
            return Err(Refused::new("DeleteConflict", message));
        }
        Ok(())
    }

    fn respell(&mut self) {
        let inline = self.inline_policies.values_mut();
        for policy in inline.chain([&mut self.trust]) {
            *policy = Policy::new(policy.shown());
        }
    }
}
