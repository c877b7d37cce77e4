//! What a stack names and does not make: a policy, somebody else's log group, an existing
//! workspace; and whether it is there and fit for its use.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::model::{
    address::Address,
    identity::Identity,
    permission::{Permission, Permissions},
};

/// What kind of thing is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// A log group of CloudWatch Logs, by its name.
    LogGroup,
    /// A managed policy, by its ARN: one that is attached, or a permissions boundary.
    Policy,
    /// A role that tasks use, by its ARN.
    Role,
    /// A workspace, by its id.
    Workspace,
}

impl What {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::LogGroup, Self::Policy, Self::Role, Self::Workspace];

    /// What stands before the colon where one is named: `policy`.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::LogGroup => "logs",
            Self::Policy => "policy",
            Self::Role => "role",
            Self::Workspace => "workspace",
        }
    }

    /// What people call one.
    pub fn noun(self) -> &'static str {
        match self {
            Self::LogGroup => "log group",
            Self::Policy => "managed policy",
            Self::Role => "role",
            Self::Workspace => "workspace",
        }
    }

    /// What people call several.
    pub fn plural(self) -> &'static str {
        match self {
            Self::LogGroup => "log groups",
            Self::Policy => "managed policies",
            Self::Role => "roles",
            Self::Workspace => "workspaces",
        }
    }

    /// The code of the refusal if it is not there.
    pub fn code_if_missing(self) -> &'static str {
        match self {
            Self::LogGroup => "no-such-log-group",
            Self::Policy => "no-such-policy",
            Self::Role => "no-such-role",
            Self::Workspace => "no-such-workspace",
        }
    }
}

/// Something that a stack names and does not make. Written as `WHAT:NAME`: `logs:/ecs/shared`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Mention {
    /// What it is.
    pub what: What,
    /// What it is named by.
    pub name: String,
}

/// A text that is no mention.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names nothing that can be looked up")]
pub struct NoMention(String);

impl Mention {
    /// `name`, which is what calls and stack files name it by.
    pub fn new(what: What, name: impl Into<String>) -> Self {
        Self {
            what,
            name: name.into(),
        }
    }

    /// Adds what it takes to look it up in `here`, besides what planning takes anyway.
    pub fn add_permissions(&self, here: &Identity, permissions: &mut Permissions) {
        match self.what {
            What::LogGroup => permissions.add(
                // The statement that log groups of the stack take (kinds/log_group/permissions.rs).
                Permission::new(
                    "ListLogGroups",
                    "log groups are looked up by name, for which no resource can be named",
                    &["logs:DescribeLogGroups"],
                )
                .on_everything(),
            ),
            What::Policy => permissions.add(
                Permission::new(
                    "LookUpPolicies",
                    "whether policies are there that roles name is seen before anything is made",
                    &["iam:GetPolicy"],
                )
                .on([self.name.as_str()]),
            ),
            // All roles are listed whatever a stack declares.
            What::Role => {}
            What::Workspace => permissions.add(
                Permission::new(
                    "LookUpWorkspace",
                    "a workspace that was made a moment ago may not be listed yet, and is then looked up by its id",
                    &["aps:DescribeWorkspace"],
                )
                .on([here.workspace_arn(&self.name)]),
            ),
        }
    }
}

impl fmt::Display for Mention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.what.prefix(), self.name)
    }
}

impl From<Mention> for String {
    fn from(mention: Mention) -> Self {
        mention.to_string()
    }
}

impl FromStr for Mention {
    type Err = NoMention;

    fn from_str(text: &str) -> Result<Self, NoMention> {
        let parts = text.split_once(':').and_then(|(prefix, name)| {
            let what = What::ALL.into_iter().find(|what| what.prefix() == prefix)?;
            (!name.is_empty()).then(|| Self::new(what, name))
        });
        parts.ok_or_else(|| NoMention(text.to_owned()))
    }
}

impl TryFrom<String> for Mention {
    type Error = NoMention;

    fn try_from(text: String) -> Result<Self, NoMention> {
        text.parse()
    }
}

/// A mention in a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mentioned {
    /// The resource that mentions it.
    pub address: Address,
    /// Where in it: `permissions_boundary`.
    pub at: String,
    /// What is mentioned.
    pub mention: Mention,
}

/// What was found out about something that a stack names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// It is there, and nothing is known that speaks against its use.
    Fits,
    /// It is not there.
    Missing,
    /// It is there, and can't be used.
    Unfit(Unfit),
    /// That could not be seen; why.
    Unseen(String),
}

/// Why something that is there can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unfit {
    /// IAM lets nobody attach the policy.
    NotAttachable,
    /// The role is one of another account.
    OfAnotherAccount,
    /// The trust policy of the role does not let ECS tasks assume it.
    ShutsOutTasks,
}

impl Unfit {
    /// The code of the refusal.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotAttachable => "policy-not-attachable",
            Self::OfAnotherAccount => "role-of-another-account",
            Self::ShutsOutTasks => "role-shuts-out-tasks",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mention_is_written_and_read_back() {
        for what in What::ALL {
            let mention = Mention::new(what, "arn:aws:iam::111122223333:policy/a:b");
            assert_eq!(mention.to_string().parse(), Ok(mention.clone()));
            let json = serde_json::to_string(&mention).unwrap();
            assert_eq!(serde_json::from_str::<Mention>(&json).unwrap(), mention);
        }
        for text in ["", "policy", "policy:", ":x", "Policy:x", "queue:x"] {
            assert_eq!(
                text.parse::<Mention>(),
                Err(NoMention(text.to_owned())),
                "{text}"
            );
        }
    }
}
