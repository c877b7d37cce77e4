//! Progress as lines that stay: for logs, pipes and whoever reads them later.

use std::{collections::BTreeSet, io::Write, time::Duration};

use crate::{
    apply::Event,
    plan::{Plan, StepId},
    progress::Notice,
    show::{
        Style,
        progress::board::{Board, cause, last_line, queued, refused, seconds, unsettled},
        step::verb_of,
        words,
    },
};

/// How often to look whether nothing was said for a while.
pub(super) const PACE: Duration = Duration::from_secs(1);
/// How long nothing may be said: some of those who run such programs take silence for their end.
const SILENCE: Duration = Duration::from_secs(30);
/// The steps of a plan from which on every line says how far it is.
const MANY_STEPS: usize = 20;
/// The attempts of a request from which on it is worth a line that it is sent again.
const MANY_ATTEMPTS: u32 = 3;
/// A wait for a turn that is worth a line, once for each limit of AWS.
const LONG_WAIT: Duration = Duration::from_secs(5);
/// The steps that a sign of life names.
const NAMED: usize = 3;

/// Writes a line when a step begins, waits or ends, and when nothing happens for long.
pub(super) struct Lines<'a> {
    plan: &'a Plan,
    style: Style,
    out: &'a mut dyn Write,
    board: Board<'a>,
    /// The waits that were reported: a step that waits for the same thing again says nothing new.
    printed: BTreeSet<(StepId, String)>,
    /// The limits of AWS that were reported.
    limits: BTreeSet<String>,
    has_spoken: bool,
    silent_since: Duration,
}

impl<'a> Lines<'a> {
    pub(super) fn new(plan: &'a Plan, style: Style, out: &'a mut dyn Write) -> Self {
        Self {
            plan,
            style,
            out,
            board: Board::new(plan),
            printed: BTreeSet::new(),
            limits: BTreeSet::new(),
            has_spoken: true,
            silent_since: Duration::ZERO,
        }
    }

    pub(super) fn tick(&mut self, elapsed: Duration) {
        self.board.tick(elapsed);
        if std::mem::take(&mut self.has_spoken) {
            self.silent_since = elapsed;
        } else if elapsed.saturating_sub(self.silent_since) >= SILENCE {
            let line = self.sign_of_life();
            self.say(&line);
        }
    }

    pub(super) fn report(&mut self, event: &Event) {
        self.board.note(event);
        if let Some(line) = self.line(event) {
            self.say(&line);
        }
    }

    fn say(&mut self, line: &str) {
        self.has_spoken = true;
        let (ended, steps) = self.board.ended();
        let width = steps.to_string().len();
        let how_far = if steps < MANY_STEPS {
            String::new()
        } else {
            format!("[{ended:>width$}/{steps}] ")
        };
        // Whoever closed the stream does not want to know; what has begun in AWS goes on all the
        // same.
        _ = writeln!(self.out, "{how_far}{line}");
    }

    /// The event as a line, unless the lines before and after it say as much.
    fn line(&mut self, event: &Event) -> Option<String> {
        match event {
            Event::Started { step, calls } => {
                let verb = verb_of(step, self.plan).gerund();
                let calls = words::count(*calls, "call");
                Some(format!("{}: {verb}, {calls}", step.address))
            }
            Event::Waiting { step, error, pause } => {
                let what = format!("{}: {}", error.operation, cause(error));
                let pause = seconds(*pause);
                let first = self.is_new(step, &what);
                first.then(|| format!("{}: {what}, again in {pause}", step.address))
            }
            Event::Noticed {
                step,
                operation,
                notice,
            } => {
                let what = match notice {
                    Notice::Queued(queue) if queue.wait >= LONG_WAIT => {
                        let first = self.limits.insert(queue.limit.clone());
                        return first.then(|| format!("{operation}: {}", queued(queue)));
                    }
                    Notice::Queued(_) | Notice::Sending => return None,
                    Notice::Retrying { attempts, .. } if *attempts < MANY_ATTEMPTS => return None,
                    Notice::Retrying {
                        request, trouble, ..
                    } => format!("{}, sent again", refused(operation, request, *trouble)),
                    Notice::Settling { status, .. } => unsettled(status),
                    Notice::RollingOut(rolling) => rolling.to_string(),
                };
                let what = format!("{operation}: {what}");
                let first = self.is_new(step, &what);
                first.then(|| format!("{}: {what}", step.address))
            }
            Event::Calling { .. } | Event::Performed { .. } => None,
            Event::Finished { .. }
            | Event::Failed { .. }
            | Event::Left { .. }
            | Event::GivenUp { .. }
            | Event::Stopping => last_line(event, self.plan, self.style),
        }
    }

    /// Takes note that a step waits for `what`; true, if it was not reported before.
    fn is_new(&mut self, step: &StepId, what: &str) -> bool {
        self.printed.insert((step.clone(), what.to_owned()))
    }

    /// How far it is, and what has been running longest.
    fn sign_of_life(&self) -> String {
        let running = self.board.running();
        let mut what: Vec<String> = running
            .iter()
            .take(NAMED)
            .map(|(step, running)| {
                let age = words::elapsed(self.board.age(running));
                format!("{}: {}, for {age}", step.address, running.describe())
            })
            .collect();
        if running.len() > NAMED {
            what.push(format!("and {} more", running.len() - NAMED));
        }
        format!("still at it: {}; {}", self.board.total(), what.join("; "))
    }
}
