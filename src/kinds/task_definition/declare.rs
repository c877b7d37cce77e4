//! How a task definition is declared in a stack file, and written into one.

use std::collections::BTreeMap;

use crate::{
    file::{
        arn::Arn,
        context::Context,
        fields::{Field, Fields},
        problem::Problems,
        reader::Located,
        tags,
        tree::{self, Key},
        write::{layout::Table, spell::Speller, words::words},
    },
    kinds::{
        Resource,
        declare::{Declare, DeclaredTable, ShortForm, Writing},
        outline::{Outlines, ReadResource},
        task_definition::{
            TaskDefinition, document, fields, grants,
            read::{self, RoleOutline, Scope, WorkspaceOutline},
            rules, write,
        },
    },
    model::{
        address::{Address, Kind, StackName},
        identity::Identity,
        node::Node,
        normal::Rewrite,
        rule::Rule,
        template::{Attribute, Reference},
    },
};

/// What task definitions have to know of the other tables.
pub(crate) struct Others {
    /// The names of the stack's log groups, by their keys.
    log_groups: BTreeMap<String, String>,
    /// The stack's roles, by their keys.
    roles: BTreeMap<String, RoleOutline>,
    /// The workspace that metrics go to.
    workspace: WorkspaceOutline,
    /// The attributes of what somebody else manages.
    existing: BTreeMap<Address, BTreeMap<Attribute, String>>,
}

impl Declare for TaskDefinition {
    const KIND: Kind = Kind::TaskDefinition;
    const SECTION: &'static Field = &fields::SECTION;
    const RULES: &'static [Rule] = rules::TASK_DEFINITION;
    const RULES_TITLE: &'static str = "Mistakes in task definitions, and with the collector";
    const REWRITES: &'static [Rewrite] = document::rules::REWRITES;
    const KNOWN_KEYS: &'static [&'static str] = &["family"];
    const IGNORABLE: &'static [&'static str] = &["tags.KEY", "cpu", "containers.NAME.image"];
    const MENTIONED: &'static [Attribute] = &[];

    type Others = Others;

    fn others(context: &Context<'_>, outlines: &Outlines) -> Others {
        Others {
            log_groups: log_groups(outlines),
            roles: roles(context, outlines),
            workspace: workspace(outlines),
            existing: outlines.existing.clone(),
        }
    }

    fn read(
        context: &Context<'_>,
        key: &Key,
        table: &tree::Table,
        others: &Others,
        problems: &mut Problems,
    ) -> Option<ReadResource> {
        let address = Address::new(Kind::TaskDefinition, &key.text);
        let existing = |reference: &Reference| {
            let known = others.existing.get(&reference.address)?;
            known.get(&reference.attribute).cloned()
        };
        let scope = Scope {
            source: context.source,
            names: context.names,
            existing: &existing,
            identity: context.identity,
            account: context
                .account_is_known
                .then_some(context.identity.account.as_str()),
            region: context
                .region_is_known
                .then_some(context.identity.region.as_str()),
            log_groups: &others.log_groups,
            roles: &others.roles,
            workspace: others.workspace.clone(),
            read: context.read,
            included: context.included,
            tags: tags::merged(context, &address, &[], false, &key.span, problems),
        };
        let checked = read::check(key, table, &scope, problems);
        assert!(
            checked.is_some() || !problems.is_empty(),
            "a task definition that cannot be read leaves a problem"
        );
        let checked = checked?;
        let named = table.get("family").map(|family| family.span.clone());
        Some(ReadResource {
            name: Some(Located {
                span: named.unwrap_or_else(|| key.span.clone()),
                value: checked.family.family.clone(),
            }),
            earlier: checked
                .earlier
                .into_iter()
                .map(Resource::TaskDefinition)
                .collect(),
            needs: checked.needs,
            role_arns: checked.role_arns,
            notes: checked.notes,
            request: checked.request,
            ..ReadResource::new(
                Resource::TaskDefinition(checked.family),
                checked.lifecycle,
                table.span.clone(),
            )
        })
    }

    fn conclude(
        _context: &Context<'_>,
        _root: &tree::Table,
        outlines: &mut Outlines,
        problems: &mut Problems,
    ) {
        grants::give(outlines, problems);
    }

    fn of_structure(name: &str) -> Option<&'static Fields> {
        fields::ecs::of(name)
    }

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

    fn short_forms(&self, identity: &Identity) -> Vec<ShortForm> {
        write::short_forms(self, identity)
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

/// The names of the stack's log groups, by their keys.
fn log_groups(outlines: &Outlines) -> BTreeMap<String, String> {
    let resources = outlines.resources.iter();
    resources
        .filter_map(|(address, found)| {
            let group = found.want.log_group()?;
            Some((address.key.clone(), group.name.clone()))
        })
        .collect()
}

/// The stack's roles, by their keys.
fn roles(context: &Context<'_>, outlines: &Outlines) -> BTreeMap<String, RoleOutline> {
    let resources = outlines.resources.iter();
    resources
        .filter_map(|(address, found)| {
            let role = found.want.role()?;
            let outline = RoleOutline {
                name: role.name.clone(),
                path: role.path.clone(),
                arn: context.identity.role_arn(&role.path, &role.name),
                managed_policies: role.managed_policies.iter().cloned().collect(),
                inline_policies: role.inline_policies.clone(),
                trust: role.trust.clone(),
                permissions_boundary: role.permissions_boundary.clone(),
                span: found.span.clone(),
            };
            Some((address.key.clone(), outline))
        })
        .collect()
}

/// The workspace that metrics go to.
fn workspace(outlines: &Outlines) -> WorkspaceOutline {
    let existing = outlines.existing.get(&Address::workspace());
    let known = |attribute| existing?.get(&attribute).cloned();
    match (known(Attribute::Arn), known(Attribute::Endpoint)) {
        (Some(arn), Some(endpoint)) => WorkspaceOutline::Existing {
            region: Arn::parse(&arn).map_or_else(String::new, |arn| arn.region.to_owned()),
            arn,
            endpoint,
        },
        // One that could not be read is there all the same.
        _ if outlines.present.contains(&Kind::Workspace) => WorkspaceOutline::State,
        _ => WorkspaceOutline::None,
    }
}
