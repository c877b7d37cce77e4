//! Who makes a call: the root user of the account, a user with a policy, or the session of a role.

use crate::{
    Context,
    iam::{self, Identity},
    rights::Right,
};

/// The name of the user that a [`CallerPolicy`] makes of the caller.
pub(crate) const USER: &str = "sandbox";

/// The identity policy of the caller, where it is not the root user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerPolicy(String);

impl CallerPolicy {
    /// Reads the policy as IAM does; the error is what IAM says of a document that it refuses.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        iam::check_identity_policy(text).map_err(|refusal| refusal.message)?;
        Ok(Self(text.to_owned()))
    }

    /// Returns whether it allows `right`.
    pub fn allows(&self, right: &Right) -> bool {
        let mut iam = iam::State::default();
        iam.user_policy = Some(self.0.clone());
        iam.judge(Identity::User, right).is_ok()
    }

    /// The document.
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// Who makes a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Caller {
    /// The root user, who may do everything.
    #[default]
    Root,
    /// The user whose policy the sandbox was given.
    User,
    /// A session of a role.
    Session {
        /// The ARN of the role.
        role: String,
        /// The name of the session.
        name: String,
    },
}

impl Caller {
    /// The ARN as STS and error messages give it (IAM user guide, "IAM identifiers").
    pub(crate) fn arn(&self, cx: &Context<'_>) -> String {
        let Context {
            partition, account, ..
        } = cx;
        match self {
            Self::Root => format!("arn:{partition}:iam::{account}:root"),
            Self::User => format!("arn:{partition}:iam::{account}:user/{USER}"),
            Self::Session { role, name } => {
                let role = role.rsplit('/').next().unwrap_or(role);
                format!("arn:{partition}:sts::{account}:assumed-role/{role}/{name}")
            }
        }
    }

    /// The ARN of the principal that policies name: of a session, its role (IAM user guide, "AWS
    /// global condition context keys", `aws:PrincipalArn`).
    pub(crate) fn principal(&self, cx: &Context<'_>) -> String {
        match self {
            Self::Session { role, .. } => role.clone(),
            Self::Root | Self::User => self.arn(cx),
        }
    }

    /// Whose policies count; the root user has none and may do everything.
    pub(crate) fn identity(&self) -> Option<Identity<'_>> {
        match self {
            Self::Root => None,
            Self::User => Some(Identity::User),
            Self::Session { role, .. } => Some(Identity::Role(role)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_named_by_its_role_without_the_path() {
        let cx = Context {
            account: "111122223333",
            region: "us-east-1",
            partition: "aws",
            now_millis: 0,
        };
        let session = Caller::Session {
            role: "arn:aws:iam::111122223333:role/ci/Deploy".to_owned(),
            name: "run-1".to_owned(),
        };
        assert_eq!(
            session.arn(&cx),
            "arn:aws:sts::111122223333:assumed-role/Deploy/run-1"
        );
        assert_eq!(
            session.principal(&cx),
            "arn:aws:iam::111122223333:role/ci/Deploy"
        );
    }

    #[test]
    fn a_policy_is_read_as_iam_reads_it() {
        let policy = r#" {"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"aps:*","Resource":"*"}} "#;
        assert!(CallerPolicy::parse(policy).is_ok());
        for wrong in ["", "{}", "[]", r#"{"Version":"2012-10-17","Statement":{}}"#] {
            assert!(CallerPolicy::parse(wrong).is_err(), "{wrong}");
        }
    }
}
