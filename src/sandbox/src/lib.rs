//! A strict AWS in memory, for people without an account and for tests: one file per service, rules
//! that cite their source.
//!
//! The rules of AWS stand here a second time, on purpose: nothing is shared with the rooms that
//! check stack files and plan, down to the readers of ARNs and sizes, or else a mistake in a shared
//! rule would be invisible.
//!
//! Every service is a synchronous function from the [`World`], a [`Context`] and a decoded
//! [`service::Input`] to an answer or a refusal. It does no I/O, reads no clock and draws no random
//! number of its own: time and fresh ids come from the context, so that a run can be repeated bit
//! by bit. Protocols (awsQuery, awsJson, restJson) are translated to and from JSON values in front
//! of the services.

#![cfg_attr(
    test,
    expect(clippy::too_many_lines, reason = "tables of test cases may be long")
)]

pub mod amp;
pub mod chaos;
pub mod connector;
pub mod ecs;
pub mod file;
pub mod iam;
pub mod logs;
pub mod server;
pub mod service;
pub mod sts;
pub mod tagging;
pub mod wire;
pub mod world;

pub use chaos::Faults;
pub use connector::{Sandbox, Settings};
pub use service::{Answer, Context, Refusal};
pub use world::World;
