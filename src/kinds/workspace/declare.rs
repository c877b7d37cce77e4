//! How a workspace is declared in a stack file, and written into one.

use std::collections::BTreeMap;

use crate::{
    file::{
        context::Context,
        fields::Field,
        problem::Problems,
        tree::{self, Key},
        write::{layout::Table, spell::Speller},
    },
    kinds::{
        Resource,
        declare::{Declare, DeclaredTable, Writing},
        outline::{Outlines, ReadResource},
        workspace::{Workspace, fields, read, write},
    },
    model::{
        address::{Kind, StackName},
        template::Attribute,
    },
};

impl Declare for Workspace {
    const KIND: Kind = Kind::Workspace;
    const SECTION: &'static Field = &fields::SECTION;
    const KNOWN_KEYS: &'static [&'static str] = &["alias", "kms_key_arn", "id", "arn"];
    const IGNORABLE: &'static [&'static str] = &["tags.KEY", "alias", "logging"];
    const IS_ID: Option<fn(&str) -> bool> = Some(read::is_id);
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

    type Others = ();

    fn others(_context: &Context<'_>, _outlines: &Outlines) {}

    fn read(
        context: &Context<'_>,
        _key: &Key,
        table: &tree::Table,
        (): &(),
        problems: &mut Problems,
    ) -> Option<ReadResource> {
        Some(read::read(context, table, problems))
    }

    fn is_existing(table: &tree::Table) -> bool {
        read::is_existing(table)
    }

    fn existing(
        context: &Context<'_>,
        table: &tree::Table,
        problems: &mut Problems,
    ) -> Option<BTreeMap<Attribute, String>> {
        let existing = read::existing(context, table, problems)?;
        Some(existing.attributes())
    }

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
