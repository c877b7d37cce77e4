//! Log groups of CloudWatch Logs.

pub(crate) mod aws;
mod declare;
mod fake;
pub mod fields;
mod limited;
mod mentions;
mod permissions;
mod plan;
pub(crate) mod read;
mod show;
pub mod state;
pub(crate) mod write;

pub use state::*;
