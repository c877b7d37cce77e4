//! The stack file itself, `[stack]` and `[variables]`.

use crate::stack::fields::{
    Field, Fields, Presence, Takes, log_group::LOG_GROUP, role::ROLE,
    task_definition::TASK_DEFINITION, workspace::WORKSPACE,
};

/// Whose rules these are.
const OURS: &str = "amp-stack";

/// The whole stack file.
pub static ROOT: Fields = Fields {
    name: "stack_file",
    path: "",
    says: "A stack file: what one stack is to have in AWS. The order of its tables has no meaning.",
    source: OURS,
    structure: None,
    fields: &[
        Field::new(
            "stack",
            Takes::Table(&STACK),
            "What the stack is called, and where it is.",
        )
        .is(Presence::RequiredByRule)
        .example("{ name = \"checkout\" }"),
        Field::new(
            "variables",
            Takes::Named(&Takes::Table(&VARIABLE)),
            "Values that are given from outside, with `--var NAME=VALUE` or `--var-file FILE`, and stand in strings as `${var.NAME}`.",
        )
        .default("{}")
        .example("{ image_tag = { description = \"tag of the application's image\" } }"),
        Field::new(
            "tags",
            Takes::Map(&Takes::Text),
            "Tags of every resource of the stack. Keys that begin with `aws:` belong to AWS, those that begin with `amp-stack:` to amp-stack.",
        )
        .source("AWS tagging user guide, \"Best practices and strategies\"")
        .default("{}")
        .example("{ team = \"payments\" }"),
        Field::new(
            "workspace",
            Takes::Table(&WORKSPACE),
            "The workspace of Amazon Managed Service for Prometheus that metrics are sent to.",
        )
        .source("Amazon Managed Service for Prometheus API reference, CreateWorkspace")
        .left_out("the stack has no workspace")
        .example("{ alias = \"checkout\" }"),
        Field::new(
            "log_groups",
            Takes::Named(&Takes::Table(&LOG_GROUP)),
            "Log groups of CloudWatch Logs, by logical name.",
        )
        .source("CloudWatch Logs API reference, CreateLogGroup")
        .default("{}")
        .example("{ app = { name = \"/ecs/checkout/app\", retention_days = 30 } }"),
        Field::new(
            "roles",
            Takes::Named(&Takes::Table(&ROLE)),
            "IAM roles, by logical name.",
        )
        .source("IAM API reference, CreateRole")
        .default("{}")
        .example("{ task = { name = \"CheckoutTask\" } }"),
        Field::new(
            "task_definitions",
            Takes::Named(&Takes::Table(&TASK_DEFINITION)),
            "Task definitions of Amazon ECS, by logical name.",
        )
        .source("ECS API reference, RegisterTaskDefinition")
        .default("{}")
        .example("{ checkout = { definition = \"taskdef.json\" } }"),
        Field::new(
            "outputs",
            Takes::Named(&OUTPUT_VALUE),
            "What `amp-stack output` tells the scripts that come after the stack, by name: a string, or a table with more to say.",
        )
        .default("{}")
        .example("{ endpoint = \"${workspace.remote_write_url}\" }"),
    ],
};

/// An output: a value, or a table with more to say about it.
const OUTPUT_VALUE: Takes = Takes::OneOf(&[Takes::Text, Takes::Table(&OUTPUT)]);

/// `[stack]`.
pub static STACK: Fields = Fields {
    name: "stack",
    path: "stack",
    says: "What the stack is called, and where it is.",
    source: OURS,
    structure: None,
    fields: &[
        Field::new(
            "name",
            Takes::Known,
            "The name of the stack: 1 to 32 of `a` to `z`, digits and `-`. It goes into the tags that say which stack owns a resource, so another name is another stack.",
        )
        .required()
        .example("\"checkout\""),
        Field::new(
            "region",
            Takes::Known,
            "The region that the stack is for; a run for another one is refused.",
        )
        .source("AWS general reference, \"AWS service endpoints\"")
        .left_out("`--region`, the environment or the profile says it")
        .example("\"us-east-1\""),
        Field::new(
            "account",
            Takes::Known,
            "The only account that the stack may touch, as twelve digits; credentials of another one are refused.",
        )
        .source("AWS account management guide, \"View AWS account identifiers\"")
        .left_out("the stack is for whichever account the credentials belong to")
        .example("\"111122223333\""),
    ],
};

/// `[variables]`, one of them.
pub static VARIABLE: Fields = Fields {
    name: "variable",
    path: "variables.NAME",
    says: "A value that is given from outside. Its name is 1 to 64 letters, digits, `_` and `-`.",
    source: OURS,
    structure: None,
    fields: &[
        Field::new(
            "description",
            Takes::Known,
            "What the variable is for, which is said when it has no value.",
        )
        .example("\"tag of the application's image\""),
        Field::new("default", Takes::Scalar, "The value where none is given.")
            .left_out("the variable has to be given")
            .example("\"dev\""),
        Field::new(
            "allowed",
            Takes::List(&Takes::Scalar),
            "The values that it may have.",
        )
        .left_out("it may have any")
        .example("[\"dev\", \"prod\"]"),
    ],
};

/// `[outputs]`, one of them.
pub static OUTPUT: Fields = Fields {
    name: "output",
    path: "outputs.NAME",
    says: "A value that the stack tells. A string in its place is its `value`.",
    source: OURS,
    structure: None,
    fields: &[
        Field::new(
            "value",
            Takes::Text,
            "The value, which may mention whatever the stack makes.",
        )
        .required()
        .example("\"${workspace.remote_write_url}\""),
        Field::new(
            "description",
            Takes::Known,
            "What the value is, for people.",
        )
        .example("\"where the collectors send samples\""),
        Field::new(
            "secret",
            Takes::Boolean,
            "Whether the value is masked unless it is asked for by its name.",
        )
        .left_out("it is where its name or its looks say so")
        .example("true"),
    ],
};
