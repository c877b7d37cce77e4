//! Events for programs: JSON Lines on standard output.

use std::{
    ffi::OsString,
    io::{self, Write},
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use aws_smithy_types::date_time::{DateTime, Format};

use crate::{
    cli::{
        console::{Color, Console},
        exit::Exit,
    },
    show::events::{self, Event, FORMAT, Line, Version},
};

/// The commands that print for programs what they do.
const COMMANDS: [&str; 3] = ["plan", "apply", "destroy"];

/// The stream of events of a run.
pub(super) struct Stream {
    now: fn() -> SystemTime,
    /// The stack file that events are about.
    stack_file: Option<String>,
}

impl Stream {
    /// A stream that reads the time from `now`.
    fn new(now: fn() -> SystemTime) -> Self {
        Self {
            now,
            stack_file: None,
        }
    }

    /// Writes one event, and lets it out at once.
    pub(super) fn write(&self, event: &Event, out: &mut dyn Write) -> io::Result<()> {
        let line = Line {
            time: &rfc_3339((self.now)()),
            event,
            stack_file: self.stack_file.as_deref(),
        };
        let mut line = serde_json::to_vec(&line)?;
        line.push(b'\n');
        out.write_all(&line)?;
        out.flush()
    }
}

/// Reports to programs that a command line is wrong, if `words` look as if it was to be one for
/// them.
pub(super) fn print_misuse(words: &[OsString], message: &str) -> io::Result<()> {
    let is_typed = |wanted: &&str| words.iter().any(|word| word == *wanted);
    let Some(command) = COMMANDS.iter().copied().find(is_typed) else {
        return Ok(());
    };
    if !is_typed(&"--json") {
        return Ok(());
    }
    let mut console = Console::of_process(Color::Never);
    console.begin(command, system_time)?;
    console.emit(&Event::Error(events::Error {
        message: message.to_owned(),
        causes: Vec::new(),
        hints: Vec::new(),
        operation: None,
        code: None,
        request_id: None,
    }))?;
    console.end_events(Exit::Error)
}

impl Console {
    /// Reports to programs instead of people from now on, if that was asked for, beginning with
    /// what the lines are.
    pub(super) fn begin_events(&mut self, json: bool, command: &'static str) -> io::Result<()> {
        if !json {
            return Ok(());
        }
        self.begin(command, system_time)
    }

    /// The same as [`Self::begin_events`], by any clock.
    fn begin(&mut self, command: &'static str, now: fn() -> SystemTime) -> io::Result<()> {
        self.events = Some(Stream::new(now));
        self.emit(&Event::Version(Version {
            format: FORMAT,
            program: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            command,
        }))
    }

    /// Says of what follows which stack file it is about.
    pub(super) fn events_are_about(&mut self, stack_file: Option<&Path>) {
        if let Some(events) = &mut self.events {
            events.stack_file = stack_file.map(|path| path.display().to_string());
        }
    }

    /// Reports how the run ends, which is the last line.
    pub(super) fn end_events(&mut self, exit: Exit) -> io::Result<()> {
        self.events_are_about(None);
        self.emit(&Event::Exit(events::Exit {
            exit_code: exit.code(),
        }))
    }

    /// Whether standard output is for programs.
    pub(super) fn prints_json(&self) -> bool {
        self.events.is_some()
    }

    /// Writes an event, if a program listens.
    pub(super) fn emit(&mut self, event: &Event) -> io::Result<()> {
        match &self.events {
            Some(events) => events.write(event, &mut *self.out),
            None => Ok(()),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "here time comes in, for the lines that say when"
)]
fn system_time() -> SystemTime {
    SystemTime::now()
}

/// `2026-11-22T17:45:02.123Z`: always as long, so that sorting the text sorts the times.
fn rfc_3339(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    // Only years of five digits have no such form.
    let whole = DateTime::from_secs(seconds)
        .fmt(Format::DateTime)
        .unwrap_or_default();
    let whole = whole.trim_end_matches('Z');
    format!("{whole}.{:03}Z", since.subsec_millis())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn times_are_as_rfc_3339_has_them() {
        let at = |millis| rfc_3339(UNIX_EPOCH + Duration::from_millis(millis));
        assert_eq!(at(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(at(1_500), "1970-01-01T00:00:01.500Z");
        assert_eq!(at(1_795_369_502_007), "2026-11-22T17:45:02.007Z");
    }
}
