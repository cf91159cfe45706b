//! The first words: what the editor is, and what it may ask.

use std::path::PathBuf;

use lsp_types::{
    CodeActionKind, CodeActionOptions, CodeActionProviderCapability, CompletionOptions, HoverProviderCapability,
    InitializeParams, OneOf, RenameOptions, SaveOptions, ServerCapabilities, TextDocumentSyncCapability,
    TextDocumentSyncKind, TextDocumentSyncOptions, TextDocumentSyncSaveOptions,
};
use serde_json::{Value, json};

use super::place::path;

/// What matters of an editor.
pub struct Client {
    pub folders: Vec<PathBuf>,
    /// It can leave gaps in what it inserts.
    pub snippets: bool,
    /// It can be asked to tell of files that change on disk.
    pub watches: bool,
}

pub fn client(asked: Value) -> Result<Client, String> {
    let asked: InitializeParams = serde_json::from_value(asked).map_err(|error| error.to_string())?;
    let text = asked.capabilities.text_document.unwrap_or_default();
    let item = text.completion.and_then(|completion| completion.completion_item);
    let watched = asked.capabilities.workspace.and_then(|workspace| workspace.did_change_watched_files);
    #[expect(deprecated, reason = "what editors send that have no workspace folders")]
    let root = asked.root_uri;
    let folders = asked.workspace_folders.unwrap_or_default().into_iter().map(|folder| folder.uri);
    let folders: Vec<PathBuf> = folders.chain(root).filter_map(|uri| path(&uri)).collect();
    Ok(Client {
        folders,
        snippets: item.and_then(|item| item.snippet_support).unwrap_or(false),
        watches: watched.and_then(|watched| watched.dynamic_registration).unwrap_or(false),
    })
}

pub fn answer() -> Value {
    let capabilities = ServerCapabilities {
        text_document_sync: Some(TextDocumentSyncCapability::Options(TextDocumentSyncOptions {
            open_close: Some(true),
            // Pipeline files are small, and are parsed whole anyway.
            change: Some(TextDocumentSyncKind::FULL),
            save: Some(TextDocumentSyncSaveOptions::SaveOptions(SaveOptions { include_text: Some(false) })),
            ..TextDocumentSyncOptions::default()
        })),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some([".", "\""].map(String::from).into()),
            ..CompletionOptions::default()
        }),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        definition_provider: Some(OneOf::Left(true)),
        references_provider: Some(OneOf::Left(true)),
        rename_provider: Some(OneOf::Right(RenameOptions {
            prepare_provider: Some(true),
            work_done_progress_options: Default::default(),
        })),
        document_formatting_provider: Some(OneOf::Left(true)),
        document_symbol_provider: Some(OneOf::Left(true)),
        code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
            code_action_kinds: Some(vec![CodeActionKind::QUICKFIX]),
            ..CodeActionOptions::default()
        })),
        ..ServerCapabilities::default()
    };
    json!({
        "capabilities": capabilities,
        "serverInfo": {"name": "sendoff", "version": env!("CARGO_PKG_VERSION")},
    })
}
