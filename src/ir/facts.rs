//! What DuckDB says of expressions and tables: `inspect` finds it out, `check` and `plan` use it.

use std::collections::HashMap;

use super::span::Span;

/// Facts about expressions, by the place they stand at.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub exprs: HashMap<Span, ExprFacts>,
}

#[derive(Clone, Debug, Default)]
pub struct ExprFacts {
    /// Columns named, each with its offset in bytes in the expression's text.
    pub columns: Vec<(String, usize)>,
    /// Functions called, lower case.
    pub functions: Vec<String>,
    pub error: Option<ExprError>,
}

/// `offset` in bytes into the expression's text.
#[derive(Clone, Debug)]
pub struct ExprError {
    pub message: String,
    pub offset: usize,
}

/// A column and its type, as DuckDB's `DESCRIBE` names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnFacts {
    pub name: String,
    pub sql_type: String,
}
