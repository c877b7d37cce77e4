//! Reports what happens while a plan is carried out: people see progress, programs read events.

use std::{io::Write, time::Duration};

use crate::{
    apply::Event,
    cli::{console::Console, json::Stream},
    plan::Plan,
    run::Reporter,
    show::{events, progress::Progress},
};

/// How often the report is ticked for programs, which need nothing then.
const IDLE: Duration = Duration::from_mins(1);

/// Whoever reads what happens.
pub(super) enum Report<'a> {
    People(Progress<'a>),
    Programs {
        stream: &'a Stream,
        out: &'a mut dyn Write,
    },
}

impl<'a> Report<'a> {
    /// Whoever `console` is for.
    pub(super) fn on(console: &'a mut Console, plan: &'a Plan) -> Self {
        if let Some(stream) = &console.events {
            return Self::Programs {
                stream,
                out: &mut *console.out,
            };
        }
        let style = console.err_style;
        Self::People(if console.can_move {
            Progress::bars(plan, style, console.rows)
        } else {
            Progress::lines(plan, style, &mut *console.err)
        })
    }
}

impl Reporter for Report<'_> {
    fn pace(&self) -> Duration {
        match self {
            Self::People(progress) => progress.pace(),
            Self::Programs { .. } => IDLE,
        }
    }

    fn tick(&mut self, elapsed: Duration) {
        match self {
            Self::People(progress) => progress.tick(elapsed),
            Self::Programs { .. } => {}
        }
    }

    fn event(&mut self, event: &Event) {
        match self {
            Self::People(progress) => progress.report(event),
            Self::Programs { stream, out } => {
                if let Some(event) = events::of_run(event) {
                    // Whoever closed the stream does not want to know; what has begun in AWS goes
                    // on all the same.
                    _ = stream.write(&event, &mut **out);
                }
            }
        }
    }
}
