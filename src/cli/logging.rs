//! The log for people who look for the cause of something: off unless it is asked for, and only of
//! what amp-stack itself writes.

use std::{env, io};

use tracing::{Metadata, Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    EnvFilter, Layer as _, Registry,
    filter::{FilterExt as _, filter_fn},
    fmt::{MakeWriter, layer},
    layer::SubscriberExt as _,
};

use crate::cli::failure::Failure;

/// The variable that says what to log: an env-filter of `tracing-subscriber`.
const VARIABLE: &str = "AMP_STACK_LOG";
/// What `--debug` stands for.
const DEBUG: &str = "amp_stack=debug";

/// Starts the log if `debug` or the environment asks for it, and returns whether it is on.
pub(super) fn start(debug: bool) -> Result<bool, Failure> {
    let variable = env::var_os(VARIABLE).unwrap_or_default();
    let filter = filter(debug, &variable.to_string_lossy())
        .map_err(|error| Failure::before(format!("{VARIABLE} can't be read: {error}")))?;
    let Some(filter) = filter else {
        return Ok(false);
    };
    let subscriber = subscriber(filter, io::stderr);
    tracing::subscriber::set_global_default(subscriber).map_err(Failure::before)?;
    Ok(true)
}

/// What to log; `None` is nothing at all.
fn filter(debug: bool, variable: &str) -> Result<Option<EnvFilter>, String> {
    if variable.trim().is_empty() && !debug {
        return Ok(None);
    }
    let builder = EnvFilter::builder().with_default_directive(LevelFilter::OFF.into());
    let filter = builder.parse(variable).map_err(|error| error.to_string())?;
    if !debug {
        return Ok(Some(filter));
    }
    let directive = DEBUG.parse().map_err(|error| format!("{error}"))?;
    Ok(Some(filter.add_directive(directive)))
}

/// A log to `writer` of what passes `filter` and is amp-stack's own.
fn subscriber(
    filter: EnvFilter,
    writer: impl for<'w> MakeWriter<'w> + Send + Sync + 'static,
) -> impl Subscriber + Send + Sync {
    let lines = layer().with_ansi(false).with_writer(writer);
    Registry::default().with(lines.with_filter(filter.and(filter_fn(is_ours))))
}

/// Returns whether amp-stack itself writes it. What the SDK and its HTTP client write may hold
/// credentials and bodies, so it is never shown, whatever the filter says.
fn is_ours(metadata: &Metadata<'_>) -> bool {
    let krate = metadata.target().split("::").next();
    krate == Some("amp_stack")
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write,
        sync::{Arc, Mutex},
    };

    use super::*;

    /// A log that is kept.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(debug: bool, variable: &str) -> Vec<String> {
        let kept = Kept::default();
        let writer = {
            let kept = kept.clone();
            move || kept.clone()
        };
        let filter = filter(debug, variable).unwrap().unwrap();
        tracing::subscriber::with_default(subscriber(filter, writer), || {
            tracing::debug!(target: "amp_stack::aws", "ours");
            tracing::trace!(target: "amp_stack::aws", "ours in detail");
            tracing::error!(target: "aws_sdk_iam", "theirs");
            tracing::error!(target: "aws_smithy_runtime::client", "theirs");
            tracing::error!(target: "amp_stack_sandbox", "not ours");
            let _span =
                tracing::error_span!(target: "aws_config", "span", secret = "s3cret").entered();
            tracing::debug!(target: "amp_stack", "ours in a span");
        });
        let bytes = kept.0.lock().unwrap().clone();
        let text = String::from_utf8(bytes).unwrap();
        assert!(!text.contains("s3cret"), "{text}");
        text.lines()
            .map(|line| line.split_once(": ").unwrap().1.to_owned())
            .collect()
    }

    #[test]
    fn only_what_amp_stack_writes_is_logged() {
        let ours = ["ours", "ours in a span"];
        assert_eq!(logged(true, ""), ours);
        assert_eq!(logged(true, "aws_sdk_iam=trace"), ours);
        let detailed = ["ours", "ours in detail", "ours in a span"];
        assert_eq!(logged(false, "trace"), detailed);
        assert_eq!(logged(false, "amp_stack::aws=trace"), detailed[..2]);
        for theirs in ["aws_sdk_iam=trace", "aws_config=trace,hyper=debug"] {
            assert_eq!(logged(false, theirs), [""; 0], "{theirs}");
        }
    }

    #[test]
    fn nothing_is_logged_unless_it_is_asked_for() {
        assert!(filter(false, "").unwrap().is_none());
        assert!(filter(false, " ").unwrap().is_none());
        assert!(filter(false, "amp_stack=loud").is_err());
    }
}
