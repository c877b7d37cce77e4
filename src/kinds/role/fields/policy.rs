//! Policy documents as TOML: their statements, principals and conditions.

use crate::file::fields::{Field, Fields, Requirement, Type};

const ELEMENTS: &str = "IAM user guide, \"IAM JSON policy elements reference\"";

/// A policy document: a table, JSON in a string, or the path of a file of JSON.
pub const DOCUMENT: Type = Type::OneOf(&[Type::Table(&POLICY), Type::Text]);

/// A string, or an array of strings.
const TEXTS: Type = Type::OneOf(&[Type::Text, Type::List(&Type::Text)]);

/// Principals: everybody, or a table by type.
const PRINCIPALS: Type = Type::OneOf(&[Type::Text, Type::Table(&PRINCIPAL)]);

/// The versions of the policy language.
pub const VERSIONS: &[&str] = &["2012-10-17", "2008-10-17"];

/// A policy document.
pub static POLICY: Fields = Fields {
    name: "policy",
    path: "roles.NAME.trust",
    doc: "A policy document, with the names of IAM's own JSON; `inline_policies.NAME` holds the same. A string in its place is JSON if it begins with `{`, and else the path of a JSON file, relative to the stack file.",
    source: ELEMENTS,
    structure: None,
    foreign: &[],
    fields: &[
        Field::new(
            "Version",
            Type::Choice(VERSIONS),
            "The version of the policy language. Without it IAM takes the older one, in which policy variables are plain text.",
        )
        .source("IAM user guide, \"IAM JSON policy elements: Version\"")
        .is(Requirement::RequiredByRule)
        .example("\"2012-10-17\""),
        Field::new(
            "Id",
            Type::Known,
            "A name for the document, which IAM keeps and does not use.",
        )
        .source("IAM user guide, \"IAM JSON policy elements: Id\"")
        .example("\"checkout\""),
        Field::new(
            "Statement",
            Type::OneOf(&[
                Type::List(&Type::Table(&STATEMENT)),
                Type::Table(&STATEMENT),
            ]),
            "The statement, or the statements.",
        )
        .source("IAM user guide, \"IAM JSON policy elements: Statement\"")
        .required()
        .example("[{ Effect = \"Allow\", Action = \"aps:RemoteWrite\", Resource = \"${workspace.arn}\" }]"),
    ],
};

/// A statement.
pub static STATEMENT: Fields = Fields {
    name: "statement",
    path: "roles.NAME.trust.Statement",
    doc: "A statement: it allows or denies actions. One of a role's own policies names resources, one of its trust policy names principals.",
    source: ELEMENTS,
    structure: None,
    foreign: &[],
    fields: &[
        Field::new(
            "Sid",
            Type::Known,
            "A name for the statement, of letters and digits, which stands in a document once.",
        )
        .source("IAM user guide, \"IAM JSON policy elements: Sid\"")
        .example("\"WriteMetrics\""),
        Field::new(
            "Effect",
            Type::Choice(&["Allow", "Deny"]),
            "Whether the statement allows or denies. A denial wins over everything that allows.",
        )
        .source("IAM user guide, \"IAM JSON policy elements: Effect\"")
        .required()
        .example("\"Allow\""),
        Field::new(
            "Action",
            TEXTS,
            "The actions, as `service:Action`, with `*` and `?` as wildcards. A statement has this or `NotAction`.",
        )
        .example("[\"aps:RemoteWrite\", \"logs:Put*\"]"),
        Field::new(
            "NotAction",
            TEXTS,
            "The actions that the statement is not about: it is about all others.",
        )
        .example("\"iam:*\""),
        Field::new(
            "Resource",
            TEXTS,
            "The ARNs that the statement is about, or `*`. A statement of a role's own policies has this or `NotResource`; one of a trust policy has neither.",
        )
        .example("\"${workspace.arn}\""),
        Field::new(
            "NotResource",
            TEXTS,
            "The ARNs that the statement is not about: it is about all others.",
        )
        .example("\"${log_groups.app.arn}:*\""),
        Field::new(
            "Principal",
            PRINCIPALS,
            "Who may assume the role. A statement of a trust policy has this or `NotPrincipal`; one of a role's own policies has neither.",
        )
        .source("IAM user guide, \"AWS JSON policy elements: Principal\"")
        .example("{ Service = \"ecs-tasks.amazonaws.com\" }"),
        Field::new(
            "NotPrincipal",
            PRINCIPALS,
            "Who the statement is not about: it is about all others. IAM advises against it, above all with `Allow`.",
        )
        .source("IAM user guide, \"AWS JSON policy elements: NotPrincipal\"")
        .example("{ AWS = \"arn:aws:iam::111122223333:root\" }"),
        Field::new(
            "Condition",
            Type::Map(&Type::Map(&Type::OneOf(&[
                Type::Scalar,
                Type::List(&Type::Scalar),
            ]))),
            "When the statement holds: operators, and under each the keys of the request with the values that they are compared with. IAM's own variables are written with two dollar signs, as in `$${aws:username}`.",
        )
        .source("IAM user guide, \"IAM JSON policy elements: Condition\"")
        .example("{ StringEquals = { \"aws:SourceAccount\" = \"${account}\" } }"),
    ],
};

/// Principals by type.
pub static PRINCIPAL: Fields = Fields {
    name: "principal",
    path: "roles.NAME.trust.Statement.Principal",
    doc: "Principals by their type.",
    source: ELEMENTS,
    structure: None,
    foreign: &[],
    fields: &[
        Field::new(
            "AWS",
            TEXTS,
            "Accounts, roles, users or sessions, by account id or ARN. Written as the ARN of a role that is deleted later, it turns into the role's id.",
        )
        .source("IAM user guide, \"AWS JSON policy elements: Principal\"")
        .example("\"arn:aws:iam::111122223333:role/Deploy\""),
        Field::new(
            "Service",
            TEXTS,
            "Services of AWS, by their names. For roles of tasks it is `ecs-tasks.amazonaws.com`, not `ecs.amazonaws.com`.",
        )
        .source("ECS developer guide, \"Amazon ECS task IAM role\"")
        .example("\"ecs-tasks.amazonaws.com\""),
        Field::new(
            "Federated",
            TEXTS,
            "Identity providers, by ARN or domain.",
        )
        .source("IAM user guide, \"AWS JSON policy elements: Principal\"")
        .example("\"cognito-identity.amazonaws.com\""),
        Field::new(
            "CanonicalUser",
            TEXTS,
            "Accounts by the canonical user ids of Amazon S3.",
        )
        .source("IAM user guide, \"AWS JSON policy elements: Principal\"")
        .example("\"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be\""),
    ],
};
