//! Whether the caller has the permissions that a stack takes, as IAM simulates it. Nothing here
//! alters anything, and what can't be seen is part of what was found.

use crate::{
    aws::{Aws, all, simulate, workload::unseen},
    model::{
        call::CallError,
        permission::{Checked, Finding, Permission, Permissions, Verdict},
        workload::Decision,
    },
};

impl Aws {
    /// Asks IAM about each of `needed` for whoever calls.
    ///
    /// # Errors
    ///
    /// If AWS does not say who calls.
    pub async fn check_permissions(&self, needed: &Permissions) -> Result<Checked, CallError> {
        let caller = self.caller_arn().await?;
        let principal = match simulate::principal(self, &caller).await {
            Ok(principal) => principal,
            Err(why) => {
                return Ok(Checked {
                    caller,
                    findings: Vec::new(),
                    unseen: Some(why),
                });
            }
        };
        let needed: Vec<Permission> = needed.iter().cloned().collect();
        let findings = all(needed, |permission| {
            let (aws, principal) = (self.clone(), principal.clone());
            async move { Ok(aws.check(&principal, &permission).await) }
        });
        Ok(Checked {
            caller,
            findings: findings.await?.into_iter().flatten().collect(),
            unseen: None,
        })
    }

    /// The findings about one statement, in the order of its actions and resources.
    async fn check(&self, principal: &str, permission: &Permission) -> Vec<Finding> {
        let actions = permission.actions.iter().map(|action| (*action).to_owned());
        let resources: Vec<String> = permission.resources.iter().cloned().collect();
        let condition = permission.condition.iter();
        let keys: Vec<(String, Vec<String>)> = condition
            .map(|condition| {
                (
                    condition.key.clone(),
                    condition.values.iter().cloned().collect(),
                )
            })
            .collect();
        let decided =
            simulate::decisions_on(self, principal, actions.collect(), &resources, &keys).await;
        let of = |action: &str, resource: &String| match &decided {
            Ok(decided) => decided
                .get(&(action.to_owned(), resource.clone()))
                .map_or_else(
                    || Verdict::Unknown("IAM does not answer that".to_owned()),
                    |decision| verdict(action, decision),
                ),
            Err(error) => Verdict::Unknown(unseen("what the caller may do", error)),
        };
        let pairs = permission.actions.iter().flat_map(|action| {
            let resources = resources.iter();
            resources.map(move |resource| (*action, resource))
        });
        pairs
            .map(|(action, resource)| Finding {
                action,
                resource: resource.clone(),
                reason: permission.reason,
                verdict: of(action, resource),
            })
            .collect()
    }
}

/// A denial that depends on what only a real request has is none that is known.
fn verdict(action: &str, decision: &Decision) -> Verdict {
    if decision.is_allowed {
        return Verdict::Allowed;
    }
    let missing = decision.missing_keys.iter();
    let missing: Vec<&str> = missing
        .map(String::as_str)
        .filter(|key| may_matter(action, key))
        .collect();
    if !missing.is_empty() && !decision.is_explicit && decision.by_organization != Some(false) {
        let keys = missing.join(", ");
        return Verdict::Unknown(format!(
            "it depends on {keys}, which only a real request has"
        ));
    }
    Verdict::Denied(if decision.by_organization == Some(false) {
        "a policy of the organization does not allow it".to_owned()
    } else if decision.is_explicit {
        "a statement denies it".to_owned()
    } else if decision.by_boundary == Some(false) {
        "the permissions boundary does not allow it".to_owned()
    } else {
        "no policy allows it".to_owned()
    })
}

/// Returns whether a request for `action` may have the condition key `key`. IAM names every key
/// that any statement of the caller asks for, also those that no request for this action ever has
/// (service authorization reference, the condition keys of each action).
fn may_matter(action: &str, key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let (service, name) = action.split_once(':').unwrap_or((action, ""));
    match key.split_once(':') {
        Some(("iam", "passedtoservice" | "associatedresourcearn")) => action == "iam:PassRole",
        Some(("iam", "policyarn")) => name.ends_with("tachRolePolicy"),
        Some(("aws", rest)) if rest.starts_with("requesttag/") || rest == "tagkeys" => {
            ["Create", "Register", "Tag", "Untag"]
                .iter()
                .any(|verb| name.starts_with(verb))
        }
        Some(("aws", _)) | None => true,
        Some((of, _)) => of == service,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_says_who_denies_and_what_depends_on_a_request_is_unknown() {
        let denied = Decision::default();
        let says = |decision: &Decision| match verdict("iam:CreateRole", decision) {
            Verdict::Allowed => "allowed".to_owned(),
            Verdict::Denied(why) => why,
            Verdict::Unknown(why) => format!("unknown: {why}"),
        };
        for (decision, expected) in [
            (
                Decision {
                    is_allowed: true,
                    ..denied.clone()
                },
                "allowed",
            ),
            (denied.clone(), "no policy allows it"),
            (
                Decision {
                    is_explicit: true,
                    ..denied.clone()
                },
                "a statement denies it",
            ),
            (
                Decision {
                    by_boundary: Some(false),
                    ..denied.clone()
                },
                "the permissions boundary does not allow it",
            ),
            (
                Decision {
                    by_organization: Some(false),
                    by_boundary: Some(false),
                    ..denied.clone()
                },
                "a policy of the organization does not allow it",
            ),
            (
                Decision {
                    missing_keys: vec!["aws:SourceIp".to_owned()],
                    ..denied.clone()
                },
                "unknown: it depends on aws:SourceIp, which only a real request has",
            ),
            (
                Decision {
                    is_explicit: true,
                    missing_keys: vec!["aws:SourceIp".to_owned()],
                    ..denied
                },
                "a statement denies it",
            ),
        ] {
            assert_eq!(says(&decision), expected);
        }
    }

    #[test]
    fn keys_that_no_request_has_decide_nothing() {
        for (action, key, expected) in [
            ("iam:PassRole", "iam:PassedToService", true),
            ("iam:CreateRole", "iam:PassedToService", false),
            ("iam:AttachRolePolicy", "iam:PolicyARN", true),
            ("iam:UpdateRole", "iam:PolicyARN", false),
            ("aps:CreateWorkspace", "aws:RequestTag/team", true),
            ("aps:DescribeWorkspace", "aws:RequestTag/team", false),
            ("aps:DescribeWorkspace", "aws:ResourceTag/team", true),
            ("ecs:ListTasks", "ecs:cluster", true),
            ("logs:CreateLogGroup", "ecs:cluster", false),
            ("logs:CreateLogGroup", "aws:SourceIp", true),
        ] {
            assert_eq!(may_matter(action, key), expected, "{action} {key}");
        }
    }
}
