//! ECS task definitions: which revisions of a family are ours, and what the newest of them says.

mod active;
mod digest;
mod perform;
mod register;
mod revision;
mod rollout;
mod running;
mod served;
mod services;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use aws_sdk_ecs::types::{TaskDefinitionFamilyStatus, TaskDefinitionStatus};

use crate::{
    aws::{Aws, all, live_tags, tagging::Tagged, tags_of_aws},
    kinds::{
        live::{Follow, InAws, Ours, Reading, Seen, Target},
        task_definition::{Change, Document, Newer, TaskDefinition},
    },
    model::{
        address::Kind,
        call::{CallError, Reply},
        live::Live,
        query::Query,
        running::Running,
        service::{Service, ServiceName},
        tags::Owner,
        template::{Attribute, Template},
    },
};
use active::Revisions;
use revision::{Known, Revision, Status};

impl InAws for TaskDefinition {
    fn ask_early(aws: &Aws, queries: &[Arc<Query>]) {
        let families = declared(queries);
        let active = TaskDefinitionStatus::Active;
        aws.ask_early(question(families), move |aws| async move {
            active::in_bulk(&aws, active, families).await
        });
    }

    async fn observe(reading: &Reading) -> Result<Vec<Seen<Self>>, CallError> {
        let families = declared(&reading.queries);
        let active = TaskDefinitionStatus::Active;
        let active = active::in_bulk(&reading.aws, active, families);
        let active = reading.aws.answer(question(families), active);
        let (active, tagged, ours) =
            tokio::try_join!(active, reading.tagged(), mentioned_by(reading))?;
        let active = active.map(Arc::new);
        let per_query = reading.queries.iter().zip(tagged).zip(ours);
        let found = all(per_query, |((query, tagged), ours)| {
            let (aws, query) = (reading.aws.clone(), Arc::clone(query));
            let (active, tagged) = (active.clone(), tagged.clone());
            async move { observe_listed(&aws, &query, &tagged, active, ours).await }
        });
        let mut seen: Vec<_> = found.await?.into_iter().map(Seen::of).collect();
        served::complete(reading, &mut seen).await?;
        Ok(seen)
    }

    /// Inactive revisions are left over when a family goes.
    async fn with_remains(
        reading: &Reading,
        found: Vec<Vec<Live<Self>>>,
    ) -> Result<Vec<Vec<Live<Self>>>, CallError> {
        let per_query = reading.queries.iter().zip(reading.tagged().await?);
        let found = all(per_query.zip(found), |((query, tagged), found)| {
            let (aws, query, tagged) = (reading.aws.clone(), Arc::clone(query), tagged.clone());
            async move { with_inactive(&aws, &query, &tagged, found).await }
        });
        found.await
    }

    /// Services and tasks run revisions, and whatever those need.
    async fn running(reading: &Reading) -> Result<Option<Running>, CallError> {
        let at_stake = || reading.queries.iter().filter(|query| query.removal);
        let Some(query) = at_stake().next() else {
            return Ok(None);
        };
        let needs = at_stake().any(|query| query.needs);
        let running = running::observe(&reading.aws, &query.identity, needs).await?;
        Ok(Some(running))
    }

    /// What services run is all that is decided about them.
    async fn services(reading: &Reading) -> Result<BTreeMap<ServiceName, Service>, CallError> {
        let read = || services::observe(&reading.aws, &reading.queries);
        reading.services(read).await
    }

    async fn follow(aws: &Aws, rollout: &Follow<'_>) -> Result<Reply, CallError> {
        rollout::follow(aws, rollout).await
    }

    async fn perform(aws: &Aws, target: &Target<'_>, change: &Change) -> Result<Reply, CallError> {
        perform::perform(aws, target, change).await
    }
}

/// How many families the stacks declare.
fn declared(queries: &[Arc<Query>]) -> usize {
    let families = queries.iter().flat_map(|query| query.families.keys());
    families.collect::<BTreeSet<_>>().len()
}

/// The name of the question which revisions are active, if so many families are wanted.
fn question(families: usize) -> String {
    format!("{} {families}", revision::LIST)
}

/// For each query, the attributes of what lives of the stack, of the kinds that its definitions
/// mention. Of what is of this kind nothing is known yet.
async fn mentioned_by(reading: &Reading) -> Result<Vec<Arc<Ours>>, CallError> {
    let mut kinds = BTreeSet::new();
    let queries = reading.queries.iter();
    for definition in queries.flat_map(|query| query.families.values().flatten()) {
        let mut note = |text: &Template| {
            kinds.extend(text.references().into_iter().map(|r| r.address.kind));
        };
        definition.document.each_template(&mut note);
        definition.tags.values().for_each(note);
    }
    kinds.remove(&Kind::TaskDefinition);
    let mut all = vec![Ours::new(); reading.queries.len()];
    for kind in kinds {
        for (all, ours) in all.iter_mut().zip(reading.ours(kind).await) {
            all.extend(ours.clone());
        }
    }
    Ok(all.into_iter().map(Arc::new).collect())
}

/// Reads the families that the stack declares and those that hold revisions of its own.
pub(crate) async fn observe(
    aws: &Aws,
    query: &Arc<Query>,
    tagged: &Tagged,
) -> Result<Vec<Live<TaskDefinition>>, CallError> {
    observe_listed(aws, query, tagged, None, Arc::default()).await
}

/// Reads the same families. The active revisions are those in `active`, if they are known; `ours`
/// are the attributes of what else lives of the stack.
///
/// A family whose table has just left the file is found by its tags alone, and the tagging API may
/// not list yet what was registered moments ago; it documents no bound. Until it does, nothing
/// shows that the family names a role of the stack: ECS lists families by name only (ECS API
/// reference, `ListTaskDefinitionFamilies`), and says whose one is, and what it names, in a call
/// for each, of which an account may have thousands. So a role, or a log group, whose table left at
/// the same moment may go one plan before the family. What a service or a task runs is read by
/// itself, whoever registered it, and holds both back.
async fn observe_listed(
    aws: &Aws,
    query: &Arc<Query>,
    tagged: &Tagged,
    active: Option<Arc<Revisions>>,
    ours: Arc<Ours>,
) -> Result<Vec<Live<TaskDefinition>>, CallError> {
    let mut families = tagged.revisions.clone();
    for family in query.families.keys() {
        families.entry(family.clone()).or_default();
    }
    let found = all(families, |(family, tagged)| {
        let (aws, query, ours) = (aws.clone(), Arc::clone(query), Arc::clone(&ours));
        let active = active.as_ref().map(|active| active.get(&family).cloned());
        async move {
            let active = match active {
                Some(listed) => listed.unwrap_or_default(),
                None => revision::list(&aws, &family, TaskDefinitionStatus::Active).await?,
            };
            observe_family(&aws, &query, &family, (&tagged, &active), &ours).await
        }
    });
    let found = found.await?.into_iter().flatten().collect();
    if !query.removal {
        return Ok(found);
    }
    with_inactive(aws, query, tagged, found).await
}

/// The names of all families that have an active revision.
pub(crate) async fn families(aws: &Aws) -> Result<Vec<String>, CallError> {
    let request = aws.ecs.client.list_task_definition_families();
    let active = TaskDefinitionFamilyStatus::Active;
    let pages = request.status(active).into_paginator().items().send();
    let operation = "ecs:ListTaskDefinitionFamilies";
    aws.ecs.call(operation, pages.try_collect()).await
}

/// What the newest active revision of `family` says; `None` if there is none.
pub(crate) async fn newest(aws: &Aws, family: &str) -> Result<Option<Document>, CallError> {
    let revision = revision::describe(aws, family).await?;
    Ok(revision.map(|revision| revision.document))
}

fn stays(query: &Query, family: &str) -> bool {
    !query.destroy && query.families.contains_key(family)
}

async fn observe_family(
    aws: &Aws,
    query: &Query,
    family: &str,
    (tagged, active): (&BTreeMap<u32, BTreeMap<String, String>>, &BTreeSet<u32>),
    stack: &Ours,
) -> Result<Option<Live<TaskDefinition>>, CallError> {
    let last = active.last().copied();
    let mut known = Known::new(aws, query, family, tagged, last, stack);
    let mut ours = known.ours_of(active).await?;
    // A family that does not stay and of which only our inactive revisions matter is ours to clean
    // up, whoever goes on with it.
    let only_remains = ours.is_empty() && !stays(query, family);
    let own = ours.pop_last();
    let current = match own.or(last).filter(|_| !only_remains) {
        Some(newest) => known.get(newest).await?,
        None => None,
    };
    let Some(current) = current.filter(|revision| revision.status == Status::Active) else {
        return Ok(None);
    };
    // What nobody wants any more has nothing to do with what others go on with.
    let others = last.filter(|last| stays(query, family) && own.is_some_and(|own| own < *last));
    let newer = match others {
        Some(number) => known.get(number).await?,
        None => None,
    };
    let newer = newer.filter(|newer| newer.status == Status::Active);
    // Whoever of two stacks registers last would win for a while: only one can have the family.
    let is_anothers = |newer: &Revision| matches!(owner(query, newer), Owner::OtherStack(_));
    let (current, newer) = match newer {
        Some(newer) if is_anothers(&newer) => (newer, None),
        newer => (current, newer),
    };
    Ok(Some(live(query, family, current, newer, ours)))
}

fn owner(query: &Query, revision: &Revision) -> Owner {
    query.owner(&revision.tags)
}

/// The family with its newest revision of ours, and the one of somebody else that is `newer`.
fn live(
    query: &Query,
    family: &str,
    current: Revision,
    newer: Option<Revision>,
    older: BTreeSet<u32>,
) -> Live<TaskDefinition> {
    let newest = newer.as_ref().unwrap_or(&current);
    Live {
        owner: owner(query, &current),
        attributes: attributes(family, newest.arn.clone()),
        facts: tags_of_aws(&newest.tags).into_iter().collect(),
        resource: TaskDefinition {
            document: Some(current.document),
            tags: live_tags(&current.tags),
            revision: Some(current.number),
            older,
            newer: newer.map(|newer| Newer {
                revision: newer.number,
                document: newer.document,
                tags: live_tags(&newer.tags),
                registered_by: newer.registered_by,
            }),
            ..TaskDefinition::empty(family)
        },
    }
}

/// Adds to what was `found` the inactive revisions of ours, of the families that do not stay.
async fn with_inactive(
    aws: &Aws,
    query: &Arc<Query>,
    tagged: &Tagged,
    mut found: Vec<Live<TaskDefinition>>,
) -> Result<Vec<Live<TaskDefinition>>, CallError> {
    let mut families = tagged.revisions.clone();
    for family in found.iter().map(|found| &found.resource.family) {
        families.entry(family.clone()).or_default();
    }
    families.retain(|family, _| !stays(query, family));
    let status = TaskDefinitionStatus::Inactive;
    let listed = active::in_bulk(aws, status, families.len()).await?;
    let inactive = all(families, |(family, tagged)| {
        let (aws, query) = (aws.clone(), Arc::clone(query));
        let listed = listed.as_ref().map(|listed| listed.get(&family).cloned());
        async move {
            let listed = match listed {
                Some(listed) => listed.unwrap_or_default(),
                None => revision::list(&aws, &family, TaskDefinitionStatus::Inactive).await?,
            };
            let nothing = Ours::new();
            let mut known = Known::new(&aws, &query, &family, &tagged, None, &nothing);
            let ours = known.ours_of(&listed).await?;
            let owner = ours.last().map(|newest| known.owner(*newest));
            Ok((family, ours, owner))
        }
    });
    for (family, inactive, owner) in inactive.await? {
        let mut live = found.iter_mut();
        if let Some(live) = live.find(|found| found.resource.family == family) {
            live.resource.inactive = inactive;
        } else if let Some(owner) = owner {
            found.extend(remains(query, &family, inactive, owner));
        }
    }
    Ok(found)
}

/// The family of which only inactive revisions are ours, if there are any.
fn remains(
    query: &Query,
    family: &str,
    inactive: BTreeSet<u32>,
    owner: Owner,
) -> Option<Live<TaskDefinition>> {
    let newest = *inactive.last()?;
    Some(Live {
        resource: TaskDefinition {
            inactive,
            ..TaskDefinition::empty(family)
        },
        owner,
        attributes: attributes(family, query.identity.task_definition_arn(family, newest)),
        facts: Vec::new(),
    })
}

fn attributes(family: &str, arn: String) -> BTreeMap<Attribute, String> {
    BTreeMap::from([
        (Attribute::Arn, arn),
        (Attribute::Family, family.to_owned()),
    ])
}
