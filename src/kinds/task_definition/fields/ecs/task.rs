//! What belongs to the whole task: its platform, its disk, its place, its proxy.

use crate::{
    file::fields::{Field, Fields, Type},
    kinds::task_definition::fields::ecs::part,
};

/// All structures of this file.
pub(crate) static ALL: &[&Fields] = &[
    &RUNTIME_PLATFORM,
    &EPHEMERAL_STORAGE,
    &PLACEMENT_CONSTRAINT,
    &PROXY_CONFIGURATION,
    &INFERENCE_ACCELERATOR,
];

/// `runtime_platform`.
static RUNTIME_PLATFORM: Fields = part(
    "RuntimePlatform",
    "ECS API reference, RuntimePlatform",
    "task_definitions.NAME.runtime_platform",
    "The operating system and the processor that the images are made for.",
    &[
        Field::member(
            "cpu_architecture",
            "The processor. An image that is made for another one fails when the task starts.",
        )
        .default("\"X86_64\"")
        .example("\"ARM64\""),
        Field::member(
            "operating_system_family",
            "The operating system. Fargate with Windows starts at 1 vCPU.",
        )
        .default("\"LINUX\"")
        .example("\"WINDOWS_SERVER_2022_CORE\""),
    ],
);

/// `ephemeral_storage`.
pub static EPHEMERAL_STORAGE: Fields = part(
    "EphemeralStorage",
    "ECS API reference, EphemeralStorage",
    "task_definitions.NAME.ephemeral_storage",
    "Disk of a task on Fargate, beyond the 20 GiB that every one has.",
    &[Field::new("size_in_gib", Type::Integer(21, 200), "All of it, in GiB.").example("40")],
);

/// An element of `placement_constraints`.
static PLACEMENT_CONSTRAINT: Fields = part(
    "TaskDefinitionPlacementConstraint",
    "ECS API reference, TaskDefinitionPlacementConstraint",
    "task_definitions.NAME.placement_constraints",
    "Which instances the task may be placed on.",
    &[
        Field::member("type", "The kind of constraint, of which there is one.")
            .example("\"memberOf\""),
        Field::member("expression", "The condition, in the cluster query language.")
            .source("ECS developer guide, \"Create expressions to define container instances for Amazon ECS tasks\"")
            .example("\"attribute:ecs.instance-type == c7g.large\""),
    ],
);

/// `proxy_configuration`.
static PROXY_CONFIGURATION: Fields = part(
    "ProxyConfiguration",
    "ECS API reference, ProxyConfiguration",
    "task_definitions.NAME.proxy_configuration",
    "The proxy of AWS App Mesh that the task's traffic goes through.",
    &[
        Field::member("type", "The kind of proxy, of which there is one.")
            .default("\"APPMESH\"")
            .example("\"APPMESH\""),
        Field::member("container_name", "The container that is the proxy.").example("\"envoy\""),
        Field::member(
            "properties",
            "Which traffic goes through it: `IgnoredUID` or `IgnoredGID`, `AppPorts`, `ProxyIngressPort`, `ProxyEgressPort`, `EgressIgnoredPorts` and `EgressIgnoredIPs`.",
        )
        .default("[]")
        .example("[{ name = \"AppPorts\", value = \"8080\" }]"),
    ],
);

/// An element of `inference_accelerators`.
static INFERENCE_ACCELERATOR: Fields = part(
    "InferenceAccelerator",
    "ECS API reference, InferenceAccelerator",
    "task_definitions.NAME.inference_accelerators",
    "An accelerator of Amazon Elastic Inference.",
    &[
        Field::member(
            "device_name",
            "A name, which `resource_requirements` of containers refer to.",
        )
        .example("\"device_1\""),
        Field::member("device_type", "The type of accelerator.").example("\"eia2.medium\""),
    ],
);
