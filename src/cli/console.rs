//! The three streams of the process, and what each of them may carry.

mod ascii;

use std::{
    ffi::OsStr,
    io::{self, IsTerminal, Write},
    pin::Pin,
};

use clap::ValueEnum;
use terminal_size::{Height, Width, terminal_size_of};
use thiserror::Error;
use tokio::io::{AsyncBufRead, AsyncBufReadExt};

use crate::{
    cli::json::Stream,
    show::{DEFAULT_WIDTH, Style},
};

/// The least columns that are used, however narrow a terminal is.
const LEAST_WIDTH: usize = 40;
/// The rows of a terminal that does not say how many it has.
const DEFAULT_ROWS: usize = 24;

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On terminals
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

/// The streams of a run. Plans go to `out`, everything else to `err`.
pub(super) struct Console {
    pub(super) out: Box<dyn Write>,
    pub(super) err: Box<dyn Write>,
    pub(super) out_style: Style,
    pub(super) err_style: Style,
    /// Whether somebody is there to be asked.
    pub(super) can_ask: bool,
    /// Whether `err` is a terminal, on which lines can move.
    pub(super) can_move: bool,
    /// The rows of that terminal.
    pub(super) rows: usize,
    /// The rows of the terminal that `out` is, if it is one.
    pub(super) out_rows: Option<usize>,
    /// The stream of events, if `out` is for programs.
    pub(super) events: Option<Stream>,
    input: Pin<Box<dyn AsyncBufRead>>,
    /// Whether a question stands at the end of `err`, without the line end that an answer brings.
    is_asking: bool,
}

impl Console {
    /// The streams of the process.
    pub(super) fn of_process(color: Color) -> Self {
        let (out, err) = (io::stdout(), io::stderr());
        let out_size = terminal_size_of(&out);
        let out_width = out_size.map(|(width, _)| width);
        let err_size = terminal_size_of(&err);
        let err_width = err_size.map(|(width, _)| width);
        Self {
            out_style: style(color, out.is_terminal(), out_width),
            err_style: style(color, err.is_terminal(), err_width),
            can_ask: io::stdin().is_terminal(),
            can_move: err.is_terminal(),
            rows: err_size.map_or(DEFAULT_ROWS, |(_, Height(rows))| usize::from(rows)),
            out_rows: out
                .is_terminal()
                .then(|| out_size.map_or(DEFAULT_ROWS, |(_, Height(rows))| usize::from(rows))),
            out: for_people(out, "standard output"),
            err: for_people(err, "standard error"),
            events: None,
            input: Box::pin(tokio::io::BufReader::new(tokio::io::stdin())),
            is_asking: false,
        }
    }

    /// Streams without a terminal: answers are read from `input`, and `can_ask` says whether to act
    /// as if somebody had typed them.
    #[cfg(test)]
    pub(super) fn of_test(
        input: impl AsyncBufRead + 'static,
        can_ask: bool,
        out: impl Write + 'static,
        err: impl Write + 'static,
    ) -> Self {
        Self {
            out: Box::new(out),
            err: Box::new(err),
            out_style: Style::PLAIN,
            err_style: Style::PLAIN,
            can_ask,
            can_move: false,
            rows: DEFAULT_ROWS,
            out_rows: None,
            events: None,
            input: Box::pin(input),
            is_asking: false,
        }
    }

    /// Prints to `out`.
    pub(super) fn print(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    /// Prints to `err`.
    pub(super) fn eprint(&mut self, text: &str) -> io::Result<()> {
        if std::mem::take(&mut self.is_asking) {
            self.err.write_all(b"\n")?;
        }
        self.err.write_all(text.as_bytes())?;
        self.err.flush()
    }

    /// Asks, and waits for one line. At the end of the input the answer is empty.
    pub(super) async fn ask(&mut self, question: &str) -> io::Result<String> {
        self.eprint(question)?;
        self.is_asking = true;
        let mut answer = String::new();
        self.input.read_line(&mut answer).await?;
        self.is_asking = !answer.ends_with('\n');
        Ok(answer.trim().to_owned())
    }

    /// Returns whether the input ended at the last question, so that no further one will be
    /// answered.
    pub(super) fn is_at_end(&self) -> bool {
        self.is_asking
    }
}

/// A stream, in letters that its terminal has. Where there is no terminal a program may read it.
fn for_people(stream: impl Write + IsTerminal + 'static, name: &'static str) -> Box<dyn Write> {
    if stream.is_terminal() && ascii::is_ascii(&|name| std::env::var_os(name)) {
        let stream = ascii::Ascii(stream);
        Box::new(Named { stream, name })
    } else {
        Box::new(Named { stream, name })
    }
}

/// A stream that says in its errors which one it is.
struct Named<W> {
    stream: W,
    name: &'static str,
}

/// A stream took nothing, as where a disk is full.
#[derive(Debug, Error)]
#[error("cannot write to {name}")]
struct Unwritable {
    name: &'static str,
    #[source]
    cause: io::Error,
}

impl<W> Named<W> {
    fn error(&self, cause: io::Error) -> io::Error {
        let name = self.name;
        io::Error::new(cause.kind(), Unwritable { name, cause })
    }
}

impl<W: Write> Write for Named<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.stream.write(bytes);
        written.map_err(|cause| self.error(cause))
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.stream.flush();
        flushed.map_err(|cause| self.error(cause))
    }
}

fn style(choice: Color, is_terminal: bool, width: Option<Width>) -> Style {
    let colour = match choice {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => is_terminal && wants_colour(&|name| std::env::var_os(name)),
    };
    let width = width
        .filter(|_| is_terminal)
        .map_or(DEFAULT_WIDTH, |Width(columns)| {
            usize::from(columns).max(LEAST_WIDTH)
        });
    Style { colour, width }
}

/// Returns whether the environment leaves colours on: `NO_COLOR` is unset or empty (no-color.org),
/// and the terminal is not a dumb one.
fn wants_colour<T: AsRef<OsStr>>(environment: &dyn Fn(&str) -> Option<T>) -> bool {
    let no_color = environment("NO_COLOR").is_some_and(|value| !value.as_ref().is_empty());
    let dumb = environment("TERM").is_some_and(|value| value.as_ref() == "dumb");
    !no_color && !dumb
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_color_is_honoured_unless_it_is_empty() {
        let with = |name: &'static str, value: &'static str| {
            wants_colour(&move |asked| (asked == name).then_some(value))
        };
        assert!(with("TERM", "xterm-256color"));
        assert!(with("NO_COLOR", ""));
        assert!(!with("NO_COLOR", "1"));
        assert!(!with("TERM", "dumb"));
    }

    #[test]
    fn width_is_fixed_where_there_is_no_terminal() {
        let piped = style(Color::Auto, false, Some(Width(250)));
        assert_eq!(piped, Style::PLAIN);
        assert!(style(Color::Always, false, None).colour);
        assert_eq!(
            style(Color::Never, true, Some(Width(10))).width,
            LEAST_WIDTH
        );
        assert!(!style(Color::Never, true, None).colour);
    }
}
