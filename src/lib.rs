#![doc = include_str!("ARCHITECTURE.md")]
//! # The library in two examples
//!
//! A stack file becomes a plan, without AWS and without waiting:
//!
//! ```
//! use amp_stack::{
//!     file::source::Source,
//!     load::{LoadContext, load},
//!     model::identity::Identity,
//!     plan::plan,
//!     snapshot::Snapshot,
//! };
//!
//! let identity = Identity::new("111122223333", "us-east-1");
//! let source = Source {
//!     path: "stack.toml".into(),
//!     text: r#"
//!         stack = { name = "checkout" }
//!         log_groups.app = { name = "/ecs/checkout", retention_days = 30 }
//!     "#
//!     .to_owned(),
//! };
//! let context = LoadContext::new(identity.clone());
//! let stack = load(&source, &context).expect("the file has no mistakes");
//! let nothing = Snapshot::empty(identity);
//! let operations: Vec<&str> = plan(&stack, &nothing)
//!     .steps
//!     .iter()
//!     .flat_map(|step| step.changes())
//!     .map(|change| change.operation())
//!     .collect();
//! assert_eq!(operations, ["logs:CreateLogGroup", "logs:PutRetentionPolicy"]);
//! ```
//!
//! A plan that was carried out leaves nothing to plan. Here a fake cloud stands in for AWS:
//!
//! ```
//! use std::{sync::Arc, time::Duration};
//!
//! use amp_stack::{
//!     apply::{Options, Rollouts, apply},
//!     cloud::Cloud as _,
//!     file::source::Source,
//!     load::{LoadContext, load},
//!     model::identity::Identity,
//!     plan::plan,
//!     testing::FakeCloud,
//! };
//! use tokio::sync::watch;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let identity = Identity::new("111122223333", "us-east-1");
//! let source = Source {
//!     path: "stack.toml".into(),
//!     text: "stack.name = 'checkout'\nworkspace = {}\n".to_owned(),
//! };
//! let stack = load(&source, &LoadContext::new(identity.clone())).expect("no mistakes");
//! let cloud = Arc::new(FakeCloud::new(identity));
//!
//! let first = plan(&stack, &cloud.observe(&stack.query(false)).await?);
//! let options = Options {
//!     concurrency: 8,
//!     run_id: "example".to_owned(),
//!     settle_timeout: Duration::from_secs(120),
//!     rollouts: Rollouts::default(),
//! };
//! let (_stop, stopped) = watch::channel(false);
//! let outcome = apply(Arc::new(first), Arc::clone(&cloud), options, stopped, |_| ()).await;
//! assert!(outcome.is_complete());
//!
//! let second = plan(&stack, &cloud.observe(&stack.query(false)).await?);
//! assert!(second.is_empty());
//! # Ok(())
//! # }
//! ```

#![cfg_attr(
    test,
    expect(clippy::too_many_lines, reason = "tables of test cases may be long")
)]

pub mod apply;
pub mod aws;
pub mod cli;
pub mod cloud;
pub mod collector;
pub mod ecs_shape;
pub mod editor;
pub mod file;
pub mod kinds;
pub mod load;
pub mod model;
pub mod permissions;
pub mod plan;
pub mod progress;
pub mod run;
pub mod saved;
pub mod series;
pub mod show;
pub mod snapshot;
pub mod stack;
pub mod testing;
pub mod verify;
pub mod write;
