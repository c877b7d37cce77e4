//! An ECS task definition family, with its revisions.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    kinds::{
        kind::{ReplaceReason, State, display_tags, ignore_tag},
        task_definition::document::Document,
    },
    model::{
        lifecycle::IgnorePath,
        node::Node,
        normal::Suppressed,
        service::{Runs, Service, ServiceName},
        tags::{self, Tags, VERBATIM_TAG},
        template::{Reference, Template},
    },
};

/// The most revisions that one call of `DeleteTaskDefinitions` takes (ECS API reference).
pub const DELETE_BATCH: usize = 10;

/// A family.
///
/// AWS never changes a revision; a new document is a new revision, so no change of a document is a
/// replacement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskDefinition {
    /// The family's name.
    pub family: String,
    /// What the newest active revision of ours says, without family and tags. `None` if only
    /// inactive revisions are left.
    pub document: Option<Document>,
    /// The tags of that revision.
    pub tags: Tags,
    /// The number of that revision; `None` if it is known after apply.
    pub revision: Option<u32>,
    /// Older active revisions of ours.
    pub older: BTreeSet<u32>,
    /// Inactive revisions of ours; they are read only when the family is about to be removed.
    pub inactive: BTreeSet<u32>,
    /// The declared services, with what each runs. They are somebody else's: what they run is all
    /// that is decided here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub services: BTreeMap<ServiceName, Runs>,
}

/// One call to ECS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// `RegisterTaskDefinition`.
    Register {
        /// The family.
        family: String,
        /// The rest of the request, without tags.
        document: Document,
        /// The tags.
        tags: Tags,
    },
    /// `TagResource` on a revision.
    Tag {
        /// The revision.
        revision: Option<u32>,
        /// The tags.
        tags: Tags,
    },
    /// `UntagResource` on a revision.
    Untag {
        /// The revision.
        revision: Option<u32>,
        /// The keys.
        keys: Vec<String>,
    },
    /// `UpdateService`: the service runs the newest revision from now on.
    UpdateService {
        /// The service.
        service: ServiceName,
        /// The revision that it runs before, if it is known.
        from: Option<u32>,
    },
    /// `DeregisterTaskDefinition`: no new tasks from this revision; those that run go on.
    Deregister(Option<u32>),
    /// `DeleteTaskDefinitions`, at most [`DELETE_BATCH`] of them.
    Delete(Vec<u32>),
}

impl TaskDefinition {
    /// Leaves of the older revisions only the newest, so that with the current one there are
    /// `keep`, and those that are in use.
    pub fn keep_only(&mut self, keep: u32, in_use: &BTreeSet<u32>) {
        let spare = usize::try_from(keep.saturating_sub(1)).unwrap_or(usize::MAX);
        let newest: BTreeSet<u32> = self.older.iter().rev().take(spare).copied().collect();
        self.older
            .retain(|revision| newest.contains(revision) || in_use.contains(revision));
    }

    /// Leaves to `live` what amp-stack does not know: takes over what only it mentions, and gives
    /// up what AWS has not kept of a revision that was registered with the same.
    pub(super) fn settle_unknown(&mut self, live: &Self) {
        let (Some(want), Some(found)) = (&mut self.document, &live.document) else {
            return;
        };
        want.carry(found);
        let asked = self.tags.get(VERBATIM_TAG);
        if asked.is_some() && asked == live.tags.get(VERBATIM_TAG) {
            let kept = want.without_unkept(found);
            if kept == *found {
                *want = kept;
            }
        }
    }

    /// All active revisions of ours.
    pub fn active(&self) -> BTreeSet<u32> {
        self.older.iter().copied().chain(self.revision).collect()
    }
}

impl State for TaskDefinition {
    type Change = Change;

    fn name(&self) -> &str {
        &self.family
    }

    fn changes(from: Option<&Self>, to: Option<&Self>) -> Vec<Change> {
        match (from, to) {
            (None, None) => Vec::new(),
            (Some(from), None) => removal(from),
            (None, Some(to)) => register(to)
                .into_iter()
                .chain(roll_out(None, to, true))
                .collect(),
            (Some(from), Some(to)) => updates(from, to),
        }
    }

    fn apply_change(from: Option<Self>, change: &Change) -> Option<Self> {
        let mut family = match (from, change) {
            (
                None,
                Change::Register {
                    family,
                    document,
                    tags,
                },
            ) => {
                return Some(Self {
                    family: family.clone(),
                    document: Some(document.clone()),
                    tags: tags.clone(),
                    revision: None,
                    older: BTreeSet::new(),
                    inactive: BTreeSet::new(),
                    services: BTreeMap::new(),
                });
            }
            (from, _) => from?,
        };
        match change {
            Change::Register { document, tags, .. } => {
                let before = Runs::Other(family.revision);
                for runs in family.services.values_mut() {
                    if *runs == Runs::Newest {
                        *runs = before;
                    }
                }
                family.older.extend(family.revision.take());
                family.document = Some(document.clone());
                family.tags.clone_from(tags);
            }
            Change::Tag { tags: added, .. } => tags::set(&mut family.tags, added, false),
            Change::Untag { keys, .. } => family.tags.retain(|key, _| !keys.contains(key)),
            Change::UpdateService { service, .. } => {
                family.services.insert(service.clone(), Runs::Newest);
            }
            Change::Deregister(revision) => {
                if *revision == family.revision {
                    family.document = None;
                    family.tags.clear();
                    family.revision = None;
                }
                if let Some(revision) = revision {
                    family.older.remove(revision);
                    family.inactive.insert(*revision);
                }
            }
            Change::Delete(revisions) => {
                family
                    .inactive
                    .retain(|revision| !revisions.contains(revision));
                let nothing_left = family.document.is_none()
                    && family.older.is_empty()
                    && family.inactive.is_empty();
                if nothing_left {
                    return None;
                }
            }
        }
        Some(family)
    }

    fn replace_reasons(from: &Self, to: &Self) -> Vec<ReplaceReason> {
        let mut differences = Vec::new();
        if from.family != to.family {
            differences.push(ReplaceReason {
                property: "family",
                why: "a family cannot be renamed",
            });
        }
        differences
    }

    fn complete(&mut self, live: Option<&Self>, ignore: &[IgnorePath]) {
        let Some(live) = live else {
            return;
        };
        for path in ignore {
            match path.parts().as_slice() {
                ["tags", key] => ignore_tag(&mut self.tags, Some(&live.tags), key),
                parts => {
                    if let (Some(want), Some(live)) = (&mut self.document, &live.document) {
                        want.take_from(live, parts);
                    }
                }
            }
        }
        self.settle_unknown(live);
        if self.document == live.document {
            self.revision = live.revision;
            self.older.clone_from(&live.older);
        } else {
            self.older = live.active();
        }
        self.inactive.clone_from(&live.inactive);
        // A service that has left the file goes on as it is.
        for (service, runs) in &live.services {
            self.services.entry(service.clone()).or_insert(*runs);
        }
    }

    fn can_ignore(path: &IgnorePath) -> bool {
        match path.parts().as_slice() {
            ["tags", _] => true,
            parts => Document::has_path(parts),
        }
    }

    fn suppressed(&self, live: &Self) -> Vec<Suppressed> {
        match (&self.document, &live.document) {
            (Some(want), Some(live)) => want.suppressed(live),
            (None, _) | (_, None) => Vec::new(),
        }
    }

    fn note_services(&mut self, services: &BTreeMap<ServiceName, Service>) {
        let runs = services.iter().filter_map(|(name, service)| {
            let runs = service.runs(&self.family, self.revision)?;
            Some((name.clone(), runs))
        });
        self.services = runs.collect();
    }

    fn newest_revision(&self) -> Option<u32> {
        self.revision
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }

    fn resolve(&self, lookup: &dyn Fn(&Reference) -> Option<String>) -> Self {
        Self {
            document: self.document.as_ref().map(|d| d.resolve(lookup)),
            tags: tags::resolve(&self.tags, lookup),
            ..self.clone()
        }
    }

    fn each_template<'a>(&'a self, visit: &mut dyn FnMut(&'a Template)) {
        if let Some(document) = &self.document {
            document.written().each_template(visit);
        }
        self.tags.values().for_each(visit);
    }

    fn to_display_tree(&self) -> Node {
        let mut outline = self
            .document
            .as_ref()
            .map_or_else(|| Node::map::<String>([]), Document::to_display_tree);
        if let Some(members) = outline.as_map_mut() {
            members.insert("family".to_owned(), Node::from(self.family.as_str()));
            members.insert("tags".to_owned(), display_tags(&self.tags));
            let services = self.services.iter().map(|(name, runs)| {
                let revision = match runs {
                    Runs::Newest => self.revision,
                    Runs::Other(revision) => *revision,
                };
                let shown = match revision {
                    Some(revision) => format!("{}:{revision}", self.family),
                    None => format!("the new revision of {}", self.family),
                };
                (name.to_string(), Node::from(shown.as_str()))
            });
            let services: Vec<(String, Node)> = services.collect();
            if !services.is_empty() {
                members.insert("services".to_owned(), Node::map(services));
            }
        }
        outline
    }
}

fn register(to: &TaskDefinition) -> Option<Change> {
    to.document.clone().map(|document| Change::Register {
        family: to.family.clone(),
        document,
        tags: to.tags.clone(),
    })
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
            Some(Runs::Newest) => from.and_then(|from| from.revision),
            Some(Runs::Other(revision)) => *revision,
            None => None,
        };
        (*wanted == Runs::Newest).then(|| Change::UpdateService {
            service: service.clone(),
            from: before,
        })
    })
}

fn updates(from: &TaskDefinition, to: &TaskDefinition) -> Vec<Change> {
    let mut changes = Vec::new();
    let is_new = from.document != to.document || from.revision != to.revision;
    if is_new {
        changes.extend(register(to));
    } else {
        let revision = from.revision;
        changes.extend(tags::calls(
            &from.tags,
            &to.tags,
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

fn removal(from: &TaskDefinition) -> Vec<Change> {
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
