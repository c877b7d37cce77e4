//! What the planner has to know of log groups.

use std::collections::BTreeMap;

use crate::{
    kinds::{
        kind::{Overrides, Planned},
        log_group::{Change, LogGroup},
        regret::{Loss, LossContext, StepRisk, days_old},
    },
    model::{
        identity::Identity,
        live::{Attributes, Fact},
        query::Query,
        rule::Rule,
        template::{Attribute, Lookup},
    },
};

/// The retention of the class `DELIVERY`.
const CLASS_RETENTION: Rule = Rule {
    code: "class-retention",
    sentence: "The retention of a log group of the class DELIVERY is fixed.",
    source: "CloudWatch Logs user guide, Log classes",
};

/// The retention that a policy of the account decides.
const ACCOUNT_RETENTION: Rule = Rule {
    code: "account-retention",
    sentence: "A policy of the account decides the retention of the log group, whatever is set on the group itself.",
    source: "CloudWatch Logs API reference, LogGroup, on `retentionPolicyName`",
};

impl Planned for LogGroup {
    /// CloudWatch Logs API reference, `CreateLogGroup`, on `ResourceAlreadyExistsException`.
    const IS_CREATED_ONCE: bool = true;

    const HOLDS_DATA: bool = true;

    const LIVE_STATE_RULES: &'static [Rule] = &[CLASS_RETENTION, ACCOUNT_RETENTION];

    fn lift_protection(&mut self) {
        self.deletion_protection = false;
    }

    fn add_to_query(&self, query: &mut Query, _lookup: Lookup<'_>) {
        query
            .log_groups
            .insert(self.name.clone(), self.tags.clone());
        if let Some(days) = self.retention_days {
            query.retentions.insert(self.name.clone(), days);
        }
    }

    fn arn(&self, identity: &Identity) -> Option<String> {
        Some(identity.log_group_arn(&self.name))
    }

    fn attributes_from_name(&self, identity: &Identity) -> Attributes {
        BTreeMap::from([
            (Attribute::Arn, identity.log_group_arn(&self.name)),
            (Attribute::Name, self.name.clone()),
        ])
    }

    fn mentioned_as(&self, identity: &Identity, _target: &str) -> Vec<String> {
        vec![self.name.clone(), identity.log_group_arn(&self.name)]
    }

    fn has_deletion_protection(&self) -> bool {
        self.deletion_protection
    }

    fn apply_overrides(&mut self, live: &Self, overrides: &Overrides<'_>) -> Vec<String> {
        let mut notes = Vec::new();
        for fact in overrides.facts {
            match fact {
                Fact::RetentionByAccountPolicy(policy) => {
                    notes.extend(take_retention(policy, self, live));
                }
                Fact::UniqueId(_)
                | Fact::CreatedAt(_)
                | Fact::NothingOlderThan(_)
                | Fact::TagsOfAws(_)
                | Fact::LastUsed { .. } => {}
            }
        }
        notes
    }

    fn live_state_rule(&self) -> Option<Rule> {
        Some(if self.has_fixed_retention() {
            CLASS_RETENTION
        } else {
            ACCOUNT_RETENTION
        })
    }

    fn is_unfinished(&self, _is_awaited: bool) -> bool {
        self.retention_days.is_none()
    }

    /// All log events are deleted with the group, and those that are older than its retention
    /// (CloudWatch Logs API reference, `DeleteLogGroup`, `PutRetentionPolicy`). A change that the
    /// account's policy overrides is not even planned.
    fn loss(&self, change: &Change, context: LossContext<'_>) -> Option<StepRisk> {
        let risk = |code, text| StepRisk::losing(code, text, Loss::Data);
        match change {
            Change::Delete(_) => {
                let code = if context.is_replaced {
                    "log-group-replaced"
                } else {
                    "log-group-removed"
                };
                let text = format!("all log events in `{}` are lost", self.name);
                Some(risk(code, text))
            }
            Change::PutRetention(days) if context.shortens(self.retention_days, *days) => {
                let text = format!(
                    "log events in `{}` that are older than {} are deleted",
                    self.name,
                    days_old(*days)
                );
                Some(risk("retention-shortened", text).at("retention_days"))
            }
            Change::Create(_)
            | Change::PutRetention(_)
            | Change::DeleteRetention
            | Change::AssociateKmsKey(_)
            | Change::DisassociateKmsKey
            | Change::PutDeletionProtection(_)
            | Change::Tag(_)
            | Change::Untag(_) => None,
        }
    }

    fn build_risks(
        &self,
        altered: Option<&Self>,
        _replaced: Option<&Self>,
        _account: &str,
    ) -> Vec<StepRisk> {
        altered.map_or_else(Vec::new, |from| alteration_risks(from, self))
    }
}

fn alteration_risks(from: &LogGroup, to: &LogGroup) -> Vec<StepRisk> {
    let mut risks = Vec::new();
    // CloudWatch Logs API reference, `DisassociateKmsKey`.
    if let (Some(key), None) = (&from.kms_key_arn, &to.kms_key_arn) {
        let text = format!(
            "new log events in `{}` are no longer encrypted with {key}, which old ones still need to be read",
            to.name
        );
        risks.push(StepRisk::new("kms-key-removed", text));
    }
    risks
}

/// The account's policy goes before the group's own retention (CloudWatch Logs API reference,
/// `LogGroup`).
fn take_retention(policy: &str, to: &mut LogGroup, live: &LogGroup) -> Option<String> {
    if to.retention_days == live.retention_days {
        return None;
    }
    to.retention_days = live.retention_days;
    let retention = live
        .retention_days
        .map_or_else(|| "endless".to_owned(), |days| format!("{days} days"));
    Some(format!(
        "the account's policy `{policy}` decides the retention, which is {retention} whatever the stack file says"
    ))
}
