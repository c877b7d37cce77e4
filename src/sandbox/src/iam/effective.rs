//! What a role may do and who may assume it, for the services that act with it.

use crate::{
    Refusal,
    iam::{
        Role, State, document,
        evaluate::{Policies, Source},
        grammar::Kind,
        key,
        pattern::RequestContext,
        policy,
        simulate::identity_policies,
    },
    rights::Right,
};

/// Whose policies say what a caller may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identity<'a> {
    /// The user whose policy the sandbox was given.
    User,
    /// The role of this ARN.
    Role(&'a str),
}

/// What a boundary is called in [`Source::kind`].
const BOUNDARY: &str = "boundary";

/// Refuses what is no policy of an identity.
pub(crate) fn check_identity_policy(text: &str) -> Result<(), Refusal> {
    document::parse(text, Kind::Identity).map(drop)
}

impl State {
    /// Returns whether `service` (such as `ecs-tasks.amazonaws.com`) may assume the role `arn` on
    /// behalf of the resource `source` of `account`: what its trust policy says (developer guide,
    /// "Amazon ECS task IAM role": conditions on `aws:SourceAccount` and `aws:SourceArn`).
    pub fn is_assumable(&self, arn: &str, service: &str, account: &str, source: &str) -> bool {
        let Some(role) = self.by_arn(arn) else {
            return false;
        };
        // A document that IAM took can be read again; one that can't be trusts nobody.
        let trust = Source::new("trust".to_owned(), "resource", &role.trust, Kind::Trust);
        let Ok(trust) = trust else {
            return false;
        };
        let request = RequestContext::from_iter([
            ("aws:sourceaccount".to_owned(), vec![account.to_owned()]),
            ("aws:sourcearn".to_owned(), vec![source.to_owned()]),
        ]);
        let policies = Policies {
            request,
            caller: Some(service.to_owned()),
            identity: Vec::new(),
            boundary: Vec::new(),
            resource: Some(trust),
        };
        policies.decide("sts:AssumeRole", arn).result == "allowed"
    }

    /// Returns whether the policies of the role `arn`, within its boundary, allow `action` on
    /// `resource`.
    pub fn may(&self, arn: &str, action: &str, resource: &str) -> bool {
        let policies = self.policies_of(Identity::Role(arn), RequestContext::new());
        policies.is_some_and(|policies| policies.decide(action, resource).result == "allowed")
    }

    /// Returns why `identity` lacks `right`, if it does, as error messages put it (IAM user guide,
    /// "Troubleshoot access denied error messages").
    pub(crate) fn judge(&self, identity: Identity<'_>, right: &Right) -> Result<(), String> {
        let Right {
            action,
            resource,
            keys,
        } = right;
        let lacking = |kind: &str| format!("because no {kind} allows the {action} action");
        let Some(mut policies) = self.policies_of(identity, keys.clone()) else {
            return Err(lacking("permissions boundary"));
        };
        let decision = policies.decide(action, resource);
        match decision.result {
            "allowed" => return Ok(()),
            "explicitDeny" => {
                let in_boundary = decision.matched.iter().any(|(by, _)| by.kind == BOUNDARY);
                let kind = if in_boundary {
                    "a permissions boundary"
                } else {
                    "an identity-based policy"
                };
                return Err(format!("with an explicit deny in {kind}"));
            }
            _ => {}
        }
        policies.boundary.clear();
        Err(match policies.decide(action, resource).result {
            "allowed" => lacking("permissions boundary"),
            _ => lacking("identity-based policy"),
        })
    }

    /// Returns whether `identity` of the account with `theirs`, the principal of the ARN
    /// `principal`, may assume the role that `right` is about: its trust policy has to allow that
    /// and, unless that is of the same account and names the principal itself, so has a policy of
    /// the principal (IAM user guide, "Policy evaluation logic").
    pub(crate) fn is_assumable_by(
        &self,
        theirs: &Self,
        identity: Identity<'_>,
        principal: &str,
        right: &Right,
    ) -> bool {
        let trust = self.by_arn(&right.resource);
        let trust = trust.and_then(|role| {
            Source::new("trust".to_owned(), "resource", &role.trust, Kind::Trust).ok()
        });
        let Some(trust) = trust else {
            return false;
        };
        let trusting = Policies {
            request: right.keys.clone(),
            caller: Some(principal.to_owned()),
            identity: Vec::new(),
            boundary: Vec::new(),
            resource: Some(trust),
        };
        let decision = trusting.decide(&right.action, &right.resource);
        if decision.result != "allowed" {
            return false;
        }
        let by_name = decision
            .matched
            .iter()
            .any(|(policy, index)| policy.names(*index, principal));
        let is_here = std::ptr::eq(self, theirs);
        match theirs.judge(identity, right) {
            Ok(()) => true,
            Err(reason) => is_here && by_name && reason.starts_with("because"),
        }
    }

    /// The policies of `identity`; `None` if its boundary is gone, which allows nothing (IAM User
    /// Guide, "Permissions boundaries").
    fn policies_of(&self, identity: Identity<'_>, request: RequestContext) -> Option<Policies> {
        let (own, boundary, caller) = match identity {
            Identity::User => {
                let text = self.user_policy.as_deref();
                let source = text.map(|text| {
                    Source::new("CallerPolicy".to_owned(), "user", text, Kind::Identity)
                });
                // It was read when the sandbox was opened.
                let source = source.transpose().ok()?;
                (source.into_iter().collect(), None, None)
            }
            Identity::Role(arn) => {
                let role = self.by_arn(arn);
                let own = role.map(|role| identity_policies(self, role)).transpose();
                let boundary = role.and_then(|role| role.boundary.as_deref());
                (
                    own.ok()?.unwrap_or_default(),
                    boundary,
                    Some(arn.to_owned()),
                )
            }
        };
        let boundary = boundary.into_iter().map(|boundary| {
            let policy = policy::find(self, boundary)?;
            let name = policy.name.to_owned();
            Source::new(name, BOUNDARY, policy.document(), Kind::Identity).ok()
        });
        Some(Policies {
            request,
            caller,
            identity: own,
            boundary: boundary.collect::<Option<Vec<_>>>()?,
            resource: None,
        })
    }

    /// The ARN of the role `name`, if there is one.
    pub(crate) fn role_arn(&self, name: &str) -> Option<String> {
        self.roles.get(&key(name)).map(|role| role.arn.clone())
    }

    /// The unique id of the role of this ARN.
    pub(crate) fn role_id(&self, arn: &str) -> Option<&str> {
        self.by_arn(arn).map(|role| role.id.as_str())
    }

    /// How long a session of the role of this ARN may last, in seconds.
    pub(crate) fn longest_session(&self, arn: &str) -> Option<u32> {
        self.by_arn(arn).map(|role| role.max_session_seconds)
    }

    /// The boundary of the role `name`, if it has one.
    pub(crate) fn boundary_of_role(&self, name: &str) -> Option<String> {
        self.roles.get(&key(name))?.boundary.clone()
    }

    /// The tags of the role `name`.
    pub(crate) fn tags_of_role(&self, name: &str) -> Vec<(String, String)> {
        let role = self.roles.get(&key(name));
        let tags = role.into_iter().flat_map(|role| &role.tags);
        tags.map(|tag| (tag.key.clone(), tag.value.clone()))
            .collect()
    }

    /// The ARN of the instance profile `name`, if there is one.
    pub(crate) fn profile_arn(&self, name: &str) -> Option<String> {
        self.profiles
            .get(&key(name))
            .map(|profile| profile.arn.clone())
    }

    fn by_arn(&self, arn: &str) -> Option<&Role> {
        self.roles.values().find(|role| role.arn == arn)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::iam::testing::Account;

    const ECS: &str = "ecs-tasks.amazonaws.com";
    const SOURCE: &str = "arn:aws:ecs:us-east-1:111122223333:*";

    fn is_trusting(statement: &Value) -> bool {
        let mut account = Account::default();
        let arn = account.role("R");
        let document = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        let input = json!({"RoleName": "R", "PolicyDocument": document});
        account.answered("UpdateAssumeRolePolicy", input);
        let iam = &account.world.iam;
        iam.is_assumable(&arn, ECS, "111122223333", SOURCE)
    }

    #[test]
    fn a_trust_policy_says_which_service_assumes_a_role() {
        let allow =
            json!({"Effect": "Allow", "Principal": {"Service": ECS}, "Action": "sts:AssumeRole"});
        let with = |member: &str, value: Value| {
            let mut statement = allow.clone();
            statement[member] = value;
            statement
        };
        let elsewhere = "arn:aws:ecs:eu-west-1:111122223333:*";
        for (statement, expected) in [
            (allow.clone(), true),
            (
                with("Condition", json!({"ArnLike": {"aws:SourceArn": SOURCE}})),
                true,
            ),
            (
                with(
                    "Condition",
                    json!({"ArnLike": {"aws:SourceArn": elsewhere}}),
                ),
                false,
            ),
            (
                with(
                    "Condition",
                    json!({"StringEquals": {"aws:SourceAccount": "444455556666"}}),
                ),
                false,
            ),
            (
                with("Principal", json!({"Service": "ec2.amazonaws.com"})),
                false,
            ),
            (with("Effect", json!("Deny")), false),
        ] {
            assert_eq!(is_trusting(&statement), expected, "{statement}");
        }
    }

    #[test]
    fn a_role_may_what_its_policies_and_its_boundary_allow() {
        let mut account = Account::default();
        let arn = account.role("R");
        let may = |account: &Account, action: &str| account.world.iam.may(&arn, action, "*");
        assert!(!may(&account, "aps:RemoteWrite"));
        let write = "arn:aws:iam::aws:policy/AmazonPrometheusRemoteWriteAccess";
        account.answered(
            "AttachRolePolicy",
            json!({"RoleName": "R", "PolicyArn": write}),
        );
        assert!(may(&account, "aps:RemoteWrite"));
        assert!(!may(&account, "aps:QueryMetrics"));
        let query = "arn:aws:iam::aws:policy/AmazonPrometheusQueryAccess";
        account.answered(
            "PutRolePermissionsBoundary",
            json!({"RoleName": "R", "PermissionsBoundary": query}),
        );
        assert!(!may(&account, "aps:RemoteWrite"));
        let iam = &account.world.iam;
        assert!(!iam.may(
            "arn:aws:iam::111122223333:role/none",
            "aps:RemoteWrite",
            "*"
        ));
    }
}
