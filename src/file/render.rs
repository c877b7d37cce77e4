//! Shows problems to people, with the lines underlined, and to programs.

mod excerpt;
pub mod github;
pub mod json;
mod lines;
mod masked;
pub mod sarif;

use std::{collections::BTreeMap, fmt, path::Path, sync::Arc};

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError,
    MietteSpanContents, SourceCode, SourceSpan, SpanContents,
};

use crate::file::{
    places::Marked,
    problem::Problem,
    render::{excerpt::Excerpt, lines::Lines},
    source::Source,
    tree::Span,
};

/// How problems are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
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
/// label and those between them. Lines that are very long are cut around their labels.
#[derive(Clone, Debug)]
struct WholeLines {
    file: Arc<Shown>,
    excerpt: Arc<Excerpt>,
}

/// What all problems of a file have in common.
#[derive(Debug)]
struct Shown {
    /// The whole text without secrets.
    text: String,
    lines: Lines,
    name: String,
}

impl Shown {
    fn of(file: &Source) -> Arc<Self> {
        let text = masked::masked(file);
        Arc::new(Self {
            lines: Lines::of(&text),
            text,
            name: file.path.display().to_string(),
        })
    }
}

impl WholeLines {
    fn new(file: &Arc<Shown>, labels: &[Span]) -> Self {
        Self {
            excerpt: Arc::new(Excerpt::new(&file.text, &file.lines, labels)),
            file: Arc::clone(file),
        }
    }

    /// Where a place of the file is in what is shown.
    fn shown(&self, span: &Span) -> SourceSpan {
        let length = first_line(&self.file.text, span);
        let start = self.excerpt.shown_at(span.start);
        let end = self.excerpt.shown_at(span.start + length).max(start);
        (start, end - start).into()
    }
}

impl SourceCode for WholeLines {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let shown = self.excerpt.text();
        let start = span.offset().min(shown.len());
        let end = (start + span.len()).min(shown.len());
        // Without context only the exact place is asked for, to say its line and column, which are
        // those of the file.
        let (start, end) = if (before, after) == (0, 0) {
            (start, end)
        } else {
            whole_lines(shown, start..end)
        };
        let Shown { text, lines, name } = self.file.as_ref();
        let stood = self.excerpt.stood_at(start).min(text.len());
        let line = lines.line(stood);
        let column = stood - lines.start(line).unwrap_or_default();
        let piece = &shown.as_bytes()[start..end];
        let further = piece.split(|byte| *byte == b'\n').count() - 1;
        Ok(Box::new(MietteSpanContents::new_named(
            name.clone(),
            piece,
            (start, end - start).into(),
            line,
            column,
            // As the library counts them: all lines up to the end, which makes it show the places
            // of one file in one picture.
            line + further,
        )))
    }
}

/// `span` with the rest of the lines that it begins and ends in.
fn whole_lines(text: &str, span: Span) -> (usize, usize) {
    let is_line_end = |byte: &u8| *byte == b'\n';
    let bytes = text.as_bytes();
    let before = bytes[..span.start].iter().rposition(is_line_end);
    let after = bytes[span.end..].iter().position(is_line_end);
    (
        before.map_or(0, |at| at + 1),
        after.map_or(text.len(), |length| span.end + length),
    )
}

impl Report {
    /// Joins a problem of the stack file `source`, or of the file that it names itself, with the
    /// text of that file.
    pub fn new(source: &Source, problem: &Problem) -> Self {
        let file = problem.file.as_deref().unwrap_or(source);
        Self::in_file(&Shown::of(file), problem)
    }

    fn in_file(file: &Arc<Shown>, problem: &Problem) -> Self {
        let places: Vec<Span> = problem
            .labels
            .iter()
            .map(|(span, _)| span.clone())
            .collect();
        Self {
            problem: problem.clone(),
            code: format!("amp_stack::{}", problem.code),
            source: WholeLines::new(file, &places),
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
            let place = self.source.shown(span);
            if index == 0 {
                LabeledSpan::new_primary_with_span(Some(label.clone()), place)
            } else {
                LabeledSpan::new_with_span(Some(label.clone()), place)
            }
        })))
    }
}

/// The problems of a stack file as text that ends in a line end.
pub fn render(source: &Source, problems: &[Problem], style: Style) -> String {
    let mut text = String::new();
    let mut files: BTreeMap<&Path, Arc<Shown>> = BTreeMap::new();
    for (index, problem) in problems.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        let file = problem.file.as_deref().unwrap_or(source);
        let file = files.entry(&file.path).or_insert_with(|| Shown::of(file));
        let report = Report::in_file(file, problem);
        // A String takes whatever is written to it, so the only failure there could be does not
        // happen.
        _ = match style {
            Style::Colour { width } => {
                graphical(GraphicalTheme::unicode(), width).render_report(&mut text, &report)
            }
            Style::Plain { width } => graphical(GraphicalTheme::unicode_nocolor(), width)
                .render_report(&mut text, &report),
        };
    }
    text
}

/// Places without a problem: the lines that they are in, underlined, with the name of the file
/// above. It ends in a line end, and no line begins with more white space than it needs.
pub fn picture(marked: &Marked, style: Style) -> String {
    let problem = Problem {
        code: "",
        message: String::new(),
        labels: marked.labels.clone(),
        help: None,
        file: None,
        named_at: None,
    };
    let text = render(&marked.file, &[problem], style);
    // What stands above the frame is the message.
    let lines: Vec<&str> = text
        .lines()
        .skip_while(|line| !line.contains('╭'))
        .collect();
    let spaces = |line: &&str| line.len() - line.trim_start_matches(' ').len();
    let indent = lines.iter().map(spaces).min().unwrap_or_default();
    let lines = lines.iter().map(|line| format!("{}\n", &line[indent..]));
    lines.collect()
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
