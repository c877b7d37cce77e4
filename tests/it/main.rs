//! All integration tests, in one binary.

mod apply;
mod laws;
mod plans;
mod samples;
mod show;
mod worlds;
