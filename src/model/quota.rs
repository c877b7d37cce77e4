//! The quotas of an account that a plan can exceed, and what is known of them.

use serde::{Deserialize, Serialize};

use crate::model::identity::Identity;

/// A quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quota {
    /// The characters of all inline policies of a role together.
    InlinePolicies,
    /// The managed policies that are attached to a role.
    ManagedPolicies,
    /// The revisions that a family has had.
    Revisions,
    /// The roles of an account.
    Roles,
    /// The characters of a role's trust policy.
    TrustPolicy,
    /// The workspaces of an account in a region.
    Workspaces,
}

/// Who says how large quotas are. One call answers for all of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// IAM itself, by `GetAccountSummary`.
    AccountSummary,
    /// Service Quotas, by `GetServiceQuota`.
    ServiceQuotas,
}

/// What is always so of a quota.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// What Service Quotas calls it, or the documentation where that does not list it.
    pub name: &'static str,
    /// The code of its service in Service Quotas.
    pub service: &'static str,
    /// Its code in Service Quotas, unless that does not list it.
    pub code: Option<&'static str>,
    /// The least that an account has that never asked for more.
    pub default: u64,
    /// Whether AWS raises it for whoever asks.
    pub is_adjustable: bool,
    /// Who says how large it is for an account, if anybody does.
    pub source: Option<Source>,
    /// Whether everything of its kind in the account counts together, and not each resource for
    /// itself.
    pub is_shared: bool,
    /// What is counted.
    pub counted: &'static str,
    /// What has so many: this account, a role.
    pub holder: &'static str,
}

impl Quota {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::InlinePolicies,
        Self::ManagedPolicies,
        Self::Revisions,
        Self::Roles,
        Self::TrustPolicy,
        Self::Workspaces,
    ];

    /// What is always so of it.
    ///
    /// Names, codes and defaults: AWS General Reference, "AWS Identity and Access Management
    /// endpoints and quotas", "Amazon Managed Service for Prometheus endpoints and quotas" and
    /// "Amazon ECS endpoints and quotas", under <https://docs.aws.amazon.com/general/latest/gr/>
    /// (`iam-service.html`, `prometheus-service.html`, `ecs-service.html`). The default of managed
    /// policies was 10 and is 20 in newer editions of the IAM user guide, "IAM and AWS STS quotas":
    /// the smaller one may be an account's.
    pub const fn facts(self) -> Facts {
        match self {
            Self::InlinePolicies => Facts {
                name: "Role policy size",
                code: None,
                default: 10_240,
                is_adjustable: false,
                counted: "characters of inline policies",
                ..OF_A_ROLE
            },
            Self::ManagedPolicies => Facts {
                name: "Managed policies per role",
                code: Some("L-0DA4ABF3"),
                default: 10,
                counted: "managed policies",
                ..OF_A_ROLE
            },
            Self::TrustPolicy => Facts {
                name: "Role trust policy length",
                code: Some("L-C07B4B0D"),
                default: 2_048,
                counted: "characters of the trust policy",
                ..OF_A_ROLE
            },
            Self::Roles => Facts {
                name: "Roles per account",
                code: Some("L-FE177D64"),
                default: 1_000,
                is_shared: true,
                counted: "roles",
                holder: "this account",
                ..OF_A_ROLE
            },
            Self::Revisions => Facts {
                name: "Revisions per task definition family",
                service: "ecs",
                code: None,
                default: 1_000_000,
                is_adjustable: false,
                source: None,
                is_shared: false,
                counted: "revisions with those that are gone",
                holder: "a family",
            },
            Self::Workspaces => Facts {
                name: "Workspaces per region per account",
                service: "aps",
                code: Some("L-8873DB23"),
                default: 25,
                is_adjustable: true,
                source: Some(Source::ServiceQuotas),
                is_shared: true,
                counted: "workspaces",
                holder: "this account in this region",
            },
        }
    }

    /// The region in which Service Quotas knows it, for a stack that lives `here`: those of IAM are
    /// known in one region of a partition only, which is us-east-1 where most accounts are (Service
    /// Quotas user guide, "Requesting a quota increase").
    pub fn region(self, here: &Identity) -> String {
        if self.facts().service == "iam" && here.partition == "aws" {
            "us-east-1".to_owned()
        } else {
            here.region.clone()
        }
    }
}

/// What the quotas of roles have in common.
const OF_A_ROLE: Facts = Facts {
    name: "",
    service: "iam",
    code: None,
    default: 0,
    is_adjustable: true,
    source: Some(Source::AccountSummary),
    is_shared: false,
    counted: "",
    holder: "a role of this account",
};

impl Source {
    /// The operation, as IAM spells it in policies.
    pub fn operation(self) -> &'static str {
        match self {
            Self::AccountSummary => "iam:GetAccountSummary",
            Self::ServiceQuotas => "servicequotas:GetServiceQuota",
        }
    }
}

/// What is known of a quota in an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// How much of it is taken, of one that is shared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<u64>,
    /// How large it is, if that was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<u64>,
    /// Why that could not be read, if somebody tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<String>,
}

impl Known {
    /// Takes up what was read later.
    pub fn update(&mut self, later: Self) {
        let Self { used, most, unread } = later;
        self.used = used.or(self.used);
        self.most = most;
        self.unread = unread;
    }
}

/// What one step takes of a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Take {
    /// Of which.
    pub quota: Quota,
    /// What it took before.
    pub before: u64,
    /// What it takes from then on.
    pub after: u64,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_quota_that_can_be_raised_has_a_code_to_ask_with() {
        let facts = Quota::ALL.map(Quota::facts);
        for one in facts {
            assert_eq!(one.is_adjustable, one.code.is_some(), "{}", one.name);
            assert!(one.default > 0 && !one.counted.is_empty(), "{}", one.name);
        }
        let names: BTreeSet<&str> = facts.iter().map(|one| one.name).collect();
        assert_eq!(names.len(), Quota::ALL.len());
    }

    #[test]
    fn what_was_counted_stays_when_only_the_size_is_read() {
        let mut known = Known {
            used: Some(3),
            ..Known::default()
        };
        known.update(Known {
            most: Some(25),
            ..Known::default()
        });
        assert_eq!((known.used, known.most), (Some(3), Some(25)));
    }
}
