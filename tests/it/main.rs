//! All integration tests, in one binary.

mod load;
mod problems;
mod stacks;
