//! Secrets come from outside; written in a file they end up in the history of a repository.

use super::scope::Scope;
use super::values::{self, Given};
use crate::diag::Problems;
use crate::ir::ast::{Block, Setting, TextLit, Value};
use crate::ir::span::Span;

/// Where a secret is written out, if it is, and what it is called there: the setting, or a part of its block. Empty text is
/// none: `env("ALERT_URL", "")` says "or nothing".
pub fn written_out<'v>(scope: &Scope<'_>, name: &'v str, value: &'v Value) -> Option<(&'v str, Span)> {
    let Value::Block(block) = value else { return literal(scope, value).map(|span| (name, span)) };
    let mut parts = block.settings.iter().filter(|part| name != HEADERS || is_secret_header(&part.key.value));
    parts.find_map(|part| literal(scope, &part.value).map(|span| (part.key.value.as_str(), span)))
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
        Value::Text(text) => filled(text).filter(|_| !values::is_from_outside(&text.value)),
        Value::Number(number) => Some(number.span),
        Value::Word(word) => (!values::is_from_outside(&word.value)).then_some(word.span),
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

/// The variable of the environment that is named beside a secret that is written out, or in its place: `"$API_KEY"`.
pub fn variable_named(value: &Value) -> Option<&str> {
    match value {
        Value::Env { name, .. } => Some(&name.value),
        Value::Text(text) => text.value.strip_prefix('$').filter(|name| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        }),
        _ => None,
    }
}

fn filled(text: &TextLit) -> Option<Span> {
    if text.value.is_empty() { None } else { Some(text.span) }
}

/// The value with a text in place of every variable that has neither a value nor a default.
pub fn stood_in(scope: &Scope<'_>, value: &Value, stand_in: &str) -> Value {
    match value {
        Value::Env { span, name, default: None } if values::is_unset(scope, value) => {
            let text =
                TextLit { value: stand_in.to_string(), span: *span, inner: *span, triple: false, escapes: Vec::new() };
            Value::Env { span: *span, name: name.clone(), default: Some(text) }
        }
        Value::Block(block) => {
            let settings = block.settings.iter();
            let settings =
                settings.map(|part| Setting { value: stood_in(scope, &part.value, stand_in), ..part.clone() });
            Value::Block(Block { settings: settings.collect(), ..block.clone() })
        }
        Value::List { span, items } => {
            let items = items.iter().map(|item| stood_in(scope, item, stand_in)).collect();
            Value::List { span: *span, items }
        }
        _ => value.clone(),
    }
}

/// The texts in a block that came from outside: what stands in the file is no secret.
pub fn from_outside(scope: &Scope<'_>, value: &Value) -> Vec<String> {
    match value {
        Value::Env { .. } | Value::Var { .. } => match values::evaluate(scope, value, &mut Problems::default()) {
            Some(Given::Outside(text)) => vec![text],
            Some(Given::Written(_) | Given::Unset) | None => Vec::new(),
        },
        Value::Block(block) => block.settings.iter().flat_map(|part| from_outside(scope, &part.value)).collect(),
        Value::List { items, .. } => items.iter().flat_map(|item| from_outside(scope, item)).collect(),
        Value::Text(_) | Value::Number(_) | Value::Bool(_) | Value::Word(_) => Vec::new(),
    }
}
