//! What is told of an expression that DuckDB's parser does not read, and where.

use serde_json::Value as Json;

use super::Parsed;
use crate::inspect::foreign;
use crate::ir::facts::ExprError;
use crate::store::{Said, plain, short_of_arguments};

/// `message`: DuckDB's own, which may speak of what was put around the expression.
pub fn refused(expr: &str, message: &str, at: usize) -> Parsed {
    let error = |message: &str| ExprError { message: message.to_string(), offset: at, ..ExprError::default() };
    let error = if let Some(cast) = safe_cast(expr, message) {
        cast
    } else if expr.trim().is_empty() {
        error("it is empty")
    } else if at >= expr.trim_end().len() {
        error("it ends too early")
    } else {
        let said = message.lines().next().unwrap_or(message);
        let Said { what, help } = plain(said).unwrap_or_else(|| Said { what: said.replace('"', "`"), help: None });
        // Of this one DuckDB tells no place.
        let offset = short_of_arguments(message).map_or(at, |name| place_of(expr, name, 0));
        let word = expr[offset..].split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        let foreign = || foreign::between(word).map(|written| format!("written `{written}`"));
        ExprError { message: what, help: help.or_else(foreign), offset, len: 0 }
    };
    Parsed { error: Some(error), ..Parsed::default() }
}

/// Of a cast that has another name here the parser blames the `as`.
fn safe_cast(expr: &str, message: &str) -> Option<ExprError> {
    let name = "safe_cast";
    let offset = expr.to_ascii_lowercase().find(name).filter(|_| message.contains("near \"as\""))?;
    let help = foreign::call(name).map(|written| format!("written `{written}`"));
    Some(ExprError { message: format!("DuckDB has no function `{name}`"), help, offset, len: name.len() })
}

/// Quotes of MySQL's, which to DuckDB are signs like any other.
pub fn backtick(expr: &str) -> Option<ExprError> {
    let offset = bare(expr).find(|(_, c)| *c == '`')?.0;
    let name = expr[offset + 1..].split('`').next().unwrap_or_default();
    let is_word = name.chars().all(|c| c.is_alphanumeric() || c == '_');
    let written = if is_word { name.to_string() } else { format!("\"{name}\"") };
    let closed = expr[offset + 1..].contains('`');
    Some(ExprError {
        message: "a backtick quotes nothing".into(),
        help: Some(format!("a column stands by its name, with blanks in double quotes: `{written}`")),
        offset,
        len: 1 + if closed { name.len() + 1 } else { 0 },
    })
}

/// Where the first one stands, of which DuckDB tells no place.
pub fn parameter(expr: &str) -> usize {
    bare(expr).find(|(_, c)| matches!(c, '$' | '?')).map_or(0, |(at, _)| at)
}

/// The characters outside of quotes.
fn bare(expr: &str) -> impl Iterator<Item = (usize, char)> {
    let mut quote = None;
    expr.char_indices().filter(move |(_, c)| {
        match quote {
            Some(open) if open == *c => quote = None,
            Some(_) => return false,
            None if matches!(c, '\'' | '"') => quote = Some(*c),
            None => {}
        }
        quote.is_none()
    })
}

/// Where a word stands, at a place or behind it; else before it.
pub fn place_of(expr: &str, word: &str, from: usize) -> usize {
    let lower = expr.to_ascii_lowercase();
    let word = word.to_ascii_lowercase();
    let within = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let whole =
        |at: &usize| !within(lower[..*at].chars().next_back()) && !within(lower[at + word.len()..].chars().next());
    let places: Vec<usize> = lower.match_indices(&word).map(|(at, _)| at).filter(whole).collect();
    places.iter().find(|at| **at >= from).or(places.last()).copied().unwrap_or(from)
}

/// A comparison, a test for NULL, a text or a number.
pub fn is_no_list(node: &Json) -> bool {
    let kind = node["type"].as_str().unwrap_or_default();
    let class = node["class"].as_str().unwrap_or_default();
    matches!(class, "COMPARISON" | "CONJUNCTION" | "CONSTANT" | "BETWEEN")
        || kind.starts_with("OPERATOR_IS_")
        || kind == "OPERATOR_NOT"
}
