//! Questions and their answers.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use lsp_server::{ErrorCode, Message, Request, Response};
use lsp_types::request::{
    CodeActionRequest, Completion, DocumentSymbolRequest, Formatting, GotoDefinition, HoverRequest, PrepareRenameRequest,
    References, Rename, Request as _,
};
use lsp_types::{
    CodeAction, CodeActionKind, CodeActionParams, CompletionParams, DocumentFormattingParams, DocumentSymbolParams,
    GotoDefinitionParams, Hover, HoverContents, HoverParams, Location, MarkupContent, MarkupKind, MessageType, Position,
    Range, ReferenceParams, RenameParams, SymbolKind, TextDocumentPositionParams, TextEdit, Uri, WorkspaceEdit,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::desk::Desk;
use super::problems::{diagnostic, location};
use super::server::Server;
use super::{fix, offers, place};
use crate::assist::{self, Space};
use crate::ir::assist::{Edit, Origin};
use crate::ir::span::FileId;
use crate::{format, parse, report};

/// Where nothing stands that could be told of: the protocol's null.
const NOTHING: Value = Value::Null;

type Answered = Result<Value, String>;

impl Server<'_> {
    pub fn request(&mut self, request: Request) {
        let answered = match request.method.as_str() {
            Completion::METHOD => asked(request.params, |asked| self.complete(asked)),
            HoverRequest::METHOD => asked(request.params, |asked| self.hover(asked)),
            GotoDefinition::METHOD => asked(request.params, |asked| self.definition(asked)),
            References::METHOD => asked(request.params, |asked| self.references(asked)),
            PrepareRenameRequest::METHOD => asked(request.params, |asked| self.prepare_rename(asked)),
            Rename::METHOD => asked(request.params, |asked| self.rename(asked)),
            Formatting::METHOD => asked(request.params, |asked| self.format(asked)),
            CodeActionRequest::METHOD => asked(request.params, |asked| self.actions(asked)),
            DocumentSymbolRequest::METHOD => asked(request.params, |asked| self.symbols(asked)),
            method => {
                let said = format!("`{method}` is not known here");
                self.send(Message::Response(Response::new_err(request.id, ErrorCode::MethodNotFound as i32, said)));
                return;
            }
        };
        self.send(Message::Response(match answered {
            Ok(value) => Response::new_ok(request.id, value),
            Err(said) => Response::new_err(request.id, ErrorCode::RequestFailed as i32, said),
        }));
    }

    fn placed(&mut self, asked: &TextDocumentPositionParams) -> Option<(&mut Desk<'_>, FileId, usize)> {
        todo_lifetime(self, &asked.text_document.uri, asked.position)
    }
}
