//! Expressions, as DuckDB's own parser reads them: the columns they name, the functions they call, what is wrong. No source
//! is needed for it, and nothing is run.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::OnceLock;

use crate::diag::{nearest, slip};
use crate::ir::ast::Expr;
use crate::ir::facts::{ExprError, ExprFacts, Facts};
use crate::ir::plan::Sql;
use crate::ir::value::Value;
use crate::store::{Store, StoreError};

mod foreign;
mod serialized;
mod types;

pub use types::types;

use serialized::{Parsed, parsed, statement};

/// Expressions in one query: enough that starting one costs nothing, few enough that its text stays small.
const BATCH: usize = 4096;

/// ASCII's record separator (`chr(30)`), which no expression needs.
const BETWEEN: &str = "\u{1e}";

/// The columns that each expression names, by its text: none where it cannot be read. What DuckDB has is not asked.
pub fn columns(store: &Store, exprs: &[&Expr]) -> Result<HashMap<String, BTreeSet<String>>, StoreError> {
    let texts = distinct(exprs);
    let mut named = HashMap::new();
    for batch in texts.chunks(BATCH) {
        let names = |parsed: Parsed| parsed.columns.into_iter().map(|(name, _)| name).collect();
        named.extend(parse(store, batch)?.into_iter().map(|(text, parsed)| (text.to_string(), names(parsed))));
    }
    Ok(named)
}

/// What is known of expressions so far. Equal texts are read once: a project of a thousand files repeats itself, and so does one
/// that is looked at after each key.
#[derive(Default)]
pub struct Learnt {
    pub facts: Facts,
}

/// What DuckDB has of itself, the same wherever it was not extended. A process asks once: the answer is 3,000 functions with
/// their descriptions and examples, which takes longer than all else that a small run asks of DuckDB.
static KNOWN: OnceLock<Known> = OnceLock::new();

#[derive(Default)]
struct Known {
    /// Functions and operators, and whether they turn many rows into one.
    functions: BTreeMap<String, bool>,
    types: BTreeSet<String>,
}

impl Learnt {
    pub fn read(&mut self, store: &Store, exprs: &[&Expr]) -> Result<(), StoreError> {
        let mut texts = distinct(exprs);
        texts.retain(|text| !self.facts.exprs.contains_key(*text));
        for batch in texts.chunks(BATCH) {
            let read = parse(store, batch)?;
            let nothing = Known::default();
            let asked = read.iter().any(|(_, parsed)| parsed.names_something());
            let known = if asked { known(store)? } else { &nothing };
            self.facts.exprs.extend(read.into_iter().map(|(text, parsed)| (text.to_string(), judged(parsed, known))));
        }
        Ok(())
    }

    /// Forgets the expressions that the project no longer has.
    pub fn keep(&mut self, exprs: &[&Expr]) {
        let kept: HashSet<&str> = exprs.iter().map(|expr| expr.text.as_str()).collect();
        self.facts.exprs.retain(|text, _| kept.contains(text.as_str()));
    }
}

fn distinct<'a>(exprs: &[&'a Expr]) -> Vec<&'a str> {
    let mut texts: Vec<&str> = exprs.iter().map(|expr| expr.text.as_str()).collect();
    texts.sort_unstable();
    texts.dedup();
    texts
}

/// The statements go over as one text, since a literal each would cost more than their parsing.
fn parse<'a>(store: &Store, texts: &[&'a str]) -> Result<Vec<(&'a str, Parsed)>, StoreError> {
    let statements: Vec<String> = texts.iter().map(|text| statement(text).replace(BETWEEN, " ")).collect();
    let joined = Sql::text(&statements.join(BETWEEN));
    let rows = store.rows(&format!(
        "SELECT number, json_serialize_sql(statement, skip_default := true) FROM \
         (SELECT unnest(list) AS statement, generate_subscripts(list, 1) AS number FROM \
         (SELECT string_split({joined}, chr(30)) AS list))"
    ))?;
    Ok(rows.iter().filter_map(|row| one(texts, row)).collect())
}

fn one<'a>(texts: &[&'a str], row: &[Value]) -> Option<(&'a str, Parsed)> {
    let [Value::Int(number), Value::Text(json)] = row else { return None };
    let text = texts.get(usize::try_from(*number).ok()?.checked_sub(1)?)?;
    Some((text, parsed(text, json)))
}

/// `store` has no extensions loaded.
fn known(store: &Store) -> Result<&'static Known, StoreError> {
    if let Some(known) = KNOWN.get() {
        return Ok(known);
    }
    let known = Known { functions: functions(store)?, types: types_known(store)? };
    Ok(KNOWN.get_or_init(|| known))
}

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

fn types_known(store: &Store) -> Result<BTreeSet<String>, StoreError> {
    let rows = store.rows("SELECT DISTINCT lower(type_name) FROM duckdb_types()")?;
    let named = rows.into_iter().filter_map(|row| match row.into_iter().next() {
        Some(Value::Text(name)) => Some(name),
        _ => None,
    });
    Ok(named.collect())
}

/// An expression speaks of one row, with functions, operators and types that exist.
fn judged(parsed: Parsed, known: &Known) -> ExprFacts {
    let call = || parsed.functions.iter().find_map(|(name, offset)| function(name, *offset, &known.functions));
    let operator = || parsed.operators.iter().find_map(|(name, offset)| operator(name, *offset, &known.functions));
    let sql_type = || parsed.types.iter().find_map(|(name, offset)| sql_type(name, *offset, &known.types));
    let error = parsed.error.clone().or_else(call).or_else(operator).or_else(sql_type);
    let functions = parsed.functions.into_iter().map(|(name, _)| name).collect();
    ExprFacts { columns: parsed.columns, parts: parsed.parts, functions, unsteady: parsed.unsteady, error }
}

fn function(name: &str, offset: usize, known: &BTreeMap<String, bool>) -> Option<ExprError> {
    let name = if name == "count_star" { "count" } else { name };
    let message = match known.get(name) {
        Some(false) => return None,
        Some(true) => format!("`{name}` takes many rows, and an expression sees one"),
        None if name == "unnest" => "`unnest` makes several rows of one".to_string(),
        None => {
            let near = || slip(name, known.keys().map(String::as_str)).map(|meant| format!("did you mean `{meant}`?"));
            let help = foreign::call(name).map(|written| format!("written `{written}`")).or_else(near);
            return Some(ExprError { message: format!("DuckDB has no function `{name}`"), help, offset, len: 0 });
        }
    };
    Some(ExprError { message, offset, ..ExprError::default() })
}

/// Any signs read like an operator, and one with nothing behind it is called so.
fn operator(name: &str, offset: usize, known: &BTreeMap<String, bool>) -> Option<ExprError> {
    if known.contains_key(name) {
        return None;
    }
    let sign = name.strip_suffix("__postfix");
    let message = match sign {
        Some(sign) => format!("nothing stands behind `{sign}`"),
        None => format!("DuckDB has no operator `{name}`"),
    };
    let meant = OTHERWISE.iter().find(|(other, _)| *other == name);
    let help = meant.map(|(_, written)| format!("written `{written}`"));
    Some(ExprError { message, help, offset, len: sign.unwrap_or(name).len() })
}

/// Operators of other languages.
const OTHERWISE: [(&str, &str); 3] = [("===", "="), ("!", "not"), ("!==", "<>")];

fn sql_type(name: &str, offset: usize, known: &BTreeSet<String>) -> Option<ExprError> {
    if known.contains(name) {
        return None;
    }
    let meant = nearest(name, known.iter().map(String::as_str));
    let help = meant.map(|meant| format!("did you mean `{meant}`?"));
    Some(ExprError { message: format!("DuckDB has no type `{name}`"), help, offset, len: 0 })
}
