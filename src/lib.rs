//! amp-stack: the metrics of Amazon ECS applications in Amazon Managed Service for Prometheus.

pub mod sandbox;
