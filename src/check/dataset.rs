//! `from`: which rows, by name or inline, and the conditions that narrow them.

use serde_json::Value as Json;

use super::names::Names;
use super::scope::Scope;
use super::settings::{Declared, Place, fill};
use super::sql;
use super::{error, expr, file, walk};
use crate::diag::Problems;
use crate::ir::ast::{Expr, From, Input, Model, Name, Segment, TextLit};
use crate::ir::catalog::Setting;
use crate::ir::ident::DatasetName;
use crate::ir::spec::{FileFormat, Query, Settings};
use crate::ir::vocabulary::{self, ALLOW_EMPTY};
use crate::ir::written::Written;

/// A model, and the conditions of the segments on the way to it, innermost first.
#[derive(Clone, Debug)]
pub struct Narrowed {
    pub model: DatasetName,
    pub filters: Vec<Expr>,
}

/// Follows a name through segments down to its model. Says nothing: broken segments are told once, by `segments`.
pub fn narrowed(scope: &Scope<'_>, name: &str) -> Option<Narrowed> {
    let mut filters: Vec<Expr> = way(&scope.names, name).filter_map(|segment| segment.filter.clone()).collect();
    filters.reverse();
    let model = model(&scope.names, name)?;
    Some(Narrowed { model: DatasetName(model.name.value.clone()), filters })
}

/// The segments on the way from a name to its model. A chain that is longer than there are segments goes in circles.
fn way<'a>(names: &Names<'a>, name: &str) -> impl Iterator<Item = &'a Segment> {
    let first = names.segments.get(name).copied();
    let next = |segment: &&'a Segment| names.segments.get(segment.of.value.as_str()).copied();
    std::iter::successors(first, next).take(names.segments.len() + 1)
}

/// The model that a name comes to, through segments or not.
pub fn model<'a>(names: &Names<'a>, name: &str) -> Option<&'a Model> {
    let last = way(names, name).last().map_or(name, |segment| segment.of.value.as_str());
    names.models.get(last).copied()
}

/// Checks every segment, used or not.
pub fn segments(scope: &Scope<'_>, problems: &mut Problems) {
    for segment in scope.names.segments.values() {
        named(scope, &segment.of, problems);
        circle(scope, segment, problems);
        match &segment.filter {
            None => problems.push(error::segment_without_where(segment)),
            Some(filter) => {
                let model = narrowed(scope, &segment.name.value).map(|narrowed| narrowed.model);
                expr::check(scope, filter, model.and_then(|model| scope.columns(&model)), problems);
            }
        }
    }
}

/// Told once for each circle, at the segment of it that comes first by name.
fn circle(scope: &Scope<'_>, segment: &Segment, problems: &mut Problems) {
    let mut way = vec![segment.name.value.as_str()];
    let mut at = segment;
    while let Some(next) = scope.names.segments.get(at.of.value.as_str()) {
        if next.name.value == segment.name.value {
            if way.iter().all(|name| *name >= segment.name.value.as_str()) {
                problems.push(error::segment_circle(segment, &way));
            }
            return;
        }
        if way.contains(&next.name.value.as_str()) {
            return;
        }
        way.push(&next.name.value);
        at = next;
    }
}

/// Whether the name is one of a model or segment; if not, says what it is instead, or what was meant.
pub fn named(scope: &Scope<'_>, name: &Name, problems: &mut Problems) -> bool {
    let names = &scope.names;
    let text = name.value.as_str();
    if names.models.contains_key(text) || names.segments.contains_key(text) {
        return true;
    }
    problems.push(if names.sources.contains_key(text) {
        error::source_alone(name)
    } else {
        error::unknown_dataset(name, names.datasets(), names.sources.keys().copied())
    });
    false
}

/// What an inline `from` comes to. `None` for a name, and where something is wrong.
pub fn query(scope: &Scope<'_>, from: &From, options: &Options, problems: &mut Problems) -> Option<Query> {
    match &from.input {
        Input::Named(_) => None,
        Input::Table { source, table } => {
            let source = known_source(scope, source, problems)?;
            let parts = table.parts.iter().map(|part| part.name.clone()).collect();
            Some(Query::Table { source, parts, span: table.span })
        }
        Input::Sql { source, text } => {
            let source = known_source(scope, source, problems);
            let sql = sql::render(scope, &text.into(), problems).filter(|sql| sql::reads(sql, text.span, problems));
            Some(Query::Sql { source: source?, text: sql?, span: text.inner })
        }
        Input::SqlFile { source, path } => {
            let source = known_source(scope, source, problems);
            let sql = query_file(scope, path, problems).filter(|sql| sql::reads(sql, path.span, problems));
            Some(Query::Sql { source: source?, text: sql?, span: path.span })
        }
        Input::File { path } => Some(Query::File {
            path: path.value.clone(),
            format: options.format?,
            options: file::options(&options.settings, path, problems),
            span: path.span,
            named: file::named(from.options.as_ref()),
        }),
    }
}

fn known_source(scope: &Scope<'_>, name: &Name, problems: &mut Problems) -> Option<DatasetName> {
    if scope.names.sources.contains_key(name.value.as_str()) {
        return Some(DatasetName(name.value.clone()));
    }
    problems.push(if scope.names.datasets().any(|known| known == name.value) {
        error::not_a_source(name)
    } else {
        error::unknown_source(name, scope.names.sources.keys().copied())
    });
    None
}

fn query_file(scope: &Scope<'_>, path: &TextLit, problems: &mut Problems) -> Option<Written> {
    match scope.inputs.query_files.get(&path.value) {
        Some(Ok(text)) => sql::render(scope, text, problems),
        Some(Err(cause)) => {
            problems.push(error::query_file(path, cause));
            None
        }
        None => {
            problems.push(error::query_file(path, "it was not read"));
            None
        }
    }
}

/// The options of a `from`.
#[derive(Default)]
pub struct Options {
    settings: Settings,
    format: Option<FileFormat>,
    pub allow_empty: bool,
}

/// `here`: whether the `from` stands in an activation, which alone can allow an empty model.
pub fn options(scope: &Scope<'_>, from: &From, here: bool, problems: &mut Problems) -> Options {
    let given = from.options.as_ref().map_or(&[][..], |block| &block.settings);
    let mut declared: Vec<Setting> = Vec::new();
    let mut format = None;
    if let Input::File { path } = &from.input {
        let written = walk::block_settings(from.options.as_ref()).into_iter().find(|one| one.key.value == "format");
        let word = written.and_then(|setting| match &setting.value {
            crate::ir::ast::Value::Text(text) => Some(text.value.as_str()),
            crate::ir::ast::Value::Word(word) => Some(word.value.as_str()),
            _ => None,
        });
        format = file::format(path, word, problems);
        declared = vocabulary::file_options(format);
    }
    if here {
        declared.push(vocabulary::allow_empty());
    }
    if !here && let Some(setting) = given.iter().find(|setting| setting.key.value == ALLOW_EMPTY) {
        problems.push(error::allow_empty_elsewhere(&setting.key));
        return Options { settings: Settings::default(), format, allow_empty: false };
    }
    let place = Place::options("`from`", from.span);
    let mut settings = fill(scope, &place, Declared::plain(&declared), given, problems);
    let allow_empty = settings
        .0
        .remove(ALLOW_EMPTY)
        .is_some_and(|value| matches!(value, crate::ir::spec::SettingValue::Plain(Json::Bool(true))));
    Options { settings, format, allow_empty }
}
