//! What programs read of a plan and of its execution: one JSON object per line, in a form that
//! stays.
//!
//! The page `json.md` of the guide documents every event and every member; a test compares it with
//! what runs emit.

mod concerns;
mod difference;
mod outcome;
mod plan;
mod run;

use serde::Serialize;

use crate::file::render::json::Mistake;
pub use concerns::{Note, Refusal, Risk};
pub use difference::Difference;
pub use outcome::{Outcome, Output, outcome, outputs};
pub use plan::{Frame, NoChange, Step, Summary, plan};
pub use run::{
    Calling, Failed, Finished, GivenUp, Left, Performed, Retrying, RollingOut, Settling, Started,
    Waiting, of_run,
};

/// The version of the form. It rises when an event or a member goes or changes its meaning, and
/// stays when one comes.
pub const FORMAT: u32 = 1;

/// A line: an event, when it was written, and which stack it is about.
#[derive(Debug, Serialize)]
pub struct Line<'a> {
    /// When, as RFC 3339 has it, in UTC.
    pub time: &'a str,
    /// What.
    #[serde(flatten)]
    pub event: &'a Event,
    /// The stack file, as it was given; left out if it is about the run as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_file: Option<&'a str>,
}

/// Something to know about a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The run begins.
    Version(Version),
    /// The stack file has a mistake.
    Problem(Mistake),
    /// The run ends early.
    Error(Error),
    /// The stack that what follows is about.
    Stack(Stack),
    /// The plan has a step.
    Step(Step),
    /// What is no change, although the stack file and AWS say different things.
    NoChange(NoChange),
    /// Something to know although it needs no step.
    Note(Note),
    /// A reason to do nothing until somebody has decided.
    Refusal(Refusal),
    /// Something that the plan does and that may be regretted.
    Risk(Risk),
    /// The plan is written.
    Summary(Summary),
    /// A step begins.
    Started(Started),
    /// A call is made.
    Calling(Calling),
    /// A request is sent again within a call.
    Retrying(Retrying),
    /// AWS has taken a change and is still making it.
    Settling(Settling),
    /// A service is being brought to a revision.
    RollingOut(RollingOut),
    /// A call has failed and is made again.
    Waiting(Waiting),
    /// A call has succeeded.
    Performed(Performed),
    /// A step is done.
    Finished(Finished),
    /// A step has failed.
    Failed(Failed),
    /// A step is left before its last call, because somebody asked to stop.
    Left(Left),
    /// A step is not begun, because one that it waits for has failed.
    GivenUp(GivenUp),
    /// Somebody asked to stop.
    Stopping {},
    /// What became of the plan.
    Outcome(Outcome),
    /// Something that the stack file has for scripts.
    Output(Output),
    /// The plan is not begun, because that of an earlier stack did not get to its end.
    NotBegun {},
    /// Whether samples arrive of what was applied.
    Verified(Verified),
    /// The run ends.
    Exit(Exit),
}

/// The form, and what writes it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Version {
    /// [`FORMAT`].
    pub format: u32,
    /// `amp-stack`.
    pub program: &'static str,
    /// The version of the program.
    pub version: &'static str,
    /// `plan`, `apply` or `destroy`.
    pub command: &'static str,
}

/// What ended a run early.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Error {
    /// What went wrong.
    pub message: String,
    /// Why, the nearest cause first.
    pub causes: Vec<String>,
    /// What to do about it.
    pub hints: Vec<String>,
    /// The operation, if a call to AWS failed: `sts:GetCallerIdentity`.
    pub operation: Option<String>,
    /// The error code of AWS.
    pub code: Option<String>,
    /// The id of the request, for AWS support.
    pub request_id: Option<String>,
}

/// A stack, and where it lives.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stack {
    /// The name that goes into the ownership tags.
    pub name: String,
    /// Twelve digits.
    pub account: String,
    /// `us-east-1`.
    pub region: String,
    /// `aws`, `aws-cn`, …
    pub partition: String,
    /// The ARN of the role as which its calls are made, if the stack file names one, or `null`.
    pub role: Option<String>,
    /// The profile with which they are made, if the stack file names one, or `null`.
    pub profile: Option<String>,
    /// The name of the sandbox that stands in for AWS, or `null`.
    pub sandbox: Option<String>,
    /// What the plan is for: `apply`, or `destroy`.
    pub goal: Goal,
}

/// What a plan is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// To make AWS what the stack file says.
    Apply,
    /// To remove everything that the stack owns.
    Destroy,
}

/// What `verify` has found of a stack.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verified {
    /// `proven`, `undecided` or `disproven`.
    pub verdict: &'static str,
    /// The resources that alone were looked at, or `null`.
    pub only: Option<Vec<String>>,
    /// Each thing that was looked at.
    pub checks: Vec<serde_json::Value>,
    /// What nobody can see from here.
    pub not_looked_at: Vec<String>,
}

/// The run ends.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exit {
    /// The exit code of the program.
    pub exit_code: u8,
}
