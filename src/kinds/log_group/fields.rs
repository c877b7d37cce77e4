//! `[log_groups.NAME]`.

use crate::file::{
    fields::{
        Field, Fields, Requirement, Type,
        lifecycle::{ADOPT, IGNORE, PREVENT_DESTROY, TAGS},
    },
    foreign::Foreign,
};

/// The retention periods that CloudWatch Logs offers, in days (CloudWatch Logs API reference,
/// `PutRetentionPolicy`).
pub const RETENTION_DAYS: &[i64] = &[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];

/// What keeps logs for ever.
pub const NEVER: &str = "never";

/// The classes that are known; AWS adds others (CloudWatch Logs API reference, `CreateLogGroup`).
pub const CLASSES: &[&str] = &["STANDARD", "INFREQUENT_ACCESS", "DELIVERY", "ESSENTIALS"];

/// The class whose retention is fixed (CloudWatch Logs user guide, "Log classes").
pub const DELIVERY: &str = "DELIVERY";

/// The most characters of a name (CloudWatch Logs API reference, `CreateLogGroup`).
pub const LONGEST_NAME: usize = 512;

/// Where the tables stand in a stack file.
pub(crate) static SECTION: Field = Field::new(
    "log_groups",
    Type::Named(&Type::Table(&LOG_GROUP)),
    "Log groups of CloudWatch Logs, by logical name.",
)
.source("CloudWatch Logs API reference, CreateLogGroup")
.default("{}")
.example("{ app = { name = \"/ecs/checkout/app\", retention_days = 30 } }");

/// What others call them.
const FOREIGN: &[Foreign] = &[
    Foreign::key("name", &["log_group_name"]),
    Foreign::key(
        "retention_days",
        &[
            "retention",
            "retention_in_days",
            "retention_period",
            "expire_days",
        ],
    ),
    Foreign::key("kms_key_arn", &["kms_key", "kms_key_id"]),
    Foreign::key("class", &["log_group_class"]),
    Foreign::key("deletion_protection", &["deletion_protection_enabled"]),
    Foreign::key("prevent_destroy", &["skip_destroy", "protect"]),
];

/// `[log_groups.NAME]`.
pub static LOG_GROUP: Fields = Fields {
    name: "log_group",
    path: "log_groups.NAME",
    doc: "A log group of CloudWatch Logs. Containers send their output to it with `logs = \"NAME\"`.",
    source: "CloudWatch Logs API reference, CreateLogGroup",
    structure: None,
    foreign: FOREIGN,
    fields: &[
        Field::new(
            "name",
            Type::Known,
            "The name in CloudWatch: 1 to 512 letters, digits and `._-/#`, which may begin with `/aws/` but not with `aws/`. Another name is another log group: the old one is deleted with what it holds.",
        )
        .required()
        .example("\"/ecs/checkout/app\""),
        Field::new(
            "retention_days",
            Type::OneOf(&[Type::Numbers(RETENTION_DAYS), Type::Choice(&[NEVER])]),
            "How many days logs are kept, or \"never\" to let none expire. It has no default, because keeping logs for ever costs money and is easily overlooked.",
        )
        .source("CloudWatch Logs API reference, PutRetentionPolicy")
        .is(Requirement::RequiredUnless {
            key: "class",
            is: Some(DELIVERY),
        })
        .example("30"),
        Field::new(
            "class",
            Type::OpenChoice(CLASSES),
            "The class, which decides what can be done with the logs and what they cost. It can't be changed: another class is another log group. `DELIVERY` has a retention of its own.",
        )
        .default("\"STANDARD\"")
        .example("\"INFREQUENT_ACCESS\""),
        Field::new(
            "kms_key_arn",
            Type::Known,
            "The ARN of the symmetric KMS key that encrypts what is logged from now on; an alias won't do. The key's policy has to let CloudWatch Logs use it.",
        )
        .source("CloudWatch Logs API reference, AssociateKmsKey")
        .default_note("CloudWatch Logs encrypts with a key of its own")
        .example("\"arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab\""),
        Field::new(
            "deletion_protection",
            Type::Boolean,
            "Lets CloudWatch Logs itself refuse to delete the group, whoever asks. `prevent_destroy` only holds amp-stack back.",
        )
        .source("CloudWatch Logs API reference, PutLogGroupDeletionProtection")
        .default("false")
        .example("true"),
        PREVENT_DESTROY,
        ADOPT,
        IGNORE,
        TAGS,
    ],
};
