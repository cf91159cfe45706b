//! Types of expressions over a loaded model, without running them.

use std::collections::HashMap;

use crate::diag::{Problem, Problems, list, nearest};
use crate::ir::ast::Expr;
use crate::ir::plan::Sql;
use crate::ir::secret::MASK;
use crate::ir::span::Span;
use crate::ir::written::Written;
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
    let (message, _) = split_candidates(&said.replace(&format!("'{MASK}'"), &format!("`{text}`")));
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
    if let Some((message, help)) = no_overload(said) {
        return Problem::error(code, message).at(span).help(help);
    }
    let (message, near) = split_candidates(said);
    let missing = missing_column(&message);
    let help = missing.map_or_else(|| did_you_mean(&near), |name| columns_like(name, &near));
    let problem =
        Problem::error(code, missing.map_or(message.clone(), |name| format!("unknown column `{name}`"))).at(span);
    match help {
        Some(help) => problem.help(help),
        None => problem,
    }
}

/// DuckDB knows the function, not with such arguments, and lists all it knows: those that begin alike are told.
fn no_overload(said: &str) -> Option<(String, String)> {
    let (call, rest) = said.split_once("given name and argument types '")?.1.split_once("'.")?;
    let candidates = rest.split_once("Candidate functions:")?.1.split_whitespace().collect::<Vec<_>>().join(" ");
    let (name, given) = call.split_once('(')?;
    let forms: Vec<String> = candidates
        .split(&format!("{name}("))
        .filter_map(|form| form.split_once(')'))
        .map(|(form, _)| format!("{name}({form})"))
        .collect();
    let first = given.split(['(', ',', ')']).next().unwrap_or_default();
    let alike = forms.iter().filter(|form| form.starts_with(&format!("{name}({first}")));
    let mut shown: Vec<&String> = alike.collect();
    if shown.is_empty() {
        shown = forms.iter().take(3).collect();
    }
    let given = given.strip_suffix(')').unwrap_or(given).replace("_LITERAL", "").to_lowercase();
    let help = format!("it takes {}", list(&shown).replace(" and ", " or "));
    Some((format!("`{name}` does not take `{given}`"), help))
}

/// "referenced column `x` not found in FROM clause": there is no clause that anyone wrote.
fn missing_column(said: &str) -> Option<&str> {
    said.strip_prefix("referenced column `")?.strip_suffix("` not found in FROM clause")
}

/// Of DuckDB's candidates the one that is alike enough to be meant; it names others only for want of better ones.
fn columns_like(name: &str, candidates: &[String]) -> Option<String> {
    match nearest(name, candidates.iter().map(String::as_str)) {
        Some(near) => Some(format!("did you mean `{near}`?")),
        None => (!candidates.is_empty()).then(|| format!("among the columns there: {}", list(candidates))),
    }
}

fn did_you_mean(candidates: &[String]) -> Option<String> {
    let names: Vec<String> = candidates.iter().map(|name| format!("`{name}`")).collect();
    (!names.is_empty()).then(|| format!("did you mean {}?", names.join(" or ")))
}

/// DuckDB appends candidates to its sentence; they are advice, so they go where advice goes.
fn split_candidates(said: &str) -> (String, Vec<String>) {
    let sentence = |text: &str| {
        let text = text.trim().trim_end_matches(['.', '!']).replace('"', "`");
        let mut chars = text.chars();
        chars.next().map(|first| first.to_lowercase().chain(chars).collect::<String>()).unwrap_or_default()
    };
    let found = ["Candidate bindings: ", "Did you mean "].iter().find_map(|mark| said.split_once(mark));
    let Some((head, tail)) = found else { return (sentence(said), Vec::new()) };
    let names = tail.trim_end_matches(['?', '.']).split(", ").take(5);
    (sentence(head), names.map(|name| name.trim().trim_matches(['"', '?']).to_string()).collect())
}
