//! What became of a plan: what was done, what was not and why, and what to run next.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    apply::{Failure, Outcome},
    model::{address::Address, template::Attribute},
    plan::{Plan, StepId},
    show::{
        Paint, Style, decide,
        entry::{self, Body, Entry, Mark},
        file_order::in_file_order,
        step::{Verb, groups, verb_of},
        words,
    },
};

/// What a summary says beside the outcome.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Whether something was changed, or may have been.
    pub changed: bool,
    /// The order in which the stack file declares resources.
    pub order: &'a [Address],
    /// The command that shows what is left.
    pub look: &'a str,
    /// The command that goes on.
    pub again: &'a str,
}

/// The most values that a summary lists, so that how the run ended is not far above.
const MOST_MADE: usize = 40;

/// The summary of a run.
pub fn render(outcome: &Outcome, plan: &Plan, frame: &Frame<'_>, style: Style) -> String {
    let mut sections = vec![
        headline(outcome, plan, frame.changed, style),
        made(outcome, frame.order, style),
    ];
    let Outcome {
        done: _,
        failed,
        given_up,
        stopped,
        attributes: _,
        remarks,
        met: _,
    } = outcome;
    let remarks = remarks.iter().map(|(address, text)| {
        let address = style.paint(Paint::Title, &address.to_string());
        words::wrap("- ", &format!("{address}: {text}"), style.width)
    });
    sections.push(remarks.collect());
    sections.extend(
        failed
            .iter()
            .map(|failure| failed_step(failure, plan, style)),
    );
    let mut rest = String::new();
    for (step, because) in given_up {
        let text = format!(
            "{} was not {}, because {} failed",
            step.address,
            past(step, plan),
            because.address
        );
        rest.push_str(&words::wrap("- ", &text, style.width));
    }
    if !stopped.is_empty() {
        let stopped: BTreeSet<&Address> = stopped.iter().map(|step| &step.address).collect();
        let stopped = in_file_order(stopped, frame.order, |address| address);
        let stopped: Vec<String> = stopped.into_iter().map(ToString::to_string).collect();
        let text = format!(
            "the run was asked to stop, so these were not begun or not finished: {}",
            words::some(&stopped)
        );
        rest.push_str(&words::wrap("- ", &text, style.width));
    }
    sections.push(rest);
    if !outcome.is_complete() {
        let Frame { look, again, .. } = frame;
        let look = format!("To see what is left, run: {look}\n");
        sections.push(match (outcome.awaits_decision(), given_up.is_empty()) {
            (false, _) => format!("{look}To go on from there, run: {again}\n"),
            (true, false) => format!("{look}For what waits for the decision, then run: {again}\n"),
            // The decision is all that is left.
            (true, true) => look,
        });
    }
    sections.retain(|section| !section.is_empty());
    sections.join("\n")
}

/// `Done: 2 created, 1 removed`, or how far it came.
fn headline(outcome: &Outcome, plan: &Plan, changed: bool, style: Style) -> String {
    let mut numbers: BTreeMap<Verb, usize> = BTreeMap::new();
    for group in groups(&plan.steps) {
        let is_done = [Some(group.first), group.second]
            .into_iter()
            .flatten()
            .all(|step| outcome.done.contains(&step.id));
        if is_done && !outcome.met.contains(&group.first.id) {
            *numbers.entry(group.verb).or_default() += 1;
        }
    }
    let mut parts: Vec<String> = numbers
        .iter()
        .map(|(verb, number)| format!("{number} {}", verb.past()))
        .collect();
    let met = outcome
        .met
        .iter()
        .filter(|step| outcome.done.contains(step));
    for (number, what) in [
        (met.count(), "made by another run at the same moment"),
        (outcome.failed.len(), "failed"),
        (
            outcome.given_up.len() + outcome.stopped.len(),
            "left undone",
        ),
    ] {
        if number > 0 {
            parts.push(format!("{number} {what}"));
        }
    }
    let (word, paint) = if outcome.is_complete() {
        ("Done", Paint::Create)
    } else if changed {
        ("Stopped half way", Paint::Remove)
    } else {
        ("Nothing was changed", Paint::Remove)
    };
    format!("{}: {}\n", style.paint(paint, word), parts.join(", "))
}

/// The attributes that AWS decided, for use elsewhere.
fn made(outcome: &Outcome, order: &[Address], style: Style) -> String {
    let mut entries = Vec::new();
    let made = in_file_order(&outcome.attributes, order, |(address, _)| address);
    for (address, attributes) in made {
        for (attribute, value) in attributes {
            match attribute {
                // The stack file says these itself.
                Attribute::Name | Attribute::Family => {}
                Attribute::Arn
                | Attribute::Id
                | Attribute::Endpoint
                | Attribute::RemoteWriteUrl
                | Attribute::QueryUrl => entries.push(Entry {
                    mark: Mark::Same,
                    label: format!("{address}.{}", attribute.as_str()),
                    body: Body::Value(value.clone()),
                }),
            }
        }
    }
    let left_out = entries.len().saturating_sub(MOST_MADE);
    entries.truncate(MOST_MADE);
    let mut out = String::new();
    entry::write(&entries, 0, style, &mut out);
    if left_out > 0 {
        let more = words::count(left_out, "more value");
        out.push_str("  and ");
        out.push_str(&more);
        out.push_str(": amp-stack output prints them all\n");
    }
    out
}

fn failed_step(failure: &Failure, plan: &Plan, style: Style) -> String {
    let Failure {
        step,
        performed,
        error,
    } = failure;
    let cross = style.paint(Paint::Remove, "×");
    let address = style.paint(Paint::Title, &step.address.to_string());
    let mut out = if performed.is_empty() {
        format!("{cross} {address} was not {}\n", past(step, plan))
    } else {
        format!("{cross} {address} was not wholly {}\n", past(step, plan))
    };
    out.push_str(&words::wrap("    ", &error.to_string(), style.width));
    if !performed.is_empty() {
        let before = format!("done before: {}", performed.join(", "));
        out.push_str(&words::wrap("    ", &before, style.width));
    }
    let hints: Vec<String> = error.hint.iter().cloned().collect();
    out.push_str(&decide::hint_lines("    ", &hints, style));
    out
}

fn past(id: &StepId, plan: &Plan) -> &'static str {
    verb_of(id, plan).past()
}
