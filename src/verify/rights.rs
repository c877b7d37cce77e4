//! What IAM allows the roles.

use std::collections::BTreeSet;

use crate::{
    model::{address::Address, workload::Decision},
    series::Format,
    verify::{
        Check, Evidence, Right, RoleUse, Seen, Subject,
        arrival::Arrived,
        check::{EXECUTE, SEND, TRACE, WRITE},
        of,
        subject::sending,
    },
};

pub(super) fn checks(subject: &Subject, evidence: &Evidence, arrived: Arrived) -> Vec<Check> {
    let mut checks = Vec::new();
    if !subject.sends_elsewhere_only() {
        checks.push(write(subject, evidence, arrived));
    }
    let of_use = |right: &&(Right, Seen<Decision>)| right.0.of == RoleUse::Execution;
    let traces = evidence
        .rights
        .iter()
        .filter(|(right, _)| right.action.starts_with("xray:"));
    for (right, decision) in traces {
        let check = of(subject, TRACE, "the task role may send traces to X-Ray");
        checks.push(decided(check, subject, right, decision));
    }
    checks.extend(sends(subject, evidence));
    let needed: Vec<&(Right, Seen<Decision>)> = evidence.rights.iter().filter(of_use).collect();
    if !needed.is_empty() {
        let mut check = of(
            subject,
            EXECUTE,
            "the execution role may do what ECS needs of it",
        );
        let mut unseen: BTreeSet<&str> = BTreeSet::new();
        for (right, decision) in needed {
            match decision {
                Ok(_) => check = decided(check, subject, right, decision),
                Err(why) => _ = unseen.insert(why),
            }
        }
        for why in unseen {
            check = match arrived {
                // ECS has used every one of these rights before a task runs.
                Arrived::Tasks | Arrived::Samples => check.found(format!(
                    "{why}; but tasks of this revision run, which takes them all"
                )),
                Arrived::Nothing => check.unknown(why),
            };
        }
        checks.push(check);
    }
    checks
}

/// The rights to send to CloudWatch, one for each destination: there nothing that arrives is looked
/// at, so only IAM can say it.
fn sends(subject: &Subject, evidence: &Evidence) -> Vec<Check> {
    let measures = subject.measures.iter();
    let destinations = measures.flat_map(|measures| &measures.destinations);
    let rights = destinations.filter_map(|destination| {
        let (action, resource) = sending(destination, &subject.identity)?;
        let what = if destination.format == Format::Emf {
            format!(
                "the task role may write metrics to the log group {}",
                destination.endpoint
            )
        } else {
            "the task role may send metrics to CloudWatch".to_owned()
        };
        let check = of(subject, SEND, what);
        let asked = evidence.rights.iter().find(|(right, _)| {
            right.of == RoleUse::Task && right.action == action && right.resource == resource
        });
        Some(match asked {
            Some((right, decision)) => decided(check, subject, right, decision),
            None => check.unknown("there is no task role to ask about"),
        })
    });
    rights.collect()
}

/// The right to write to the workspace: what IAM does not say, samples that arrive do.
fn write(subject: &Subject, evidence: &Evidence, arrived: Arrived) -> Check {
    let Some(target) = &subject.target else {
        let check = of(subject, WRITE, "the task role may write to the workspace");
        let endpoint = subject
            .measures
            .as_ref()
            .and_then(|measures| measures.endpoint.as_deref());
        return match endpoint {
            Some(endpoint) => check
                .fails(format!("the collector sends to {endpoint}, which is the URL of no workspace"))
                .next("name the workspace in [workspace] or `metrics.workspace` and leave the URL to amp-stack"),
            None => check.unknown("where the collector sends to is in a configuration that is not read here"),
        };
    };
    let what = format!("the task role may write to the workspace {}", target.id);
    let check = of(subject, WRITE, what);
    let mut rights = evidence.rights.iter();
    let found = rights.find(|(right, _)| right.resource == target.arn && right.of == RoleUse::Task);
    let account = target.arn.split(':').nth(4).unwrap_or_default();
    let is_ours = account == subject.identity.account;
    match found {
        _ if arrived == Arrived::Samples => match found {
            // IAM may know of a denial that is younger than the samples.
            Some((right, Ok(decision))) if !decision.is_allowed && is_ours => {
                decided(check, subject, right, &Ok(decision.clone()))
            }
            Some((_, Ok(_))) if is_ours => check,
            Some(_) | None => check.found("samples of the running tasks arrive, which proves it"),
        },
        // IAM API reference, `SimulatePrincipalPolicy`: policies of resources are not simulated for
        // roles.
        Some(_) | None if !is_ours => check.unknown(format!(
            "the workspace belongs to account {account}, whose policies can't be simulated from here"
        )),
        Some((right, decision)) => decided(check, subject, right, decision),
        None => check.unknown("there is no task role to ask about"),
    }
}

/// `check` with what IAM says of one right.
fn decided(check: Check, subject: &Subject, right: &Right, decision: &Seen<Decision>) -> Check {
    let decision = match decision {
        Ok(decision) => decision,
        Err(unseen) => return check.unknown(unseen),
    };
    if decision.is_allowed {
        return check;
    }
    let Right {
        action,
        resource,
        of,
    } = right;
    let asked = format!("{action} on {resource}");
    if !decision.missing_keys.is_empty() {
        let keys = decision.missing_keys.join(", ");
        return check.unknown(format!(
            "{asked}: that depends on {keys}, which only a real request has"
        ));
    }
    let role = subject.roles.iter().find(|(role, _)| role == of);
    let name = role.map_or("", |(_, arn)| arn.rsplit('/').next().unwrap_or(arn));
    let (why, next) = if decision.by_organization == Some(false) {
        let why = format!("{asked}: a policy of the organization does not allow it");
        (
            why,
            "ask whoever keeps the organization's service control policies".to_owned(),
        )
    } else if decision.by_boundary == Some(false) {
        let why = format!("{asked}: the permissions boundary of {name} does not allow it");
        (why, format!("allow {action} in the boundary"))
    } else if decision.is_explicit {
        let why = format!("{asked}: a statement of a policy of {name} denies it");
        (
            why,
            format!("take {action} out of the statement with Effect Deny"),
        )
    } else {
        let why = format!("{asked}: no policy of {name} allows it");
        let is_own = role.is_some_and(|(_, arn)| subject.own_roles.contains(arn));
        (why, missing(*of, action, is_own, &subject.address))
    };
    check.fails(why).next(next)
}

/// What to do about a right that no policy gives: amp-stack gives rights to roles of the stack
/// only.
fn missing(of: RoleUse, action: &str, is_own: bool, family: &Address) -> String {
    match (of, is_own) {
        (RoleUse::Task, true) => format!(
            "give the role {action}; the task role of {family} gets it by itself if `policy` is left out"
        ),
        (RoleUse::Execution, true) => format!(
            "give the role {action}; managed_policies = [\"service-role/AmazonECSTaskExecutionRolePolicy\"] has what most tasks need"
        ),
        (RoleUse::Task, false) => format!(
            "give the role {action} where the role is made: the stack only names it, by its ARN"
        ),
        (RoleUse::Execution, false) => format!(
            "give the role {action} where the role is made: the stack only names it, by its ARN; the managed policy service-role/AmazonECSTaskExecutionRolePolicy has what most tasks need"
        ),
    }
}
