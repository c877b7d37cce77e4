//! amp-stack: the metrics of Amazon ECS applications in Amazon Managed Service for Prometheus.

pub mod address;
pub mod adot;
pub mod apply;
pub mod cli;
pub mod cloud;
pub mod diff;
pub mod ecs_shape;
pub mod identity;
pub mod node;
pub mod plan;
pub mod policy;
pub mod resource;
pub mod sandbox;
pub mod show;
pub mod snapshot;
pub mod stack;
pub mod tags;
pub mod text;
