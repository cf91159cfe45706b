//! `expect ...`: what is to come of a test's rows.

use serde_json::Value as Json;

use super::{Subject, named, same};
use crate::check::error;
use crate::check::scope::Scope;
use crate::diag::{Problem, Problems};
use crate::ir::ast::{self, Expr, Name, Table, TextLit};
use crate::ir::facts::ExprFacts;
use crate::ir::mode::ChangeKind;
use crate::ir::span::Span;
use crate::ir::test::{Cell, Column, Counted, Expect, Expected, METHODS, Part, Row, Rows, STOPS};

const NOTHING: &str = "nothing";
const REASON: &str = "reason";

impl Subject<'_> {
    pub(super) fn expect(&self, expect: &ast::Expect, problems: &mut Problems) -> Option<Expect> {
        let what = match &expect.what {
            ast::Expected::Word(word) if word.value == NOTHING => Expected::Nothing,
            ast::Expected::Word(word) => {
                problems.push(error::expect_word(word));
                return None;
            }
            ast::Expected::Count { word, number } => {
                let what = counted(word, problems)?;
                let Ok(number) = number.value.parse() else {
                    problems.push(error::expect_number(number));
                    return None;
                };
                Expected::Count { what, number }
            }
            ast::Expected::Rows { word, table } => self.rows(counted(word, problems)?, word, table, problems)?,
            ast::Expected::Error { text } => {
                problems.0.extend(no_code(text));
                Expected::Error(text.value.clone())
            }
            ast::Expected::Request { method, path, exactly, body } => {
                let name = method.value.to_uppercase();
                if !METHODS.contains(&name.as_str()) {
                    problems.push(error::unknown_method(method));
                }
                let body = match body {
                    Some(body) => Some(json(body, problems)?),
                    None => None,
                };
                Expected::Request { method: name, path: path.value.clone(), exactly: *exactly, body }
            }
        };
        Some(Expect { span: place(expect), what })
    }

    fn rows(&self, what: Counted, word: &Name, table: &Table, problems: &mut Problems) -> Option<Expected> {
        let kind = match what {
            Counted::Added => Some(ChangeKind::Added),
            Counted::Changed => Some(ChangeKind::Changed),
            Counted::Removed => Some(ChangeKind::Removed),
            Counted::Aside => None,
            Counted::Unchanged | Counted::Held | Counted::Gone => {
                problems.push(error::expect_count(word));
                return None;
            }
        };
        let before = problems.0.len();
        let columns = self.expected_columns(kind, table, problems);
        cells(self.scope, table, problems);
        arrows(kind, &columns, table, problems);
        if problems.0.len() > before {
            return None;
        }
        let cell = |cell: &ast::Cell| Cell { span: cell.span, old: cell.old.clone(), value: cell.value.clone() };
        let row = |row: &ast::TableRow| Row { span: row.span, cells: row.cells.iter().map(cell).collect() };
        let rows = Rows { columns, rows: table.rows.iter().map(row).collect() };
        Some(match kind {
            Some(kind) => Expected::Changes { kind, rows },
            None => Expected::Aside(rows),
        })
    }

    fn expected_columns(&self, kind: Option<ChangeKind>, table: &Table, problems: &mut Problems) -> Vec<Column> {
        if table.head.is_empty() {
            problems.push(error::no_head(table));
            return Vec::new();
        }
        let known = self.known(kind);
        let mut columns: Vec<Column> = Vec::new();
        for cell in &table.head {
            let (name, span) = named(cell);
            if let Some(sql_type) = &cell.sql_type {
                problems.push(error::expected_type(sql_type.span));
            }
            match known.iter().find(|(known, _)| same(known, &name)) {
                Some((_, part)) if columns.iter().any(|column| column.part == *part) => {
                    problems.push(error::test_column_twice(&name, span));
                }
                Some((_, part)) => columns.push(Column { name, part: *part }),
                None => {
                    problems.push(error::expected_column(&name, span, known.iter().map(|(known, _)| known.as_str())))
                }
            }
        }
        let keys = known.iter().filter(|(_, part)| matches!(part, Part::Key(_)));
        let lacking = keys.filter(|(_, part)| !columns.iter().any(|column| column.part == *part));
        let lacking: Vec<&str> = lacking.map(|(name, _)| name.as_str()).collect();
        if !lacking.is_empty() && columns.len() == table.head.len() {
            problems.push(error::no_key_column(table.head[0].span, &lacking));
        }
        columns
    }

    /// What columns can speak of. Set modes know their rows by the identifier.
    fn known(&self, kind: Option<ChangeKind>) -> Vec<(String, Part)> {
        let activation = self.activation;
        let by_identifier = activation.mode.is_set() && kind.is_some();
        let names: Vec<String> = match by_identifier {
            true => activation.identify.iter().take(1).map(|one| one.name.clone()).collect(),
            false => activation.key.clone(),
        };
        let mut known: Vec<(String, Part)> = numbered(names, Part::Key);
        if kind.is_none() {
            known.push((REASON.into(), Part::Reason));
        } else if kind != Some(ChangeKind::Removed) {
            known.extend(numbered(activation.fields.iter().map(|field| field.name.to_string()), Part::Field));
        }
        known.extend(numbered(activation.identify.iter().map(|one| one.name.clone()), Part::Identifier));
        known
    }
}

/// Text that looks like the code of what stops a run, and is none.
fn no_code(text: &TextLit) -> Option<Problem> {
    let (stage, what) = text.value.split_once("::")?;
    let is_code = what.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let there = stage != "run" && STAGES.contains(&stage) || STOPS.iter().any(|stop| stop.contains(&text.value));
    (is_code && !there).then(|| error::unknown_code(text))
}

/// Where else than in a run something is wrong that ends a test.
const STAGES: [&str; 5] = ["check", "inspect", "load", "plan", "store"];

/// Expectations that say the same, or leave no room for one another.
pub(super) fn beside(expects: &[&ast::Expect], problems: &mut Problems) {
    let nothing = expects.iter().find_map(|expect| match &expect.what {
        ast::Expected::Word(word) if word.value == NOTHING => Some(word),
        _ => None,
    });
    let mut seen: Vec<(&str, bool, Span)> = Vec::new();
    for expect in expects {
        let (word, counts) = match &expect.what {
            ast::Expected::Count { word, .. } => (word, true),
            ast::Expected::Rows { word, .. } => (word, false),
            ast::Expected::Word(_) | ast::Expected::Request { .. } | ast::Expected::Error { .. } => continue,
        };
        if let Some(nothing) = nothing.filter(|_| ["added", "changed", "removed"].contains(&word.value.as_str())) {
            problems.push(error::nothing_beside(word, nothing.span));
        }
        match seen.iter().find(|(known, counted, _)| *known == word.value && *counted == counts) {
            Some((.., first)) => {
                problems.push(error::entry_twice(&format!("expect {}", word.value), word.span, *first))
            }
            None => seen.push((&word.value, counts, word.span)),
        }
    }
}

/// Where it is told that something else came out.
fn place(expect: &ast::Expect) -> Span {
    match &expect.what {
        ast::Expected::Rows { word, .. } | ast::Expected::Word(word) => word.span,
        ast::Expected::Count { number, .. } => number.span,
        ast::Expected::Request { method, path, .. } => method.span.to(path.span),
        ast::Expected::Error { text } => text.span,
    }
}

fn numbered(names: impl IntoIterator<Item = String>, part: fn(usize) -> Part) -> Vec<(String, Part)> {
    names.into_iter().enumerate().map(|(at, name)| (name, part(at))).collect()
}

fn counted(word: &Name, problems: &mut Problems) -> Option<Counted> {
    let counted = Counted::parse(&word.value);
    if counted.is_none() {
        problems.push(error::expect_word(word));
    }
    counted
}

/// Every row has as many cells as its table has columns, and cells are values: no row stands behind them whose columns they
/// could name.
pub(super) fn cells(scope: &Scope<'_>, table: &Table, problems: &mut Problems) {
    for row in table.rows.iter().filter(|_| !table.head.is_empty()) {
        let before = problems.0.len();
        for value in row.cells.iter().flat_map(|cell| cell.old.iter().chain(&cell.value)) {
            problems.0.extend(not_a_value(scope, value));
        }
        if problems.0.len() == before && row.cells.len() != table.head.len() {
            problems.push(error::row_width(row.span, row.cells.len(), table.head.len()));
        }
    }
}

fn not_a_value(scope: &Scope<'_>, value: &Expr) -> Option<Problem> {
    let facts = scope.inputs.facts.of(value)?;
    match &facts.error {
        Some(found) => Some(error::cell_syntax(value, found)),
        None => column_of(facts, value).map(|(name, span)| error::cell_column(&name, span, value)),
    }
}

fn column_of(facts: &ExprFacts, value: &Expr) -> Option<(String, Span)> {
    let (name, offset) = facts.columns.first()?;
    let quotes = if value.text.get(*offset..)?.starts_with('"') { 2 } else { 0 };
    Some((name.clone(), value.span.part(*offset, name.len() + quotes)))
}

/// Only fields of changed rows have an old value.
fn arrows(kind: Option<ChangeKind>, columns: &[Column], table: &Table, problems: &mut Problems) {
    for row in &table.rows {
        for (cell, column) in row.cells.iter().zip(columns).filter(|(cell, _)| cell.old.is_some()) {
            if kind != Some(ChangeKind::Changed) || !matches!(column.part, Part::Field(_)) {
                problems.push(error::expected_arrow(cell.span));
            }
        }
    }
}

fn json(body: &TextLit, problems: &mut Problems) -> Option<Json> {
    match serde_json::from_str(&body.value) {
        Ok(json) => Some(json),
        Err(cause) => {
            let line =
                body.value.split_inclusive('\n').take(cause.line().saturating_sub(1)).map(str::len).sum::<usize>();
            let at = line + cause.column().saturating_sub(1);
            problems.push(error::body_json(body.inner.part(at, 1), &cause.to_string()));
            None
        }
    }
}
