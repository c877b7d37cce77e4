//! What runs, what it waits for, and how much has ended, without a terminal and without a clock.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    apply::Event,
    model::call::{CallError, Class},
    plan::{Plan, StepId},
    progress::{Notice, Queue, Trouble},
    show::{Paint, Style, step::verb_of, words},
};

/// The steps of a plan that is carried out.
pub(super) struct Board<'a> {
    plan: &'a Plan,
    /// The time that has passed, as of the last tick.
    now: Duration,
    running: BTreeMap<StepId, Running>,
    begun: usize,
    done: usize,
    failed: usize,
    given_up: usize,
    left: usize,
}

/// A step that has begun.
pub(super) struct Running {
    /// How many began before it.
    nth: usize,
    since: Duration,
    /// `creating`.
    verb: &'static str,
    calls: usize,
    call: usize,
    /// The call that is made: `iam:PutRolePolicy metrics`.
    doing: String,
    /// What the call waits for, if it takes longer than calls do.
    waits_for: Option<String>,
    /// Whether it is AWS that lets it wait.
    is_held_up: bool,
}

impl<'a> Board<'a> {
    pub(super) fn new(plan: &'a Plan) -> Self {
        Self {
            plan,
            now: Duration::ZERO,
            running: BTreeMap::new(),
            begun: 0,
            done: 0,
            failed: 0,
            given_up: 0,
            left: 0,
        }
    }

    pub(super) fn tick(&mut self, elapsed: Duration) {
        self.now = elapsed;
    }

    pub(super) fn note(&mut self, event: &Event) {
        match event {
            Event::Started { step, calls } => self.begin(step, *calls),
            Event::Calling { step, change } => {
                let subject = change.subject();
                let doing = format!("{} {subject}", change.operation());
                self.alter(step, |running| {
                    running.call += 1;
                    doing.trim_end().clone_into(&mut running.doing);
                    running.wait(None, false);
                });
            }
            Event::Noticed {
                step,
                operation,
                notice,
            } => {
                let waits_for = match notice {
                    Notice::Sending => None,
                    Notice::Queued(queue) => Some(queued(queue)),
                    Notice::Retrying {
                        request,
                        attempts,
                        trouble,
                    } => {
                        let attempts = usize::try_from(*attempts).unwrap_or(usize::MAX);
                        let times = words::count(attempts, "time");
                        let refused = refused(operation, request, *trouble);
                        Some(format!("{refused}, sent {times}"))
                    }
                    Notice::Settling { status, .. } => Some(unsettled(status)),
                    Notice::RollingOut(rolling) => Some(rolling.to_string()),
                };
                let is_held_up = match notice {
                    Notice::Queued(_) | Notice::Sending => false,
                    Notice::Retrying { .. } | Notice::Settling { .. } | Notice::RollingOut(_) => {
                        true
                    }
                };
                self.alter(step, |running| running.wait(waits_for, is_held_up));
            }
            Event::Waiting { step, error, pause } => {
                let waits_for = format!("{}, again in {}", cause(error), seconds(*pause));
                self.alter(step, |running| {
                    // The next attempt is the same call.
                    running.call = running.call.saturating_sub(1);
                    running.wait(Some(waits_for), true);
                });
            }
            Event::Performed { step, .. } => {
                self.alter(step, |running| running.wait(None, false));
            }
            Event::Finished { step } => {
                self.running.remove(step);
                self.done += 1;
            }
            Event::Failed { step, .. } => {
                self.running.remove(step);
                self.failed += 1;
            }
            Event::Left { step } => {
                self.running.remove(step);
                self.left += 1;
            }
            Event::GivenUp { .. } => self.given_up += 1,
            Event::Stopping => {}
        }
    }

    fn begin(&mut self, step: &StepId, calls: usize) {
        let running = Running {
            nth: self.begun,
            since: self.now,
            verb: verb_of(step, self.plan).gerund(),
            calls,
            call: 0,
            doing: String::new(),
            waits_for: None,
            is_held_up: false,
        };
        self.begun += 1;
        self.running.insert(step.clone(), running);
    }

    fn alter(&mut self, step: &StepId, alter: impl FnOnce(&mut Running)) {
        if let Some(running) = self.running.get_mut(step) {
            alter(running);
        }
    }

    /// The steps that run, those that began first before the others.
    pub(super) fn running(&self) -> Vec<(&StepId, &Running)> {
        let mut running: Vec<_> = self.running.iter().collect();
        running.sort_by_key(|(_, running)| running.nth);
        running
    }

    /// How many steps have ended, however they did, and how many there are.
    pub(super) fn ended(&self) -> (usize, usize) {
        let ended = self.done + self.failed + self.given_up + self.left;
        (ended, self.plan.steps.len())
    }

    /// How long a step has been running.
    pub(super) fn age(&self, running: &Running) -> Duration {
        self.now.saturating_sub(running.since)
    }

    /// `12 of 300 done, 8 running, 1 waiting, 0 failed, 1m 12s`.
    pub(super) fn total(&self) -> String {
        let waiting = self.running.values().filter(|r| r.is_held_up).count();
        let rest = |number: usize, what: &str| match number {
            0 => String::new(),
            _ => format!(", {number} {what}"),
        };
        let (given_up, left) = (rest(self.given_up, "given up"), rest(self.left, "left"));
        format!(
            "{} of {} done, {} running, {waiting} waiting, {} failed{given_up}{left}, {}",
            self.done,
            self.plan.steps.len(),
            self.running.len() - waiting,
            self.failed,
            words::elapsed(self.now)
        )
    }
}

impl Running {
    fn wait(&mut self, waits_for: Option<String>, is_held_up: bool) {
        self.waits_for = waits_for;
        self.is_held_up = is_held_up;
    }

    /// `creating, 2 of 5: throttled by AWS, sent 3 times: iam:PutRolePolicy metrics`. What it waits
    /// for comes first, because lines may be cut.
    pub(super) fn describe(&self) -> String {
        let Self {
            verb,
            calls,
            call,
            doing,
            waits_for,
            ..
        } = self;
        if doing.is_empty() {
            return (*verb).to_owned();
        }
        // Between an attempt and the next one no call is made, but that is the one that is waited
        // for.
        let call = (*call).max(1);
        let waits_for = match waits_for {
            Some(waits_for) => format!("{waits_for}: "),
            None => String::new(),
        };
        format!("{verb}, {call} of {calls}: {waits_for}{doing}")
    }
}

/// The line that stays when a step has ended, however it did, or when the run is about to.
pub(super) fn last_line(event: &Event, plan: &Plan, style: Style) -> Option<String> {
    let past = |step: &StepId| verb_of(step, plan).past();
    match event {
        Event::Finished { step } => {
            let past = style.paint(Paint::Create, past(step));
            Some(format!("{}: {past}", step.address))
        }
        Event::Failed { step, error } => {
            let failed = style.paint(Paint::Remove, "failed");
            // What it was waited for was given up or never could come, so only what AWS said
            // counts.
            let said = error.code.as_deref().unwrap_or(&error.message);
            let operation = &error.operation;
            Some(format!("{}: {failed}: {operation}: {said}", step.address))
        }
        Event::Left { step } => Some(format!("{}: left unfinished", step.address)),
        Event::GivenUp { step, because } => Some(format!(
            "{}: not {}, because {} failed",
            step.address,
            past(step),
            because.address
        )),
        Event::Stopping => Some(
            "Stopping: calls that have begun are finished, nothing new is begun; interrupt again to leave at once"
                .to_owned(),
        ),
        Event::Started { .. }
        | Event::Calling { .. }
        | Event::Noticed { .. }
        | Event::Waiting { .. }
        | Event::Performed { .. } => None,
    }
}

/// `ECS takes 1 registration or deregistration a second: 63 to go, about 1m 3s`.
pub(super) fn queued(queue: &Queue) -> String {
    let Queue { limit, ahead, wait } = queue;
    format!("{limit}: {ahead} to go, about {}", words::elapsed(*wait))
}

/// Why `request`, which belongs to the call `operation`, is sent again.
pub(super) fn refused(operation: &str, request: &str, trouble: Trouble) -> String {
    let trouble = match trouble {
        Trouble::Throttled => "throttled by AWS",
        Trouble::ServerError => "AWS failed",
        Trouble::NoAnswer => "no answer came",
    };
    if request == operation {
        trouble.to_owned()
    } else {
        format!("{trouble} at {request}")
    }
}

/// How far AWS is with what it has taken.
pub(super) fn unsettled(status: &str) -> String {
    format!("not in effect yet ({status})")
}

/// Why a call has to be made again.
pub(super) fn cause(error: &CallError) -> String {
    let code = error.code.as_deref().unwrap_or(&error.message);
    match error.class {
        Class::Unsettled => format!("AWS has not heard everywhere of what was just made ({code})"),
        Class::Denied => format!(
            "AWS denies it, perhaps until it has heard of the tags that were just set ({code})"
        ),
        Class::Busy => format!("something else is altering the same thing ({code})"),
        Class::Final => code.to_owned(),
    }
}

/// `0.5 s`, `12.0 s`.
pub(super) fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
