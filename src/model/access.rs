//! As whom the calls of a stack are made, where that is not whoever starts the run, and what of it
//! a run allows.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What a session is called unless the stack file says otherwise.
pub const SESSION_NAME: &str = "amp-stack";
/// How long a session lasts, in seconds, unless the stack file says otherwise: as long as STS gives
/// one that nobody says it of.
pub const DEFAULT_SESSION_SECONDS: u32 = 3_600;
/// How long a session may last, in seconds: from 15 minutes to 12 hours (STS API reference,
/// `AssumeRole`, `DurationSeconds`,
/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>). The role may allow
/// less, and a caller that is a session of a role itself gets an hour at most, which STS alone
/// knows.
pub const SESSION_SECONDS: std::ops::RangeInclusive<u64> = 900..=43_200;
/// The longest ARN (the same, `RoleArn`).
const LONGEST_ARN: usize = 2_048;

/// As whom the calls of a stack are made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// As the profile of this name of the shared AWS configuration.
    Profile(String),
    /// As a session of a role, which whoever starts the run assumes.
    Role(AssumedRole),
}

/// A role, and how it is assumed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssumedRole {
    /// The role.
    pub arn: RoleArn,
    /// What its trust policy may ask for. It is no secret (IAM user guide, "Access to AWS accounts
    /// owned by third parties").
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// What the session is called in the logs of its account.
    pub session_name: String,
    /// For how long a session is asked for, in seconds. It is renewed when it ends.
    pub duration_seconds: u32,
}

/// The ARN of a role: `arn:aws:iam::111122223333:role/ci/deploy`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RoleArn(String);

/// A text that is not the ARN of a role.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("it is not the ARN of a role, which looks like arn:aws:iam::111122223333:role/PATH/NAME")]
pub struct NoRoleArn;

/// Which roles a run may assume, and which profiles it may use: what is said outside stack files,
/// so that whoever edits one reaches no other account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// The roles.
    pub roles: BTreeSet<RoleArn>,
    /// The profiles.
    pub profiles: BTreeSet<String>,
}

impl Allowed {
    /// Returns whether a run may make calls with `access`.
    pub fn allows(&self, access: &Access) -> bool {
        match access {
            Access::Profile(name) => self.profiles.contains(name),
            Access::Role(role) => self.roles.contains(&role.arn),
        }
    }
}

impl Access {
    /// The account that it leads to, as far as that is known without asking.
    pub fn account(&self) -> Option<&str> {
        self.role().map(|role| role.arn.account())
    }

    /// The role, if it is one.
    pub fn role(&self) -> Option<&AssumedRole> {
        match self {
            Self::Role(role) => Some(role),
            Self::Profile(_) => None,
        }
    }

    /// The profile, if it is one.
    pub fn profile(&self) -> Option<&str> {
        match self {
            Self::Profile(name) => Some(name),
            Self::Role(_) => None,
        }
    }

    /// What a run may not do that does not allow it, and the advice that helps.
    pub fn refusal(&self) -> (String, String) {
        let (may_not, what, option, variable, value) = match self {
            Self::Profile(name) => (
                format!("use the profile `{name}`"),
                "profiles it may use",
                "--allow-profile",
                "AMP_STACK_ALLOW_PROFILE",
                name.as_str(),
            ),
            Self::Role(role) => (
                format!("assume the role {}", role.arn),
                "roles it may assume",
                "--allow-role",
                "AMP_STACK_ALLOW_ROLE",
                role.arn.0.as_str(),
            ),
        };
        let advice = format!(
            "which {what} is said outside of stack files: to allow this, add {option} {value}, or set {variable}"
        );
        (format!("this run may not {may_not}"), advice)
    }
}

/// `as the role ci/deploy`, `with the profile prod`.
impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Profile(name) => write!(f, "with the profile {name}"),
            Self::Role(role) => write!(f, "as the role {}", role.arn.path_and_name()),
        }
    }
}

impl RoleArn {
    /// The account of the role.
    pub fn account(&self) -> &str {
        self.part(4)
    }

    /// The partition of the role.
    pub fn partition(&self) -> &str {
        self.part(1)
    }

    /// Its name, with the path before it: `ci/deploy`.
    fn path_and_name(&self) -> &str {
        let resource = self.part(5);
        resource.strip_prefix("role/").unwrap_or(resource)
    }

    fn part(&self, index: usize) -> &str {
        self.0.splitn(6, ':').nth(index).unwrap_or_default()
    }
}

impl fmt::Display for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<RoleArn> for String {
    fn from(arn: RoleArn) -> Self {
        arn.0
    }
}

impl TryFrom<String> for RoleArn {
    type Error = NoRoleArn;

    fn try_from(text: String) -> Result<Self, NoRoleArn> {
        text.parse()
    }
}

impl FromStr for RoleArn {
    type Err = NoRoleArn;

    /// Names and paths are those of IAM's API model 2010-05-08 (`roleNameType`, `pathType`).
    fn from_str(text: &str) -> Result<Self, NoRoleArn> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let &["arn", partition, "iam", "", account, resource] = parts.as_slice() else {
            return Err(NoRoleArn);
        };
        let path_and_name = resource.strip_prefix("role/").ok_or(NoRoleArn)?;
        let (path, name) = path_and_name
            .rsplit_once('/')
            .unwrap_or(("", path_and_name));
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
        let fits = partition.starts_with("aws")
            && account.len() == 12
            && account.bytes().all(|byte| byte.is_ascii_digit())
            && (1..=64).contains(&name.len())
            && name.chars().all(is_of_name)
            && path.chars().all(|c| c.is_ascii_graphic())
            && text.len() <= LONGEST_ARN;
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(NoRoleArn)
        }
    }
}

/// Returns whether STS takes a text as the name of a session (STS API reference, `AssumeRole`,
/// `RoleSessionName`).
pub fn is_session_name(text: &str) -> bool {
    (2..=64).contains(&text.len()) && text.chars().all(|c| is_word(c) || "+=,.@-".contains(c))
}

/// Returns whether STS takes a text as an external id (the same, `ExternalId`).
pub fn is_external_id(text: &str) -> bool {
    (2..=1_224).contains(&text.len()) && text.chars().all(|c| is_word(c) || "+=,.@:/-".contains(c))
}

/// Returns whether the SDK finds a profile of this name: it leaves out what is spelled otherwise
/// (aws-runtime, `env_config/parse.rs`, `validate_identifier`).
pub fn is_profile_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| is_word(c) || "-/.%@:+".contains(c))
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arn_of_a_role_has_an_account_and_a_name() {
        for (text, account, shown) in [
            (
                "arn:aws:iam::222222222222:role/deploy",
                "222222222222",
                "deploy",
            ),
            (
                "arn:aws-cn:iam::222222222222:role/ci/a/b,c",
                "222222222222",
                "ci/a/b,c",
            ),
        ] {
            let arn: RoleArn = text.parse().unwrap();
            assert_eq!((arn.account(), arn.path_and_name()), (account, shown));
            assert_eq!(arn.to_string(), text);
        }
        for text in [
            "",
            "deploy",
            "arn:aws:iam:::role/deploy",
            "arn:aws:iam::22222222222:role/deploy",
            "arn:aws:iam::aws:role/deploy",
            "arn:aws:iam::222222222222:role/",
            "arn:aws:iam::222222222222:user/deploy",
            "arn:aws:iam::222222222222:role/de ploy",
            "arn:aws:iam::222222222222:role/*",
            "arn:aws:sts::222222222222:assumed-role/deploy/x",
            "arn:aws:iam:us-east-1:222222222222:role/deploy",
        ] {
            assert_eq!(text.parse::<RoleArn>(), Err(NoRoleArn), "{text}");
        }
    }

    #[test]
    fn only_what_is_named_outside_is_allowed() {
        let role = |name: &str| -> RoleArn {
            format!("arn:aws:iam::222222222222:role/{name}")
                .parse()
                .unwrap()
        };
        let access = |name: &str| {
            Access::Role(AssumedRole {
                arn: role(name),
                external_id: None,
                session_name: SESSION_NAME.to_owned(),
                duration_seconds: DEFAULT_SESSION_SECONDS,
            })
        };
        let allowed = Allowed {
            roles: [role("deploy")].into(),
            profiles: ["prod".to_owned()].into(),
        };
        assert!(allowed.allows(&access("deploy")));
        assert!(allowed.allows(&Access::Profile("prod".to_owned())));
        for other in [
            access("Deploy"),
            access("x/deploy"),
            Access::Profile("prod2".to_owned()),
        ] {
            assert!(!allowed.allows(&other), "{other}");
            assert!(!Allowed::default().allows(&other), "{other}");
        }
    }

    #[test]
    fn what_sts_does_not_take_is_known() {
        assert!(is_session_name("ci@2") && !is_session_name("a") && !is_session_name("a b"));
        assert!(!is_session_name(&"a".repeat(65)));
        assert!(is_external_id("a:/b") && !is_external_id("a") && !is_external_id("a b"));
        assert!(!is_external_id(&"a".repeat(1_225)));
        assert!(is_profile_name("prod.eu@2") && !is_profile_name("") && !is_profile_name("a b"));
    }
}
