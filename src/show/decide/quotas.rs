//! What exceeds a quota, in words.

use crate::{
    model::quota::Quota,
    show::{decide::Explained, words::thousands},
};

/// It would be more than the account may have: `now`, afterwards and at most.
pub(super) fn over(quota: Quota, [now, after, most]: [u64; 3], region: &str) -> Explained {
    let facts = quota.facts();
    let (service, counted, holder) = (facts.service, facts.counted, facts.holder);
    let code = facts.code.map(|code| format!(" {code}"));
    let mut hints = Vec::new();
    match facts.code {
        // AWS CLI command reference, `service-quotas request-service-quota-increase`.
        Some(code) if facts.is_adjustable => hints.extend([
            format!(
                "ask for more: `aws service-quotas request-service-quota-increase --region {region} --service-code {service} --quota-code {code} --desired-value {after}`, or https://{region}.console.aws.amazon.com/servicequotas/home/services/{service}/quotas/{code}"
            ),
            format!("or take fewer: {}", fewer(quota)),
        ]),
        Some(_) | None => hints.push(format!("AWS does not raise it: {}", fewer(quota))),
    }
    hints.push("if you know better, `--no-preflight` plans without looking".to_owned());
    Explained {
        message: format!(
            "{holder} may have {} {counted}, and that makes {}",
            thousands(most),
            thousands(after)
        ),
        details: vec![format!(
            "there are {} now; the quota is \"{}\" ({service}{})",
            thousands(now),
            facts.name,
            code.unwrap_or_default()
        )],
        hints,
    }
}

/// How to do with less.
fn fewer(quota: Quota) -> &'static str {
    match quota {
        Quota::InlinePolicies => "put some of them into a managed policy, and attach that",
        Quota::ManagedPolicies => "put what some of them allow into one inline policy",
        Quota::Revisions => "give the family another name",
        Quota::Roles => "let task definitions share a role, or delete roles that nobody uses",
        Quota::TrustPolicy => "let one statement name several principals",
        Quota::Workspaces => {
            "use an existing one by its `id` in [workspace], or delete one that nobody uses"
        }
    }
}
