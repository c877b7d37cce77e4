//! What lives in a fake cloud.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    cloud::Call,
    kinds::{
        Change, Resource,
        task_definition::{self, Document, TaskDefinition},
    },
    model::{
        address::Kind,
        call::Reply,
        identity::{Identity, query_url, remote_write_url},
        live::{Fact, TakenName},
        policy::Policy,
        query::Query,
        tags::{self, STACK_TAG},
        template::Attribute,
    },
    snapshot::{LiveResource, Snapshot},
    testing::rules::{self, Refused},
};

/// Something that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FakeResource {
    /// The name that calls know it by: the name of a role or log group, the family, or the id of a
    /// workspace.
    pub target: String,
    /// Its state.
    pub resource: Resource,
    /// What else can be read of it.
    pub facts: Vec<Fact>,
}

/// Something that was removed although something of the same stack mentioned it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dangling {
    /// What was removed.
    pub removed: FakeResource,
    /// What mentioned it.
    pub mentioned_by: FakeResource,
}

#[derive(Debug)]
pub(crate) struct World {
    identity: Identity,
    /// By kind and key, which is unique.
    things: BTreeMap<(Kind, String), FakeResource>,
    workspaces_ever: u32,
    /// How many things calls have made of which the name alone does not tell that they are new.
    made_ever: u32,
    /// The last revision of every family; numbers are never used again (ECS API reference,
    /// `RegisterTaskDefinition`).
    last_revisions: BTreeMap<String, u32>,
    pub(crate) dangling: Vec<Dangling>,
}

/// What two things of one kind can't share (IAM API reference, `CreateRole`: case does not
/// distinguish names).
fn key(kind: Kind, target: &str) -> (Kind, String) {
    match kind {
        Kind::Role => (kind, target.to_ascii_lowercase()),
        Kind::LogGroup | Kind::Workspace | Kind::TaskDefinition => (kind, target.to_owned()),
    }
}

impl World {
    pub(crate) fn new(identity: Identity) -> Self {
        Self {
            identity,
            things: BTreeMap::new(),
            workspaces_ever: 0,
            made_ever: 0,
            last_revisions: BTreeMap::new(),
            dangling: Vec::new(),
        }
    }

    pub(crate) fn things(&self) -> Vec<FakeResource> {
        self.things.values().cloned().collect()
    }

    /// What stands under exactly this name.
    pub(crate) fn thing(&self, kind: Kind, target: &str) -> Option<&FakeResource> {
        let thing = self.things.get(&key(kind, target));
        thing.filter(|thing| thing.target == target)
    }

    pub(crate) fn put(&mut self, mut resource: Resource, facts: Vec<Fact>) -> String {
        if let Resource::TaskDefinition(family) = &mut resource {
            let known = family.active().into_iter().chain(family.inactive.clone());
            let last = known.max().unwrap_or_default();
            let last = if family.document.is_some() && family.revision.is_none() {
                family.revision = Some(last + 1);
                last + 1
            } else {
                last
            };
            self.last_revisions.insert(family.family.clone(), last);
        }
        let target = match &resource {
            Resource::Workspace(_) => self.new_workspace_id(),
            Resource::LogGroup(_) | Resource::Role(_) | Resource::TaskDefinition(_) => {
                resource.name().to_owned()
            }
        };
        let thing = FakeResource {
            target: target.clone(),
            resource,
            facts,
        };
        let place = key(thing.resource.kind(), &target);
        self.things.insert(place, thing);
        target
    }

    pub(crate) fn mutate(&mut self, mut edit: impl FnMut(&mut FakeResource) -> bool) {
        self.things.retain(|_, thing| edit(thing));
    }

    fn new_workspace_id(&mut self) -> String {
        self.workspaces_ever += 1;
        format!("ws-{}", self.workspaces_ever)
    }

    /// What can be read of something new besides its state.
    fn new_facts(&mut self, kind: Kind) -> Vec<Fact> {
        match kind {
            Kind::LogGroup | Kind::Role => {
                self.made_ever += 1;
                vec![Fact::UniqueId(self.made_ever.to_string())]
            }
            Kind::Workspace | Kind::TaskDefinition => Vec::new(),
        }
    }

    pub(crate) fn perform(&mut self, call: &Call) -> Result<Reply, Refused> {
        let kind = call.address.kind;
        let place = key(kind, &call.target);
        rules::check(
            call,
            self.thing(kind, &call.target),
            self.things.get(&place),
        )?;
        let before = self.things.get(&place).cloned();
        let from = before.as_ref().map(|thing| &thing.resource);
        let mut to = Resource::apply_change(from, &call.change);
        to.as_ref().map_or(Ok(()), rules::check_result)?;
        let mut revision = None;
        if let Some(Resource::TaskDefinition(family)) = &mut to {
            revision = self.number(call, from.and_then(Resource::task_definition), family);
        }
        let Some(resource) = to else {
            self.things.remove(&place);
            self.note_dangling(before);
            return Ok(Reply::default());
        };
        let is_new_workspace = before.is_none() && kind == Kind::Workspace;
        let thing = FakeResource {
            target: if is_new_workspace {
                self.new_workspace_id()
            } else {
                call.target.clone()
            },
            resource,
            facts: before.map_or_else(|| self.new_facts(kind), |thing| thing.facts),
        };
        let attributes = self.attributes(&thing);
        self.things.insert(key(kind, &thing.target), thing);
        Ok(Reply {
            attributes,
            revision,
            request_id: None,
        })
    }

    /// Numbers a new revision, and forgets revisions that belong to whoever owned the family
    /// before.
    fn number(
        &mut self,
        call: &Call,
        before: Option<&TaskDefinition>,
        family: &mut TaskDefinition,
    ) -> Option<u32> {
        if let Some(before) = before {
            let owner = |family: &TaskDefinition| family.tags.get(STACK_TAG).cloned();
            if before.document.is_some() && owner(before) != owner(family) {
                family.older = BTreeSet::new();
            }
            // Inactive revisions keep their tags.
            if family.document.is_none() {
                family.tags.clone_from(&before.tags);
            }
        }
        match &call.change {
            Change::TaskDefinition(task_definition::Change::Register { .. }) => {
                let last = self.last_revisions.entry(family.family.clone());
                let last = last.or_default();
                *last += 1;
                family.revision = Some(*last);
                family.revision
            }
            Change::TaskDefinition(_)
            | Change::LogGroup(_)
            | Change::Workspace(_)
            | Change::Role(_) => None,
        }
    }

    fn note_dangling(&mut self, removed: Option<FakeResource>) {
        let Some(removed) = removed else {
            return;
        };
        let arn = self.attributes(&removed).remove(&Attribute::Arn);
        let identifier = match removed.resource {
            Resource::Workspace(_) => removed.target.clone(),
            Resource::LogGroup(_) | Resource::Role(_) | Resource::TaskDefinition(_) => {
                arn.unwrap_or_default()
            }
        };
        let stack = removed.resource.tags().get(STACK_TAG);
        for thing in self.things.values() {
            let is_of_the_same_stack = thing.resource.tags().get(STACK_TAG) == stack;
            if is_of_the_same_stack && mentions(&thing.resource, &removed.target, &identifier) {
                self.dangling.push(Dangling {
                    removed: removed.clone(),
                    mentioned_by: thing.clone(),
                });
            }
        }
    }

    fn attributes(&self, thing: &FakeResource) -> BTreeMap<Attribute, String> {
        let identity = &self.identity;
        let target = thing.target.clone();
        match &thing.resource {
            Resource::LogGroup(_) => {
                BTreeMap::from([(Attribute::Arn, identity.log_group_arn(&target))])
            }
            Resource::Role(role) => {
                BTreeMap::from([(Attribute::Arn, identity.role_arn(&role.path, &target))])
            }
            Resource::TaskDefinition(family) => {
                let newest = family.revision.or(family.inactive.last().copied());
                let arn = identity.task_definition_arn(&target, newest.unwrap_or_default());
                BTreeMap::from([(Attribute::Arn, arn)])
            }
            Resource::Workspace(_) => {
                let endpoint = identity.workspace_endpoint(&identity.region, &target);
                BTreeMap::from([
                    (Attribute::Arn, identity.workspace_arn(&target)),
                    (Attribute::RemoteWriteUrl, remote_write_url(&endpoint)),
                    (Attribute::QueryUrl, query_url(&endpoint)),
                    (Attribute::Endpoint, endpoint),
                    (Attribute::Id, target),
                ])
            }
        }
    }

    pub(crate) fn observe(&self, query: &Query) -> Snapshot {
        let found = self.things.values().filter_map(|thing| {
            Some(LiveResource {
                resource: visible(&thing.resource, query)?,
                owner: owner(thing, query),
                attributes: self.attributes(thing),
                facts: thing.facts.clone(),
            })
        });
        let roles = self.things.values().filter_map(|thing| {
            let role = thing.resource.role()?;
            Some(TakenName {
                name: role.name.clone(),
                arn: self.identity.role_arn(&role.path, &role.name),
                owner: owner(thing, query),
            })
        });
        Snapshot {
            identity: self.identity.clone(),
            found: found.collect(),
            roles: roles.collect(),
        }
    }
}

fn owner(thing: &FakeResource, query: &Query) -> tags::Owner {
    let tags = thing.resource.tags().iter();
    let tags = tags
        .map(|(key, value)| (key.clone(), value.to_string()))
        .collect();
    let owner = match thing.resource.kind() {
        Kind::Role => tags::owner_of_role,
        Kind::LogGroup | Kind::Workspace | Kind::TaskDefinition => tags::owner,
    };
    owner(&tags, &query.stack, &query.identity.region)
}

/// What `query` shows: inactive revisions are read only when something is to be removed.
fn visible(resource: &Resource, query: &Query) -> Option<Resource> {
    let mut resource = respelled(resource);
    if let Resource::TaskDefinition(family) = &mut resource
        && !query.removal
    {
        family.inactive = BTreeSet::new();
        if family.active().is_empty() {
            return None;
        }
    }
    Some(resource)
}

/// The same state with documents as AWS may give them back: reordered, with defaults filled in, and
/// single values as lists.
fn respelled(resource: &Resource) -> Resource {
    let mut resource = resource.clone();
    match &mut resource {
        Resource::LogGroup(_) | Resource::Workspace(_) => {}
        Resource::Role(role) => {
            let inline = role.inline_policies.values_mut();
            for policy in inline.chain([&mut role.trust]) {
                *policy = Policy::new(policy.shown());
            }
        }
        Resource::TaskDefinition(family) => {
            if let Some(document) = &mut family.document {
                *document = Document::new(document.normal().clone());
            }
        }
    }
    resource
}

/// Returns whether a text of `resource` is `name`, or holds `identifier` other than as a part of a
/// longer one.
fn mentions(resource: &Resource, name: &str, identifier: &str) -> bool {
    let goes_on = |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-');
    let mut found = false;
    resource.each_template(&mut |text| {
        let text = text.to_string();
        let mut places = text.match_indices(identifier);
        found |= text == name || places.any(|(at, _)| !goes_on(&text[at + identifier.len()..]));
    });
    found
}
