//! All integration tests, in one binary.

mod load;
mod problems;
mod stacks;
mod task_definition_problems;
