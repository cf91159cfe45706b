//! Sources, models, segments, and what stands after `from`.

use std::collections::BTreeMap;

use super::meant;
use crate::diag::{Problem, list, nearest};
use crate::ir::ast::{Column, Expr, Name, Segment, TextLit};
use crate::ir::facts::{ColumnFacts, ExprError};
use crate::ir::span::Span;
use crate::ir::vocabulary::{DATE_PARTS, FORMATS, SOURCE_KINDS};
use crate::ir::written::token;
use crate::template::TemplateError;

pub fn unknown_source_kind(kind: &Name) -> Problem {
    let problem = Problem::error("check::unknown_source_kind", format!("unknown kind of source `{}`", kind.value));
    problem.at(kind.span).help(match nearest(&kind.value, SOURCE_KINDS) {
        Some(near) => format!("did you mean `{near}`?"),
        None if kind.value == "file" || FORMATS.contains(&kind.value.as_str()) => {
            "files need no source: write `from file \"data/customers.parquet\"`".to_string()
        }
        None => format!("known here: {}; files need no source: `from file \"...\"`", list(&SOURCE_KINDS)),
    })
}

pub fn unknown_source<'a>(name: &Name, known: impl Iterator<Item = &'a str>) -> Problem {
    Problem::error("check::unknown_source", format!("unknown source `{}`", name.value)).at(name.span).help(meant(
        &name.value,
        known,
        "sources are written `source NAME = KIND { ... }`",
    ))
}

pub fn not_a_source(name: &Name) -> Problem {
    Problem::error("check::unknown_source", format!("`{}` is a model or segment, not a source", name.value))
        .at(name.span)
        .help(format!("`from {}` alone takes its rows", name.value))
}

pub fn source_alone(name: &Name) -> Problem {
    Problem::error("check::source_alone", format!("`{}` is a source: which of its rows is not said", name.value))
        .at(name.span)
        .help(format!("write `from {0} table SCHEMA.TABLE` or `from {0} sql \"select ...\"`", name.value))
}

pub fn unknown_dataset<'a>(
    name: &Name,
    datasets: impl Iterator<Item = &'a str>,
    sources: impl Iterator<Item = &'a str>,
) -> Problem {
    let datasets: Vec<&str> = datasets.collect();
    let problem = Problem::error("check::unknown_model", format!("unknown model or segment `{}`", name.value));
    problem.at(name.span).help(match nearest(&name.value, datasets.iter().copied().chain(sources)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => meant(&name.value, datasets, "models are written `model NAME { from ..., key ... }`"),
    })
}

pub fn missing_from(owner: &str, span: Span) -> Problem {
    Problem::error("check::missing_from", format!("{owner} has no `from`")).at(span).help(format!(
        "`from` says which rows: `from SOURCE table NAME`, `from SOURCE sql \"...\"`, `from file \"...\"`{}",
        if owner.starts_with("model") { "" } else { ", `from MODEL`" }
    ))
}

pub fn missing_key(owner: &str, span: Span) -> Problem {
    Problem::error("check::missing_key", format!("{owner} has no `key`"))
        .at(span)
        .help("`key COLUMN` or `key (A, B)` names the columns that tell its rows apart")
}

pub fn key_not_here(span: Span, model: &str) -> Problem {
    Problem::error("check::key_not_here", format!("the key of these rows is that of model `{model}`"))
        .at(span)
        .help("take this `key` out; it stands here only when `from` takes rows straight from a source or file")
}

pub fn key_column_twice(column: &Column) -> Problem {
    Problem::error("check::key_column_twice", format!("the key names `{}` twice", column.name)).at(column.span)
}

pub fn model_of_model(name: &Name) -> Problem {
    Problem::error("check::model_of_model", format!("a model takes its rows from a source, not from `{}`", name.value))
        .at(name.span)
        .help(format!("a part of another model is a segment: `segment NAME of {} where ...`", name.value))
}

pub fn segment_without_where(segment: &Segment) -> Problem {
    Problem::error("check::segment_without_where", format!("segment `{}` has no condition", segment.name.value))
        .at(segment.name.span)
        .help(format!("write `segment {} of {} where ...`", segment.name.value, segment.of.value))
}

pub fn segment_circle(segment: &Segment, way: &[&str]) -> Problem {
    let way: Vec<&str> = way.iter().copied().chain([segment.name.value.as_str()]).collect();
    Problem::error("check::segment_circle", format!("segment `{}` is a part of itself", segment.name.value))
        .at(segment.of.span)
        .help(format!("it goes in a circle: {}", way.join(" of ")))
}

pub fn allow_empty_elsewhere(key: &Name) -> Problem {
    Problem::error("check::unknown_option", "`allow_empty` is no option of a model")
        .at(key.span)
        .help("it stands in the activations that read the model: `from MODEL { allow_empty = true }`")
}

pub fn unknown_format(path: &TextLit) -> Problem {
    Problem::error("check::unknown_format", format!("the name of `{}` does not tell its format", path.value))
        .at(path.span)
        .help("say it: `{ format = \"csv\" }`, `\"parquet\"` or `\"json\"` (JSON lines)")
}

pub fn file_option(name: &str, span: Span) -> Problem {
    Problem::error("check::setting_kind", format!("`{name}` takes column names with their types, as text"))
        .at(span)
        .help(format!("for example `{name} {{ zip = \"varchar\" }}`"))
}

pub fn query_file(path: &TextLit, cause: &str) -> Problem {
    Problem::error("check::query_file", format!("`{}` cannot be read: {cause}", path.value))
        .at(path.span)
        .help("paths are relative to the project's root")
}

pub fn sql_template(cause: &TemplateError, span: Span) -> Problem {
    let (message, help) = match cause.message.as_str() {
        "unexpected end of raw block" => ("a `{% raw %}` that nothing closes", "it ends with `{% endraw %}`"),
        "unexpected end of string" => ("a `{{` that no `}}` closes", BRACES),
        "unexpected end of input, expected end of block" => {
            ("a `{%` block that nothing closes", "an `if` ends with `{% endif %}`, a `for` with `{% endfor %}`")
        }
        "unexpected end of input, expected end of variable block" => ("a `{{` that no `}}` closes", BRACES),
        other => (other, "in SQL, `{{ ref('model') }}` and `{{ var('name') }}` are filled in; all else stays as it is"),
    };
    Problem::error("check::sql_template", format!("the template in this SQL is wrong: {message}")).at(span).help(help)
}

/// Of braces that are text.
const BRACES: &str = "braces that belong to the SQL are written `{{ '{{' }}`";

pub fn unknown_ref(known: Option<&BTreeMap<String, String>>, name: &str, span: Span) -> Problem {
    let problem = Problem::error("check::unknown_ref", format!("`ref('{name}')` leads nowhere")).at(span);
    problem.help(match known {
        None => "name the dbt manifest: `project { dbt_manifest = \"target/manifest.json\" }`".to_string(),
        Some(known) => meant(name, known.keys().map(String::as_str), "no model of the dbt manifest has this name"),
    })
}

pub fn no_query(span: Span) -> Problem {
    Problem::error("check::query", "a query without a word of SQL").at(span).help("written `select ... from ...`")
}

pub fn query_writes(word: &str, span: Span) -> Problem {
    Problem::error("check::query", format!("a query reads rows, and `{word}` does not"))
        .at(span)
        .help("written `select ... from ...`: a source is only ever read")
}

pub fn sql_syntax(expr: &Expr, found: &ExprError) -> Problem {
    let rest = expr.text.get(found.offset..).unwrap_or("");
    let len = if found.len > 0 { found.len } else { token(rest) };
    let span = if rest.is_empty() { expr.span } else { expr.span.part(found.offset, len) };
    let problem = Problem::error("check::sql_syntax", format!("this expression does not work: {}", found.message));
    let general = "the left side of a mapping, and a condition, is one DuckDB expression over the columns of the row";
    problem.at(span).help(found.help.as_deref().unwrap_or(general))
}

/// `row.email`
pub fn column_behind_a_dot(name: &str, part: &str, span: Span) -> Problem {
    Problem::error("check::unknown_column", format!("unknown column `{name}`"))
        .at(span)
        .help(format!("a column stands by its own name: `{part}`"))
}

pub fn unknown_column(name: &str, quoted: bool, span: Span, columns: &[ColumnFacts]) -> Problem {
    let known: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let problem = Problem::error("check::unknown_column", format!("unknown column `{name}`")).at(span);
    problem.help(match nearest(name, known.iter().copied()) {
        _ if !quoted && DATE_PARTS.iter().any(|part| part.eq_ignore_ascii_case(name)) => {
            format!("a part of a date stands in quotes: `'{}'`", name.to_lowercase())
        }
        Some(near) => format!("did you mean `{near}`?"),
        None if quoted && name.ends_with(')') => format!("an expression stands without double quotes: `{name}`"),
        None if quoted => format!("`\"{name}\"` is a column; text stands in single quotes: `'{name}'`"),
        None => meant(name, known, "the rows have no column of this name"),
    })
}
