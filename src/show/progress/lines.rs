//! Progress as lines that stay: for logs, pipes and whoever reads them later.

use std::{io::Write, time::Duration};

use crate::{
    apply::Event,
    cloud::{CallError, Class},
    plan::{Plan, StepId},
    show::{Paint, Style, step::verb_of, words},
};

/// Writes one line per event that tells something new.
pub(super) struct Lines<'a> {
    plan: &'a Plan,
    style: Style,
    out: &'a mut dyn Write,
}

impl<'a> Lines<'a> {
    pub(super) fn new(plan: &'a Plan, style: Style, out: &'a mut dyn Write) -> Self {
        Self { plan, style, out }
    }

    pub(super) fn report(&mut self, event: &Event) {
        if let Some(line) = line(event, self.plan, self.style) {
            // Whoever closed the stream does not want to know; what has begun in AWS goes on all the same.
            _ = writeln!(self.out, "{line}");
        }
    }
}

/// The event as a line, unless the lines before and after it say as much.
fn line(event: &Event, plan: &Plan, style: Style) -> Option<String> {
    match event {
        Event::Started { step, calls } => {
            let (verb, calls) = (verb_of(step, plan).gerund(), words::count(*calls, "call"));
            Some(format!("{}: {verb}, {calls}", step.address))
        }
        Event::Calling { step, operation } => Some(format!(
            "{}: {operation}{}",
            step.address,
            patience(operation)
        )),
        Event::Waiting { step, error, pause } => Some(format!(
            "{}: {} again in {}: {}",
            step.address,
            error.operation,
            seconds(*pause),
            cause(error)
        )),
        Event::Performed { .. } => None,
        Event::Finished { .. } | Event::Failed { .. } | Event::GivenUp { .. } | Event::Stopping => {
            last_line(event, plan, style)
        }
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
            let (operation, cause) = (&error.operation, cause(error));
            Some(format!("{}: {failed}: {operation}: {cause}", step.address))
        }
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
        | Event::Waiting { .. }
        | Event::Performed { .. } => None,
    }
}

/// What a call waits for that takes longer than calls do.
pub(super) fn patience(operation: &str) -> &'static str {
    match operation {
        "aps:CreateWorkspace" => ", until the workspace is ACTIVE",
        "aps:UpdateWorkspaceConfiguration"
        | "aps:CreateLoggingConfiguration"
        | "aps:UpdateLoggingConfiguration"
        | "aps:DeleteLoggingConfiguration" => ", until it has taken effect",
        _ => "",
    }
}

/// Why a call has to be made again.
pub(super) fn cause(error: &CallError) -> String {
    let code = error.code.as_deref().unwrap_or(&error.message);
    match error.class {
        Class::Unsettled => format!("AWS has not heard everywhere of what was just made ({code})"),
        Class::Busy => format!("something else is altering the same thing ({code})"),
        Class::Final => code.to_owned(),
    }
}

/// `0.5 s`, `12.0 s`.
pub(super) fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
