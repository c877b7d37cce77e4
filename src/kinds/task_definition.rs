//! ECS task definition families, with their revisions.

pub(crate) mod aws;
mod changes;
mod declare;
pub mod document;
mod express;
mod fake;
pub mod fields;
pub(crate) mod grants;
mod limited;
mod mentions;
mod needs;
mod newest;
mod permissions;
mod plan;
pub mod read;
mod risk;
pub mod rules;
mod show;
pub mod state;
pub(crate) mod write;

pub use document::Document;
pub use newest::Newer;
pub use state::*;
