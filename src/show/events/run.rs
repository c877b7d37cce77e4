//! A plan that is carried out, as events.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    apply,
    cloud::{self, CallError, notice},
    plan::StepId,
    resource::Change,
    secret::HIDDEN,
    show::{call, events::Event, outputs::Told},
};

/// A step begins.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Started {
    /// The step.
    pub step: String,
    /// The resource.
    pub address: String,
    /// How many calls it takes.
    pub calls: usize,
}

/// A call is made.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calling {
    /// The step.
    pub step: String,
    /// The resource.
    pub address: String,
    /// The operation.
    pub operation: &'static str,
    /// What it is about.
    pub subject: String,
}

/// A request is sent again within a call.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Retrying {
    /// The step.
    pub step: String,
    /// The resource.
    pub address: String,
    /// The operation of the call.
    pub operation: &'static str,
    /// The operation of the request: the same, or one that reads.
    pub request: String,
    /// How often it has been sent so far.
    pub attempts: u32,
    /// What happened to the last attempt.
    pub trouble: Trouble,
}

/// What happens to requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// AWS wants fewer of them.
    Throttled,
    /// AWS answered that it failed itself.
    ServerError,
    /// No answer came, or not in time.
    NoAnswer,
}

/// AWS is still making a change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Settling {
    /// The step.
    pub step: String,
    /// The resource.
    pub address: String,
    /// The operation that AWS has taken.
    pub operation: &'static str,
    /// What AWS calls how far it is: `CREATING`.
    pub status: String,
}

/// A call has failed and is made again.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Waiting {
    /// The step.
    pub step: String,
    /// The resource.
    pub address: String,
    /// The operation.
    pub operation: String,
    /// Why it may succeed soon.
    pub class: Class,
    /// The error code of AWS, or `null`.
    pub code: Option<String>,
    /// What AWS said.
    pub message: String,
    /// The id of the failed request, or `null`.
    pub request_id: Option<String>,
    /// How long until then.
    pub pause_seconds: f64,
}

/// Why a failed call may succeed soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// It won't.
    Final,
    /// AWS has not heard everywhere of what this run has just made.
    Unsettled,
    /// Somebody else is altering the same thing.
    Busy,
}

/// A call has succeeded.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Performed {
    /// The step.
    pub step: String,
    /// The resource.
    pub address: String,
    /// The operation.
    pub operation: &'static str,
    /// What it was about.
    pub subject: String,
    /// The id of the request, or `null` if AWS sent none.
    pub request_id: Option<String>,
}

/// A step is done.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finished {
    /// The step.
    pub step: String,
    /// The resource.
    pub address: String,
}

/// A step has failed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failed {
    /// The step.
    pub step: String,
    /// The resource.
    pub address: String,
    /// The operation.
    pub operation: String,
    /// The error code of AWS; `null` if no answer came.
    pub code: Option<String>,
    /// What AWS, or the network, said.
    pub message: String,
    /// The id of the request, or `null`.
    pub request_id: Option<String>,
    /// What to do about it, or `null`.
    pub hint: Option<String>,
}

/// A step is not begun.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GivenUp {
    /// The step.
    pub step: String,
    /// The resource.
    pub address: String,
    /// The step that failed.
    pub because: String,
}

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

/// Translates what happens.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// What the call of each step is about.
    subjects: BTreeMap<StepId, String>,
}

impl Run {
    /// The event for programs.
    pub fn event(&mut self, event: &apply::Event) -> Event {
        match event {
            apply::Event::Started { step, calls } => {
                let (step, address) = names(step);
                Event::Started(Started {
                    step,
                    address,
                    calls: *calls,
                })
            }
            apply::Event::Calling { step, change } => self.calling(step, change),
            apply::Event::Noticed {
                step,
                operation,
                notice,
            } => noticed(step, operation, notice),
            apply::Event::Waiting { step, error, pause } => {
                waiting(step, error, pause.as_secs_f64())
            }
            apply::Event::Performed {
                step,
                operation,
                request_id,
            } => {
                let subject = self.subjects.remove(step).unwrap_or_default();
                let (step, address) = names(step);
                Event::Performed(Performed {
                    step,
                    address,
                    operation,
                    subject,
                    request_id: request_id.clone(),
                })
            }
            apply::Event::Finished { step } => {
                let (step, address) = names(step);
                Event::Finished(Finished { step, address })
            }
            apply::Event::Failed { step, error } => failed(step, error),
            apply::Event::GivenUp { step, because } => {
                let (step, address) = names(step);
                Event::GivenUp(GivenUp {
                    step,
                    address,
                    because: because.to_string(),
                })
            }
            apply::Event::Stopping => Event::Stopping {},
        }
    }

    fn calling(&mut self, step: &StepId, change: &Change) -> Event {
        let subject = call::subject(change);
        self.subjects.insert(step.clone(), subject.clone());
        let (step, address) = names(step);
        Event::Calling(Calling {
            step,
            address,
            operation: change.operation(),
            subject,
        })
    }
}

/// The name of a step, and the address of its resource.
fn names(step: &StepId) -> (String, String) {
    (step.to_string(), step.address.to_string())
}

fn noticed(step: &StepId, operation: &'static str, notice: &notice::Notice) -> Event {
    let (step, address) = names(step);
    match notice {
        notice::Notice::Retrying {
            request,
            attempts,
            trouble,
        } => Event::Retrying(Retrying {
            step,
            address,
            operation,
            request: request.clone(),
            attempts: *attempts,
            trouble: match trouble {
                notice::Trouble::Throttled => Trouble::Throttled,
                notice::Trouble::ServerError => Trouble::ServerError,
                notice::Trouble::NoAnswer => Trouble::NoAnswer,
            },
        }),
        notice::Notice::Settling { status, .. } => Event::Settling(Settling {
            step,
            address,
            operation,
            status: status.clone(),
        }),
    }
}

fn waiting(step: &StepId, error: &CallError, pause_seconds: f64) -> Event {
    let (step, address) = names(step);
    let CallError {
        operation,
        code,
        message,
        request_id,
        class,
        hint: _,
    } = error.clone();
    Event::Waiting(Waiting {
        step,
        address,
        operation,
        class: match class {
            cloud::Class::Final => Class::Final,
            cloud::Class::Unsettled => Class::Unsettled,
            cloud::Class::Busy => Class::Busy,
        },
        code,
        message,
        request_id,
        pause_seconds,
    })
}

fn failed(step: &StepId, error: &CallError) -> Event {
    let (step, address) = names(step);
    let CallError {
        operation,
        code,
        message,
        request_id,
        class: _,
        hint,
    } = error.clone();
    Event::Failed(Failed {
        step,
        address,
        operation,
        code,
        message,
        request_id,
        hint,
    })
}

/// The event that says what became of a plan.
pub fn outcome(outcome: &apply::Outcome, changed: bool) -> Event {
    let apply::Outcome {
        done,
        failed,
        given_up,
        stopped,
        attributes,
    } = outcome;
    // In whatever order they were left, people look for them by their names.
    let mut stopped: Vec<&StepId> = stopped.iter().collect();
    stopped.sort();
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
    })
}

/// The events that tell what a stack file has for scripts. Secrets are hidden, because events end up in logs.
pub fn outputs(declared: &[Told]) -> Vec<Event> {
    let outputs = declared.iter().map(|told| {
        let value = told.known();
        let shown = if told.is_secret { Some(HIDDEN) } else { value };
        Event::Output(Output {
            name: told.name.clone(),
            value: shown.filter(|_| value.is_some()).map(str::to_owned),
            hidden: told.is_secret && value.is_some(),
        })
    });
    outputs.collect()
}
