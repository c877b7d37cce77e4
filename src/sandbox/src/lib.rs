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
//!
//! # In your own tests
//!
//! A sandbox is an HTTP client for SDK clients, in the same process: no port, no credentials, no
//! network.
//!
//! ```
//! use amp_stack_sandbox::{Sandbox, Settings};
//! use aws_sdk_sts::config::{BehaviorVersion, Credentials, Region};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let sandbox = Sandbox::open(Settings::default())?;
//! let config = aws_sdk_sts::Config::builder()
//!     .behavior_version(BehaviorVersion::latest())
//!     .region(Region::new("us-east-1"))
//!     .credentials_provider(Credentials::new("test", "test", None, None, "test"))
//!     .http_client(sandbox.http_client())
//!     .build();
//! let caller = aws_sdk_sts::Client::from_conf(config)
//!     .get_caller_identity()
//!     .send()
//!     .await?;
//! assert_eq!(caller.account(), Some("111122223333"));
//! # Ok(())
//! # }
//! ```
//!
//! `Settings` choose the account, a file to keep the world in, and faults; `Sandbox::world` shows
//! what there is. For other languages, `amp-stack sandbox` serves one on the loopback address.

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
