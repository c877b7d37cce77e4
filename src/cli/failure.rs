//! What ends a run early, shown with its causes and with what to do.

use std::{error::Error, io, iter};

use crate::{
    cli::{console::Console, exit::Exit},
    model::call::{CallError, REPORT_BUG},
    show::{
        Paint, Style,
        events::{self, Event},
        words,
    },
};

/// A run that ended early.
#[derive(Debug)]
pub(super) struct Failure {
    kind: Kind,
    source: Box<dyn Error + Send + Sync>,
    hints: Vec<String>,
}

/// What a failure means for the one who called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Nothing was changed.
    Before,
    /// Something was changed, or may have been.
    HalfWay,
    /// Nobody reads what is printed any more; nothing was changed.
    NobodyListens,
    /// Something holds no more that always holds: a bug of ours. Nothing was changed.
    Internal,
}

impl Failure {
    /// A failure before anything was changed.
    pub(super) fn before(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind: Kind::Before,
            source: source.into(),
            hints: Vec::new(),
        }
    }

    /// A failure after something was changed, or may have been.
    pub(super) fn half_way(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            kind: Kind::HalfWay,
            ..Self::before(source)
        }
    }

    /// A bug of ours, and no mistake of the user, before anything was changed.
    pub(super) fn internal(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let failure = Self {
            kind: Kind::Internal,
            ..Self::before(source)
        };
        failure.hint(REPORT_BUG)
    }

    /// The same with advice.
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// How the program ends because of it.
    pub(super) fn exit(&self) -> Exit {
        match self.kind {
            Kind::Before | Kind::NobodyListens | Kind::Internal => Exit::Error,
            Kind::HalfWay => Exit::HalfWay,
        }
    }

    /// Prints it, and says how the program ends.
    pub(super) fn report(&self, console: &mut Console) -> Exit {
        if self.kind != Kind::NobodyListens {
            let text = self.to_text(console.err_style);
            // If stderr is closed, only the exit code is left to report the failure.
            _ = console.eprint(&text);
            _ = console.emit(&Event::Error(self.to_event()));
        }
        self.exit()
    }

    /// The same for programs.
    fn to_event(&self) -> events::Error {
        let call = self.source.downcast_ref::<CallError>();
        let causes = iter::successors(self.source.source(), |&cause| cause.source());
        events::Error {
            message: self.source.to_string(),
            causes: causes.map(ToString::to_string).collect(),
            hints: self.hints.clone(),
            operation: call.map(|call| call.operation.clone()),
            code: call.and_then(|call| call.code.clone()),
            request_id: call.and_then(|call| call.request_id.clone()),
        }
    }

    /// The chain of causes, each once, and the advice.
    fn to_text(&self, style: Style) -> String {
        let error = format!("{}: ", style.paint(Paint::Remove, "error"));
        let mut text = words::wrap(&error, &self.source.to_string(), style.width);
        let mut cause = self.source.source();
        while let Some(error) = cause {
            text.push_str(&words::wrap("  because: ", &error.to_string(), style.width));
            cause = error.source();
        }
        let hint = format!("{}: ", style.paint(Paint::Adopt, "hint"));
        for advice in &self.hints {
            text.push_str(&words::wrap(&hint, advice, style.width));
        }
        text
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        let hint = error.hint.clone();
        let failure = Self::before(error);
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

/// A failure to print, or to read an answer.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        let kind = if error.kind() == io::ErrorKind::BrokenPipe {
            Kind::NobodyListens
        } else {
            Kind::Before
        };
        let is_full = error.kind() == io::ErrorKind::StorageFull;
        let failure = Self {
            kind,
            ..Self::before(error)
        };
        if is_full {
            failure.hint("make room there, or write elsewhere, and run it again")
        } else {
            failure
        }
    }
}

#[cfg(test)]
mod tests {
    use thiserror::Error;

    use super::*;
    use crate::model::call::{Class, Effect};

    #[derive(Debug, Error)]
    #[error("cannot read prod.toml")]
    struct Outer(#[source] Inner);

    #[derive(Debug, Error)]
    #[error("permission denied")]
    struct Inner;

    #[test]
    fn every_cause_is_printed_once() {
        let failure = Failure::before(Outer(Inner)).hint("look at its mode");
        assert_eq!(
            failure.to_text(Style::PLAIN),
            "error: cannot read prod.toml\n  because: permission denied\nhint: look at its mode\n"
        );
        assert_eq!(failure.exit(), Exit::Error);
    }

    #[test]
    fn a_failed_call_brings_its_own_hint() {
        let failure = Failure::from(CallError {
            operation: "sts:GetCallerIdentity".to_owned(),
            code: Some("ExpiredToken".to_owned()),
            message: "The security token included in the request is expired".to_owned(),
            request_id: None,
            class: Class::Final,
            effect: Effect::None,
            hint: Some("run `aws sso login`".to_owned()),
        });
        assert_eq!(
            failure.to_text(Style::PLAIN),
            "error: sts:GetCallerIdentity failed: ExpiredToken: The security token included in the request is\n       expired\nhint: run `aws sso login`\n"
        );
    }

    #[test]
    fn a_bug_of_ours_asks_to_be_reported() {
        let failure = Failure::internal("the page is not text");
        let text = failure.to_text(Style::PLAIN);
        assert!(text.starts_with("error: the page is not text\n"), "{text}");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let report =
            "hint: this is a bug in amp-stack; please report it with the version, which is";
        let report = format!("{report} {}, ", env!("CARGO_PKG_VERSION"));
        assert!(text.contains(&report), "{text}");
        assert_eq!(failure.exit(), Exit::Error);
    }

    #[test]
    fn only_what_may_have_changed_something_is_half_way() {
        assert_eq!(Failure::half_way("x").exit(), Exit::HalfWay);
        let broken = io::Error::from(io::ErrorKind::BrokenPipe);
        assert_eq!(Failure::from(broken).exit(), Exit::Error);
    }
}
