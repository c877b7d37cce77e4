//! `[roles.NAME]`.

pub mod policy;

use crate::file::{
    fields::{
        Field, Fields, Type,
        lifecycle::{ADOPT, IGNORE, PREVENT_DESTROY, TAGS},
    },
    foreign::Foreign,
};

/// The most characters of a name (IAM API model 2010-05-08, `roleNameType`).
pub const LONGEST_NAME: usize = 64;
/// The most characters of a description (IAM API model 2010-05-08, `roleDescriptionType`).
pub const LONGEST_DESCRIPTION: usize = 1_000;
/// The most managed policies that AWS lets a role have, when the quota is raised as far as it goes
/// (IAM user guide, "IAM and AWS STS quotas").
pub const MOST_POLICIES: usize = 25;
/// The most characters of all inline policies of a role together, which cannot be raised (IAM
/// user guide, "IAM and AWS STS quotas").
pub const LONGEST_INLINE: usize = 10_240;

/// Where the tables stand in a stack file.
pub(crate) static SECTION: Field = Field::new(
    "roles",
    Type::Named(&Type::Table(&ROLE)),
    "IAM roles, by logical name.",
)
.source("IAM API reference, CreateRole")
.default("{}")
.example("{ task = { name = \"CheckoutTask\" } }");

/// What others call them.
const FOREIGN: &[Foreign] = &[
    Foreign::key("name", &["role_name"]),
    Foreign::key(
        "trust",
        &[
            "assume_role_policy",
            "assume_role_policy_document",
            "trust_policy",
        ],
    ),
    Foreign::key(
        "managed_policies",
        &["managed_policy_arns", "policy_arns", "attached_policies"],
    ),
    Foreign::key("inline_policies", &["inline_policy"]),
    Foreign::advice(
        "policies of AWS are listed, `managed_policies = [\"service-role/AmazonECSTaskExecutionRolePolicy\"]`; those of one's own are tables, `[roles.NAME.inline_policies.NAME]`",
        &["policies", "policy", "iam_policies"],
    ),
    Foreign::key(
        "permissions_boundary",
        &["boundary", "permissions_boundary_arn"],
    ),
    Foreign::key(
        "max_session_seconds",
        &["max_session_duration", "session_duration"],
    ),
];

/// `[roles.NAME]`.
pub static ROLE: Fields = Fields {
    name: "role",
    path: "roles.NAME",
    doc: "An IAM role. Task definitions name it with `task_role = \"NAME\"` or `execution_role = \"NAME\"`.",
    source: "IAM API reference, CreateRole",
    structure: None,
    foreign: FOREIGN,
    fields: &[
        Field::new(
            "name",
            Type::Known,
            "The name in IAM: 1 to 64 letters, digits and `_+=,.@-`. Within an account no two roles may have names that differ only by case, whatever their paths. Another name is another role, with another ARN.",
        )
        .required()
        .example("\"CheckoutTask\""),
        Field::new(
            "path",
            Type::Known,
            "The path, which begins and ends with `/` and is part of the ARN. It can't be changed: another path is another role.",
        )
        .default("\"/\"")
        .example("\"/ecs/\""),
        Field::new(
            "description",
            Type::Known,
            "Up to 1,000 characters of Latin-1: IAM refuses others, such as Korean.",
        )
        .default("\"\"")
        .example("\"Lets the collector write metrics\""),
        Field::new(
            "trust",
            policy::DOCUMENT,
            "The policy that says who may assume the role: a table, JSON in a string, or the path of a JSON file.",
        )
        .source("ECS developer guide, \"Amazon ECS task IAM role\"")
        .default_note("the tasks of this account and region may, with the conditions that keep other accounts from borrowing the role through ECS")
        .example("\"trust.json\""),
        Field::new(
            "managed_policies",
            Type::List(&Type::Text),
            "Managed policies to attach: those of AWS by name, with their path, and any by ARN. Those that are attached and not named here are detached. There can be 25 at most, and fewer unless the account's quota is raised.",
        )
        .source("IAM API reference, AttachRolePolicy")
        .default("[]")
        .example("[\"service-role/AmazonECSTaskExecutionRolePolicy\"]"),
        Field::new(
            "inline_policies",
            Type::Map(&policy::DOCUMENT),
            "Policies of the role itself, by name: each a table, JSON in a string, or the path of a JSON file. Together they may have 10,240 characters. Those in IAM that are not named here are deleted.",
        )
        .source("IAM API reference, PutRolePolicy")
        .default("{}")
        .example("{ write = \"policies/write.json\" }"),
        Field::new(
            "permissions_boundary",
            Type::Known,
            "The ARN of the managed policy that limits what all others of the role can allow.",
        )
        .source("IAM API reference, PutRolePermissionsBoundary")
        .default_note("the role has no boundary")
        .example("\"arn:aws:iam::111122223333:policy/Boundary\""),
        Field::new(
            "max_session_seconds",
            Type::Integer(3600, 43_200),
            "How long a session of the role may last. It means nothing to ECS tasks, whose credentials ECS renews by itself.",
        )
        .source("IAM API reference, UpdateRole")
        .default("3600")
        .example("7200"),
        PREVENT_DESTROY,
        ADOPT,
        IGNORE,
        TAGS,
    ],
};
