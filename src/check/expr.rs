//! Expressions: what DuckDB's parser said of them, told where it stands in the pipeline.

use super::error;
use super::scope::Scope;
use crate::diag::Problems;
use crate::ir::ast::Expr;
use crate::ir::facts::ColumnFacts;

/// What SQL calls without parentheses: to the parser it looks like a column.
const BARE_CALLS: [&str; 7] =
    ["current_date", "current_time", "current_timestamp", "localtime", "localtimestamp", "current_user", "user"];

/// `columns`: of the rows the expression is about, where known.
pub fn check(scope: &Scope<'_>, expr: &Expr, columns: Option<&[ColumnFacts]>, problems: &mut Problems) {
    let Some(facts) = scope.inputs.facts.of(expr) else { return };
    if let Some(found) = &facts.error {
        problems.push(error::sql_syntax(expr, found));
        return;
    }
    let Some(columns) = columns else { return };
    for (name, offset) in &facts.columns {
        let rest = expr.text.get(*offset..).unwrap_or("");
        let quoted = rest.starts_with('"');
        let is_call = !quoted && BARE_CALLS.iter().any(|call| name.eq_ignore_ascii_case(call));
        if !is_call && !has_column(columns, name) {
            let part = facts.parts.iter().find(|(_, part, at)| at == offset && has_column(columns, part));
            let len = name.len() + if quoted { 2 } else { 0 };
            problems.push(match part.filter(|_| !quoted) {
                Some((_, part, _)) => error::column_behind_a_dot(name, part, expr.span.part(*offset, len)),
                None => error::unknown_column(name, quoted, expr.span.part(*offset, len), columns),
            });
        }
    }
}

/// DuckDB tells columns apart without regard to case.
pub fn has_column(columns: &[ColumnFacts], name: &str) -> bool {
    columns.iter().any(|column| column.name.eq_ignore_ascii_case(name))
}
