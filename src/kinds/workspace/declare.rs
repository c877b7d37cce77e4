//! How a workspace is declared in a stack file, and written into one.

use crate::{
    file::write::{layout::Table, spell::Speller},
    kinds::{
        Resource,
        declare::{Declare, DeclaredTable, Writing},
        workspace::{Workspace, write},
    },
    model::{
        address::{Kind, StackName},
        template::Attribute,
    },
};

impl Declare for Workspace {
    const KIND: Kind = Kind::Workspace;
    const KNOWN_KEYS: &'static [&'static str] = &["alias", "kms_key_arn", "id", "arn"];
    const IGNORABLE: &'static [&'static str] = &["tags.KEY", "alias", "logging"];
    const HOLDS_DATA: bool = true;
    /// Metrics are data, so it takes a word to let them go.
    const IS_PROTECTED: bool = true;
    /// `UpdateWorkspaceConfiguration` keeps what it is not given (Amazon Managed Service for
    /// Prometheus API reference).
    const KEPT_BY_AWS: &'static [&'static str] = &[
        "retention_days",
        "limits",
        "out_of_order_time_window_seconds",
        "rule_query_offset_seconds",
    ];
    const MENTIONED: &'static [Attribute] = &[
        Attribute::Arn,
        Attribute::RemoteWriteUrl,
        Attribute::QueryUrl,
        Attribute::Endpoint,
    ];

    /// Its id, and all that holds it, is AWS's to choose.
    fn known_attributes(_table: &DeclaredTable<'_>) -> Vec<(Attribute, String)> {
        Vec::new()
    }

    fn of(resource: &Resource) -> Option<&Self> {
        resource.workspace()
    }

    fn table(&self, writing: &Writing<'_>, _speller: &mut Speller<'_>) -> Table {
        let arn = self.logging.as_ref().map(ToString::to_string);
        let group = arn.as_deref().and_then(|arn| {
            let arn = arn.strip_suffix(":*").unwrap_or(arn);
            writing.by_arn(Kind::LogGroup, arn)
        });
        write::table(self, group)
    }

    /// A stack has one workspace, which needs no name.
    fn keys(&self, _stack: &StackName) -> Vec<String> {
        Vec::new()
    }
}
