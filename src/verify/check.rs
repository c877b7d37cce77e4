//! A check and its answer.

use crate::model::{address::Address, rule::Rule};

pub(super) const PLAN: &str = "plan-is-empty";
pub(super) const TRUST: &str = "role-is-trusted";
pub(super) const WRITE: &str = "role-may-write";
pub(super) const TRACE: &str = "role-may-trace";
pub(super) const SEND: &str = "role-may-send";
pub(super) const EXECUTE: &str = "role-may-execute";
pub(super) const TASKS: &str = "tasks-run";
pub(super) const COLLECTOR: &str = "collector-is-healthy";
pub(super) const LOG: &str = "log-has-no-error";
pub(super) const SERIES: &str = "task-series-arrive";
pub(super) const TARGETS: &str = "targets-are-up";
pub(super) const APPLICATION: &str = "application-series-arrive";
pub(super) const LABELS: &str = "tasks-are-distinct";
pub(super) const FRESH: &str = "samples-are-fresh";
pub(super) const DISCARDED: &str = "nothing-is-discarded";
pub(super) const ROOM: &str = "series-have-room";

const GUIDE: &str = "amp-stack guide verify";

/// Every check, by its code.
pub const CHECKS: &[Rule] = &[
    Rule {
        code: PLAN,
        sentence: "The plan is empty: AWS is as the stack file says.",
        source: GUIDE,
    },
    Rule {
        code: TRUST,
        sentence: "ECS may assume the task role and the execution role in this account and region.",
        source: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html",
    },
    Rule {
        code: WRITE,
        sentence: "IAM allows the task role aps:RemoteWrite on this workspace, boundary and organization included.",
        source: "https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html",
    },
    Rule {
        code: TRACE,
        sentence: "IAM allows the task role to send traces to X-Ray.",
        source: "https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html",
    },
    Rule {
        code: SEND,
        sentence: "IAM allows the task role to send metrics to CloudWatch, over OTLP or through a log group.",
        source: "https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html",
    },
    Rule {
        code: EXECUTE,
        sentence: "IAM allows the execution role what ECS needs before containers start: logs, images of ECR, secrets.",
        source: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html",
    },
    Rule {
        code: TASKS,
        sentence: "Tasks of the current revision run.",
        source: GUIDE,
    },
    Rule {
        code: COLLECTOR,
        sentence: "The collector of each of them runs and, where ECS checks it, is HEALTHY.",
        source: "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Container.html",
    },
    Rule {
        code: LOG,
        sentence: "The collector's log shows no error that is known.",
        source: "amp-stack guide sidecar",
    },
    Rule {
        code: SERIES,
        sentence: "Every running task has the series of the task, under the names of this version of the collector.",
        source: "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/application-metrics-prometheus.html",
    },
    Rule {
        code: TARGETS,
        sentence: "Every scrape job of every running task reports up == 1.",
        source: "https://prometheus.io/docs/concepts/jobs_instances/",
    },
    Rule {
        code: APPLICATION,
        sentence: "The application's own series are there.",
        source: GUIDE,
    },
    Rule {
        code: LABELS,
        sentence: "As many tasks can be distinguished by their labels as run: otherwise their samples collide.",
        source: "https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-troubleshooting.html",
    },
    Rule {
        code: FRESH,
        sentence: "The last sample of every running task is young.",
        source: GUIDE,
    },
    Rule {
        code: DISCARDED,
        sentence: "The workspace discards no samples, as CloudWatch counts them by reason.",
        source: "https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-CW-usage-metrics.html",
    },
    Rule {
        code: ROOM,
        sentence: "The workspace has fewer active series than it may have.",
        source: "https://docs.aws.amazon.com/prometheus/latest/userguide/AMP_quotas.html",
    },
];

/// What a check has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is so.
    Holds,
    /// It is not so.
    Fails,
    /// It is not so yet, and nothing is known that keeps it from becoming so.
    NotYet,
    /// It could not be looked at.
    Unknown,
}

/// What all checks together say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything holds.
    Proven,
    /// Nothing is known to be wrong, but not everything could be shown.
    Undecided,
    /// Something is wrong.
    Disproven,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its code in [`CHECKS`].
    pub code: &'static str,
    /// The resource that it is about, unless it is about the stack.
    pub address: Option<Address>,
    /// What should be, in words without a full stop.
    pub what: String,
    /// Whether it is.
    pub state: State,
    /// What was found, or why it is not so; sentences without a full stop.
    pub because: Vec<String>,
    /// What to do next: sentences, or commands to paste.
    pub next: Vec<String>,
}

impl Check {
    /// A check that holds.
    pub(super) fn new(
        code: &'static str,
        address: Option<Address>,
        what: impl Into<String>,
    ) -> Self {
        Self {
            code,
            address,
            what: what.into(),
            state: State::Holds,
            because: Vec::new(),
            next: Vec::new(),
        }
    }

    /// The same with something that was found.
    pub(super) fn found(mut self, found: impl Into<String>) -> Self {
        self.because.push(found.into());
        self
    }

    /// The same, failing.
    pub(super) fn fails(self, because: impl Into<String>) -> Self {
        let state = State::Fails;
        Self { state, ..self }.found(because)
    }

    /// The same, not so yet, unless it fails already.
    pub(super) fn not_yet(self, because: impl Into<String>) -> Self {
        let state = match self.state {
            State::Fails => State::Fails,
            State::Holds | State::NotYet | State::Unknown => State::NotYet,
        };
        Self { state, ..self }.found(because)
    }

    /// The same, but it could not be looked at, which makes nothing wrong and nothing right.
    pub(super) fn unknown(self, because: impl Into<String>) -> Self {
        let state = match self.state {
            State::Holds | State::Unknown => State::Unknown,
            other @ (State::Fails | State::NotYet) => other,
        };
        Self { state, ..self }.found(because)
    }

    /// The same with something to do.
    pub(super) fn next(mut self, next: impl Into<String>) -> Self {
        let next = next.into();
        if !self.next.contains(&next) {
            self.next.push(next);
        }
        self
    }
}

impl Verdict {
    /// What these checks say together.
    pub fn of<'a>(checks: impl IntoIterator<Item = &'a Check>) -> Self {
        let mut verdict = Self::Proven;
        for check in checks {
            match check.state {
                State::Holds => {}
                State::Fails => return Self::Disproven,
                State::NotYet | State::Unknown => verdict = Self::Undecided,
            }
        }
        verdict
    }
}
