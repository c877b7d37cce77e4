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
    /// When it was made, in milliseconds since 1970.
    CreatedAt(u64),
    /// Tags that AWS itself has put on it, which nobody else can set or remove; they are no part of
    /// its state.
    TagsOfAws(BTreeMap<String, String>),
    /// Whatever it holds is at most so many days old, and 0 says that it holds nothing. Known only
    /// of what can be bounded; a shorter retention that is no shorter than this deletes nothing.
    NothingOlderThan(u32),
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

    /// Returns whether `id` is its id.
    pub fn has_id(&self, id: &str) -> bool {
        self.attributes.get(&Attribute::Id).map(String::as_str) == Some(id)
    }

    /// What distinguishes it from another with its name, where its ARN doesn't.
    pub fn unique_id(&self) -> Option<&str> {
        self.facts.iter().find_map(|fact| match fact {
            Fact::UniqueId(id) => Some(id.as_str()),
            Fact::CreatedAt(_)
            | Fact::RetentionByAccountPolicy(_)
            | Fact::TagsOfAws(_)
            | Fact::NothingOlderThan(_)
            | Fact::LastUsed { .. } => None,
        })
    }

    /// When it was made, in milliseconds since 1970, as far as that is known.
    pub fn created_at(&self) -> Option<u64> {
        self.facts.iter().find_map(|fact| match fact {
            Fact::CreatedAt(millis) => Some(*millis),
            Fact::UniqueId(_)
            | Fact::RetentionByAccountPolicy(_)
            | Fact::TagsOfAws(_)
            | Fact::NothingOlderThan(_)
            | Fact::LastUsed { .. } => None,
        })
    }

    /// The same, with another state.
    pub fn with<S>(&self, resource: S) -> Live<S> {
        Live {
            resource,
            owner: self.owner.clone(),
            attributes: self.attributes.clone(),
            facts: self.facts.clone(),
        }
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

/// A time in milliseconds since 1970, as people write it: `2026-11-28T11:46:00Z`.
pub fn date(millis: u64) -> String {
    let (days, seconds) = (millis / 86_400_000, millis / 1000 % 86_400);
    // Days since 0000-03-01, in eras of 400 years (Howard Hinnant, "chrono-Compatible Low-Level
    // Date Algorithms", civil_from_days).
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (millis, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z"),
            (1_767_225_600_000, "2026-01-01T00:00:00Z"),
            (1_795_866_399_999, "2026-11-28T11:46:39Z"),
        ] {
            assert_eq!(date(millis), expected);
        }
    }
}
