//! Secrets come from outside; written in a file they end up in the history of a repository.

use super::scope::Scope;
use crate::ir::ast::{Setting, TextLit, Value};
use crate::ir::span::Span;

/// Where a secret is written out, if it is. Empty text is none: `env("ALERT_URL", "")` says "or nothing".
pub fn written_out(scope: &Scope<'_>, name: &str, value: &Value) -> Option<Span> {
    match value {
        Value::Block(block) if name == HEADERS => {
            let secret = block.settings.iter().filter(|setting| is_secret_header(&setting.key.value));
            first(scope, secret)
        }
        _ => literal(scope, value),
    }
}

/// The one kind of block whose parts are not all secret: most headers may stand in a file.
const HEADERS: &str = "headers";

fn is_secret_header(name: &str) -> bool {
    ["authorization", "proxy-authorization", "cookie"].contains(&name.to_ascii_lowercase().as_str())
}

fn first<'a>(scope: &Scope<'_>, mut settings: impl Iterator<Item = &'a Setting>) -> Option<Span> {
    settings.find_map(|setting| literal(scope, &setting.value))
}

fn literal(scope: &Scope<'_>, value: &Value) -> Option<Span> {
    match value {
        Value::Text(text) => filled(text),
        Value::Number(number) => Some(number.span),
        Value::Word(word) => Some(word.span),
        Value::Bool(_) => None,
        Value::List { items, .. } => items.iter().find_map(|item| literal(scope, item)),
        Value::Block(block) => first(scope, block.settings.iter()),
        Value::Env { default, .. } => default.as_ref().and_then(filled),
        Value::Var { name, default, .. } => {
            let chosen = scope.environment_variable(&name.value).filter(|value| !matches!(value, Value::Var { .. }));
            let chosen = chosen.and_then(|value| literal(scope, value));
            chosen.or_else(|| default.as_ref().and_then(filled))
        }
    }
}

fn filled(text: &TextLit) -> Option<Span> {
    if text.value.is_empty() { None } else { Some(text.span) }
}
