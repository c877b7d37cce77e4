//! The kinds of resources, one folder each, and the one place that chooses between them.

pub mod any;
pub(crate) mod declare;
pub mod fake;
pub mod kind;
pub(crate) mod limited;
pub(crate) mod live;
pub mod log_group;
pub(crate) mod mentions;
pub(crate) mod outline;
pub(crate) mod permitted;
pub mod regret;
pub mod replace_reason;
pub mod role;
pub mod task_definition;
pub mod workspace;

pub use any::{Change, Resource};
