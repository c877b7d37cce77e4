//! How the program ends, as programs that call it see it.

use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// What was asked for is done, or there was nothing to do.
    Done,
    /// It went wrong, was declined, or waits for a decision, and nothing was changed.
    Error,
    /// `plan --detailed-exitcode` found something to do.
    Changes,
    /// `apply` or `destroy` stopped half way: something was changed, or may have been.
    HalfWay,
    /// `verify` found nothing wrong, but could not show everything: it is not so yet, or could not
    /// be looked at.
    NotProven,
    /// `verify` found something wrong.
    Disproven,
    /// Everything is done but rollouts that wait at a hook until somebody decides.
    AwaitsDecision,
}

impl Exit {
    /// The number.
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Error => 1,
            Self::Changes => 2,
            Self::HalfWay => 3,
            Self::NotProven => 4,
            Self::Disproven => 5,
            Self::AwaitsDecision => 6,
        }
    }

    /// What it means, as the help says it.
    pub(super) fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done, or nothing to do",
            Self::Error => {
                "error, wrong usage, something to decide first, or declined: nothing was changed"
            }
            Self::Changes => "with `plan --detailed-exitcode`: there is something to do",
            Self::HalfWay => {
                "`apply` or `destroy` stopped half way: something was changed, or may have been"
            }
            Self::NotProven => {
                "`verify` found nothing wrong, but not everything could be shown: not ready yet, or not visible"
            }
            Self::Disproven => {
                "`verify` found something wrong; with `apply --verify` 4 and 5 come after everything was applied"
            }
            Self::AwaitsDecision => {
                "`apply` did everything but rollouts that wait at a PAUSE hook until somebody decides"
            }
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
