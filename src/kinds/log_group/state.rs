//! A CloudWatch Logs log group.

use serde::{Deserialize, Serialize};

use crate::{
    kinds::kind::{ReplaceReason, State, display_tags, ignore_tag},
    model::{
        lifecycle::IgnorePath,
        node::Node,
        tags::{self, Tags},
        template::{Reference, Template},
    },
};

/// The class of a group whose file names none (CloudWatch Logs API reference, `CreateLogGroup`).
pub const DEFAULT_CLASS: &str = "STANDARD";

/// A log group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogGroup {
    /// The name, unique in its account and region.
    pub name: String,
    /// `STANDARD`, `INFREQUENT_ACCESS`, … — kept as text because AWS adds classes.
    pub class: String,
    /// Days until a log event is deleted; `None` is never.
    pub retention_days: Option<u32>,
    /// The ARN of the KMS key that encrypts new data.
    pub kms_key_arn: Option<Template>,
    /// Whether AWS refuses to delete the group.
    pub deletion_protection: bool,
    /// The tags.
    pub tags: Tags,
}

/// One call to CloudWatch Logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// `CreateLogGroup`, which takes everything but the retention.
    Create(Box<LogGroup>),
    /// `PutRetentionPolicy`.
    PutRetention(u32),
    /// `DeleteRetentionPolicy`.
    DeleteRetention,
    /// `AssociateKmsKey`.
    AssociateKmsKey(Template),
    /// `DisassociateKmsKey`.
    DisassociateKmsKey,
    /// `PutLogGroupDeletionProtection`.
    PutDeletionProtection(bool),
    /// `TagResource`.
    Tag(Tags),
    /// `UntagResource`.
    Untag(Vec<String>),
    /// `DeleteLogGroup`, of a group that has these tags of amp-stack's when it goes.
    Delete(Tags),
}

impl LogGroup {
    /// What `CreateLogGroup` makes: retention is no parameter of it (CloudWatch Logs API reference,
    /// `CreateLogGroup`).
    fn as_created(&self) -> Self {
        Self {
            retention_days: None,
            ..self.clone()
        }
    }

    /// The class `DELIVERY` has a retention of its own, which can't be set (CloudWatch Logs user
    /// guide, "Log classes").
    pub(crate) fn has_fixed_retention(&self) -> bool {
        self.class == "DELIVERY"
    }
}

impl State for LogGroup {
    type Change = Change;

    fn name(&self) -> &str {
        &self.name
    }

    fn changes(from: Option<&Self>, to: Option<&Self>) -> Vec<Change> {
        match (from, to) {
            (None, None) => Vec::new(),
            (Some(from), None) => vec![Change::Delete(from.tags.clone())],
            (None, Some(to)) => {
                let mut changes = vec![Change::Create(Box::new(to.as_created()))];
                changes.extend(Self::changes(Some(&to.as_created()), Some(to)));
                changes
            }
            (Some(from), Some(to)) => updates(from, to),
        }
    }

    fn apply_change(from: Option<Self>, change: &Change) -> Option<Self> {
        let mut group = match change {
            Change::Create(group) => return Some((**group).clone()),
            Change::Delete(_) => return None,
            Change::PutRetention(_)
            | Change::DeleteRetention
            | Change::AssociateKmsKey(_)
            | Change::DisassociateKmsKey
            | Change::PutDeletionProtection(_)
            | Change::Tag(_)
            | Change::Untag(_) => from?,
        };
        match change {
            Change::Create(_) | Change::Delete(_) => {}
            Change::PutRetention(days) => group.retention_days = Some(*days),
            Change::DeleteRetention => group.retention_days = None,
            Change::AssociateKmsKey(arn) => group.kms_key_arn = Some(arn.clone()),
            Change::DisassociateKmsKey => group.kms_key_arn = None,
            Change::PutDeletionProtection(on) => group.deletion_protection = *on,
            Change::Tag(added) => tags::set(&mut group.tags, added, false),
            Change::Untag(keys) => group.tags.retain(|key, _| !keys.contains(key)),
        }
        Some(group)
    }

    fn replace_reasons(from: &Self, to: &Self) -> Vec<ReplaceReason> {
        let mut differences = Vec::new();
        if from.name != to.name {
            differences.push(ReplaceReason {
                property: "name",
                why: "a log group cannot be renamed",
            });
        }
        if from.class != to.class {
            differences.push(ReplaceReason {
                property: "class",
                why: "the class of a log group cannot be changed after its creation",
            });
        }
        differences
    }

    fn complete(&mut self, live: Option<&Self>, ignore: &[IgnorePath]) {
        if self.has_fixed_retention() {
            self.retention_days = live.and_then(|live| live.retention_days);
        }
        for path in ignore {
            match path.parts().as_slice() {
                ["tags", key] => ignore_tag(&mut self.tags, live.map(|live| &live.tags), key),
                ["retention_days"] => {
                    if let Some(live) = live {
                        self.retention_days = live.retention_days;
                    }
                }
                ["kms_key_arn"] => {
                    if let Some(live) = live {
                        self.kms_key_arn.clone_from(&live.kms_key_arn);
                    }
                }
                ["deletion_protection"] => {
                    if let Some(live) = live {
                        self.deletion_protection = live.deletion_protection;
                    }
                }
                _ => {}
            }
        }
    }

    fn can_ignore(path: &IgnorePath) -> bool {
        matches!(
            path.parts().as_slice(),
            ["tags", _] | ["retention_days" | "kms_key_arn" | "deletion_protection"]
        )
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }

    fn resolve(&self, lookup: &dyn Fn(&Reference) -> Option<String>) -> Self {
        Self {
            kms_key_arn: self.kms_key_arn.as_ref().map(|arn| arn.resolve(lookup)),
            tags: tags::resolve(&self.tags, lookup),
            ..self.clone()
        }
    }

    fn each_template<'a>(&'a self, visit: &mut dyn FnMut(&'a Template)) {
        self.kms_key_arn.iter().for_each(&mut *visit);
        self.tags.values().for_each(visit);
    }

    fn to_display_tree(&self) -> Node {
        let Self {
            name,
            class,
            retention_days,
            kms_key_arn,
            deletion_protection,
            tags,
        } = self;
        let retention = retention_days.map_or(Node::from("never"), Node::from);
        let mut outline = vec![
            ("name", Node::from(name.as_str())),
            ("class", Node::from(class.as_str())),
            ("retention_days", retention),
            ("deletion_protection", Node::from(*deletion_protection)),
            ("tags", display_tags(tags)),
        ];
        if let Some(arn) = kms_key_arn {
            outline.push(("kms_key_arn", Node::Text(arn.clone())));
        }
        Node::map(outline)
    }
}

fn updates(from: &LogGroup, to: &LogGroup) -> Vec<Change> {
    let mut changes = tags::calls(&from.tags, &to.tags, false, Change::Tag, Change::Untag);
    if from.retention_days != to.retention_days {
        changes.push(
            to.retention_days
                .map_or(Change::DeleteRetention, Change::PutRetention),
        );
    }
    if from.kms_key_arn != to.kms_key_arn {
        changes.push(
            to.kms_key_arn
                .clone()
                .map_or(Change::DisassociateKmsKey, Change::AssociateKmsKey),
        );
    }
    if from.deletion_protection != to.deletion_protection {
        changes.push(Change::PutDeletionProtection(to.deletion_protection));
    }
    changes
}
