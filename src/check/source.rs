//! Sources: what DuckDB attaches.

use std::collections::BTreeMap;

use super::error;
use super::scope::Scope;
use super::settings::{Declared, Place, fill};
use crate::diag::Problems;
use crate::ir::ast::{Connection, Value};
use crate::ir::ident::DatasetName;
use crate::ir::secret::Secret;
use crate::ir::span::Span;
use crate::ir::spec::{SettingValue, Settings, Source, SourceKind};
use crate::ir::vocabulary::source_settings;

pub fn resolve_all(scope: &Scope<'_>, problems: &mut Problems) -> BTreeMap<DatasetName, Source> {
    let sources = scope.names.sources.values();
    let mut read = |source: &Connection| {
        scope.reading(scope.needed.source(&source.name.value), || resolve(scope, source, problems))
    };
    sources.filter_map(|source| read(source)).map(|source| (source.name.clone(), source)).collect()
}

fn resolve(scope: &Scope<'_>, source: &Connection, problems: &mut Problems) -> Option<Source> {
    let kind = source.kind.value.as_str();
    let Some(declared) = source_settings(kind) else {
        problems.push(error::unknown_source_kind(&source.kind));
        return None;
    };
    passwords(source, problems);
    let place = Place::settings(format!("source kind `{kind}`"), source.kind.span);
    let settings = fill(scope, &place, Declared::plain(&declared), &source.settings, problems);
    let kind = match kind {
        "duckdb" => SourceKind::DuckDb { path: path(&settings)? },
        "sqlite" => SourceKind::Sqlite { path: path(&settings)? },
        "postgres" => SourceKind::Postgres { url: url(&settings)? },
        _ => SourceKind::MySql { url: url(&settings)? },
    };
    Some(Source { name: DatasetName(source.name.value.clone()), span: source.span, kind })
}

/// Empty where the variable it comes from may stay unset.
fn given(settings: &Settings, name: &str) -> Option<String> {
    match settings.0.get(name)? {
        SettingValue::Plain(value) => value.as_str().map(str::to_string),
        SettingValue::Unset => Some(String::new()),
        SettingValue::Secret(secret) => Some(secret.reveal().to_string()),
    }
}

fn path(settings: &Settings) -> Option<String> {
    given(settings, "path")
}

fn url(settings: &Settings) -> Option<Secret> {
    given(settings, "url").map(Secret::new)
}

/// A connection text may stand in a file as long as it holds no password.
fn passwords(source: &Connection, problems: &mut Problems) {
    for setting in source.settings.iter().filter(|setting| setting.key.value == "url") {
        if let Some(span) = written_password(&setting.value) {
            problems.push(error::secret_literal("url", None, span));
        }
    }
}

fn written_password(value: &Value) -> Option<Span> {
    let text = match value {
        Value::Text(text) => text,
        Value::Env { default, .. } | Value::Var { default, .. } => default.as_ref()?,
        _ => return None,
    };
    has_password(&text.value).then_some(text.span)
}

/// `scheme://user:password@host` or `password=...` among `key=value` pairs.
fn has_password(text: &str) -> bool {
    let authority = text.split_once("://").map_or("", |(_, rest)| rest.split('/').next().unwrap_or(""));
    let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
    let in_user = user.split_once(':').is_some_and(|(_, password)| !password.is_empty());
    in_user || ["password=", "passwd="].iter().any(|key| text.to_ascii_lowercase().contains(key))
}
