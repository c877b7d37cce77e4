//! Progress while a plan is carried out: lines that move on a terminal, steady ones elsewhere.

mod bars;
mod board;
mod lines;

use std::{io::Write, time::Duration};

use crate::{apply::Event, plan::Plan, show::Style};

/// Shows events as they happen.
///
/// It has no clock: whoever owns it calls [`Progress::tick`] again and again.
pub struct Progress<'a>(Way<'a>);

enum Way<'a> {
    Lines(lines::Lines<'a>),
    Bars(bars::Bars<'a>),
}

impl<'a> Progress<'a> {
    /// A line when a step begins, waits or ends.
    pub fn lines(plan: &'a Plan, style: Style, out: &'a mut dyn Write) -> Self {
        Self(Way::Lines(lines::Lines::new(plan, style, out)))
    }

    /// On the terminal that is stderr and has so many `rows`: a line per step that runs, and one
    /// that counts, below the lines of what is finished.
    pub fn bars(plan: &'a Plan, style: Style, rows: usize) -> Self {
        Self(Way::Bars(bars::Bars::new(plan, style, rows)))
    }

    /// How often to call [`Progress::tick`].
    pub fn pace(&self) -> Duration {
        match &self.0 {
            Way::Lines(_) => lines::PACE,
            Way::Bars(_) => bars::PACE,
        }
    }

    /// Takes note that `elapsed` has passed since the first event.
    pub fn tick(&mut self, elapsed: Duration) {
        match &mut self.0 {
            Way::Lines(lines) => lines.tick(elapsed),
            Way::Bars(bars) => bars.tick(elapsed),
        }
    }

    /// Shows one event.
    pub fn report(&mut self, event: &Event) {
        match &mut self.0 {
            Way::Lines(lines) => lines.report(event),
            Way::Bars(bars) => bars.report(event),
        }
    }
}
