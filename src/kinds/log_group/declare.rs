//! How a log group is declared in a stack file, and written into one.

use crate::{
    file::{
        context::Context,
        fields::Field,
        problem::Problems,
        tree::{self, Key},
        write::{
            layout::Table,
            spell::Speller,
            words::{without_prefix, words},
        },
    },
    kinds::{
        Resource,
        declare::{Declare, DeclaredTable, Writing},
        log_group::{LogGroup, fields, read, write},
        outline::{Outlines, ReadResource},
    },
    model::{
        address::{Kind, StackName},
        template::Attribute,
    },
};

impl Declare for LogGroup {
    const KIND: Kind = Kind::LogGroup;
    const SECTION: &'static Field = &fields::SECTION;
    const KNOWN_KEYS: &'static [&'static str] = &["name", "class", "kms_key_arn"];
    const IGNORABLE: &'static [&'static str] = &[
        "tags.KEY",
        "retention_days",
        "kms_key_arn",
        "deletion_protection",
    ];
    const HOLDS_DATA: bool = true;
    const MENTIONED: &'static [Attribute] = &[Attribute::Arn];

    type Others = ();

    fn others(_context: &Context<'_>, _outlines: &Outlines) {}

    fn read(
        context: &Context<'_>,
        key: &Key,
        table: &tree::Table,
        (): &(),
        problems: &mut Problems,
    ) -> Option<ReadResource> {
        Some(read::read(context, key, table, problems))
    }

    fn known_attributes(table: &DeclaredTable<'_>) -> Vec<(Attribute, String)> {
        let Some(name) = (table.text)("name") else {
            return Vec::new();
        };
        let arn = table.identity.log_group_arn(&name);
        vec![(Attribute::Arn, arn), (Attribute::Name, name)]
    }

    fn of(resource: &Resource) -> Option<&Self> {
        resource.log_group()
    }

    fn table(&self, _writing: &Writing<'_>, _speller: &mut Speller<'_>) -> Table {
        write::table(self)
    }

    fn keys(&self, stack: &StackName) -> Vec<String> {
        let last = self.name.rsplit('/').find(|part| !part.is_empty());
        let last = without_prefix(&words(last.unwrap_or(&self.name)), stack);
        vec![last.join("-"), words(&self.name).join("-")]
    }
}
