//! All integration tests, in one binary.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail a test by panicking"
)]

mod apply;
mod cli;
mod laws;
mod load;
mod plans;
mod problems;
mod samples;
mod show;
mod worlds;
