//! An Amazon Managed Service for Prometheus workspace, with its configuration and its logging.

use std::collections::BTreeMap;

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

/// The labels that a limit of active series is for; the empty set is the default bucket.
pub type LabelSet = BTreeMap<String, String>;

/// What `UpdateWorkspaceConfiguration` sets.
///
/// `None` is "whatever AWS has": there is no call that unsets any of it (Amazon Managed Service for
/// Prometheus API reference, `UpdateWorkspaceConfiguration`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// Days until a sample is deleted.
    pub retention_days: Option<u32>,
    /// Limits of active series, by label set.
    #[serde(with = "pairs")]
    pub limits: Option<BTreeMap<LabelSet, u64>>,
    /// How old a sample may be and still be taken out of order, in seconds.
    pub out_of_order_time_window_seconds: Option<u32>,
    /// How far rules look back, in seconds.
    pub rule_query_offset_seconds: Option<u32>,
}

/// A workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workspace {
    /// The alias, which need not be unique.
    pub alias: Option<String>,
    /// The ARN of the KMS key that encrypts the metrics.
    pub kms_key_arn: Option<Template>,
    /// Retention and limits.
    pub configuration: Configuration,
    /// The ARN, ending in `:*`, of the log group that takes the logs of rules and alerts.
    pub logging: Option<Template>,
    /// The tags.
    pub tags: Tags,
    /// Whether AWS gave up creating it: such a workspace holds no data and is replaced.
    pub failed: bool,
}

/// One call to Amazon Managed Service for Prometheus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// `CreateWorkspace`, which takes alias, key and tags. Waiting for `ACTIVE` belongs to it.
    Create {
        /// The alias.
        alias: Option<String>,
        /// The key.
        kms_key_arn: Option<Template>,
        /// The tags.
        tags: Tags,
    },
    /// `UpdateWorkspaceAlias`.
    SetAlias(String),
    /// `UpdateWorkspaceConfiguration`, with what is `Some`.
    Configure(Configuration),
    /// `CreateLoggingConfiguration`.
    CreateLogging(Template),
    /// `UpdateLoggingConfiguration`.
    UpdateLogging(Template),
    /// `DeleteLoggingConfiguration`.
    DeleteLogging,
    /// `TagResource`.
    Tag(Tags),
    /// `UntagResource`.
    Untag(Vec<String>),
    /// `DeleteWorkspace`.
    Delete,
}

impl Configuration {
    /// What of `self` is set and differs from `from`.
    fn since(&self, from: &Self) -> Self {
        let Self {
            retention_days,
            limits,
            out_of_order_time_window_seconds,
            rule_query_offset_seconds,
        } = self;
        fn differing<T: Clone + PartialEq>(from: Option<&T>, to: Option<&T>) -> Option<T> {
            to.filter(|_| from != to).cloned()
        }
        Self {
            retention_days: differing(from.retention_days.as_ref(), retention_days.as_ref()),
            limits: differing(from.limits.as_ref(), limits.as_ref()),
            out_of_order_time_window_seconds: differing(
                from.out_of_order_time_window_seconds.as_ref(),
                out_of_order_time_window_seconds.as_ref(),
            ),
            rule_query_offset_seconds: differing(
                from.rule_query_offset_seconds.as_ref(),
                rule_query_offset_seconds.as_ref(),
            ),
        }
    }

    /// `self`, with what it leaves out taken from `other`.
    fn or(self, other: Self) -> Self {
        Self {
            retention_days: self.retention_days.or(other.retention_days),
            limits: self.limits.or(other.limits),
            out_of_order_time_window_seconds: self
                .out_of_order_time_window_seconds
                .or(other.out_of_order_time_window_seconds),
            rule_query_offset_seconds: self
                .rule_query_offset_seconds
                .or(other.rule_query_offset_seconds),
        }
    }
}

impl State for Workspace {
    type Change = Change;

    fn name(&self) -> &str {
        self.alias.as_deref().unwrap_or("(no alias)")
    }

    fn changes(from: Option<&Self>, to: Option<&Self>) -> Vec<Change> {
        match (from, to) {
            (None, None) => Vec::new(),
            (Some(_), None) => vec![Change::Delete],
            (None, Some(to)) => {
                let create = Change::Create {
                    alias: to.alias.clone(),
                    kms_key_arn: to.kms_key_arn.clone(),
                    tags: to.tags.clone(),
                };
                let as_created = Self::apply_change(None, &create);
                let mut changes = vec![create];
                changes.extend(Self::changes(as_created.as_ref(), Some(to)));
                changes
            }
            (Some(from), Some(to)) => updates(from, to),
        }
    }

    fn apply_change(from: Option<Self>, change: &Change) -> Option<Self> {
        let mut workspace = match change {
            Change::Create {
                alias,
                kms_key_arn,
                tags,
            } => Self {
                alias: alias.clone(),
                kms_key_arn: kms_key_arn.clone(),
                configuration: Configuration::default(),
                logging: None,
                tags: tags.clone(),
                failed: false,
            },
            Change::Delete => return None,
            Change::SetAlias(_)
            | Change::Configure(_)
            | Change::CreateLogging(_)
            | Change::UpdateLogging(_)
            | Change::DeleteLogging
            | Change::Tag(_)
            | Change::Untag(_) => from?,
        };
        match change {
            Change::Create { .. } | Change::Delete => {}
            Change::SetAlias(alias) => workspace.alias = Some(alias.clone()),
            Change::Configure(configuration) => {
                workspace.configuration = configuration.clone().or(workspace.configuration);
            }
            Change::CreateLogging(arn) | Change::UpdateLogging(arn) => {
                workspace.logging = Some(arn.clone());
            }
            Change::DeleteLogging => workspace.logging = None,
            Change::Tag(added) => tags::set(&mut workspace.tags, added, false),
            Change::Untag(keys) => workspace.tags.retain(|key, _| !keys.contains(key)),
        }
        Some(workspace)
    }

    fn replace_reasons(from: &Self, to: &Self) -> Vec<ReplaceReason> {
        let mut differences = Vec::new();
        if from.failed && !to.failed {
            differences.push(ReplaceReason {
                property: "status",
                why: "AWS could not create it (CREATION_FAILED); it holds no data",
            });
        }
        if from.kms_key_arn != to.kms_key_arn {
            differences.push(ReplaceReason {
                property: "kms_key_arn",
                why: "the key of a workspace cannot be changed after its creation",
            });
        }
        if from.alias.is_some() && to.alias.is_none() {
            differences.push(ReplaceReason {
                property: "alias",
                why: "an alias can be changed but not removed",
            });
        }
        differences
    }

    fn complete(&mut self, live: Option<&Self>, ignore: &[IgnorePath]) {
        let Some(live) = live else {
            return;
        };
        self.configuration = std::mem::take(&mut self.configuration).or(live.configuration.clone());
        for path in ignore {
            match path.parts().as_slice() {
                ["tags", key] => ignore_tag(&mut self.tags, Some(&live.tags), key),
                ["alias"] => self.alias.clone_from(&live.alias),
                ["logging"] => self.logging.clone_from(&live.logging),
                _ => {}
            }
        }
    }

    fn can_ignore(path: &IgnorePath) -> bool {
        matches!(path.parts().as_slice(), ["tags", _] | ["alias" | "logging"])
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
            logging: self.logging.as_ref().map(|arn| arn.resolve(lookup)),
            tags: tags::resolve(&self.tags, lookup),
            ..self.clone()
        }
    }

    fn each_template<'a>(&'a self, visit: &mut dyn FnMut(&'a Template)) {
        self.kms_key_arn.iter().for_each(&mut *visit);
        self.logging.iter().for_each(&mut *visit);
        self.tags.values().for_each(visit);
    }

    fn to_display_tree(&self) -> Node {
        let Self {
            alias,
            kms_key_arn,
            configuration,
            logging,
            tags,
            failed,
        } = self;
        let mut outline = vec![("tags", display_tags(tags))];
        if let Some(alias) = alias {
            outline.push(("alias", Node::from(alias.as_str())));
        }
        if let Some(arn) = kms_key_arn {
            outline.push(("kms_key_arn", Node::Text(arn.clone())));
        }
        if let Some(arn) = logging {
            outline.push(("logging", Node::Text(arn.clone())));
        }
        if *failed {
            outline.push(("status", Node::from("CREATION_FAILED")));
        }
        outline_configuration(configuration, &mut outline);
        Node::map(outline)
    }
}

/// Limits as a list of pairs, because the keys of a JSON object can't be label sets.
mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    use super::LabelSet;

    type Limits = BTreeMap<LabelSet, u64>;

    #[expect(
        clippy::ref_option,
        reason = "serde hands over a reference to the field"
    )]
    pub(crate) fn serialize<S: Serializer>(
        limits: &Option<Limits>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let pairs: Option<Vec<_>> = limits.as_ref().map(|limits| limits.iter().collect());
        pairs.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Limits>, D::Error> {
        let pairs = Option::<Vec<(LabelSet, u64)>>::deserialize(deserializer)?;
        Ok(pairs.map(|pairs| pairs.into_iter().collect()))
    }
}

/// A label set as people see it: `job=api,team=web`, or `default` for the empty one.
pub fn label_set_name(labels: &LabelSet) -> String {
    if labels.is_empty() {
        return "default".to_owned();
    }
    let pairs: Vec<String> = labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
    pairs.join(",")
}

fn outline_configuration(configuration: &Configuration, outline: &mut Vec<(&'static str, Node)>) {
    let Configuration {
        retention_days,
        limits,
        out_of_order_time_window_seconds,
        rule_query_offset_seconds,
    } = configuration;
    if let Some(days) = retention_days {
        outline.push(("retention_days", Node::from(*days)));
    }
    if let Some(seconds) = out_of_order_time_window_seconds {
        outline.push(("out_of_order_time_window_seconds", Node::from(*seconds)));
    }
    if let Some(seconds) = rule_query_offset_seconds {
        outline.push(("rule_query_offset_seconds", Node::from(*seconds)));
    }
    if let Some(limits) = limits {
        let limits = limits
            .iter()
            .map(|(labels, max)| (label_set_name(labels), Node::Number((*max).into())));
        outline.push(("limits", Node::map(limits)));
    }
}

fn updates(from: &Workspace, to: &Workspace) -> Vec<Change> {
    let mut changes = tags::calls(&from.tags, &to.tags, false, Change::Tag, Change::Untag);
    if let Some(alias) = to.alias.clone().filter(|_| from.alias != to.alias) {
        changes.push(Change::SetAlias(alias));
    }
    let configuration = to.configuration.since(&from.configuration);
    if configuration != Configuration::default() {
        changes.push(Change::Configure(configuration));
    }
    match (&from.logging, &to.logging) {
        (None, Some(arn)) => changes.push(Change::CreateLogging(arn.clone())),
        (Some(from), Some(to)) if from != to => changes.push(Change::UpdateLogging(to.clone())),
        (Some(_), None) => changes.push(Change::DeleteLogging),
        (None, None) | (Some(_), Some(_)) => {}
    }
    changes
}
