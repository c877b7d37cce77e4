//! What the planner has to know of roles.

use std::collections::BTreeMap;

use crate::{
    kinds::{
        kind::{Planned, Scope},
        regret::{Loss, LossContext, StepRisk},
        role::{Change, Role, risk},
    },
    model::{
        address::INSTANCE_PROFILES_TABLE,
        identity::Identity,
        live::Attributes,
        query::Query,
        rule::Rule,
        template::{Attribute, Lookup},
    },
};

/// The instance profiles of a role.
const INSTANCE_PROFILES: Rule = Rule {
    code: "instance-profiles",
    sentence: "That an instance profile holds a role is a property of the profile, not of the role.",
    source: "IAM API reference, InstanceProfile",
};

impl Planned for Role {
    /// IAM API reference, `CreateRole`, on `EntityAlreadyExists`.
    const IS_CREATED_ONCE: bool = true;
    const SCOPE: Scope = Scope::Account;

    const LIVE_STATE_RULES: &'static [Rule] = &[INSTANCE_PROFILES];

    fn add_to_query(&self, query: &mut Query, _lookup: Lookup<'_>) {
        query.roles.insert(self.name.clone());
    }

    fn arn(&self, identity: &Identity) -> Option<String> {
        Some(identity.role_arn(&self.path, &self.name))
    }

    fn attributes_from_name(&self, identity: &Identity) -> Attributes {
        BTreeMap::from([
            (Attribute::Arn, identity.role_arn(&self.path, &self.name)),
            (Attribute::Name, self.name.clone()),
        ])
    }

    fn mentioned_as(&self, identity: &Identity, _target: &str) -> Vec<String> {
        vec![identity.role_arn(&self.path, &self.name)]
    }

    /// Role names are unique in the account ignoring case, whatever the path (IAM API reference,
    /// `CreateRole`).
    fn collides_with(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    fn live_state_rule(&self) -> Option<Rule> {
        Some(INSTANCE_PROFILES)
    }

    /// An instance profile is nothing that amp-stack makes, so none carries a stack's tags. Whoever
    /// uses it loses the role's credentials (IAM API reference, `RemoveRoleFromInstanceProfile`).
    fn loss(&self, change: &Change, _context: LossContext<'_>) -> Option<StepRisk> {
        let Change::RemoveFromInstanceProfile(profile) = change else {
            return None;
        };
        let text = format!(
            "the role `{}` is taken out of the instance profile `{profile}`, which is not this stack's: EC2 instances that use it lose their credentials",
            self.name
        );
        let loss = Loss::OfOthers(format!("{INSTANCE_PROFILES_TABLE}.{profile}"));
        Some(StepRisk::losing("instance-profile-edited", text, loss))
    }

    /// A policy that names a role holds on to its unique id (IAM user guide, "IAM identifiers").
    fn removal_risks(&self, _target: &str, is_replaced: bool) -> Vec<StepRisk> {
        if !is_replaced {
            return Vec::new();
        }
        let text = format!(
            "the role `{}` goes, and its successor has another unique id: trust and resource policies elsewhere that name it stop matching",
            self.name
        );
        vec![StepRisk::new("role-replaced", text)]
    }

    fn build_risks(
        &self,
        altered: Option<&Self>,
        replaced: Option<&Self>,
        account: &str,
    ) -> Vec<StepRisk> {
        risk::of(altered.or(replaced), self, account)
    }
}
