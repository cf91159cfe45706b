//! What DuckDB says of expressions and tables: `inspect` finds it out, `check` and `plan` use it.

use std::collections::HashMap;

use super::ast::Expr;

/// Facts about expressions, by their text: equal ones are alike wherever they stand.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub exprs: HashMap<String, ExprFacts>,
}

impl Facts {
    pub fn of(&self, expr: &Expr) -> Option<&ExprFacts> {
        self.exprs.get(&expr.text)
    }
}

#[derive(Clone, Debug, Default)]
pub struct ExprFacts {
    /// Columns named, each with its offset in bytes in the expression's text.
    pub columns: Vec<(String, usize)>,
    /// `address.city`: a column, and the name behind its dot; with the offset of both.
    pub parts: Vec<(String, String, usize)>,
    /// Functions called, lower case.
    pub functions: Vec<String>,
    /// What comes to something else at every run (`now`, `random`), unless it does not show in the result; with its offset.
    pub unsteady: Option<(String, usize)>,
    pub error: Option<ExprError>,
}

/// `offset` in bytes into the expression's text.
#[derive(Clone, Debug, Default)]
pub struct ExprError {
    pub message: String,
    /// Where there is more to say than that it is no expression.
    pub help: Option<String>,
    pub offset: usize,
    /// In bytes; of one word where it is 0.
    pub len: usize,
}

/// A column and its type, as DuckDB's `DESCRIBE` names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnFacts {
    pub name: String,
    pub sql_type: String,
}
