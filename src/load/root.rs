//! The stack file itself, `[stack]` and `[variables]`.

use crate::{
    file::fields::{Field, Fields, Requirement, Type},
    kinds::declare::section,
    load::foreign,
    model::address::Kind,
};

/// Whose rules these are.
const OURS: &str = "amp-stack";

/// The whole stack file.
pub static ROOT: Fields = Fields {
    name: "stack_file",
    path: "",
    doc: "A stack file: what one stack is to have in AWS. The order of its tables decides nothing; plans list resources in it.",
    source: OURS,
    structure: None,
    foreign: foreign::STACK_FILE,
    fields: &KEYS,
};

/// What stands before and after the tables of the kinds.
static FIRST: [Field; 3] = [
    Field::new(
        "stack",
        Type::Table(&STACK),
        "What the stack is called, and where it is.",
    )
    .is(Requirement::RequiredByRule)
    .example("{ name = \"checkout\" }"),
    Field::new(
        "variables",
        Type::Named(&Type::Table(&VARIABLE)),
        "Values that are given from outside, with `--var NAME=VALUE` or `--var-file FILE`, and stand in strings as `${var.NAME}`. A string that is nothing but that takes the variable's type.",
    )
    .default("{}")
    .example("{ image_tag = { description = \"tag of the application's image\" } }"),
    Field::new(
        "tags",
        Type::Map(&Type::Text),
        "Tags of every resource of the stack. Keys that begin with `aws:` belong to AWS, those that begin with `amp-stack:` to amp-stack.",
    )
    .source("AWS tagging user guide, \"Best practices and strategies\"")
    .default("{}")
    .example("{ team = \"payments\" }"),
];
static LAST: Field = Field::new(
        "outputs",
        Type::Named(&OUTPUT_VALUE),
        "What `amp-stack output` prints for the scripts that come after the stack, by name: a string, or a table with more to say.",
    )
    .default("{}")
    .example("{ endpoint = \"${workspace.remote_write_url}\" }");

/// The keys of a stack file, in the order in which they are explained: of the kinds, those of which
/// a stack has one come first.
static KEYS: [Field; 3 + Kind::ALL.len() + 1] = {
    let mut keys = [LAST; 3 + Kind::ALL.len() + 1];
    let mut next = 0;
    while next < FIRST.len() {
        keys[next] = FIRST[next];
        next += 1;
    }
    let mut at = 0;
    while at < 2 * Kind::ALL.len() {
        let kind = Kind::ALL[at % Kind::ALL.len()];
        if kind.is_single() == (at < Kind::ALL.len()) {
            keys[next] = *section(kind);
            next += 1;
        }
        at += 1;
    }
    keys
};

/// An output: a value, or a table with more to say about it.
const OUTPUT_VALUE: Type = Type::OneOf(&[Type::Text, Type::Table(&OUTPUT)]);

/// `[stack]`.
pub static STACK: Fields = Fields {
    name: "stack",
    path: "stack",
    doc: "What the stack is called, and where it is.",
    source: OURS,
    structure: None,
    foreign: foreign::STACK,
    fields: &[
        Field::new(
            "name",
            Type::Known,
            "The name of the stack: 1 to 32 of `a` to `z`, digits and `-`. It goes into the tags that say which stack owns a resource, so another name is another stack.",
        )
        .required()
        .example("\"checkout\""),
        Field::new(
            "renamed_from",
            Type::Known,
            "What the stack was called before. Whatever carries that name in its tags is this stack's own, and is tagged anew.",
        )
        .default_note("the stack has always been called so")
        .example("\"shop\""),
        Field::new(
            "region",
            Type::Known,
            "The region that the stack is for; a run for another one is refused.",
        )
        .source("AWS general reference, \"AWS service endpoints\"")
        .default_note("`--region`, the environment or the profile says it")
        .example("\"us-east-1\""),
        Field::new(
            "account",
            Type::Known,
            "The only account that the stack may touch, as twelve digits; credentials of another one are refused.",
        )
        .source("AWS account management guide, \"View AWS account identifiers\"")
        .default_note("the stack is for whichever account the credentials belong to")
        .example("\"111122223333\""),
        Field::new(
            "profile",
            Type::Known,
            "The profile of the shared AWS configuration with which the calls of this stack are made. A run uses it only if it is allowed to from outside, with `--allow-profile`.",
        )
        .source("AWS SDKs and tools reference guide, \"Shared config and credentials files\"")
        .default_note("the calls are made by whoever starts the run")
        .example("\"prod\""),
        Field::new(
            "assume_role",
            ROLE_TO_ASSUME,
            "The role as which the calls of this stack are made: its ARN, or a table with more to say. Whoever starts the run assumes it, and only if the run is allowed to from outside, with `--allow-role`. Its account is the stack's.",
        )
        .source("STS API reference, AssumeRole")
        .default_note("the calls are made by whoever starts the run")
        .example("\"arn:aws:iam::111122223333:role/deploy\""),
    ],
};

/// A role by its ARN, or a table.
const ROLE_TO_ASSUME: Type = Type::OneOf(&[Type::Known, Type::Table(&ASSUME_ROLE)]);

/// `[stack.assume_role]`.
pub static ASSUME_ROLE: Fields = Fields {
    name: "assume_role",
    path: "stack.assume_role",
    doc: "The role as which the calls of the stack are made, and how it is assumed.",
    source: "STS API reference, AssumeRole",
    structure: None,
    foreign: foreign::ASSUME_ROLE,
    fields: &[
        Field::new("role_arn", Type::Known, "The ARN of the role.")
            .required()
            .example("\"arn:aws:iam::111122223333:role/deploy\""),
        Field::new(
            "external_id",
            Type::Known,
            "What the role's trust policy asks for: letters, digits and `_+=,.@:/-`. It is no secret.",
        )
        .default_note("none is given")
        .example("\"shop-4711\""),
        Field::new(
            "session_name",
            Type::Known,
            "What the session is called in the logs of the role's account: letters, digits and `_+=,.@-`.",
        )
        .default("\"amp-stack\"")
        .example("\"checkout-ci\""),
        Field::new(
            "duration",
            Type::Known,
            "How long a session lasts, from `15m` to `12h`: the role may allow less, and a session of a role that assumes another one gets `1h` at most. A run that takes longer renews it.",
        )
        .default("\"1h\"")
        .example("\"30m\""),
    ],
};

/// `[variables]`, one of them.
pub static VARIABLE: Fields = Fields {
    name: "variable",
    path: "variables.NAME",
    doc: "A value that is given from outside. Its name is 1 to 64 letters, digits, `_` and `-`.",
    source: OURS,
    structure: None,
    foreign: foreign::VARIABLE,
    fields: &[
        Field::new(
            "description",
            Type::Known,
            "What the variable is for, which is said when it has no value.",
        )
        .example("\"tag of the application's image\""),
        Field::new(
            "type",
            Type::Choice(&["string", "number", "boolean"]),
            "What its values are. Where a string is exactly one reference to the variable, a number stands in places that take integers, and a boolean in those that take `true` or `false`.",
        )
        .default_note("it is what the default is, and without a default whatever its place takes")
        .example("\"string\""),
        Field::new("default", Type::Scalar, "The value where none is given.")
            .default_note("the variable has to be given")
            .example("\"dev\""),
        Field::new(
            "allowed",
            Type::List(&Type::Scalar),
            "The values that it may have.",
        )
        .default_note("it may have any")
        .example("[\"dev\", \"prod\"]"),
    ],
};

/// `[outputs]`, one of them.
pub static OUTPUT: Fields = Fields {
    name: "output",
    path: "outputs.NAME",
    doc: "A value that the stack exports. A string in its place is its `value`.",
    source: OURS,
    structure: None,
    foreign: foreign::OUTPUT,
    fields: &[
        Field::new(
            "value",
            Type::Text,
            "The value, which may mention whatever the stack makes.",
        )
        .required()
        .example("\"${workspace.remote_write_url}\""),
        Field::new("description", Type::Known, "What the value is, for people.")
            .example("\"where the collectors send samples\""),
        Field::new(
            "secret",
            Type::Boolean,
            "Whether the value is masked unless it is asked for by its name.",
        )
        .default_note("it is where its name or its looks say so")
        .example("true"),
    ],
};

#[cfg(test)]
mod tests;
