//! What a stack names and does not make: a policy, somebody else's log group, an existing
//! workspace; and whether it is there and fit for its use.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::model::{
    address::Address,
    identity::Identity,
    permission::{Permission, Permissions},
};

/// What kind of thing is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// An access point of a file system of Amazon EFS, by its id.
    AccessPoint,
    /// A file system of Amazon EFS, by its id.
    FileSystem,
    /// An image in a private repository of Amazon ECR, as containers name it.
    Image,
    /// A key of KMS, by its ARN.
    Key,
    /// A log group of CloudWatch Logs, by its name.
    LogGroup,
    /// A parameter of Systems Manager, by its name or its ARN.
    Parameter,
    /// A managed policy, by its ARN: one that is attached, or a permissions boundary.
    Policy,
    /// A role that tasks use, by its ARN.
    Role,
    /// A secret of Secrets Manager, by its ARN, which may lack the characters at its end.
    Secret,
    /// A workspace, by its id.
    Workspace,
}

impl What {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::AccessPoint,
        Self::FileSystem,
        Self::Image,
        Self::Key,
        Self::LogGroup,
        Self::Parameter,
        Self::Policy,
        Self::Role,
        Self::Secret,
        Self::Workspace,
    ];

    /// What stands before the colon where one is named, what people call one and several, and the
    /// code of the refusal if it is not there.
    fn words(self) -> [&'static str; 4] {
        match self {
            Self::AccessPoint => [
                "efs-access-point",
                "access point",
                "access points",
                "no-such-access-point",
            ],
            Self::FileSystem => ["efs", "file system", "file systems", "no-such-file-system"],
            Self::Image => ["ecr", "image", "images", "no-such-image"],
            Self::Key => ["kms", "KMS key", "KMS keys", "no-such-key"],
            Self::LogGroup => ["logs", "log group", "log groups", "no-such-log-group"],
            Self::Parameter => ["ssm", "parameter", "parameters", "no-such-parameter"],
            Self::Policy => [
                "policy",
                "managed policy",
                "managed policies",
                "no-such-policy",
            ],
            Self::Role => ["role", "role", "roles", "no-such-role"],
            Self::Secret => ["secret", "secret", "secrets", "no-such-secret"],
            Self::Workspace => ["workspace", "workspace", "workspaces", "no-such-workspace"],
        }
    }

    /// What stands before the colon where one is named: `policy`.
    pub fn prefix(self) -> &'static str {
        let [prefix, ..] = self.words();
        prefix
    }

    /// What people call one.
    pub fn noun(self) -> &'static str {
        let [_, noun, ..] = self.words();
        noun
    }

    /// What people call several.
    pub fn plural(self) -> &'static str {
        let [_, _, plural, _] = self.words();
        plural
    }

    /// The code of the refusal if it is not there.
    pub fn code_if_missing(self) -> &'static str {
        let [_, _, _, code] = self.words();
        code
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

    /// The region and the account that it is in: those of its ARN, or of the host of its registry
    /// (ECR user guide, "Amazon ECR private registries"), or `here`.
    pub fn place<'a>(&'a self, here: &'a Identity) -> (&'a str, &'a str) {
        let parts: Vec<&str> = if self.what == What::Image {
            let host = self.name.split('/').next().unwrap_or_default();
            host.split('.').collect()
        } else {
            self.name.splitn(6, ':').collect()
        };
        match parts.as_slice() {
            [account, "dkr", "ecr", region, ..] | ["arn", _, _, region, account, _] => {
                (region, account)
            }
            _ => (&here.region, &here.account),
        }
    }

    /// Adds what it takes to see whether it is there.
    fn add_permissions(&self, here: &Identity, permissions: &mut Permissions) {
        let (region, account) = self.place(here);
        if account != here.account && !matches!(self.what, What::Policy | What::Role) {
            // It is not looked up.
            return;
        }
        let arn = |service: &str, resource: String| {
            format!(
                "arn:{}:{service}:{region}:{account}:{resource}",
                here.partition
            )
        };
        let name = self.name.clone();
        let (sid, reason, action, on): (_, _, &[&'static str], Vec<String>) = match self.what {
            // All roles are listed whatever a stack declares.
            What::Role => return,
            What::AccessPoint => (
                "LookUpAccessPoints",
                "whether access points are there that tasks mount, and of which file systems, is seen before anything is made",
                &["elasticfilesystem:DescribeAccessPoints"],
                vec![arn("elasticfilesystem", format!("access-point/{name}"))],
            ),
            What::FileSystem => (
                "LookUpFileSystems",
                "whether file systems are there that tasks mount is seen before anything is made",
                &["elasticfilesystem:DescribeFileSystems"],
                vec![arn("elasticfilesystem", format!("file-system/{name}"))],
            ),
            What::Image => (
                "LookUpImages",
                "whether images are there that containers run is seen before anything is made",
                &["ecr:BatchGetImage"],
                vec![arn("ecr", format!("repository/{}", self.repository()))],
            ),
            What::Key => (
                "LookUpKeys",
                "whether keys are there and enabled is seen before anything is made",
                &["kms:DescribeKey"],
                vec![name],
            ),
            What::LogGroup => (
                // The statement that log groups of the stack take
                // (kinds/log_group/permissions.rs).
                "ListLogGroups",
                "log groups are looked up by name, for which no resource can be named",
                &["logs:DescribeLogGroups"],
                vec!["*".to_owned()],
            ),
            What::Parameter => (
                "LookUpParameters",
                "whether parameters are there that containers read is seen before anything is made, and none of their values; no resource can be named",
                &["ssm:DescribeParameters"],
                vec!["*".to_owned()],
            ),
            What::Policy => (
                "LookUpPolicies",
                "whether policies are there that roles name is seen before anything is made",
                &["iam:GetPolicy"],
                vec![name],
            ),
            What::Secret => (
                "LookUpSecrets",
                "whether secrets are there that containers read is seen before anything is made, and none of their values",
                &["secretsmanager:DescribeSecret"],
                // An ARN may be written without the six characters at its end.
                vec![format!("{name}-??????"), name],
            ),
            What::Workspace => (
                "LookUpWorkspace",
                "a workspace that was made a moment ago may not be listed yet, and is then looked up by its id",
                &["aps:DescribeWorkspace"],
                vec![here.workspace_arn(&name)],
            ),
        };
        permissions.add(Permission::new(sid, reason, action).on(on));
    }

    /// The repository of an image, `HOST/REPOSITORY:TAG` or `HOST/REPOSITORY@DIGEST`.
    pub fn repository(&self) -> &str {
        let path = self
            .name
            .split_once('/')
            .map_or(self.name.as_str(), |(_, path)| path);
        path.split(['@', ':']).next().unwrap_or(path)
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

/// A mention in a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Naming {
    /// What is mentioned.
    pub mention: Mention,
    /// Where: `permissions_boundary`.
    pub at: String,
    /// For which processor it has to be, if that matters: as images name them.
    pub processor: Option<&'static str>,
    /// The file system that it has to be of, if it is an access point.
    pub file_system: Option<String>,
}

impl Naming {
    /// Something for which neither the processor nor the file system matters.
    pub fn new(what: What, name: impl Into<String>, at: impl Into<String>) -> Self {
        Self {
            mention: Mention::new(what, name),
            at: at.into(),
            processor: None,
            file_system: None,
        }
    }

    /// Adds what it takes to look it up in `here`, besides what planning takes anyway.
    pub fn add_permissions(&self, here: &Identity, permissions: &mut Permissions) {
        self.mention.add_permissions(here, permissions);
        let (region, account) = self.mention.place(here);
        if self.processor.is_none() || account != here.account {
            return;
        }
        // ECR API reference, `GetDownloadUrlForLayer`, and the service authorization reference.
        let download = Permission::new(
            "DownloadImageConfigurations",
            "an image for a single processor says only in its configuration which one that is",
            &["ecr:GetDownloadUrlForLayer"],
        );
        let repository = self.mention.repository();
        permissions.add(download.on([format!(
            "arn:{}:ecr:{region}:{account}:repository/{repository}",
            here.partition
        )]));
    }
}

/// A mention in a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mentioned {
    /// The resource that mentions it.
    pub address: Address,
    /// What, and where in it.
    pub naming: Naming,
}

/// What was found out about something that a stack names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// It is there, and nothing is known that speaks against its use.
    Fits,
    /// The image is there, for these processors.
    ForProcessors(BTreeSet<String>),
    /// The image is there, and for which processor is not known; why.
    ForUnseenProcessor(String),
    /// The access point is there, of this file system.
    OfFileSystem(String),
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
    /// The access point is one of another file system than the volume's.
    AccessPointElsewhere,
    /// The key is disabled, or will be deleted.
    KeyNotEnabled,
    /// The key is none that encrypts and decrypts symmetrically.
    KeyNotSymmetric,
    /// The key is one of another region.
    KeyOfAnotherRegion,
    /// IAM lets nobody attach the policy.
    NotAttachable,
    /// The role is one of another account.
    OfAnotherAccount,
    /// The secret will be deleted, and can't be read any more.
    SecretDeleted,
    /// The trust policy of the role does not let ECS tasks assume it.
    ShutsOutTasks,
}

impl Unfit {
    /// The code of the refusal.
    pub fn code(self) -> &'static str {
        match self {
            Self::AccessPointElsewhere => "access-point-of-another-file-system",
            Self::KeyNotEnabled => "key-not-enabled",
            Self::KeyNotSymmetric => "key-not-symmetric",
            Self::KeyOfAnotherRegion => "key-of-another-region",
            Self::NotAttachable => "policy-not-attachable",
            Self::OfAnotherAccount => "role-of-another-account",
            Self::SecretDeleted => "secret-deleted",
            Self::ShutsOutTasks => "role-shuts-out-tasks",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_that_of_the_arn_or_of_the_registry() {
        let here = Identity::new("111122223333", "us-east-1");
        for (what, name, place) in [
            (What::Parameter, "/a", ("us-east-1", "111122223333")),
            (
                What::Parameter,
                "arn:aws:ssm:eu-west-1:444455556666:parameter/a",
                ("eu-west-1", "444455556666"),
            ),
            (
                What::Image,
                "444455556666.dkr.ecr.eu-west-1.amazonaws.com/a/b:1",
                ("eu-west-1", "444455556666"),
            ),
            (What::FileSystem, "fs-1", ("us-east-1", "111122223333")),
        ] {
            assert_eq!(Mention::new(what, name).place(&here), place, "{name}");
        }
        for (image, repository) in [("h/a/b:1", "a/b"), ("h/a@sha256:1", "a"), ("h/a", "a")] {
            assert_eq!(Mention::new(What::Image, image).repository(), repository);
        }
    }

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
