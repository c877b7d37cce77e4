//! Progress on a terminal: what runs now, and since when, below what is finished.

use std::{borrow::Cow, collections::BTreeMap, time::Duration};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::{
    apply::Event,
    plan::{Plan, StepId},
    show::{
        Style,
        progress::lines::{cause, last_line, patience, seconds},
        step::verb_of,
        words,
    },
};

/// How often the lines are drawn again.
const TICK: Duration = Duration::from_millis(120);

/// One line per running step.
pub(super) struct Bars<'a> {
    plan: &'a Plan,
    style: Style,
    lines: MultiProgress,
    running: BTreeMap<StepId, Running>,
}

/// A step that has begun.
struct Running {
    bar: ProgressBar,
    calls: usize,
    call: usize,
}

impl<'a> Bars<'a> {
    pub(super) fn new(plan: &'a Plan, style: Style) -> Self {
        Self {
            plan,
            style,
            lines: MultiProgress::new(),
            running: BTreeMap::new(),
        }
    }

    pub(super) fn report(&mut self, event: &Event) {
        match event {
            Event::Started { step, calls } => self.start(step, *calls),
            Event::Calling { step, operation } => {
                if let Some(running) = self.running.get_mut(step) {
                    running.call += 1;
                    let Running { bar, calls, call } = &*running;
                    let patience = patience(operation);
                    bar.set_message(format!("{operation} ({call} of {calls}){patience}"));
                    bar.reset_elapsed();
                }
            }
            Event::Waiting { step, error, pause } => {
                if let Some(Running { bar, call, .. }) = self.running.get_mut(step) {
                    *call = call.saturating_sub(1);
                    let (pause, cause) = (seconds(*pause), cause(error));
                    bar.set_message(format!("{} again in {pause}: {cause}", error.operation));
                    bar.reset_elapsed();
                }
            }
            Event::Performed { .. } => {}
            Event::Finished { step } | Event::Failed { step, .. } => {
                if let Some(Running { bar, .. }) = self.running.remove(step) {
                    bar.finish_and_clear();
                    self.lines.remove(&bar);
                }
                self.say(event);
            }
            Event::GivenUp { .. } | Event::Stopping => self.say(event),
        }
    }

    fn start(&mut self, step: &StepId, calls: usize) {
        let bar = self.lines.add(ProgressBar::new_spinner());
        bar.set_style(running_style(self.style));
        let verb = verb_of(step, self.plan).gerund();
        bar.set_prefix(format!("{}: {verb}", step.address));
        bar.enable_steady_tick(TICK);
        let running = Running {
            bar,
            calls,
            call: 0,
        };
        self.running.insert(step.clone(), running);
    }

    fn say(&self, event: &Event) {
        if let Some(line) = last_line(event, self.plan, self.style) {
            let wrapped = words::wrap("", &line, self.style.width);
            // Whoever closed the terminal does not want to know; what has begun in AWS goes on all the same.
            _ = self.lines.println(wrapped.trim_end());
        }
    }
}

/// Steps that a stop left unfinished leave no line behind.
impl Drop for Bars<'_> {
    fn drop(&mut self) {
        for Running { bar, .. } in self.running.values() {
            bar.finish_and_clear();
        }
    }
}

/// `⠹ roles.task: creating  iam:AttachRolePolicy (2 of 2) 3s`.
fn running_style(style: Style) -> ProgressStyle {
    let template: Cow<'_, str> = if style.colour {
        "{spinner:.cyan} {prefix}  {wide_msg:.dim} {elapsed:.dim}".into()
    } else {
        "{spinner} {prefix}  {wide_msg} {elapsed}".into()
    };
    ProgressStyle::with_template(&template).expect("the template is well formed")
}
