//! What lives in a fake cloud.

use std::collections::BTreeMap;

use crate::{
    cloud::Call,
    kinds::{
        Resource,
        fake::Refused,
        kind::{IdentifiedBy, Scope},
    },
    model::{
        address::Kind,
        call::Reply,
        identity::Identity,
        live::{Attributes, Fact, TakenName},
        query::Query,
        running::Running,
        service::{Controller, Service, ServiceName},
        tags::{self, STACK_TAG},
        template::Attribute,
    },
    snapshot::{LiveResource, Snapshot},
    testing::rules,
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
    /// How many things AWS has given an id to.
    ids_ever: u32,
    /// How many things calls have made whose names alone don't say that they are new.
    made_ever: u32,
    /// The last revision by kind and name; numbers are never used again (ECS API reference,
    /// `RegisterTaskDefinition`).
    last_revisions: BTreeMap<(Kind, String), u32>,
    pub(crate) dangling: Vec<Dangling>,
    /// What runs, as whoever looks sees it.
    pub(crate) running: Option<Running>,
    /// The services that there are, whoever made them.
    pub(crate) services: BTreeMap<ServiceName, Service>,
}

fn key(kind: Kind, target: &str) -> (Kind, String) {
    (kind, Resource::key(kind, target))
}

impl World {
    pub(crate) fn new(identity: Identity) -> Self {
        Self {
            identity,
            things: BTreeMap::new(),
            ids_ever: 0,
            made_ever: 0,
            last_revisions: BTreeMap::new(),
            dangling: Vec::new(),
            running: None,
            services: BTreeMap::new(),
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
        let kind = resource.kind();
        if let Some(last) = resource.number_existing() {
            let name = resource.name().to_owned();
            self.last_revisions.insert((kind, name), last);
        }
        let target = match Resource::identified_by(kind) {
            IdentifiedBy::Tags => self.new_id(),
            IdentifiedBy::Name => resource.name().to_owned(),
        };
        let thing = FakeResource {
            target: target.clone(),
            resource,
            facts,
        };
        let place = key(kind, &target);
        self.things.insert(place, thing);
        target
    }

    pub(crate) fn mutate(&mut self, mut edit: impl FnMut(&mut FakeResource) -> bool) {
        self.things.retain(|_, thing| edit(thing));
    }

    /// An id that AWS gives to what has no unique name.
    fn new_id(&mut self) -> String {
        self.ids_ever += 1;
        format!("ws-{}", self.ids_ever)
    }

    /// What can be read of something new besides its state.
    fn new_facts(&mut self, kind: Kind) -> Vec<Fact> {
        if !Resource::has_unique_id(kind) {
            return Vec::new();
        }
        self.made_ever += 1;
        vec![Fact::UniqueId(self.made_ever.to_string())]
    }

    /// Brings a service to the newest revision of what runs in it (ECS API reference,
    /// `UpdateService`).
    fn roll_out(&mut self, call: &Call, name: &ServiceName) -> Result<Reply, Refused> {
        let thing = self.thing(call.address.kind, &call.target);
        let there = thing.and_then(|thing| thing.resource.newest_revision());
        let obstacles = thing.map(|thing| thing.resource.express_obstacles());
        let obstacles = obstacles.unwrap_or_default();
        let (Some(revision), true) = (call.revision, there == call.revision) else {
            let message = format!("{} has no revision {:?}", call.target, call.revision);
            return Err(Refused::new("ClientException", message));
        };
        let Some(Service::There(service)) = self.services.get_mut(name) else {
            let message = format!("there is no service {name}");
            return Err(Refused::new("ServiceNotFoundException", message));
        };
        let is_express = call.change.operation() == "ecs:UpdateExpressGatewayService";
        // Each has a call of its own (ECS API reference, `UpdateExpressGatewayService`).
        if is_express != (service.controller == Controller::Express) {
            let message = format!("{} is no way to deploy to {name}", call.change.operation());
            return Err(Refused::new("InvalidParameterException", message));
        }
        if let Some(obstacle) = obstacles.first().filter(|_| is_express) {
            return Err(Refused::new("InvalidParameterException", obstacle.clone()));
        }
        service.runs = Some((call.target.clone(), revision));
        service.failed.remove(&revision);
        service.is_stranded = false;
        Ok(Reply::default())
    }

    /// Brings the service of a rollout back to what it ran before, as a circuit breaker does.
    pub(crate) fn take_back(&mut self, call: &Call) {
        let Some((name, from)) = call.change.rolls_out() else {
            return;
        };
        if let Some(Service::There(service)) = self.services.get_mut(name) {
            let failed = "ROLLBACK_SUCCESSFUL".to_owned();
            service.failed.extend(call.revision.map(|to| (to, failed)));
            service.runs = from.map(|from| (call.target.clone(), from));
        }
    }

    pub(crate) fn perform(&mut self, call: &Call) -> Result<Reply, Refused> {
        if let Some((service, _)) = call.change.rolls_out() {
            return self.roll_out(call, service);
        }
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
        if let Some(to) = &mut to {
            let last = self.last_revisions.entry((kind, to.name().to_owned()));
            revision = to.finish_call(from, &call.change, last.or_default());
        }
        let Some(resource) = to else {
            self.things.remove(&place);
            self.note_dangling(before);
            return Ok(Reply::default());
        };
        let gets_id = before.is_none() && Resource::identified_by(kind) == IdentifiedBy::Tags;
        let thing = FakeResource {
            target: if gets_id {
                self.new_id()
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
            ..Reply::default()
        })
    }

    fn note_dangling(&mut self, removed: Option<FakeResource>) {
        let Some(removed) = removed else {
            return;
        };
        let arn = self.attributes(&removed).remove(&Attribute::Arn);
        let identifier = match Resource::identified_by(removed.resource.kind()) {
            IdentifiedBy::Tags => removed.target.clone(),
            IdentifiedBy::Name => arn.unwrap_or_default(),
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

    fn attributes(&self, thing: &FakeResource) -> Attributes {
        let resource = &thing.resource;
        resource.live_attributes(&self.identity, &thing.target)
    }

    pub(crate) fn observe(&self, query: &Query) -> Snapshot {
        let services: BTreeMap<ServiceName, Service> = query
            .services
            .iter()
            .map(|name| {
                let service = self.services.get(name).cloned();
                (name.clone(), service.unwrap_or(Service::NoService))
            })
            .collect();
        let found = self.things.values().filter_map(|thing| {
            let mut resource = visible(&thing.resource, query)?;
            resource.note_services(&services);
            Some(LiveResource {
                owner: owner(&resource, query),
                resource,
                attributes: self.attributes(thing),
                facts: thing.facts.clone(),
            })
        });
        let roles = self.things.values().filter_map(|thing| {
            Some(TakenName {
                name: thing.resource.name().to_owned(),
                arn: thing.resource.account_wide_arn(&self.identity)?,
                owner: owner(&thing.resource, query),
            })
        });
        Snapshot {
            identity: self.identity.clone(),
            found: found.collect(),
            roles: roles.collect(),
            running: self.running.clone().filter(|_| query.removal),
            services: services.clone(),
            mentions: BTreeMap::new(),
            quotas: BTreeMap::new(),
        }
    }
}

fn owner(resource: &Resource, query: &Query) -> tags::Owner {
    let tags = resource.tags().iter();
    let tags = tags
        .map(|(key, value)| (key.clone(), value.to_string()))
        .collect();
    match Resource::scope(resource.kind()) {
        Scope::Account => query.owner_of_role(&tags),
        Scope::Region => query.owner(&tags),
    }
}

/// What `query` shows of it, spelled as AWS may spell it.
fn visible(resource: &Resource, query: &Query) -> Option<Resource> {
    let mut resource = resource.clone();
    resource.respell();
    resource.hide_unread(query).then_some(resource)
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
