//! Puts the sections of a stack file together.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    file::{
        arn::Arn,
        context::Context,
        problem::Problems,
        reader::{Located, invalid_key, table_of},
        tags::{self, Tag},
        tree::{Key, Table},
    },
    kinds::{
        Resource,
        log_group::read as log_group,
        role::read as role,
        task_definition::{
            grants,
            read::{self as task_definition, RoleOutline, Scope, WorkspaceOutline},
        },
        workspace::read::{self as workspace, Existing},
    },
    load::{Header, LoadContext, collision, cycle, header::Place, known, outputs},
    model::{
        address::{Address, Kind},
        template::{Attribute, Reference},
    },
    stack::{Declared, Stack},
};

/// Everything that was read, by key.
struct Sections {
    log_groups: BTreeMap<String, log_group::ReadLogGroup>,
    roles: BTreeMap<String, role::ReadRole>,
    workspace: Option<Declared>,
    existing: Option<Existing>,
    task_definitions: BTreeMap<String, task_definition::Checked>,
}

/// Reads all sections but `[stack]` and `[variables]`. What is returned is complete only if nothing
/// was reported.
pub(crate) fn read(
    header: &Header,
    place: &Place,
    declared: &BTreeSet<Address>,
    root: &mut Table,
    around: &LoadContext<'_>,
    problems: &mut Problems,
) -> Stack {
    known::fill_in(root, &place.identity);
    let mut context = Context {
        // A stack without a valid name is reported as such; the rest of its file is checked all the
        // same.
        stack: header
            .name
            .parse()
            .or_else(|_| "unnamed".parse())
            .expect("`unnamed` is a stack name"),
        identity: &place.identity,
        account_is_known: place.account_is_known,
        region_is_known: place.region_is_known,
        tags: common_tags(root, problems),
        declared,
        read: around.read,
    };
    let mut sections = Sections {
        log_groups: BTreeMap::new(),
        roles: BTreeMap::new(),
        workspace: None,
        existing: None,
        task_definitions: BTreeMap::new(),
    };
    sections.read_workspace(&mut context, root, problems);
    let root: &Table = root;
    for (key, table) in keyed(root, Kind::LogGroup, problems) {
        let found = log_group::read(&context, key, table, problems);
        sections.log_groups.insert(key.text.clone(), found);
    }
    for (key, table) in keyed(root, Kind::Role, problems) {
        let found = role::read(&context, key, table, problems);
        sections.roles.insert(key.text.clone(), found);
    }
    sections.read_task_definitions(&context, root, problems);
    grants::give(&sections.task_definitions, &mut sections.roles, problems);
    sections.check_names(root, problems);
    let mut stack = sections.into_stack(&context);
    stack.outputs = outputs::read(root, problems);
    collision::check_arns(&stack, root, problems);
    cycle::check(&stack, root, problems);
    stack
}

/// Reads `[tags]`.
fn common_tags(root: &Table, problems: &mut Problems) -> Vec<Tag> {
    let common = root.get("tags");
    let common = common.and_then(|tree| table_of(tree, "tags", problems));
    common.map_or_else(Vec::new, |table| tags::read(table, problems))
}

/// The tables of the resources of `kind`.
fn keyed<'t>(root: &'t Table, kind: Kind, problems: &mut Problems) -> Vec<(&'t Key, &'t Table)> {
    let tree = root.get(kind.table());
    let table = tree.and_then(|tree| table_of(tree, kind.table(), problems));
    let mut tables = Vec::new();
    for (key, tree) in table.iter().flat_map(|table| &table.entries) {
        if !Address::is_key(&key.text) {
            invalid_key(key, &format!("a {}", kind.noun()), problems);
        }
        let address = Address::new(kind, &key.text).to_string();
        tables.extend(table_of(tree, &address, problems).map(|table| (key, table)));
    }
    tables
}

impl Sections {
    /// Reads `[workspace]`. Of one that exists already, everything that mentions it is filled in.
    fn read_workspace(
        &mut self,
        context: &mut Context<'_>,
        root: &mut Table,
        problems: &mut Problems,
    ) {
        let Some(tree) = root.get("workspace") else {
            return;
        };
        let Some(table) = table_of(tree, "workspace", problems) else {
            return;
        };
        if table.get("id").is_none() && table.get("arn").is_none() {
            let (workspace, lifecycle) = workspace::read(context, table, problems);
            self.workspace = Some(Declared {
                want: Some(Resource::Workspace(workspace)),
                lifecycle,
            });
            return;
        }
        self.existing = workspace::existing(context, table, problems);
        let Some(existing) = &self.existing else {
            return;
        };
        let lookup = |reference: &Reference| {
            let mentions_it = reference.address.kind == Kind::Workspace;
            mentions_it.then(|| existing.attribute(reference.attribute))?
        };
        for tree in root.entries.iter_mut().map(|(_, tree)| tree) {
            tree.resolve(&lookup);
        }
        for tag in &mut context.tags {
            tag.resolve(&lookup);
        }
    }

    fn read_task_definitions(
        &mut self,
        context: &Context<'_>,
        root: &Table,
        problems: &mut Problems,
    ) {
        let log_groups: BTreeMap<String, String> = self
            .log_groups
            .iter()
            .map(|(key, found)| (key.clone(), found.group.name.clone()))
            .collect();
        let roles: BTreeMap<String, RoleOutline> = self
            .roles
            .iter()
            .map(|(key, found)| (key.clone(), to_display_tree(context, found)))
            .collect();
        for (key, table) in keyed(root, Kind::TaskDefinition, problems) {
            let address = Address::new(Kind::TaskDefinition, &key.text);
            let scope = Scope {
                identity: context.identity,
                log_groups: &log_groups,
                roles: &roles,
                workspace: self.workspace_outline(root),
                read: context.read,
                tags: tags::merged(context, &address, &[], false, &key.span, problems),
            };
            let checked = task_definition::check(key, table, &scope, problems);
            assert!(
                checked.is_some() || !problems.is_empty(),
                "a task definition that cannot be read leaves a problem"
            );
            self.task_definitions
                .extend(checked.map(|checked| (key.text.clone(), checked)));
        }
    }

    fn workspace_outline(&self, root: &Table) -> WorkspaceOutline {
        match &self.existing {
            Some(existing) => WorkspaceOutline::Existing {
                arn: existing.arn.clone(),
                region: existing.region.clone(),
                endpoint: existing.endpoint.clone(),
            },
            // One that could not be read is there all the same.
            None if root.get("workspace").is_some() => WorkspaceOutline::State,
            None => WorkspaceOutline::None,
        }
    }

    fn check_names(&self, root: &Table, problems: &mut Problems) {
        let in_file_order = |kind: Kind| {
            let table = root.get(kind.table()).and_then(|tree| tree.as_table());
            table.map_or_else(Vec::new, |table| {
                table
                    .entries
                    .iter()
                    .map(|(key, tree)| (key, tree))
                    .collect()
            })
        };
        let groups = in_file_order(Kind::LogGroup).into_iter();
        let groups = groups.filter_map(|(key, _)| self.log_groups.get(&key.text)?.name.as_ref());
        collision::check(Kind::LogGroup, groups, problems);
        let roles = in_file_order(Kind::Role).into_iter();
        let roles = roles.filter_map(|(key, _)| self.roles.get(&key.text)?.name.as_ref());
        collision::check(Kind::Role, roles, problems);
        let families: Vec<Located<String>> = in_file_order(Kind::TaskDefinition)
            .into_iter()
            .filter_map(|(key, tree)| {
                let checked = self.task_definitions.get(&key.text)?;
                let named = tree
                    .as_table()?
                    .get("family")
                    .map(|family| family.span.clone());
                Some(Located {
                    span: named.unwrap_or_else(|| key.span.clone()),
                    value: checked.family.family.clone(),
                })
            })
            .collect();
        collision::check(Kind::TaskDefinition, &families, problems);
    }

    fn into_stack(self, context: &Context<'_>) -> Stack {
        let mut stack = Stack {
            name: context.stack.clone(),
            identity: context.identity.clone(),
            resources: BTreeMap::new(),
            outputs: BTreeMap::new(),
            existing: self.existing.iter().map(attributes).collect(),
            role_arns: BTreeMap::new(),
        };
        for (key, checked) in self.task_definitions {
            let address = Address::new(Kind::TaskDefinition, key);
            for arn in checked.role_arns {
                mention(&mut stack, arn, &address);
            }
            let want = Some(Resource::TaskDefinition(checked.family));
            let lifecycle = checked.lifecycle;
            stack
                .resources
                .insert(address, Declared { want, lifecycle });
        }
        for (key, found) in self.log_groups {
            let want = Some(Resource::LogGroup(found.group));
            let lifecycle = found.lifecycle;
            let address = Address::new(Kind::LogGroup, key);
            stack
                .resources
                .insert(address, Declared { want, lifecycle });
        }
        for (key, found) in self.roles {
            let want = Some(Resource::Role(found.role));
            let lifecycle = found.lifecycle;
            let address = Address::new(Kind::Role, key);
            stack
                .resources
                .insert(address, Declared { want, lifecycle });
        }
        let workspace = self
            .workspace
            .map(|declared| (Address::workspace(), declared));
        stack.resources.extend(workspace);
        collect_role_arns(&mut stack);
        stack
    }
}

fn to_display_tree(context: &Context<'_>, found: &role::ReadRole) -> RoleOutline {
    let role = &found.role;
    RoleOutline {
        name: role.name.clone(),
        path: role.path.clone(),
        arn: context.identity.role_arn(&role.path, &role.name),
        managed_policies: role.managed_policies.iter().cloned().collect(),
        inline_policies: role.inline_policies.clone(),
        span: found.span.clone(),
    }
}

/// What is known of a workspace that the stack uses and somebody else owns.
fn attributes(existing: &Existing) -> (Address, BTreeMap<Attribute, String>) {
    let attributes = Attribute::of(Kind::Workspace).iter();
    let known = attributes.filter_map(|one| Some((*one, existing.attribute(*one)?)));
    (Address::workspace(), known.collect())
}

/// Finds the roles of this account that any resource mentions by ARN. Patterns name no role in
/// particular.
fn collect_role_arns(stack: &mut Stack) {
    let mut mentioned: Vec<(String, Address)> = Vec::new();
    for (address, declared) in &stack.resources {
        if let Some(want) = &declared.want {
            want.each_template(&mut |text| {
                let arn = text.known().filter(|text| !text.contains(['*', '?', '$']));
                mentioned.extend(arn.map(|arn| (arn.to_owned(), address.clone())));
            });
        }
    }
    for (arn, address) in mentioned {
        mention(stack, arn, &address);
    }
}

/// Notes that `address` mentions `arn`, if it is the ARN of a role of this account.
fn mention(stack: &mut Stack, arn: String, address: &Address) {
    let ours = Arn::parse(&arn).is_some_and(|arn| {
        arn.service == "iam"
            && arn.account == stack.identity.account
            && arn.resource.starts_with("role/")
    });
    if ours {
        stack
            .role_arns
            .entry(arn)
            .or_default()
            .insert(address.clone());
    }
}
