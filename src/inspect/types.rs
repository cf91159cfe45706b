//! Types of expressions over a loaded model, without running them.

use std::collections::HashMap;

use crate::diag::{Problem, Problems, list, nearest};
use crate::ir::ast::Expr;
use crate::ir::plan::Sql;
use crate::ir::secret::MASK;
use crate::ir::span::Span;
use crate::ir::written::Written;
use crate::store::{Said, Store, StoreError, StoreErrorKind, candidates, plain};

/// The type of each expression. All are asked at once; only when one is wrong, each by itself.
pub fn types(store: &Store, relation: &Sql, exprs: &[&Expr]) -> (HashMap<Span, String>, Problems) {
    let mut problems = Problems::default();
    let columns: Vec<String> =
        exprs.iter().enumerate().map(|(at, expr)| format!("{} AS e{at}", Sql::expr(&expr.text))).collect();
    if columns.is_empty() {
        return (HashMap::new(), problems);
    }
    if let Ok(facts) = store.describe(&format!("SELECT {} FROM {relation}", columns.join(", "))) {
        let types = exprs.iter().zip(facts).map(|(expr, facts)| (expr.span, facts.sql_type)).collect();
        return (types, constants(store, relation, exprs));
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

/// Texts that do not become what they are compared with (`born > 'abc'`), which DuckDB finds only when it comes to a row: it is
/// given one without any value.
fn constants(store: &Store, relation: &Sql, exprs: &[&Expr]) -> Problems {
    let row =
        format!("(SELECT one.* FROM (SELECT 1) AS given LEFT JOIN (SELECT * FROM {relation} LIMIT 0) AS one ON true)");
    let asked = |exprs: &[&Expr]| {
        let mut sql = Written::from("SELECT 0".to_string());
        for expr in exprs {
            sql.push(", count(hash(");
            sql.expr(expr);
            sql.push("))");
        }
        sql.push(&format!(" FROM {row}"));
        store.row(sql.text()).map_err(|error| (error, sql))
    };
    if asked(exprs).is_ok() {
        return Problems::default();
    }
    let unfit = exprs.iter().filter_map(|expr| {
        let (error, sql) = asked(&[expr]).err()?;
        unfit(&error, sql.word(error.offset?)?, expr)
    });
    Problems(unfit.collect())
}

/// Only of a text that stands there: what fails for want of a value may do for every row that has one.
fn unfit(error: &StoreError, span: Span, expr: &Expr) -> Option<Problem> {
    let text = expr.text.get(span.start - expr.span.start..span.end - expr.span.start)?;
    let said = error.message.strip_prefix("Conversion Error: ").filter(|_| text.starts_with('\''))?;
    let message = match plain(said) {
        Some(plain) => plain.what.replace("this text", &format!("`{text}`")),
        None => sentence(&said.replace(&format!("'{MASK}'"), &format!("`{text}`"))),
    };
    let problem = Problem::error("inspect::bad_expression", message).at(span);
    Some(problem.help("the text becomes what it is compared or put together with, and this one does not"))
}

fn refused(expr: &Expr, error: &StoreError) -> Problem {
    let code = match error.kind {
        StoreErrorKind::MissingColumn => "check::unknown_column",
        _ => "inspect::bad_expression",
    };
    let said = error.message.split_once("Error: ").map_or(error.message.as_str(), |(_, rest)| rest);
    let mut sql = Written::from("SELECT ".to_string());
    sql.expr(expr);
    let span = error.offset.and_then(|offset| sql.word(offset)).unwrap_or(expr.span);
    let (said, near) = candidates(said);
    let Said { what, help } = plain(said).unwrap_or_else(|| Said { what: sentence(said), help: None });
    let missing = what.strip_prefix(MISSING);
    let message = missing.map_or_else(|| what.clone(), |name| format!("unknown column `{name}"));
    let help = help.or_else(|| match missing {
        Some(name) => columns_like(name.trim_end_matches('`'), &near),
        None => (!near.is_empty()).then(|| format!("did you mean {}?", list(&near).replace(" and ", " or "))),
    });
    let problem = Problem::error(code, message).at(span);
    match help {
        Some(help) => problem.help(help),
        None => problem,
    }
}

/// How `plain` tells of a column that is not there.
const MISSING: &str = "there is no column `";

/// Of DuckDB's candidates the one that is alike enough to be meant; it names others only for want of better ones.
fn columns_like(name: &str, candidates: &[&str]) -> Option<String> {
    match nearest(name, candidates.iter().copied()) {
        Some(near) => Some(format!("did you mean `{near}`?")),
        None => (!candidates.is_empty()).then(|| format!("among the columns there: {}", list(candidates))),
    }
}

fn sentence(said: &str) -> String {
    let text = said.trim().trim_end_matches(['.', '!']).replace('"', "`");
    let mut chars = text.chars();
    let is_word = text.chars().nth(1).is_some_and(char::is_lowercase);
    match chars.next() {
        Some(first) if is_word => first.to_lowercase().chain(chars).collect(),
        _ => text,
    }
}
