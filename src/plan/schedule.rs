//! What may run next: a state machine without I/O.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::{Plan, StepId};

/// Which steps of a plan wait, which run, and which may be started.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// The steps that are not begun, by their places in the plan.
    waiting: BTreeMap<usize, Waiting>,
    /// Those of them that wait for nothing more.
    ready: BTreeSet<usize>,
    /// The places of the steps that wait for a step, by its name.
    waited_for: BTreeMap<StepId, Vec<usize>>,
    /// The steps that were started and have not ended.
    running: BTreeSet<StepId>,
}

/// A step that is not begun.
#[derive(Clone, Debug)]
struct Waiting {
    id: StepId,
    /// The number of the steps before it that are not done.
    for_steps: usize,
}

impl Schedule {
    /// A schedule on which nothing has begun.
    pub fn new(plan: &Plan) -> Self {
        let mut schedule = Self {
            waiting: BTreeMap::new(),
            ready: BTreeSet::new(),
            waited_for: BTreeMap::new(),
            running: BTreeSet::new(),
        };
        for (place, step) in plan.steps.iter().enumerate() {
            for before in &step.after {
                let waited_for = schedule.waited_for.entry(before.clone());
                waited_for.or_default().push(place);
            }
            if step.after.is_empty() {
                schedule.ready.insert(place);
            }
            let waiting = Waiting {
                id: step.id.clone(),
                for_steps: step.after.len(),
            };
            schedule.waiting.insert(place, waiting);
        }
        schedule
    }

    /// Starts the first step of the plan's order that waits for nothing more.
    pub fn start_next(&mut self) -> Option<StepId> {
        let next = self.ready.pop_first()?;
        let Waiting { id, .. } = self.waiting.remove(&next)?;
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
        for place in self.waited_for.remove(id).into_iter().flatten() {
            // A step that was given up or stopped waits no more.
            if let Some(waiting) = self.waiting.get_mut(&place) {
                waiting.for_steps -= 1;
                if waiting.for_steps == 0 {
                    self.ready.insert(place);
                }
            }
        }
    }

    /// Takes note that a running step has failed, and gives up everything that waits for it,
    /// directly or not, in the order of the plan.
    pub fn fail(&mut self, id: &StepId) -> Vec<StepId> {
        self.end(id);
        let mut lost = vec![id.clone()];
        let mut given_up = BTreeMap::new();
        while let Some(id) = lost.pop() {
            for place in self.waited_for.remove(&id).into_iter().flatten() {
                if let Some(Waiting { id, .. }) = self.waiting.remove(&place) {
                    self.ready.remove(&place);
                    lost.push(id.clone());
                    given_up.insert(place, id);
                }
            }
        }
        given_up.into_values().collect()
    }

    /// Takes note that a running step was left unfinished on request.
    pub fn leave(&mut self, id: &StepId) {
        self.end(id);
    }

    /// Begins nothing more, and returns what was not begun, in the order of the plan.
    pub fn stop(&mut self) -> Vec<StepId> {
        self.ready.clear();
        let waiting = std::mem::take(&mut self.waiting);
        waiting.into_values().map(|waiting| waiting.id).collect()
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
