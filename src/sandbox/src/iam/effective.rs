//! What a role may do and who may assume it, for the services that act with it.

use crate::iam::{
    Role, State,
    evaluate::{Policies, Source},
    grammar::Kind,
    pattern::RequestContext,
    policy,
    simulate::identity_policies,
};

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
        let Some(role) = self.by_arn(arn) else {
            return false;
        };
        let Ok(identity) = identity_policies(self, role) else {
            return false;
        };
        let boundary = role.boundary.iter().map(|boundary| {
            let policy = policy::find(self, boundary)?;
            let name = policy.name.to_owned();
            Source::new(name, "boundary", policy.document(), Kind::Identity).ok()
        });
        // A boundary that is gone allows nothing (IAM User Guide, "Permissions boundaries").
        let Some(boundary) = boundary.collect::<Option<Vec<_>>>() else {
            return false;
        };
        let policies = Policies {
            request: RequestContext::new(),
            caller: Some(arn.to_owned()),
            identity,
            boundary,
            resource: None,
        };
        policies.decide(action, resource).result == "allowed"
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
