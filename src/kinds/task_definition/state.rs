//! An ECS task definition family, with its revisions.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    kinds::{
        kind::{ReplaceReason, State, display_tags, ignore_tag},
        task_definition::{changes, document::Document, express, newest::Newer},
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
    /// inactive revisions of ours are left.
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
    /// Which of them ECS Express Mode manages: another call brings those to a revision.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub express: BTreeSet<ServiceName>,
    /// The newest active revision, if it is not one of ours: then it is the live definition, and
    /// everything above is what is ours besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newer: Option<Newer>,
    /// What the revision says that the declared services run, if that is not the newest one. It is
    /// read only of a family of which something is left to whoever deploys them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub served: Option<Box<Document>>,
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
        /// The revision that was the newest before, if services can go back to it and none is
        /// declared: those that are say by themselves what they ran.
        before: Option<u32>,
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
        /// Whether the service names the revision already, so that a deployment has to be asked
        /// for.
        is_forced: bool,
    },
    /// `UpdateExpressGatewayService`: the same for a service of ECS Express Mode.
    UpdateExpressService {
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
    /// A family without revisions.
    pub(super) fn empty(family: &str) -> Self {
        Self {
            family: family.to_owned(),
            document: None,
            tags: BTreeMap::new(),
            revision: None,
            older: BTreeSet::new(),
            inactive: BTreeSet::new(),
            services: BTreeMap::new(),
            express: BTreeSet::new(),
            newer: None,
            served: None,
        }
    }

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
        let asked = self.newest_tags().get(VERBATIM_TAG);
        let is_kept = asked.is_some() && asked == live.newest_tags().get(VERBATIM_TAG);
        let (Some(want), Some(found)) = (self.newest_document_mut(), live.newest_document()) else {
            return;
        };
        want.carry(found);
        if is_kept {
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
            (Some(from), None) => changes::removal(from),
            (None, Some(to)) => changes::creation(to),
            (Some(from), Some(to)) => changes::updates(from, to),
        }
    }

    fn apply_change(from: Option<Self>, change: &Change) -> Option<Self> {
        let mut family = match (from, change) {
            (None, Change::Register { family, .. }) => Self::empty(family),
            (from, _) => from?,
        };
        match change {
            Change::Register { document, tags, .. } => {
                let before = Runs::Other(family.newest());
                for runs in family.services.values_mut() {
                    if matches!(runs, Runs::Newest | Runs::Stranded) {
                        *runs = before;
                    }
                }
                family.older.extend(family.revision.take());
                family.document = Some(document.clone());
                family.tags.clone_from(tags);
                family.newer = None;
                family.served = None;
            }
            Change::Tag {
                revision,
                tags: added,
            } => {
                family.take_in(*revision);
                tags::set(&mut family.tags, added, false);
            }
            Change::Untag { revision, keys } => {
                let tags = family.tags_of(*revision);
                tags.retain(|key, _| !keys.contains(key));
            }
            Change::UpdateService { service, .. } => {
                family.services.insert(service.clone(), Runs::Newest);
                family.served = None;
            }
            Change::UpdateExpressService { service, .. } => {
                family.services.insert(service.clone(), Runs::Newest);
                family.express.insert(service.clone());
                family.served = None;
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
                    // What is left then is somebody else's.
                    let left = family.newest()?;
                    family.take_in(Some(left));
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
        let newest = self.newest();
        for path in ignore {
            match (path.parts().as_slice(), newest) {
                (["tags", key], _) => {
                    ignore_tag(self.tags_of(newest), Some(live.newest_tags()), key);
                }
                // A revision that has a number never changes, whatever others have deployed since.
                (_, Some(_)) => {}
                (parts, None) => {
                    if let (Some(want), Some(live)) = (&mut self.document, live.deployed()) {
                        want.take_from(live, parts);
                    }
                }
            }
        }
        self.settle_unknown(live);
        self.older = live.active();
        if self.newest_document() == live.newest_document() {
            // A state that was live itself has the newer revision beside its own.
            self.revision = match self.newer {
                Some(_) => live.revision,
                None => live.newest(),
            };
            self.older.retain(|older| Some(*older) != self.revision);
        }
        self.inactive.clone_from(&live.inactive);
        // A service that has left the file goes on as it is.
        for (service, runs) in &live.services {
            self.services.entry(service.clone()).or_insert(*runs);
        }
        self.express.extend(live.express.iter().cloned());
    }

    fn can_ignore(path: &IgnorePath) -> bool {
        match path.parts().as_slice() {
            ["tags", _] => true,
            parts => Document::has_path(parts),
        }
    }

    fn suppressed(&self, live: &Self) -> Vec<Suppressed> {
        match (&self.document, live.newest_document()) {
            (Some(want), Some(live)) => want.suppressed(live),
            (None, _) | (_, None) => Vec::new(),
        }
    }

    fn note_services(&mut self, services: &BTreeMap<ServiceName, Service>) {
        let runs = services.iter().filter_map(|(name, service)| {
            let runs = service.runs(&self.family, self.newest())?;
            Some((name.clone(), runs))
        });
        self.services = runs.collect();
        self.note_express(services);
    }

    fn note_express(&mut self, services: &BTreeMap<ServiceName, Service>) {
        let here = self.services.keys();
        let express = here.filter(|name| services.get(*name).is_some_and(Service::is_express));
        self.express = express.cloned().collect();
    }

    fn express_obstacles(&self) -> Vec<String> {
        let document = self.document.as_ref();
        document.map_or_else(Vec::new, |document| express::obstacles(document.written()))
    }

    fn newest_revision(&self) -> Option<u32> {
        self.newest()
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
        let newer = self.newer.as_ref().map(|newer| &newer.document);
        for document in self.document.iter().chain(newer) {
            document.written().each_template(visit);
        }
        self.tags.values().for_each(visit);
    }

    fn to_display_tree(&self) -> Node {
        let mut outline = self
            .newest_document()
            .map_or_else(|| Node::map::<String>([]), Document::to_display_tree);
        if let Some(members) = outline.as_map_mut() {
            members.insert("family".to_owned(), Node::from(self.family.as_str()));
            members.insert("tags".to_owned(), display_tags(self.newest_tags()));
            let services = self.services.iter().map(|(name, runs)| {
                let (revision, more) = match runs {
                    Runs::Newest => (self.newest(), ""),
                    Runs::Stranded => (self.newest(), ", whose rollout ended badly"),
                    Runs::Other(revision) => (*revision, ""),
                };
                let shown = match revision {
                    Some(revision) => format!("{}:{revision}{more}", self.family),
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
