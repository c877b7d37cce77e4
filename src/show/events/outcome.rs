//! What became of a plan, as events.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    apply,
    model::secret::HIDDEN,
    plan::StepId,
    show::{events::Event, outputs::ShownOutput},
};

/// What became of a plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// Whether every step is done.
    pub complete: bool,
    /// Whether something was changed, or may have been.
    pub changed: bool,
    /// The steps that are done, in the order in which they were.
    pub done: Vec<String>,
    /// The steps that failed.
    pub failed: Vec<String>,
    /// The steps that were not begun, because one that they wait for failed.
    pub given_up: Vec<String>,
    /// The steps that were not begun or not finished, because somebody asked to stop.
    pub stopped: Vec<String>,
    /// What AWS decided of what was built, by address: ARNs, ids, endpoints.
    pub attributes: BTreeMap<String, BTreeMap<&'static str, String>>,
    /// What people should know of how it went, by address.
    pub remarks: BTreeMap<String, Vec<String>>,
}

/// Something for scripts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Output {
    /// Its name in `[outputs]`.
    pub name: String,
    /// Its value; `null` as long as it is not known.
    pub value: Option<String>,
    /// Whether `(hidden)` stands for the value, because it is a secret.
    pub hidden: bool,
}

/// The event that says what became of a plan.
pub fn outcome(outcome: &apply::Outcome, changed: bool) -> Event {
    let apply::Outcome {
        done,
        failed,
        given_up,
        stopped,
        attributes,
        remarks,
        met: _,
    } = outcome;
    // In whatever order they were left, people look for them by their names.
    let mut stopped: Vec<&StepId> = stopped.iter().collect();
    stopped.sort();
    let mut by_address: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (address, text) in remarks {
        let texts = by_address.entry(address.to_string()).or_default();
        texts.push(text.clone());
    }
    Event::Outcome(Outcome {
        complete: outcome.is_complete(),
        changed,
        done: done.iter().map(StepId::to_string).collect(),
        failed: failed.iter().map(|f| f.step.to_string()).collect(),
        given_up: given_up.iter().map(|(step, _)| step.to_string()).collect(),
        stopped: stopped.into_iter().map(StepId::to_string).collect(),
        attributes: attributes
            .iter()
            .map(|(address, attributes)| {
                let attributes = attributes.iter();
                let attributes = attributes.map(|(name, value)| (name.as_str(), value.clone()));
                (address.to_string(), attributes.collect())
            })
            .collect(),
        remarks: by_address,
    })
}

/// The events with what a stack file exports for scripts. Secrets are hidden, because events end
/// up in logs.
pub fn outputs(declared: &[ShownOutput]) -> Vec<Event> {
    let outputs = declared.iter().map(|output| {
        let value = output.known();
        let shown = if output.is_secret {
            Some(HIDDEN)
        } else {
            value
        };
        Event::Output(Output {
            name: output.name.clone(),
            value: shown.filter(|_| value.is_some()).map(str::to_owned),
            hidden: output.is_secret && value.is_some(),
        })
    });
    outputs.collect()
}
