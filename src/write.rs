//! The way back: live resources as the text of a stack file that declares just them.

mod keys;
mod leave;
mod own;
mod shorter;

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use crate::{
    file::{
        format::format,
        problem::Problem,
        source::Source,
        write::{
            layout::{Page, Table, Value},
            mentions::Mentions,
            secrets::Secrets,
            spell::Speller,
        },
    },
    kinds::declare::{self, Writing},
    load::{self, LoadContext, root::ROOT},
    model::{
        access::Access,
        address::{Address, Kind, StackName},
        identity::{Identity, query_url, remote_write_url},
        tags::Tags,
        template::Attribute,
    },
    snapshot::LiveResource,
    stack::Stack,
    write::{
        leave::Left,
        own::{common, is_ours, lifecycle, own_tags, tag_table, variables},
        shorter::{Shorter, shorter},
    },
};

/// What a file is written from.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The name of the stack.
    pub stack: StackName,
    /// As whom its calls are made, if not as whoever starts the run.
    pub access: Option<Access>,
    /// Where it lives.
    pub identity: Identity,
    /// What it is to declare: at most one workspace.
    pub found: Vec<LiveResource>,
    /// The id of a workspace that it uses and does not manage. Only without a workspace of its own.
    pub existing_workspace: Option<String>,
    /// The ARNs of all roles of the account.
    pub roles: BTreeSet<String>,
    /// What to say at the beginning, in paragraphs.
    pub preface: Vec<String>,
    /// What to say above the table of a resource, by its ARN.
    pub notes: BTreeMap<String, Vec<String>>,
}

/// A stack file.
#[derive(Clone, Debug)]
pub struct Written {
    /// Its text.
    pub text: String,
    /// The values of its variables, which it does not hold because they look like secrets.
    pub secrets: BTreeMap<String, String>,
    /// What it declares, given these values.
    pub stack: Stack,
    /// The addresses of what it declares, by ARN.
    pub addresses: BTreeMap<String, Address>,
    /// What it leaves as it is, because a stack file can't say it or amp-stack has a rule against
    /// it.
    pub left: Vec<Unsaid>,
    /// What it doesn't declare at all for the same reason.
    pub omitted: Vec<Unsaid>,
    /// What it could say in fewer words, but for what would change then.
    pub longer: Vec<Unsaid>,
}

/// Something that the file does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsaid {
    /// The resource.
    pub address: Address,
    /// What `ignore` takes of it; empty for the whole resource.
    pub path: String,
    /// Why.
    pub why: String,
}

/// Writes the file of `draft`.
///
/// Whatever of a live resource is against a rule of stack files is left as it is by `ignore`, so
/// what the file declares and what lives differ in nothing but the tags of ownership. Problems come
/// back only if nothing can be written at all, for instance because the region has no valid name.
pub fn write(draft: &Draft) -> Result<Written, Vec<Problem>> {
    let mut left = Left::default();
    let plain = Shorter::default();
    let (page, secrets, stack) = loop {
        let writer = Writer::new(draft, &left, &plain);
        let (page, secrets) = writer.page(&left, None);
        match read(draft, &page.text, &secrets) {
            Ok(stack) => {
                let leaves = leave::missing_roles(&stack, &draft.roles, &page);
                // What can't be left alone, the plan will show.
                if !left.add(leaves) {
                    break (page, secrets, stack);
                }
            }
            Err(problems) => {
                let leaves = problems.iter();
                let leaves = leaves.filter_map(|problem| leave::of(problem, &page, &secrets));
                if !left.add(leaves.collect()) {
                    return Err(problems);
                }
            }
        }
    };
    let shorter = shorter(draft, &left);
    let writer = Writer::new(draft, &left, &shorter);
    if shorter.forms.is_empty() && shorter.notes.is_empty() {
        return Ok(writer.written(page, &secrets, stack, &left));
    }
    let (page, secrets) = writer.page(&left, None);
    let stack = read(draft, &page.text, &secrets)?;
    Ok(writer.written(page, &secrets, stack, &left))
}

/// Reads the text as the next run will.
fn read(draft: &Draft, text: &str, secrets: &Secrets) -> Result<Stack, Vec<Problem>> {
    let source = source(text.to_owned());
    let around = LoadContext {
        identity: draft.identity.clone(),
        account_is_known: true,
        region_is_known: true,
        variables: secrets.values(),
        var_files: Vec::new(),
        environment: &|_| None,
        elsewhere: &|_| false,
        read: &|_| Err(io::ErrorKind::NotFound.into()),
    };
    load::load(&source, &around)
}

fn source(text: String) -> Source {
    let path = "stack.toml".into();
    Source { path, text }
}

/// Everything that tables refer to each other by.
struct Writer<'a> {
    draft: &'a Draft,
    /// What is declared, by address.
    found: BTreeMap<Address, &'a LiveResource>,
    addresses: BTreeMap<String, Address>,
    mentions: Mentions,
    /// The keys of resources by name.
    names: BTreeMap<(Kind, String), String>,
    /// Tags that every resource has.
    common: Tags,
    /// What is said in fewer words.
    shorter: &'a Shorter,
}

impl<'a> Writer<'a> {
    fn new(draft: &'a Draft, left: &Left, shorter: &'a Shorter) -> Self {
        let found: Vec<&LiveResource> = draft.found.iter().collect();
        let addresses = keys::addresses(&found, &draft.stack);
        let found: BTreeMap<Address, &LiveResource> = addresses
            .into_iter()
            .zip(found)
            .filter(|(address, _)| !left.omits(address))
            .collect();
        let mut writer = Self {
            draft,
            addresses: found
                .iter()
                .map(|(address, found)| (found.arn().to_owned(), address.clone()))
                .collect(),
            mentions: Mentions::default(),
            names: BTreeMap::new(),
            common: common(&found),
            found,
            shorter,
        };
        for (address, found) in &writer.found {
            for attribute in declare::mentioned(address.kind) {
                if let Some(said) = found.attributes.get(attribute) {
                    writer.mentions.insert(address, *attribute, said.clone());
                }
            }
            let name = (address.kind, found.resource.name().to_owned());
            writer.names.insert(name, address.key.clone());
        }
        if let Some(id) = &draft.existing_workspace {
            writer.mention_existing(id);
        }
        writer
    }

    fn mention_existing(&mut self, id: &str) {
        let identity = &self.draft.identity;
        let endpoint = identity.workspace_endpoint(&identity.region, id);
        for (attribute, said) in [
            (Attribute::Arn, identity.workspace_arn(id)),
            (Attribute::RemoteWriteUrl, remote_write_url(&endpoint)),
            (Attribute::QueryUrl, query_url(&endpoint)),
            (Attribute::Endpoint, endpoint.clone()),
        ] {
            self.mentions.insert(&Address::workspace(), attribute, said);
        }
    }

    /// The whole file or, if `only` is given, without the others of that kind.
    fn page(&self, left: &Left, only: Option<&Address>) -> (Page, Secrets) {
        let mut secrets = Secrets::default();
        let mut tables = Vec::new();
        let sections = ROOT.fields.iter();
        let kind = |key: &str| Kind::ALL.into_iter().find(|kind| kind.table() == key);
        for kind in sections.filter_map(|section| kind(section.key)) {
            let of_kind = self.found.iter().filter(|(a, _)| a.kind == kind);
            let is_left_out = |a: &Address| only.is_some_and(|o| o.kind == a.kind && o != a);
            for (address, found) in of_kind.filter(|(a, _)| !is_left_out(a)) {
                tables.push((address, self.resource(address, found, left, &mut secrets)));
            }
        }
        let common = tag_table(&self.common, &Address::workspace(), &mut secrets);
        // What is left as it is needs no variables.
        secrets.retain(|name| {
            let mention = format!("${{var.{name}}}");
            common.holds(&mention) || tables.iter().any(|(_, table)| table.holds(&mention))
        });
        let mut page = Page::default();
        page.note(&self.preamble());
        for paragraph in &self.draft.preface {
            page.note("");
            page.note(paragraph);
        }
        page.table(&["stack"], &self.header());
        if secrets.iter().next().is_some() {
            page.table(&["variables"], &variables(&secrets));
        }
        if !common.entries.is_empty() {
            page.table(&["tags"], &common);
        }
        if let Some(id) = &self.draft.existing_workspace {
            let mut table = Table::section();
            table.put_literal("id", id);
            page.table(&["workspace"], &table);
        }
        for (address, table) in &tables {
            let table_name = address.kind.table();
            if address.kind.is_single() {
                page.table(&[table_name], table);
            } else {
                page.table(&[table_name, &address.key], table);
            }
        }
        (page, secrets)
    }

    fn preamble(&self) -> String {
        let Identity {
            account, region, ..
        } = &self.draft.identity;
        let adopts = self.found.values().any(|found| !is_ours(found));
        let adopt = if adopts {
            " `adopt` lets the first `apply` take over what exists; after that it means nothing and may go."
        } else {
            ""
        };
        format!("What lives in the account {account}, in {region}, as it was imported.{adopt}")
    }

    fn header(&self) -> Table {
        let mut table = Table::section();
        table.put_literal("name", self.draft.stack.as_str());
        table.put_literal("region", &self.draft.identity.region);
        table.put_literal("account", &self.draft.identity.account);
        if let Some(Access::Role(role)) = &self.draft.access {
            let arn = role.arn.to_string();
            if let Some(id) = &role.external_id {
                let mut access = Table::default();
                access.put_literal("role_arn", &arn);
                access.put_literal("external_id", id);
                table.put("assume_role", Value::Table(access));
            } else {
                table.put_literal("assume_role", &arn);
            }
        }
        table
    }

    fn resource(
        &self,
        address: &Address,
        found: &LiveResource,
        left: &Left,
        secrets: &mut Secrets,
    ) -> Table {
        let identity = &self.draft.identity;
        let mut speller = Speller {
            address,
            mentions: &self.mentions,
            secrets,
        };
        let writing = Writing {
            form: self.shorter.forms.get(address),
            identity,
            addresses: &self.addresses,
            names: &self.names,
        };
        let mut table = declare::table(&found.resource, &writing, &mut speller);
        for path in left.entries(address) {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            table.remove(&path);
        }
        for path in self.shorter.implied.get(address).into_iter().flatten() {
            table.take(path);
        }
        let own: Tags = own_tags(&found.resource)
            .filter(|(key, _)| !self.common.contains_key(*key))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let own = tag_table(&own, address, secrets);
        lifecycle(&mut table, found, left.ignored(address));
        if !own.entries.is_empty() {
            table.put("tags", Value::Table(own));
        }
        let notes = self.draft.notes.get(found.arn()).cloned();
        let longer = self
            .shorter
            .notes
            .iter()
            .filter(|one| one.address == *address);
        let longer = longer.map(|one| format!("{} is a collector. {}.", one.path, one.why));
        let notes: Vec<String> = notes.into_iter().flatten().chain(longer).collect();
        table.notes.splice(0..0, notes);
        table
    }

    fn written(&self, page: Page, secrets: &Secrets, stack: Stack, left: &Left) -> Written {
        let source = source(page.text);
        Written {
            text: format(&source).expect("what was read as a stack file is TOML"),
            secrets: secrets.values(),
            stack,
            addresses: self.addresses.clone(),
            left: left.ignored_everywhere(),
            omitted: left.omitted(),
            longer: self.shorter.notes.clone(),
        }
    }
}
