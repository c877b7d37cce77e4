//! All integration tests, in one binary.
#![expect(
    clippy::unwrap_used,
    reason = "a test that can't go on has failed, and says where"
)]
#![expect(clippy::too_many_lines, reason = "tables of test cases may be long")]

mod accounts;
mod apply;
mod callers;
mod calls;
mod cli;
mod collector;
mod command_lines;
mod completion;
mod consent_cli;
mod dashboard;
mod debug;
mod defaults;
mod edges;
mod emulators;
mod format;
mod format_cli;
mod fuzz;
mod gallery;
mod generations;
mod graph;
mod guide;
mod import;
mod init;
mod json;
mod laws;
mod load;
mod lsp;
mod metrics;
mod outputs;
mod permissions;
mod picture;
mod places;
mod plans;
mod preflight;
mod problems;
mod progress;
mod prometheus;
mod quotas;
mod recipes;
mod release;
mod renamed;
mod rights;
mod rollout_cli;
mod run;
mod samples;
mod sandbox_cli;
mod sandbox_client;
mod sandbox_faults;
mod sandbox_iam;
mod sandbox_laws;
mod sandbox_wire;
mod saved;
mod schema;
mod several;
mod several_cli;
mod show;
mod simulation;
mod stacks;
mod suppressed;
mod terminal;
mod tidy;
mod together;
mod tomorrow;
mod typed;
mod worlds;
