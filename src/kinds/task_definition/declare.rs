//! How a task definition is declared in a stack file, and written into one.

use std::collections::BTreeMap;

use crate::{
    file::write::{layout::Table, spell::Speller, words::words},
    kinds::{
        Resource,
        declare::{Declare, DeclaredTable, Writing},
        task_definition::{TaskDefinition, write},
    },
    model::{
        address::{Address, Kind, StackName},
        node::Node,
        template::Attribute,
    },
};

impl Declare for TaskDefinition {
    const KIND: Kind = Kind::TaskDefinition;
    const KNOWN_KEYS: &'static [&'static str] = &["family"];
    const IGNORABLE: &'static [&'static str] = &["tags.KEY", "cpu", "containers.NAME.image"];
    const MENTIONED: &'static [Attribute] = &[];

    /// The key is the family, unless an exported definition may say another.
    fn known_attributes(table: &DeclaredTable<'_>) -> Vec<(Attribute, String)> {
        let family = if (table.has)("family") {
            (table.text)("family")
        } else {
            Some(table.address.key.clone()).filter(|_| !(table.has)("definition"))
        };
        let family = family.map(|family| (Attribute::Family, family));
        family.into_iter().collect()
    }

    fn of(resource: &Resource) -> Option<&Self> {
        resource.task_definition()
    }

    fn table(&self, writing: &Writing<'_>, speller: &mut Speller<'_>) -> Table {
        write::table(self, writing, speller)
    }

    fn keys(&self, _stack: &StackName) -> Vec<String> {
        if Address::is_key(&self.family) {
            return vec![self.family.clone()];
        }
        vec![words(&self.family).join("-")]
    }

    /// Its roles are called by what they are for, unless one role is for both.
    fn names_for_others(&self) -> Option<BTreeMap<String, &'static str>> {
        let document = self.document.as_ref()?.normal();
        let role = |member: &str| document.get(member).and_then(Node::as_str);
        let (task, execution) = (role("taskRoleArn"), role("executionRoleArn"));
        if task == execution {
            return Some(BTreeMap::new());
        }
        let names = [(task, "task"), (execution, "execution")].into_iter();
        Some(
            names
                .filter_map(|(arn, key)| Some((arn?.to_owned(), key)))
                .collect(),
        )
    }
}
