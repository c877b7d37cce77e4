//! Whether samples of a stack's tasks really arrive, judged from what was read: rights, tasks, logs
//! and the workspace itself. Nothing here reads anything.

mod arrival;
mod check;
mod discards;
mod elsewhere;
mod facts;
mod log;
mod rights;
mod standing;
mod subject;
pub mod symptoms;
mod tasks;
#[cfg(test)]
mod tests;
mod trust;

pub use check::{CHECKS, Check, State, Verdict};
pub use facts::{
    Evidence, Facts, LogEvidence, PlanFacts, Right, RoleUse, Samples, Seen, WorkspaceCounts,
};
pub use log::SINCE_MILLIS;
pub use standing::{FamilyStatus, Standing, UserStatus, status};
pub use subject::{Subject, Target, subjects};

use crate::model::address::Address;

/// What `verify` has to say of a stack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// What was looked at.
    pub checks: Vec<Check>,
    /// What was not, for people: each a sentence without a full stop.
    pub not_looked_at: Vec<String>,
}

impl Findings {
    /// Judges everything.
    pub fn of(facts: &Facts) -> Self {
        let subjects = facts.families.iter().map(|(subject, _)| subject);
        Self {
            checks: judge(facts),
            not_looked_at: elsewhere::not_looked_at(subjects),
        }
    }
}

/// Judges everything, in the order in which one thing depends on another.
pub fn judge(facts: &Facts) -> Vec<Check> {
    let mut checks = vec![plan(&facts.plan)];
    let families = facts.families.iter();
    let measured = families.filter(|(subject, _)| subject.measures.is_some());
    let mut looked_at: Vec<&Target> = Vec::new();
    for (subject, evidence) in measured.clone() {
        checks.extend(judge_one(subject, evidence));
        // What several write to is looked at once.
        let target = subject.target.as_ref();
        if let Some(target) = target.filter(|target| !looked_at.contains(target)) {
            let sharing = measured.clone();
            let sharing = sharing.filter(|(other, _)| other.target.as_ref() == Some(target));
            let sharing: Vec<(&Subject, &Evidence)> = sharing.map(|(s, e)| (s, e)).collect();
            checks.extend(discards::checks(&sharing));
            looked_at.push(target);
        }
    }
    if measured.count() == 0 {
        checks.push(nothing(facts));
    }
    checks
}

/// The plan is empty: what the file says is what lives.
fn plan(facts: &PlanFacts) -> Check {
    let what = if facts.is_narrowed {
        "the plan of the targets is empty"
    } else {
        "the plan is empty"
    };
    let check = Check::new(check::PLAN, None, what);
    match (facts.changes, facts.decisions) {
        (0, 0) => check,
        (changes, decisions) => check
            .fails(format!(
                "AWS is not as the stack file says: {changes} to change, {decisions} to decide first"
            ))
            .next(facts.plan_command.clone()),
    }
}

/// There is nothing that could send a sample.
fn nothing(facts: &Facts) -> Check {
    let check = Check::new(check::SERIES, None, "samples arrive");
    if facts.plan.is_narrowed {
        return check.unknown("no target is a task definition with a collector");
    }
    if facts.families.is_empty() {
        return check
            .not_yet("no task definition of the stack lives")
            .next(facts.plan.plan_command.clone());
    }
    check
        .unknown("no task definition of the stack has a collector that could send any")
        .next("amp-stack explain task_definitions.metrics")
}

fn judge_one(subject: &Subject, evidence: &Evidence) -> Vec<Check> {
    let arrived = arrival::delivered(subject, evidence);
    let mut checks = trust::checks(subject, evidence);
    checks.extend(rights::checks(subject, evidence, arrived));
    let running = tasks::running(subject, evidence);
    checks.push(tasks::run(subject, evidence));
    checks.extend(tasks::collector(subject, evidence));
    let lines = log::check(subject, evidence);
    // What keeps samples from coming is said above; that they have not come follows from it. What
    // goes elsewhere keeps none from coming.
    let is_explained = lines.as_ref().is_some_and(|lines| lines.keeps_samples)
        || checks.iter().any(|check| {
            check.state == State::Fails && ![check::SEND, check::TRACE].contains(&check.code)
        });
    checks.extend(lines.map(|lines| lines.check));
    checks.extend(arrival::checks(subject, evidence, &running, is_explained));
    checks
}

/// A check of a family, which holds until something speaks against it.
fn of(subject: &Subject, rule: &'static str, what: impl Into<String>) -> Check {
    let address: Address = subject.address.clone();
    Check::new(rule, Some(address), what)
}
