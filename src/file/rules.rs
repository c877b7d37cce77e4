//! The rules of stack files, but for the inside of task definitions.

mod loader;

pub use loader::LOADER;
