//! Types of expressions over a loaded model, without running them.

use std::collections::HashMap;

use crate::diag::{Problem, Problems};
use crate::ir::ast::Expr;
use crate::ir::plan::Sql;
use crate::ir::span::Span;
use crate::store::{Store, StoreError, StoreErrorKind};

/// The type of each expression. All are asked at once; only when one is wrong, each by itself.
pub fn types(store: &Store, relation: &Sql, exprs: &[&Expr]) -> (HashMap<Span, String>, Problems) {
    let mut problems = Problems::default();
    let columns: Vec<String> =
        exprs.iter().enumerate().map(|(at, expr)| format!("{} AS e{at}", Sql::expr(&expr.text))).collect();
    if columns.is_empty() {
        return (HashMap::new(), problems);
    }
    if let Ok(facts) = store.describe(&format!("SELECT {} FROM {relation}", columns.join(", "))) {
        return (exprs.iter().zip(facts).map(|(expr, facts)| (expr.span, facts.sql_type)).collect(), problems);
    }
    let mut types = HashMap::new();
    for expr in exprs {
        match store.describe(&format!("SELECT {} AS e FROM {relation}", Sql::expr(&expr.text))) {
            Ok(facts) => types.extend(facts.into_iter().next().map(|facts| (expr.span, facts.sql_type))),
            Err(error) => problems.push(refused(expr, &error)),
        }
    }
    (types, problems)
}

/// DuckDB counts from the start of the statement; the expression begins after `SELECT (`.
fn refused(expr: &Expr, error: &StoreError) -> Problem {
    let code = match error.kind {
        StoreErrorKind::MissingColumn => "inspect::unknown_column",
        _ => "inspect::bad_expression",
    };
    let said = error.message.split_once("Error: ").map_or(error.message.as_str(), |(_, rest)| rest);
    let span = match error.offset.and_then(|offset| offset.checked_sub("SELECT (".len())) {
        Some(offset) if offset < expr.text.len() => {
            let word = expr.text[offset..].chars().take_while(|c| c.is_alphanumeric() || *c == '_' || *c == '"');
            expr.span.part(offset, word.map(char::len_utf8).sum::<usize>().max(1))
        }
        _ => expr.span,
    };
    let (message, help) = split_help(said);
    let message = missing_column(&message).unwrap_or(message);
    let problem = Problem::error(code, message).at(span);
    match help {
        Some(help) => problem.help(help),
        None => problem,
    }
}

/// "referenced column `x` not found in FROM clause": there is no clause that anyone wrote.
fn missing_column(said: &str) -> Option<String> {
    let name = said.strip_prefix("referenced column `")?.strip_suffix("` not found in FROM clause")?;
    Some(format!("unknown column `{name}`"))
}

/// DuckDB appends candidates to its sentence; they are advice, so they go where advice goes.
fn split_help(said: &str) -> (String, Option<String>) {
    let sentence = |text: &str| {
        let text = text.trim().trim_end_matches(['.', '!']).replace('"', "`");
        let mut chars = text.chars();
        chars.next().map(|first| first.to_lowercase().chain(chars).collect::<String>()).unwrap_or_default()
    };
    for mark in ["Candidate bindings: ", "Did you mean "] {
        if let Some((head, tail)) = said.split_once(mark) {
            let names: Vec<String> = tail
                .trim_end_matches(['?', '.'])
                .split(", ")
                .map(|name| format!("`{}`", name.trim().trim_matches(['"', '?'])))
                .take(5)
                .collect();
            return (sentence(head), Some(format!("did you mean {}?", names.join(" or "))));
        }
    }
    (sentence(said), None)
}
