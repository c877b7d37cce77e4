//! What roles take of the quotas of IAM.

use crate::{
    kinds::{
        limited::Limited,
        role::{Role, policy},
    },
    model::quota::{Quota, Take},
};

impl Limited for Role {
    fn takes(from: Option<&Self>, to: &Self) -> Vec<Take> {
        let amount = |amount: fn(&Self) -> usize| {
            let counted = |role: &Self| u64::try_from(amount(role)).unwrap_or(u64::MAX);
            (from.map_or(0, counted), counted(to))
        };
        let counts = [
            (Quota::Roles, amount(|_| 1)),
            (
                Quota::ManagedPolicies,
                amount(|role| role.managed_policies.len()),
            ),
            (Quota::TrustPolicy, amount(|role| policy::size(&role.trust))),
            (
                Quota::InlinePolicies,
                amount(|role| role.inline_policies.values().map(policy::size).sum()),
            ),
        ];
        let takes = counts.map(|(quota, (before, after))| Take {
            quota,
            before,
            after,
        });
        takes.into()
    }
}
