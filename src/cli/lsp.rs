//! `amp-stack lsp`: what the room [`crate::editor`] knows, for editors that speak the Language
//! Server Protocol on standard input and output.
//!
//! Source: Language Server Protocol, version 3.17.

mod answers;
mod documents;
mod position;

use std::{io::IsTerminal, thread};

use clap::Args;
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, Response};
use lsp_types::{
    CodeActionKind, CodeActionOptions, CompletionOptions, HoverProviderCapability, OneOf,
    ServerCapabilities, TextDocumentSyncCapability, TextDocumentSyncKind,
    notification::{
        DidChangeTextDocument, DidCloseTextDocument, DidOpenTextDocument, DidSaveTextDocument,
        Notification as _, PublishDiagnostics,
    },
    request::{
        CodeActionRequest, Completion, Formatting, GotoDefinition, HoverRequest, Request as _,
    },
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use thiserror::Error;
use tokio::sync::oneshot;

use crate::cli::{
    args::LoadArgs,
    console::Console,
    exit::Exit,
    failure::Failure,
    interrupt::{Interrupts, unless_interrupted},
    lsp::documents::Documents,
};

/// The examples in the help.
pub(super) const EXAMPLES: &str = "\
Examples:
  amp-stack lsp                           what an editor starts; `amp-stack guide editors` says how
  amp-stack lsp --var-file dev.toml       with values for the variables of the stack files";

/// `lsp`.
#[derive(Debug, Args)]
pub(super) struct Lsp {
    #[command(flatten)]
    pub(super) load: LoadArgs,
}

/// A conversation with an editor that came to a bad end.
#[derive(Debug, Error)]
enum Broken {
    /// What came is no message of the protocol, or not one that may come now.
    #[error("the editor broke the protocol")]
    Protocol(#[from] lsp_server::ProtocolError),
    /// A message does not have the members that the protocol gives it.
    #[error("the editor sent a message of `{method}` that is none")]
    Message {
        /// The method.
        method: String,
        /// Why.
        #[source]
        cause: serde_json::Error,
    },
    /// The other side stopped reading.
    #[error("the editor is gone")]
    Gone,
    /// Standard input or output failed.
    #[error("standard input or output failed")]
    Io(#[from] std::io::Error),
}

/// `amp-stack lsp`.
pub(super) async fn lsp(
    args: Lsp,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    if std::io::stdin().is_terminal() {
        console.eprint("Waiting for an editor on standard input: `amp-stack guide editors` says how one starts this.\n")?;
    }
    let (say_end, end) = oneshot::channel();
    // Reading standard input blocks, and nothing can stop it but its end: a thread of its own is
    // left behind when the program is interrupted.
    thread::spawn(move || {
        // Nobody waits any more if the program was interrupted.
        _ = say_end.send(serve(&args.load));
    });
    let ended = async {
        end.await
            .unwrap_or(Err(Broken::Gone))
            .map_err(Failure::before)
    };
    unless_interrupted(ended, interrupts).await
}

fn serve(load: &LoadArgs) -> Result<Exit, Broken> {
    let (connection, threads) = Connection::stdio();
    let exit = talk(&connection, load)?;
    // The writing thread ends with its channel.
    drop(connection);
    threads.join()?;
    Ok(exit)
}

/// Talks until the editor says good-bye. One that goes without that is a failure (Language Server
/// Protocol, "Exit Notification").
fn talk(connection: &Connection, load: &LoadArgs) -> Result<Exit, Broken> {
    let (id, _) = connection.initialize_start()?;
    connection.initialize_finish(
        id,
        json!({
            "capabilities": capabilities(),
            "serverInfo": {"name": "amp-stack", "version": env!("CARGO_PKG_VERSION")},
        }),
    )?;
    let mut documents = Documents::new(load);
    for message in &connection.receiver {
        match message {
            Message::Request(request) => {
                if connection.handle_shutdown(&request)? {
                    return Ok(Exit::Done);
                }
                send(connection, answer(&request, &documents).into())?;
            }
            Message::Notification(notification) => {
                for published in note(notification, &mut documents)? {
                    let notification =
                        Notification::new(PublishDiagnostics::METHOD.to_owned(), published);
                    send(connection, notification.into())?;
                }
            }
            Message::Response(_) => {}
        }
    }
    Err(Broken::Gone)
}

fn send(connection: &Connection, message: Message) -> Result<(), Broken> {
    connection.sender.send(message).map_err(|_| Broken::Gone)
}

fn capabilities() -> ServerCapabilities {
    ServerCapabilities {
        text_document_sync: Some(TextDocumentSyncCapability::Kind(TextDocumentSyncKind::FULL)),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some(["[", ".", "\"", "{", " "].map(str::to_owned).into()),
            ..CompletionOptions::default()
        }),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        definition_provider: Some(OneOf::Left(true)),
        document_formatting_provider: Some(OneOf::Left(true)),
        code_action_provider: Some(
            CodeActionOptions {
                code_action_kinds: Some(vec![CodeActionKind::QUICKFIX]),
                ..CodeActionOptions::default()
            }
            .into(),
        ),
        ..ServerCapabilities::default()
    }
}

/// The answer to a request.
fn answer(request: &Request, documents: &Documents<'_>) -> Response {
    let result = match request.method.as_str() {
        Completion::METHOD => reply(request, |asked| answers::completion(&asked, documents)),
        HoverRequest::METHOD => reply(request, |asked| answers::hover(&asked, documents)),
        GotoDefinition::METHOD => reply(request, |asked| answers::definition(&asked, documents)),
        Formatting::METHOD => reply(request, |asked| answers::formatting(&asked, documents)),
        CodeActionRequest::METHOD => reply(request, |asked| answers::actions(&asked, documents)),
        other => {
            let message = format!("amp-stack does not know {other}");
            return Response::new_err(
                request.id.clone(),
                ErrorCode::MethodNotFound as i32,
                message,
            );
        }
    };
    match result {
        Ok(value) => Response::new_ok(request.id.clone(), value),
        Err(error) => Response::new_err(
            request.id.clone(),
            ErrorCode::InvalidParams as i32,
            error.to_string(),
        ),
    }
}

fn reply<P: DeserializeOwned, R: serde::Serialize>(
    request: &Request,
    ask: impl FnOnce(P) -> R,
) -> Result<Value, serde_json::Error> {
    let asked = serde_json::from_value(request.params.clone())?;
    serde_json::to_value(ask(asked))
}

/// Takes note of what happens in the editor; returns the mistakes to show because of it.
fn note(
    notification: Notification,
    documents: &mut Documents<'_>,
) -> Result<Vec<lsp_types::PublishDiagnosticsParams>, Broken> {
    fn read<P: DeserializeOwned>(notification: Notification) -> Result<P, Broken> {
        let Notification { method, params } = notification;
        serde_json::from_value(params).map_err(|cause| Broken::Message { method, cause })
    }
    let uri = match notification.method.as_str() {
        DidOpenTextDocument::METHOD => {
            let opened: lsp_types::DidOpenTextDocumentParams = read(notification)?;
            let document = opened.text_document;
            documents.put(&document.uri, document.text);
            document.uri
        }
        DidChangeTextDocument::METHOD => {
            let changed: lsp_types::DidChangeTextDocumentParams = read(notification)?;
            let uri = changed.text_document.uri;
            // Every change is the whole text, because nothing else was offered.
            if let Some(last) = changed.content_changes.into_iter().next_back() {
                documents.put(&uri, last.text);
            }
            uri
        }
        // A file that the stack file names may have been written meanwhile.
        DidSaveTextDocument::METHOD => {
            let saved: lsp_types::DidSaveTextDocumentParams = read(notification)?;
            saved.text_document.uri
        }
        DidCloseTextDocument::METHOD => {
            let closed: lsp_types::DidCloseTextDocumentParams = read(notification)?;
            let uri = closed.text_document.uri;
            documents.remove(&uri);
            return Ok(vec![lsp_types::PublishDiagnosticsParams::new(
                uri,
                Vec::new(),
                None,
            )]);
        }
        _ => return Ok(Vec::new()),
    };
    Ok(answers::diagnostics(&uri, documents).into_iter().collect())
}
