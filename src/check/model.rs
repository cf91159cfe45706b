//! Models: those written as such, and those an activation's inline `from` makes.

use std::collections::BTreeMap;

use super::scope::Scope;
use super::{dataset, error, expr};
use crate::diag::Problems;
use crate::ir::ast::{self, From, Input, Key, ModelEntry};
use crate::ir::facts::ColumnFacts;
use crate::ir::ident::DatasetName;
use crate::ir::span::Span;
use crate::ir::spec::{Model, Query};

pub fn resolve_all(scope: &Scope<'_>, problems: &mut Problems) -> BTreeMap<DatasetName, Model> {
    dataset::segments(scope, problems);
    let models = scope.names.models.values();
    let mut read =
        |model: &ast::Model| scope.reading(scope.needed.model(&model.name.value), || resolve(scope, model, problems));
    models.filter_map(|model| read(model)).map(|model| (model.name.clone(), model)).collect()
}

fn resolve(scope: &Scope<'_>, model: &ast::Model, problems: &mut Problems) -> Option<Model> {
    let (mut from, mut key): (Option<&From>, Option<&Key>) = (None, None);
    for entry in &model.entries {
        match entry {
            ModelEntry::From(entry) => once(&mut from, entry, "from", entry.span, |from| from.span, problems),
            ModelEntry::Key(entry) => once(&mut key, entry, "key", entry.span, |key| key.span, problems),
        }
    }
    let owner = format!("model `{}`", model.name.value);
    let is_missing = |word: &str, there: bool| !there && !scope.is_unread(word, model.span);
    if is_missing("from", from.is_some()) {
        problems.push(error::missing_from(&owner, model.name.span));
    }
    if is_missing("key", key.is_some()) {
        problems.push(error::missing_key(&owner, model.name.span));
    }
    let name = DatasetName(model.name.value.clone());
    let query = from.and_then(|from| model_query(scope, from, problems));
    if let Some(from) = from {
        condition(scope, from, &name, problems);
    }
    let (key, key_spans) = key.map(|key| columns(key, scope.columns(&name), problems))?;
    let filter = from.and_then(|from| from.filter.clone());
    Some(Model { name, span: model.span, query: query?, filter, key, key_spans })
}

/// Keeps the first of an entry that may stand once.
pub fn once<'a, T>(
    slot: &mut Option<&'a T>,
    entry: &'a T,
    word: &str,
    span: Span,
    first: impl Fn(&T) -> Span,
    problems: &mut Problems,
) {
    match slot {
        Some(earlier) => problems.push(error::entry_twice(word, span, first(earlier))),
        None => *slot = Some(entry),
    }
}

fn model_query(scope: &Scope<'_>, from: &From, problems: &mut Problems) -> Option<Query> {
    let options = dataset::options(scope, from, false, problems);
    if let Input::Named(name) = &from.input {
        if dataset::named(scope, name, problems) {
            problems.push(error::model_of_model(name));
        }
        return None;
    }
    dataset::query(scope, from, &options, problems)
}

pub fn condition(scope: &Scope<'_>, from: &From, model: &DatasetName, problems: &mut Problems) {
    if let Some(filter) = &from.filter {
        expr::check(scope, filter, scope.columns(model), problems);
    }
}

/// The key's columns: none twice, and all of them there where the columns are known.
pub fn columns(key: &Key, known: Option<&[ColumnFacts]>, problems: &mut Problems) -> (Vec<String>, Vec<Span>) {
    let (mut names, mut spans): (Vec<String>, Vec<Span>) = Default::default();
    for column in &key.columns {
        if names.iter().any(|name| name.eq_ignore_ascii_case(&column.name)) {
            problems.push(error::key_column_twice(column));
            continue;
        }
        if let Some(known) = known.filter(|known| !expr::has_column(known, &column.name)) {
            problems.push(error::unknown_column(&column.name, false, column.span, known));
        }
        names.push(column.name.clone());
        spans.push(column.span);
    }
    (names, spans)
}
