//! Rows that came out beside those expected, cell by cell.

use super::Seen;
use crate::diag::Problem;
use crate::diff::key_layout;
use crate::engine::plan::shown;
use crate::ir::ast::Expr;
use crate::ir::change::{Aside, Sample};
use crate::ir::mode::ChangeKind;
use crate::ir::plan::Sql;
use crate::ir::span::Span;
use crate::ir::test::{Cell, Column, Part, Row, Rows};
use crate::ir::value::Value;
use crate::store::{StoreError, plain};

/// What is wrong with one table: places in it, and rows that it lacks.
#[derive(Default)]
struct Found {
    labels: Vec<(Span, String)>,
    surplus: Vec<String>,
    /// Rows are others, and not only what they hold.
    others: bool,
}

impl Found {
    fn lacks(&mut self, label: (Span, String)) {
        self.others = true;
        self.labels.push(label);
    }

    /// `what`: as in "rows are added"; `held`: what is told where only cells differ.
    fn problem(self, what: &str, held: &str, span: Span) -> Option<Problem> {
        let message = match (self.labels.is_empty(), self.surplus.is_empty()) {
            (true, true) => return None,
            (true, false) => format!("more rows are {what} than expected"),
            (false, true) if !self.others => held.to_string(),
            (false, _) => format!("other rows are {what} than expected"),
        };
        let problem = Problem::error("test::failed", message);
        let problem =
            if self.labels.is_empty() { problem.at(span) } else { Problem { labels: self.labels, ..problem } };
        Some(match self.surplus.is_empty() {
            true => problem,
            false => problem.help(format!("{what} as well:\n{}", self.surplus.join("\n"))),
        })
    }
}

pub fn of_kind<'a>(seen: &'a Seen<'_>, kind: ChangeKind) -> impl Iterator<Item = &'a Sample> {
    seen.samples.iter().filter(move |sample| sample.offer.kind() == kind)
}

/// A row by its key, for a list.
pub fn told(sample: &Sample) -> String {
    match sample.offer.identifier(sample.offer.which()) {
        Some(identifier) if identifier != sample.key => format!("{} ({identifier})", sample.key),
        _ => sample.key.clone(),
    }
}

pub fn changes(seen: &Seen<'_>, kind: ChangeKind, rows: &Rows, span: Span) -> Option<Problem> {
    let mut found = Found::default();
    let mut left: Vec<&Sample> = of_kind(seen, kind).collect();
    for row in &rows.rows {
        let key = match key(seen, &rows.columns, row) {
            Ok(key) => key,
            Err(label) => {
                found.lacks(label);
                continue;
            }
        };
        match left.iter().position(|sample| sample.key == key) {
            Some(at) => found.labels.extend(cells(seen, left.remove(at), &rows.columns, row)),
            None => found.lacks((row.span, elsewhere(seen, &key, kind))),
        }
    }
    found.surplus = left.into_iter().map(told).collect();
    found.problem(kind.name(), &format!("rows are {} with other values than expected", kind.name()), span)
}

/// What became of a row in place of what was expected.
fn elsewhere(seen: &Seen<'_>, key: &str, kind: ChangeKind) -> String {
    let sample = seen.samples.iter().find(|sample| sample.key == key && sample.offer.kind() != kind);
    let aside = seen.asides.iter().find(|aside| aside.key == key);
    match (sample, aside) {
        (Some(sample), _) => format!("it is {}", sample.offer.kind().name()),
        (_, Some(aside)) => format!("it is set aside: {}", reason(aside)),
        _ => format!("it is not {}", kind.name()),
    }
}

fn cells(seen: &Seen<'_>, sample: &Sample, columns: &[Column], row: &Row) -> Vec<(Span, String)> {
    let pairs = columns.iter().zip(&row.cells).filter(|(column, _)| !matches!(column.part, Part::Key(_)));
    pairs.filter_map(|(column, cell)| wrong(seen, sample, column, cell)).collect()
}

/// What a cell should have held, where it holds something else.
fn wrong(seen: &Seen<'_>, sample: &Sample, column: &Column, cell: &Cell) -> Option<(Span, String)> {
    let offer = &sample.offer;
    match column.part {
        Part::Field(at) => {
            let field = seen.job.plan.fields.get(at)?;
            let travels = crate::engine::plan::travels(&seen.job.plan, offer, at);
            let new = travels.then(|| offer.value(at).to_value());
            let old = sample.old.get(at).filter(|_| cell.old.is_some()).cloned();
            let wanted = |expr: &Option<Expr>| value(seen, expr.as_ref(), &field.sql_type);
            compared(cell, wanted(&cell.old), wanted(&cell.value), old, new)
        }
        Part::Identifier(at) => {
            let new = offer.identifier(at).map(|text| Value::Text(text.to_string()));
            compared(cell, Ok(None), value(seen, cell.value.as_ref(), "VARCHAR"), None, new)
        }
        Part::Key(_) | Part::Reason => None,
    }
}

type Wanted = Result<Option<Value>, String>;

fn compared(
    cell: &Cell,
    wanted_old: Wanted,
    wanted: Wanted,
    old: Option<Value>,
    new: Option<Value>,
) -> Option<(Span, String)> {
    let (wanted_old, wanted) = match (wanted_old, wanted) {
        (Ok(wanted_old), Ok(wanted)) => (wanted_old, wanted),
        (Err(said), _) | (_, Err(said)) => return Some((cell.span, said)),
    };
    if wanted_old == old && wanted == new {
        return None;
    }
    let said = match (&new, &old, &cell.old) {
        (None, ..) => "nothing is sent".to_string(),
        (Some(new), Some(old), Some(_)) => format!("it is {} -> {}", literal(old), literal(new)),
        (Some(new), ..) => format!("it is {}", literal(new)),
    };
    Some((cell.span, said))
}

/// As it would be written in the cell.
fn literal(value: &Value) -> String {
    match value {
        Value::Text(_) | Value::Date(_) | Value::Timestamp(_) => {
            format!("'{}'", shown(value).unwrap_or_default().replace('\'', "''"))
        }
        _ => shown(value).unwrap_or_else(|| "NULL".into()),
    }
}

/// What a cell comes to, in the type that it is compared in.
fn value(seen: &Seen<'_>, expr: Option<&Expr>, sql_type: &str) -> Wanted {
    let Some(expr) = expr else { return Ok(None) };
    let row = seen.session.store.row(&format!("SELECT CAST({} AS {sql_type})", Sql::expr(&expr.text)));
    row.map(|row| row.into_iter().next()).map_err(|error| unfit(&error, sql_type))
}

fn unfit(error: &StoreError, sql_type: &str) -> String {
    plain(&error.message).map_or_else(|| format!("this is no `{}`", sql_type.to_lowercase()), |said| said.what)
}

/// A row's key as the comparison tells it.
fn key(seen: &Seen<'_>, columns: &[Column], row: &Row) -> Result<String, (Span, String)> {
    let mut parts = Vec::new();
    for (at, (_, sql_type)) in key_layout(&seen.job.plan).iter().enumerate() {
        parts.extend(part(seen, columns, row, at, sql_type)?);
    }
    Ok(parts.join(" / "))
}

fn part(
    seen: &Seen<'_>,
    columns: &[Column],
    row: &Row,
    at: usize,
    sql_type: &str,
) -> Result<Option<String>, (Span, String)> {
    let position = columns.iter().position(|column| column.part == Part::Key(at));
    let Some(cell) = position.and_then(|position| row.cells.get(position)) else { return Ok(None) };
    let Some(expr) = &cell.value else { return Ok(None) };
    let sql = format!("SELECT CAST(CAST({} AS {sql_type}) AS VARCHAR)", Sql::expr(&expr.text));
    match seen.session.store.row(&sql) {
        Ok(row) => Ok(row.first().and_then(shown)),
        Err(error) => Err((cell.span, unfit(&error, sql_type))),
    }
}

pub fn asides(seen: &Seen<'_>, rows: &Rows, span: Span) -> Option<Problem> {
    let mut found = Found::default();
    let mut left: Vec<&Aside> = seen.asides.iter().collect();
    for row in &rows.rows {
        let key = match source_key(seen, &rows.columns, row) {
            Ok(key) => key,
            Err(label) => {
                found.lacks(label);
                continue;
            }
        };
        match left.iter().position(|aside| aside.key == key) {
            Some(at) => found.labels.extend(reasons(seen, left.remove(at), &rows.columns, row)),
            None => found.lacks((row.span, "it is not set aside".into())),
        }
    }
    found.surplus = left.into_iter().map(|aside| format!("{}: {}", named(&aside.key), reason(aside))).collect();
    found.problem("set aside", "rows are set aside for other reasons than expected", span)
}

/// Rows are set aside by the key of the source, in set modes too.
fn source_key(seen: &Seen<'_>, columns: &[Column], row: &Row) -> Result<String, (Span, String)> {
    let mut parts = Vec::new();
    for (at, key) in seen.job.plan.keys.iter().enumerate() {
        parts.extend(part(seen, columns, row, at, &key.sql_type)?);
    }
    Ok(parts.join(" / "))
}

fn reasons(seen: &Seen<'_>, aside: &Aside, columns: &[Column], row: &Row) -> Vec<(Span, String)> {
    let said = reason(aside);
    let pairs = columns.iter().zip(&row.cells).filter(|(column, _)| column.part == Part::Reason);
    let wrong = pairs.filter_map(|(_, cell)| match value(seen, cell.value.as_ref(), "VARCHAR") {
        Ok(Some(Value::Text(part))) if said.contains(&part) => None,
        Ok(_) => Some((cell.span, format!("it is '{}'", said.replace('\'', "''")))),
        Err(said) => Some((cell.span, said)),
    });
    wrong.collect()
}

fn named(key: &str) -> &str {
    if key.is_empty() { "a row without a key" } else { key }
}

pub fn reason(aside: &Aside) -> &str {
    if aside.reason == "unidentified" { "no identifier" } else { &aside.reason }
}
