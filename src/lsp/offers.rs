//! What may be written, as an editor lists it.

use lsp_types::{CompletionItemKind, InsertTextFormat, Range, TextEdit};
use serde_json::{Value, json};

use crate::ir::assist::{Offer, OfferKind};
use crate::report::hint;

pub fn item(offer: &Offer<'_>, range: Range, snippets: bool) -> Value {
    let with_gaps = snippets && !offer.shape.is_empty();
    let text = if with_gaps { format!("{}{}", plain(&offer.label), offer.shape) } else { offer.label.clone() };
    let format = if with_gaps { InsertTextFormat::SNIPPET } else { InsertTextFormat::PLAIN_TEXT };
    let about = offer.subject.as_ref().map(|subject| json!({"kind": "markdown", "value": hint::markdown(subject)}));
    json!({
        "label": offer.label,
        "kind": kind(offer.kind),
        "detail": offer.detail,
        "documentation": about,
        "insertTextFormat": format,
        "textEdit": TextEdit { range, new_text: text },
    })
}

/// Without signs that mean something among gaps.
fn plain(label: &str) -> String {
    label.replace('\\', "\\\\").replace('$', "\\$").replace('}', "\\}")
}

fn kind(kind: OfferKind) -> CompletionItemKind {
    match kind {
        OfferKind::Word => CompletionItemKind::KEYWORD,
        OfferKind::Name => CompletionItemKind::REFERENCE,
        OfferKind::Kind => CompletionItemKind::CLASS,
        OfferKind::Setting => CompletionItemKind::PROPERTY,
        OfferKind::Value => CompletionItemKind::ENUM_MEMBER,
        OfferKind::Field => CompletionItemKind::FIELD,
        OfferKind::Column => CompletionItemKind::VARIABLE,
    }
}
