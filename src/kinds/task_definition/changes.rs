//! The calls that lead from one state of a family to another.

use std::collections::BTreeSet;

use crate::{
    kinds::task_definition::{Change, TaskDefinition, state::DELETE_BATCH},
    model::{service::Runs, tags},
};

/// The calls that make a family.
pub(super) fn creation(to: &TaskDefinition) -> Vec<Change> {
    let registered = register(to, None).into_iter();
    registered.chain(roll_out(None, to, true)).collect()
}

/// The calls that alter a family.
pub(super) fn updates(from: &TaskDefinition, to: &TaskDefinition) -> Vec<Change> {
    let mut changes = Vec::new();
    let is_new = from.newest_document() != to.newest_document() || from.newest() != to.newest();
    if is_new {
        changes.extend(register(to, way_back(from, to)));
    } else {
        let revision = from.newest();
        changes.extend(tags::calls(
            from.newest_tags(),
            to.newest_tags(),
            false,
            |tags| Change::Tag { revision, tags },
            |keys| Change::Untag { revision, keys },
        ));
    }
    changes.extend(roll_out(Some(from), to, is_new));
    let kept = to.active();
    let retired = from.active().into_iter().filter(|r| !kept.contains(r));
    changes.extend(retired.map(|revision| Change::Deregister(Some(revision))));
    changes
}

/// The calls that remove what is ours of a family.
pub(super) fn removal(from: &TaskDefinition) -> Vec<Change> {
    let active: Vec<u32> = from.active().into_iter().collect();
    let mut changes: Vec<Change> = active
        .iter()
        .map(|revision| Change::Deregister(Some(*revision)))
        .collect();
    let all: BTreeSet<u32> = active.into_iter().chain(from.inactive.clone()).collect();
    let all: Vec<u32> = all.into_iter().collect();
    changes.extend(
        all.chunks(DELETE_BATCH)
            .map(|batch| Change::Delete(batch.to_vec())),
    );
    changes
}

fn register(to: &TaskDefinition, before: Option<u32>) -> Option<Change> {
    to.document.clone().map(|document| Change::Register {
        family: to.family.clone(),
        document,
        tags: to.tags.clone(),
        before,
    })
}

/// The revision that services can be brought back to once `to` has a new one: the newest before,
/// unless it goes.
fn way_back(from: &TaskDefinition, to: &TaskDefinition) -> Option<u32> {
    let stays = |before: &u32| from.newer.is_some() || to.active().contains(before);
    let is_rolled_out = to.services.values().any(|runs| *runs == Runs::Newest);
    from.newest().filter(stays).filter(|_| !is_rolled_out)
}

/// Brings the services to the newest revision, unless they run it already.
fn roll_out<'a>(
    from: Option<&'a TaskDefinition>,
    to: &'a TaskDefinition,
    is_new: bool,
) -> impl Iterator<Item = Change> + use<'a> {
    to.services.iter().filter_map(move |(service, wanted)| {
        let runs = from.and_then(|from| from.services.get(service));
        let before = match runs {
            Some(Runs::Newest) if !is_new => return None,
            Some(Runs::Newest) => from.and_then(TaskDefinition::newest),
            Some(Runs::Other(revision)) => *revision,
            // What it was left at is no way back.
            Some(Runs::Stranded) | None => None,
        };
        if *wanted != Runs::Newest {
            return None;
        }
        let (service, is_express) = (service.clone(), to.express.contains(service));
        Some(if is_express {
            Change::UpdateExpressService {
                service,
                from: before,
            }
        } else {
            let is_forced = !is_new && runs == Some(&Runs::Stranded);
            Change::UpdateService {
                service,
                from: before,
                is_forced,
            }
        })
    })
}
