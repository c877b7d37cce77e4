//! What somebody accepts by name before it is done.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    kinds::regret::Loss,
    model::address::{Address, INSTANCE_PROFILES_TABLE, NotAnAddress},
};

/// The name by which somebody accepts that something is lost.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Acceptance {
    /// Data of the resource at this address: `log_groups.app`.
    Data(Address),
    /// Something of an object that does not carry the stack's tags: `instance_profiles.Web`.
    OfOthers(String),
}

impl Acceptance {
    /// What accepts `loss`, which the resource at `address` brings.
    pub fn of(address: &Address, loss: &Loss) -> Self {
        match loss {
            Loss::Data => Self::Data(address.clone()),
            Loss::OfOthers(name) => Self::OfOthers(name.clone()),
        }
    }
}

impl fmt::Display for Acceptance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Data(address) => address.fmt(f),
            Self::OfOthers(name) => f.write_str(name),
        }
    }
}

impl FromStr for Acceptance {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('.') {
            Some((INSTANCE_PROFILES_TABLE, name)) if !name.is_empty() => {
                Ok(Self::OfOthers(text.to_owned()))
            }
            Some(_) | None => text.parse().map(Self::Data),
        }
    }
}

impl TryFrom<String> for Acceptance {
    type Error = NotAnAddress;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Acceptance> for String {
    fn from(acceptance: Acceptance) -> Self {
        acceptance.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acceptances_print_as_they_parse() {
        for text in ["workspace", "log_groups.app", "instance_profiles.Web.1"] {
            let acceptance: Acceptance = text.parse().expect("a name");
            assert_eq!(acceptance.to_string(), text);
        }
        for text in ["instance_profiles.", "instance_profiles", "role.task", ""] {
            assert!(text.parse::<Acceptance>().is_err(), "{text}");
        }
    }
}
