//! A plan that is carried out, as events.

use serde::Serialize;

use crate::{
    apply,
    kinds::Change,
    model::call::{self, CallError},
    plan::StepId,
    progress,
    show::events::Event,
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

/// A service is being brought to a revision.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RollingOut {
    /// The step.
    pub step: String,
    /// The resource.
    pub address: String,
    /// The operation that has started it.
    pub operation: &'static str,
    /// The service: `prod/checkout`.
    pub service: String,
    /// What ECS calls how far the deployment is: `IN_PROGRESS`.
    pub status: String,
    /// The stage of its life, if it is in one: `BAKE_TIME`.
    pub stage: Option<String>,
    /// The tasks of the revision that run, if ECS counts them.
    pub running: Option<i32>,
    /// Those that have to run in the end.
    pub requested: Option<i32>,
    /// Those that are being started.
    pub pending: Option<i32>,
    /// Those that have failed.
    pub failed: Option<i32>,
    /// The last event of the service.
    pub last_event: Option<String>,
    /// For how long it has been waited for.
    pub seconds: u64,
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
    /// AWS may not have heard of the tags that this run has just set.
    Denied,
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

/// A step is left.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Left {
    /// The step.
    pub step: String,
    /// The resource.
    pub address: String,
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

/// What happens, for programs, unless they have no use for it.
pub fn of_run(event: &apply::Event) -> Option<Event> {
    Some(match event {
        apply::Event::Started { step, calls } => {
            let (step, address) = names(step);
            Event::Started(Started {
                step,
                address,
                calls: *calls,
            })
        }
        apply::Event::Calling { step, change } => calling(step, change),
        apply::Event::Noticed {
            step,
            operation,
            notice,
        } => return noticed(step, operation, notice),
        apply::Event::Waiting { step, error, pause } => waiting(step, error, pause.as_secs_f64()),
        apply::Event::Performed {
            step,
            change,
            request_id,
        } => {
            let (step, address) = names(step);
            Event::Performed(Performed {
                step,
                address,
                operation: change.operation(),
                subject: change.subject(),
                request_id: request_id.clone(),
            })
        }
        apply::Event::Finished { step } => {
            let (step, address) = names(step);
            Event::Finished(Finished { step, address })
        }
        apply::Event::Failed { step, error } => failed(step, error),
        apply::Event::Left { step } => {
            let (step, address) = names(step);
            Event::Left(Left { step, address })
        }
        apply::Event::GivenUp { step, because } => {
            let (step, address) = names(step);
            Event::GivenUp(GivenUp {
                step,
                address,
                because: because.to_string(),
            })
        }
        apply::Event::Stopping => Event::Stopping {},
    })
}

fn calling(step: &StepId, change: &Change) -> Event {
    let (step, address) = names(step);
    Event::Calling(Calling {
        step,
        address,
        operation: change.operation(),
        subject: change.subject(),
    })
}

/// The name of a step, and the address of its resource.
fn names(step: &StepId) -> (String, String) {
    (step.to_string(), step.address.to_string())
}

fn noticed(step: &StepId, operation: &'static str, notice: &progress::Notice) -> Option<Event> {
    let (step, address) = names(step);
    Some(match notice {
        progress::Notice::Queued(_) | progress::Notice::Sending => return None,
        progress::Notice::Retrying {
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
                progress::Trouble::Throttled => Trouble::Throttled,
                progress::Trouble::ServerError => Trouble::ServerError,
                progress::Trouble::NoAnswer => Trouble::NoAnswer,
            },
        }),
        progress::Notice::RollingOut(rolling) => {
            let tasks = rolling.tasks;
            Event::RollingOut(RollingOut {
                step,
                address,
                operation,
                service: rolling.service.clone(),
                status: rolling.status.clone(),
                stage: rolling.stage.clone(),
                running: tasks.map(|tasks| tasks.running),
                requested: tasks.map(|tasks| tasks.requested),
                pending: tasks.map(|tasks| tasks.pending),
                failed: tasks.map(|tasks| tasks.failed),
                last_event: rolling.event.clone(),
                seconds: rolling.waited.as_secs(),
            })
        }
        progress::Notice::Settling { status, .. } => Event::Settling(Settling {
            step,
            address,
            operation,
            status: status.clone(),
        }),
    })
}

fn waiting(step: &StepId, error: &CallError, pause_seconds: f64) -> Event {
    let (step, address) = names(step);
    let CallError {
        operation,
        code,
        message,
        request_id,
        class,
        effect: _,
        hint: _,
    } = error.clone();
    Event::Waiting(Waiting {
        step,
        address,
        operation,
        class: match class {
            call::Class::Final => Class::Final,
            call::Class::Unsettled => Class::Unsettled,
            call::Class::Denied => Class::Denied,
            call::Class::Busy => Class::Busy,
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
        effect: _,
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
