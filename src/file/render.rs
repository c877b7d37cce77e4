//! Shows problems to people, with the lines underlined, and to programs.

pub mod json;
mod masked;

use std::{fmt, sync::Arc};

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, NamedSource,
    SourceCode, SourceSpan, SpanContents,
};

use crate::file::{problem::Problem, source::Source, tree::Span};

/// How problems are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// With lines drawn around the source, in colour.
    Colour {
        /// The width of the terminal in columns.
        width: usize,
    },
    /// The same without colour.
    Plain {
        /// The width in columns.
        width: usize,
    },
}

/// A problem together with the file that it is in.
#[derive(Clone, Debug)]
pub struct Report {
    problem: Problem,
    code: String,
    source: WholeLines,
}

/// A file of which whole lines are shown, without their secrets, and no others than those with a
/// label.
#[derive(Clone, Debug)]
struct WholeLines {
    text: Arc<str>,
    named: NamedSource<Arc<str>>,
}

impl WholeLines {
    fn new(file: &Source) -> Self {
        let text: Arc<str> = Arc::from(masked::masked(&file.text));
        let named = NamedSource::new(file.path.display().to_string(), Arc::clone(&text));
        Self { text, named }
    }
}

impl SourceCode for WholeLines {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        // Without context only the exact place is asked for, to say its line and column.
        if (before, after) == (0, 0) {
            return self.named.read_span(span, 0, 0);
        }
        let text = self.text.as_bytes();
        let start = span.offset().min(text.len());
        let end = (start + span.len()).min(text.len());
        let is_line_end = |byte: &u8| *byte == b'\n';
        let start = text[..start]
            .iter()
            .rposition(is_line_end)
            .map_or(0, |at| at + 1);
        let end = text[end..]
            .iter()
            .position(is_line_end)
            .map_or(text.len(), |length| end + length);
        self.named.read_span(&(start, end - start).into(), 0, 0)
    }
}

impl Report {
    /// Joins a problem of the stack file `source`, or of the file that it names itself, with the
    /// text of that file.
    pub fn new(source: &Source, problem: &Problem) -> Self {
        let file = problem.file.as_deref().unwrap_or(source);
        Self {
            problem: problem.clone(),
            code: format!("amp_stack::{}", problem.code),
            source: WholeLines::new(file),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem.message)
    }
}

impl std::error::Error for Report {}

impl Diagnostic for Report {
    fn code(&self) -> Option<Box<dyn fmt::Display + '_>> {
        Some(Box::new(&self.code))
    }

    fn help(&self) -> Option<Box<dyn fmt::Display + '_>> {
        let help = self.problem.help.as_ref()?;
        Some(Box::new(help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let labels = self.problem.labels.iter().enumerate();
        Some(Box::new(labels.map(|(index, (span, label))| {
            let place = (span.start, first_line(&self.source.text, span));
            if index == 0 {
                LabeledSpan::new_primary_with_span(Some(label.clone()), place)
            } else {
                LabeledSpan::new_with_span(Some(label.clone()), place)
            }
        })))
    }
}

/// The problems of a stack file as text that ends in a line end.
pub fn render(source: &Source, problems: &[Problem], look: Look) -> String {
    let mut text = String::new();
    for (index, problem) in problems.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        let report = Report::new(source, problem);
        // A String takes whatever is written to it, so the only failure there could be does not
        // happen.
        _ = match look {
            Look::Colour { width } => {
                graphical(GraphicalTheme::unicode(), width).render_report(&mut text, &report)
            }
            Look::Plain { width } => graphical(GraphicalTheme::unicode_nocolor(), width)
                .render_report(&mut text, &report),
        };
    }
    text
}

/// The length of what `span` has on its first line, which is enough to recognise it by.
fn first_line(text: &str, span: &Span) -> usize {
    let covered = text.get(span.clone()).unwrap_or_default();
    covered.lines().next().map_or(0, str::len)
}

fn graphical(theme: GraphicalTheme, width: usize) -> GraphicalReportHandler {
    GraphicalReportHandler::new_themed(theme)
        .with_width(width)
        .with_links(false)
        .without_syntax_highlighting()
}
