//! `[workspace]` and its limits.

use crate::file::{
    fields::{
        Field, Fields, Requirement, Type,
        lifecycle::{ADOPT_BY_ID, IGNORE, PREVENT_DESTROY, TAGS},
    },
    foreign::Foreign,
};

const CREATE: &str = "Amazon Managed Service for Prometheus API reference, CreateWorkspace";
const CONFIGURATION: &str =
    "Amazon Managed Service for Prometheus API reference, UpdateWorkspaceConfiguration";

/// The most characters of an alias (API reference of `CreateWorkspace`).
pub const LONGEST_ALIAS: usize = 100;

/// Where the tables stand in a stack file.
pub(crate) static SECTION: Field = Field::new(
    "workspace",
    Type::Table(&WORKSPACE),
    "The workspace of Amazon Managed Service for Prometheus that metrics are sent to.",
)
.source("Amazon Managed Service for Prometheus API reference, CreateWorkspace")
.default_note("the stack has no workspace")
.example("{ alias = \"checkout\" }");

/// What others call them.
const FOREIGN: &[Foreign] = &[
    Foreign::key("alias", &["name", "workspace_alias"]),
    Foreign::key("kms_key_arn", &["kms_key", "kms_key_id"]),
    Foreign::key(
        "retention_days",
        &["retention", "retention_in_days", "retention_period_in_days"],
    ),
    Foreign::key("logging", &["logging_configuration", "logs"]),
    Foreign::key("id", &["workspace_id"]),
    Foreign::advice(
        "leave it out: AWS decides it, and `metrics` sends there; for a workspace that is there already write id = \"ws-…\"",
        &[
            "endpoint",
            "prometheus_endpoint",
            "remote_write_url",
            "remote_write_endpoint",
            "query_url",
            "url",
        ],
    ),
    Foreign::advice(
        "amp-stack makes no rules and no alerts; those of the workspace are left as they are",
        &[
            "alert_manager_definition",
            "alertmanager",
            "rules",
            "rule_groups",
        ],
    ),
];

/// `[workspace]`.
pub static WORKSPACE: Fields = Fields {
    name: "workspace",
    path: "workspace",
    doc: "The workspace of Amazon Managed Service for Prometheus that metrics are sent to: one that the stack makes, or, with `id` or `arn` alone, one of somebody else.",
    source: CREATE,
    structure: None,
    foreign: FOREIGN,
    fields: &[
        Field::new(
            "alias",
            Type::Known,
            "A name for people, of 1 to 100 characters. AWS lets several workspaces share one, and once set it can be changed but not removed.",
        )
        .default_note("the workspace has no alias")
        .example("\"checkout\""),
        Field::new(
            "retention_days",
            Type::Integer(1, 1095),
            "How many days samples are kept.",
        )
        .source("Amazon Managed Service for Prometheus user guide, \"Configure your workspace\"")
        .default_note("AWS keeps what the workspace has")
        .example("150"),
        Field::new(
            "limits",
            Type::List(&Type::Table(&LIMIT)),
            "How many active series there may be for each set of labels; what goes beyond a limit is not stored.",
        )
        .source(CONFIGURATION)
        .default_note("limits are left as they are")
        .example("[{ labels = { team = \"payments\" }, max_series = 100000 }]"),
        Field::new(
            "out_of_order_time_window_seconds",
            Type::Integer(0, 600),
            "How many seconds a sample may be older than the newest of its series and still be taken.",
        )
        .source(CONFIGURATION)
        .default_note("AWS keeps what the workspace has, which is 60 seconds for a new one")
        .example("60"),
        Field::new(
            "rule_query_offset_seconds",
            Type::Integer(0, 86_400),
            "How many seconds into the past rules look, so that samples that come late are counted.",
        )
        .source(CONFIGURATION)
        .default_note("AWS keeps what the workspace has, which is 60 seconds for a new one")
        .example("60"),
        Field::new(
            "kms_key_arn",
            Type::Known,
            "The ARN of the KMS key that encrypts the workspace: no alias and no multi-Region key. It can't be changed: another key is another workspace, without the metrics of the old one.",
        )
        .default_note("AWS encrypts with a key of its own")
        .example("\"arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab\""),
        Field::new(
            "logging",
            Type::Text,
            "Where rules and alerts log their errors: a log group of this stack by its logical name, or one by its ARN. A name that begins with `/aws/vendedlogs/` keeps the account's resource policy of CloudWatch Logs short.",
        )
        .source("Amazon Managed Service for Prometheus API reference, CreateLoggingConfiguration")
        .default_note("nothing is logged")
        .example("\"rules\""),
        Field {
            doc: "Refuses every plan that deletes or replaces the workspace. Metrics are data, so it takes `false` to let them go.",
            ..PREVENT_DESTROY
        }
        .default("true")
        .example("false"),
        ADOPT_BY_ID,
        IGNORE,
        TAGS,
        Field::new(
            "id",
            Type::Known,
            "The id of a workspace in this account and region that somebody else manages. It is used and never changed.",
        )
        .source("Amazon Managed Service for Prometheus API reference, WorkspaceDescription")
        .is(Requirement::Alone)
        .example("\"ws-12345678-90ab-cdef-1234-567890abcdef\""),
        Field::new(
            "arn",
            Type::Known,
            "The ARN of a workspace that somebody else manages, in any account and region of this partition. It is used and never changed.",
        )
        .source("Amazon Managed Service for Prometheus API reference, WorkspaceDescription")
        .is(Requirement::Alone)
        .example("\"arn:aws:aps:us-east-1:111122223333:workspace/ws-12345678-90ab-cdef-1234-567890abcdef\""),
    ],
};

/// An element of `limits`.
pub static LIMIT: Fields = Fields {
    name: "limit",
    path: "workspace.limits",
    doc: "A limit for the series that carry some labels.",
    source: CONFIGURATION,
    structure: None,
    foreign: &[],
    fields: &[
        Field::new(
            "max_series",
            Type::Integer(0, i64::MAX),
            "The most active series with these labels.",
        )
        .required()
        .example("100000"),
        Field::new(
            "labels",
            Type::Map(&Type::Known),
            "The labels that a series has to carry to be counted here.",
        )
        .default_note("the limit is for all series that no other limit counts")
        .example("{ team = \"payments\" }"),
    ],
};
