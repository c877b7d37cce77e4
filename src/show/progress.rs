//! Progress while a plan is carried out: lines that move on a terminal, steady ones elsewhere.

mod bars;
mod lines;

use std::io::Write;

use crate::{apply::Event, plan::Plan, show::Style};

/// Shows events as they happen.
pub struct Progress<'a>(Way<'a>);

enum Way<'a> {
    Lines(lines::Lines<'a>),
    Bars(bars::Bars<'a>),
}

impl<'a> Progress<'a> {
    /// One line per event.
    pub fn lines(plan: &'a Plan, style: Style, out: &'a mut dyn Write) -> Self {
        Self(Way::Lines(lines::Lines::new(plan, style, out)))
    }

    /// On the terminal that is stderr, one line per running step below the lines of what is finished.
    pub fn bars(plan: &'a Plan, style: Style) -> Self {
        Self(Way::Bars(bars::Bars::new(plan, style)))
    }

    /// Shows one event.
    pub fn report(&mut self, event: &Event) {
        match &mut self.0 {
            Way::Lines(lines) => lines.report(event),
            Way::Bars(bars) => bars.report(event),
        }
    }
}
