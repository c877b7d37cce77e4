//! A resource that lives, as it was read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{tags::Owner, template::Attribute};

/// Attributes by what they are.
pub type Attributes = BTreeMap<Attribute, String>;

/// A resource that lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Live<R> {
    /// Its state.
    pub resource: R,
    /// Whose it is.
    pub owner: Owner,
    /// Its attributes, as AWS says them: the ARN always, of a workspace also id and endpoint.
    pub attributes: Attributes,
    /// What else a plan has to know about it.
    pub facts: Vec<Fact>,
}

/// Something about a live resource that is no part of its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fact {
    /// The account's policy decides the retention of the log group, and what is read is the
    /// policy's (CloudWatch Logs API reference, `LogGroup`).
    RetentionByAccountPolicy(String),
    /// What distinguishes it from another that had or will have its name: the unique id of a role
    /// (IAM user guide, "IAM identifiers"), the time at which a log group was created (CloudWatch
    /// Logs API reference, `LogGroup`).
    UniqueId(String),
    /// Tags that AWS itself has put on it, which nobody else can set or remove; they are no part of
    /// its state.
    TagsOfAws(BTreeMap<String, String>),
    /// A newer revision of the family does not carry our tags: somebody else registered it.
    NewerRevision(u32),
    /// When a role was last used, and in which region, as far as IAM knows (IAM API reference,
    /// `RoleLastUsed`).
    LastUsed {
        /// The day: `2026-11-27`.
        day: String,
        /// The region.
        region: String,
    },
}

/// What the account has under one role name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TakenName {
    /// The name.
    pub name: String,
    /// The ARN.
    pub arn: String,
    /// Whose it is.
    pub owner: Owner,
}

impl<R> Live<R> {
    /// Its ARN.
    pub fn arn(&self) -> &str {
        self.attributes
            .get(&Attribute::Arn)
            .map_or("", String::as_str)
    }

    /// What distinguishes it from another with its name, where its ARN doesn't.
    pub fn unique_id(&self) -> Option<&str> {
        self.facts.iter().find_map(|fact| match fact {
            Fact::UniqueId(id) => Some(id.as_str()),
            Fact::RetentionByAccountPolicy(_)
            | Fact::TagsOfAws(_)
            | Fact::NewerRevision(_)
            | Fact::LastUsed { .. } => None,
        })
    }

    /// The same, with its state as something else.
    pub fn map<S>(self, convert: impl FnOnce(R) -> S) -> Live<S> {
        let Self {
            resource,
            owner,
            attributes,
            facts,
        } = self;
        Live {
            resource: convert(resource),
            owner,
            attributes,
            facts,
        }
    }
}
