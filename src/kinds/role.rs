//! IAM roles, with their policies.

pub(crate) mod aws;
mod declare;
mod fake;
pub mod fields;
mod limited;
pub(crate) mod managed_policy;
mod mentions;
mod permissions;
mod plan;
pub(crate) mod policy;
pub(crate) mod read;
mod risk;
mod show;
pub mod state;
pub(crate) mod write;

pub use state::*;
