//! The sts service.

use crate::sandbox::{
    Context, Refusal, World,
    service::{Input, Outcome},
};

/// Performs `operation`.
pub fn call(_world: &mut World, _cx: &Context<'_>, operation: &str, _input: &Input) -> Outcome {
    Err(Refusal::new(400, "UnknownOperationException", operation))
}
