//! Shows problems to people, with the lines underlined, and to programs.

use std::{fmt, sync::Arc};

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, JSONReportHandler, LabeledSpan,
    NamedSource, SourceCode,
};

use crate::stack::{problem::Problem, source::Source};

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
    /// One JSON object per problem and line, in the form that miette defines.
    Json,
}

/// A problem together with the file that it is in.
#[derive(Clone, Debug)]
pub struct Report {
    problem: Problem,
    code: String,
    source: NamedSource<Arc<str>>,
}

impl Report {
    /// Joins a problem of the stack file `source`, or of the file that it names itself, with the text of that file.
    pub fn new(source: &Source, problem: &Problem) -> Self {
        let file = problem.file.as_deref().unwrap_or(source);
        Self {
            problem: problem.clone(),
            code: format!("amp_stack::{}", problem.code),
            source: NamedSource::new(
                file.path.display().to_string(),
                Arc::from(file.text.as_str()),
            ),
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
            let place = (span.start, span.len());
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
    for problem in problems {
        let report = Report::new(source, problem);
        // A String takes whatever is written to it, so the only failure there could be does not happen.
        _ = match look {
            Look::Colour { width } => {
                graphical(GraphicalTheme::unicode(), width).render_report(&mut text, &report)
            }
            Look::Plain { width } => graphical(GraphicalTheme::unicode_nocolor(), width)
                .render_report(&mut text, &report),
            Look::Json => JSONReportHandler::new().render_report(&mut text, &report),
        };
        if look == Look::Json || problem.labels.is_empty() {
            text.push('\n');
        }
    }
    text
}

fn graphical(theme: GraphicalTheme, width: usize) -> GraphicalReportHandler {
    GraphicalReportHandler::new_themed(theme)
        .with_width(width)
        .with_links(false)
        .without_syntax_highlighting()
        .with_context_lines(0)
}
