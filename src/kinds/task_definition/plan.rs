//! What the planner has to know of task definition families.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    kinds::{
        kind::{Overrides, Planned, ReplaceReason},
        regret::StepRisk,
        task_definition::{Document, TaskDefinition, document::unknown::UNKNOWN, risk},
    },
    model::{
        identity::Identity,
        live::Attributes,
        query::{Definition, Query},
        rule::Rule,
        running::{Running, User},
        service::{Runs, ServiceName},
        tags,
        template::{Attribute, Lookup},
    },
};

impl Planned for TaskDefinition {
    const LIVE_STATE_RULES: &'static [Rule] = &[UNKNOWN];

    fn add_to_query(&self, query: &mut Query, lookup: Lookup<'_>) {
        let definitions = query.families.entry(self.family.clone()).or_default();
        definitions.extend(self.document.as_ref().map(|document| Definition {
            document: document.written().resolve(lookup),
            tags: tags::resolve(&self.tags, lookup),
        }));
        query.services.extend(self.services.keys().cloned());
    }

    fn declare_services<'a>(&mut self, services: impl Iterator<Item = &'a ServiceName>) {
        self.services = services.map(|name| (name.clone(), Runs::Newest)).collect();
    }

    fn arn(&self, identity: &Identity) -> Option<String> {
        let revision = self.revision.unwrap_or_default();
        Some(identity.task_definition_arn(&self.family, revision))
    }

    fn attributes_from_name(&self, _identity: &Identity) -> Attributes {
        BTreeMap::from([(Attribute::Family, self.family.clone())])
    }

    /// The number of a new revision is known only after apply.
    fn attributes(&self, identity: &Identity, live: &Attributes) -> Attributes {
        let mut attributes = self.attributes_from_name(identity);
        if self.revision.is_some() {
            let arn = live.get(&Attribute::Arn).cloned().unwrap_or_default();
            attributes.insert(Attribute::Arn, arn);
        }
        attributes
    }

    fn mentioned_as(&self, _identity: &Identity, _target: &str) -> Vec<String> {
        vec![self.family.clone()]
    }

    /// What has only inactive revisions left is of no use to anybody.
    fn is_alive(&self) -> bool {
        self.document.is_some()
    }

    fn apply_overrides(&mut self, live: &Self, overrides: &Overrides<'_>) -> Vec<String> {
        let mut notes: Vec<String> = live.newer_note(self).into_iter().collect();
        if let Some(keep) = overrides.keep_revisions {
            notes.extend(keep_newest(keep, self, overrides.running));
        }
        notes
    }

    fn live_state_rule(&self) -> Option<Rule> {
        Some(UNKNOWN)
    }

    /// AWS never changes a revision, so a new one is new enough and replaces nothing.
    fn force_replace(&mut self, live: &Self) -> Option<ReplaceReason> {
        self.revision = None;
        self.older = live.active();
        None
    }

    fn build_risks(
        &self,
        altered: Option<&Self>,
        replaced: Option<&Self>,
        _account: &str,
    ) -> Vec<StepRisk> {
        let from = altered.or(replaced);
        let from = from.and_then(TaskDefinition::newest_document);
        let Some(to) = &self.document else {
            return Vec::new();
        };
        // The collector is a container of the file, or what `metrics` adds.
        let collector = risk::name_of_collector(to);
        let at = |risk: StepRisk| match &collector {
            Some(name) => risk.at(format!("containers.{name}.image")).at("metrics"),
            None => risk.at("metrics"),
        };
        let renamed = from.map_or_else(Vec::new, |from| risk::renamed_metrics(from, to));
        let renamed = renamed
            .into_iter()
            .map(|text| at(StepRisk::new("metric-names-changed", text)));
        // What was so before is not news.
        let new = |code, of: fn(&Document) -> Option<String>| {
            let text = of(to).filter(|text| from.and_then(of).as_ref() != Some(text));
            text.map(|text| at(StepRisk::new(code, text)))
        };
        renamed
            .chain(new("unknown-collector-version", risk::unknown_version))
            .chain(new("essential-collector", risk::essential))
            .collect()
    }

    /// A document that only now says what the live revision says is that revision and not a new
    /// one.
    fn recognize_live(&mut self, unfilled: &Self, live: &Self) {
        self.settle_unknown(live);
        let newest = live.newest_document();
        if unfilled.document.as_ref() != newest && self.document.as_ref() == newest {
            self.revision = live.newest();
        }
    }

    /// Without an active revision the tags are those of whichever was active last. What services
    /// run follows their deployments.
    fn take_unpredictable(&mut self, live: &Self) {
        if live.document.is_none() {
            self.tags.clone_from(&live.tags);
        }
        self.served.clone_from(&live.served);
    }
}

/// Leaves the newest `keep` revisions and those that something runs or may go back to, and says
/// which those are.
fn keep_newest(
    keep: u32,
    family: &mut TaskDefinition,
    running: Option<&Running>,
) -> Option<String> {
    let used: BTreeMap<u32, &BTreeSet<User>> = running.map_or_else(BTreeMap::new, |running| {
        running.revisions_of(&family.family)
    });
    let mut strict = family.clone();
    strict.keep_only(keep, &BTreeSet::new());
    family.keep_only(keep, &used.keys().copied().collect());
    let spared: Vec<String> = family
        .older
        .difference(&strict.older)
        .map(|revision| {
            let users = used.get(revision).into_iter().copied().flatten();
            let users: Vec<String> = users.map(User::to_string).collect();
            format!("{revision} ({})", users.join(", "))
        })
        .collect();
    (!spared.is_empty()).then(|| {
        format!(
            "revisions beyond keep_revisions = {keep} stay because they are in use: {}",
            spared.join(", ")
        )
    })
}
