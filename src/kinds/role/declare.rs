//! How a role is declared in a stack file, and written into one.

use crate::{
    collector::grants,
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
        declare::{Collision, Declare, DeclaredTable, Writing},
        outline::{Outlines, ReadResource},
        role::{
            Role, fields,
            read::{self, DEFAULT_PATH},
            write,
        },
    },
    model::{
        address::{Kind, StackName},
        template::Attribute,
    },
};

impl Declare for Role {
    const KIND: Kind = Kind::Role;
    const SECTION: &'static Field = &fields::SECTION;
    const KNOWN_KEYS: &'static [&'static str] =
        &["name", "path", "description", "permissions_boundary"];
    const IGNORABLE: &'static [&'static str] = &[
        "tags.KEY",
        "description",
        "trust",
        "max_session_seconds",
        "permissions_boundary",
        "managed_policies",
        "inline_policies",
        "inline_policies.NAME",
    ];
    /// A role is mentioned by its key, or by others in ways that could form a circle.
    const MENTIONED: &'static [Attribute] = &[];
    const COLLISION: Collision = Collision {
        code: "role-name-collision",
        by_case: Some("IAM does not distinguish the names of roles by case, whatever their paths"),
    };

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

    fn conclude(
        context: &Context<'_>,
        root: &tree::Table,
        outlines: &mut Outlines,
        problems: &mut Problems,
    ) {
        read::check_arns(context, root, outlines, problems);
    }

    fn known_attributes(table: &DeclaredTable<'_>) -> Vec<(Attribute, String)> {
        let path = if (table.has)("path") {
            (table.text)("path")
        } else {
            Some(DEFAULT_PATH.to_owned())
        };
        let (Some(name), Some(path)) = ((table.text)("name"), path) else {
            return Vec::new();
        };
        let arn = table.identity.role_arn(&path, &name);
        vec![(Attribute::Arn, arn), (Attribute::Name, name)]
    }

    /// IAM compares the names of roles ignoring case, whatever their paths (IAM API reference,
    /// `CreateRole`).
    fn comparable(name: &str) -> String {
        name.to_lowercase()
    }

    fn of(resource: &Resource) -> Option<&Self> {
        resource.role()
    }

    fn table(&self, writing: &Writing<'_>, speller: &mut Speller<'_>) -> Table {
        write::table(self, writing.identity, speller)
    }

    /// The policies that a collector is granted.
    fn implied(&self) -> Vec<Vec<String>> {
        let granted = grants::POLICY_NAMES.into_iter();
        let granted = granted.chain([grants::PARAMETER_POLICY_NAME]);
        let granted = granted.filter(|name| self.inline_policies.contains_key(*name));
        granted
            .map(|name| vec!["inline_policies".to_owned(), name.to_owned()])
            .collect()
    }

    fn keys(&self, stack: &StackName) -> Vec<String> {
        let whole = words(&self.name);
        let short = without_prefix(&whole, stack);
        let short: Vec<String> = match short.split_last() {
            Some((last, rest)) if last == "role" && !rest.is_empty() => rest.to_vec(),
            Some(_) | None => short,
        };
        vec![short.join("-"), whole.join("-")]
    }
}
