//! What may run next: a state machine without I/O.

use std::collections::BTreeSet;

use crate::plan::{Plan, StepId};

/// Which steps of a plan wait, which run, and which may be started.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// The steps in the order of the plan that are not begun, with those of the steps before them
    /// that are not done.
    waiting: Vec<(StepId, BTreeSet<StepId>)>,
    /// The steps that were started and have not ended.
    running: BTreeSet<StepId>,
}

impl Schedule {
    /// A schedule on which nothing has begun.
    pub fn new(plan: &Plan) -> Self {
        Self {
            waiting: plan
                .steps
                .iter()
                .map(|step| (step.id.clone(), step.after.clone()))
                .collect(),
            running: BTreeSet::new(),
        }
    }

    /// Starts the first step of the plan's order that waits for nothing more.
    pub fn start_next(&mut self) -> Option<StepId> {
        let next = self
            .waiting
            .iter()
            .position(|(_, after)| after.is_empty())?;
        let (id, _) = self.waiting.remove(next);
        self.running.insert(id.clone());
        Some(id)
    }

    /// The number of steps that run.
    pub fn running(&self) -> usize {
        self.running.len()
    }

    /// Takes note that a running step is done.
    pub fn succeed(&mut self, id: &StepId) {
        self.end(id);
        for (_, after) in &mut self.waiting {
            after.remove(id);
        }
    }

    /// Takes note that a running step has failed, and gives up everything that waits for it,
    /// directly or not, in the order of the plan.
    pub fn fail(&mut self, id: &StepId) -> Vec<StepId> {
        self.end(id);
        let mut lost = BTreeSet::from([id.clone()]);
        let mut given_up = Vec::new();
        // The plan's order has everything after what it waits for, so one pass finds all.
        self.waiting.retain(|(waiting, after)| {
            let keep = after.is_disjoint(&lost);
            if !keep {
                lost.insert(waiting.clone());
                given_up.push(waiting.clone());
            }
            keep
        });
        given_up
    }

    /// Takes note that a running step was left unfinished on request.
    pub fn leave(&mut self, id: &StepId) {
        self.end(id);
    }

    /// Begins nothing more, and returns what was not begun, in the order of the plan.
    pub fn stop(&mut self) -> Vec<StepId> {
        std::mem::take(&mut self.waiting)
            .into_iter()
            .map(|(id, _)| id)
            .collect()
    }

    /// Returns whether nothing runs and nothing waits.
    pub fn is_done(&self) -> bool {
        self.running.is_empty() && self.waiting.is_empty()
    }

    fn end(&mut self, id: &StepId) {
        let ran = self.running.remove(id);
        debug_assert!(ran, "{id} was not running");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::address::{Address, Kind},
        plan::{ClaimBy, Step},
    };

    fn id(key: &str) -> StepId {
        StepId::build(Address::new(Kind::Role, key))
    }

    /// `b` waits for `a`, `c` for `b`; `d` waits for nothing.
    fn plan() -> Plan {
        let step = |key: &str, after: &[&str]| Step {
            id: id(key),
            from: None,
            to: None,
            after: after.iter().map(|key| id(key)).collect(),
            target: String::new(),
            replaces: Vec::new(),
            adopted_from: None,
            claim: ClaimBy::default(),
        };
        Plan {
            steps: vec![
                step("a", &[]),
                step("b", &["a"]),
                step("c", &["b"]),
                step("d", &[]),
            ],
            ..Plan::default()
        }
    }

    #[test]
    fn a_step_starts_when_what_it_waits_for_is_done() {
        let mut schedule = Schedule::new(&plan());
        assert_eq!(schedule.start_next(), Some(id("a")));
        assert_eq!(schedule.start_next(), Some(id("d")));
        assert_eq!(schedule.start_next(), None);
        schedule.succeed(&id("a"));
        assert_eq!(schedule.start_next(), Some(id("b")));
        assert_eq!(schedule.start_next(), None);
        assert_eq!(schedule.running(), 2);
        schedule.succeed(&id("d"));
        schedule.succeed(&id("b"));
        assert_eq!(schedule.start_next(), Some(id("c")));
        assert!(!schedule.is_done());
        schedule.succeed(&id("c"));
        assert!(schedule.is_done());
    }

    #[test]
    fn a_failure_gives_up_what_waits_for_it_and_nothing_else() {
        let mut schedule = Schedule::new(&plan());
        schedule.start_next();
        assert_eq!(schedule.fail(&id("a")), [id("b"), id("c")]);
        assert_eq!(schedule.start_next(), Some(id("d")));
        schedule.succeed(&id("d"));
        assert!(schedule.is_done());
    }

    #[test]
    fn after_a_stop_nothing_starts() {
        let mut schedule = Schedule::new(&plan());
        schedule.start_next();
        assert_eq!(schedule.stop(), [id("b"), id("c"), id("d")]);
        assert_eq!(schedule.start_next(), None);
        schedule.leave(&id("a"));
        assert!(schedule.is_done());
    }
}
