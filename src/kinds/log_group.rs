//! Log groups of CloudWatch Logs.

pub(crate) mod aws;
pub mod fields;
pub(crate) mod read;
pub mod state;
pub(crate) mod write;

pub use state::*;
