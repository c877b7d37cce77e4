//! Whether a role's trust policy lets ECS assume it for tasks: IAM's simulator does not look at
//! trust policies (IAM API reference, `SimulatePrincipalPolicy`).

use serde_json::Value;

use crate::{
    model::identity::Identity,
    verify::{Check, Evidence, RoleUse, Subject, check::TRUST, of},
};

/// Who assumes the roles of tasks.
const ECS_TASKS: &str = "ecs-tasks.amazonaws.com";

/// What a trust policy says to ECS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trusted {
    Yes,
    No(String),
    /// It depends on a condition that is not understood here.
    Depends(String),
}

pub(super) fn checks(subject: &Subject, evidence: &Evidence) -> Vec<Check> {
    let roles = subject.roles.iter();
    let checks = roles.map(|(role, arn)| {
        let name = arn.rsplit('/').next().unwrap_or(arn);
        let check = of(
            subject,
            TRUST,
            format!("ECS may assume the {} {name}", role.noun()),
        );
        match evidence.trust.get(role) {
            None => check.unknown("its trust policy was not read"),
            Some(Err(unseen)) => check.unknown(unseen),
            Some(Ok(None)) => check
                .fails(format!("there is no role {name}"))
                .next("declare the role in the stack file, or name one that exists"),
            Some(Ok(Some(policy))) => match trusts(policy, &subject.identity) {
                Trusted::Yes => check,
                Trusted::No(why) => check
                    .fails(why)
                    .next("leave `trust` out of the role: amp-stack writes the right one"),
                Trusted::Depends(on) => check.unknown(on),
            },
        }
    });
    let mut checks: Vec<Check> = checks.collect();
    if !subject.roles.iter().any(|(role, _)| *role == RoleUse::Task) {
        let check = of(subject, TRUST, "ECS may assume the task role");
        let check =
            check.fails("the task definition has no task role, so the collector can't sign");
        checks.push(check.next("give the task definition a `task_role`"));
    }
    checks
}

/// Judges the statements: a denial wins, then any allowance.
pub(super) fn trusts(policy: &Value, identity: &Identity) -> Trusted {
    let mut answer = Trusted::No(format!(
        "no statement of its trust policy names {ECS_TASKS}"
    ));
    for statement in list(&policy["Statement"]) {
        if !is_about_ecs(statement) {
            continue;
        }
        let condition = condition(&statement["Condition"], identity);
        match (statement["Effect"] == "Deny", condition) {
            (true, Met::Yes) => {
                return Trusted::No(format!(
                    "a statement of its trust policy denies {ECS_TASKS}"
                ));
            }
            (true, Met::Unknown(on)) => return Trusted::Depends(on),
            (false, Met::Yes) => answer = Trusted::Yes,
            (false, Met::Unknown(on)) if answer != Trusted::Yes => answer = Trusted::Depends(on),
            (false, Met::No(why)) if matches!(answer, Trusted::No(_)) => answer = Trusted::No(why),
            (true, Met::No(_)) | (false, Met::Unknown(_) | Met::No(_)) => {}
        }
    }
    answer
}

fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(values) => values.iter().collect(),
        Value::Null => Vec::new(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => vec![value],
    }
}

/// Whether a statement is about ECS assuming the role.
fn is_about_ecs(statement: &Value) -> bool {
    let principal = &statement["Principal"];
    let services = list(&principal["Service"]);
    let is_named = *principal == "*" || services.iter().any(|service| **service == ECS_TASKS);
    let actions = list(&statement["Action"]);
    let assumes = |action: &&Value| {
        let action = action.as_str().unwrap_or_default().to_lowercase();
        matches(&action, "sts:assumerole")
    };
    is_named && actions.iter().any(assumes)
}

/// Whether a condition is met.
enum Met {
    Yes,
    No(String),
    Unknown(String),
}

/// What ECS sends with its request: the account and the ARN of the task's cluster side (ECS
/// developer guide, "Amazon ECS task IAM role", `aws:SourceAccount` and `aws:SourceArn`).
fn condition(condition: &Value, identity: &Identity) -> Met {
    let Identity {
        account,
        region,
        partition,
    } = identity;
    let mut unknown = None;
    for (operator, keys) in condition.as_object().into_iter().flatten() {
        for (key, wanted) in keys.as_object().into_iter().flatten() {
            let source = format!("arn:{partition}:ecs:{region}:{account}:*");
            let sent = match key.to_lowercase().as_str() {
                "aws:sourceaccount" => account.clone(),
                "aws:sourcearn" => source,
                _ => {
                    unknown = Some(format!("its trust policy has a condition on {key}"));
                    continue;
                }
            };
            let wanted: Vec<&str> = list(wanted).into_iter().filter_map(Value::as_str).collect();
            let any = match operator.as_str() {
                "StringEquals"
                | "StringLike"
                | "ArnLike"
                | "ArnEquals"
                | "StringEqualsIgnoreCase" => wanted.iter().any(|pattern| overlaps(pattern, &sent)),
                _ => {
                    unknown = Some(format!("its trust policy has a condition with {operator}"));
                    continue;
                }
            };
            if !any {
                let wanted = wanted.join(" or ");
                return Met::No(format!(
                    "its trust policy demands {key} {wanted}, but the tasks are in account {account} and region {region}"
                ));
            }
        }
    }
    unknown.map_or(Met::Yes, Met::Unknown)
}

/// Whether some text can match both: `sent` ends in `*` where the rest is not known.
fn overlaps(pattern: &str, sent: &str) -> bool {
    let Some(known) = sent.strip_suffix('*') else {
        return matches(pattern, sent);
    };
    let fixed = pattern.split(['*', '?']).next().unwrap_or(pattern);
    if fixed.len() >= known.len() || fixed.len() == pattern.len() {
        return fixed.starts_with(known);
    }
    // Part by part, as ARNs are compared.
    let (wanted, known) = (
        pattern.split(':'),
        known.split(':').filter(|part| !part.is_empty()),
    );
    wanted
        .zip(known)
        .all(|(wanted, known)| matches(wanted, known))
}

/// Compares a text with a pattern in which `*` stands for any characters.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((before, after)) => text.strip_prefix(before).is_some_and(|rest| {
            let mut ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
            ends.any(|at| matches(after, &rest[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn trust_policies_are_understood() {
        let service = |name: &str| json!({"Effect": "Allow", "Principal": {"Service": name}, "Action": "sts:AssumeRole"});
        let with = |condition: Value| {
            let mut statement = service(ECS_TASKS);
            statement["Condition"] = condition;
            statement
        };
        let deny = json!({"Effect": "Deny", "Principal": "*", "Action": "sts:*"});
        let arn = |arn: &str| with(json!({"ArnLike": {"aws:SourceArn": arn}}));
        let account = |account: &str| with(json!({"StringEquals": {"aws:SourceAccount": account}}));
        for (statements, answer) in [
            (json!(service(ECS_TASKS)), "yes"),
            (
                json!([service("ec2.amazonaws.com"), service(ECS_TASKS)]),
                "yes",
            ),
            (json!([service("ecs.amazonaws.com")]), "no"),
            (json!([service(ECS_TASKS), deny]), "no"),
            (json!([account("111122223333")]), "yes"),
            (json!([account("999988887777")]), "no"),
            (json!([arn("arn:aws:ecs:us-east-1:111122223333:*")]), "yes"),
            (json!([arn("arn:aws:ecs:*:111122223333:*")]), "yes"),
            (json!([arn("arn:aws:ecs:eu-west-1:111122223333:*")]), "no"),
            (
                json!([arn("arn:aws:ecs:us-east-1:111122223333:task/*")]),
                "yes",
            ),
            (
                json!([with(json!({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}))]),
                "depends",
            ),
            (json!([]), "no"),
        ] {
            let policy = json!({"Statement": statements});
            let trusted = trusts(&policy, &Identity::new("111122223333", "us-east-1"));
            let found = match &trusted {
                Trusted::Yes => "yes",
                Trusted::No(_) => "no",
                Trusted::Depends(_) => "depends",
            };
            assert_eq!(found, answer, "{policy}: {trusted:?}");
        }
    }
}
