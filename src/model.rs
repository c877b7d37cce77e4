//! What every other room speaks of, without knowing any kind of resource.

pub mod access;
pub mod address;
pub mod call;
pub mod diff;
pub mod identity;
pub mod lifecycle;
pub mod live;
pub mod mention;
pub mod node;
pub mod normal;
pub(crate) mod number;
pub mod permission;
pub mod policy;
pub mod query;
pub mod quota;
pub mod rate;
pub mod region;
pub mod rollout;
pub mod rule;
pub mod running;
pub(crate) mod secret;
pub mod service;
pub mod tags;
pub mod template;
pub(crate) mod words;
pub mod workload;
