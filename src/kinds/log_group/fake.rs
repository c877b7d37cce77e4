//! How CloudWatch Logs treats log groups.

use crate::kinds::{
    fake::{Creates, Refused, Simulated},
    log_group::{Change, LogGroup},
};

impl Simulated for LogGroup {
    const HAS_UNIQUE_ID: bool = true;

    fn creates(call: &Change) -> Creates {
        match call {
            Change::Create(_) => Creates::Always,
            Change::PutRetention(_)
            | Change::DeleteRetention
            | Change::AssociateKmsKey(_)
            | Change::DisassociateKmsKey
            | Change::PutDeletionProtection(_)
            | Change::Tag(_)
            | Change::Untag(_)
            | Change::Delete(_) => Creates::Never,
        }
    }

    /// CloudWatch Logs API reference, `PutLogGroupDeletionProtection`.
    fn check(&self, call: &Change) -> Result<(), Refused> {
        if matches!(call, Change::Delete(_)) && self.deletion_protection {
            let message = format!("{} is protected", self.name);
            return Err(Refused::new("ValidationException", message));
        }
        Ok(())
    }
}
