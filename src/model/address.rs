//! Names of things: which stack, which resource of it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The kinds of resources that amp-stack manages.
///
/// The order has a meaning: a resource mentions only resources of kinds before its own, so removal
/// goes from the last kind to the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A CloudWatch Logs log group.
    LogGroup,
    /// An Amazon Managed Service for Prometheus workspace, with its configuration and its logging.
    Workspace,
    /// An IAM role, with its attached and inline policies.
    Role,
    /// An ECS task definition family, with its revisions.
    TaskDefinition,
}

impl Kind {
    /// Every kind, in order.
    pub const ALL: [Self; 4] = [
        Self::LogGroup,
        Self::Workspace,
        Self::Role,
        Self::TaskDefinition,
    ];

    /// The key within `named`, where that is a whole address of the kind, or one of its attributes:
    /// `task` of `roles.task` and of `roles.task.arn`.
    pub fn key_in(self, named: &str) -> &str {
        let key = named.strip_prefix(self.table());
        let key = key.and_then(|rest| rest.strip_prefix('.'));
        key.map_or(named, |key| key.split_once('.').map_or(key, |(key, _)| key))
    }

    /// The name of the kind's table in a stack file.
    pub const fn table(self) -> &'static str {
        match self {
            Self::LogGroup => "log_groups",
            Self::Workspace => "workspace",
            Self::Role => "roles",
            Self::TaskDefinition => "task_definitions",
        }
    }

    /// Returns whether a stack has one such resource at most, whose table has no names in it.
    pub const fn is_single(self) -> bool {
        matches!(self, Self::Workspace)
    }

    /// Returns whether such a resource is of no region: AWS lists it in all of them.
    pub const fn is_global(self) -> bool {
        matches!(self, Self::Role)
    }

    /// What people call one of them.
    pub fn noun(self) -> &'static str {
        match self {
            Self::LogGroup => "log group",
            Self::Workspace => "workspace",
            Self::Role => "role",
            Self::TaskDefinition => "task definition",
        }
    }
}

/// What instance profiles are named after where somebody accepts what is done to them; they are no
/// kind that amp-stack manages: `instance_profiles.Web`.
pub const INSTANCE_PROFILES_TABLE: &str = "instance_profiles";

/// Where a resource stands in its stack file: `workspace`, `roles.task`, `log_groups.app`,
/// `task_definitions.checkout`.
///
/// The address is a resource's identity for its whole life: it is the value of the tag
/// [`ADDRESS_TAG`](crate::model::tags::ADDRESS_TAG).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    /// The kind.
    pub kind: Kind,
    /// The key in the kind's table; empty for the workspace, of which a stack has one.
    pub key: String,
}

impl Address {
    /// The address of the stack's workspace.
    pub fn workspace() -> Self {
        Self {
            kind: Kind::Workspace,
            key: String::new(),
        }
    }

    /// The address of `key` in the table of `kind`.
    pub fn new(kind: Kind, key: impl Into<String>) -> Self {
        Self {
            kind,
            key: key.into(),
        }
    }

    /// The most characters of a logical name.
    pub const LONGEST_KEY: usize = 64;

    /// Returns whether `key` can be the logical name of a resource: letters, digits, `_` and `-`.
    pub fn is_key(key: &str) -> bool {
        (1..=Self::LONGEST_KEY).contains(&key.len())
            && key
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.table())?;
        if self.kind.is_single() {
            return Ok(());
        }
        write!(f, ".{}", self.key)
    }
}

/// A text is not an address.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "`{0}` is not the address of a resource; addresses look like workspace, roles.NAME, log_groups.NAME or task_definitions.NAME"
)]
pub struct NotAnAddress(pub String);

impl FromStr for Address {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let single = |kind: &Kind| kind.is_single() && kind.table() == text;
        if let Some(kind) = Kind::ALL.into_iter().find(single) {
            return Ok(Self::new(kind, ""));
        }
        let error = || NotAnAddress(text.to_owned());
        let (table, key) = text.split_once('.').ok_or_else(error)?;
        let kind = Kind::ALL
            .into_iter()
            .find(|kind| !kind.is_single() && kind.table() == table)
            .ok_or_else(error)?;
        if !Address::is_key(key) {
            return Err(error());
        }
        Ok(Self::new(kind, key))
    }
}

impl TryFrom<String> for Address {
    type Error = NotAnAddress;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

/// The name of a stack: 1 to 32 of `a`–`z`, `0`–`9` and `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StackName(String);

impl StackName {
    /// The most characters of a name.
    pub const LONGEST: usize = 32;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StackName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text is not a stack name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "`{0}` is not a stack name: it takes 1 to {longest} of a to z, 0 to 9 and `-`",
    longest = StackName::LONGEST
)]
pub struct NotAStackName(pub String);

impl FromStr for StackName {
    type Err = NotAStackName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (1..=Self::LONGEST).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAStackName(text.to_owned()))
        }
    }
}

impl TryFrom<String> for StackName {
    type Error = NotAStackName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<StackName> for String {
    fn from(name: StackName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_print_as_they_parse() {
        for text in [
            "workspace",
            "roles.task",
            "log_groups.a-b_C9",
            "task_definitions.x",
        ] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn other_texts_are_not_addresses() {
        for text in [
            "",
            "roles",
            "roles.",
            "workspace.main",
            "role.task",
            "roles.a.b",
            "roles.ü",
        ] {
            assert_eq!(
                text.parse::<Address>(),
                Err(NotAnAddress(text.to_owned())),
                "{text}"
            );
        }
    }

    #[test]
    fn stack_names_have_a_charset_and_a_length() {
        assert!("checkout-2".parse::<StackName>().is_ok());
        for text in [
            "",
            "Checkout",
            "a_b",
            "a234567890123456789012345678901234567890",
        ] {
            assert!(text.parse::<StackName>().is_err(), "{text}");
        }
    }
}
