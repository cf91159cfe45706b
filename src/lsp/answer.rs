//! Questions and their answers.

use std::collections::BTreeMap;
use std::path::Path;

use lsp_server::{ErrorCode, Message, Request, Response};
use lsp_types::request::{
    CodeActionRequest, Completion, DocumentSymbolRequest, Formatting, GotoDefinition, HoverRequest,
    PrepareRenameRequest, References, Rename, Request as _,
};
use lsp_types::{
    CodeActionParams, CompletionParams, DocumentFormattingParams, DocumentSymbolParams, GotoDefinitionParams,
    HoverParams, Location, Range, ReferenceParams, RenameParams, SymbolKind, TextDocumentPositionParams, TextEdit, Uri,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::desk::Desk;
use super::problems::{diagnostic, location};
use super::server::Server;
use super::{offers, place};
use crate::assist;
use crate::diag::Sources;
use crate::ir::assist::{Edit, Origin};
use crate::ir::span::{FileId, Span};
use crate::report::hint;
use crate::{format, parse};

/// The protocol's null: there is nothing to tell.
const NOTHING: Value = Value::Null;

/// Why something cannot be done, in words that an editor shows.
type Answered = Result<Value, String>;

impl<'w> Server<'w> {
    pub fn request(&mut self, request: Request) {
        let Request { id, method, params } = request;
        let answered = match method.as_str() {
            Completion::METHOD => read(params, |asked| Ok(self.complete(&asked))),
            HoverRequest::METHOD => read(params, |asked| Ok(self.hover(&asked).unwrap_or(NOTHING))),
            GotoDefinition::METHOD => read(params, |asked| Ok(self.definition(&asked))),
            References::METHOD => read(params, |asked| Ok(self.references(&asked))),
            PrepareRenameRequest::METHOD => read(params, |asked| Ok(self.renamable(&asked).unwrap_or(NOTHING))),
            Rename::METHOD => read(params, |asked| self.rename(&asked)),
            Formatting::METHOD => read(params, |asked| self.format(&asked)),
            CodeActionRequest::METHOD => read(params, |asked| Ok(self.actions(&asked))),
            DocumentSymbolRequest::METHOD => read(params, |asked| Ok(self.symbols(&asked))),
            method => {
                let said = format!("`{method}` is not known here");
                let code = ErrorCode::MethodNotFound as i32;
                return self.send(Message::Response(Response::new_err(id, code, said)));
            }
        };
        self.send(Message::Response(match answered {
            Ok(value) => Response::new_ok(id, value),
            Err(said) => Response::new_err(id, ErrorCode::RequestFailed as i32, said),
        }));
    }

    /// The file and the place in it that are asked about; what its rows are made of has been looked at.
    fn placed(&mut self, asked: &TextDocumentPositionParams) -> Option<(&Desk<'w>, FileId, usize)> {
        let (desk, file) = self.opened(&asked.text_document.uri)?;
        let offset = place::offset(desk.draft.sources().text(file), asked.position);
        desk.look(file, offset);
        Some((desk, file, offset))
    }

    fn complete(&mut self, asked: &CompletionParams) -> Value {
        let snippets = self.client.snippets;
        let Some((desk, file, offset)) = self.placed(&asked.text_document_position) else { return NOTHING };
        let (view, Some(at)) = (desk.view(), desk.at(file, offset)) else { return NOTHING };
        let found = assist::complete(&view, at);
        let range = place::range(at.text, found.span.start, found.span.end);
        json!(found.offers.iter().map(|offer| offers::item(offer, range, snippets)).collect::<Vec<_>>())
    }

    fn hover(&mut self, asked: &HoverParams) -> Option<Value> {
        let (desk, file, offset) = self.placed(&asked.text_document_position_params)?;
        let (view, at) = (desk.view(), desk.at(file, offset)?);
        let found = assist::hint(&view, at)?;
        let range = place::range(at.text, found.span.start, found.span.end);
        Some(json!({"contents": {"kind": "markdown", "value": hint::markdown(&found.subject)}, "range": range}))
    }

    fn definition(&mut self, asked: &GotoDefinitionParams) -> Value {
        let Some((desk, file, offset)) = self.placed(&asked.text_document_position_params) else { return NOTHING };
        let (view, Some(at)) = (desk.view(), desk.at(file, offset)) else { return NOTHING };
        let origin = |origin: Origin| match origin {
            Origin::Place(span) => location(span, desk.draft.sources()),
            Origin::File(path) => self::file(&desk.draft.root().join(path)),
        };
        json!(assist::origins(&view, at).into_iter().filter_map(origin).collect::<Vec<_>>())
    }

    fn references(&mut self, asked: &ReferenceParams) -> Value {
        let Some((desk, file, offset)) = self.placed(&asked.text_document_position) else { return NOTHING };
        let at = desk.at(file, offset);
        let Some((space, name)) = at.and_then(|at| assist::name_at(at.tree, offset)) else { return NOTHING };
        let places = assist::uses(desk.draft.trees(), space, &name.value).into_iter();
        json!(places.filter_map(|span| location(span, desk.draft.sources())).collect::<Vec<_>>())
    }

    fn renamable(&mut self, asked: &TextDocumentPositionParams) -> Option<Value> {
        let (desk, file, offset) = self.placed(asked)?;
        let at = desk.at(file, offset)?;
        let (_, name) = assist::name_at(at.tree, offset)?;
        // The place itself, and not that of the definition.
        let start = at.text[..offset].trim_end_matches(|c: char| c.is_alphanumeric() || c == '_').len();
        Some(json!({"range": place::range(at.text, start, start + name.value.len()), "placeholder": name.value}))
    }

    fn rename(&mut self, asked: &RenameParams) -> Answered {
        let Some((desk, file, offset)) = self.placed(&asked.text_document_position) else { return Ok(NOTHING) };
        let Some(at) = desk.at(file, offset) else { return Ok(NOTHING) };
        let edits = assist::rename(desk.draft.trees(), at.tree, offset, &asked.new_name)?;
        Ok(changes(edits, desk.draft.sources()))
    }

    fn format(&mut self, asked: &DocumentFormattingParams) -> Answered {
        let Some((desk, file)) = self.opened(&asked.text_document.uri) else { return Ok(NOTHING) };
        let text = desk.draft.sources().text(file);
        let (tree, problems) = parse::parse(file, text);
        if problems.any_error() {
            return Err("a file whose text is not right has no style yet".into());
        }
        let styled = format::format(&tree, text);
        let edit = TextEdit { range: place::range(text, 0, text.len()), new_text: styled.clone() };
        Ok(if styled == text { json!([]) } else { json!([edit]) })
    }

    /// What may be put in the place of mistakes there.
    fn actions(&mut self, asked: &CodeActionParams) -> Value {
        let Some((desk, file)) = self.opened(&asked.text_document.uri) else { return NOTHING };
        desk.judge();
        let sources = desk.draft.sources();
        let text = sources.text(file);
        let Range { start, end } = asked.range;
        let wanted = Span::new(file, place::offset(text, start), place::offset(text, end));
        let touches = |span: Span| span.file == file && span.start <= wanted.end && wanted.start <= span.end;
        let actions = desk.problems.0.iter().filter_map(|problem| {
            let (span, _) = problem.labels.first().filter(|(span, _)| touches(*span))?;
            let fix = problem.fix(sources)?;
            let edit = Edit { span: fix.span, text: fix.text };
            Some(json!({
                "title": fix.title,
                "kind": "quickfix",
                "isPreferred": true,
                "diagnostics": [diagnostic(problem, *span, sources)],
                "edit": changes(vec![edit], sources),
            }))
        });
        json!(actions.collect::<Vec<_>>())
    }

    fn symbols(&mut self, asked: &DocumentSymbolParams) -> Value {
        let Some((desk, file)) = self.opened(&asked.text_document.uri) else { return NOTHING };
        let Some(at) = desk.at(file, 0) else { return NOTHING };
        let range = |span: Span| place::range(at.text, span.start, span.end);
        let symbol = |(word, name, place, whole): (&str, String, Span, Span)| {
            let kind = if word == "activation" { SymbolKind::EVENT } else { SymbolKind::OBJECT };
            json!({"name": name, "detail": word, "kind": kind, "range": range(whole), "selectionRange": range(place)})
        };
        json!(assist::outline(at.tree).into_iter().map(symbol).collect::<Vec<_>>())
    }
}

fn read<P: DeserializeOwned>(params: Value, answer: impl FnOnce(P) -> Answered) -> Answered {
    serde_json::from_value(params).map_err(|error| error.to_string()).and_then(answer)
}

/// Edits by file, as the protocol has them.
fn changes(edits: Vec<Edit>, sources: &Sources) -> Value {
    let mut files: BTreeMap<String, Vec<TextEdit>> = BTreeMap::new();
    for Edit { span, text } in edits {
        let Some(uri) = place::uri(Path::new(sources.name(span.file))) else { continue };
        let range = place::range(sources.text(span.file), span.start, span.end);
        files.entry(uri.to_string()).or_default().push(TextEdit { range, new_text: text });
    }
    json!({"changes": files})
}

fn file(path: &Path) -> Option<Location> {
    let uri: Uri = path.exists().then(|| place::uri(path))??;
    Some(Location { uri, range: Range::default() })
}
