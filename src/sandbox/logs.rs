//! The logs service.

use serde::{Deserialize, Serialize};

use crate::sandbox::{
    Context, Refusal, World,
    service::{Input, Outcome},
};

/// The state of the service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {}

/// Performs `operation`.
pub fn call(_world: &mut World, _cx: &Context<'_>, operation: &str, _input: &Input) -> Outcome {
    Err(Refusal::new(400, "UnknownOperationException", operation))
}

/// The ARN and tags of everything in the region that has tags.
pub fn tagged(
    _world: &World,
    _region: &str,
) -> Vec<(String, std::collections::BTreeMap<String, String>)> {
    Vec::new()
}
