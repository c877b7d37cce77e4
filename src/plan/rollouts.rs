//! What speaks against rolling a resource out to the services that its table names, and what people
//! should know of it.

use std::collections::BTreeMap;

use crate::{
    kinds::Change,
    model::{
        address::Address,
        service::{Controller, LiveService, Rollout, Service, ServiceName},
        tags::Owner,
    },
    plan::{Note, Reason, Refusal, Step},
    snapshot::Snapshot,
    stack::Stack,
};

/// Why a service is not brought to a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// The service.
    pub service: ServiceName,
    /// Why.
    pub why: Why,
}

/// Why a service is not brought to a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// There is no such cluster.
    NoCluster,
    /// The cluster has no such service.
    NoService,
    /// It runs something else than a revision of the family.
    OtherFamily {
        /// The family that is declared.
        family: String,
        /// What it runs: a family, if it says one.
        runs: Option<String>,
    },
    /// Another controller than ECS carries its deployments out, by this name.
    Controller(String),
    /// ECS Express Mode manages it, which does not take such a definition, for these reasons.
    Express(Vec<String>),
    /// Its owner would take the old revision back.
    Owned(Owner),
    /// The last rollout of this revision to it ended badly.
    EndedBadly {
        /// The revision, with its family.
        revision: String,
        /// How it ended.
        how: String,
    },
}

impl Objection {
    /// A short stable name.
    pub fn code(&self) -> &'static str {
        match self.why {
            Why::NoCluster | Why::NoService => "no-such-service",
            Why::OtherFamily { .. } => "service-of-another-family",
            Why::Controller(_) => "service-controller",
            Why::Express(_) => "service-express",
            Why::Owned(_) => "service-owned",
            Why::EndedBadly { .. } => "rolled-back",
        }
    }
}

/// A resource that services are to run, with what is known.
struct Request<'a> {
    /// Where it stands in the stack.
    address: &'a Address,
    /// Its family.
    family: &'a str,
    /// The revision that will be its newest; `None` if it is registered now.
    newest: Option<u32>,
    /// What its table names.
    declared: &'a BTreeMap<ServiceName, Rollout>,
    /// What was read of them.
    live: &'a BTreeMap<ServiceName, Service>,
    /// What keeps services of ECS Express Mode from running it.
    express_obstacles: Vec<String>,
    /// What is to be done.
    changes: &'a [Change],
    /// Whether somebody has asked to try again what ended badly.
    retry: bool,
}

/// What speaks against what is declared, and what people should know.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) refusals: Vec<Refusal>,
    pub(super) notes: Vec<Note>,
}

/// Looks at the services that the table of what `step` builds declares.
pub(super) fn check(step: &Step, stack: &Stack, live: &Snapshot) -> Found {
    let address = &step.id.address;
    let (Some(to), Some(declared)) = (&step.to, stack.resources.get(address)) else {
        return Found::default();
    };
    of_each(&Request {
        address,
        family: to.name(),
        newest: to.newest_revision(),
        express_obstacles: to.express_obstacles(),
        declared: &declared.lifecycle.services,
        live: &live.services,
        changes: &step.changes(),
        retry: stack.retry.contains(address),
    })
}

fn of_each(request: &Request<'_>) -> Found {
    let mut found = Found::default();
    let address = request.address;
    for (name, rollout) in request.declared {
        // Nothing is known of services when everything is removed, and then nothing is rolled out.
        let Some(service) = request.live.get(name) else {
            continue;
        };
        let is_updated = request.changes.iter().any(|change| {
            change
                .rolls_out()
                .is_some_and(|(updated, _)| updated == name)
        });
        let why = match service {
            Service::NoCluster => Some(Why::NoCluster),
            Service::NoService => Some(Why::NoService),
            Service::There(live) => objection(request, live, *rollout, is_updated),
        };
        if let Some(why) = why {
            found.refusals.push(Refusal {
                address: address.clone(),
                reason: Reason::Service(Objection {
                    service: name.clone(),
                    why,
                }),
            });
        } else if let Service::There(live) = service {
            let notes = notes(request, name, live, is_updated).into_iter();
            found
                .notes
                .extend(notes.map(|text| Note::new(address, text)));
        }
    }
    found
}

fn objection(
    request: &Request<'_>,
    live: &LiveService,
    rollout: Rollout,
    is_updated: bool,
) -> Option<Why> {
    if let Controller::Other(name) = &live.controller {
        return Some(Why::Controller(name.clone()));
    }
    let runs = live.runs.as_ref().map(|(family, _)| family);
    if runs.is_none_or(|runs| runs != request.family) {
        return Some(Why::OtherFamily {
            family: request.family.to_owned(),
            runs: runs.cloned(),
        });
    }
    if !is_updated {
        return None;
    }
    if live.controller == Controller::Express && !request.express_obstacles.is_empty() {
        return Some(Why::Express(request.express_obstacles.clone()));
    }
    if matches!(live.owner, Owner::CloudFormation(_)) && !rollout.take_over {
        return Some(Why::Owned(live.owner.clone()));
    }
    let newest = request.newest?;
    let how = live.failed.get(&newest).filter(|_| !request.retry)?;
    Some(Why::EndedBadly {
        revision: format!("{}:{newest}", request.family),
        how: how.clone(),
    })
}

fn notes(
    request: &Request<'_>,
    name: &ServiceName,
    live: &LiveService,
    is_updated: bool,
) -> Vec<String> {
    let mut notes = Vec::new();
    if !is_updated {
        if live.is_deploying {
            notes.push(format!("a deployment of service {name} is still under way"));
        }
        let how = request
            .newest
            .and_then(|newest| Some((newest, live.failed.get(&newest)?)));
        if let Some((newest, how)) = how {
            notes.push(format!(
                "service {name} runs {}:{newest}, whose last rollout ended badly ({how})",
                request.family
            ));
        }
        return notes;
    }
    if live.is_deploying {
        notes.push(format!(
            "a deployment of service {name} is under way, which this rollout takes the place of"
        ));
    }
    if let (Some(unseen), Some(_)) = (&live.unseen, request.newest) {
        notes.push(format!(
            "whether the revision was rolled out to service {name} before and taken back could not be seen: {unseen}"
        ));
    }
    notes.extend(keep_the_owner_from_going_back(name, &live.owner, request));
    notes
}

/// What to write where the service is declared, so that its owner does not take the old revision
/// back.
fn keep_the_owner_from_going_back(
    name: &ServiceName,
    owner: &Owner,
    request: &Request<'_>,
) -> Option<String> {
    let family = request.family;
    match owner {
        Owner::CloudFormation(_) => Some(format!(
            "service {name} belongs to {owner}, whose next update of the service takes its own revision back: give it `TaskDefinition: {family}` without a revision there"
        )),
        Owner::Terraform(_) => Some(format!(
            "service {name} belongs to {owner}, whose next apply takes its own revision back: write `lifecycle {{ ignore_changes = [task_definition] }}` in its `aws_ecs_service`"
        )),
        Owner::OtherStack(_)
        | Owner::OtherRegion { .. }
        | Owner::Ours(_)
        | Owner::Aws
        | Owner::Unknown => None,
    }
}
