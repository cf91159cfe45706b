//! Expressions, as DuckDB's own parser reads them: the columns they name, the functions they call, what is wrong. No source
//! is needed for it, and nothing is run.

use std::collections::{BTreeMap, HashMap};

use crate::diag::nearest;
use crate::ir::ast::Expr;
use crate::ir::facts::{ExprError, ExprFacts, Facts};
use crate::ir::plan::Sql;
use crate::ir::value::Value;
use crate::store::{Store, StoreError};

mod serialized;
mod types;

pub use types::types;

use serialized::{Parsed, parsed, statement};

/// Expressions in one statement: enough that starting one costs nothing, few enough that its text stays small.
const BATCH: usize = 1000;

/// Facts about every expression. Equal texts are read once: a project of a thousand files repeats itself.
pub fn expressions(store: &Store, exprs: &[&Expr]) -> Result<Facts, StoreError> {
    let mut texts: Vec<&str> = exprs.iter().map(|expr| expr.text.as_str()).collect();
    texts.sort_unstable();
    texts.dedup();
    let mut read: HashMap<&str, Parsed> = HashMap::with_capacity(texts.len());
    for batch in texts.chunks(BATCH) {
        read.extend(parse(store, batch)?);
    }
    let known =
        if read.values().any(|parsed| !parsed.functions.is_empty()) { functions(store)? } else { BTreeMap::new() };
    let facts: HashMap<&str, ExprFacts> =
        read.into_iter().map(|(text, parsed)| (text, judged(parsed, &known))).collect();
    let by_place = exprs.iter().filter_map(|expr| Some((expr.span, facts.get(expr.text.as_str())?.clone())));
    Ok(Facts { exprs: by_place.collect() })
}

fn parse<'a>(store: &Store, texts: &[&'a str]) -> Result<Vec<(&'a str, Parsed)>, StoreError> {
    let values: Vec<String> =
        texts.iter().enumerate().map(|(at, text)| format!("({at}, {})", Sql::text(&statement(text)))).collect();
    let sql = format!("SELECT at, json_serialize_sql(text) FROM (VALUES {}) AS t(at, text)", values.join(", "));
    let rows = store.rows(&sql)?;
    Ok(rows.iter().filter_map(|row| one(texts, row)).collect())
}

fn one<'a>(texts: &[&'a str], row: &[Value]) -> Option<(&'a str, Parsed)> {
    let [Value::Int(at), Value::Text(json)] = row else { return None };
    let text = texts.get(usize::try_from(*at).ok()?)?;
    Some((text, parsed(text, json)))
}

/// Names of functions, and whether they turn many rows into one.
fn functions(store: &Store) -> Result<BTreeMap<String, bool>, StoreError> {
    let rows = store.rows(
        "SELECT function_name, bool_and(function_type = 'aggregate') FROM duckdb_functions() \
         WHERE function_type IN ('scalar', 'aggregate', 'macro') GROUP BY function_name",
    )?;
    let named = rows.into_iter().filter_map(|row| match row.as_slice() {
        [Value::Text(name), Value::Bool(aggregate)] => Some((name.to_lowercase(), *aggregate)),
        _ => None,
    });
    Ok(named.collect())
}

/// An expression speaks of one row, with functions that exist.
fn judged(parsed: Parsed, known: &BTreeMap<String, bool>) -> ExprFacts {
    let error = parsed.error.or_else(|| parsed.functions.iter().find_map(|(name, offset)| wrong(name, *offset, known)));
    let functions = parsed.functions.into_iter().map(|(name, _)| name).collect();
    ExprFacts { columns: parsed.columns, functions, error }
}

fn wrong(name: &str, offset: usize, known: &BTreeMap<String, bool>) -> Option<ExprError> {
    let message = match known.get(name) {
        Some(false) => return None,
        Some(true) => format!("`{name}` takes many rows, and an expression sees one"),
        None if name == "unnest" => "`unnest` makes several rows of one".to_string(),
        None => match nearest(name, known.keys().map(String::as_str)) {
            Some(near) => format!("DuckDB has no function `{name}` (did you mean `{near}`?)"),
            None => format!("DuckDB has no function `{name}`"),
        },
    };
    Some(ExprError { message, offset })
}
