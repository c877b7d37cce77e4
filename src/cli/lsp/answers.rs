//! Answers in the types of the protocol.

use lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, CodeDescription,
    CompletionItem, CompletionItemKind, CompletionParams, CompletionTextEdit, Diagnostic,
    DiagnosticRelatedInformation, DiagnosticSeverity, DocumentChanges, DocumentFormattingParams,
    Documentation, GotoDefinitionParams, Hover, HoverContents, HoverParams, Location,
    MarkupContent, MarkupKind, NumberOrString, OneOf, OptionalVersionedTextDocumentIdentifier,
    PublishDiagnosticsParams, Range, TextDocumentEdit, TextDocumentPositionParams, TextEdit, Uri,
    WorkspaceEdit,
};

use crate::{
    cli::lsp::{
        documents::{Documents, Finding},
        position::{byte, range},
    },
    editor::{self, Completion, CompletionKind},
    file::{format::format, problem::Problem, source::Source},
};

/// Whose findings these are.
const SOURCE: &str = "amp-stack";

fn markdown(value: String) -> MarkupContent {
    MarkupContent {
        kind: MarkupKind::Markdown,
        value,
    }
}

/// The file that is asked about, and the byte of its text.
fn asked<'d>(
    place: &TextDocumentPositionParams,
    documents: &'d Documents<'_>,
) -> Option<(&'d Source, usize)> {
    let source = documents.get(&place.text_document.uri)?;
    Some((source, byte(&source.text, place.position)))
}

/// What may stand at a place.
pub(super) fn completion(
    asked: &CompletionParams,
    documents: &Documents<'_>,
) -> Vec<CompletionItem> {
    let Some((source, place)) = self::asked(&asked.text_document_position, documents) else {
        return Vec::new();
    };
    let text = &source.text;
    let items = editor::completions(text, place).into_iter().enumerate();
    items.map(|(index, one)| item(index, one, text)).collect()
}

fn item(index: usize, completion: Completion, text: &str) -> CompletionItem {
    let Completion {
        label,
        kind,
        detail,
        documentation,
        text: new_text,
        replaces,
    } = completion;
    let order = u8::from(kind == CompletionKind::Key);
    CompletionItem {
        kind: Some(match kind {
            CompletionKind::Table => CompletionItemKind::MODULE,
            CompletionKind::Required | CompletionKind::Key => CompletionItemKind::PROPERTY,
            CompletionKind::Value => CompletionItemKind::VALUE,
            CompletionKind::Name => CompletionItemKind::REFERENCE,
        }),
        detail: Some(detail),
        documentation: documentation.map(|said| Documentation::MarkupContent(markdown(said))),
        // What has to be given comes first, everything else in the order of the reference.
        sort_text: Some(format!("{order}{index:04}")),
        filter_text: Some(
            text[replaces.clone()]
                .chars()
                .take(1)
                .filter(|c| "\"'".contains(*c))
                .collect::<String>()
                + label.trim_matches('"'),
        ),
        text_edit: Some(CompletionTextEdit::Edit(TextEdit {
            range: range(text, &replaces),
            new_text,
        })),
        label,
        ..CompletionItem::default()
    }
}

/// What stands at a place.
pub(super) fn hover(asked: &HoverParams, documents: &Documents<'_>) -> Option<Hover> {
    let (source, place) = self::asked(&asked.text_document_position_params, documents)?;
    let found = editor::hover(&source.text, place)?;
    Some(Hover {
        contents: HoverContents::Markup(markdown(found.text)),
        range: Some(range(&source.text, &found.span)),
    })
}

/// Where the file declares what stands at a place.
pub(super) fn definition(
    asked: &GotoDefinitionParams,
    documents: &Documents<'_>,
) -> Option<Location> {
    let place = &asked.text_document_position_params;
    let (source, at) = self::asked(place, documents)?;
    let span = editor::definition(&source.text, at)?;
    let uri = place.text_document.uri.clone();
    Some(Location::new(uri, range(&source.text, &span)))
}

/// The edit that formats a file; none where it is no TOML.
pub(super) fn formatting(
    asked: &DocumentFormattingParams,
    documents: &Documents<'_>,
) -> Option<Vec<TextEdit>> {
    let source = documents.get(&asked.text_document.uri)?;
    let formatted = format(source).ok()?;
    if formatted == source.text {
        return Some(Vec::new());
    }
    let whole = range(&source.text, &(0..source.text.len()));
    Some(vec![TextEdit::new(whole, formatted)])
}

/// The mistakes of a file that is open; `None` of one that is no stack file.
pub(super) fn diagnostics(
    uri: &Uri,
    documents: &Documents<'_>,
) -> Option<PublishDiagnosticsParams> {
    let source = documents.get(uri)?;
    let found = match documents.problems(source) {
        Ok(findings) => findings
            .into_iter()
            .map(|finding| match finding {
                Finding::Problem(problem) => diagnostic(&problem, uri, source),
                Finding::Note(address, note) => {
                    let span = editor::address(&source.text, &address).unwrap_or(0..0);
                    Diagnostic {
                        range: range(&source.text, &span),
                        severity: Some(DiagnosticSeverity::INFORMATION),
                        source: Some(SOURCE.to_owned()),
                        message: note,
                        ..Diagnostic::default()
                    }
                }
            })
            .collect(),
        // Of a file of variables that can't be read, the editor shows the reason.
        Err(failure) => vec![Diagnostic {
            range: Range::default(),
            severity: Some(DiagnosticSeverity::ERROR),
            source: Some(SOURCE.to_owned()),
            message: failure.to_string(),
            ..Diagnostic::default()
        }],
    };
    Some(PublishDiagnosticsParams::new(uri.clone(), found, None))
}

/// A mistake. What is wrong in another file stands where the stack file names that file.
fn diagnostic(problem: &Problem, uri: &Uri, source: &Source) -> Diagnostic {
    let text = &source.text;
    let places = problem.labels.iter().filter(|_| problem.file.is_none());
    let mut places = places.map(|(span, label)| (range(text, span), label));
    let elsewhere = problem.named_at.as_ref().map(|span| range(text, span));
    let place = places.next().map(|(place, _)| place).or(elsewhere);
    let others = places.map(|(range, label)| DiagnosticRelatedInformation {
        location: Location::new(uri.clone(), range),
        message: label.clone(),
    });
    let others: Vec<_> = others.collect();
    let mut message = problem.message.clone();
    if let Some(file) = &problem.file {
        message = format!("{}: {message}", file.path.display());
    }
    if let Some(help) = &problem.help {
        message.push('\n');
        message.push_str(help);
    }
    // Values that a pipeline gives are missing in an editor, and that is no mistake of the file.
    let is_given_elsewhere = problem.code == "missing-variable";
    Diagnostic {
        range: place.unwrap_or_default(),
        severity: Some(if is_given_elsewhere {
            DiagnosticSeverity::INFORMATION
        } else {
            DiagnosticSeverity::ERROR
        }),
        code: Some(NumberOrString::String(problem.code.to_owned())),
        code_description: None::<CodeDescription>,
        source: Some(SOURCE.to_owned()),
        message,
        related_information: (!others.is_empty()).then_some(others),
        ..Diagnostic::default()
    }
}

/// What mends the mistakes within a range.
pub(super) fn actions(
    asked: &CodeActionParams,
    documents: &Documents<'_>,
) -> Vec<CodeActionOrCommand> {
    let uri = &asked.text_document.uri;
    let Some(source) = documents.get(uri) else {
        return Vec::new();
    };
    // The editor shows already why the file can't be read.
    let findings = documents.problems(source).unwrap_or_default();
    let problems = findings.into_iter().filter_map(|finding| match finding {
        Finding::Problem(problem) => Some(problem),
        Finding::Note(..) => None,
    });
    let fixes = problems.filter_map(|problem| {
        let fix = editor::fix(&problem, &source.text)?;
        let place = range(&source.text, &fix.span);
        let is_asked = place.start <= asked.range.end && asked.range.start <= place.end;
        is_asked.then(|| action(diagnostic(&problem, uri, source), fix, place, uri))
    });
    fixes.collect()
}

fn action(mends: Diagnostic, fix: editor::Fix, place: Range, uri: &Uri) -> CodeActionOrCommand {
    let edit = TextDocumentEdit {
        text_document: OptionalVersionedTextDocumentIdentifier {
            uri: uri.clone(),
            version: None,
        },
        edits: vec![OneOf::Left(TextEdit::new(place, fix.text))],
    };
    CodeActionOrCommand::CodeAction(CodeAction {
        title: fix.title,
        kind: Some(CodeActionKind::QUICKFIX),
        diagnostics: Some(vec![mends]),
        is_preferred: Some(true),
        edit: Some(WorkspaceEdit {
            document_changes: Some(DocumentChanges::Edits(vec![edit])),
            ..WorkspaceEdit::default()
        }),
        ..CodeAction::default()
    })
}
