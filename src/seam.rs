//! Stand-ins for what is written elsewhere at the same time; each is replaced by its namesake.

use crate::{address::Address, plan::Plan};

/// Something that a person should look at twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Risk {
    /// Its stable code: `metrics-lost`.
    pub code: &'static str,
    /// The resource.
    pub address: Address,
    /// What may go wrong, as one sentence.
    pub text: String,
    /// Whether data is lost.
    pub data_loss: bool,
}

/// What a person should look at twice before the plan is carried out.
pub fn risks(_plan: &Plan) -> Vec<Risk> {
    Vec::new()
}
