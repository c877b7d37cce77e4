//! `services` of `[task_definitions.NAME]`.

use crate::file::fields::{Field, Fields, Type};

/// The values of `wait` that are strings.
pub const WAITS: &[&str] = &["done", "shifted"];

/// What names a service, and says how to wait for it.
pub(super) const SERVICES: Type = Type::List(&Type::OneOf(&[Type::Known, Type::Table(&SERVICE)]));

/// A service to which new revisions are rolled out.
pub static SERVICE: Fields = Fields {
    name: "service",
    path: "task_definitions.NAME.services",
    doc: "A service to which new revisions are rolled out. `\"prod/checkout\"` and its ARN are short for a table without `wait` and `take_over`.",
    source: "ECS API reference, UpdateService",
    structure: None,
    foreign: &[],
    fields: &[
        Field::new("cluster", Type::Known, "The name of the cluster.")
            .required()
            .example("\"prod\""),
        Field::new("service", Type::Known, "The name of the service in it.")
            .required()
            .example("\"checkout\""),
        Field::new(
            "wait",
            Type::OneOf(&[Type::Choice(WAITS), Type::Boolean]),
            "Until when `apply` waits: `\"done\"` until no old task is left; `\"shifted\"` until a blue/green, linear or canary deployment bakes, with all traffic on the new revision; `false` not at all.",
        )
        .source("ECS API reference, ServiceDeployment")
        .default("\"done\"")
        .example("\"shifted\""),
        Field::new(
            "take_over",
            Type::Boolean,
            "Rolls out to the service although CloudFormation owns it: the next update of that stack which touches the service takes its own revision back.",
        )
        .source("CloudFormation user guide, \"Detect unmanaged configuration changes to stacks and resources with drift detection\"")
        .default("false")
        .example("true"),
    ],
};
